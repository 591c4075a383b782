//! `sumac audit`: what members kept of each other's signed words, compared.
//!
//! Whoever lies shows each member one side only. Two members that compare what they were shown see both. Nobody has to
//! hand over a folder for that: `--export` writes what can be compared, and nothing else, to a file.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use sumac_node::home::Home;
use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::evidence::{Finding, FindingsFile, WordsFile, fork, search};
use sumac_protocol::principal::Principal;

use crate::command::ask::Format;
use crate::command::export::holder::Holder;
use crate::command::node;
use crate::failure::{Exit, Failure};
use crate::{files, show};

/// Compares what members kept of each other's signed words, and names who contradicted itself: two
/// batches fixed, two verdicts, a void note for what was answered, one number twice, two consent
/// ledgers, two charters of one epoch.
///
/// Give the folders of two or more nodes, or files that their operators made with --export: they hold
/// signed words and charters, no secret and nothing of any patient. A folder whose node runs is asked
/// over its control socket; one that is stopped is opened with its own key file or passphrase.
///
/// Exit code 0 if nothing was found, 1 if something was.
///
/// Example: sumac audit --export linden.json ~/linden, sent to Harbour's operator, and there
/// sumac audit ~/harbour linden.json --out evidence.json
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
    #[arg(long, value_name = "FILE", requires = "check")]
    charter: Option<PathBuf>,
    /// How findings are printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// What one member kept.
struct Source {
    /// The folder or the file.
    path: PathBuf,
    /// The charters that the member follows.
    chain: CharterChain,
    /// The words, unchecked.
    words: Vec<Envelope>,
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
        let words: usize = sources.iter().map(|source| source.words.len()).sum();
        let (words, members) = (u64::try_from(words).unwrap_or(u64::MAX), sources.len());
        show::talk(&format!(
            "{} of {} compared",
            show::counted(words, "signed word"),
            show::counted(u64::try_from(members).unwrap_or(u64::MAX), "member")
        ));
        if members == 1 {
            show::talk("a lie that was told to each member differently shows only beside another member's words");
        }
        let found = !findings.is_empty();
        let file = FindingsFile::new(findings);
        self.show(&file, chain)?;
        if let Some(path) = self.out.as_deref().filter(|_| found) {
            files::write_new(path, &format!("{}\n", file.to_json()))?;
            show::talk(&format!("the evidence is in {}; anybody with the charter can check it:", path.display()));
            show::talk(&format!("  sumac audit --check {} --charter CHARTER", path.display()));
        }
        Ok(if found { Exit::Refused.code() } else { ExitCode::SUCCESS })
    }

    /// For people a paragraph each; for programs the very file that `--out` writes.
    fn show(&self, file: &FindingsFile, chain: &CharterChain) -> Result<(), Failure> {
        match self.format {
            Format::Json => show::json(file),
            Format::Table => {
                if file.findings.is_empty() {
                    show::line("nobody contradicted itself");
                }
                file.findings.iter().for_each(|finding| told(finding, chain));
                Ok(())
            }
        }
    }

    /// Writes one folder's words to a file that another member can compare.
    fn export(&self, file: &Path) -> Result<ExitCode, Failure> {
        let [from] = self.from.as_slice() else {
            return Err(Failure::usage("--export writes what one node kept", "name one folder"));
        };
        let source = Source::of_folder(from)?;
        let words = u64::try_from(source.words.len()).unwrap_or(u64::MAX);
        files::write_new(file, &format!("{}\n", WordsFile::new(&source.chain, source.words).to_json()))?;
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
        let evidence = FindingsFile::from_json(&files::read(file)?).map_err(|why| files::named(file, why.into()))?;
        for (number, finding) in (1_u32..).zip(&evidence.findings) {
            finding
                .check(&chain)
                .map_err(|why| Failure::from(why).about(&format!("{}, finding {number}", file.display())))?;
        }
        self.show(&evidence, &chain)?;
        let findings = u64::try_from(evidence.findings.len()).unwrap_or(u64::MAX);
        show::talk(&format!("{} checked: all of it holds", show::counted(findings, "finding")));
        Ok(ExitCode::SUCCESS)
    }
}

impl Source {
    /// A folder, or a file that `--export` wrote.
    fn read(path: &Path) -> Result<Self, Failure> {
        if path.is_dir() {
            return Self::of_folder(path);
        }
        let file = WordsFile::from_json(&files::read(path)?).map_err(|why| files::named(path, why.into()))?;
        let chain = file.chain().map_err(|why| files::named(path, why.into()))?;
        Ok(Self { path: path.to_owned(), chain, words: file.words })
    }

    /// Asks the node in a folder, or opens its store where it is stopped; nothing in it is changed.
    fn of_folder(dir: &Path) -> Result<Self, Failure> {
        let home = Home::at(dir);
        let chain = node::charter(&home)?;
        let holder = Holder::open(&home, chain.clone())?;
        let words = holder.words();
        holder.close()?;
        Ok(Self { path: dir.to_owned(), chain, words: words? })
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

/// One finding, as people read it.
fn told(finding: &Finding, chain: &CharterChain) {
    let names: Vec<String> = finding.who.iter().map(|who| name(who, chain)).collect();
    let who = match names.as_slice() {
        [] => "the stewards, none of them twice,".to_owned(),
        names => names.join(", "),
    };
    show::prose(&format!("{who} {}", finding.kind.says()), "  ");
    for key in &finding.who {
        show::line(&format!("  key    {key}"));
    }
    if let Some((query, attempt)) = finding.attempt() {
        show::line(&format!("  query  {query}, attempt {attempt}"));
    }
    let [first, second] = finding.statements();
    show::prose(&format!("  said   {first}"), "         ");
    show::prose(&format!("  and    {second}"), "         ");
    show::prose(&format!("  to do: {}", finding.kind.remedy()), "         ");
}

/// What the newest charter that knows a key calls it.
fn name(key: &Principal, chain: &CharterChain) -> String {
    let member = chain.epochs().rev().find_map(|charter| charter.member(key));
    let steward = || chain.epochs().any(|charter| charter.stewards.contains(key));
    match member {
        Some(member) => member.name.clone(),
        None if steward() => format!("steward {}", key.short()),
        None => key.short(),
    }
}
