//! The first reading: everything that makes a file wrong is found before anything is kept.

use std::io::{Read, Seek, SeekFrom};

use sumac_protocol::dictionary::Dictionary;
use sumac_protocol::limits::PATIENTS_MAX;

use super::cell::Lens;
use super::census::Census;
use super::gathering::{PATIENT_BYTES, ROW_BYTES, weight};
use super::keeping::Progress;
use super::layout::Layout;
use super::limits::{GATHERED_BYTES_MAX, ROWS_MAX};
use super::mapping::Mapping;
use super::table::Table;
use super::{ImportError, SourceFile, Sources};

/// Files that were read to their ends, and of which nothing was kept yet.
#[must_use = "nothing is kept until `keep` is called"]
pub struct Checked<'a, R> {
    pub(super) lens: Lens<'a>,
    pub(super) bounds: Bounds,
    pub(super) files: Vec<CheckedFile<'a, R>>,
    pub(super) patients: u64,
    /// How often all files are read again, so that each share fits in memory; at least 1.
    pub(super) passes: u64,
}

/// One file that was read to its end.
pub(super) struct CheckedFile<'a, R> {
    pub(super) file: SourceFile,
    pub(super) source: R,
    pub(super) layout: Layout<'a>,
    /// 0 until the file was read through.
    pub(super) rows: u64,
    /// Memory that its rows take once they are gathered, in bytes.
    weight: u64,
    /// The file's size when it was opened; only for telling progress.
    bytes: u64,
}

/// Bounds that no test could reach with files of their real size.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) rows_max: u64,
    pub(super) patients_max: u64,
    pub(super) gathered_bytes_max: u64,
}

impl Bounds {
    /// What every import outside of tests is held to.
    pub(super) const USUAL: Self =
        Self { rows_max: ROWS_MAX, patients_max: PATIENTS_MAX, gathered_bytes_max: GATHERED_BYTES_MAX };
}

/// Reads all files to their ends and keeps nothing. What is wrong with single rows is found later, by
/// [`Checked::keep`].
///
/// # Errors
/// [`ImportError`] if the mapping does not fit the dictionary or a file, or a file is no CSV text.
pub fn check<'a, R: Read + Seek>(
    dictionary: &'a Dictionary,
    mapping: &'a Mapping,
    sources: Sources<R>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Checked<'a, R>, ImportError> {
    check_within(Bounds::USUAL, Lens { dictionary, mapping }, sources, progress)
}

/// Finds every file's layout before any is read through, so that a wrong mapping shows at once.
/// Fails if there is no file, one is unreadable or too long, or there are too many patients.
pub(super) fn check_within<'a, R: Read + Seek>(
    bounds: Bounds,
    lens: Lens<'a>,
    sources: Sources<R>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Checked<'a, R>, ImportError> {
    if sources.is_empty() {
        return Err(ImportError::NoSource);
    }
    let mut files = Vec::new();
    let mut of = 0_u64;
    for (file, mut source) in sources {
        let bytes = source.seek(SeekFrom::End(0)).map_err(|source| ImportError::NoFile { file, source })?;
        of = of.saturating_add(bytes);
        let layout = Layout::find(open(bounds, lens, file, &mut source)?.header(), lens)?;
        files.push(CheckedFile { file, source, layout, rows: 0, weight: 0, bytes });
    }
    let mut census = Census::default();
    let mut before = 0_u64;
    for file in &mut files {
        let told = |end: u64| progress(Progress::Checking { bytes: before.saturating_add(end), of });
        read_through(bounds, lens, file, &mut census, told)?;
        before = before.saturating_add(file.bytes);
    }
    let patients = census.patients();
    if patients > bounds.patients_max {
        return Err(ImportError::TooManyPatients { patients_max: bounds.patients_max });
    }
    let rows = files.iter().fold(0_u64, |sum, file| sum.saturating_add(file.weight));
    let weight = rows.saturating_add(patients.saturating_mul(PATIENT_BYTES));
    let passes = weight.div_ceil(bounds.gathered_bytes_max).max(1);
    Ok(Checked { lens, bounds, files, patients, passes })
}

/// A file from its beginning.
pub(super) fn open<'r, R: Read + Seek>(
    bounds: Bounds,
    lens: Lens<'_>,
    file: SourceFile,
    source: &'r mut R,
) -> Result<Table<&'r mut R>, ImportError> {
    source.seek(SeekFrom::Start(0)).map_err(|source| ImportError::Unreadable { file, source })?;
    Table::open(file, source, lens.mapping.delimiter, bounds.rows_max)
}

/// Reads every row, counts patients and rows, and weighs what will be kept of them.
fn read_through<R: Read + Seek>(
    bounds: Bounds,
    lens: Lens<'_>,
    checked: &mut CheckedFile<'_, R>,
    census: &mut Census,
    mut told: impl FnMut(u64),
) -> Result<(), ImportError> {
    let CheckedFile { file, source, layout, rows, weight: all, .. } = checked;
    let mut table = open(bounds, lens, *file, source)?;
    let mut told_at = 0_u64;
    while let Some(line) = table.next_line()? {
        if line.shape().is_ok() {
            if let Ok(pseudonym) = line.cell(&layout.patient).pseudonym(lens.mapping) {
                census.count(pseudonym);
            }
            let cells = layout.kept.iter().fold(ROW_BYTES, |sum, at| sum.saturating_add(weight(line.text(*at))));
            *all = all.saturating_add(cells);
        }
        if census.at_least() > bounds.patients_max {
            return Err(ImportError::TooManyPatients { patients_max: bounds.patients_max });
        }
        if line.end.saturating_sub(told_at) >= TOLD_EVERY_BYTES {
            told_at = line.end;
            told(line.end);
        }
    }
    *rows = table.rows();
    Ok(())
}

/// How often progress is told.
const TOLD_EVERY_BYTES: u64 = 1 << 20;

impl<R> Checked<'_, R> {
    /// Rows of all files that have any text, headers not counted.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.files.iter().fold(0, |sum, file| sum.saturating_add(file.rows))
    }

    /// Patients of all files.
    #[must_use]
    pub const fn patients(&self) -> u64 {
        self.patients
    }
}

impl<R> std::fmt::Debug for Checked<'_, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Checked({} files, {} rows, {} patients)", self.files.len(), self.rows(), self.patients)
    }
}
