//! `sumac patient`: enrolment and consent.
//!
//! Two people use these: staff at the clinic, who note which key speaks for which pseudonym, and the
//! patient, whose own key signs every grant and withdrawal. A withdrawal needs nothing but the key:
//! no sequence, no reason, no form.
//!
//! The patient signs at home, and reaches the clinic over HTTP (`--node`), or signs at the clinic's
//! machine (`--dir`); the key file can be taken away again.

mod asks;
mod clinic;
mod consent_text;
mod desk;
mod handing;
mod kept;
mod key_file;
mod keygen;
mod members;
mod purposes;
mod receipts;
mod said;
mod statements;
mod watch;
mod wishes;
mod withdrawing;

use std::io::{BufRead as _, IsTerminal as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgGroup, Args, Subcommand};
use sumac_node::control::{self, Request, Response};
use sumac_protocol::principal::Principal;

use crate::command::ask::Format;
use crate::command::node::socket;
use crate::failure::Failure;
use crate::show;
use clinic::{ClinicArgs, KeyArgs};

pub(crate) use desk::statement;
pub(crate) use wishes::{Wishes, grant};

/// Patients.
#[derive(Debug, Subcommand)]
pub(crate) enum PatientCommand {
    Keygen(keygen::KeygenArgs),
    Recover(keygen::RecoverArgs),
    /// At the clinic: note which key speaks for which pseudonym.
    Enrol {
        /// The node's folder.
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
        /// The clinic's pseudonym of the patient, as in its records.
        #[arg(long, value_name = "P")]
        pseudonym: String,
        /// The patient's public key for this clinic.
        #[arg(long, value_name = "DID:KEY")]
        key: Principal,
    },
    Grant(Box<GrantArgs>),
    Change(Box<statements::ChangeArgs>),
    Revoke(RevokeArgs),
    Erase(withdrawing::EraseArgs),
    Status(asks::StatusArgs),
    Receipts(receipts::ReceiptsArgs),
    Uses(asks::UsesArgs),
    Export(asks::PatientExportArgs),
    /// At the clinic: list patients, where they stand and what they were charged.
    List {
        /// The node's folder.
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
        /// How it is printed.
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
    /// At the clinic: list the queries and who was selected for them.
    Cohorts {
        /// The node's folder.
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
        /// How it is printed.
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
}

/// Where a statement is handed in: over HTTP, or at the clinic's own machine.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("where").args(["node", "dir"]).required(true)))]
struct WhereArgs {
    /// Where the clinic hears patients: its https address, or http on this machine.
    #[arg(long, value_name = "URL")]
    node: Option<String>,
    /// At the clinic's own machine: the node's folder.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Trust this certificate authority, in PEM, in place of the public ones.
    #[arg(long, value_name = "FILE", requires = "node")]
    ca: Option<PathBuf>,
    #[command(flatten)]
    key: KeyArgs,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

/// Sign a grant with the patient's key, and hand it in.
#[derive(Debug, Args)]
pub(crate) struct GrantArgs {
    #[command(flatten)]
    place: WhereArgs,
    #[command(flatten)]
    wishes: Wishes,
}

/// Withdraw, at once: everything, or some purposes.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("way").args(["node", "dir", "hand_to"]).required(true)))]
#[command(override_usage = "\
sumac patient revoke [OPTIONS] --key <FILE> --node <URL>
       sumac patient revoke [OPTIONS] --key <FILE> --dir <DIR>
       sumac patient revoke [OPTIONS] --key <FILE> --hand-to <MEMBER_URL>")]
pub(crate) struct RevokeArgs {
    /// Where the clinic hears patients: its https address, or http on this machine.
    #[arg(long, value_name = "URL")]
    node: Option<String>,
    /// At the clinic's own machine: the node's folder.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Where another member hears patients, if the clinic is not to be reached, or gave no receipt for 24 hours: the
    /// withdrawal is left there, sealed; the member signs that it arrived, and hands it on once the clinic answers. If
    /// none was signed yet, it is now. You are still counted until your clinic has taken it.
    #[arg(long, value_name = "MEMBER_URL")]
    hand_to: Option<String>,
    /// Only these purposes, as DUO codes; without it, everything.
    #[arg(long, value_name = "CODE,…", value_delimiter = ',', requires = "node")]
    purpose: Option<Vec<String>>,
    /// Trust this certificate authority, in PEM, in place of the public ones.
    #[arg(long, value_name = "FILE", conflicts_with = "dir")]
    ca: Option<PathBuf>,
    #[command(flatten)]
    key: KeyArgs,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

impl PatientCommand {
    /// Signs with the patient's key where the patient decides, and asks the node for everything else.
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        match self {
            Self::Keygen(args) => args.run()?,
            Self::Recover(args) => args.run()?,
            Self::Enrol { dir, pseudonym, key } => {
                control::ask(&socket(&dir)?, &Request::Enrol { pseudonym, key })?;
                show::line("enrolled");
            }
            Self::Grant(args) => args.run()?,
            Self::Change(args) => args.run()?,
            Self::Revoke(args) => args.run()?,
            Self::Erase(args) => args.run()?,
            Self::Status(args) => args.run()?,
            Self::Receipts(args) => args.run()?,
            Self::Uses(args) => args.run()?,
            Self::Export(args) => args.run()?,
            Self::List { dir, format } => {
                let Response::Patients(patients) = control::ask(&socket(&dir)?, &Request::Patients)? else {
                    return Err(another());
                };
                match format {
                    Format::Table => show::patients(&patients),
                    Format::Json => show::json(&patients)?,
                }
            }
            Self::Cohorts { dir, format } => {
                let Response::Cohorts(cohorts) = control::ask(&socket(&dir)?, &Request::Cohorts)? else {
                    return Err(another());
                };
                match format {
                    Format::Table => show::cohorts(&cohorts),
                    Format::Json => show::json(&cohorts)?,
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl GrantArgs {
    /// Over HTTP the patient is asked before anything is signed; at the clinic's machine the words are shown.
    fn run(self) -> Result<(), Failure> {
        let WhereArgs { node, dir, ca, key, yes } = self.place;
        match (node, dir) {
            (Some(node), _) => statements::grant(&ClinicArgs::at(node, key, ca), self.wishes, yes),
            (None, Some(dir)) => desk::grant(&dir, &key, self.wishes, yes),
            (None, None) => Err(Failure::bug("no place to hand a grant in")),
        }
    }
}

impl RevokeArgs {
    /// One of three ways; which of them was given is for clap to have checked.
    fn run(self) -> Result<(), Failure> {
        let Self { node, dir, hand_to, purpose, ca, key, yes } = self;
        match (node, dir, hand_to) {
            (Some(node), _, _) => withdrawing::revoke(&ClinicArgs::at(node, key, ca), purpose, yes),
            (None, Some(dir), _) => desk::revoke(&dir, &key, yes),
            (None, None, Some(url)) => withdrawing::hand_to(&url, &key, ca.as_deref(), yes),
            (None, None, None) => Err(Failure::bug("no place to hand a withdrawal in")),
        }
    }
}

/// Whether the person agrees. Without a terminal it never waits, and nothing is signed.
pub(super) fn agreed(question: &str, yes: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage(
            "there is no terminal to ask whether this is what you want; nothing was signed",
            "give --yes if you are sure",
        ));
    }
    show::talk(&format!("{question} Type yes to agree; anything else, and nothing happens:"));
    let mut typed = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut typed)
        .map_err(|why| Failure::usage(format!("what was typed cannot be read: {why}"), "give --yes if you are sure"))?;
    if ["yes", "ja"].iter().any(|word| typed.trim().eq_ignore_ascii_case(word)) {
        return Ok(());
    }
    Err(Failure::refused("not-confirmed", &"Nothing was signed.", String::new()))
}

/// The first of several failures; the others are said before it.
fn first_of(failures: Vec<Failure>) -> Result<(), Failure> {
    let mut failures = failures.into_iter();
    let Some(first) = failures.next() else { return Ok(()) };
    failures.for_each(|other| other.warn());
    Err(first)
}

/// The key is not known at the clinic.
fn not_enrolled(key: &Principal, clinic: &str) -> Failure {
    let remedy = "at the clinic's desk, have the key enrolled: they need its public name";
    Failure::refused(NOT_ENROLLED, &format!("the key {key} is not enrolled at {clinic}"), remedy.into())
}

/// The node answered another question than was asked: our fault, never the person's.
fn another() -> Failure {
    Failure::bug("another answer than was asked for")
}

/// The code of a refusal of a key that the clinic does not know.
const NOT_ENROLLED: &str = "not-enrolled";
