//! What came of an attack.

use serde::{Deserialize, Serialize};
use sumac_protocol::cost::RhoMicro;

use super::Attack;
use super::bound::{at_least, most_often_right};

/// What came of one attack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Finding {
    /// The attack.
    pub attack: Attack,
    /// What it learned, in words.
    pub learned: String,
    /// What it may learn, in words.
    pub allowed: String,
    /// Whether that was too much.
    pub verdict: Verdict,
    /// The trials, where it told two worlds apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tally: Option<Tally>,
}

/// Whether an attack learned more than is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "complete: whoever reads a verdict must know each")]
pub enum Verdict {
    /// No more than is allowed.
    Held,
    /// More than is allowed.
    Leak,
    /// Nothing here for this attack to be tried on.
    NotTried,
}

/// Trials at telling with whom, of two worlds that are equally likely, an attacker has to do.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Tally {
    /// How many there were.
    pub trials: u32,
    /// How often the attacker was right.
    pub right: u32,
    /// The share of right answers that this shows at the least, with a confidence of 99.9 %: 0 to 1.
    pub at_least: f64,
    /// The largest share that the price allows: 0.5 to 1.
    pub at_most: f64,
    /// What the patient was charged for what the attacker saw.
    pub rho: RhoMicro,
}

impl Tally {
    /// What so many trials show, where the patient's charges allow ρ.
    pub(super) fn of(right: u32, trials: u32, rho: RhoMicro) -> Self {
        Self { trials, right, at_least: at_least(right, trials), at_most: most_often_right(rho), rho }
    }

    /// Whether they show more than the price allows.
    #[must_use]
    pub fn shows_a_leak(&self) -> bool {
        self.at_least > self.at_most
    }
}

impl Finding {
    /// What an attack came to that told two worlds apart.
    pub(super) fn told_apart(attack: Attack, tally: Tally) -> Self {
        let Tally { trials, right, at_least, at_most, rho } = tally;
        let share = f64::from(right) / f64::from(trials.max(1));
        Self {
            attack,
            learned: format!(
                "right in {} of {trials} guesses whether the patient is in, {} at the least",
                percent(share),
                percent(at_least)
            ),
            allowed: format!("right in {} of guesses, at {rho}", percent(at_most)),
            verdict: if tally.shows_a_leak() { Verdict::Leak } else { Verdict::Held },
            tally: Some(tally),
        }
    }

    /// What an attack came to that a rule stops or does not.
    pub(super) fn ruled(attack: Attack, learned: String, allowed: &str, leak: bool) -> Self {
        let verdict = if leak { Verdict::Leak } else { Verdict::Held };
        Self { attack, learned, allowed: allowed.to_owned(), verdict, tally: None }
    }

    /// An attack that could not be tried here, and why.
    pub(super) fn not_tried(attack: Attack, why: &str) -> Self {
        let (learned, allowed) = (why.to_owned(), "nothing to compare".to_owned());
        Self { attack, learned, allowed, verdict: Verdict::NotTried, tally: None }
    }

    /// This, and a rule that must hold beside it.
    pub(super) fn and_rule(mut self, learned: &str, allowed: &str, leak: bool) -> Self {
        self.learned = format!("{}; {learned}", self.learned);
        self.allowed = format!("{}; {allowed}", self.allowed);
        if leak {
            self.verdict = Verdict::Leak;
        }
        self
    }
}

/// A share of all, in percent with one decimal.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}
