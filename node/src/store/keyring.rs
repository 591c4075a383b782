//! The keyring: one small file with every key of the node, sealed under the unlock secret.
//!
//! It is never changed in place: a new one is written, synced, renamed over the old, and the folder
//! synced. It also carries the watermark, the newest frame known to have been acknowledged, so that a
//! journal that was put back to an older state is noticed.
//!
//! File: magic ‖ method ‖ Argon2id memory, passes, lanes ‖ salt, all bound by the seal; then
//! nonce ‖ ciphertext ‖ tag.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::bytes::Reader;
use super::disk::{self, Disk};
use super::fault::{KeyringError, StoreError};
use super::seal::{self, Label, SealKey};
use unlock::Bolt;

pub(crate) mod unlock;

pub use unlock::UnlockSecret;

/// What a key is for. Complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum KeyClass {
    /// Audit entries.
    Journal,
    /// Queries: selection, debit and uses.
    Cohort,
    /// Stored states of the protocol's roles.
    RoundState,
    /// Names and values of the index. Seals no frame.
    Index,
    /// One page of patient keys. Seals no frame.
    Page,
    /// One patient's records and statements, by row. Lies in a page, never in the keyring.
    Patient,
}

impl KeyClass {
    const fn code(self) -> u8 {
        match self {
            Self::Journal => 1,
            Self::Cohort => 2,
            Self::RoundState => 3,
            Self::Index => 4,
            Self::Page => 5,
            Self::Patient => 6,
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        [Self::Journal, Self::Cohort, Self::RoundState, Self::Index, Self::Page, Self::Patient]
            .into_iter()
            .find(|class| class.code() == code)
    }
}

/// Which key: its class, and its number within the class (a patient's row, a page's number).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct KeyId {
    pub(crate) class: KeyClass,
    pub(crate) number: u32,
}

impl KeyId {
    pub(crate) const fn new(class: KeyClass, number: u32) -> Self {
        Self { class, number }
    }

    /// Class in the first byte, number in the last four; the rest is zero.
    pub(crate) fn to_bytes(self) -> [u8; 8] {
        let [a, b, c, d] = self.number.to_le_bytes();
        [self.class.code(), 0, 0, 0, a, b, c, d]
    }

    pub(crate) fn from_bytes(bytes: [u8; 8]) -> Option<Self> {
        let [class, 0, 0, 0, a, b, c, d] = bytes else {
            return None;
        };
        Some(Self::new(KeyClass::from_code(class)?, u32::from_le_bytes([a, b, c, d])))
    }
}

/// A frame of the journal, by sequence number and chain hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) sequence: u64,
    pub(crate) hash: [u8; 32],
}

/// The opened keyring.
pub(crate) struct Keyring {
    path: PathBuf,
    bolt: Bolt,
    seed: Zeroizing<[u8; 32]>,
    journal_id: [u8; 32],
    keys: BTreeMap<KeyId, SealKey>,
    /// The newest frame known to be acknowledged when this was last saved.
    pub(crate) watermark: Mark,
}

impl Keyring {
    /// A new keyring with fresh keys, not saved yet.
    pub(crate) fn fresh(
        path: &Path,
        secret: &UnlockSecret,
        cost: unlock::Cost,
        seed: Zeroizing<[u8; 32]>,
    ) -> Result<Self, StoreError> {
        let mut journal_id = [0; 32];
        seal::fill_random(&mut journal_id)?;
        let mut keys = BTreeMap::new();
        for class in [KeyClass::Journal, KeyClass::Cohort, KeyClass::RoundState, KeyClass::Index] {
            keys.insert(KeyId::new(class, 1), SealKey::fresh()?);
        }
        Ok(Self {
            path: path.to_owned(),
            bolt: Bolt::fresh(secret, cost)?,
            seed,
            watermark: Mark { sequence: 0, hash: journal_start(&journal_id) },
            journal_id,
            keys,
        })
    }

    /// Opens the file. No key is derived before the header is found acceptable.
    pub(crate) fn open(disk: &dyn Disk, path: &Path, secret: &UnlockSecret) -> Result<Self, StoreError> {
        if !disk.exists(path)? {
            return Err(KeyringError::Missing { path: path.to_owned() }.into());
        }
        let file = disk.read(path)?;
        let (bolt, sealed) = Bolt::read(path, &file, secret)?;
        let opened = bolt.key.unseal(&seal::bound(Label::KeyringSeal, &[&bolt.header()]), sealed);
        let plain = opened.map_err(|_| KeyringError::WrongSecret { path: path.to_owned() })?;
        let why = "its contents are of another version";
        Self::decode(path, bolt, &plain).ok_or_else(|| KeyringError::Format { path: path.to_owned(), why }.into())
    }

    /// Replaces the file, durably.
    pub(crate) fn save(&self, disk: &dyn Disk) -> Result<(), StoreError> {
        let header = self.bolt.header();
        let sealed = self.bolt.key.seal(&seal::bound(Label::KeyringSeal, &[&header]), &self.encode())?;
        Ok(disk::replace(disk, &self.path, &[header.as_slice(), &sealed].concat())?)
    }

    /// The node's Ed25519 seed, in memory of its own.
    pub(crate) fn seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(*self.seed)
    }

    /// The chain hash before the first frame: no two nodes have the same.
    pub(crate) fn start(&self) -> Mark {
        Mark { sequence: 0, hash: journal_start(&self.journal_id) }
    }

    pub(crate) fn key(&self, id: KeyId) -> Option<&SealKey> {
        self.keys.get(&id)
    }

    /// The key of a class that seals from now on: the one with the highest number.
    pub(crate) fn current(&self, class: KeyClass) -> Result<KeyId, StoreError> {
        let last = self.of(class).next_back();
        last.map(|(id, _)| id).ok_or_else(|| self.lacks_a_key())
    }

    /// The key that names and values of the index are made with.
    pub(crate) fn index_key(&self) -> Result<&SealKey, StoreError> {
        let last = self.of(KeyClass::Index).next_back();
        last.map(|(_, key)| key).ok_or_else(|| self.lacks_a_key())
    }

    /// The error of a keyring that does not hold what its format promises.
    pub(crate) fn lacks_a_key(&self) -> StoreError {
        KeyringError::Format { path: self.path.clone(), why: "it lacks a key" }.into()
    }

    /// All keys of a class, by number.
    pub(crate) fn of(&self, class: KeyClass) -> impl DoubleEndedIterator<Item = (KeyId, &SealKey)> {
        self.keys.range(KeyId::new(class, 0)..=KeyId::new(class, u32::MAX)).map(|(id, key)| (*id, key))
    }

    pub(crate) fn insert(&mut self, id: KeyId, key: SealKey) {
        self.keys.insert(id, key);
    }

    pub(crate) fn remove(&mut self, id: KeyId) {
        self.keys.remove(&id);
    }

    fn encode(&self) -> Zeroizing<Vec<u8>> {
        // Room is made at once, so that growing leaves no copy behind.
        let mut plain = Zeroizing::new(Vec::with_capacity(256 + 40 * self.keys.len()));
        plain.push(CONTENTS_VERSION);
        plain.extend_from_slice(&*self.seed);
        plain.extend_from_slice(&self.journal_id);
        plain.extend_from_slice(&self.watermark.sequence.to_le_bytes());
        plain.extend_from_slice(&self.watermark.hash);
        for (id, key) in &self.keys {
            plain.extend_from_slice(&id.to_bytes());
            plain.extend_from_slice(key.expose());
        }
        plain
    }

    fn decode(path: &Path, bolt: Bolt, plain: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(plain);
        if reader.u8()? != CONTENTS_VERSION {
            return None;
        }
        let seed = Zeroizing::new(reader.array()?);
        let journal_id = reader.array()?;
        let watermark = Mark { sequence: reader.u64()?, hash: reader.array()? };
        let mut keys = BTreeMap::new();
        while reader.end().is_none() {
            let id = KeyId::from_bytes(reader.array()?)?;
            let key = Zeroizing::new(reader.array()?);
            keys.insert(id, SealKey::from_bytes(&key));
        }
        Some(Self { path: path.to_owned(), bolt, seed, journal_id, keys, watermark })
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keyring({}, {} keys)", self.path.display(), self.keys.len())
    }
}

fn journal_start(journal_id: &[u8; 32]) -> [u8; 32] {
    seal::hash(Label::JournalStart, journal_id)
}

const CONTENTS_VERSION: u8 = 1;

#[cfg(test)]
mod tests;
