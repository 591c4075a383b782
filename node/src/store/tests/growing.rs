use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ct_merkle::{indices_for_consistency_proof, indices_for_inclusion_proof};
use sha2::Sha256;

use super::rig::*;
use crate::store::index::{Changes, Index};
use crate::store::tree::{TILE_HASHES, tile, tile_name};
use crate::store::*;

/// The tree of the library over the leaves of [`statement`]s with these bodies.
type Known = MemoryBackedTree<Sha256, [u8; 32]>;

fn body(number: u64) -> String {
    format!("statement {number}")
}

fn pseudonym(number: u64) -> String {
    format!("P{}", number % 17)
}

/// Grows a store's ledger up to `size` in batches of many lengths, and a tree of the library beside it.
fn grow(store: &Store, known: &mut Known, size: u64) {
    while known.len() < size {
        let from = known.len();
        let until = size.min(from + 1 + from * 7 % 40);
        let batch = (from..until).map(|number| statement(&pseudonym(number), &body(number))).collect();
        assert_eq!(store.append(batch).unwrap().statements, from..until);
        (from..until).for_each(|number| known.push(Digest::of_bytes(body(number).as_bytes()).0));
    }
}

/// Compares the root and some proofs at every size given, as the tree stood then.
fn compare(store: &Store, known: &Known, sizes: &[u64], why: &str) {
    let mut smaller = Known::new();
    for &size in sizes {
        while smaller.len() < size {
            smaller.push(*known.get(usize::try_from(smaller.len()).unwrap()).unwrap());
        }
        let root = smaller.root();
        assert_eq!(store.ledger_root(size).unwrap().unwrap().0.as_slice(), root.as_bytes().as_slice(), "{why}: {size}");
        for position in [0, 1, size / 3, size / 2, size.saturating_sub(2), size.saturating_sub(1)] {
            if position < size {
                let path = store.ledger_path(position, size).unwrap().unwrap().0;
                let wanted = smaller.prove_inclusion(usize::try_from(position).unwrap());
                assert_eq!(path, wanted.as_bytes(), "{why}: {position} in {size}");
                assert_eq!(path.len(), 32 * indices_for_inclusion_proof(size, position).len());
            }
        }
        for old in [1, 2, size / 5, size / 2, size.saturating_sub(1)] {
            if 0 < old && old < size {
                let proof = store.ledger_growth(old, size).unwrap().unwrap().0;
                let wanted = smaller.prove_consistency(usize::try_from(size - old).unwrap());
                assert_eq!(proof, wanted.as_bytes(), "{why}: {old} to {size}");
                assert_eq!(proof.len(), 32 * indices_for_consistency_proof(old, size - old).len());
            }
        }
    }
    let size = store.ledger_len();
    assert_eq!(store.ledger_root(size + 1).unwrap(), None, "{why}");
    assert_eq!(store.ledger_path(size, size).unwrap(), None, "{why}");
    assert_eq!(store.ledger_path(0, size + 1).unwrap(), None, "{why}");
    assert_eq!(store.ledger_growth(0, size + 1).unwrap(), None, "{why}");
    assert_eq!(store.ledger_growth(2, 1).unwrap(), None, "{why}");
}

/// Where tiles of two levels begin and end, and between.
const SIZES: [u64; 13] = [1, 2, 63, 64, 65, 127, 128, 129, 1000, 4095, 4096, 4097, 4200];

#[test]
fn the_tree_is_that_of_rfc_6962_and_outlives_closing_erasing_compacting_and_rebuilding() {
    let rig = Rig::new();
    let store = rig.create();
    let mut known = Known::new();
    for size in SIZES {
        grow(&store, &mut known, size);
        compare(&store, &known, &[size], "while it grows");
    }
    compare(&store, &known, &SIZES, "at every size that it had");
    for row in 0..9 {
        store.erase(Erasure::of(Row(row))).unwrap();
    }
    assert_eq!(store.statements(Row(3)).unwrap(), [], "erased");
    compare(&store, &known, &SIZES, "half of the patients erased");
    assert!(store.compact().unwrap().bytes_after > 0);
    compare(&store, &known, &SIZES, "compacted");
    store.renew_keys().unwrap();
    grow(&store, &mut known, 4300);
    compare(&store, &known, &[4300], "new keys");
    store.close().unwrap();
    for forget_index in [false, true] {
        if forget_index {
            rig.forget_index();
        }
        let (store, _) = rig.open().unwrap();
        compare(&store, &known, &SIZES, "opened again");
        assert_eq!(store.ledger_len(), 4300);
        store.close().unwrap();
    }
    let (store, _) = rig.open().unwrap();
    grow(&store, &mut known, 4400);
    compare(&store, &known, &[4300, 4400], "goes on");
}

#[test]
fn statements_that_wait_in_one_group_get_leaves_one_after_the_other() {
    let rig = Rig::new();
    let store = rig.create();
    rig.disk.close_gate();
    let first = queue(&store, vec![audit("holds the gate")]);
    rig.disk.wait_at_gate();
    let queued: Vec<_> =
        (0..70).map(|number| queue(&store, vec![statement(&pseudonym(number), &body(number))])).collect();
    rig.disk.open_gate();
    first.recv().unwrap().unwrap();
    for (number, reply) in (0..70_u64).zip(queued) {
        assert_eq!(reply.recv().unwrap().unwrap().statements, number..number + 1);
    }
    let mut known = Known::new();
    (0..70).for_each(|number| known.push(Digest::of_bytes(body(number).as_bytes()).0));
    compare(&store, &known, &[1, 63, 64, 65, 70], "one group");
}

#[test]
fn an_index_whose_tree_is_missing_or_another_is_made_anew() {
    let rig = Rig::new();
    let store = rig.create();
    let mut known = Known::new();
    grow(&store, &mut known, 200);
    let told = answers(&store);
    store.close().unwrap();
    type Spoil = fn(&Index) -> Changes;
    let spoils: [(&str, Spoil); 4] = [
        ("its last tile is gone", |index| Changes::from([(tile_name(index, (0, 3)), None)])),
        ("a full tile's hash is gone", |index| Changes::from([(tile_name(index, (6, 0)), None)])),
        ("a hash in its last tile is another", |index| {
            let mut last = tile(index, (0, 3)).unwrap().unwrap();
            last[0] = Digest([7; 32]);
            Changes::from([(tile_name(index, (0, 3)), Some(crate::store::tree::encode(&last)))])
        }),
        ("its last tile is an older one", |index| {
            let mut last = tile(index, (0, 3)).unwrap().unwrap();
            last.pop();
            Changes::from([(tile_name(index, (0, 3)), Some(crate::store::tree::encode(&last)))])
        }),
    ];
    for (why, spoil) in spoils {
        let copy = rig.copied();
        {
            let keys = copy.keys();
            let (index, _) =
                Index::open(std::sync::Arc::new(OsDisk), &copy.paths().index(), keys.keyring.index_key().unwrap())
                    .unwrap();
            index.apply(&spoil(&index)).unwrap();
            index.flush().unwrap();
        }
        let (store, report) = copy.open().unwrap();
        assert!(matches!(report.index, IndexState::Rebuilt { .. }), "{why}: {report:?}");
        assert_eq!(answers(&store), told, "{why}");
        compare(&store, &known, &[64, 128, 200], why);
    }
}

#[test]
fn a_tile_in_the_middle_that_is_gone_fails_a_proof_and_never_makes_a_wrong_one() {
    let rig = Rig::new();
    let store = rig.create();
    let mut known = Known::new();
    grow(&store, &mut known, 200);
    let path = store.ledger_path(100, 200).unwrap().unwrap();
    let index = store.shared.front().index;
    index.apply(&Changes::from([(tile_name(&index, (0, 1)), None)])).unwrap();
    assert_eq!(store.ledger_path(100, 200).unwrap_err().code(), "store-index");
    assert_eq!(store.ledger_path(10, 64).unwrap().map(|path| path.0.len()), Some(6 * 32), "elsewhere nothing is amiss");
    drop(index);
    store.close().unwrap();
    rig.forget_index();
    let (store, _) = rig.open().unwrap();
    assert_eq!(store.ledger_path(100, 200).unwrap(), Some(path));
    assert_eq!(TILE_HASHES, 64, "the places above are those of tiles of 64");
}
