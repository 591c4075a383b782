//! The plan as deterministic CBOR.

use ciborium::Value;
use serde::Serialize;

/// Writes any plan part as deterministic CBOR: maps sorted by their encoded keys (RFC 8949 §4.2.1),
/// shortest integers, definite lengths.
pub(super) fn encode<T: Serialize>(part: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Plans hold integers, strings, lists and string-keyed maps only, and a vector takes all of
    // them: neither step can fail. An empty encoding would still agree with no other plan's.
    if let Ok(value) = Value::serialized(part)
        && ciborium::into_writer(&sorted(value), &mut bytes).is_err()
    {
        bytes.clear();
    }
    bytes
}

fn sorted(value: Value) -> Value {
    if let Value::Map(pairs) = value {
        let mut keyed: Vec<(Vec<u8>, Value, Value)> =
            pairs.into_iter().map(|(k, v)| (encode(&k), k, sorted(v))).collect();
        keyed.sort_by(|a, b| a.0.cmp(&b.0));
        Value::Map(keyed.into_iter().map(|(_, k, v)| (k, v)).collect())
    } else if let Value::Array(items) = value {
        Value::Array(items.into_iter().map(sorted).collect())
    } else {
        value
    }
}
