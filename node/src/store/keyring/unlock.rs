//! The unlock secret, and how the key that seals the keyring is made from it.
//!
//! A passphrase goes through Argon2id (RFC 9106) with the parameters of the keyring's header; a key
//! file is random already and goes through HMAC-SHA256 with the salt. The header is read before it is
//! authenticated, so its parameters are held to a floor and to a ceiling before any work is done.

use std::fmt;
use std::path::Path;

use argon2::{Algorithm, Argon2, Params, Version};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::store::bytes::Reader;
use crate::store::fault::{KeyringError, StoreError};
use crate::store::seal::{self, Label, SealKey};

/// What opens the keyring. It must not lie on the disk that the keyring protects.
///
/// Complete: a systemd credential or a secret unsealed by a TPM is given as a key file's 32 bytes.
#[derive(ZeroizeOnDrop)]
pub enum UnlockSecret {
    /// A passphrase of any length, as typed, in UTF-8.
    Passphrase(Zeroizing<String>),
    /// 32 random bytes.
    KeyFile([u8; 32]),
}

impl fmt::Debug for UnlockSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnlockSecret({}, …)", self.kind())
    }
}

impl UnlockSecret {
    fn kind(&self) -> &'static str {
        match self {
            Self::Passphrase(_) => "passphrase",
            Self::KeyFile(_) => "key file",
        }
    }
}

/// Argon2id's cost parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cost {
    pub(crate) memory_kib: u32,
    pub(crate) passes: u32,
    pub(crate) lanes: u32,
}

impl Cost {
    /// Of every new keyring: 256 MiB, three passes, one lane.
    pub(crate) const STANDARD: Self = Self { memory_kib: 256 * 1024, passes: 3, lanes: 1 };
    /// The least that is accepted: the second recommended option of RFC 9106 in memory and passes.
    pub(crate) const FLOOR: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 1 };
    /// The most that is accepted, so that a changed header cannot exhaust the machine.
    pub(crate) const CEILING: Self = Self { memory_kib: 4 * 1024 * 1024, passes: 64, lanes: 64 };
    /// Written where a key file unlocks, and Argon2id has no part.
    const NONE: Self = Self { memory_kib: 0, passes: 0, lanes: 0 };

    fn refusal(self) -> Option<&'static str> {
        if self.memory_kib < Self::FLOOR.memory_kib || self.passes < Self::FLOOR.passes || self.lanes == 0 {
            return Some("that is weaker than 64 MiB, t=3, p=1");
        }
        let over = self.memory_kib > Self::CEILING.memory_kib
            || self.passes > Self::CEILING.passes
            || self.lanes > Self::CEILING.lanes;
        over.then_some("that is more than 4 GiB, t=64, p=64")
    }
}

/// The key that seals the keyring, with what the header says about how it was made.
#[derive(Debug)]
pub(crate) struct Bolt {
    method: Method,
    cost: Cost,
    salt: [u8; SALT_BYTES],
    pub(crate) key: SealKey,
}

/// Complete: the two ways to unlock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Passphrase,
    KeyFile,
}

impl Bolt {
    /// For a new keyring, with a fresh salt.
    pub(crate) fn fresh(secret: &UnlockSecret, cost: Cost) -> Result<Self, StoreError> {
        let mut salt = [0; SALT_BYTES];
        seal::fill_random(&mut salt)?;
        let (method, cost) = match secret {
            UnlockSecret::Passphrase(_) => (Method::Passphrase, cost),
            UnlockSecret::KeyFile(_) => (Method::KeyFile, Cost::NONE),
        };
        let key = derive(secret, cost, &salt)?;
        Ok(Self { method, cost, salt, key })
    }

    /// Reads a keyring's header and makes the key; the sealed rest is handed back.
    pub(crate) fn read<'f>(
        path: &Path,
        file: &'f [u8],
        secret: &UnlockSecret,
    ) -> Result<(Self, &'f [u8]), KeyringError> {
        let format = |why| KeyringError::Format { path: path.to_owned(), why };
        let mut reader = Reader::new(file);
        if reader.array() != Some(*MAGIC) {
            return Err(format("it does not begin like one"));
        }
        let header = read_header(&mut reader).ok_or_else(|| format("its header is cut short"))?;
        let (method, cost, salt) = header;
        let unknown = || format("it is sealed in a way this version does not know");
        let method = Method::from_code(method).ok_or_else(unknown)?;
        match (method, secret) {
            (Method::Passphrase, UnlockSecret::Passphrase(_)) => refuse_cost(path, cost)?,
            (Method::KeyFile, UnlockSecret::KeyFile(_)) => {}
            (Method::Passphrase | Method::KeyFile, other) => {
                let path = path.to_owned();
                let sealed_under = method.kind();
                return Err(KeyringError::OtherSecret { path, sealed_under, given: other.kind() });
            }
        }
        let key = derive(secret, cost, &salt)?;
        Ok((Self { method, cost, salt, key }, reader.rest()))
    }

    /// Bytes of the header at the front of the file.
    pub(crate) const HEADER_BYTES: usize = 8 + 1 + 12 + SALT_BYTES;

    /// A header and its key that came together; `None` if the header asks for what is not accepted.
    pub(crate) fn assemble(header: &[u8], key: SealKey) -> Option<Self> {
        let mut reader = Reader::new(header);
        if reader.array() != Some(*MAGIC) {
            return None;
        }
        let (method, cost, salt) = read_header(&mut reader)?;
        reader.end()?;
        let method = Method::from_code(method)?;
        let accepted = match method {
            Method::Passphrase => cost.refusal().is_none(),
            Method::KeyFile => cost == Cost::NONE,
        };
        accepted.then_some(Self { method, cost, salt, key })
    }

    /// The bytes at the front of the file.
    pub(crate) fn header(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.push(self.method.code());
        for number in [self.cost.memory_kib, self.cost.passes, self.cost.lanes] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.extend_from_slice(&self.salt);
        bytes
    }
}

impl Method {
    fn code(self) -> u8 {
        match self {
            Self::Passphrase => 1,
            Self::KeyFile => 2,
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        [Self::Passphrase, Self::KeyFile].into_iter().find(|method| method.code() == code)
    }

    fn kind(self) -> &'static str {
        match self {
            Self::Passphrase => "passphrase",
            Self::KeyFile => "key file",
        }
    }
}

fn read_header(reader: &mut Reader<'_>) -> Option<(u8, Cost, [u8; SALT_BYTES])> {
    let method = reader.u8()?;
    let cost = Cost { memory_kib: reader.u32()?, passes: reader.u32()?, lanes: reader.u32()? };
    Some((method, cost, reader.array()?))
}

fn refuse_cost(path: &Path, cost: Cost) -> Result<(), KeyringError> {
    let Cost { memory_kib, passes, lanes } = cost;
    match cost.refusal() {
        Some(why) => Err(KeyringError::Cost { path: path.to_owned(), memory_kib, passes, lanes, why }),
        None => Ok(()),
    }
}

fn derive(secret: &UnlockSecret, cost: Cost, salt: &[u8; SALT_BYTES]) -> Result<SealKey, KeyringError> {
    match secret {
        UnlockSecret::KeyFile(bytes) => Ok(SealKey::from_bytes(bytes).derive(Label::UnlockByKeyFile, &[salt])),
        UnlockSecret::Passphrase(words) => {
            let mut stretched = argon2id(words, cost, salt)?;
            let key = SealKey::from_bytes(&stretched).derive(Label::UnlockByPassphrase, &[salt]);
            stretched.zeroize();
            Ok(key)
        }
    }
}

fn argon2id(words: &str, cost: Cost, salt: &[u8]) -> Result<Zeroizing<[u8; 32]>, KeyringError> {
    let Cost { memory_kib, passes, lanes } = cost;
    let failed = |error: argon2::Error| KeyringError::Derivation { memory_kib, why: error.to_string() };
    let params = Params::new(memory_kib, passes, lanes, Some(32)).map_err(failed)?;
    let mut stretched = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(words.as_bytes(), salt, &mut *stretched)
        .map_err(failed)?;
    Ok(stretched)
}

const MAGIC: &[u8; 8] = b"SUMACKR1";
const SALT_BYTES: usize = 32;
