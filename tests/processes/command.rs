//! Runs the real binary as a person would, and takes down what it says. Nothing here waits without
//! a deadline.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{JoinHandle, spawn};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// The binary under test.
pub(crate) const SUMAC: &str = env!("CARGO_BIN_EXE_sumac");

/// A command that ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Its exit code; 128 and the signal's number where a signal ended it.
    pub(crate) code: i32,
    /// Its data.
    pub(crate) stdout: String,
    /// Its talk.
    pub(crate) stderr: String,
    /// From start to end.
    pub(crate) took: Duration,
}

/// A command that runs. Dropping it kills it with everything it started.
pub(crate) struct Running {
    child: Child,
    began: Instant,
    deadline: Instant,
    lines: Receiver<String>,
    heard: String,
    stdout: Option<JoinHandle<String>>,
    ended: bool,
}

/// Runs a command to its end, which must come within 30 seconds.
pub(crate) fn sumac<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Ended {
    Running::start(command(arguments), Duration::from_secs(30)).end()
}

/// The binary with arguments, no terminal and no home of its own.
pub(crate) fn command<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(SUMAC);
    command.args(arguments).stdin(Stdio::null()).env_remove("SUMAC_HOME").env_remove("SUMAC_LOG");
    command
}

impl Running {
    /// Starts a command, which must end within `limit`.
    pub(crate) fn start(mut command: Command, limit: Duration) -> Self {
        let began = Instant::now();
        let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.process_group(0).spawn().expect("the binary was built for this test");
        let mut out = child.stdout.take().expect("it was piped");
        let stdout = spawn(move || {
            let mut text = String::new();
            out.read_to_string(&mut text).map(|_| text).expect("what a command says is UTF-8")
        });
        let (told, lines) = channel();
        let err = BufReader::new(child.stderr.take().expect("it was piped"));
        spawn(move || tell(err, &told));
        let (deadline, stdout) = (began + limit, Some(stdout));
        Self { child, began, deadline, lines, heard: String::new(), stdout, ended: false }
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the next line of its talk that holds `part`.
    pub(crate) fn line_with(&mut self, part: &str) -> String {
        while let Some(line) = self.next_line() {
            if line.contains(part) {
                return line;
            }
        }
        panic!("it ended without saying `{part}`:\n{}", self.heard)
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(pid(self.child.id()), signal).expect("it is a child of ours that was not waited for");
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Ended {
        while self.next_line().is_some() {}
        let stdout = self.stdout.take().expect("taken once").join().expect("the reader does not panic");
        let status = self.child.wait().expect("it is a child of ours");
        self.ended = true;
        let signal = std::os::unix::process::ExitStatusExt::signal(&status);
        let code = status.code().or_else(|| signal.map(|number| 128 + number)).expect("one of both");
        Ended { code, stdout, stderr: std::mem::take(&mut self.heard), took: self.began.elapsed() }
    }

    fn next_line(&mut self) -> Option<String> {
        match self.lines.recv_timeout(self.deadline.saturating_duration_since(Instant::now())) {
            Ok(line) => {
                self.heard.push_str(&line);
                self.heard.push('\n');
                Some(line)
            }
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => {
                panic!("not done after {:?}; it said:\n{}", self.began.elapsed(), self.heard)
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.ended && kill_process_group(pid(self.child.id()), Signal::KILL).is_ok() {
            self.child.wait().expect("it is a child of ours");
        }
    }
}

fn tell(mut from: BufReader<impl std::io::Read>, to: &Sender<String>) {
    let mut line = Vec::new();
    while from.read_until(b'\n', &mut line).expect("a pipe can be read") > 0 {
        let text = String::from_utf8_lossy(&line).trim_end_matches('\n').to_owned();
        line.clear();
        if to.send(text).is_err() {
            return;
        }
    }
}

fn pid(number: u32) -> Pid {
    Pid::from_raw(i32::try_from(number).expect("a process number fits")).expect("and is not zero")
}

/// The program that a process runs, while it lives.
pub(crate) fn program_of(process: u32) -> Option<PathBuf> {
    std::fs::read_link(Path::new("/proc").join(process.to_string()).join("exe")).ok()
}
