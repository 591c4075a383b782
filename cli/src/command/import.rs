//! `sumac import`: a clinic's records from CSV files, or from FHIR resources.
//!
//! The files are read and checked by the program that was called, under the charter's dictionary; the
//! records go to the running node over its control socket, or, where none runs, into the store under
//! its lock, in batches. Either way each patient's record is kept whole or not at all, and an import that
//! was interrupted is finished by running it again.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{ArgGroup, Args, ValueEnum};
use sumac_node::clinic::{Kept, Part};
use sumac_node::home::Home;
use sumac_node::import::{Halted, Mapping, RejectFile, SourceFile, Sources, Totals, check};
use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::dictionary::Dictionary;

use crate::command::node;
use crate::failure::Failure;
use crate::{files, show};
use desk::Desk;
use meter::Meter;

mod desk;
mod fhir;
mod meter;
mod rejects_path;

/// Brings records in. The same files again change nothing; a wrong row never stops the right ones;
/// a wrong file changes nothing. Interrupted, it is finished by running it again. Give all files that
/// tell of the same patients at once: a patient's record is what these files say. Works with the node
/// running or stopped.
#[derive(Debug, Args)]
#[command(override_usage = USAGE, group(ArgGroup::new("sources").args(FILES).required(true).multiple(true)))]
pub(crate) struct ImportArgs {
    /// The node's folder.
    #[arg(long, value_name = "DIR", required_unless_present = "example")]
    dir: Option<PathBuf>,
    /// The mapping: which column means what.
    #[arg(long, value_name = "FILE", required_unless_present_any = ["fhir", "example"])]
    mapping: Option<PathBuf>,
    /// CSV with a row for each course.
    #[arg(long, value_name = "FILE")]
    courses: Option<PathBuf>,
    /// CSV with a row for each score.
    #[arg(long, value_name = "FILE")]
    assessments: Option<PathBuf>,
    /// CSV with a row for each answered item.
    #[arg(long, value_name = "FILE")]
    items: Option<PathBuf>,
    /// CSV with a row for each session.
    #[arg(long, value_name = "FILE")]
    sessions: Option<PathBuf>,
    /// CSV with a row for each adverse event.
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    /// CSV with a row for each relapse or other thing that was waited for.
    #[arg(long, value_name = "FILE")]
    time_to_event: Option<PathBuf>,
    /// CSV export of a REDCap project, raw values.
    #[arg(long, value_name = "FILE")]
    redcap: Option<PathBuf>,
    #[command(flatten)]
    fhir: fhir::FhirArgs,
    /// Where rows that were left out are listed, with the reason and what to do. May hold personal
    /// values. Default: rejects.csv beside the first file, never in the node's folder.
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// Take away what is held of a patient and these files do not tell of, as when only --courses is given. Without
    /// this such an import is refused.
    #[arg(long)]
    replace: bool,
    /// Prints a mapping to start from, and does nothing else.
    #[arg(long, value_name = "SHAPE", exclusive = true)]
    example: Option<Example>,
}

/// Written out, because clap's own is one line of 200 columns.
const USAGE: &str = "sumac import [OPTIONS] --dir <DIR> --mapping <FILE> <FILES>
       sumac import [OPTIONS] --dir <DIR> --fhir <PATH> --identifier <SYSTEM>
       sumac import --example <SHAPE>";

/// What an import is about: files, or only an example.
const FILES: [&str; 9] =
    ["courses", "assessments", "items", "sessions", "events", "time_to_event", "redcap", "fhir", "example"];

/// Mappings that ship.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Example {
    /// A file for each kind of record, a row for each.
    Long,
    /// One file, a row for each course and a column for each score.
    Wide,
    /// The export of a REDCap project with events and repeating forms.
    Redcap,
}

impl Example {
    /// The mapping, as it ships.
    const fn text(self) -> &'static str {
        match self {
            Self::Long => include_str!("../../mappings/long.toml"),
            Self::Wide => include_str!("../../mappings/wide.toml"),
            Self::Redcap => include_str!("../../mappings/redcap.toml"),
        }
    }
}

/// What an import did.
pub(crate) struct Done {
    /// What was read.
    pub(crate) totals: Totals,
    /// What of it was new.
    pub(crate) kept: Kept,
}

impl ImportArgs {
    /// Reads the files to their ends before anything is kept: a wrong file changes nothing.
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        if let Some(example) = self.example {
            show::line(example.text().trim_end());
            return Ok(ExitCode::SUCCESS);
        }
        if self.fhir.is_given() {
            let dir = self.dir.as_deref().unwrap_or(Path::new(""));
            return self.fhir.run(dir, self.rejects.as_deref(), self.replace);
        }
        let files = self.files();
        let lost = || Failure::usage("a folder and a mapping are needed", "see `sumac import --help`");
        let (dir, mapping) = (self.dir.as_ref().ok_or_else(lost)?, self.mapping.as_ref().ok_or_else(lost)?);
        let home = Home::at(dir);
        if let Some(path) = &self.rejects {
            rejects_path::check(path, &inputs(&files, mapping), dir)?;
        }
        let chain = node::charter(&home)?;
        let beside = files.values().next().and_then(|file| file.parent()).unwrap_or(Path::new(""));
        let path = self.rejects.clone().unwrap_or_else(|| beside.join("rejects.csv"));
        let Done { totals, kept } = bring_in(&home, chain, mapping, &files, Some(&path), self.replace)?;
        show::line(&format!(
            "{} and {} read: {} new or changed, {} as before",
            show::counted(totals.rows, "row"),
            show::counted(totals.patients, "patient"),
            kept.changed,
            kept.unchanged
        ));
        say_erased(kept);
        for (code, times) in &totals.unknown {
            let times = show::counted(*times, "time");
            show::talk(&format!("`{}` is no value of `{}`: kept as unknown, {times}", code.code, code.field));
        }
        if let Some((code, _)) = totals.unknown.first_key_value() {
            show::talk(&format!(
                "to do: say in the mapping which value is meant, as in [courses.codes.{}] of `sumac import --example \
                 wide`, and import again",
                code.field
            ));
        }
        if totals.rejects > 0 {
            let rejects = show::counted(totals.rejects, "reject");
            show::talk(&format!("{rejects}: {} says why each was left out, and what to do", path.display()));
            if kept.changed == 0 && kept.unchanged == 0 && kept.erased == 0 {
                return Err(Failure::refused(
                    "nothing-imported",
                    &"every row was left out, so nothing was imported",
                    format!("see {}: it says for each row what to do", path.display()),
                ));
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The files that were named, by what they hold.
    fn files(&self) -> BTreeMap<SourceFile, PathBuf> {
        let named = [
            (SourceFile::Courses, &self.courses),
            (SourceFile::Redcap, &self.redcap),
            (SourceFile::Assessments, &self.assessments),
            (SourceFile::Items, &self.items),
            (SourceFile::Sessions, &self.sessions),
            (SourceFile::Events, &self.events),
            (SourceFile::TimeToEvent, &self.time_to_event),
        ];
        named.into_iter().filter_map(|(file, path)| Some((file, path.clone()?))).collect()
    }
}

/// Says how many patients were left out because they had been erased here.
fn say_erased(kept: Kept) {
    if kept.erased > 0 {
        let patients = show::counted(kept.erased, "patient");
        show::talk(&format!("{patients} left out: erased here before. Take them out of the source too"));
    }
}

/// All files that an import reads.
fn inputs<'p>(files: &'p BTreeMap<SourceFile, PathBuf>, mapping: &'p Path) -> Vec<&'p Path> {
    files.values().map(PathBuf::as_path).chain([mapping]).collect()
}

/// Reads CSV files by the charter's dictionary, and keeps their records in the running node or, where
/// none runs, in its store.
pub(crate) fn bring_in(
    home: &Home,
    chain: CharterChain,
    mapping: &Path,
    files: &BTreeMap<SourceFile, PathBuf>,
    rejects: Option<&Path>,
    replace: bool,
) -> Result<Done, Failure> {
    let dictionary = Dictionary::parse(&chain.current().dictionary)
        .map_err(|why| Failure::refused(why.code(), &why, why.remedy()))?;
    let mapping_text = files::read(mapping)?;
    let parsed = Mapping::parse(&mapping_text)
        .map_err(|why| files::named(mapping, Failure::refused(why.code(), &why, why.remedy())))?;
    let open = |(file, path): (&SourceFile, &PathBuf)| {
        let opened = File::open(path).map_err(|why| Failure::file(path, &why))?;
        Ok((*file, opened))
    };
    let sources: Sources<File> = files.iter().map(open).collect::<Result<_, Failure>>()?;
    let wrong = |why: &sumac_node::import::ImportError| {
        let at_fault = why.file().and_then(|file| files.get(&file)).map_or(mapping, PathBuf::as_path);
        files::named(at_fault, Failure::refused(why.code(), why, why.remedy()))
    };
    let mut meter = Meter::new();
    let checked = check(&dictionary, &parsed, sources, &mut |progress| meter.tell(progress));
    let checked = checked.map_err(|why| wrong(&why))?;
    // Opened first: where rejects cannot be listed, nothing is kept either.
    let begin = |path: &Path| {
        let file = rejects_path::open(path, &inputs(files, mapping), home.dir())?;
        RejectFile::begin(file).map_err(|why| Failure::file(path, &why))
    };
    let listed = rejects.map(begin).transpose()?;
    let told = if replace { Part::ALL.into() } else { files.keys().flat_map(|file| parsed.tells(*file)).collect() };
    let mut desk = Desk::open(home, chain, listed, meter, told)?;
    let kept = checked.keep(&mut desk);
    // What was left out is listed also where the import ended early.
    let done = desk.close(rejects);
    match kept {
        Ok(totals) => Ok(Done { totals, kept: done? }),
        Err(Halted::Files(why)) => Err(wrong(&why)),
        Err(Halted::Sink(why)) => Err(why),
    }
}
