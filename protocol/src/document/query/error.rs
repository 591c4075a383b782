//! Why a query is refused.

use crate::cost::RhoMicro;
use crate::digest::Digest;
use crate::envelope::DocumentError;
use crate::moment::{Millis, Moment};
use crate::plan::SEMANTICS_VERSION;
use crate::principal::Principal;

/// Why a query may not be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// No query at all.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// Signed by nobody whom the study names.
    #[error("no researcher of the study `{study}` signed the query")]
    NotAResearcher {
        /// The study's id.
        study: String,
    },
    /// A text that may not stand there.
    #[error("the query's text {flaw}")]
    Text {
        /// The end of the sentence.
        flaw: String,
    },
    /// Bytes of the wrong number.
    #[error("{what} has {got} bytes, where {want} belong")]
    Length {
        /// Which field.
        what: &'static str,
        /// How many there are.
        got: usize,
        /// How many belong there.
        want: usize,
    },
    /// A key that everybody could open the answer with.
    #[error("the answer key is no usable X25519 key")]
    AnswerKey,
    /// Asked in another version of the meaning of questions.
    #[error("the query was asked in semantics version {got}, and this node speaks {SEMANTICS_VERSION}")]
    Semantics {
        /// Its version.
        got: u32,
    },
    /// A query of another study.
    #[error("the query belongs to the study {named}, not {given}")]
    OtherStudy {
        /// The study it names.
        named: Digest,
        /// The study it was held against.
        given: Digest,
    },
    /// Asked under a charter that is not in force.
    #[error("the query was asked under the charter {named}; {current} is in force")]
    OtherCharter {
        /// The charter it names.
        named: Digest,
        /// The one in force.
        current: Digest,
    },
    /// The charter in force does not list the study.
    #[error("the study `{study}` is not in force")]
    StudyNotInForce {
        /// The study's id.
        study: String,
    },
    /// Before the study's first moment.
    #[error("the study begins at {from}")]
    StudyNotBegun {
        /// Its beginning.
        from: Moment,
    },
    /// At or after the study's end.
    #[error("the study ended at {until}")]
    StudyOver {
        /// Its end.
        until: Moment,
    },
    /// Too late.
    #[error("the query expired at {expires}")]
    Expired {
        /// Its expiry.
        expires: Moment,
    },
    /// It would bind the budget for too long.
    #[error("the query lives for {lives}, and {most} is the longest")]
    LivesTooLong {
        /// From now to its expiry.
        lives: Millis,
        /// What the charter allows.
        most: Millis,
    },
    /// Nobody the charter knows would run it.
    #[error("the coordinator {coordinator} is no member")]
    UnknownCoordinator {
        /// The key it names.
        coordinator: Principal,
    },
    /// A member that cannot run it.
    #[error("the coordinator {coordinator} is a member, but no hub")]
    NoHub {
        /// The key it names.
        coordinator: Principal,
    },
    /// A noised query for nothing.
    #[error("the query costs ρ 0, and a dp study answers nothing for that")]
    Free,
    /// Over the most that one query may cost.
    #[error("the query costs {rho}, and one query may cost {most}")]
    TooDear {
        /// Its cost.
        rho: RhoMicro,
        /// The smaller of the charter's and the study's bound.
        most: RhoMicro,
    },
    /// The charter does not admit exact studies.
    #[error("the study is exact, and the charter does not allow exact studies")]
    ExactNotAllowed,
    /// A cost where there is none.
    #[error("the query costs {rho}, and an exact study has no privacy cost")]
    ExactCosts {
        /// Its cost.
        rho: RhoMicro,
    },
    /// An ad-hoc text in an exact study.
    #[error("the query is not in the exact study's analysis plan")]
    NotPlanned,
}

impl QueryError {
    /// A code that is never reworded.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Document(why) => why.code(),
            Self::NotAResearcher { .. } => "query-not-a-researcher",
            Self::Text { .. } => "query-text",
            Self::Length { .. } => "query-length",
            Self::AnswerKey => "query-answer-key",
            Self::Semantics { .. } => "query-semantics",
            Self::OtherStudy { .. } => "query-other-study",
            Self::OtherCharter { .. } => "query-other-charter",
            Self::StudyNotInForce { .. } => "query-study-not-in-force",
            Self::StudyNotBegun { .. } => "query-study-not-begun",
            Self::StudyOver { .. } => "query-study-over",
            Self::Expired { .. } => "query-expired",
            Self::LivesTooLong { .. } => "query-lives-too-long",
            Self::UnknownCoordinator { .. } => "query-unknown-coordinator",
            Self::NoHub { .. } => "query-no-hub",
            Self::Free => "query-free",
            Self::TooDear { .. } => "query-too-dear",
            Self::ExactNotAllowed => "query-exact-not-allowed",
            Self::ExactCosts { .. } => "query-exact-costs",
            Self::NotPlanned => "query-not-planned",
        }
    }

    /// What the researcher can do.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Document(why) => why.remedy(),
            Self::NotAResearcher { .. } => "sign with the key that the study names, or have yours added to it".into(),
            Self::Text { .. } => "write the question in plain text".into(),
            Self::Length { .. } | Self::AnswerKey => "ask again with `sumac ask`, which makes fresh bytes".into(),
            Self::Semantics { got } if *got < SEMANTICS_VERSION => "update your sumac and ask again".into(),
            Self::Semantics { .. } => "wait until the federation's nodes are updated".into(),
            Self::OtherStudy { .. } => "give the file of the study that the query names".into(),
            Self::OtherCharter { .. } => "fetch the charter in force from a hub and ask again".into(),
            Self::StudyNotInForce { .. } => "ask the stewards to list the study in the next charter".into(),
            Self::StudyNotBegun { .. } => "wait until the study begins".into(),
            Self::StudyOver { .. } => "ask the stewards for a study with a later end".into(),
            Self::Expired { .. } => "ask again; compare your clock with the hub's".into(),
            Self::LivesTooLong { most, .. } => format!("ask with an expiry at most {most} ahead"),
            Self::UnknownCoordinator { .. } | Self::NoHub { .. } => "name a hub that the charter lists".into(),
            Self::Free => "ask with --rho or --epsilon above 0".into(),
            Self::TooDear { most, .. } => format!("ask with a cost of {most} at the most"),
            Self::ExactNotAllowed => "ask in a dp study".into(),
            Self::ExactCosts { .. } => "leave out --rho and --epsilon".into(),
            Self::NotPlanned => "ask one of the queries written out in the study, letter for letter".into(),
        }
    }
}
