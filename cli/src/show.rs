//! What people see: tables and lines on standard output, talk on standard error.
//!
//! Tables fit eighty columns. Colour and moving lines are for terminals only; what is piped is plain.

/// Every form in which an answer leaves the program.
mod answer;
/// What was asked and answered, as it is kept.
mod answers;
mod budget;
/// What a charter says, and what it changes of the one before.
mod charter;
mod columns;
/// What an operator sees of a node's own state, cohorts and patients.
mod console;
/// Shares the eighty columns and the wrapping of this module, and is set in tables.
mod dictionary;
/// Takes the teeth out of texts from elsewhere, at the one place where text is shown.
mod harmless;
mod studies;
mod study;
/// Breaks between words only, so that paths and commands can be copied whole.
mod wrap;

use std::io::Write as _;
use std::path::Path;
use std::sync::OnceLock;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use serde::Serialize;
use sumac_protocol::answer::Answer;
use sumac_protocol::explain::{Explanation, HEADINGS};
use sumac_protocol::principal::Principal;
use sumac_protocol::round::progress::{Progress, Step};

pub(crate) use answer::{Destination, answer};
pub(crate) use answers::kept;
pub(crate) use budget::{clinic_budget, study_budget};
pub(crate) use charter::{changes, founding};
pub(crate) use columns::columns;
pub(crate) use console::{cohorts, patients, status};
pub(crate) use dictionary::{Entry, dictionary, dictionary_size};
pub(crate) use harmless::one_line;
pub(crate) use studies::studies;
pub(crate) use study::{study, study_to_sign};

use crate::failure::Failure;
use harmless::{escaped, harmless};

/// A line of data, without what could mislead a terminal.
pub(crate) fn line(text: &str) {
    if let Err(why) = writeln!(std::io::stdout().lock(), "{}", harmless(text)) {
        lost(why);
    }
}

/// Data that is prose: broken between words where a line would be too wide, every later line with
/// this indent.
pub(crate) fn prose(text: &str, indent: &str) {
    wrap::rows(text, "", indent).iter().for_each(|row| line(row));
}

/// A table, in rows of at most eighty columns.
fn table(table: &mut Table) {
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH);
    table.to_string().lines().for_each(|row| line(row.trim_end()));
}

/// Rows of figures under their headings; all but the first column stand to the right.
pub(crate) fn figures<const N: usize>(headings: [&str; N], rows: impl Iterator<Item = [String; N]>) {
    let mut figures = Table::new();
    figures.load_style(presets::NOTHING).set_header(headings).add_rows(rows);
    figures.column_iter_mut().skip(1).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    table(&mut figures);
}

/// Rows of words under their headings, broken between words where eighty columns are too few.
pub(crate) fn texts<const N: usize>(headings: [&str; N], rows: impl Iterator<Item = [String; N]>) {
    let mut texts = Table::new();
    texts.load_style(presets::NOTHING).set_header(headings).add_rows(rows);
    table(&mut texts);
}

/// A line of talk. Where it would be too wide it is broken between words; what begins with a space,
/// as a command to copy does, stays one line.
pub(crate) fn talk(text: &str) {
    if text.starts_with(' ') {
        return unbroken(text);
    }
    lines(text, "", "  ");
}

/// Talk of any length, broken between words where a line would be too wide.
pub(crate) fn paragraph(text: &str) {
    lines(text, "", "");
}

/// Talk in rows of at most eighty columns: the first begins with `first`, broken ones with `rest`.
pub(crate) fn lines(text: &str, first: &str, rest: &str) {
    wrap::rows(text, first, rest).iter().for_each(|row| unbroken(row));
}

/// One row on standard error. Where nobody hears it, there is nobody to tell.
fn unbroken(row: &str) {
    if writeln!(anstream::stderr(), "{}", harmless(row)).is_err() {}
}

/// Remembers that data was lost. Whoever stopped reading does not want the rest: a closed pipe is no
/// loss.
fn lost(why: std::io::Error) {
    if why.kind() != std::io::ErrorKind::BrokenPipe {
        LOST.get_or_init(|| why);
    }
}

/// Writes out what standard output still holds back, and tells whether anything was lost: a script
/// that keeps the output must not take half of it for the whole.
pub(crate) fn all_written() -> Result<(), Failure> {
    if let Err(why) = std::io::stdout().flush() {
        lost(why);
    }
    LOST.get().map_or(Ok(()), |why| Err(Failure::file(Path::new("standard output"), why)))
}

/// Why data was lost, if any was.
static LOST: OnceLock<std::io::Error> = OnceLock::new();

/// A number of things: "1 row", "2 rows".
pub(crate) fn counted(n: u64, thing: &str) -> String {
    if n == 1 { format!("1 {thing}") } else { format!("{n} {thing}s") }
}

/// A value as one line of JSON.
pub(crate) fn json<T: Serialize>(value: &T) -> Result<(), Failure> {
    line(&json_text(value)?);
    Ok(())
}

/// The same for a file, on one line without its end.
fn json_text<T: Serialize>(value: &T) -> Result<String, Failure> {
    let text = serde_json::to_string(value).map_err(|why| Failure::bug(why.to_string()))?;
    Ok(escaped(&text))
}

/// What to know of an answer that shows nothing: that it is one, what it cost, and what to do.
pub(crate) fn held_back(answer: &Answer) {
    let least = answer.cohort_min;
    match answer.rho_micro {
        Some(rho) => {
            talk(&format!("every group was held back: none is clearly above {least} with the noise in it"));
            talk(&format!("it was asked and is paid for: each patient counted was charged {rho}"));
            talk("  to do: widen WHERE, group by less, pay more, or ask with more clinics online");
        }
        None => {
            talk(&format!("every group was held back: each has a count below {least}"));
            talk("nobody was charged: the study is exact");
            talk("  to do: ask a wider question of the study's plan, or with more clinics online");
        }
    }
}

/// How precise an answer would be.
pub(crate) fn explanation(explained: &Explanation) {
    let price = match (explained.rho_micro, explained.epsilon, explained.delta) {
        (Some(rho), Some(epsilon), Some(delta)) => {
            format!("price: {rho} for every patient counted (ε {epsilon:.3} at δ {delta:e})")
        }
        (Some(rho), ..) => format!("price: {rho} for every patient counted"),
        (None, ..) => "price: none; the study is exact and carries no differential privacy".into(),
    };
    line(&price);
    let mut rows = Table::new();
    rows.load_style(presets::NOTHING).set_header(HEADINGS);
    rows.add_rows(explained.rows());
    table(&mut rows);
    explained.advice.iter().for_each(|sentence| prose(sentence, "  "));
}

/// One line on how far a query is.
pub(crate) fn progress(progress: &Progress, names: &[(Principal, String)]) -> String {
    let name = |key: &Principal| names.iter().find(|(k, _)| k == key).map_or_else(|| key.short(), |(_, n)| n.clone());
    let step = match &progress.step {
        Step::Committing => "the committee commits to its keys".to_owned(),
        Step::Collecting => format!("clinics contribute ({} of {})", progress.uploads, progress.asked),
        Step::Freezing => "the committee fixes the batch".to_owned(),
        Step::Verifying => "the committee checks every contribution".to_owned(),
        Step::Opening => "the committee finishes its sums".to_owned(),
        Step::Voiding => "came to nothing; the committee signs so".to_owned(),
        Step::Answered { .. } => "answered".to_owned(),
        Step::Over { .. } => "over".to_owned(),
    };
    let attempt = if progress.attempt > 1 { format!("attempt {}: ", progress.attempt) } else { String::new() };
    let awaited: Vec<String> = progress.awaited.iter().map(name).collect();
    let left = progress.until.0.saturating_sub(crate::asking::now().0).div_ceil(1_000);
    waiting(&format!("{attempt}{step}"), &awaited, left)
}

/// A step and whom it waits for: as many names as the line has room for, else how many they are.
fn waiting(step: &str, awaited: &[String], left: u64) -> String {
    let line = |whom: &str| format!("{step}; waiting for {whom} (at most {left} s)");
    let fits = |line: &String| line.chars().count() <= COLUMNS;
    let first = |named: usize| {
        let names = awaited.iter().take(named).cloned().collect::<Vec<_>>().join(", ");
        match awaited.len().saturating_sub(named) {
            0 => line(&names),
            more if named > 0 => line(&format!("{names} and {more} more")),
            all => line(&all.to_string()),
        }
    };
    let named = (0..=awaited.len()).rev().filter(|_| !awaited.is_empty());
    named.map(first).find(fits).unwrap_or_else(|| step.to_owned())
}

/// Columns of a terminal that everything fits.
const COLUMNS: usize = 80;
/// The same, as tables count.
const WIDTH: u16 = 80;

#[cfg(test)]
mod tests {
    use super::{COLUMNS, waiting};

    #[test]
    fn a_step_names_as_many_as_the_line_has_room_for() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let (checks, long) = ("attempt 2: the committee checks every contribution", "a".repeat(60));
        let cases = [
            ("answered", names(&[]), "answered"),
            ("asked", names(&["Ridge", "Mill"]), "asked; waiting for Ridge, Mill (at most 2 s)"),
            (
                checks,
                names(&["Ridge", "Mill"]),
                "attempt 2: the committee checks every contribution; waiting for 2 (at most 2 s)",
            ),
            ("asked", names(&["Ridge", &long]), "asked; waiting for Ridge and 1 more (at most 2 s)"),
            ("asked", names(&[&long, "Ridge"]), "asked; waiting for 2 (at most 2 s)"),
            (&long, names(&["Ridge"]), &long),
        ];
        for (step, awaited, want) in cases {
            let line = waiting(step, &awaited, 2);
            assert_eq!(line, want, "{awaited:?}");
            assert!(line.chars().count() <= COLUMNS, "{line}");
        }
    }
}
