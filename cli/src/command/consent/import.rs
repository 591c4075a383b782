//! `sumac consent import`: FHIR Consents become statements that a member of staff witnesses.
//!
//! A FHIR Consent carries no signature of the patient that could be checked here. It is worth what a paper form is
//! worth: somebody whom the charter names puts their own signature under it.

use std::path::PathBuf;

use clap::Args;
use sumac_node::import::fhir_consent::{ConsentDefaults, ConsentOutcome, ImportedConsent, read_consents};
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::document::consent::{Action, Revoke};

use super::paper::Staff;
use crate::command::ask::Format;
use crate::failure::Failure;
use crate::{asking, files, show};

/// Read FHIR R4 Consents, say what each comes to and why, and witness it with a staff key.
///
/// Of several resources of one patient the strictest wins, and what cannot be understood means no. Without --key
/// nothing is signed: only the report is printed.
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
    /// How the report is printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

impl ImportConsentArgs {
    /// All files are read to their end before anything is signed. Who cannot be witnessed for holds up nobody else: it is
    /// said as a warning, and the command fails in the end so that a script sees it.
    ///
    /// Importing the same files again is safe: a permit is said anew where it may be, and a withdrawal
    /// twice is a withdrawal.
    pub(super) fn run(self) -> Result<(), Failure> {
        let texts = self.files.iter().map(|file| files::read(file)).collect::<Result<Vec<_>, _>>()?;
        let texts: Vec<&[u8]> = texts.iter().map(String::as_bytes).collect();
        let defaults = ConsentDefaults { now: asking::now(), rho_year: RhoMicro(self.rho_year) };
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
        let mut failed = 0_u64;
        for patient in &imported {
            let Some(action) = action(&patient.outcome) else { continue };
            if let Err(why) = staff.witness(&patient.pseudonym, &form(patient), action) {
                why.about(&patient.pseudonym).warn();
                failed += 1;
            }
        }
        if failed == 0 {
            return Ok(());
        }
        let says = format!("{} could not be witnessed for, as said above", show::counted(failed, "patient"));
        Err(Failure::refused("not-witnessed", &says, "mend it, and import the same files again".into()))
    }
}

/// What is signed for an outcome; nothing where no resource is about research.
fn action(outcome: &ConsentOutcome) -> Option<Action> {
    match outcome {
        ConsentOutcome::Grant(grant) => Some(Action::Grant(grant.clone())),
        ConsentOutcome::Withdrawal => Some(Action::Revoke(Revoke { purposes: None })),
        ConsentOutcome::Nothing => None,
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
        ConsentOutcome::Grant(_) => "grant",
        ConsentOutcome::Withdrawal => "withdrawal",
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
