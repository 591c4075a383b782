//! The demo's nodes: five processes of this very program.
//!
//! They are real: each has its own folder, keys, store and connections, and knows of the others only
//! what the charter says. The demo talks to them over their control sockets, as staff would.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::federation::Federation;
use crate::failure::Failure;

/// The running nodes. Dropping them kills them.
pub(super) struct Nodes {
    /// In the order of the federation's clinics. Empty after a stop, so dropping does nothing.
    running: Vec<Child>,
}

impl Nodes {
    /// Starts one process for each clinic and waits until each says that it is ready.
    pub(super) fn start(federation: &Federation, step: &dyn Fn(&str)) -> Result<Self, Failure> {
        let program =
            std::env::current_exe().map_err(|why| Failure::bug(format!("this program cannot find itself: {why}")))?;
        let mut nodes = Self { running: Vec::new() };
        for clinic in &federation.clinics {
            let dir = clinic.home.dir();
            let log_path = dir.join("node.log");
            let log = std::fs::File::create(&log_path).map_err(|why| Failure::file(&log_path, &why))?;
            let child = Command::new(&program)
                .args(["node", "run", "--dir"])
                .arg(dir)
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(log)
                .spawn()
                .map_err(|why| Failure::bug(format!("the node {} does not start: {why}", clinic.name)))?;
            nodes.running.push(child);
        }
        let mut pids = Vec::new();
        for (child, clinic) in nodes.running.iter_mut().zip(&federation.clinics) {
            let mut line = String::new();
            let read = child.stdout.take().map(BufReader::new).map(|mut out| out.read_line(&mut line));
            if !matches!(read, Some(Ok(1..))) {
                let log = std::fs::read_to_string(clinic.home.dir().join("node.log")).unwrap_or_default();
                let says = format!(
                    "the node {} did not become ready: {}",
                    clinic.name,
                    log.lines().last().unwrap_or("it says nothing")
                );
                return Err(Failure::bug(says));
            }
            pids.push(child.id().to_string());
        }
        step(&format!("five nodes started, as processes {}", pids.join(" ")));
        Ok(nodes)
    }

    /// Stops the nodes and waits for them.
    pub(super) fn stop(&mut self) {
        for child in &self.running {
            let Ok(pid) = i32::try_from(child.id()) else { continue };
            if let Some(pid) = rustix::process::Pid::from_raw(pid)
                && let Err(why) = rustix::process::kill_process(pid, rustix::process::Signal::TERM)
            {
                tracing::debug!(%why, "a node was gone already");
            }
        }
        for mut child in self.running.drain(..) {
            if let Err(why) = child.wait() {
                tracing::debug!(%why, "a node was gone already");
            }
        }
    }
}

/// Ctrl-C or SIGTERM, heard from the moment this is made: whoever reads that the federation is up
/// can stop it at once, and its nodes with it.
pub(super) struct Interrupt {
    /// Signals are heard only while it lives, so it is kept beside them.
    runtime: Runtime,
    /// SIGINT, which a terminal sends for Ctrl-C.
    interrupted: Signal,
    /// SIGTERM, which service managers and scripts send.
    terminated: Signal,
}

impl Interrupt {
    /// Begins to listen. From here on the program no longer ends by itself on either signal.
    pub(super) fn listen() -> Result<Self, Failure> {
        let runtime = Runtime::new().map_err(|why| Failure::bug(format!("no runtime: {why}")))?;
        let listen = |kind| {
            let _inside = runtime.enter();
            signal(kind).map_err(|why| Failure::bug(format!("signals cannot be heard: {why}")))
        };
        let (interrupted, terminated) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
        Ok(Self { runtime, interrupted, terminated })
    }

    /// Waits for either.
    pub(super) fn wait(mut self) {
        self.runtime.block_on(async {
            tokio::select! {
                _ = self.interrupted.recv() => {}
                _ = self.terminated.recv() => {}
            }
        });
    }
}

impl Drop for Nodes {
    /// Whatever went wrong, no node outlives the demo.
    fn drop(&mut self) {
        for child in &mut self.running {
            if child.kill().and_then(|()| child.wait()).is_err() {
                tracing::debug!("a node was gone already");
            }
        }
    }
}
