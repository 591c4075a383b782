//! What is built in is what `deny.toml` and `docs/supply-chain.md` say: from one source, without what is banned, with every
//! crate of cryptography on record.

#![expect(clippy::unwrap_used, reason = "a test may panic, and says where")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

fn text(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file)).unwrap()
}

struct Locked {
    versions: BTreeMap<String, BTreeSet<String>>,
    sources: BTreeSet<String>,
    /// Packages of a registry without a checksum.
    unchecked: Vec<String>,
}

fn locked(lock: &str) -> Locked {
    let mut found = Locked { versions: BTreeMap::new(), sources: BTreeSet::new(), unchecked: Vec::new() };
    for package in lock.split("[[package]]").skip(1) {
        let field = |name: &str| {
            package
                .lines()
                .find_map(|l| l.strip_prefix(&format!("{name} = \"")))
                .map(|v| v.trim_end_matches('"').to_owned())
        };
        let (name, version) = (field("name").unwrap(), field("version").unwrap());
        if let Some(source) = field("source") {
            if field("checksum").is_none() {
                found.unchecked.push(name.clone());
            }
            found.sources.insert(source);
        }
        found.versions.entry(name).or_default().insert(version);
    }
    found
}

#[test]
fn everything_comes_from_one_registry_with_a_checksum() {
    let locked = locked(&text("Cargo.lock"));
    assert_eq!(locked.sources.len(), 1, "{:?}", locked.sources);
    assert!(locked.sources.iter().all(|source| source.starts_with("registry+")), "{:?}", locked.sources);
    assert_eq!(locked.unchecked, Vec::<String>::new());
    assert!(locked.versions.len() > 300, "{} crates", locked.versions.len());
}

#[test]
fn no_banned_crate_is_built_in_and_no_advisory_is_passed_over_for_a_crate_that_is_gone() {
    let (locked, deny) = (locked(&text("Cargo.lock")), text("deny.toml"));
    let deny: toml::Table = deny.parse().unwrap();
    let banned = deny["bans"]["deny"].as_array().unwrap();
    for entry in banned {
        let name = entry["crate"].as_str().unwrap();
        assert!(!locked.versions.contains_key(name), "{name} is banned and built in");
        assert!(entry["reason"].as_str().unwrap().len() > 5, "{name}");
    }
    for entry in deny["advisories"]["ignore"].as_array().unwrap() {
        let (id, reason) = (entry["id"].as_str().unwrap(), entry["reason"].as_str().unwrap());
        let about = reason.split(' ').next().unwrap();
        assert!(locked.versions.contains_key(about), "{id}: {about} is gone, and so must this be");
        assert!(reason.contains("Owner: "), "{id} has no owner");
    }
    for entry in deny["licenses"]["exceptions"].as_array().unwrap() {
        let name = entry["crate"].as_str().unwrap();
        assert!(locked.versions.contains_key(name), "{name} is gone, and so must its exception be");
    }
}

#[test]
fn every_crate_of_cryptography_is_on_record_in_the_versions_that_are_built_in() {
    let (locked, page) = (locked(&text("Cargo.lock")), text("docs/supply-chain.md"));
    let mut recorded = BTreeSet::new();
    for line in page.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 8, "{line}");
        let name = cells[0].trim_matches('`');
        let versions: BTreeSet<String> = cells[1].split(", ").map(str::to_owned).collect();
        assert_eq!(Some(&versions), locked.versions.get(name), "{name}: what was recorded is not what is built in");
        recorded.insert(name.to_owned());
    }
    for name in locked.versions.keys().filter(|name| is_cryptography(name)) {
        assert!(recorded.contains(name.as_str()), "{name} is not on record");
    }
    assert!(recorded.len() >= 20);
}

/// Crates whose fault would be a fault of a promise.
fn is_cryptography(name: &str) -> bool {
    const NAMES: [&str; 14] = [
        "argon2",
        "bip39",
        "ct-merkle",
        "getrandom",
        "hkdf",
        "hmac",
        "hpke",
        "prio",
        "ring",
        "rustls",
        "rustls-webpki",
        "snow",
        "subtle",
        "zeroize",
    ];
    const BEGINNINGS: [&str; 9] =
        ["blake2", "chacha20", "curve25519-", "ed25519-", "keccak", "libp2p-noise", "poly1305", "sha2", "x25519-"];
    (NAMES.contains(&name) || BEGINNINGS.iter().any(|begin| name.starts_with(begin)))
        && !["curve25519-dalek-derive"].contains(&name)
}
