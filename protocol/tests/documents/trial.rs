//! One query of the coast, answered: the demo's question under a charter with the trial's dictionary,
//! and what every role signs on the way. Five clinics contribute and Quay's proof does not hold.

use std::sync::LazyLock;

use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::dictionary::Dictionary;
use sumac_protocol::digest::{Digest, Label};
use sumac_protocol::document::charter::{Charter, Policy};
use sumac_protocol::document::commitment::Commitment;
use sumac_protocol::document::count_opening::CountOpening;
use sumac_protocol::document::freeze::Freeze;
use sumac_protocol::document::manifest::{BatchEntry, ClinicVerdict, Manifest, Verdict};
use sumac_protocol::document::query::Query;
use sumac_protocol::document::recovery::{Recovery, SeenQuery};
use sumac_protocol::document::relay::Relay;
use sumac_protocol::document::release::Release;
use sumac_protocol::document::share::Share;
use sumac_protocol::document::study::Study;
use sumac_protocol::document::upload::Upload;
use sumac_protocol::document::void::Void;
use sumac_protocol::envelope::{Document, Envelope};
use sumac_protocol::octets::Octets;
use sumac_protocol::plan::{Mode, Plan};
use sumac_protocol::privacy::{NoiseSeed, price};
use sumac_protocol::question;
use sumac_protocol::round::attempt::{Attempt, public_digest, sealed_digest};
use sumac_protocol::round::inquiry::Inquiry;
use sumac_protocol::round::message::UploadParts;
use sumac_protocol::sealed::{OpeningKey, SealingKey};
use sumac_protocol::share::CellShares;
use zeroize::Zeroizing;

use crate::cast::{self, Anna, Ben, Harbour, Ines, Linden, Mill, NOW, Person, Quay, Ridge, signed};

/// What the demo asks.
pub(crate) const QUESTION: &str = "SELECT count(*) AS courses, \
     mean(clip(change(hamd17, day => 42, from => 32, to => 72), -30, 15)) AS change, \
     rate(response(hamd17, day => 42, from => 32, to => 72)) AS response FROM courses GROUP BY arm";
/// What it costs: the largest ρ at ε 8 and δ 10^-6.
pub(crate) const RHO: RhoMicro = RhoMicro(1_052_356);
const DICTIONARY: &str = include_str!("../../dictionaries/duloxetine.toml");

/// The committee of the first attempt, in order.
pub(crate) const COMMITTEE: [Person; 3] = [Harbour, Ridge, Linden];
/// The clinics in the order of their keys, as every batch lists them.
pub(crate) fn clinics() -> Vec<Person> {
    let mut clinics = vec![Harbour, Ridge, Linden, Mill, Quay];
    clinics.sort_by_key(|who| who.key());
    clinics
}

pub(crate) fn genesis() -> Charter {
    let policy = cast::genesis().policy;
    let policy = Policy { rho_per_query_max: RhoMicro(1_100_000), rho_per_patient_year: RhoMicro(2_200_000), ..policy };
    Charter { policy, dictionary: DICTIONARY.into(), ..cast::genesis() }
}

/// Genesis, and the charter that lists the study.
pub(crate) fn chain() -> CharterChain {
    static CHAIN: LazyLock<CharterChain> = LazyLock::new(draw_chain);
    CHAIN.clone()
}

fn draw_chain() -> CharterChain {
    let genesis = signed(&genesis(), &[Anna, Ben]);
    let studies = vec![signed(&study(), &[]).digest()];
    let second = Charter { epoch: 1, previous: Some(genesis.digest()), studies, ..self::genesis() };
    CharterChain::from_envelopes(&[genesis, signed(&second, &[Anna, Ben])]).unwrap()
}

pub(crate) fn study() -> Study {
    let most = RhoMicro(2_200_000);
    let genesis = signed(&genesis(), &[]).digest();
    Study { id: "hamd-week6".into(), rho_total: most, rho_year: most, genesis, ..cast::study() }
}

/// The priced plan of the question.
pub(crate) fn plan(mode: Mode, rho: RhoMicro) -> Plan {
    let dictionary = Dictionary::parse(DICTIONARY).unwrap();
    price(question::compile(QUESTION, &dictionary, mode).unwrap(), rho).unwrap()
}

pub(crate) fn query() -> Query {
    Query {
        study: signed(&study(), &[]).digest(),
        charter: chain().current().digest(),
        text: QUESTION.into(),
        rho: RHO,
        plan: plan(Mode::Dp, RHO).digest(),
        answer_key: Octets(public_key(&answer_key()).bytes().to_vec()),
        ..cast::query()
    }
}

/// The key that Ines opens her answer with.
pub(crate) fn answer_key() -> OpeningKey {
    opening_key(90)
}

fn opening_key(seed: u8) -> OpeningKey {
    OpeningKey::from_bytes(Zeroizing::new([seed; 32]))
}

fn public_key(key: &OpeningKey) -> SealingKey {
    key.sealing_key().unwrap()
}

pub(crate) fn query_envelope() -> Envelope {
    static QUERY: LazyLock<Envelope> = LazyLock::new(|| signed(&query(), &[Ines]));
    QUERY.clone()
}

pub(crate) fn study_envelope() -> Envelope {
    signed(&study(), &[Anna, Ben])
}

fn query_id() -> Digest {
    query_envelope().digest()
}

pub(crate) fn inquiry() -> Inquiry {
    static INQUIRY: LazyLock<Inquiry> =
        LazyLock::new(|| Inquiry::admit(&query_envelope(), &study_envelope(), &chain(), NOW).unwrap());
    INQUIRY.clone()
}

/// A number that this person never used before: by the clock, as nodes do.
fn counter(who: Person, step: u64) -> u64 {
    NOW.0 + step * 1_000 + u64::from(who.seed()[0])
}

/// What a member opens shares, reveals and verifiers with.
pub(crate) fn member_key(who: Person) -> OpeningKey {
    opening_key(who.seed()[0] + 140)
}

pub(crate) fn commitment(who: Person) -> Commitment {
    let seed = who.seed()[0];
    Commitment {
        query: query_id(),
        attempt: 1,
        verify_key: Digest::of(Label::VerifyKeyCommitment, &[&[seed + 100; 32]]),
        noise_seed: NoiseSeed::from_bytes([seed + 120; 32]).commitment(),
        share_key: public_key(&member_key(who)),
        opening_key: public_key(&opening_key(seed + 160)),
        counter: counter(who, 1),
        note: Octets(vec![seed; 48]),
    }
}

pub(crate) fn commitments() -> Vec<Envelope> {
    static COMMITMENTS: LazyLock<Vec<Envelope>> = LazyLock::new(|| by_each(commitment));
    COMMITMENTS.clone()
}

pub(crate) fn attempt() -> Attempt {
    static ATTEMPT: LazyLock<Attempt> = LazyLock::new(|| Attempt::admit(&inquiry(), 1, &commitments()).unwrap());
    ATTEMPT.clone()
}

/// Stands for a public share: bytes that the committee has yet to make sense of.
pub(crate) fn public_share(who: Person) -> Octets {
    Octets(vec![who.seed()[0]; 96])
}

/// Stand for the sealed shares, in committee order.
pub(crate) fn sealed_shares(who: Person) -> Vec<Octets> {
    (1..=3).map(|place| Octets([vec![who.seed()[0]; 60], vec![place; 4]].concat())).collect()
}

pub(crate) fn upload(who: Person) -> Upload {
    let seed = who.seed()[0];
    Upload {
        clinic: who.key(),
        charter: inquiry().query().charter,
        query: query_id(),
        attempt: 1,
        plan: inquiry().query().plan,
        committee: COMMITTEE.iter().map(|member| member.key()).collect(),
        commitments: commitments().iter().map(Envelope::digest).collect(),
        nonce: Octets(vec![seed; 16]),
        counter: counter(who, 2),
        note: Octets::default(),
        public_share: public_digest(&public_share(who).0),
        sealed_shares: sealed_shares(who).iter().map(|share| sealed_digest(&share.0)).collect(),
        ledger: Digest::of(Label::LedgerCommitment, &[&[seed; 16]]),
    }
}

pub(crate) fn upload_parts(who: Person) -> UploadParts {
    UploadParts {
        upload: signed(&upload(who), &[who]),
        public_share: public_share(who),
        sealed_shares: sealed_shares(who),
    }
}

/// The name of the batch of all five.
pub(crate) fn batch() -> Digest {
    static BATCH: LazyLock<Digest> = LazyLock::new(name_batch);
    *BATCH
}

fn name_batch() -> Digest {
    let entry = |who: Person| BatchEntry {
        clinic: who.key(),
        nonce: upload(who).nonce,
        upload: signed(&upload(who), &[who]).digest(),
    };
    Manifest::batch_digest(query_id(), 1, &clinics().into_iter().map(entry).collect::<Vec<_>>())
}

pub(crate) fn freeze(who: Person) -> Freeze {
    Freeze { query: query_id(), attempt: 1, manifest: batch(), counter: counter(who, 3), note: Octets::default() }
}

/// All count but Quay, whose contribution comes to `quay`.
pub(crate) fn manifest(quay: Verdict) -> Manifest {
    let verdict = |who| if who == Quay { quay } else { Verdict::Accepted };
    let verdicts =
        clinics().into_iter().map(|who| ClinicVerdict { clinic: who.key(), verdict: verdict(who) }).collect();
    Manifest { query: query_id(), attempt: 1, batch: batch(), verdicts }
}

pub(crate) fn void(who: Person) -> Void {
    Void { query: query_id(), attempt: 1, counter: counter(who, 9), note: Octets(vec![who.seed()[0]; 48]) }
}

/// What Ridge saw of Mill, which had asked.
pub(crate) fn recovery() -> Recovery {
    let (newest, inquiry) = (upload(Mill), inquiry());
    let (query, study) = (inquiry.id(), inquiry.study().digest());
    let (rho, expires) = (inquiry.query().rho, inquiry.query().expires);
    Recovery {
        member: Ridge.key(),
        about: Mill.key(),
        challenge: Digest::of_bytes(b"fresh random bytes of Mill's"),
        since: counter(Mill, 1),
        newest: Some(signed(&newest, &[Mill])),
        queries: vec![SeenQuery { counter: newest.counter, query, study, rho, expires }],
        whole_above: 0,
        said_at: NOW,
    }
}

/// What the noised cells add up to: for each arm all courses, then count, sum and squares of the
/// change, then count and sum of the response.
const RELEASED: [i128; 12] = [85, 83, 120, -127_000, 84, -30, 87, 88, 540, -133_000, 86, -44];

/// Of them, the counts.
const COUNTS: [i64; 6] = [85, 83, 84, 87, 88, 86];

pub(crate) fn count_opening() -> CountOpening {
    CountOpening {
        query: query_id(),
        attempt: 1,
        batch: batch(),
        counts: COUNTS.to_vec(),
        all: CountOpening::all(&[7; 32], &COUNTS),
    }
}

/// Ridge and Linden hold masks, and Harbour the released cells without them.
fn cells(who: Person) -> CellShares {
    let mask = |factor: i128| (1..=12).map(|cell| cell * factor).collect::<Vec<i128>>();
    let (ridge, linden) = (mask(-1_234_567_890_123), mask(987_654_321_987));
    let rest = RELEASED.iter().zip(ridge.iter().zip(&linden)).map(|(cell, (a, b))| cell - a - b).collect();
    let [_, second, third] = COMMITTEE;
    let mine: Vec<i128> = [(second, ridge), (third, linden)]
        .into_iter()
        .find(|(member, _)| *member == who)
        .map_or(rest, |(_, mask)| mask);
    let mut shares = CellShares::zero(RELEASED.len());
    shares.add_integers(&mine).unwrap();
    shares
}

pub(crate) fn share(who: Person) -> Share {
    Share {
        query: query_id(),
        attempt: 1,
        batch: batch(),
        opening: signed(&count_opening(), &[]).digest(),
        suppressed: vec![false, false],
        merged: vec![],
        operators_asked: 5,
        operators_counted: 4,
        cells: Octets(cells(who).to_bytes()),
    }
}

pub(crate) fn release() -> Release {
    let opening = signed(&count_opening(), &[]).digest();
    Release { query: query_id(), attempt: 1, id: Release::id(query_id(), 1, batch(), opening) }
}

/// Stands for the sealed body of a relayed message.
pub(crate) fn relayed_body() -> Octets {
    Octets((0..80).collect())
}

/// Harbour reveals its part to Ridge.
pub(crate) fn relay() -> Relay {
    let body = Digest::of(Label::RelayBody, &[&relayed_body().0]);
    Relay { query: query_id(), attempt: 1, from: Harbour.key(), to: Ridge.key(), number: 1, body }
}

/// One document of the committee, signed by each member apart, in order.
pub(crate) fn by_each<T: Document>(document: impl Fn(Person) -> T) -> Vec<Envelope> {
    COMMITTEE.iter().map(|who| signed(&document(*who), &[*who])).collect()
}
