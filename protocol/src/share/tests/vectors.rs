//! Test vectors: those of the draft, and our own in the same schema.

use prio::codec::{Encode, ParameterizedDecode as _};
use prio::field::Field64;
use prio::flp::gadgets::{Mul, ParallelSum};
use prio::flp::types::SumVec;
use prio::vdaf::prio3::{
    Prio3, Prio3Count, Prio3Histogram, Prio3InputShare, Prio3MultihotCountVec, Prio3Sum, Prio3SumVec,
};
use prio::vdaf::test_utils::{TestVectorClient as _, check_test_vector, check_test_vector_custom_constructor};
use prio::vdaf::xof::{Seed, Xof as _, XofTurboShake128};
use prio::vdaf::{Aggregator as _, Collector as _, VerifyTransition};
use serde_json::{Value, json};

use super::{ROOT, everything, everything_of, statement};
use crate::share::circuit::{ALGORITHM, PROOFS, Vdaf};
use crate::share::{Cell, Shape};

macro_rules! published {
    ($name:literal) => {
        serde_json::from_str(include_str!(concat!("../../../vectors/prio/", $name, ".json"))).unwrap()
    };
}

macro_rules! frozen {
    ($name:literal) => {
        serde_json::from_str::<Value>(include_str!(concat!("../../../vectors/sumac/", $name, ".json"))).unwrap()
    };
}

#[test]
fn the_library_in_use_gives_the_published_vectors_of_the_draft() {
    for vector in [published!("Prio3Count_0"), published!("Prio3Count_1"), published!("Prio3Count_2")] {
        check_test_vector::<Prio3Count, 32, 16>(&vector);
    }
    for vector in [published!("Prio3Sum_0"), published!("Prio3Sum_1"), published!("Prio3Sum_2")] {
        check_test_vector::<Prio3Sum, 32, 16>(&vector);
    }
    for vector in [published!("Prio3SumVec_0"), published!("Prio3SumVec_1")] {
        check_test_vector::<Prio3SumVec, 32, 16>(&vector);
    }
    for vector in [published!("Prio3Histogram_0"), published!("Prio3Histogram_1"), published!("Prio3Histogram_2")] {
        check_test_vector::<Prio3Histogram, 32, 16>(&vector);
    }
    for vector in [
        published!("Prio3MultihotCountVec_0"),
        published!("Prio3MultihotCountVec_1"),
        published!("Prio3MultihotCountVec_2"),
    ] {
        check_test_vector::<Prio3MultihotCountVec, 32, 16>(&vector);
    }
}

#[test]
fn the_library_in_use_refuses_the_broken_vectors_of_the_draft() {
    for vector in [
        published!("Prio3Count_bad_gadget_poly"),
        published!("Prio3Count_bad_helper_seed"),
        published!("Prio3Count_bad_meas_share"),
        published!("Prio3Count_bad_wire_seed"),
    ] {
        check_test_vector::<Prio3Count, 32, 16>(&vector);
    }
    for vector in [
        published!("Prio3Histogram_bad_helper_jr_blind"),
        published!("Prio3Histogram_bad_leader_jr_blind"),
        published!("Prio3Histogram_bad_public_share"),
        published!("Prio3Histogram_bad_verifier_message"),
    ] {
        check_test_vector::<Prio3Histogram, 32, 16>(&vector);
    }
}

#[test]
fn three_proofs_over_the_field_in_use_give_the_published_vectors() {
    type ThreeProofs = Prio3<SumVec<Field64, ParallelSum<Field64, Mul>>, XofTurboShake128, 32>;
    for vector in [published!("Prio3SumVecWithMultiproof_0"), published!("Prio3SumVecWithMultiproof_1")] {
        check_test_vector_custom_constructor::<ThreeProofs, 32, 16>(&vector, |shares, parameters| {
            let number = |name| usize::try_from(parameters[name].as_u64().unwrap()).unwrap();
            let most = parameters["max_measurement"].as_u64().unwrap();
            let sums = SumVec::new(most, number("length"), number("chunk_length")).unwrap();
            Prio3::new(shares, PROOFS, u32::MAX, sums).unwrap()
        });
    }
}

#[test]
fn the_expander_in_use_gives_the_published_seed() {
    let vector: Value = published!("XofTurboShake128");
    let bytes = |name: &str| {
        let digits = vector[name].as_str().unwrap();
        let pairs = (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap());
        pairs.collect::<Vec<u8>>()
    };
    let seed: [u8; 32] = bytes("seed").try_into().unwrap();
    let mut expander = XofTurboShake128::init(&seed, &[&bytes("dst")]);
    expander.update(&bytes("binder"));
    let derived: Seed<32> = expander.into_seed();
    let derived: &[u8; 32] = derived.as_ref();
    assert_eq!(hex(derived), vector["derived_seed"]);
}

#[test]
fn our_vectors_are_those_that_were_frozen() {
    let moments = vec![ROOT, Cell::Sum { count: 0, width: 52 }, Cell::Squares { sum: 1 }];
    let moments = Shape::new(2, 100, moments);
    let several = [vec![3, 60, 2_000, 0, 0, 0], vec![1, 52, 2_704, 99, 5_148, 267_696], vec![0; 6]];
    let everything = everything(1, 20);
    let one = [everything_of(&[Some((3, 4)), None, Some((10, 20))])];
    let cases = [
        ("moments_two", vector(&moments, &several, 2), frozen!("moments_two")),
        ("moments_three", vector(&moments, &several[..1], 3), frozen!("moments_three")),
        ("everything", vector(&everything, &one, 3), frozen!("everything")),
        ("bad_input_share", broken(&moments, &several[0]), frozen!("bad_input_share")),
    ];
    for (name, made, frozen) in cases {
        assert_eq!(made, frozen, "{name}: another circuit takes another algorithm id and new vectors");
    }
}

/// Bytes that count up from 0, as in the draft's vectors.
fn counting(bytes: usize) -> Vec<u8> {
    (0..=u8::MAX).cycle().take(bytes).collect()
}

fn hex(bytes: &impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn encoded(part: &impl Encode) -> String {
    hex(&part.get_encoded().unwrap())
}

/// Everything about sharing, verifying and summing these contributions.
fn vector(shape: &Shape, contributions: &[Vec<u64>], k: u8) -> Value {
    let vdaf = vdaf(shape, k);
    let (mut reports, mut outputs, mut operations) = (vec![], vec![vec![]; usize::from(k)], vec![]);
    for (index, cells) in contributions.iter().enumerate() {
        let (public, inputs) = shard(&vdaf, cells, k);
        operations.push(json!({"operation": "shard", "report_index": index, "success": true}));
        let (report, shares) = verified(&vdaf, cells, &public, &inputs);
        for aggregator in 0..k {
            let operation = json!({"operation": "verify_init", "report_index": index, "aggregator_id": aggregator,
                "success": true});
            operations.push(operation);
        }
        operations.push(json!({"operation": "verifier_shares_to_message", "report_index": index, "round": 0,
            "success": true}));
        for aggregator in 0..k {
            operations.push(json!({"operation": "verify_next", "report_index": index, "round": 1,
                "aggregator_id": aggregator, "success": true}));
        }
        reports.push(report);
        outputs.iter_mut().zip(shares).for_each(|(of_one, share)| of_one.push(share));
    }
    for aggregator in 0..k {
        operations.push(json!({"operation": "aggregate", "aggregator_id": aggregator, "success": true}));
    }
    operations.push(json!({"operation": "unshard", "success": true}));
    let sums: Vec<_> = outputs.into_iter().map(|of_one| vdaf.aggregate(&(), of_one).unwrap()).collect();
    let agg_shares: Vec<String> = sums.iter().map(encoded).collect();
    let agg_result = vdaf.unshard(&(), sums, contributions.len()).unwrap();
    json!({"shares": k, "ctx": hex(b"some application"), "verify_key": hex(&counting(32)), "agg_param": "",
        "algorithm": ALGORITHM, "proofs": PROOFS, "shape": written(shape), "operations": operations,
        "reports": reports, "agg_shares": agg_shares, "agg_result": agg_result})
}

/// A contribution whose first share lost a bit on its way: all begin, and none can finish.
fn broken(shape: &Shape, cells: &Vec<u64>) -> Value {
    let k = 2;
    let vdaf = vdaf(shape, k);
    let (public, mut inputs) = shard(&vdaf, cells, k);
    let mut bytes = inputs[0].get_encoded().unwrap();
    bytes[0] ^= 1;
    inputs[0] = Prio3InputShare::get_decoded_with_param(&(&vdaf, 0), &bytes).unwrap();
    let begun: Vec<_> = (0..).zip(&inputs).map(|(role, input)| begin(&vdaf, role, &public, input).1).collect();
    let verifier_shares: Vec<String> = begun.iter().map(encoded).collect();
    assert!(vdaf.verifier_shares_to_message(b"some application", &(), begun).is_err());
    let report = json!({"measurement": cells, "nonce": hex(&counting(16)), "rand": hex(&counting(random_bytes(k))),
        "public_share": encoded(&public), "input_shares": inputs.iter().map(encoded).collect::<Vec<_>>(),
        "verifier_shares": [verifier_shares], "verifier_messages": [], "out_shares": []});
    let begins = (0..k).map(|aggregator| {
        json!({"operation": "verify_init", "report_index": 0,
        "aggregator_id": aggregator, "success": true})
    });
    let ends = json!({"operation": "verifier_shares_to_message", "report_index": 0, "round": 0, "success": false});
    json!({"shares": k, "ctx": hex(b"some application"), "verify_key": hex(&counting(32)), "agg_param": "",
        "algorithm": ALGORITHM, "proofs": PROOFS, "shape": written(shape),
        "operations": begins.chain([ends]).collect::<Vec<_>>(), "reports": [report], "agg_shares": [],
        "agg_result": null})
}

pub(super) fn vdaf(shape: &Shape, k: u8) -> Vdaf {
    Prio3::new(k, PROOFS, ALGORITHM, statement(shape)).unwrap()
}

/// A seed for each helper's share, one for each blind of joint randomness, one for the proofs.
pub(super) fn random_bytes(k: u8) -> usize {
    2 * usize::from(k) * 32
}

type Public = <Vdaf as prio::vdaf::Vdaf>::PublicShare;
type Input = <Vdaf as prio::vdaf::Vdaf>::InputShare;
type Output = <Vdaf as prio::vdaf::Vdaf>::OutputShare;
type State = <Vdaf as prio::vdaf::Aggregator<32, 16>>::VerifyState;
type VerifierShare = <Vdaf as prio::vdaf::Aggregator<32, 16>>::VerifierShare;

fn shard(vdaf: &Vdaf, cells: &Vec<u64>, k: u8) -> (Public, Vec<Input>) {
    let nonce: [u8; 16] = counting(16).try_into().unwrap();
    vdaf.shard_with_random(b"some application", cells, &nonce, &counting(random_bytes(k))).unwrap()
}

fn begin(vdaf: &Vdaf, role: usize, public: &Public, input: &Input) -> (State, VerifierShare) {
    let (key, nonce): ([u8; 32], [u8; 16]) = (counting(32).try_into().unwrap(), counting(16).try_into().unwrap());
    vdaf.verify_init(&key, b"some application", role, &(), &nonce, public, input).unwrap()
}

fn verified(vdaf: &Vdaf, cells: &[u64], public: &Public, inputs: &[Input]) -> (Value, Vec<Output>) {
    let begun = (0..).zip(inputs).map(|(role, input)| begin(vdaf, role, public, input));
    let (states, shares): (Vec<_>, Vec<_>) = begun.unzip();
    let verifier_shares: Vec<String> = shares.iter().map(encoded).collect();
    let message = vdaf.verifier_shares_to_message(b"some application", &(), shares).unwrap();
    let finish = |state| match vdaf.verify_next(b"some application", state, message.clone()).unwrap() {
        VerifyTransition::Finish(output) => output,
        VerifyTransition::Continue(..) => panic!("one round only"),
    };
    let outputs: Vec<Output> = states.into_iter().map(finish).collect();
    let k = u8::try_from(inputs.len()).unwrap();
    let report = json!({"measurement": cells, "nonce": hex(&counting(16)), "rand": hex(&counting(random_bytes(k))),
        "public_share": encoded(public), "input_shares": inputs.iter().map(encoded).collect::<Vec<_>>(),
        "verifier_shares": [verifier_shares], "verifier_messages": [encoded(&message)],
        "out_shares": outputs.iter().map(encoded).collect::<Vec<_>>()});
    (report, outputs)
}

fn written(shape: &Shape) -> Value {
    let cell = |cell: &Cell| match *cell {
        Cell::Count { within: None } => json!(["count"]),
        Cell::Count { within: Some(count) } => json!(["count_within", count]),
        Cell::Bin { count, histogram } => json!(["bin", count, histogram]),
        Cell::Sum { count, width } => json!(["sum", count, width]),
        Cell::Squares { sum } => json!(["squares", sum]),
        Cell::Product { x, y } => json!(["product", x, y]),
    };
    let cells: Vec<Value> = shape.cells().iter().map(cell).collect();
    json!({"groups": shape.groups(), "courses_max": shape.courses_max(), "cells": cells})
}
