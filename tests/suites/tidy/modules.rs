//! Which files the crates are made of: followed from each target along its `mod` lines.

use std::collections::BTreeMap;

use crate::tidy::manifest::{Manifest, normal};
use crate::tidy::source::Source;

/// Every file that some target reaches, with whether it is test code wherever it is reached.
pub(crate) fn reached(sources: &[Source], manifests: &[Manifest]) -> BTreeMap<String, bool> {
    let by_path: BTreeMap<&str, &Source> = sources.iter().map(|s| (s.path.as_str(), s)).collect();
    let mut found = BTreeMap::new();
    let mut waiting: Vec<(String, bool)> = manifests.iter().flat_map(|m| targets(m, sources)).collect();
    let mut roots: Vec<String> = waiting.iter().map(|(path, _)| path.clone()).collect();
    roots.sort();
    while let Some((path, test)) = waiting.pop() {
        let Some(source) = by_path.get(path.as_str()) else { continue };
        // A file reached as product and as test is product.
        if found.get(&path).is_some_and(|before| !before || test) {
            continue;
        }
        found.insert(path.clone(), test);
        let root = roots.binary_search(&path).is_ok();
        for child in children(source, root) {
            let place = child.places.iter().find(|place| by_path.contains_key(place.as_str()));
            waiting.extend(place.map(|place| (place.clone(), test || child.test)));
        }
    }
    found
}

/// Where a crate's targets begin: named in the manifest, or found where Cargo looks for them.
fn targets(manifest: &Manifest, sources: &[Source]) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    for path in manifest.target_paths() {
        let test = is_test_place(&path);
        found.push((path, test));
    }
    let prefix = if manifest.folder.is_empty() { String::new() } else { format!("{}/", manifest.folder) };
    for source in sources {
        let Some(inner) = source.path.strip_prefix(&prefix) else { continue };
        let parts: Vec<&str> = inner.split('/').collect();
        let root = matches!(
            parts.as_slice(),
            ["build.rs"]
                | ["src", "lib.rs" | "main.rs"]
                | ["src", "bin", _]
                | ["src", "bin", _, "main.rs"]
                | ["tests" | "benches" | "examples", _]
                | ["tests" | "benches" | "examples", _, "main.rs"]
        );
        if root {
            found.push((source.path.clone(), is_test_place(&source.path)));
        }
    }
    found
}

/// Whether everything at this place is test code.
pub(crate) fn is_test_place(path: &str) -> bool {
    path.split('/').any(|part| matches!(part, "tests" | "benches")) && !path.contains("/src/")
        || path.starts_with("tests/")
}

struct Child {
    /// Where its file may lie.
    places: Vec<String>,
    test: bool,
}

/// The modules that a file declares and does not hold itself.
fn children(source: &Source, root: bool) -> Vec<Child> {
    let folder = source.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let stem = source.path.rsplit('/').next().and_then(|name| name.strip_suffix(".rs")).unwrap_or("");
    let base = if root || stem == "mod" { folder.to_owned() } else { format!("{folder}/{stem}") };
    let mut found = Vec::new();
    let mut inside: Vec<(String, i32)> = Vec::new();
    let mut depth = 0_i32;
    for (number, line) in source.all_lines() {
        if let Some((name, whole)) = module(&line.code) {
            if whole {
                let nested: Vec<&str> = inside.iter().map(|(name, _)| name.as_str()).collect();
                let dir = [&[base.as_str()], nested.as_slice()].concat().join("/");
                let named = path_attribute(source, number).map(|path| vec![normal(&format!("{folder}/{path}"))]);
                let usual = || vec![normal(&format!("{dir}/{name}.rs")), normal(&format!("{dir}/{name}/mod.rs"))];
                let test = source.test_lines.get(number - 1).copied().unwrap_or(false);
                found.push(Child { places: named.unwrap_or_else(usual), test });
            } else {
                inside.push((name.to_owned(), depth));
            }
        }
        for c in line.code.chars() {
            depth += i32::from(c == '{') - i32::from(c == '}');
            if c == '}' && inside.last().is_some_and(|(_, at)| *at == depth) {
                inside.pop();
            }
        }
    }
    found
}

/// The module that a line declares, and whether it lies in a file of its own.
pub(crate) fn module(code: &str) -> Option<(&str, bool)> {
    let mut words = code.split_whitespace().skip_while(|word| *word != "mod");
    words.next()?;
    let rest = words.next()?;
    let name = rest.split(|c: char| !(c.is_alphanumeric() || c == '_')).next()?;
    let own_file = code.trim_end().ends_with(';');
    (!name.is_empty() && (own_file || code.contains('{'))).then_some((name, own_file))
}

/// The file named by `#[path = "…"]` above a line.
fn path_attribute(source: &Source, number: usize) -> Option<&str> {
    let above = source.raw.get(..number - 1)?.iter().rev();
    let mut attributes = above.take_while(|line| line.trim_start().starts_with("#["));
    attributes.find_map(|line| line.trim().strip_prefix("#[path = \"")?.strip_suffix("\"]"))
}

#[test]
fn modules_are_followed_into_files_folders_and_test_code() {
    let sources = [
        Source::new("a/src/lib.rs", "mod b;\n#[cfg(test)]\nmod tests;\nmod inline {\n    mod deep;\n}\nmod after;\n"),
        Source::new("a/src/b.rs", "pub(crate) mod c;\n"),
        Source::new("a/src/b/c.rs", ""),
        Source::new("a/src/tests.rs", "mod rig;\n"),
        Source::new("a/src/tests/rig.rs", ""),
        Source::new("a/src/inline/deep.rs", ""),
        Source::new("a/src/after.rs", ""),
        Source::new("a/src/dead.rs", ""),
        Source::new("tests/suites/x.rs", "#[path = \"x/y.rs\"]\nmod y;\n"),
        Source::new("tests/suites/x/y.rs", ""),
    ];
    let manifests =
        [Manifest::new("a/Cargo.toml", "[package]\nname = \"a\"\n[[test]]\npath = \"../tests/suites/x.rs\"\n")];
    let found: Vec<(String, bool)> = reached(&sources, &manifests).into_iter().collect();
    let expected = [
        ("a/src/after.rs", false),
        ("a/src/b.rs", false),
        ("a/src/b/c.rs", false),
        ("a/src/inline/deep.rs", false),
        ("a/src/lib.rs", false),
        ("a/src/tests.rs", true),
        ("a/src/tests/rig.rs", true),
        ("tests/suites/x.rs", true),
        ("tests/suites/x/y.rs", true),
    ];
    assert_eq!(found, expected.map(|(path, test)| (path.to_owned(), test)));
}
