//! The chain of charters: genesis, and every later one signed by the stewards of the one before.
//!
//! A node follows one chain for ever. It refuses a charter that skips an epoch (gap) or leads back
//! to an earlier one (rollback), and two different charters of one epoch (fork): then the
//! stewards have signed two futures, all questions stop, and both heads are named. A forged fork
//! would stop the network just as well, so signatures are checked before one is believed. The
//! rotation rule is TUF's (The Update Framework 1.0.34, §5.3): old threshold and new threshold.

use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use crate::dictionary::{Dictionary, DictionaryError};
use crate::digest::Digest;
use crate::document::charter::Charter;
use crate::envelope::{Claimed, DocumentError, Envelope, Verified};
use crate::limits::{CHAIN_BYTES_MAX, CHARTERS_MAX};

pub use error::ChainError;

mod error;

/// Every charter of one federation from genesis on, all verified.
#[derive(Debug, Clone)]
pub struct CharterChain {
    genesis: Verified<Charter>,
    later: Vec<Verified<Charter>>,
    /// The dictionary of the charter in force, once anybody asked for it.
    dictionary: Arc<OnceLock<Result<Arc<Dictionary>, DictionaryError>>>,
}

/// What became of a charter that was given to a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "complete: a charter that is not refused is new or known")]
pub enum Extension {
    /// It is in force now.
    Added,
    /// It was in force already; nothing changed.
    Known,
}

/// A chain as it is kept in a file. Strict by itself: unknown and repeated names are refused, and
/// the payloads are read strictly one by one.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChainFile {
    sumac_charter: u32,
    chain: Vec<Envelope>,
}

impl CharterChain {
    /// Begins a chain with a genesis charter, signed by the threshold of its own stewards. Trust in
    /// it comes from outside: its digest is what people compare.
    ///
    /// # Errors
    /// [`ChainError::NotGenesis`] for a later epoch, or what is wrong with document or signatures.
    pub fn genesis(envelope: &Envelope) -> Result<Self, ChainError> {
        let claimed = claim(envelope)?;
        let epoch = claimed.peek().epoch;
        if epoch != 0 {
            return Err(ChainError::NotGenesis { epoch });
        }
        let genesis = signed_by_its_own(claimed)?;
        Ok(Self { genesis, later: Vec::new(), dictionary: Arc::default() })
    }

    /// Adds the next charter.
    ///
    /// # Errors
    /// [`ChainError`]: gap, rollback, fork, other genesis, or what is wrong with document or
    /// signatures. The chain is then as it was.
    pub fn extend(&mut self, envelope: &Envelope) -> Result<Extension, ChainError> {
        if envelope.digest() == self.current().digest() {
            return Ok(Extension::Known);
        }
        let claimed = claim(envelope)?;
        let (have, got, theirs) = (self.current().epoch, claimed.peek().epoch, claimed.digest());
        if got > have.saturating_add(1) {
            return Err(ChainError::Gap { have, got });
        }
        let ours = self.epoch(got).map(Verified::digest);
        if ours == Some(theirs) {
            return Err(ChainError::Rollback { have, got });
        }
        let Some(before) = got.checked_sub(1).and_then(|epoch| self.epoch(epoch)) else {
            let theirs = signed_by_its_own(claimed)?.digest();
            return Err(ChainError::OtherGenesis { ours: self.genesis_digest(), theirs });
        };
        let next = signed_by_both(claimed, before)?;
        if let Some(ours) = ours {
            return Err(ChainError::Fork { epoch: got, ours, theirs });
        }
        if let Some(theirs) = next.previous.filter(|previous| *previous != before.digest()) {
            return Err(ChainError::Fork { epoch: have, ours: before.digest(), theirs });
        }
        if self.epochs().count() >= CHARTERS_MAX {
            return Err(ChainError::TooMany { max: CHARTERS_MAX });
        }
        self.later.push(next);
        self.dictionary = Arc::default();
        Ok(Extension::Added)
    }

    /// Builds a chain from all its charters, genesis first.
    ///
    /// # Errors
    /// [`ChainError::Empty`], or as [`CharterChain::genesis`] and [`CharterChain::extend`].
    pub fn from_envelopes(envelopes: &[Envelope]) -> Result<Self, ChainError> {
        let (first, rest) = envelopes.split_first().ok_or(ChainError::Empty)?;
        let mut chain = Self::genesis(first)?;
        for envelope in rest {
            chain.extend(envelope)?;
        }
        Ok(chain)
    }

    /// Takes over whatever is newer in another copy of this chain.
    ///
    /// # Errors
    /// [`ChainError::OtherGenesis`] or [`ChainError::Fork`] if it is a copy of another chain,
    /// [`ChainError::Rollback`] if it ends before this one. The chain is then as it was.
    pub fn follow(&mut self, other: &Self) -> Result<Extension, ChainError> {
        let (ours, theirs) = (self.genesis_digest(), other.genesis_digest());
        if ours != theirs {
            return Err(ChainError::OtherGenesis { ours, theirs });
        }
        for (mine, other) in self.epochs().zip(other.epochs()) {
            let (ours, theirs) = (mine.digest(), other.digest());
            if ours != theirs {
                return Err(ChainError::Fork { epoch: mine.epoch, ours, theirs });
            }
        }
        let (have, got) = (self.current().epoch, other.current().epoch);
        if got < have {
            return Err(ChainError::Rollback { have, got });
        }
        let newer: Vec<_> = other.later.iter().skip(self.later.len()).cloned().collect();
        if newer.is_empty() {
            return Ok(Extension::Known);
        }
        self.later.extend(newer);
        self.dictionary = Arc::clone(&other.dictionary);
        Ok(Extension::Added)
    }

    /// The charter in force.
    #[must_use]
    pub fn current(&self) -> &Verified<Charter> {
        self.later.last().unwrap_or(&self.genesis)
    }

    /// The dictionary of the charter in force, read once for the chain and all its copies.
    ///
    /// # Errors
    /// [`DictionaryError`] if the stewards signed one that cannot be read: then no question can be asked.
    pub fn dictionary(&self) -> Result<&Arc<Dictionary>, &DictionaryError> {
        self.dictionary.get_or_init(|| Dictionary::parse(&self.current().dictionary).map(Arc::new)).as_ref()
    }

    /// The name of the federation that studies bind: it never changes.
    #[must_use]
    pub const fn genesis_digest(&self) -> Digest {
        self.genesis.digest()
    }

    /// Every charter, genesis first.
    pub fn epochs(&self) -> impl DoubleEndedIterator<Item = &Verified<Charter>> {
        std::iter::once(&self.genesis).chain(&self.later)
    }

    /// The charter of one epoch.
    #[must_use]
    pub fn epoch(&self, epoch: u64) -> Option<&Verified<Charter>> {
        match epoch.checked_sub(1) {
            None => Some(&self.genesis),
            Some(place) => self.later.get(usize::try_from(place).ok()?),
        }
    }

    /// The charter with this digest: a round ends under the charter it began under.
    #[must_use]
    pub fn named(&self, digest: &Digest) -> Option<&Verified<Charter>> {
        self.epochs().find(|charter| charter.digest() == *digest)
    }

    /// Reads a chain from the text of its file, `{"sumac_charter": 1, "chain": […]}`.
    ///
    /// # Errors
    /// [`ChainError::NoChain`], or as [`CharterChain::from_envelopes`].
    pub fn from_json(text: &str) -> Result<Self, ChainError> {
        if text.len() > CHAIN_BYTES_MAX {
            return Err(ChainError::NoChain { why: format!("{} bytes is more than any chain has", text.len()) });
        }
        let file: ChainFile = serde_json::from_str(text).map_err(|why| ChainError::NoChain { why: why.to_string() })?;
        if file.sumac_charter != CHAIN_FILE_VERSION {
            return Err(ChainError::NoChain { why: format!("version {} of the file", file.sumac_charter) });
        }
        Self::from_envelopes(&file.chain)
    }

    /// The chain as the text of its file, one line.
    #[must_use]
    pub fn to_json(&self) -> String {
        let chain = self.epochs().map(|charter| charter.envelope().clone()).collect();
        // Strings, byte strings and one number: serialising cannot fail.
        serde_json::to_string(&ChainFile { sumac_charter: CHAIN_FILE_VERSION, chain }).unwrap_or_default()
    }
}

const CHAIN_FILE_VERSION: u32 = 1;

fn claim(envelope: &Envelope) -> Result<Claimed<Charter>, ChainError> {
    let claimed = envelope.claim::<Charter>()?;
    claimed.peek().check()?;
    Ok(claimed)
}

fn signed_by_its_own(claimed: Claimed<Charter>) -> Result<Verified<Charter>, DocumentError> {
    let (stewards, threshold) = (claimed.peek().steward_set(), claimed.peek().threshold());
    claimed.verify_threshold(&stewards, threshold)
}

fn signed_by_both(claimed: Claimed<Charter>, before: &Charter) -> Result<Verified<Charter>, DocumentError> {
    let next = signed_by_its_own(claimed)?;
    let threshold = before.threshold();
    let have = next.envelope().signers(&before.steward_set()).len();
    if have < threshold {
        return Err(DocumentError::TooFewSignatures { kind: crate::document::Kind::Charter, have, need: threshold });
    }
    Ok(next)
}
