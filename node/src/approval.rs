//! Who decides at a clinic whether it contributes to a query, and what was decided.
//!
//! The decision is made on the query and its study alone, before any record is read, and whoever decides is shown no figure
//! of the clinic's own: else the yes or no would itself tell of the records.

use serde::{Deserialize, Serialize};
use sumac_protocol::digest::Digest;
use sumac_protocol::moment::Moment;

/// `approval` in `node.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "complete: all, each study, or each query")]
pub enum ApprovalPolicy {
    /// The node contributes to whatever charter, study and consents allow. The default.
    #[default]
    Auto,
    /// A person says yes or no once for each study.
    ByStudy,
    /// A person says yes or no to each query.
    ByHand,
}

/// A person's yes or no.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// The query, or the study, that it is about.
    pub about: Digest,
    /// Whether the clinic contributes.
    pub yes: bool,
    /// Why not, in the person's words, for the clinic's own records; it is sent to nobody.
    pub why: Option<String>,
    /// When.
    pub at: Moment,
}

/// What was decided here, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decisions {
    decisions: Vec<Decision>,
}

impl Decisions {
    /// What was decided of this query: under [`ApprovalPolicy::ByStudy`] what was decided of its study. None where nobody
    /// has decided yet.
    #[must_use]
    pub fn of(&self, policy: ApprovalPolicy, query: &Digest, study: &Digest) -> Option<bool> {
        match policy {
            ApprovalPolicy::Auto => Some(true),
            ApprovalPolicy::ByStudy => self.last(study),
            ApprovalPolicy::ByHand => self.last(query),
        }
    }

    fn last(&self, about: &Digest) -> Option<bool> {
        self.decisions.iter().rev().find(|decision| decision.about == *about).map(|decision| decision.yes)
    }

    /// Puts a decision beside those before. Of the same thing the later one counts.
    pub fn put(&mut self, decision: Decision) {
        self.decisions.push(decision);
        // A query lives for days; whatever is older than so many decisions has long expired.
        let more = self.decisions.len().saturating_sub(DECISIONS_MAX);
        self.decisions.drain(..more);
    }
}

/// Most decisions that are kept.
const DECISIONS_MAX: usize = 4_096;

#[cfg(test)]
mod tests {
    use sumac_protocol::digest::Digest;
    use sumac_protocol::moment::Moment;

    use super::{ApprovalPolicy, DECISIONS_MAX, Decision, Decisions};

    const QUERY: Digest = Digest([1; 32]);
    const STUDY: Digest = Digest([2; 32]);

    fn decided(about: Digest, yes: bool) -> Decision {
        Decision { about, yes, why: None, at: Moment(7) }
    }

    #[test]
    fn a_yes_counts_for_what_it_was_said_of_and_the_later_word_holds() {
        use ApprovalPolicy::{Auto, ByHand, ByStudy};
        let cases = [
            ("nobody is asked", Auto, vec![], Some(true)),
            ("nobody has decided", ByHand, vec![], None),
            ("nobody has decided of the study", ByStudy, vec![], None),
            ("a yes to the study is none to the query", ByHand, vec![decided(STUDY, true)], None),
            ("a yes to one query is none to the study", ByStudy, vec![decided(QUERY, true)], None),
            ("a yes", ByHand, vec![decided(QUERY, true)], Some(true)),
            ("a no", ByStudy, vec![decided(STUDY, false)], Some(false)),
            ("a yes taken back", ByStudy, vec![decided(STUDY, true), decided(STUDY, false)], Some(false)),
        ];
        for (why, policy, said, want) in cases {
            let mut decisions = Decisions::default();
            said.into_iter().for_each(|decision| decisions.put(decision));
            assert_eq!(decisions.of(policy, &QUERY, &STUDY), want, "{why}");
        }
    }

    #[test]
    fn what_is_kept_of_decisions_has_an_end() {
        let mut decisions = Decisions::default();
        decisions.put(decided(QUERY, false));
        (0..DECISIONS_MAX).for_each(|_| decisions.put(decided(STUDY, true)));
        assert_eq!(decisions.of(ApprovalPolicy::ByHand, &QUERY, &STUDY), None);
        assert_eq!(decisions.of(ApprovalPolicy::ByStudy, &QUERY, &STUDY), Some(true));
    }
}
