//! No process but a clinic's own ever holds that clinic's figures or a record of it: not in what it
//! is sent, not in its files and logs, not in its memory.
//!
//! Five real processes answer an exact question (no noise hides anything) over records whose sums no
//! program comes across by chance. Every node is stopped at every write to its journal, and its whole
//! memory searched: for its own figures, which must be seen while it contributes, or the search
//! would prove nothing; and for those of the other four, which must never be seen.

#![expect(clippy::unwrap_used, reason = "a test may panic, and says where")]
#![expect(clippy::print_stdout, reason = "what was looked at, and what could not be, is said")]

#[path = "secrecy/canary.rs"]
mod canary;
#[path = "secrecy/federation.rs"]
mod federation;
#[path = "secrecy/watch.rs"]
mod watch;

use std::collections::BTreeMap;
use std::sync::Arc;

use federation::Federation;
use sumac_protocol::document::upload::Upload;
use sumac_protocol::octets::Octets;
use sumac_protocol::round::message::{Message, UploadParts, decode};
use sumac_tests::processes::CAST;
use sumac_tests::scan::{Found, Needles};
use watch::{Seen, Watch, memory_can_be_read, of_clinic};

const SUMAC: &str = env!("CARGO_BIN_EXE_sumac");

#[test]
fn no_process_but_a_clinics_own_ever_holds_its_figures_or_a_record() {
    let federation = Federation::start(SUMAC);
    if !federation.clinics.iter().all(|clinic| memory_can_be_read(clinic.node.pid())) {
        return;
    }
    let mut needles = Needles::new();
    for clinic in &federation.clinics {
        canary::cells(clinic.name, &clinic.records, &mut needles);
        canary::people(clinic.name, &clinic.records, &mut needles);
    }
    let needles = Arc::new(needles);
    let begin = |clinic: &federation::Clinic| {
        Watch::begin(clinic.node.pid(), &clinic.home.dir().join("store/journal"), &needles)
    };
    let watches: Vec<Watch> = federation.clinics.iter().map(begin).collect();
    let answered = federation.ask(SUMAC).ended();
    assert_eq!(answered.exit, Some(0), "{}", answered.text());
    let seen: Vec<Seen> = watches.into_iter().map(Watch::end).collect();

    let answer: serde_json::Value = answered.json();
    assert_eq!(answer["operators"]["counted"], 5, "all five contributed");
    assert_memory(&seen);
    assert_frames(&federation, &needles);
    assert_files_and_logs(federation, &needles, &answered.text());
}

/// In each process its own figures were seen, and nobody else's.
fn assert_memory(seen: &[Seen]) {
    for ((_, own), seen) in CAST.iter().zip(seen) {
        println!("{own}: looked at {} times, {} MiB in all", seen.looks, seen.bytes >> 20);
        for (_, other) in CAST.iter().filter(|(_, other)| other != own) {
            assert_eq!(of_clinic(&seen.found, other), BTreeMap::new(), "in the memory of {own}: {:?}", seen.found);
        }
        let known = of_clinic(&seen.found, own);
        let part = |what: &str| known.keys().filter(|secret| secret.starts_with(what)).count();
        assert!(part("cell ") >= 4, "the search sees a clinic's own figures while it contributes: {known:?}");
        assert!(part("record ") > 0, "and its records: {known:?}");
    }
}

/// What each node sent, before it was encrypted: uploads with one sealed share for each member, and
/// nothing that gives a figure or a person away.
fn assert_frames(federation: &Federation, needles: &Needles) {
    let mut question = Needles::new();
    question.bytes("the question", canary::QUESTION.as_bytes());
    for clinic in &federation.clinics {
        let log = std::fs::read(clinic.home.dir().join("frames.log")).unwrap();
        assert_eq!(needles.find(&log, "frames"), Found::new(), "sent by {}", clinic.name);
        let messages: Vec<Message> = frames(&log).into_iter().filter_map(|body| decode(body).ok()).collect();
        assert!(!messages.is_empty(), "{} sent something, and it can be read", clinic.name);
        // The first clinic coordinates; what it sends itself does not leave. A message may be sent again, never another
        // one in its place.
        let mut attempts: BTreeMap<u8, &UploadParts> = BTreeMap::new();
        for parts in messages.iter().filter_map(upload) {
            let first = attempts.entry(attempt_of(parts)).or_insert(parts);
            assert_eq!(*first, parts, "{} sends one upload for an attempt", clinic.name);
        }
        assert_eq!(attempts.is_empty(), clinic.name == CAST[0].1, "{}", clinic.name);
        for parts in attempts.values() {
            let mut sizes: Vec<usize> = parts.sealed_shares.iter().map(|Octets(share)| share.len()).collect();
            sizes.sort_unstable();
            assert!(matches!(sizes.as_slice(), [_, _, large] if *large > 100_000), "whole: {sizes:?}");
        }
        if clinic.name == CAST[0].1 {
            assert!(!question.find(&log, "frames").is_empty(), "the tap sees what is sent: the question was");
        }
    }
}

/// The bodies of the messages among recorded frames: length (u32, big endian), kind, body.
fn frames(mut log: &[u8]) -> Vec<&[u8]> {
    const MESSAGE: u8 = 4;
    let mut bodies = Vec::new();
    while let Some((head, rest)) = log.split_first_chunk::<4>() {
        let (frame, rest) = rest.split_at(usize::try_from(u32::from_be_bytes(*head)).unwrap());
        if let Some((&MESSAGE, body)) = frame.split_first() {
            bodies.push(body);
        }
        log = rest;
    }
    bodies
}

fn upload(message: &Message) -> Option<&UploadParts> {
    if let Message::Upload(parts) = message { Some(parts) } else { None }
}

fn attempt_of(parts: &UploadParts) -> u8 {
    parts.upload.claim::<Upload>().unwrap().verify_named(|upload| upload.clinic).unwrap().attempt
}

/// Neither the nodes' folders nor what anybody said or received shows a figure or a person.
fn assert_files_and_logs(federation: Federation, needles: &Needles, researcher: &str) {
    assert_eq!(needles.find(researcher.as_bytes(), "said to the researcher"), Found::new());
    let Federation { clinics, dir, .. } = &federation;
    assert_eq!(needles.find_under(dir), Found::new(), "with the nodes running");
    assert!(clinics.iter().all(|clinic| clinic.home.dir().starts_with(dir)), "their folders are among these");
    for clinic in federation.clinics {
        clinic.node.terminate();
        let said = clinic.node.ended();
        assert_eq!(said.exit, Some(0), "{}", said.text());
        assert_eq!(needles.find(said.text().as_bytes(), "log"), Found::new(), "said by {}", clinic.name);
        assert_eq!(needles.find_under(clinic.home.dir()), Found::new(), "left by {}", clinic.name);
    }
}
