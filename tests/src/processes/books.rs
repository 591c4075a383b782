//! What the clinics' own consoles say, and what patients do there.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use sumac_node::clinic::{AsOf, CohortLine, PatientLine};
use sumac_node::control::Status;
use sumac_protocol::principal::Signer;
use zeroize::Zeroizing;

use super::{CAST, Federation, Program};

impl Federation {
    /// A clinic's own record of the queries and who was selected for each.
    #[must_use]
    pub fn cohorts(&self, clinic: char) -> Vec<CohortLine> {
        self.console(&["patient", "cohorts"], clinic).json()
    }

    /// A clinic's entry for one query, if it has any.
    #[must_use]
    pub fn cohort(&self, clinic: char, query: &str) -> Option<CohortLine> {
        self.cohorts(clinic).into_iter().find(|line| line.query.hex() == query)
    }

    /// A clinic's own explanation of a past query, named by the first digits of its id.
    #[must_use]
    pub fn as_of(&self, clinic: char, query: &str) -> AsOf {
        self.console(&["consent", "as-of", query], clinic).json()
    }

    /// Waits until a clinic's entry for a query is as wanted.
    pub fn until_cohort(&self, clinic: char, query: &str, wanted: impl Fn(&CohortLine) -> bool) -> CohortLine {
        let give_up = Instant::now() + PATIENCE;
        loop {
            // Asking takes a process, so this does not spin.
            let line = self.cohort(clinic, query);
            if let Some(line) = line.as_ref().filter(|line| wanted(line)) {
                return line.clone();
            }
            assert!(Instant::now() < give_up, "{clinic}'s entry stays as it is: {line:?}");
        }
    }

    /// A clinic's list of its patients.
    #[must_use]
    pub fn patients(&self, clinic: char) -> Vec<PatientLine> {
        self.console(&["patient", "list"], clinic).json()
    }

    /// A clinic's list of its patients, by pseudonym.
    #[must_use]
    pub fn patients_by_name(&self, clinic: char) -> BTreeMap<String, PatientLine> {
        self.patients(clinic).into_iter().map(|line| (line.pseudonym.clone(), line)).collect()
    }

    /// How a running node is.
    #[must_use]
    pub fn status(&self, node: char) -> Status {
        self.console(&["node", "status"], node).json()
    }

    /// A patient withdraws everything; returns the acknowledgement.
    pub fn revoke(&self, clinic: char, pseudonym: &str) -> String {
        self.acknowledged(clinic, pseudonym, "revoke")
    }

    /// A patient consents again; returns the acknowledgement.
    pub fn grant(&self, clinic: char, pseudonym: &str) -> String {
        self.acknowledged(clinic, pseudonym, "grant")
    }

    /// A patient's program that withdraws everything, on its way: the clinic may not listen yet.
    #[must_use]
    pub fn revoking(&self, clinic: char, pseudonym: &str) -> Program {
        self.stating(clinic, pseudonym, "revoke")
    }

    /// The key of a patient of the demo, as the patient's own program holds it.
    #[must_use]
    pub fn signer(&self, pseudonym: &str) -> Signer {
        let file = self.dir().join("patients").join(format!("{pseudonym}.key"));
        let seed = std::fs::read(&file).unwrap_or_else(|why| panic!("{}: {why}", file.display()));
        let seed: [u8; 32] = seed.try_into().unwrap_or_else(|_| panic!("{} is no bare key", file.display()));
        Signer::from_seed(&Zeroizing::new(seed))
    }

    fn acknowledged(&self, clinic: char, pseudonym: &str, what: &str) -> String {
        let ended = self.stating(clinic, pseudonym, what).ended();
        assert_eq!(ended.exit, Some(0), "{pseudonym} can {what}: {}", ended.text());
        ended.out.concat()
    }

    fn stating(&self, clinic: char, pseudonym: &str, what: &str) -> Program {
        let (home, key) = (self.home(clinic), self.dir().join("patients").join(format!("{pseudonym}.key")));
        let args =
            ["patient".as_ref(), what.as_ref(), "--yes".as_ref(), "--dir".as_ref(), home.as_os_str(), "--key".as_ref()];
        self.running(args.into_iter().chain([key.as_os_str()]))
    }

    fn console(&self, command: &[&str], node: char) -> super::Ended {
        let home = self.home(node);
        let args = command.iter().map(AsRef::<std::ffi::OsStr>::as_ref);
        self.sumac(args.chain(["--format".as_ref(), "json".as_ref(), "--dir".as_ref(), home.as_os_str()]))
    }

    /// The letters of all clinics.
    pub fn letters() -> impl Iterator<Item = char> {
        CAST.iter().map(|clinic| clinic.0)
    }
}

/// How long a clinic may take to hear of an ending: hubs repeat it every five seconds.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
