//! What the clinics' own consoles say, and what patients do there.

use std::collections::BTreeMap;

use sumac_node::clinic::{CohortLine, PatientLine};
use sumac_node::control::Status;

use super::{CAST, Federation};

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

    fn acknowledged(&self, clinic: char, pseudonym: &str, what: &str) -> String {
        let (home, key) = (self.home(clinic), self.dir().join("patients").join(format!("{pseudonym}.key")));
        let args = ["patient".as_ref(), what.as_ref(), "--dir".as_ref(), home.as_os_str(), "--key".as_ref()];
        let ended = self.sumac(args.into_iter().chain([key.as_os_str()]));
        assert_eq!(ended.exit, Some(0), "{pseudonym} can {what}: {}", ended.text());
        ended.out.concat()
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
