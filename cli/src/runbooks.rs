//! The commands of the runbooks, of README.md and of deploy/README.md, held against the real command line.

use clap::Parser as _;

use crate::Sumac;
use crate::examples::tests::words;

/// Every line of a shell block that calls the program, with its place.
fn commands(file: &str) -> Vec<(String, Vec<String>)> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
    let text = std::fs::read_to_string(path).unwrap();
    let (mut inside, mut found, mut whole) = (false, Vec::new(), String::new());
    for (number, line) in text.lines().enumerate() {
        if let Some(language) = line.strip_prefix("```") {
            inside = language.starts_with("sh");
            continue;
        }
        if !inside {
            continue;
        }
        whole += line.trim_end_matches('\\');
        if line.ends_with('\\') {
            continue;
        }
        let called = whole.split(" > ").next().unwrap_or_default();
        let called = called.strip_prefix("runuser -u sumac -- ").unwrap_or(called);
        if called.starts_with("sumac ") {
            found.push((format!("{file}:{}", number + 1), words(called)));
        }
        whole.clear();
    }
    found
}

#[test]
fn every_command_of_a_runbook_is_one_that_can_be_typed() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/runbooks");
    let pages = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<String> =
        pages.map(|page| format!("docs/runbooks/{}", page.unwrap().file_name().display())).collect();
    files.push("deploy/README.md".to_owned());
    let mut count = 0;
    for (place, words) in files.iter().flat_map(|file| commands(file)) {
        count += 1;
        match Sumac::try_parse_from(&words) {
            Ok(_) => {}
            Err(why) if !why.use_stderr() => {}
            Err(why) => panic!("{place}: {}: {why}", words.join(" ")),
        }
    }
    assert!(count > 40, "{count} commands");
}
