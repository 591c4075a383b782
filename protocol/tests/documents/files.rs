//! Files under `vectors`, compared with what the tests build.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;

/// The folder of all documents.
pub(crate) fn folder() -> PathBuf {
    beside("documents")
}

/// A folder of other vectors.
pub(crate) fn beside(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors").join(name)
}

pub(crate) fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))).unwrap()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2), "whole bytes");
    let pairs = text.as_bytes().chunks_exact(2).map(|pair| std::str::from_utf8(pair).unwrap());
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

/// The text of a file: indented, with a line break at the end.
pub(crate) fn text_of(content: &impl Serialize) -> String {
    serde_json::to_string_pretty(content).unwrap() + "\n"
}

/// The files in a folder, by name.
pub(crate) fn files_in(folder: &Path) -> BTreeMap<String, Value> {
    let Ok(entries) = fs::read_dir(folder) else { return BTreeMap::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    let files = paths.filter(|path| path.extension().is_some_and(|end| end == "json"));
    files.map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), read(&path))).collect()
}

/// Demands that these files are in a folder, byte for byte, and no others. Where it is otherwise,
/// the right ones are left in the target folder.
#[expect(clippy::disallowed_methods, reason = "tests leave the files that should be there")]
pub(crate) fn must_hold(folder: &Path, fresh: &[(String, String)]) {
    let is_there = |name: &String, text: &String| fs::read_to_string(folder.join(name)).is_ok_and(|have| have == *text);
    let wrong: Vec<&String> = fresh.iter().filter(|(name, text)| !is_there(name, text)).map(|(name, _)| name).collect();
    let mut strange = files_in(folder);
    strange.retain(|name, _| !fresh.iter().any(|(known, _)| known == name));
    if wrong.is_empty() && strange.is_empty() {
        return;
    }
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder.strip_prefix(vectors).unwrap());
    fs::create_dir_all(&out).unwrap();
    fresh.iter().for_each(|(name, text)| fs::write(out.join(name), text).unwrap());
    let (out, folder) = (out.display(), folder.display());
    let strange: Vec<String> = strange.into_keys().collect();
    panic!(
        "{folder}: {wrong:?} differ, {strange:?} are not known here. If that is meant: mkdir -p {folder} && cp {out}/*.json {folder}/"
    );
}
