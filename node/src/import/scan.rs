//! Watches the bytes of a file on their way to the CSV reader and stops at what that would accept in silence.
//!
//! The reader's grammar is generous: an unclosed quote swallows every row up to the end of the file
//! into one cell, a row may fill all memory, and a NUL byte is a letter. Each of these would lose or
//! bend right rows, so here each makes the whole file wrong. The scanner also counts lines, because
//! a person who corrects a row looks for it by its line.

use std::collections::VecDeque;
use std::io::{self, Read};

use super::limits::ROW_BYTES_MAX;

/// A source whose bytes are looked at while they pass.
#[derive(Debug)]
pub(super) struct Scanned<R> {
    inner: R,
    /// One byte, the same that the CSV reader was told.
    delimiter: u8,
    /// By byte: whether it may mean something else than a letter, somewhere.
    signs: [bool; 256],
    place: Place,
    /// The line of the next byte, from 1. CR, LF and CR LF end a line alike.
    line: u64,
    /// Whether the byte before was a CR, so that an LF now ends no second line.
    after_cr: bool,
    /// Line on which the current row began; flaws of its length are told there.
    row_line: u64,
    /// Never above `ROW_BYTES_MAX` without a flaw; line ends between rows are not counted.
    row_bytes: usize,
    /// Line of the last opening quote: an unclosed one is told there and not at the file's end.
    quote_line: u64,
    /// First lines of the rows that were seen but not yet taken; the reader is at most a buffer ahead.
    rows: VecDeque<u64>,
    /// Once set, every further read fails.
    flaw: Option<ScanFlaw>,
}

/// Why bytes are no table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ScanFlaw {
    Nul { line: u64 },
    RowTooLong { line: u64 },
    QuoteOpen { line: u64 },
    AfterQuote { line: u64 },
}

/// Where the next byte stands, in the CSV reader's own grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Line ends here belong to no row: the reader skips empty lines.
    RowStart,
    /// Only here and at the start of a row does a quote open a quoted cell.
    CellStart,
    /// A quote in here is a letter like any other.
    Plain,
    /// Delimiters and line ends are letters in here; ending the file here is a flaw.
    Quoted,
    /// Behind a quote inside a quoted cell: it ends the cell, or is the first of a doubled one.
    QuoteInQuoted,
}

impl<R: Read> Scanned<R> {
    pub(super) fn new(inner: R, delimiter: u8) -> Self {
        let mut signs = [false; 256];
        for sign in [delimiter, b'"', b'\r', b'\n', 0] {
            if let Some(place) = signs.get_mut(usize::from(sign)) {
                *place = true;
            }
        }
        Self {
            inner,
            delimiter,
            signs,
            place: Place::RowStart,
            line: 1,
            after_cr: false,
            row_line: 1,
            row_bytes: 0,
            quote_line: 1,
            rows: VecDeque::new(),
            flaw: None,
        }
    }

    /// The first line of the next row that was not yet taken. Rows without any byte are not rows.
    pub(super) fn take_row_line(&mut self) -> Option<u64> {
        self.rows.pop_front()
    }

    /// What stopped the reading, if it was the scanner.
    pub(super) const fn flaw(&self) -> Option<ScanFlaw> {
        self.flaw
    }

    /// Looks at one byte that may mean something where it stands.
    fn see(&mut self, byte: u8) -> Result<(), ScanFlaw> {
        if byte == 0 {
            return Err(ScanFlaw::Nul { line: self.line });
        }
        self.begin_row(byte);
        if self.place != Place::RowStart || !is_line_end(byte) {
            self.measure(1)?;
        }
        self.place = self.step(byte)?;
        if byte == b'\r' || (byte == b'\n' && !self.after_cr) {
            self.line = self.line.saturating_add(1);
        }
        self.after_cr = byte == b'\r';
        Ok(())
    }

    /// How many of the next bytes are letters wherever they stand: most of them, in most files.
    fn letters(&self, bytes: &[u8]) -> usize {
        let sign = |byte: &u8| self.signs.get(usize::from(*byte)).copied().unwrap_or(true);
        bytes.iter().position(sign).unwrap_or(bytes.len())
    }

    /// A row begins with the first byte that ends no line.
    fn begin_row(&mut self, byte: u8) {
        if self.place == Place::RowStart && !is_line_end(byte) {
            self.row_line = self.line;
            self.row_bytes = 0;
            self.rows.push_back(self.line);
        }
    }

    /// Counts bytes towards the row's bound, so that one row cannot fill all memory.
    fn measure(&mut self, bytes: usize) -> Result<(), ScanFlaw> {
        self.row_bytes = self.row_bytes.saturating_add(bytes);
        if self.row_bytes > ROW_BYTES_MAX {
            return Err(ScanFlaw::RowTooLong { line: self.row_line });
        }
        Ok(())
    }

    /// The place behind the byte, as the CSV reader would see it.
    fn step(&mut self, byte: u8) -> Result<Place, ScanFlaw> {
        match self.place {
            Place::Quoted if byte == b'"' => Ok(Place::QuoteInQuoted),
            Place::Quoted => Ok(Place::Quoted),
            Place::QuoteInQuoted if byte == b'"' => Ok(Place::Quoted),
            Place::RowStart | Place::CellStart if byte == b'"' => {
                self.quote_line = self.line;
                Ok(Place::Quoted)
            }
            Place::RowStart | Place::CellStart | Place::Plain | Place::QuoteInQuoted if byte == self.delimiter => {
                Ok(Place::CellStart)
            }
            Place::RowStart | Place::CellStart | Place::Plain | Place::QuoteInQuoted if is_line_end(byte) => {
                Ok(Place::RowStart)
            }
            Place::RowStart | Place::CellStart | Place::Plain => Ok(Place::Plain),
            Place::QuoteInQuoted => Err(ScanFlaw::AfterQuote { line: self.line }),
        }
    }

    /// A file may end anywhere but inside a quoted cell.
    fn end(&self) -> Result<(), ScanFlaw> {
        if self.place == Place::Quoted { Err(ScanFlaw::QuoteOpen { line: self.quote_line }) } else { Ok(()) }
    }

    /// No bytes mean the end of the file. Runs of plain letters are measured at once, for speed.
    fn pass(&mut self, bytes: &[u8]) -> Result<(), ScanFlaw> {
        if bytes.is_empty() {
            return self.end();
        }
        let mut rest = bytes;
        while let Some((byte, behind)) = rest.split_first() {
            // The first letter of a run says where the others stand.
            self.see(*byte)?;
            let (letters, more) = match self.place {
                Place::Plain | Place::Quoted => behind.split_at(self.letters(behind).min(behind.len())),
                Place::RowStart | Place::CellStart | Place::QuoteInQuoted => (&[][..], behind),
            };
            if !letters.is_empty() {
                self.measure(letters.len())?;
                self.after_cr = false;
            }
            rest = more;
        }
        Ok(())
    }
}

impl<R: Read> Read for Scanned<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        if self.flaw.is_some() {
            return Err(io::Error::from(io::ErrorKind::InvalidData));
        }
        let count = loop {
            match self.inner.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        let bytes = buffer.get(..count).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))?;
        self.pass(bytes).map_err(|flaw| {
            self.flaw = Some(flaw);
            io::Error::from(io::ErrorKind::InvalidData)
        })?;
        Ok(count)
    }
}

const fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::{ROW_BYTES_MAX, ScanFlaw, Scanned};

    fn scan(text: &str) -> (Vec<u64>, Option<ScanFlaw>) {
        let mut scanned = Scanned::new(text.as_bytes(), b',');
        let read = std::io::copy(&mut scanned, &mut std::io::sink());
        assert_eq!(read.is_err(), scanned.flaw().is_some(), "a flaw stops the reading and nothing else does");
        (std::iter::from_fn(|| scanned.take_row_line()).collect(), scanned.flaw())
    }

    #[test]
    fn rows_are_found_on_the_lines_where_an_editor_shows_them() {
        let cases: [(&str, &[u64], &str); 8] = [
            ("a\nb\nc", &[1, 2, 3], "Unix, no last line end"),
            ("a\r\nb\r\nc\r\n", &[1, 2, 3], "Windows"),
            ("a\rb\rc", &[1, 2, 3], "old Mac"),
            ("\n\r\n\ra\n\n\nb", &[4, 7], "empty lines count and are no rows"),
            ("a,\"x\ny\r\nz\"\nb", &[1, 4], "line ends inside quotes count and end no row"),
            ("\"a\"\"\n\"\"\",b\nc", &[1, 3], "doubled quotes do not end the cell"),
            ("5\" tube\nb", &[1, 2], "a quote inside a plain cell is a letter"),
            ("", &[], "nothing"),
        ];
        for (text, want, why) in cases {
            assert_eq!(scan(text), (want.to_vec(), None), "{why}");
        }
    }

    #[test]
    fn what_the_reader_would_swallow_in_silence_is_a_flaw() {
        let cases = [
            ("a\nb\n\"c\nd\n", ScanFlaw::QuoteOpen { line: 3 }, "the quote swallows the rest of the file"),
            ("a\n\"b\nc,\"d\ne", ScanFlaw::AfterQuote { line: 3 }, "two unclosed quotes look like one cell"),
            ("a\nb\"c\n\"d\" ,e", ScanFlaw::AfterQuote { line: 3 }, "a space behind a quote"),
            ("a\n\0", ScanFlaw::Nul { line: 2 }, "no text file"),
            ("a\n\"\0\"", ScanFlaw::Nul { line: 2 }, "nor inside quotes"),
        ];
        for (text, want, why) in cases {
            assert_eq!(scan(text).1, Some(want), "{why}");
        }
    }

    #[test]
    fn a_row_may_have_so_many_bytes_and_not_one_more() {
        let row = "x".repeat(ROW_BYTES_MAX - 1);
        assert_eq!(scan(&format!("a\n{row}\n{row}\n")).1, None);
        assert_eq!(scan(&format!("a\n{row}xx\n")).1, Some(ScanFlaw::RowTooLong { line: 2 }));
        let quoted = "\"\n".to_owned() + &"\n".repeat(ROW_BYTES_MAX);
        assert_eq!(scan(&quoted).1, Some(ScanFlaw::RowTooLong { line: 1 }), "lines inside a quote are one row");
    }

    #[test]
    fn reading_on_after_a_flaw_gives_nothing() {
        let mut scanned = Scanned::new("a\0b".as_bytes(), b',');
        let mut buffer = [0; 1];
        assert_eq!(scanned.read(&mut buffer).unwrap(), 1);
        assert!(scanned.read(&mut buffer).is_err());
        assert!(scanned.read(&mut buffer).is_err());
    }
}
