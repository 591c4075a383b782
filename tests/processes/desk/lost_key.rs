//! A lost key is replaced by two members of staff, and by nothing less.

use std::fs;

use crate::rig::{Desk, refused};

#[test]
fn a_lost_key_is_replaced_by_two_of_staff_and_by_nobody_less() {
    let desk = Desk::open();
    let name = desk.patients[0].clone();
    let lost = desk.granted(&name, "lost");
    let newer = desk.clinics.key("newer").to_string();
    let draft = desk.path("draft.json");
    let new = |name: &str, key: &str, out: &str| {
        desk.consent(&["replace-key", "new", "--pseudonym", name, "--key", key, "--out", out])
    };
    let sign = |key: &str| {
        let key = desk.path(&format!("{key}.key"));
        desk.clinics.done(&["consent", "replace-key", "sign", &draft, "--key", &key])
    };
    let submit = || desk.consent(&["replace-key", "submit", &draft]);
    refused(&new("nobody", &newer, &draft), 1, "no-such-patient", "an unknown patient");
    refused(&new(&desk.patients[1], &newer, &draft), 1, "no-such-patient", "one who never had a key");
    assert_eq!(new(&name, "did:key:nonsense", &draft).exit, Some(2), "no key");
    assert_eq!(new(&name, &newer, &draft).exit, Some(0));
    refused(&new(&name, &newer, &draft), 1, "file", "the draft is there already");

    let before = desk.line(&name);
    refused(&submit(), 1, "too-few-signatures", "nobody signed");
    let shown = sign("anna");
    assert!(shown.text().contains(&newer), "staff see whose key comes: {}", shown.text());
    refused(&submit(), 1, "too-few-signatures", "one member of staff");
    sign("anna");
    refused(&submit(), 1, "too-few-signatures", "the same one twice");
    sign("stranger");
    refused(&submit(), 1, "too-few-signatures", "and a stranger");
    let whole = fs::read_to_string(&draft).unwrap();
    for (why, garbled) in [("cut off", &whole[..whole.len() / 2]), ("a list", "[]"), ("empty", "")] {
        fs::write(&draft, garbled).unwrap();
        refused(&submit(), 1, "no-envelope", why);
    }
    fs::write(&draft, &whole).unwrap();
    assert_eq!(desk.line(&name), before, "nothing was changed");

    sign("ben");
    let replaced = submit();
    assert_eq!(replaced.exit, Some(0), "{}", replaced.text());
    let line = desk.line(&name);
    assert_eq!(line.standing, "not_yet", "nothing counts for 14 days: {line:?}");
    assert_eq!(line.key.unwrap().to_string(), newer);
    refused(&desk.at_home(&lost, &["grant"]), 1, "not-enrolled", "the lost key grants nothing any more");
    assert_eq!(desk.line(&name).standing, "not_yet");
}
