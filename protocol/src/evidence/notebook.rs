//! What a node keeps of others' signed words, so that they can be held to them later.
//!
//! Kept are the words of attempts that the node takes part in, as they come, signed by members, whether or not the roles
//! took them: a word that a role refuses may be the other half of a lie. Each goes into a small form of its own message,
//! so that nothing is written twice. Bounded in time, in attempts, in bytes, and in variants of one word.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::charter_chain::CharterChain;
use crate::digest::{Digest, Label};
use crate::document::relay::Relay;
use crate::envelope::Envelope;
use crate::evidence::everybody;
use crate::evidence::word::{About, FIRST_NOISED, Word};
use crate::limits::COMMITTEES_MAX;
use crate::moment::{Millis, Moment};
use crate::octets::Octets;
use crate::principal::Principal;
use crate::round::message::{Message, encode};

/// How long words are kept after the last one of their attempt: as long as the longest query, and half as long again.
pub const KEPT_FOR: Millis = Millis(135 * Millis::DAY.0);
/// Most attempts of which words are kept. Those longest without a new word go first.
pub const ATTEMPTS_MAX: usize = 1_024;
/// Most bytes of words that are kept, as they stand in their forms.
pub const BYTES_MAX: usize = 32 << 20;
/// Most different documents of one kind that are kept of one signer and attempt: two prove a lie, and a signer who floods
/// costs no more than this.
pub const VARIANTS_MAX: usize = 3;

/// The words that a node keeps. Only what it takes to know what is kept lies in memory, never the words.
#[derive(Debug, Default)]
pub struct Notebook {
    attempts: BTreeMap<(Digest, u8), Page>,
}

/// One attempt.
#[derive(Debug)]
struct Page {
    newest: Moment,
    forms: u32,
    bytes: usize,
    /// Who said what sort of word, and its digest.
    said: BTreeSet<(Principal, u8, Digest)>,
}

/// What is to be kept or forgotten, durably.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "complete: a form under its id, or none")]
pub struct Noted {
    /// Under which id.
    pub id: Digest,
    /// The form; none where what was there is to be forgotten.
    pub form: Option<Octets>,
}

/// The stored form of the words that came together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredWords {
    query: Digest,
    attempt: u8,
    at: Moment,
    /// Which form of this attempt it is, from 0.
    place: u32,
    words: Vec<Envelope>,
}

impl StoredWords {
    /// The words, as they were signed.
    #[must_use]
    pub fn words(&self) -> &[Envelope] {
        &self.words
    }
}

impl Notebook {
    /// Takes up the stored forms of an earlier life.
    #[must_use]
    pub fn restore(forms: &[StoredWords], chain: &CharterChain) -> Self {
        let (mut notebook, everybody) = (Self::default(), everybody(chain));
        for form in forms {
            let page = notebook.page((form.query, form.attempt), form.at);
            page.newest = page.newest.max(form.at);
            page.forms = page.forms.max(form.place.saturating_add(1));
            page.bytes = page.bytes.saturating_add(encode(form).len());
            for word in form.words.iter().filter_map(Word::read) {
                page.said.extend(word.signers(&everybody).into_iter().map(|who| (who, word.sort(), word.digest())));
            }
        }
        notebook
    }

    /// The words of a message that came to `me` which are not kept yet.
    #[must_use]
    pub fn unknown(&self, message: &Message, me: Principal) -> Vec<Envelope> {
        let unknown = |envelope: &&Envelope| Word::read(envelope).is_some_and(|word| !self.has(&word));
        words_in(message, me).into_iter().filter(unknown).cloned().collect()
    }

    /// Takes words that came, once the roles have heard them too. `knows` tells whether this node takes part in a query:
    /// of others nothing is kept, so nobody can fill the notebook with attempts that never were.
    pub fn note(
        &mut self,
        now: Moment,
        chain: &CharterChain,
        words: &[Envelope],
        knows: impl Fn(&Digest) -> bool,
    ) -> Vec<Noted> {
        if words.is_empty() {
            return Vec::new();
        }
        let mut fresh: BTreeMap<(Digest, u8), Vec<Envelope>> = BTreeMap::new();
        let everybody = everybody(chain);
        for word in words.iter().filter_map(Word::read) {
            let About::Attempt(query, attempt) = word.about() else { continue };
            let in_range = (1..=COMMITTEES_MAX).contains(&usize::from(attempt));
            if !in_range || !knows(&query) || self.has(&word) {
                continue;
            }
            let page = self.page((query, attempt), now);
            let room = |who: &Principal| {
                let same = (*who, word.sort(), Digest([0; 32]))..=(*who, word.sort(), Digest([255; 32]));
                page.said.range(same).count() < VARIANTS_MAX
            };
            let new: Vec<Principal> = word.signers(&everybody).into_iter().filter(|who| room(who)).collect();
            if !new.is_empty() {
                page.said.extend(new.into_iter().map(|who| (who, word.sort(), word.digest())));
                fresh.entry((query, attempt)).or_default().push(word.envelope().clone());
            }
        }
        let mut noted: Vec<Noted> = fresh.into_iter().map(|(key, words)| self.write(key, now, words)).collect();
        self.attempts.retain(|_, page| page.forms > 0);
        if !noted.is_empty() {
            noted.extend(self.shed(now));
        }
        noted
    }

    /// Whether all that signed this word are known to have.
    fn has(&self, word: &Word) -> bool {
        let Some(page) = word.attempt().and_then(|key| self.attempts.get(&key)) else { return false };
        let mut named = word.envelope().claimed_signers().peekable();
        named.peek().is_some() && named.all(|who| page.said.contains(&(who, word.sort(), word.digest())))
    }

    fn page(&mut self, key: (Digest, u8), now: Moment) -> &mut Page {
        self.attempts.entry(key).or_insert(Page { newest: now, forms: 0, bytes: 0, said: BTreeSet::new() })
    }

    fn write(&mut self, key: (Digest, u8), now: Moment, words: Vec<Envelope>) -> Noted {
        let page = self.page(key, now);
        let (query, attempt) = key;
        let form = encode(&StoredWords { query, attempt, at: now, place: page.forms, words });
        let id = form_id(key, page.forms);
        page.newest = page.newest.max(now);
        page.forms = page.forms.saturating_add(1);
        page.bytes = page.bytes.saturating_add(form.len());
        Noted { id, form: Some(Octets(form)) }
    }

    /// Forgets what is too old, and then the oldest until the rest is within bounds. The newest attempt always stays.
    fn shed(&mut self, now: Moment) -> Vec<Noted> {
        let mut forgotten = Vec::new();
        let mut bytes: usize = self.attempts.values().map(|page| page.bytes).sum();
        while self.attempts.len() > 1 {
            let Some((key, page)) = self.attempts.iter().min_by_key(|(_, page)| page.newest) else { break };
            let too_many = self.attempts.len() > ATTEMPTS_MAX || bytes > BYTES_MAX;
            if !too_many && now.since(page.newest) <= KEPT_FOR {
                break;
            }
            let key = *key;
            if let Some(page) = self.attempts.remove(&key) {
                bytes = bytes.saturating_sub(page.bytes);
                forgotten.extend((0..page.forms).map(|place| Noted { id: form_id(key, place), form: None }));
            }
        }
        forgotten
    }
}

fn form_id((query, attempt): (Digest, u8), place: u32) -> Digest {
    Digest::of(Label::KeptWords, &[query.bytes(), &[attempt], &place.to_le_bytes()])
}

/// The signed words in a message, as far as they can contradict others. Of messages that are passed on sealed, only the
/// recipient keeps the cover.
fn words_in(message: &Message, me: Principal) -> Vec<&Envelope> {
    match message {
        Message::Begin { voids, .. } => voids.iter().collect(),
        Message::Announce(call) => call.commitments.iter().chain(&call.voids).collect(),
        Message::Upload(parts) => vec![&parts.upload],
        Message::Batch { commitments, uploads, .. } => {
            commitments.iter().chain(uploads.iter().map(|upload| &upload.upload)).collect()
        }
        Message::Frozen { freezes, .. } => freezes.iter().collect(),
        Message::Manifests { manifests, .. } => manifests.iter().collect(),
        Message::Relay { cover, .. } => {
            let mine = |relay: &Relay| relay.to == me && relay.number >= FIRST_NOISED;
            if cover.claim::<Relay>().is_ok_and(|relay| mine(relay.peek())) { vec![cover] } else { Vec::new() }
        }
        Message::Commitment(word)
        | Message::Freeze(word)
        | Message::Manifest(word)
        | Message::Void(word)
        | Message::Answer { release: word, .. } => vec![word],
        Message::Ended(ending) => ending.manifests.iter().chain(&ending.releases).chain(&ending.voids).collect(),
        Message::Submit { .. }
        | Message::Follow { .. }
        | Message::Budget { .. }
        | Message::Abstain { .. }
        | Message::Nudge { .. }
        | Message::AskVoid { .. }
        | Message::EndingKept { .. }
        | Message::HandOn { .. }
        | Message::Delivered(_)
        | Message::AskSeen { .. }
        | Message::Seen(_) => Vec::new(),
    }
}
