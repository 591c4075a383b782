//! JSON as signed documents may use it: whole numbers only, no name twice, bounded depth and size.
//!
//! `serde_json` alone accepts repeated names in maps, floats, and numbers that other readers round;
//! two readers could then understand one signature differently.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeOwned, DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};

use crate::limits::{DOCUMENT_BYTES_MAX, DOCUMENT_DEPTH_MAX, INTEGER_MAX};

/// Reads a document's payload, refusing what two readers could understand differently.
///
/// # Errors
/// A sentence naming the place and the flaw.
pub fn from_slice<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    if bytes.len() > DOCUMENT_BYTES_MAX {
        return Err(format!("{} bytes, where a document has at most {DOCUMENT_BYTES_MAX}", bytes.len()));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    Strict { depth: 0 }.deserialize(&mut reader).and_then(|()| reader.end()).map_err(|why| why.to_string())?;
    serde_json::from_slice(bytes).map_err(|why| why.to_string())
}

struct Strict {
    depth: usize,
}

impl Strict {
    fn deeper<E: Error>(&self) -> Result<Self, E> {
        if self.depth >= DOCUMENT_DEPTH_MAX {
            return Err(E::custom(format!("nested deeper than {DOCUMENT_DEPTH_MAX}")));
        }
        Ok(Self { depth: self.depth + 1 })
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = ();
    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object, list, string, whole number, true, false or null")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, n: i64) -> Result<(), E> {
        if n.unsigned_abs() > INTEGER_MAX.unsigned_abs() {
            return Err(E::custom(format!("the number {n} lies outside ±2^53")));
        }
        Ok(())
    }

    fn visit_u64<E: Error>(self, n: u64) -> Result<(), E> {
        if n > INTEGER_MAX.unsigned_abs() {
            return Err(E::custom(format!("the number {n} lies outside ±2^53")));
        }
        Ok(())
    }

    fn visit_f64<E: Error>(self, n: f64) -> Result<(), E> {
        Err(E::custom(format!("the number {n} is not a whole number")))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(self.deeper()?)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let mut names = BTreeSet::new();
        while let Some(name) = object.next_key::<String>()? {
            object.next_value_seed(self.deeper()?)?;
            if !names.insert(name.clone()) {
                return Err(A::Error::custom(format!("the name `{name}` stands twice in one object")));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::from_slice;

    #[test]
    fn whatever_two_readers_could_understand_differently_is_refused() {
        let deep = format!("{}1{}", "[".repeat(17), "]".repeat(17));
        let cases: [(&str, &str, &str); 8] = [
            ("a repeated name", r#"{"a":1,"a":2}"#, "`a` stands twice"),
            ("a repeated name further in", r#"[{"b":{"a":1,"a":1}}]"#, "`a` stands twice"),
            ("a fraction", r#"{"a":1.5}"#, "not a whole number"),
            ("a whole number spelled as a float", r#"{"a":1e3}"#, "not a whole number"),
            ("a number past 2^53", r#"{"a":9007199254740993}"#, "outside ±2^53"),
            ("a number past -2^53", r#"{"a":-9007199254740993}"#, "outside ±2^53"),
            ("deep nesting", &deep, "nested deeper"),
            ("something behind the end", r#"{"a":1} {}"#, "trailing"),
        ];
        for (why, text, says) in cases {
            let error = from_slice::<serde_json::Value>(text.as_bytes()).unwrap_err();
            assert!(error.contains(says), "{why}: {error}");
        }
        assert!(from_slice::<serde_json::Value>(b"\xff").is_err(), "bytes that are no UTF-8");
        assert!(from_slice::<serde_json::Value>(br#"{"a":9007199254740992,"b":[null,true,"x"]}"#).is_ok());
    }
}
