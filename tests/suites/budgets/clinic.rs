//! A clinic with a store, a handful of patients and a clock that the test sets.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use sumac_federation::cast::signer;
use sumac_federation::rules;
use sumac_federation::{Federation, Setup, federation};
use sumac_node::clinic::{Clinic, RecoveryMark};
use sumac_node::clock::Clock;
use sumac_node::store::{Store, StorePaths, UnlockSecret};
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::digest::Digest;
use sumac_protocol::document::ask::AskedFor;
use sumac_protocol::document::consent::{Action, Grant, Revoke, Statement};
use sumac_protocol::document::query::Query;
use sumac_protocol::document::recovery::SeenQuery;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::moment::{Millis, Moment};
use sumac_protocol::plan::Mode;
use sumac_protocol::record::{Course, FieldValue, Record};
use sumac_protocol::round::{Order, Outcome};
use tempfile::TempDir;
use zeroize::Zeroizing;

use super::story::Op;

/// How many patients there are, in the rows from 0 on.
pub(crate) const PATIENTS: usize = 5;
const SEED: u64 = 7;
const UNLOCK: UnlockSecret = UnlockSecret::KeyFile([3; 32]);
const QUESTION: &str = "SELECT count(*) AS n FROM courses GROUP BY arm";
/// Far above what a study of these stories spends.
const PLENTY: RhoMicro = RhoMicro(1_000_000_000);

/// A query as the test asked it.
pub(crate) struct Made {
    pub(crate) query: Digest,
    order: Order,
    /// Every patient's cap when it was selected for first.
    pub(crate) caps: [u64; PATIENTS],
}

pub(crate) struct Rig {
    federation: Federation,
    pub(crate) clinic: Clinic,
    store: Arc<Store>,
    root: TempDir,
    begins: Moment,
    now: Moment,
    /// The last statement of each, and its sequence.
    said: [Option<(u64, Envelope)>; PATIENTS],
    caps: [u64; PATIENTS],
    yes: [bool; PATIENTS],
    absent: Vec<usize>,
    /// In the order in which they were asked.
    pub(crate) made: Vec<Made>,
}

impl Rig {
    /// Everybody has said yes, but those who are absent: they were never enrolled.
    pub(crate) fn new(absent: &[usize]) -> Self {
        Self::of(federation(), absent)
    }

    /// The same under an exact study, whose one question may be asked several times and counts nobody twice.
    pub(crate) fn exact() -> Self {
        Self::of(federation().exact(&[QUESTION]), &[])
    }

    fn of(setup: Setup, absent: &[usize]) -> Self {
        let mut federation = setup
            .seed(SEED)
            .participants(Vec::new())
            .patients_max(100)
            .policy(|policy| {
                policy.query_lifetime_max_ms = 60 * Millis::DAY.0;
                policy.queries_per_study_day = u32::MAX;
            })
            .study(|study| {
                if study.mode == Mode::Dp {
                    (study.rho_total, study.rho_year) = (PLENTY, PLENTY);
                }
                study.plans.iter_mut().for_each(|planned| planned.times = 3);
                study.queries_max = u32::MAX;
                study.valid_from = Moment(1);
                study.valid_until = study.valid_until + Millis(200 * Millis::BUDGET_YEAR.0);
            })
            .build();
        // Past the machine's own clock, so that the test's is the one that shows.
        let begins = rules::START + Millis(40 * Millis::BUDGET_YEAR.0);
        federation.now = begins;
        let root = TempDir::new().unwrap();
        let seed = Zeroizing::new(Digest::of_bytes(format!("{SEED}/Harbour").as_bytes()).0);
        let store = Arc::new(Store::create(&paths(root.path()), &UNLOCK, seed).unwrap());
        let clock = Arc::new(Clock::not_before(begins));
        let clinic = Clinic::new(Arc::clone(&store), federation.chain.clone(), clock);
        let (caps, yes, said) = ([0; PATIENTS], [false; PATIENTS], [const { None }; PATIENTS]);
        let (now, absent, made) = (begins, absent.to_vec(), Vec::new());
        let mut rig = Self { federation, clinic, store, root, begins, now, said, caps, yes, absent, made };
        for patient in (0..PATIENTS).filter(|patient| !rig.absent.contains(patient)).collect::<Vec<_>>() {
            rig.enrols(patient);
        }
        (0..PATIENTS).for_each(|patient| rig.grants(patient, 2_000_000));
        rig
    }

    fn enrols(&self, patient: usize) {
        let arm = if patient.is_multiple_of(2) { "drug" } else { "placebo" };
        let fields = [("arm".to_owned(), FieldValue::Category(arm.into()))].into();
        let record = Record { courses: vec![Course { id: "1".into(), fields, ..Course::default() }] };
        self.clinic.keep_records(&BTreeMap::from([(name(patient), record)])).unwrap();
        self.clinic.enrol(&name(patient), signer(SEED, &name(patient)).principal()).unwrap();
    }

    /// Whoever was absent is enrolled now, and says yes up to a cap.
    pub(crate) fn comes(&mut self, patient: usize, cap: u64) {
        self.absent.retain(|absent| *absent != patient);
        self.said[patient] = None;
        self.enrols(patient);
        self.grants(patient, cap);
    }

    /// The node recovered now, and nothing was lost that consents wait for.
    pub(crate) fn recovers(&mut self) {
        let (statements, suspended, suspended_at) = (self.store.ledger_len(), false, None);
        let mark = RecoveryMark { at: self.now, statements, suspended, suspended_at, given_up: 0, finished: true };
        self.store.append(vec![mark.entry()]).unwrap();
        self.clinic = self.over(Arc::clone(&self.store));
    }

    /// A query that members saw and the clinic has forgotten, at a price.
    pub(crate) fn forgot(&self, number: u8, rho: u64, study: Digest) -> SeenQuery {
        let query = Digest([number; 32]);
        SeenQuery { counter: 1, query, study, rho: RhoMicro(rho), expires: self.now }
    }

    /// The study that everything is asked in.
    pub(crate) fn study(&self) -> Digest {
        self.federation.study.digest()
    }

    /// The charter's own cap.
    pub(crate) fn floor(&self) -> RhoMicro {
        self.federation.chain.current().policy.rho_per_patient_year
    }

    pub(crate) fn consenting(&self) -> usize {
        (0..PATIENTS).filter(|patient| self.yes[*patient] && !self.absent.contains(patient)).count()
    }

    pub(crate) fn does(&mut self, op: Op) {
        match op {
            Op::Ask { rho, days } => {
                self.ask(rho, days);
            }
            Op::Again { query } => {
                let open = self.made.get(query % self.made.len().max(1)).map(|made| made.order.clone());
                if let Some(order) = open.filter(|order| self.is_open(order.inquiry.id())) {
                    self.clinic.select(&Order { attempt: 2, ..order }).unwrap();
                }
            }
            Op::Settle { query, outcome } => {
                let Some(made) = self.made.get(query % self.made.len().max(1)) else { return };
                let outcome = match outcome {
                    0 => Outcome::Released(made.query),
                    1 => Outcome::NotCounted,
                    _ => Outcome::NoRelease,
                };
                // Once a debit was given back by proof, there is no release any more.
                if self.is_open(made.query) || !matches!(outcome, Outcome::Released(_)) {
                    self.clinic.settle(made.query, outcome).unwrap();
                }
            }
            Op::Cap { patient, cap } => self.grants(patient, cap),
            Op::Withdraw { patient } => self.says(patient, Action::Revoke(Revoke { purposes: None })),
            Op::Later { days } => self.later(days),
            Op::Back { days } => {
                self.set_clock(Moment(self.now.0.saturating_sub(days * Millis::DAY.0)).max(self.begins));
            }
            Op::Restart => self.restart(),
        }
    }

    /// Asks at a price, to be answered within so many days, and has the clinic select.
    pub(crate) fn ask(&mut self, rho: u64, days: u64) -> Digest {
        let order = self.order(rho, days);
        let selection = self.clinic.select(&order).unwrap();
        assert_eq!(selection.declined, None);
        let query = order.inquiry.id();
        self.made.push(Made { query, order, caps: self.caps });
        query
    }

    pub(crate) fn order(&mut self, rho: u64, days: u64) -> Order {
        self.federation.now = self.now;
        let expires = self.now + Millis(days * Millis::DAY.0);
        let hub = self.federation.hub;
        let within = |query| Query { expires, ..query };
        let question = self.federation.compose_with(QUESTION, RhoMicro(rho), within, None, hub);
        Order { inquiry: self.federation.inquiry(&question), attempt: 1 }
    }

    /// A patient grants everything, up to a cap.
    pub(crate) fn grants(&mut self, patient: usize, cap: u64) {
        let Action::Grant(grant) = rules::grant() else { return };
        let not_after = self.begins + Millis(100 * Millis::BUDGET_YEAR.0);
        self.caps[patient] = cap;
        self.says(patient, Action::Grant(rules::explained(Grant { rho_year: RhoMicro(cap), not_after, ..grant })));
    }

    fn says(&mut self, patient: usize, action: Action) {
        self.yes[patient] = matches!(action, Action::Grant(_));
        let key = signer(SEED, &name(patient));
        let before = self.said[patient].as_ref();
        let statement = Statement {
            clinic: self.clinic.signer().principal(),
            patient: key.principal(),
            sequence: before.map_or(0, |(sequence, _)| sequence + 1),
            previous: before.map(|(_, said)| said.digest()),
            made_at: self.begins,
            action,
            witness: None,
        };
        let said = Envelope::sign(&statement, &key).unwrap();
        if !self.absent.contains(&patient) {
            self.clinic.take_statement(&said).unwrap();
        }
        self.said[patient] = Some((statement.sequence, said));
    }

    pub(crate) fn later(&mut self, days: u64) {
        self.set_clock(self.now + Millis(days * Millis::DAY.0));
    }

    pub(crate) fn set_clock(&mut self, now: Moment) {
        self.now = now;
        self.clinic = self.over(Arc::clone(&self.store));
    }

    fn restart(&mut self) {
        let elsewhere = TempDir::new().unwrap();
        let seed = Zeroizing::new([1; 32]);
        let idle = Arc::new(Store::create(&paths(elsewhere.path()), &UNLOCK, seed).unwrap());
        self.clinic = self.over(Arc::clone(&idle));
        let store = std::mem::replace(&mut self.store, idle);
        Arc::try_unwrap(store).unwrap().close().unwrap();
        self.store = Arc::new(Store::open(&paths(self.root.path()), &UNLOCK).unwrap().0);
        self.clinic = self.over(Arc::clone(&self.store));
    }

    fn over(&self, store: Arc<Store>) -> Clinic {
        Clinic::new(store, self.federation.chain.clone(), Arc::new(Clock::not_before(self.now)))
    }

    fn is_open(&self, query: Digest) -> bool {
        use sumac_node::clinic::ChargeState;
        self.clinic.charges().unwrap().iter().any(|charge| charge.query == query && charge.state == ChargeState::Open)
    }

    /// What a patient's own status says of the last 365 days.
    pub(crate) fn spent_of(&self, patient: usize) -> RhoMicro {
        let key = signer(SEED, &name(patient)).principal();
        let answer = self.clinic.answer(&key, AskedFor::Status).unwrap();
        let sumac_node::door::Answer::Status(status) = answer else { panic!("no status: {answer:?}") };
        status.spent_year
    }

    /// Everything that a patient is told who asks, as text, but for what is drawn anew each time.
    pub(crate) fn told_at_the_door(&self, patient: usize) -> String {
        let key = signer(SEED, &name(patient)).principal();
        let told = [AskedFor::Status, AskedFor::Uses].map(|what| self.clinic.answer(&key, what).unwrap());
        serde_json::to_value(told).unwrap().to_string()
    }
}

fn name(patient: usize) -> String {
    format!("P{patient}")
}

fn paths(root: &Path) -> StorePaths {
    StorePaths { dir: root.join("node"), keyring: root.join("medium").join("keyring") }
}

/// What `act` logs, at the finest level and without the time.
pub(crate) fn listening<T>(act: impl FnOnce() -> T) -> (T, String) {
    #[derive(Clone, Default)]
    struct Heard(Arc<Mutex<Vec<u8>>>);
    impl Write for Heard {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let heard = Heard::default();
    let writer = heard.clone();
    let log = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .without_time()
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let done = tracing::subscriber::with_default(log, act);
    let said = heard.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    (done, String::from_utf8(said).unwrap())
}
