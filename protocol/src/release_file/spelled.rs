//! JSON text as a tree in which every number keeps its spelling.
//!
//! Two different numbers may be equal to a reader of floats: a digit changed far behind the point
//! would go unseen. Here numbers are equal if they have the same value as decimals, to the last
//! digit: programs that lay a file out anew write 1e-6 as 0.000001, and that is no forgery. A name
//! that stands twice, which two readers could understand differently, is refused.

use std::collections::BTreeMap;

/// A JSON value as it is spelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Spelled {
    Object(BTreeMap<String, Self>),
    List(Vec<Self>),
    /// A number, `true`, `false`, `null`, or a string with its quotes.
    Scalar(String),
}

/// Where two trees differ: the path, and what each says there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) field: String,
    pub(super) left: String,
    pub(super) right: String,
}

impl Spelled {
    /// Reads JSON text.
    ///
    /// # Errors
    /// What the reader stumbled over.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        // The library decides what JSON is, and how deep it may be nested.
        serde_json::from_str::<serde::de::IgnoredAny>(text).map_err(|why| match text.trim() {
            "" => "it is empty".to_owned(),
            _ => placed("it is no JSON", &why),
        })?;
        Cursor { rest: text }.value()
    }

    /// The first place where the other tree differs.
    pub(super) fn first_difference(&self, other: &Self) -> Option<Difference> {
        differ("", Some(self), Some(other))
    }

    fn show(this: Option<&Self>) -> String {
        match this {
            None => "nothing".to_owned(),
            Some(Self::Scalar(text)) => text.clone(),
            Some(Self::List(items)) => format!("a list of {}", items.len()),
            Some(Self::Object(fields)) => format!("an object of {} fields", fields.len()),
        }
    }
}

/// What is wrong, and where the reader stumbled: not in the reader's own words, which are for
/// programmers.
pub(super) fn placed(what: &str, why: &serde_json::Error) -> String {
    format!("{what} (line {}, column {})", why.line(), why.column())
}

fn differ(path: &str, left: Option<&Spelled>, right: Option<&Spelled>) -> Option<Difference> {
    match (left, right) {
        (Some(Spelled::Object(a)), Some(Spelled::Object(b))) => {
            let names: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            names.into_iter().find_map(|name| differ(&format!("{path}.{name}"), a.get(name), b.get(name)))
        }
        (Some(Spelled::List(a)), Some(Spelled::List(b))) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().find_map(|(i, (x, y))| differ(&format!("{path}[{i}]"), Some(x), Some(y)))
        }
        (Some(Spelled::Scalar(a)), Some(Spelled::Scalar(b))) if same_number(a, b) => None,
        _ if left == right => None,
        _ => {
            let field = path.trim_start_matches('.').to_owned();
            Some(Difference { field, left: Spelled::show(left), right: Spelled::show(right) })
        }
    }
}

/// Whether two JSON numbers have the same value; of anything else, no.
fn same_number(a: &str, b: &str) -> bool {
    decimal(a).is_some_and(|value| decimal(b) == Some(value))
}

/// A JSON number as sign, digits and exponent: ± 0.digits × 10^exponent, with no zero at either end of
/// the digits. Zero has no digits, no sign and no exponent. `None` for what is no number, and where
/// the exponent has no 64 bits.
fn decimal(text: &str) -> Option<(bool, String, i64)> {
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    if !text.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let (mantissa, power) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let significant = all.trim_start_matches('0');
    if significant.is_empty() {
        return Some((false, String::new(), 0));
    }
    // How far the point of 0.digits lies from where it was written: every zero in front moves it.
    let zeros = i64::try_from(all.len() - significant.len()).ok()?;
    let point = i64::try_from(whole.len()).ok()?.checked_sub(zeros)?;
    let exponent = power.parse::<i64>().ok()?.checked_add(point)?;
    Some((negative, significant.trim_end_matches('0').to_owned(), exponent))
}

/// What is left of a text that is known to be JSON.
struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    fn value(&mut self) -> Result<Spelled, String> {
        self.rest = self.rest.trim_start();
        if self.take('{') {
            return self.object().map(Spelled::Object);
        }
        if self.take('[') {
            return self.list().map(Spelled::List);
        }
        if self.rest.starts_with('"') {
            return Ok(Spelled::Scalar(serde_json::Value::String(self.string()?).to_string()));
        }
        let end = self.rest.find([',', ']', '}', ' ', '\n', '\r', '\t']).unwrap_or(self.rest.len());
        Ok(Spelled::Scalar(self.split(end).to_owned()))
    }

    fn object(&mut self) -> Result<BTreeMap<String, Spelled>, String> {
        let mut fields = BTreeMap::new();
        while !self.take('}') {
            let name = self.string()?;
            if !self.take(':') {
                return Err(format!("`{name}` has no value"));
            }
            let value = self.value()?;
            if fields.insert(name.clone(), value).is_some() {
                return Err(format!("`{name}` stands twice"));
            }
            self.take(',');
        }
        Ok(fields)
    }

    fn list(&mut self) -> Result<Vec<Spelled>, String> {
        let mut items = Vec::new();
        while !self.take(']') {
            items.push(self.value()?);
            self.take(',');
        }
        Ok(items)
    }

    fn string(&mut self) -> Result<String, String> {
        self.rest = self.rest.trim_start();
        let mut escaped = false;
        let closing = self.rest.char_indices().skip(1).find(|(_, c)| {
            let closes = *c == '"' && !escaped;
            escaped = *c == '\\' && !escaped;
            closes
        });
        let end = closing.map(|(at, _)| at + 1).ok_or("a string does not end")?;
        serde_json::from_str(self.split(end)).map_err(|why| why.to_string())
    }

    /// Steps over white space and this character, if it comes next.
    fn take(&mut self, wanted: char) -> bool {
        self.rest = self.rest.trim_start();
        let rest = self.rest.strip_prefix(wanted);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn split(&mut self, at: usize) -> &'a str {
        let (token, rest) = self.rest.split_at_checked(at).unwrap_or((self.rest, ""));
        self.rest = rest;
        token
    }
}

#[cfg(test)]
mod tests {
    use super::Spelled;

    fn field(a: &str, b: &str) -> Option<String> {
        Spelled::read(a).unwrap().first_difference(&Spelled::read(b).unwrap()).map(|found| found.field)
    }

    #[test]
    fn white_space_order_and_escapes_are_no_difference_but_any_value_is() {
        let text = r#"{"a": [1, -2.50e3, {"b\"}": "é,]"}], "c": null}"#;
        assert_eq!(field(text, "{\"c\":null,\n\"a\":[1,-2.50e3,{\"b\\\"}\":\"\\u00e9,]\"}]}"), None);
        assert_eq!(field(text, &text.replace("2.50", "2.51")), Some("a[1]".into()));
        assert_eq!(field(text, &text.replace("[1", "[\"1\"")), Some("a[0]".into()), "a text is no number");
        assert_eq!(field(text, &text.replace("null", "0")), Some("c".into()));
        assert_eq!(field(text, &text.replace("é", "e")), Some("a[2].b\"}".into()));
        assert_eq!(field("[0.1]", "[0.10000000000000001]"), Some("[0]".into()), "one float, two numbers");
        assert_eq!(field(r#"{"a": 1}"#, r#"{"a": 1, "b": 2}"#), Some("b".into()));
        assert_eq!(field("[1]", "[1, 1]"), Some(String::new()));
    }

    #[test]
    fn a_number_is_its_value_in_any_spelling_and_no_other() {
        for (a, b, why) in [
            ("1", "1.0", "a zero behind the point"),
            ("1", "1e0", "an exponent of nothing"),
            ("1e-6", "0.0000010", "written out"),
            ("-2.50e3", "-2500", "with a sign"),
            ("1200E-2", "1.2e+1", "both with an exponent"),
            ("0", "-0.00e7", "nothing is nothing"),
        ] {
            assert_eq!(field(&format!("[{a}]"), &format!("[{b}]")), None, "{why}");
        }
        for (a, b, why) in [
            ("1", "-1", "another sign"),
            ("1e-6", "1e-5", "another exponent"),
            ("0.1", "0.01", "a zero in front"),
            ("10", "1", "a zero at the end"),
            ("1.0", "1.0000000000000000000001", "a digit that no float holds"),
            ("9007199254740993", "9007199254740992", "one float, two whole numbers"),
            ("1e99999999999999999999", "1e99999999999999999998", "exponents beyond all measure"),
            ("0", "null", "nothing that is no number"),
            ("0", "false", "nor is this"),
        ] {
            assert_eq!(field(&format!("[{a}]"), &format!("[{b}]")), Some("[0]".into()), "{why}");
        }
    }

    #[test]
    fn what_two_readers_could_understand_differently_is_refused() {
        assert_eq!(Spelled::read(r#"{"a": 1, "a": 2}"#), Err("`a` stands twice".into()));
        for wrong in ["", "{", "[1,]", "01", r#"{"a" 1}"#, "[1] 2", &"[".repeat(500)] {
            assert!(Spelled::read(wrong).is_err(), "{wrong}");
        }
    }
}
