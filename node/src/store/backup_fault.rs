//! Why a backup cannot be made or restored.

use std::path::PathBuf;

use super::fault::{DiskError, StoreError};

/// Why a backup cannot be made or restored. Complete.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BackupError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Something is where the backup, or the store, is to go.
    #[error("{} is there already, and is never overwritten", path.display())]
    AlreadyThere { path: PathBuf },
    /// The backup would lie in what it is a backup of.
    #[error("{} lies in the store's own folder", path.display())]
    InsideStore { path: PathBuf },
    /// The keyring's copy would lie in the backup that it opens.
    #[error("the keyring's copy {} would lie in the backup that it opens", path.display())]
    KeyringInside { path: PathBuf },
    /// A folder that holds no backup, or not a whole one.
    #[error("{} is no backup: {why}", path.display())]
    NotABackup { path: PathBuf, why: String },
    /// A file that is not as it was when the backup was made.
    #[error("the backup is damaged: {}: {why}", file.display())]
    Damaged { file: PathBuf, why: &'static str },
    /// Somebody was erased while the backup was made.
    #[error("a patient was erased while the backup was made, and it would open what is gone")]
    ErasedMeanwhile,
    /// The keyring is of another time than the backup, or of another node.
    #[error("the keys in the backup {} do not open under this keyring: somebody was erased or keys were rotated in between, or it is another node's", path.display())]
    OtherTime { path: PathBuf },
}

impl From<DiskError> for BackupError {
    fn from(error: DiskError) -> Self {
        Self::Store(error.into())
    }
}

impl From<super::fault::JournalError> for BackupError {
    fn from(error: super::fault::JournalError) -> Self {
        Self::Store(error.into())
    }
}

impl BackupError {
    /// Never reworded once released.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::AlreadyThere { .. } => "backup-already-there",
            Self::InsideStore { .. } => "backup-inside-store",
            Self::KeyringInside { .. } => "backup-keyring-inside",
            Self::NotABackup { .. } => "backup-none",
            Self::Damaged { .. } => "backup-damaged",
            Self::ErasedMeanwhile => "backup-erased-meanwhile",
            Self::OtherTime { .. } => "backup-other-keyring",
        }
    }

    /// What the operator can do next.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Store(error) => error.remedy(),
            Self::AlreadyThere { path } => format!("choose another place, or move it away: mv {0} {0}.old", path.display()),
            Self::InsideStore { .. } => "choose a place on another disk".to_owned(),
            Self::KeyringInside { .. } => {
                "put the keyring's copy on another medium: whoever holds both and the unlock secret reads everything".to_owned()
            }
            Self::NotABackup { .. } => "name the folder that `sumac node backup` made".to_owned(),
            Self::Damaged { .. } => "restore an older backup".to_owned(),
            Self::ErasedMeanwhile => "make the backup again".to_owned(),
            Self::OtherTime { .. } => {
                "give the copy of the keyring that was made with this backup (--keyring FILE), and erase again whoever was erased since; or restore a newer backup".to_owned()
            }
        }
    }
}
