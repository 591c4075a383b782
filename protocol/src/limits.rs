//! Every limit of the protocol, in one place, related to each other by compile-time checks.

/// Largest signed document's payload, in bytes.
pub const DOCUMENT_BYTES_MAX: usize = 1 << 20;
/// Deepest nesting of objects and lists inside a signed document.
pub const DOCUMENT_DEPTH_MAX: usize = 16;
/// Most signatures one envelope may carry.
pub const SIGNATURES_MAX: usize = 64;
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
/// Longest query text, in bytes.
pub const QUERY_BYTES_MAX: usize = 8 << 10;
/// Most groups one plan may have.
pub const GROUPS_MAX: usize = 1_024;
/// Most input elements (bits) of one contribution in a `dp` study.
pub const ELEMENTS_MAX_DP: usize = 40_000;
/// Most input elements (bits) of one contribution in an `exact` study.
pub const ELEMENTS_MAX_EXACT: usize = 131_072;
/// Largest framed message between two nodes, in bytes.
pub const MESSAGE_BYTES_MAX: usize = 4 << 20;
/// Most patients one clinic may hold.
pub const PATIENTS_MAX: u64 = 10_000_000;
/// Bytes of one element of the field that contributions are shared in.
pub const FIELD_BYTES: usize = 8;

// A dictionary fits its charter with room for everything else.
const _: () = assert!(DICTIONARY_BYTES_MAX * 2 < DOCUMENT_BYTES_MAX);
// The largest share of a contribution fits one message with room for its envelope.
const _: () = assert!(ELEMENTS_MAX_EXACT * FIELD_BYTES * 2 < MESSAGE_BYTES_MAX);
// A document, base64 in its envelope, fits one message.
const _: () = assert!(DOCUMENT_BYTES_MAX * 2 < MESSAGE_BYTES_MAX);
