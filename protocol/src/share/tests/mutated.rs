//! Shares changed on their way: never accepted, and never a panic.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::{NONCE, everything, everything_of, verify, verify_parts};
use crate::share::{Circuit, SharingError, Verification};

/// How many changed contributions are tried; a tenth where the compiler does not optimise.
const MUTANTS: u32 = if cfg!(debug_assertions) { 2_000 } else { 20_000 };
const CONTEXT: &[u8] = b"mutants";

#[test]
fn of_twenty_thousand_changed_shares_none_is_accepted_and_none_panics() {
    let circuit = Circuit::of_shape(&everything(1, 20), 3).unwrap();
    let split = circuit.split(CONTEXT, &NONCE, &everything_of(&[Some((3, 4)), None, Some((10, 20))])).unwrap();
    assert!(verify(&circuit, CONTEXT, &split).is_ok(), "unchanged it is accepted");
    let mut random = StdRng::seed_from_u64(7);
    let mut refusals = [0_u32; 2];
    for mutant in 0..MUTANTS {
        let mut parts: Vec<Vec<u8>> = split.inputs.iter().map(|input| input.to_vec()).collect();
        parts.push(split.public.clone());
        parts.push(NONCE.to_vec());
        let at = if random.random_bool(0.5) { 0 } else { random.random_range(0..parts.len()) };
        let before = parts[at].clone();
        // A nonce keeps its sixteen bytes: another number of them is no nonce.
        change(&mut parts[at], &mut random, at + 1 < split.inputs.len() + 2);
        if parts[at] == before {
            continue;
        }
        let nonce: [u8; 16] = parts.pop().unwrap().try_into().unwrap();
        let public = parts.pop().unwrap();
        let inputs: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        match verify_parts(&circuit, CONTEXT, &nonce, &public, &inputs) {
            Err(SharingError::Malformed) => refusals[0] += 1,
            Err(_) => refusals[1] += 1,
            Ok(cells) => panic!("mutant {mutant} of part {at} is accepted as {cells:?}"),
        }
    }
    assert!(refusals.iter().all(|n| *n > MUTANTS / 20), "both bytes and proofs are refused: {refusals:?}");
}

#[test]
fn changed_verifier_shares_are_refused_by_whoever_hears_them() {
    let circuit = Circuit::of_shape(&everything(1, 20), 3).unwrap();
    let split = circuit.split(CONTEXT, &NONCE, &everything_of(&[Some((3, 4)), None])).unwrap();
    let begin = |role: usize| {
        let (nonce, public, input) = (&NONCE, split.public.as_slice(), split.inputs[role].as_slice());
        circuit.begin(&Verification { key: &super::KEY, context: CONTEXT, role, nonce, public, input }).unwrap()
    };
    let honest: Vec<Vec<u8>> = (0..3).map(|role| begin(role).1).collect();
    let mut random = StdRng::seed_from_u64(8);
    for mutant in 0..MUTANTS / 20 {
        let mut said = honest.clone();
        let at = random.random_range(0..3);
        change(&mut said[at], &mut random, true);
        if said == honest {
            continue;
        }
        let said: Vec<&[u8]> = said.iter().map(Vec::as_slice).collect();
        let role = random.random_range(0..3);
        assert!(circuit.finish(CONTEXT, begin(role).0, &said).is_err(), "mutant {mutant} of member {at}'s word");
    }
    let honest: Vec<&[u8]> = honest.iter().map(Vec::as_slice).collect();
    assert!(circuit.finish(CONTEXT, begin(1).0, &honest[..2]).is_err(), "a member is missing");
    assert!(circuit.finish(CONTEXT, begin(1).0, &[honest[0], honest[0], honest[2]]).is_err(), "a member twice");
    assert!(circuit.finish(CONTEXT, begin(1).0, &honest).is_ok());
}

/// Turns bits, writes bytes, swaps elements, and where lengths may change cuts or adds.
fn change(bytes: &mut Vec<u8>, random: &mut StdRng, lengths_too: bool) {
    let at = random.random_range(0..bytes.len());
    match random.random_range(0..if lengths_too { 7 } else { 4 }) {
        0 => bytes[at] ^= 1 << random.random_range(0..8),
        1 => bytes[at] = random.random(),
        2 => bytes.iter_mut().skip(at).take(8).for_each(|byte| *byte = random.random()),
        3 => {
            let other = random.random_range(0..bytes.len()) / 8 * 8;
            let at = at / 8 * 8;
            let rest = bytes.len() - other.max(at);
            (0..rest.min(8)).for_each(|i| bytes.swap(at + i, other + i));
        }
        4 => bytes.iter_mut().skip(at).take(8).for_each(|byte| *byte = 0xff),
        5 => bytes.truncate(at),
        _ => bytes.extend((0..=at % 40).map(|_| random.random::<u8>())),
    }
}
