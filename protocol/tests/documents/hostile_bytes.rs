//! Bytes that are no message: each file is named after its flaw and says how it is refused.

use ciborium::Value;
use serde::Serialize;
use sumac_protocol::limits::MESSAGE_BYTES_MAX;
use sumac_protocol::round::message::{CodecError, Message, Reply, decode, encode};

use crate::files::{beside, files_in, hex, must_hold, text_of, unhex};
use crate::trial::inquiry;

/// A wrong file.
#[derive(Serialize)]
struct Hostile {
    why: &'static str,
    refused: &'static str,
    cbor: String,
}

fn row(name: &str, why: &'static str, refused: &'static str, bytes: &[u8]) -> (String, String) {
    (format!("{name}.json"), text_of(&Hostile { why, refused, cbor: hex(bytes) }))
}

/// A nudge, which is small, spelled with these parts.
fn nudge(name: &str, fields: Vec<(Value, Value)>) -> Vec<u8> {
    written(&Value::Map(vec![(name.into(), Value::Map(fields))]))
}

fn written(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap();
    bytes
}

fn query() -> (Value, Value) {
    ("query".into(), Value::Bytes(inquiry().id().bytes().to_vec()))
}

fn attempt(number: impl Into<Value>) -> (Value, Value) {
    ("attempt".into(), number.into())
}

fn wrong_shapes() -> Vec<(String, String)> {
    let right = encode(&Message::Nudge { query: inquiry().id(), attempt: 1 });
    assert_eq!(right, nudge("nudge", vec![query(), attempt(1)]), "made by hand as by the library");
    let mut two = right.clone();
    two[0] = 0xa2;
    two.extend_from_slice(&right[1..]);
    let cut = right.get(..right.len() - 1).unwrap();
    let more = ("more".into(), Value::Null);
    vec![
        row("empty", "no bytes at all", "malformed", &[]),
        row("cut", "a nudge less its last byte", "malformed", cut),
        row("trailing-byte", "a nudge and a 0", "trailing", &[right.as_slice(), &[0]].concat()),
        row("two-messages", "a nudge behind a nudge", "trailing", &[right.as_slice(), &right].concat()),
        row("two-names", "two messages in one map", "malformed", &two),
        row("no-name", "an empty map", "malformed", &[0xa0]),
        row("list", "a list of name and fields", "malformed", &[&[0x82][..], &right[1..]].concat()),
        row("unknown-message", "a message of no version", "malformed", &nudge("nag", vec![query(), attempt(1)])),
        row("number-as-name", "the fifteenth message", "malformed", &[&[0xa1, 14][..], &right[7..]].concat()),
        row("unknown-field", "a field of no nudge", "malformed", &nudge("nudge", vec![query(), attempt(1), more])),
        row("missing-field", "no attempt", "malformed", &nudge("nudge", vec![query()])),
        row("field-twice", "two attempts", "malformed", &nudge("nudge", vec![query(), attempt(1), attempt(2)])),
        row("bare-name", "a name without fields", "malformed", &written(&"nudge".into())),
        row("json", "JSON, not CBOR", "malformed", br#"{"nudge":{"attempt":1}}"#),
    ]
}

fn wrong_values() -> Vec<(String, String)> {
    let with = |query: Value, number: Value| nudge("nudge", vec![("query".into(), query), attempt(number)]);
    let id = || Value::Bytes(inquiry().id().bytes().to_vec());
    let bytes = |length: usize| Value::Bytes(vec![7; length]);
    let list = Value::Array(inquiry().id().bytes().iter().map(|byte| (*byte).into()).collect());
    let mut no_text = nudge("nudge", vec![query(), attempt(1)]);
    no_text[2] = 0xff;
    vec![
        row("attempt-256", "0 in a byte", "malformed", &with(id(), 256.into())),
        row("attempt-negative", "attempt -1", "malformed", &with(id(), (-1).into())),
        row("attempt-float", "attempt 1.0", "malformed", &with(id(), 1.0.into())),
        row("attempt-text", "attempt \"1\"", "malformed", &with(id(), "1".into())),
        row("attempt-null", "no attempt", "malformed", &with(id(), Value::Null)),
        row("digest-31", "a digest of 31 bytes", "malformed", &with(bytes(31), 1.into())),
        row("digest-33", "a digest of 33 bytes", "malformed", &with(bytes(33), 1.into())),
        row("digest-text", "a digest as in JSON", "malformed", &with(inquiry().id().hex().into(), 1.into())),
        row("digest-list", "a digest as a list of numbers", "malformed", &with(list, 1.into())),
        row("no-utf-8", "a name that is no UTF-8", "malformed", &no_text),
        row("envelope-payload", "an envelope whose payload is no base64", "malformed", &envelope("*")),
        row("envelope-signatures", "an envelope without signatures", "malformed", &bare_envelope()),
    ]
}

fn envelope(payload: &str) -> Vec<u8> {
    let fields = vec![
        ("payloadType".into(), "application/vnd.sumac.void.v1+json".into()),
        ("payload".into(), payload.into()),
        ("signatures".into(), Value::Array(vec![])),
    ];
    nudge("void", fields)
}

fn bare_envelope() -> Vec<u8> {
    let fields =
        vec![("payloadType".into(), "application/vnd.sumac.void.v1+json".into()), ("payload".into(), "e30=".into())];
    nudge("void", fields)
}

/// Lengths that are claimed and not there, and nesting: none may cost more than its bytes.
fn bombs() -> Vec<(String, String)> {
    let head = [&[0xa1, 0x65][..], b"nudge", &[0xa2, 0x65], b"query"].concat();
    let uploads = [&[0xa1, 0x65][..], b"batch", &[0xa4, 0x67], b"uploads"].concat();
    let claims = |head: &[u8], initial: u8| [head, &[initial], &[0xff; 7], &[0xfe]].concat();
    let deep = |initial: u8| [vec![initial; 2_000], vec![0]].concat();
    let maps = [&[0xa1, 0x60].repeat(1_000)[..], &[0]].concat();
    vec![
        row("bytes-2-64", "a byte string that claims 2^64 - 2 bytes", "malformed", &claims(&head, 0x5b)),
        row("text-2-64", "a text that claims as much", "malformed", &claims(&[], 0x7b)),
        row("map-2-64", "a map that claims as many pairs", "malformed", &claims(&[], 0xbb)),
        row("uploads-2-64", "a batch that claims as many uploads", "malformed", &claims(&uploads, 0x9b)),
        row("deep-lists", "lists in lists, 2,000 deep", "malformed", &deep(0x81)),
        row("deep-maps", "maps in maps, 1,000 deep", "malformed", &maps),
        row("deep-tags", "2,000 tags before nothing", "malformed", &[0xc1; 2_000]),
        row(
            "endless-text",
            "a text of endless parts, cut",
            "malformed",
            &[&[0x7f][..], &[0x61, b'n'].repeat(500)].concat(),
        ),
        row("break", "an end of nothing", "malformed", &[0xff]),
        row("reserved", "a reserved initial byte", "malformed", &[0x1c]),
    ]
}

#[test]
fn hostile_bytes_are_the_files_in_the_folder() {
    must_hold(&beside("messages/refused"), &[wrong_shapes(), wrong_values(), bombs()].concat());
}

fn word(error: &CodecError) -> &'static str {
    match error {
        CodecError::TooLarge { .. } => "too-large",
        CodecError::Malformed { .. } => "malformed",
        CodecError::Trailing { .. } => "trailing",
        other => panic!("{other:?} has no word here"),
    }
}

#[test]
fn every_hostile_file_is_refused_as_it_says_and_is_no_reply_either() {
    let files = files_in(&beside("messages/refused"));
    assert!(files.len() >= 36, "{} files", files.len());
    for (name, file) in files {
        let bytes = unhex(file["cbor"].as_str().unwrap());
        let refused = decode::<Message>(&bytes).map_err(|why| word(&why)).unwrap_err();
        assert_eq!(Some(refused), file["refused"].as_str(), "{name}: {}", file["why"]);
        assert!(decode::<Reply>(&bytes).is_err(), "{name}");
    }
}

#[test]
fn a_message_a_byte_too_long_is_refused_before_it_is_read() {
    let most = vec![0xff; MESSAGE_BYTES_MAX];
    assert_eq!(decode::<Message>(&most).map_err(|why| word(&why)), Err("malformed"));
    let longer = vec![0xff; MESSAGE_BYTES_MAX + 1];
    assert_eq!(decode::<Message>(&longer), Err(CodecError::TooLarge { got: MESSAGE_BYTES_MAX + 1 }));
}

#[test]
fn a_golden_message_with_a_byte_changed_is_refused_or_is_a_message_that_can_be_written() {
    for (name, file) in files_in(&beside("messages")) {
        let bytes = unhex(file["cbor"].as_str().unwrap());
        for at in (0..bytes.len()).step_by(bytes.len() / 100 + 1) {
            for change in [0x01, 0x20, 0x80, 0xff] {
                let mut altered = bytes.clone();
                altered[at] ^= change;
                if let Ok(read) = decode::<Message>(&altered) {
                    assert_eq!(decode(&encode(&read)), Ok(read), "{name}: byte {at}");
                }
            }
        }
    }
}

#[test]
fn every_bit_of_a_digest_in_a_message_counts() {
    let message = Message::Nudge { query: inquiry().id(), attempt: 1 };
    let bytes = encode(&message);
    let digest = bytes.windows(32).position(|window| window == inquiry().id().bytes()).unwrap();
    for at in digest..digest + 32 {
        for bit in 0..8 {
            let mut altered = bytes.clone();
            altered[at] ^= 1 << bit;
            let read = decode::<Message>(&altered).unwrap();
            assert_ne!(read, message, "bit {bit} of byte {at}");
        }
    }
}
