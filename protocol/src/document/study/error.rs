//! Why a study is refused.

use crate::cost::RhoMicro;
use crate::digest::Digest;
use crate::envelope::DocumentError;
use crate::moment::Moment;
use crate::plan::Mode;

/// Why a study does not agree with itself, or is not one of this federation in force.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StudyError {
    /// No study, or not signed by enough stewards.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// A text that may not stand there.
    #[error("{what} {flaw}")]
    Text {
        /// Which field.
        what: &'static str,
        /// The end of the sentence.
        flaw: String,
    },
    /// A list that is too short or too long.
    #[error("{}", count_says(what, *got, *min, *max))]
    Count {
        /// Which field.
        what: &'static str,
        /// Its length.
        got: usize,
        /// The shortest it may be.
        min: usize,
        /// The longest it may be.
        max: usize,
    },
    /// One thing listed twice.
    #[error("{what} lists `{which}` twice")]
    Repeated {
        /// Which field.
        what: &'static str,
        /// What stands there twice.
        which: String,
    },
    /// A code that is none of the Data Use Ontology, or a permission where a modifier belongs.
    #[error("`{code}` is not a code of the Data Use Ontology that belongs there")]
    UnknownCode {
        /// The code.
        code: String,
    },
    /// No permission among the codes.
    #[error("the purpose names no permission of the Data Use Ontology")]
    NoPurpose,
    /// Disease-specific research on no disease.
    #[error("the purpose is DS, but no disease is named")]
    NoDisease,
    /// A modifier that the study's own words deny.
    #[error("the study claims to meet {code}, and its purpose says otherwise")]
    Contradiction {
        /// The modifier.
        code: String,
    },
    /// Costs that make no sense.
    #[error("{}", cost_says(*total, *year, *mode))]
    Cost {
        /// `rho_total`.
        total: RhoMicro,
        /// `rho_year`.
        year: RhoMicro,
        /// The study's mode.
        mode: Mode,
    },
    /// A number of queries that is 0.
    #[error("the study may ask nothing: queries_max or the times of a planned query is 0")]
    NoQueries,
    /// A study that ends before it begins.
    #[error("the study is valid from {from} until {until}, which is never")]
    NeverOpen {
        /// Its beginning.
        from: Moment,
        /// Its end.
        until: Moment,
    },
    /// A study of another federation.
    #[error("the study belongs to the federation with genesis {theirs}, not {ours}")]
    OtherGenesis {
        /// Our genesis charter.
        ours: Digest,
        /// The one it names.
        theirs: Digest,
    },
    /// A study that the charter in force does not list.
    #[error("the charter of epoch {epoch} does not list the study {study}")]
    NotListed {
        /// The study's digest.
        study: Digest,
        /// The epoch in force.
        epoch: u64,
    },
}

impl StudyError {
    /// A code that is never reworded.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Document(why) => why.code(),
            Self::Text { .. } => "study-text",
            Self::Count { .. } => "study-count",
            Self::Repeated { .. } => "study-repeated",
            Self::UnknownCode { .. } => "study-unknown-code",
            Self::NoPurpose => "study-no-purpose",
            Self::NoDisease => "study-no-disease",
            Self::Contradiction { .. } => "study-contradiction",
            Self::Cost { .. } => "study-cost",
            Self::NoQueries => "study-no-queries",
            Self::NeverOpen { .. } => "study-never-open",
            Self::OtherGenesis { .. } => "study-other-genesis",
            Self::NotListed { .. } => "study-not-listed",
        }
    }

    /// What the person who brought the study can do.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Document(why) => why.remedy(),
            Self::Text { what, .. } => format!("write {what} in plain text"),
            Self::Count { what: "plans", max: 0, .. } => {
                "leave the plans out: they are for exact studies, this one is `dp`".into()
            }
            Self::Count { what: "plans", max, .. } => format!("write out 1 to {max} queries in `plans`"),
            Self::Count { what, min, max, .. } => format!("list {min} to {max} entries for {what}"),
            Self::Repeated { what, which } => format!("remove one `{which}` from {what}"),
            Self::UnknownCode { .. } => "use shorthands such as GRU, HMB, DS, NCU, IRB".into(),
            Self::NoPurpose => "add GRU, HMB, DS, POA or NRES to purpose.duo".into(),
            Self::NoDisease => "name the disease, such as MONDO:0002009, or use HMB".into(),
            Self::Contradiction { code } => format!("remove {code}, or correct the purpose that denies it"),
            Self::Cost { mode: Mode::Dp, .. } => "set 0 < rho_year ≤ rho_total ≤ ρ 1000".into(),
            Self::Cost { mode: Mode::Exact, .. } => "set both to 0: an exact study has no privacy cost".into(),
            Self::NoQueries => "set queries_max and every `times` to 1 or more".into(),
            Self::NeverOpen { .. } => "set valid_until after valid_from".into(),
            Self::OtherGenesis { .. } => "draft the study again under this federation's charter".into(),
            Self::NotListed { study, .. } => {
                format!("have the stewards list {} in the next charter", study.hex())
            }
        }
    }
}

/// What is wrong with the costs, in words.
fn cost_says(total: RhoMicro, year: RhoMicro, mode: Mode) -> String {
    match mode {
        Mode::Dp => format!(
            "a study with noise costs something each year, and no more in a year than in all: it says {total} in all and {year} a year"
        ),
        Mode::Exact => {
            format!("an exact study has no privacy cost, and this one says {total} in all and {year} a year")
        }
    }
}

/// What is wrong with a list's length, in words.
fn count_says(what: &str, got: usize, min: usize, max: usize) -> String {
    match (what, max) {
        ("plans", 0) => format!("a study with noise plans no queries in advance, and `plans` lists {got}"),
        ("plans", _) => {
            format!("an exact study asks what it planned and nothing else: 1 to {max} queries, and `plans` lists {got}")
        }
        _ => format!("{what} has {got} entries, where {min} to {max} belong"),
    }
}
