//! What can be asked, for whoever writes a question.

use super::{line, prose, texts};
use crate::command::columns::{Column, Columns, Kind};

/// A table for each kind of thing, and below it how a question asks for one of them.
pub(crate) fn columns(columns: &Columns) {
    prose(&format!("{}, version {}", columns.dictionary, columns.version), "  ");
    for (kind, heading) in HEADINGS {
        let of_kind: Vec<&Column> = columns.columns.iter().filter(|column| column.kind == kind).collect();
        let Some(first) = of_kind.first() else { continue };
        line("");
        texts([heading, "may be", "read with"], of_kind.iter().map(|column| row(column)));
        // The fullest example of its kind shows most of what can be asked.
        let example = of_kind.iter().max_by_key(|column| column.ask.len()).unwrap_or(first);
        line(&format!("asked as, for `{}`:", example.name));
        example.ask.iter().for_each(|asked| line(&format!("  {asked}")));
    }
    if columns.columns.is_empty() {
        line("nothing: this dictionary has no column of the study's categories");
    }
    line("");
    prose(
        &format!(
            "Days count from the first dose, up to {}: `day` is the one that is meant, `from` and `to` are the first and \
             the last that may stand for it. Names are written without hyphens. GROUP BY takes categories, and numbers in bands: `band(age, 18, 30, 45, 65)`. \
             `sumac explain` says what a question costs before it is asked.",
            columns.days_max
        ),
        "",
    );
}

/// One thing that can be asked about.
fn row(column: &Column) -> [String; 3] {
    let unit = column.unit.as_deref().map(|unit| format!(" {unit}")).unwrap_or_default();
    let range = column.range.as_ref().map(|[low, high]| format!("{low} to {high}{unit}"));
    let yes_no = matches!(column.kind, Kind::Flag).then(|| "yes, no".to_owned());
    let held = range.or(yes_no).unwrap_or_else(|| column.values.join(", "));
    [column.name.clone(), held, column.category.to_string()]
}

/// What stands above each kind, in the order in which they are shown.
const HEADINGS: [(Kind, &str); 9] = [
    (Kind::Score, "instrument"),
    (Kind::SessionScore, "instrument, of one session"),
    (Kind::Category, "category"),
    (Kind::Flag, "yes or no"),
    (Kind::Number, "number"),
    (Kind::Sessions, "sessions, counted"),
    (Kind::Doses, "doses"),
    (Kind::Event, "adverse event"),
    (Kind::WaitedFor, "waited for"),
];
