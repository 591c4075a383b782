//! Granting, changing, withdrawing and erasing, from wherever the patient is.
//!
//! In each the order is the same: what will hold is said in plain words, the patient agrees, the statement is signed
//! and kept, it is handed in, and its receipt is checked and kept. Whatever breaks off after the signature leaves a
//! statement that can still be handed in.

use clap::Args;
use sumac_node::door::{Answer, StatusNow};
use sumac_protocol::document::ask::AskedFor;
use sumac_protocol::document::consent::{Action, Revoke, Statement};
use sumac_protocol::envelope::Envelope;
use sumac_protocol::ledger::Receipt;
use sumac_protocol::principal::Principal;

use super::clinic::{Clinic, ClinicArgs};
use super::kept::{Kept, KeptReceipt};
use super::key_file::PatientKey;
use super::wishes::Wishes;
use super::{NOT_ENROLLED, agreed, consent_text, desk};
use crate::failure::{Exit, Failure};
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
        let (clinic, key) = self.clinic.meet(self.yes)?;
        let status = status(&clinic, &key)?;
        let before = status.granted.as_ref().ok_or_else(|| {
            let says = format!("nothing is allowed at {} that could be changed", clinic.about.name);
            Failure::refused("nothing-granted", &says, "allow it with `sumac patient grant`".into())
        })?;
        let grant = self.wishes.over(before.grant.clone(), asking::now())?;
        let words = format!("From now on, in place of what you allowed before:\n{}", consent_text::words(&grant));
        state(&clinic, &key, Some(&status), Action::Grant(grant), &words, self.yes)
    }
}

/// Allows what was wished for.
pub(super) fn grant(clinic: &ClinicArgs, wishes: Wishes, yes: bool) -> Result<(), Failure> {
    let (clinic, key) = clinic.meet(yes)?;
    let status = status(&clinic, &key)?;
    let grant = wishes.granted(asking::now())?;
    let words = consent_text::words(&grant);
    state(&clinic, &key, Some(&status), Action::Grant(grant), &words, yes)
}

/// Withdraws everything, or some purposes. It does not matter whether the clinic says where the patient stands.
pub(super) fn revoke(clinic: &ClinicArgs, purposes: Option<Vec<String>>, yes: bool) -> Result<(), Failure> {
    let (clinic, key) = clinic.meet(yes)?;
    let known = match status(&clinic, &key) {
        Ok(status) => Some(status),
        Err(why) if why.code() == NOT_ENROLLED => return Err(why),
        Err(_) => None,
    };
    if known.as_ref().is_some_and(|status| status.standing == "withdrawn") {
        show::line("already withdrawn: no use of your records is allowed, and nothing was added");
        return Ok(());
    }
    let what = match &purposes {
        None => "This ends every use of your records that was allowed so far.".to_owned(),
        Some(codes) => format!("This ends the use of your records for {}; other purposes stay.", codes.join(", ")),
    };
    let words = format!("{what} Answers that were given stay. Your records stay with {}.", clinic.about.name);
    state(&clinic, &key, known.as_ref(), Action::Revoke(Revoke { purposes }), &words, yes)
}

/// Signs a withdrawal of everything and keeps it, for a clinic that nobody can ask anything now. A withdrawal needs to
/// know neither the place that it takes nor what was said before.
pub(super) fn withdraw_unheard(clinic: &Principal, key: &PatientKey, kept: &Kept, yes: bool) -> Result<(), Failure> {
    let statement = Statement {
        clinic: *clinic,
        patient: key.signer.principal(),
        sequence: 0,
        previous: None,
        made_at: asking::now(),
        action: Action::Revoke(Revoke { purposes: None }),
        witness: None,
    };
    show::talk(&format!("To your clinic ({clinic}):"));
    show::paragraph("This ends every use of your records that was allowed so far. Answers that were given stay.");
    agreed("Sign this?", yes)?;
    kept.wait(&Envelope::sign(&statement, &key.signer)?)
}

/// Withdraw everything, and have everything destroyed that the clinic's node holds about one. The key never grants
/// again.
#[derive(Debug, Args)]
pub(crate) struct EraseArgs {
    #[command(flatten)]
    clinic: ClinicArgs,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

impl EraseArgs {
    /// It does not matter whether the clinic says where the patient stands.
    pub(super) fn run(self) -> Result<(), Failure> {
        let (clinic, key) = self.clinic.meet(self.yes)?;
        let known = match status(&clinic, &key) {
            Ok(status) => Some(status),
            Err(why) if why.code() == NOT_ENROLLED => return Err(why),
            Err(_) => None,
        };
        let name = &clinic.about.name;
        let words = format!(
            "This ends every use of your records, and has {name} destroy, for good, what its node holds about you: your \
             record, your statements, and your place in the books of queries. Answers that were given stay. Files outside \
             the node, as those of your treatment, are not touched. This key never grants again."
        );
        state(&clinic, &key, known.as_ref(), Action::Erase, &words, self.yes)
    }
}

/// Where the patient stands, as the clinic says.
pub(super) fn status(clinic: &Clinic, key: &PatientKey) -> Result<StatusNow, Failure> {
    let Answer::Status(status) = clinic.ask(key, AskedFor::Status)? else { return Err(clinic.another_answer()) };
    Ok(*status)
}

/// Says what will hold, asks, signs, hands in, and keeps the receipt.
fn state(
    clinic: &Clinic,
    key: &PatientKey,
    known: Option<&StatusNow>,
    action: Action,
    words: &str,
    yes: bool,
) -> Result<(), Failure> {
    let statement = Statement {
        clinic: clinic.about.clinic,
        patient: key.signer.principal(),
        sequence: known.map_or(0, |status| status.next_sequence),
        previous: known.and_then(|status| status.newest),
        made_at: asking::now(),
        action,
        witness: None,
    };
    desk::check(&statement)?;
    show::talk(&format!("To {} ({}):", clinic.about.name, clinic.about.clinic));
    show::paragraph(words);
    agreed("Sign this?", yes)?;
    let kept = Kept::beside(key);
    let signed = Envelope::sign(&statement, &key.signer)?;
    kept.wait(&signed)?;
    hand_in(clinic, &kept, &signed)
}

/// Hands a signed statement in. One that the clinic refuses is let go of; one of which nothing is heard is kept.
pub(super) fn hand_in(clinic: &Clinic, kept: &Kept, signed: &Envelope) -> Result<(), Failure> {
    let receipt: Receipt = clinic.site.post("/v1/statements", signed).map_err(|why| {
        if why.exit() == Exit::Unreachable {
            return why.with_remedy(NO_RECEIPT);
        }
        kept.forget(signed);
        why
    })?;
    let head = receipt.check(&clinic.about.clinic, &signed.digest()).map_err(|why| {
        Failure::refused(why.code(), &why, why.remedy())
            .about("the clinic's receipt does not hold")
            .with_remedy(NO_RECEIPT)
    })?;
    show::line(&format!("acknowledged at position {} of the clinic's ledger, as", receipt.position));
    show::line(&format!("  {}", receipt.statement.hex()));
    kept.receive(&KeptReceipt { statement: Some(signed.clone()), receipt })?;
    let newest = kept.head()?.and_then(|have| sumac_protocol::ledger::admit_head(&have, &clinic.about.clinic).ok());
    if newest.is_none_or(|have| have.size < head.size) {
        kept.put_head(head.envelope())?;
    }
    Ok(())
}

/// What can be done where a clinic gives no receipt.
const NO_RECEIPT: &str = "the signed statement is kept, and `sumac patient receipts` hands it in again; if there is no \
                          receipt after 24 hours, `sumac patient revoke --hand-to MEMBER_URL` leaves it, sealed, with \
                          another member of the federation, who signs that it arrived";
