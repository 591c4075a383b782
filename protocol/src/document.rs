//! The kinds of signed documents, one Rust struct and one payload type each.

use std::fmt;

use crate::limits::DOCUMENT_BYTES_MAX;

pub mod arrival;
pub mod ask;
pub mod charter;
pub mod commitment;
pub mod consent;
pub mod count_opening;
pub mod delivery;
pub mod disease;
pub mod duo;
pub mod enrolment;
pub mod freeze;
pub mod join;
pub mod last_seen;
pub mod manifest;
pub mod query;
pub mod recovery;
pub mod relay;
pub mod release;
pub mod share;
pub mod study;
pub mod tree_head;
pub mod upload;
pub mod void;

pub mod wording;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What a document is. The payload type made of it separates the domains of signatures.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Kind { $($(#[$doc])* $name,)* }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

kinds! {
    /// Who belongs to the federation, and under which rules.
    Charter = "charter",
    /// What may be studied, by whom, for how long.
    Study = "study",
    /// A patient's grant, change or withdrawal.
    Consent = "consent",
    /// A clinic's note of which key speaks for which patient.
    Enrolment = "enrolment",
    /// A node's wish to be listed in a charter.
    Join = "join",
    /// A researcher's question.
    Query = "query",
    /// A committee member's commitments for one attempt.
    Commitment = "commitment",
    /// A clinic's contribution, sealed.
    Upload = "upload",
    /// A member's word that the batch is fixed.
    Freeze = "freeze",
    /// The batch with each clinic's verdict.
    Manifest = "manifest",
    /// A member's word that an attempt produced nothing.
    Void = "void",
    /// The noised counts that the committee opened.
    CountOpening = "count-opening",
    /// A member's noised share of the answer.
    Share = "share",
    /// The committee's word to the clinics that a query was answered.
    Release = "release",
    /// A message that the coordinator carries between members.
    Relay = "relay",
    /// A patient's own question to a clinic.
    Ask = "ask",
    /// A clinic's word about its consent ledger.
    TreeHead = "tree-head",
    /// A committee member's word about a clinic's newest upload.
    LastSeen = "last-seen",
    /// A member's word that something sealed for a clinic arrived.
    Arrival = "arrival",
    /// A clinic's word that what a member held for it has come.
    Delivery = "delivery",
    /// A member's word about the newest that it saw of another node.
    Recovery = "recovery",
}

impl Kind {
    /// The DSSE payload type of this kind.
    #[must_use]
    pub fn payload_type(self) -> String {
        format!("application/vnd.sumac.{}.v1+json", self.name())
    }

    /// Largest payload of this kind, in bytes. What a committee and its clinics sign is small, so that
    /// a node can keep all of it whoever wrote it.
    #[must_use]
    pub const fn payload_bytes_max(self) -> usize {
        match self {
            Self::Charter | Self::Study | Self::Share => DOCUMENT_BYTES_MAX,
            Self::Consent | Self::Enrolment | Self::Manifest | Self::CountOpening | Self::Recovery => 256 << 10,
            Self::Query => 64 << 10,
            Self::Upload | Self::Join => 16 << 10,
            Self::Commitment | Self::Freeze | Self::Void | Self::Release | Self::Relay => 4 << 10,
            Self::TreeHead | Self::LastSeen | Self::Arrival | Self::Delivery | Self::Ask => 4 << 10,
        }
    }

    /// The kind that a payload type names, if it is one of ours.
    #[must_use]
    pub fn from_payload_type(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.payload_type() == text)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
