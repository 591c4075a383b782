//! What can go wrong in the store: the fact with its operands, what to do, and a stable code.
//!
//! The errors can be cloned because one failed write answers every caller of its commit group.

use std::io;
use std::path::{Path, PathBuf};

/// A file operation that the operating system refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot {doing} {}: {text}", path.display())]
pub struct DiskError {
    doing: &'static str,
    path: PathBuf,
    kind: io::ErrorKind,
    text: String,
}

impl DiskError {
    pub(crate) fn new(doing: &'static str, path: &Path, source: &io::Error) -> Self {
        Self { doing, path: path.to_owned(), kind: source.kind(), text: source.to_string() }
    }

    /// The operating system's reason.
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        self.kind
    }
}

/// Why a keyring, or a page of patient keys that belongs to it, cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyringError {
    /// There is no file.
    #[error("there is no keyring at {}", path.display())]
    Missing { path: PathBuf },
    /// The unlock secret is wrong, or a byte of the file has changed: the seal cannot tell which.
    #[error("the unlock secret does not open the keyring {}", path.display())]
    WrongSecret { path: PathBuf },
    /// A passphrase was given for a key file's keyring, or the other way round.
    #[error("the keyring {} is sealed under a {sealed_under}, and a {given} was given", path.display())]
    OtherSecret { path: PathBuf, sealed_under: &'static str, given: &'static str },
    /// Not a keyring, or one of a later format.
    #[error("{} is not a keyring that this version can read: {why}", path.display())]
    Format { path: PathBuf, why: &'static str },
    /// Of a store that a newer release wrote. Nothing was changed.
    #[error("the store of the keyring {} is of version {found}, and this release of Sumac reads up to {reads}: a newer release wrote it", path.display())]
    Newer { path: PathBuf, found: u8, reads: u8 },
    /// Of a store that is older than any that is read.
    #[error("the store of the keyring {} is of version {found}, and this release of Sumac reads none before {oldest}", path.display())]
    Older { path: PathBuf, found: u8, oldest: u8 },
    /// The Argon2id parameters in the header are outside what Sumac accepts; nothing was computed.
    #[error(
        "the keyring {} asks for Argon2id with {memory_kib} KiB, t={passes}, p={lanes}: {why}",
        path.display()
    )]
    Cost { path: PathBuf, memory_kib: u32, passes: u32, lanes: u32, why: &'static str },
    /// Argon2id could not be computed, mostly for want of memory.
    #[error("Argon2id with {memory_kib} KiB could not be computed: {why}")]
    Derivation { memory_kib: u32, why: String },
    /// A change of the unlock secret that was made for another keyring, or while another secret opened it.
    #[error("this change of the unlock secret was not made for the keyring {} as it is", path.display())]
    OtherChange { path: PathBuf },
    /// A page of patient keys does not open under its key.
    #[error("the page of patient keys {} is damaged or not of this keyring: {why}", path.display())]
    Page { path: PathBuf, why: &'static str },
}

impl KeyringError {
    /// Never reworded once released.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "keyring-missing",
            Self::WrongSecret { .. } => "keyring-wrong-secret",
            Self::OtherSecret { .. } => "keyring-other-secret",
            Self::Format { .. } => "keyring-format",
            Self::Newer { .. } => "store-newer",
            Self::Older { .. } => "store-older",
            Self::Cost { .. } => "keyring-argon2-cost",
            Self::Derivation { .. } => "keyring-argon2-failed",
            Self::OtherChange { .. } => "keyring-other-change",
            Self::Page { .. } => "keyring-page-damaged",
        }
    }

    /// What the operator can do next.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Missing { .. } => {
                "mount the medium that holds the keyring, or name its path in the configuration".to_owned()
            }
            Self::WrongSecret { .. } => {
                "give the secret the keyring was sealed under; if `sumac node rotate-keys` was interrupted, give it again; if the secret is surely right, the file is damaged: restore its newest copy".to_owned()
            }
            Self::OtherSecret { sealed_under, .. } => format!("give the {sealed_under} instead; if `sumac node rotate-keys` was interrupted, give it again"),
            Self::Format { .. } => {
                "check the path; if it is the right file, use the version of Sumac that wrote it, or restore its newest copy".to_owned()
            }
            Self::Newer { .. } => {
                "install the release that wrote it, or a newer one; nothing was changed. To go back, restore a backup \
                 that was made before the upgrade, with `sumac node restore`, and recover"
                    .to_owned()
            }
            Self::Older { .. } => "open it once with a release between the two, which brings it forward".to_owned(),
            Self::Cost { .. } => {
                "somebody has changed this header: restore the newest copy of the keyring".to_owned()
            }
            Self::Derivation { .. } => "free memory on this machine and start again".to_owned(),
            Self::OtherChange { .. } => "make the change again, with the secret that opens the keyring now".to_owned(),
            Self::Page { .. } => {
                RESTORE.to_owned()
            }
        }
    }
}

/// Why the journal cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// No segment at all where a keyring says there should be one.
    #[error("there is a keyring and no journal in {}: acknowledged data is missing", folder.display())]
    Missing { folder: PathBuf },
    /// A segment between the first and the last is not there.
    #[error("the journal's segment {} is missing", file.display())]
    SegmentMissing { file: PathBuf },
    /// A frame that had been acknowledged has changed on disk.
    #[error("the journal is damaged at sequence {sequence}, byte {offset} of {}: {why}", file.display())]
    Damaged { file: PathBuf, sequence: u64, offset: u64, why: &'static str },
}

impl JournalError {
    /// Never reworded once released.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "journal-missing",
            Self::SegmentMissing { .. } => "journal-segment-missing",
            Self::Damaged { .. } => "journal-damaged",
        }
    }

    /// What the operator can do next.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Missing { .. } | Self::SegmentMissing { .. } | Self::Damaged { .. } => RESTORE.to_owned(),
        }
    }
}

/// Why the index could not answer. It holds nothing of its own, so no data is lost.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the index {} failed: {why}", folder.display())]
pub struct IndexError {
    pub(crate) folder: PathBuf,
    pub(crate) why: String,
}

/// Why the store refused or failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A file could not be read or written.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The keys could not be had.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// The journal is not whole.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The index failed.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// Another process, or another part of this one, has the folder open.
    #[error("another process is using the folder {}", dir.display())]
    InUse { dir: PathBuf },
    /// `create` found a store, or a part of one.
    #[error("there is already a store: {}", found.display())]
    AlreadyThere { found: PathBuf },
    /// The journal ends before what the keyring knows to have been acknowledged.
    #[error(
        "acknowledged data is missing: the journal in {} ends at sequence {head}, and {watermark} had been acknowledged",
        dir.display()
    )]
    AcknowledgedMissing { dir: PathBuf, head: u64, watermark: u64 },
    /// The journal holds other frames than those the keyring knows.
    #[error(
        "the journal in {} is another history than the keyring's: they differ at sequence {sequence}",
        dir.display()
    )]
    OtherHistory { dir: PathBuf, sequence: u64 },
    /// The folder was restored from a backup: whatever came after it may be missing.
    #[error(
        "{} was restored from a backup, which ends at sequence {head}: what was acknowledged since is missing",
        dir.display()
    )]
    Restored { dir: PathBuf, head: u64 },
    /// A row that was never given.
    #[error("there is no patient in row {row}: {rows} rows were given")]
    NoSuchRow { row: u32, rows: u32 },
    /// A query's entry could not be changed so that it does not name an erased patient. Nothing was erased.
    #[error("a query's entry cannot be cleared of the patient: {why}")]
    NotCleared { why: String },
    /// An entry or a batch is over its limit.
    #[error("{what} is {got}, and the limit is {max}")]
    TooLarge { what: &'static str, got: usize, max: usize },
    /// A pseudonym without a single character.
    #[error("a pseudonym is empty")]
    NoPseudonym,
    /// 2^32 patients, or 2^64 frames.
    #[error("this store can hold no further {what}")]
    Full { what: &'static str },
    /// So little room is left on the disk that this must wait. Nothing was written, and the store goes on.
    #[error("{} has {free} bytes free, and {needed} are needed to keep this", dir.display())]
    NoRoom { dir: PathBuf, free: u64, needed: u64 },
    /// An earlier write failed. What was acknowledged is safe; nothing more is written until the store is opened again.
    #[error("the store has stopped writing after a failure: {why}")]
    Stopped { why: String },
    /// The operating system gave no random bytes or no thread.
    #[error("the operating system gave no {what}: {why}")]
    System { what: &'static str, why: String },
}

impl StoreError {
    /// Never reworded once released; scripts match on it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Disk(_) => "store-disk",
            Self::Keyring(error) => error.code(),
            Self::Journal(error) => error.code(),
            Self::Index(_) => "store-index",
            Self::InUse { .. } => "store-in-use",
            Self::AlreadyThere { .. } => "store-already-there",
            Self::AcknowledgedMissing { .. } => "store-acknowledged-missing",
            Self::OtherHistory { .. } => "store-other-history",
            Self::Restored { .. } => "store-restored",
            Self::NoSuchRow { .. } => "store-no-such-row",
            Self::NotCleared { .. } => "store-not-cleared",
            Self::TooLarge { .. } => "store-too-large",
            Self::NoPseudonym => "store-no-pseudonym",
            Self::Full { .. } => "store-full",
            Self::NoRoom { .. } => "store-no-room",
            Self::Stopped { .. } => "store-stopped",
            Self::System { .. } => "store-system",
        }
    }

    /// What the operator can do next.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Disk(_) => "check that the path exists, is writable and has room".to_owned(),
            Self::Keyring(error) => error.remedy(),
            Self::Journal(error) => error.remedy(),
            Self::Index(error) => format!(
                "stop the node and delete the folder {}: it is rebuilt from the journal",
                error.folder.display()
            ),
            Self::InUse { .. } => "stop the other process, or talk to it with `sumac node status --dir DIR`".to_owned(),
            Self::AlreadyThere { .. } => "open it, or choose another folder".to_owned(),
            Self::AcknowledgedMissing { .. } | Self::OtherHistory { .. } => RESTORE.to_owned(),
            Self::Restored { .. } => FORGOTTEN.to_owned(),
            Self::NoSuchRow { .. } => "name a patient of this node".to_owned(),
            Self::NotCleared { .. } => "report this: an entry that the node wrote cannot be read".to_owned(),
            Self::TooLarge { .. } => "split it".to_owned(),
            Self::NoPseudonym => "give every patient a pseudonym".to_owned(),
            Self::Full { .. } => "start a second node for further patients".to_owned(),
            Self::NoRoom { .. } => "make room on that disk and do it again; the node goes on by itself".to_owned(),
            Self::Stopped { .. } => "mend the cause, then restart the node".to_owned(),
            Self::System { .. } => "restart the node; if that does not help, the machine".to_owned(),
        }
    }
}

const RESTORE: &str = "put the newest folder back, or move this one away and restore the newest backup with `sumac \
    node restore`; then, or if nothing newer is left, `sumac node recover --dir DIR`";
const FORGOTTEN: &str = "put the newest folder back, or recover this one with `sumac node recover --dir DIR`: one that \
    has forgotten budgets and withdrawals must not answer questions before";
