//! A projection without a store: for measuring, and for tests. It is filled with synthetic courses, never from patients.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use roaring::RoaringBitmap;
use sumac_protocol::dictionary::Dictionary;
use sumac_protocol::digest::Digest;
use sumac_protocol::plan::{Plan, RawCells};
use sumac_protocol::record::Course;

use super::build::{Builder, folder_of};
use super::compile::compile;
use super::encode::Cells;
use super::error::ColumnsError;
use super::generation::Generation;
use super::layout::Layout;
use super::rows::RowBits;
use super::scan::{self, Kept};
use crate::store::DiskError;
use crate::store::disk::OsDisk;
use crate::store::seal::SealKey;
use crate::synthetic::{Generator, SyntheticError};

/// Why a sample cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SampleError {
    /// Its files cannot be written or read back.
    #[error(transparent)]
    Columns(#[from] ColumnsError),
    /// No course can be drawn.
    #[error(transparent)]
    Synthetic(#[from] SyntheticError),
    /// A course fits no column, so the sample would hold fewer than were asked for.
    #[error("synthetic course {0} fits no column")]
    Apart(u32),
    /// What was to be made of each course beside the sample could not be.
    #[error("the rows beside the sample cannot be written: {0}")]
    Beside(#[from] std::io::Error),
}

/// A sample in the making.
#[derive(Debug)]
pub(super) struct SampleBuilder {
    builder: Builder,
    key: SealKey,
    root: PathBuf,
    layout: Arc<Layout>,
    cells: Cells,
    apart: RoaringBitmap,
}

/// A sealed projection in a folder of its own, under a key that is forgotten with it.
#[derive(Debug)]
pub struct Sample {
    generation: Generation,
    root: PathBuf,
}

/// What a question found in a sample.
#[derive(Debug)]
pub struct SampleAnswer {
    /// The contribution of all who are eligible.
    pub cells: RawCells,
    /// How many courses match, also those beyond what one patient may contribute.
    pub courses: u64,
}

impl SampleBuilder {
    /// Begins a sample in `root`, which is made if it is not there.
    pub(super) fn begin(root: &Path, dictionary: &Dictionary) -> Result<Self, ColumnsError> {
        let key = SealKey::fresh()?;
        let layout = Arc::new(Layout::of(dictionary));
        let builder =
            Builder::begin(Arc::new(OsDisk), root, GENERATION, SealKey::from_bytes(key.expose()), Arc::clone(&layout))?;
        let (cells, apart) = (Cells::default(), RoaringBitmap::new());
        Ok(Self { builder, key, root: root.to_owned(), layout, cells, apart })
    }

    /// Adds a patient's courses. False if they fit no column: then the patient is in no answer of the sample.
    pub(super) fn push(&mut self, patient: u32, courses: &[Course]) -> Result<bool, ColumnsError> {
        let fit = courses.iter().all(|course| self.cells.take(&self.layout, course));
        if !fit {
            self.apart.insert(patient);
            return Ok(false);
        }
        for course in courses {
            self.cells.take(&self.layout, course);
            self.builder.push(patient, &self.cells)?;
        }
        Ok(true)
    }

    /// Makes the sample durable and opens it.
    pub(super) fn finish(self) -> Result<Sample, ColumnsError> {
        let Self { builder, key, root, layout, apart, .. } = self;
        builder.finish(Digest([0; 32]), 0, &apart)?;
        let generation = Generation::open(Arc::new(OsDisk), &root, GENERATION, key, layout)?;
        Ok(Sample { generation, root })
    }
}

impl Sample {
    /// Fills a sample in `root` with the first `courses` of a generator, one a patient, and tells `seen` each of
    /// them and whether its patient consents. With it the rows of those who do.
    ///
    /// # Errors
    /// [`SampleError`]; what was written until then stays.
    pub fn drawn(
        root: &Path,
        generator: &Generator,
        dictionary: &Dictionary,
        courses: u32,
        mut seen: impl FnMut(&Course, bool) -> std::io::Result<()>,
    ) -> Result<(Self, RowBits), SampleError> {
        let mut builder = SampleBuilder::begin(root, dictionary)?;
        let mut consenting = RowBits::default();
        for row in 0..courses {
            let drawn = generator.course(row % CLINICS, u64::from(row / CLINICS))?;
            let consents = drawn.consented.stands();
            if consents {
                consenting.insert(row);
            }
            seen(&drawn.course, consents)?;
            if !builder.push(row, &[drawn.course])? {
                return Err(SampleError::Apart(row));
            }
        }
        Ok((builder.finish()?, consenting))
    }

    /// Opens the same sample again, from its files.
    ///
    /// # Errors
    /// [`ColumnsError`] if they are not as they were written.
    pub fn reopen(&self) -> Result<Self, ColumnsError> {
        Ok(Self { generation: self.generation.reopen(&self.root)?, root: self.root.clone() })
    }

    /// How many courses it holds.
    #[must_use]
    pub fn courses(&self) -> usize {
        self.generation.courses()
    }

    /// Bytes of its files.
    ///
    /// # Errors
    /// [`ColumnsError`] if they cannot be read.
    pub fn bytes(&self) -> Result<u64, ColumnsError> {
        let folder = folder_of(&self.root, GENERATION);
        let failed = |why| DiskError::new("measure", &folder, &why);
        let mut bytes = 0_u64;
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            bytes = bytes.saturating_add(entry.and_then(|entry| entry.metadata()).map_err(failed)?.len());
        }
        Ok(bytes)
    }

    /// Answers a plan for the courses of these patients. `None` if a part of it reads what is in no column.
    ///
    /// # Errors
    /// [`ColumnsError::Damaged`] if a message is not as it was written.
    pub fn answer(
        &self,
        plan: &Plan,
        dictionary: &Dictionary,
        patients: &RowBits,
    ) -> Result<Option<SampleAnswer>, ColumnsError> {
        self.run(plan, dictionary, patients, None)
    }

    /// As [`Sample::answer`], but what one call opened the next finds open: what decrypted memory would give.
    /// All calls with one `opened` are for one plan.
    ///
    /// # Errors
    /// [`ColumnsError::Damaged`] if a message is not as it was written.
    pub fn answer_opened(
        &self,
        plan: &Plan,
        dictionary: &Dictionary,
        patients: &RowBits,
        opened: &mut OpenedColumns,
    ) -> Result<Option<SampleAnswer>, ColumnsError> {
        self.run(plan, dictionary, patients, Some(&mut opened.0))
    }

    fn run(
        &self,
        plan: &Plan,
        dictionary: &Dictionary,
        patients: &RowBits,
        kept: Option<&mut Kept>,
    ) -> Result<Option<SampleAnswer>, ColumnsError> {
        let Some(program) = compile(plan, dictionary, &self.generation) else { return Ok(None) };
        let courses = self.generation.courses_of(patients);
        let found = scan::run(&self.generation, &program, plan, &courses, kept)?;
        Ok(Some(SampleAnswer { courses: found.courses.len(), cells: found.cells }))
    }
}

/// Columns of a sample that stay open between questions.
#[derive(Debug, Default)]
pub struct OpenedColumns(Kept);

const GENERATION: u32 = 1;
/// Synthetic clinics that a sample is drawn from, in turn: one of each kind.
const CLINICS: u32 = 5;
