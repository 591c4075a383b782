//! A ledger of a clinic that tells the truth, and what happens to everything that does not.

use std::convert::Infallible;

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::tree::{self, Nodes};
use super::{Growth, LedgerError, Opening, Receipt, TwoTrees, admit_head, admit_last_seen, commitment, leaf};
use crate::digest::{Digest, Label};
use crate::document::arrival::Arrival;
use crate::document::last_seen::LastSeen;
use crate::document::tree_head::TreeHead;
use crate::envelope::Envelope;
use crate::limits::{CLOCK_DOUBT, INTEGER_MAX};
use crate::moment::{Millis, Moment};
use crate::octets::Octets;
use crate::principal::{Principal, Signer};

const NOW: Moment = Moment(1_767_225_600_000);

fn harbour() -> Signer {
    Signer::from_seed(&Zeroizing::new([11; 32]))
}

fn ridge() -> Signer {
    Signer::from_seed(&Zeroizing::new([12; 32]))
}

fn clinic() -> Principal {
    harbour().principal()
}

fn statement(number: u64) -> Digest {
    Digest::of(Label::Plan, &[&number.to_le_bytes()])
}

fn salt(number: u64) -> Vec<u8> {
    Digest::of(Label::Noise, &[&number.to_le_bytes()]).bytes().to_vec()
}

fn leaf_at(number: u64) -> Digest {
    leaf(&salt(number), &statement(number))
}

/// Every complete subtree of some leaves, level by level.
struct Levels(Vec<Vec<Digest>>);

impl Levels {
    fn over(leaves: &[Digest]) -> Self {
        let mut levels = vec![leaves.iter().map(tree::leaf_hash).collect::<Vec<_>>()];
        while let Some(below) = levels.last().filter(|level| level.len() > 1) {
            let pairs = below.chunks_exact(2).map(|pair| tree::parent_hash(&pair[0], &pair[1]));
            levels.push(pairs.collect());
        }
        Self(levels)
    }
}

impl Nodes for Levels {
    type Error = Infallible;
    fn node(&mut self, level: u32, at: u64) -> Result<Digest, Infallible> {
        Ok(self.0[usize::try_from(level).unwrap()][usize::try_from(at).unwrap()])
    }
}

/// A ledger whose leaves a test may change.
struct Ledger {
    leaves: Vec<Digest>,
}

impl Ledger {
    fn of(size: u64) -> Self {
        Self { leaves: (0..size).map(leaf_at).collect() }
    }
    fn head(&self, size: u64) -> TreeHead {
        let Ok(root) = tree::root(&mut Levels::over(&self.leaves), size);
        TreeHead { clinic: clinic(), size, root, made_at: NOW }
    }
    fn signed(&self, size: u64) -> Envelope {
        Envelope::sign(&self.head(size), &harbour()).unwrap()
    }
    fn receipt(&self, position: u64, size: u64) -> Receipt {
        let Ok(proof) = tree::inclusion(&mut Levels::over(&self.leaves), position, size);
        let salt = Octets(salt(position));
        Receipt { statement: statement(position), position, salt, head: self.signed(size), proof: proof.unwrap() }
    }
    fn growth(&self, old: u64, new: u64) -> Growth {
        let Ok(proof) = tree::consistency(&mut Levels::over(&self.leaves), old, new);
        Growth { head: self.signed(new), proof: proof.unwrap() }
    }
}

#[test]
fn every_root_and_every_proof_of_small_trees_is_that_of_rfc_6962() {
    let ledger = Ledger::of(70);
    for size in 1..=70_u64 {
        let leaves: Vec<[u8; 32]> = (0..size).map(|at| leaf_at(at).0).collect();
        let mut known = MemoryBackedTree::<Sha256, [u8; 32]>::new();
        leaves.iter().for_each(|leaf| known.push(*leaf));
        assert_eq!(ledger.head(size).root.0.as_slice(), known.root().as_bytes().as_slice(), "{size}");
        for at in 0..size {
            let receipt = ledger.receipt(at, size);
            assert_eq!(receipt.proof.0, known.prove_inclusion(usize::try_from(at).unwrap()).as_bytes(), "{at}/{size}");
            assert_eq!(receipt.check(&clinic(), &statement(at)).unwrap().size, size);
        }
        for old in 0..=size {
            let growth = ledger.growth(old, size);
            if 0 < old && old < size {
                let added = usize::try_from(size - old).unwrap();
                assert_eq!(growth.proof.0, known.prove_consistency(added).as_bytes(), "{old} to {size}");
            }
            assert_eq!(growth.check(&clinic(), &ledger.head(old)).unwrap().size, size, "{old} to {size}");
        }
    }
}

#[test]
fn no_receipt_holds_for_another_leaf_position_salt_or_tree() {
    let ledger = Ledger::of(13);
    for size in 1..=13_u64 {
        for at in 0..size {
            let right = ledger.receipt(at, size);
            for elsewhere in (0..14).filter(|elsewhere| *elsewhere != at) {
                let moved = Receipt { position: elsewhere, ..right.clone() };
                let code = moved.check(&clinic(), &statement(at)).unwrap_err().code();
                let want = if elsewhere < size { "ledger-not-included" } else { "ledger-past-the-end" };
                assert_eq!(code, want, "{at}/{size} at {elsewhere}");
                let resalted = Receipt { salt: Octets(salt(elsewhere)), ..right.clone() };
                assert_eq!(resalted.check(&clinic(), &statement(at)).unwrap_err().code(), "ledger-not-included");
            }
            for byte in 0..right.proof.0.len() {
                let mut bent = right.clone();
                bent.proof.0[byte] ^= 1;
                assert_eq!(bent.check(&clinic(), &statement(at)).unwrap_err().code(), "ledger-not-included");
            }
        }
    }
}

/// What makes a receipt wrong, and the code that says so.
type Bend = (&'static str, fn(&Ledger, &mut Receipt), &'static str);

#[test]
fn a_receipt_with_one_thing_wrong_is_refused_with_its_own_code() {
    let cases: [Bend; 11] = [
        ("for another statement", |_, r| r.statement = statement(6), "ledger-other-statement"),
        ("a salt of 31 bytes", |_, r| r.salt.0.truncate(31), "ledger-bad-salt"),
        ("no salt", |_, r| r.salt.0.clear(), "ledger-bad-salt"),
        ("no proof", |_, r| r.proof.0.clear(), "ledger-not-included"),
        ("half a digest", |_, r| r.proof.0.truncate(40), "ledger-not-included"),
        ("a digest too many", |_, r| r.proof.0.extend([0; 32]), "ledger-not-included"),
        ("at the last position there is", |_, r| r.position = u64::MAX, "ledger-past-the-end"),
        (
            "a head of another kind",
            |_, r| r.head = Envelope::sign(&arrival(), &harbour()).unwrap(),
            "ledger-bad-document",
        ),
        ("a head that nobody signed", |l, r| r.head = Envelope::draft(&l.head(9)).unwrap(), "ledger-bad-document"),
        (
            "a head signed by another",
            |l, r| r.head = Envelope::sign(&l.head(9), &ridge()).unwrap(),
            "ledger-bad-document",
        ),
        (
            "the head of another clinic",
            |l, r| {
                let theirs = TreeHead { clinic: ridge().principal(), ..l.head(9) };
                r.head = Envelope::sign(&theirs, &harbour()).unwrap();
            },
            "ledger-other-clinic",
        ),
    ];
    let ledger = Ledger::of(9);
    for (why, bend, code) in cases {
        let mut receipt = ledger.receipt(5, 9);
        bend(&ledger, &mut receipt);
        let refused = receipt.check(&clinic(), &statement(5)).unwrap_err();
        assert_eq!(refused.code(), code, "{why}");
        assert!(!refused.remedy().is_empty() && !refused.to_string().is_empty());
    }
    let theirs = ledger.receipt(5, 9).check(&ridge().principal(), &statement(5)).unwrap_err();
    assert_eq!(theirs.code(), "ledger-bad-document", "asked of another clinic");
}

#[test]
fn swapped_dropped_and_rewritten_leaves_break_receipts_and_growth() {
    let told = Ledger::of(9);
    let change = |change: fn(&mut Vec<Digest>)| {
        let mut ledger = Ledger::of(9);
        change(&mut ledger.leaves);
        ledger
    };
    for (why, lied) in [
        ("swapped with the next", change(|leaves| leaves.swap(5, 6))),
        ("swapped with the last", change(|leaves| leaves.swap(5, 8))),
        (
            "dropped, one added at the end",
            change(|leaves| {
                leaves.remove(5);
                leaves.push(leaf_at(9));
            }),
        ),
        ("rewritten", change(|leaves| leaves[5] = leaf_at(77))),
    ] {
        let held = Receipt { head: lied.signed(9), ..told.receipt(5, 9) };
        assert_eq!(held.check(&clinic(), &statement(5)).unwrap_err().code(), "ledger-not-included", "{why}");
        let same = lied.growth(9, 9).check(&clinic(), &told.head(9)).unwrap_err();
        assert_eq!(same, LedgerError::TwoRoots { size: 9 }, "{why}");
        for old in 7..9 {
            let grown = lied.growth(old, 9).check(&clinic(), &told.head(old)).unwrap_err();
            assert_eq!(grown, LedgerError::Rewritten { old, new: 9 }, "{why}");
        }
        let both = TwoTrees { first: told.signed(9), second: lied.signed(9) };
        assert_eq!(both.check(&clinic()).unwrap()[1].root, lied.head(9).root, "{why}");
    }
}

#[test]
fn a_ledger_that_shrank_or_whose_proof_is_bent_has_not_grown() {
    let ledger = Ledger::of(20);
    for old in 0..=20_u64 {
        for new in 0..=20_u64 {
            if new < old {
                let growth = Growth { head: ledger.signed(new), proof: Octets::default() };
                let refused = growth.check(&clinic(), &ledger.head(old)).unwrap_err();
                assert_eq!(refused, LedgerError::Shrunk { old, new });
                continue;
            }
            let right = ledger.growth(old, new);
            for byte in 0..right.proof.0.len() {
                let mut bent = right.clone();
                bent.proof.0[byte] ^= 0x80;
                let refused = bent.check(&clinic(), &ledger.head(old)).unwrap_err();
                assert_eq!(refused, LedgerError::Rewritten { old, new }, "byte {byte}");
            }
            let mut longer = right.clone();
            longer.proof.0.extend([0; 32]);
            assert_eq!(longer.check(&clinic(), &ledger.head(old)).unwrap_err().code(), "ledger-rewritten");
        }
    }
    let by_ridge = Growth { head: Envelope::sign(&ledger.head(20), &ridge()).unwrap(), ..ledger.growth(9, 20) };
    assert_eq!(by_ridge.check(&clinic(), &ledger.head(9)).unwrap_err().code(), "ledger-bad-document");
    let of_ridge = TreeHead { clinic: ridge().principal(), ..ledger.head(9) };
    assert_eq!(ledger.growth(9, 20).check(&clinic(), &of_ridge).unwrap_err().code(), "ledger-other-clinic");
}

#[test]
fn an_empty_ledger_has_one_root_and_holds_nothing() {
    let none = Ledger::of(0);
    assert_eq!(none.head(0).root, Digest::of_bytes(&[]));
    admit_head(&none.signed(0), &clinic()).unwrap();
    let lied = TreeHead { root: Digest([0; 32]), ..none.head(0) };
    let lied = Envelope::sign(&lied, &harbour()).unwrap();
    assert_eq!(admit_head(&lied, &clinic()).unwrap_err(), LedgerError::EmptyTree);
    let receipt = Receipt { head: none.signed(0), ..Ledger::of(1).receipt(0, 1) };
    assert_eq!(receipt.check(&clinic(), &statement(0)).unwrap_err().code(), "ledger-past-the-end");
}

#[test]
fn the_largest_size_a_document_can_say_is_checked_without_a_crash() {
    let largest = INTEGER_MAX.unsigned_abs();
    let head = TreeHead { size: largest, ..Ledger::of(3).head(3) };
    let signed = Envelope::sign(&head, &harbour()).unwrap();
    for proof in [vec![], vec![0; 53 * 32], vec![0; 54 * 32], vec![0; 33]] {
        let receipt = Receipt { head: signed.clone(), proof: Octets(proof.clone()), ..Ledger::of(3).receipt(2, 3) };
        assert_eq!(receipt.check(&clinic(), &statement(2)).unwrap_err().code(), "ledger-not-included");
        let growth = Growth { head: signed.clone(), proof: Octets(proof) };
        assert_eq!(growth.check(&clinic(), &Ledger::of(3).head(3)).unwrap_err().code(), "ledger-rewritten");
    }
    let mut nodes = Levels::over(&[leaf_at(0)]);
    assert_eq!(tree::inclusion(&mut nodes, 0, largest + 1), Ok(None));
    assert_eq!(tree::consistency(&mut nodes, 1, largest + 1), Ok(None));
    assert_eq!(tree::consistency(&mut nodes, 2, 1), Ok(None));
    assert_eq!(tree::inclusion(&mut nodes, 1, 1), Ok(None));
}

#[test]
fn an_opening_holds_for_its_own_head_and_salt_only() {
    let ledger = Ledger::of(9);
    let opening = Opening { salt: Octets(salt(100)), head: ledger.signed(9) };
    let committed = commitment(&opening.salt.0, &opening.head.digest());
    assert_eq!(opening.check(&clinic(), &committed).unwrap().size, 9);
    let cases = [
        ("another salt", Opening { salt: Octets(salt(101)), ..opening.clone() }, "ledger-other-commitment"),
        ("a shorter salt", Opening { salt: Octets(vec![1; 16]), ..opening.clone() }, "ledger-bad-salt"),
        ("another head", Opening { head: ledger.signed(8), ..opening.clone() }, "ledger-other-commitment"),
        (
            "a head signed by another",
            Opening { head: Envelope::sign(&ledger.head(9), &ridge()).unwrap(), ..opening.clone() },
            "ledger-bad-document",
        ),
    ];
    for (why, wrong, code) in cases {
        assert_eq!(wrong.check(&clinic(), &committed).unwrap_err().code(), code, "{why}");
    }
    let other = commitment(&salt(7), &opening.head.digest());
    assert_eq!(opening.check(&clinic(), &other).unwrap_err().code(), "ledger-other-commitment");
}

#[test]
fn a_cohort_selected_later_must_know_what_was_acknowledged_before() {
    let ledger = Ledger::of(9);
    let at = |size, made_at| TreeHead { made_at: Moment(made_at), ..ledger.head(size) };
    let acknowledged = at(7, 1_000);
    let other = TreeHead { root: Digest([7; 32]), ..at(7, 900) };
    for (why, selected_under, code) in [
        ("later, and larger", at(9, 2_000), None),
        ("later, and the same", at(7, 2_000), None),
        ("before, and smaller", at(6, 900), None),
        ("in the same millisecond, which tells nothing", at(6, 1_000), None),
        ("later, and smaller", at(6, 1_001), Some("ledger-shrunk")),
        ("as large and another, whenever", other, Some("ledger-two-roots")),
    ] {
        assert_eq!(super::knew(&selected_under, &acknowledged).err().map(|why| why.code()), code, "{why}");
    }
}

#[test]
fn a_cohort_seen_long_after_a_receipt_was_given_covers_it_whatever_moment_the_clinic_wrote() {
    let ledger = Ledger::of(9);
    let day = Millis::DAY.0;
    let (received_at, longest) = (Moment(NOW.0), Millis(7 * day));
    let late = NOW.0 + 7 * day + CLOCK_DOUBT.0;
    for (why, size, seen_at, covers) in [
        ("just covered, at once", 8, NOW.0, Ok(true)),
        ("just covered, long after", 8, late + 1, Ok(true)),
        ("not covered, selected before as far as anybody can tell", 7, late, Ok(false)),
        ("not covered, a millisecond after the last upload that could be older", 7, late + 1, Err("ledger-old-tree")),
        ("not covered, a year after", 0, NOW.0 + 365 * day, Err("ledger-old-tree")),
        ("not covered, and before the receipt", 7, NOW.0 - day, Ok(false)),
    ] {
        // The clinic dates the old head as it likes.
        for made_at in [Moment(0), Moment(NOW.0), Moment(late + 2)] {
            let under = TreeHead { made_at, ..ledger.head(size) };
            let got = super::heeded(&under, 7, received_at, Moment(seen_at), longest);
            let got = got.map(|heed| heed == super::Heed::Covered).map_err(|why| why.code());
            assert_eq!(got, covers, "{why}");
        }
    }
}

#[test]
fn two_heads_that_can_both_be_true_are_no_evidence() {
    let ledger = Ledger::of(9);
    let again = Envelope::sign(&TreeHead { made_at: Moment(NOW.0 + 1), ..ledger.head(9) }, &harbour()).unwrap();
    let lied = TreeHead { root: Digest([7; 32]), ..ledger.head(9) };
    let cases = [
        ("the same twice", ledger.signed(9), "ledger-no-contradiction"),
        ("the same root at another moment", again, "ledger-no-contradiction"),
        ("another size", ledger.signed(8), "ledger-no-contradiction"),
        ("signed by another", Envelope::sign(&lied, &ridge()).unwrap(), "ledger-bad-document"),
        (
            "of another clinic",
            Envelope::sign(&TreeHead { clinic: ridge().principal(), ..lied.clone() }, &harbour()).unwrap(),
            "ledger-other-clinic",
        ),
    ];
    for (why, second, code) in cases {
        let (there, back) = ([ledger.signed(9), second.clone()], [second, ledger.signed(9)]);
        for [first, second] in [there, back] {
            assert_eq!(TwoTrees { first, second }.check(&clinic()).unwrap_err().code(), code, "{why}");
        }
    }
}

fn arrival() -> Arrival {
    Arrival { member: ridge().principal(), clinic: clinic(), sealed: statement(1), arrived_at: NOW }
}

fn last_seen() -> LastSeen {
    LastSeen {
        member: ridge().principal(),
        clinic: clinic(),
        query: statement(1),
        attempt: 1,
        counter: 3,
        ledger: statement(2),
        seen_at: NOW,
    }
}

#[test]
fn a_members_word_counts_for_the_member_the_clinic_and_the_bytes_it_names() {
    let sign = |by: Signer| move |document: &Arrival| Envelope::sign(document, &by).unwrap();
    let admit = |said: &Envelope| super::admit_arrival(said, &ridge().principal(), &clinic(), &statement(1));
    admit(&sign(ridge())(&arrival())).unwrap();
    let refused = |said: Envelope| admit(&said).unwrap_err().code();
    assert_eq!(refused(sign(harbour())(&arrival())), "ledger-bad-document");
    assert_eq!(refused(sign(ridge())(&Arrival { member: clinic(), ..arrival() })), "ledger-other-member");
    assert_eq!(refused(sign(ridge())(&Arrival { clinic: ridge().principal(), ..arrival() })), "ledger-other-clinic");
    assert_eq!(refused(sign(ridge())(&Arrival { sealed: statement(2), ..arrival() })), "ledger-other-arrival");

    let admit = |said: &LastSeen, by: Signer| {
        admit_last_seen(&Envelope::sign(said, &by).unwrap(), &ridge().principal(), &clinic()).map(|said| said.counter)
    };
    assert_eq!(admit(&last_seen(), ridge()), Ok(3));
    assert_eq!(admit(&last_seen(), harbour()).unwrap_err().code(), "ledger-bad-document");
    let of_other = LastSeen { clinic: ridge().principal(), ..last_seen() };
    assert_eq!(admit(&of_other, ridge()).unwrap_err().code(), "ledger-other-clinic");
    let for_other = LastSeen { member: clinic(), ..last_seen() };
    assert_eq!(admit(&for_other, ridge()).unwrap_err().code(), "ledger-other-member");
}

#[test]
fn leaves_and_commitments_never_pass_for_each_other_and_fields_are_refused_that_nobody_knows() {
    let digest = statement(1);
    assert_ne!(leaf(&salt(1), &digest), commitment(&salt(1), &digest));
    assert_ne!(tree::leaf_hash(&digest), tree::parent_hash(&digest, &digest));
    let text = serde_json::to_string(&Ledger::of(3).receipt(1, 3)).unwrap();
    assert_eq!(serde_json::from_str::<Receipt>(&text).unwrap(), Ledger::of(3).receipt(1, 3));
    assert!(serde_json::from_str::<Receipt>(&text.replacen('{', "{\"more\":1,", 1)).is_err());
}
