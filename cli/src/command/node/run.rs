//! `sumac node run`: the node as a service. It tells the service manager when it is ready, that its loop comes round, and
//! when it stops; SIGTERM and Ctrl-C stop it, SIGHUP lets it read its settings again.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use sd_notify::NotifyState;
use sumac_node::heart::Heart;
use sumac_node::home::{Home, Settings};
use sumac_node::running::{self, Ready, Reins};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

use super::door::DoorArgs;
use super::logging::Log;
use super::{charter, unlock};
use crate::command::doctor;
use crate::failure::Failure;
use crate::show;

/// Runs until SIGTERM or Ctrl-C. Standard output carries one JSON line, when the node can be reached; the log goes to
/// standard error.
pub(super) fn run(dir: &Path, door: &DoorArgs) -> Result<ExitCode, Failure> {
    let home = Home::at(dir);
    let settings = door.over(home.settings()?);
    let log = Log::begin(&settings)?;
    charter(&home)?;
    doctor::warn_before_start(&home, &settings);
    let unlock = unlock(&home)?;
    let runtime = tokio::runtime::Runtime::new().map_err(|why| Failure::bug(format!("no runtime: {why}")))?;
    let done = runtime.block_on(async {
        // Before anything else: whoever stops a node that is only starting stops it as well as later.
        let signals = || Ok::<_, std::io::Error>((Stop::listen()?, signal(SignalKind::hangup())?));
        let (stop, hangup) = signals().map_err(|why| Failure::bug(format!("no signals: {why}")))?;
        let (heart, (tell, reloads)) = (Arc::new(Heart::new()), mpsc::channel(1));
        tokio::spawn(guard(Arc::clone(&heart)));
        tokio::spawn(reread(hangup, home.clone(), door.clone(), log, tell));
        let reins = Reins { stop: stop.told(), reloads, heart };
        running::run(&home, &settings, &unlock, reins, ready).await.map_err(Failure::from)
    });
    tell(&[NotifyState::Stopping]);
    // What still runs in the background holds nothing that is not on the disk.
    runtime.shutdown_timeout(LAST_WORDS);
    done?;
    Ok(ExitCode::SUCCESS)
}

fn ready(ready: &Ready) {
    if show::json(ready).is_err() {
        tracing::warn!("nobody reads the ready line");
    }
    tell(&[NotifyState::Ready]);
}

/// Tells the service manager, if one started this.
fn tell(states: &[NotifyState<'_>]) {
    if let Err(why) = sd_notify::notify(states) {
        tracing::warn!(%why, "the service manager does not hear");
    }
}

/// Says to the service manager's watchdog that the loop comes round, for as long as it does.
async fn guard(heart: Arc<Heart>) {
    let Some(patience) = sd_notify::watchdog_enabled() else { return };
    let mut beat = tokio::time::interval((patience / 3).max(Duration::from_millis(1)));
    loop {
        beat.tick().await;
        if heart.stalled().is_none() {
            tell(&[NotifyState::Watchdog]);
        }
    }
}

/// At each SIGHUP reads the settings again and hands them on. Settings that cannot be read change nothing.
async fn reread(mut hangup: Signal, home: Home, door: DoorArgs, log: Log, node: mpsc::Sender<Settings>) {
    while hangup.recv().await.is_some() {
        let read = home.settings().map_err(Failure::from).map(|settings| door.over(settings));
        match read.and_then(|settings| log.take_over(&settings).map(|()| settings)) {
            Ok(settings) => {
                if node.send(settings).await.is_err() {
                    return;
                }
            }
            Err(why) => tracing::error!("nothing was reloaded: {}", why.told()),
        }
    }
}

/// The signals that stop a node: SIGTERM, and SIGINT, which Ctrl-C sends. From the moment there is
/// one of these, such a signal ends nothing by itself; one that came early is told later.
struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    /// Takes the signals over. Needs a runtime to be in.
    fn listen() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Resolves when the node is told to stop.
    async fn told(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
        tell(&[NotifyState::Stopping]);
    }
}

/// How long threads in the background may take to end.
const LAST_WORDS: Duration = Duration::from_millis(500);
