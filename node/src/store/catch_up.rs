//! Bringing the index to the journal's head at opening: the frames it lacks, or all of them.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::disk::Disk;
use super::fault::StoreError;
use super::index::{Index, Opened};
use super::journal::scan::{Scan, scan};
use super::keychain::Keychain;
use super::limits::REBUILD_STEP_FRAMES;
use super::opening::IndexState;
use super::pointers::Head;
use super::projection::Draft;

/// Brings the index to the journal's head.
pub(crate) struct CatchUp<'a> {
    pub(crate) disk: &'a dyn Disk,
    pub(crate) folder: PathBuf,
    pub(crate) keys: &'a Keychain,
    pub(crate) found: &'a Scan,
}

impl CatchUp<'_> {
    /// The index at the head, how far that is, and what it took.
    pub(crate) fn run(
        &self,
        index: Index,
        opened: Opened,
        applied: Option<Head>,
    ) -> Result<(Arc<Index>, Head, IndexState), StoreError> {
        let known = |head: &Head| self.found.marks.get(&head.mark.sequence) == Some(&head.mark.hash);
        let reaches = |head: &Head| head.mark.sequence <= self.found.tail.mark.sequence;
        if let (Some(head), Opened::AsItWas) = (applied.filter(known).filter(reaches), &opened) {
            let index = Arc::new(index);
            let behind = self.found.tail.mark.sequence.saturating_sub(head.mark.sequence);
            let now = self.replay(&index, head)?;
            let state = if behind == 0 { IndexState::Fresh } else { IndexState::CaughtUp(behind) };
            return Ok((index, now, state));
        }
        let (index, why) = match opened {
            Opened::AsItWas => (index.wiped()?, "it does not follow from the journal".to_owned()),
            Opened::Empty { why } => (index, why),
        };
        let index = Arc::new(index);
        let nothing = Head { mark: self.keys.keyring.start(), rows: 0, statements: 0 };
        let now = self.replay(&index, nothing)?;
        Ok((index, now, IndexState::Rebuilt { why }))
    }

    /// Adds the frames after `from`, in steps, and makes them durable.
    fn replay(&self, index: &Arc<Index>, from: Head) -> Result<Head, StoreError> {
        if from.mark == self.found.tail.mark && from.mark.sequence > 0 {
            return Ok(from);
        }
        let mut head = from;
        let mut draft = Some(Draft::new(Arc::clone(index), from));
        let start = self.keys.keyring.start();
        scan(self.disk, &self.folder, start, self.keys, &BTreeSet::new(), &mut |met| {
            if met.at.sequence <= from.mark.sequence {
                return Ok(());
            }
            let mut next = draft.take().unwrap_or_else(|| Draft::new(Arc::clone(index), head));
            next.take_up(met.key, met.kind, met.body, met.at, met.hash)?;
            if met.at.sequence.is_multiple_of(REBUILD_STEP_FRAMES) {
                head = next.commit()?;
            } else {
                draft = Some(next);
            }
            Ok(())
        })?;
        if let Some(rest) = draft {
            head = rest.commit()?;
        }
        index.flush()?;
        Ok(head)
    }
}
