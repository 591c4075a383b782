//! Why something said about a ledger does not hold.

use super::SALT_BYTES;
use crate::digest::Digest;
use crate::envelope::DocumentError;
use crate::moment::Moment;
use crate::principal::Principal;

/// Why a head, receipt, growth, opening or piece of evidence does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// A document in it does not hold.
    #[error(transparent)]
    BadDocument(#[from] DocumentError),
    /// A document names another clinic.
    #[error("the document speaks of the ledger of {named}, not of {wanted}")]
    OtherClinic {
        /// The clinic that it names.
        named: Principal,
        /// The clinic that was asked about.
        wanted: Principal,
    },
    /// A document is signed by one member and names another.
    #[error("the document names the member {named}, and was signed by {wanted}")]
    OtherMember {
        /// The member that it names.
        named: Principal,
        /// The member that signed.
        wanted: Principal,
    },
    /// The head of an empty tree with a root that no empty tree has.
    #[error("the head is of an empty ledger, and its root is not that of an empty tree")]
    EmptyTree,
    /// A receipt for something else.
    #[error("the receipt is for the statement {got}, not for {wanted}")]
    OtherStatement {
        /// The statement it is for.
        got: Digest,
        /// The statement that was asked about.
        wanted: Digest,
    },
    /// A salt of another length.
    #[error("a salt of {got} bytes, where every salt has {SALT_BYTES}")]
    BadSalt {
        /// Its length.
        got: usize,
    },
    /// A position past the end of the tree.
    #[error("position {position} is not in a ledger of {size} statements")]
    PastTheEnd {
        /// The position.
        position: u64,
        /// Leaves in the tree.
        size: u64,
    },
    /// The path does not lead from the leaf to the root.
    #[error("the statement is not at position {position} of the ledger with {size} statements that the clinic signed")]
    NotIncluded {
        /// The position.
        position: u64,
        /// Leaves in the tree.
        size: u64,
    },
    /// The newer head is of a shorter ledger.
    #[error("the ledger had {old} statements and now has {new}: statements were dropped")]
    Shrunk {
        /// Leaves of the older tree.
        old: u64,
        /// Leaves of the newer tree.
        new: u64,
    },
    /// Two heads of the same size with different roots.
    #[error("the clinic signed two different ledgers of {size} statements")]
    TwoRoots {
        /// Leaves of both trees.
        size: u64,
    },
    /// The newer tree does not begin with the older one.
    #[error(
        "the ledger of {new} statements does not begin with the one of {old}: it was rewritten, or the proof is wrong"
    )]
    Rewritten {
        /// Leaves of the older tree.
        old: u64,
        /// Leaves of the newer tree.
        new: u64,
    },
    /// The commitment of an upload is to something else.
    #[error("the upload's commitment {commitment} is not to this head")]
    OtherCommitment {
        /// The commitment.
        commitment: Digest,
    },
    /// A cohort was selected under an old tree, long after a statement beyond its end was acknowledged.
    #[error(
        "a cohort that was seen at {seen_at} was selected under a ledger of {size} statements, and yours at position \
         {position} was acknowledged by {received_at}"
    )]
    OldTree {
        /// The statement's position.
        position: u64,
        /// Leaves of the tree that was selected under.
        size: u64,
        /// When the receipt of the statement had arrived.
        received_at: Moment,
        /// When a member saw the contribution.
        seen_at: Moment,
    },
    /// Two heads that can both be true.
    #[error("the two heads, of {first} and {second} statements, do not contradict each other")]
    NoContradiction {
        /// Leaves of the first tree.
        first: u64,
        /// Leaves of the second.
        second: u64,
    },
    /// A word about the arrival of something else.
    #[error("the member says that {got} arrived, not {wanted}")]
    OtherArrival {
        /// What it says arrived.
        got: Digest,
        /// What was handed over.
        wanted: Digest,
    },
}

impl LedgerError {
    /// A code that is never reworded.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BadDocument(_) => "ledger-bad-document",
            Self::OtherClinic { .. } => "ledger-other-clinic",
            Self::OtherMember { .. } => "ledger-other-member",
            Self::EmptyTree => "ledger-empty-tree",
            Self::OtherStatement { .. } => "ledger-other-statement",
            Self::BadSalt { .. } => "ledger-bad-salt",
            Self::PastTheEnd { .. } => "ledger-past-the-end",
            Self::NotIncluded { .. } => "ledger-not-included",
            Self::Shrunk { .. } => "ledger-shrunk",
            Self::TwoRoots { .. } => "ledger-two-roots",
            Self::Rewritten { .. } => "ledger-rewritten",
            Self::OtherCommitment { .. } => "ledger-other-commitment",
            Self::OldTree { .. } => "ledger-old-tree",
            Self::NoContradiction { .. } => "ledger-no-contradiction",
            Self::OtherArrival { .. } => "ledger-other-arrival",
        }
    }

    /// What the person who checked can do.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::BadDocument(why) => why.remedy(),
            Self::OtherClinic { .. } => "name the clinic that signed it, or ask the right one".into(),
            Self::OtherMember { .. } | Self::OtherArrival { .. } => {
                "ask another member, and show both answers to the stewards".into()
            }
            Self::OtherStatement { .. } | Self::BadSalt { .. } => {
                "ask the clinic for the receipt of this statement again".into()
            }
            Self::PastTheEnd { .. } | Self::NotIncluded { .. } => {
                "ask the clinic again, and if it stays so, show the receipt and the statement to the stewards".into()
            }
            Self::EmptyTree | Self::Shrunk { .. } | Self::Rewritten { .. } | Self::OtherCommitment { .. } => {
                "keep both signed heads, ask the clinic for its head at the older size, and show them to the stewards"
                    .into()
            }
            Self::OldTree { .. } => {
                "keep the receipt and the member's signed word, and show both to the stewards: the clinic selected you \
                 after it knew your statement, or held its ledger back"
                    .into()
            }
            Self::TwoRoots { .. } => "hand both heads to committee members: they are evidence by themselves".into(),
            Self::NoContradiction { .. } => "evidence is two heads of the same size with different roots".into(),
        }
    }
}
