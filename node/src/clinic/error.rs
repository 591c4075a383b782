//! Why something at the clinic's desk cannot be done.

use sumac_protocol::document::consent::StatementError;
use sumac_protocol::document::enrolment::EnrolmentError;
use sumac_protocol::envelope::DocumentError;
use sumac_protocol::ledger::LedgerError;
use sumac_protocol::principal::Principal;
use sumac_protocol::sealed::SealError;

use crate::store::StoreError;

/// Why something at the clinic's desk cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum ClinicError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A document that does not hold.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// A statement that does not hold.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// An enrolment that does not hold.
    #[error(transparent)]
    Enrolment(#[from] EnrolmentError),
    /// Something said about a ledger that does not hold.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Something sealed that this clinic's key does not open.
    #[error("the sealed statement cannot be opened: {0}")]
    Sealed(#[from] SealError),
    /// A stored body cannot be read: ours to mend.
    #[error("a stored {what} cannot be read: {why}")]
    Stored {
        /// What it should be.
        what: &'static str,
        /// What the reader stumbled over.
        why: String,
    },
    /// A key that is enrolled for somebody else.
    #[error("the key {key} is enrolled for another pseudonym here")]
    KeyTaken {
        /// The key.
        key: Principal,
    },
    /// A pseudonym with another key.
    #[error("the pseudonym is enrolled with another key already")]
    Enrolled,
    /// An enrolment that replaces nothing, where a lost key is to be replaced.
    #[error("the enrolment names no key that it replaces")]
    NoReplacement,
    /// A replacement of another key than the patient's newest.
    #[error("the enrolment replaces the key {lost}, and the patient's key is {have}")]
    OtherKey {
        /// The key that it names as lost.
        lost: Principal,
        /// The one that speaks for the patient.
        have: Principal,
    },
    /// A confirmation of what counts already.
    #[error("what {pseudonym} said last counts already")]
    NothingToConfirm {
        /// The pseudonym.
        pseudonym: String,
    },
    /// A consent that nobody shows a receipt of, where one is needed.
    #[error("the newest that this patient said was signed with the patient's own key, and no receipt of it is shown")]
    ReceiptNeeded,
    /// A receipt of something else than the newest that the ledger has.
    #[error(
        "the receipt is of another statement, at position {position}; the newest that the ledger has of this patient \
         stands at position {have}"
    )]
    ReceiptOfAnother {
        /// The position that the receipt names.
        position: u64,
        /// That of the newest that the ledger has.
        have: u64,
    },
    /// Too many keys, one after the other.
    #[error("{most} keys have spoken for this patient, one after the other, and that is the most")]
    TooManyKeys {
        /// How many there may be.
        most: usize,
    },
    /// A pseudonym that nobody has here.
    #[error("no patient with the pseudonym `{pseudonym}` is held here")]
    NoSuchPatient {
        /// The pseudonym.
        pseudonym: String,
    },
    /// A pseudonym of somebody who was erased.
    #[error("the patient with the pseudonym `{pseudonym}` was erased here before")]
    ErasedBefore {
        /// The pseudonym.
        pseudonym: String,
    },
    /// A key of somebody who was erased.
    #[error("the patient of the key {key} was erased here, and a key that was erased never grants again")]
    KeyErased {
        /// The key.
        key: Principal,
    },
    /// A statement of a key that nobody enrolled.
    #[error("the key {key} is not enrolled at this clinic")]
    NotEnrolled {
        /// The key.
        key: Principal,
    },
    /// A statement that is in the ledger, and was followed by another.
    #[error("this statement is in the ledger already, at position {position}, and a newer one stands")]
    Superseded {
        /// Where it is, counted from 0.
        position: u64,
    },
    /// A statement whose leaf is not in the ledger's tree at its position.
    #[error("the statement at position {position} is not what the ledger has there")]
    NotInLedger {
        /// The position, counted from 0.
        position: u64,
    },
    /// A position at which this patient has no statement.
    #[error("this patient has no statement at position {position} of the ledger")]
    NoSuchStatement {
        /// The position, counted from 0.
        position: u64,
    },
    /// A size that the ledger has not come to.
    #[error("the ledger has {size} statements, and never had {wanted}")]
    LedgerTooShort {
        /// The size that was asked for.
        wanted: u64,
        /// Statements in the ledger.
        size: u64,
    },
    /// The tree in the index does not prove a statement that is there.
    #[error("the ledger's tree does not prove the statement at position {position}: {why}")]
    BrokenTree {
        /// The position, counted from 0.
        position: u64,
        /// What does not hold.
        why: String,
    },
    /// More patients than the charter says.
    #[error("the clinic would come to {have} patients, erased ones included, and the charter allows {most}")]
    TooManyPatients {
        /// How many there would be.
        have: u64,
        /// How many the charter allows.
        most: u64,
    },
    /// An import whose files do not tell of a part of the record that is held.
    #[error("{part} of `{pseudonym}` are held here, and no file of this import tells of {part}: they would be gone")]
    WouldLose {
        /// The first patient who would lose something.
        pseudonym: String,
        /// What.
        part: &'static str,
    },
    /// This node holds no records under the charter.
    #[error("the charter does not list this node as a contributor")]
    NoContributor,
    /// The system has no randomness.
    #[error("the operating system gives no random bytes")]
    NoRandomness,
}

impl ClinicError {
    /// A code that is never reworded.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(why) => why.code(),
            Self::Document(why) => why.code(),
            Self::Statement(why) => why.code(),
            Self::Enrolment(why) => why.code(),
            Self::Ledger(why) => why.code(),
            Self::Sealed(_) => "sealed-unreadable",
            Self::Stored { .. } => "stored-body",
            Self::Superseded { .. } => "superseded",
            Self::NotInLedger { .. } => "not-in-ledger",
            Self::NoSuchStatement { .. } => "no-such-statement",
            Self::LedgerTooShort { .. } => "ledger-too-short",
            Self::BrokenTree { .. } => "ledger-broken-tree",
            Self::KeyTaken { .. } => "key-taken",
            Self::Enrolled => "enrolled",
            Self::NoReplacement => "no-replacement",
            Self::OtherKey { .. } => "replaces-other-key",
            Self::NothingToConfirm { .. } => "nothing-to-confirm",
            Self::ReceiptNeeded => "receipt-needed",
            Self::ReceiptOfAnother { .. } => "receipt-of-another",
            Self::TooManyKeys { .. } => "too-many-keys",
            Self::NoSuchPatient { .. } => "no-such-patient",
            Self::ErasedBefore { .. } => "erased-before",
            Self::KeyErased { .. } => "key-erased",
            Self::NotEnrolled { .. } => "not-enrolled",
            Self::TooManyPatients { .. } => "too-many-patients",
            Self::WouldLose { .. } => "would-lose",
            Self::NoContributor => "no-contributor",
            Self::NoRandomness => "no-randomness",
        }
    }

    /// What the person at the desk can do.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Store(why) => why.remedy(),
            Self::Document(why) => why.remedy(),
            Self::Statement(why) => why.remedy(),
            Self::Enrolment(why) => why.remedy(),
            Self::Ledger(why) => why.remedy(),
            Self::Sealed(_) => "seal the statement to the key of this clinic's node, as the charter has it".into(),
            Self::Stored { .. } => "report this; meanwhile set up a new node and import again".into(),
            Self::KeyTaken { .. } => {
                "every patient has a key of their own for each clinic; make a new one with `sumac patient keygen`"
                    .into()
            }
            Self::Enrolled => {
                "a lost key is replaced by two named members of staff: `sumac consent replace-key`".into()
            }
            Self::NoReplacement => "draft it with `sumac consent replace-key`".into(),
            Self::OtherKey { have, .. } => format!("draft it anew, as a replacement of {have}"),
            Self::NothingToConfirm { .. } => {
                "there is nothing to confirm; `sumac patient list` shows whose consent waits as suspended".into()
            }
            Self::ReceiptNeeded => {
                "give --receipt with the newest receipt that the patient's program kept: the last file receipt-*.json in \
                 the folder KEY.receipts beside the key file KEY; or let the patient sign anew"
                    .into()
            }
            Self::ReceiptOfAnother { .. } => {
                "show the receipt of the newest statement; if the clinic lost that statement, hand it in again".into()
            }
            Self::TooManyKeys { .. } => "erase the patient, and enrol under a new pseudonym".into(),
            Self::NoSuchPatient { .. } => "`sumac patient list` shows the pseudonyms that are held".into(),
            Self::ErasedBefore { .. } => {
                "nothing is left to erase; who comes back gets a new pseudonym and a new key".into()
            }
            Self::KeyErased { .. } => "who comes back makes a new key with `sumac patient keygen`".into(),
            Self::NotEnrolled { .. } => {
                "enrol the patient first: `sumac patient enrol --pseudonym P --key did:key:…`".into()
            }
            Self::Superseded { .. } => {
                "sign it anew to say it again: `sumac patient revoke` or `sumac patient grant`".into()
            }
            Self::NotInLedger { .. } | Self::BrokenTree { .. } => {
                "stop the node and delete the folder of its index: it is rebuilt from the journal; if that does not \
                 help, report this"
                    .into()
            }
            Self::NoSuchStatement { .. } => "the receipts of all statements tell their positions".into(),
            Self::LedgerTooShort { size, .. } => format!("ask for a head of at most {size} statements"),
            Self::TooManyPatients { .. } => {
                "ask the stewards for a charter with a larger patients_max for this clinic".into()
            }
            Self::WouldLose { .. } => {
                "give all files that tell of these patients at once; or, if it shall be gone, add --replace".into()
            }
            Self::NoContributor => "ask the stewards to list this node as a contributor".into(),
            Self::NoRandomness => "check the system: /dev/urandom or getrandom(2) must work".into(),
        }
    }
}
