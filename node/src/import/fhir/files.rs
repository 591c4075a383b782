//! Which files there are, and each resource of one of them after the other.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use serde_json::Value;

use super::document;
use super::failure::FhirImportError;
use super::limits::{DOCUMENT_FILE_BYTES_MAX, FILES_MAX, LINE_BYTES_MAX};
use super::reference::{Aliases, Key};
use super::tree;

/// The files of one import, in the order in which they are read.
#[derive(Debug)]
pub struct FhirFiles(Vec<FhirFile>);

/// One file.
#[derive(Debug)]
pub(super) struct FhirFile {
    /// Where it lies.
    pub(super) path: PathBuf,
    /// How rejects name it.
    pub(super) name: Arc<str>,
    /// Its size when it was found.
    pub(super) bytes: u64,
    /// When it was last written then, as far as the system knows.
    modified: Option<SystemTime>,
    /// Whether each line is a resource.
    lines: bool,
}

/// One resource, as it stands in its file.
#[derive(Debug)]
pub(super) struct Resource<'f> {
    /// Where it stands.
    pub(super) file: &'f FhirFile,
    /// The line, or the number of the entry, from 1.
    pub(super) place: u64,
    /// Its `resourceType`, of whatever spelling.
    pub(super) kind: String,
    /// How it is called inside the import.
    pub(super) key: Key,
    /// All of it.
    pub(super) value: Value,
    /// Where the full URLs of its Bundle lead; nothing outside of one.
    pub(super) aliases: &'f Aliases,
}

impl FhirFiles {
    /// Finds the files: each path is a file, or a folder of `.json`, `.ndjson` and `.jsonl` files, which
    /// are read in the order of their names. Folders inside are not looked into.
    ///
    /// # Errors
    /// [`FhirImportError`] if a path is not there or a folder holds nothing to read.
    pub fn find(paths: &[PathBuf]) -> Result<Self, FhirImportError> {
        let mut files = Vec::new();
        for path in paths {
            if fs::metadata(path).map_err(|source| unreadable(path, source))?.is_dir() {
                let before = files.len();
                for inner in listed(path)? {
                    files.push(FhirFile::open(inner)?);
                }
                if files.len() == before {
                    return Err(FhirImportError::NoFiles { path: path.clone() });
                }
            } else {
                files.push(FhirFile::open(path.clone())?);
            }
            if files.len() > FILES_MAX {
                return Err(FhirImportError::TooManyFiles);
            }
        }
        Ok(Self(files))
    }

    /// The first file, beside which rejects go unless told otherwise.
    #[must_use]
    pub fn first(&self) -> Option<&Path> {
        self.0.first().map(|file| file.path.as_path())
    }

    /// Whether a path is one of the files, so that nothing may be written there.
    #[must_use]
    pub fn has(&self, path: &Path) -> bool {
        let real = path.canonicalize().ok();
        real.is_some() && self.0.iter().any(|file| file.path.canonicalize().ok() == real)
    }

    /// Every file, in the order of reading.
    pub(super) fn each(&self) -> &[FhirFile] {
        &self.0
    }

    /// The size of all of them.
    pub(super) fn bytes(&self) -> u64 {
        self.0.iter().fold(0, |sum, file| sum.saturating_add(file.bytes))
    }
}

impl FhirFile {
    /// Looks at a file and refuses one that is too large to be read whole.
    fn open(path: PathBuf) -> Result<Self, FhirImportError> {
        let about = fs::metadata(&path).map_err(|source| unreadable(&path, source))?;
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        let lines = has_extension(&path, &["ndjson", "jsonl"]);
        if !lines && about.len() > DOCUMENT_FILE_BYTES_MAX {
            return Err(FhirImportError::TooLarge { path, bytes: about.len() });
        }
        Ok(Self { name: name.as_ref().into(), bytes: about.len(), modified: about.modified().ok(), lines, path })
    }

    /// Hands over each resource. Of an NDJSON file, `wanted` may turn a line down before it is read in
    /// full. Tells whether a search has a next page.
    pub(super) fn each_resource<E: From<FhirImportError>>(
        &self,
        wanted: impl Fn(&[u8]) -> bool,
        mut take: impl FnMut(Resource<'_>) -> Result<(), E>,
    ) -> Result<bool, E> {
        let file = File::open(&self.path).map_err(|source| unreadable(&self.path, source))?;
        let about = file.metadata().map_err(|source| unreadable(&self.path, source))?;
        if about.len() != self.bytes || about.modified().ok() != self.modified {
            return Err(FhirImportError::Changed { path: self.path.clone() }.into());
        }
        if self.lines {
            self.each_line(file, wanted, &mut take)?;
            return Ok(false);
        }
        let mut text = Vec::new();
        file.take(DOCUMENT_FILE_BYTES_MAX.saturating_add(1))
            .read_to_end(&mut text)
            .map_err(|source| unreadable(&self.path, source))?;
        document::each(self, without_mark(&text), &mut take)
    }

    /// Reads a file of lines; of these one at a time is in memory.
    fn each_line<E: From<FhirImportError>>(
        &self,
        file: File,
        wanted: impl Fn(&[u8]) -> bool,
        take: &mut impl FnMut(Resource<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut reader = BufReader::with_capacity(1 << 18, file);
        let aliases = Aliases::default();
        let (mut line, mut number) = (Vec::new(), 0_u64);
        let most = u64::try_from(LINE_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
        loop {
            line.clear();
            let read = reader.by_ref().take(most).read_until(b'\n', &mut line);
            if read.map_err(|source| unreadable(&self.path, source))? == 0 {
                return Ok(());
            }
            number = number.saturating_add(1);
            if line.len() > LINE_BYTES_MAX {
                return Err(FhirImportError::LineTooLong { path: self.path.clone(), line: number }.into());
            }
            let text = if number == 1 { without_mark(&line) } else { &line };
            let text = text.trim_ascii();
            if text.is_empty() || !wanted(text) {
                continue;
            }
            let value = tree::parse(text).map_err(|error| self.not_json(&error, number))?;
            take(self.resource(number, None, value, &aliases, || format!("line {number}"))?)?;
        }
    }

    /// A resource with its type and key.
    pub(super) fn resource<'f>(
        &'f self,
        place: u64,
        full_url: Option<&str>,
        value: Value,
        aliases: &'f Aliases,
        says: impl FnOnce() -> String,
    ) -> Result<Resource<'f>, FhirImportError> {
        let text = |name| value.get(name).and_then(Value::as_str).filter(|text: &&str| !text.is_empty());
        let Some(kind) = text("resourceType").map(str::to_owned) else {
            return Err(FhirImportError::NotFhir { path: self.path.clone(), place: says() });
        };
        let key = key(&kind, text("id"), full_url, || format!("{}:{place}", self.name));
        Ok(Resource { file: self, place, kind, key, value, aliases })
    }

    /// What the reader says, with the line of the file.
    pub(super) fn not_json(&self, error: &serde_json::Error, first_line: u64) -> FhirImportError {
        let wide = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        let line = first_line.saturating_add(wide(error.line())).saturating_sub(1);
        let says = error.to_string();
        let says = says.split(" at line ").next().unwrap_or_default().to_owned();
        FhirImportError::NotJson { path: self.path.clone(), line, column: wide(error.column()), says }
    }
}

/// How a resource is called inside an import.
pub(super) fn key(kind: &str, id: Option<&str>, full_url: Option<&str>, otherwise: impl FnOnce() -> String) -> Key {
    match (id, full_url) {
        (Some(id), _) => format!("{kind}/{id}"),
        (None, Some(full_url)) => full_url.to_owned(),
        (None, None) => otherwise(),
    }
}

/// The files of a folder that are read, sorted.
fn listed(folder: &Path) -> Result<Vec<PathBuf>, FhirImportError> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(|source| unreadable(folder, source))? {
        let path = entry.map_err(|source| unreadable(folder, source))?.path();
        if has_extension(&path, &["json", "ndjson", "jsonl"]) && path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// Whether a name ends in one of these, whatever the capitals.
fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    path.extension().is_some_and(|own| extensions.iter().any(|extension| own.eq_ignore_ascii_case(extension)))
}

/// The text behind a byte order mark, which some systems put in front.
fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

/// What the system says about a path.
fn unreadable(path: &Path, source: std::io::Error) -> FhirImportError {
    FhirImportError::Unreadable { path: path.to_owned(), source }
}
