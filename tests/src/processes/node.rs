//! One node of the federation as a process.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::program::Program;

/// A running node.
#[derive(Debug)]
pub(super) struct Node {
    letter: char,
    program: Program,
    /// Where it hears patients; known once it is ready.
    door: Option<String>,
}

impl Node {
    /// Starts it; it is ready after [`Node::ready`].
    pub(super) fn start(program: &Path, letter: char, home: &Path, door: bool) -> Self {
        let mut command = Command::new(program);
        command.args(["node", "run", "--dir"]).arg(home);
        if door {
            command.args(["--patients", "127.0.0.1:0", "--patients-per-minute", "4000000"]);
        }
        Self { letter, program: Program::start(&format!("node {letter}"), command), door: None }
    }

    /// Waits for its one line on standard output, which says that it is ready.
    pub(super) fn ready(&mut self) {
        let line = self.program.until_line("that it is ready", |line| line.starts_with("{\"key\":"));
        let pid = format!("\"pid\":{}", self.program.pid());
        assert!(line.contains(&pid), "{} names its process: {line}", self.letter);
        let said: Value = serde_json::from_str(&line).unwrap_or_else(|why| panic!("{why}: {line}"));
        self.door = said.get("patients").and_then(Value::as_str).map(str::to_owned);
    }

    pub(super) fn door(&self) -> Option<&str> {
        self.door.as_deref()
    }

    /// Waits until it has logged this many links.
    pub(super) fn until_linked_to(&mut self, others: usize) {
        self.program.until_said(" connected peer=", others);
    }

    pub(super) fn until(&mut self, words: &str) -> String {
        self.program.until(words)
    }

    pub(super) fn kill(mut self) {
        self.program.kill();
    }

    pub(super) fn stop(self) {
        self.program.terminate();
        let ended = self.program.ended();
        assert_eq!(ended.exit, Some(0), "{} stops well: {}", self.letter, ended.text());
    }

    pub(super) fn suspend(&self) {
        self.program.suspend();
    }

    pub(super) fn resume(&self) {
        self.program.resume();
    }

    pub(super) fn pid(&self) -> u32 {
        self.program.pid()
    }

    /// Kills it; if a test is failing, says what it said last.
    pub(super) fn drop_with_last_words(mut self, failing: bool) {
        if failing {
            let words = format!("node {} said last:\n{}\n", self.letter, self.program.last_words());
            let _written = std::io::Write::write_all(&mut std::io::stderr(), words.as_bytes()).is_ok();
        }
    }
}
