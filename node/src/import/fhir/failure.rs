//! Why files as a whole were not read.

use std::io;
use std::path::PathBuf;

use sumac_protocol::limits::PATIENTS_MAX;

use super::limits::{DOCUMENT_FILE_BYTES_MAX, FILES_MAX, LINE_BYTES_MAX};

/// Why nothing was imported. Every file is read to its end before the first record is kept, so a
/// wrong one changes nothing. The operator's move.
///
/// Texts hold names of files and places in them, never a value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FhirImportError {
    /// A folder with nothing to read.
    #[error("{} holds no .json and no .ndjson file", path.display())]
    NoFiles {
        /// The folder.
        path: PathBuf,
    },
    /// More files than are read.
    #[error("there are more than {FILES_MAX} files")]
    TooManyFiles,
    /// A file or folder that cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Something that is no JSON, or ends in the middle of it.
    #[error("{}, line {line}, column {column}: {says}", path.display())]
    NotJson {
        /// Which file.
        path: PathBuf,
        /// Where, from 1.
        line: u64,
        /// Where on the line, from 1; 0 where it is the line as a whole.
        column: u64,
        /// What the reader says.
        says: String,
    },
    /// JSON that is no FHIR resource.
    #[error("{}, {place}: this is no FHIR resource: it has no `resourceType`", path.display())]
    NotFhir {
        /// Which file.
        path: PathBuf,
        /// Which line or entry.
        place: String,
    },
    /// A Bundle that is no collection of records.
    #[error("{}: a Bundle of type `{kind}` is not read", path.display())]
    BundleKind {
        /// Which file.
        path: PathBuf,
        /// Its type; empty if it has none.
        kind: String,
    },
    /// A document too large to be read whole.
    #[error("{} has {bytes} bytes, where a Bundle has at most {DOCUMENT_FILE_BYTES_MAX}", path.display())]
    TooLarge {
        /// Which file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
    },
    /// A line that is longer than any resource.
    #[error("{}, line {line}: more than {LINE_BYTES_MAX} bytes on one line", path.display())]
    LineTooLong {
        /// Which file.
        path: PathBuf,
        /// Where, from 1.
        line: u64,
    },
    /// A file that became another one while it was read.
    #[error("{} was changed while it was read", path.display())]
    Changed {
        /// Which file.
        path: PathBuf,
    },
    /// More patients than a clinic may hold.
    #[error("there are more than {PATIENTS_MAX} patients")]
    TooManyPatients,
}

impl FhirImportError {
    /// Never reworded once released; scripts match on it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoFiles { .. } => "fhir-no-files",
            Self::TooManyFiles => "fhir-too-many-files",
            Self::Unreadable { .. } => "fhir-unreadable",
            Self::NotJson { .. } => "fhir-not-json",
            Self::NotFhir { .. } => "fhir-no-resource",
            Self::BundleKind { .. } => "fhir-bundle-type",
            Self::TooLarge { .. } => "fhir-too-large",
            Self::LineTooLong { .. } => "fhir-line-too-long",
            Self::Changed { .. } => "fhir-changed",
            Self::TooManyPatients => "fhir-too-many-patients",
        }
    }

    /// What the operator can do.
    #[must_use]
    pub fn remedy(&self) -> String {
        let text = match self {
            Self::NoFiles { .. } => "name a Bundle, an NDJSON file, or a folder of them",
            Self::TooManyFiles => "import them in several folders, each with whole patients",
            Self::Unreadable { .. } => "check that it is there and may be read, then import it again",
            Self::NotJson { .. } => {
                "export it again: nothing of it was kept; one resource a line needs a name that ends in .ndjson"
            }
            Self::NotFhir { .. } => "check that it is an export of FHIR R4 as JSON",
            Self::BundleKind { .. } => "export a Bundle of type collection, transaction, batch or searchset",
            Self::TooLarge { .. } | Self::LineTooLong { .. } => "export as NDJSON, one resource a line",
            Self::Changed { .. } => "import again when nobody writes to it any more",
            Self::TooManyPatients => "check that these are the files of one clinic",
        };
        text.to_owned()
    }
}
