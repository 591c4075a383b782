//! Every bound of a FHIR import in one place, in the units the names say.

/// Largest file that holds one Bundle or one resource, in bytes. It is read whole; what is larger is
/// exported as NDJSON, of which one line at a time is read.
pub const DOCUMENT_FILE_BYTES_MAX: u64 = 64 << 20;

/// Longest line of an NDJSON file, in bytes: one resource with documents inside.
pub const LINE_BYTES_MAX: usize = 16 << 20;

/// Bytes of files for each pass over them: what one pass keeps of its patients stays below that.
pub const PASS_BYTES: u64 = 32 << 20;

/// Deepest nesting of one resource. FHIR's own deepest examples have a dozen levels.
pub const DEPTH_MAX: usize = 64;

/// Most values of one resource, counted over all levels.
pub const VALUES_MAX: usize = 500_000;

/// Most files of one import.
pub const FILES_MAX: usize = 100_000;

/// Most facts that are kept of one patient. More means that many patients share one resource.
pub const FACTS_PER_PATIENT_MAX: usize = 100_000;

/// Most courses of one patient.
pub const COURSES_PER_PATIENT_MAX: usize = 200;

/// Most different codes that are counted by name; the others are counted together.
pub const CODES_NAMED_MAX: usize = 1_000;

/// Most kinds of resource that are counted by name; the others are counted together.
pub const KINDS_NAMED_MAX: usize = 300;

/// Most medicines that are kept to follow references to them.
pub const MEDICINES_MAX: usize = 200_000;

/// Longest value that a reject repeats, in bytes.
pub const VALUE_BYTES_SHOWN: usize = 1_024;

/// Longest course id, in bytes.
pub const COURSE_ID_BYTES_MAX: usize = 128;

/// How long after its end a session's monitor is still read, in seconds: four hours, in which most
/// adverse effects fall too.
pub const AFTERWARDS_S: i64 = 4 * 3_600;

// A document that is read whole is no more than a few passes, and a line is no larger than one.
const _: () = assert!(DOCUMENT_FILE_BYTES_MAX <= 2 * PASS_BYTES && (LINE_BYTES_MAX as u64) < PASS_BYTES);
