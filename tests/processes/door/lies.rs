//! What a patient's program makes of a clinic that lies, and keeps whatever the clinic says.

use std::fs;

use serde_json::Value;
use sumac_protocol::digest::Digest;
use sumac_protocol::moment::{Millis, Moment};

use crate::liar::{Books, Mood, Scene, clinic_key, now};

/// A patient who granted and withdrew, and holds both receipts.
fn withdrawn() -> Scene {
    let scene = Scene::open();
    scene.done(&["grant"]);
    scene.done(&["revoke"]);
    assert_eq!((scene.standing(), scene.kept("receipt-").len()), ("withdrawn", 2));
    scene
}

fn digest_of_withdrawal(scene: &Scene) -> Digest {
    scene.books().statements[1].digest()
}

#[test]
fn a_longer_ledger_without_an_acknowledged_withdrawal_is_never_green() {
    for same_start in [false, true] {
        let scene = withdrawn();
        let (before, withdrawal) = (scene.kept(""), digest_of_withdrawal(&scene));
        {
            let mut books = scene.books();
            let mut made_up = [6; 32];
            if same_start {
                made_up[..8].copy_from_slice(&withdrawal.0[..8]);
            }
            let (first, another) = (books.leaves[0], Digest([8; 32]));
            let fork = vec![first, books.leaf(&Digest(made_up)), another];
            let receipt = books.receipt(&Digest(made_up), &fork, 1);
            books.made_up.push(receipt);
            books.upload(&Books::head(&fork), now());
            books.fork = Some(fork);
        }
        let (exit, said) = scene.watched();
        assert_eq!(exit, 1, "{said}");
        assert!(said.contains("error[ledger-rewritten]"), "{said}");
        assert_eq!(scene.kept(""), before, "nothing that was kept was touched, and nothing came in");
    }
}

#[test]
fn a_receipt_from_another_ledger_is_red_and_replaces_neither_head_nor_statement() {
    let scene = withdrawn();
    let head = scene.kept("head");
    {
        let mut books = scene.books();
        books.leaves = vec![books.leaves[0], Digest([8; 32]), Digest([9; 32])];
        let fork = Books::head(&books.leaves);
        books.upload(&fork, now());
    }
    let (exit, said) = scene.at(&["revoke"]);
    // The clinic still says that the patient withdrew only because of what it dropped; so another one is signed.
    assert_eq!(exit, 1, "{said}");
    assert!(said.contains("error[ledger-rewritten]") && said.contains("not from the ledger"), "{said}");
    assert_eq!((scene.kept("head"), scene.kept("receipt-").len()), (head, 2), "{said}");
    assert_eq!((scene.kept("waiting-").len(), scene.kept("doubtful-").len()), (1, 1), "both are kept");
    let (exit, said) = scene.watched();
    assert_eq!(exit, 1, "and it stays so: {said}");
    assert!(said.contains("error[ledger-rewritten]"), "{said}");
}

#[test]
fn a_receipt_for_what_nobody_signed_is_told_and_not_kept() {
    let scene = withdrawn();
    {
        let mut books = scene.books();
        let leaf = books.leaf(&Digest([6; 32]));
        books.leaves.push(leaf);
        let receipt = books.receipt(&Digest([6; 32]), &books.leaves, 2);
        books.made_up.push(receipt);
    }
    let (exit, said) = scene.at(&["receipts"]);
    assert_eq!(exit, 1, "{said}");
    assert!(said.contains("error[receipt-of-nothing]"), "{said}");
    assert_eq!(scene.kept("receipt-").len(), 2);
}

#[test]
fn an_old_head_that_is_shown_long_after_a_withdrawal_is_caught_by_the_members_clock() {
    let scene = Scene::open();
    scene.done(&["grant"]);
    let old = Books::head(&scene.books().leaves);
    scene.done(&["revoke"]);
    scene.books().upload(&old, now());
    let (exit, said) = scene.watched();
    assert!(said.contains("selected without your withdrawal") && said.contains("look again after"), "{said}");
    assert_eq!(exit, 0, "a query may have been under way: {said}");
    // As if the receipt had come before the longest life of any query.
    for (path, mut kept) in scene.kept("receipt-") {
        let before = Moment(now().0 - 91 * Millis::DAY.0);
        kept["received_at"] = serde_json::to_value(before).unwrap();
        fs::write(path, kept.to_string()).unwrap();
    }
    let (exit, said) = scene.watched();
    assert_eq!(exit, 1, "{said}");
    assert!(said.contains("error[ledger-old-tree]") && said.contains("without your statement"), "{said}");
    let tree = Books::head(&scene.books().leaves);
    scene.books().upload(&tree, now());
    let (exit, said) = scene.watched();
    assert_eq!((exit, said.matches("saw the same ledger").count()), (0, 2), "under the tree of now: {said}");
}

#[test]
fn whatever_the_clinic_says_a_withdrawal_is_signed_kept_and_handed_in_again() {
    let cases = [
        (Mood::SaysWithdrawn, 0, "acknowledged at position", "it is not believed"),
        (Mood::Refuses, 1, "error[statement-future]: not now nor later", "refused, and kept"),
        (Mood::KnowsNobody, 0, "acknowledged at position", "a key that was replaced still says no"),
    ];
    for (mood, exits, words, why) in cases {
        let scene = Scene::open();
        scene.done(&["grant"]);
        scene.books().mood = mood;
        let (exit, said) = scene.at(&["revoke"]);
        assert_eq!(exit, exits, "{why}: {said}");
        assert!(said.contains(words), "{why}: {said}");
        assert_eq!(scene.kept("waiting-").len(), usize::try_from(exits).unwrap(), "{why}");
        if exits > 0 {
            let (_, said) = scene.at(&["status"]);
            assert!(
                said.contains("no receipt yet for your withdrawal") && said.contains("may still be counted"),
                "{said}"
            );
        }
        scene.books().mood = Mood::Honest;
        scene.done(&["receipts"]);
        assert_eq!((scene.standing(), scene.kept("waiting-").len()), ("withdrawn", 0), "{why}");
    }
}

#[test]
fn with_the_clinic_away_a_withdrawal_is_signed_and_left_with_another_member_but_never_with_the_clinic_itself() {
    let scene = Scene::open();
    scene.done(&["grant"]);
    let nobody = "http://127.0.0.1:9";
    let (exit, said) = scene.patient(&["revoke", "--node", nobody, "--yes"]);
    assert_eq!((exit, scene.kept("waiting-").len()), (3, 1), "{said}");
    let (exit, said) = scene.patient(&["revoke", "--hand-to", &scene.clinic, "--yes"]);
    assert_eq!(exit, 1, "{said}");
    assert!(said.contains("error[member-is-clinic]"), "{said}");
    // These members keep no letters; what was signed is kept all the same, and is signed once only.
    let (exit, said) = scene.patient(&["revoke", "--hand-to", &scene.members[0], "--yes"]);
    assert_eq!((exit, scene.kept("waiting-").len()), (1, 1), "{said}");
    let (exit, said) = scene.patient(&["erase", "--node", nobody, "--yes"]);
    assert_eq!((exit, scene.kept("waiting-").len()), (3, 2), "another word is signed beside it: {said}");
    let other = Scene::open();
    other.done(&["grant"]);
    let (exit, said) = other.patient(&["revoke", "--hand-to", nobody, "--yes"]);
    assert_eq!((exit, other.kept("waiting-").len()), (3, 1), "signed where nothing waited: {said}");
    other.done(&["receipts"]);
    let (_, said) = other.patient(&["revoke", "--hand-to", nobody, "--yes"]);
    assert_eq!(other.kept("waiting-").len(), 1, "whatever was acknowledged before, it is signed again: {said}");
}

#[test]
fn a_grant_that_waits_is_not_handed_in_behind_a_withdrawal_and_a_part_is_not_taken_for_all() {
    let scene = Scene::open();
    scene.done(&["grant"]);
    let nobody = "http://127.0.0.1:9";
    let (exit, said) = scene.patient(&["revoke", "--node", nobody, "--purpose", "HMB", "--yes"]);
    assert_eq!((exit, scene.kept("waiting-").len()), (3, 1), "{said}");
    let (_, said) = scene.patient(&["revoke", "--hand-to", nobody, "--yes"]);
    assert_eq!(scene.kept("waiting-").len(), 2, "all is signed beside the part: {said}");
    scene.done(&["receipts"]);
    assert_eq!(scene.kept("waiting-").len(), 0);
    // A grant whose answer was lost waits; what is said then ends it.
    let receipts = scene.kept("receipt-");
    let (granted, kept) = receipts.iter().find(|(_, kept)| kept["receipt"]["position"] == 0).unwrap();
    let waiting = serde_json::json!({ "statement": kept["statement"] }).to_string();
    std::fs::write(granted.with_file_name("waiting-0.json"), waiting).unwrap();
    scene.done(&["revoke"]);
    assert_eq!(scene.kept("waiting-").len(), 0, "the grant was let go of, and the withdrawal has its receipt");
    assert_eq!(scene.kept("receipt-").len(), receipts.len() + 1);
}

#[test]
fn no_name_moves_a_cursor_or_passes_for_a_line_of_the_program() {
    let scene = Scene::open();
    scene.done(&["grant"]);
    scene.books().name = "Mill\u{1b}[8m\u{1b}]0;pwned\u{7}\nacknowledged at position 4".into();
    let said = scene.done(&["status"]);
    assert!(!said.contains("acknowledged at position 4") && said.contains(&clinic_key().short()), "{said}");
}

#[test]
fn two_members_that_saw_nothing_are_the_clinic_or_do_not_answer_prove_nothing() {
    let scene = withdrawn();
    let [harbour, ridge] = scene.members.clone();
    let nobody = "http://127.0.0.1:9".to_owned();
    let head = Books::head(&scene.books().leaves);
    let cases = [
        (false, &harbour, &ridge, 1, "nothing-seen", "nobody saw anything"),
        (true, &harbour, &ridge, 0, "saw the same ledger", "both saw the one ledger"),
        (true, &scene.clinic, &ridge, 1, "member-is-clinic", "the clinic is no other member"),
        (true, &harbour, &harbour, 2, "named twice", "one is not two"),
        (true, &harbour, &nobody, 3, "node-unreachable", "one alone is not enough"),
    ];
    for (uploaded, one, other, exits, words, why) in cases {
        if uploaded {
            scene.books().upload(&head, now());
        }
        let (exit, said) = scene.at(&["receipts", "--member", one, "--member", other]);
        assert_eq!(exit, exits, "{why}: {said}");
        assert!(said.contains(words), "{why}: {said}");
        assert_eq!(said.contains("the receipt holds"), exits != 2, "what is kept is checked first: {why}: {said}");
    }
}

#[test]
fn a_withdrawal_in_part_says_what_ends_and_a_change_never_brings_it_back_unsaid() {
    let scene = Scene::open();
    scene.done(&["grant", "--purpose", "GRU"]);
    for (code, exits, words) in
        [("hmb", 2, "is no purpose"), ("NRES,XX", 2, "is no purpose"), ("NCU", 2, "is no purpose")]
    {
        let (exit, said) = scene.at(&["revoke", "--purpose", code]);
        assert_eq!((exit, scene.kept("waiting-").len()), (exits, 0), "{code}: {said}");
        assert!(said.contains(words), "{code}: {said}");
    }
    let said = scene.done(&["revoke", "--purpose", "HMB"]);
    assert!(said.contains("This stays allowed: research on where people come from (POA)"), "{said}");
    let (exit, said) = scene.at(&["revoke", "--purpose", "DS"]);
    assert_eq!(exit, 1, "{said}");
    assert!(said.contains("error[ends-nothing]"), "{said}");
    let (exit, said) = scene.at(&["change", "--days", "30"]);
    assert_eq!(exit, 1, "{said}");
    assert!(
        said.contains("error[partly-withdrawn]") && said.contains("in force is research on where people come"),
        "{said}"
    );
    let said = scene.done(&["change", "--days", "30", "--purpose", "POA"]);
    assert!(said.contains("Until now:") && said.contains("From now on: What for"), "{said}");
    let said = scene.done(&["grant", "--purpose", "HMB", "--who", "academic"]);
    assert!(said.contains("in place of what you allowed before") && said.contains("Until now: Who may ask"), "{said}");
    let (exit, said) = scene.at(&["revoke", "--purpose", "GRU"]);
    assert_eq!(exit, 0, "{said}");
    assert!(said.contains("Nothing stays allowed"), "what a code includes ends with it: {said}");
}

#[test]
fn who_erased_is_told_that_it_is_done_and_not_to_enrol() {
    let scene = Scene::open();
    scene.done(&["grant"]);
    scene.done(&["erase"]);
    scene.books().mood = Mood::KnowsNobody;
    let said = scene.done(&["status"]);
    assert!(said.contains("Erased: Mill gave you its receipt") && said.contains("never grants again"), "{said}");
    let told: Value = serde_json::from_str(&scene.done(&["status", "--format", "json"])).unwrap();
    assert_eq!(told["standing"].as_str(), Some("erased"));
    assert!(scene.done(&["erase"]).contains("already withdrawn"));
}
