//! A dictionary begun from what a CSV file's columns hold.
//!
//! Everything that follows from the meaning of a column is left open. What was seen is told in comments
//! that a check refuses, because the finished text is signed and read by everybody.

use std::fmt::Write as _;
use std::path::Path;

use sumac_protocol::dictionary::{Dictionary, DictionaryFlaw, PLACEHOLDER, SEEN, UNKNOWN};

use super::columns::{Column, Survey};

/// Fewest cells with a text before a draft names it as a code: a rarer one may point at somebody.
const SEEN_MIN: u64 = 5;
/// Most codes of a category that a draft proposes; a column with more is free text.
const CODES_MAX: usize = 24;
/// Columns of a long file that are no fields: the file's own form.
const FORM: [&str; 3] = ["instrument", "day", "value"];

/// The draft's text.
pub(super) fn draft(name: &str, from: &Path, survey: &Survey) -> String {
    let file = from.file_name().map(|file| file.to_string_lossy().into_owned()).unwrap_or_default();
    let mut text = String::new();
    let mut add = |piece: &str| text.push_str(piece);
    add(&format!(
        "# Begun from {file:?}. Decide every \"{PLACEHOLDER}\": ranges are what can be by definition, never\n"
    ));
    add("# what was seen. Then delete the comments that tell what was seen, and check it.\n\n");
    add(&format!("name = {}\nversion = 1\nbaseline = \"last_on_or_before_0\"\n", quoted(name)));
    for (id, totals) in survey.long.iter().flatten().filter(|(_, totals)| totals.filled >= SEEN_MIN) {
        add(&instrument(id, totals));
    }
    for column in &survey.columns {
        if survey.long.is_none() || !FORM.contains(&column.name.trim().to_ascii_lowercase().as_str()) {
            add(&field(column));
        }
    }
    text
}

/// An instrument of a long file. Edition, direction, source and licence are nowhere in a file, so they
/// are asked for; so is the range, which a scale has by definition.
fn instrument(id: &str, totals: &Column) -> String {
    let mut text = String::from("\n[[instrument]]\n");
    let mut add = |line: String| text.push_str(&(line + "\n"));
    add(format!("id = {}", quoted(&code(id))));
    add(format!("version = \"{PLACEHOLDER}\""));
    add("category = \"outcomes\"".to_owned());
    if let Some((low, high)) = totals.range() {
        add(format!("{SEEN}: {low} to {high}"));
    }
    add(format!("min = \"{PLACEHOLDER}\""));
    add(format!("max = \"{PLACEHOLDER}\""));
    if totals.places > 0 {
        add(format!("decimals = {}", totals.places));
    }
    for key in ["better", "source", "licence"] {
        add(format!("{key} = \"{PLACEHOLDER}\""));
    }
    text
}

/// A field for a column, or a comment on why there is none. Consent decides who may read it, so its
/// category is always asked for.
fn field(column: &Column) -> String {
    let Column { name, filled, texts, too_many, places, .. } = column;
    let left_out = |why: &str| format!("\n# Left out: {name:?}, {why}\n");
    let id = code(name);
    if let Some(why) = unusable(&id) {
        return left_out(why);
    }
    if *filled == 0 {
        return left_out("which is empty");
    }
    if texts.len() == 1 && !too_many {
        return left_out("which says the same in every row");
    }
    let head =
        |kind: &str| format!("\n[[field]]\nid = {}\ntype = \"{kind}\"\ncategory = \"{PLACEHOLDER}\"\n", quoted(&id));
    if column.is_yes_no() {
        return head("flag");
    }
    if column.is_number() {
        let mut text = head("number");
        if let Some((low, high)) = column.range() {
            text += &format!("{SEEN}: {low} to {high}\n");
        }
        text += &format!("min = \"{PLACEHOLDER}\"\nmax = \"{PLACEHOLDER}\"\nunit = \"{PLACEHOLDER}\"\n");
        if *places > 0 {
            text += &format!("decimals = {places}\n");
        }
        return text;
    }
    let often: Vec<&String> = texts.iter().filter(|(_, times)| **times >= SEEN_MIN).map(|(text, _)| text).collect();
    if *too_many || texts.len() > CODES_MAX || often.is_empty() {
        return left_out("which is free text, a date or a name");
    }
    let mut codes: Vec<String> = often.iter().map(|text| value(text)).collect();
    codes.retain(|code| !code.is_empty() && !code.eq_ignore_ascii_case(UNKNOWN));
    codes.sort_unstable();
    codes.dedup();
    let codes: Vec<String> = codes.iter().map(|code| quoted(code)).collect();
    let mut text = head("category");
    if often.len() < texts.len() {
        let rare = texts.len() - often.len();
        // Writing to a string cannot fail.
        if writeln!(text, "{SEEN}: {rare} more, each in fewer than {SEEN_MIN} rows").is_err() {}
    }
    text + &format!("values = [{}]\n", codes.join(", "))
}

/// Why a name can be no field, by the very rules that a check applies.
fn unusable(id: &str) -> Option<&'static str> {
    let probe = format!(
        "name = \"probe\"\nversion = 1\n[[field]]\nid = {}\ntype = \"flag\"\ncategory = \"treatment\"\n",
        quoted(id)
    );
    let flaw = Dictionary::parse(&probe).err()?.flaw;
    if matches!(flaw, DictionaryFlaw::Identifying { .. }) {
        return Some("which points at a person, a place or a date");
    }
    Some("whose name cannot stand in a question: rename the column")
}

/// A value as it stands in the file, so that an import finds it, or, where a dictionary cannot hold it, as a code.
fn value(text: &str) -> String {
    let text = text.trim();
    let probe = format!(
        "name = \"probe\"\nversion = 1\n[[field]]\nid = \"probe\"\ntype = \"category\"\ncategory = \"treatment\"\n\
         values = [{}, \"another\"]\n",
        quoted(text)
    );
    if Dictionary::parse(&probe).is_ok() { text.to_owned() } else { code(text) }
}

/// A name as codes are formed: without spaces and signs, beginning with a letter.
fn code(text: &str) -> String {
    let mut code = String::new();
    for c in text.trim().chars() {
        match c {
            c if c.is_ascii_alphanumeric() => code.push(c),
            '-' if !code.is_empty() => code.push('-'),
            _ if !code.is_empty() && !code.ends_with('_') => code.push('_'),
            _ => {}
        }
    }
    let code = code.trim_end_matches(['_', '-']);
    if code.starts_with(|c: char| c.is_ascii_digit()) { format!("c{code}") } else { code.to_owned() }
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    let plain: String = text.chars().filter(|c| !c.is_control()).collect();
    format!("\"{}\"", plain.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::{code, value};

    #[test]
    fn a_value_stays_as_the_file_has_it_where_a_dictionary_can_hold_it() {
        for (text, want) in [("18-29", "18-29"), ("65+", "65+"), ("F", "F"), (" high ", "high"), ("a b", "a_b")] {
            assert_eq!(value(text), want, "{text:?}");
        }
    }

    #[test]
    fn a_name_becomes_a_code_that_can_be_written() {
        let cases = [
            ("High dose (KAP)", "High_dose_KAP"),
            ("3-2-1", "c3-2-1"),
            (" phq-9 ", "phq-9"),
            ("größe", "gr_e"),
            ("--", ""),
            ("a\u{0}b", "a_b"),
        ];
        for (text, want) in cases {
            assert_eq!(code(text), want, "{text:?}");
        }
    }
}
