//! The runbooks, done: every block that says so is run with the real program, page by page, against five running nodes.

use std::fs;
use std::path::Path;
use std::process::Command;

use sumac_tests::processes::{Federation, Program, Setup};

const SUMAC: &str = env!("CARGO_BIN_EXE_sumac");

#[test]
fn whatever_a_runbook_says_can_be_run_is_run_and_does_it() {
    let federation = Setup::default().start(SUMAC);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/runbooks");
    let mut pages: Vec<_> = fs::read_dir(folder).unwrap().map(|page| page.unwrap().path()).collect();
    pages.sort();
    let mut run = 0;
    for page in &pages {
        let name = page.file_name().unwrap().to_str().unwrap();
        let pseudonym = somebody(&federation);
        for line in runnable(&fs::read_to_string(page).unwrap()) {
            let words = words(&line, &pseudonym);
            let (program, arguments) = words.split_first().unwrap();
            assert_eq!(program, "sumac", "{name}: only the program is run: {line}");
            let mut command = Command::new(SUMAC);
            command.args(arguments).current_dir(federation.dir()).env("SUMAC_HOME", federation.researcher());
            let ended = Program::start(&line, command).ended();
            assert_eq!(ended.exit, Some(0), "{name}: {line}\n{}", ended.text());
            run += 1;
        }
    }
    assert!(run >= 20, "{run} commands of {} pages were run", pages.len());
}

/// Another of D's patients who consents, for each page.
fn somebody(federation: &Federation) -> String {
    let patients = federation.patients('D');
    patients.into_iter().find(|patient| patient.standing == "granted").expect("somebody consents").pseudonym
}

/// The lines of the blocks that are marked to be run.
fn runnable(page: &str) -> Vec<String> {
    let (mut inside, mut lines) = (false, Vec::new());
    for line in page.lines() {
        match line.strip_prefix("```") {
            Some(language) => inside = language == "sh run",
            None if inside && !line.is_empty() => lines.push(line.to_owned()),
            None => {}
        }
    }
    lines
}

/// As a shell would split the line, with the patient in place of `P`.
fn words(line: &str, pseudonym: &str) -> Vec<String> {
    let parts = line.split('"').enumerate();
    let words = parts.flat_map(|(at, part)| {
        if at % 2 == 1 { vec![part.to_owned()] } else { part.split_whitespace().map(str::to_owned).collect() }
    });
    words
        .map(|word| match word.as_str() {
            "P" => pseudonym.to_owned(),
            "patients/P.key" => format!("patients/{pseudonym}.key"),
            _ => word,
        })
        .collect()
}
