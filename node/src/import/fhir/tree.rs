//! One resource as a tree of JSON, bounded, and without a name twice in one object.
//!
//! `serde_json` alone keeps the last of two equal names in silence; which one a sender meant nobody
//! can tell. Numbers keep the digits that were written, up to the seventeen that a JSON reader has.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::limits::{DEPTH_MAX, VALUES_MAX};

/// Reads one value. `left` is how many more values it may have.
pub(super) struct Tree<'b> {
    /// Levels above this value: 0 for the resource, at most [`DEPTH_MAX`].
    depth: usize,
    /// Shared by all levels of one resource, so that it bounds the whole.
    left: &'b mut usize,
}

impl<'b> Tree<'b> {
    /// A reader of one resource; `left` begins at [`VALUES_MAX`].
    pub(super) const fn new(left: &'b mut usize) -> Self {
        Self { depth: 0, left }
    }

    /// A reader of what this value holds. Nesting too deep is an error, before the stack is.
    fn below<E: Error>(&mut self) -> Result<Tree<'_>, E> {
        if self.depth >= DEPTH_MAX {
            return Err(E::custom(format!("nested deeper than {DEPTH_MAX}")));
        }
        Ok(Tree { depth: self.depth + 1, left: self.left })
    }

    /// Takes one value off the allowance; an error where none is left.
    fn count<E: Error>(&mut self) -> Result<(), E> {
        *self.left = self.left.checked_sub(1).ok_or_else(|| E::custom(format!("more than {VALUES_MAX} values")))?;
        Ok(())
    }
}

/// Reads the text of one resource.
pub(in crate::import) fn parse(text: &[u8]) -> Result<Value, serde_json::Error> {
    let mut left = VALUES_MAX;
    let mut reader = serde_json::Deserializer::from_slice(text);
    let value = Tree::new(&mut left).deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

impl<'de> DeserializeSeed<'de> for Tree<'_> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(mut self, from: D) -> Result<Value, D::Error> {
        self.count()?;
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    /// JSON has no infinity and no NaN: either is an error.
    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        Number::from_f64(number).map(Value::Number).ok_or_else(|| E::custom("a number without a value"))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(self.below()?)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    /// A name that stands twice is an error. The second value is read by then, and counted.
    fn visit_map<A: MapAccess<'de>>(mut self, mut object: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        while let Some(name) = object.next_key::<String>()? {
            let value = object.next_value_seed(self.below()?)?;
            if values.contains_key(&name) {
                return Err(A::Error::custom(format!("the name `{name}` stands twice in one object")));
            }
            values.insert(name, value);
        }
        Ok(Value::Object(values))
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_text_is_one_tree_or_an_error_that_says_where() {
        let deep = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        let many = format!("[{}0]", "0,".repeat(500_000));
        let cases = [
            (r#"{"a":1,"b":{"a":1}}"#.to_owned(), None, "one name in two objects"),
            (r#"{"a":1,"a":1}"#.to_owned(), Some("twice"), "one name twice in one"),
            (deep(64), None, "as deep as allowed"),
            (deep(65), Some("nested deeper"), "one level more"),
            (deep(100_000), Some("deep"), "far more than the stack has"),
            (many, Some("more than 500000 values"), "a resource of zeroes"),
            (r#"{"a":"#.to_owned(), Some("EOF"), "cut off"),
            ("{} {}".to_owned(), Some("trailing"), "two in one"),
            (r#"{"a":1e999}"#.to_owned(), Some("out of range"), "a number that is none"),
            ("{\"a\":\"\u{0}\"}".to_owned(), Some("control character"), "a NUL"),
            (String::new(), Some("EOF"), "nothing"),
        ];
        for (text, want, why) in cases {
            let got = parse(text.as_bytes()).map(|_| ()).map_err(|error| error.to_string());
            match want {
                None => assert_eq!(got, Ok(()), "{why}"),
                Some(says) => assert!(got.as_ref().is_err_and(|error| error.contains(says)), "{why}: {got:?}"),
            }
        }
        assert!(parse(b"\"\xff\"").is_err(), "no UTF-8");
    }

    #[test]
    fn a_number_keeps_the_digits_that_were_written() {
        for text in ["36", "0.75", "45.3", "9007199254740993", "0.1", "-12.5", "123456.789"] {
            assert_eq!(parse(text.as_bytes()).unwrap().to_string(), text);
        }
    }
}
