//! Whether everything that a clinic ever signed for a patient is of one ledger.
//!
//! A clinic that keeps two ledgers can show a patient either, each in itself whole. So no head is trusted for being
//! the largest: the clinic has to prove, for every head that it ever gave, that its ledger of now begins with it.

use sumac_protocol::document::tree_head::TreeHead;
use sumac_protocol::envelope::{Envelope, Verified};
use sumac_protocol::ledger::{Growth, LedgerError, TwoTrees, admit_head};

use super::clinic::{Clinic, Site};
use super::kept::Kept;
use super::members::Member;
use crate::failure::{Exit, Failure};

/// A patient who looks whether the clinic's ledger is what the clinic said it was.
pub(super) struct Watch<'w> {
    pub(super) clinic: &'w Clinic,
    pub(super) kept: &'w Kept,
    pub(super) members: &'w [Member],
}

impl Watch<'_> {
    /// Takes a head that this clinic signed.
    pub(super) fn head(&self, signed: &Envelope) -> Result<Verified<TreeHead>, Failure> {
        admit_head(signed, &self.clinic.about.clinic).map_err(|why| failed(&why))
    }

    /// Fetches the newest head, and sees that its ledger begins with each that is kept and with these further ones.
    /// None if there is no head at all.
    pub(super) fn one_line(&self, further: &[Verified<TreeHead>]) -> Result<Option<Verified<TreeHead>>, Failure> {
        let mut heads: Vec<Verified<TreeHead>> = further.to_vec();
        let (receipts, doubtful) = (self.kept.receipts()?, self.kept.doubtful()?);
        let kept = receipts.iter().chain(&doubtful).map(|kept| &kept.receipt.head);
        for signed in kept.chain(self.kept.head()?.as_ref()) {
            heads.push(self.head(signed)?);
        }
        heads.sort_by_key(|head| head.size);
        for pair in heads.windows(2) {
            if let [one, other] = pair
                && one.size == other.size
                && one.root != other.root
            {
                return Err(self.caught(one, other));
            }
        }
        heads.dedup_by_key(|head| head.size);
        let Some(largest) = heads.pop() else { return Ok(None) };
        let newest = self.growth(&largest)?;
        heads.iter().try_fold(newest, |newest, head| self.joined(head, newest)).map(Some)
    }

    /// Sees that `newest`, which the clinic gave before, continues a head too. Gives back the newest of now. A ledger
    /// only grows, so what is asked for later is never shorter.
    pub(super) fn joined(
        &self,
        head: &Verified<TreeHead>,
        newest: Verified<TreeHead>,
    ) -> Result<Verified<TreeHead>, Failure> {
        let (mut earlier, mut later) = (newest, self.growth(head)?);
        for _ in 0..TRIES {
            if later.size < earlier.size {
                return Err(self
                    .contradiction(&later, &earlier)
                    .unwrap_or_else(|| failed(&LedgerError::Shrunk { old: earlier.size, new: later.size })));
            }
            if later.size == earlier.size {
                return if later.root == earlier.root { Ok(later) } else { Err(self.caught(&earlier, &later)) };
            }
            (earlier, later) = (later, self.growth(&earlier)?);
        }
        let says = "the clinic's ledger has another length whenever it is asked";
        Err(Failure::refused("ledger-restless", &says, "try again later; if it stays so, tell the stewards".into()))
    }

    /// The newest head, checked to continue this one. A clinic that dropped or rewrote something is asked for its head
    /// of the old size: if it signs another, that is evidence.
    fn growth(&self, known: &Verified<TreeHead>) -> Result<Verified<TreeHead>, Failure> {
        let clinic = &self.clinic.about.clinic;
        let wanted = serde_json::json!({ "head": known.envelope() });
        let growth: Growth = self.clinic.site.post("/v1/ledger/growth", &wanted).map_err(|why| {
            if why.exit() == Exit::Unreachable {
                return why;
            }
            why.about("the clinic does not prove that its ledger goes on from what it signed for you")
                .with_remedy("ask again; if it stays so, show the stewards your receipts, and withdraw if in doubt")
        })?;
        let why = match growth.check(clinic, known) {
            Ok(newest) => return Ok(newest),
            Err(why) => why,
        };
        let evidence = admit_head(&growth.head, clinic).ok().and_then(|newest| self.contradiction(known, &newest));
        Err(evidence.unwrap_or_else(|| failed(&why)))
    }

    /// Evidence that two heads are not of one ledger, if the clinic signs the smaller size anew with another root.
    fn contradiction(&self, known: &Verified<TreeHead>, newest: &Verified<TreeHead>) -> Option<Failure> {
        if newest.size == known.size {
            return (newest.root != known.root).then(|| self.caught(known, newest));
        }
        let (small, large) = if known.size < newest.size { (known, newest) } else { (newest, known) };
        let then = self.head_at(large, small.size)?;
        (then.root != small.root).then(|| self.caught(small, &then))
    }

    /// The head that the clinic signs today for a ledger of that length.
    fn head_at(&self, ticket: &Verified<TreeHead>, size: u64) -> Option<Verified<TreeHead>> {
        let wanted = serde_json::json!({ "head": ticket.envelope(), "size": size });
        let head: Envelope = self.clinic.site.post("/v1/ledger/head-at", &wanted).ok()?;
        admit_head(&head, &self.clinic.about.clinic).ok().filter(|head| head.size == size)
    }

    /// The clinic signed two ledgers. The evidence is kept first, and then given to every member that was named.
    pub(super) fn caught(&self, one: &Verified<TreeHead>, other: &Verified<TreeHead>) -> Failure {
        let evidence = TwoTrees { first: one.envelope().clone(), second: other.envelope().clone() };
        let place = match self.kept.put_evidence(one, other, &evidence) {
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

/// A ledger that does not hold what it promised, with the code and the remedy that say which promise.
pub(super) fn failed(why: &LedgerError) -> Failure {
    Failure::refused(why.code(), why, why.remedy())
}

/// How often the clinic is asked for a newest head until two answers have the same length.
const TRIES: usize = 5;
