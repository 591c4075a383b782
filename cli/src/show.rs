//! What people see: tables and lines on standard output, talk on standard error.
//!
//! Tables fit eighty columns. Colour and moving lines are for terminals only; what is piped is plain.

/// What was asked and answered, as it is kept.
mod answers;
mod budget;
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

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};
use serde::Serialize;
use sumac_protocol::answer::{Answer, Comparison, Estimate, Found, Test};
use sumac_protocol::explain::{Explanation, HEADINGS};
use sumac_protocol::plan::Mode;
use sumac_protocol::principal::Principal;
use sumac_protocol::round::progress::{Progress, Step};

pub(crate) use answers::kept;
pub(crate) use budget::{clinic_budget, study_budget};
pub(crate) use columns::columns;
pub(crate) use console::{cohorts, patients, status};
pub(crate) use dictionary::{Entry, dictionary, dictionary_size};
pub(crate) use harmless::one_line;
pub(crate) use studies::studies;
pub(crate) use study::study;

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
    let text = serde_json::to_string(value).map_err(|why| Failure::bug(why.to_string()))?;
    line(&escaped(&text));
    Ok(())
}

/// An answer as an aligned table with text bars, and the comparisons below.
pub(crate) fn answer(answer: &Answer) {
    let mut rows = Table::new();
    rows.load_style(presets::NOTHING).set_header(["group", "estimate", "value", "95 % interval", "n", "", "noise"]);
    for group in &answer.groups {
        let name = group_name(&group.key.0);
        if group.suppressed {
            rows.add_row([
                name,
                "held back: too few".into(),
                "–".into(),
                "–".into(),
                "–".into(),
                String::new(),
                String::new(),
            ]);
            continue;
        }
        for estimate in &group.estimates {
            let scale = scale(answer, &estimate.name);
            rows.add_row(estimate_row(&name, estimate, scale));
        }
    }
    for column in [2, 3, 4, 6] {
        if let Some(column) = rows.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table(&mut rows);
    for comparison in &answer.comparisons {
        prose(&compare(comparison), "  ");
    }
    line(&format!("{} of {} operators counted", answer.operators.counted, answer.operators.asked));
    prose(&privacy_line(answer), "  ");
}

/// A group by its values, as `drug · F`; `all` without `GROUP BY`.
fn group_name(key: &[(String, String)]) -> String {
    if key.is_empty() {
        "all".into()
    } else {
        key.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(" · ")
    }
}

/// What of an estimate is shown: value, interval, n and the share of noise.
struct Shown {
    /// None where the answer has no estimate; the table then shows a dash.
    value: Option<f64>,
    /// Low and high end of the 95 % interval, in the unit of the value.
    interval: Option<[f64; 2]>,
    /// None for a count, whose value is its n.
    n: Option<u64>,
    /// A share from 0 to 1. A noised count has 1; an exact count has none.
    noise: Option<f64>,
    /// True for a rate: value and interval are shares, shown times a hundred.
    percent: bool,
}

/// What of an estimate goes into the table. A count has no n beside it: it is one.
fn shown(found: &Found) -> Shown {
    match found {
        Found::Count(count) => Shown {
            value: Some(count_as_f64(count.value)),
            interval: Some(count.ci95),
            n: None,
            noise: (count.sd_noise > 0.0).then_some(1.0),
            percent: false,
        },
        Found::Mean(mean) => {
            Shown { value: mean.value, interval: mean.ci95, n: Some(mean.n), noise: mean.share_noise, percent: false }
        }
        Found::Rate(rate) => {
            Shown { value: rate.value, interval: rate.ci95, n: Some(rate.n), noise: rate.share_noise, percent: true }
        }
        Found::Sum(_)
        | Found::Variance(_)
        | Found::Stddev(_)
        | Found::Quantile(_)
        | Found::Histogram(_)
        | Found::Trajectory(_)
        | Found::Correlation(_)
        | Found::Linear(_)
        | Found::Survival(_)
        | Found::EventsPer(_)
        | _ => Shown { value: None, interval: None, n: None, noise: None, percent: false },
    }
}

/// A count as a float, for the bars. Exact up to 2^32, which no cohort reaches.
fn count_as_f64(n: u64) -> f64 {
    // Counts of courses are far below 2^53; a larger one is shown as the largest exact.
    u32::try_from(n).map_or(f64::MAX, f64::from)
}

/// One row: group, estimate, value, interval, n, bar, and the part of the error that is noise.
fn estimate_row(group: &str, estimate: &Estimate, scale: (f64, f64)) -> Vec<Cell> {
    let shown = shown(&estimate.found);
    let count = matches!(estimate.found, Found::Count(_));
    let number = |x: f64| match (shown.percent, count) {
        (true, _) => format!("{:.1} %", x * 100.0),
        (false, true) => format!("{x:.0}"),
        (false, false) => format!("{x:.2}"),
    };
    let value = shown.value.map_or_else(|| "–".into(), number);
    let interval =
        shown.interval.map_or_else(|| "–".into(), |[low, high]| format!("{} … {}", number(low), number(high)));
    let n = shown.n.map_or_else(String::new, |n| n.to_string());
    let noise = shown.noise.map_or_else(String::new, |share| format!("{:.0} %", share * 100.0));
    let bar = shown.value.map_or_else(String::new, |value| bar(value, shown.interval, scale));
    [group.to_owned(), estimate.name.clone(), value, interval, n, bar, noise].into_iter().map(Cell::new).collect()
}

/// The span that the bars of one estimate share, over all groups: always with zero in it.
fn scale(answer: &Answer, name: &str) -> (f64, f64) {
    let same = answer.groups.iter().flat_map(|g| &g.estimates).filter(|e| e.name == name);
    same.map(|e| shown(&e.found)).fold((0.0, 0.0), |(low, high): (f64, f64), s| {
        let all = s.value.into_iter().chain(s.interval.into_iter().flatten());
        all.fold((low, high), |(low, high), x| (low.min(x), high.max(x)))
    })
}

/// A bar of text: `─` spans the interval, `●` stands at the value, `│` at zero.
fn bar(value: f64, interval: Option<[f64; 2]>, (low, high): (f64, f64)) -> String {
    let width = f64::from(BAR_CELLS);
    let at = |x: f64| if high > low { ((x - low) / (high - low) * (width - 1.0)).round() } else { 0.0 };
    let [from, to] = interval.unwrap_or([value, value]);
    let mark = |cell: f64| {
        let near = |x: f64| (at(x) - cell).abs() < 0.5;
        if near(value) {
            '●'
        } else if near(0.0) {
            '│'
        } else if cell > at(from) - 0.5 && cell < at(to) + 0.5 {
            '─'
        } else {
            ' '
        }
    };
    (0..BAR_CELLS).map(|cell| mark(f64::from(cell))).collect()
}

/// One line for a comparison: the difference with its interval, p, and the name of the test.
fn compare(comparison: &Comparison) -> String {
    let p = |p: Option<f64>| {
        p.map_or_else(|| "p –".into(), |p| if p < 0.001 { "p < 0.001".into() } else { format!("p = {p:.3}") })
    };
    let span = |ci: Option<[f64; 2]>, by: f64| {
        ci.map_or_else(String::new, |[a, b]| format!(" ({:.2} … {:.2})", a * by, b * by))
    };
    let between = comparison.groups.join(" − ");
    let (name, says) = match &comparison.test {
        Test::WelchT(t) => ("Welch t", format!("{:.2}{}, {}", t.difference, span(t.ci95, 1.0), p(t.p))),
        Test::StudentT(t) => ("Student t", format!("{:.2}{}, {}", t.difference, span(t.ci95, 1.0), p(t.p))),
        Test::Anova(a) => ("ANOVA", p(a.p)),
        Test::Chi2(s) => {
            let difference = s.risk_difference.map_or_else(|| "–".into(), |d| format!("{:.1} points", d * 100.0));
            ("chi-squared", format!("{difference}{}, {}", span(s.ci95, 100.0), p(s.p)))
        }
        Test::Logrank(_) | _ => return String::new(),
    };
    format!("{}: {between} = {says} [{name}]", comparison.name)
}

/// What the answer cost, or that it is exact: then it carries no differential privacy, and what protects anybody in it is
/// that groups are held back by a committee that sees them.
fn privacy_line(answer: &Answer) -> String {
    match (answer.mode, answer.rho_micro, answer.epsilon, answer.delta) {
        (Mode::Dp, Some(rho), Some(epsilon), Some(delta)) => {
            format!("every patient counted was charged {rho} (ε {epsilon:.3} at δ {delta:e})")
        }
        (Mode::Dp, Some(rho), ..) => format!("every patient counted was charged {rho}"),
        _ => {
            format!(
                "exact: no noise, no differential privacy, no (ε, δ); groups below {} are held back, which protects against \
                 an honest committee only",
                answer.cohort_min
            )
        }
    }
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
}

/// One line on how far a query is.
pub(crate) fn progress(progress: &Progress, names: &[(Principal, String)]) -> String {
    let name = |key: &Principal| names.iter().find(|(k, _)| k == key).map_or_else(|| key.short(), |(_, n)| n.clone());
    let step = match &progress.step {
        Step::Committing => "the committee commits to its noise".to_owned(),
        Step::Collecting => format!("clinics contribute ({} of {})", progress.uploads, progress.asked),
        Step::Freezing => "the committee fixes the batch".to_owned(),
        Step::Verifying => "the committee checks every contribution".to_owned(),
        Step::Opening => "the committee adds its noise".to_owned(),
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

/// Width of a bar, in characters.
const BAR_CELLS: u32 = 16;

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
