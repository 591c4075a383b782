//! Long messages on their way to this node: which chunks are asked for, and how much memory they may take together.
//!
//! The recipient sets the pace. One message of each peer is pulled at a time, others wait their turn; all of them together
//! have [`PULLED_BYTES_MAX`] bytes until the application has answered. What came of a message before its peer was lost is
//! kept for a while, and not asked for again when the same is offered anew.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use super::key::NodeKey;
use super::offer::{ChunkName, Offer, OfferId};

/// Whose message, and which.
pub(super) type PullId = (NodeKey, OfferId);

/// All of them. `A` is the way to answer an offer.
#[derive(Debug)]
pub(super) struct Pulls<A> {
    pulls: BTreeMap<PullId, Pull<A>>,
    /// In the order in which they were offered.
    waiting: VecDeque<PullId>,
    /// Announced bytes of all that are pulled or with the application.
    held: usize,
}

impl<A> Default for Pulls<A> {
    fn default() -> Self {
        Self { pulls: BTreeMap::new(), waiting: VecDeque::new(), held: 0 }
    }
}

#[derive(Debug)]
struct Pull<A> {
    offer: Offer,
    stage: Stage,
    /// Where the application's answer goes; none since the connection is gone.
    asked: Option<A>,
    /// When it was last offered, or a chunk of it came.
    heard: Instant,
}

#[derive(Debug)]
enum Stage {
    Waiting,
    Pulling(Coming),
    /// The application has it.
    Handed,
}

/// The chunks of one message.
#[derive(Debug)]
struct Coming {
    /// All that came without a gap.
    body: Vec<u8>,
    /// The number of the next chunk of the body.
    whole: usize,
    /// Chunks that came before one that is still missing.
    early: BTreeMap<usize, Vec<u8>>,
    asked_for: BTreeSet<usize>,
    window: usize,
}

/// What became of a chunk.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Came {
    /// There is more to come.
    Part,
    /// It was the last: this is the message, for the application.
    Whole(Vec<u8>),
    /// Not what was offered; the pull is over, and its bytes are gone.
    Wrong,
    /// Nothing asked for it.
    Unasked,
}

impl<A> Pulls<A> {
    /// A message is offered. Hands the way to answer back where the peer has too many under way.
    pub(super) fn offered(&mut self, from: NodeKey, offer: Offer, asked: A, now: Instant) -> Result<(), A> {
        let id = (from, offer.id());
        if let Some(known) = self.pulls.get_mut(&id) {
            known.heard = now;
            known.asked = Some(asked);
            if let Stage::Pulling(coming) = &mut known.stage {
                // Offered anew, because the connection that they were asked on is gone.
                coming.asked_for.clear();
            }
            return Ok(());
        }
        if self.pulls.keys().filter(|(peer, _)| *peer == from).count() >= OFFERS_PER_PEER_MAX {
            return Err(asked);
        }
        self.pulls.insert(id, Pull { offer, stage: Stage::Waiting, asked: Some(asked), heard: now });
        self.waiting.push_back(id);
        Ok(())
    }

    /// Begins what there is room for, and returns the chunks to ask for now, each once.
    pub(super) fn wanted(&mut self) -> Vec<(NodeKey, ChunkName)> {
        self.begin();
        let mut wanted = Vec::new();
        for ((peer, id), pull) in &mut self.pulls {
            if let (Stage::Pulling(coming), Some(_)) = (&mut pull.stage, &pull.asked) {
                let missing = coming.missing(pull.offer.chunks());
                let names = missing.into_iter().filter_map(|number| u32::try_from(number).ok());
                wanted.extend(names.map(|number| (*peer, ChunkName { offer: *id, number })));
            }
        }
        wanted
    }

    /// Takes the next that wait into the room that is left; who is pulled from already waits on.
    fn begin(&mut self) {
        let pulling = self.pulls.iter().filter(|(_, pull)| matches!(pull.stage, Stage::Pulling(_)));
        let mut busy: BTreeSet<NodeKey> = pulling.map(|((peer, _), _)| *peer).collect();
        let mut left = VecDeque::new();
        while let Some(id) = self.waiting.pop_front() {
            let Some(pull) = self.pulls.get_mut(&id) else { continue };
            let would_hold = self.held.saturating_add(pull.offer.length());
            if would_hold > PULLED_BYTES_MAX || !busy.insert(id.0) {
                left.push_back(id);
                continue;
            }
            self.held = would_hold;
            pull.stage = Stage::Pulling(Coming::new());
        }
        self.waiting = left;
    }

    /// A chunk came.
    pub(super) fn came(&mut self, peer: NodeKey, name: ChunkName, bytes: Vec<u8>, now: Instant) -> Came {
        let id = (peer, name.offer);
        let Some(pull) = self.pulls.get_mut(&id) else { return Came::Unasked };
        let (Stage::Pulling(coming), Ok(number)) = (&mut pull.stage, usize::try_from(name.number)) else {
            return Came::Unasked;
        };
        if !coming.asked_for.remove(&number) {
            return Came::Unasked;
        }
        if !pull.offer.is_chunk(number, &bytes) {
            return Came::Wrong;
        }
        pull.heard = now;
        coming.take(number, bytes);
        if coming.whole < pull.offer.chunks() {
            return Came::Part;
        }
        let body = std::mem::take(&mut coming.body);
        pull.stage = Stage::Handed;
        Came::Whole(body)
    }

    /// A chunk that was asked for did not come, though its peer is there: it is wanted again.
    pub(super) fn lost(&mut self, peer: NodeKey, name: ChunkName) {
        if let Some(Pull { stage: Stage::Pulling(coming), .. }) = self.pulls.get_mut(&(peer, name.offer))
            && let Ok(number) = usize::try_from(name.number)
        {
            coming.asked_for.remove(&number);
            coming.window = WINDOW_MIN;
        }
    }

    /// It is over. The way to answer, if there still is one.
    pub(super) fn end(&mut self, id: PullId) -> Option<A> {
        let pull = self.pulls.remove(&id)?;
        self.waiting.retain(|waiting| *waiting != id);
        if !matches!(pull.stage, Stage::Waiting) {
            self.held = self.held.saturating_sub(pull.offer.length());
        }
        pull.asked
    }

    /// The peer has no connection left: nothing more is asked of it until it offers anew.
    pub(super) fn gone(&mut self, peer: NodeKey) {
        for (_, pull) in self.pulls.iter_mut().filter(|((whose, _), _)| *whose == peer) {
            pull.asked = None;
        }
    }

    /// Everything that nothing was heard of for too long: its sender says nothing, or does not come back.
    pub(super) fn stale(&self, now: Instant) -> Vec<PullId> {
        let stale = |pull: &Pull<A>| match (&pull.stage, &pull.asked) {
            (Stage::Handed, _) => false,
            (Stage::Pulling(_), _) | (Stage::Waiting, None) => now.duration_since(pull.heard) > SILENCE_MAX,
            (Stage::Waiting, Some(_)) => false,
        };
        self.pulls.iter().filter(|(_, pull)| stale(pull)).map(|(id, _)| *id).collect()
    }

    /// Everything, when the node stops.
    pub(super) fn all(&self) -> Vec<PullId> {
        self.pulls.keys().copied().collect()
    }
}

impl Coming {
    fn new() -> Self {
        Self { body: Vec::new(), whole: 0, early: BTreeMap::new(), asked_for: BTreeSet::new(), window: WINDOW_MIN }
    }

    /// What to ask for so that the window is full; it counts as asked for.
    fn missing(&mut self, chunks: usize) -> Vec<usize> {
        let room = self.window.saturating_sub(self.asked_for.len());
        let open = |number: &usize| !self.early.contains_key(number) && !self.asked_for.contains(number);
        // Never further ahead than the largest window, so that what waits for a gap is bounded too.
        let ahead = self.whole.saturating_add(WINDOW_MAX).min(chunks);
        let missing: Vec<usize> = (self.whole..ahead).filter(open).take(room).collect();
        self.asked_for.extend(&missing);
        missing
    }

    fn take(&mut self, number: usize, bytes: Vec<u8>) {
        self.early.insert(number, bytes);
        while let Some(next) = self.early.remove(&self.whole) {
            self.body.extend_from_slice(&next);
            self.whole = self.whole.saturating_add(1);
        }
        self.window = self.window.saturating_add(1).min(WINDOW_MAX);
    }
}

/// Bytes of all messages that are pulled, or were and are not answered yet.
pub(super) const PULLED_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Messages that one peer may have offered at a time, or be offered.
pub(super) const OFFERS_PER_PEER_MAX: usize = 4;
/// Chunks asked for at a time, at first and after a loss.
const WINDOW_MIN: usize = 4;
/// Chunks asked for at a time, once so many came.
pub(super) const WINDOW_MAX: usize = 16;
/// Without a chunk for so long, what came of a message is let go of.
const SILENCE_MAX: Duration = Duration::from_mins(2);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::frame::{CHUNK_BYTES, MESSAGE_BYTES_MAX};

    fn key(seed: u8) -> NodeKey {
        NodeKey::of_seed(&zeroize::Zeroizing::new([seed; 32]))
    }

    /// Messages of so many chunks, each another.
    fn message(chunks: usize, what: u8) -> Vec<u8> {
        vec![what; chunks * CHUNK_BYTES - 1]
    }

    fn numbers(wanted: &[(NodeKey, ChunkName)]) -> Vec<u32> {
        wanted.iter().map(|(_, name)| name.number).collect()
    }

    #[test]
    fn the_window_grows_with_what_comes_and_nothing_is_asked_for_twice() {
        let (mut pulls, now, message) = (Pulls::default(), Instant::now(), message(40, 1));
        pulls.offered(key(1), Offer::of(&message), (), now).unwrap();
        let mut open = pulls.wanted();
        assert_eq!(numbers(&open), [0, 1, 2, 3]);
        assert!(pulls.wanted().is_empty(), "the window is full");
        let (mut asked, mut widest) = (open.clone(), 0);
        let whole = loop {
            // The newest first, so that all others wait for a gap.
            let (peer, name) = open.pop().unwrap();
            match pulls.came(peer, name, name.of(&message).unwrap().to_vec(), now) {
                Came::Whole(whole) => break whole,
                came @ (Came::Part | Came::Wrong | Came::Unasked) => assert_eq!(came, Came::Part),
            }
            let more = pulls.wanted();
            asked.extend(&more);
            open.extend(more);
            widest = widest.max(open.len());
        };
        assert!(whole == message, "as it was sent");
        assert_eq!((asked.len(), widest), (40, WINDOW_MAX), "each once, at most a window of them at a time");
    }

    #[test]
    fn a_chunk_that_is_not_what_was_offered_ends_it_and_one_that_nobody_asked_for_does_not() {
        let (mut pulls, now, message) = (Pulls::default(), Instant::now(), message(6, 1));
        pulls.offered(key(1), Offer::of(&message), (), now).unwrap();
        let wanted = pulls.wanted();
        let (peer, name) = wanted[0];
        let good = || name.of(&message).unwrap().to_vec();
        let unasked = ChunkName { number: 5, ..name };
        assert_eq!(pulls.came(peer, unasked, good(), now), Came::Unasked, "not asked for yet");
        assert_eq!(pulls.came(key(2), name, good(), now), Came::Unasked, "by somebody else");
        assert_eq!(pulls.came(peer, name, vec![2; CHUNK_BYTES], now), Came::Wrong);
    }

    #[test]
    fn all_together_have_one_room_and_each_peer_one_turn() {
        let (mut pulls, now) = (Pulls::default(), Instant::now());
        let longest = |what| Offer::of(&vec![what; MESSAGE_BYTES_MAX]);
        let ids: Vec<PullId> = [(1, 1), (1, 2), (2, 3), (3, 4)]
            .map(|(peer, what)| {
                let offer = longest(what);
                let id = (key(peer), offer.id());
                pulls.offered(key(peer), offer, what, now).unwrap();
                id
            })
            .into();
        let begun = |wanted: &[(NodeKey, ChunkName)]| -> BTreeSet<PullId> {
            wanted.iter().map(|(peer, name)| (*peer, name.offer)).collect()
        };
        assert_eq!(begun(&pulls.wanted()), BTreeSet::from([ids[0], ids[2]]), "64 MiB, one of each peer");
        assert_eq!(pulls.end(ids[0]), Some(1));
        assert_eq!(begun(&pulls.wanted()), BTreeSet::from([ids[1]]), "it was there before the other's");
        assert_eq!(pulls.end(ids[2]), Some(3));
        assert_eq!(begun(&pulls.wanted()), BTreeSet::from([ids[3]]));
        for what in 5..8 {
            pulls.offered(key(1), longest(what), what, now).unwrap();
        }
        assert_eq!(pulls.offered(key(1), longest(9), 9, now), Err(9), "four of one peer are enough");
    }

    #[test]
    fn what_came_before_the_peer_was_lost_is_not_asked_for_again_for_a_while() {
        let (mut pulls, now, message) = (Pulls::default(), Instant::now(), message(6, 1));
        let offer = Offer::of(&message);
        let id = (key(1), offer.id());
        pulls.offered(key(1), offer.clone(), "first", now).unwrap();
        let (peer, name) = pulls.wanted()[0];
        assert_eq!(pulls.came(peer, name, name.of(&message).unwrap().to_vec(), now), Came::Part);
        pulls.gone(key(1));
        assert!(pulls.wanted().is_empty(), "nobody is there");
        pulls.offered(key(1), offer, "second", now).unwrap();
        assert_eq!(numbers(&pulls.wanted()), [1, 2, 3, 4, 5]);
        assert!(pulls.stale(now + SILENCE_MAX).is_empty());
        assert_eq!(pulls.stale(now + SILENCE_MAX + Duration::from_millis(1)), [id]);
        assert_eq!(pulls.end(id), Some("second"));
        assert_eq!(pulls.held, 0, "its room is free");
    }
}
