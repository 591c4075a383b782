//! A committee member: sums the shares of many clinics without learning any clinic's figure.
//!
//! An attempt runs through `stage`'s states, each made only by the one before. A member that
//! restarts before its noised share was kept has lost the attempt's keys and always signs void;
//! one that restarts later says again what it said.

mod exchange;
mod numbered;
mod sitting;
mod stage;
mod stored;
mod watch;
mod witness;

use std::collections::{BTreeMap, BTreeSet};

use rand_core::CryptoRng;

use crate::digest::{Digest, Label};
use crate::document::relay::Relay;
use crate::document::void::Void;
use crate::envelope::Envelope;
use crate::moment::Moment;
use crate::octets::Octets;
use crate::principal::Principal;
use crate::round::attempt::{Fault, check_earlier};
use crate::round::inquiry::Inquiry;
use crate::round::message::{Message, Reply, encode};
use crate::round::progress::Refused;
use crate::round::{Desk, Effect, Event, Role};
use exchange::Heard;
use stage::{Committed, Stage};
pub use stored::StoredSitting;
pub use watch::StoredWatch;
use watch::Watch;
use witness::signed_void;

/// All attempts that this node sits on a committee for.
#[derive(Debug, Default)]
pub struct Member {
    sittings: BTreeMap<(Digest, u8), Sitting>,
    /// Every (clinic, nonce) that was ever in a frozen batch of a query: no report is verified twice.
    seen: BTreeMap<Digest, BTreeSet<(Principal, Vec<u8>)>>,
    watch: Watch,
}

/// One attempt as this member knows it.
#[derive(Debug)]
struct Sitting {
    coordinator: Principal,
    expires: Moment,
    stage: Stage,
    /// Everything said so far that somebody may need to hear again.
    said: Vec<(Principal, Message)>,
    heard: Heard,
}

impl Member {
    /// Takes up the stored forms of an earlier life. Attempts whose keys are lost are voided at once.
    pub fn restore<R: CryptoRng>(
        forms: Vec<StoredSitting>,
        watched: Vec<StoredWatch>,
        desk: &mut Desk<'_, R>,
    ) -> (Self, Vec<Effect>) {
        let mut member = Self { watch: Watch::restore(watched), ..Self::default() };
        let mut effects = Vec::new();
        for form in forms {
            let (key, nonces, sitting) = stored::revive(form, desk);
            member.seen.entry(key.0).or_default().extend(nonces);
            let lost = matches!(sitting.stage, Stage::Lost);
            member.sittings.insert(key, sitting);
            if lost {
                effects.extend(member.void(desk, key));
            }
        }
        (member, effects)
    }

    /// Takes an event.
    pub fn on<R: CryptoRng>(&mut self, desk: &mut Desk<'_, R>, event: &Event) -> Vec<Effect> {
        match event {
            Event::Message { from, message } => self.message(desk, from, message),
            Event::Tick => self.tick(desk),
            Event::Connected(peer) => self.greet(*peer),
            Event::Selected(_) => Vec::new(),
        }
    }

    /// How many attempts are open: neither answered nor void nor expired.
    #[must_use]
    pub fn open_attempts(&self) -> usize {
        let open = |sitting: &&Sitting| !matches!(sitting.stage, Stage::Spent | Stage::Voided | Stage::Lost);
        self.sittings.values().filter(open).count()
    }

    /// Destroys the keys and shares of attempts whose query has expired, and signs those void that can
    /// no longer be answered, so that clinics get their debits back. Whether a noised share was kept is
    /// never forgotten: such an attempt cannot be void, however late somebody asks.
    fn tick<R: CryptoRng>(&mut self, desk: &mut Desk<'_, R>) -> Vec<Effect> {
        let due = |(_, sitting): &(&(Digest, u8), &Sitting)| sitting.expires <= desk.now && !sitting.is_closed();
        let expired: Vec<(Digest, u8)> = self.sittings.iter().filter(due).map(|(key, _)| *key).collect();
        let mut effects = Vec::new();
        for key in expired {
            self.seen.remove(&key.0);
            match self.sittings.get_mut(&key) {
                Some(sitting) if sitting.stage.is_burnt() => {
                    (sitting.heard, sitting.said, sitting.stage) = (Heard::default(), Vec::new(), Stage::Spent);
                    effects.push(keep(key, &StoredSitting::spent(key, sitting.coordinator, sitting.expires, &[])));
                }
                Some(_) => effects.extend(self.void(desk, key)),
                None => {}
            }
        }
        effects
    }

    fn message<R: CryptoRng>(&mut self, desk: &mut Desk<'_, R>, from: &Principal, message: &Message) -> Vec<Effect> {
        let done = match message {
            Message::Begin { query, study, attempt, voids } => {
                return self.begin(desk, from, (query, study), *attempt, voids);
            }
            Message::Batch { query, attempt, commitments, uploads } => {
                let key = (*query, *attempt);
                self.led(from, key).and_then(|()| self.batch(desk, key, commitments, uploads))
            }
            Message::Frozen { query, attempt, freezes } => {
                let key = (*query, *attempt);
                self.led(from, key).and_then(|()| self.frozen(desk, key, freezes))
            }
            Message::Manifests { query, attempt, manifests } => {
                let key = (*query, *attempt);
                self.led(from, key).and_then(|()| self.manifests(desk, key, manifests))
            }
            Message::Relay { cover, body } => self.relay(desk, cover, body),
            Message::Nudge { query, attempt } => {
                let key = (*query, *attempt);
                self.led(from, key).map(|()| self.repeat(key))
            }
            Message::AskVoid { query, study, attempt } => {
                return self.asked_to_void(desk, from, (query, study), *attempt);
            }
            Message::Submit { .. }
            | Message::Follow { .. }
            | Message::Budget { .. }
            | Message::Commitment(_)
            | Message::Announce(_)
            | Message::Upload(_)
            | Message::Abstain { .. }
            | Message::Freeze(_)
            | Message::Manifest(_)
            | Message::Answer { .. }
            | Message::Void(_)
            | Message::Ended(_)
            | Message::EndingKept { .. }
            | Message::HandOn { .. }
            | Message::Delivered(_)
            | Message::AskSeen { .. }
            | Message::Seen(_) => return Vec::new(),
        };
        done.unwrap_or_else(|fault| refuse(&fault))
    }

    /// Only the coordinator that the query names leads its attempts.
    fn led(&self, from: &Principal, key: (Digest, u8)) -> Result<(), Fault> {
        match self.sittings.get(&key) {
            Some(sitting) if sitting.coordinator == *from => Ok(()),
            _ => Err(Fault::OutOfPlace { what: "a coordinator's message for an attempt this node does not know" }),
        }
    }

    fn begin<R: CryptoRng>(
        &mut self,
        desk: &mut Desk<'_, R>,
        from: &Principal,
        (query, study): (&Envelope, &Envelope),
        number: u8,
        voids: &[Envelope],
    ) -> Vec<Effect> {
        let key = (query.digest(), number);
        if let Some(sitting) = self.sittings.get(&key) {
            return if sitting.coordinator == *from { sends(&sitting.said) } else { sitting.void_note_for(*from) };
        }
        let inquiry = match Inquiry::admit(query, study, desk.chain, desk.now) {
            Ok(inquiry) => inquiry,
            Err(refused) => return vec![Effect::Reply(Reply::Refused(refused))],
        };
        let coordinator = inquiry.query().coordinator;
        let mine = inquiry.committee(number).is_some_and(|c| c.contains(&desk.me()));
        if coordinator != *from || !mine {
            return refuse(&Fault::OutOfPlace { what: "a call to a committee this node is not on" });
        }
        if let Err(fault) = check_earlier(&inquiry, number, voids) {
            return refuse(&fault);
        }
        let earlier: Vec<(Principal, Envelope)> = voids.iter().filter_map(|void| signed_void(&inquiry, void)).collect();
        let heard = self.heard_from(desk, earlier.iter().map(|(who, void)| (who, void)));
        let given_up = match self.give_up_before(desk, key) {
            Ok(effects) => effects,
            Err(fault) => return refuse(&fault),
        };
        let expires = inquiry.query().expires;
        let committed = match Committed::new(inquiry, number, desk) {
            Ok(committed) => committed,
            Err(fault) => return refuse(&fault),
        };
        let said = vec![(coordinator, Message::Commitment(committed.commitment().clone()))];
        let keep = keep(key, &StoredSitting::committed(key, coordinator, expires));
        let stage = Stage::Committed(Box::new(committed));
        self.sittings.insert(key, Sitting { coordinator, expires, stage, said: said.clone(), heard: Heard::default() });
        [heard, given_up, vec![keep], sends(&said)].concat_effects()
    }

    /// Voids this member's own earlier attempts at the same query, whatever the coordinator said of
    /// them. One whose noised share was kept can still be answered, and lets no other begin.
    fn give_up_before<R: CryptoRng>(
        &mut self,
        desk: &mut Desk<'_, R>,
        (query, number): (Digest, u8),
    ) -> Result<Vec<Effect>, Fault> {
        let open: Vec<(Digest, u8)> = self
            .sittings
            .range((query, 0)..(query, number))
            .filter(|(_, sitting)| !matches!(sitting.stage, Stage::Voided))
            .map(|(key, _)| *key)
            .collect();
        // Nor does one begin behind another: said late or by a liar, it would run beside it.
        let mut later = self.sittings.range((query, number)..=(query, u8::MAX));
        if later.any(|(_, sitting)| !matches!(sitting.stage, Stage::Voided)) {
            return Err(Fault::OutOfPlace { what: "an attempt behind one that has begun" });
        }
        let burnt = |key: &(Digest, u8)| self.sittings.get(key).is_some_and(|sitting| sitting.stage.is_burnt());
        if open.iter().any(burnt) && !planted!(BeginsBesideNoised) {
            return Err(Fault::OutOfPlace { what: "an attempt beside one that may still be answered" });
        }
        Ok(open.into_iter().flat_map(|key| self.void(desk, key)).collect())
    }

    fn batch<R: CryptoRng>(
        &mut self,
        desk: &mut Desk<'_, R>,
        key: (Digest, u8),
        commitments: &[Envelope],
        uploads: &[crate::round::message::BatchUpload],
    ) -> Result<Vec<Effect>, Fault> {
        let seen = self.seen.entry(key.0).or_default();
        let Some(sitting) = self.sittings.get_mut(&key) else { return Ok(Vec::new()) };
        let Stage::Committed(committed) = &sitting.stage else {
            return stage::same_batch(&sitting.stage, uploads).map(|()| sends(&sitting.said));
        };
        let batch = committed.check_batch(desk, commitments, uploads, seen)?;
        let nonces: BTreeSet<(Principal, Vec<u8>)> = batch.nonces();
        seen.extend(nonces.iter().cloned());
        let stored = StoredSitting::frozen(key, sitting.coordinator, sitting.expires, batch.digest(), &nonces);
        let mut kept = vec![keep(key, &stored)];
        for (who, commitment) in batch.committed().filter(|(who, _)| *who != desk.me()) {
            kept.extend(self.watch.hears(who, commitment));
        }
        kept.extend(batch.covers().flat_map(|upload| self.watch.contributed(upload, batch.inquiry(), desk.now)));
        let Stage::Committed(committed) = std::mem::replace(&mut sitting.stage, Stage::Lost) else {
            return Ok(Vec::new());
        };
        let (frozen, freeze) = committed.freeze(batch, desk)?;
        sitting.stage = Stage::Frozen(Box::new(frozen));
        let said = vec![(sitting.coordinator, Message::Freeze(freeze))];
        sitting.said.extend(said.clone());
        Ok([kept, sends(&said)].concat_effects())
    }

    fn frozen<R: CryptoRng>(
        &mut self,
        desk: &mut Desk<'_, R>,
        key: (Digest, u8),
        freezes: &[Envelope],
    ) -> Result<Vec<Effect>, Fault> {
        let Some(sitting) = self.sittings.get_mut(&key) else { return Ok(Vec::new()) };
        let Stage::Frozen(frozen) = &sitting.stage else { return Ok(sends(&sitting.said)) };
        let evidence = frozen.check_freezes(freezes)?;
        let committee: Vec<Principal> = frozen.seat.attempt.committee().to_vec();
        let mut effects = self.heard_from(desk, committee.iter().zip(freezes));
        let Some(sitting) = self.sittings.get_mut(&key) else { return Ok(effects) };
        let Stage::Frozen(frozen) = std::mem::replace(&mut sitting.stage, Stage::Lost) else { return Ok(Vec::new()) };
        let (revealed, part) = frozen.reveal(evidence);
        let said = exchange::to_others(
            desk,
            &revealed.seat,
            sitting.coordinator,
            &exchange::Body::Reveal(Octets(part.to_vec())),
        )?;
        sitting.stage = Stage::Revealed(Box::new(revealed));
        sitting.said.extend(said.clone());
        effects.extend(sends(&said));
        effects.extend(self.advance(desk, key));
        Ok(effects)
    }

    fn manifests<R: CryptoRng>(
        &mut self,
        desk: &mut Desk<'_, R>,
        key: (Digest, u8),
        manifests: &[Envelope],
    ) -> Result<Vec<Effect>, Fault> {
        let Some(sitting) = self.sittings.get_mut(&key) else { return Ok(Vec::new()) };
        let Stage::Concluded(concluded) = &sitting.stage else { return Ok(sends(&sitting.said)) };
        let agreed = concluded.check_manifests(manifests)?;
        let Stage::Concluded(concluded) = std::mem::replace(&mut sitting.stage, Stage::Lost) else {
            return Ok(Vec::new());
        };
        let noised = concluded.noise(agreed)?;
        let body = exchange::Body::Counts(Octets(noised.count_share()?.to_bytes()));
        let said = exchange::to_others(desk, &noised.seat, sitting.coordinator, &body)?;
        sitting.said.extend(said.clone());
        let keep = keep(key, &StoredSitting::noised(key, &noised, &sitting.said));
        sitting.stage = Stage::Noised(Box::new(noised));
        let kept = if planted!(LosesItsNoisedShare) { Vec::new() } else { vec![keep] };
        let mut effects = [kept, sends(&said)].concat_effects();
        effects.extend(self.advance(desk, key));
        Ok(effects)
    }

    fn relay<R: CryptoRng>(
        &mut self,
        desk: &mut Desk<'_, R>,
        cover: &Envelope,
        body: &Octets,
    ) -> Result<Vec<Effect>, Fault> {
        let relay = cover.claim::<Relay>().and_then(|c| c.verify_named(|r| r.from));
        let relay = relay.map_err(|why| Fault::Document { why: why.to_string() })?;
        if relay.to != desk.me() || relay.body != Digest::of(Label::RelayBody, &[&body.0]) {
            return Err(Fault::OutOfPlace { what: "a relayed message for another, or with another body," });
        }
        let key = (relay.query, relay.attempt);
        let Some(sitting) = self.sittings.get_mut(&key) else { return Ok(Vec::new()) };
        if let Some(seat) = sitting.stage.seat() {
            let place = seat.place_of(&relay.from)?;
            if sitting.stage.is_past(relay.number) {
                // Said again for somebody who lacked it; the key it was sealed to is gone.
                return Ok(Vec::new());
            }
            let opened = exchange::open(&sitting.stage, &relay, body)?;
            sitting.heard.take(place, relay.from, opened)?;
        } else if sitting.stage.may_hear_later() {
            // Sent by a member that is further on; the coordinator will have it said again.
            return Ok(Vec::new());
        }
        Ok(self.advance(desk, key))
    }

    /// Moves an attempt on as far as what was heard carries it. Steps that succeeded before one that
    /// fails keep their effects: what they keep must be kept.
    fn advance<R: CryptoRng>(&mut self, desk: &mut Desk<'_, R>, key: (Digest, u8)) -> Vec<Effect> {
        let mut effects = Vec::new();
        while let Some(sitting) = self.sittings.get_mut(&key) {
            let mut learnt = Vec::new();
            let step = sitting.step(desk, key, (&mut self.watch, &mut learnt)).unwrap_or_else(|fault| refuse(&fault));
            effects.append(&mut learnt);
            if step.is_empty() {
                break;
            }
            effects.extend(step);
        }
        effects
    }

    fn repeat(&self, key: (Digest, u8)) -> Vec<Effect> {
        self.sittings.get(&key).map(|sitting| sends(&sitting.said)).unwrap_or_default()
    }

    /// What a coordinator that is there again should have: the void notes it may have missed.
    fn greet(&self, peer: Principal) -> Vec<Effect> {
        let voided = |s: &&Sitting| s.coordinator == peer && matches!(s.stage, Stage::Voided);
        self.sittings.values().filter(voided).flat_map(|s| sends(&s.said)).collect()
    }

    fn asked_to_void<R: CryptoRng>(
        &mut self,
        desk: &mut Desk<'_, R>,
        from: &Principal,
        (query, study): (&Envelope, &Envelope),
        number: u8,
    ) -> Vec<Effect> {
        let key = (query.digest(), number);
        match self.sittings.get(&key) {
            Some(sitting) if sitting.coordinator != *from => sitting.void_note_for(*from),
            Some(sitting) if matches!(sitting.stage, Stage::Voided) => sends(&sitting.said),
            // A noised share was kept: this attempt can only be finished or waited for.
            Some(sitting) if sitting.stage.is_burnt() && !planted!(VoidsWhatIsNoised) => sends(&sitting.said),
            Some(_) => self.void(desk, key),
            None => match Inquiry::resume(query, study, desk.chain, desk.now) {
                Ok(inquiry) => self.void_unheard(desk, from, &inquiry, number),
                Err(refused) => vec![Effect::Reply(Reply::Refused(refused))],
            },
        }
    }

    /// Signs that an attempt of which this member never heard is void, so that it can never begin.
    fn void_unheard<R: CryptoRng>(
        &mut self,
        desk: &mut Desk<'_, R>,
        from: &Principal,
        inquiry: &Inquiry,
        number: u8,
    ) -> Vec<Effect> {
        let mine = inquiry.committee(number).is_some_and(|c| c.contains(&desk.me()));
        if inquiry.query().coordinator != *from || !mine {
            return refuse(&Fault::OutOfPlace { what: "a call to a committee this node is not on" });
        }
        let (key, expires) = ((inquiry.id(), number), inquiry.query().expires);
        let (stage, heard) = (Stage::Lost, Heard::default());
        self.sittings.insert(key, Sitting { coordinator: *from, expires, stage, said: Vec::new(), heard });
        self.void(desk, key)
    }

    /// Gives an attempt up: journalled first, then signed; keys and shares are dropped.
    fn void<R: CryptoRng>(&mut self, desk: &mut Desk<'_, R>, key: (Digest, u8)) -> Vec<Effect> {
        let counter = desk.next_counter();
        let note = Void { query: key.0, attempt: key.1, counter, note: (desk.note)() };
        let (Some(sitting), Ok(envelope)) = (self.sittings.get_mut(&key), Envelope::sign(&note, desk.signer)) else {
            return Vec::new();
        };
        sitting.stage = Stage::Voided;
        sitting.heard = Heard::default();
        sitting.said = vec![(sitting.coordinator, Message::Void(envelope))];
        let nonces = self.seen.get(&key.0).cloned().unwrap_or_default();
        let form = StoredSitting::voided(key, sitting.coordinator, sitting.expires, &nonces, &sitting.said);
        [vec![keep(key, &form)], sends(&sitting.said)].concat_effects()
    }
}

fn keep(key: (Digest, u8), form: &StoredSitting) -> Effect {
    Effect::Keep { role: Role::Member, id: sitting_id(key), form: Octets(encode(form)) }
}

/// The name under which an attempt's stored form is kept.
fn sitting_id(key: (Digest, u8)) -> Digest {
    Digest::of(Label::Sitting, &[key.0.bytes(), &[key.1]])
}

fn sends(said: &[(Principal, Message)]) -> Vec<Effect> {
    said.iter().map(|(to, message)| Effect::Send { to: *to, message: message.clone() }).collect()
}

fn refuse(fault: &Fault) -> Vec<Effect> {
    let refused = Refused { code: fault.code().into(), says: fault.to_string(), remedy: fault.remedy() };
    vec![Effect::Note(format!("refused: {fault}")), Effect::Reply(Reply::Refused(refused))]
}

/// Joins lists of effects in order; effects are not `Clone`, so slices cannot.
trait ConcatEffects {
    fn concat_effects(self) -> Vec<Effect>;
}

impl<const N: usize> ConcatEffects for [Vec<Effect>; N] {
    fn concat_effects(self) -> Vec<Effect> {
        self.into_iter().flatten().collect()
    }
}
