//! Every bound of an import in one place, in the units the names say.

/// Longest mapping file, in bytes. A mapping of a thousand columns has a tenth of it.
pub const MAPPING_BYTES_MAX: usize = 64 << 10;

/// Longest row of a file, in bytes of its text. A longer one is no row of records.
pub const ROW_BYTES_MAX: usize = 1 << 20;

/// Most columns of a file. REDCap projects of some thousand fields exist.
pub const COLUMNS_MAX: usize = 8_192;

/// Most rows of one file, the header not counted.
pub const ROWS_MAX: u64 = 100_000_000;

/// Longest cell that is read, in bytes. Cells of columns that the mapping does not name may be longer.
pub const CELL_BYTES_MAX: usize = 1_024;

/// Longest pseudonym or course id, in bytes.
pub const ID_BYTES_MAX: usize = 128;

/// Most courses of one patient. More means that the mapping's `patient` column names something else.
pub const COURSES_PER_PATIENT_MAX: usize = 200;

/// Most assessments of one course: every day of five years with eight instruments.
pub const ASSESSMENTS_PER_COURSE_MAX: usize = 16_000;

// An id is a cell, and every cell of a row can be read.
const _: () = assert!(ID_BYTES_MAX <= CELL_BYTES_MAX && CELL_BYTES_MAX < ROW_BYTES_MAX);
// A header of the most columns, with names of usual length, fits one row.
const _: () = assert!(COLUMNS_MAX * 64 < ROW_BYTES_MAX);
