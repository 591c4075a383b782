//! `sumac node recover`: a node that was set back takes part in questions again.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use sumac_node::control::{self, ControlError, Request};
use sumac_node::home::Home;
use sumac_node::running::{self, Recovered};

use crate::command::ask::Format;
use crate::command::node::{for_programs, unlock};
use crate::failure::Failure;
use crate::show;

/// Recover a node whose folder was restored from a backup or set back to an earlier copy. It must not be running.
///
/// It asks the members of committees what they saw of this node, charges every patient the full cost of every query that
/// it forgot, takes no part in anything that was begun before, and goes on behind every number that it used. Where
/// consent statements may be missing, no consent counts until `sumac node confirm`. Given again, it charges nothing twice,
/// and consents that wait go on waiting. If too few members answer, a node whose store opens by itself is left as it was.
#[derive(Debug, Args)]
pub(crate) struct RecoverArgs {
    /// The node's folder.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// How long to wait for members to answer, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    wait: u64,
    /// How the report is printed: as JSON or, with `table`, in words only. Default: words and, where standard output is no
    /// terminal, JSON on it.
    #[arg(long, value_enum)]
    format: Option<Format>,
}

impl RecoverArgs {
    /// Recovers, and says what was done.
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let home = Home::at(&self.dir);
        let settings = home.settings()?;
        super::charter(&home)?;
        match control::ask(&home.control_socket(), &Request::Status) {
            Err(ControlError::NotRunning { .. }) => {}
            Err(why @ ControlError::Denied { .. }) => return Err(why.into()),
            Ok(_) | Err(ControlError::Refused { .. } | ControlError::Broken { .. }) => {
                return Err(Failure::refused(
                    "node-running",
                    &format!("the node in {} is running", self.dir.display()),
                    "stop it, recover, and start it again".into(),
                ));
            }
        }
        let secret = unlock(&home)?;
        let runtime = tokio::runtime::Runtime::new().map_err(|why| Failure::bug(format!("no runtime: {why}")))?;
        let patience = Duration::from_secs(self.wait);
        let done = runtime.block_on(running::recover(&home, &settings, &secret, patience))?;
        self.tell(&done);
        for_programs(&done, self.format)?;
        Ok(ExitCode::SUCCESS)
    }

    /// Says in words what was found and done. What members who did not answer saw is named as missing, because nobody
    /// else can make it good; that consents wait is said with what ends the waiting.
    fn tell(&self, done: &Recovered) {
        let dir = self.dir.display();
        show::talk(&format!("answered: {}", listed(&done.answered)));
        if !done.silent.is_empty() {
            show::talk(&format!("did not answer: {}. What only they saw is not made good", listed(&done.silent)));
        }
        match done.entries_seen {
            Some(seen) if seen > done.entries => show::talk(&format!(
                "the journal has {} entries, and had at least {seen} when this node last signed something that they saw",
                done.entries
            )),
            Some(_) | None => show::talk(&format!("the journal has {} entries", done.entries)),
        }
        if done.charged.is_empty() {
            show::talk("no query that they saw had been forgotten");
        }
        for query in &done.charged {
            show::talk(&format!("charged {} for query {} to all {} patients", query.rho, query.query, done.patients));
        }
        for study in &done.unknown_studies {
            show::talk(&format!(
                "no charter that this node knows lists the study {study}: its charter is old, or a member made the query up"
            ));
        }
        if done.whole_year_charged {
            show::talk("members no longer knew every query: the budget of a whole year was charged to every patient");
        }
        if done.suspended {
            show::talk(
                "consent statements may be missing: no consent counts until the patient's newest receipt is shown, or \
                 staff confirm what is on paper (`sumac node confirm`), or the patient signs anew. Who was confirmed since \
                 they went missing stays so",
            );
        } else {
            show::talk("the consent ledger is as long as it was when they last saw this node; consents stand");
        }
        show::talk(
            "this node takes no part in anything that was begun before, not even to say that it came to nothing",
        );
        show::talk(&format!("start it: sumac node run --dir {dir}"));
    }
}

/// Names in one sentence. Where no other operator sits on a committee there is nobody to ask.
fn listed(names: &[String]) -> String {
    if names.is_empty() { "nobody had to".to_owned() } else { names.join(", ") }
}
