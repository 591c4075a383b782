//! Where a story takes place: a small federation, its questions, and what is wrong just now.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::digest::Digest;
use sumac_protocol::document::charter::Policy;
use sumac_protocol::moment::{Millis, Moment};
use sumac_protocol::principal::Principal;
use sumac_protocol::round::inquiry::Inquiry;

use super::liar::Liar;
use crate::books::Charge;
use crate::researcher::Question;
use crate::trial::{Participant, participants};
use crate::wire::{Faults, Packet};
use crate::{Federation, federation};

/// A federation in the middle of a story.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) federation: Federation,
    pub(super) questions: Vec<Question>,
    inquiries: BTreeMap<Digest, Inquiry>,
    pub(super) rng: StdRng,
    pub(super) steps: u32,
    /// When a node that is down comes back.
    pub(super) returns: BTreeMap<usize, Moment>,
    /// When the wire is whole again.
    pub(super) heals: Option<Moment>,
}

impl Scene {
    /// The scene that grows from a seed.
    pub(super) fn of(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let floor: fn(&mut Policy) = if rng.random() { low_floor } else { high_floor };
        let refusing = if rng.random_range(0..3) == 0 { 0.3 } else { 0.0 };
        let cap = [RhoMicro(4_000_000), RhoMicro(4_000_000), RhoMicro(1_500_000)][rng.random_range(0..3)];
        let setup = federation()
            .seed(seed)
            .keys(keys_of(seed))
            .participants(some(&mut rng))
            .policy(floor)
            .refusing(refusing)
            .caps(cap);
        let mut federation = setup.build();
        federation.wire.tape = Some(Vec::new());
        federation.skews = vec![0; federation.nodes.len()];
        federation.nodes.iter_mut().for_each(|node| node.rng.drawn = Some(Vec::new()));
        let liars = Liar::draw(seed, &mut rng);
        federation.wire.meddler = Liar::meddler(&liars, seed);
        federation.wire.liars = liars.iter().map(|liar| federation.nodes[liar.who].key()).collect();
        let steps = rng.random_range(20..70);
        let (questions, inquiries, returns) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        Self { federation, questions, inquiries, rng, steps, returns, heals: None }
    }

    /// Whether this is a liar of the story.
    pub(super) fn lies(&self, who: &Principal) -> bool {
        self.federation.wire.liars.contains(who)
    }

    /// Lets one to four beats pass; whoever was to come back by then does.
    pub(super) fn let_time_pass(&mut self) {
        for _ in 0..self.rng.random_range(1..=4) {
            self.federation.beat();
            let now = self.federation.now;
            for at in 0..self.federation.nodes.len() {
                // A node may have died over what it was told.
                if !self.federation.nodes[at].is_up() && *self.returns.entry(at).or_insert(now + DOWN) <= now {
                    self.returns.remove(&at);
                    self.federation.restart(at);
                }
            }
            if self.heals.is_some_and(|heals| heals <= now) {
                self.calm();
            }
        }
    }

    /// Everything works again, and nobody lies any more.
    pub(super) fn heal(&mut self) {
        self.calm();
        self.federation.wire.meddler = None;
        for at in 0..self.federation.nodes.len() {
            self.federation.nodes[at].dies = None;
            if !self.federation.nodes[at].is_up() {
                self.federation.restart(at);
            }
        }
    }

    fn calm(&mut self) {
        self.heals = None;
        let wire = &mut self.federation.wire;
        wire.faults = Faults::default();
        wire.cut_off.clear();
        wire.slow.clear();
        self.federation.skews.fill(0);
    }

    /// Hands a message to whom it was for, as it was.
    pub(super) fn deliver(&mut self, packet: &Packet) {
        if let Some(at) = self.federation.nodes.iter().position(|node| node.key() == packet.to) {
            // What is answered goes to whoever says it again.
            drop(self.federation.tell(at, packet.from, packet.message.clone()));
        }
    }

    /// All books, and who is accused.
    pub(super) fn standing(&self) -> Vec<(Vec<Charge>, Vec<Principal>)> {
        self.federation.nodes.iter().map(|node| (node.books.charges().to_vec(), node.accused())).collect()
    }

    /// Notes a question that was asked.
    pub(super) fn asked(&mut self, question: Question) {
        self.inquiries.insert(question.id(), self.federation.inquiry(&question));
        self.questions.push(question);
    }

    /// A question as its researcher's own program admits it.
    pub(super) fn inquiry(&self, question: &Question) -> Option<&Inquiry> {
        self.inquiries.get(&question.id())
    }

    /// A question of the story by its query's id.
    pub(super) fn question(&self, id: Digest) -> Option<&Question> {
        self.questions.iter().find(|question| question.id() == id)
    }
}

/// What the keys of a story grow from: one of a few casts.
pub(super) const fn keys_of(seed: u64) -> u64 {
    seed / 7 % CASTS
}

/// Two dozen participants of the real trial, at sites of their own.
fn some(rng: &mut StdRng) -> Vec<Participant> {
    static ALL: OnceLock<Vec<Participant>> = OnceLock::new();
    let all = ALL.get_or_init(participants);
    let first = rng.random_range(0..all.len());
    let taken = all.iter().cycle().skip(first).take(PATIENTS);
    taken.enumerate().map(|(at, one)| Participant { site: format!("s{}", at % 5), ..one.clone() }).collect()
}

/// A floor under which two attempts could be answered by different clinics, if the round allowed it.
const fn low_floor(policy: &mut Policy) {
    quick(policy);
    policy.clinics_min = 2;
    policy.allow_exact = false;
}

/// A floor so high that two answers would need a clinic in common.
const fn high_floor(policy: &mut Policy) {
    quick(policy);
    policy.clinics_min = 4;
}

const fn quick(policy: &mut Policy) {
    policy.upload_jitter_ms = 400;
    policy.window_ms = 1_500;
    policy.step_timeout_ms = 800;
    policy.query_lifetime_max_ms = LIFETIME.0;
}

/// How many casts there are. Which clinic comes first in a batch depends on its key.
const CASTS: u64 = 16;
/// How long a query lives.
pub(super) const LIFETIME: Millis = Millis(12_000);
/// Patients of all clinics together.
const PATIENTS: usize = 30;
/// How long a node stays down that died over what it was told.
const DOWN: Millis = Millis(700);
