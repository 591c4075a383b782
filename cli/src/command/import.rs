//! `sumac import`: a clinic's records from CSV files.
//!
//! The files are read and checked by the program that was called, under the charter's dictionary; the
//! records go to the running node over its control socket, or, where none runs, into the store under
//! its lock. Either way each patient's record is kept whole or not at all.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{ArgGroup, Args};
use sumac_node::clinic::{Clinic, Kept};
use sumac_node::clock::Clock;
use sumac_node::control::{self, ControlError, Request, Response};
use sumac_node::home::Home;
use sumac_node::import::{Imported, Mapping, SourceFile, Sources, read_records, write_rejects};
use sumac_node::store::Store;
use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::dictionary::Dictionary;

use crate::command::node;
use crate::failure::Failure;
use crate::{files, show};

mod rejects_path;

/// Brings records in. The same files again change nothing; a wrong row never stops the right ones;
/// a wrong file changes nothing. Works with the node running or stopped.
#[derive(Debug, Args)]
#[command(override_usage = USAGE, group(ArgGroup::new("sources").args(["courses", "assessments"]).required(true).multiple(true)))]
pub(crate) struct ImportArgs {
    /// The node's folder.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// The mapping: which column means what.
    #[arg(long, value_name = "FILE")]
    mapping: PathBuf,
    /// CSV with a row for each course.
    #[arg(long, value_name = "FILE")]
    courses: Option<PathBuf>,
    /// CSV with a row for each score.
    #[arg(long, value_name = "FILE")]
    assessments: Option<PathBuf>,
    /// Where rows that were left out are listed, with the reason and what to do. May hold personal
    /// values. Default: rejects.csv beside the first file, never in the node's folder.
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
}

/// Written out, because clap's own is one line of 98 columns.
const USAGE: &str = "sumac import [OPTIONS] --dir <DIR> --mapping <FILE>
                    <--courses <FILE>|--assessments <FILE>>";

impl ImportArgs {
    /// Reads the files whole before anything is kept: a wrong file changes nothing.
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let home = Home::at(&self.dir);
        if let Some(path) = &self.rejects {
            rejects_path::check(path, &self.sources(), &self.dir)?;
        }
        let chain = node::charter(&home)?;
        let imported = read(&chain, &self.mapping, self.courses.as_deref(), self.assessments.as_deref())?;
        // Opened first: where rejects cannot be listed, nothing is kept either.
        let rejects = if imported.rejects.is_empty() { None } else { Some(self.rejects()?) };
        let kept = keep(&home, chain, &imported)?;
        show::line(&format!(
            "{} and {} read: {} new or changed, {} as before",
            show::counted(imported.rows_read, "row"),
            show::counted(u64::try_from(imported.patients.len()).unwrap_or(u64::MAX), "patient"),
            kept.changed,
            kept.unchanged
        ));
        for (code, times) in &imported.unknown {
            let times = show::counted(*times, "time");
            show::talk(&format!("`{}` is no value of `{}`: kept as unknown, {times}", code.code, code.field));
        }
        if let Some((path, file)) = rejects {
            write_rejects(&imported.rejects, file).map_err(|why| Failure::file(&path, &why))?;
            let rejects = show::counted(u64::try_from(imported.rejects.len()).unwrap_or(u64::MAX), "reject");
            show::talk(&format!("{rejects}: {} says why each was left out, and what to do", path.display()));
            if imported.patients.is_empty() {
                return Err(Failure::refused(
                    "nothing-imported",
                    &"every row was left out, so nothing was imported",
                    format!("see {}: it says for each row what to do", path.display()),
                ));
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Where rejects go. What they quote lies in the clear in the files that were read, so it may
    /// lie beside them; the node's folder holds nothing in the clear.
    fn rejects(&self) -> Result<(PathBuf, File), Failure> {
        let beside = self.courses.as_ref().or(self.assessments.as_ref()).and_then(|file| file.parent());
        let path = self.rejects.clone().unwrap_or_else(|| beside.unwrap_or(Path::new("")).join("rejects.csv"));
        let file = rejects_path::open(&path, &self.sources(), &self.dir)?;
        Ok((path, file))
    }

    /// The files that are read.
    fn sources(&self) -> Vec<&Path> {
        [Some(&self.mapping), self.courses.as_ref(), self.assessments.as_ref()]
            .into_iter()
            .flatten()
            .map(PathBuf::as_path)
            .collect()
    }
}

/// Reads CSV files into records, by the charter's dictionary.
pub(crate) fn read(
    chain: &CharterChain,
    mapping: &Path,
    courses: Option<&Path>,
    assessments: Option<&Path>,
) -> Result<Imported, Failure> {
    let dictionary = Dictionary::parse(&chain.current().dictionary)
        .map_err(|why| Failure::refused(why.code(), &why, why.remedy()))?;
    let mapping_text = files::read(mapping)?;
    let parsed = Mapping::parse(&mapping_text)
        .map_err(|why| files::named(mapping, Failure::refused(why.code(), &why, why.remedy())))?;
    let open = |path: &Path| File::open(path).map_err(|why| Failure::file(path, &why));
    let sources = Sources { courses: courses.map(open).transpose()?, assessments: assessments.map(open).transpose()? };
    read_records(&dictionary, &parsed, sources).map_err(|why| {
        let at_fault = match why.file() {
            Some(SourceFile::Courses) => courses,
            Some(SourceFile::Assessments) => assessments,
            None => None,
        };
        files::named(at_fault.unwrap_or(mapping), Failure::refused(why.code(), &why, why.remedy()))
    })
}

/// Hands records to the running node, or, where none runs, into its store directly.
pub(crate) fn keep(home: &Home, chain: CharterChain, imported: &Imported) -> Result<Kept, Failure> {
    match control::ask(&home.control_socket(), &Request::KeepRecords(imported.patients.clone())) {
        Ok(Response::Kept(kept)) => Ok(kept),
        Ok(_) => Err(Failure::bug("another answer than was asked for")),
        Err(ControlError::NotRunning { .. }) => {
            let unlock = node::unlock(home)?;
            let (store, _) = Store::open(&home.store_paths(&home.settings()?), &unlock)?;
            let store = Arc::new(store);
            let clinic = Clinic::new(Arc::clone(&store), chain, Arc::new(Clock::default()));
            let kept = clinic.keep_records(&imported.patients)?;
            drop(clinic);
            if let Some(store) = Arc::into_inner(store) {
                store.close()?;
            }
            Ok(kept)
        }
        Err(why) => Err(why.into()),
    }
}
