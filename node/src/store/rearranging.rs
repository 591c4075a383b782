//! Making the index anew while the old one still answers, and letting rewritten segments take their places.
//!
//! The index notes how the frames lay when it was made, as the sum of the segments' revisions. Interrupted between
//! two segments, the sum is neither the old nor the new one, and opening makes the index again.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

use super::catch_up::CatchUp;
use super::commit::Writer;
use super::disk;
use super::fault::StoreError;
use super::index::Index;
use super::journal::FIRST_SEGMENT;
use super::journal::scan::scan;
use super::keyring::{IndexKeyAge, KeyClass};
use super::pointers::Head;
use super::view::{Front, Shared};

impl Writer {
    /// Replaces the index's key and the index, if somebody was erased and a day has passed since the last time.
    pub(crate) fn renew_index_if_due(&mut self) -> Result<(), StoreError> {
        let age = self.shared.keys.read().unwrap_or_else(PoisonError::into_inner).keyring.index_key;
        if age.is_over(self.shared.disk.now_s()) { self.rearrange(&[]) } else { Ok(()) }
    }

    /// Makes the index anew under a new key, over the journal in which successors of the `renewed` segments are in
    /// place, and puts them there.
    pub(crate) fn rearrange(&mut self, renewed: &[u32]) -> Result<(), StoreError> {
        let shared = Arc::clone(&self.shared);
        // The old index answers for as long as its key is there: it goes only when the journal can make another.
        self.check_journal()?;
        self.renew_index_key()?;
        let front = self.build(&shared, renewed)?;
        let mut now = shared.front.write().unwrap_or_else(PoisonError::into_inner);
        for number in renewed {
            let file = shared.journal.path(*number);
            shared.disk.rename(&disk::beside(&file), &file)?;
        }
        if !renewed.is_empty() {
            shared.disk.sync_folder(shared.journal.folder())?;
            shared.journal.reopen(renewed.iter().copied())?;
        }
        let before = std::mem::replace(&mut *now, front);
        drop(now);
        let folder = before.index.folder().to_owned();
        drop(before);
        Ok(shared.disk.remove_folder(&folder)?)
    }

    /// Reads the whole journal, and changes nothing: every frame as it was written, and none missing.
    pub(crate) fn check_journal(&self) -> Result<(), StoreError> {
        let shared: &Shared = &self.shared;
        let keys = shared.keys.read().unwrap_or_else(PoisonError::into_inner);
        let files: Vec<PathBuf> =
            (FIRST_SEGMENT..=self.tail.segment).map(|number| shared.journal.path(number)).collect();
        let disk = shared.disk.as_ref();
        Ok(scan(disk, &files, keys.keyring.start(), &keys, &BTreeSet::new(), &mut |_| Ok(()))?.accounted()?)
    }

    fn renew_index_key(&self) -> Result<(), StoreError> {
        let mut keys = self.shared.keys.write().unwrap_or_else(PoisonError::into_inner);
        let number = keys.keyring.renew(KeyClass::Index)?;
        keys.keyring.strike(|id| id.class == KeyClass::Index && id.number < number);
        keys.keyring.index_key = IndexKeyAge { since_s: self.shared.disk.now_s(), due: false };
        keys.keyring.watermark = self.tail.mark;
        keys.keyring.save(self.shared.disk.as_ref())
    }

    fn build(&self, shared: &Shared, renewed: &[u32]) -> Result<Front, StoreError> {
        let keys = shared.keys.read().unwrap_or_else(PoisonError::into_inner);
        let place = |number| {
            let file = shared.journal.path(number);
            if renewed.contains(&number) { disk::beside(&file) } else { file }
        };
        let files: Vec<PathBuf> = (FIRST_SEGMENT..=self.tail.segment).map(place).collect();
        let start = keys.keyring.start();
        let found = scan(shared.disk.as_ref(), &files, start, &keys, &BTreeSet::new(), &mut |_| Ok(()))?;
        found.accounted()?;
        let index = Index::renewed(Arc::clone(&shared.disk), &shared.paths.index(), keys.keyring.index_key()?)?;
        if found.tail != self.tail {
            return Err(index.failed("the journal has changed since it was written".to_owned()).into());
        }
        let index = Arc::new(index);
        let making = CatchUp { disk: shared.disk.as_ref(), files: &files, keys: &keys, found: &found };
        let head = making.replay(&index, Head::nothing(start, found.layout))?;
        Front::over(index, head)
    }
}

impl Shared {
    /// The files of the segments before `tail`: nothing is appended to them any more.
    pub(crate) fn closed_segments(&self, tail: u32) -> Vec<PathBuf> {
        (FIRST_SEGMENT..tail).map(|number| self.journal.path(number)).collect()
    }
}
