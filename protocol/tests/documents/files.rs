//! Files under `vectors/documents`, compared with what the tests build.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/documents")
}

/// The text of a file: indented, with a line break at the end.
pub(crate) fn text_of(content: &impl Serialize) -> String {
    serde_json::to_string_pretty(content).unwrap() + "\n"
}

/// The kinds of document whose files these tests keep.
const KINDS: [&str; 5] = ["charter", "study", "consent", "enrolment", "query"];

/// The files of our kinds in a folder, by name.
pub(crate) fn files_in(folder: &Path) -> BTreeMap<String, Value> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = paths.filter(|path| path.extension().is_some_and(|end| end == "json")).map(|path| {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (name, serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap())
    });
    files.filter(|(_, file): &(_, Value)| file["kind"].as_str().is_some_and(|kind| KINDS.contains(&kind))).collect()
}

/// Demands that these files are in a folder, byte for byte, and no others of our kinds. Where it is
/// otherwise, the right ones are left in the target folder.
#[expect(clippy::disallowed_methods, reason = "tests leave the files that should be there")]
pub(crate) fn must_hold(folder: &Path, fresh: &[(String, String)]) {
    let is_there = |name: &String, text: &String| fs::read_to_string(folder.join(name)).is_ok_and(|have| have == *text);
    let wrong: Vec<&String> = fresh.iter().filter(|(name, text)| !is_there(name, text)).map(|(name, _)| name).collect();
    let mut strange = files_in(folder);
    strange.retain(|name, _| !fresh.iter().any(|(known, _)| known == name));
    if wrong.is_empty() && strange.is_empty() {
        return;
    }
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder.file_name().unwrap());
    fs::create_dir_all(&out).unwrap();
    fresh.iter().for_each(|(name, text)| fs::write(out.join(name), text).unwrap());
    let (out, folder) = (out.display(), folder.display());
    let strange: Vec<String> = strange.into_keys().collect();
    panic!("{folder}: {wrong:?} differ, {strange:?} are not known here. If that is meant: cp {out}/*.json {folder}/");
}
