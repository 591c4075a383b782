//! What a CSV file's columns hold, for a draft: kinds of cells, never a cell that stands for one person.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use csv::{ReaderBuilder, StringRecord};

use crate::failure::{Exit, Failure};

/// Texts that stand for "not known".
const MISSING: [&str; 7] = ["", "na", "n/a", "nan", "null", "none", "."];
/// Most different texts of a column that are counted; more are free text.
const DISTINCT_MAX: usize = 64;
/// Longest text that is counted: a longer one is free text.
const TEXT_BYTES_MAX: usize = 64;

/// What was seen in a file.
#[derive(Debug)]
pub(super) struct Survey {
    /// The columns in their order.
    pub(super) columns: Vec<Column>,
    /// Of a long file: what stands in the value column, by what stands in the instrument column.
    pub(super) long: Option<BTreeMap<String, Column>>,
}

/// What was seen in a column, or in the totals of one instrument.
#[derive(Debug, Default)]
pub(super) struct Column {
    /// What the header calls it.
    pub(super) name: String,
    /// Cells that are not missing.
    pub(super) filled: u64,
    /// How often each text stands there; no more than are counted.
    pub(super) texts: BTreeMap<String, u64>,
    /// Whether there were more texts, or longer ones, than are counted.
    pub(super) too_many: bool,
    /// Cells that are numbers.
    numbers: u64,
    /// Most decimal places of a number.
    pub(super) places: usize,
    /// The smallest and the largest number, as they stand there.
    range: Option<[(f64, String); 2]>,
}

impl Column {
    /// A column of which nothing was seen yet.
    fn named(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// Takes one cell in. Numbers are kept by their text, so that a draft quotes them as they stand.
    fn see(&mut self, cell: &str) {
        let cell = cell.trim();
        if MISSING.contains(&cell.to_ascii_lowercase().as_str()) {
            return;
        }
        self.filled += 1;
        if let Some(times) = self.texts.get_mut(cell) {
            *times += 1;
        } else if self.texts.len() >= DISTINCT_MAX || cell.len() > TEXT_BYTES_MAX {
            self.too_many = true;
        } else {
            self.texts.insert(cell.to_owned(), 1);
        }
        if let Some(number) = number(cell) {
            self.numbers += 1;
            self.places = self.places.max(cell.split_once('.').map_or(0, |(_, places)| places.len()));
            let seen = || (number, cell.to_owned());
            let [low, high] = self.range.get_or_insert_with(|| [seen(), seen()]);
            if number < low.0 {
                *low = seen();
            }
            if number > high.0 {
                *high = seen();
            }
        }
    }

    /// Whether every cell that is not missing is a number.
    pub(super) const fn is_number(&self) -> bool {
        self.filled > 0 && self.numbers == self.filled
    }

    /// Whether every cell that is not missing says yes or no, as an import reads it.
    pub(super) fn is_yes_no(&self) -> bool {
        let says =
            |text: &String| ["yes", "no", "true", "false", "0", "1"].contains(&text.to_ascii_lowercase().as_str());
        self.filled > 0 && !self.too_many && self.texts.keys().all(says)
    }

    /// The smallest and the largest number as they stand there.
    pub(super) fn range(&self) -> Option<(&str, &str)> {
        self.range.as_ref().map(|[low, high]| (low.1.as_str(), high.1.as_str()))
    }
}

/// Digits with at most a leading minus and one point: what an import reads as a number.
fn number(cell: &str) -> Option<f64> {
    let plain = cell.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
    cell.parse().ok().filter(|_| plain)
}

/// Looks through a file, a row at a time; what is kept of it does not grow with its length.
///
/// # Errors
/// A file that cannot be opened, is no CSV in UTF-8, or has one column only.
pub(super) fn survey(path: &Path, delimiter: u8) -> Result<Survey, Failure> {
    let file = File::open(path).map_err(|why| Failure::file(path, &why))?;
    let mut reader = ReaderBuilder::new().delimiter(delimiter).from_reader(file);
    let header = reader.headers().map_err(|why| unreadable(path, &why))?.clone();
    let mut columns: Vec<Column> = header.iter().map(Column::named).collect();
    if columns.len() < 2 {
        let says = format!("{}: the header has one column", path.display());
        let remedy = "say what stands between cells: `--delimiter ';'`";
        return Err(Failure::new(Exit::Refused, "draft-one-column", says, remedy));
    }
    let place = |name: &str| header.iter().position(|column| column.trim().eq_ignore_ascii_case(name));
    let long = place("instrument").zip(place("value"));
    let mut totals: BTreeMap<String, Column> = BTreeMap::new();
    let mut row = StringRecord::new();
    while reader.read_record(&mut row).map_err(|why| unreadable(path, &why))? {
        columns.iter_mut().zip(&row).for_each(|(column, cell)| column.see(cell));
        if let Some((instrument, value)) = long.and_then(|(id, value)| row.get(id).zip(row.get(value)))
            && (totals.len() < DISTINCT_MAX || totals.contains_key(instrument))
        {
            totals.entry(instrument.to_owned()).or_insert_with(|| Column::named(instrument)).see(value);
        }
    }
    Ok(Survey { columns, long: long.map(|_| totals) })
}

/// What is wrong with a row, without the words of the library that found it.
fn unreadable(path: &Path, why: &csv::Error) -> Failure {
    let line = why.position().map_or_else(String::new, |at| format!("line {}: ", at.line()));
    let says = if matches!(why.kind(), csv::ErrorKind::Utf8 { .. }) {
        "this is no text in UTF-8"
    } else if matches!(why.kind(), csv::ErrorKind::UnequalLengths { .. }) {
        "another number of cells than in the header"
    } else {
        "this row cannot be read"
    };
    let remedy = "save it as CSV in UTF-8, and say what stands between cells with `--delimiter`";
    Failure::new(Exit::Refused, "draft-unreadable", format!("{}: {line}{says}", path.display()), remedy)
}
