//! `sumac patient receipts`: what the clinic acknowledged, checked, and held against what others saw of it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use clap::Args;
use sumac_node::door::Answer;
use sumac_protocol::digest::Digest;
use sumac_protocol::document::ask::AskedFor;
use sumac_protocol::document::consent::{Action, Statement};
use sumac_protocol::document::tree_head::TreeHead;
use sumac_protocol::envelope::{Envelope, Verified};
use sumac_protocol::ledger::{Growth, LedgerError, Opening, TwoTrees, admit_head, admit_last_seen, knew};

use super::clinic::{Clinic, ClinicArgs, Site};
use super::kept::{Kept, KeptReceipt};
use super::members::{Member, MembersArgs};
use super::statements::hand_in;
use crate::failure::Failure;
use crate::show;

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
    /// Stops at the first thing that does not hold: from then on nothing that the clinic says can be relied on.
    pub(super) fn run(self) -> Result<(), Failure> {
        let members = self.members.meet(self.clinic.ca())?;
        let (clinic, key) = self.clinic.meet(self.yes)?;
        let kept = Kept::beside(&key);
        for waiting in kept.waiting()? {
            show::line("a statement without a receipt is handed in again");
            hand_in(&clinic, &kept, &waiting.statement)?;
        }
        let Answer::Receipts(fetched) = clinic.ask(&key, AskedFor::Receipts)? else {
            return Err(clinic.another_answer());
        };
        let known = kept.receipts()?;
        // Before anything takes the place of a file that does not hold, so that it is told.
        for have in &known {
            have.check(&clinic.about.clinic).map_err(|why| failed(&why))?;
        }
        for receipt in fetched {
            if !known.iter().any(|have| have.receipt.statement == receipt.statement) {
                receipt.check(&clinic.about.clinic, &receipt.statement).map_err(|why| failed(&why))?;
                kept.receive(&KeptReceipt { statement: None, receipt })?;
            }
        }
        let watch = Watch { clinic: &clinic, kept: &kept, members: &members };
        let heads = watch.receipts_hold()?;
        let Some(known) = heads.last() else {
            show::line(&format!("{} has acknowledged nothing from you yet", clinic.about.name));
            return Ok(());
        };
        let newest = watch.only_grew(known)?;
        heads.iter().try_for_each(|head| watch.one_ledger(head, &newest))?;
        show::line("the clinic's ledger only grew since then");
        members.iter().try_for_each(|member| watch.same_for(member, &newest))
    }
}

/// A patient who looks whether the clinic's ledger is what the clinic said it was.
struct Watch<'w> {
    clinic: &'w Clinic,
    kept: &'w Kept,
    members: &'w [Member],
}

impl Watch<'_> {
    /// Checks every receipt again, says what it is for, and gives back the heads that are known: one of each size, the
    /// longest ledger's last.
    fn receipts_hold(&self) -> Result<Vec<Verified<TreeHead>>, Failure> {
        let clinic = &self.clinic.about.clinic;
        let mut heads = BTreeMap::new();
        if let Some(head) = self.kept.head()? {
            let head = admit_head(&head, clinic).map_err(|why| failed(&why))?;
            heads.insert(head.size, head);
        }
        for have in self.kept.receipts()? {
            let head = have.check(clinic).map_err(|why| failed(&why))?;
            let (position, said) = (have.receipt.position, said(have.statement.as_ref(), &have.digest()));
            show::line(&format!("position {position}: {said} - the receipt holds"));
            match heads.entry(head.size) {
                Entry::Vacant(place) => drop(place.insert(head)),
                Entry::Occupied(have) if have.get().root != head.root => return Err(self.caught(have.get(), &head)),
                Entry::Occupied(_) => {}
            }
        }
        Ok(heads.into_values().collect())
    }

    /// Fetches the newest head, and sees that its ledger begins with the one known before.
    fn only_grew(&self, known: &Verified<TreeHead>) -> Result<Verified<TreeHead>, Failure> {
        let newest = self.growth(known)?;
        self.kept.put_head(newest.envelope())?;
        Ok(newest)
    }

    /// Asks a member, not the clinic, what the clinic committed to last, demands that the clinic opens it, and sees
    /// that both heads are of one ledger.
    fn same_for(&self, member: &Member, known: &Verified<TreeHead>) -> Result<(), Failure> {
        let clinic = &self.clinic.about.clinic;
        let wanted = serde_json::json!({ "clinic": clinic });
        let seen: Envelope = match member.site.post("/v1/members/last-seen", &wanted) {
            Ok(seen) => seen,
            Err(why) if why.code() == "nothing-seen" => {
                show::line(&format!("{} has seen no contribution of this clinic yet", member.name));
                return Ok(());
            }
            Err(why) => return Err(why.about(&member.name)),
        };
        let seen = admit_last_seen(&seen, &member.key, clinic).map_err(|why| failed(&why).about(&member.name))?;
        let wanted = serde_json::json!({ "head": known.envelope(), "commitment": seen.ledger });
        let opening: Opening = self.clinic.site.post("/v1/ledger/openings", &wanted).map_err(|why| {
            why.about("the clinic does not open what it committed to")
                .with_remedy("show the stewards this member's signed word and your receipts; withdraw if in doubt")
        })?;
        let shown = opening.check(clinic, &seen.ledger).map_err(|why| failed(&why))?;
        for KeptReceipt { receipt, .. } in self.kept.receipts()? {
            // What was acknowledged before the clinic selected, it selected in the knowledge of.
            let acknowledged = admit_head(&receipt.head, clinic).map_err(|why| failed(&why))?;
            match knew(&shown, &acknowledged) {
                Ok(()) => {}
                Err(LedgerError::TwoRoots { .. }) => return Err(self.caught(&acknowledged, &shown)),
                Err(why) => return Err(failed(&why).about("the clinic selected patients without your statement")),
            }
        }
        self.one_ledger(known, &shown)?;
        show::line(&format!("{} saw the same ledger, at {}", member.name, seen.seen_at));
        Ok(())
    }

    /// Sees that two heads are of one ledger, by one proof: the longer tree begins with the shorter one.
    fn one_ledger(&self, one: &Verified<TreeHead>, other: &Verified<TreeHead>) -> Result<(), Failure> {
        let clinic = &self.clinic.about.clinic;
        let [old, new] = if one.size <= other.size { [one, other] } else { [other, one] };
        if old.size == new.size {
            return if old.root == new.root { Ok(()) } else { Err(self.caught(old, new)) };
        }
        let wanted = serde_json::json!({ "head": old.envelope(), "newer": new.envelope() });
        let Growth { proof, .. } = self.clinic.site.post("/v1/ledger/growth", &wanted)?;
        // It counts for the very heads that are held here, whichever the clinic sent along.
        let grown = Growth { head: new.envelope().clone(), proof };
        let Err(why) = grown.check(clinic, old) else { return Ok(()) };
        for held in [old, new] {
            if let Some(then) = self.head_at(new, held.size)
                && then.root != held.root
            {
                return Err(self.caught(held, &then));
            }
        }
        // A ledger that is shorter today than either head is told as such.
        self.growth(new)?;
        Err(failed(&why))
    }

    /// The newest head, checked to continue this one. A clinic that dropped or rewrote something is asked for its head
    /// of the old size: if it signs another, that is evidence.
    fn growth(&self, known: &Verified<TreeHead>) -> Result<Verified<TreeHead>, Failure> {
        let clinic = &self.clinic.about.clinic;
        let wanted = serde_json::json!({ "head": known.envelope() });
        let growth: Growth = self.clinic.site.post("/v1/ledger/growth", &wanted)?;
        let why = match growth.check(clinic, known) {
            Ok(newest) => return Ok(newest),
            Err(why) => why,
        };
        if let Ok(newest) = admit_head(&growth.head, clinic) {
            if newest.size == known.size && newest.root != known.root {
                return Err(self.caught(known, &newest));
            }
            if let Some(then) = self.head_at(&newest, known.size)
                && then.root != known.root
            {
                return Err(self.caught(known, &then));
            }
        }
        Err(failed(&why))
    }

    /// The head that the clinic signs today for a ledger of that length.
    fn head_at(&self, ticket: &Verified<TreeHead>, size: u64) -> Option<Verified<TreeHead>> {
        let wanted = serde_json::json!({ "head": ticket.envelope(), "size": size });
        let head: Envelope = self.clinic.site.post("/v1/ledger/head-at", &wanted).ok()?;
        admit_head(&head, &self.clinic.about.clinic).ok().filter(|head| head.size == size)
    }

    /// The clinic signed two ledgers. The evidence is kept first, and then given to every member that was named.
    fn caught(&self, one: &Verified<TreeHead>, other: &Verified<TreeHead>) -> Failure {
        let evidence = TwoTrees { first: one.envelope().clone(), second: other.envelope().clone() };
        let place = match self.kept.put_evidence(one.size, &evidence) {
            Ok(place) => place,
            Err(why) => return why,
        };
        let told = |site: &Site| site.hand_in("/v1/members/evidence", &evidence).is_ok();
        let heard: Vec<&str> =
            self.members.iter().filter(|member| told(&member.site)).map(|member| member.name.as_str()).collect();
        let heard =
            if heard.is_empty() { "nobody yet: name members with --member".to_owned() } else { heard.join(", ") };
        let says = format!("the clinic signed two different ledgers of {} statements", one.size);
        let remedy = format!(
            "keep {}, which proves it by the clinic's own signatures; it was handed to {heard}. Show it to the \
             federation's stewards, and withdraw if you do not trust the clinic any more",
            place.display()
        );
        Failure::refused("ledger-two-roots", &says, remedy)
    }
}

/// What a statement says, in a few words.
fn said(statement: Option<&Envelope>, digest: &Digest) -> String {
    let read = statement.and_then(|signed| signed.claim::<Statement>().ok()?.verify_named(|body| body.patient).ok());
    match read {
        None => format!("a statement made elsewhere, {digest}"),
        Some(statement) => {
            let what = match &statement.action {
                Action::Grant(_) => "what you allowed",
                Action::Revoke(_) => "your withdrawal",
                Action::Erase => "your order to erase",
            };
            format!("{what} on {}", statement.made_at)
        }
    }
}

/// A ledger that does not hold what it promised, with the code and the remedy that say which promise.
fn failed(why: &LedgerError) -> Failure {
    Failure::refused(why.code(), why, why.remedy())
}
