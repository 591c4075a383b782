//! `sumac patient`: enrolment and consent.
//!
//! Two people use these: staff at the clinic, who note which key speaks for which pseudonym, and the
//! patient, whose own key signs every grant and withdrawal. A withdrawal needs nothing but the key:
//! no sequence, no reason, no form.
//!
//! In this version the patient signs at the clinic's machine; the key file can be taken away again.

mod consent_text;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use sumac_node::control::{self, Request, Response};
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::digest::{Digest, Label};
use sumac_protocol::document::consent::{Action, Disclosure, Grant, LayText, Revoke, Statement, Who};
use sumac_protocol::document::study::ConsentCategory;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::moment::{Millis, Moment};
use sumac_protocol::principal::{Principal, Signer};

use crate::command::ask::Format;
use crate::command::node::socket;
use crate::failure::Failure;
use crate::{asking, keys, show};

/// Patients.
#[derive(Debug, Subcommand)]
pub(crate) enum PatientCommand {
    /// Make a patient's key for one clinic and print its public name.
    Keygen {
        /// Where to write it. Never overwrites.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
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
    /// Sign a grant with the patient's key, and hand it in.
    Grant(GrantArgs),
    /// Withdraw everything, at once.
    Revoke {
        /// The node's folder.
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
        /// The patient's key file.
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
    },
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

/// What a patient allows.
#[derive(Debug, Args)]
pub(crate) struct GrantArgs {
    /// The node's folder.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// The patient's key file.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Purposes as GA4GH DUO codes: GRU (any research), HMB (health research), DS (research on
    /// the diseases that --disease names).
    #[arg(long, value_name = "CODE,…", value_delimiter = ',', default_value = "HMB")]
    purpose: Vec<String>,
    /// A disease that DS is about, as its code in the Mondo ontology. May be given several times.
    #[arg(long, value_name = "MONDO:NUMBER", value_parser = mondo)]
    disease: Vec<String>,
    /// Whether answers without noise are allowed too, where a study is exact.
    #[arg(long, value_enum, default_value_t = Noise::Always)]
    noise: Noise,
    /// For how many days the grant holds, at most 3,650.
    #[arg(long, value_name = "DAYS", default_value_t = 730, value_parser = clap::value_parser!(u64).range(1..=3_650))]
    days: u64,
    /// Largest privacy cost in any 365 days, in millionths of ρ.
    #[arg(long, value_name = "RHO_MICRO", default_value_t = 2_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    rho_year: u64,
}

/// Whether answers must carry noise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Noise {
    /// Only answers with noise.
    Always,
    /// Exact studies too.
    OrExact,
}

impl PatientCommand {
    /// Signs with the patient's key where the patient decides, and asks the node for everything else.
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        match self {
            Self::Keygen { out } => show::line(&keys::make(&out)?.principal().to_string()),
            Self::Enrol { dir, pseudonym, key } => {
                control::ask(&socket(&dir)?, &Request::Enrol { pseudonym, key })?;
                show::line("enrolled");
            }
            Self::Grant(args) => args.run()?,
            Self::Revoke { dir, key } => revoke(&dir, &key)?,
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
    /// Shows what will be allowed, in plain words, then signs it and hands it in.
    fn run(self) -> Result<(), Failure> {
        let desk = Desk::at(&self.dir, &self.key).map_err(|why| {
            why.with_remedy_for(NOT_ENROLLED, "at the clinic, enrol the key first: see `sumac patient enrol --help`")
        })?;
        if !self.disease.is_empty() && !self.purpose.iter().any(|code| code == "DS") {
            return Err(Failure::usage("--disease means nothing without the purpose DS", "add --purpose DS"));
        }
        let exact = self.noise == Noise::OrExact;
        let grant = grant(self.purpose, self.disease, exact, asking::now(), self.days, RhoMicro(self.rho_year));
        let words = consent_text::words(&grant);
        let action = Action::Grant(grant);
        desk.check(&action)?;
        show::paragraph(&words);
        desk.hand_in(action)
    }
}

/// A disease as its code in the Mondo ontology: `MONDO:` and seven digits.
fn mondo(text: &str) -> Result<String, String> {
    let digits = text.strip_prefix("MONDO:").unwrap_or_default();
    if digits.len() == 7 && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(text.to_owned());
    }
    Err("a disease is MONDO: and seven digits, as MONDO:0002009".to_owned())
}

/// A grant of all data categories to any study of the given purposes, bound to the words that say so.
pub(crate) fn grant(
    purposes: Vec<String>,
    diseases: Vec<String>,
    exact: bool,
    from: Moment,
    days: u64,
    rho_year: RhoMicro,
) -> Grant {
    let mut grant = Grant {
        purposes,
        modifiers: Vec::new(),
        diseases,
        categories: vec![
            ConsentCategory::Demographics,
            ConsentCategory::Treatment,
            ConsentCategory::Outcomes,
            ConsentCategory::AdverseEvents,
        ],
        who: Who::AnyStudy,
        disclosure: if exact { Disclosure::ExactAlso } else { Disclosure::DpOnly },
        not_before: from,
        not_after: from + Millis(Millis::DAY.0.saturating_mul(days)),
        rho_year,
        lay_text: LayText { version: "2".into(), language: "en".into(), digest: Digest::of(Label::LayText, &[]) },
    };
    grant.lay_text.digest = Digest::of(Label::LayText, &[consent_text::words(&grant).as_bytes()]);
    grant
}

/// Withdraws everything. Whatever can fail is tried before a word is said; who withdrew before is
/// told so, and nothing is added to the ledger.
fn revoke(dir: &Path, key: &Path) -> Result<(), Failure> {
    let desk = Desk::at(dir, key).map_err(|why| {
        why.with_remedy_for(NOT_ENROLLED, "check --dir and --key: nothing was ever allowed with this key here")
    })?;
    if desk.has_withdrawn() {
        show::line("already withdrawn: no use of your records is allowed, and nothing was added");
        return Ok(());
    }
    show::paragraph("This ends every use of your records that was allowed so far. Answers that were given stay.");
    desk.hand_in(Action::Revoke(Revoke { purposes: None }))
}

/// A patient before the clinic's running node, which knows the key.
struct Desk {
    socket: PathBuf,
    clinic: Principal,
    signer: Signer,
}

impl Desk {
    /// Reads the key, finds the node and asks it whether the key is enrolled.
    fn at(dir: &Path, key: &Path) -> Result<Self, Failure> {
        let (socket, signer) = (socket(dir)?, keys::signer(key)?);
        let Response::Status(status) = control::ask(&socket, &Request::Status)? else { return Err(another()) };
        control::ask(&socket, &Request::NextStatement { key: signer.principal() })?;
        Ok(Self { socket, clinic: status.key, signer })
    }

    /// Whether the last word of this patient is a withdrawal of everything. A node that cannot list
    /// its patients keeps nobody from withdrawing: then it is not known to be.
    fn has_withdrawn(&self) -> bool {
        let Ok(Response::Patients(patients)) = control::ask(&self.socket, &Request::Patients) else { return false };
        let own = patients.iter().find(|patient| patient.key == Some(self.signer.principal()));
        own.is_some_and(|patient| patient.standing == "withdrawn")
    }

    /// Whether the node would take this as the patient's next statement, as far as its words go.
    fn check(&self, action: &Action) -> Result<(), Failure> {
        let (action, patient) = (action.clone(), self.signer.principal());
        let (clinic, made_at) = (self.clinic, asking::now());
        let statement = Statement { clinic, patient, sequence: 0, previous: None, made_at, action, witness: None };
        let remedy = "name the disease, as --disease MONDO:0002009, or allow HMB";
        statement.check().map_err(|why| {
            Failure::refused(why.code(), &why, why.remedy()).with_remedy_for("statement-no-disease", remedy)
        })
    }

    /// Signs the patient's next statement, hands it in and says where it stands.
    fn hand_in(&self, action: Action) -> Result<(), Failure> {
        let acknowledged = statement(&self.socket, self.clinic, &self.signer, action, asking::now())?;
        show::line(&format!("acknowledged at position {} of the clinic's ledger, as", acknowledged.position));
        show::line(&format!("  {}", acknowledged.statement.hex()));
        Ok(())
    }
}

/// Signs a statement, hands it in and returns the acknowledgement.
pub(crate) fn statement(
    socket: &Path,
    clinic: Principal,
    signer: &Signer,
    action: Action,
    made_at: Moment,
) -> Result<Box<sumac_protocol::ledger::Receipt>, Failure> {
    let patient = signer.principal();
    let Response::NextStatement { sequence, previous } =
        control::ask(socket, &Request::NextStatement { key: patient })?
    else {
        return Err(another());
    };
    let statement = Statement { clinic, patient, sequence, previous, made_at, action, witness: None };
    let envelope = Envelope::sign(&statement, signer)?;
    let Response::Acknowledged(acknowledged) = control::ask(socket, &Request::TakeStatement(envelope))? else {
        return Err(another());
    };
    Ok(acknowledged)
}

/// The node answered another question than was asked: our fault, never the person's.
fn another() -> Failure {
    Failure::bug("another answer than was asked for")
}

/// The code of a refusal of a key that the clinic does not know.
const NOT_ENROLLED: &str = "not-enrolled";
