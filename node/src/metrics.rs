//! What operators watch: numbers about the node, and none about a patient.
//!
//! Each is described in [`table`], from which `docs/metrics.md` is made. A number is published only if whoever reads all of
//! them, at every moment, learns nothing of a patient, of a clinic's figures or of a group: what grows with single people
//! (the journal, the disk, statements) moves in steps, and no label says who. Heard on this machine alone.

mod error;
mod labels;
mod serving;
mod steps;
pub mod table;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Metric, Registry};
use sumac_protocol::digest::Digest;

pub use error::MetricsError;
pub use labels::{Ending, Turned};
pub use serving::{MetricsDoor, check_address};

use table::Name;

/// All numbers of one node. Shared by `Arc`; every one can be moved from any thread.
pub struct Metrics {
    registry: Registry,
    queries: Family<Label, Counter>,
    refusals: Family<Label, Counter>,
    uploads: Counter,
    consents: Counter,
    /// Statements accepted, of which `consents` shows whole steps.
    statements: AtomicU64,
    budgets: Family<StudyLabel, Gauge<f64, AtomicU64>>,
    /// The rest, which are set and never added to.
    gauges: Gauges,
}

/// What is set from what the node knows at a moment. One of these is taken every few seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "complete: one field for each gauge that the loop sets")]
pub struct Reading {
    /// Members of the charter with a link to this node.
    pub members: usize,
    /// Hubs among them.
    pub hubs: usize,
    /// Hubs of the charter besides this node.
    pub hubs_in_all: usize,
    /// The charter's epoch.
    pub epoch: u64,
    /// Whether it follows calls to questions.
    pub takes_part: bool,
    /// Whether the disk has room for what it takes in.
    pub room: bool,
    /// Bytes of the journal.
    pub journal_bytes: u64,
    /// Bytes that the store's file system has free for it.
    pub disk_free_bytes: u64,
}

#[derive(Default)]
struct Gauges {
    members: Gauge,
    hubs: Gauge,
    hubs_in_all: Gauge,
    epoch: Gauge,
    takes_part: Gauge,
    room: Gauge,
    journal: Gauge,
    disk: Gauge,
    clock: Gauge<f64, AtomicU64>,
    rebuilt: Gauge,
    started: Gauge,
}

type Label = [(&'static str, &'static str); 1];
/// Puts one metric into a registry, under a name and with a help text.
type Registering = Box<dyn FnOnce(&mut Registry, &str, &str)>;
type StudyLabel = [(&'static str, String); 1];

impl Metrics {
    /// All numbers at nothing, every label there is among them, for a node that started at this second since 1970.
    #[must_use]
    pub fn started_at(second: u64) -> Arc<Self> {
        let mut this = Self {
            registry: Registry::default(),
            queries: Family::default(),
            refusals: Family::default(),
            uploads: Counter::default(),
            consents: Counter::default(),
            statements: AtomicU64::new(0),
            budgets: Family::default(),
            gauges: Gauges::default(),
        };
        this.register();
        Ending::ALL.iter().for_each(|ending| drop(this.queries.get_or_create(&ending.label())));
        Turned::ALL.iter().for_each(|turned| drop(this.refusals.get_or_create(&turned.label())));
        this.gauges.started.set(signed(second));
        this.gauges.clock.set(f64::NAN);
        Arc::new(this)
    }

    fn register(&mut self) {
        let build: Family<StudyLabel, Gauge> = Family::default();
        build.get_or_create(&[("version", env!("CARGO_PKG_VERSION").to_owned())]).set(1);
        let Self { registry, queries, refusals, uploads, consents, budgets, gauges, .. } = self;
        let mut put = |name: Name, metric: Registering| {
            let about = name.about();
            metric(registry, about.name.trim_end_matches("_total"), about.what);
        };
        put(Name::Build, of(build));
        put(Name::Started, of(gauges.started.clone()));
        put(Name::TakesPart, of(gauges.takes_part.clone()));
        put(Name::Queries, of(queries.clone()));
        put(Name::Uploads, of(uploads.clone()));
        put(Name::Refusals, of(refusals.clone()));
        put(Name::Consents, of(consents.clone()));
        put(Name::Members, of(gauges.members.clone()));
        put(Name::Hubs, of(gauges.hubs.clone()));
        put(Name::HubsInAll, of(gauges.hubs_in_all.clone()));
        put(Name::Epoch, of(gauges.epoch.clone()));
        put(Name::Budget, of(budgets.clone()));
        put(Name::Journal, of(gauges.journal.clone()));
        put(Name::DiskFree, of(gauges.disk.clone()));
        put(Name::Room, of(gauges.room.clone()));
        put(Name::Clock, of(gauges.clock.clone()));
        put(Name::Rebuilt, of(gauges.rebuilt.clone()));
    }

    /// A query came to this, here.
    pub fn query(&self, ending: Ending) {
        self.queries.get_or_create(&ending.label()).inc();
    }

    /// Something was turned away.
    pub fn refused(&self, turned: Turned) {
        self.refusals.get_or_create(&turned.label()).inc();
    }

    /// An upload left for its coordinator.
    pub fn upload(&self) {
        self.uploads.inc();
    }

    /// A statement of some patient was taken into the ledger. Shown once a whole step of them was.
    pub fn statement(&self) {
        let accepted = self.statements.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        if accepted.is_multiple_of(steps::STATEMENTS) {
            self.consents.inc_by(steps::STATEMENTS);
        }
    }

    /// How far this node's clock is from the nearest of the members who answered, in milliseconds; positive if it is fast.
    pub fn clock_difference(&self, ms: i64) {
        // Seconds, with a thousandth; no clock is off by more than an `i32` of seconds and is still of use.
        let (seconds, rest) = (i32::try_from(ms / 1_000), i32::try_from(ms % 1_000));
        if let (Ok(seconds), Ok(rest)) = (seconds, rest) {
            self.gauges.clock.set(f64::from(seconds) + f64::from(rest) / 1_000.0);
        }
    }

    /// Whether the index was made anew at the start.
    pub fn index_rebuilt(&self, rebuilt: bool) {
        self.gauges.rebuilt.set(i64::from(rebuilt));
    }

    /// What a study has left of its budget, in hundredths.
    pub fn budget_left(&self, study: &Digest, hundredths: u32) {
        let name: String = study.hex().chars().take(STUDY_CHARS).collect();
        self.budgets.get_or_create(&[("study", name)]).set(f64::from(hundredths) / 100.0);
    }

    /// Sets everything that the loop looks at now and then.
    pub fn read(&self, reading: &Reading) {
        let count = |many: usize| i64::try_from(many).unwrap_or(i64::MAX);
        let Gauges { members, hubs, hubs_in_all, epoch, takes_part, room, journal, disk, .. } = &self.gauges;
        members.set(count(reading.members));
        hubs.set(count(reading.hubs));
        hubs_in_all.set(count(reading.hubs_in_all));
        epoch.set(signed(reading.epoch));
        takes_part.set(i64::from(reading.takes_part));
        room.set(i64::from(reading.room));
        journal.set(signed(steps::up(reading.journal_bytes)));
        disk.set(signed(steps::down(reading.disk_free_bytes)));
    }

    /// All of them in the text format of OpenMetrics 1.0, which Prometheus reads.
    ///
    /// # Errors
    /// None but those of memory; the format has no other.
    pub fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Metrics({} of them)", Name::ALL.len())
    }
}

fn of(metric: impl Metric) -> Registering {
    Box::new(move |registry, name, help| registry.register(name, help.trim_end_matches('.'), metric))
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// So much of a study's digest, in hex, tells it from others.
const STUDY_CHARS: usize = 12;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use sumac_protocol::digest::Digest;

    use super::table::{Kind, Name};
    use super::{Ending, Metrics, Reading, Turned, steps};

    fn value(metrics: &Metrics, line: &str) -> String {
        let text = metrics.text().unwrap();
        let found = text.lines().find_map(|l| l.strip_prefix(line)).map(str::trim);
        found.unwrap_or_else(|| panic!("no {line} in {text}")).to_owned()
    }

    #[test]
    fn every_metric_of_the_table_is_published_and_no_other() {
        let metrics = Metrics::started_at(5);
        metrics.budget_left(&Digest([7; 32]), 50);
        let text = metrics.text().unwrap();
        let published: BTreeSet<&str> =
            text.lines().filter(|l| !l.starts_with('#')).filter_map(|l| l.split(['{', ' ']).next()).collect();
        let described: BTreeSet<&str> = Name::ALL.iter().map(|name| name.about().name).collect();
        assert_eq!(published, described);
        for name in Name::ALL {
            let about = name.about();
            assert_eq!(about.kind == Kind::Counter, about.name.ends_with("_total"), "{}", about.name);
            let kind = format!("# TYPE {} {}", about.name.trim_end_matches("_total"), about.kind.word());
            assert!(text.contains(&kind), "{kind} in {text}");
        }
        assert!(text.ends_with("# EOF\n"));
    }

    #[test]
    fn every_label_is_there_at_nothing_before_anything_happened() {
        let metrics = Metrics::started_at(0);
        for ending in Ending::ALL {
            assert_eq!(value(&metrics, &format!("sumac_queries_total{{outcome=\"{}\"}}", ending.word())), "0");
        }
        for turned in Turned::ALL {
            assert_eq!(value(&metrics, &format!("sumac_refusals_total{{reason=\"{}\"}}", turned.word())), "0");
        }
    }

    #[test]
    fn one_statement_one_patient_or_one_frame_moves_no_number() {
        let metrics = Metrics::started_at(0);
        let reading = |journal_bytes, disk_free_bytes| Reading {
            members: 4,
            hubs: 1,
            hubs_in_all: 2,
            epoch: 3,
            takes_part: true,
            room: true,
            journal_bytes,
            disk_free_bytes,
        };
        metrics.read(&reading(steps::BYTES + 1, 5 * steps::BYTES));
        let before = metrics.text().unwrap();
        for n in 1..steps::STATEMENTS {
            metrics.statement();
            metrics.read(&reading(steps::BYTES + 1 + n * 900, 5 * steps::BYTES + 4_096));
            assert_eq!(metrics.text().unwrap(), before, "after {n} statements");
        }
        metrics.statement();
        assert_eq!(value(&metrics, "sumac_consents_accepted_total"), steps::STATEMENTS.to_string());
    }

    #[test]
    fn a_clock_that_nobody_compared_shows_no_number_and_then_seconds() {
        let metrics = Metrics::started_at(0);
        assert_eq!(value(&metrics, "sumac_clock_difference_seconds"), "NaN");
        metrics.clock_difference(-1_500);
        assert_eq!(value(&metrics, "sumac_clock_difference_seconds"), "-1.5");
    }
}
