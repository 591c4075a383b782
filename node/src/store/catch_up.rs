//! Bringing the index to the journal's head at opening: the frames it lacks, or all of them.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::disk::Disk;
use super::fault::StoreError;
use super::index::{Index, Opened};
use super::journal::scan::{Met, Scan, scan};
use super::keychain::Keychain;
use super::keyring::Mark;
use super::limits::REBUILD_STEP_FRAMES;
use super::opening::IndexState;
use super::pointers::Head;
use super::projection::Draft;

/// Brings the index to the journal's head.
pub(crate) struct CatchUp<'a> {
    pub(crate) disk: &'a dyn Disk,
    /// The journal's segments.
    pub(crate) files: &'a [PathBuf],
    pub(crate) keys: &'a Keychain,
    pub(crate) found: &'a Scan,
}

impl CatchUp<'_> {
    /// The index at the head, how far that is, and what it took.
    /// `closed` says whether the store was closed in good order before it was opened.
    pub(crate) fn run(
        &self,
        index: Index,
        opened: Opened,
        applied: Option<Head>,
        closed: bool,
    ) -> Result<(Arc<Index>, Head, IndexState), StoreError> {
        let known = |head: &Head| self.found.marks.get(&head.mark.sequence) == Some(&head.mark.hash);
        let in_place = |head: &Head| head.layout == self.found.layout;
        if let (Some(head), Opened::AsItWas, true) = (applied.filter(known).filter(in_place), &opened, closed) {
            let index = Arc::new(index);
            let behind = self.found.tail.mark.sequence.saturating_sub(head.mark.sequence);
            let now = self.replay(&index, head)?;
            let state = if behind == 0 { IndexState::Fresh } else { IndexState::CaughtUp(behind) };
            return Ok((index, now, state));
        }
        let (index, why) = match opened {
            Opened::AsItWas if !closed => (index.wiped()?, "the store was not closed in good order".to_owned()),
            Opened::AsItWas => (index.wiped()?, "it does not follow from the journal".to_owned()),
            Opened::Empty { why } => (index, why),
        };
        let index = Arc::new(index);
        let now = self.replay(&index, Head::nothing(self.start(), self.found.layout))?;
        Ok((index, now, IndexState::Rebuilt { why }))
    }

    fn start(&self) -> Mark {
        self.keys.keyring.start()
    }

    /// Adds the frames after `from` that no list says are gone, in steps, and makes them durable.
    pub(crate) fn replay(&self, index: &Arc<Index>, from: Head) -> Result<Head, StoreError> {
        if from.mark == self.found.tail.mark && from.mark.sequence > 0 {
            return Ok(from);
        }
        let mut head = from;
        let mut draft = Some(Draft::new(Arc::clone(index), from));
        let mut waiting = 0;
        scan(self.disk, self.files, self.start(), self.keys, &BTreeSet::new(), &mut |met| {
            let Met { key, kind, body, at, hash } = *met;
            let known = at.sequence <= from.mark.sequence || at.sequence > self.found.tail.mark.sequence;
            if known || self.found.gone.contains(at.sequence) {
                return Ok(());
            }
            let mut next = draft.take().unwrap_or_else(|| Draft::new(Arc::clone(index), head));
            next.take_up(key, kind, body, at, hash)?;
            waiting += 1;
            if waiting >= REBUILD_STEP_FRAMES {
                (head, waiting) = (next.commit()?, 0);
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
