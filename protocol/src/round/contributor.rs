//! A clinic that contributes: decides on the signed parts alone, debits before anything leaves,
//! and takes part in one attempt at a time.

use std::collections::BTreeMap;

use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::digest::Digest;
use crate::document::manifest::Manifest;
use crate::document::release::Release;
use crate::document::upload::Upload;
use crate::envelope::{Document, Envelope, Verified};
use crate::moment::Moment;
use crate::octets::Octets;
use crate::principal::Principal;
use crate::round::attempt::{Attempt, Fault, check_earlier, check_void, public_digest, sealed_digest, share_aad};
use crate::round::inquiry::Inquiry;
use crate::round::message::{Announcement, Ending, Message, Reply, UploadParts, encode};
use crate::round::progress::Refused;
use crate::round::{Desk, Effect, Event, Order, Outcome, Role, Selection};

/// All queries that this clinic takes part in.
#[derive(Debug, Default)]
pub struct Contributor {
    entries: BTreeMap<Digest, Entry>,
}

/// One query on this clinic's desk.
#[derive(Debug)]
struct Entry {
    coordinator: Principal,
    charter: Digest,
    expires: Moment,
    inquiry: Option<Inquiry>,
    state: State,
}

#[derive(Debug)]
enum State {
    /// The cohort is being selected and debited.
    Selecting(Attempt),
    /// The upload is made and kept; it leaves at a random moment.
    Ready { attempt: u8, upload: Box<UploadParts>, leaves: Moment },
    /// The upload left.
    Sent { attempt: u8, upload: Box<UploadParts> },
    /// The query expired and the upload is destroyed; how it ended is not known yet.
    Expired { attempt: u8 },
    /// The ending is on the books; nothing is ever sent again.
    Settled { attempt: u8 },
}

/// The stored form of an entry.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredEntry {
    query: Digest,
    coordinator: Principal,
    charter: Digest,
    expires: Moment,
    attempt: u8,
    upload: Option<Box<UploadParts>>,
    settled: bool,
}

impl Contributor {
    /// Takes up the stored forms of an earlier life.
    #[must_use]
    pub fn restore(forms: Vec<StoredEntry>) -> Self {
        let revive = |form: StoredEntry| {
            let StoredEntry { query, coordinator, charter, expires, attempt, upload, settled } = form;
            let state = match upload {
                Some(upload) if !settled => State::Sent { attempt, upload },
                None if !settled => State::Expired { attempt },
                Some(_) | None => State::Settled { attempt },
            };
            (query, Entry { coordinator, charter, expires, inquiry: None, state })
        };
        Self { entries: forms.into_iter().map(revive).collect() }
    }

    /// Whether it takes, or took, part in this query.
    #[must_use]
    pub fn knows(&self, query: &Digest) -> bool {
        self.entries.contains_key(query)
    }

    /// Takes an event.
    pub fn on<R: CryptoRng>(&mut self, desk: &mut Desk<'_, R>, event: Event) -> Vec<Effect> {
        match event {
            Event::Message { from, message: Message::Announce(call) } => self.announced(desk, from, &call),
            Event::Message { from, message: Message::Ended(ending) } => self.ended(desk, from, &ending),
            Event::Selected(selection) => self.selected(desk, &selection),
            Event::Tick => self.tick(desk),
            Event::Message { .. } | Event::Connected(_) => Vec::new(),
        }
    }

    fn announced<R: CryptoRng>(&mut self, desk: &mut Desk<'_, R>, from: Principal, call: &Announcement) -> Vec<Effect> {
        let id = call.query.digest();
        if let Some(entry) = self.entries.get(&id) {
            match &entry.state {
                State::Sent { attempt, upload } if *attempt == call.attempt && entry.coordinator == from => {
                    return vec![send_upload(from, upload)];
                }
                State::Sent { attempt, .. } if *attempt < call.attempt => {
                    // Earlier ones were void before this one was taken part in.
                    if let Err(fault) = committee(desk, entry.charter, *attempt)
                        .and_then(|committee| check_void(committee, id, *attempt, &call.voids))
                    {
                        return fault_effects(&fault);
                    }
                }
                // Nothing left in the earlier attempt yet, so there is nothing to be void.
                State::Ready { attempt, .. } if *attempt < call.attempt => {}
                State::Selecting(_)
                | State::Ready { .. }
                | State::Sent { .. }
                | State::Expired { .. }
                | State::Settled { .. } => return Vec::new(),
            }
        }
        let inquiry = match Inquiry::admit(&call.query, &call.study, desk.chain, desk.now) {
            Ok(inquiry) if inquiry.query().coordinator == from => inquiry,
            Ok(_) => {
                return fault_effects(&Fault::OutOfPlace {
                    what: "a call from a node that does not coordinate this query",
                });
            }
            Err(refused) => return vec![Effect::Send { to: from, message: Message::Abstain { query: id, refused } }],
        };
        let attempt = match check_earlier(&inquiry, call.attempt, &call.voids)
            .and_then(|()| Attempt::admit(&inquiry, call.attempt, &call.commitments))
        {
            Ok(attempt) => attempt,
            Err(fault) => return fault_effects(&fault),
        };
        let order = Order { inquiry: inquiry.clone(), attempt: call.attempt };
        let (charter, expires) = (inquiry.charter().digest(), inquiry.query().expires);
        let state = State::Selecting(attempt);
        self.entries.insert(id, Entry { coordinator: from, charter, expires, inquiry: Some(inquiry), state });
        vec![Effect::Select(Box::new(order))]
    }

    fn selected<R: CryptoRng>(&mut self, desk: &mut Desk<'_, R>, selection: &Selection) -> Vec<Effect> {
        let Some(entry) = self.entries.get_mut(&selection.query) else { return Vec::new() };
        let (State::Selecting(attempt), Some(inquiry)) = (&entry.state, &entry.inquiry) else { return Vec::new() };
        if let Some(refused) = selection.declined.clone() {
            let to = entry.coordinator;
            self.entries.remove(&selection.query);
            return vec![Effect::Send { to, message: Message::Abstain { query: selection.query, refused } }];
        }
        let number = attempt.number();
        if selection.attempt != number {
            return Vec::new();
        }
        let upload = match contribution(desk, inquiry, attempt, selection) {
            Ok(upload) => Box::new(upload),
            Err(fault) => {
                // Nothing left: a later attempt, or the same one called again, starts anew, at no charge.
                self.entries.remove(&selection.query);
                return fault_effects(&fault);
            }
        };
        let jitter = inquiry.charter().policy.upload_jitter_ms;
        let wait = if jitter == 0 { 0 } else { desk.rng.next_u64() % (jitter + 1) };
        let leaves = Moment(desk.now.0.saturating_add(wait));
        let form = StoredEntry {
            query: selection.query,
            coordinator: entry.coordinator,
            charter: entry.charter,
            expires: entry.expires,
            attempt: number,
            upload: Some(upload.clone()),
            settled: false,
        };
        entry.state = State::Ready { attempt: number, upload, leaves };
        let mut effects = if planted!(SendsBeforeKeeping) { Vec::new() } else { vec![keep(&form)] };
        effects.extend(self.tick(desk));
        effects
    }

    /// Lets uploads leave whose moment has come, and destroys those of queries that have expired.
    fn tick<R: CryptoRng>(&mut self, desk: &mut Desk<'_, R>) -> Vec<Effect> {
        let mut effects = Vec::new();
        for (query, entry) in &mut self.entries {
            let (coordinator, expired) = (entry.coordinator, entry.expires <= desk.now);
            match &entry.state {
                State::Ready { attempt, .. } | State::Sent { attempt, .. } if expired => {
                    let Entry { charter, expires, .. } = *entry;
                    let (query, attempt) = (*query, *attempt);
                    let (upload, settled) = (None, false);
                    effects.push(keep(&StoredEntry { query, coordinator, charter, expires, attempt, upload, settled }));
                    entry.state = State::Expired { attempt };
                }
                State::Ready { attempt, upload, leaves } if *leaves <= desk.now => {
                    effects.push(send_upload(coordinator, upload));
                    entry.state = State::Sent { attempt: *attempt, upload: upload.clone() };
                }
                State::Selecting(_)
                | State::Ready { .. }
                | State::Sent { .. }
                | State::Expired { .. }
                | State::Settled { .. } => {}
            }
        }
        effects
    }

    /// When the next upload wants to leave.
    #[must_use]
    pub fn next_departure(&self) -> Option<Moment> {
        let leaves = |e: &Entry| match &e.state {
            State::Ready { leaves, .. } => Some(*leaves),
            State::Selecting(_) | State::Sent { .. } | State::Expired { .. } | State::Settled { .. } => None,
        };
        self.entries.values().filter_map(leaves).min()
    }

    fn ended<R: CryptoRng>(&mut self, desk: &mut Desk<'_, R>, from: Principal, ending: &Ending) -> Vec<Effect> {
        let kept = Effect::Send { to: from, message: Message::EndingKept { query: ending.query } };
        let (charter, expires, attempt) = match self.entries.get(&ending.query) {
            Some(entry) if entry.coordinator != from => return Vec::new(),
            Some(Entry { charter, expires, state, .. }) => (*charter, *expires, state.attempt()),
            // Nothing was sent; but a debit may have been written just before a crash.
            None => {
                let charter = desk.chain.current();
                (charter.digest(), desk.now + charter.policy.query_lifetime_max(), ending.attempt)
            }
        };
        let outcome = match outcome(desk, charter, ending, attempt) {
            Ok(outcome) => outcome,
            Err(fault) => return fault_effects(&fault),
        };
        let query = ending.query;
        let state = State::Settled { attempt };
        self.entries.insert(query, Entry { coordinator: from, charter, expires, inquiry: None, state });
        // Kept first: a clinic whose debit is given back must never again take part in this query.
        // Told again, after a crash in between, it settles again.
        let form = StoredEntry { query, coordinator: from, charter, expires, attempt, upload: None, settled: true };
        vec![keep(&form), Effect::Settle { query, outcome }, kept]
    }
}

impl State {
    /// The last attempt that this clinic took part in.
    const fn attempt(&self) -> u8 {
        match self {
            Self::Selecting(attempt) => attempt.number(),
            Self::Ready { attempt, .. }
            | Self::Sent { attempt, .. }
            | Self::Expired { attempt }
            | Self::Settled { attempt } => *attempt,
        }
    }
}

/// Splits, seals and signs a contribution for one attempt.
fn contribution<R: CryptoRng>(
    desk: &mut Desk<'_, R>,
    inquiry: &Inquiry,
    attempt: &Attempt,
    selection: &Selection,
) -> Result<UploadParts, Fault> {
    let me = desk.me();
    let (circuit, context) = attempt.circuit(inquiry, &me)?;
    let mut nonce = [0_u8; 16];
    desk.rng.fill_bytes(&mut nonce);
    let nothing = Zeroizing::new(vec![0_u64; inquiry.plan().cell_count()]);
    let cells = selection.cells.as_ref().map_or(nothing.as_slice(), |cells| cells.expose());
    let split = circuit
        .split(context.bytes(), &nonce, cells)
        // A contribution past its bound must look like any other: this clinic has nothing to say.
        .or_else(|_| circuit.split(context.bytes(), &nonce, &nothing))
        .map_err(|why| Fault::Unsupported { why: why.to_string() })?;
    let public = public_digest(&split.public);
    let mut sealed_shares = Vec::with_capacity(attempt.committee().len());
    for (place, commitment) in attempt.commitments().iter().enumerate() {
        let role = attempt.sharing_role(inquiry.id(), &me, place);
        let input = split.inputs.get(role).ok_or(Fault::Unsupported { why: "a share is missing".into() })?;
        let aad = share_aad(context, &me, &nonce, role, public);
        let sealed = commitment.share_key.seal(crate::digest::Label::ShareSeal, &aad, input, desk.rng);
        sealed_shares.push(Octets(sealed.map_err(|why| Fault::Unsupported { why: why.to_string() })?));
    }
    let upload = Upload {
        clinic: me,
        charter: inquiry.charter().digest(),
        query: inquiry.id(),
        attempt: attempt.number(),
        plan: inquiry.plan().digest(),
        committee: attempt.committee().to_vec(),
        commitments: attempt.commitments().iter().map(Verified::digest).collect(),
        nonce: Octets(nonce.to_vec()),
        counter: desk.next_counter(),
        note: (desk.note)(),
        public_share: public,
        sealed_shares: sealed_shares.iter().map(|s| sealed_digest(&s.0)).collect(),
        ledger: selection.ledger,
    };
    let upload = Envelope::sign(&upload, desk.signer).map_err(|why| Fault::Document { why: why.to_string() })?;
    Ok(UploadParts { upload, public_share: Octets(split.public), sealed_shares })
}

/// The committee of an attempt under the charter that the query was asked under.
fn committee<'a, R>(desk: &Desk<'a, R>, charter: Digest, attempt: u8) -> Result<&'a [Principal], Fault> {
    let charter = desk.chain.named(&charter);
    charter.and_then(|c| c.committee(attempt)).ok_or(Fault::NoSuchAttempt { number: attempt })
}

/// What an ending means for this clinic, from what the committee signed and nothing else. `sent_in`
/// is the last attempt that this clinic took part in: earlier ones were void before it did, and in
/// later ones it had no part.
fn outcome<R: CryptoRng>(desk: &Desk<'_, R>, charter: Digest, ending: &Ending, sent_in: u8) -> Result<Outcome, Fault> {
    if ending.releases.is_empty() && planted!(RefundsUnproven) {
        return Ok(Outcome::NoRelease);
    }
    if ending.releases.is_empty() {
        check_void(committee(desk, charter, sent_in)?, ending.query, sent_in, &ending.voids)?;
        return Ok(Outcome::NoRelease);
    }
    if ending.attempt != sent_in {
        // Shares that left in another attempt may have been burnt there: only its void says they were not.
        check_void(committee(desk, charter, sent_in)?, ending.query, sent_in, &ending.voids)?;
    }
    let committee = committee(desk, charter, ending.attempt)?;
    let need = committee.len();
    if ending.releases.len() != need || ending.manifests.len() != need {
        let have = ending.releases.len().min(ending.manifests.len());
        return Err(Fault::Incomplete { what: "release notices with manifests", have, need });
    }
    let mut last: Option<(Verified<Release>, Verified<Manifest>)> = None;
    for ((who, release), manifest) in committee.iter().zip(&ending.releases).zip(&ending.manifests) {
        let pair = word::<Release>(release, who).zip(word::<Manifest>(manifest, who));
        let (release, manifest) = pair.ok_or(Fault::Document { why: format!("an ending that {who} did not sign") })?;
        let here = (ending.query, ending.attempt);
        if (release.query, release.attempt) != here || (manifest.query, manifest.attempt) != here {
            return Err(Fault::OutOfPlace { what: "the ending of another query" });
        }
        if last.as_ref().is_some_and(|(r, m)| r.id != release.id || m.digest() != manifest.digest()) {
            return Err(Fault::Differs { who: *who, what: "ending" });
        }
        last = Some((release, manifest));
    }
    let (release, manifest) = last.ok_or(Fault::Incomplete { what: "release notices", have: 0, need })?;
    let counted = manifest.accepted().any(|clinic| clinic == desk.me());
    Ok(if counted { Outcome::Released(release.id) } else { Outcome::NotCounted })
}

fn word<T: Document>(envelope: &Envelope, who: &Principal) -> Option<Verified<T>> {
    envelope.claim::<T>().and_then(|c| c.verify(who)).ok()
}

fn keep(form: &StoredEntry) -> Effect {
    Effect::Keep { role: Role::Contributor, id: form.query, form: Octets(encode(form)) }
}

fn send_upload(to: Principal, upload: &UploadParts) -> Effect {
    Effect::Send { to, message: Message::Upload(Box::new(upload.clone())) }
}

fn fault_effects(fault: &Fault) -> Vec<Effect> {
    let refused = Refused { code: fault.code().into(), says: fault.to_string(), remedy: fault.remedy() };
    vec![Effect::Note(format!("refused: {fault}")), Effect::Reply(Reply::Refused(refused))]
}
