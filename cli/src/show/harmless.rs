//! What is shown cannot move a cursor, turn writing round or hide anything, whoever wrote it.

use std::borrow::Cow;

use sumac_protocol::document::wording::misleads;

/// A text with a mark in place of each character that could move a cursor, turn writing round or hide something. Lines
/// may break in it: who shows a name from elsewhere makes [`one_line`] of it first.
pub(super) fn harmless(text: &str) -> Cow<'_, str> {
    let harms = |c: char| misleads(c) && !matches!(c, '\n' | '\t');
    if !text.contains(harms) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|c| if harms(c) { char::REPLACEMENT_CHARACTER } else { c }).collect())
}

/// A text from elsewhere as one line, which cannot pass for several of ours.
pub(crate) fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
    harmless(&spaced).into_owned()
}

/// JSON with everything escaped that could mislead a terminal. It stands within strings only, so the value stays the
/// same.
pub(super) fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if misleads(c) {
            let mut units = [0; 2];
            c.encode_utf16(&mut units).iter().for_each(|unit| text.push_str(&format!("\\u{unit:04x}")));
        } else {
            text.push(c);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{escaped, harmless, one_line};

    #[test]
    fn whatever_a_name_holds_a_terminal_is_given_letters_only() {
        let name = "Harbour\u{1b}[8m\u{1b}]0;pwned\u{7}\nacknowledged\u{202e}\u{9b}2J\r\u{2028}x";
        let shown = one_line(name);
        assert_eq!(shown, "Harbour\u{fffd}[8m\u{fffd}]0;pwned\u{fffd} acknowledged\u{fffd}\u{fffd}2J  x");
        assert_eq!(harmless("two\nlines\tand \u{1b}[0m"), "two\nlines\tand \u{fffd}[0m");
        assert!(matches!(harmless("Zoë Ärztehaus – ρ 0.1"), std::borrow::Cow::Borrowed(_)), "letters stay");
    }

    #[test]
    fn escaped_json_is_the_same_value() {
        let value = "a\u{202e}\u{7f}\u{e0041}\u{1b}ü";
        let text = escaped(&serde_json::to_string(value).unwrap());
        assert_eq!(text, "\"a\\u202e\\u007f\\udb40\\udc41\\u001bü\"");
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), value);
    }
}
