//! A researcher's question, asked by the real program.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use super::program::Program;

/// A question and its price.
#[derive(Debug, Clone)]
pub struct Question {
    /// Its text.
    pub text: String,
    /// The price as ρ, as given on the command line; none in an exact study.
    pub rho: Option<String>,
    /// How long the query lives, in seconds.
    pub lifetime_s: u32,
    /// The hub that coordinates it; the charter's first if none is named.
    pub hub: Option<String>,
}

impl Question {
    /// How many courses there are: cheap enough to be asked a hundred times.
    #[must_use]
    pub fn how_many() -> Self {
        Self { text: "SELECT count(*) AS courses FROM courses".into(), ..Self::trial() }.at("0.02")
    }

    /// The demo's own question, the only one that its exact study allows; without a price.
    #[must_use]
    pub fn trial() -> Self {
        Self { text: TRIAL.into(), rho: None, lifetime_s: 20, hub: None }
    }

    /// The same at this price, as ρ.
    #[must_use]
    pub fn at(mut self, rho: &str) -> Self {
        self.rho = Some(rho.to_owned());
        self
    }

    /// The same, coordinated by another hub.
    #[must_use]
    pub fn through(mut self, hub: &str) -> Self {
        self.hub = Some(hub.to_owned());
        self
    }

    /// The same, with another life.
    #[must_use]
    pub const fn living(mut self, seconds: u32) -> Self {
        self.lifetime_s = seconds;
        self
    }

    /// Its price in millionths of ρ.
    #[must_use]
    pub fn rho_micro(&self) -> u64 {
        let rho: f64 = self.rho.as_deref().unwrap_or("0").parse().unwrap_or_else(|why| panic!("{why}"));
        format!("{:.0}", rho * 1e6).parse().unwrap_or_else(|why| panic!("{why}"))
    }
}

/// A question on its way.
#[derive(Debug)]
pub struct Asked {
    program: Program,
    query: String,
    release: PathBuf,
}

/// A question that came to an end.
#[derive(Debug, Clone)]
pub struct Finished {
    /// The query's id, in hex.
    pub query: String,
    /// The exit code of `sumac ask`.
    pub exit: Option<i32>,
    /// What was said about its progress, and why it ended.
    pub talk: Vec<String>,
    /// The answer as JSON, if one came.
    pub answer: Option<Value>,
    /// Where the release lies, if an answer came.
    pub release: PathBuf,
}

impl Asked {
    pub(super) fn start(program: &Path, dir: &Path, home: &Path, question: &Question) -> Self {
        let mut command = Command::new(program);
        command.arg("ask").arg(&question.text).arg("--study").arg(dir.join("study.json"));
        command.args(["--lifetime", &question.lifetime_s.to_string()]);
        if let Some(rho) = &question.rho {
            command.args(["--rho", rho]);
        }
        if let Some(hub) = &question.hub {
            command.args(["--hub", hub]);
        }
        Self::follow(command, dir, home)
    }

    pub(super) fn take_up(program: &Path, dir: &Path, home: &Path, query: &str) -> Self {
        let mut command = Command::new(program);
        command.args(["ask", "--resume", query]);
        Self::follow(command, dir, home)
    }

    fn follow(mut command: Command, dir: &Path, home: &Path) -> Self {
        let releases = dir.join("releases");
        std::fs::create_dir_all(&releases).unwrap_or_else(|why| panic!("{}: {why}", releases.display()));
        // Takes a number, so that two questions at once do not share a file; the file itself must not
        // be there yet.
        let number = std::fs::read_dir(&releases).map_or(0, Iterator::count);
        let folder = releases.join(number.to_string());
        std::fs::create_dir(&folder).unwrap_or_else(|why| panic!("{}: {why}", folder.display()));
        let release = folder.join("release.json");
        command.env("SUMAC_HOME", home).arg("--charter").arg(dir.join("charter.json"));
        command.arg("--key").arg(dir.join("keys/researcher.key"));
        command.args(["--format", "json", "--out"]).arg(&release);
        let mut program = Program::start("ask", command);
        let query = program.until("query ").trim_start_matches("query ").to_owned();
        Self { program, query, release }
    }

    /// The query's id, in hex.
    #[must_use]
    pub fn query(&self) -> &str {
        &self.query
    }

    /// Waits for the next line of progress with these words, which must come before the end.
    pub fn until(&mut self, words: &str) -> String {
        self.program.until(words)
    }

    /// Waits for the line of progress with this number, from 1; nothing if the end comes before.
    pub fn until_step(&mut self, number: usize) -> Option<String> {
        let mut seen = 0;
        self.until_line_or_end(|_| {
            seen += 1;
            seen == number
        })
    }

    /// Waits for the next line of progress that is wanted, or for the end: then nothing.
    pub fn until_line_or_end(&mut self, wanted: impl FnMut(&str) -> bool) -> Option<String> {
        self.program.until_line_or_end(wanted)
    }

    /// Follows it for this long.
    pub fn follow_for(&mut self, long: Duration) {
        self.program.listen_for(long);
    }

    /// Kills the researcher's program. The query goes on without it.
    pub fn kill(mut self) -> String {
        self.program.kill();
        self.query
    }

    /// Waits for the end.
    #[must_use]
    pub fn finish(self) -> Finished {
        let Self { program, query, release } = self;
        let ended = program.ended();
        let answer = (!ended.out.is_empty()).then(|| {
            serde_json::from_str(&ended.out.join("\n")).unwrap_or_else(|why| panic!("{why} in {}", ended.text()))
        });
        Finished { query, exit: ended.exit, talk: ended.talk, answer, release }
    }

    /// Waits for the end, which must be an answer.
    #[must_use]
    pub fn answer(self) -> Finished {
        let finished = self.finish();
        assert_eq!(finished.exit, Some(0), "the question is answered: {}", finished.talk.join("\n"));
        assert!(finished.answer.is_some(), "an answer is printed: {}", finished.talk.join("\n"));
        finished
    }
}

impl Finished {
    /// A number of operators of the answer: `asked` or `counted`.
    #[must_use]
    pub fn operators(&self, which: &str) -> u64 {
        let operators = self.answer.as_ref().map(|answer| &answer["operators"][which]);
        operators.and_then(Value::as_u64).unwrap_or_else(|| panic!("no operators.{which} in {:?}", self.answer))
    }

    /// Whether it ended because all its attempts are void: then it cost nobody anything.
    #[must_use]
    pub fn is_void(&self) -> bool {
        self.answer.is_none() && !self.said("error[expired]") && !self.said("error[hub-unreachable]")
    }

    /// Whether some line said these words.
    #[must_use]
    pub fn said(&self, words: &str) -> bool {
        self.talk.iter().any(|line| line.contains(words))
    }

    /// The release's id.
    #[must_use]
    pub fn release_id(&self) -> String {
        let id = self.answer.as_ref().map(|answer| &answer["release"]);
        id.and_then(Value::as_str).map(str::to_owned).unwrap_or_else(|| panic!("no release in {:?}", self.answer))
    }
}

const TRIAL: &str = "SELECT count(*) AS courses, \
mean(clip(change(hamd17, day => 42, from => 32, to => 72), -30, 15)) AS change, \
rate(response(hamd17, day => 42, from => 32, to => 72)) AS response \
FROM courses GROUP BY arm";
