//! Why a statement is refused.

use super::Contradiction;
use crate::cost::RhoMicro;
use crate::envelope::DocumentError;
use crate::limits::RHO_MAX;
use crate::moment::Moment;
use crate::principal::Principal;

/// Why a statement is not taken into a ledger.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatementError {
    /// No statement, or not signed by who has to.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// Made for another clinic.
    #[error("the statement was made for the clinic {clinic}")]
    OtherClinic {
        /// The clinic it names.
        clinic: Principal,
    },
    /// Made by another patient.
    #[error("the statement is of the patient {patient}")]
    OtherPatient {
        /// The key it names.
        patient: Principal,
    },
    /// Witnessed on paper, where the patient's own signature belongs.
    #[error("the statement is witnessed on paper, not signed with the patient's key")]
    Witnessed,
    /// An erasure that the patient's own key did not sign.
    #[error("the statement asks to destroy records and is witnessed on paper: only the patient's own key can ask that")]
    WitnessedErasure,
    /// A grant signed further ahead than clocks differ.
    #[error("the grant was signed at {made_at}, and here it is {now}")]
    Future {
        /// When it says it was signed.
        made_at: Moment,
        /// The clinic's clock.
        now: Moment,
    },
    /// A grant of a key that another one has replaced.
    #[error("the key {key} was replaced, and grants nothing any more")]
    KeyReplaced {
        /// The key.
        key: Principal,
    },
    /// Not witnessed, where a witness belongs.
    #[error("the statement names no witness")]
    NoWitness,
    /// The charter takes no statements on paper.
    #[error("the charter takes no witnessed statements")]
    WitnessedNotAllowed,
    /// The witness is no staff of the clinic.
    #[error("the witness {witness} is no staff of the clinic")]
    NoStaff {
        /// The key of the witness.
        witness: Principal,
    },
    /// A text that may not stand there.
    #[error("{what} {flaw}")]
    Text {
        /// Which field.
        what: &'static str,
        /// The end of the sentence.
        flaw: String,
    },
    /// A list that is too short or too long.
    #[error("{what} has {got} entries, where {min} to {max} belong")]
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
    /// A code that is none of the Data Use Ontology, or of the wrong kind.
    #[error("`{code}` is not a code of the Data Use Ontology that belongs there")]
    UnknownCode {
        /// The code.
        code: String,
    },
    /// Disease-specific research on no disease.
    #[error("the grant allows DS, but names no disease")]
    NoDisease,
    /// An explanation that is not the one of this grant, or that nobody here can write out again.
    #[error("the explanation that the grant names (version {version}, `{language}`) is not the text of this grant")]
    LayText {
        /// The version that it names.
        version: String,
        /// The language that it names.
        language: String,
    },
    /// A grant that ends before it begins.
    #[error("the grant is in force from {from} until {until}, which is never")]
    NeverInForce {
        /// Its beginning.
        from: Moment,
        /// Its end.
        until: Moment,
    },
    /// A cap that is none.
    #[error("the grant's yearly cap is {got}, where {RHO_MAX} is the most")]
    Cap {
        /// The cap.
        got: RhoMicro,
    },
    /// A grant that does not continue the patient's statements.
    #[error("the grant does not follow the statements in the ledger: {0}")]
    OutOfLine(Contradiction),
}

impl StatementError {
    /// A code that is never reworded.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Document(why) => why.code(),
            Self::OtherClinic { .. } => "statement-other-clinic",
            Self::OtherPatient { .. } => "statement-other-patient",
            Self::Witnessed => "statement-witnessed",
            Self::WitnessedErasure => "statement-witnessed-erasure",
            Self::Future { .. } => "statement-future",
            Self::KeyReplaced { .. } => "statement-key-replaced",
            Self::NoWitness => "statement-no-witness",
            Self::WitnessedNotAllowed => "statement-witnessed-not-allowed",
            Self::NoStaff { .. } => "statement-no-staff",
            Self::Text { .. } => "statement-text",
            Self::Count { .. } => "statement-count",
            Self::Repeated { .. } => "statement-repeated",
            Self::UnknownCode { .. } => "statement-unknown-code",
            Self::NoDisease => "statement-no-disease",
            Self::LayText { .. } => "statement-lay-text",
            Self::NeverInForce { .. } => "statement-never-in-force",
            Self::Cap { .. } => "statement-cap",
            Self::OutOfLine(_) => "statement-out-of-line",
        }
    }

    /// What the patient, or the clinic for them, can do.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Document(why) => why.remedy(),
            Self::OtherClinic { .. } => "send it to the clinic that it names".into(),
            Self::OtherPatient { .. } => "send it with the key that signed it, or enrol that key first".into(),
            Self::Witnessed => "hand it in as a witnessed statement".into(),
            Self::WitnessedErasure => "witness a withdrawal, and erase at the clinic's desk: `sumac node erase`".into(),
            Self::Future { .. } => "set the clock of the machine that signs, and sign again".into(),
            Self::KeyReplaced { .. } => "sign with the newer key; the old one can still withdraw".into(),
            Self::NoWitness => "name the staff key and the form's reference, or sign with the patient's key".into(),
            Self::WitnessedNotAllowed => "have the patient sign with a key of their own".into(),
            Self::NoStaff { .. } => "sign with a staff key that the charter lists for this clinic".into(),
            Self::Text { what, .. } => format!("write {what} in plain text on one line"),
            Self::Count { what, min, max, .. } => format!("list {min} to {max} entries for {what}"),
            Self::Repeated { what, which } => format!("remove one `{which}` from {what}"),
            Self::UnknownCode { .. } => "use shorthands such as GRU, HMB, DS, NCU, IRB".into(),
            Self::NoDisease => "name the disease, such as MONDO:0002009, or allow HMB".into(),
            Self::LayText { .. } => {
                "show the patient the text of this release, and sign again; the clinic may need a newer release".into()
            }
            Self::NeverInForce { .. } => "set not_after after not_before".into(),
            Self::Cap { .. } => format!("set the cap to {RHO_MAX} at the most"),
            Self::OutOfLine(why) => why.remedy(),
        }
    }
}
