//! One Rust file of the tree.

use crate::tidy::lexer::{self, Line};

/// A Rust file: its lines, and which of them are test code.
#[derive(Debug)]
pub(crate) struct Source {
    /// Where it lies, from the workspace's root, with `/`.
    pub(crate) path: String,
    /// Its lines as they stand.
    pub(crate) raw: Vec<String>,
    /// Its lines, told apart.
    pub(crate) lines: Vec<Line>,
    /// For each line, whether it is test code by an attribute in this very file.
    pub(crate) test_lines: Vec<bool>,
    /// Whether the whole file is test code, because of where it lies or how it is declared.
    pub(crate) test: bool,
    /// All code as one text, with the strings in attributes left readable: they may name a crate.
    pub(crate) code: String,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let lines = lexer::lines(text);
        let test_lines = test_lines(&lines);
        let raw: Vec<String> = text.lines().map(str::to_owned).collect();
        let code = joined(&lines) + &attributes(&raw);
        Self { path: path.to_owned(), raw, lines, test_lines, test: false, code }
    }

    /// The lines outside tests, numbered from 1.
    pub(crate) fn product_lines(&self) -> impl Iterator<Item = (usize, &Line)> {
        let outside =
            |(i, line)| (!self.test && !self.test_lines.get(i).copied().unwrap_or(false)).then_some((i + 1, line));
        self.lines.iter().enumerate().filter_map(outside)
    }

    /// All lines, numbered from 1.
    pub(crate) fn all_lines(&self) -> impl Iterator<Item = (usize, &Line)> {
        self.lines.iter().enumerate().map(|(i, line)| (i + 1, line))
    }

    /// Lines outside tests that hold code.
    pub(crate) fn code_lines(&self) -> usize {
        self.product_lines().filter(|(_, line)| !line.code.trim().is_empty()).count()
    }

    /// A place in this file.
    pub(crate) fn at(&self, number: usize) -> String {
        format!("{}:{number}", self.path)
    }
}

/// Whether `code` holds `word` and not as part of a longer name.
pub(crate) fn names(code: &str, word: &str) -> bool {
    let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let first = word.chars().next();
    let last = word.chars().next_back();
    code.match_indices(word).any(|(at, _)| {
        let (before, after) = (code.get(..at).unwrap_or(""), code.get(at + word.len()..).unwrap_or(""));
        !(part(first) && part(before.chars().next_back()) || part(last) && part(after.chars().next()))
    })
}

/// The names that follow `keyword` in a line of code, as in `fn name`.
pub(crate) fn declared<'a>(code: &'a str, keyword: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    let mut words = code.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty());
    while let Some(word) = words.next() {
        if word == keyword {
            found.extend(words.next());
        }
    }
    found
}

fn joined(lines: &[Line]) -> String {
    lines.iter().map(|line| line.code.as_str()).collect::<Vec<_>>().join("\n")
}

/// The lines that begin with an attribute, as they stand.
fn attributes(raw: &[String]) -> String {
    raw.iter().filter(|line| line.trim_start().starts_with("#[")).map(|line| format!("\n{line}")).collect()
}

/// Marks every item that stands under `#[cfg(test)]`, `#[test]` or another test attribute.
fn test_lines(lines: &[Line]) -> Vec<bool> {
    let code = joined(lines);
    let mut marks = vec![false; lines.len()];
    let mut from = 0;
    while let Some((start, end)) = next_test_item(&code, from) {
        let count = |upto: usize| code.get(..upto).unwrap_or("").matches('\n').count();
        for mark in marks.iter_mut().take(count(end) + 1).skip(count(start)) {
            *mark = true;
        }
        from = end.max(start + 1);
    }
    marks
}

/// Where the next test item begins and ends, looking from `from` on.
fn next_test_item(code: &str, from: usize) -> Option<(usize, usize)> {
    const MARKS: [&str; 5] = ["#[cfg(test)]", "#[cfg(all(test", "#[test]", "#[tokio::test", "#![cfg(test)]"];
    let rest = code.get(from..)?;
    let (at, mark) = MARKS.iter().filter_map(|mark| Some((rest.find(mark)?, *mark))).min()?;
    let start = from + at;
    if mark.starts_with("#!") {
        return Some((start, code.len()));
    }
    Some((start, item_end(code, start)))
}

/// Where the item that begins at `start` ends: at its `;`, or at the brace that closes it.
fn item_end(code: &str, start: usize) -> usize {
    let (mut braces, mut brackets) = (0_i32, 0_i32);
    for (at, c) in code.get(start..).unwrap_or("").char_indices() {
        match c {
            '(' | '[' => brackets += 1,
            ')' | ']' => brackets -= 1,
            '{' => braces += 1,
            '}' => braces -= 1,
            _ => {}
        }
        if brackets == 0 && braces == 0 && matches!(c, ';' | '}') {
            return start + at + 1;
        }
    }
    code.len()
}

#[test]
fn the_product_is_told_from_its_tests() {
    let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\nfn c(x: [u8; 2]) {}\n#[test]\nfn d(\n) {\n}\nfn e() {}\n";
    let source = Source::new("a.rs", text);
    let outside: Vec<usize> = source.product_lines().map(|(number, _)| number).collect();
    assert_eq!(outside, [1, 6, 11, 12]);
    assert_eq!(source.code_lines(), 3);
}

#[test]
fn a_name_is_not_found_inside_a_longer_one() {
    let cases = [
        ("use libp2p::Swarm;", "libp2p", true),
        ("let my_libp2p = 1;", "libp2p", false),
        ("x.unwrap()", ".unwrap()", true),
        ("x.unwrap_or(1)", ".unwrap()", false),
        ("sleds", "sled", false),
    ];
    for (code, word, found) in cases {
        assert_eq!(names(code, word), found, "{word} in {code}");
    }
}
