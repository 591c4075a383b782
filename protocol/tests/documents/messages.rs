//! Messages and replies as they cross the wire: one golden encoding of each, for ever.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::document::manifest::Verdict;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::moment::Millis;
use sumac_protocol::octets::Octets;
use sumac_protocol::round::budget::{Allowance, Budget};
use sumac_protocol::round::message::{Announcement, BatchUpload, Ending, Message, Reply, UploadParts, decode, encode};
use sumac_protocol::round::progress::{Progress, Refused, Step};
use sumac_protocol::round::quota::Quota;

use crate::cast::{Harbour, Mill, NOW, Person, Ridge, signed};
use crate::files::{beside, files_in, hex, must_hold, text_of, unhex};
use crate::trial::{
    COMMITTEE, by_each, clinics, commitments, freeze, inquiry, manifest, public_share, query_envelope, recovery, relay,
    relayed_body, release, sealed_shares, study_envelope, upload_parts, void,
};

/// A golden file.
#[derive(Serialize)]
struct Golden {
    why: &'static str,
    cbor: String,
}

fn refused() -> Refused {
    Refused {
        code: "study-spent".into(),
        says: "the query costs ρ 1.052356 and the study has ρ 0.1 left".into(),
        remedy: "ask with less".into(),
    }
}

fn for_harbour(who: Person) -> BatchUpload {
    let sealed_share = sealed_shares(who).remove(0);
    BatchUpload { upload: upload_parts(who).upload, public_share: public_share(who), sealed_share }
}

/// Manifests, in which Quay's proof failed, as every member signs them.
fn manifests() -> Vec<Envelope> {
    by_each(|_| manifest(Verdict::ProofFailed))
}

/// The first half of a round.
fn until_the_batch() -> Vec<(&'static str, &'static str, Message)> {
    let query = inquiry().id();
    let (asked, study) = (query_envelope(), study_envelope());
    let voids = by_each(void);
    let announcement = Announcement {
        query: asked.clone(),
        study: study.clone(),
        attempt: 1,
        commitments: commitments(),
        voids: voids.clone(),
        closes: NOW + Millis::seconds(120),
    };
    let parts: UploadParts = upload_parts(Mill);
    let uploads = clinics().into_iter().map(for_harbour).collect();
    vec![
        ("submit", "a query with its study", Message::Submit { query: asked.clone(), study: study.clone() }),
        ("follow", "how far is it?", Message::Follow { query }),
        ("budget", "what has the study left?", Message::Budget { study: study_envelope() }),
        ("begin", "commit to an attempt", Message::Begin { query: asked, study, attempt: 1, voids: Vec::new() }),
        ("commitment", "a member's", Message::Commitment(commitments().remove(0))),
        ("announce", "contribute; void notes of an earlier attempt", Message::Announce(Box::new(announcement))),
        ("upload", "Mill's", Message::Upload(Box::new(parts))),
        ("abstain", "a public reason to give nothing", Message::Abstain { query, refused: refused() }),
        ("batch", "all five, for Harbour", Message::Batch { query, attempt: 1, commitments: commitments(), uploads }),
    ]
}

/// The second half.
fn from_the_freeze() -> Vec<(&'static str, &'static str, Message)> {
    let query = inquiry().id();
    let attempt = 1;
    let freezes = by_each(freeze);
    let ending = Ending { query, attempt, manifests: manifests(), releases: by_each(|_| release()), voids: vec![] };
    let answer = Message::Answer {
        query,
        attempt,
        sealed: Octets((0..=200).collect()),
        release: signed(&release(), &[Harbour]),
    };
    let relayed = Message::Relay { cover: signed(&relay(), &[Harbour]), body: relayed_body() };
    vec![
        ("freeze", "a member's", Message::Freeze(freezes[0].clone())),
        ("frozen", "everybody froze", Message::Frozen { query, attempt, freezes }),
        ("relay", "member to member", relayed),
        ("manifest", "a member's", Message::Manifest(manifests().remove(0))),
        ("manifests", "everybody's", Message::Manifests { query, attempt, manifests: manifests() }),
        ("answer", "a sealed share and the release notice", answer),
        ("nudge", "say it again", Message::Nudge { query, attempt }),
        ("ask_void", "give it up", Message::AskVoid { query: query_envelope(), study: study_envelope(), attempt }),
        ("void", "a member's", Message::Void(by_each(void).remove(0))),
        ("ended", "answered", Message::Ended(Box::new(ending))),
        ("ending_kept", "it is on the books", Message::EndingKept { query }),
    ]
}

/// Beside the rounds.
fn handed_on() -> Vec<(&'static str, &'static str, Message)> {
    let [hand_on, delivered] = crate::ledger::handed_on();
    let said = recovery();
    let (about, member, challenge, since) = (said.about, said.member, said.challenge, said.since);
    vec![
        ("hand_on", "sealed, with the member's word", hand_on),
        ("delivered", "the clinic's word", delivered),
        ("ask_seen", "what is the newest that you saw of me?", Message::AskSeen { about, member, challenge, since }),
        ("seen", "the member's word", Message::Seen(signed(&said, &[Ridge]))),
    ]
}

/// Every message that there is.
fn messages() -> Vec<(&'static str, &'static str, Message)> {
    [until_the_batch(), from_the_freeze(), handed_on()].concat()
}

fn progress(step: Step) -> Reply {
    Reply::Progress(Box::new(Progress {
        query: inquiry().id(),
        attempt: 1,
        step,
        awaited: vec![Ridge.key()],
        until: NOW + Millis::seconds(30),
        expires: NOW + Millis::DAY,
        uploads: 4,
        asked: 5,
    }))
}

fn budget() -> Reply {
    Reply::Budget(Box::new(Budget {
        study: inquiry().study().digest(),
        at: NOW,
        in_all: Allowance::of(RhoMicro(4_000_000), RhoMicro(1_052_356)),
        year: Allowance::of(RhoMicro(2_000_000), RhoMicro(1_052_356)),
        queries: Quota::of(40, 1),
        today: Quota::of(8, 2),
        planned: vec![Quota::of(1, 0)],
        next_most: Some(RhoMicro(947_644)),
    }))
}

/// Every reply, and progress at every step.
fn replies() -> Vec<(&'static str, &'static str, Reply)> {
    let shares = COMMITTEE.iter().map(|who| Octets(vec![who.seed()[0]; 50])).collect();
    vec![
        ("noted", "taken note of", Reply::Noted),
        ("budget", "what a study has left", budget()),
        ("refused", "with what to do", Reply::Refused(refused())),
        ("progress-committing", "the committee commits", progress(Step::Committing)),
        ("progress-collecting", "clinics contribute", progress(Step::Collecting)),
        ("progress-freezing", "the committee fixes the batch", progress(Step::Freezing)),
        ("progress-verifying", "the committee checks", progress(Step::Verifying)),
        ("progress-opening", "the committee opens the counts", progress(Step::Opening)),
        ("progress-voiding", "the attempt came to nothing", progress(Step::Voiding)),
        ("progress-answered", "sealed shares in committee order", progress(Step::Answered { shares })),
        ("progress-over", "over without an answer", progress(Step::Over { refused: refused() })),
    ]
}

fn golden<T: Serialize>(rows: &[(&'static str, &'static str, T)]) -> Vec<(String, String)> {
    let file = |(name, why, what): &(&str, &'static str, T)| {
        (format!("{name}.json"), text_of(&Golden { why, cbor: hex(&encode(what)) }))
    };
    rows.iter().map(file).collect()
}

#[test]
fn messages_written_again_are_the_golden_files() {
    must_hold(&beside("messages"), &golden(&messages()));
}

#[test]
fn replies_written_again_are_the_golden_files() {
    must_hold(&beside("replies"), &golden(&replies()));
}

/// Demands that every golden file of a folder reads as what it was written from, and writes the same.
fn read_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(folder: &str, want: Vec<(&str, &str, T)>) {
    let files = files_in(&beside(folder));
    assert_eq!(files.len(), want.len(), "{folder}");
    for (name, _, want) in want {
        let bytes = unhex(files[&format!("{name}.json")]["cbor"].as_str().unwrap());
        let read: T = decode(&bytes).unwrap_or_else(|why| panic!("{folder}/{name}: {why}"));
        assert_eq!(read, want, "{folder}/{name}");
        assert_eq!(encode(&read), bytes, "{folder}/{name}: written again");
        for cut in (0..bytes.len()).step_by(bytes.len() / 40 + 1) {
            assert!(decode::<T>(&bytes[..cut]).is_err(), "{folder}/{name} cut to {cut} bytes");
        }
        assert!(decode::<T>(&[bytes.as_slice(), &[0xf6]].concat()).is_err(), "{folder}/{name} with a null behind it");
    }
}

#[test]
fn every_golden_message_and_reply_is_read_back_and_no_part_of_it() {
    read_back("messages", messages());
    read_back("replies", replies());
}

/// The names that a reader knows, as it lists them where it is given one that it does not.
fn known<T: DeserializeOwned + Debug>(unknown: &ciborium::Value) -> BTreeSet<String> {
    let mut bytes = Vec::new();
    ciborium::into_writer(unknown, &mut bytes).unwrap();
    let says = decode::<T>(&bytes).unwrap_err().to_string();
    let (_, listed) = says.split_once("expected one of").unwrap_or_else(|| panic!("{says}"));
    listed.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_message_reply_and_step_that_a_node_can_read_has_a_golden_file() {
    let unknown = ciborium::Value::Map(vec![("no such thing".into(), ciborium::Value::Null)]);
    let names = |rows: Vec<String>| rows.into_iter().collect::<BTreeSet<String>>();
    let written = names(messages().into_iter().map(|(name, ..)| name.to_owned()).collect());
    assert_eq!(known::<Message>(&unknown), written);
    assert_eq!(written.len(), 24);
    let kinds = names(replies().into_iter().map(|(name, ..)| name.split('-').next().unwrap().to_owned()).collect());
    assert_eq!(known::<Reply>(&unknown), kinds);
    let steps = replies().into_iter().filter_map(|(name, ..)| name.strip_prefix("progress-").map(str::to_owned));
    assert_eq!(known::<Step>(&unknown), names(steps.collect()));
}

/// What stands in a message, by its name: the outer shape that another program has to write.
fn outer_shape(message: &Message) -> (String, BTreeMap<String, ciborium::Value>) {
    let value: ciborium::Value = ciborium::from_reader(encode(message).as_slice()).unwrap();
    let pairs = value.into_map().unwrap();
    assert_eq!(pairs.len(), 1, "one name");
    let (name, inner) = pairs.into_iter().next().unwrap();
    let inner = inner.into_map().unwrap();
    (name.into_text().unwrap(), inner.into_iter().map(|(key, value)| (key.into_text().unwrap(), value)).collect())
}

#[test]
fn a_message_is_a_map_of_its_name_and_digests_and_bodies_in_it_are_byte_strings() {
    for (name, _, message) in messages() {
        assert_eq!(outer_shape(&message).0, name);
    }
    let (_, nudge) = outer_shape(&Message::Nudge { query: inquiry().id(), attempt: 1 });
    assert_eq!(nudge["query"], ciborium::Value::Bytes(inquiry().id().bytes().to_vec()));
    assert_eq!(nudge["attempt"], ciborium::Value::Integer(1.into()));
    let (_, relay) = outer_shape(&messages().into_iter().find(|(name, ..)| *name == "relay").unwrap().2);
    assert_eq!(relay["body"], ciborium::Value::Bytes(relayed_body().0));
    let cover = relay["cover"].as_map().unwrap();
    assert!(cover.contains(&("payloadType".into(), "application/vnd.sumac.relay.v1+json".into())));
}
