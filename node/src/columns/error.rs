//! Why a projection cannot be written or read.

use crate::store::{DiskError, StoreError};

/// Why a projection cannot be written or read. It holds nothing of its own, so nothing is lost.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ColumnsError {
    /// The store it is made from, a file, or the system's randomness.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What lies there is not what was written. It is made again from the journal.
    #[error("generation {generation} of the columns is damaged{}: {why}", at(*chunk))]
    Damaged {
        /// Which generation.
        generation: u32,
        /// Which chunk of 65,536 courses; none where it is the manifest.
        chunk: Option<u32>,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A record of the journal cannot be read: ours to mend.
    #[error("a stored record cannot be read")]
    Record,
    /// 2^32 courses.
    #[error("the columns can hold no further course")]
    Full,
}

impl From<DiskError> for ColumnsError {
    fn from(why: DiskError) -> Self {
        Self::Store(why.into())
    }
}

impl ColumnsError {
    /// A code that is never reworded.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(why) => why.code(),
            Self::Damaged { .. } => "columns-damaged",
            Self::Record => "columns-record",
            Self::Full => "columns-full",
        }
    }

    /// What the operator can do next.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Store(why) => why.remedy(),
            Self::Damaged { .. } => {
                "nothing: the columns are made again from the journal; if it happens twice, check the disk".to_owned()
            }
            Self::Record => "restore the node's folder from a backup, and report this".to_owned(),
            Self::Full => "start a second node for further patients".to_owned(),
        }
    }
}

fn at(chunk: Option<u32>) -> String {
    chunk.map_or_else(String::new, |chunk| format!(" in chunk {chunk}"))
}
