//! The readings behind the first: rows are gathered, and become records patient by patient.
//!
//! In each reading only the rows of a share of the patients are gathered: those whose pseudonym's number
//! leaves a certain remainder. Every patient's rows are thus read in one reading, wherever they stand,
//! and a patient is kept whole or not at all.
//!
//! Files are read on a thread of their own, while the caller's keeps what was read before. The sink sees the
//! same steps in the same order as if there were one thread, and at most a few of them wait.

use std::collections::BTreeMap;
use std::io::{Read, Seek};
use std::panic;
use std::sync::mpsc::sync_channel;
use std::thread;

use sumac_protocol::record::Record;

use super::checking::{Checked, CheckedFile};
use super::gathering::Gathering;
use super::limits::STEPS_WAITING_MAX;
use super::reading::Reading;
use super::reject::Reject;
use super::{ImportError, SourceFile, UnknownCode};

use conveying::{Outbox, Step};
use share::{Share, read_row};

mod conveying;
mod share;

/// Where an import's records and rejects go.
pub trait Sink {
    /// Why something could not be kept.
    type Error;

    /// Keeps the whole records of at most [`BATCH_PATIENTS`](super::limits::BATCH_PATIENTS) patients, durably when it
    /// returns.
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

impl<R: Read + Seek + Send> Checked<'_, R> {
    /// Reads the files again and gives their records to the sink, which stays on the caller's thread.
    ///
    /// # Errors
    /// [`Halted`] if a file has changed, or the sink fails.
    pub fn keep<S: Sink>(self, sink: &mut S) -> Result<Totals, Halted<S::Error>> {
        thread::scope(|scope| {
            let (out, steps) = sync_channel(STEPS_WAITING_MAX);
            let out = Outbox::new(out, self.patients);
            let reader = thread::Builder::new().name("sumac-import".to_owned());
            let reader = reader.spawn_scoped(scope, move || self.read_again(out));
            let reader = reader.map_err(|source| Halted::Files(ImportError::NoThread { source }))?;
            // Where the sink fails nobody takes steps any more, and the reader ends by itself.
            for step in steps {
                carry_out(step, sink).map_err(Halted::Sink)?;
            }
            let ended = reader.join().unwrap_or_else(|panicked| panic::resume_unwind(panicked));
            ended.map_err(Halted::Files)
        })
    }

    /// Reads the files again and sends their records off, for as long as somebody takes them.
    fn read_again(self, mut out: Outbox) -> Result<Totals, ImportError> {
        let Self { lens, bounds, files, passes, .. } = self;
        let (mut layouts, mut sources) = (Vec::new(), Vec::new());
        for CheckedFile { file, source, layout, rows, .. } in files {
            layouts.push(layout);
            sources.push((file, source, rows));
        }
        let courses_known = sources.iter().any(|(file, ..)| matches!(file, SourceFile::Courses | SourceFile::Redcap));
        let mut reading = Reading::new(lens);
        for pass in 0..passes {
            let share = Share { pass, passes, bounds };
            let mut gathering = Gathering::default();
            for ((file, source, rows), layout) in sources.iter_mut().zip(&layouts) {
                let read =
                    share.gather((*file, source, layout), lens, &mut gathering, &mut reading.rejects, &mut out)?;
                if read != *rows {
                    return Err(ImportError::Changed { file: *file });
                }
                out.totals.rows = out.totals.rows.saturating_add(if pass == 0 { read } else { 0 });
            }
            let mut cells = Vec::new();
            for at in 0..gathering.patients() {
                let Some((pseudonym, rows)) = gathering.patient_at(at).filter(|_| out.heard) else { break };
                for row in rows {
                    read_row(&row, &layouts, courses_known, &mut reading, &mut cells);
                }
                let finished = reading.finish(pseudonym);
                out.hold(&mut reading.rejects);
                if let Some((record, entries)) = finished {
                    out.add(pseudonym, record, entries);
                }
            }
            out.tell_rejects();
            if !out.heard {
                break;
            }
        }
        out.flush();
        Ok(Totals { unknown: reading.rejects.unknown, ..out.totals })
    }
}

/// Hands one step to the sink.
fn carry_out<S: Sink>(step: Step, sink: &mut S) -> Result<(), S::Error> {
    match step {
        Step::Keep { batch, progress } => {
            sink.keep(batch)?;
            sink.progress(progress);
            Ok(())
        }
        Step::LeaveOut(rejects) => rejects.into_iter().try_for_each(|reject| sink.leave_out(reject)),
    }
}
