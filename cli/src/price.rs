//! What a question costs, in the unit that it was given in: ρ, or ε at the charter's δ.

use clap::Args;
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::document::charter::Charter;
use sumac_protocol::document::study::Study;
use sumac_protocol::plan::Mode;
use sumac_protocol::privacy;

use crate::failure::Failure;

/// The price of a question, as it is typed.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Price {
    /// The price, as ρ of zero-concentrated differential privacy.
    #[arg(long, value_name = "RHO", allow_negative_numbers = true)]
    rho: Option<f64>,
    /// The price, as the largest ε at the charter's δ.
    #[arg(long, value_name = "EPSILON", conflicts_with = "rho", allow_negative_numbers = true)]
    epsilon: Option<f64>,
}

impl Price {
    /// The price as ε alone.
    pub(crate) const fn epsilon(epsilon: f64) -> Self {
        Self { rho: None, epsilon: Some(epsilon) }
    }

    /// What every patient would be charged: for ε the largest cost with no larger ε. Nothing in an
    /// exact study, whatever was typed.
    pub(crate) fn cost(self, charter: &Charter, mode: Mode) -> Result<RhoMicro, Failure> {
        if mode == Mode::Exact {
            return Ok(RhoMicro(0));
        }
        let cost = self.typed(charter.policy.delta_per_1e12)?;
        if cost == RhoMicro(0) {
            return Err(Failure::usage(
                "the price is less than a millionth of ρ, and there is no smaller one",
                format!("give --rho {} or more", RhoMicro(1).to_string().trim_start_matches("ρ ")),
            ));
        }
        Ok(cost)
    }

    /// Says that a price means nothing in an exact study, where one was typed.
    pub(crate) fn warn_if_ignored(self, mode: Mode) {
        if mode == Mode::Exact && (self.rho.is_some() || self.epsilon.is_some()) {
            let says = "the study is exact: nobody is charged, and the price that was given is ignored";
            Failure::refused("price-ignored", &says, "leave --rho and --epsilon out".into()).warn();
        }
    }

    /// The price as it was typed, in millionths of ρ, rounded to the nearest.
    pub(crate) fn typed(self, delta_per_1e12: u64) -> Result<RhoMicro, Failure> {
        match (self.rho, self.epsilon) {
            (Some(rho), None) if rho > 0.0 && rho <= 1e6 => {
                // Text to integer without a binary detour: 0.1 is 100,000 and not 99,999.
                let micro = format!("{:.0}", rho * 1e6)
                    .parse()
                    .map_err(|_| Failure::usage("--rho is no number", "give a number like 0.1"))?;
                Ok(RhoMicro(micro))
            }
            (None, Some(epsilon)) if epsilon > 0.0 && epsilon <= 1e6 => {
                Ok(privacy::largest_rho(epsilon, delta_per_1e12))
            }
            (None, None) => {
                Err(Failure::usage("a differentially private question has a price", "give --rho 0.1, or --epsilon 1"))
            }
            (Some(_), Some(_)) => Err(Failure::usage("--rho and --epsilon both say the price", "give one of them")),
            (Some(_), None) | (None, Some(_)) => Err(Failure::usage(
                "a price is a number above 0 and at most 1,000,000",
                "give, for example, --rho 0.1 or --epsilon 1",
            )),
        }
    }

    /// Why every node would refuse this cost, said in the unit that was typed; nothing if it is
    /// within what the charter, and the study where there is one, let one question cost.
    pub(crate) fn too_dear(self, charter: &Charter, study: Option<&Study>, cost: RhoMicro) -> Option<Failure> {
        let charter_most = charter.policy.rho_per_query_max;
        let most = study.map_or(charter_most, |study| study.rho_year.min(charter_most));
        if cost <= most {
            return None;
        }
        let delta = charter.policy.delta_per_1e12;
        let (says, remedy) = match self.epsilon.zip(floored(privacy::epsilon(most, delta))) {
            Some((asked, allowed)) => (
                format!("the question costs ε {asked} ({cost}), and one may cost ε {allowed} ({most})"),
                format!("ask with --epsilon {allowed} or less"),
            ),
            None => (
                format!("the question costs {cost}, and one may cost {most}"),
                format!("ask with --rho {} or less", most.to_string().trim_start_matches("ρ ")),
            ),
        };
        Some(Failure::refused("query-too-dear", &says, remedy))
    }
}

/// An ε as somebody would type it, never more than it is; nothing where none is promised, or where
/// three decimals leave nothing of it.
fn floored(epsilon: f64) -> Option<f64> {
    let floored = (epsilon * 1e3).floor() / 1e3;
    (floored.is_finite() && floored > 0.0).then_some(floored)
}
