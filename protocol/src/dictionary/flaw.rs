//! What can be wrong with a dictionary's text.

use crate::limits::DICTIONARY_BYTES_MAX;

use super::RANGE_MAX;
use super::name::NAME_BYTES_MAX;
use super::reading::PLACEHOLDER;

/// A dictionary that cannot be used, with the line to look at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {flaw}")]
#[non_exhaustive]
pub struct DictionaryError {
    /// Line of the text, from 1.
    pub line: usize,
    /// What is wrong there.
    pub flaw: DictionaryFlaw,
}

impl DictionaryError {
    /// Never reworded once released; scripts match on it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.flaw.code()
    }

    /// What the author of the dictionary can do.
    #[must_use]
    pub fn remedy(&self) -> String {
        self.flaw.remedy()
    }
}

/// What is wrong with one line of a dictionary.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DictionaryFlaw {
    /// Longer than a charter can hold.
    #[error("the dictionary has {bytes} bytes, where a charter holds {DICTIONARY_BYTES_MAX}")]
    TooLong {
        /// Length of the text.
        bytes: usize,
    },
    /// Not TOML, a key that does not exist, or a value of the wrong type.
    #[error("{message}")]
    Shape {
        /// The TOML reader's own words.
        message: String,
    },
    /// A name that no question could write.
    #[error("`{id}` cannot be a name in questions")]
    Unnameable {
        /// The name as written.
        id: String,
    },
    /// A name that would point at a person, a place or a day.
    #[error("`{id}` would name a person, a place or a date")]
    Identifying {
        /// The name as written.
        id: String,
    },
    /// Two names that differ in capitals, hyphens or underscores at most.
    #[error("`{id}` is the same name as `{first}` on line {first_line}")]
    NameTwice {
        /// The later name.
        id: String,
        /// The earlier name.
        first: String,
        /// Where the earlier one stands.
        first_line: usize,
    },
    /// Two codes of one list that differ in capitals, hyphens or underscores at most.
    #[error("`{id}` is the code of {what} already")]
    CodeTwice {
        /// The later code.
        id: String,
        /// What the list holds.
        what: &'static str,
    },
    /// A value that a draft leaves open.
    #[error("`{key}` of `{id}` is still to be filled in")]
    Unfilled {
        /// Whose value.
        id: String,
        /// Which key.
        key: String,
    },
    /// A comment of a draft that tells what was seen in records.
    #[error("the comment tells what was seen in records")]
    Seen,
    /// A range that is empty or upside down.
    #[error("`{id}` goes from {min} to {max}")]
    Range {
        /// Whose range.
        id: String,
        /// Lower end.
        min: i64,
        /// Upper end.
        max: i64,
    },
    /// A range too wide for sums of squares.
    #[error("`{id}` has a range of {width}, where at most {RANGE_MAX} can be summed")]
    RangeTooWide {
        /// Whose range.
        id: String,
        /// max − min.
        width: u64,
    },
    /// A value that its own range, direction or form forbids.
    #[error("`{key}` of `{id}` {fault}")]
    Value {
        /// Whose value.
        id: String,
        /// Which key.
        key: &'static str,
        /// What is wrong with it, as the rest of a sentence.
        fault: String,
        /// What to write instead.
        remedy: &'static str,
    },
    /// A key that the field's type needs.
    #[error("`{id}` has no `{key}`")]
    Missing {
        /// Whose key.
        id: String,
        /// Which key.
        key: &'static str,
    },
    /// A key that the field's type does not have.
    #[error("`{key}` means nothing for `{id}`, which is a {kind}")]
    Misplaced {
        /// Whose key.
        id: String,
        /// Which key.
        key: &'static str,
        /// The field's type.
        kind: &'static str,
    },
}

impl DictionaryFlaw {
    /// Never reworded once released; scripts match on it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "dictionary-too-long",
            Self::Shape { .. } => "dictionary-shape",
            Self::Unnameable { .. } => "dictionary-unnameable",
            Self::Identifying { .. } => "dictionary-identifying",
            Self::NameTwice { .. } => "dictionary-name-twice",
            Self::CodeTwice { .. } => "dictionary-code-twice",
            Self::Unfilled { .. } => "dictionary-unfilled",
            Self::Seen => "dictionary-seen",
            Self::Range { .. } => "dictionary-range",
            Self::RangeTooWide { .. } => "dictionary-range-too-wide",
            Self::Value { .. } => "dictionary-value",
            Self::Missing { .. } => "dictionary-missing-key",
            Self::Misplaced { .. } => "dictionary-misplaced-key",
        }
    }

    /// What the author of the dictionary can do.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::TooLong { bytes } => {
                format!("shorten it by {} bytes", bytes.saturating_sub(DICTIONARY_BYTES_MAX))
            }
            Self::Shape { .. } => "correct the line: numbers are whole, in units of 10^-decimals; \
                                   keys that are not in the guide are refused"
                .to_owned(),
            Self::Unnameable { .. } => format!(
                "use a letter, then letters, digits, `_` or `-`, at most {NAME_BYTES_MAX} in all, and no word \
                 of the question language such as `group` or `null`"
            ),
            Self::Identifying { .. } => "leave it out, or rename it if it is a closed clinical category".to_owned(),
            Self::NameTwice { first, .. } => format!("rename one; `{first}` is taken in every spelling"),
            Self::CodeTwice { .. } => "rename one, or keep it once; every spelling of a code is taken".to_owned(),
            Self::Unfilled { key, .. } => match key.as_str() {
                "min" | "max" => "write the end of what can be by definition, never the end of what was seen: bounds \
                                  that follow records give them away"
                    .to_owned(),
                "unit" => "write the unit, as in `kg`, or delete the line".to_owned(),
                _ => format!("decide, and write it in place of `{PLACEHOLDER}`"),
            },
            Self::Seen => {
                "delete it once the bounds are written: a dictionary is signed and read by everybody".to_owned()
            }
            Self::Range { .. } => "give a `min` below the `max`".to_owned(),
            Self::RangeTooWide { .. } => "use fewer `decimals` or a narrower range".to_owned(),
            Self::Value { remedy, .. } => (*remedy).to_owned(),
            Self::Missing { key, .. } => format!("add `{key} = …`"),
            Self::Misplaced { key, .. } => format!("remove `{key}`, or change the `type`"),
        }
    }
}
