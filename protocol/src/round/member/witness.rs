//! What a member can say of other nodes, and what it hears of them.

use rand_core::CryptoRng;

use super::Member;
use crate::counted::TwoMessages;
use crate::digest::Digest;
use crate::document::last_seen::LastSeen;
use crate::document::recovery::Recovery;
use crate::document::void::Void;
use crate::envelope::Envelope;
use crate::ledger::{LedgerError, TwoTrees};
use crate::moment::Moment;
use crate::principal::Principal;
use crate::round::inquiry::Inquiry;
use crate::round::{Desk, Effect};

impl Member {
    /// Whether it sits, or sat, on a committee for this query.
    #[must_use]
    pub fn knows(&self, query: &Digest) -> bool {
        self.sittings.range((*query, 0)..=(*query, u8::MAX)).next().is_some()
    }

    /// What this member, whose key is `me`, can say about the newest upload of a clinic that it saw as one of a
    /// committee; none if it saw none.
    #[must_use]
    pub fn last_seen(&self, me: Principal, clinic: &Principal) -> Option<LastSeen> {
        self.watch.last_seen(me, clinic)
    }

    /// What this member, whose key is `me`, can say to a node about what it saw of it: in answer to its challenge, with
    /// the queries whose uploads had higher numbers than it knows.
    #[must_use]
    pub fn recovery(&self, me: Principal, asked: (Principal, Digest, u64), now: Moment) -> Recovery {
        self.watch.recovery(me, asked, now)
    }

    /// Evidence that this key signs on two nodes, or on one whose folder was set back.
    #[must_use]
    pub fn two_messages(&self, signer: &Principal) -> Option<&TwoMessages> {
        self.watch.two_messages(signer)
    }

    /// Takes evidence that `clinic` signed two different ledgers of one size. Kept, its uploads are refused in every
    /// attempt from then on, with the verdict [`TwoTrees`]; the same again changes nothing.
    ///
    /// [`TwoTrees`]: crate::document::manifest::Verdict::TwoTrees
    ///
    /// # Errors
    /// [`LedgerError`] if it is no evidence.
    pub fn keep_evidence(&mut self, clinic: Principal, evidence: &TwoTrees) -> Result<Vec<Effect>, LedgerError> {
        self.watch.hold(clinic, evidence)
    }

    /// The clinics whose uploads this member refuses, because it has evidence against them.
    pub fn accused(&self) -> impl Iterator<Item = Principal> + '_ {
        self.watch.accused()
    }

    /// Numbered messages of others, which their signatures show to be theirs.
    pub(super) fn heard_from<'m, R: CryptoRng>(
        &mut self,
        desk: &Desk<'_, R>,
        said: impl Iterator<Item = (&'m Principal, &'m Envelope)>,
    ) -> Vec<Effect> {
        said.filter(|(who, _)| **who != desk.me()).flat_map(|(who, message)| self.watch.hears(*who, message)).collect()
    }
}

/// Which member of an earlier committee signed this void note, if one did.
pub(super) fn signed_void(inquiry: &Inquiry, void: &Envelope) -> Option<(Principal, Envelope)> {
    let number = void.claim::<Void>().ok()?.peek().attempt;
    let by = |who: &&Principal| void.claim::<Void>().is_ok_and(|claimed| claimed.verify(who).is_ok());
    inquiry.committee(number)?.iter().find(by).map(|who| (*who, void.clone()))
}
