//! Every bound of the store in one place, in the units the names say.

use std::time::Duration;

/// The largest body of one entry, in bytes.
pub const BODY_BYTES_MAX: usize = 32 * 1024 * 1024;

/// The longest pseudonym, in bytes of UTF-8; the shortest is one byte.
pub const PSEUDONYM_BYTES_MAX: usize = 256;

/// The most that all bodies and pseudonyms of one batch may weigh together, in bytes.
pub const BATCH_BYTES_MAX: usize = 64 * 1024 * 1024;

/// The most entries of one batch.
pub const BATCH_ENTRIES_MAX: usize = 65_536;

/// Appends that may wait for the commit thread before a caller is held back.
pub(crate) const QUEUE_JOBS_MAX: usize = 1024;

/// Records after which a commit group is written and synced, however many more are waiting.
pub(crate) const GROUP_RECORDS_MAX: usize = 1000;

/// Bytes after which a commit group is written and synced.
pub(crate) const GROUP_BYTES_MAX: usize = 8 * 1024 * 1024;

/// How long a commit group may go on gathering while callers keep arriving.
pub(crate) const GROUP_GATHER_MAX: Duration = Duration::from_millis(5);

/// A segment at least this long takes no further commit group, in bytes. Short in unit tests, so that any
/// test with a few dozen frames runs over several segments.
pub(crate) const SEGMENT_BYTES: u64 = if cfg!(test) { 16 * 1024 } else { 64 * 1024 * 1024 };

/// Bytes that nothing points to any more below which the journal is not rewritten by itself.
pub(crate) const COMPACT_BYTES_MIN: u64 = SEGMENT_BYTES;

/// How often an idle store looks whether anything is due that nobody asked for.
pub(crate) const TIDY_EVERY: Duration = Duration::from_secs(60 * 60);

/// The most that is kept of an erased patient, in bytes.
pub const REMAINS_BYTES_MAX: usize = 4096;

/// Patients whose data keys share one page file.
pub(crate) const PAGE_ROWS: u32 = 2048;

/// The largest value that may lie in the index, in bytes: sled 0.34 loses larger ones in a power cut.
pub(crate) const INDEX_VALUE_BYTES_MAX: usize = 4096;

/// Frames applied to the index in one step while it is rebuilt.
pub(crate) const REBUILD_STEP_FRAMES: u64 = 1000;

// A body always fits a batch, and a frame's length always fits its 32-bit field.
const _: () = assert!(BODY_BYTES_MAX + PSEUDONYM_BYTES_MAX <= BATCH_BYTES_MAX);
const _: () = assert!(BODY_BYTES_MAX + 4096 < u32::MAX as usize);
// The leaves of a batch fit one frame.
const _: () = assert!(BATCH_ENTRIES_MAX * 32 <= BODY_BYTES_MAX);
// Whatever a role may keep, the store takes.
const _: () = assert!(sumac_protocol::limits::STORED_BYTES_MAX <= BODY_BYTES_MAX);
