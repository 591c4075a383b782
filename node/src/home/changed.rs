//! What a reload takes over of changed settings, and what waits for a restart.

use std::collections::BTreeSet;

use super::Settings;

/// The keys of `node.toml` that differ, each in one of two lists.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_structs, reason = "complete: a key is taken over or is not")]
pub struct Changed {
    /// Taken over while the node runs.
    pub reloaded: Vec<String>,
    /// Taken over at the next start only.
    pub at_restart: Vec<String>,
}

impl Changed {
    /// What differs between the settings that a node runs with and those that were read now.
    #[must_use]
    pub fn between(running: &Settings, now: &Settings) -> Self {
        let table = |settings: &Settings| toml::Table::try_from(settings).unwrap_or_default();
        let (running, now) = (table(running), table(now));
        let keys: BTreeSet<&String> = running.keys().chain(now.keys()).collect();
        let differing = keys.into_iter().filter(|key| running.get(*key) != now.get(*key)).cloned();
        let (reloaded, at_restart) = differing.partition(|key| RELOADED.contains(&key.as_str()));
        Self { reloaded, at_restart }
    }

    /// One line for the log.
    #[must_use]
    pub fn told(&self) -> String {
        let list = |keys: &[String]| if keys.is_empty() { "nothing".to_owned() } else { keys.join(", ") };
        let (reloaded, waits) = (list(&self.reloaded), list(&self.at_restart));
        format!(
            "reloaded: {reloaded}; the door's certificate, if it has one, was read again; waits for a restart: {waits}"
        )
    }
}

/// What can change while a node runs: how much it says, and how much it hears.
const RELOADED: [&str; 2] = ["log", "patients_per_minute"];

#[cfg(test)]
mod tests {
    use super::{Changed, Settings};

    #[test]
    fn what_differs_is_reloaded_or_waits_for_a_restart_and_the_line_says_which() {
        let running = Settings::default();
        assert_eq!(Changed::between(&running, &running), Changed::default());
        let now = Settings {
            log: Some("debug".into()),
            patients_per_minute: 3,
            listen: Some("/ip4/0.0.0.0/tcp/1".into()),
            redial_min_ms: 5,
            ..running.clone()
        };
        let changed = Changed::between(&running, &now);
        assert_eq!(changed.reloaded, ["log", "patients_per_minute"]);
        assert_eq!(changed.at_restart, ["listen", "redial_min_ms"]);
        assert!(changed.told().contains("restart: listen, redial_min_ms"), "{}", changed.told());
        assert_eq!(Changed::between(&now, &running), changed, "taken out again");
    }
}
