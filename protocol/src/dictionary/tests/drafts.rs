//! What a draft leaves open is refused until somebody has decided it.

use super::super::{Dictionary, SEEN};
use super::blocks::BLOCKS;

#[test]
fn an_open_bound_is_refused_by_name_and_the_remedy_warns_of_records() {
    let text = BLOCKS
        .replace("min = 0\nmax = 92", "min = \"?\"\nmax = \"?\"")
        .replace("weight = { min = 25", "weight = { min = \"?\"");
    let flaws = Dictionary::parse_all(&text).unwrap_err();
    let found: Vec<_> = flaws.iter().map(|flaw| (flaw.line, flaw.code(), flaw.to_string())).collect();
    let says = |line: usize, of: &str| {
        let text = format!("line {line}: {of} is still to be filled in");
        (line, "dictionary-unfilled", text)
    };
    assert_eq!(found, [says(37, "`min` of `CADSS`"), says(38, "`max` of `CADSS`"), says(78, "`min` of `weight`")]);
    assert!(flaws.iter().all(|flaw| flaw.remedy().contains("never the end of what was seen")));
}

#[test]
fn anything_else_that_is_open_is_refused_too() {
    for (piece, instead) in [
        ("name = \"blocks\"", "name = \"?\""),
        ("category = \"treatment\"\nvalues", "category = \"?\"\nvalues"),
        ("licence = \"a publisher's\"", "licence = \"?\""),
    ] {
        assert_eq!(BLOCKS.matches(piece).count(), 1, "{piece} stands once");
        let flaws = Dictionary::parse_all(&BLOCKS.replace(piece, instead)).unwrap_err();
        assert_eq!(flaws.iter().map(|flaw| flaw.code()).collect::<Vec<_>>(), ["dictionary-unfilled"], "{instead}");
        assert!(flaws[0].remedy().starts_with("decide"), "{instead}");
    }
}

#[test]
fn what_was_seen_in_records_must_not_be_signed() {
    let text = BLOCKS.replace("version = 1\n\n", &format!("version = 1\n  {SEEN}: 3 to 27\n"));
    let flaws = Dictionary::parse_all(&text).unwrap_err();
    assert_eq!(flaws.iter().map(|flaw| (flaw.line, flaw.code())).collect::<Vec<_>>(), [(3, "dictionary-seen")]);
    let said_elsewhere = BLOCKS.replace("version = 1\n\n", "version = 1\n# never say what was seen\n");
    assert!(Dictionary::parse(&said_elsewhere).is_ok());
}
