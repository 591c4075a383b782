//! Rows of a share of the patients, as they stood, without the columns that nobody reads.
//!
//! Rows of one patient may stand anywhere in several files. They are kept here as text, chained from the
//! last to the first of each patient, because text is the smallest thing that a row can be.

use std::collections::HashMap;

use super::SourceFile;
use super::census;
use super::limits::CELL_BYTES_MAX;

/// Rows of a share of the patients.
#[derive(Default)]
pub(super) struct Gathering {
    /// Cells of rows: of each its length as one character, then its text.
    text: Vec<String>,
    /// In chunks of `CHUNK_ROWS`, so that growing never copies rows that are already kept.
    rows: Vec<Vec<KeptRow>>,
    /// In the order of their first rows.
    patients: Vec<Patient>,
    /// Number of a pseudonym → place in `patients`. Two pseudonyms of one number stand next to each other.
    places: HashMap<u64, u32>,
}

/// The end of one patient's chain of rows.
struct Patient {
    pseudonym: Box<str>,
    /// The last row that was kept, as its place from 1.
    last: u32,
}

/// Small on purpose: there is one for each row of the share, and `ROW_BYTES` counts it.
#[derive(Clone, Copy)]
struct KeptRow {
    /// The row of the same patient before it, as its place from 1; 0 if it is the first.
    before: u32,
    /// As it is in the file, from 1; held at `u32::MAX` if it is larger.
    line: u32,
    /// Place in `text`, from 0; a row's cells never span two chunks.
    chunk: u32,
    /// Byte offset of the first cell's length in its chunk.
    start: u32,
    /// Byte offset behind the last cell.
    end: u32,
    file: SourceFile,
}

/// One row as it was kept.
pub(super) struct Gathered<'g> {
    pub(super) file: SourceFile,
    pub(super) line: u64,
    /// Still with the lengths in front of each cell's text.
    cells: &'g str,
}

impl Gathering {
    /// Keeps some cells of a row. `false` if there are more rows than can be counted.
    pub(super) fn keep<'c>(
        &mut self,
        pseudonym: &str,
        (file, line): (SourceFile, u64),
        cells: impl Iterator<Item = &'c str>,
    ) -> bool {
        let Some(last) = self.patient(pseudonym).and_then(|at| self.patients.get_mut(at)) else { return false };
        if self.text.last().is_none_or(|chunk| chunk.len() > CHUNK_BYTES - CHUNK_BYTES / 8) {
            self.text.push(String::with_capacity(CHUNK_BYTES));
        }
        let number = self.text.len().saturating_sub(1);
        let Some(chunk) = self.text.last_mut() else { return false };
        let start = chunk.len();
        for cell in cells {
            let cut = cut(cell);
            chunk.push(u32::try_from(cut.len()).ok().and_then(char::from_u32).unwrap_or_default());
            chunk.push_str(cut);
        }
        let place = |n: usize| u32::try_from(n).ok();
        let (Some(chunk), Some(start), Some(end)) = (place(number), place(start), place(chunk.len())) else {
            return false;
        };
        let line = u32::try_from(line).unwrap_or(u32::MAX);
        let row = KeptRow { before: last.last, line, chunk, start, end, file };
        if self.rows.last().is_none_or(|rows| rows.len() >= CHUNK_ROWS) {
            self.rows.push(Vec::with_capacity(CHUNK_ROWS));
        }
        let full = self.rows.len().saturating_sub(1).saturating_mul(CHUNK_ROWS);
        let Some(rows) = self.rows.last_mut() else { return false };
        rows.push(row);
        place(full.saturating_add(rows.len())).is_some_and(|place| {
            last.last = place;
            true
        })
    }

    /// How many patients there are.
    pub(super) fn patients(&self) -> usize {
        self.patients.len()
    }

    /// One patient's pseudonym and rows, in the order in which they were kept.
    pub(super) fn patient_at(&self, at: usize) -> Option<(&str, Vec<Gathered<'_>>)> {
        let patient = self.patients.get(at)?;
        let mut rows = Vec::new();
        let mut place = patient.last;
        while let Some(row) = self.row(place) {
            let text = self.text.get(usize::try_from(row.chunk).ok()?)?;
            let range = usize::try_from(row.start).ok()?..usize::try_from(row.end).ok()?;
            rows.push(Gathered { file: row.file, line: u64::from(row.line), cells: text.get(range)? });
            place = row.before;
        }
        rows.reverse();
        Some((&patient.pseudonym, rows))
    }

    /// The place counts from 1; 0, which ends every chain, finds nothing.
    fn row(&self, place: u32) -> Option<KeptRow> {
        let at = usize::try_from(place).ok()?.checked_sub(1)?;
        self.rows.get(at / CHUNK_ROWS)?.get(at % CHUNK_ROWS).copied()
    }

    /// The place of a patient, a new one if there was no row of theirs before.
    fn patient(&mut self, pseudonym: &str) -> Option<usize> {
        let mut number = census::number(pseudonym);
        while let Some(at) = self.places.get(&number) {
            let at = usize::try_from(*at).ok()?;
            if *self.patients.get(at)?.pseudonym == *pseudonym {
                return Some(at);
            }
            number = number.wrapping_add(1);
        }
        let at = self.patients.len();
        self.places.insert(number, u32::try_from(at).ok()?);
        self.patients.push(Patient { pseudonym: pseudonym.into(), last: 0 });
        Some(at)
    }
}

impl<'g> Gathered<'g> {
    /// The cells in the order in which they were kept.
    pub(super) fn cells(&self) -> impl Iterator<Item = &'g str> {
        let mut rest = self.cells;
        std::iter::from_fn(move || {
            let length = rest.chars().next()?;
            let (_, behind) = rest.split_at_checked(length.len_utf8())?;
            let (cell, more) = behind.split_at_checked(usize::try_from(u32::from(length)).ok()?)?;
            rest = more;
            Some(cell)
        })
    }
}

/// Bytes of memory that a cell takes.
pub(super) fn weight(cell: &str) -> u64 {
    let bytes = cut(cell).len();
    u64::try_from(bytes + if bytes < 128 { 1 } else { 2 }).unwrap_or(u64::MAX)
}

/// Bytes of memory that a row takes besides its cells.
pub(super) const ROW_BYTES: u64 = 24;

/// Bytes of memory that a patient takes besides rows: a pseudonym of usual length, its places in the list and
/// in the index, each with room to grow.
pub(super) const PATIENT_BYTES: u64 = 120;

/// The cell, or so much of it that it is seen to be too long.
fn cut(cell: &str) -> &str {
    let end = cell.floor_char_boundary(CELL_BYTES_MAX + 4);
    cell.get(..end).unwrap_or_default()
}

/// Bytes of text that are set aside at once.
const CHUNK_BYTES: usize = 1 << 20;

/// Rows that are set aside at once.
const CHUNK_ROWS: usize = 1 << 14;

// A length is one character, and none that stands for nothing by itself.
const _: () = assert!(CELL_BYTES_MAX + 4 < 0xD800);

#[cfg(test)]
mod tests {
    use super::{CELL_BYTES_MAX, Gathering, SourceFile};

    fn rows(gathering: &Gathering, at: usize) -> Vec<(SourceFile, u64, Vec<String>)> {
        let (_, rows) = gathering.patient_at(at).unwrap();
        rows.iter().map(|row| (row.file, row.line, row.cells().map(str::to_owned).collect())).collect()
    }

    #[test]
    fn rows_come_back_as_they_were_patient_by_patient_in_the_order_of_keeping() {
        let mut gathering = Gathering::default();
        let many = 40_000_u64;
        for line in 0..many {
            let (name, cell) = (format!("P{}", line % 3), format!("Zelle „{line}“"));
            assert!(gathering.keep(&name, (SourceFile::Courses, line), ["", &cell, "\u{1f}"].into_iter()));
        }
        assert!(gathering.keep("P1", (SourceFile::Events, 7), std::iter::empty()));
        assert_eq!(gathering.patients(), 3);
        let second = rows(&gathering, 1);
        assert_eq!(second.len() as u64, many / 3 + 1);
        for (index, (file, line, cells)) in second.iter().take(13_333).enumerate() {
            let want = 3 * index as u64 + 1;
            assert_eq!((*file, *line), (SourceFile::Courses, want));
            assert_eq!(*cells, ["".to_owned(), format!("Zelle „{want}“"), "\u{1f}".to_owned()]);
        }
        assert_eq!(second.last(), Some(&(SourceFile::Events, 7, Vec::new())));
        assert!(gathering.patient_at(3).is_none());
    }

    #[test]
    fn a_cell_past_any_length_is_kept_so_far_that_its_length_shows() {
        let mut gathering = Gathering::default();
        for (bytes, kept) in [(0, 0), (127, 127), (128, 128), (1_024, 1_024), (1_025, 1_025), (1 << 20, 1_028)] {
            let cell = "x".repeat(bytes);
            assert!(gathering.keep(&bytes.to_string(), (SourceFile::Items, 2), [cell.as_str(), "y"].into_iter()));
            let (_, _, cells) = &rows(&gathering, gathering.patients() - 1)[0];
            assert_eq!((cells[0].len(), cells[1].as_str()), (kept, "y"));
            assert_eq!(cells[0].len() > CELL_BYTES_MAX, bytes > CELL_BYTES_MAX);
        }
    }
}
