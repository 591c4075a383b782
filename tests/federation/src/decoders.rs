//! Every decoder that reads what others wrote, as a function of bytes that must never panic, whatever the bytes. The
//! fuzz targets of `tests/fuzz` call these, and so does the suite `mutated`, so that both look for the same.

use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::dictionary::Dictionary;
use sumac_protocol::document::{
    Kind, arrival::Arrival, ask::Ask, charter::Charter, commitment::Commitment, consent::Statement,
    count_opening::CountOpening, delivery::Delivery, enrolment::Enrolment, freeze::Freeze, join::Join,
    last_seen::LastSeen, manifest::Manifest, query::Query, relay::Relay, release::Release, share::Share, study::Study,
    tree_head::TreeHead, upload::Upload, void::Void,
};
use sumac_protocol::envelope::{Document, Envelope};
use sumac_protocol::plan::Mode;
use sumac_protocol::release_file::ReleaseFile;
use sumac_protocol::round::contributor::StoredEntry;
use sumac_protocol::round::coordinator::{StoredCase, StoredUpload};
use sumac_protocol::round::member::{StoredSitting, StoredWatch};
use sumac_protocol::round::message::{Message, Reply, decode, decode_stored, encode};
use sumac_protocol::share::{CellShares, Circuit, Verification};
use sumac_protocol::{question, strict_json};

use crate::federation;
use crate::trial::DICTIONARY;

/// One decoder.
#[derive(Debug, Clone, Copy)]
pub struct Decoder {
    /// Its name, and that of its fuzz target.
    pub name: &'static str,
    /// Reads bytes; panics only if a promise of the decoder is broken.
    pub read: fn(&[u8]),
}

/// All of them; there is a fuzz target for each.
pub const ALL: [Decoder; 9] = [
    Decoder { name: "message", read: message },
    Decoder { name: "document", read: document },
    Decoder { name: "stored", read: stored },
    Decoder { name: "release", read: release },
    Decoder { name: "chain", read: chain },
    Decoder { name: "json", read: json },
    Decoder { name: "dictionary", read: dictionary },
    Decoder { name: "shares", read: shares },
    Decoder { name: "question", read: question_text },
];

/// A message or a reply: what is read is written, and comes back the same; it is no larger than what came.
pub fn message(bytes: &[u8]) {
    if let Ok(read) = decode::<Message>(bytes) {
        let written = encode(&read);
        assert!(written.len() <= grown(bytes), "{} bytes are read as {}", bytes.len(), written.len());
        assert_eq!(decode(&written), Ok(read));
    }
    if let Ok(read) = decode::<Reply>(bytes) {
        assert_eq!(decode(&encode(&read)), Ok(read));
    }
}

/// An envelope and, as the payload of every kind, a document; nobody has signed it.
pub fn document(bytes: &[u8]) {
    if let Ok(envelope) = Envelope::from_json(bytes) {
        assert_eq!(Envelope::from_json(envelope.to_json().as_bytes()), Ok(envelope.clone()));
        claimed(&envelope);
    }
    for kind in Kind::ALL {
        let (name, payload) = (kind.payload_type(), STANDARD.encode(bytes));
        let text = format!(r#"{{"payloadType":"{name}","payload":"{payload}","signatures":[]}}"#);
        if let Ok(envelope) = Envelope::from_json(text.as_bytes()) {
            claimed(&envelope);
        }
    }
}

/// A stored form of any role.
pub fn stored(bytes: &[u8]) {
    drop(decode_stored::<StoredCase>(bytes));
    drop(decode_stored::<StoredUpload>(bytes));
    drop(decode_stored::<StoredSitting>(bytes));
    drop(decode_stored::<StoredEntry>(bytes));
    drop(decode_stored::<StoredWatch>(bytes));
}

/// The text of a release file: none of which the committee of an unknown federation signed verifies.
pub fn release(bytes: &[u8]) {
    static CHAIN: OnceLock<CharterChain> = OnceLock::new();
    let chain = CHAIN.get_or_init(|| federation().seed(0).participants(Vec::new()).build().chain);
    if let Ok(text) = std::str::from_utf8(bytes) {
        assert!(ReleaseFile::verify(text, chain).is_err(), "nobody asked, and an answer verifies");
    }
}

/// The text of a chain of charters.
pub fn chain(bytes: &[u8]) {
    if let Ok(Ok(chain)) = std::str::from_utf8(bytes).map(CharterChain::from_json) {
        let again = CharterChain::from_json(&chain.to_json()).unwrap();
        assert_eq!(again.current().digest(), chain.current().digest());
    }
}

/// Strict JSON takes nothing that JSON does not.
pub fn json(bytes: &[u8]) {
    if let Ok(strict) = strict_json::from_slice::<serde_json::Value>(bytes) {
        assert_eq!(serde_json::from_slice::<serde_json::Value>(bytes).unwrap(), strict);
    }
}

/// The text of a dictionary: it is read, or at least one flaw is told.
pub fn dictionary(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Err(flaws) = Dictionary::parse_all(text)
    {
        assert!(flaws.iter().all(|flaw| !flaw.to_string().is_empty()) && !flaws.is_empty());
    }
}

/// One member's shares of cells, and a contribution's input and public share.
pub fn shares(bytes: &[u8]) {
    static CIRCUIT: OnceLock<Circuit> = OnceLock::new();
    let circuit = CIRCUIT.get_or_init(|| {
        let mut federation = federation().seed(0).participants(Vec::new()).build();
        let question = federation.compose(QUESTION, RhoMicro(1_000_000));
        let inquiry = federation.inquiry(&question);
        Circuit::new(inquiry.plan(), &inquiry.parties(200, 3)).unwrap()
    });
    if let Ok(cells) = CellShares::from_bytes(bytes, bytes.len() / 8) {
        assert_eq!(cells.to_bytes(), bytes);
    }
    let half = bytes.split_at(bytes.len() / 2);
    let (key, context, nonce) = (&[7; 32], b"fuzz".as_slice(), &[9; 16]);
    for role in 0..3 {
        for (input, public) in [(bytes, [].as_slice()), half] {
            drop(circuit.begin(&Verification { key, context, role, nonce, public, input }));
        }
    }
}

/// The text of a question, in both modes: it is a plan, or a refusal that says something.
pub fn question_text(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for mode in [Mode::Dp, Mode::Exact] {
        match question::compile(text, trial(), mode) {
            Ok(plan) => assert_eq!(question::compile(text, trial(), mode).unwrap().digest(), plan.digest()),
            Err(why) => assert!(!why.to_string().is_empty() && !why.remedy().is_empty()),
        }
    }
}

/// The most bytes that a message may be written in again: names and numbers of any spelling come out shortest.
const fn grown(bytes: &[u8]) -> usize {
    bytes.len() * 2 + 64
}

/// Takes an envelope as every kind; what is claimed is read by nobody, but for its digest.
fn claimed(envelope: &Envelope) {
    fn one<T: Document>(envelope: &Envelope) -> usize {
        envelope.claim::<T>().map_or(0, |claimed| usize::from(claimed.digest() == envelope.digest()))
    }
    let kinds: [fn(&Envelope) -> usize; 20] = [
        one::<Charter>,
        one::<Study>,
        one::<Statement>,
        one::<Enrolment>,
        one::<Query>,
        one::<Commitment>,
        one::<Upload>,
        one::<Freeze>,
        one::<Join>,
        one::<Manifest>,
        one::<Void>,
        one::<CountOpening>,
        one::<Share>,
        one::<Release>,
        one::<Relay>,
        one::<Ask>,
        one::<TreeHead>,
        one::<LastSeen>,
        one::<Arrival>,
        one::<Delivery>,
    ];
    let taken: usize = kinds.iter().map(|one| one(envelope)).sum();
    assert!(taken <= 1, "an envelope passes for two kinds");
}

fn trial() -> &'static Dictionary {
    static TRIAL: OnceLock<Dictionary> = OnceLock::new();
    TRIAL.get_or_init(|| Dictionary::parse(DICTIONARY).unwrap())
}

const QUESTION: &str =
    "SELECT count(*), mean(change(hamd17, day => 42, from => 32, to => 72)) FROM courses GROUP BY arm";
