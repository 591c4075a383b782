//! Plans as every node must derive them: their canonical bytes and their names.
//!
//! The bytes are made here from RFC 8949 §4.2.1 by another hand than the library's, and must lead to
//! the library's digest.

use ciborium::Value;
use serde::Serialize;
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::digest::{Digest, Label};
use sumac_protocol::plan::{Mode, Plan};

use crate::files::{beside, hex, must_hold, read, text_of};
use crate::trial::{QUESTION, RHO, plan};

/// A golden plan.
#[derive(Serialize)]
struct Golden {
    why: &'static str,
    question: &'static str,
    mode: Mode,
    rho: RhoMicro,
    digest: String,
    plan: Plan,
    cbor: String,
}

/// An initial byte with its argument, as short as it goes.
fn head(major: u8, n: u64) -> Vec<u8> {
    let major = major << 5;
    match (u8::try_from(n), u16::try_from(n), u32::try_from(n)) {
        (Ok(n @ 0..=23), ..) => vec![major | n],
        (Ok(n), ..) => vec![major | 24, n],
        (_, Ok(n), _) => [&[major | 25][..], &n.to_be_bytes()].concat(),
        (.., Ok(n)) => [&[major | 26][..], &n.to_be_bytes()].concat(),
        _ => [&[major | 27][..], &n.to_be_bytes()].concat(),
    }
}

/// Deterministic CBOR of what plans are made of.
fn canonical(value: &Value) -> Vec<u8> {
    let length = |n: usize| u64::try_from(n).unwrap();
    if value.is_null() {
        return vec![0xf6];
    }
    if let Some(n) = value.as_integer().map(i128::from) {
        return if n < 0 { head(1, u64::try_from(-1 - n).unwrap()) } else { head(0, u64::try_from(n).unwrap()) };
    }
    if let Some(text) = value.as_text() {
        return [head(3, length(text.len())), text.as_bytes().to_vec()].concat();
    }
    if let Some(items) = value.as_array() {
        return [head(4, length(items.len())), items.iter().flat_map(canonical).collect()].concat();
    }
    let map = value.as_map().unwrap_or_else(|| panic!("{value:?} in a plan"));
    let mut pairs: Vec<_> = map.iter().map(|(key, value)| [canonical(key), canonical(value)]).collect();
    pairs.sort();
    [head(5, length(map.len())), pairs.concat().concat()].concat()
}

fn golden(name: &str, why: &'static str, mode: Mode, rho: RhoMicro) -> (String, String) {
    let plan = plan(mode, rho);
    let cbor = canonical(&Value::serialized(&plan).unwrap());
    assert_eq!(Digest::of(Label::Plan, &[&cbor]), plan.digest(), "{name}: hashed as the specification says");
    let digest = plan.digest().hex();
    let file = Golden { why, question: QUESTION, mode, rho, digest, plan, cbor: hex(&cbor) };
    (format!("{name}.json"), text_of(&file))
}

#[test]
fn plans_derived_again_are_the_golden_files() {
    let files = [
        golden("hamd-week6", "the demo's question, priced", Mode::Dp, RHO),
        golden("hamd-week6-exact", "the demo's question without noise", Mode::Exact, RhoMicro(0)),
    ];
    must_hold(&beside("plans"), &files);
}

#[test]
fn a_golden_plan_is_read_back_from_its_bytes_and_another_price_or_mode_has_another_name() {
    for (name, mode, rho) in [("hamd-week6", Mode::Dp, RHO), ("hamd-week6-exact", Mode::Exact, RhoMicro(0))] {
        let file = read(&beside("plans").join(format!("{name}.json")));
        let cbor = crate::files::unhex(file["cbor"].as_str().unwrap());
        let read: Plan = ciborium::from_reader(cbor.as_slice()).unwrap();
        assert_eq!(read, plan(mode, rho), "{name}");
        assert_eq!(read.digest().hex(), file["digest"].as_str().unwrap(), "{name}");
    }
    let digest = plan(Mode::Dp, RHO).digest();
    assert_ne!(plan(Mode::Dp, RhoMicro(RHO.0 + 1)).digest(), digest, "a millionth dearer");
    assert_ne!(plan(Mode::Exact, RhoMicro(0)).digest(), digest, "without noise");
}
