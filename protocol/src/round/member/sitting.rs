//! One attempt, moved on by what the other members say.

use rand_core::CryptoRng;

use super::{ConcatEffects as _, Sitting, exchange, keep, sends};
use crate::digest::Digest;
use crate::principal::Principal;
use crate::round::attempt::Fault;
use crate::round::member::stage::Stage;
use crate::round::member::stored::StoredSitting;
use crate::round::member::watch::Watch;
use crate::round::message::Message;
use crate::round::{Desk, Effect};

impl Sitting {
    /// Whether nothing is left to be destroyed.
    pub(super) const fn is_closed(&self) -> bool {
        match self.stage {
            Stage::Spent => self.said.is_empty(),
            Stage::Voided => true,
            Stage::Lost
            | Stage::Committed(_)
            | Stage::Frozen(_)
            | Stage::Revealed(_)
            | Stage::Verifying(_)
            | Stage::Concluded(_)
            | Stage::Noised(_)
            | Stage::Opened(_) => false,
        }
    }

    /// The void note of an attempt that is void, for whoever may want it; nothing otherwise.
    pub(super) fn void_note_for(&self, to: Principal) -> Vec<Effect> {
        let note = |(_, message): &(Principal, Message)| Effect::Send { to, message: message.clone() };
        if matches!(self.stage, Stage::Voided) { self.said.iter().map(note).collect() } else { Vec::new() }
    }

    /// One step, if everything it takes was heard; nothing otherwise. After an error a void note is
    /// all that is left, and not even that once a noised share was kept. Evidence that others had goes to the watch,
    /// and what keeps it to `learnt`, whatever becomes of the attempt.
    pub(super) fn step<R: CryptoRng>(
        &mut self,
        desk: &mut Desk<'_, R>,
        key: (Digest, u8),
        (watch, learnt): (&mut Watch, &mut Vec<Effect>),
    ) -> Result<Vec<Effect>, Fault> {
        let coordinator = self.coordinator;
        let after_an_error = if self.stage.is_burnt() { Stage::Spent } else { Stage::Lost };
        let said = match std::mem::replace(&mut self.stage, after_an_error) {
            Stage::Revealed(revealed) => {
                let Some(parts) = self.heard.reveals(&revealed.seat, &revealed.part) else {
                    self.stage = Stage::Revealed(revealed);
                    return Ok(Vec::new());
                };
                let (verifying, shares) = revealed.verify(&parts, watch)?;
                let said = exchange::to_others(desk, &verifying.seat, coordinator, &exchange::Body::Verifiers(shares))?;
                self.stage = Stage::Verifying(Box::new(verifying));
                said
            }
            Stage::Verifying(verifying) => {
                let Some(shares) = self.heard.verifiers(&verifying.seat, &verifying.mine) else {
                    self.stage = Stage::Verifying(verifying);
                    return Ok(Vec::new());
                };
                for (clinic, evidence) in verifying.evidence_in(&shares) {
                    learnt.extend(watch.learn(clinic, evidence));
                }
                let concluded = verifying.conclude(&shares, desk)?;
                let said = vec![(coordinator, Message::Manifest(concluded.manifest().clone()))];
                self.stage = Stage::Concluded(Box::new(concluded));
                said
            }
            Stage::Noised(noised) => {
                let Some(counts) = self.heard.counts(&noised.seat, noised.count_share()?) else {
                    self.stage = Stage::Noised(noised);
                    return Ok(Vec::new());
                };
                let opened = noised.open(&counts, desk)?;
                let body = exchange::Body::Opening(Box::new(opened.opening().clone()));
                let said = exchange::to_others(desk, &opened.seat, coordinator, &body)?;
                self.stage = Stage::Opened(Box::new(opened));
                said
            }
            Stage::Opened(opened) => {
                let Some(openings) = self.heard.openings(&opened.seat, opened.opening()) else {
                    self.stage = Stage::Opened(opened);
                    return Ok(Vec::new());
                };
                let answer = opened.answer(&openings, desk)?;
                self.stage = Stage::Spent;
                self.said.push((coordinator, answer));
                let form = StoredSitting::spent(key, coordinator, self.expires, &self.said);
                return Ok([
                    vec![keep(key, &form)],
                    self.said.last().map(|s| sends(std::slice::from_ref(s))).unwrap_or_default(),
                ]
                .concat_effects());
            }
            other @ (Stage::Committed(_)
            | Stage::Frozen(_)
            | Stage::Concluded(_)
            | Stage::Spent
            | Stage::Voided
            | Stage::Lost) => {
                self.stage = other;
                return Ok(Vec::new());
            }
        };
        self.said.extend(said.clone());
        Ok(sends(&said))
    }
}
