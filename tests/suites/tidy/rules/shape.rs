//! Rules about files, names and single lines of code.

use crate::tidy::lexer::Line;
use crate::tidy::modules;
use crate::tidy::rules::{Offence, finds};
use crate::tidy::source::{Source, declared, names};
use crate::tidy::tree::Tree;

/// Every Rust file is reached from some target along `mod` lines.
pub(crate) fn every_file_is_reachable(tree: &Tree) -> Vec<Offence> {
    let dead = tree.sources.iter().filter(|s| tree.reached.binary_search(&s.path).is_err());
    dead.map(|s| Offence::new(s.at(1), "no `mod` line leads here")).collect()
}

/// No `mod.rs`, no file, module, type or function named after nothing in particular.
pub(crate) fn names_say_something(tree: &Tree) -> Vec<Offence> {
    const MODULES: [&str; 12] =
        ["mod", "util", "utils", "common", "helper", "helpers", "type", "types", "misc", "manager", "data", "info"];
    let mut offences = Vec::new();
    for source in &tree.sources {
        let stem = source.path.rsplit('/').next().and_then(|name| name.strip_suffix(".rs")).unwrap_or("");
        if MODULES.contains(&stem) {
            offences.push(Offence::new(source.at(1), format!("a file named `{stem}`")));
        }
        for (number, line) in source.all_lines() {
            let module = modules::module(&line.code).map(|(name, _)| name).filter(|name| MODULES.contains(name));
            let functions = declared(&line.code, "fn");
            let function = functions.iter().find(|name| name.starts_with("get_") || name.starts_with("do_"));
            let types = ["struct", "enum", "trait"].map(|keyword| declared(&line.code, keyword)).concat();
            let vague = ["Manager", "Helper", "Utils", "Util", "Handler2", "Info"];
            let type_ = types.iter().find(|name| vague.iter().any(|end| name.ends_with(end)));
            let found = [module, function.copied(), type_.copied()].into_iter().flatten();
            offences
                .extend(found.map(|name| Offence::new(source.at(number), format!("the name `{name}` says nothing"))));
        }
    }
    offences
}

/// The product does not panic on purpose; an `expect` has to name the invariant, which a person checks.
pub(crate) fn nothing_panics_outside_tests(tree: &Tree) -> Vec<Offence> {
    let banned = [".unwrap()", ".unwrap_err()", "todo!", "unimplemented!", "dbg!", "panic!"];
    lines_with(tree, Lines::Product, |line| banned.into_iter().find(|word| names(&line.code, word)))
}

/// A note about unfinished work names who will finish it.
pub(crate) fn unfinished_work_has_an_owner(tree: &Tree) -> Vec<Offence> {
    let marks = ["TO\u{44}O", "FIX\u{4d}E", "XX\u{58}", "HAC\u{4b}"];
    lines_with(tree, Lines::All, |line| {
        let owned = |mark: &str| line.comment.contains(&format!("{mark}("));
        marks.into_iter().find(|mark| names(&line.comment, mark) && !owned(mark))
    })
}

/// Lints are turned off with `#[expect(…, reason = "…")]`, which complains when it is no longer needed.
pub(crate) fn no_lint_is_silenced(tree: &Tree) -> Vec<Offence> {
    lines_with(tree, Lines::All, |line| ["#[allow(", "#![allow("].into_iter().find(|word| line.code.contains(word)))
}

/// Tests run, wait for events and not for time, assert what they expect, and are named by a sentence.
pub(crate) fn tests_are_honest(tree: &Tree) -> Vec<Offence> {
    let banned = ["#[ignore", "should_panic", "thread::sleep", "assert!(true)"];
    let mut offences = lines_with(tree, Lines::All, |line| banned.into_iter().find(|word| line.code.contains(word)));
    for source in &tree.sources {
        let prefixed = |line: &Line| declared(&line.code, "fn").iter().any(|name| name.starts_with("test_"));
        let is_test = |number| ["#[test]", "::test"].iter().any(|mark| above(source, number).contains(mark));
        let found = source.all_lines().filter(|(number, line)| prefixed(line) && is_test(*number));
        offences.extend(found.map(|(number, _)| Offence::new(source.at(number), "a test's name is a sentence")));
    }
    offences
}

/// Types that hold a secret cannot be copied, printed field by field, or serialized.
pub(crate) fn secrets_stay_single(tree: &Tree) -> Vec<Offence> {
    const SECRETS: [&str; 6] = ["Signer", "OpeningKey", "CellShares", "Split", "RawCells", "UnlockSecret"];
    const FORBIDDEN: [&str; 5] = ["Clone", "Copy", "Serialize", "Debug", "PartialEq"];
    let mut offences = Vec::new();
    for secret in SECRETS {
        let mut declarations = 0;
        for source in tree.product() {
            for (number, line) in source.product_lines() {
                if ["struct", "enum"].iter().any(|keyword| declared(&line.code, keyword).contains(&secret)) {
                    declarations += 1;
                    let derived = above(source, number);
                    let found = FORBIDDEN.iter().filter(|word| names(&derived, word));
                    offences
                        .extend(found.map(|word| Offence::new(source.at(number), format!("{secret} derives {word}"))));
                }
                let by_hand =
                    ["Clone", "Copy", "Serialize"].into_iter().find(|word| implements(&line.code, word, secret));
                offences
                    .extend(by_hand.map(|word| Offence::new(source.at(number), format!("{secret} implements {word}"))));
            }
        }
        if declarations == 0 {
            offences.push(Offence::new(
                "tests/suites/tidy/rules/shape.rs:1",
                format!("no type is named {secret} any more"),
            ));
        }
    }
    offences
}

/// The attributes directly above a declaration, of one line or several.
fn above(source: &Source, number: usize) -> String {
    let above = source.lines.get(..number - 1).unwrap_or(&[]).iter().rev();
    let ends = |code: &str| code.ends_with(['}', ';', '{']);
    above.take_while(|line| !ends(line.code.trim_end())).map(|line| line.code.as_str()).collect::<Vec<_>>().join(" ")
}

/// Whether a line begins `impl … Trait for Type`.
fn implements(code: &str, what: &str, secret: &str) -> bool {
    let header = code.trim_start().strip_prefix("impl").and_then(|rest| rest.split_once(" for "));
    header.is_some_and(|(head, of)| names(head, what) && of.split(['<', ' ', '{']).next() == Some(secret))
}

/// Which lines a rule looks at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lines {
    All,
    Product,
}

/// Every line of the tree that holds something banned.
fn lines_with(tree: &Tree, which: Lines, banned: impl Fn(&Line) -> Option<&'static str>) -> Vec<Offence> {
    let mut offences = Vec::new();
    for source in &tree.sources {
        let lines: Vec<(usize, &Line)> =
            if which == Lines::Product { source.product_lines().collect() } else { source.all_lines().collect() };
        let found = lines.into_iter().filter_map(|(number, line)| Some((number, banned(line)?)));
        offences.extend(found.map(|(number, word)| Offence::new(source.at(number), format!("`{word}`"))));
    }
    offences
}

#[test]
fn a_dead_file_is_found() {
    let files = [("a/Cargo.toml", ""), ("a/src/lib.rs", "mod b;"), ("a/src/b.rs", ""), ("a/src/c.rs", "")];
    finds(every_file_is_reachable, &files, &["a/src/c.rs:1"]);
}

#[test]
fn a_name_that_says_nothing_is_found() {
    let files = [
        ("a/src/mod.rs", ""),
        ("a/src/utils.rs", ""),
        (
            "a/src/lib.rs",
            "mod common;\nmod helpers {\n}\nstruct QueryManager;\nfn get_score() {}\nlet x = map.get_mut();\nmod database;\n",
        ),
    ];
    let places =
        ["a/src/mod.rs:1", "a/src/utils.rs:1", "a/src/lib.rs:1", "a/src/lib.rs:2", "a/src/lib.rs:4", "a/src/lib.rs:5"];
    finds(names_say_something, &files, &places);
}

#[test]
fn a_panic_in_the_product_is_found_and_one_in_a_test_is_not() {
    let product =
        "a.unwrap();\na.unwrap_or(1); // .unwrap()\ntodo!();\npanic!(\"x\");\n#[test]\nfn b() { c.unwrap(); }\n";
    let files = [
        ("a/Cargo.toml", ""),
        ("a/src/lib.rs", product),
        ("a/tests/b.rs", "a.unwrap();"),
        ("tests/src/lib.rs", "a.unwrap();"),
    ];
    finds(nothing_panics_outside_tests, &files, &["a/src/lib.rs:1", "a/src/lib.rs:3", "a/src/lib.rs:4"]);
}

#[test]
fn unfinished_work_without_an_owner_is_found() {
    let text = "// TO\u{44}O(ada): later\n// TO\u{44}O later\n/* FIX\u{4d}E */\nlet s = \"TO\u{44}O\";\n";
    finds(unfinished_work_has_an_owner, &[("a.rs", text)], &["a.rs:2", "a.rs:3"]);
}

#[test]
fn a_silenced_lint_is_found() {
    let text = "#![allow(dead_code)]\n#[expect(dead_code, reason = \"a\")]\n#[allow(unused)]\n";
    finds(no_lint_is_silenced, &[("a.rs", text)], &["a.rs:1", "a.rs:3"]);
}

#[test]
fn a_test_that_hides_something_is_found() {
    let text = "#[test]\n#[ignore = \"slow\"]\nfn a() {}\n#[test]\n#[should_panic]\nfn b() {}\n#[test]\nfn test_c() {\n    std::thread::sleep(d);\n}\nfn test_rig() {}\n";
    finds(tests_are_honest, &[("a.rs", text)], &["a.rs:2", "a.rs:5", "a.rs:9", "a.rs:8"]);
}

#[test]
fn a_secret_that_can_be_copied_is_found() {
    let others = "struct OpeningKey;\nstruct CellShares;\nstruct RawCells;\nstruct UnlockSecret;\n";
    let cases = [
        (
            "a derive",
            "/// A key.\n#[derive(Clone)]\npub struct Signer(K);\nstruct Split;\n",
            ["a/src/lib.rs:8"].as_slice(),
        ),
        (
            "a derive of several lines",
            "#[derive(\n    Debug,\n)]\nstruct Signer;\nstruct Split;\n",
            &["a/src/lib.rs:9"],
        ),
        ("by hand", "struct Signer;\nstruct Split;\nimpl serde::Serialize for Split {\n", &["a/src/lib.rs:8"]),
        ("the neighbour's derive", "#[derive(Clone)]\nstruct Other;\nstruct Signer;\nstruct Split;\n", &[]),
        ("a secret that went away", "struct Signer;\n", &["tests/suites/tidy/rules/shape.rs:1"]),
    ];
    for (why, text, places) in cases {
        let whole = format!("{others}// {why}\n{text}");
        finds(secrets_stay_single, &[("a/Cargo.toml", ""), ("a/src/lib.rs", &whole)], places);
    }
}
