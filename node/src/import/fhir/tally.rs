//! What became of every resource, counted.

use std::collections::BTreeMap;
use std::fmt;

use super::limits::{CODES_NAMED_MAX, KINDS_NAMED_MAX};

/// What an import came to. Holds no record; codes that are counted repeat the files' text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use = "it says what was not read"]
#[non_exhaustive]
pub struct FhirTold {
    /// Files that were read.
    pub files: u64,
    /// Passes that were made over them, so that one pass's patients fit the memory.
    pub passes: u64,
    /// Resources in them.
    pub resources: u64,
    /// Patients whose records were handed over.
    pub patients: u64,
    /// Elements, resources, courses and patients that were left out, each with a reject.
    pub rejects: u64,
    /// Resources of which something was taken, by type.
    pub taken: BTreeMap<String, u64>,
    /// Resources of which nothing was taken although nothing is wrong with them, by type and reason.
    pub aside: BTreeMap<(String, Aside), u64>,
    /// Codes that the dictionary does not have, by what they are: kept as `unknown` where a record
    /// has a place for that.
    pub unknown: BTreeMap<(String, String), u64>,
    /// Searches of which a next page exists. Whether it is among the files nobody can tell.
    pub open_pages: u64,
}

/// Why nothing was taken of a sound resource. Complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "complete: readers list them all")]
pub enum Aside {
    /// Records hold nothing of this type.
    OtherType,
    /// A consent. What a patient allows is signed with the patient's own key, never imported.
    Consent,
    /// It is planned, stopped, or entered in error.
    Status,
    /// Its codes are none of the dictionary's.
    NoKnownCode,
    /// It stands in the files more than once.
    Repeated,
    /// It only holds others together.
    Frame,
    /// It says that its value is not known.
    NoValue,
    /// It belongs to no session.
    NoSession,
    /// It belongs to no course, or to one that was left out.
    NoCourse,
}

impl Aside {
    /// The end of a sentence that begins with the type.
    const fn says(self) -> &'static str {
        match self {
            Self::OtherType => "records hold nothing of this type",
            Self::Consent => "consent is signed by the patient, never imported",
            Self::Status => "planned, stopped or entered in error",
            Self::NoKnownCode => "none of the dictionary's codes",
            Self::Repeated => "the same again",
            Self::Frame => "only holds others together",
            Self::NoValue => "says that its value is not known",
            Self::NoSession => "belongs to no session",
            Self::NoCourse => "belongs to no course that was kept",
        }
    }
}

impl fmt::Display for Aside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.says())
    }
}

impl FhirTold {
    /// Counts a resource of which something was taken.
    pub(super) fn take(&mut self, kind: &str) {
        let kind = named(kind, self.taken.contains_key(kind), self.taken.len());
        add(self.taken.entry(kind).or_default());
    }

    /// Counts a resource of which nothing was taken.
    pub(super) fn set_aside(&mut self, kind: &str, why: Aside) {
        let known = self.aside.contains_key(&(kind.to_owned(), why));
        let kind = named(kind, known, self.aside.len());
        add(self.aside.entry((kind, why)).or_default());
    }

    /// Counts a code that the dictionary does not have.
    pub(super) fn meet_unknown(&mut self, of: &str, code: &str) {
        let key = (of.to_owned(), code.to_owned());
        let room = self.unknown.len() < CODES_NAMED_MAX || self.unknown.contains_key(&key);
        let key = if room { key } else { (of.to_owned(), OTHERS.to_owned()) };
        add(self.unknown.entry(key).or_default());
    }
}

/// A name to count under: its own, as long as there are not too many.
fn named(kind: &str, known: bool, kinds: usize) -> String {
    let short = kind.len() <= 64 && (known || kinds < KINDS_NAMED_MAX);
    if short { kind.to_owned() } else { OTHERS.to_owned() }
}

/// One more.
fn add(count: &mut u64) {
    *count = count.saturating_add(1);
}

/// Where more different names are counted than are kept apart.
const OTHERS: &str = "others";
