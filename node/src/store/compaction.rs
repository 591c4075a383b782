//! Giving back the room of what nothing points to any more: records, enrolments, queries' entries and roles' states
//! that newer ones replaced, states that were forgotten, and what erasures left empty.
//!
//! 1. Everything so far lies in closed segments. A sealed list is appended of all frames that go, and of all that
//!    went before. It changes no answer, so being interrupted from here on harms nothing.
//! 2. Shorter segments are written beside the old ones: a run of frames that go becomes one tombstone.
//! 3. The index is made anew over them, and they take the old ones' places.
//! 4. Keys under which no frame lies any more are destroyed.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, PoisonError};

use super::batch::Group;
use super::commit::Writer;
use super::content::Kind;
use super::fault::StoreError;
use super::journal::gap::Gap;
use super::journal::walk::{Block, Segment};
use super::journal::{self, rewriting};
use super::keyring::{KeyClass, KeyId};
use super::limits::COMPACT_BYTES_MIN;
use super::listing::Listing;
use super::projection;
use super::ranges::Ranges;

/// What a compaction did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compacted {
    /// Frames whose bytes it gave back.
    pub frames: u64,
    /// Bytes of the journal before.
    pub bytes_before: u64,
    /// Bytes of the journal after.
    pub bytes_after: u64,
}

impl Writer {
    /// Compacts when more than half of the journal, and enough of it, is pointed to by nothing.
    pub(crate) fn compact_if_worth_it(&mut self) -> Result<(), StoreError> {
        let live = self.shared.front().head.live_bytes;
        let idle = self.journal_bytes().saturating_sub(live);
        if idle >= COMPACT_BYTES_MIN.max(live) { self.compact().map(|_| ()) } else { Ok(()) }
    }

    /// Compacts; see above.
    pub(crate) fn compact(&mut self) -> Result<Compacted, StoreError> {
        let bytes_before = self.journal_bytes();
        let plan = self.plan()?;
        if plan.frames == 0 && !plan.has_room {
            return Ok(Compacted { frames: 0, bytes_before, bytes_after: bytes_before });
        }
        self.begin_segment()?;
        let shared = Arc::clone(&self.shared);
        let mut group = Group::new(&shared, self.tail);
        let journal = group.key(KeyClass::Journal)?;
        let lists = Listing::encode(&[], &plan.gone);
        group.add_frames(&lists.iter().map(|list| (journal, Kind::Compacted, list.as_slice())).collect::<Vec<_>>())?;
        self.take_over(group)?;
        let files = shared.closed_segments(self.tail.segment);
        let renewed = rewriting::squeeze(shared.disk.as_ref(), &files, &plan.gone)?;
        self.rearrange(&renewed)?;
        self.closed_bytes = 0;
        for (number, file) in shared.journal.open_files() {
            if number < self.tail.segment {
                self.closed_bytes = self.closed_bytes.saturating_add(file.length()?);
            }
        }
        self.strike_unused(&plan.used)?;
        Ok(Compacted { frames: plan.frames, bytes_before, bytes_after: self.journal_bytes() })
    }

    fn journal_bytes(&self) -> u64 {
        self.closed_bytes.saturating_add(self.tail.offset)
    }

    /// Goes over the whole journal.
    fn plan(&self) -> Result<Plan, StoreError> {
        let mut plan = Plan { gone: Ranges::default(), used: BTreeSet::new(), frames: 0, has_room: false };
        for file in self.shared.closed_segments(self.tail.segment.saturating_add(1)) {
            let bytes = self.shared.disk.read(&file)?;
            self.plan_segment(&file, &bytes, &mut plan)?;
        }
        Ok(plan)
    }

    fn plan_segment(&self, file: &Path, bytes: &[u8], plan: &mut Plan) -> Result<(), StoreError> {
        let changed = || rewriting::changed(file);
        let index = self.shared.front().index;
        let keys = self.shared.keys.read().unwrap_or_else(PoisonError::into_inner);
        let segment = Segment::read(bytes).ok_or_else(changed)?;
        let mut previous = segment.start.hash;
        for block in segment.blocks() {
            let (_, block) = block.ok_or_else(changed)?;
            let buried = block.buried();
            match block {
                Block::Gap(gap) => {
                    plan.gone.add(gap.first, gap.last);
                    plan.has_room |= gap.has_room();
                }
                Block::Frame(header, frame) => {
                    let live = keys.has(header.key) && {
                        let plain = journal::open_frame(&header, frame, &previous, &keys).map_err(|_| changed())?;
                        let (kind, _) = Kind::decode(&plain).ok_or_else(changed)?;
                        projection::is_live(&index, header.key, kind, header.sequence)?
                    };
                    if live {
                        plan.used.insert(header.key);
                    } else {
                        plan.bury(&buried);
                    }
                }
            }
            previous = buried.hash;
        }
        Ok(())
    }

    /// Destroys keys that seal no frame and will seal none.
    fn strike_unused(&self, used: &BTreeSet<KeyId>) -> Result<(), StoreError> {
        let mut keys = self.shared.keys.write().unwrap_or_else(PoisonError::into_inner);
        let mut kept = used.clone();
        for class in [KeyClass::Journal, KeyClass::Cohort, KeyClass::RoundState] {
            kept.insert(keys.keyring.current(class)?);
        }
        let unused = |id: KeyId| id.class.seals_frames() && !kept.contains(&id);
        if keys.keyring.all().any(unused) {
            keys.keyring.strike(unused);
            keys.keyring.save(self.shared.disk.as_ref())?;
        }
        Ok(())
    }
}

/// What a compaction will do.
struct Plan {
    /// All frames that go or went before.
    gone: Ranges,
    /// Keys under which frames stay.
    used: BTreeSet<KeyId>,
    /// Frames that go now.
    frames: u64,
    /// Whether a tombstone takes more room than it needs.
    has_room: bool,
}

impl Plan {
    fn bury(&mut self, gap: &Gap) {
        self.gone.add(gap.first, gap.last);
        self.frames = self.frames.saturating_add(1);
    }
}
