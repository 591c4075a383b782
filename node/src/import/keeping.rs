//! The readings behind the first: row by row into drafts, patient by patient into the store.
//!
//! In each reading only the rows of a share of the patients are gathered: those whose pseudonym's number
//! leaves a certain remainder. Every patient's rows are thus read in one reading, wherever they stand,
//! and a patient is kept whole or not at all.

use std::collections::BTreeMap;
use std::io::{Read, Seek};

use sumac_protocol::record::Record;

use super::checking::{Bounds, Checked, CheckedFile, open};
use super::gathering::{Gathering, Whose, finish};
use super::layout::Layout;
use super::limits::{BATCH_ENTRIES, BATCH_PATIENTS};
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
        let mut keeping = Keeping { sink, batch: BTreeMap::new(), entries: 0, of: patients, totals: Totals::default() };
        let mut rejects = Rejects::default();
        for pass in 0..passes {
            let share = Share { pass, passes, courses_known, bounds };
            let mut gathering = Gathering::new(lens, rejects);
            for ((file, source, rows), layout) in sources.iter_mut().zip(&layouts) {
                let read = share.gather(*file, source, layout, &mut gathering, &mut keeping)?;
                if read != *rows {
                    return Err(Halted::Files(ImportError::Changed { file: *file }));
                }
                keeping.totals.rows += if pass == 0 { read } else { 0 };
            }
            rejects = keeping.finish(gathering)?;
        }
        keeping.flush()?;
        let Keeping { totals, .. } = keeping;
        Ok(Totals { unknown: rejects.unknown, ..totals })
    }
}

/// Which rows are gathered in one reading.
#[derive(Clone, Copy)]
struct Share {
    pass: u64,
    passes: u64,
    courses_known: bool,
    bounds: Bounds,
}

impl Share {
    /// Reads one file. Gives back how many rows it has.
    fn gather<'l, R: Read + Seek, S: Sink>(
        self,
        file: SourceFile,
        source: &mut R,
        layout: &'l Layout<'_>,
        gathering: &mut Gathering<'l>,
        keeping: &mut Keeping<'_, S>,
    ) -> Result<u64, Halted<S::Error>> {
        let mut table = open(self.bounds, gathering.lens, file, source).map_err(Halted::Files)?;
        if *table.header() != layout.header {
            return Err(Halted::Files(ImportError::Changed { file }));
        }
        while let Some(row) = table.next_row().map_err(Halted::Files)? {
            // What is wrong has become a reject by now; there is nothing else to do for the row.
            let _read: Option<()> = self.read(file, &row, layout, gathering);
            keeping.leave_out(&mut gathering.rejects)?;
        }
        Ok(table.rows())
    }

    /// Reads one row, if it is of this share. Rows that are nobody's belong to the first reading.
    fn read<'l>(
        self,
        file: SourceFile,
        row: &Row<'_>,
        layout: &'l Layout<'_>,
        gathering: &mut Gathering<'l>,
    ) -> Option<()> {
        let mapping = gathering.lens.mapping;
        let first = self.pass == 0;
        if let Err(why) = row.shape() {
            if first {
                gathering.rejects.leave_out_row(file, row.line, why);
            }
            return None;
        }
        let cell = row.cell(&layout.patient);
        let patient = match cell.pseudonym(mapping) {
            Err(_) if !first => return None,
            read => gathering.rejects.sift(cell, read)?,
        };
        if self.passes > 1 && census::number(patient) % self.passes != self.pass {
            return None;
        }
        let cell = row.cell(&layout.course);
        let course = gathering.rejects.sift(cell, cell.course(mapping))?;
        let whose = Whose { patient, course, cell, begins: layout.opens || !self.courses_known };
        if layout.opens {
            gathering.open(whose)?;
        }
        for part in &layout.parts {
            part.read(row, whose, gathering);
        }
        Some(())
    }
}

/// Records on their way to the sink.
struct Keeping<'s, S> {
    sink: &'s mut S,
    batch: BTreeMap<String, Record>,
    entries: usize,
    of: u64,
    totals: Totals,
}

impl<S: Sink> Keeping<'_, S> {
    /// Makes records of everything that was gathered, and gives them to the sink in full batches.
    fn finish(&mut self, gathering: Gathering<'_>) -> Result<Rejects, Halted<S::Error>> {
        let Gathering { lens, drafts, mut rejects } = gathering;
        for (pseudonym, courses) in drafts.into_patients() {
            let finished = finish(&pseudonym, courses, lens, &mut rejects);
            self.leave_out(&mut rejects)?;
            let Some((record, entries)) = finished else { continue };
            if self.batch.len() >= BATCH_PATIENTS || self.entries.saturating_add(entries) > BATCH_ENTRIES {
                self.flush()?;
            }
            self.count(&record);
            self.entries = self.entries.saturating_add(entries);
            self.batch.insert(pseudonym, record);
        }
        Ok(rejects)
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

    fn leave_out(&mut self, rejects: &mut Rejects) -> Result<(), Halted<S::Error>> {
        for reject in rejects.take() {
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
