//! Texts in documents: how long they may be, and which characters could mislead a reader.

use std::collections::BTreeSet;

/// Why a text may not stand in a document, as the end of a sentence that begins with its name.
/// `None`: it may. For texts of one line.
#[must_use]
pub fn line_flaw(text: &str, bytes_max: usize) -> Option<String> {
    if text.chars().any(char::is_control) {
        return Some("holds a control character or a line break".into());
    }
    flaw(text, bytes_max)
}

/// As [`line_flaw`], for texts in which lines may break.
pub(super) fn prose_flaw(text: &str, bytes_max: usize) -> Option<String> {
    if text.chars().any(|c| c.is_control() && c != '\n') {
        return Some("holds a control character".into());
    }
    flaw(text, bytes_max)
}

fn flaw(text: &str, bytes_max: usize) -> Option<String> {
    if text.trim().is_empty() {
        return Some("is empty".into());
    }
    if text.trim() != text {
        return Some("begins or ends with white space".into());
    }
    if text.chars().any(is_invisible) {
        return Some("holds a character that changes the direction of writing or shows nothing".into());
    }
    (text.len() > bytes_max).then(|| format!("has {} bytes, where {bytes_max} is the most", text.len()))
}

/// Characters that make a text read otherwise than it is: bidirectional overrides and isolates
/// (CVE-2021-42574), zero-width marks, the byte-order mark.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Whether a character may make a terminal, or a reader, take a text for another: control characters, line and
/// paragraph separators, marks that change the direction of writing, and whatever shows nothing.
#[must_use]
pub fn misleads(c: char) -> bool {
    c.is_control()
        || is_invisible(c)
        || matches!(c, '\u{61c}' | '\u{180e}' | '\u{2028}' | '\u{2029}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The first of `items` that stands there twice.
pub(super) fn repeated<T: Ord + Copy>(items: impl IntoIterator<Item = T>) -> Option<T> {
    let mut seen = BTreeSet::new();
    items.into_iter().find(|item| !seen.insert(*item))
}

#[cfg(test)]
mod tests {
    use super::{line_flaw, misleads, prose_flaw, repeated};

    #[test]
    fn a_text_that_could_mislead_its_reader_is_refused() {
        let long = "x".repeat(9);
        let cases = [
            ("nothing", "", "is empty"),
            ("only space", " ", "is empty"),
            ("space around", " a", "white space"),
            ("a line break", "a\nb", "line break"),
            ("an escape", "a\u{1b}[2J", "control character"),
            ("writing turned round", "a\u{202e}b", "direction"),
            ("a mark without width", "a\u{200b}b", "shows nothing"),
            ("too long", &long, "9 bytes, where 8"),
        ];
        for (why, text, says) in cases {
            let got = line_flaw(text, 8).unwrap_or_default();
            assert!(got.contains(says), "{why}: `{got}`");
        }
        assert_eq!(line_flaw("Zoë 32 B", 9), None);
        assert_eq!(prose_flaw("a\nb", 8), None);
        assert!(prose_flaw("a\rb", 8).is_some());
    }

    #[test]
    fn what_could_mislead_on_a_screen_is_known_and_letters_are_not_touched() {
        for c in [
            '\u{1b}', '\u{7}', '\n', '\r', '\u{7f}', '\u{9b}', '\u{202e}', '\u{2066}', '\u{200f}', '\u{61c}',
            '\u{2028}', '\u{feff}',
        ] {
            assert!(misleads(c), "{c:?}");
        }
        assert!("Zoë Ärztehaus 東京 – „ρ“ ﷲ".chars().all(|c| !misleads(c)));
    }

    #[test]
    fn the_first_repetition_is_named() {
        assert_eq!(repeated([1, 2, 3]), None);
        assert_eq!(repeated([1, 2, 1, 2]), Some(1));
    }
}
