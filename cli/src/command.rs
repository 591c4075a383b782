//! The commands, one file each.

pub(crate) mod answers;
pub(crate) mod ask;
mod attack;
mod audit;
mod bench;
pub(crate) mod budget;
pub(crate) mod charter;
pub(crate) mod columns;
mod consent;
pub(crate) mod dictionary;
mod doctor;
mod explain;
mod export;
mod generate;
pub(crate) mod import;
mod key;
pub(crate) mod node;
pub(crate) mod patient;
mod queries;
mod shell;
pub(crate) mod studies;
mod study;
mod verify;
mod watch;

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
    /// What is wrong with a node, and what to do?
    ///
    /// Clock, disk, ports, hubs, charter, studies, secrets, budget: looked at from the node's folder and, where it runs, over
    /// its control socket. Nothing is changed and no secret is opened.
    ///
    /// Exit code 0 if nothing is wrong, 1 if something is.
    Doctor(doctor::DoctorArgs),
    /// Write, sign and read charters.
    #[command(subcommand)]
    Charter(charter::CharterCommand),
    /// Show, check and begin dictionaries: what can be recorded and asked.
    #[command(subcommand)]
    Dictionary(dictionary::DictionaryCommand),
    /// Write, sign and read studies.
    #[command(subcommand)]
    Study(study::StudyCommand),
    /// Which studies are there: in which mode, at what budget, until when?
    ///
    /// A charter lists studies by their digests alone; what they say stands in their own files. Name those beside the
    /// charter, or the folder of a node, which keeps them.
    Studies(studies::StudiesArgs),
    /// What can be asked? The fields, values, instruments and events of a charter's dictionary, and how a question
    /// writes each.
    ///
    /// With a study, only what the study may read. `sumac dictionary show NAME` tells everything about one of them.
    Columns(columns::ColumnsArgs),
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
    /// How far is a query that was asked from here?
    ///
    /// A query may wait for its clinics for hours or days. This follows it from any moment on: how many contributed, whom
    /// it waits for, until when. Nothing is charged, and leaving it stops nothing.
    Watch(watch::WatchArgs),
    /// What would a question cost, and how precise would its answer be?
    Explain(explain::ExplainArgs),
    /// What has a study left, and what has it cost so far?
    ///
    /// Its researchers ask a hub, with --study. A clinic reads its own books with --dir: what every study has cost its
    /// patients, by query. A hub counts the queries that came to it. Clinics count all of them, whichever hub ran them,
    /// and a query that a clinic cannot pay for is refused by that clinic.
    ///
    /// In JSON, ρ is in millionths: 4400000 is ρ 4.4. Digests are in base64url, and beside them in hex, as tables begin
    /// them.
    Budget(budget::BudgetArgs),
    /// Compare what members kept of each other's signed words: who contradicted itself?
    ///
    /// Two batches fixed, two verdicts, a void note for what was answered, one number twice, two consent ledgers, two
    /// charters of one epoch. Give the folders of two or more nodes, or files that their operators made with --export:
    /// they hold signed words and charters, no secret and nothing of any patient. A folder whose node runs is asked over
    /// its control socket; one that is stopped is opened with its own key file or passphrase.
    ///
    /// Only what these members kept is looked at: not what others were told, nor the receipts that patients hold.
    ///
    /// Exit code 0 if nothing was found, 1 if something was.
    Audit(audit::AuditArgs),
    /// Say yes or no before this clinic contributes to a query.
    #[command(subcommand)]
    Queries(queries::QueriesCommand),
    /// What was asked from this account, and what was answered: list, show again, write out.
    ///
    /// `sumac ask` keeps every query before it is sent, and every answer, in $SUMAC_HOME or ~/.sumac. Nothing here asks
    /// anybody, and nothing is charged.
    #[command(subcommand)]
    Answers(answers::AnswersCommand),
    /// Check a release offline.
    Verify(verify::VerifyArgs),
    /// Replay the known attacks on synthetic records, under a node's own rules.
    ///
    /// A federation with fresh keys and the charter's policy, dictionary and committees is made in a folder of its own
    /// and attacked; each finding stands beside what the charter's prices allow. The node's records, keys and books are
    /// not touched. It takes a minute or two.
    ///
    /// Exit code: 0 nothing learned too much, 1 something did, 2 an attack could not be tried.
    Attack(attack::AttackArgs),
    /// Measure this machine, on synthetic courses.
    ///
    /// A question over sealed columns and over sealed records, an import, and the opening of a store: all in a
    /// folder of its own, which is removed afterwards. No node is needed or touched.
    Bench(bench::BenchArgs),
    /// Print what lets a shell complete these commands.
    Completions(shell::CompletionsArgs),
    /// Write man pages, one for each command.
    Man(shell::ManArgs),
}

impl Command {
    /// Does what the command says. The exit code tells a script how it went; a failure says whose move
    /// it is.
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        match self {
            Self::Demo(args) => demo::run(&args),
            Self::Key(command) => command.run(),
            Self::Node(command) => command.run(),
            Self::Doctor(args) => args.run(),
            Self::Charter(command) => command.run(),
            Self::Dictionary(command) => command.run(),
            Self::Study(command) => command.run(),
            Self::Import(args) => args.run(),
            Self::Export(args) => args.run(),
            Self::Generate(args) => args.run(),
            Self::Patient(command) => command.run(),
            Self::Consent(command) => command.run(),
            Self::Ask(args) => args.run(),
            Self::Watch(args) => args.run(),
            Self::Explain(args) => args.run(),
            Self::Budget(args) => args.run(),
            Self::Audit(args) => args.run(),
            Self::Verify(args) => args.run(),
            Self::Attack(args) => args.run(),
            Self::Bench(args) => args.run(),
            Self::Studies(args) => args.run(),
            Self::Columns(args) => args.run(),
            Self::Queries(command) => command.run(),
            Self::Answers(command) => command.run(),
            Self::Completions(args) => args.run(),
            Self::Man(args) => args.run(),
        }
    }
}
