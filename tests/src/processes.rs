//! A federation of five processes of the real program, in a folder of its own.
//!
//! `sumac demo --keep` builds it: keys, charter, study, records and consents. Then its processes
//! stop, and the nodes are started again as this test's own children, so that a suite can kill,
//! suspend and restart them and see them die. Nothing here waits for time to pass: it waits for a
//! line, or for the end of a process, and gives up loudly at a deadline.

mod asked;
mod balance;
mod books;
mod clinics;
mod hold;
mod http;
mod node;
mod program;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::TempDir;

pub use asked::{Asked, Finished, Question};
pub use balance::Balance;
pub use clinics::{Clinics, CsvFiles, text};
pub use hold::Held;
pub use http::{Heard, hand_in, now, post, post_json, try_to_hand_in};
pub use program::{Ended, Program};

use node::Node;

/// What a federation of processes is built with. The default has no noise of its own making: every
/// patient consents, uploads leave at once, and the study is differentially private.
#[derive(Debug, Clone, Copy, Default)]
pub struct Setup {
    exact: bool,
    refusing: u8,
    jitter_ms: u64,
    frame_logs: bool,
    doors: bool,
}

impl Setup {
    /// An exact study: no noise, no price, only the demo's own question.
    #[must_use]
    pub const fn exact(mut self) -> Self {
        self.exact = true;
        self
    }

    /// This many percent of the patients do not consent: half never did, half withdrew.
    #[must_use]
    pub const fn refusing(mut self, percent: u8) -> Self {
        self.refusing = percent;
        self
    }

    /// Each upload leaves after a random delay of at most this many milliseconds.
    #[must_use]
    pub const fn jitter(mut self, ms: u64) -> Self {
        self.jitter_ms = ms;
        self
    }

    /// Every node writes its outgoing frames, before encryption, to `frames.log` in its folder.
    #[must_use]
    pub const fn frame_logs(mut self) -> Self {
        self.frame_logs = true;
        self
    }

    /// Every node hears patients over HTTP, each at a free port of this machine, and as much as they say.
    #[must_use]
    pub const fn doors(mut self) -> Self {
        self.doors = true;
        self
    }

    /// Builds the federation and starts its nodes. `program` is `env!("CARGO_BIN_EXE_sumac")`.
    #[must_use]
    pub fn start(self, program: &str) -> Federation {
        let mut federation = self.build(program);
        federation.start_all();
        federation
    }

    /// Builds the federation and leaves its nodes stopped.
    #[must_use]
    pub fn build(self, program: &str) -> Federation {
        let turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        // A short path: a control socket's has at most 107 bytes.
        let folder = tempfile::Builder::new().prefix("sumac-").tempdir();
        let folder = folder.unwrap_or_else(|why| panic!("no folder for the federation: {why}"));
        let dir = folder.path().join("f");
        let mut demo = Command::new(program);
        demo.args(["demo", "--no-ask", "--keep"]).arg(&dir);
        demo.args(["--refusing", &self.refusing.to_string(), "--jitter", &self.jitter_ms.to_string()]);
        if self.exact {
            demo.arg("--exact");
        }
        if self.frame_logs {
            demo.arg("--frame-logs");
        }
        let mut demo = Program::start("demo", demo);
        demo.until("the federation is up");
        demo.terminate();
        let ended = demo.ended();
        assert_eq!(ended.exit, Some(0), "the demo ends well: {}", ended.text());
        let doors = self.doors;
        Federation { nodes: BTreeMap::new(), program: program.into(), dir, doors, _folder: folder, _turn: turn }
    }
}

/// Five clinics as processes. Dropping it kills them; if a test is failing, their last words are
/// printed first.
#[derive(Debug)]
pub struct Federation {
    nodes: BTreeMap<char, Node>,
    program: PathBuf,
    dir: PathBuf,
    doors: bool,
    _folder: TempDir,
    _turn: MutexGuard<'static, ()>,
}

impl Federation {
    /// The federation's folder: `charter.json`, `study.json`, `keys/`, `patients/` and one folder
    /// for each node, named by its letter.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// One node's folder.
    #[must_use]
    pub fn home(&self, node: char) -> PathBuf {
        self.dir.join(node.to_string())
    }

    /// Starts those nodes that are not running, side by side, and waits until each is ready and
    /// every clinic is linked to both hubs.
    pub fn start_all(&mut self) {
        let missing: Vec<char> = CAST.iter().map(|c| c.0).filter(|node| !self.nodes.contains_key(node)).collect();
        for node in &missing {
            let started = Node::start(&self.program, *node, &self.home(*node), self.doors);
            self.nodes.insert(*node, started);
        }
        for node in &missing {
            self.node(*node).ready();
        }
        if missing.len() == CAST.len() {
            for hub in HUBS {
                self.node(hub).until_linked_to(CAST.len() - 1);
            }
        }
    }

    /// Starts one node again and waits until it is ready.
    pub fn restart(&mut self, node: char) {
        assert!(!self.nodes.contains_key(&node), "{node} is running");
        let started = Node::start(&self.program, node, &self.home(node), self.doors);
        self.nodes.insert(node, started);
        self.node(node).ready();
    }

    /// Ends a node as a power cut would (`kill -9`), and waits until it is gone.
    pub fn kill(&mut self, node: char) {
        let gone = self.nodes.remove(&node);
        gone.unwrap_or_else(|| panic!("{node} is not running")).kill();
    }

    /// Asks a node to stop (SIGTERM), and waits until it has.
    pub fn stop(&mut self, node: char) {
        let gone = self.nodes.remove(&node);
        gone.unwrap_or_else(|| panic!("{node} is not running")).stop();
    }

    /// Suspends a node: it keeps its connections and says nothing (SIGSTOP).
    pub fn suspend(&mut self, node: char) {
        self.node(node).suspend();
    }

    /// Lets a suspended node go on (SIGCONT).
    pub fn resume(&mut self, node: char) {
        self.node(node).resume();
    }

    /// Lets every suspended node go on.
    pub fn resume_all(&mut self) {
        self.nodes.values_mut().for_each(|node| node.resume());
    }

    /// The process of a running node.
    #[must_use]
    pub fn pid(&mut self, node: char) -> u32 {
        self.node(node).pid()
    }

    /// Where a running node hears patients, as it said when it was ready.
    #[must_use]
    pub fn door(&self, node: char) -> String {
        let door = self.nodes.get(&node).and_then(Node::door);
        door.unwrap_or_else(|| panic!("{node} hears no patients")).to_owned()
    }

    /// Waits until a node logs a line with these words, after those already waited for.
    pub fn until_logged(&mut self, node: char, words: &str) -> String {
        self.node(node).until(words)
    }

    /// Deletes a stopped node's index, which it can make again from its journal.
    pub fn delete_index(&self, node: char) {
        assert!(!self.nodes.contains_key(&node), "{node} is running");
        let index = self.home(node).join("store").join("index");
        std::fs::remove_dir_all(&index).unwrap_or_else(|why| panic!("{}: {why}", index.display()));
    }

    /// Runs `sumac` with these arguments to its end.
    #[must_use]
    pub fn sumac<I: AsRef<std::ffi::OsStr>>(&self, args: impl IntoIterator<Item = I>) -> Ended {
        self.running(args).ended()
    }

    /// Starts `sumac` with these arguments.
    #[must_use]
    pub fn running<I: AsRef<std::ffi::OsStr>>(&self, args: impl IntoIterator<Item = I>) -> Program {
        let mut command = Command::new(&self.program);
        command.args(args).env("SUMAC_HOME", self.researcher());
        Program::start("sumac", command)
    }

    /// Asks a question; the federation goes on meanwhile.
    #[must_use]
    pub fn ask(&self, question: &Question) -> Asked {
        Asked::start(&self.program, &self.dir, &self.researcher(), question)
    }

    /// Takes up a question that was asked before.
    #[must_use]
    pub fn take_up(&self, query: &str) -> Asked {
        Asked::take_up(&self.program, &self.dir, &self.researcher(), query)
    }

    /// The folder that the researcher's program keeps open queries in.
    #[must_use]
    pub fn researcher(&self) -> PathBuf {
        self.dir.join("researcher")
    }

    fn node(&mut self, node: char) -> &mut Node {
        self.nodes.get_mut(&node).unwrap_or_else(|| panic!("{node} is not running"))
    }
}

impl Drop for Federation {
    fn drop(&mut self) {
        for (_, node) in std::mem::take(&mut self.nodes) {
            node.drop_with_last_words(std::thread::panicking());
        }
    }
}

/// The clinics: the letter of the folder, and the name in the charter.
pub const CAST: [(char, &str); 5] = [('A', "Harbour"), ('B', "Ridge"), ('C', "Linden"), ('D', "Mill"), ('E', "Quay")];
/// Those that accept connections. The first coordinates unless a question names the other.
pub const HUBS: [char; 2] = ['A', 'B'];

/// Five processes at a time are enough for one machine, and timeouts stay honest.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
