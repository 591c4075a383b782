//! What a patient can ask: how do I stand, what was my record used for, what is held about me?

use std::path::PathBuf;

use clap::Args;
use sumac_node::door::{Answer, StatusNow, UseLine};
use sumac_protocol::document::ask::AskedFor;
use sumac_protocol::document::consent::{Action, Grant};
use sumac_protocol::limits::REPLACEMENT_WAIT;
use sumac_protocol::moment::Millis;
use sumac_protocol::plan::Mode;
use sumac_protocol::privacy::epsilon;

use super::clinic::{Clinic, ClinicArgs};
use super::handing::{hand_in_again, name_waiting};
use super::kept::Kept;
use super::statements::status;
use super::watch::Watch;
use super::{NOT_ENROLLED, consent_text, first_of, said};
use crate::command::ask::Format;
use crate::failure::Failure;
use crate::{files, show};

/// Ask the clinic where one stands: what is allowed, until when, and what it has cost.
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    clinic: ClinicArgs,
    /// How it is printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

/// Ask the clinic which answered questions one was counted in: for which study, when, at what price.
#[derive(Debug, Args)]
pub(crate) struct UsesArgs {
    #[command(flatten)]
    clinic: ClinicArgs,
    /// How it is printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

/// Ask the clinic for everything that it holds about one, as JSON.
#[derive(Debug, Args)]
pub(crate) struct PatientExportArgs {
    #[command(flatten)]
    clinic: ClinicArgs,
    /// The file, for its owner alone; without it, standard output. Never overwrites.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

impl StatusArgs {
    /// Says it in words.
    pub(super) fn run(self) -> Result<(), Failure> {
        let mut key = self.clinic.open()?;
        let kept = Kept::beside(&key);
        if self.format == Format::Table {
            name_waiting(&kept)?;
        }
        let clinic = self.clinic.find(&mut key, self.yes)?;
        let watch = Watch { clinic: &clinic, kept: &kept, members: &[] };
        let mut failures = match self.format {
            Format::Table => hand_in_again(&watch)?,
            // Nothing but the document goes to standard output; what waits is for a person to see.
            Format::Json => Vec::new(),
        };
        let status = match status(&clinic, &key) {
            Err(why) if why.code() == NOT_ENROLLED => return gone(&clinic, &kept, why, failures, self.format),
            Err(why) => {
                failures.push(why);
                return first_of(failures);
            }
            Ok(status) => status,
        };
        if self.format == Format::Json {
            show::json(&status)?;
            return first_of(failures);
        }
        let name = &clinic.about.name;
        let says = match status.standing.as_str() {
            "granted" => format!("{name} may count you in, as follows."),
            "not_yet" => format!("You have allowed {name} to count you in, but not yet."),
            "expired" => format!("What you allowed {name} is over: you are not counted in."),
            "withdrawn" => format!("You have withdrawn at {name}: you are not counted in."),
            "contradictory" => format!("Your statements at {name} contradict each other: you are not counted in."),
            _ => format!("You have allowed {name} nothing: you are not counted in."),
        };
        show::prose(&says, "  ");
        if let Some(granted) = status.granted.as_ref().filter(|_| status.standing == "not_yet") {
            show::prose(&not_yet(&status, &granted.grant), "  ");
        }
        if let Some(granted) = &status.granted {
            show::paragraph(&consent_text::words(&granted.grant));
        }
        show::line(&format!("statements in the clinic's ledger: {}", status.statements));
        show::line(&format!("paid in the last 365 days: {}", status.spent_year));
        first_of(failures)
    }
}

impl UsesArgs {
    /// The oldest first.
    pub(super) fn run(self) -> Result<(), Failure> {
        let (clinic, key) = self.clinic.meet(self.yes)?;
        let Answer::Uses(uses) = clinic.ask(&key, AskedFor::Uses)? else { return Err(clinic.another_answer()) };
        if self.format == Format::Json {
            return show::json(&uses);
        }
        if uses.is_empty() {
            show::line(&format!("{} has counted you in no answer.", clinic.about.name));
        }
        for used in &uses {
            show::line(&format!("{}: {}", used.at, show::one_line(&used.title)));
            show::prose(&format!("  {}", show::one_line(&used.lay_summary)), "  ");
            show::prose(&format!("  {}", cost(used)), "  ");
            show::line(&format!("  release {}", used.release.hex()));
        }
        Ok(())
    }
}

impl PatientExportArgs {
    /// The file is found out to be free before anything is asked.
    pub(super) fn run(self) -> Result<(), Failure> {
        if let Some(out) = &self.out {
            files::vacant(out)?;
        }
        let (clinic, key) = self.clinic.meet(self.yes)?;
        let Answer::Record(held) = clinic.ask(&key, AskedFor::Record)? else { return Err(clinic.another_answer()) };
        let Some(out) = &self.out else { return show::json(&held) };
        let text = serde_json::to_string_pretty(&held).map_err(|why| Failure::bug(why.to_string()))? + "\n";
        files::write_secret(out, text.as_bytes())
    }
}

/// A key that the clinic does not know. Who has the receipt of an order to erase knows why.
fn gone(clinic: &Clinic, kept: &Kept, why: Failure, mut failures: Vec<Failure>, format: Format) -> Result<(), Failure> {
    let erased = said::over(&kept.receipts()?).filter(|last| last.action == Action::Erase);
    let Some(erased) = erased else {
        failures.push(why);
        return first_of(failures);
    };
    if format == Format::Json {
        return show::json(&serde_json::json!({ "standing": "erased", "made_at": erased.made_at }));
    }
    let name = &clinic.about.name;
    show::prose(
        &format!(
            "Erased: {name} gave you its receipt for {}, and does not know this key any more. What its node held about you \
             is gone, nobody counts you in, and this key never grants again.",
            said::told(&erased)
        ),
        "  ",
    );
    Ok(())
}

/// From when on a grant counts that does not yet, and why.
fn not_yet(status: &StatusNow, grant: &Grant) -> String {
    if grant.not_before > status.at {
        return format!("You said that it holds from {} on.", grant.not_before);
    }
    let latest = status.at + REPLACEMENT_WAIT;
    let days = REPLACEMENT_WAIT.0 / Millis::DAY.0;
    format!(
        "Your key took the place of one that was reported as lost. For {days} days after the clinic took it in it grants \
         nothing, so that whoever holds the old key can object; so this holds from {latest} on at the latest."
    )
}

/// What an answer cost, in numbers and what they mean. The factor is e to the ε: the bound that differential privacy
/// gives on how far any answer can move what somebody believes about one person, whatever else is known of that
/// person. An exact answer has no such bound, and says so.
fn cost(used: &UseLine) -> String {
    match used.mode {
        Mode::Exact => "The answer carried no noise: only the number of patients hides your part, and only if the members who added the \
             figures up were honest. No ε and no δ bound what it says about you."
            .to_owned(),
        Mode::Dp => {
            let epsilon = epsilon(used.rho, used.delta_per_1e12);
            format!(
                "The answer carried noise. It cost {}, which is ε {epsilon:.3}: whatever anybody believed about you \
                 before, it changes the odds by no more than the factor {:.2}, but for a chance of {} in 10^12.",
                used.rho,
                epsilon.exp(),
                used.delta_per_1e12
            )
        }
    }
}
