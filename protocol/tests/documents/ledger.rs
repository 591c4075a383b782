//! Golden and wrong files of what is said about a consent ledger: heads, members' words, receipts.

use std::convert::Infallible;

use sumac_protocol::digest::Digest;
use sumac_protocol::document::arrival::Arrival;
use sumac_protocol::document::delivery::Delivery;
use sumac_protocol::document::last_seen::LastSeen;
use sumac_protocol::document::tree_head::TreeHead;
use sumac_protocol::envelope::{Document, Envelope};
use sumac_protocol::ledger::tree::{self, Nodes};
use sumac_protocol::ledger::{self, Growth, LedgerError, Opening, Receipt, TwoTrees};
use sumac_protocol::octets::Octets;
use sumac_protocol::round::message::Message;

use crate::cast::{Harbour, Mill, NOW, Otto, Person, Pia, Ridge, days_after_new_year, revocation, signed, statement};
use crate::dsse::{Sealed, seal};
use crate::files::{beside, must_hold, text_of};
use crate::golden::{golden, read_back};
use crate::refused::{Row, row, sealed};

/// Harbour's ledger: Pia's grant, her withdrawal, and a leaf whose patient was erased.
struct Ledger(Vec<Digest>);

fn salts() -> [Octets; 3] {
    [21, 22, 23].map(|byte| Octets(vec![byte; ledger::SALT_BYTES]))
}

fn statements() -> [Digest; 3] {
    let erased = Digest::of_bytes(b"a statement that nobody can read any more");
    [signed(&statement(), &[Pia]).digest(), signed(&revocation(None), &[Pia]).digest(), erased]
}

fn harbours() -> Ledger {
    Ledger(salts().iter().zip(statements()).map(|(salt, statement)| ledger::leaf(&salt.0, &statement)).collect())
}

impl Nodes for Ledger {
    type Error = Infallible;
    fn node(&mut self, level: u32, at: u64) -> Result<Digest, Infallible> {
        let from = usize::try_from(at << level).unwrap();
        let mut hashes: Vec<Digest> = self.0[from..from + (1 << level)].iter().map(tree::leaf_hash).collect();
        while hashes.len() > 1 {
            hashes = hashes.chunks_exact(2).map(|pair| tree::parent_hash(&pair[0], &pair[1])).collect();
        }
        Ok(hashes[0])
    }
}

fn tree_head(size: u64) -> TreeHead {
    let Ok(root) = tree::root(&mut harbours(), size);
    TreeHead { clinic: Harbour.key(), size, root, made_at: days_after_new_year(30) }
}

fn last_seen() -> LastSeen {
    LastSeen {
        member: Ridge.key(),
        clinic: Harbour.key(),
        query: Digest::of_bytes(b"the newest query that Ridge saw Harbour contribute to"),
        attempt: 1,
        counter: 17,
        ledger: ledger::commitment(&[24; ledger::SALT_BYTES], &signed(&tree_head(3), &[]).digest()),
        seen_at: days_after_new_year(31),
    }
}

/// What Pia seals for Harbour, when Harbour gives no receipt.
const SEALED: &[u8] = b"sealed bytes that Ridge cannot read";

fn arrival() -> Arrival {
    let sealed = Digest::of_bytes(SEALED);
    Arrival { member: Ridge.key(), clinic: Harbour.key(), sealed, arrived_at: NOW }
}

fn delivery() -> Delivery {
    let handed = ledger::handed_over(&Harbour.key(), SEALED);
    Delivery { clinic: Harbour.key(), member: Ridge.key(), handed, delivered_at: NOW }
}

/// What a member hands on, and what the clinic says to it, as messages.
pub(crate) fn handed_on() -> [Message; 2] {
    let sealed = Octets(SEALED.to_vec());
    [
        Message::HandOn { arrival: signed(&arrival(), &[Ridge]), sealed },
        Message::Delivered(signed(&delivery(), &[Harbour])),
    ]
}

/// The golden files.
pub(crate) fn files() -> Vec<(String, String)> {
    vec![
        golden("tree-head", "the head of a clinic's ledger of three statements", &tree_head(3), &[Harbour]),
        golden("last-seen", "a member's word about the newest upload it saw", &last_seen(), &[Ridge]),
        golden("arrival", "a member's word that something sealed was handed over", &arrival(), &[Ridge]),
        golden("delivery", "a clinic's word that what a member held has come", &delivery(), &[Harbour]),
    ]
}

fn receipt() -> Receipt {
    let ([_, salt, _], [_, statement, _]) = (salts(), statements());
    let Ok(proof) = tree::inclusion(&mut harbours(), 1, 3);
    Receipt { statement, position: 1, salt, head: signed(&tree_head(3), &[Harbour]), proof: proof.unwrap() }
}

fn growth() -> Growth {
    let Ok(proof) = tree::consistency(&mut harbours(), 2, 3);
    Growth { head: signed(&tree_head(3), &[Harbour]), proof: proof.unwrap() }
}

fn opening() -> Opening {
    Opening { salt: Octets(vec![24; ledger::SALT_BYTES]), head: signed(&tree_head(3), &[Harbour]) }
}

fn two_trees() -> TwoTrees {
    let other = TreeHead { root: Digest::of_bytes(b"another tree"), ..tree_head(3) };
    TwoTrees { first: signed(&tree_head(3), &[Harbour]), second: signed(&other, &[Harbour]) }
}

#[test]
fn what_a_clinic_hands_out_about_its_ledger_is_the_golden_files_and_holds() {
    let file = |name: &str, text: String| (format!("{name}.json"), text);
    must_hold(
        &beside("ledger"),
        &[
            file("receipt", text_of(&receipt())),
            file("growth", text_of(&growth())),
            file("opening", text_of(&opening())),
            file("two-trees", text_of(&two_trees())),
        ],
    );
    let harbour = Harbour.key();
    let head = receipt().check(&harbour, &signed(&revocation(None), &[Pia]).digest()).unwrap();
    assert_eq!((head.size, head.made_at), (3, days_after_new_year(30)));
    assert_eq!(growth().check(&harbour, &tree_head(2)).unwrap().digest(), head.digest());
    assert_eq!(opening().check(&harbour, &last_seen().ledger).unwrap().digest(), head.digest());
    assert_eq!(two_trees().check(&harbour).unwrap().map(|head| head.size), [3, 3]);
}

#[test]
fn golden_words_about_a_ledger_are_read_back_and_taken() {
    let harbour = Harbour.key();
    ledger::admit_head(&read_back("tree-head", &tree_head(3)), &harbour).unwrap();
    ledger::admit_last_seen(&read_back("last-seen", &last_seen()), &Ridge.key(), &harbour).unwrap();
    let said = read_back("arrival", &arrival());
    ledger::admit_arrival(&said, &Ridge.key(), &harbour, &Digest::of_bytes(SEALED)).unwrap();
    let said = ledger::admit_delivery(&read_back("delivery", &delivery()), &Ridge.key()).unwrap();
    assert_eq!(said.handed, ledger::handed_over(&harbour, SEALED));
}

#[test]
fn leaves_roots_and_commitments_are_hashed_as_the_specification_says() {
    let labelled = |label: &str, parts: &[&[u8]]| {
        let mut bytes = format!("sumac/1/{label}\0").into_bytes();
        for part in parts {
            bytes.extend(u64::try_from(part.len()).unwrap().to_le_bytes());
            bytes.extend_from_slice(part);
        }
        Digest::of_bytes(&bytes)
    };
    let leaves: Vec<Digest> = salts()
        .iter()
        .zip(statements())
        .map(|(salt, statement)| labelled("ledger-leaf", &[&salt.0, statement.bytes()]))
        .collect();
    let hashed = |leaf: &Digest| Digest::of_bytes(&[&[0], leaf.bytes()].concat());
    let joined = |left: Digest, right: Digest| Digest::of_bytes(&[&[1], left.bytes(), right.bytes()].concat());
    let root = joined(joined(hashed(&leaves[0]), hashed(&leaves[1])), hashed(&leaves[2]));
    assert_eq!(tree_head(3).root, root);
    assert_eq!(receipt().proof.0, [hashed(&leaves[0]).bytes(), hashed(&leaves[2]).bytes()].concat());
    assert_eq!(growth().proof.0, hashed(&leaves[2]).bytes());
    let head = signed(&tree_head(3), &[]).digest();
    assert_eq!(last_seen().ledger, labelled("ledger-commitment", &[&[24; 32], head.bytes()]));
}

/// The right document of a kind as text, who signs it, a digest in it, and another kind that it may be passed off as.
fn right(kind: &'static str) -> (String, Person, Digest, &'static str) {
    fn text<T: Document>(document: &T) -> String {
        serde_json::to_string(document).unwrap()
    }
    match kind {
        "tree-head" => (text(&tree_head(3)), Harbour, tree_head(3).root, "last-seen"),
        "last-seen" => (text(&last_seen()), Ridge, last_seen().ledger, "arrival"),
        "arrival" => (text(&arrival()), Ridge, arrival().sealed, "tree-head"),
        "delivery" => (text(&delivery()), Harbour, delivery().handed, "arrival"),
        other => panic!("`{other}` says nothing about a ledger"),
    }
}

/// The kinds of document that speak of a ledger.
pub(crate) const KINDS: [&str; 4] = ["tree-head", "last-seen", "arrival", "delivery"];

fn flawed_in_every_kind(kind: &'static str) -> Vec<Row> {
    let (text, signer, digest, other) = right(kind);
    let spelled = |digest: Digest| serde_json::to_value(digest).unwrap().as_str().unwrap().to_owned();
    let right = spelled(digest);
    let altered = spelled(Digest::of_bytes(b"another"));
    let tampered = seal(kind, &text, &[signer]).with_payload(|text| text.replacen(&right, &altered, 1));
    let retyped = seal(other, &text, &[signer]);
    let relabelled = Sealed { payload_type: retyped.payload_type.clone(), ..seal(kind, &text, &[signer]) };
    let written = |text: &str| seal(kind, text, &[signer]);
    let wider = text.replacen('{', "{\"more\":1,", 1);
    let twice = text.replacen('{', &format!("{{\"clinic\":\"{}\",", Harbour.key()), 1);
    let plain = text.replacen(&right, &format!("{right}="), 1);
    let short = text.replacen(&right, right.get(..40).unwrap(), 1);
    vec![
        row(format!("{kind}-wrong-type"), kind, "signed as another kind", "wrong-kind", retyped),
        row(format!("{kind}-changed-type"), kind, "retyped after signing", "wrong-kind", relabelled),
        row(format!("{kind}-tampered"), kind, "another digest, after signing", "not-signed-by", tampered),
        row(format!("{kind}-by-other"), kind, "signed by a stranger", "not-signed-by", seal(kind, &text, &[Otto])),
        row(format!("{kind}-unsigned"), kind, "signed by nobody", "not-signed-by", seal(kind, &text, &[])),
        row(format!("{kind}-unknown-field"), kind, "a field of no such kind", "malformed", written(&wider)),
        row(format!("{kind}-clinic-twice"), kind, "two clinics", "malformed", written(&twice)),
        row(format!("{kind}-padded"), kind, "a digest padded with =", "malformed", written(&plain)),
        row(format!("{kind}-short-digest"), kind, "a digest of 30 bytes", "malformed", written(&short)),
    ]
}

fn flawed_heads_and_words() -> Vec<Row> {
    let head = |change: fn(&mut TreeHead)| {
        let mut wrong = tree_head(3);
        change(&mut wrong);
        sealed(&wrong, &[Harbour])
    };
    let seen = |change: fn(&mut LastSeen)| {
        let mut wrong = last_seen();
        change(&mut wrong);
        sealed(&wrong, &[Ridge])
    };
    let came = |change: fn(&mut Arrival)| {
        let mut wrong = arrival();
        change(&mut wrong);
        sealed(&wrong, &[Ridge])
    };
    let gone = |change: fn(&mut Delivery)| {
        let mut wrong = delivery();
        change(&mut wrong);
        sealed(&wrong, &[Harbour])
    };
    let (elsewhere, by_other) = ("ledger-other-clinic", "ledger-other-member");
    let size = |size: &str| {
        let text = serde_json::to_string(&tree_head(3)).unwrap();
        seal("tree-head", &text.replacen("\"size\":3", &format!("\"size\":{size}"), 1), &[Harbour])
    };
    vec![
        row("tree-head-elsewhere", "tree-head", "of Mill, by Harbour", elsewhere, head(|h| h.clinic = Mill.key())),
        row("tree-head-empty", "tree-head", "an empty tree with leaves", "ledger-empty-tree", head(|h| h.size = 0)),
        row("tree-head-past-2-53", "tree-head", "2^53 + 1 leaves", "malformed", size("9007199254740993")),
        row("tree-head-negative", "tree-head", "-1 leaves", "malformed", size("-1")),
        row("tree-head-float", "tree-head", "3.0 leaves", "malformed", size("3.0")),
        row("last-seen-elsewhere", "last-seen", "of Mill", elsewhere, seen(|s| s.clinic = Mill.key())),
        row("last-seen-member", "last-seen", "in Mill's name", by_other, seen(|s| s.member = Mill.key())),
        row("arrival-elsewhere", "arrival", "for Mill", elsewhere, came(|a| a.clinic = Mill.key())),
        row("arrival-member", "arrival", "in Mill's name", by_other, came(|a| a.member = Mill.key())),
        row(
            "arrival-of-other",
            "arrival",
            "something else arrived",
            "ledger-other-arrival",
            came(|a| a.sealed = Digest([0; 32])),
        ),
        row("delivery-elsewhere", "delivery", "of Mill, by Harbour", "not-signed-by", gone(|d| d.clinic = Mill.key())),
        row("delivery-member", "delivery", "to Mill", by_other, gone(|d| d.member = Mill.key())),
    ]
}

/// Every wrong file about a ledger.
pub(crate) fn rows() -> Vec<Row> {
    let mut rows: Vec<Row> = KINDS.into_iter().flat_map(flawed_in_every_kind).collect();
    rows.extend(flawed_heads_and_words());
    rows
}

/// What becomes of a word about Harbour's ledger: the code that refuses it.
pub(crate) fn code(kind: &str, envelope: &Envelope) -> Option<&'static str> {
    let (harbour, ridge) = (Harbour.key(), Ridge.key());
    let refused = match kind {
        "tree-head" => ledger::admit_head(envelope, &harbour).err(),
        "last-seen" => ledger::admit_last_seen(envelope, &ridge, &harbour).err(),
        "arrival" => ledger::admit_arrival(envelope, &ridge, &harbour, &arrival().sealed).err(),
        "delivery" => ledger::admit_delivery(envelope, &ridge).err(),
        other => panic!("`{other}` says nothing about a ledger"),
    }?;
    Some(if let LedgerError::BadDocument(why) = &refused { why.code() } else { refused.code() })
}
