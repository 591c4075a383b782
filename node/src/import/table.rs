//! A CSV file as a header and rows.

use std::io::{self, Chain, Cursor, Read};

use csv::{ErrorKind, ReaderBuilder, StringRecord};
use sumac_protocol::dictionary::nearest;

use super::limits::COLUMNS_MAX;
use super::reject::{Rejects, Why};
use super::scan::{ScanFlaw, Scanned};
use super::{ImportError, SourceFile};

/// An open file, read row by row.
pub(super) struct Table<R> {
    file: SourceFile,
    reader: csv::Reader<Scanned<Chain<Cursor<Vec<u8>>, R>>>,
    header: Vec<String>,
    record: StringRecord,
    line: u64,
    rows: u64,
    rows_max: u64,
}

/// A column that the file has.
#[derive(Debug)]
pub(super) struct Column {
    index: usize,
    name: String,
}

/// A row with as many cells as the header.
pub(super) struct Row<'t> {
    file: SourceFile,
    line: u64,
    record: &'t StringRecord,
}

/// One cell, without the spaces around it.
#[derive(Clone, Copy)]
pub(super) struct Cell<'t> {
    pub(super) file: SourceFile,
    /// The line on which its row begins.
    pub(super) line: u64,
    pub(super) column: &'t str,
    pub(super) text: &'t str,
}

impl<R: Read> Table<R> {
    /// Reads the header.
    pub(super) fn open(file: SourceFile, mut source: R, delimiter: u8, rows_max: u64) -> Result<Self, ImportError> {
        let head = read_head(&mut source).map_err(|source| ImportError::Unreadable { file, source })?;
        let scanned = Scanned::new(Cursor::new(head).chain(source), delimiter);
        let reader = ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(scanned);
        let record = StringRecord::new();
        let mut table = Self { file, reader, header: Vec::new(), record, line: 0, rows: 0, rows_max };
        if !table.advance()? {
            return Err(ImportError::NoHeader { file });
        }
        if table.record.len() > COLUMNS_MAX {
            return Err(ImportError::TooManyColumns { file, columns: table.record.len() });
        }
        table.header = table.record.iter().map(|name| name.trim().to_owned()).collect();
        Ok(table)
    }

    /// The one column of this name.
    pub(super) fn column(&self, key: &str, name: &str) -> Result<Column, ImportError> {
        let (file, key, name) = (self.file, key.to_owned(), name.trim().to_owned());
        let mut found = self.header.iter().enumerate().filter(|(_, column)| **column == name);
        match (found.next(), found.next()) {
            (Some((index, _)), None) => Ok(Column { index, name }),
            (Some(_), Some(_)) => Err(ImportError::ColumnTwice { file, key, column: name }),
            (None, _) => {
                let near = nearest(&name, self.header.iter().map(String::as_str));
                let columns = self.header.clone();
                Err(ImportError::NoSuchColumn { file, key, column: name, near, columns })
            }
        }
    }

    /// The next row that has any text and as many cells as the header; rows with another number of
    /// cells are rejected on the way, because nobody can tell which cell is which.
    pub(super) fn next_row(&mut self, rejects: &mut Rejects) -> Result<Option<Row<'_>>, ImportError> {
        loop {
            if !self.advance()? {
                return Ok(None);
            }
            // Spreadsheets leave rows of empty cells behind the last one.
            if self.record.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            self.rows = self.rows.saturating_add(1);
            if self.rows > self.rows_max {
                return Err(ImportError::TooManyRows { file: self.file, rows_max: self.rows_max });
            }
            let (cells, columns) = (self.record.len(), self.header.len());
            if cells == columns {
                break;
            }
            rejects.leave_out(self.file, self.line, Why::CellCount { cells, columns });
        }
        Ok(Some(Row { file: self.file, line: self.line, record: &self.record }))
    }

    /// Rows that had any text, the header not counted.
    pub(super) const fn rows(&self) -> u64 {
        self.rows
    }

    fn advance(&mut self) -> Result<bool, ImportError> {
        let more = self.reader.read_record(&mut self.record).map_err(|error| self.failure(error))?;
        if more {
            self.line = self.reader.get_mut().take_row_line().unwrap_or(self.line);
        }
        Ok(more)
    }

    fn failure(&mut self, error: csv::Error) -> ImportError {
        let file = self.file;
        if let Some(flaw) = self.reader.get_ref().flaw() {
            return match flaw {
                ScanFlaw::Nul { line } => ImportError::Nul { file, line },
                ScanFlaw::RowTooLong { line } => ImportError::RowTooLong { file, line },
                ScanFlaw::QuoteOpen { line } => ImportError::QuoteOpen { file, line },
                ScanFlaw::AfterQuote { line } => ImportError::AfterQuote { file, line },
            };
        }
        let line = self.reader.get_mut().take_row_line().unwrap_or(self.line);
        if matches!(error.kind(), ErrorKind::Utf8 { .. }) {
            return ImportError::NotUtf8 { file, line };
        }
        ImportError::Unreadable { file, source: io::Error::from(error) }
    }
}

impl<'t> Row<'t> {
    pub(super) fn cell(&self, column: &'t Column) -> Cell<'t> {
        let text = self.record.get(column.index).unwrap_or_default().trim();
        Cell { file: self.file, line: self.line, column: &column.name, text }
    }
}

/// The first bytes behind any byte order mark. The CSV reader takes a mark that comes alone for the
/// end of the file, so it never sees one; files that were put together may have several.
fn read_head(source: &mut impl Read) -> io::Result<Vec<u8>> {
    loop {
        let mut head = Vec::new();
        source.by_ref().take(BYTE_ORDER_MARK_BYTES).read_to_end(&mut head)?;
        if head != BYTE_ORDER_MARK {
            return Ok(head);
        }
    }
}

const BYTE_ORDER_MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];
const BYTE_ORDER_MARK_BYTES: u64 = 3;
