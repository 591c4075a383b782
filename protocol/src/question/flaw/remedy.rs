//! For each flaw its stable code, and what to write instead.

use crate::dictionary::listed;
use crate::limits::{GROUPS_MAX, QUERY_BYTES_MAX};

use super::Flaw;
use crate::question::words;

const ALLOWED: &str = "use names, numbers, 'codes', functions, comparisons, IN, BETWEEN, AND, OR and NOT";
const NO_ARITHMETIC: &str = "use `change` and `clip`; a name with a hyphen is written without it, `PHQ-9` as `phq9`";

impl Flaw {
    /// Never reworded once released; scripts match on it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "question-too-long",
            Self::Empty {} => "empty",
            Self::Character { .. } => "character",
            Self::Unreadable { .. } => "unreadable",
            Self::TooDeep { .. } => "too-deep",
            Self::TooManyWords { .. } => "too-many-words",
            Self::Syntax { .. } => "syntax",
            Self::SecondStatement {} => "second-statement",
            Self::RefusedWord { .. } => "refused-word",
            Self::Unsupported { .. } => "unsupported",
            Self::Arithmetic {} => "arithmetic",
            Self::Star {} => "star",
            Self::NoFrom {} => "no-from",
            Self::NoSuchTable { .. } => "no-such-table",
            Self::NotAnEstimate { .. } => "not-an-estimate",
            Self::GroupSelected { .. } => "group-selected",
            Self::Identifying { .. } => "identifying",
            Self::UnknownName { .. } => "unknown-name",
            Self::UnknownFunction { .. } => "unknown-function",
            Self::ExactOnly { .. } => "exact-only",
            Self::NotAlone { .. } => "not-alone",
            Self::OtherDialect { .. } => "other-dialect",
            Self::WrongKind { .. } => "wrong-kind",
            Self::UnknownValue { .. } => "unknown-value",
            Self::AskedForUnknown { .. } => "asked-for-unknown",
            Self::MissingArgument { .. } => "missing-argument",
            Self::UnknownArgument { .. } => "unknown-argument",
            Self::ArgumentTwice { .. } => "argument-twice",
            Self::TooManyArguments { .. } => "too-many-arguments",
            Self::NotANumber { .. } => "not-a-number",
            Self::TooPrecise { .. } => "too-precise",
            Self::OutOfRange { .. } => "out-of-range",
            Self::Window { .. } => "window",
            Self::WindowBeforeTreatment { .. } => "window-before-treatment",
            Self::EmptyClip { .. } => "empty-clip",
            Self::NoRule { .. } => "no-rule",
            Self::NoDirection { .. } => "no-direction",
            Self::NoBaseline { .. } => "no-baseline",
            Self::OfSession { .. } => "of-session",
            Self::OfDay { .. } => "of-day",
            Self::UnknownWord { .. } => "unknown-word",
            Self::NoSessions { .. } => "no-sessions",
            Self::Bands { .. } => "bands",
            Self::TooManyCells { .. } => "too-many-cells",
            Self::SameTwice { .. } => "same-twice",
            Self::TooManyColumns { .. } => "too-many-columns",
            Self::DaysFall { .. } => "days-fall",
            Self::TooManyBands { .. } => "too-many-bands",
            Self::Levels { .. } => "levels",
            Self::TooManyGroupings { .. } => "too-many-groupings",
            Self::GroupTwice { .. } => "group-twice",
            Self::TooManyGroups { .. } => "too-many-groups",
            Self::TooManyEstimates { .. } => "too-many-estimates",
            Self::NameTwice { .. } => "name-twice",
            Self::BadName { .. } => "bad-name",
        }
    }

    /// What to write instead.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::TooLong { bytes } => format!("shorten it by {} bytes", bytes.saturating_sub(QUERY_BYTES_MAX)),
            Self::Empty {} => "write, for example, `SELECT count(*) FROM courses`".to_owned(),
            Self::Character { instead: Some(plain), .. } => format!("write `{plain}`"),
            Self::Character { instead: None, .. } => "use plain ASCII letters, digits and signs".to_owned(),
            Self::Unreadable { .. } => "close what is open here, and use plain quotes: `'…'`".to_owned(),
            Self::TooDeep { .. } => "write it with fewer parentheses".to_owned(),
            Self::TooManyWords { .. } => "ask several questions".to_owned(),
            Self::Syntax { .. } => "a question reads: SELECT … FROM courses [WHERE …] [GROUP BY …]".to_owned(),
            Self::SecondStatement {} => "ask one question at a time".to_owned(),
            Self::RefusedWord { instead, .. }
            | Self::OtherDialect { instead, .. }
            | Self::NoDirection { instead, .. } => (*instead).to_owned(),
            Self::Unsupported { .. } => ALLOWED.to_owned(),
            Self::Arithmetic {} => NO_ARITHMETIC.to_owned(),
            Self::Star {} => "write `count(*)`, `mean(…)` or `rate(…)`".to_owned(),
            Self::NoFrom {} => "write `FROM courses` behind the SELECT list".to_owned(),
            Self::NoSuchTable { .. } => "write `FROM courses`, once and without another name".to_owned(),
            Self::NotAnEstimate { .. } => format!("select only totals: {}", words::ESTIMATES.join(", ")),
            Self::GroupSelected { .. } => "leave it out: every group of the answer carries its key".to_owned(),
            Self::Identifying { .. } => "leave it out; filter and group by fields of the dictionary".to_owned(),
            Self::UnknownName { near, fields, instruments, .. } => {
                meant(near.as_ref(), &there_are(fields, instruments))
            }
            Self::UnknownFunction { near, .. } => meant(near.as_ref(), &there_are_functions()),
            Self::ExactOnly { .. } => "use `linear(…)`, or compare groups with `rate(…)` and GROUP BY".into(),
            Self::NotAlone { .. } => "ask each round of a logistic regression as a question of its own".into(),
            Self::WrongKind { instead, .. } => instead.clone(),
            Self::UnknownValue { near: Some(near), .. } => format!("did you mean `'{near}'`?"),
            Self::UnknownValue { known, .. } => format!("its values are {}", listed(known, "'")),
            Self::AskedForUnknown { .. } => "leave it out: what is missing meets no condition".to_owned(),
            Self::MissingArgument { usage, .. }
            | Self::TooManyArguments { usage, .. }
            | Self::NoRule { usage, .. }
            | Self::UnknownArgument { near: None, usage, .. } => format!("write `{usage}`"),
            Self::UnknownArgument { near: Some(near), .. } => format!("did you mean `{near}`?"),
            Self::NotANumber { .. } => "write digits, with a point before decimals".to_owned(),
            Self::TooPrecise { decimals: 0, .. } => "write a whole number".to_owned(),
            Self::TooPrecise { decimals, .. } => format!("write at most {decimals} decimal places"),
            Self::OutOfRange { min, max, .. } => format!("write a number from {min} to {max}"),
            Self::Window { .. } => "write `from` at most `day`, and `to` at least `day`".to_owned(),
            Self::WindowBeforeTreatment { .. } => {
                "begin the window at day 1 or later, or the baseline could count as the endpoint".to_owned()
            }
            Self::EmptyClip { .. } => "write the lower bound first, and both around a part of the range".to_owned(),
            Self::NoBaseline { .. } => "use `score(…)` or `remission(…)`".to_owned(),
            Self::OfSession { .. } => "name an instrument that is answered on a day".to_owned(),
            Self::OfDay { .. } => "use `score(…)`; `peak(…)` is for instruments that ask about one session".to_owned(),
            Self::UnknownWord { near, known, .. } if known.is_empty() => {
                meant(near.as_ref(), "the dictionary has none")
            }
            Self::UnknownWord { near, known, .. } => meant(near.as_ref(), &format!("there are {}", listed(known, ""))),
            Self::NoSessions { .. } => "use fields and instruments of the dictionary".to_owned(),
            Self::Bands { .. } => "write each bound once, the lowest first: `band(age, 18, 30, 45, 65)`".to_owned(),
            Self::TooManyCells { .. } => {
                "ask for wider bins, or clip to a narrower range: `clip(x, lo, hi)`".to_owned()
            }
            Self::TooManyColumns { .. } => "drop a category with many values, or filter it with WHERE".to_owned(),
            Self::DaysFall { .. } => "write each day once, the earliest first: `days => (0, 7, 14, 28)`".to_owned(),
            Self::TooManyBands { most, .. } => format!("write at most {} bounds", most.saturating_sub(1)),
            Self::Levels { .. } => "count who is at or below a level: `rate(remission(…, at_most => 1))`".to_owned(),
            Self::TooManyGroupings { most, .. } => format!("keep the {most} that matter most"),
            Self::ArgumentTwice { .. } | Self::GroupTwice { .. } | Self::SameTwice { .. } => "write it once".to_owned(),
            Self::TooManyGroups { groups } => {
                format!("drop a field: there are {} times as many groups as allowed", groups.div_ceil(GROUPS_MAX))
            }
            Self::TooManyEstimates { most } => format!("ask for at most {most} in one question"),
            Self::NameTwice { .. } => "give one another name: `… AS name`".to_owned(),
            Self::BadName { .. } => "use a word of at most 64 letters, digits and `_`".to_owned(),
        }
    }
}

fn there_are_functions() -> String {
    let kinds = [&words::ESTIMATES[..], &words::NUMBERS, &words::YES_NO, &words::GROUPS];
    format!("there are {}", kinds.map(|names| names.join(", ")).join("; "))
}

fn meant(near: Option<&String>, otherwise: &str) -> String {
    near.map_or_else(|| otherwise.to_owned(), |name| format!("did you mean `{name}`?"))
}

/// The names that a question can use, where none of them is near.
fn there_are(fields: &[String], instruments: &[String]) -> String {
    let kinds = [("fields", fields), ("instruments", instruments)].into_iter().filter(|(_, names)| !names.is_empty());
    let kinds: Vec<String> = kinds.map(|(kind, names)| format!("its {kind} are {}", listed(names, ""))).collect();
    if kinds.is_empty() { "the dictionary has no names yet".to_owned() } else { kinds.join("; ") }
}
