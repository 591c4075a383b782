//! What can be wrong with a charter by itself.

use crate::limits::{CLINICS_MIN_FLOOR, COMMITTEE_MAX, COMMITTEE_MIN, COMMITTEES_MAX, PATIENTS_MAX};
use crate::principal::Principal;

/// Why a charter does not agree with itself or with the limits of the protocol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CharterError {
    /// A text that may not stand there.
    #[error("{what} {flaw}")]
    Text {
        /// Whose text.
        what: String,
        /// The end of the sentence.
        flaw: String,
    },
    /// The genesis charter names a charter before it, or a later one names none.
    #[error("the charter of epoch {epoch} must {}name the charter before it", if *.epoch == 0 { "not " } else { "" })]
    Previous {
        /// Its epoch.
        epoch: u64,
    },
    /// A threshold that no or every signature reaches.
    #[error("the threshold is {threshold} of {stewards} stewards")]
    Threshold {
        /// Signatures asked for.
        threshold: u32,
        /// Stewards listed.
        stewards: usize,
    },
    /// A list that is empty or too long.
    #[error("{what} has {got} entries, where {min} to {max} belong")]
    Count {
        /// Which list.
        what: String,
        /// Its length.
        got: usize,
        /// The shortest it may be.
        min: usize,
        /// The longest it may be.
        max: usize,
    },
    /// One thing listed twice.
    #[error("{what} stands twice: {which}")]
    Repeated {
        /// What is listed.
        what: &'static str,
        /// Which one.
        which: String,
    },
    /// A contributor with no room for patients, or with more than the proofs carry.
    #[error("`{member}` may hold {got} patients, where 1 to {PATIENTS_MAX} belong")]
    PatientsMax {
        /// The member's name.
        member: String,
        /// Its bound.
        got: u64,
    },
    /// Nobody whom clinics could dial.
    #[error("no member is a hub with an address")]
    NoHub,
    /// No committee, or more than there are attempts.
    #[error("there are {got} committees, where 1 to {COMMITTEES_MAX} belong")]
    Committees {
        /// How many.
        got: usize,
    },
    /// A committee that would see everything, or is too large to finish.
    #[error("committee {attempt} has {got} members, where {COMMITTEE_MIN} to {COMMITTEE_MAX} belong")]
    CommitteeSize {
        /// Which, from 1.
        attempt: usize,
        /// How many members.
        got: usize,
    },
    /// A committee lists a key that no aggregator has.
    #[error("committee {attempt} lists {who}, which is no aggregator of the charter")]
    NoAggregator {
        /// Which committee, from 1.
        attempt: usize,
        /// The key.
        who: Principal,
    },
    /// Two members of a committee are one organisation, which could collude with itself.
    #[error("committee {attempt} has two members of the operator `{operator}`")]
    OneOperator {
        /// Which committee, from 1.
        attempt: usize,
        /// The organisation.
        operator: String,
    },
    /// Answers could rest on one organisation alone.
    #[error("clinics_min is {got}, and at least {CLINICS_MIN_FLOOR} is needed")]
    ClinicsMin {
        /// What the charter says.
        got: u32,
    },
    /// No answer could ever rest on enough operators.
    #[error("clinics_min is {need}, but the contributors have {have} different operators")]
    TooFewOperators {
        /// Operators behind the contributors.
        have: usize,
        /// clinics_min.
        need: u32,
    },
    /// In an exact study the committee could subtract its own part from what is left.
    #[error(
        "exact studies are allowed with clinics_min {clinics_min}, which is not more than the {committee} members of a committee"
    )]
    ExactNeedsMoreClinics {
        /// What the charter says.
        clinics_min: u32,
        /// Members of its largest committee.
        committee: usize,
    },
    /// A floor that protects nobody.
    #[error("{what} is {got}, and at least {floor} is needed")]
    BelowFloor {
        /// Which field of the policy.
        what: &'static str,
        /// What the charter says.
        got: u32,
        /// The lowest there is under its label.
        floor: u32,
    },
    /// A number outside the sane range.
    #[error("{what} is {got}, where {min} to {max} belong")]
    OutOfRange {
        /// Which field of the policy.
        what: &'static str,
        /// What the charter says.
        got: u64,
        /// The smallest.
        min: u64,
        /// The largest.
        max: u64,
    },
    /// A dictionary that is too long.
    #[error("the dictionary has {got} bytes, where {max} is the most")]
    Dictionary {
        /// Its length in bytes.
        got: usize,
        /// The longest there is.
        max: usize,
    },
}

impl CharterError {
    /// A code that is never reworded.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Text { .. } => "charter-text",
            Self::Previous { .. } => "charter-previous",
            Self::Threshold { .. } => "charter-threshold",
            Self::Count { .. } => "charter-count",
            Self::Repeated { .. } => "charter-repeated",
            Self::PatientsMax { .. } => "charter-patients-max",
            Self::NoHub => "charter-no-hub",
            Self::Committees { .. } => "charter-committees",
            Self::CommitteeSize { .. } => "charter-committee-size",
            Self::NoAggregator { .. } => "charter-no-aggregator",
            Self::OneOperator { .. } => "charter-one-operator",
            Self::ClinicsMin { .. } => "charter-clinics-min",
            Self::TooFewOperators { .. } => "charter-too-few-operators",
            Self::ExactNeedsMoreClinics { .. } => "charter-exact-needs-more-clinics",
            Self::BelowFloor { .. } => "charter-below-floor",
            Self::OutOfRange { .. } => "charter-out-of-range",
            Self::Dictionary { .. } => "charter-dictionary",
        }
    }

    /// What the person who drafts the charter can do.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Text { what, .. } => format!("write {what} as one plain line"),
            Self::Previous { epoch: 0 } => "leave `previous` out of the genesis charter".into(),
            Self::Previous { .. } => "draft it from the charter in force, which fills `previous` in".into(),
            Self::Threshold { stewards: 0, .. } => "list at least one steward".into(),
            Self::Threshold { stewards, .. } => format!("set the threshold to 1 up to {stewards}"),
            Self::Count { what, min, max, .. } => format!("list {min} to {max} entries for {what}"),
            Self::Repeated { what, which } => format!("remove or rename one {what} `{which}`"),
            Self::PatientsMax { member, .. } => {
                format!("set patients_max of `{member}` to the most patients it will ever hold")
            }
            Self::NoHub => "give one member the role `hub` and a public address".into(),
            Self::Committees { .. } => format!("list 1 to {COMMITTEES_MAX} committees"),
            Self::CommitteeSize { attempt, .. } => {
                format!("put {COMMITTEE_MIN} to {COMMITTEE_MAX} aggregators into committee {attempt}")
            }
            Self::NoAggregator { who, .. } => {
                format!("give the member {who} the role `aggregator`, or name another in its place")
            }
            Self::OneOperator { operator, attempt } => {
                format!("replace one member of `{operator}` in committee {attempt} by one of another organisation")
            }
            Self::ClinicsMin { .. } => format!("set clinics_min to {CLINICS_MIN_FLOOR} or more"),
            Self::TooFewOperators { have, .. } => {
                format!("admit contributors of more organisations, or set clinics_min to {have} at the most")
            }
            Self::ExactNeedsMoreClinics { committee, .. } => {
                format!("set clinics_min to {} or more, or allow_exact to false", committee.saturating_add(1))
            }
            Self::BelowFloor { what, floor, .. } => {
                format!(
                    "set {what} to {floor} or more; only a charter labelled `test-data` may go lower, and never to 0"
                )
            }
            Self::OutOfRange { what, min, max, .. } => format!("set {what} to {min} up to {max}"),
            Self::Dictionary { max, .. } => format!("shorten the dictionary to {max} bytes"),
        }
    }
}
