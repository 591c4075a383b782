//! Rules about crates, what they depend on and where a library may be named.

use std::collections::BTreeSet;

use crate::tidy::manifest::{Dependency, Manifest};
use crate::tidy::rules::{Offence, finds};
use crate::tidy::source::{Source, names};
use crate::tidy::tree::Tree;

/// `protocol` ← `node` ← `cli`; the fixtures in `tests` may use them all, and only tests may use fixtures.
pub(crate) fn arrows_point_inward(tree: &Tree) -> Vec<Offence> {
    let may_use = |folder: &str, dev: bool| match (folder, dev) {
        ("protocol", _) => [].as_slice(),
        ("node", _) => &["sumac-protocol"],
        ("cli", false) => &["sumac-protocol", "sumac-node"],
        ("cli", true) => &["sumac-protocol", "sumac-node", "sumac-tests"],
        ("tests/federation", _) => &["sumac-protocol"],
        _ => &["sumac-protocol", "sumac-node", "sumac-federation", "sumac"],
    };
    each_dependency(tree, |manifest, dependency| {
        let ours = dependency.name == "sumac" || dependency.name.starts_with("sumac-");
        let allowed =
            manifest.folder.is_empty() || may_use(&manifest.folder, dependency.dev).contains(&dependency.name);
        (ours && !allowed).then(|| format!("{} must not depend on {}", manifest.folder, dependency.name))
    })
}

/// Every crate takes the workspace's lints.
pub(crate) fn lints_are_inherited(tree: &Tree) -> Vec<Offence> {
    let crates = tree.manifests.iter().filter(|m| !m.folder.is_empty());
    let without = crates.filter(|m| !m.says("lints", "workspace", "true"));
    without.map(|m| Offence::new(format!("{}:1", m.path), "`[lints] workspace = true` is missing")).collect()
}

/// What a manifest asks for, code of that crate uses; what the workspace offers, some crate takes.
pub(crate) fn dependencies_are_used(tree: &Tree) -> Vec<Offence> {
    let taken: BTreeSet<&str> = crates(tree).flat_map(Manifest::dependencies).map(|d| d.name).collect();
    each_dependency(tree, |manifest, dependency| {
        if manifest.folder.is_empty() {
            return (!taken.contains(dependency.name)).then(|| format!("no crate takes {}", dependency.name));
        }
        let word = dependency.name.replace('-', "_");
        let used = |path: &str| tree.sources.iter().any(|s| s.path == path && names(&s.code, &word));
        let inside = tree.sources_of(&manifest.folder).any(|s| names(&s.code, &word));
        let used = inside || manifest.target_paths().iter().any(|path| used(path)) || suites_use(tree, manifest, &word);
        (!used).then(|| format!("{} never names {}", manifest.folder, dependency.name))
    })
}

/// Whether the suites that begin outside a crate's folder name a word.
fn suites_use(tree: &Tree, manifest: &Manifest, word: &str) -> bool {
    manifest
        .target_paths()
        .iter()
        .filter_map(|path| path.strip_suffix(".rs"))
        .any(|folder| tree.sources_of(folder).any(|s| names(&s.code, word)))
}

/// Each dependency stands in the table of `ARCHITECTURE.md` with what it is for and why not another; the
/// table lists no others.
pub(crate) fn dependencies_have_reasons(tree: &Tree) -> Vec<Offence> {
    let rows = explained(tree.text(ARCHITECTURE).unwrap_or(""));
    let known: BTreeSet<&str> = rows.iter().map(|(_, name)| name.as_str()).collect();
    let wanted: BTreeSet<&str> = crates(tree).flat_map(Manifest::dependencies).map(|d| d.name).collect();
    let mut offences = each_dependency(tree, |manifest, dependency| {
        let ours = dependency.name.starts_with("sumac");
        (!manifest.folder.is_empty() && !ours && !known.contains(dependency.name))
            .then(|| format!("{} has no row with a reason in {ARCHITECTURE}", dependency.name))
    });
    let stale = rows.iter().filter(|(_, name)| !wanted.contains(name.as_str()));
    offences
        .extend(stale.map(|(n, name)| Offence::new(format!("{ARCHITECTURE}:{n}"), format!("no crate uses {name}"))));
    offences
}

/// The dependencies that the table under "Dependencies" explains: rows with a name, a purpose and a reason.
fn explained(text: &str) -> Vec<(usize, String)> {
    let mut inside = false;
    let mut found = Vec::new();
    for (i, line) in text.lines().enumerate() {
        if line.starts_with('#') {
            inside = line.trim_start_matches('#').trim() == "Dependencies";
        }
        let cells: Vec<&str> = line.trim().trim_matches('|').split('|').map(str::trim).collect();
        if let ([first, purpose, reason], true) = (cells.as_slice(), inside && line.starts_with('|'))
            && purpose.len() > 3
            && reason.len() > 3
        {
            found.extend(first.split('`').skip(1).step_by(2).map(|name| (i + 1, name.to_owned())));
        }
    }
    found
}

/// libp2p is named under `node/src/network`, sled in `node/src/store/index.rs`, and nowhere else but in the
/// store's own tests, which look for what it leaves on the disk.
pub(crate) fn libraries_keep_to_their_places(tree: &Tree) -> Vec<Offence> {
    let places = [("libp2p", ["node/src/network.rs", "node/src/network/"]), ("sled", ["node/src/store/index.rs"; 2])];
    let mut offences = Vec::new();
    for (library, [file, folder]) in places {
        let there = |s: &Source| s.path == file || s.path.starts_with(folder);
        let stores_test = |s: &Source| s.test && s.path.starts_with("node/src/store/") && library == "sled";
        for source in tree.sources.iter().filter(|s| !there(s) && !stores_test(s)) {
            let lines = source.all_lines().filter(|(_, line)| names(&line.code, library));
            offences.extend(lines.map(|(n, _)| Offence::new(source.at(n), format!("{library} belongs in {file}"))));
        }
    }
    offences
}

/// `protocol` learns the time and randomness from its arguments, waits for nothing, opens nothing, and keeps
/// nothing in an order of chance.
pub(crate) fn protocol_is_pure(tree: &Tree) -> Vec<Offence> {
    let banned = [
        "HashMap",
        "HashSet",
        "async",
        "await",
        "SystemTime",
        "Instant",
        "std::fs",
        "std::net",
        "std::env",
        "std::thread",
        "std::process",
        "OsRng",
        "SysRng",
        "thread_rng",
        "tokio",
        "tracing",
    ];
    let mut offences = Vec::new();
    for source in tree.sources_of("protocol/src").filter(|s| !s.test) {
        for (number, line) in source.product_lines() {
            let found = banned.iter().filter(|word| names(&line.code, word));
            offences.extend(found.map(|word| Offence::new(source.at(number), format!("no {word} in protocol"))));
        }
    }
    offences
}

fn crates(tree: &Tree) -> impl Iterator<Item = &Manifest> {
    tree.manifests.iter().filter(|m| !m.folder.is_empty())
}

/// Asks about each dependency of each manifest; an answer is an offence.
fn each_dependency(tree: &Tree, wrong: impl Fn(&Manifest, &Dependency<'_>) -> Option<String>) -> Vec<Offence> {
    let mut offences = Vec::new();
    for manifest in &tree.manifests {
        for dependency in manifest.dependencies() {
            let place = format!("{}:{}", manifest.path, dependency.number);
            offences.extend(wrong(manifest, &dependency).map(|what| Offence::new(place, what)));
        }
    }
    offences
}

const ARCHITECTURE: &str = "ARCHITECTURE.md";

#[test]
fn an_arrow_that_points_outward_is_found() {
    let files = [
        ("protocol/Cargo.toml", "[dev-dependencies]\nsumac-node = { workspace = true }\n"),
        ("node/Cargo.toml", "[dependencies]\nsumac-protocol = { workspace = true }\nsumac = { path = \"../cli\" }\n"),
        (
            "cli/Cargo.toml",
            "[dependencies]\nsumac-tests = { path = \"x\" }\n[dev-dependencies]\nsumac-tests = { path = \"x\" }\n",
        ),
        ("tests/Cargo.toml", "[dependencies]\nsumac-node = { workspace = true }\n"),
    ];
    finds(arrows_point_inward, &files, &["cli/Cargo.toml:2", "node/Cargo.toml:3", "protocol/Cargo.toml:2"]);
}

#[test]
fn a_crate_without_the_lints_is_found() {
    let files = [
        ("Cargo.toml", "[workspace]\n"),
        ("a/Cargo.toml", "[lints]\nworkspace = true\n"),
        ("b/Cargo.toml", "[lints]\n"),
    ];
    finds(lints_are_inherited, &files, &["b/Cargo.toml:1"]);
}

#[test]
fn a_dependency_that_nothing_uses_is_found() {
    let files = [
        ("Cargo.toml", "[workspace.dependencies]\nused-one = \"1\"\nunused = \"1\"\nnobodys = \"1\"\n"),
        (
            "a/Cargo.toml",
            "[dependencies]\nused-one = { workspace = true }\nunused = { workspace = true }\nwritten = \"1\"\n",
        ),
        ("a/src/lib.rs", "use used_one::A; // unused::B\n#[serde(with = \"written\")]\n"),
    ];
    finds(dependencies_are_used, &files, &["Cargo.toml:4", "a/Cargo.toml:3"]);
}

#[test]
fn a_dependency_without_a_reason_and_a_reason_without_a_dependency_are_found() {
    let architecture = "| `early` | is not | in the section |\n## Dependencies\n\n| crate | for | why |\n|---|---|---|\n\
                        | `good`, `also` | counting | the only one that counts |\n| `empty` | counting | |\n| `gone` | nothing | none at all |\n";
    let files = [
        (ARCHITECTURE, architecture),
        ("a/Cargo.toml", "[dependencies]\ngood = \"1\"\nalso = \"1\"\nempty = \"1\"\nearly = \"1\"\n"),
    ];
    finds(dependencies_have_reasons, &files, &["a/Cargo.toml:4", "a/Cargo.toml:5", "ARCHITECTURE.md:8"]);
}

#[test]
fn a_library_out_of_its_place_is_found() {
    let files = [
        ("node/Cargo.toml", ""),
        ("node/src/lib.rs", "mod network;\nmod service;\nmod store;"),
        ("node/src/network.rs", "use libp2p::PeerId;"),
        ("node/src/store.rs", "#[cfg(test)]\nmod tests;"),
        ("node/src/store/tests.rs", "use sled::Db; use libp2p::PeerId;"),
        ("node/src/network/swarm.rs", "use libp2p::Swarm; use sled::Db;"),
        ("node/src/store/index.rs", "use sled::Db;"),
        ("node/src/store/disk.rs", "// sled is elsewhere\n/// See libp2p.\nfn a() -> sled::Db { \"libp2p\" }"),
        ("node/src/service.rs", "use libp2p::PeerId;"),
    ];
    finds(
        libraries_keep_to_their_places,
        &files,
        &[
            "node/src/store/tests.rs:1",
            "node/src/service.rs:1",
            "node/src/network/swarm.rs:1",
            "node/src/store/disk.rs:3",
        ],
    );
}

#[test]
fn a_clock_or_an_order_of_chance_in_the_protocol_is_found() {
    let files = [
        ("protocol/Cargo.toml", "[package]"),
        (
            "protocol/src/lib.rs",
            "use std::collections::HashMap;\nuse std::time::Instant;\n#[cfg(test)]\nmod tests { use std::fs; }\n",
        ),
        ("node/src/lib.rs", "use std::collections::HashMap;"),
    ];
    finds(protocol_is_pure, &files, &["protocol/src/lib.rs:1", "protocol/src/lib.rs:2"]);
}
