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
use crate::versions::{STORE, STORE_OLDEST};
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
    /// One generation of sealed columns, by its number. Seals no frame. Columns can be made again from the
    /// journal, and are: every erasure destroys these keys.
    Column,
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
            Self::Column => 7,
        }
    }

    /// Whether frames of the journal lie under keys of this class that the keyring holds.
    pub(crate) const fn seals_frames(self) -> bool {
        match self {
            Self::Journal | Self::Cohort | Self::RoundState => true,
            Self::Index | Self::Page | Self::Patient | Self::Column => false,
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        let all = [Self::Journal, Self::Cohort, Self::RoundState, Self::Index, Self::Page, Self::Patient, Self::Column];
        all.into_iter().find(|class| class.code() == code)
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
    /// Where the journal of a backup ends that was restored, may lack something, and was not taken into use since. A
    /// copy of the keyring that was made with a backup names that backup's end.
    pub(crate) restored: Option<Mark>,
    /// Whether the store was closed in good order since: then the watermark is all there ever was.
    pub(crate) closed: bool,
    /// How long all segments were together when it was; 0 if that was not noted.
    pub(crate) journal_bytes: u64,
    pub(crate) index_key: IndexKeyAge,
}

/// When the index's key is to be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IndexKeyAge {
    /// When it was made for the last erasure, in seconds since 1970 by the machine's clock; 0 if never.
    pub(crate) since_s: u64,
    /// Whether somebody was erased since.
    pub(crate) due: bool,
}

impl IndexKeyAge {
    /// Whether it is to be replaced now: after an erasure, but at most once a day. A clock that went
    /// backwards says nothing, and is no reason to wait.
    pub(crate) fn is_over(self, now_s: u64) -> bool {
        self.due && now_s.checked_sub(self.since_s).is_none_or(|age| age >= INDEX_KEY_AGE_MIN_S)
    }
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
            restored: None,
            closed: false,
            journal_bytes: 0,
            index_key: IndexKeyAge { since_s: 0, due: false },
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
        let found = plain.first().copied().unwrap_or_default();
        if found > STORE {
            return Err(KeyringError::Newer { path: path.to_owned(), found, reads: STORE }.into());
        }
        if found < STORE_OLDEST {
            return Err(KeyringError::Older { path: path.to_owned(), found, oldest: STORE_OLDEST }.into());
        }
        let why = "its contents make no sense";
        Self::decode(path, bolt, &plain).ok_or_else(|| KeyringError::Format { path: path.to_owned(), why }.into())
    }

    /// Replaces the file, durably.
    pub(crate) fn save(&self, disk: &dyn Disk) -> Result<(), StoreError> {
        Ok(disk::replace(disk, &self.path, &self.sealed()?)?)
    }

    /// The bytes of a copy that goes with a backup: what it opens may lack what came after.
    pub(crate) fn copy(&mut self) -> Result<Vec<u8>, StoreError> {
        let before = (self.restored, self.closed);
        (self.restored, self.closed) = (Some(self.watermark), false);
        let copy = self.sealed();
        (self.restored, self.closed) = before;
        copy
    }

    /// The file's bytes, sealed under the unlock secret.
    pub(crate) fn sealed(&self) -> Result<Vec<u8>, StoreError> {
        let header = self.bolt.header();
        let sealed = self.bolt.key.seal(&seal::bound(Label::KeyringSeal, &[&header]), &self.encode())?;
        Ok([header.as_slice(), &sealed].concat())
    }

    /// Where it lies.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What the unlock secret is made into.
    pub(crate) fn bolt(&self) -> &Bolt {
        &self.bolt
    }

    /// Changes the unlock secret; the file still opens under the old one until it is saved.
    pub(crate) fn set_bolt(&mut self, bolt: Bolt) {
        self.bolt = bolt;
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

    /// The key that names and values of the index are made with, and its number.
    pub(crate) fn index_key(&self) -> Result<(u32, &SealKey), StoreError> {
        let last = self.of(KeyClass::Index).next_back();
        last.map(|(id, key)| (id.number, key)).ok_or_else(|| self.lacks_a_key())
    }

    /// Adds a fresh key of a class, which seals from now on, and answers its number.
    pub(crate) fn renew(&mut self, class: KeyClass) -> Result<u32, StoreError> {
        let number = self.current(class)?.number.checked_add(1).ok_or(StoreError::Full { what: "keys" })?;
        self.insert(KeyId::new(class, number), SealKey::fresh()?);
        Ok(number)
    }

    /// Strikes out the keys that `doomed` names.
    pub(crate) fn strike(&mut self, doomed: impl Fn(KeyId) -> bool) {
        self.keys.retain(|id, _| !doomed(*id));
    }

    /// The error of a keyring that does not hold what its format promises.
    pub(crate) fn lacks_a_key(&self) -> StoreError {
        KeyringError::Format { path: self.path.clone(), why: "it lacks a key" }.into()
    }

    /// All keys of a class, by number.
    pub(crate) fn of(&self, class: KeyClass) -> impl DoubleEndedIterator<Item = (KeyId, &SealKey)> {
        self.keys.range(KeyId::new(class, 0)..=KeyId::new(class, u32::MAX)).map(|(id, key)| (*id, key))
    }

    /// The ids of all keys.
    pub(crate) fn all(&self) -> impl Iterator<Item = KeyId> + '_ {
        self.keys.keys().copied()
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
        plain.push(STORE);
        plain.extend_from_slice(&*self.seed);
        plain.extend_from_slice(&self.journal_id);
        plain.extend_from_slice(&self.watermark.sequence.to_le_bytes());
        plain.extend_from_slice(&self.watermark.hash);
        let restored = self.restored.unwrap_or(Mark { sequence: 0, hash: [0; 32] });
        plain.push(u8::from(self.restored.is_some()));
        plain.extend_from_slice(&restored.sequence.to_le_bytes());
        plain.extend_from_slice(&restored.hash);
        plain.push(if self.closed { CLOSED } else { OPEN });
        plain.extend_from_slice(&self.journal_bytes.to_le_bytes());
        plain.push(u8::from(self.index_key.due));
        plain.extend_from_slice(&self.index_key.since_s.to_le_bytes());
        for (id, key) in &self.keys {
            plain.extend_from_slice(&id.to_bytes());
            plain.extend_from_slice(key.expose());
        }
        plain
    }

    fn decode(path: &Path, bolt: Bolt, plain: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(plain);
        if !(STORE_OLDEST..=STORE).contains(&reader.u8()?) {
            return None;
        }
        let seed = Zeroizing::new(reader.array()?);
        let journal_id = reader.array()?;
        let watermark = Mark { sequence: reader.u64()?, hash: reader.array()? };
        let restored = flag(&mut reader)?;
        let mark = Mark { sequence: reader.u64()?, hash: reader.array()? };
        let restored = restored.then_some(mark);
        let (closed, journal_bytes) = match reader.u8()? {
            LENGTHLESS_OPEN => (false, 0),
            LENGTHLESS_CLOSED => (true, 0),
            OPEN => (false, reader.u64()?),
            CLOSED => (true, reader.u64()?),
            _ => return None,
        };
        let due = flag(&mut reader)?;
        let index_key = IndexKeyAge { due, since_s: reader.u64()? };
        let mut keys = BTreeMap::new();
        while reader.end().is_none() {
            let id = KeyId::from_bytes(reader.array()?)?;
            let key = Zeroizing::new(reader.array()?);
            keys.insert(id, SealKey::from_bytes(&key));
        }
        let path = path.to_owned();
        Some(Self { path, bolt, seed, journal_id, keys, watermark, restored, closed, journal_bytes, index_key })
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

fn flag(reader: &mut Reader<'_>) -> Option<bool> {
    match reader.u8()? {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
}

/// Whether the store was closed in good order; the journal's length follows.
const OPEN: u8 = 2;
const CLOSED: u8 = 3;
/// The same as keyrings said it that did not note the length.
const LENGTHLESS_OPEN: u8 = 0;
const LENGTHLESS_CLOSED: u8 = 1;
/// The index's key is replaced at most this often, in seconds: it costs making the index again.
const INDEX_KEY_AGE_MIN_S: u64 = 24 * 60 * 60;

#[cfg(test)]
mod tests;
