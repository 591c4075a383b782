//! `sumac patient receipts`: what the clinic acknowledged, checked, and held against what others saw of it.

use clap::Args;
use sumac_node::door::Answer;
use sumac_protocol::document::ask::AskedFor;
use sumac_protocol::document::consent::Statement;
use sumac_protocol::document::tree_head::TreeHead;
use sumac_protocol::envelope::{Envelope, Verified};
use sumac_protocol::ledger::{Heed, LedgerError, Opening, Receipt, admit_last_seen, heeded, knew};
use sumac_protocol::moment::{Millis, Moment};
use sumac_protocol::principal::Principal;

use super::clinic::ClinicArgs;
use super::handing::{hand_in_again, name_waiting};
use super::kept::{Kept, KeptReceipt};
use super::key_file::PatientKey;
use super::members::{Member, MembersArgs};
use super::statements::papers;
use super::watch::{Watch, failed};
use super::{first_of, said};
use crate::failure::{Exit, Failure};
use crate::{asking, show};

/// Check every receipt again, fetch those that are missing, and see that the clinic's ledger only grew since. With
/// members of the federation, see that the clinic shows them the same ledger.
#[derive(Debug, Args)]
pub(crate) struct ReceiptsArgs {
    #[command(flatten)]
    clinic: ClinicArgs,
    #[command(flatten)]
    members: MembersArgs,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

impl ReceiptsArgs {
    /// What is kept here is checked before anybody is asked. Whatever only keeps something from being checked is said at
    /// the end; what the clinic contradicts itself in ends the command at once.
    pub(super) fn run(self) -> Result<(), Failure> {
        let chain = self.members.check()?;
        let mut key = self.clinic.open()?;
        let kept = Kept::beside(&key);
        let before = kept.receipts()?;
        if let Some(clinic) = kept.clinic_of(&key)? {
            before.iter().try_for_each(|have| holds(have, &clinic))?;
        }
        let clinic = self.clinic.find(&mut key, self.yes)?;
        let met = self.members.meet(chain.as_ref(), &clinic.about.clinic, self.clinic.ca())?;
        let watch = Watch { clinic: &clinic, kept: &kept, members: &met.members };
        let known = kept.head()?;
        let mut failures = hand_in_again(&watch)?;
        if let Some(ledger) = failures.iter().position(|why| why.code().starts_with("ledger-")) {
            return Err(failures.swap_remove(ledger));
        }
        let newest = fetch(&watch, &key, &mut failures)?;
        name_waiting(&kept)?;
        let Some(newest) = newest else {
            show::line(&format!("{} has acknowledged nothing from you yet", clinic.about.name));
            failures.extend(met.missing);
            return first_of(failures);
        };
        if known.is_some() {
            show::line("the clinic's ledger only grew since the last time");
        }
        let (mut newest, mut agreed, longest) = (newest, 0_usize, met.longest());
        for member in &met.members {
            match same_for(&watch, member, &newest, longest) {
                Ok(of_now) => {
                    newest = of_now;
                    agreed = agreed.saturating_add(1);
                }
                Err(why) => failures.push(why),
            }
        }
        let named = met.members.len().saturating_add(met.missing.len());
        failures.extend(met.missing);
        if named > 0 && agreed < 2 && failures.is_empty() {
            failures.push(Failure::bug("members neither agreed nor failed"));
        }
        first_of(failures)
    }
}

/// Fetches the receipts that are missing, sees that all heads are of one ledger, and only then keeps anything. Gives back
/// the newest head. That the clinic does not know the key, or gives no receipts, is noted as a failure.
fn fetch(
    watch: &Watch<'_>,
    key: &PatientKey,
    failures: &mut Vec<Failure>,
) -> Result<Option<Verified<TreeHead>>, Failure> {
    let (clinic, known) = (&watch.clinic.about.clinic, watch.kept.receipts()?);
    let erased = said::over(&known).filter(|last| last.action == sumac_protocol::document::consent::Action::Erase);
    let fetched = match watch.clinic.ask(key, AskedFor::Receipts) {
        Ok(Answer::Receipts(fetched)) => fetched,
        Ok(_) => return Err(watch.clinic.another_answer()),
        Err(why) if why.code() == super::NOT_ENROLLED && erased.is_some() => Vec::new(),
        Err(why) if why.exit() == Exit::Unreachable => return Err(why),
        Err(why) => {
            failures.push(why);
            Vec::new()
        }
    };
    let mut heads = Vec::new();
    for receipt in &fetched {
        heads.push(receipt.check(clinic, &receipt.statement).map_err(|why| failed(&why))?);
    }
    let newest = watch.one_line(&heads)?;
    let is_new = |receipt: &Receipt| known.iter().all(|have| have.receipt.statement != receipt.statement);
    let missing: Vec<Receipt> = fetched.into_iter().filter(is_new).collect();
    if !missing.is_empty() {
        keep(watch, key, missing, failures)?;
    }
    if let Some(newest) = &newest {
        watch.kept.put_head(newest.envelope())?;
    }
    Ok(newest)
}

/// Keeps receipts together with the statements that they are for. One for which nobody signed anything is not kept: it
/// says nothing, and its name would be the clinic's choice.
fn keep(
    watch: &Watch<'_>,
    key: &PatientKey,
    missing: Vec<Receipt>,
    failures: &mut Vec<Failure>,
) -> Result<(), Failure> {
    let waiting = watch.kept.waiting()?;
    let told = papers(watch.clinic, key, watch.kept).unwrap_or_else(|why| {
        failures.push(why);
        Vec::new()
    });
    for receipt in missing {
        let told = told.iter().find(|statement| statement.digest() == receipt.statement).map(Verified::envelope);
        let signed = waiting.iter().find(|signed| signed.digest() == receipt.statement).or(told);
        let own = signed.and_then(|signed| said::own(signed, &watch.clinic.about.clinic, &key.signer.principal()));
        match (signed, own) {
            (Some(signed), Some(_)) => {
                let received = KeptReceipt { statement: signed.clone(), receipt, received_at: asking::now() };
                holds(&received, &watch.clinic.about.clinic)?;
                let _place = watch.kept.receive(&received)?;
            }
            (Some(signed), None) => {
                let what = said::read(signed).map_or_else(String::new, |statement| said::told(&statement));
                show::line(&format!("position {}: {what}, signed with another key than this one", receipt.position));
            }
            (None, _) => {
                let says = format!("the clinic gives a receipt for {}, which nobody signed", receipt.statement.hex());
                let remedy = "it was not kept; ask the clinic what it is, and show the stewards what it says";
                failures.push(Failure::refused("receipt-of-nothing", &says, remedy.into()));
            }
        }
    }
    Ok(())
}

/// Checks a receipt again, and says what it is for.
fn holds(kept: &KeptReceipt, clinic: &Principal) -> Result<(), Failure> {
    kept.receipt.check(clinic, &kept.statement.digest()).map_err(|why| failed(&why))?;
    let what = said::read(&kept.statement).map_or_else(|| kept.receipt.statement.to_string(), |said| said::told(&said));
    show::line(&format!("position {}: {what} - the receipt holds", kept.receipt.position));
    Ok(())
}

/// Asks a member, not the clinic, what the clinic committed to last, demands that the clinic opens it, and sees that the
/// cohort was selected in the knowledge of every statement that it had to know, and under a beginning of the one ledger.
/// Gives back the newest head.
fn same_for(
    watch: &Watch<'_>,
    member: &Member,
    newest: &Verified<TreeHead>,
    longest: Millis,
) -> Result<Verified<TreeHead>, Failure> {
    let clinic = &watch.clinic.about.clinic;
    let wanted = serde_json::json!({ "clinic": clinic });
    let seen: Envelope = member.site.post("/v1/members/last-seen", &wanted).map_err(|why| why.about(&member.name))?;
    let seen = admit_last_seen(&seen, &member.key, clinic).map_err(|why| failed(&why).about(&member.name))?;
    let wanted = serde_json::json!({ "head": newest.envelope(), "commitment": seen.ledger });
    let opening: Opening = watch.clinic.site.post("/v1/ledger/openings", &wanted).map_err(|why| {
        why.about("the clinic does not open what it committed to")
            .with_remedy("show the stewards this member's signed word and your receipts; withdraw if in doubt")
    })?;
    let shown = opening.check(clinic, &seen.ledger).map_err(|why| failed(&why))?;
    for have in watch.kept.receipts()? {
        knows(watch, &shown, &have, seen.seen_at, longest)?;
    }
    let newest = watch.joined(&shown, newest.clone())?;
    show::line(&format!("{} saw the same ledger, at {}", member.name, seen.seen_at));
    Ok(newest)
}

/// Whether a cohort was selected in the knowledge of a statement, by the clinic's own moments and by those of others.
fn knows(
    watch: &Watch<'_>,
    shown: &Verified<TreeHead>,
    have: &KeptReceipt,
    seen_at: Moment,
    longest: Millis,
) -> Result<(), Failure> {
    let acknowledged = watch.head(&have.receipt.head)?;
    let without = |why: &LedgerError| failed(why).about("the clinic selected patients without your statement");
    match knew(shown, &acknowledged) {
        Ok(()) => {}
        Err(LedgerError::TwoRoots { .. }) => return Err(watch.caught(&acknowledged, shown)),
        Err(why) => return Err(without(&why)),
    }
    match heeded(shown, have.receipt.position, have.received_at, seen_at, longest) {
        Ok(Heed::Covered) => {}
        Ok(Heed::MayBeOlder { until }) => {
            let what = said::read(&have.statement)
                .map_or_else(String::new, |statement: Verified<Statement>| said::told(&statement));
            show::line(&format!("the cohort that was seen at {seen_at} was selected without {what}:"));
            show::line(&format!("  it may have been selected before; look again after {until}"));
        }
        Err(why) => return Err(without(&why)),
    }
    Ok(())
}
