//! `sumac export`: what a clinic holds, written out in the clear.
//!
//! For one patient, who may ask for it: everything, as JSON or as a FHIR Bundle. For the clinic
//! itself: all records, in the shape that `sumac import` reads. Nothing leaves the clinic by this.
//!
//! What is written is in the clear. It goes to files for their owner alone, never over another file,
//! and never into the node's folder, whose files show nothing to whoever finds them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{ArgGroup, Args, ValueEnum};
use serde_json::Value;
use sumac_node::export::CsvFolder;
use sumac_node::export::fhir::{self, References};
use sumac_node::home::Home;
use sumac_protocol::dictionary::Dictionary;

use crate::command::node;
use crate::failure::Failure;
use crate::{files, show};
use holder::Holder;

pub(super) mod holder;

/// Writes out what is held, in the clear: keep it as you keep your own files. Works with the node
/// running or stopped. Never overwrites, and never writes into the node's folder.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("whose").args(["patient", "all"]).required(true)))]
pub(crate) struct ExportArgs {
    /// The node's folder.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Everything about the patient of this pseudonym: record, enrolment, consents, and every query
    /// that the patient was selected for.
    #[arg(long, value_name = "PSEUDONYM")]
    patient: Option<String>,
    /// All patients.
    #[arg(long)]
    all: bool,
    /// How it is written. Of one patient: json (the default) or fhir, a Bundle. Of all: csv (the
    /// default), as `sumac import` reads it; ndjson, a line of json for each patient; or fhir, a file
    /// for each type of resource.
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Of one patient: the file; without it, standard output. Of all: the folder.
    #[arg(long, value_name = "PATH", required_if_eq("all", "true"))]
    out: Option<PathBuf>,
}

/// How an export is written. Which of them go with one patient and which with all is checked when
/// the command runs, because clap can only say that a combination is wrong, not which would be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One JSON document.
    Json,
    /// FHIR R4 as JSON.
    Fhir,
    /// CSV files with their mapping.
    Csv,
    /// A line of JSON for each patient.
    Ndjson,
}

impl ExportArgs {
    /// Gathers from the running node, or from its store where none runs.
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let home = Home::at(&self.dir);
        let chain = node::charter(&home)?;
        if let Some(out) = &self.out {
            outside(&home, out)?;
        }
        let dictionary = Dictionary::parse(&chain.current().dictionary)
            .map_err(|why| Failure::refused(why.code(), &why, why.remedy()))?;
        let holder = Holder::open(&home, chain)?;
        let done = match (&self.patient, self.out.as_deref()) {
            (Some(pseudonym), out) => self.one(&holder, pseudonym, out, &dictionary),
            (None, Some(folder)) => self.all(&holder, folder, &dictionary),
            (None, None) => Err(Failure::usage("all patients need a folder", "name one with --out")),
        };
        holder.close()?;
        done.map(|()| ExitCode::SUCCESS)
    }

    /// One patient: to a file for its owner alone, or to standard output, where it can be read or piped
    /// on. Everything that is held is one document.
    fn one(&self, holder: &Holder, pseudonym: &str, out: Option<&Path>, of: &Dictionary) -> Result<(), Failure> {
        let format = self.format.unwrap_or(Format::Json);
        if matches!(format, Format::Csv | Format::Ndjson) {
            let says = "one patient is written as json or fhir";
            return Err(Failure::usage(says, "name one of them with --format, or use --all"));
        }
        let held = holder.held(pseudonym)?.ok_or_else(|| {
            let says = format!("there is no patient `{pseudonym}` here");
            Failure::refused("no-such-patient", &says, "`sumac patient list` shows the pseudonyms".into())
        })?;
        let text = match format {
            Format::Fhir => pretty(&fhir::bundle(&held, of))?,
            Format::Json | Format::Csv | Format::Ndjson => pretty(&held)?,
        };
        match out {
            None => show::line(&text),
            Some(path) => {
                files::write_secret(path, format!("{text}\n").as_bytes())?;
                show::talk(&format!("{} holds everything about this patient, in the clear", path.display()));
            }
        }
        Ok(())
    }

    /// All patients, a page at a time, so that memory does not grow with their number. Files that are
    /// there already are never touched, and those begun before a failure stay as they are.
    fn all(&self, holder: &Holder, folder: &Path, dictionary: &Dictionary) -> Result<(), Failure> {
        let failed = |why: std::io::Error| Failure::file(folder, &why);
        let patients = match self.format.unwrap_or(Format::Csv) {
            Format::Csv => {
                let mut csv = CsvFolder::begin(folder, dictionary).map_err(failed)?;
                let patients = holder.each(|held| csv.add(&held).map_err(failed))?;
                csv.finish().map_err(failed)?;
                patients
            }
            Format::Ndjson => {
                let mut lines = Lines::begin(folder)?;
                let patients = holder.each(|held| lines.write("patients", &held))?;
                lines.finish()?;
                patients
            }
            Format::Fhir => {
                let mut lines = Lines::begin(folder)?;
                let patients = holder.each(|held| {
                    fhir::resources(&held, dictionary, References::InFiles).iter().try_for_each(|resource| {
                        let kind = resource.get("resourceType").and_then(Value::as_str).unwrap_or_default();
                        lines.write(kind, resource)
                    })
                })?;
                lines.finish()?;
                patients
            }
            Format::Json => {
                let says = "all patients are written as csv, ndjson or fhir";
                return Err(Failure::usage(says, "name one of them with --format, or use --patient"));
            }
        };
        show::line(&format!("{} written to {}, in the clear", show::counted(patients, "patient"), folder.display()));
        Ok(())
    }
}

/// Files of JSON lines in one folder, by name.
struct Lines {
    /// Where they lie.
    folder: PathBuf,
    /// Those that something was written to. A name without a resource gets no file.
    files: BTreeMap<String, BufWriter<File>>,
}

impl Lines {
    /// Makes the folder, if it is not there.
    fn begin(folder: &Path) -> Result<Self, Failure> {
        fs::create_dir_all(folder).map_err(|why| Failure::file(folder, &why))?;
        Ok(Self { folder: folder.to_owned(), files: BTreeMap::new() })
    }

    /// Adds one line to the file of this name, which is made for its owner alone and never replaces
    /// another.
    fn write(&mut self, name: &str, value: &impl serde::Serialize) -> Result<(), Failure> {
        let path = self.folder.join(format!("{name}.ndjson"));
        if !self.files.contains_key(name) {
            let file = File::options().write(true).create_new(true).mode(0o600).open(&path);
            let file = file.map_err(|why| Failure::file(&path, &why))?;
            self.files.insert(name.to_owned(), BufWriter::new(file));
        }
        let mut line = serde_json::to_vec(value).map_err(|why| Failure::bug(why.to_string()))?;
        line.push(b'\n');
        let written = self.files.get_mut(name).map_or(Ok(()), |file| file.write_all(&line));
        written.map_err(|why| Failure::file(&path, &why))
    }

    /// Writes out what is buffered; a disk that is full is noticed here.
    fn finish(self) -> Result<(), Failure> {
        let Self { folder, files } = self;
        files.into_values().try_for_each(|mut file| file.flush()).map_err(|why| Failure::file(&folder, &why))
    }
}

/// Refuses a place inside the node's folder, which holds nothing in the clear.
///
/// A place that is not there yet is judged by the nearest folder above it that is; links are followed,
/// so that no other name for the node's folder leads into it.
fn outside(home: &Home, out: &Path) -> Result<(), Failure> {
    let real = |path: &Path| {
        path.ancestors().find_map(|part| {
            let part = if part.as_os_str().is_empty() { Path::new(".") } else { part };
            part.canonicalize().ok()
        })
    };
    match (real(home.dir()), real(out)) {
        (Some(home), Some(out)) if out.starts_with(&home) => {
            let says = format!("{}: the node's folder holds nothing in the clear", out.display());
            Err(Failure::usage(says, "name a place outside of it with --out"))
        }
        (Some(_) | None, _) => Ok(()),
    }
}

/// JSON for people to read, two spaces a level.
fn pretty(value: &impl serde::Serialize) -> Result<String, Failure> {
    serde_json::to_string_pretty(value).map_err(|why| Failure::bug(why.to_string()))
}
