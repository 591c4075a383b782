//! The readings behind the first: rows are gathered, and become records patient by patient.
//!
//! In each reading only the rows of a share of the patients are gathered: those whose pseudonym's number
//! leaves a certain remainder. Every patient's rows are thus read in one reading, wherever they stand,
//! and a patient is kept whole or not at all.

use std::collections::BTreeMap;
use std::io::{Read, Seek};

use sumac_protocol::record::Record;

use super::cell::Lens;
use super::checking::{Bounds, Checked, CheckedFile, open};
use super::gathering::{Gathered, Gathering};
use super::layout::Layout;
use super::limits::{BATCH_ENTRIES, BATCH_PATIENTS, REJECTS_HELD_MAX};
use super::reading::{Reading, Whose};
use super::reject::{Reject, Rejects};
use super::table::Row;
use super::{ImportError, SourceFile, UnknownCode, census};

/// Where an import's records and rejects go.
pub trait Sink {
    /// Why something could not be kept.
    type Error;

    /// Keeps the whole records of at most [`BATCH_PATIENTS`] patients, durably when it returns.
    ///
    /// # Errors
    /// Whatever keeping gives. The import ends there; what was kept before is whole.
    fn keep(&mut self, batch: BTreeMap<String, Record>) -> Result<(), Self::Error>;

    /// Notes one cell or row that was left out.
    ///
    /// # Errors
    /// Whatever noting gives. The import ends there.
    fn leave_out(&mut self, reject: Reject) -> Result<(), Self::Error>;

    /// Is told how far the import is.
    fn progress(&mut self, _progress: Progress) {}
}

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "complete: files are checked, then their records kept")]
pub enum Progress {
    /// The first reading.
    Checking {
        /// Bytes that were read.
        bytes: u64,
        /// Bytes of all files.
        of: u64,
    },
    /// The readings behind it.
    Keeping {
        /// Patients that were kept or left out.
        patients: u64,
        /// Patients of all files.
        of: u64,
    },
}

/// What a finished import read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Totals {
    /// Rows of all files that had any text, headers not counted.
    pub rows: u64,
    /// Patients whose records were kept.
    pub patients: u64,
    /// Their assessments.
    pub assessments: u64,
    /// Their sessions.
    pub sessions: u64,
    /// Their adverse events.
    pub events: u64,
    /// Cells and rows that were left out.
    pub rejects: u64,
    /// How many cells held a code that the dictionary does not have. They are kept as `unknown`.
    pub unknown: BTreeMap<UnknownCode, u64>,
}

/// Why an import ended before its end. Patients who were kept are kept whole; the same import again
/// finishes it.
#[derive(Debug, thiserror::Error)]
#[expect(clippy::exhaustive_enums, reason = "complete: files are read, and records go to a sink")]
pub enum Halted<E> {
    /// A file could not be read again.
    #[error(transparent)]
    Files(ImportError),
    /// Something could not be kept.
    #[error("{0}")]
    Sink(E),
}

impl<R: Read + Seek> Checked<'_, R> {
    /// Reads the files again and gives their records to the sink.
    ///
    /// # Errors
    /// [`Halted`] if a file has changed, or the sink fails.
    pub fn keep<S: Sink>(self, sink: &mut S) -> Result<Totals, Halted<S::Error>> {
        let Self { lens, bounds, files, patients, passes } = self;
        let (mut layouts, mut sources) = (Vec::new(), Vec::new());
        for CheckedFile { file, source, layout, rows, .. } in files {
            layouts.push(layout);
            sources.push((file, source, rows));
        }
        let courses_known = sources.iter().any(|(file, ..)| matches!(file, SourceFile::Courses | SourceFile::Redcap));
        let totals = Totals::default();
        let mut keeping = Keeping { sink, batch: BTreeMap::new(), entries: 0, held: Vec::new(), of: patients, totals };
        let mut reading = Reading::new(lens);
        for pass in 0..passes {
            let share = Share { pass, passes, bounds };
            let mut gathering = Gathering::default();
            for ((file, source, rows), layout) in sources.iter_mut().zip(&layouts) {
                let rejects = &mut reading.rejects;
                let read = share.gather((*file, source, layout), lens, &mut gathering, rejects, &mut keeping)?;
                if read != *rows {
                    return Err(Halted::Files(ImportError::Changed { file: *file }));
                }
                keeping.totals.rows = keeping.totals.rows.saturating_add(if pass == 0 { read } else { 0 });
            }
            for at in 0..gathering.patients() {
                let Some((pseudonym, rows)) = gathering.patient_at(at) else { continue };
                for row in rows {
                    read_row(&row, &layouts, courses_known, &mut reading);
                }
                let finished = reading.finish(pseudonym);
                keeping.hold(&mut reading.rejects)?;
                if let Some((record, entries)) = finished {
                    keeping.add(pseudonym, record, entries)?;
                }
            }
            keeping.tell_rejects()?;
        }
        keeping.flush()?;
        let Keeping { totals, .. } = keeping;
        Ok(Totals { unknown: reading.rejects.unknown, ..totals })
    }
}

/// Which rows are gathered in one reading.
#[derive(Clone, Copy)]
struct Share {
    pass: u64,
    passes: u64,
    bounds: Bounds,
}

impl Share {
    /// Reads one file. Gives back how many rows it has.
    fn gather<R: Read + Seek, S: Sink>(
        self,
        (file, source, layout): (SourceFile, &mut R, &Layout<'_>),
        lens: Lens<'_>,
        gathering: &mut Gathering,
        rejects: &mut Rejects,
        keeping: &mut Keeping<'_, S>,
    ) -> Result<u64, Halted<S::Error>> {
        let mut table = open(self.bounds, lens, file, source).map_err(Halted::Files)?;
        if *table.header() != layout.header {
            return Err(Halted::Files(ImportError::Changed { file }));
        }
        while let Some(line) = table.next_line().map_err(Halted::Files)? {
            // A row of another shape is nobody's, and belongs to the first share.
            if let Err(why) = line.shape() {
                if self.pass == 0 {
                    rejects.leave_out_row(file, line.number, why);
                    keeping.hold(rejects)?;
                }
                continue;
            }
            let cell = line.cell(&layout.patient);
            if self.passes > 1 && census::number(cell.text) % self.passes != self.pass {
                continue;
            }
            let Some(pseudonym) = rejects.sift(cell, cell.pseudonym(lens.mapping)) else {
                keeping.hold(rejects)?;
                continue;
            };
            let cells = layout.kept.iter().map(|at| line.text(*at));
            if !gathering.keep(pseudonym, (file, line.number), cells) {
                return Err(Halted::Files(ImportError::TooManyRows { file, rows_max: self.bounds.rows_max }));
            }
        }
        Ok(table.rows())
    }
}

/// Reads what one row tells, by the layout of its file.
fn read_row<'l>(row: &Gathered<'_>, layouts: &'l [Layout<'_>], courses_known: bool, reading: &mut Reading<'l>) {
    let Some(layout) = layouts.iter().find(|layout| layout.header.file() == row.file) else { return };
    let mut cells = vec![""; layout.header.columns()];
    for (at, text) in layout.kept.iter().zip(row.cells()) {
        if let Some(cell) = cells.get_mut(*at) {
            *cell = text;
        }
    }
    let row = Row { line: row.line, cells: &cells };
    let cell = row.cell(&layout.course);
    let Some(course) = reading.rejects.sift(cell, cell.course(reading.lens.mapping)) else { return };
    let whose = Whose { course, cell, begins: layout.opens || !courses_known };
    if layout.opens && reading.open(whose).is_none() {
        return;
    }
    for part in &layout.parts {
        part.read(&row, whose, reading);
    }
}

/// Records on their way to the sink.
struct Keeping<'s, S> {
    sink: &'s mut S,
    batch: BTreeMap<String, Record>,
    entries: usize,
    held: Vec<Reject>,
    of: u64,
    totals: Totals,
}

impl<S: Sink> Keeping<'_, S> {
    /// Adds a record to the batch, which goes to the sink when it is full.
    fn add(&mut self, pseudonym: &str, record: Record, entries: usize) -> Result<(), Halted<S::Error>> {
        if self.batch.len() >= BATCH_PATIENTS || self.entries.saturating_add(entries) > BATCH_ENTRIES {
            self.flush()?;
        }
        self.count(&record);
        self.entries = self.entries.saturating_add(entries);
        self.batch.insert(pseudonym.to_owned(), record);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Halted<S::Error>> {
        if self.batch.is_empty() {
            return Ok(());
        }
        self.entries = 0;
        self.sink.keep(std::mem::take(&mut self.batch)).map_err(Halted::Sink)?;
        self.sink.progress(Progress::Keeping { patients: self.totals.patients, of: self.of });
        Ok(())
    }

    /// Holds rejects back, so that they can be told in the order of their rows.
    fn hold(&mut self, rejects: &mut Rejects) -> Result<(), Halted<S::Error>> {
        self.held.append(&mut rejects.take());
        if self.held.len() < REJECTS_HELD_MAX { Ok(()) } else { self.tell_rejects() }
    }

    fn tell_rejects(&mut self) -> Result<(), Halted<S::Error>> {
        let mut held = std::mem::take(&mut self.held);
        held.sort_by_key(|reject| (reject.file, reject.row));
        for reject in held {
            self.totals.rejects = self.totals.rejects.saturating_add(1);
            self.sink.leave_out(reject).map_err(Halted::Sink)?;
        }
        Ok(())
    }

    fn count(&mut self, record: &Record) {
        let many = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        let Totals { patients, assessments, sessions, events, .. } = &mut self.totals;
        *patients = patients.saturating_add(1);
        for course in &record.courses {
            *assessments = assessments.saturating_add(many(course.assessments.len()));
            *sessions = sessions.saturating_add(many(course.sessions.len()));
            *events = events.saturating_add(many(course.events.len()));
        }
    }
}
