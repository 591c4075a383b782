//! Why a rehearsal does not go on.

use std::path::PathBuf;

use sumac_protocol::charter_chain::ChainError;
use sumac_protocol::dictionary::DictionaryError;
use sumac_protocol::envelope::DocumentError;
use sumac_protocol::release_file::ReleaseError;
use sumac_protocol::round::progress::Refused;
use sumac_protocol::sealed::SealError;

use crate::clinic::ClinicError;
use crate::running::RunError;
use crate::store::StoreError;

/// Why a rehearsal does not go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RehearsalError {
    /// The store of one of its nodes.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The desk of one of its clinics.
    #[error(transparent)]
    Clinic(#[from] ClinicError),
    /// The roles of one of its nodes.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A charter drawn up from the operator's rules does not hold.
    #[error("a charter under these rules does not hold: {0}")]
    Chain(#[from] ChainError),
    /// The dictionary.
    #[error(transparent)]
    Dictionary(#[from] DictionaryError),
    /// A document of its own.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// A question that no node admits.
    #[error("{}", .0.says)]
    Refused(Refused),
    /// A release that does not hold.
    #[error(transparent)]
    Release(#[from] ReleaseError),
    /// A key of its own that nothing can be sealed to.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// A folder that cannot be made, read or written.
    #[error("{}: {why}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the operating system says.
        why: std::io::Error,
    },
    /// No hub to ask.
    #[error("the charter names no hub")]
    NoHub,
    /// Nobody at this place, or nobody who runs.
    #[error("no node runs at place {at}")]
    NoNode {
        /// The place, from 0.
        at: usize,
    },
    /// No such patient.
    #[error("the rehearsal has no patient number {number}")]
    NoPatient {
        /// The number, from 0.
        number: usize,
    },
    /// The operating system gives no randomness.
    #[error("the operating system gives no randomness")]
    NoRandomness,
    /// A query that neither ended nor expired.
    #[error("a query of the rehearsal neither ended nor expired")]
    Stuck,
}

impl RehearsalError {
    /// A code that is never reworded.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Store(why) => why.code(),
            Self::Clinic(why) => why.code(),
            Self::Run(why) => why.code(),
            Self::Chain(why) => why.code(),
            Self::Dictionary(why) => why.code(),
            Self::Document(why) => why.code(),
            Self::Refused(why) => &why.code,
            Self::Release(why) => why.code(),
            Self::Seal(_) => "sealing",
            Self::Folder { .. } => "file",
            Self::NoHub => "no-hub",
            Self::NoNode { .. } => "no-such-node",
            Self::NoPatient { .. } => "no-such-patient",
            Self::NoRandomness => "no-randomness",
            Self::Stuck => "rehearsal-stuck",
        }
    }

    /// What the operator can do.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Store(why) => why.remedy(),
            Self::Clinic(why) => why.remedy(),
            Self::Run(why) => why.remedy(),
            Self::Chain(why) => why.remedy(),
            Self::Dictionary(why) => why.remedy(),
            Self::Document(why) => why.remedy(),
            Self::Refused(why) => why.remedy.clone(),
            Self::Release(why) => why.remedy(),
            Self::Folder { .. } => "check the folder for temporary files, and that its disk has room".into(),
            Self::NoHub => "give the charter of a federation that has a hub".into(),
            Self::Seal(_) | Self::NoNode { .. } | Self::NoPatient { .. } | Self::Stuck => {
                "this is a fault of Sumac; please report it".into()
            }
            Self::NoRandomness => "check the operating system's random generator".into(),
        }
    }
}
