//! The file that tells a clinic what was left out.

use std::io::{self, Write};

use super::Reject;
use crate::import::cell::FORMULA_SIGNS;

/// A CSV file of rejects with a header: file, row, column, value, code, why, remedy.
///
/// It repeats what stood in the clinic's own files, so it is as confidential as they are. Cells that a
/// spreadsheet would run as a formula get an apostrophe in front (OWASP, "CSV Injection").
#[derive(Debug)]
pub struct RejectFile<W: Write> {
    writer: csv::Writer<W>,
    rows: u64,
}

impl<W: Write> RejectFile<W> {
    /// Begins with the header.
    ///
    /// # Errors
    /// Whatever writing gives.
    pub fn begin(out: W) -> io::Result<Self> {
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(["file", "row", "column", "value", "code", "why", "remedy"])?;
        writer.flush()?;
        Ok(Self { writer, rows: 0 })
    }

    /// Adds one reject.
    ///
    /// # Errors
    /// Whatever writing gives.
    pub fn add(&mut self, reject: Reject) -> io::Result<()> {
        let Reject { file, row, column, value, why } = reject;
        let (says, remedy) = (why.to_string(), why.remedy());
        let cells = [file.to_string(), row.to_string(), column, value, why.code().to_owned(), says, remedy];
        self.writer.write_record(cells.map(defused))?;
        self.rows = self.rows.saturating_add(1);
        Ok(())
    }

    /// How many there are.
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// Writes what is still held back.
    ///
    /// # Errors
    /// Whatever writing gives.
    pub fn finish(mut self) -> io::Result<u64> {
        self.writer.flush()?;
        Ok(self.rows)
    }
}

/// The cell, with an apostrophe in front if a spreadsheet could take it for a formula. Plain numbers
/// such as `-5` stay as they are.
fn defused(cell: String) -> String {
    let formula = cell.starts_with(FORMULA_SIGNS) || cell.starts_with(['\t', '\r', '\n']);
    let number = cell.trim_start_matches(['+', '-']).bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if formula && !number { format!("'{cell}") } else { cell }
}

#[cfg(test)]
mod tests {
    use super::RejectFile;
    use crate::import::{Reject, SourceFile, Why};

    fn written(value: &str) -> Vec<String> {
        let why = Why::NotADay { text: value.to_owned() };
        let reject =
            Reject { file: SourceFile::Courses, row: 7, column: "=day".to_owned(), value: value.to_owned(), why };
        let mut out = Vec::new();
        let mut file = RejectFile::begin(&mut out).unwrap();
        file.add(reject).unwrap();
        assert_eq!(file.finish().unwrap(), 1);
        let mut rows = csv::Reader::from_reader(out.as_slice());
        rows.records().next().unwrap().unwrap().iter().map(str::to_owned).collect()
    }

    #[test]
    fn no_cell_of_the_reject_file_can_run_in_a_spreadsheet() {
        let cases = [
            ("=HYPERLINK(\"http://x\")", "'=HYPERLINK(\"http://x\")", "a formula"),
            ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0", "a plus begins one"),
            ("-2+3", "'-2+3", "a minus begins one"),
            ("@SUM(1)", "'@SUM(1)", "so does an at sign"),
            ("＝1+1", "'＝1+1", "and the wide forms of these"),
            ("-5", "-5", "a number is none"),
            ("x,\"y\"\nz", "x,\"y\"\nz", "quotes, delimiters and line ends survive"),
        ];
        for (value, want, why) in cases {
            let row = written(value);
            assert_eq!(row.get(3).map(String::as_str), Some(want), "{why}");
            assert_eq!(row.get(2).map(String::as_str), Some("'=day"), "a column's name is no better");
        }
    }

    #[test]
    fn a_row_of_the_reject_file_says_where_what_why_and_what_to_do() {
        let why = Why::NotADay { text: "x".to_owned() };
        let want = ["courses", "7", "'=day", "x", "not-a-day", &why.to_string(), &why.remedy()];
        assert_eq!(written("x"), want);
    }
}
