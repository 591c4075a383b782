//! Granting and changing, from wherever the patient is.
//!
//! The order is the same in each: what will hold is said in plain words, the patient agrees, the statement is signed and
//! kept, it is handed in, and its receipt is checked and kept. Whatever breaks off after the signature leaves a statement
//! that can still be handed in. What is granted follows what was said before, so that is read from the statements
//! themselves, signature by signature, and a withdrawal that waits comes first: it would otherwise end the new grant.

use clap::Args;
use sumac_node::door::{Answer, StatusNow};
use sumac_protocol::document::ask::AskedFor;
use sumac_protocol::document::consent::{Action, Grant, History, Statement};
use sumac_protocol::envelope::{Envelope, Verified};

use super::clinic::{Clinic, ClinicArgs};
use super::handing::{hand_in, hand_in_again};
use super::kept::Kept;
use super::key_file::PatientKey;
use super::purposes::{named, outer, warn_of_unknown};
use super::watch::Watch;
use super::wishes::Wishes;
use super::{agreed, consent_text, desk, first_of, said};
use crate::failure::Failure;
use crate::{asking, show};

/// Change what was allowed: whatever is not said stays as it was.
#[derive(Debug, Args)]
pub(crate) struct ChangeArgs {
    #[command(flatten)]
    clinic: ClinicArgs,
    #[command(flatten)]
    wishes: Wishes,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

impl ChangeArgs {
    /// Starts from what stands; who allowed nothing has nothing to change.
    pub(super) fn run(self) -> Result<(), Failure> {
        let stating = Stating::begin(&self.clinic, self.yes)?;
        let said = stating.said()?;
        let mut history = History::new();
        said.iter().for_each(|statement| history.append(statement));
        let permit = history.permit().ok_or_else(|| {
            let says = format!("nothing is allowed at {} that could be changed", stating.clinic.about.name);
            Failure::refused("nothing-granted", &says, "allow it with `sumac patient grant`".into())
        })?;
        if !permit.is_whole() && !self.wishes.names_purposes() {
            // What was withdrawn is no code that could be signed again as it is, and must not come back unsaid.
            let says = format!("you withdrew a part; in force is {}", named(&outer(&permit.allows())));
            let remedy = "say with --purpose what is to be allowed from now on";
            return Err(Failure::refused("partly-withdrawn", &says, remedy.into()));
        }
        let before = consent_text::of(permit.grant());
        let grant = self.wishes.over(before.clone(), asking::now())?;
        stating.state(&history, &grant)
    }
}

/// Allows what was wished for.
pub(super) fn grant(clinic: &ClinicArgs, wishes: Wishes, yes: bool) -> Result<(), Failure> {
    let stating = Stating::begin(clinic, yes)?;
    let said = stating.said()?;
    let mut history = History::new();
    said.iter().for_each(|statement| history.append(statement));
    let grant = wishes.granted(asking::now())?;
    stating.state(&history, &grant)
}

/// Where the patient stands, as the clinic says.
pub(super) fn status(clinic: &Clinic, key: &PatientKey) -> Result<StatusNow, Failure> {
    let Answer::Status(status) = clinic.ask(key, AskedFor::Status)? else { return Err(clinic.another_answer()) };
    Ok(*status)
}

/// Everything that was said in the patient's name, in the ledger's order, each as it was signed. A clinic that leaves out
/// what it acknowledged is refused.
pub(super) fn papers(clinic: &Clinic, key: &PatientKey, kept: &Kept) -> Result<Vec<Verified<Statement>>, Failure> {
    let Answer::Record(held) = clinic.ask(key, AskedFor::Record)? else { return Err(clinic.another_answer()) };
    let mut statements = Vec::new();
    for given in &held.statements {
        let statement = said::read(&given.document).filter(|statement| statement.clinic == clinic.about.clinic);
        statements.push(statement.ok_or_else(|| {
            let says = format!("the statement at position {} is not signed by who it names", given.position);
            Failure::refused("bad-statement", &says, "ask the clinic; show the stewards what it says".into())
        })?);
    }
    for have in kept.receipts()? {
        let digest = have.statement.digest();
        if !statements.iter().any(|statement| statement.digest() == digest) {
            let what =
                said::read(&have.statement).map_or_else(|| digest.to_string(), |statement| said::told(&statement));
            let says = format!("the clinic leaves out {what}, for which you have its receipt");
            let remedy = "check with `sumac patient receipts`, and show the stewards the receipt";
            return Err(Failure::refused("statement-left-out", &says, remedy.into()));
        }
    }
    Ok(statements)
}

/// A grant on its way.
struct Stating {
    clinic: Clinic,
    key: PatientKey,
    kept: Kept,
    yes: bool,
}

impl Stating {
    /// Opens the key, finds the clinic, and hands in what waits.
    fn begin(clinic: &ClinicArgs, yes: bool) -> Result<Self, Failure> {
        let (clinic, key) = clinic.meet(yes)?;
        let kept = Kept::beside(&key);
        first_of(hand_in_again(&Watch { clinic: &clinic, kept: &kept, members: &[] })?)?;
        Ok(Self { clinic, key, kept, yes })
    }

    /// What the patient signed so far and the clinic keeps, in its order; refused if it leaves out what it acknowledged.
    fn said(&self) -> Result<Vec<Verified<Statement>>, Failure> {
        papers(&self.clinic, &self.key, &self.kept)
    }

    /// Says what will hold, and in which place, asks, signs, hands in, and keeps the receipt.
    fn state(&self, history: &History<'_>, grant: &Grant) -> Result<(), Failure> {
        let words = consent_text::words(grant);
        let before = history.permit().map(|permit| (permit.grant(), permit.allows()));
        let statement = Statement {
            clinic: self.clinic.about.clinic,
            patient: self.key.signer.principal(),
            sequence: history.next_sequence(),
            previous: history.last(),
            made_at: asking::now(),
            action: Action::Grant(grant.clone()),
            witness: None,
        };
        desk::check(&statement)?;
        show::talk(&format!("To {} ({}):", self.clinic.about.name, self.clinic.about.clinic));
        match before {
            None => show::paragraph(&words),
            Some((old, allowed)) => {
                show::paragraph(&format!("From now on, in place of what you allowed before:\n{words}"));
                let purposes = named(&outer(&allowed));
                show::paragraph(&consent_text::differences(old, grant, &purposes));
            }
        }
        warn_of_unknown(grant);
        agreed("Sign this?", self.yes)?;
        let signed = Envelope::sign(&statement, &self.key.signer)?;
        self.kept.wait(&signed)?;
        hand_in(&Watch { clinic: &self.clinic, kept: &self.kept, members: &[] }, &signed)
    }
}
