//! Rules about how much there is of what.

use crate::tidy::rules::{Offence, finds};
use crate::tidy::source::Source;
use crate::tidy::tree::Tree;

/// No file of the product has more code than this.
const FILE_LINES_MAX: usize = 400;
/// Half of the product's files have at most this much.
const FILE_LINES_MEDIAN_MAX: usize = 150;
/// Doc comments, of a hundred lines that are not blank.
const DOC_PERCENT_MIN: usize = 15;

/// Lines of code without tests, comments and blank lines.
pub(crate) fn files_are_short(tree: &Tree) -> Vec<Offence> {
    let long = tree.product().map(|s| (s, s.code_lines())).filter(|(_, lines)| *lines > FILE_LINES_MAX);
    long.map(|(s, lines)| Offence::new(s.at(1), format!("{lines} lines of code; at most {FILE_LINES_MAX}"))).collect()
}

/// The median file of the product.
pub(crate) fn the_median_file_is_short(tree: &Tree) -> Vec<Offence> {
    let mut files: Vec<(usize, &str)> = tree.product().map(|s| (s.code_lines(), s.path.as_str())).collect();
    files.sort_unstable();
    let Some((median, path)) = files.get(files.len() / 2) else { return Vec::new() };
    let what = format!("the median file has {median} lines of code; at most {FILE_LINES_MEDIAN_MAX}");
    (*median > FILE_LINES_MEDIAN_MAX).then(|| Offence::new(format!("{path}:1"), what)).into_iter().collect()
}

/// Doc comments among the lines of each crate, tests and blank lines left out.
pub(crate) fn public_things_are_explained(tree: &Tree) -> Vec<Offence> {
    let mut offences = Vec::new();
    for manifest in tree.manifests.iter().filter(|m| !m.folder.is_empty()) {
        let inside: Vec<&Source> =
            tree.product().filter(|s| s.path.starts_with(&format!("{}/", manifest.folder))).collect();
        let lines = || inside.iter().flat_map(|s| s.product_lines()).map(|(_, line)| line);
        let all = lines().filter(|l| !l.code.trim().is_empty() || !l.comment.is_empty()).count();
        let doc = lines().filter(|l| l.doc).count();
        if doc * 100 < all * DOC_PERCENT_MIN {
            let what = format!("{doc} of {all} lines are doc comments; at least {DOC_PERCENT_MIN} in a hundred");
            offences.push(Offence::new(format!("{}:1", manifest.path), what));
        }
    }
    offences
}

#[test]
fn a_long_file_is_found_by_its_code_alone() {
    let code = |lines: usize| "let a = 1;\n".repeat(lines);
    let long = code(FILE_LINES_MAX + 1);
    let commented =
        code(FILE_LINES_MAX) + &"// a comment\n\n".repeat(9) + "#[cfg(test)]\nmod tests {\n" + &code(500) + "}\n";
    let files = [("a/src/long.rs", long.as_str()), ("a/src/commented.rs", &commented), ("tests/suites/b.rs", &long)];
    finds(files_are_short, &files, &["a/src/long.rs:1"]);
}

#[test]
fn a_median_that_has_grown_is_found() {
    let (short, long) = ("a;\n".repeat(FILE_LINES_MEDIAN_MAX), "a;\n".repeat(FILE_LINES_MEDIAN_MAX + 1));
    finds(the_median_file_is_short, &[("a.rs", &short), ("b.rs", &short), ("c.rs", &long)], &[]);
    finds(the_median_file_is_short, &[("a.rs", &short), ("b.rs", &long), ("c.rs", &long)], &["b.rs:1"]);
}

#[test]
fn a_crate_without_explanations_is_found() {
    let (bare, explained) = ("/// A.\n".to_owned() + &"a;\n".repeat(6), "/// A.\n".to_owned() + &"a;\n".repeat(5));
    let files = [("a/Cargo.toml", ""), ("a/src/lib.rs", &bare), ("b/Cargo.toml", ""), ("b/src/lib.rs", &explained)];
    finds(public_things_are_explained, &files, &["a/Cargo.toml:1"]);
}
