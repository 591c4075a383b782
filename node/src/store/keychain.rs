//! Every key that opens a frame: the keyring's own, and the patients' in pages of 2,048.
//!
//! A page is a file of 2,048 keys sealed under its page key, which lies in the keyring. All keys of a page
//! are made when its first patient arrives, so that adding a patient mostly writes no key at all. The
//! page file is durable before the keyring that names it, and both are before any record uses a key.
//! A key of zeros marks a patient who was erased: it opens nothing.

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
            if !disk.exists(&page_path(folder, id.number))? {
                keyring.remove(id);
            }
        }
        Ok(())
    }

    /// Opens every page that the keyring names.
    pub(crate) fn open(disk: &dyn Disk, folder: &Path, keyring: Keyring) -> Result<Self, StoreError> {
        let mut pages = BTreeMap::new();
        for (id, key) in keyring.of(KeyClass::Page) {
            pages.insert(id.number, read_page(disk, folder, id.number, key)?);
        }
        Ok(Self { keyring, folder: folder.to_owned(), pages })
    }

    /// The key of that id, if it exists and was not destroyed.
    pub(crate) fn with_key<T>(&self, id: KeyId, then: impl FnOnce(&SealKey) -> T) -> Option<T> {
        match id.class {
            KeyClass::Journal | KeyClass::Cohort | KeyClass::RoundState => self.keyring.key(id).map(then),
            KeyClass::Patient => self.patient(id.number).map(|key| then(&key)),
            KeyClass::Index | KeyClass::Page => None,
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

    fn patient(&self, row: u32) -> Option<SealKey> {
        let keys = self.pages.get(&(row / PAGE_ROWS))?;
        let slot = usize::try_from(row % PAGE_ROWS).ok()?;
        let mut reader = Reader::new(keys);
        reader.take(slot.checked_mul(KEY_BYTES)?)?;
        let key = Zeroizing::new(reader.array()?);
        (*key != [0; KEY_BYTES]).then(|| SealKey::from_bytes(&key))
    }
}

impl fmt::Debug for Keychain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keychain({:?}, {} pages)", self.keyring, self.pages.len())
    }
}

fn read_page(disk: &dyn Disk, folder: &Path, page: u32, key: &SealKey) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    let path = page_path(folder, page);
    let damaged = |why| KeyringError::Page { path: path.clone(), why };
    if !disk.exists(&path)? {
        return Err(damaged("it is missing").into());
    }
    let file = disk.read(&path)?;
    let sealed = file.strip_prefix(PAGE_MAGIC).ok_or_else(|| damaged("it does not begin like one"))?;
    let keys = key.unseal(&page_bound(page), sealed);
    let keys = keys.map_err(|_| damaged("its seal does not open"))?;
    if keys.len() != PAGE_BYTES {
        return Err(damaged("it has another length").into());
    }
    Ok(keys)
}

fn page_path(folder: &Path, page: u32) -> PathBuf {
    folder.join(format!("{page:07}.keys"))
}

fn page_bound(page: u32) -> Vec<u8> {
    seal::bound(Label::KeyPage, &[&page.to_le_bytes()])
}

const PAGE_MAGIC: &[u8; 8] = b"SUMACKP1";
const KEY_BYTES: usize = 32;
const PAGE_BYTES: usize = KEY_BYTES * 2048;
const _: () = assert!(PAGE_ROWS == 2048, "a page's length follows from its rows");
