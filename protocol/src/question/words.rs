//! Words that have a meaning of their own: clauses of SQL that questions do not have, names that
//! would point at somebody, and functions that are still to come.

use crate::dictionary::fold;

/// Words of SQL that no question has, and what to do without them.
const REFUSED: [(&[&str], &str); 13] = [
    (&["distinct", "all"], "leave it out: each course counts once, and each patient with a fixed number of courses"),
    (
        &["join", "inner", "outer", "left", "right", "full", "cross", "natural", "using", "on", "lateral"],
        "leave it out: `courses` is all there is, and nothing can be joined to it",
    ),
    (&["union", "intersect", "except", "minus"], "ask one question at a time"),
    (&["having"], "filter courses with WHERE; groups are held back by their size alone"),
    (
        &["order", "limit", "offset", "fetch", "top", "sort"],
        "leave it out: every group is answered, in the dictionary's order",
    ),
    (&["with", "into", "values", "table", "only"], "begin with SELECT and write everything in one place"),
    (&["over", "window", "qualify", "filter", "partition"], "filter with WHERE and group with GROUP BY"),
    (
        &["case", "cast", "convert", "try_cast", "extract", "substring", "trim", "position", "collate"],
        "values are used as they are recorded; use `clip`, `response` or `remission`",
    ),
    (&["like", "ilike", "rlike", "regexp", "similar", "glob", "match"], "write the codes out: `field IN ('a', 'b')`"),
    (&["is", "null"], "leave it out: a missing value meets no condition, and not its opposite either"),
    (&["exists", "any", "some", "overlaps"], "write the condition on the course itself"),
    (
        &["insert", "update", "delete", "drop", "create", "alter", "merge", "truncate", "explain", "describe", "show"],
        "begin with SELECT: questions read, and only totals",
    ),
    (&["rollup", "cube", "grouping", "sets"], "list one to three fields after GROUP BY"),
];

/// What to do without a word of SQL that no question has.
pub(super) fn refused(word: &str) -> Option<&'static str> {
    let word = word.to_ascii_lowercase();
    REFUSED.iter().find(|(words, _)| words.contains(&word.as_str())).map(|(_, remedy)| *remedy)
}

/// Words that structure a question.
pub(super) fn is_structure(word: &str) -> bool {
    const STRUCTURE: [&str; 14] =
        ["select", "from", "where", "group", "by", "and", "or", "not", "in", "between", "as", "true", "false", "xor"];
    STRUCTURE.contains(&word.to_ascii_lowercase().as_str())
}

/// Names that would point at a person, a place or a day, folded.
const IDENTIFYING: [&str; 34] = [
    "patient",
    "patients",
    "patientid",
    "patientkey",
    "person",
    "personid",
    "subject",
    "subjectid",
    "pseudonym",
    "mrn",
    "name",
    "firstname",
    "lastname",
    "id",
    "courseid",
    "recordid",
    "clinic",
    "clinics",
    "clinicid",
    "site",
    "siteid",
    "sites",
    "operator",
    "hospital",
    "member",
    "investigator",
    "date",
    "birthdate",
    "dateofbirth",
    "startdate",
    "enddate",
    "timestamp",
    "datetime",
    "interval",
];

/// Whether a folded name would point at a person, a place or a day.
pub(crate) fn is_identifying(folded: &str) -> bool {
    IDENTIFYING.contains(&folded)
}

/// Functions of the dialect.
pub(super) const ESTIMATES: [&str; 15] = [
    "count",
    "mean",
    "rate",
    "sum",
    "variance",
    "stddev",
    "median",
    "quantile",
    "histogram",
    "trajectory",
    "correlation",
    "linear",
    "logistic",
    "survival",
    "events_per",
];
pub(super) const NUMBERS: [&str; 9] =
    ["baseline", "score", "change", "pct_change", "clip", "sessions", "dose_mg_per_kg", "cumulative_dose_mg", "peak"];
pub(super) const YES_NO: [&str; 6] = ["response", "remission", "deteriorated", "reliable_change", "event", "missing"];
/// What `GROUP BY` takes besides fields.
pub(super) const GROUPS: [&str; 1] = ["band"];

/// What to use instead of a function that other dialects have.
pub(super) fn instead_of(name: &str) -> Option<&'static str> {
    match fold(name).as_str() {
        "avg" | "average" => Some("use `mean(…)`"),
        "min" | "max" | "minimum" | "maximum" | "first" | "last" | "anyvalue" => {
            Some("leave it out: a smallest or largest value is one patient's; use `mean(…)`")
        }
        "percent" | "share" | "proportion" => Some("use `rate(…)`"),
        "least" | "greatest" => Some("use `clip(x, low, high)`"),
        _ => None,
    }
}
