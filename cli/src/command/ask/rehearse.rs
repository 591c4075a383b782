//! `sumac ask --rehearse`: the same questions of a federation of one process, over records that nobody had.

use std::process::ExitCode;

use sumac_node::rehearsal::{Ended, Rehearsal};
use sumac_node::synthetic;
use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::document::charter::Charter;
use sumac_protocol::plan::Mode;

use super::AskArgs;
use crate::failure::{Exit, Failure};
use crate::{files, show};

impl AskArgs {
    /// Asks under the charter's rules without sending anything, with so many patients at each clinic.
    pub(super) fn rehearsed(&self, chain: &CharterChain, patients: u32) -> Result<ExitCode, Failure> {
        let study = self.study.as_deref().map(|path| files::study(path, chain)).transpose()?;
        let priced = self.priced(chain, study.as_deref())?;
        if self.file.is_some() {
            self.shown.check_several()?;
        }
        let numbered =
            |number: usize| if self.file.is_some() { self.shown.numbered(number) } else { self.shown.clone() };
        let shown: Vec<_> = (1..=priced.len()).map(numbered).collect();
        shown.iter().try_for_each(|shown| shown.check(&[]))?;
        let charter = chain.current();
        let folder = tempfile::tempdir().map_err(|why| Failure::file(&std::env::temp_dir(), &why))?;
        let exact = study.is_some_and(|study| study.mode == Mode::Exact);
        let mut rehearsal = if exact {
            let texts: Vec<String> = priced.iter().map(|(text, _)| text.clone()).collect();
            Rehearsal::planned(charter, &texts, folder.path())?
        } else {
            Rehearsal::under(charter, folder.path())?
        };
        let at_each = admitted(&mut rehearsal, charter, patients.into())?;
        show::talk(&format!(
            "a rehearsal: {at_each} synthetic patients at each of {} clinics; nothing is sent, nobody is charged",
            rehearsal.clinics().len()
        ));
        let mut code = ExitCode::SUCCESS;
        for ((text, rho), shown) in priced.iter().zip(&shown) {
            if self.file.is_some() {
                show::talk(text);
            }
            match rehearsal.ask(text, *rho)? {
                Ended::Refused(refused) => return Err(refused.into()),
                Ended::Released(release) => {
                    shown.deliver(&release, rehearsal.chain())?;
                    if release.answer.groups.iter().all(|group| group.suppressed) {
                        show::held_back(&release.answer);
                        code = Exit::TooFew.code();
                    }
                }
            }
        }
        Ok(code)
    }
}

/// Takes synthetic patients in at every clinic, as many as the charter lets each have; how many those are at least.
fn admitted(rehearsal: &mut Rehearsal, charter: &Charter, patients: u64) -> Result<u64, Failure> {
    let most = charter.contributors().map(|member| member.patients_max).min().unwrap_or(patients);
    let patients = patients.min(most);
    let mut seed = [0; 8];
    getrandom::fill(&mut seed).map_err(|why| Failure::bug(why.to_string()))?;
    for (clinic, at) in (0..).zip(rehearsal.clinics()) {
        let records = synthetic::records(&charter.dictionary, u64::from_le_bytes(seed), clinic, patients)?;
        rehearsal.admit(at, records, charter.policy.rho_per_patient_year)?;
    }
    Ok(patients)
}
