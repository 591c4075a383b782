//! Holds FHIR files against `fhirbolt` (R4) in its strict mode:
//!
//! ```sh
//! cargo run --locked --manifest-path tests/fhir/fhirbolt/Cargo.toml -- FILE_OR_FOLDER...
//! ```
//!
//! Reads single resources and Bundles (.json) and NDJSON (.ndjson). Strict means: unknown elements,
//! missing required ones, wrong types and text behind the resource are errors. Ends with 1 if anything
//! is wrong or nothing was read.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs, io};

use fhirbolt::model::r4::Resource;
use fhirbolt::serde::{DeserializationConfig, DeserializationMode};
use serde_json::Value;

fn main() -> ExitCode {
    let mut read = 0;
    let mut problems = Vec::new();
    for path in env::args_os().skip(1).map(PathBuf::from) {
        if let Err(why) = check(&path, &mut read, &mut problems) {
            problems.push(format!("{}: {why}", path.display()));
        }
    }
    // A flaw of the writer stands in every resource that it wrote: some of them say enough.
    problems.iter().take(PROBLEMS_SHOWN).for_each(|problem| println!("{problem}"));
    println!("fhirbolt: {read} resources, {} problems", problems.len());
    if problems.is_empty() && read > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Checks a file, or every FHIR file of a folder. An error is one of the disk.
fn check(path: &Path, read: &mut usize, problems: &mut Vec<String>) -> io::Result<()> {
    if path.is_dir() {
        let mut inside = fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
        inside.retain(|path| is_called(path, "json") || is_called(path, "ndjson"));
        inside.sort();
        return inside.iter().try_for_each(|path| check(path, read, problems));
    }
    let text = fs::read_to_string(path)?;
    let whole = [(0, text.as_str())];
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let parts: Vec<(usize, &str)> = if is_called(path, "ndjson") { lines.collect() } else { whole.into() };
    for (line, part) in parts {
        match strictly(part) {
            Ok(resources) => *read += resources,
            Err(why) => problems.push(format!("{}:{line}: {why}", path.display())),
        }
    }
    Ok(())
}

/// How many resources a text is: itself, and the entries of a Bundle.
fn strictly(text: &str) -> Result<usize, Box<dyn Error>> {
    // fhirbolt stops at the end of the resource; this reads on to the end of the text.
    let value: Value = serde_json::from_str(text)?;
    let mut resources = 1;
    // Each by itself first: of a wrong resource inside a Bundle fhirbolt cannot always say what is wrong.
    for entry in value.get("entry").and_then(Value::as_array).into_iter().flatten() {
        if let Some(resource) = entry.get("resource") {
            resources += strictly(&resource.to_string())?;
        }
    }
    let strict = DeserializationConfig { mode: DeserializationMode::Strict };
    let _read: Resource = fhirbolt::json::from_str(text, Some(strict))?;
    Ok(resources)
}

fn is_called(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|found| found == ending)
}

/// The rest is counted.
const PROBLEMS_SHOWN: usize = 50;
