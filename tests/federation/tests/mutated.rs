//! Twenty thousand changed copies of every kind of message and document, of release files and stored forms: none panics,
//! none is taken with anything in it that its signer did not sign, and nodes that hear them keep their books.
//! `SUMAC_MUTANTS=N` says how many of each kind.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a suite of tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use sumac_federation::cast::{LINDEN, MILL, RIDGE};
use sumac_federation::decoders;
use sumac_federation::mutants::Mutants;
use sumac_federation::node::Death;
use sumac_federation::researcher::{Ended, Question};
use sumac_federation::trial::{DICTIONARY, participants};
use sumac_federation::{Federation, federation};
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::digest::{Digest, Label};
use sumac_protocol::document::arrival::Arrival;
use sumac_protocol::document::ask::{Ask, AskedFor};
use sumac_protocol::document::delivery::Delivery;
use sumac_protocol::document::recovery::Recovery;
use sumac_protocol::document::tree_head::TreeHead;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::octets::Octets;
use sumac_protocol::principal::Principal;
use sumac_protocol::release_file::ReleaseFile;
use sumac_protocol::round::message::{Message, decode, encode};
use sumac_protocol::round::progress::Refused;
use sumac_protocol::round::{Event, Role};

/// A federation that has answered a question in its second attempt, and everything that was said on the way.
struct Told {
    federation: Federation,
    question: Question,
    release: ReleaseFile,
    /// Samples of every kind of message, with who said them and where.
    said: BTreeMap<&'static str, Vec<(Principal, usize, Message)>>,
}

fn told() -> Told {
    let mut federation = federation().seed(3).participants(participants().into_iter().take(60).collect()).build();
    federation.wire.tape = Some(Vec::new());
    let question = federation.compose("SELECT count(*) AS n FROM courses GROUP BY arm", RhoMicro(1_000_000));
    // A member that dies over its freeze has lost its keys, so that the first attempt is void.
    federation.nodes[LINDEN].dies = Some(Death::AfterKeeps(4));
    drop(federation.submit(&question));
    while federation.nodes[LINDEN].is_up() {
        federation.beat();
    }
    federation.restart(LINDEN);
    let Ended::Released(release) = federation.wait(&question) else { panic!("no answer") };
    federation.beat();
    let said = samples(&federation, &question);
    Told { federation, question, release: *release, said }
}

fn samples(federation: &Federation, question: &Question) -> BTreeMap<&'static str, Vec<(Principal, usize, Message)>> {
    let (query, study) = (question.envelope.clone(), question.study.clone());
    let [clinic, member] = [RIDGE, MILL].map(|at| &federation.nodes[at]);
    let (sealed, now) = (Octets(vec![7; 200]), federation.now);
    let arrival =
        Arrival { member: member.key(), clinic: clinic.key(), sealed: Digest::of_bytes(&sealed.0), arrived_at: now };
    let arrival = Envelope::sign(&arrival, &member.signer).unwrap();
    let delivery = Delivery { clinic: clinic.key(), member: member.key(), handed: arrival.digest(), delivered_at: now };
    let recovery = Recovery {
        member: member.key(),
        about: clinic.key(),
        challenge: Digest([9; 32]),
        since: 3,
        newest: None,
        queries: Vec::new(),
        whole_above: 0,
        said_at: now,
    };
    let refused = Refused { code: "budget-spent".into(), says: "nothing is left".into(), remedy: "ask less".into() };
    let more = [
        Message::Budget { study: study.clone() },
        Message::Submit { query, study },
        Message::AskSeen { about: clinic.key(), member: member.key(), challenge: Digest([9; 32]), since: 3 },
        Message::Seen(Envelope::sign(&recovery, &member.signer).unwrap()),
        Message::Follow { query: question.id() },
        Message::Abstain { query: question.id(), refused },
        Message::Nudge { query: question.id(), attempt: 1 },
        Message::HandOn { arrival, sealed },
        Message::Delivered(Envelope::sign(&delivery, &clinic.signer).unwrap()),
    ];
    let mut said: BTreeMap<&'static str, Vec<(Principal, usize, Message)>> = BTreeMap::new();
    let taped = federation.tape().iter().map(|packet| (packet.from, packet.to, packet.message.clone()));
    for (from, to, message) in taped.chain(more.map(|message| (question.asker, federation.nodes[0].key(), message))) {
        let to = federation.nodes.iter().position(|node| node.key() == to).unwrap();
        let kind = said.entry(kind_of(&message)).or_default();
        if kind.len() < SAMPLES && kind.iter().all(|(_, _, known)| *known != message) {
            kind.push((from, to, message));
        }
    }
    said
}

/// Every kind there is; a new one stops this from compiling until it is here.
const fn kind_of(message: &Message) -> &'static str {
    match message {
        Message::Submit { .. } => "submit",
        Message::Follow { .. } => "follow",
        Message::Begin { .. } => "begin",
        Message::Commitment(_) => "commitment",
        Message::Announce(_) => "announce",
        Message::Upload(_) => "upload",
        Message::Abstain { .. } => "abstain",
        Message::Batch { .. } => "batch",
        Message::Freeze(_) => "freeze",
        Message::Frozen { .. } => "frozen",
        Message::Relay { .. } => "relay",
        Message::Manifest(_) => "manifest",
        Message::Manifests { .. } => "manifests",
        Message::Answer { .. } => "answer",
        Message::Nudge { .. } => "nudge",
        Message::AskVoid { .. } => "ask-void",
        Message::Void(_) => "void",
        Message::Ended(_) => "ended",
        Message::EndingKept { .. } => "ending-kept",
        Message::HandOn { .. } => "hand-on",
        Message::Delivered(_) => "delivered",
        Message::Budget { .. } => "budget",
        Message::AskSeen { .. } => "ask-seen",
        Message::Seen(_) => "seen",
    }
}

/// All envelopes of a message.
fn envelopes(message: &Message) -> Vec<&Envelope> {
    match message {
        Message::Submit { query, study } | Message::AskVoid { query, study, .. } => vec![query, study],
        Message::Begin { query, study, voids, .. } => [query, study].into_iter().chain(voids).collect(),
        Message::Announce(call) => {
            [&call.query, &call.study].into_iter().chain(&call.commitments).chain(&call.voids).collect()
        }
        Message::Budget { study } => vec![study],
        Message::Commitment(one)
        | Message::Seen(one)
        | Message::Freeze(one)
        | Message::Manifest(one)
        | Message::Void(one)
        | Message::Delivered(one)
        | Message::Relay { cover: one, .. }
        | Message::Answer { release: one, .. }
        | Message::HandOn { arrival: one, .. } => vec![one],
        Message::Upload(parts) => vec![&parts.upload],
        Message::Batch { commitments, uploads, .. } => {
            commitments.iter().chain(uploads.iter().map(|parts| &parts.upload)).collect()
        }
        Message::Frozen { freezes: all, .. } | Message::Manifests { manifests: all, .. } => all.iter().collect(),
        Message::Ended(ending) => ending.manifests.iter().chain(&ending.releases).chain(&ending.voids).collect(),
        Message::Follow { .. }
        | Message::Abstain { .. }
        | Message::Nudge { .. }
        | Message::EndingKept { .. }
        | Message::AskSeen { .. } => Vec::new(),
    }
}

/// Who signed what in this federation, and its envelopes as text.
struct Signed {
    keys: BTreeSet<Principal>,
    known: BTreeSet<String>,
    words: BTreeSet<(Digest, Principal)>,
}

impl Signed {
    fn of(told: &Told, papers: &BTreeMap<&'static str, Vec<Envelope>>) -> Self {
        let federation = &told.federation;
        let mut keys: BTreeSet<Principal> = federation.nodes.iter().map(|node| node.key()).collect();
        keys.extend(federation.cast.stewards.iter().map(|steward| steward.principal()));
        keys.extend([federation.cast.researcher.principal(), federation.cast.stranger.principal()]);
        keys.extend(federation.patients.iter().take(3).map(|patient| patient.signer.principal()));
        let said: Vec<&Message> = federation.tape().iter().map(|packet| &packet.message).collect();
        let samples = told.said.values().flatten().map(|(_, _, message)| message);
        let all = said.into_iter().chain(samples).flat_map(envelopes).chain(papers.values().flatten());
        let mut signed = Self { keys, known: BTreeSet::new(), words: BTreeSet::new() };
        for envelope in all {
            if signed.known.insert(envelope.to_json()) {
                let who = envelope.signers(&signed.keys);
                signed.words.extend(who.into_iter().map(|who| (envelope.digest(), who)));
            }
        }
        signed
    }

    /// Nobody is found to have signed what they did not.
    fn holds(&self, envelope: &Envelope, kind: &str) {
        if self.known.contains(&envelope.to_json()) {
            return;
        }
        for who in envelope.signers(&self.keys) {
            assert!(self.words.contains(&(envelope.digest(), who)), "a changed {kind} is taken as {who}'s word");
        }
    }
}

fn papers(told: &Told) -> BTreeMap<&'static str, Vec<Envelope>> {
    let Told { federation, question, release, .. } = told;
    let patient = &federation.patients[0];
    let clinic = &federation.nodes[patient.clinic];
    let reply_to = question.key.sealing_key().unwrap();
    let challenge = Octets(vec![5; 32]);
    let ask =
        Ask { clinic: clinic.key(), patient: patient.signer.principal(), challenge, what: AskedFor::Record, reply_to };
    let head = TreeHead { clinic: clinic.key(), size: 40, root: Digest::of_bytes(b"a tree"), made_at: federation.now };
    let seen = federation.nodes.iter().find_map(|node| node.last_seen(&clinic.key()));
    [
        ("charter", federation.chain.epochs().map(|charter| charter.envelope().clone()).collect()),
        ("study", vec![question.study.clone()]),
        ("query", vec![question.envelope.clone()]),
        ("consent", clinic.books.statements(patient.row).cloned().collect()),
        ("ask", vec![Envelope::sign(&ask, &patient.signer).unwrap()]),
        ("tree head", vec![Envelope::sign(&head, &clinic.signer).unwrap()]),
        ("last seen", seen.into_iter().collect()),
        ("share", release.proof.shares.clone()),
    ]
    .into()
}

/// A release file says nothing that was not answered.
fn release_holds(told: &Told, bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(read) = ReleaseFile::verify(text, &told.federation.chain) {
        assert_eq!(read.answer, told.release.answer, "a changed release verifies");
    }
}

/// A sealed share opens as it was sealed, or not at all.
fn answer_holds(told: &Told, message: &Message) {
    let Message::Answer { query, attempt, sealed, .. } = message else { return };
    for node in &told.federation.nodes {
        let aad = Digest::of(Label::AnswerSeal, &[query.bytes(), &[*attempt], node.key().bytes()]);
        if let Ok(share) = told.question.key.open(Label::AnswerSeal, aad.bytes(), &sealed.0) {
            let share = Envelope::from_json(&share).unwrap();
            assert!(told.release.proof.shares.contains(&share), "a changed share opens");
        }
    }
}

#[test]
fn of_twenty_thousand_changed_messages_of_every_kind_none_is_anybodys_word() {
    let kinds: Vec<&'static str> = told().said.into_keys().collect();
    assert_eq!(kinds.len(), 24, "{kinds:?}");
    let (next, wanted) = (AtomicUsize::new(0), mutants());
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut told = told();
                let (signed, standing) = (Signed::of(&told, &papers(&told)), books(&told));
                let all: Vec<Vec<u8>> = told.said.values().flatten().map(|(_, _, message)| encode(message)).collect();
                while let Some(kind) = kinds.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let mut mutants = Mutants::new(7, all.clone());
                    let samples = told.said.get(kind).cloned().unwrap_or_default();
                    let (mut read, mut heard) = (0, 0);
                    for (at, (from, to, message)) in (0..wanted).zip(samples.iter().cycle()) {
                        let changed = mutants.of(&encode(message));
                        decoders::message(&changed);
                        let Ok(changed) = decode::<Message>(&changed) else { continue };
                        read += 1;
                        envelopes(&changed).into_iter().for_each(|envelope| signed.holds(envelope, kind));
                        if changed != *message {
                            answer_holds(&told, &changed);
                        }
                        if at % HEARD == 0 {
                            heard += 1;
                            let now = told.federation.now;
                            drop(told.federation.nodes[*to].on(now, Event::Message { from: *from, message: changed }));
                        }
                    }
                    assert_eq!(standing, books(&told), "a changed {kind} changed somebody's books");
                    println!("{kind}: {wanted} changed, {read} read, {heard} heard by whom they were for");
                }
            });
        }
    });
}

#[test]
fn of_twenty_thousand_changed_documents_of_every_kind_none_is_anybodys_word() {
    let told = told();
    let papers = papers(&told);
    let signed = Signed::of(&told, &papers);
    let donors: Vec<Vec<u8>> = papers.values().flatten().map(|one| one.to_json().into_bytes()).collect();
    for (kind, envelopes) in &papers {
        assert!(!envelopes.is_empty(), "no {kind}");
        let (wanted, mut mutants, mut read) = (mutants(), Mutants::new(11, donors.clone()), 0);
        for (_, envelope) in (0..wanted).zip(envelopes.iter().cycle()) {
            let changed = mutants.of(envelope.to_json().as_bytes());
            if let Ok(changed) = Envelope::from_json(&changed) {
                read += 1;
                signed.holds(&changed, kind);
            }
        }
        println!("{kind}: {wanted} changed, {read} read");
    }
}

#[test]
fn of_twenty_thousand_changed_release_files_none_says_anything_else() {
    let told = told();
    let text = serde_json::to_vec(&told.release).unwrap();
    assert!(ReleaseFile::verify(std::str::from_utf8(&text).unwrap(), &told.federation.chain).is_ok());
    let donor = serde_json::to_vec(&told.release.proof).unwrap();
    let (wanted, mut mutants) = (mutants(), Mutants::new(13, vec![text.clone(), donor]));
    (0..wanted).for_each(|_| release_holds(&told, &mutants.of(&text)));
    println!("release: {wanted} changed");
}

#[test]
fn whatever_bytes_a_decoder_reads_it_does_not_panic() {
    let told = told();
    let roles = [Role::Coordinator, Role::CoordinatorUpload, Role::Member, Role::Contributor, Role::Watch];
    let stored = told.federation.nodes.iter().flat_map(|node| {
        roles.iter().flat_map(|role| node.stored_forms(*role).take(2).map(<[u8]>::to_vec).collect::<Vec<_>>())
    });
    let seeds = |name: &str| -> Vec<Vec<u8>> {
        match name {
            "message" => told.said.values().flatten().map(|(_, _, message)| encode(message)).collect(),
            "document" => papers(&told).values().flatten().map(|one| one.to_json().into_bytes()).collect(),
            "stored" => stored.clone().collect(),
            "release" => vec![serde_json::to_vec(&told.release).unwrap()],
            "chain" => vec![told.federation.chain.to_json().into_bytes()],
            "json" => vec![serde_json::to_vec(&told.release.answer).unwrap()],
            "dictionary" => vec![DICTIONARY.as_bytes().to_vec()],
            "shares" => vec![vec![1; 64], vec![0; 4_000]],
            "question" => sumac_federation::simulation::operation::QUESTIONS.map(|q| q.as_bytes().to_vec()).to_vec(),
            other => panic!("no seeds for {other}"),
        }
    };
    for decoder in decoders::ALL {
        let (seeds, wanted) = (seeds(decoder.name), mutants() / 10);
        let mut mutants = Mutants::new(17, seeds.clone());
        for (_, seed) in (0..wanted).zip(seeds.iter().cycle()) {
            (decoder.read)(&mutants.of(seed));
        }
        println!("{}: {wanted} changed", decoder.name);
    }
}

fn books(told: &Told) -> Vec<Vec<sumac_federation::books::Charge>> {
    told.federation.nodes.iter().map(|node| node.books.charges().to_vec()).collect()
}

/// How many of each kind; a tenth where the compiler does not optimise.
fn mutants() -> usize {
    let wanted = std::env::var("SUMAC_MUTANTS").ok().and_then(|n| n.parse().ok());
    wanted.unwrap_or(if cfg!(debug_assertions) { 2_000 } else { 20_000 })
}

/// Different messages of a kind that are changed in turns.
const SAMPLES: usize = 6;
/// Of how many changed messages a node hears one.
const HEARD: usize = 10;
