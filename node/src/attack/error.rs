//! Why an attack could not be tried.

use std::path::PathBuf;

use sumac_protocol::dictionary::DictionaryError;
use sumac_protocol::plan::WrongLength;
use sumac_protocol::privacy::{NoiseError, PriceError};

use crate::rehearsal::RehearsalError;
use crate::synthetic::SyntheticError;

/// Why an attack could not be tried.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AttackError {
    /// The dictionary.
    #[error(transparent)]
    Dictionary(#[from] DictionaryError),
    /// A question in the dictionary's words that does not compile.
    #[error("`{text}` does not compile: {why}")]
    Question {
        /// The question.
        text: String,
        /// What is wrong with it.
        why: String,
    },
    /// A price that a question cannot be asked at.
    #[error(transparent)]
    Price(#[from] PriceError),
    /// Noise that cannot be drawn.
    #[error(transparent)]
    Noise(#[from] NoiseError),
    /// Cells of another question.
    #[error(transparent)]
    Cells(#[from] WrongLength),
    /// Courses that cannot be drawn.
    #[error(transparent)]
    Synthetic(#[from] SyntheticError),
    /// The rehearsal.
    #[error(transparent)]
    Rehearsal(#[from] RehearsalError),
    /// The folder for temporary files.
    #[error("{}: {why}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the operating system says.
        why: std::io::Error,
    },
    /// The operating system gives no randomness.
    #[error("the operating system gives no randomness")]
    NoRandomness,
}

impl AttackError {
    /// A code that is never reworded.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Dictionary(why) => why.code(),
            Self::Question { .. } => "attack-question",
            Self::Price(why) => why.code(),
            Self::Noise(why) => why.code(),
            Self::Cells(_) => "cells-of-another-plan",
            Self::Synthetic(why) => why.code(),
            Self::Rehearsal(why) => why.code(),
            Self::Folder { .. } => "file",
            Self::NoRandomness => "no-randomness",
        }
    }

    /// What the operator can do.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Dictionary(why) => why.remedy(),
            Self::Question { .. } => "report this, with the charter's dictionary".into(),
            Self::Price(why) => why.remedy(),
            Self::Noise(why) => why.remedy(),
            Self::Cells(_) => "this is a fault of Sumac; please report it".into(),
            Self::Synthetic(why) => why.remedy(),
            Self::Rehearsal(why) => why.remedy(),
            Self::Folder { .. } => "check the folder for temporary files, and that its disk has room".into(),
            Self::NoRandomness => "check the operating system's random generator".into(),
        }
    }
}
