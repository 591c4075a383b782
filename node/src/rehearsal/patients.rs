//! The patients of a rehearsal: invented records, real keys, consents signed as patients' programs sign them.

use std::collections::BTreeMap;

use sumac_protocol::cost::RhoMicro;
use sumac_protocol::digest::Digest;
use sumac_protocol::document::consent::{Action, Disclosure, Grant, LayText, Revoke, Statement, Who};
use sumac_protocol::document::study::ConsentCategory;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::lay_text;
use sumac_protocol::moment::{Millis, Moment};
use sumac_protocol::plan::Mode;
use sumac_protocol::principal::Signer;
use sumac_protocol::record::Record;

use super::rules::fresh;
use super::{Rehearsal, RehearsalError};

/// One patient of one clinic.
#[derive(Debug)]
pub struct Patient {
    clinic: usize,
    pseudonym: String,
    signer: Signer,
}

impl Patient {
    /// Where the patient's clinic stands.
    #[must_use]
    pub const fn clinic(&self) -> usize {
        self.clinic
    }

    /// What the clinic calls the patient.
    #[must_use]
    pub fn pseudonym(&self) -> &str {
        &self.pseudonym
    }
}

impl Rehearsal {
    /// Takes patients in at a clinic, each of whom allows all research until so much has been charged in a year. Their
    /// numbers, in order.
    ///
    /// # Errors
    /// [`RehearsalError`] if the clinic does not run or has no room.
    pub fn admit(
        &mut self,
        clinic: usize,
        records: Vec<Record>,
        rho_year: RhoMicro,
    ) -> Result<Vec<usize>, RehearsalError> {
        let first = self.patients.len();
        let named: BTreeMap<String, Record> =
            (first..).zip(records).map(|(number, record)| (format!("R{number:05}"), record)).collect();
        self.clinic(clinic)?.keep_records(&named)?;
        for pseudonym in named.into_keys() {
            let signer = Signer::from_seed(&fresh()?);
            self.clinic(clinic)?.enrol(&pseudonym, signer.principal())?;
            self.patients.push(Patient { clinic, pseudonym, signer });
            self.say(self.patients.len().saturating_sub(1), Action::Grant(granted(self.now(), self.mode, rho_year)))?;
        }
        Ok((first..self.patients.len()).collect())
    }

    /// A patient.
    #[must_use]
    pub fn patient(&self, number: usize) -> Option<&Patient> {
        self.patients.get(number)
    }

    /// Has a patient withdraw everything.
    ///
    /// # Errors
    /// [`RehearsalError`] if there is no such patient, or the clinic does not run.
    pub fn withdraw(&mut self, number: usize) -> Result<(), RehearsalError> {
        self.say(number, Action::Revoke(Revoke { purposes: None }))
    }

    fn say(&self, number: usize, action: Action) -> Result<(), RehearsalError> {
        let Some(Patient { clinic, signer, .. }) = self.patients.get(number) else {
            return Err(RehearsalError::NoPatient { number });
        };
        let clinic = self.clinic(*clinic)?;
        let (sequence, previous) = clinic.next_statement(&signer.principal())?;
        let statement = Statement {
            clinic: clinic.signer().principal(),
            patient: signer.principal(),
            sequence,
            previous,
            made_at: self.now(),
            action,
            witness: None,
        };
        clinic.take_statement(&Envelope::sign(&statement, signer)?)?;
        Ok(())
    }
}

/// Yes to all health research, in words that were shown.
fn granted(now: Moment, mode: Mode, rho_year: RhoMicro) -> Grant {
    let unsaid = LayText { version: String::new(), language: String::new(), digest: Digest([0; 32]) };
    let grant = Grant {
        purposes: vec!["HMB".into()],
        modifiers: Vec::new(),
        diseases: Vec::new(),
        categories: ConsentCategory::ALL.to_vec(),
        who: Who::AnyStudy,
        disclosure: if mode == Mode::Exact { Disclosure::ExactAlso } else { Disclosure::DpOnly },
        not_before: Moment(now.0.saturating_sub(Millis::DAY.0)),
        not_after: now + Millis(10 * Millis::BUDGET_YEAR.0),
        rho_year,
        lay_text: unsaid,
    };
    match lay_text::shown(&grant, "en") {
        Some(lay_text) => Grant { lay_text, ..grant },
        None => grant,
    }
}
