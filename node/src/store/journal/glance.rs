//! Looking over a journal that was closed in good order, without reading all of it.
//!
//! The keyring knows its newest frame and how long all segments are together. So the last segment is read as a scan
//! reads it, and of those before it the header and the length. Their frames are checked where they are read: the index
//! names the place, the number and the predecessor of each, and the seal binds all three. What was changed there is
//! named when it is wanted, and never missing in silence.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::scan::{Scan, scan_last};
use super::walk::Segment;
use super::{FIRST_SEGMENT, SEGMENT_HEADER_BYTES};
use crate::store::disk::Disk;
use crate::store::fault::StoreError;
use crate::store::keychain::Keychain;
use crate::store::ranges::Ranges;

/// What a scan would find, where everything looks as it was closed; `None` says that all must be read.
///
/// It says nothing of frames that are gone, and of erasures: those were carried out before the store was closed, and an
/// index that is up to date has taken them up.
pub(crate) fn glance(disk: &dyn Disk, files: &[PathBuf], keys: &Keychain) -> Result<Option<Scan>, StoreError> {
    let header = usize::try_from(SEGMENT_HEADER_BYTES).unwrap_or_default();
    let (mut bytes, mut layout, mut last) = (0_u64, 0_u64, None);
    for (number, file) in (FIRST_SEGMENT..).zip(files) {
        if !disk.exists(file)? {
            return Ok(None);
        }
        let open = disk.open(file)?;
        let length = open.length()?;
        if length < SEGMENT_HEADER_BYTES {
            return Ok(None);
        }
        let front = open.read_at(0, header)?;
        let Some(segment) = Segment::read(&front).filter(|segment| segment.number == number) else {
            return Ok(None);
        };
        bytes = bytes.saturating_add(length);
        layout = layout.saturating_add(u64::from(segment.revision));
        last = Some((number, file, segment.start, length));
    }
    let Some((number, file, start, length)) = last.filter(|_| bytes == keys.keyring.journal_bytes) else {
        return Ok(None);
    };
    let watermark = keys.keyring.watermark;
    let wanted = BTreeSet::from([watermark.sequence]);
    let found = scan_last(keys, &wanted, start, (number, &disk.read(file)?));
    Ok(found.filter(|found| found.tail.mark == watermark).map(|mut found| {
        (found.layout, found.closed_bytes) = (layout, bytes.saturating_sub(length));
        (found.gone, found.erased) = (Ranges::default(), Ranges::default());
        found.erasures.clear();
        found
    }))
}
