//! Why the next charter cannot be drafted like this.

use crate::digest::Digest;
use crate::document::charter::CharterError;
use crate::envelope::DocumentError;

/// Why a change of the charter is refused. Nothing was changed then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NextError {
    /// No charter, or one that is too large.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The charter would break a rule.
    #[error(transparent)]
    Charter(#[from] CharterError),
    /// A draft of another place in the chain.
    #[error("the draft has epoch {got} and does not follow the charter in force, of epoch {have}")]
    FollowsAnother {
        /// The draft's epoch.
        got: u64,
        /// The epoch in force.
        have: u64,
    },
    /// Nobody is called so.
    #[error("the charter lists no member `{who}`")]
    NoMember {
        /// The name or key.
        who: String,
    },
    /// Somebody else has to sit on the committee.
    #[error("`{who}` sits on a committee")]
    OnCommittee {
        /// The member.
        who: String,
    },
    /// The policy has no such field.
    #[error("the policy has no field `{field}`")]
    NoPolicy {
        /// The name that was typed.
        field: String,
        /// Those there are.
        fields: Vec<String>,
    },
    /// A value that the field cannot have.
    #[error("`{value}` is no value of {field}")]
    Value {
        /// The field.
        field: String,
        /// What was typed.
        value: String,
    },
    /// A study that is not in force.
    #[error("the charter does not list the study {}", study.hex())]
    NoStudy {
        /// The study.
        study: Digest,
    },
}

impl NextError {
    /// A code that is never reworded.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Document(why) => why.code(),
            Self::Charter(why) => why.code(),
            Self::FollowsAnother { .. } => "draft-follows-another",
            Self::NoMember { .. } => "no-member",
            Self::OnCommittee { .. } => "member-on-committee",
            Self::NoPolicy { .. } => "no-policy-field",
            Self::Value { .. } => "policy-value",
            Self::NoStudy { .. } => "study-not-in-force",
        }
    }

    /// What the steward can do.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Document(why) => why.remedy(),
            Self::Charter(why) => why.remedy(),
            Self::FollowsAnother { .. } => {
                "give the newest file of charters; if the draft is older, draft the change again from it".into()
            }
            Self::NoMember { .. } => "`sumac charter show` lists the members".into(),
            Self::OnCommittee { .. } => {
                "name an aggregator of another organisation for its seat: `--in-its-place NAME`".into()
            }
            Self::NoPolicy { fields, .. } => format!("the fields are {}", fields.join(", ")),
            Self::Value { .. } => "give a whole number, `true` or `false`; ρ is in millionths: 0.1 is 100000".into(),
            Self::NoStudy { .. } => "`sumac charter show` lists the studies in force".into(),
        }
    }
}
