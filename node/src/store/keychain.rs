//! Every key that opens a frame: the keyring's own, and the patients' in pages of 2,048.
//!
//! A page is a file of 2,048 keys sealed under its page key, which lies in the keyring. All keys of a page
//! are made when its first patient arrives, so that adding a patient mostly writes no key at all. The
//! page file is durable before the keyring that names it, and both are before any record uses a key.
//! A key of zeros marks a patient who was erased: it opens nothing.
//!
//! A page is replaced in two steps around the keyring's: the successor is written beside it, sealed under a new
//! page key; the keyring with that key is saved; the successor takes the page's name. The keyring decides:
//! whichever of the two files its page key opens is the page.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::bytes::Reader;
use super::disk::{self, Disk};
use super::fault::{KeyringError, StoreError};
use super::keyring::{KeyClass, KeyId, Keyring};
use super::limits::PAGE_ROWS;
use super::seal::{self, Label, SealKey};

/// The keyring and the pages it opens.
pub(crate) struct Keychain {
    pub(crate) keyring: Keyring,
    folder: PathBuf,
    pages: BTreeMap<u32, Zeroizing<Vec<u8>>>,
}

impl Keychain {
    /// Strikes out the pages whose files are not there, as after a backup from before they were made.
    pub(crate) fn forget_missing_pages(
        disk: &dyn Disk,
        folder: &Path,
        keyring: &mut Keyring,
    ) -> Result<(), StoreError> {
        let named: Vec<KeyId> = keyring.of(KeyClass::Page).map(|(id, _)| id).collect();
        for id in named {
            let path = page_path(folder, id.number);
            if !disk.exists(&path)? && !disk.exists(&disk::beside(&path))? {
                keyring.remove(id);
            }
        }
        Ok(())
    }

    /// Opens every page that the keyring names, and finishes or undoes replacements that were interrupted.
    pub(crate) fn open(disk: &dyn Disk, folder: &Path, keyring: Keyring) -> Result<Self, StoreError> {
        let mut pages = BTreeMap::new();
        for (id, key) in keyring.of(KeyClass::Page) {
            pages.insert(id.number, settled_page(disk, folder, id.number, key)?);
        }
        if disk.exists(folder)? {
            disk::remove_unfinished(disk, folder)?;
        }
        Ok(Self { keyring, folder: folder.to_owned(), pages })
    }

    /// Whether the key of that id exists and was not destroyed.
    pub(crate) fn has(&self, id: KeyId) -> bool {
        self.with_key(id, |_| ()).is_some()
    }

    /// The key of that id, if it exists and was not destroyed.
    pub(crate) fn with_key<T>(&self, id: KeyId, then: impl FnOnce(&SealKey) -> T) -> Option<T> {
        match id.class {
            KeyClass::Journal | KeyClass::Cohort | KeyClass::RoundState => self.keyring.key(id).map(then),
            KeyClass::Patient => self.patient(id.number).map(|key| then(&key)),
            KeyClass::Index | KeyClass::Page | KeyClass::Column => None,
        }
    }

    /// A page that is still to be made so that `row` has a key, if any.
    pub(crate) fn page_wanted(&self, row: u32) -> Option<u32> {
        let page = row / PAGE_ROWS;
        (!self.pages.contains_key(&page)).then_some(page)
    }

    /// Makes and writes a page of fresh keys. The keyring must be saved before they are used.
    pub(crate) fn add_page(&mut self, disk: &dyn Disk, page: u32) -> Result<(), StoreError> {
        let mut keys = Zeroizing::new(vec![0; PAGE_BYTES]);
        seal::fill_random(&mut keys)?;
        let page_key = SealKey::fresh()?;
        let sealed = page_key.seal(&page_bound(page), &keys)?;
        disk::replace(disk, &page_path(&self.folder, page), &[PAGE_MAGIC.as_slice(), &sealed].concat())?;
        self.keyring.insert(KeyId::new(KeyClass::Page, page), page_key);
        self.pages.insert(page, keys);
        Ok(())
    }

    /// The pages there are.
    pub(crate) fn pages(&self) -> Vec<u32> {
        self.pages.keys().copied().collect()
    }

    /// The name of a page's file, and the sealed bytes in it.
    pub(crate) fn sealed_page(&self, disk: &dyn Disk, page: u32) -> Result<(String, Vec<u8>), StoreError> {
        let name = page_name(page);
        let bytes = disk.read(&self.folder.join(&name))?;
        Ok((name, bytes))
    }

    /// Writes a page's successor beside it, durably, without the keys of `struck` rows and under a fresh page key.
    pub(crate) fn prepare(&self, disk: &dyn Disk, page: u32, struck: &[u32]) -> Result<Successor, StoreError> {
        let keys = self.pages.get(&page).ok_or_else(|| self.keyring.lacks_a_key())?;
        let mut keys = Zeroizing::new(keys.to_vec());
        for row in struck.iter().filter(|row| **row / PAGE_ROWS == page) {
            let slot = usize::try_from(row % PAGE_ROWS).ok();
            let key = slot.and_then(|slot| keys.chunks_exact_mut(KEY_BYTES).nth(slot));
            key.ok_or_else(|| self.keyring.lacks_a_key())?.fill(0);
        }
        let key = SealKey::fresh()?;
        let sealed = key.seal(&page_bound(page), &keys)?;
        let beside = disk::beside(&page_path(&self.folder, page));
        disk.write(&beside, &[PAGE_MAGIC.as_slice(), &sealed].concat())?;
        disk.sync_file(&beside)?;
        Ok(Successor { page, key, keys })
    }

    /// Saves the keyring with the successors' page keys, and lets them take their pages' names. From the saving on
    /// the old pages open no more.
    pub(crate) fn replace(&mut self, disk: &dyn Disk, successors: Vec<Successor>) -> Result<(), StoreError> {
        if !successors.is_empty() {
            disk.sync_folder(&self.folder)?;
        }
        let mut renamed = Vec::with_capacity(successors.len());
        for Successor { page, key, keys } in successors {
            self.keyring.insert(KeyId::new(KeyClass::Page, page), key);
            self.pages.insert(page, keys);
            renamed.push(page_path(&self.folder, page));
        }
        self.keyring.save(disk)?;
        for path in &renamed {
            disk.rename(&disk::beside(path), path)?;
        }
        if !renamed.is_empty() {
            disk.sync_folder(&self.folder)?;
        }
        Ok(())
    }

    fn patient(&self, row: u32) -> Option<SealKey> {
        let keys = self.pages.get(&(row / PAGE_ROWS))?;
        let slot = usize::try_from(row % PAGE_ROWS).ok()?;
        let mut reader = Reader::new(keys);
        reader.take(slot.checked_mul(KEY_BYTES)?)?;
        let key = Zeroizing::new(reader.array()?);
        (*key != [0; KEY_BYTES]).then(|| SealKey::from_bytes(&key))
    }
}

/// A page's new contents and key, written and not in force yet.
pub(crate) struct Successor {
    page: u32,
    key: SealKey,
    keys: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Successor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Successor(page {})", self.page)
    }
}

impl fmt::Debug for Keychain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keychain({:?}, {} pages)", self.keyring, self.pages.len())
    }
}

/// The page under its name, or its successor if that is the one the keyring means.
fn settled_page(disk: &dyn Disk, folder: &Path, page: u32, key: &SealKey) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    let path = page_path(folder, page);
    let refused = match read_page(disk, &path, page, key)? {
        Ok(keys) => return Ok(keys),
        Err(why) => why,
    };
    let beside = disk::beside(&path);
    if let Ok(keys) = read_page(disk, &beside, page, key)? {
        disk.rename(&beside, &path)?;
        disk.sync_folder(folder)?;
        return Ok(keys);
    }
    Err(KeyringError::Page { path, why: refused }.into())
}

/// The keys of a page file, or a short reason why it is not this page under this key.
fn read_page(
    disk: &dyn Disk,
    path: &Path,
    page: u32,
    key: &SealKey,
) -> Result<Result<Zeroizing<Vec<u8>>, &'static str>, StoreError> {
    if !disk.exists(path)? {
        return Ok(Err("it is missing"));
    }
    let file = disk.read(path)?;
    let Some(sealed) = file.strip_prefix(PAGE_MAGIC) else {
        return Ok(Err("it does not begin like one"));
    };
    Ok(match key.unseal(&page_bound(page), sealed) {
        Err(_) => Err("its seal does not open"),
        Ok(keys) if keys.len() == PAGE_BYTES => Ok(keys),
        Ok(_) => Err("it has another length"),
    })
}

fn page_path(folder: &Path, page: u32) -> PathBuf {
    folder.join(page_name(page))
}

fn page_name(page: u32) -> String {
    format!("{page:07}.keys")
}

fn page_bound(page: u32) -> Vec<u8> {
    seal::bound(Label::KeyPage, &[&page.to_le_bytes()])
}

const PAGE_MAGIC: &[u8; 8] = b"SUMACKP1";
const KEY_BYTES: usize = 32;
const PAGE_BYTES: usize = KEY_BYTES * 2048;
const _: () = assert!(PAGE_ROWS == 2048, "a page's length follows from its rows");
