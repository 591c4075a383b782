//! One process, its lines, and its end.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// A line that a process wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Line {
    Out(String),
    Talk(String),
}

impl Line {
    fn text(&self) -> &str {
        match self {
            Self::Out(text) | Self::Talk(text) => text,
        }
    }
}

/// A running process. Dropping it kills it.
#[derive(Debug)]
pub struct Program {
    name: String,
    child: Child,
    lines: Receiver<Line>,
    seen: Vec<Line>,
}

/// A process that has ended.
#[derive(Debug, Clone)]
pub struct Ended {
    /// Its exit code; none if a signal ended it.
    pub exit: Option<i32>,
    /// Standard output.
    pub out: Vec<String>,
    /// Standard error.
    pub talk: Vec<String>,
}

impl Ended {
    /// All that it said, for a failing test.
    #[must_use]
    pub fn text(&self) -> String {
        [self.out.as_slice(), self.talk.as_slice()].concat().join("\n")
    }

    /// The one JSON value on standard output.
    #[must_use]
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> T {
        assert_eq!(self.exit, Some(0), "{}", self.text());
        serde_json::from_str(&self.out.join("\n")).unwrap_or_else(|why| panic!("{why} in {}", self.text()))
    }
}

impl Program {
    /// Starts a process. Its lines are read at once, so it never waits for the test.
    #[must_use]
    pub fn start(name: &str, mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|why| panic!("{name} does not start: {why}"));
        let (sender, lines) = channel();
        follow(child.stdout.take(), sender.clone(), Line::Out);
        follow(child.stderr.take(), sender, Line::Talk);
        Self { name: name.to_owned(), child, lines, seen: Vec::new() }
    }

    /// Waits for the next line with these words.
    pub fn until(&mut self, words: &str) -> String {
        self.until_line(&format!("\"{words}\""), |line| line.contains(words))
    }

    /// Waits for the next line that is wanted, on either stream. Lines before it count as read.
    pub fn until_line(&mut self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let give_up = Instant::now() + PATIENCE;
        loop {
            match self.lines.recv_timeout(give_up.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    let text = line.text().to_owned();
                    self.seen.push(line);
                    if wanted(&text) {
                        return text;
                    }
                }
                Err(why) => self.fails(&format!("never said {what} ({why})")),
            }
        }
    }

    /// Waits until this many lines with these words were written, counted from the beginning.
    pub fn until_said(&mut self, words: &str, times: usize) {
        let said = self.seen.iter().filter(|line| line.text().contains(words)).count();
        for _ in said..times {
            self.until(words);
        }
    }

    /// Waits for the next line that is wanted, or for the end of the process: then nothing.
    pub fn until_line_or_end(&mut self, mut wanted: impl FnMut(&str) -> bool) -> Option<String> {
        let give_up = Instant::now() + PATIENCE;
        loop {
            match self.lines.recv_timeout(give_up.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    let text = line.text().to_owned();
                    self.seen.push(line);
                    if wanted(&text) {
                        return Some(text);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => self.fails("neither went on nor ended"),
            }
        }
    }

    /// Reads what it says for this long, or until it ends.
    pub fn listen_for(&mut self, long: Duration) {
        let until = Instant::now() + long;
        while let Ok(line) = self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
            self.seen.push(line);
        }
    }

    /// Waits for the end of the process.
    #[must_use]
    pub fn ended(mut self) -> Ended {
        // Both streams are closed when it ends.
        while self.until_line_or_end(|_| false).is_some() {}
        let status = self.child.wait().unwrap_or_else(|why| panic!("{} cannot be waited for: {why}", self.name));
        let (mut out, mut talk) = (Vec::new(), Vec::new());
        for line in std::mem::take(&mut self.seen) {
            match line {
                Line::Out(text) => out.push(text),
                Line::Talk(text) => talk.push(text),
            }
        }
        Ended { exit: status.code(), out, talk }
    }

    /// Ends it with SIGKILL and waits until it is gone.
    pub fn kill(&mut self) {
        let gone = self.child.kill().and_then(|()| self.child.wait());
        gone.unwrap_or_else(|why| panic!("{} cannot be killed: {why}", self.name));
    }

    /// Asks it to end, with SIGTERM.
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Asks it to end, with SIGINT, as Ctrl-C does.
    pub fn interrupt(&self) {
        self.signal(Signal::INT);
    }

    /// Lets it read its settings again, with SIGHUP.
    pub fn hang_up(&self) {
        self.signal(Signal::HUP);
    }

    /// Suspends it, with SIGSTOP.
    pub fn suspend(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on, with SIGCONT.
    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The last lines that it said.
    #[must_use]
    pub fn last_words(&mut self) -> String {
        self.seen.extend(self.lines.try_iter());
        let from = self.seen.len().saturating_sub(LAST_WORDS);
        let lines: Vec<String> = self.seen.iter().skip(from).map(|line| format!("  {}", line.text())).collect();
        lines.join("\n")
    }

    fn fails(&mut self, how: &str) -> ! {
        let words = self.last_words();
        panic!("{} {how}; it said:\n{words}", self.name)
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let pid = pid.unwrap_or_else(|| panic!("{} has no process id", self.name));
        kill_process(pid, signal).unwrap_or_else(|why| panic!("{} takes no signal: {why}", self.name));
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // One that has ended needs no killing.
        let _gone = self.child.kill().and_then(|()| self.child.wait()).is_ok();
    }
}

/// Reads a stream to its end, line by line, on a thread of its own.
fn follow<R: Read + Send + 'static>(stream: Option<R>, lines: Sender<Line>, kind: fn(String) -> Line) {
    let Some(stream) = stream else { return };
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if lines.send(kind(line)).is_err() {
                return;
            }
        }
    });
}

/// How long anything may take that a test waits for: far above what it takes, and above a query's
/// whole life.
const PATIENCE: Duration = Duration::from_secs(45);
/// How many lines of a process a failing test prints.
const LAST_WORDS: usize = 40;
