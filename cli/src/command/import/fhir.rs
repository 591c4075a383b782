//! `sumac import --fhir`: records from FHIR R4 resources.
//!
//! The clinic decides one thing: which identifier of a Patient is the pseudonym. Everything else is
//! the dictionary's and the files'. What was not read is said by type and reason, so that nobody has
//! to guess what a silent import left behind; no value of a record is ever said, only codes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use sumac_node::clinic::Part;
use sumac_node::home::Home;
use sumac_node::import::fhir::{
    FhirFiles, FhirImportError, FhirReading, FhirReject, FhirSink, FhirStopped, FhirTold, RejectWriter, check_fhir,
};
use sumac_node::import::{Progress, Sink as _};
use sumac_protocol::dictionary::Dictionary;
use sumac_protocol::moment::Millis;
use sumac_protocol::record::Record;

use super::desk::Desk;
use super::meter::Meter;
use super::rejects_path;
use crate::command::node;
use crate::failure::Failure;
use crate::{asking, show};

/// What a FHIR import is told on the command line.
#[derive(Debug, Args)]
pub(super) struct FhirArgs {
    /// FHIR R4 as JSON: a Bundle, an NDJSON file, a single resource, or a folder of them. May be given
    /// several times.
    #[arg(long, value_name = "PATH", requires = "identifier", conflicts_with_all = CSV)]
    fhir: Vec<PathBuf>,
    /// FHIR: the system of the Patient identifier that is your pseudonym. Never a name, and best no
    /// number that anybody else knows.
    #[arg(long, value_name = "SYSTEM", requires = "fhir")]
    identifier: Option<String>,
}

/// What belongs to CSV files only.
const CSV: [&str; 8] = ["mapping", "courses", "assessments", "items", "sessions", "events", "time_to_event", "redcap"];

impl FhirArgs {
    /// Whether this is a FHIR import at all; everything else is CSV.
    pub(super) fn is_given(&self) -> bool {
        !self.fhir.is_empty()
    }

    /// Reads the files to their ends before anything is kept: a wrong file changes nothing.
    pub(super) fn run(&self, dir: &Path, rejects: Option<&Path>, replace: bool) -> Result<ExitCode, Failure> {
        let home = Home::at(dir);
        let chain = node::charter(&home)?;
        let dictionary = Dictionary::parse(&chain.current().dictionary)
            .map_err(|why| Failure::refused(why.code(), &why, why.remedy()))?;
        let days = asking::now().0 / Millis::DAY.0;
        let reading = FhirReading {
            dictionary: &dictionary,
            identifier_system: self.identifier.as_deref().unwrap_or_default(),
            // The day after, because somewhere it has begun.
            today: i32::try_from(days.saturating_add(1)).unwrap_or(i32::MAX),
        };
        let files = FhirFiles::find(&self.fhir).map_err(|why| wrong(&why))?;
        let mut meter = Meter::new();
        let checked = check_fhir(&reading, &files, &mut |progress| meter.tell(progress)).map_err(|why| wrong(&why))?;
        let beside = files.first().and_then(Path::parent).unwrap_or(Path::new(""));
        let path = rejects.map_or_else(|| beside.join("rejects.csv"), Path::to_owned);
        if files.has(&path) {
            let says = format!("{}: rejects would take the place of a file that is read", path.display());
            return Err(Failure::usage(says, "name another file with --rejects"));
        }
        let told = if replace { Part::ALL.into() } else { BTreeSet::new() };
        // Opened first: where rejects cannot be listed, nothing is kept either.
        let mut table =
            Table { desk: Desk::open(&home, chain, None, meter, told)?, listed: list(&path, home.dir())?, path };
        let told = checked.keep(&mut table);
        let Table { desk, listed, path } = table;
        let (kept, listed) = (desk.close(None), listed.finish());
        let told = told.map_err(|stopped| match stopped {
            FhirStopped::Files(why) => wrong(&why),
            FhirStopped::Sink(why) => why,
        })?;
        listed.map_err(|why| Failure::file(&path, &why))?;
        let kept = kept?;
        show::line(&format!(
            "{} and {} read: {} new or changed, {} as before",
            show::counted(told.resources, "resource"),
            show::counted(told.patients, "patient"),
            kept.changed,
            kept.unchanged
        ));
        super::say_erased(kept);
        say(&told);
        if told.rejects == 0 {
            std::fs::remove_file(&path).map_err(|why| Failure::file(&path, &why))?;
        } else {
            let rejects = show::counted(told.rejects, "reject");
            show::talk(&format!("{rejects}: {} says why each was left out, and what to do", path.display()));
        }
        if told.patients == 0 && told.resources > 0 {
            return Err(Failure::refused(
                "nothing-imported",
                &"no patient was found in these files, so nothing was imported",
                "see that --identifier names the system of your pseudonym as it stands in Patient.identifier".into(),
            ));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Says by name what was not read.
fn say(told: &FhirTold) {
    for ((kind, why), times) in &told.aside {
        show::talk(&format!("{kind}, {}: {why}", show::counted(*times, "time")));
    }
    for ((of, code), times) in &told.unknown {
        show::talk(&format!("`{code}` is no {of} of the dictionary, {}", show::counted(*times, "time")));
    }
    if told.open_pages > 0 {
        let pages = show::counted(told.open_pages, "search");
        show::talk(&format!("{pages} had a next page: check that it is among the files"));
    }
}

/// Keeps records, and lists rejects.
struct Table {
    /// Keeps them in the running node, or in its store.
    desk: Desk,
    /// The list that the clinic reads afterwards.
    listed: RejectWriter<File>,
    /// Where that list lies.
    path: PathBuf,
}

impl FhirSink for Table {
    type Error = Failure;

    /// Durable when it returns; each patient whole or not at all.
    fn keep(&mut self, records: BTreeMap<String, Record>) -> Result<(), Failure> {
        self.desk.learn(&records);
        self.desk.keep(records)
    }

    /// One row of the list, as it is found: no more than one is in memory.
    fn reject(&mut self, reject: &FhirReject) -> Result<(), Failure> {
        self.listed.write(reject).map_err(|why| Failure::file(&self.path, &why))
    }

    /// Shown once it takes longer than a person notices.
    fn progress(&mut self, progress: Progress) {
        self.desk.progress(progress);
    }
}

/// A new file of rejects.
fn list(path: &Path, home: &Path) -> Result<RejectWriter<File>, Failure> {
    let file = rejects_path::open(path, &[], home)?;
    RejectWriter::begin(file).map_err(|why| Failure::file(path, &why))
}

/// A wrong file, with its own code, the fact, and what to do.
fn wrong(why: &FhirImportError) -> Failure {
    Failure::refused(why.code(), why, why.remedy())
}
