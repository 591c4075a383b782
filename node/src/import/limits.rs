//! Every bound of an import in one place, in the units the names say.

use sumac_protocol::limits::PSEUDONYM_BYTES_MAX;

/// Longest mapping file, in bytes. A mapping of a thousand columns has a tenth of it.
pub const MAPPING_BYTES_MAX: usize = 128 << 10;

/// Longest row of a file, in bytes of its text. A longer one is no row of records.
pub const ROW_BYTES_MAX: usize = 1 << 20;

/// Most columns of a file. REDCap projects of some thousand fields exist.
pub const COLUMNS_MAX: usize = 8_192;

/// Most rows of one file, the header not counted.
pub const ROWS_MAX: u64 = 100_000_000;

/// Longest cell that is read, in bytes. Cells of columns that the mapping does not name may be longer.
pub const CELL_BYTES_MAX: usize = 1_024;

/// Longest course id, in bytes. A pseudonym has the protocol's own bound, so that every patient who is
/// imported can be enrolled.
pub const COURSE_BYTES_MAX: usize = 128;

/// Most courses of one patient. More means that the mapping's `patient` column names something else.
pub const COURSES_PER_PATIENT_MAX: usize = 200;

/// Most assessments of one course: every day of five years with eight instruments.
pub const ASSESSMENTS_PER_COURSE_MAX: usize = 16_000;

/// Most sessions of one course: one a day for ten years. Also the most adverse events.
pub const SESSIONS_PER_COURSE_MAX: usize = 3_650;

/// Most assessments, sessions and events of one patient over all courses, so that a record always fits
/// the store and a message.
pub const ENTRIES_PER_PATIENT_MAX: usize = 50_000;

/// Patients whose records go to the store in one durable batch: as many as share one sync there.
pub const BATCH_PATIENTS: usize = 500;

/// Assessments, sessions and events after which a batch is full, however few patients they are of.
pub const BATCH_ENTRIES: usize = 20_000;

/// Most different unknown codes that are listed one by one.
pub const UNKNOWN_CODES_MAX: usize = 1_000;

/// Memory that gathered rows may take at once, in bytes. It decides how many times files are read. By far the largest
/// part of what an import takes: with the store open, all of it stays below 200 MB.
pub const GATHERED_BYTES_MAX: u64 = 80 << 20;

/// Batches of records or rejects that may wait for the sink while the next are read.
pub const STEPS_WAITING_MAX: usize = 1;

/// Rejects that are held back at once, to be told in the order of their rows.
pub const REJECTS_HELD_MAX: usize = 4_096;

// An id is a cell, and every cell of a row can be read.
const _: () = assert!(COURSE_BYTES_MAX <= CELL_BYTES_MAX && CELL_BYTES_MAX < ROW_BYTES_MAX);
const _: () = assert!(PSEUDONYM_BYTES_MAX <= CELL_BYTES_MAX);
// A header of the most columns, with names of usual length, fits one row.
const _: () = assert!(COLUMNS_MAX * 64 < ROW_BYTES_MAX);
// The largest record, at half a kibibyte an entry, fits the store.
const _: () = assert!(ENTRIES_PER_PATIENT_MAX * 512 < crate::store::limits::BODY_BYTES_MAX);
// One course may hold as much as one patient.
const _: () = assert!(ASSESSMENTS_PER_COURSE_MAX + 2 * SESSIONS_PER_COURSE_MAX < ENTRIES_PER_PATIENT_MAX);
