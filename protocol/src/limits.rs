//! Every limit of the protocol, in one place, related to each other by compile-time checks.

use crate::cost::RhoMicro;
use crate::document::Kind;
use crate::moment::Millis;

/// Largest signed document's payload, in bytes.
pub const DOCUMENT_BYTES_MAX: usize = 1 << 20;
/// Deepest nesting of objects and lists inside a signed document.
pub const DOCUMENT_DEPTH_MAX: usize = 16;
/// Most signatures one envelope may carry.
pub const SIGNATURES_MAX: usize = 64;
/// Longest signature that an envelope may carry, in bytes: those of Ed25519 have 64, and a signature
/// of another algorithm beside them is passed over.
pub const SIGNATURE_BYTES_MAX: usize = 256;
/// Largest integer of either sign in a signed document: 2^53, exact in every JSON reader.
pub const INTEGER_MAX: i64 = 1 << 53;
/// Largest dictionary text embedded in a charter, in bytes.
pub const DICTIONARY_BYTES_MAX: usize = 256 << 10;
/// Most members one charter may list.
pub const MEMBERS_MAX: usize = 1_024;
/// Most stewards one charter may list.
pub const STEWARDS_MAX: usize = 32;
/// Most studies in force under one charter.
pub const STUDIES_MAX: usize = 256;
/// Committees a charter may list; also the most attempts one query may take.
pub const COMMITTEES_MAX: usize = 3;
/// Fewest aggregators in a committee: with one, it would see everything.
pub const COMMITTEE_MIN: usize = 2;
/// Most aggregators in a committee.
pub const COMMITTEE_MAX: usize = 8;
/// Most charters in one chain: a change a week for nearly twenty years.
pub const CHARTERS_MAX: usize = 1_024;
/// Largest file that holds a chain of charters, in bytes.
pub const CHAIN_BYTES_MAX: usize = 64 << 20;
/// Most staff keys one member may list.
pub const STAFF_MAX: usize = 32;
/// Most addresses one member may list.
pub const ADDRESSES_MAX: usize = 8;
/// Most researcher keys one study may list.
pub const RESEARCHERS_MAX: usize = 64;
/// Most queries an `exact` study may write out.
pub const PLANNED_QUERIES_MAX: usize = 64;
/// Most codes in one list of purposes, modifiers, diseases or studies.
pub const CODES_MAX: usize = 64;
/// Longest name, code, address or reference, in bytes.
pub const NAME_BYTES_MAX: usize = 256;
/// Longest text that a patient is to read, in bytes.
pub const LAY_TEXT_BYTES_MAX: usize = 16 << 10;
/// Longest pseudonym of a patient, in bytes.
pub const PSEUDONYM_BYTES_MAX: usize = 64;
/// Fewest operators that an answer may rest on: with one, it would be that operator's own figure.
pub const CLINICS_MIN_FLOOR: u32 = 2;
/// Lowest `cohort_min` of a charter that is not labelled `test-data`.
pub const COHORT_MIN_FLOOR: u32 = 10;
/// Lowest `exact_local_min` of a charter that is not labelled `test-data`.
pub const EXACT_LOCAL_MIN_FLOOR: u32 = 5;
/// Both floors where the charter is labelled `test-data`: parity with published figures needs
/// groups of one.
pub const TEST_DATA_FLOOR: u32 = 1;
/// Largest ρ that a charter or study may name: ρ 1,000. Beyond it the noise protects nobody.
pub const RHO_MAX: RhoMicro = RhoMicro(1_000_000_000);
/// Largest δ of a charter, in units of 10^-12: 10^-5, so at most one patient in 100,000.
pub const DELTA_PER_1E12_MAX: u64 = 10_000_000;
/// Longest life of a query that a charter may allow: 90 days.
pub const QUERY_LIFETIME_MAX: Millis = Millis(90 * Millis::DAY.0);
/// How long after the replacement of a lost key a patient's new key grants nothing: 14 days, for
/// the patient to object.
pub const REPLACEMENT_WAIT: Millis = Millis(14 * Millis::DAY.0);
/// How far ahead of a clinic's clock a grant may have been signed: 10 minutes. Beyond it one of the two clocks is wrong.
pub const CLOCK_DOUBT: Millis = Millis::seconds(600);
/// Bytes of a query's nonce.
pub const NONCE_BYTES: usize = 16;
/// Bytes of an X25519 public key.
pub const ANSWER_KEY_BYTES: usize = 32;
/// Longest query text, in bytes.
pub const QUERY_BYTES_MAX: usize = 8 << 10;
/// Most groups one plan may have.
pub const GROUPS_MAX: usize = 1_024;
/// Most bands that a number may be grouped by.
pub const BANDS_MAX: usize = 32;
/// Most cells that one group may have. No study has room for more: a cell takes many bits.
pub const BLOCKS_MAX: usize = 8_192;
/// Most predictors of one regression, as they are written; a category counts as one.
pub const PREDICTORS_MAX: usize = 8;
/// Most columns of one regression: a category has one for each value but the first.
pub const COLUMNS_OF_REGRESSION_MAX: usize = 32;
/// Most buckets of one survival curve: five years day by day.
pub const BUCKETS_MAX: i64 = 2_048;
/// Most days of one trajectory.
pub const DAYS_OF_TRAJECTORY_MAX: usize = 32;
/// Most sessions of one kind that are counted in a course: the number stands for more, too.
pub const SESSIONS_COUNTED_MAX: i64 = 200;
/// Most adverse events of one kind that are counted in a course: the number stands for more, too.
pub const EVENTS_COUNTED_MAX: i64 = 200;
/// Largest dose over all sessions of a course that is told, in milligrams: it stands for more, too.
pub const CUMULATIVE_DOSE_MG_MAX: i64 = 100_000;
/// Most input elements (bits) of one contribution in a `dp` study.
pub const ELEMENTS_MAX_DP: usize = 40_000;
/// Most input elements (bits) of one contribution in an `exact` study.
pub const ELEMENTS_MAX_EXACT: usize = 131_072;
/// Largest message between two nodes, in bytes: what one member is shown of a few thousand clinics.
pub const MESSAGE_BYTES_MAX: usize = 32 << 20;
/// Largest stored form of a role, in bytes: a query with the words of three full committees.
pub const STORED_BYTES_MAX: usize = 32 << 20;
/// Longest text of a refusal that travels, in bytes.
pub const REFUSAL_BYTES_MAX: usize = 4 << 10;
/// Most names that one sentence lists; it gives the number of the rest.
pub const NAMES_LISTED_MAX: usize = 12;
/// Most queries that a member keeps of those that one clinic contributed to, for when that clinic forgets them.
pub const QUERIES_SEEN_MAX: usize = 512;
/// Most numbered messages that a member keeps of one other node as they were signed.
pub const MESSAGES_SEEN_MAX: usize = 4;
/// Most patients one clinic may hold.
pub const PATIENTS_MAX: u64 = 10_000_000;
/// Bytes of one element of the field that contributions are shared in.
pub const FIELD_BYTES: usize = 8;

// A survival curve, of two bins a bucket and one of those behind it, fits a group.
const _: () = assert!((BUCKETS_MAX + 1) * 2 < BLOCKS_MAX as i64);
// A dictionary fits its charter with room for everything else.
const _: () = assert!(DICTIONARY_BYTES_MAX * 2 < DOCUMENT_BYTES_MAX);
// Even the looser floor shows nobody's figure where there is nobody.
const _: () = assert!(TEST_DATA_FLOOR >= 1 && EXACT_LOCAL_MIN_FLOOR <= COHORT_MIN_FLOOR);
// An `exact` study with every planned query at full length fits its document.
const _: () = assert!(PLANNED_QUERIES_MAX * (QUERY_BYTES_MAX + 64) + LAY_TEXT_BYTES_MAX < DOCUMENT_BYTES_MAX);
// The largest share of a contribution fits one message with room for its envelope.
const _: () = assert!(ELEMENTS_MAX_EXACT * FIELD_BYTES * 2 < MESSAGE_BYTES_MAX);
// A document, base64 in its envelope, fits one message.
const _: () = assert!(DOCUMENT_BYTES_MAX * 2 < MESSAGE_BYTES_MAX);
// A query's study, its committees' manifests, its answers and every clinic's refusal fit a stored form.
const _: () = assert!(
    2 * DOCUMENT_BYTES_MAX
        + COMMITTEE_MAX * 2 * (Kind::Manifest.payload_bytes_max() + Kind::Share.payload_bytes_max())
        + MEMBERS_MAX * 2 * REFUSAL_BYTES_MAX
        < STORED_BYTES_MAX
);
// All that a member can say of a node fits its document: two digests and three numbers a query, and the newest upload.
const _: () =
    assert!(QUERIES_SEEN_MAX * 256 + 2 * Kind::Upload.payload_bytes_max() < Kind::Recovery.payload_bytes_max());
