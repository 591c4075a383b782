//! Harbour with a store and columns, and the federation's books of Harbour, told the same things.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sumac_federation::cast::HARBOUR;
use sumac_federation::rules::START;
use sumac_federation::trial::{Participant, participants};
use sumac_federation::{Federation, federation};
use sumac_node::clinic::{Clinic, Filed};
use sumac_node::clock::Clock;
use sumac_node::store::{Entry, Store, StorePaths, UnlockSecret};
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::digest::Digest;
use sumac_protocol::document::consent::{Action, Revoke};
use sumac_protocol::document::enrolment::Enrolment;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::record::Record;
use sumac_protocol::round::Order;
use sumac_protocol::round::message::encode;
use tempfile::TempDir;
use zeroize::Zeroizing;

/// More than are read record by record where there are no columns.
pub(crate) const PATIENTS: u32 = 2_200;
const SEED: u64 = 7;
const UNLOCK: UnlockSecret = UnlockSecret::KeyFile([3; 32]);

/// Two clinics that know the same.
pub(crate) struct Beside {
    federation: Federation,
    clinic: Option<Clinic>,
    root: TempDir,
}

impl Beside {
    /// Everybody is enrolled, and four in five have said yes.
    pub(crate) fn new() -> Self {
        let trial = participants();
        let participant = |row: u32| Participant {
            site: "one".into(),
            pseudonym: Self::pseudonym(row),
            ..trial[usize::try_from(row).unwrap() % trial.len()].clone()
        };
        let everybody = (0..PATIENTS).map(participant).collect();
        let setup = federation().seed(SEED).patients_max(10_000).participants(everybody).refusing(0.2);
        let federation = setup.build();
        let root = TempDir::new().unwrap();
        let seed = Zeroizing::new(Digest::of_bytes(format!("{SEED}/Harbour").as_bytes()).0);
        let store = Store::create(&paths(root.path()), &UNLOCK, seed).unwrap();
        store.append(entries(&federation)).unwrap();
        let mut beside = Self { federation, clinic: None, root };
        beside.clinic = Some(beside.over(store));
        beside
    }

    pub(crate) fn pseudonym(row: u32) -> String {
        format!("P{row:06}")
    }

    pub(crate) fn clinic(&self) -> &Clinic {
        self.clinic.as_ref().unwrap()
    }

    /// Asks both, and compares cells, cohort and place in the ledger.
    pub(crate) fn asks_the_same(&mut self, text: &str, why: &str) {
        let order = self.order(text);
        let now = Clock::default().now();
        let mut rng = rand::rng();
        let want = self.federation.nodes[HARBOUR].books.select(&order, now, &mut rng).cells.unwrap();
        let got = self.clinic().select(&order).unwrap().cells.unwrap();
        assert_eq!(got.expose(), want.expose(), "{why}");
        assert_eq!(got.expose_patients_per_group(), want.expose_patients_per_group(), "{why}");
        assert!(got.expose().iter().any(|cell| *cell > 0), "{why}");
        let charges = self.clinic().charges().unwrap();
        let (charged, should) =
            (charges.last().unwrap(), self.federation.nodes[HARBOUR].books.charges().last().unwrap());
        assert_eq!(charged.rows, should.rows, "{why}");
        assert_eq!(charged.ledger_position, should.ledger_position, "{why}");
    }

    /// A question as Harbour is told to answer it.
    pub(crate) fn order(&mut self, text: &str) -> Order {
        let question = self.federation.compose(text, RhoMicro(20_000));
        Order { inquiry: self.federation.inquiry(&question), attempt: 1 }
    }

    /// The record of a participant of the trial.
    pub(crate) fn record(&self, row: u32) -> Record {
        let patient = self.federation.patients.iter().find(|patient| patient.row == row).unwrap();
        patient.participant.record.clone()
    }

    pub(crate) fn score_on_day_0(&self, row: u32) -> Option<i64> {
        if !self.consents(row) {
            return None;
        }
        let record = self.record(row);
        let first = record.courses[0].assessments.iter().find(|a| a.instrument == "HAMD17" && a.day == 0);
        first.map(|assessment| assessment.value)
    }

    /// Keeps a record in both.
    pub(crate) fn keep(&mut self, row: u32, record: Record) {
        self.clinic().keep_records(&BTreeMap::from([(Self::pseudonym(row), record.clone())])).unwrap();
        self.federation.nodes[HARBOUR].books.keep_record(row, record);
    }

    /// Has a patient withdraw from both.
    pub(crate) fn withdraw(&mut self, row: u32) {
        let at = self.federation.patients.iter().position(|patient| patient.row == row).unwrap();
        let said = self.federation.statement(at, Action::Revoke(Revoke { purposes: None }));
        self.clinic().take_statement(&said).unwrap();
        self.federation.nodes[HARBOUR].books.take_statement(row, &said).unwrap();
    }

    /// Closes the store and opens it again.
    pub(crate) fn reopen(&mut self) {
        let clinic = self.clinic.take().unwrap();
        let store = Arc::clone(clinic.store());
        drop(clinic);
        Arc::try_unwrap(store).unwrap().close().unwrap();
        let (store, _) = Store::open(&paths(self.root.path()), &UNLOCK).unwrap();
        self.clinic = Some(self.over(store));
    }

    pub(crate) fn columns(&self) -> PathBuf {
        self.root.path().join("node").join("columns")
    }

    /// The folders of generations.
    pub(crate) fn generations(&self) -> Vec<String> {
        let entries = fs::read_dir(self.columns()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// The columns as a thief has them.
    pub(crate) fn copied_columns(&self) -> TempDir {
        let copy = TempDir::new().unwrap();
        copy_folder(&self.columns(), copy.path());
        copy
    }

    pub(crate) fn put_columns_back(&self, copy: &TempDir) {
        fs::remove_dir_all(self.columns()).unwrap();
        copy_folder(copy.path(), &self.columns());
    }

    /// Whether the patient in a row said yes.
    pub(crate) fn consents(&self, row: u32) -> bool {
        use sumac_federation::patient::Said;
        self.federation.patients.iter().any(|patient| patient.row == row && patient.said == Said::Yes)
    }

    fn over(&self, store: Store) -> Clinic {
        Clinic::new(Arc::new(store), self.federation.chain.clone(), Arc::new(Clock::default()))
    }
}

/// What Harbour was told so far: records, enrolments and statements, patient by patient.
fn entries(federation: &Federation) -> Vec<Entry> {
    let node = &federation.nodes[HARBOUR];
    let mut entries = Vec::new();
    for patient in &federation.patients {
        let pseudonym = Beside::pseudonym(patient.row);
        let enrolment = Enrolment {
            clinic: node.key(),
            pseudonym: pseudonym.clone(),
            patient: patient.signer.principal(),
            made_at: START,
            replaces: None,
        };
        let enrolment = Envelope::sign(&enrolment, &node.signer).unwrap();
        entries.push(Entry::Record { pseudonym: pseudonym.clone(), body: encode(&patient.participant.record) });
        entries.push(Entry::Enrolment { pseudonym: pseudonym.clone(), body: encode(&enrolment) });
        for statement in node.books.statements(patient.row) {
            entries.push(Filed::fresh(statement.clone()).unwrap().entry(pseudonym.clone()));
        }
    }
    entries
}

fn paths(root: &Path) -> StorePaths {
    StorePaths { dir: root.join("node"), keyring: root.join("medium").join("keyring") }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
