//! Handing signed statements in, at the clinic or, where it gives no receipt, with another member.

use std::path::Path;

use sumac_protocol::digest::{Digest, Label};
use sumac_protocol::document::consent::Statement;
use sumac_protocol::envelope::{Envelope, Verified};
use sumac_protocol::ledger::{Receipt, admit_arrival};
use sumac_protocol::moment::Millis;
use sumac_protocol::octets::Octets;
use sumac_protocol::principal::Principal;

use super::kept::{Kept, KeptArrival, KeptReceipt};
use super::members::Member;
use super::said;
use super::watch::{Watch, failed};
use crate::failure::{Exit, Failure};
use crate::{asking, keys, show};

/// Hands a signed statement in, and keeps its receipt once that is shown to be of the one ledger that is known. A grant
/// that the clinic refuses is let go of. What ends something never is: it is kept, and handed in again.
pub(super) fn hand_in(watch: &Watch<'_>, signed: &Envelope) -> Result<(), Failure> {
    let ends = said::read(signed).is_none_or(|statement| statement.action.ends());
    let receipt: Receipt = match watch.clinic.site.post("/v1/statements", signed) {
        Ok(receipt) => receipt,
        Err(why) if ends || why.exit() == Exit::Unreachable => return Err(why.with_remedy(NO_RECEIPT)),
        Err(why) => {
            watch.kept.forget(&signed.digest())?;
            return Err(why);
        }
    };
    let head = receipt
        .check(&watch.clinic.about.clinic, &signed.digest())
        .map_err(|why| failed(&why).about("the clinic's receipt does not hold").with_remedy(NO_RECEIPT))?;
    // A clock of one's own that is slow must not make an honest clinic look as if it had known sooner; nor may the clinic
    // put the moment off for long.
    let now = asking::now();
    let received_at = head.made_at.min(now + Millis::DAY).max(now);
    let received = KeptReceipt { statement: signed.clone(), receipt, received_at };
    let newest = watch.one_line(std::slice::from_ref(&head)).or_else(|why| {
        watch.kept.doubt(&received, &head)?;
        Err(why
            .about("the clinic gave a receipt, but not from the ledger that it showed before")
            .with_remedy(NO_RECEIPT))
    })?;
    show::line(&format!("acknowledged at position {} of the clinic's ledger, as", received.receipt.position));
    show::line(&format!("  {}", received.receipt.statement.hex()));
    let _place = watch.kept.receive(&received)?;
    newest.map_or(Ok(()), |newest| watch.kept.put_head(newest.envelope()))
}

/// Hands in again whatever has no receipt, in the order in which it was signed; says what is done, and gives back what
/// kept it from being taken.
pub(super) fn hand_in_again(watch: &Watch<'_>) -> Result<Vec<Failure>, Failure> {
    let mut failed = Vec::new();
    for signed in watch.kept.waiting()? {
        let what = said::read(&signed).map_or_else(|| "a statement".to_owned(), |statement| said::told(&statement));
        show::line(&format!("{what} has no receipt yet; it is handed in again"));
        failed.extend(hand_in(watch, &signed).err());
    }
    Ok(failed)
}

/// Says which statements have no receipt, and what that means.
pub(super) fn name_waiting(kept: &Kept) -> Result<(), Failure> {
    for statement in kept.waiting()?.iter().filter_map(said::read) {
        let counted =
            if statement.action.ends() { ": until your clinic has taken it, you may still be counted" } else { "" };
        show::line(&format!("no receipt yet for {}{counted}", said::told(&statement)));
    }
    Ok(())
}

/// The statements that end something and have no receipt.
pub(super) fn endings(kept: &Kept) -> Result<Vec<(Envelope, Verified<Statement>)>, Failure> {
    let waiting = kept.waiting()?.into_iter();
    let read = waiting.filter_map(|signed| said::read(&signed).map(|statement| (signed, statement)));
    Ok(read.filter(|(_, statement)| statement.action.ends()).collect())
}

/// Leaves a statement, sealed for the clinic, with another member, and keeps the member's signed word that it arrived.
pub(super) fn leave_with(member: &Member, clinic: &Principal, kept: &Kept, statement: Envelope) -> Result<(), Failure> {
    let sealed = sealed_for(clinic, &statement)?;
    let wanted = serde_json::json!({ "clinic": clinic, "sealed": sealed });
    let arrival: Envelope = member.site.post("/v1/members/arrivals", &wanted)?;
    let said =
        admit_arrival(&arrival, &member.key, clinic, &Digest::of_bytes(&sealed.0)).map_err(|why| failed(&why))?;
    let place = kept.put_arrival(&said, &KeptArrival { statement, sealed, arrival })?;
    let at = said.arrived_at;
    show::line(&format!("{} signed that your statement arrived at {at}; its word is kept in", member.name));
    show::line(&format!("  {}", place.display()));
    Ok(())
}

/// The member at this address, who is not the clinic.
pub(super) fn another_member(url: &str, clinic: &Principal, ca: Option<&Path>) -> Result<Member, Failure> {
    let member = Member::at(url, ca)?;
    member.is_not(clinic)?;
    Ok(member)
}

/// The statement, sealed to the clinic's own node key.
fn sealed_for(clinic: &Principal, statement: &Envelope) -> Result<Octets, Failure> {
    let sealing = clinic.sealing_key().map_err(|why| Failure::bug(why.to_string()))?;
    let text = statement.to_json();
    let sealed = sealing.seal(Label::StatementSeal, clinic.bytes(), text.as_bytes(), &mut keys::system_random());
    sealed.map(Octets).map_err(|why| Failure::bug(why.to_string()))
}

/// What can be done where a clinic gives no receipt.
pub(super) const NO_RECEIPT: &str = "the signed statement is kept, and `sumac patient receipts` and `sumac patient status` hand it in again; if there is no \
     receipt after 24 hours, `sumac patient revoke --hand-to MEMBER_URL` leaves it, sealed, with another member of the \
     federation, who signs that it arrived";
