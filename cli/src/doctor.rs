//! What is wrong with a node, told from what was seen of it. Rules only: nothing here looks at a disk, a clock or a
//! network, so every rule is held by a table of cases.

use std::path::PathBuf;

use serde::Serialize;
use sumac_protocol::moment::{Millis, Moment};
use sumac_protocol::round::budget::Allowance;

/// Everything that was looked at. What could not be seen is left out, and is then no finding.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    /// The clock of this machine.
    pub(crate) now: u64,
    /// The newest moment that the node's files or books know of, in milliseconds since 1970.
    pub(crate) newest: Option<u64>,
    /// Bytes that are free where the node lies.
    pub(crate) free: Option<u64>,
    /// What is wrong with node.toml, and what to do.
    pub(crate) settings: Option<(String, String)>,
    /// Addresses that the node wants and somebody else has.
    pub(crate) taken: Vec<String>,
    /// Hubs of the charter that are dialled, and whether each answers. Not this node itself.
    pub(crate) hubs: Vec<(String, bool)>,
    /// The charter, or why there is none.
    pub(crate) charter: Option<Result<Charter, (String, String)>>,
    /// Studies of the charter: the name, and when it is over.
    pub(crate) studies: Vec<(String, Moment)>,
    /// Secret files that are there, with their mode.
    pub(crate) secrets: Vec<(PathBuf, u32)>,
    /// Files that unlocking needs and that are not there or have the wrong size: the file, and what is wrong.
    pub(crate) unlock: Vec<(PathBuf, String)>,
    /// Whether records are kept and their index is not there.
    pub(crate) index_missing: bool,
    /// What runs, if it does.
    pub(crate) running: Running,
}

/// What the charter says of this node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Charter {
    /// Its epoch.
    pub(crate) epoch: u64,
    /// Whether it lists this node; none where the node's key is not known without its secret.
    pub(crate) lists_us: Option<bool>,
    /// Whether a newer one waits for a person.
    pub(crate) waits: bool,
}

/// Whether the node runs, and what it says then.
#[derive(Debug, Clone, Default)]
pub(crate) enum Running {
    /// It does not.
    #[default]
    No,
    /// It may, and this user may not ask it.
    Denied,
    /// It does.
    Yes {
        /// The epoch that it lives under.
        epoch: u64,
        /// Why it takes part in no question, and whether that ends by itself.
        shut: Option<(String, bool)>,
        /// Members that it refuses.
        accused: Vec<String>,
        /// Whether it is linked to anybody.
        linked: bool,
        /// What the charter's yearly cap leaves of a patient who was counted every time.
        budget: Option<Allowance>,
    },
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Weight {
    /// Good to know: nothing has to be done now.
    Note,
    /// Something has to be done.
    Wrong,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// Never reworded: scripts compare it.
    pub(crate) code: &'static str,
    /// How bad it is.
    pub(crate) weight: Weight,
    /// The fact.
    pub(crate) says: String,
    /// What to do.
    pub(crate) remedy: String,
}

/// Everything that the rules find, the worst first, in the order of the rules.
pub(crate) fn findings(seen: &Seen) -> Vec<Finding> {
    let mut found = Vec::new();
    settings(seen, &mut found);
    clock(seen, &mut found);
    disk(seen, &mut found);
    secrets(seen, &mut found);
    charter(seen, &mut found);
    studies(seen, &mut found);
    network(seen, &mut found);
    running(seen, &mut found);
    found.sort_by_key(|finding| std::cmp::Reverse(finding.weight));
    found
}

fn wrong(code: &'static str, says: impl Into<String>, remedy: impl Into<String>) -> Finding {
    Finding { code, weight: Weight::Wrong, says: says.into(), remedy: remedy.into() }
}

fn note(code: &'static str, says: impl Into<String>, remedy: impl Into<String>) -> Finding {
    Finding { code, weight: Weight::Note, says: says.into(), remedy: remedy.into() }
}

fn settings(seen: &Seen, found: &mut Vec<Finding>) {
    found.extend(seen.settings.iter().map(|(says, remedy)| wrong("settings", says, remedy)));
}

/// A clock that is behind what was written by it was set back; one far ahead shows as a newest moment long ago, which a
/// node that was off shows too, so that only the first is said.
fn clock(seen: &Seen, found: &mut Vec<Finding>) {
    let Some(newest) = seen.newest else { return };
    let behind = newest.saturating_sub(seen.now);
    if behind > CLOCK_DOUBT.0 {
        let minutes = behind / 60_000;
        found.push(wrong(
            "clock-behind",
            format!(
                "this machine's clock is {minutes} minutes behind the newest that the node wrote ({})",
                Moment(newest)
            ),
            "set the clock, and let a time service keep it (timedatectl, chrony)",
        ));
    }
}

fn disk(seen: &Seen, found: &mut Vec<Finding>) {
    if let Some(free) = seen.free.filter(|free| *free < DISK_LOW) {
        let finding = (
            format!("{} MiB are free where the node lies", free >> 20),
            "make room, or move the folder: what cannot be written is not acknowledged, and the node stops",
        );
        found.push(if free < DISK_FULL {
            wrong("disk-full", finding.0, finding.1)
        } else {
            note("disk-low", finding.0, finding.1)
        });
    }
    if seen.index_missing {
        found.push(note(
            "index-missing",
            "the index is not there, and is made again from the journal at the next start",
            "nothing; with many patients that start takes minutes",
        ));
    }
}

fn secrets(seen: &Seen, found: &mut Vec<Finding>) {
    for (file, says) in &seen.unlock {
        found.push(wrong(
            "unlock-secret",
            format!("{}: {says}", file.display()),
            "mount the medium that it lies on, or restore it; nothing else opens the node's keyring",
        ));
    }
    for (file, mode) in seen.secrets.iter().filter(|(_, mode)| mode & 0o077 != 0) {
        let file = file.display();
        found.push(wrong(
            "key-readable",
            format!("{file}: others on this machine can read or change it (mode {:o})", mode & 0o777),
            format!("take it to the node's own user: `chmod 600 {file}`"),
        ));
    }
}

fn charter(seen: &Seen, found: &mut Vec<Finding>) {
    match &seen.charter {
        None => {}
        Some(Err((says, remedy))) => found.push(wrong("charter", says, remedy)),
        Some(Ok(charter)) => {
            let epoch = charter.epoch;
            if charter.lists_us == Some(false) {
                found.push(wrong(
                    "charter-without-us",
                    format!("the charter of epoch {epoch} does not list this node"),
                    "hand join.json of its folder to a steward: `sumac charter add-member`",
                ));
            }
            if charter.waits {
                found.push(wrong(
                    "charter-waits",
                    format!("a charter after epoch {epoch} waits for a person of this clinic"),
                    "look at it, and say yes or call the stewards: `sumac node accept`",
                ));
            }
        }
    }
}

fn studies(seen: &Seen, found: &mut Vec<Finding>) {
    for (name, until) in &seen.studies {
        if until.0 <= seen.now {
            let remedy = "nothing at this clinic; stewards take it off the charter: `sumac study end`";
            found.push(note("study-over", format!("the study {name} ended on {until}"), remedy));
        } else if until.0.saturating_sub(seen.now) < STUDY_SOON.0 {
            let remedy = "if it is to go on, its people need a new study that the stewards sign";
            found.push(note("study-ends", format!("the study {name} ends on {until}"), remedy));
        }
    }
}

fn network(seen: &Seen, found: &mut Vec<Finding>) {
    for address in &seen.taken {
        found.push(wrong(
            "port-taken",
            format!("somebody else listens at {address}, where this node is to"),
            "stop the other program (`ss -ltnp` names it), or choose another port in node.toml",
        ));
    }
    let silent: Vec<&str> = seen.hubs.iter().filter(|(_, answers)| !answers).map(|(name, _)| name.as_str()).collect();
    if silent.is_empty() {
        return;
    }
    let names = silent.join(", ");
    found.push(if silent.len() == seen.hubs.len() {
        wrong(
            "no-hub",
            format!("no hub can be reached: {names}"),
            "check this machine's way out (firewall, proxy, DNS); if others have the same, call the hubs' operators",
        )
    } else {
        note(
            "hub-silent",
            format!("cannot be reached: {names}"),
            "nothing while another hub answers; tell its operator",
        )
    });
}

fn running(seen: &Seen, found: &mut Vec<Finding>) {
    let (epoch, shut, accused, linked, budget) = match &seen.running {
        Running::Yes { epoch, shut, accused, linked, budget } => (epoch, shut, accused, linked, budget),
        Running::No => {
            found.push(note("not-running", "the node does not run", "start it: `sumac node run --dir DIR`"));
            return;
        }
        Running::Denied => {
            let remedy = "ask again as the user that runs the node, as in `sudo -u USER sumac doctor`";
            found.push(note("node-denied", "this user may not ask the node how it is", remedy));
            return;
        }
    };
    match shut {
        Some((why, false)) => {
            found.push(wrong(
                "shut",
                format!("it takes part in no question: {why}"),
                "`sumac node recover --help` says how",
            ));
        }
        Some((why, true)) => {
            found.push(note(
                "waits",
                format!("it takes part in no question yet: {why}"),
                "wait until other members answer",
            ));
        }
        None => {}
    }
    if !linked && !seen.hubs.is_empty() {
        let remedy =
            "if hubs can be reached, they live under another charter: compare `sumac charter show` with theirs";
        found.push(wrong("not-linked", "it runs and is linked to no other member", remedy));
    }
    if let Some(Ok(charter)) = &seen.charter
        && charter.epoch > *epoch
    {
        let says = format!("it lives under epoch {epoch}, and its folder has epoch {}", charter.epoch);
        found.push(wrong("charter-old", says, "start it again"));
    }
    if !accused.is_empty() {
        let says =
            format!("it refuses contributions of {}: they signed two things that contradict", accused.join(", "));
        found.push(note("accused", says, "`sumac audit` shows what they signed; call the stewards"));
    }
    if let Some(left) = budget.filter(|left| left.left.0.saturating_mul(NEARLY_SPENT) < left.budget.0) {
        let says = format!("{} of {} a year are left of patients who were counted every time", left.left, left.budget);
        let remedy = "nothing: queries past it are refused, and it comes back as last year's queries pass";
        found.push(note("budget-nearly-spent", says, remedy));
    }
}

/// A clock that is further off than members tolerate of each other.
const CLOCK_DOUBT: Millis = Millis(600_000);
/// Less than this is worth a word, in bytes: 1 GiB.
const DISK_LOW: u64 = 1 << 30;
/// Less than this may not hold one question's forms, in bytes: 64 MiB.
const DISK_FULL: u64 = 64 << 20;
/// How long before its end a study is told of.
const STUDY_SOON: Millis = Millis(14 * Millis::DAY.0);
/// A budget of which less than one part in this many is left.
const NEARLY_SPENT: u64 = 10;

#[cfg(test)]
mod tests;
