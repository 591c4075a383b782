//! What can be wrong with a question.

use std::ops::Range;

use crate::limits::{BLOCKS_MAX, GROUPS_MAX, QUERY_BYTES_MAX};

mod remedy;

/// A question that cannot be asked: where, why, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{flaw}")]
#[non_exhaustive]
pub struct QuestionError {
    /// The place in the question's text, in bytes.
    pub span: Range<usize>,
    /// What is wrong there.
    pub flaw: Flaw,
}

impl QuestionError {
    pub(super) const fn at(span: Range<usize>, flaw: Flaw) -> Self {
        Self { span, flaw }
    }

    /// Never reworded once released; scripts match on it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.flaw.code()
    }

    /// What to write instead.
    #[must_use]
    pub fn remedy(&self) -> String {
        self.flaw.remedy()
    }
}

/// What is wrong with a question. In the fields, names and texts are as they were written, `near` is
/// a known name that may have been meant, `usage` an example of the function.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the fields are the operands of the sentence above each variant")]
pub enum Flaw {
    /// Longer than a signed query may carry.
    #[error("the question has {bytes} bytes, where {QUERY_BYTES_MAX} are allowed")]
    TooLong { bytes: usize },
    /// Nothing but spaces and comments.
    #[error("the question is empty")]
    Empty {},
    /// A character outside printable ASCII: it could look like another one to whoever approves.
    #[error("the character {shown} cannot stand in a question")]
    Character { shown: String, instead: Option<char> },
    /// A quote or comment without an end, or a sign that means nothing.
    #[error("{message}")]
    Unreadable { message: String },
    /// Parentheses too deep to follow.
    #[error("parentheses are nested deeper than {most}")]
    TooDeep { most: usize },
    /// More words and signs than the longest useful question has.
    #[error("the question has more than {most} words and signs")]
    TooManyWords { most: usize },
    /// Not the order of words that a question has.
    #[error("{message}")]
    Syntax { message: String },
    /// Something behind the end.
    #[error("a second statement stands behind the question")]
    SecondStatement {},
    /// A word of SQL that no question has.
    #[error("`{word}` has no place in a question")]
    RefusedWord { word: String, instead: &'static str },
    /// An expression that the dialect does not have.
    #[error("{what} has no place in a question")]
    Unsupported { what: &'static str },
    /// A sum or difference of names and numbers.
    #[error("there is no arithmetic in questions")]
    Arithmetic {},
    /// `SELECT *`.
    #[error("`*` would select records, and a question selects totals")]
    Star {},
    /// No `FROM`.
    #[error("the question does not say FROM courses")]
    NoFrom {},
    /// Another table than `courses`, or a second one.
    #[error("there is no table `{name}`")]
    NoSuchTable { name: String },
    /// Something in the `SELECT` list that is no total.
    #[error("{what} is not a total over courses")]
    NotAnEstimate { what: &'static str },
    /// A field in the `SELECT` list by which the question is grouped anyway.
    #[error("`{name}` is a group, not a total")]
    GroupSelected { name: String },
    /// A name that would point at a person, a place or a day.
    #[error("`{word}`: no question can name a patient, a clinic or a date")]
    Identifying { word: String },
    /// A name that the dictionary does not have.
    #[error("`{name}` is not a name of the dictionary")]
    UnknownName { name: String, near: Option<String>, fields: Vec<String>, instruments: Vec<String> },
    /// A function that the dialect does not have.
    #[error("`{name}` is not a function of questions")]
    UnknownFunction { name: String, near: Option<String> },
    /// A function that noise would leave nothing of.
    #[error("`{function}` is answered in exact studies only")]
    ExactOnly { function: String },
    /// A total that stands beside others, and may not.
    #[error("`{name}` stands beside other totals")]
    NotAlone { name: String },
    /// A function of other dialects.
    #[error("`{name}` is not a function of questions")]
    OtherDialect { name: String, instead: &'static str },
    /// Something of another kind than the place asks for.
    #[error("{what} stands where {wanted} belongs")]
    WrongKind { what: String, wanted: &'static str, instead: String },
    /// A code that a closed category does not have.
    #[error("`{value}` is not a value of `{field}`")]
    UnknownValue { value: String, field: String, near: Option<String>, known: Vec<String> },
    /// The code for what is not known.
    #[error("`unknown` in `{field}` counts as missing, so nothing can ask for it")]
    AskedForUnknown { field: String },
    /// An argument that the function needs.
    #[error("`{function}` needs `{argument}`")]
    MissingArgument { function: String, argument: &'static str, usage: &'static str },
    /// An argument that the function does not have.
    #[error("`{function}` has no argument `{argument}`")]
    UnknownArgument { function: String, argument: String, near: Option<String>, usage: &'static str },
    /// One argument twice.
    #[error("`{argument}` stands twice")]
    ArgumentTwice { argument: String },
    /// An argument without its name, or one too many.
    #[error("`{function}` takes {most} argument(s) without a name")]
    TooManyArguments { function: String, most: usize, usage: &'static str },
    /// A number that is none, or none that is kept.
    #[error("`{text}` is not a number that can stand here")]
    NotANumber { text: String },
    /// More decimal places than the measure has.
    #[error("`{text}` has more decimal places than `{of}`, which has {decimals}")]
    TooPrecise { text: String, of: String, decimals: u8 },
    /// A number that the measure can never be.
    #[error("{value} is outside {min} to {max}, the range of {of}")]
    OutOfRange { value: String, of: String, min: String, max: String },
    /// A window that does not hold its target day.
    #[error("day {day} is not within {from} to {to}")]
    Window { day: i64, from: i64, to: i64 },
    /// A window in which the baseline could be taken for the endpoint.
    #[error("a window from day {from} holds days before or of the first dose")]
    WindowBeforeTreatment { from: i64 },
    /// Bounds that leave nothing between them.
    #[error("clipping to {low} … {high} leaves nothing of the range {min} … {max}")]
    EmptyClip { low: String, high: String, min: String, max: String },
    /// A rule that neither question nor dictionary states.
    #[error("the dictionary has no {rule} rule for `{instrument}`")]
    NoRule { rule: &'static str, instrument: String, usage: &'static str },
    /// A rule against, or without, a direction of recovery.
    #[error("`{instrument}` {reason}")]
    NoDirection { instrument: String, reason: &'static str, instead: &'static str },
    /// An instrument that rates change itself.
    #[error("`{instrument}` rates change since treatment began, so it has no baseline")]
    NoBaseline { instrument: String },
    /// The score of a day of an instrument that asks about one session.
    #[error("`{instrument}` asks about one session, so no day has a score of it")]
    OfSession { instrument: String },
    /// The peak of an instrument that no session has.
    #[error("`{instrument}` is answered on a day, so no session has a score of it")]
    OfDay { instrument: String },
    /// A word that is none of those that can stand there.
    #[error("`{name}` is not {wanted}")]
    UnknownWord { name: String, wanted: &'static str, near: Option<String>, known: Vec<String> },
    /// A function of sessions, where the dictionary has none.
    #[error("`{function}` needs sessions, and the dictionary has none")]
    NoSessions { function: String },
    /// Bands that do not follow each other, or too many.
    #[error("the bounds of bands must rise: {text}")]
    Bands { text: String },
    /// More cells in a group than any study has room for.
    #[error("the question needs {cells} or more cells a group, where {BLOCKS_MAX} are allowed")]
    TooManyCells { cells: usize },
    /// One variable twice in a correlation or regression.
    #[error("`{name}` stands in one estimate twice")]
    SameTwice { name: String },
    /// More columns than a regression may have.
    #[error("the regression has {columns} columns, where {most} are allowed")]
    TooManyColumns { columns: usize, most: usize },
    /// Days of a trajectory that do not rise.
    #[error("the days of a trajectory must rise: {text}")]
    DaysFall { text: String },
    /// More bands than a question may group by.
    #[error("{got} bands, where {most} are allowed")]
    TooManyBands { got: usize, most: usize },
    /// The mean of levels.
    #[error("`{instrument}` has levels and no total, so its mean means nothing")]
    Levels { instrument: String },
    /// More fields after `GROUP BY` than three.
    #[error("{got} fields to group by, where {most} are allowed")]
    TooManyGroupings { got: usize, most: usize },
    /// One field twice after `GROUP BY`.
    #[error("`{name}` is grouped by twice")]
    GroupTwice { name: String },
    /// More combinations of values than a plan may have.
    #[error("the question makes {groups} groups, where {GROUPS_MAX} are allowed")]
    TooManyGroups { groups: usize },
    /// A longer `SELECT` list than an answer can hold.
    #[error("more than {most} totals are asked for")]
    TooManyEstimates { most: usize },
    /// Two totals of one name.
    #[error("two totals are called `{name}`")]
    NameTwice { name: String },
    /// A name after `AS` that could not be shown.
    #[error("a total cannot be called `{name}`")]
    BadName { name: String },
}
