//! Rows and cells that were left out, and codes that were not understood.

use std::collections::BTreeMap;

use super::limits::{CELL_BYTES_MAX, UNKNOWN_CODES_MAX};
use super::table::{Cell, Column};
use super::{SourceFile, UnknownCode};

pub use file::RejectFile;
pub use why::Why;

mod file;
mod why;

/// One cell or row that was left out. Everything else of its file was read.
///
/// `value` and the text of `why` repeat what stood in the file: they may be personal and stay at the
/// clinic, out of logs and messages.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reject {
    /// Which file.
    pub file: SourceFile,
    /// The line on which the row begins, as a text editor counts: the header is on line 1.
    pub row: u64,
    /// The column's name; empty if the row as a whole was left out.
    pub column: String,
    /// What stood there, cut after 1,024 bytes; empty if the row as a whole was left out.
    pub value: String,
    /// Why it was left out.
    pub why: Why,
}

/// Where something in a draft came from, for what is found to be wrong with it later.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin<'l> {
    line: u32,
    column: &'l Column,
}

/// What was left out since it was last taken away, and every unknown code so far.
#[derive(Default)]
pub(super) struct Rejects {
    fresh: Vec<Reject>,
    pub(super) unknown: BTreeMap<UnknownCode, u64>,
}

impl<'l> Origin<'l> {
    /// A line past four thousand million is told as the last one before that.
    pub(super) fn new(line: u64, column: &'l Column) -> Self {
        Self { line: u32::try_from(line).unwrap_or(u32::MAX), column }
    }
}

impl Rejects {
    /// What was read from a cell; if it could not be, that becomes a reject and there is nothing.
    pub(super) fn sift<T>(&mut self, cell: Cell<'_>, read: Result<T, Why>) -> Option<T> {
        read.map_err(|why| self.push(cell.column, cell.line, cell.text, why)).ok()
    }

    /// Leaves out what had been read, with what it said.
    pub(super) fn leave_out(&mut self, from: Origin<'_>, value: &str, why: Why) {
        self.push(from.column, u64::from(from.line), value, why);
    }

    /// Leaves a row out as a whole.
    pub(super) fn leave_out_row(&mut self, file: SourceFile, row: u64, why: Why) {
        self.fresh.push(Reject { file, row, column: String::new(), value: String::new(), why });
    }

    /// Counts a code that the dictionary does not have.
    pub(super) fn count_unknown(&mut self, field: &str, text: &str) {
        let mut key = UnknownCode { field: field.to_owned(), code: text.to_owned() };
        if self.unknown.len() >= UNKNOWN_CODES_MAX && !self.unknown.contains_key(&key) {
            // Free text in a column of codes is not gathered.
            key.code = "…".to_owned();
        }
        let count = self.unknown.entry(key).or_default();
        *count = count.saturating_add(1);
    }

    /// Takes away what was left out since the last time.
    pub(super) fn take(&mut self) -> Vec<Reject> {
        std::mem::take(&mut self.fresh)
    }

    fn push(&mut self, column: &Column, row: u64, value: &str, why: Why) {
        let end = value.floor_char_boundary(CELL_BYTES_MAX);
        let value = value.get(..end).unwrap_or_default().to_owned();
        self.fresh.push(Reject { file: column.file, row, column: column.name.clone(), value, why });
    }
}
