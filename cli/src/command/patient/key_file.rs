//! A patient's key file: a signing key for one clinic, sealed under a passphrase.
//!
//! What lies on the disk is the public name, the clinic that the key is for, and the secret sealed with
//! XChaCha20-Poly1305 under a key that Argon2id makes of the passphrase. Public parts are bound to the secret, so that
//! a file in which somebody exchanged the clinic does not open.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::AeadInOut as _;
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305};
use serde::{Deserialize, Serialize};
use sumac_protocol::octets::Octets;
use sumac_protocol::principal::{Principal, Signer};
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::{files, keys, passphrase};

/// A patient's key, opened.
pub(super) struct PatientKey {
    /// Signs for the patient.
    pub(super) signer: Signer,
    /// The one clinic that the key is for; none if it was not used yet, or is a bare key.
    pub(super) clinic: Option<Principal>,
    /// Where it lies; receipts are kept beside it.
    path: PathBuf,
    /// What the file is sealed with; none for a bare key of 32 bytes, as the demo's are.
    seal: Option<Seal>,
}

/// What a file is sealed with.
struct Seal {
    /// What the signing key grows from.
    secret: Zeroizing<[u8; 32]>,
    /// What seals it, made of the passphrase.
    under: Zeroizing<[u8; 32]>,
    /// What it costs to try a passphrase.
    cost: Cost,
}

/// A key file as it lies on the disk.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    /// Version of this form.
    sumac_patient_key: u32,
    /// The public key, by which a clinic knows the patient.
    patient: Principal,
    /// The one clinic that it is for, once it was used there.
    clinic: Option<Principal>,
    /// How the sealing key is made of the passphrase.
    argon2id: Cost,
    /// Drawn anew for every sealing.
    nonce: Octets,
    /// The secret, sealed and bound to the public key.
    sealed: Octets,
}

/// Argon2id's parameters, and its salt.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cost {
    /// In KiB.
    memory_kib: u32,
    /// How often the memory is gone through.
    passes: u32,
    /// How many may work side by side.
    lanes: u32,
    /// Drawn for this file alone, so that no table of passphrases fits two.
    salt: Octets,
}

impl PatientKey {
    /// Makes a key file of these 32 secret bytes. Never overwrites.
    pub(super) fn make(
        path: &Path,
        secret: Zeroizing<[u8; 32]>,
        clinic: Option<Principal>,
        passphrase: &str,
    ) -> Result<Self, Failure> {
        let mut salt = vec![0; SALT_BYTES];
        fill(&mut salt)?;
        let cost = Cost { memory_kib: MEMORY_KIB, passes: PASSES, lanes: 1, salt: Octets(salt) };
        let (signer, under) = (Signer::from_seed(&secret), cost.stretch(passphrase)?);
        let key = Self { signer, clinic, path: path.to_owned(), seal: Some(Seal { secret, under, cost }) };
        files::write_secret(path, key.sealed()?.as_bytes())?;
        Ok(key)
    }

    /// Opens a key file: with the passphrase in a file, or one that is asked for. A bare key of 32 bytes needs none.
    pub(super) fn open(path: &Path, passphrase_file: Option<&Path>) -> Result<Self, Failure> {
        let file = files::regular(path).map_err(|why| {
            let remedy = "if the file is lost, `sumac patient recover` makes the key again from its 24 words";
            if path.exists() { why } else { why.with_remedy(remedy) }
        })?;
        let length = file.metadata().map_err(|why| Failure::file(path, &why))?.len();
        if length == 32 {
            let signer = keys::signer(path)?;
            return Ok(Self { signer, clinic: None, path: path.to_owned(), seal: None });
        }
        let no_key = || {
            Failure::usage(
                format!("{}: this is no patient's key file", path.display()),
                "give the file that `sumac patient keygen` or `sumac patient recover` made",
            )
        };
        if length > FILE_BYTES_MAX {
            return Err(no_key());
        }
        let text = files::read(path).map_err(|_| no_key())?;
        let file: KeyFile = serde_json::from_str(&text).map_err(|_| no_key())?;
        if file.sumac_patient_key != VERSION {
            return Err(no_key());
        }
        let passphrase = match passphrase_file {
            Some(file) => passphrase::from_file(file)?,
            None => passphrase::ask(&format!("Passphrase of {}: ", path.display()), "give --passphrase-file FILE")?,
        };
        let under = file.argon2id.stretch(&passphrase)?;
        let secret = file.secret(&under).ok_or_else(|| {
            let says = format!("{}: this is not the passphrase, or the file was changed", path.display());
            let remedy = "try again; if the passphrase is lost, `sumac patient recover` makes the key of its 24 words";
            Failure::refused("wrong-passphrase", &says, remedy.into())
        })?;
        let signer = Signer::from_seed(&secret);
        if signer.principal() != file.patient {
            return Err(no_key());
        }
        let seal = Some(Seal { secret, under, cost: file.argon2id });
        Ok(Self { signer, clinic: file.clinic, path: path.to_owned(), seal })
    }

    /// The folder beside the key file in which receipts are kept.
    pub(super) fn receipts(&self) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(".receipts");
        name.into()
    }

    /// Whether the file can note which clinic the key is for.
    pub(super) const fn can_be_bound(&self) -> bool {
        self.seal.is_some() && self.clinic.is_none()
    }

    /// Notes that the key is for this clinic and no other. The file is replaced as a whole.
    pub(super) fn bind(&mut self, clinic: Principal) -> Result<(), Failure> {
        self.clinic = Some(clinic);
        let text = self.sealed()?;
        let failed = |why: std::io::Error| Failure::file(&self.path, &why);
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // Under a name that nobody can have prepared, for its owner alone, and never through a link.
        let mut fresh = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
        fresh.write_all(text.as_bytes()).and_then(|()| fresh.as_file().sync_all()).map_err(failed)?;
        fresh.persist(&self.path).map_err(|why| failed(why.error))?;
        fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
    }

    /// The file's text, sealed under a nonce that was never used: twenty-four random bytes.
    fn sealed(&self) -> Result<String, Failure> {
        let seal = self.seal.as_ref().ok_or_else(|| Failure::bug("a bare key was to be sealed"))?;
        let mut nonce = [0; NONCE_BYTES];
        fill(&mut nonce)?;
        let (patient, mut sealed) = (self.signer.principal(), seal.secret.to_vec());
        let tag = XChaCha20Poly1305::new((&*seal.under).into())
            .encrypt_inout_detached(
                (&nonce).into(),
                &bound(&patient, self.clinic.as_ref()),
                sealed.as_mut_slice().into(),
            )
            .map_err(|_| Failure::bug("32 bytes cannot be sealed"))?;
        sealed.extend_from_slice(&tag);
        let file = KeyFile {
            sumac_patient_key: VERSION,
            patient,
            clinic: self.clinic,
            argon2id: seal.cost.clone(),
            nonce: Octets(nonce.to_vec()),
            sealed: Octets(sealed),
        };
        let text = serde_json::to_string_pretty(&file).map_err(|why| Failure::bug(why.to_string()))?;
        Ok(text + "\n")
    }
}

impl KeyFile {
    /// The secret, if this key opens it and nothing beside it was changed.
    fn secret(&self, under: &[u8; 32]) -> Option<Zeroizing<[u8; 32]>> {
        let nonce: [u8; NONCE_BYTES] = self.nonce.0.as_slice().try_into().ok()?;
        let (body, tag) = self.sealed.0.split_last_chunk::<TAG_BYTES>()?;
        let mut secret: Zeroizing<[u8; 32]> = Zeroizing::new(body.try_into().ok()?);
        XChaCha20Poly1305::new(under.into())
            .decrypt_inout_detached(
                (&nonce).into(),
                &bound(&self.patient, self.clinic.as_ref()),
                secret.as_mut_slice().into(),
                tag.into(),
            )
            .ok()?;
        Some(secret)
    }
}

impl Cost {
    /// The key that a passphrase makes. What a changed file could ask for is bounded from both sides.
    fn stretch(&self, passphrase: &str) -> Result<Zeroizing<[u8; 32]>, Failure> {
        let within = (MEMORY_KIB_MIN..=MEMORY_KIB_MAX).contains(&self.memory_kib)
            && (PASSES..=PASSES_MAX).contains(&self.passes)
            && (1..=LANES_MAX).contains(&self.lanes)
            && self.salt.0.len() == SALT_BYTES;
        let refused = |why: &dyn std::fmt::Display| {
            Failure::refused("key-cost", &format!("the key file's Argon2id cannot be done: {why}"), REMEDY_COST.into())
        };
        if !within {
            return Err(refused(&"it asks for less or more than any key file does"));
        }
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(32)).map_err(|why| refused(&why))?;
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.as_bytes(), &self.salt.0, key.as_mut_slice())
            .map_err(|why| refused(&why))?;
        Ok(key)
    }
}

/// What is bound to the secret: whose key, for which clinic.
fn bound(patient: &Principal, clinic: Option<&Principal>) -> Vec<u8> {
    let clinic = clinic.map(ToString::to_string).unwrap_or_default();
    format!("sumac/1/patient-key\0{patient}\0{clinic}").into_bytes()
}

/// Fills with the operating system's randomness; without it no key is made and no file is sealed.
fn fill(bytes: &mut [u8]) -> Result<(), Failure> {
    getrandom::fill(bytes).map_err(|why| Failure::bug(format!("the system gives no randomness: {why}")))
}

/// Version of the file's form. A newer program reads older ones; an older one refuses what it does not know.
const VERSION: u32 = 1;
/// Of every new file: 256 MiB and three passes, as for the keyring of a node.
const MEMORY_KIB: u32 = 256 * 1024;
/// The least that is accepted: the second recommended option of RFC 9106.
const MEMORY_KIB_MIN: u32 = 64 * 1024;
/// The most, so that a changed file cannot exhaust the machine.
const MEMORY_KIB_MAX: u32 = 4 * 1024 * 1024;
/// Passes over that memory: of every new file, and the fewest that are accepted.
const PASSES: u32 = 3;
/// The most passes.
const PASSES_MAX: u32 = 64;
/// The most lanes.
const LANES_MAX: u32 = 64;
/// Bytes of a salt.
const SALT_BYTES: usize = 32;
/// Bytes of a nonce of XChaCha20, which may be random.
const NONCE_BYTES: usize = 24;
/// Bytes of the Poly1305 tag behind the sealed secret.
const TAG_BYTES: usize = 16;
/// Largest file that is read as a key file.
const FILE_BYTES_MAX: u64 = 16 << 10;
/// What to do with a file whose parameters somebody changed.
const REMEDY_COST: &str = "make the key file again from its 24 words: `sumac patient recover`";

#[cfg(test)]
mod tests {
    use super::PatientKey;
    use std::fs;
    use sumac_protocol::principal::Signer;
    use zeroize::Zeroizing;

    #[test]
    fn a_key_file_opens_with_its_passphrase_only_and_not_once_anything_in_it_was_changed() {
        let folder = tempfile::tempdir().unwrap();
        let (path, words) = (folder.path().join("key"), folder.path().join("words"));
        let clinic = Signer::from_seed(&Zeroizing::new([1; 32])).principal();
        let made = PatientKey::make(&path, Zeroizing::new([7; 32]), None, "twelve letters").unwrap();
        assert!(!fs::read_to_string(&path).unwrap().contains("BwcHBwcH"), "the secret is not in the clear");
        fs::write(&words, "twelve letterz\n").unwrap();
        assert_eq!(PatientKey::open(&path, Some(&words)).err().unwrap().code(), "wrong-passphrase");
        fs::write(&words, "twelve letters\r\n").unwrap();
        let mut opened = PatientKey::open(&path, Some(&words)).unwrap();
        assert_eq!(opened.signer.principal(), made.signer.principal());
        // Somebody waits for the file that is written beside the key file, with a link to elsewhere.
        let elsewhere = folder.path().join("elsewhere");
        fs::write(&elsewhere, "as it was").unwrap();
        std::os::unix::fs::symlink(&elsewhere, folder.path().join("key.new")).unwrap();
        opened.bind(clinic).unwrap();
        assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "as it was");
        assert!(fs::symlink_metadata(&path).unwrap().is_file(), "no link took the key's place");
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(PatientKey::open(&path, Some(&words)).unwrap().clinic, Some(clinic));
        let other = Signer::from_seed(&Zeroizing::new([2; 32])).principal();
        let cases = [
            (clinic.to_string(), other.to_string(), "wrong-passphrase", "another clinic"),
            (made.signer.principal().to_string(), other.to_string(), "wrong-passphrase", "another name"),
            ("262144".into(), "1024".into(), "key-cost", "a passphrase that is cheap to guess"),
            ("\"passes\": 3".into(), "\"passes\": 65".into(), "key-cost", "work without end"),
            ("patient_key\": 1".into(), "patient_key\": 2".into(), "usage", "a form of another version"),
        ];
        for (from, to, code, why) in cases {
            let changed = text.replacen(&from, &to, 1);
            assert_ne!(changed, text, "{why}");
            fs::write(&path, changed).unwrap();
            assert_eq!(PatientKey::open(&path, Some(&words)).err().unwrap().code(), code, "{why}");
        }
    }
}
