//! `sumac consent import`: FHIR Consents become statements that a member of staff witnesses.
//!
//! A FHIR Consent carries no signature of the patient that could be checked here. It is worth what a paper form is
//! worth: somebody whom the charter names puts their own signature under it.

use std::path::PathBuf;

use clap::Args;
use sumac_node::control::{self, Request, Response};
use sumac_node::import::fhir_consent::{ConsentDefaults, ConsentOutcome, Due, ImportedConsent, read_consents};
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::document::consent::{Action, Statement};

use super::another;
use super::paper::{Staff, in_short};
use crate::command::ask::Format;
use crate::command::node::socket;
use crate::command::patient::agreed;
use crate::failure::Failure;
use crate::{asking, files, show};

/// Read FHIR R4 Consents, say what each comes to and why, and witness it with a staff key.
///
/// Of several resources of one patient the strictest wins, and what cannot be understood allows nothing. What the
/// clinic's ledger says already, or what was said after it, is not said again: the same files can be imported as often
/// as you like. Without --key nothing is signed: only the report is printed.
#[derive(Debug, Args)]
pub(crate) struct ImportConsentArgs {
    /// Files of FHIR R4 as JSON: Bundles, single resources or NDJSON.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The node's folder.
    #[arg(long, value_name = "DIR", requires = "key")]
    dir: Option<PathBuf>,
    /// The key file of the member of staff who witnesses.
    #[arg(long, value_name = "FILE", requires = "dir")]
    key: Option<PathBuf>,
    /// Largest privacy cost in any 365 days, in millionths of ρ: FHIR has no word for it.
    #[arg(long, value_name = "RHO_MICRO", default_value_t = 2_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    rho_year: u64,
    /// The system of the Patient identifier that is your pseudonym, as `sumac import --fhir` has it.
    #[arg(long, value_name = "SYSTEM")]
    identifier: Option<String>,
    /// Sign without asking.
    #[arg(long)]
    yes: bool,
    /// How the report is printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

impl ImportConsentArgs {
    /// All files are read to their end before anything is signed. Who cannot be witnessed for holds up nobody else: it is
    /// said as a warning, and the command fails in the end so that a script sees it.
    pub(super) fn run(self) -> Result<(), Failure> {
        let texts = self.files.iter().map(|file| files::read(file)).collect::<Result<Vec<_>, _>>()?;
        let texts: Vec<&[u8]> = texts.iter().map(String::as_bytes).collect();
        let (now, rho_year) = (asking::now(), RhoMicro(self.rho_year));
        let defaults = ConsentDefaults { now, rho_year, identifier_system: self.identifier.as_deref() };
        let imported =
            read_consents(&texts, defaults).map_err(|why| Failure::refused(why.code(), &why, why.remedy()))?;
        match self.format {
            Format::Table => imported.iter().for_each(report),
            Format::Json => show::json(&imported.iter().map(as_json).collect::<Vec<_>>())?,
        }
        let (Some(dir), Some(key)) = (&self.dir, &self.key) else {
            show::talk("nothing was signed: name the node's folder and a staff key to witness this");
            return Ok(());
        };
        let staff = Staff::at(dir, key)?;
        let mut to_sign = Vec::new();
        let mut failed = 0_u64;
        for patient in &imported {
            match due(dir, patient) {
                Ok(Due::Witness(action)) => to_sign.push((patient, action)),
                Ok(other) => not_signed(&patient.pseudonym, &other),
                Err(why) => {
                    why.about(&patient.pseudonym).warn();
                    failed += 1;
                }
            }
        }
        self.agreed(&to_sign)?;
        failed += witness(&staff, to_sign);
        if failed == 0 {
            return Ok(());
        }
        let says = format!("{} could not be witnessed for, as said above", show::counted(failed, "patient"));
        Err(Failure::refused("not-witnessed", &says, "mend it, and import the same files again".into()))
    }

    /// Shows what would be signed, and asks.
    fn agreed(&self, to_sign: &[(&ImportedConsent, Action)]) -> Result<(), Failure> {
        if to_sign.is_empty() {
            show::talk("there is nothing to sign");
            return Ok(());
        }
        let rows = to_sign.iter().map(|(patient, action)| [patient.pseudonym.clone(), in_short(action)]);
        show::texts(["pseudonym", "you would sign"], rows);
        agreed("Do you witness all of this?", self.yes)
    }
}

/// Witnesses for each; for how many it failed.
fn witness(staff: &Staff, to_sign: Vec<(&ImportedConsent, Action)>) -> u64 {
    let mut failed = 0;
    for (patient, action) in to_sign {
        if let Err(why) = staff.witness(&patient.pseudonym, &form(patient), action, true) {
            why.about(&patient.pseudonym).warn();
            failed += 1;
        }
    }
    failed
}

/// What is still to be said of a patient, by what the clinic's ledger has.
fn due(dir: &std::path::Path, patient: &ImportedConsent) -> Result<Due, Failure> {
    let request = Request::ExportPatient { pseudonym: patient.pseudonym.clone() };
    let Response::Patient(held) = control::ask(&socket(dir)?, &request)? else { return Err(another()) };
    let Some(held) = held else {
        // Nothing is held: where something is to be witnessed, the node says that it knows nobody of that name.
        return Ok(Due::of(&patient.outcome, "none", &[]));
    };
    let said: Vec<&Statement> = held.statements.iter().map(|statement| &statement.says).collect();
    Ok(Due::of(&patient.outcome, &held.standing, &said))
}

/// Why nothing is signed for a patient.
fn not_signed(pseudonym: &str, due: &Due) {
    match due {
        Due::Stands => show::talk(&format!("{pseudonym}: nothing to sign, the ledger says the same already")),
        Due::Older { than } => show::talk(&format!(
            "{pseudonym}: not signed, the ledger has a statement of {than}, which is later than these resources"
        )),
        Due::Nothing | Due::Witness(_) => show::talk(&format!("{pseudonym}: nothing to sign")),
    }
}

/// The reference of the form: the names of the resources, as far as they fit a reference.
fn form(patient: &ImportedConsent) -> String {
    let names: Vec<&str> = patient.resources.iter().map(|resource| resource.name.as_str()).collect();
    let all = format!("FHIR {}", names.join(" "));
    if all.len() <= FORM_BYTES_MAX && !all.chars().any(char::is_control) {
        return all;
    }
    format!("FHIR, {}", show::counted(u64::try_from(names.len()).unwrap_or(u64::MAX), "resource"))
}

/// The stable word for an outcome, as scripts read it.
const fn word(outcome: &ConsentOutcome) -> &'static str {
    match outcome {
        ConsentOutcome::Grant { .. } => "grant",
        ConsentOutcome::Withdrawal { .. } | ConsentOutcome::Ended => "withdrawal",
        ConsentOutcome::Nothing => "nothing",
    }
}

/// One patient in lines: what it came to, and below it each resource with its reason.
fn report(patient: &ImportedConsent) {
    show::line(&format!("{}: {}", patient.pseudonym, word(&patient.outcome)));
    for resource in &patient.resources {
        show::prose(&format!("  {} {}: {}", resource.name, resource.came_to, resource.why), "    ");
    }
}

/// The same for programs.
fn as_json(patient: &ImportedConsent) -> serde_json::Value {
    let resources: Vec<_> = patient
        .resources
        .iter()
        .map(|read| serde_json::json!({ "resource": read.name, "came_to": read.came_to, "why": read.why }))
        .collect();
    serde_json::json!({ "pseudonym": patient.pseudonym, "outcome": word(&patient.outcome), "resources": resources })
}

/// Longest reference of a form, in bytes: below what a statement may carry, and short enough for a line.
const FORM_BYTES_MAX: usize = 200;
