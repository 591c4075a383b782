//! `sumac audit`: what members kept of each other's signed words, compared.
//!
//! Whoever lies shows each member one side only. Two members that compare what they were shown see both. Nobody has to
//! hand over a folder for that: `--export` writes what can be compared, and nothing else, to a file.

mod source;
mod told;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::evidence::{Finding, FindingsFile, WordsFile, fork, search};

use crate::command::ask::Format;
use crate::failure::{Exit, Failure};
use crate::{files, show};
use source::Source;

/// What is compared, and where the outcome goes. What the command does stands at its name.
#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    /// Nodes' folders, and files that others made with --export.
    #[arg(value_name = "DIR|FILE", required_unless_present = "check")]
    from: Vec<PathBuf>,
    /// Write what was found to a new file, for others to check.
    #[arg(long, value_name = "FILE", conflicts_with = "export")]
    out: Option<PathBuf>,
    /// Write what one node kept to a new file, for another member to compare.
    #[arg(long, value_name = "FILE")]
    export: Option<PathBuf>,
    /// Check evidence in a file that --out wrote, offline. Exit code 0 if all of it holds.
    #[arg(long, value_name = "FILE", requires = "charter", conflicts_with_all = ["from", "out", "export"])]
    check: Option<PathBuf>,
    /// The charter file, for --check.
    #[arg(long, value_name = "FILE", requires = "check", conflicts_with_all = ["from", "out", "export"])]
    charter: Option<PathBuf>,
    /// How findings are printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

impl AuditArgs {
    /// Gathers and compares, or exports, or checks.
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        [&self.out, &self.export].into_iter().flatten().try_for_each(|file| files::vacant(file))?;
        match (&self.check, &self.charter, &self.export) {
            (Some(file), Some(charter), _) => self.check(file, charter),
            (Some(_), None, _) => Err(Failure::usage("evidence is checked with a charter", "name it with --charter")),
            (None, _, Some(file)) => self.export(file),
            (None, _, None) => self.compare(),
        }
    }

    /// Compares everything with everything, and prints each contradiction. Exit code 1 if there is one, so that a
    /// script that compares every night hears of it.
    fn compare(&self) -> Result<ExitCode, Failure> {
        let sources = self.from.iter().map(|path| Source::read(path)).collect::<Result<Vec<_>, _>>()?;
        let Some(newest) = sources.iter().max_by_key(|source| source.chain.current().epoch) else {
            return Err(Failure::usage("there is nothing to compare", "name the folders of two members"));
        };
        let chain = &newest.chain;
        let mut findings: Vec<Finding> = Vec::new();
        for source in &sources {
            of_one_federation(newest, source)?;
            if let Some(finding) = fork(chain, &source.chain)
                && !findings.contains(&finding)
            {
                findings.push(finding);
            }
        }
        findings.extend(search(sources.iter().flat_map(|source| &source.words), chain));
        // What is said of anybody is checked as whoever hears it will check it.
        findings.retain(|finding| finding.check(chain).is_ok());
        say_what_was_compared(&sources);
        let file = FindingsFile::new(findings);
        self.show(&file, chain)?;
        self.keep(&file)?;
        if file.findings.is_empty() {
            show::talk(
                "what a member that is not here was told, and the receipts that patients hold, were not looked at",
            );
            return Ok(ExitCode::SUCCESS);
        }
        Ok(Exit::Refused.code())
    }

    /// Writes the evidence where `--out` says; says so where there is none to write.
    fn keep(&self, file: &FindingsFile) -> Result<(), Failure> {
        let Some(path) = &self.out else { return Ok(()) };
        if file.findings.is_empty() {
            show::talk(&format!("{} is not written: there is nothing to put into it", path.display()));
            return Ok(());
        }
        files::write_new(path, &format!("{}\n", file.to_json()))?;
        show::talk(&format!("the evidence is in {}; anybody with the charter can check it:", path.display()));
        show::talk(&format!("  sumac audit --check {} --charter CHARTER", path.display()));
        Ok(())
    }

    /// For people a paragraph for each member; for programs the very file that `--out` writes.
    fn show(&self, file: &FindingsFile, chain: &CharterChain) -> Result<(), Failure> {
        match self.format {
            Format::Json => show::json(file),
            Format::Table => {
                told::findings(&file.findings, chain);
                Ok(())
            }
        }
    }

    /// Writes one folder's words to a file that another member can compare.
    fn export(&self, file: &Path) -> Result<ExitCode, Failure> {
        let [from] = self.from.as_slice() else {
            return Err(Failure::usage("--export writes what one node kept", "name one folder"));
        };
        let (member, source) = Source::of_folder(from)?;
        let words = u64::try_from(source.words.len()).unwrap_or(u64::MAX);
        files::write_new(file, &format!("{}\n", WordsFile::new(&source.chain, member, source.words).to_json()))?;
        show::talk(&format!(
            "{}: {} and the charters; no secret, and nothing of any patient",
            file.display(),
            show::counted(words, "signed word")
        ));
        Ok(ExitCode::SUCCESS)
    }

    /// Checks a file of findings as if nobody had: one that does not hold refuses the whole file.
    fn check(&self, file: &Path, charter: &Path) -> Result<ExitCode, Failure> {
        let chain = files::chain(charter)?;
        let evidence = evidence(file)?;
        for (number, finding) in (1_u32..).zip(&evidence.findings) {
            finding
                .check(&chain)
                .map_err(|why| Failure::from(why).about(&format!("{}, finding {number}", file.display())))?;
        }
        if evidence.findings.is_empty() {
            if self.format == Format::Json {
                show::json(&evidence)?;
            }
            show::talk(&format!("{} holds no finding: it accuses nobody, and clears nobody", file.display()));
            return Ok(ExitCode::SUCCESS);
        }
        self.show(&evidence, &chain)?;
        let findings = u64::try_from(evidence.findings.len()).unwrap_or(u64::MAX);
        show::talk(&format!("{} checked: all of it holds", show::counted(findings, "finding")));
        Ok(ExitCode::SUCCESS)
    }
}

/// The findings in a file that `--out` wrote; what `--export` wrote is told from it.
fn evidence(file: &Path) -> Result<FindingsFile, Failure> {
    let text = files::read(file)?;
    FindingsFile::from_json(&text).map_err(|why| {
        let Ok(_words) = WordsFile::from_json(&text) else { return files::named(file, why.into()) };
        let file = file.display();
        let says = format!("{file} is what a member kept, as --export writes it, and holds no findings yet");
        let remedy = format!("compare it with what another member kept: `sumac audit DIR {file}`");
        Failure::refused(why.code(), &says, remedy)
    })
}

/// How much was compared and of how many members: one that was named twice is one, and alone it shows little.
fn say_what_was_compared(sources: &[Source]) {
    let words: BTreeSet<_> = sources.iter().flat_map(|source| &source.words).map(|word| word.digest()).collect();
    let members: BTreeSet<_> = sources.iter().map(|source| &source.whose).collect();
    let counted = |count: usize, thing| show::counted(u64::try_from(count).unwrap_or(u64::MAX), thing);
    show::talk(&format!("{} of {} compared", counted(words.len(), "signed word"), counted(members.len(), "member")));
    if members.len() == 1 {
        let twice = if sources.len() > 1 { ", named more than once" } else { "" };
        Failure::refused(
            "one-member",
            &format!(
                "only one member's words were compared{twice}: a lie that was told to each differently does not show"
            ),
            "add another member's folder, or the file that its operator made with --export".into(),
        )
        .warn();
    }
}

/// Refuses members of two federations: their words have nothing to do with each other.
fn of_one_federation(one: &Source, other: &Source) -> Result<(), Failure> {
    if one.chain.genesis_digest() == other.chain.genesis_digest() {
        return Ok(());
    }
    let [one, other] = [one, other].map(|source| source.path.display().to_string());
    let says = format!("{one} and {other} belong to two federations");
    Err(Failure::refused("chain-other-genesis", &says, "compare members of one federation".into()))
}
