//! What a clinic proves to whoever holds two heads of its ledger.

use serde_json::{Value, json};
use sumac_protocol::document::consent::{Action, Revoke, Statement};
use sumac_protocol::document::tree_head::TreeHead;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::ledger::{Growth, Receipt, admit_head};
use sumac_protocol::moment::Moment;
use sumac_protocol::principal::{Principal, Signer};

use sumac_tests::processes::{hand_in, post, post_json};

use crate::rig::{clinic, door, open, signer, stranger};

fn withdraws(url: &str, clinic: Principal, who: &Signer) -> Receipt {
    let action = Action::Revoke(Revoke { purposes: None });
    let (patient, made_at) = (who.principal(), Moment(1_790_000_000_000));
    let said = Statement { clinic, patient, sequence: 9, previous: None, made_at, action, witness: None };
    let heard = hand_in(url, "/v1/statements", &Envelope::sign(&said, who).unwrap());
    serde_json::from_str(&heard.body).unwrap_or_else(|why| panic!("{why}: {heard:?}"))
}

#[test]
fn a_clinic_proves_what_lies_between_two_of_its_own_heads_and_between_no_others() {
    let federation = open();
    let (url, mill) = (door(&federation, 'D'), clinic(&federation, 'D'));
    let key = |name: &String| signer(&federation.dir().join("patients").join(format!("{name}.key")));
    let who: Vec<Signer> = federation
        .patients('D')
        .iter()
        .filter(|line| line.standing == "granted")
        .map(|line| key(&line.pseudonym))
        .collect();
    let [first, second, third] = [0, 1, 2].map(|place| withdraws(&url, mill, &who[place]).head);
    let read = |head: &Envelope| admit_head(head, &mill).unwrap();
    let growth = |body: &Value| post_json(&url, "/v1/ledger/growth", body);
    let heard = growth(&json!({ "head": first, "newer": second }));
    let grown: Growth = serde_json::from_str(&heard.body).unwrap();
    assert_eq!(grown.head.digest(), second.digest(), "up to the very head that was named, though there is a newer one");
    grown.check(&mill, &read(&first)).unwrap();
    assert!(Growth { head: third.clone(), ..grown }.check(&mill, &read(&first)).is_err(), "it proves no other");
    for newest in [json!({ "head": first }), json!({ "head": first, "newer": null })] {
        let grown: Growth = serde_json::from_str(&growth(&newest).body).unwrap();
        assert_eq!(grown.check(&mill, &read(&first)).unwrap().size, read(&third).size);
    }
    let same: Growth = serde_json::from_str(&growth(&json!({ "head": third, "newer": third })).body).unwrap();
    same.check(&mill, &read(&third)).unwrap();

    let other = withdraws(&door(&federation, 'C'), clinic(&federation, 'C'), &patient_of(&federation, 'C')).head;
    let forged = TreeHead { size: 1 << 40, ..TreeHead::clone(&read(&second)) };
    let by_nobody = Envelope::draft(&forged).unwrap();
    let by_another = Envelope::sign(&forged, &stranger()).unwrap();
    let cases = [
        ("the wrong way round", 422, "ledger-out-of-order", json!({ "head": second, "newer": first })),
        ("another clinic's newer head", 401, "ledger-bad-document", json!({ "head": first, "newer": other })),
        ("another clinic's older head", 401, "ledger-bad-document", json!({ "head": other, "newer": second })),
        ("a newer head that nobody signed", 401, "ledger-bad-document", json!({ "head": first, "newer": by_nobody })),
        (
            "a newer head that a stranger signed",
            401,
            "ledger-bad-document",
            json!({ "head": first, "newer": by_another }),
        ),
        ("no head", 400, "malformed", json!({ "head": first, "newer": 7 })),
        ("a size in its place", 400, "malformed", json!({ "head": first, "newer": { "size": 3 } })),
        ("no older head", 400, "malformed", json!({ "newer": second })),
        ("another name", 400, "malformed", json!({ "head": first, "older": second })),
    ];
    for (why, status, code, body) in cases {
        let heard = growth(&body);
        assert_eq!((heard.status, heard.code().as_str()), (status, code), "{why}: {heard:?}");
    }
    let right = json!({ "head": first, "newer": second }).to_string();
    let twice = right.replacen('{', "{\"newer\":7,", 1);
    assert_eq!(post(&url, "/v1/ledger/growth", "application/json", twice.as_bytes()).status, 400, "a name twice");
}

fn patient_of(federation: &sumac_tests::processes::Federation, clinic: char) -> Signer {
    signer(&crate::rig::somebody(federation, clinic).1)
}
