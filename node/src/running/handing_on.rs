//! Handing on what patients sealed for other clinics, and taking what members hand on to this one.
//!
//! A member offers what it holds until the clinic's signed word says that it has come. Where the two are not linked, a
//! hub passes one message on, either way, and keeps nothing: all retrying is the member's.

use std::time::Instant;

use sumac_protocol::digest::Digest;
use sumac_protocol::document::arrival::Arrival;
use sumac_protocol::document::delivery::Delivery;
use sumac_protocol::envelope::{Envelope, Verified};
use sumac_protocol::ledger::{LedgerError, admit_arrival, admit_delivery, handed_over};
use sumac_protocol::octets::Octets;
use sumac_protocol::principal::Principal;
use sumac_protocol::round::message::{Message, Reply, encode};
use sumac_protocol::round::progress::Refused;

use super::arrivals::{Due, SEALED_BYTES_MAX};
use super::{Node, RunError};
use crate::clinic::ClinicError;
use crate::door::{Pace, Refusal, Who};
use crate::network::Answer;

/// How much of this each neighbour may send: whoever hands on more is told to come later.
#[derive(Debug)]
pub(super) struct Heard(Pace);

impl Default for Heard {
    fn default() -> Self {
        Self(Pace::new(HEARD_PER_MINUTE))
    }
}

/// Why something that was handed on, or a word about it, goes no further here.
#[derive(Debug, thiserror::Error)]
pub(super) enum HandingError {
    /// More than is heard.
    #[error("more than {HEARD_PER_MINUTE} in a minute")]
    TooMany,
    /// Not the word of a member about what came with it.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Nobody of the federation, or not the one who may send it on.
    #[error("{key} is no member of this charter, or not the one to send this")]
    NoMember {
        /// The key.
        key: Principal,
    },
    /// Nothing, or more than anything sealed can need.
    #[error("{got} sealed bytes, where 1 to {SEALED_BYTES_MAX} are taken")]
    SealedSize {
        /// How many came.
        got: usize,
    },
    /// There is no way on.
    #[error("{to} is not linked to this node now")]
    NotLinked {
        /// For whom it is.
        to: Principal,
    },
}

impl HandingError {
    fn code(&self) -> &'static str {
        match self {
            Self::TooMany => "handed-too-many",
            Self::Ledger(why) => why.code(),
            Self::NoMember { .. } => "handed-no-member",
            Self::SealedSize { .. } => "sealed-size",
            Self::NotLinked { .. } => "handed-not-linked",
        }
    }

    fn remedy(&self) -> String {
        match self {
            Self::TooMany | Self::NotLinked { .. } => "hand it on again later".into(),
            Self::Ledger(why) => why.remedy(),
            Self::NoMember { .. } => "only members hand on, and a hub passes on what came from its sender".into(),
            Self::SealedSize { .. } => "hand on one sealed statement at a time".into(),
        }
    }
}

impl Node {
    /// Offers what waits here to the clinics that it is for, as far as it is due and there is a way.
    pub(super) fn hand_on(&mut self) -> Result<(), RunError> {
        for Due { id, clinic, tries } in self.arrivals.due(Instant::now()) {
            let Some((arrival, sealed)) = self.arrivals.held(self.clinic.store(), self.me(), &id)? else { continue };
            let arrival = Envelope::sign(&arrival, self.clinic.signer()).map_err(ClinicError::from)?;
            if clinic == self.me() {
                // A patient took this node for another member.
                if let Some(said) = self.taken(self.me(), &sealed.0) {
                    self.arrivals.forget(self.clinic.store(), &said)?;
                }
            } else if let Some(way) = self.way_to(&clinic, tries) {
                self.send(way, Message::HandOn { arrival, sealed })?;
            }
        }
        Ok(())
    }

    /// Takes what a member hands on to this clinic, or passes it on to the one it is for.
    pub(super) fn handed(
        &mut self,
        from: Principal,
        arrival: Envelope,
        sealed: Octets,
        answer: Answer,
    ) -> Result<(), RunError> {
        let done = match self.admitted(from, &arrival, &sealed) {
            Err(why) => Err(why),
            Ok(said) if said.clinic == self.me() => {
                if let Some(word) = self.taken(said.member, &sealed.0) {
                    let word = Envelope::sign(&word, self.clinic.signer()).map_err(ClinicError::from)?;
                    self.send(from, Message::Delivered(word))?;
                }
                Ok(())
            }
            Ok(said) => self.passed_on((from, said.member), said.clinic, Message::HandOn { arrival, sealed })?,
        };
        self.answer_handing(from, done, answer)
    }

    /// Forgets what has come, or passes a clinic's word on to the member it is for.
    pub(super) fn delivered(&mut self, from: Principal, word: Envelope, answer: Answer) -> Result<(), RunError> {
        let done = match self.admitted_word(from, &word) {
            Err(why) => Err(why),
            Ok(said) if said.member == self.me() => {
                let store = self.clinic.store();
                if tokio::task::block_in_place(|| self.arrivals.forget(store, &said))? {
                    tracing::info!(clinic = %self.name(&said.clinic), "what was held for a clinic has come there");
                }
                Ok(())
            }
            Ok(said) => self.passed_on((from, said.clinic), said.member, Message::Delivered(word))?,
        };
        self.answer_handing(from, done, answer)
    }

    /// Takes a sealed statement in, and says that it has come: also where it is refused, because it would be refused
    /// again. Says nothing where this node is at fault: then it is offered again. The log has the code alone, for what was
    /// sealed may name somebody.
    fn taken(&self, member: Principal, sealed: &[u8]) -> Option<Delivery> {
        let clinic = self.me();
        match tokio::task::block_in_place(|| self.clinic.take_sealed(sealed)) {
            Ok(receipt) => {
                let position = receipt.position;
                tracing::info!(member = %self.name(&member), position, "took a statement that a member held");
            }
            Err(why) if Refusal::from(&why).is_for_now() => return None,
            Err(why) => {
                tracing::warn!(member = %self.name(&member), code = why.code(), "refused what a member held");
            }
        }
        Some(Delivery { clinic, member, handed: handed_over(&clinic, sealed), delivered_at: self.clock.now() })
    }

    /// What a neighbour hands on, checked as far as one can who cannot open it.
    fn admitted(
        &self,
        from: Principal,
        arrival: &Envelope,
        sealed: &Octets,
    ) -> Result<Verified<Arrival>, HandingError> {
        self.may_hand(from)?;
        let got = sealed.0.len();
        if got == 0 || got > SEALED_BYTES_MAX {
            return Err(HandingError::SealedSize { got });
        }
        let said = arrival.claim::<Arrival>().and_then(|claimed| claimed.verify_named(|said| said.member));
        let said = said.map_err(LedgerError::from)?;
        self.check_member(&said.member)?;
        Ok(admit_arrival(arrival, &said.member, &said.clinic, &Digest::of_bytes(&sealed.0))?)
    }

    /// A clinic's word, and for whom it is.
    fn admitted_word(&self, from: Principal, word: &Envelope) -> Result<Verified<Delivery>, HandingError> {
        self.may_hand(from)?;
        let said = word.claim::<Delivery>().and_then(|claimed| claimed.verify_named(|said| said.clinic));
        let said = said.map_err(LedgerError::from)?;
        self.check_member(&said.clinic)?;
        Ok(admit_delivery(word, &said.member)?)
    }

    /// Counts one message more of a neighbour, if it may send one. Researchers hand nothing on.
    fn may_hand(&self, from: Principal) -> Result<(), HandingError> {
        self.check_member(&from)?;
        if self.heard.0.allows(Who::Key(from), Instant::now()) { Ok(()) } else { Err(HandingError::TooMany) }
    }

    pub(super) fn check_member(&self, key: &Principal) -> Result<(), HandingError> {
        let known = self.clinic.chain().current().member(key).is_some();
        if known { Ok(()) } else { Err(HandingError::NoMember { key: *key }) }
    }

    /// Passes a message on to whom it is for, if it came from its very sender: so nothing goes round in circles.
    pub(super) fn passed_on(
        &mut self,
        (from, sender): (Principal, Principal),
        to: Principal,
        message: Message,
    ) -> Result<Result<(), HandingError>, RunError> {
        if from != sender {
            return Ok(Err(HandingError::NoMember { key: from }));
        }
        if !self.connected.contains(&to) {
            return Ok(Err(HandingError::NotLinked { to }));
        }
        self.send(to, message)?;
        Ok(Ok(()))
    }

    /// Whom to send to so that it reaches a clinic: itself where it is linked, else one hub after the other.
    pub(super) fn way_to(&self, clinic: &Principal, tries: u32) -> Option<Principal> {
        if self.connected.contains(clinic) {
            return Some(*clinic);
        }
        let charter = self.clinic.chain().current();
        let hubs: Vec<Principal> =
            charter.hubs().map(|hub| hub.key).filter(|hub| self.connected.contains(hub)).collect();
        let tries = usize::try_from(tries).unwrap_or(usize::MAX);
        tries.checked_rem(hubs.len()).and_then(|turn| hubs.get(turn)).copied()
    }

    /// What was kept is beyond being set back before the neighbour hears of it.
    pub(super) fn answer_handing(
        &mut self,
        from: Principal,
        done: Result<(), HandingError>,
        answer: Answer,
    ) -> Result<(), RunError> {
        self.seal_watermark()?;
        let reply = match done {
            Ok(()) => Reply::Noted,
            Err(why) => {
                tracing::debug!(peer = %self.name(&from), code = why.code(), %why, "not handed on");
                Reply::Refused(Refused { code: why.code().into(), says: why.to_string(), remedy: why.remedy() })
            }
        };
        answer.reply(encode(&reply));
        Ok(())
    }
}

/// Messages of this kind that are heard of one neighbour in a minute: a hub's are those of all who send through it.
const HEARD_PER_MINUTE: u32 = 240;
