//! The keys of the sealed columns. They lie in the keyring, one for the generation in use, so that erasing a
//! patient and replacing the keyring is one step: the columns that still knew the patient cannot be opened any more.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

use super::Store;
use super::commit::{Job, Writer};
use super::disk::Disk;
use super::fault::StoreError;
use super::keyring::{KeyClass, KeyId};
use super::seal::SealKey;

/// A generation of the columns that is whole on the disk.
#[derive(Debug)]
pub(crate) struct ColumnGeneration {
    pub(crate) number: u32,
    pub(crate) key: SealKey,
    /// The last frame of the journal that it knows.
    pub(crate) sequence: u64,
}

impl Store {
    /// Where the generations lie.
    pub(crate) fn columns_place(&self) -> (Arc<dyn Disk>, PathBuf) {
        (Arc::clone(&self.shared.disk), self.shared.paths.columns())
    }

    /// The generation in use and its key; `None` if there is none that may be opened.
    pub(crate) fn columns_key(&self) -> Option<(u32, SealKey)> {
        let keys = self.shared.keys.read().unwrap_or_else(PoisonError::into_inner);
        let (id, key) = keys.keyring.of(KeyClass::Column).next_back()?;
        Some((id.number, SealKey::from_bytes(key.expose())))
    }

    /// Puts a generation in place of the one in use, durably. False, and nothing changes, if a patient whom it
    /// knows was erased meanwhile: then no key of it may ever come to the disk.
    pub(crate) fn put_columns(&self, generation: ColumnGeneration) -> Result<bool, StoreError> {
        self.ask(|reply| Job::PutColumns(generation, reply))
    }
}

impl Writer {
    pub(crate) fn put_columns(&mut self, generation: &ColumnGeneration) -> Result<bool, StoreError> {
        let erased = self.shared.front().erased;
        let changed = self.shared.changed.read().unwrap_or_else(PoisonError::into_inner);
        if changed.records_since(generation.sequence).any(|row| erased.contains(&row)) {
            return Ok(false);
        }
        drop(changed);
        let mut keys = self.shared.keys.write().unwrap_or_else(PoisonError::into_inner);
        keys.keyring.strike(|id| id.class == KeyClass::Column);
        let id = KeyId::new(KeyClass::Column, generation.number);
        keys.keyring.insert(id, SealKey::from_bytes(generation.key.expose()));
        // The frames that it knows are acknowledged: a journal without them must never be opened beside it.
        keys.keyring.watermark = self.tail.mark;
        keys.keyring.save(self.shared.disk.as_ref())?;
        Ok(true)
    }
}
