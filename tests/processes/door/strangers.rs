//! What strangers learn at the door: nothing, in the same words.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sumac_node::door::{Answer, open_answer};
use sumac_protocol::document::ask::{Ask, AskedFor};
use sumac_protocol::document::consent::{Action, Revoke, Statement};
use sumac_protocol::envelope::Envelope;
use sumac_protocol::moment::{Millis, Moment};
use sumac_protocol::octets::Octets;
use sumac_protocol::principal::{Principal, Signer};
use sumac_protocol::sealed::{OpeningKey, SealingKey};
use sumac_tests::processes::{Heard, hand_in, now, post, post_json};
use zeroize::Zeroizing;

use crate::rig::{clinic, door, open, signer, somebody, stranger};

fn challenge(url: &str, key: &Principal) -> Octets {
    let heard = post_json(url, "/v1/challenges", &json!({ "key": key }));
    assert_eq!(heard.status, 200, "{heard:?}");
    serde_json::from_value(heard.json()["challenge"].clone()).unwrap()
}

fn opening() -> OpeningKey {
    OpeningKey::from_bytes(Zeroizing::new([77; 32]))
}

fn ask(url: &str, clinic: Principal, patient: Principal) -> Ask {
    let (challenge, reply_to) = (challenge(url, &patient), opening().sealing_key().unwrap());
    Ask { clinic, patient, challenge, what: AskedFor::Status, reply_to }
}

fn answered(url: &str, ask: &Ask, signer: &Signer) -> (Heard, Answer) {
    let signed = Envelope::sign(ask, signer).unwrap();
    let heard = hand_in(url, "/v1/asks", &signed);
    assert_eq!(heard.status, 200, "{heard:?}");
    let sealed: Octets = serde_json::from_value(heard.json()["sealed"].clone()).unwrap();
    let answer = open_answer(&opening(), &signed.digest(), &sealed.0).unwrap();
    (heard, answer)
}

#[test]
fn whatever_an_ask_does_not_prove_is_refused_in_the_same_words_whosever_key_it_names() {
    let federation = open();
    let (url, clinic, elsewhere) = (door(&federation, 'D'), clinic(&federation, 'D'), clinic(&federation, 'C'));
    let patient = signer(&somebody(&federation, 'D').1);
    let sign = |ask: &Ask, who: &Signer| hand_in(&url, "/v1/asks", &Envelope::sign(ask, who).unwrap());
    let mut refusals = BTreeSet::new();
    for who in [&patient, &stranger()] {
        let other = Signer::from_seed(&Zeroizing::new([92; 32]));
        let good = ask(&url, clinic, who.principal());
        let foreign = Ask { challenge: challenge(&url, &other.principal()), ..good.clone() };
        let made_up = Ask { challenge: Octets(vec![0; 56]), ..good.clone() };
        let misled = Ask { clinic: elsewhere, ..good.clone() };
        for (why, heard) in [
            ("signed by another", sign(&good, &other)),
            ("nobody signed", hand_in(&url, "/v1/asks", &Envelope::draft(&good).unwrap())),
            ("another key's challenge", sign(&foreign, who)),
            ("a challenge that nobody gave", sign(&made_up, who)),
            ("to another clinic", sign(&misled, who)),
        ] {
            assert_eq!((heard.status, heard.code().as_str()), (401, "unproven"), "{why}");
            refusals.insert(heard.body);
        }
        assert_eq!(sign(&good, who).status, 200, "none of these used the challenge up");
        let again = sign(&good, who);
        assert_eq!(again.status, 401, "a challenge is good once");
        refusals.insert(again.body);
    }
    assert_eq!(refusals.len(), 1, "one body for all: {refusals:?}");
}

#[test]
fn a_key_that_nobody_enrolled_is_answered_in_the_same_size_as_one_that_is() {
    let federation = open();
    let (url, clinic) = (door(&federation, 'D'), clinic(&federation, 'D'));
    let (enrolled, unknown) = (signer(&somebody(&federation, 'D').1), stranger());
    for what in [AskedFor::Status, AskedFor::Next, AskedFor::Receipts, AskedFor::Uses] {
        let of = |who: &Signer| answered(&url, &Ask { what, ..ask(&url, clinic, who.principal()) }, who);
        let ((one, known), (two, stranger)) = (of(&enrolled), of(&unknown));
        assert_eq!(stranger, Answer::Unknown(true), "{what:?}");
        assert_ne!(known, Answer::Unknown(true), "{what:?}");
        assert_eq!((one.status, one.body.len()), (two.status, two.body.len()), "{what:?}");
    }
    // Nothing opens an answer but the key that was made for it, and nothing can be sealed to a point of small order.
    let (heard, _) = answered(&url, &ask(&url, clinic, enrolled.principal()), &enrolled);
    assert!(!heard.body.contains("granted"), "{heard:?}");
    let weak = Ask { reply_to: SealingKey::from_bytes(&[0; 32]).unwrap(), ..ask(&url, clinic, enrolled.principal()) };
    let refused = hand_in(&url, "/v1/asks", &Envelope::sign(&weak, &enrolled).unwrap());
    assert_eq!((refused.status, refused.code().as_str()), (422, "ask-reply-to"));
}

#[test]
fn every_wrong_statement_has_its_own_code_and_none_of_them_changes_anything() {
    let federation = open();
    let (url, clinic, elsewhere) = (door(&federation, 'D'), clinic(&federation, 'D'), clinic(&federation, 'C'));
    let patient = signer(&somebody(&federation, 'D').1);
    let before = federation.status('D').statements;
    let revoke = |who: &Signer| Statement {
        clinic,
        patient: who.principal(),
        sequence: 0,
        previous: None,
        made_at: Moment(1_790_000_000_000),
        action: Action::Revoke(Revoke { purposes: None }),
        witness: None,
    };
    let told = answered(&url, &ask(&url, clinic, patient.principal()), &patient).1;
    let Answer::Status(status) = told else { panic!("{told:?}") };
    let granted = status.granted.expect("granted").grant;
    let grant = |made_at: u64| Statement {
        made_at: Moment(made_at),
        action: Action::Grant(granted.clone()),
        ..revoke(&patient)
    };
    let sign =
        |statement: &Statement, who: &Signer| serde_json::to_value(Envelope::sign(statement, who).unwrap()).unwrap();
    let right = sign(&revoke(&patient), &patient);
    let repayload = |change: &dyn Fn(String) -> String| {
        use base64::Engine as _;
        let standard = base64::engine::general_purpose::STANDARD;
        let text = String::from_utf8(standard.decode(right["payload"].as_str().unwrap()).unwrap()).unwrap();
        let mut wrong = right.clone();
        wrong["payload"] = standard.encode(change(text)).into();
        wrong
    };
    let key = patient.principal().to_string();
    let cases = [
        ("a stranger's", 403, "not-enrolled", sign(&revoke(&stranger()), &stranger())),
        ("signed by a stranger", 401, "not-signed-by", sign(&revoke(&patient), &stranger())),
        (
            "to another clinic",
            422,
            "statement-other-clinic",
            sign(&Statement { clinic: elsewhere, ..revoke(&patient) }, &patient),
        ),
        ("a grant from next year", 422, "statement-future", sign(&grant(1 << 52), &patient)),
        ("a grant over again", 409, "statement-out-of-line", sign(&grant(now().0), &patient)),
        ("a grant of two days ago", 422, "statement-stale", sign(&grant(now().0 - 2 * Millis::DAY.0), &patient)),
        ("a name twice", 400, "malformed", repayload(&|text| text.replacen("{\"", "{\"sequence\":0,\"", 1))),
        (
            "changed after signing",
            401,
            "not-signed-by",
            repayload(&|text| text.replace("\"sequence\":0", "\"sequence\":1")),
        ),
        ("a weak key", 400, "malformed", repayload(&|text| text.replace(&key, WEAK))),
        ("no statement", 400, "wrong-kind", sign_ask(&url, clinic, &patient)),
        ("no envelope", 400, "malformed", json!({ "payload": 7 })),
        ("a list", 400, "malformed", json!([])),
    ];
    for (why, status, code, body) in cases {
        let heard = post_json(&url, "/v1/statements", &body);
        assert_eq!((heard.status, heard.code().as_str()), (status, code), "{why}: {heard:?}");
        assert!(!heard.json()["remedy"].as_str().unwrap().is_empty(), "{why}");
    }
    wrong_bodies(&url, &right);
    assert_eq!(federation.status('D').statements, before, "nothing was added");
    assert_eq!(post_json(&url, "/v1/statements", &right).status, 201, "and what is right is taken");
}

/// Bodies that are no document at all, whatever they hold.
fn wrong_bodies(url: &str, right: &Value) {
    let text = right.to_string();
    let twice = text.replacen('{', "{\"payload\":\"e30=\",", 1);
    let bodies = [
        ("a name twice outside", 400, "malformed", "application/json", twice.into_bytes()),
        ("far too large", 413, "too-large", "application/json", vec![b' '; 300 << 10]),
        ("deep", 400, "malformed", "application/json", "[".repeat(50_000).into_bytes()),
        ("no JSON", 400, "malformed", "application/json", b"\xff\xfe".to_vec()),
        ("another kind of body", 415, "not-json", "text/plain", text.clone().into_bytes()),
    ];
    for (why, status, code, kind, body) in bodies {
        let heard = post(url, "/v1/statements", kind, &body);
        assert_eq!((heard.status, heard.code().as_str()), (status, code), "{why}: {heard:?}");
    }
    assert_eq!(post(url, "/v1/nowhere", "application/json", b"{}").code(), "no-such-route");
    assert_eq!(post(url, "/v1/clinic", "application/json", b"{}").status, 405);
}

fn sign_ask(url: &str, clinic: Principal, who: &Signer) -> Value {
    serde_json::to_value(Envelope::sign(&ask(url, clinic, who.principal()), who).unwrap()).unwrap()
}

/// The `did:key` of a point of order 1.
const WEAK: &str = "did:key:z6MkeXATEjyXENzBXBxgC5EHk2JE5aqd7qMGGtDpLUH1e2Sj";
