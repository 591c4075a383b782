//! Several questions of a file: checked and priced together, then asked one after the other.

use std::process::ExitCode;

use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::document::study::Study;
use sumac_protocol::plan::Mode;
use zeroize::Zeroizing;

use super::AskArgs;
use crate::failure::Failure;
use crate::{asking, files, questions, show};

impl AskArgs {
    /// The questions that were given, in one form each, with what each costs.
    pub(super) fn priced(
        &self,
        chain: &CharterChain,
        study: Option<&Study>,
    ) -> Result<Vec<(String, RhoMicro)>, Failure> {
        let (charter, mode) = (chain.current(), study.map_or(Mode::Dp, |study| study.mode));
        let texts = match (&self.file, &self.question) {
            (Some(file), _) => questions::read(file, charter, mode)?,
            (None, Some(text)) => {
                asking::compiled(text, charter, mode)?;
                vec![text.clone()]
            }
            (None, None) => return Err(Failure::usage("a question is missing", "see `sumac ask --help`")),
        };
        self.price.warn_if_ignored(mode);
        let together = self.price.cost(charter, mode)?;
        if mode == Mode::Dp
            && let Some(why) = too_dear_together(charter.policy.rho_per_patient_year, study, together)
        {
            return Err(why);
        }
        let each = together.0 / u64::try_from(texts.len()).unwrap_or(u64::MAX).max(1);
        if mode == Mode::Dp && each == 0 {
            let says = format!("{together} for {} questions leaves less than a millionth of ρ for each", texts.len());
            return Err(Failure::usage(says, "pay more, or ask less"));
        }
        if let Some(why) = self.price.too_dear(charter, study, RhoMicro(each)) {
            return Err(why);
        }
        // What no plan can be made of at this price is told before anything is sent.
        texts.iter().try_for_each(|text| asking::plan(text, charter, mode, RhoMicro(each)).map(drop))?;
        Ok(texts.into_iter().map(|text| (text, RhoMicro(each))).collect())
    }

    /// Asks every question of the file. The first that is refused ends it: nobody is charged for those after it.
    pub(super) fn run_file(&self, chain: &CharterChain, seed: &Zeroizing<[u8; 32]>) -> Result<ExitCode, Failure> {
        let study = files::study(self.study_file()?, chain)?;
        let priced = self.priced(chain, Some(&study))?;
        if let Some(folder) = &self.out {
            std::fs::create_dir_all(folder).map_err(|why| Failure::file(folder, &why))?;
        }
        self.shown.check_several()?;
        let shown: Vec<_> = (1..=priced.len()).map(|number| self.shown.numbered(number)).collect();
        shown.iter().try_for_each(|shown| self.check_destinations(shown))?;
        let all = priced.len();
        if study.mode == Mode::Dp {
            let together: RhoMicro = priced.iter().map(|(_, rho)| *rho).sum();
            let (delta, each) =
                (chain.current().policy.delta_per_1e12, priced.first().map_or(RhoMicro(0), |one| one.1));
            let epsilon = sumac_protocol::privacy::epsilon(together, delta);
            show::talk(&format!(
                "{all} questions at {each} each: {together} together, which is ε {epsilon:.2} for all"
            ));
        }
        let mut code = ExitCode::SUCCESS;
        for (number, ((text, rho), shown)) in priced.iter().zip(&shown).enumerate() {
            show::talk(&format!("question {} of {all}: {text}", number.saturating_add(1)));
            let left = all.saturating_sub(number).saturating_sub(1);
            let asked = self.new_query(chain, text, *rho, seed).and_then(|asking| self.follow(&asking, shown, seed));
            let ended = asked.map_err(|why| match left {
                0 => why,
                _ => why.with_remedy(&format!("{left} more were not asked, and cost nothing")),
            })?;
            if ended != ExitCode::SUCCESS {
                code = ended;
            }
        }
        Ok(code)
    }
}

/// Why nobody could be charged for all of them.
fn too_dear_together(year: RhoMicro, study: Option<&Study>, together: RhoMicro) -> Option<Failure> {
    let most = study.map_or(year, |study| study.rho_year.min(study.rho_total).min(year));
    (together > most).then(|| {
        let says = format!("all questions together cost {together}, and no patient may be charged more than {most}");
        Failure::refused("query-too-dear", &says, "pay less, or ask less".into())
    })
}
