//! One question over synthetic courses: from sealed columns, from columns that are open, and record by record.
//! `cargo bench -p sumac-node --bench question`; beside DuckDB by `tests/bench/duckdb.py`.
#![expect(clippy::unwrap_used, reason = "a measurement ends at the first fault")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sumac_node::columns::{OpenedColumns, Sample};
use sumac_node::store::{Entry, Store, StorePaths, UnlockSecret};
use sumac_node::synthetic::Generator;
use sumac_protocol::dictionary::Dictionary;
use sumac_protocol::plan::{Mode, RawCells};
use sumac_protocol::question::compile;
use sumac_protocol::record::Record;
use sumac_protocol::round::message::{decode_stored, encode};
use zeroize::Zeroizing;

const QUESTION: &str = "SELECT count(*), mean(change(phq9, day => 28, from => 25, to => 31)) AS change \
                        FROM courses WHERE indication = 'mdd' GROUP BY route, paradigm";
const COURSES: u32 = 1_000_000;
/// Courses that are also kept as records.
const RECORDS: usize = 2_000;

fn question(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let dictionary = Dictionary::ketamine().unwrap();
    let plan = compile(QUESTION, &dictionary, Mode::Exact).unwrap();
    let generator = Generator::new("ketamine", 7).unwrap();
    let mut entries = Vec::new();
    let (sample, consenting) =
        Sample::drawn(&folder.path().join("columns"), &generator, &dictionary, COURSES, |course, _| {
            if entries.len() < RECORDS {
                let body = encode(&Record { courses: vec![course.clone()] });
                entries.push(Entry::Record { pseudonym: format!("S{:04}", entries.len()), body });
            }
            Ok(())
        })
        .unwrap();
    let paths = StorePaths { dir: folder.path().join("store"), keyring: folder.path().join("keyring") };
    let store = Store::create(&paths, &UnlockSecret::KeyFile([7; 32]), Zeroizing::new([9; 32])).unwrap();
    store.append(entries).unwrap();

    let mut group = criterion.benchmark_group("question");
    group.sample_size(20).throughput(Throughput::Elements(COURSES.into()));
    group.bench_function("sealed columns", |bencher| {
        bencher.iter(|| black_box(sample.answer(&plan, &dictionary, &consenting).unwrap()));
    });
    let mut open = OpenedColumns::default();
    group.bench_function("columns that are open", |bencher| {
        bencher.iter(|| black_box(sample.answer_opened(&plan, &dictionary, &consenting, &mut open).unwrap()));
    });
    group.throughput(Throughput::Elements(u64::try_from(RECORDS).unwrap()));
    group.bench_function("sealed records, one by one", |bencher| {
        bencher.iter(|| {
            let mut cells = RawCells::zero(&plan);
            for row in store.rows().into_iter().filter(|row| consenting.contains(row.0)) {
                let record: Record = decode_stored(&store.record(row).unwrap().unwrap()).unwrap();
                cells.add_patient(&plan, &dictionary, &record.courses);
            }
            black_box(cells)
        });
    });
    group.finish();
}

criterion_group!(benches, question);
criterion_main!(benches);
