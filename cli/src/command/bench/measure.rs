//! What is measured: the same question answered three ways, an import, and the opening of a store.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use serde::{Serialize, Serializer};
use sumac_node::columns::{OpenedColumns, RowBits, Sample};
use sumac_node::import::{Mapping, Reject, Sink, SourceFile, Sources, Totals, check};
use sumac_node::store::{Entry, Row, Store, StoreError, StorePaths, UnlockSecret};
use sumac_node::synthetic::{Generator, write_clinic};
use sumac_protocol::dictionary::Dictionary;
use sumac_protocol::plan::{Mode, Plan, RawCells};
use sumac_protocol::question::compile;
use sumac_protocol::record::Record;
use sumac_protocol::round::message::{decode_stored, encode};
use zeroize::Zeroizing;

use crate::failure::Failure;

/// All figures. Times are in seconds where they are serialized.
#[derive(Debug, Serialize)]
pub(super) struct Measured {
    /// The version of this program.
    sumac: &'static str,
    /// Whether it was built without checks for debugging.
    release_build: bool,
    /// Processors that it may use; a question uses one.
    processors: usize,
    /// The question that is asked, in the words of a researcher.
    pub(super) question: String,
    /// The columns that it is asked of.
    pub(super) columns: Columns,
    /// How long each way of answering takes.
    pub(super) ways: Vec<Way>,
    /// Courses whose records were read one by one.
    pub(super) by_record: u64,
    /// How quickly files come in.
    pub(super) import: Import,
    /// How long a store takes to open after a good close.
    #[serde(serialize_with = "in_seconds")]
    pub(super) opened: Duration,
}

/// The columns that were filled.
#[derive(Debug, Serialize)]
pub(super) struct Columns {
    /// How many they hold.
    pub(super) courses: u64,
    /// Bytes on the disk, sealed.
    pub(super) bytes: u64,
    /// How long it took to fill them, sealed and flushed.
    #[serde(serialize_with = "in_seconds")]
    pub(super) filled: Duration,
}

/// One way of answering.
#[derive(Debug, Serialize)]
pub(super) struct Way {
    /// What is read.
    pub(super) answered_from: &'static str,
    /// The middle one of all rounds, which counts.
    #[serde(serialize_with = "in_seconds")]
    pub(super) median: Duration,
    /// The quickest round: what the machine can do undisturbed.
    #[serde(serialize_with = "in_seconds")]
    pub(super) fastest: Duration,
    /// The slowest round: what it did with whatever else ran.
    #[serde(serialize_with = "in_seconds")]
    pub(super) slowest: Duration,
}

/// An import into a new store.
#[derive(Debug, Serialize)]
pub(super) struct Import {
    /// Courses that came in.
    pub(super) courses: u64,
    /// Rows of all files together.
    pub(super) rows: u64,
    /// Totals of instruments that came in a second.
    pub(super) assessments_per_second: u64,
    /// Rows of any file that came in a second.
    pub(super) rows_per_second: u64,
    /// From the first byte read to the last one flushed.
    #[serde(serialize_with = "in_seconds")]
    pub(super) took: Duration,
}

/// Measures everything in a folder that is empty.
pub(super) fn all(root: &Path, courses: u32, rounds: u32, seed: u64, say: &impl Fn(&str)) -> Result<Measured, Failure> {
    let dictionary = Dictionary::ketamine().map_err(|why| Failure::bug(why.to_string()))?;
    let plan = compile(QUESTION, &dictionary, Mode::Exact).map_err(|why| Failure::bug(why.to_string()))?;
    let generator = Generator::new("ketamine", seed)?;

    say("Filling columns…");
    let few = courses.min(FEW);
    let mut entries = Vec::new();
    let (sample, filled) = timed(|| {
        Sample::drawn(&root.join("columns"), &generator, &dictionary, courses, |course, _| {
            if entries.len() < usize::try_from(few).unwrap_or(usize::MAX) {
                let record = Record { courses: vec![course.clone()] };
                entries.push(Entry::Record { pseudonym: format!("S{:07}", entries.len()), body: encode(&record) });
            }
            Ok(())
        })
    });
    let (sample, consenting) = sample.map_err(|why| Failure::bug(why.to_string()))?;
    let store = new_store(&root.join("records"))?;
    while !entries.is_empty() {
        let rest = entries.split_off(entries.len().min(BATCH));
        store.append(std::mem::replace(&mut entries, rest))?;
    }

    say("Asking…");
    let ask = Asked { plan: &plan, dictionary: &dictionary, sample: &sample };
    let ways = ask.every_way(&consenting, &store, courses, rounds)?;
    store.close()?;

    say("Importing…");
    let (import, opened) = import(root, &generator, &dictionary, few)?;
    let bytes = sample.bytes().map_err(|why| Failure::bug(why.to_string()))?;
    Ok(Measured {
        sumac: env!("CARGO_PKG_VERSION"),
        release_build: !cfg!(debug_assertions),
        processors: std::thread::available_parallelism().map_or(1, usize::from),
        question: QUESTION.to_owned(),
        columns: Columns { courses: courses.into(), bytes, filled },
        ways,
        by_record: few.into(),
        import,
        opened,
    })
}

/// A question over a sample.
struct Asked<'a> {
    /// As every node would derive it.
    plan: &'a Plan,
    /// The one that ships.
    dictionary: &'a Dictionary,
    /// The columns with what was drawn into them.
    sample: &'a Sample,
}

impl Asked<'_> {
    /// Answers in turns, so that a noisy machine is noisy to every way; the first turn only warms up.
    fn every_way(&self, consenting: &RowBits, store: &Store, courses: u32, rounds: u32) -> Result<Vec<Way>, Failure> {
        let known: RowBits =
            store.rows().into_iter().map(|Row(row)| row).filter(|row| consenting.contains(*row)).collect();
        let stretch = f64::from(courses) / f64::from(courses.min(FEW));
        let mut open = OpenedColumns::default();
        let (mut sealed, mut opened, mut records) = (Vec::new(), Vec::new(), Vec::new());
        let want = self.by_columns(&known, None)?;
        for turn in 0..=rounds {
            let one = timed(|| self.by_columns(consenting, None));
            let two = timed(|| self.by_columns(consenting, Some(&mut open)));
            let three = timed(|| self.by_records(&known, store));
            if one.0?.expose() != two.0?.expose() || three.0?.expose() != want.expose() {
                return Err(Failure::bug("columns and records answer otherwise"));
            }
            if turn > 0 {
                sealed.push(one.1);
                opened.push(two.1);
                records.push(three.1.mul_f64(stretch));
            }
        }
        Ok(vec![
            Way::of("sealed columns", sealed),
            Way::of("columns that are open", opened),
            Way::of("sealed records, one by one", records),
        ])
    }

    /// What the columns say; `open` keeps what was opened for the next round, which a node never does.
    fn by_columns(&self, patients: &RowBits, open: Option<&mut OpenedColumns>) -> Result<RawCells, Failure> {
        let answer = match open {
            None => self.sample.answer(self.plan, self.dictionary, patients),
            Some(open) => self.sample.answer_opened(self.plan, self.dictionary, patients, open),
        };
        let answer = answer.map_err(|why| Failure::refused(why.code(), &why, why.remedy()))?;
        answer.map(|answer| answer.cells).ok_or_else(|| Failure::bug("no columns answer the question"))
    }

    /// The same from sealed records, one by one.
    fn by_records(&self, patients: &RowBits, store: &Store) -> Result<RawCells, Failure> {
        let mut cells = RawCells::zero(self.plan);
        for row in patients.iter() {
            let Some(body) = store.record(Row(row))? else { continue };
            let record: Record = decode_stored(&body).map_err(|why| Failure::bug(why.to_string()))?;
            cells.add_patient(self.plan, self.dictionary, &record.courses);
        }
        Ok(cells)
    }
}

impl Way {
    /// Of all rounds of one way.
    fn of(answered_from: &'static str, mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let at = |place: usize| times.get(place).copied().unwrap_or_default();
        let last = times.len().saturating_sub(1);
        Self { answered_from, median: at(times.len() / 2), fastest: at(0), slowest: at(last) }
    }
}

/// Imports files into a new store, which is then closed and opened.
fn import(
    root: &Path,
    generator: &Generator,
    dictionary: &Dictionary,
    courses: u32,
) -> Result<(Import, Duration), Failure> {
    let (files, node) = (root.join("files"), root.join("imported"));
    write_clinic(generator, 0, courses.into(), &files)?;
    let mapping = Mapping::parse(&generator.mapping()).map_err(|why| Failure::bug(why.to_string()))?;
    let mut sources = Sources::new();
    for (source, name) in FILES {
        let path = files.join(name);
        sources.insert(source, File::open(&path).map_err(|why| Failure::file(&path, &why))?);
    }
    let store = new_store(&node)?;
    let (totals, took) = timed(|| {
        let checked = check(dictionary, &mapping, sources, &mut |_| ()).map_err(|why| Failure::bug(why.to_string()))?;
        checked.keep(&mut Keeping(&store)).map_err(|why| Failure::bug(why.to_string()))
    });
    let Totals { rows, assessments, rejects: 0, .. } = totals? else {
        return Err(Failure::bug("rows that the generator wrote were rejected"));
    };
    store.close()?;
    let (opened, opening) = timed(|| Store::open(&paths(&node), &UNLOCK));
    opened?.0.close()?;
    let micros = took.as_micros().max(1);
    let rate = |count: u64| u64::try_from(u128::from(count) * 1_000_000 / micros).unwrap_or(u64::MAX);
    let (assessments_per_second, rows_per_second) = (rate(assessments), rate(rows));
    Ok((Import { courses: courses.into(), rows, assessments_per_second, rows_per_second, took }, opening))
}

/// Records go into this store.
struct Keeping<'s>(&'s Store);

impl Sink for Keeping<'_> {
    type Error = StoreError;

    fn keep(&mut self, batch: BTreeMap<String, Record>) -> Result<(), StoreError> {
        let entry = |(pseudonym, record)| Entry::Record { pseudonym, body: encode(&record) };
        self.0.append(batch.into_iter().map(entry).collect()).map(|_| ())
    }

    fn leave_out(&mut self, _: Reject) -> Result<(), StoreError> {
        Ok(())
    }
}

/// A store with a key that nobody keeps.
fn new_store(folder: &Path) -> Result<Store, Failure> {
    std::fs::create_dir_all(folder).map_err(|why: io::Error| Failure::file(folder, &why))?;
    Ok(Store::create(&paths(folder), &UNLOCK, Zeroizing::new([9; 32]))?)
}

/// Where a store lies in a folder.
fn paths(folder: &Path) -> StorePaths {
    StorePaths { dir: folder.join("store"), keyring: folder.join("keyring") }
}

/// What something comes to, and how long that took.
fn timed<T>(act: impl FnOnce() -> T) -> (T, Duration) {
    let begun = Instant::now();
    let result = act();
    (result, begun.elapsed())
}

/// For JSON: seconds, with their fraction.
fn in_seconds<S: Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64(time.as_secs_f64())
}

/// One indication, by route and paradigm.
const QUESTION: &str = "SELECT count(*), mean(change(phq9, day => 28, from => 25, to => 31)) AS change \
                        FROM courses WHERE indication = 'mdd' GROUP BY route, paradigm";
/// Courses that are also kept as records, and imported.
const FEW: u32 = 20_000;
/// Records in one durable write.
const BATCH: usize = 1_000;
/// Synthetic courses need no secret.
const UNLOCK: UnlockSecret = UnlockSecret::KeyFile([7; 32]);
/// The files that the generator writes, by what they hold.
const FILES: [(SourceFile, &str); 5] = [
    (SourceFile::Courses, "courses.csv"),
    (SourceFile::Assessments, "assessments.csv"),
    (SourceFile::Sessions, "sessions.csv"),
    (SourceFile::Events, "events.csv"),
    (SourceFile::TimeToEvent, "time_to_event.csv"),
];
