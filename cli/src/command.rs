//! The commands, one file each.

pub(crate) mod ask;
mod attack;
mod audit;
mod bench;
pub(crate) mod budget;
mod charter;
mod consent;
pub(crate) mod dictionary;
mod explain;
mod export;
mod generate;
pub(crate) mod import;
mod key;
mod node;
pub(crate) mod patient;
mod study;
mod verify;

use std::process::ExitCode;

use clap::Subcommand;

use crate::demo;
use crate::failure::Failure;

/// What `sumac` can do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Build a federation of five clinics from a real trial, and ask it one question.
    Demo(demo::DemoArgs),
    /// Make and show key files for stewards, researchers and patients.
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// Make, run and look after a clinic's node.
    #[command(subcommand)]
    Node(node::NodeCommand),
    /// Write, sign and read charters.
    #[command(subcommand)]
    Charter(charter::CharterCommand),
    /// Show, check and begin dictionaries: what can be recorded and asked.
    #[command(subcommand)]
    Dictionary(dictionary::DictionaryCommand),
    /// Write, sign and read studies.
    #[command(subcommand)]
    Study(study::StudyCommand),
    /// Bring a clinic's records in: from CSV files, a REDCap export or FHIR R4.
    Import(import::ImportArgs),
    /// Write files of synthetic courses, for trials and benchmarks.
    Generate(generate::GenerateArgs),
    /// Write out everything held about one patient, or about all.
    Export(export::ExportArgs),
    /// Enrol patients; sign, hand in and list their consents.
    #[command(subcommand)]
    Patient(patient::PatientCommand),
    /// Witness consents on paper, replace lost keys, see who is in and who is out, and check the consent ledger.
    #[command(subcommand)]
    Consent(consent::ConsentCommand),
    /// Ask a question of the federation.
    Ask(ask::AskArgs),
    /// What would a question cost, and how precise would its answer be?
    Explain(explain::ExplainArgs),
    /// What has a study left, and what has it cost so far?
    Budget(budget::BudgetArgs),
    /// Compare what members kept of each other's signed words: who contradicted itself?
    Audit(audit::AuditArgs),
    /// Check a release offline.
    Verify(verify::VerifyArgs),
    /// Replay the known attacks on synthetic records, under a node's own rules.
    ///
    /// A federation with fresh keys and the charter's policy, dictionary and committees is made in a folder of its own
    /// and attacked; each finding stands beside what the charter's prices allow. The node's records, keys and books are
    /// not touched. It takes a minute or two. Exit code: 0 nothing learned too much, 1 something did, 2 an attack could
    /// not be tried.
    ///
    /// Example: sumac attack --dir /var/lib/sumac --only tracker --only averaging
    Attack(attack::AttackArgs),
    /// Measure this machine, on synthetic courses.
    ///
    /// A question over sealed columns and over sealed records, an import, and the opening of a store: all in a
    /// folder of its own, which is removed afterwards. No node is needed or touched.
    ///
    /// Example: sumac bench --courses 100000 --rounds 5
    Bench(bench::BenchArgs),
}

impl Command {
    /// Does what the command says. The exit code tells a script how it went; a failure says whose move
    /// it is.
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        match self {
            Self::Demo(args) => demo::run(&args),
            Self::Key(command) => command.run(),
            Self::Node(command) => command.run(),
            Self::Charter(command) => command.run(),
            Self::Dictionary(command) => command.run(),
            Self::Study(command) => command.run(),
            Self::Import(args) => args.run(),
            Self::Export(args) => args.run(),
            Self::Generate(args) => args.run(),
            Self::Patient(command) => command.run(),
            Self::Consent(command) => command.run(),
            Self::Ask(args) => args.run(),
            Self::Explain(args) => args.run(),
            Self::Budget(args) => args.run(),
            Self::Audit(args) => args.run(),
            Self::Verify(args) => args.run(),
            Self::Attack(args) => args.run(),
            Self::Bench(args) => args.run(),
        }
    }
}
