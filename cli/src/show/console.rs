//! What a clinic's own console shows: its node, its patients, its queries.

use comfy_table::{CellAlignment, Table, presets};
use sumac_node::clinic::{ChargeState, CohortLine, PatientLine};
use sumac_node::control::Status;

use super::{counted, line, prose, table};

/// How a node is, one fact a line.
pub(crate) fn status(status: &Status) {
    let several = |names: &[String]| if names.is_empty() { "nobody".to_owned() } else { names.join(", ") };
    let listening = if status.listening.is_empty() { "nowhere".to_owned() } else { status.listening.join(", ") };
    let facts = [
        ("node", format!("{} (process {})", status.name, status.pid)),
        ("key", status.key.to_string()),
        ("charter", format!("epoch {} ({})", status.epoch, status.charter)),
        ("listens", listening),
        ("patients at", status.patients_at.clone().unwrap_or_else(|| "nowhere".to_owned())),
        ("connected", several(&status.connected)),
        ("patients", status.patients.to_string()),
        ("statements", status.statements.to_string()),
    ];
    for (name, fact) in facts {
        prose(&format!("{name:<11} {fact}"), "            ");
    }
    if let Some(why) = &status.shut {
        let (how, until) = if status.waits { ("waiting", "yet") } else { ("SHUT", "") };
        let says = format!("{how:<11} takes part in no question {until}");
        prose(&format!("{}: {why}", says.trim_end()), "            ");
    }
    if status.held_for_others > 0 {
        let says = "sealed statements of other clinics' patients, until their clinics answer";
        prose(&format!("{:<11} {} {says}", "held", status.held_for_others), "            ");
    }
    if !status.accused.is_empty() {
        let names = status.accused.join(", ");
        let says =
            "signed two different consent ledgers, or two messages of one number; their contributions are refused";
        prose(&format!("{:<11} {names}: {says}", "ACCUSED"), "            ");
    }
}

/// Patients: where they stand and what they were charged.
pub(crate) fn patients(patients: &[PatientLine]) {
    let mut rows = Table::new();
    rows.load_style(presets::NOTHING).set_header(["pseudonym", "key", "records", "consent", "charged"]);
    for patient in patients {
        let key = patient.key.as_ref().map_or_else(|| "not enrolled".to_owned(), |key| key.short());
        let records = if patient.has_record { "yes" } else { "none" };
        let (pseudonym, charged) = (patient.pseudonym.clone(), patient.spent.to_string());
        rows.add_row([pseudonym, key, records.to_owned(), patient.standing.replace('_', " "), charged]);
    }
    if let Some(column) = rows.column_mut(4) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table(&mut rows);
}

/// Queries, each with those who were selected for it.
pub(crate) fn cohorts(cohorts: &[CohortLine]) {
    for cohort in cohorts {
        let selected = counted(u64::try_from(cohort.pseudonyms.len()).unwrap_or(u64::MAX), "patient");
        let ended = match cohort.state {
            ChargeState::Open => "not over yet; the charge stands".to_owned(),
            ChargeState::Released { release } => format!("answered in release {release}"),
            ChargeState::NotCounted => "answered without this clinic; nobody was charged".to_owned(),
            ChargeState::Forgotten => "forgotten and charged to everybody in a recovery; the charge stands".to_owned(),
            ChargeState::NoRelease => "came to nothing; nobody was charged".to_owned(),
        };
        line(&format!("query {}: {selected}, {} each", cohort.query, cohort.rho));
        line(&format!("  {ended}"));
        if !cohort.pseudonyms.is_empty() {
            prose(&format!("  {}", cohort.pseudonyms.join(" ")), "  ");
        }
    }
}
