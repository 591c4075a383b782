//! The two files of an audit: what one member kept, and what was found in several.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::charter_chain::CharterChain;
use crate::envelope::Envelope;
use crate::evidence::{EvidenceError, Finding};
use crate::principal::Principal;

/// What one member kept of others' words, for somebody who compares. Holds nothing secret and nothing of any patient:
/// signed words of rounds, which every committee member saw, and charters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WordsFile {
    sumac_words: u32,
    /// Whose node kept them, as its operator says; none in files of older programs. It proves nothing, and only keeps
    /// one member from being taken for two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_by: Option<Principal>,
    /// The charters that the member follows, genesis first.
    pub charters: Vec<Envelope>,
    /// The words.
    pub words: Vec<Envelope>,
}

/// What an audit found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindingsFile {
    sumac_findings: u32,
    /// The contradictions. Each must be checked by whoever reads the file.
    pub findings: Vec<Finding>,
}

impl WordsFile {
    /// What the member with this key, who follows this chain, kept.
    #[must_use]
    pub fn new(chain: &CharterChain, kept_by: Principal, words: Vec<Envelope>) -> Self {
        let charters = chain.epochs().map(|charter| charter.envelope().clone()).collect();
        Self { sumac_words: VERSION, kept_by: Some(kept_by), charters, words }
    }

    /// Reads one.
    ///
    /// # Errors
    /// [`EvidenceError::NoFile`].
    pub fn from_json(text: &str) -> Result<Self, EvidenceError> {
        let file: Self = read(text)?;
        of_this_version(file.sumac_words).map(|()| file)
    }

    /// The chain of charters in it, checked.
    ///
    /// # Errors
    /// [`EvidenceError::Charter`].
    pub fn chain(&self) -> Result<CharterChain, EvidenceError> {
        Ok(CharterChain::from_envelopes(&self.charters)?)
    }

    /// As text, one line.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Strings, byte strings and one number: serialising cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl FindingsFile {
    /// What was found.
    #[must_use]
    pub const fn new(findings: Vec<Finding>) -> Self {
        Self { sumac_findings: VERSION, findings }
    }

    /// Reads one. Says nothing about whether what it says holds.
    ///
    /// # Errors
    /// [`EvidenceError::NoFile`].
    pub fn from_json(text: &str) -> Result<Self, EvidenceError> {
        let file: Self = read(text)?;
        of_this_version(file.sumac_findings).map(|()| file)
    }

    /// As text, one line.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Strings, byte strings and one number: serialising cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

const VERSION: u32 = 1;

fn read<T: DeserializeOwned>(text: &str) -> Result<T, EvidenceError> {
    serde_json::from_str(text).map_err(|why| EvidenceError::NoFile { why: why.to_string() })
}

fn of_this_version(version: u32) -> Result<(), EvidenceError> {
    if version == VERSION {
        return Ok(());
    }
    Err(EvidenceError::NoFile { why: format!("version {version} of the file") })
}
