//! A CSV file as a header and rows.

use std::io::{self, Chain, Cursor, Read};

use csv::{ErrorKind, ReaderBuilder, StringRecord};
use sumac_protocol::dictionary::nearest;

use super::limits::COLUMNS_MAX;
use super::reject::Why;
use super::scan::{ScanFlaw, Scanned};
use super::{ImportError, SourceFile};

/// An open file, read row by row.
pub(super) struct Table<R> {
    file: SourceFile,
    reader: csv::Reader<Scanned<Chain<Cursor<Vec<u8>>, R>>>,
    header: Header,
    record: StringRecord,
    line: u64,
    rows: u64,
    rows_max: u64,
}

/// The first row of a file: the names of its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    file: SourceFile,
    names: Vec<String>,
}

/// A column that a file has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) file: SourceFile,
    pub(super) index: usize,
    pub(super) name: String,
}

/// A row of a file that has any text.
pub(super) struct Line<'t> {
    /// The line on which it begins.
    pub(super) number: u64,
    /// Bytes of the file up to its end.
    pub(super) end: u64,
    columns: usize,
    record: &'t StringRecord,
}

/// A row of which a file's layout knows what it means: a text for each column of the file, empty for
/// those that nobody reads.
pub(super) struct Row<'t> {
    pub(super) line: u64,
    pub(super) cells: &'t [&'t str],
}

/// One cell, without the spaces around it.
#[derive(Clone, Copy)]
pub(super) struct Cell<'t> {
    /// The line on which its row begins.
    pub(super) line: u64,
    pub(super) column: &'t Column,
    pub(super) text: &'t str,
}

impl<R: Read> Table<R> {
    /// Reads the header.
    pub(super) fn open(file: SourceFile, mut source: R, delimiter: u8, rows_max: u64) -> Result<Self, ImportError> {
        let head = read_head(&mut source).map_err(|source| ImportError::Unreadable { file, source })?;
        let scanned = Scanned::new(Cursor::new(head).chain(source), delimiter);
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .buffer_capacity(BUFFER_BYTES)
            .from_reader(scanned);
        let record = StringRecord::new();
        let header = Header { file, names: Vec::new() };
        let mut table = Self { file, reader, header, record, line: 0, rows: 0, rows_max };
        if !table.advance()? {
            return Err(ImportError::NoHeader { file });
        }
        if table.record.len() > COLUMNS_MAX {
            return Err(ImportError::TooManyColumns { file, columns: table.record.len() });
        }
        table.header.names = table.record.iter().map(|name| name.trim().to_owned()).collect();
        Ok(table)
    }

    /// The names of the columns.
    pub(super) const fn header(&self) -> &Header {
        &self.header
    }

    /// The next row that has any text.
    pub(super) fn next_line(&mut self) -> Result<Option<Line<'_>>, ImportError> {
        loop {
            if !self.advance()? {
                return Ok(None);
            }
            // Spreadsheets leave rows of empty cells behind the last one.
            if self.record.iter().any(|cell| !cell.trim().is_empty()) {
                break;
            }
        }
        self.rows = self.rows.saturating_add(1);
        if self.rows > self.rows_max {
            return Err(ImportError::TooManyRows { file: self.file, rows_max: self.rows_max });
        }
        let end = self.reader.position().byte();
        Ok(Some(Line { number: self.line, end, columns: self.header.names.len(), record: &self.record }))
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

impl Header {
    /// How many columns there are.
    pub(super) fn columns(&self) -> usize {
        self.names.len()
    }

    /// Of which file.
    pub(super) const fn file(&self) -> SourceFile {
        self.file
    }

    /// The one column of this name, which a key of the mapping asks for.
    pub(super) fn column(&self, key: &str, name: &str) -> Result<Column, ImportError> {
        self.find(key, name)?.ok_or_else(|| {
            let (file, key, column) = (self.file, key.to_owned(), name.trim().to_owned());
            let near = nearest(&column, self.names.iter().map(String::as_str));
            ImportError::NoSuchColumn { file, key, column, near, columns: self.names.clone() }
        })
    }

    /// The column of this name, if the file has it.
    pub(super) fn find(&self, key: &str, name: &str) -> Result<Option<Column>, ImportError> {
        let (file, name) = (self.file, name.trim().to_owned());
        let mut found = self.names.iter().enumerate().filter(|(_, column)| **column == name);
        match (found.next(), found.next()) {
            (Some(_), Some(_)) => Err(ImportError::ColumnTwice { file, key: key.to_owned(), column: name }),
            (Some((index, _)), None) => Ok(Some(Column { file, index, name })),
            (None, _) => Ok(None),
        }
    }
}

impl Line<'_> {
    /// Whether it has as many cells as the header. Otherwise nobody can tell which cell is which.
    pub(super) fn shape(&self) -> Result<(), Why> {
        let (cells, columns) = (self.record.len(), self.columns);
        if cells == columns { Ok(()) } else { Err(Why::CellCount { cells, columns }) }
    }

    /// A cell by the place of its column.
    pub(super) fn text(&self, index: usize) -> &str {
        self.record.get(index).unwrap_or_default().trim()
    }

    pub(super) fn cell<'c>(&'c self, column: &'c Column) -> Cell<'c> {
        Cell { line: self.number, column, text: self.text(column.index) }
    }
}

impl Row<'_> {
    pub(super) fn cell<'c>(&'c self, column: &'c Column) -> Cell<'c> {
        Cell { line: self.line, column, text: self.cells.get(column.index).copied().unwrap_or_default() }
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

/// Bytes of a file that are read at once.
const BUFFER_BYTES: usize = 1 << 16;
const BYTE_ORDER_MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];
const BYTE_ORDER_MARK_BYTES: u64 = 3;
