//! Bytes and time of one contribution: splitting it, and verifying and summing those of many clinics.
//! `cargo bench -p sumac-protocol --bench share` prints the table of `docs/round-costs.md` and then single steps;
//! `cargo bench -p sumac-protocol --bench share -- table` prints the table alone, and fails where a bound is passed.
#![expect(clippy::unwrap_used, reason = "a measurement ends at the first fault")]
#![expect(clippy::print_stdout, reason = "it prints its table")]
#![expect(
    clippy::disallowed_methods,
    reason = "it reads its arguments, and a clock where the system tells no CPU time"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, criterion_group};
use sumac_protocol::share::{Cell, CellShares, Circuit, Nonce, Shape, Split, Verification};

/// Most courses of a clinic.
const COURSES: u64 = 10_000;
/// M: HAM-D17 from 0 to 52.
const WIDTH: u64 = 52;
const BINS: usize = 10;
/// Different contributions that stand for all clinics, in turns.
const DRAWN: u8 = 20;
/// What the table is over.
const GROUPS: [usize; 4] = [1, 10, 30, 100];
const COMMITTEES: [u32; 3] = [2, 3, 5];
const CLINICS: [usize; 3] = [10, 100, 1_000];
const KEY: [u8; 32] = [9; 32];
const CONTEXT: &[u8] = b"a measurement";

/// Groups of a count, a sum, squares and ten bins.
fn shape(groups: usize) -> Shape {
    let bins = (0..BINS).map(|_| Cell::Bin { count: 0, histogram: 0 });
    let moments = [Cell::Count { within: None }, Cell::Sum { count: 0, width: WIDTH }, Cell::Squares { sum: 1 }];
    Shape::new(groups, COURSES, moments.into_iter().chain(bins).collect())
}

/// In every group so many courses with values that go around the range.
fn cells(groups: usize, courses: u64) -> Vec<u64> {
    let values: Vec<u64> = (0..courses).map(|course| course * 7 % (WIDTH + 1)).collect();
    let sum = values.iter().sum();
    let squares = values.iter().map(|v| v * v).sum();
    let bins = (0..BINS).map(|bin| values.iter().filter(|v| *v * 10 / (WIDTH + 1) == bin as u64).count() as u64);
    let group: Vec<u64> = [courses, sum, squares].into_iter().chain(bins).collect();
    group.repeat(groups)
}

struct Contribution {
    nonce: Nonce,
    split: Split,
    verifier_shares: Vec<Vec<u8>>,
}

impl Contribution {
    fn new(circuit: &Circuit, groups: usize, number: u8) -> Self {
        let nonce = [number; 16];
        let split = circuit.split(CONTEXT, &nonce, &cells(groups, 20 + u64::from(number))).unwrap();
        let mut made = Self { nonce, split, verifier_shares: vec![] };
        made.verifier_shares =
            (0..made.split.inputs.len()).map(|role| circuit.begin(&made.task(role)).unwrap().1).collect();
        made
    }

    fn task(&self, role: usize) -> Verification<'_> {
        let input = self.split.inputs.get(role).unwrap();
        Verification { key: &KEY, context: CONTEXT, role, nonce: &self.nonce, public: &self.split.public, input }
    }

    /// What one aggregator does about it.
    fn add(&self, circuit: &Circuit, role: usize, sum: &mut CellShares) {
        let (pending, mine) = circuit.begin(&self.task(role)).unwrap();
        black_box(mine);
        let shares: Vec<&[u8]> = self.verifier_shares.iter().map(Vec::as_slice).collect();
        sum.add(&circuit.finish(CONTEXT, pending, &shares).unwrap()).unwrap();
    }
}

/// CPU time of this thread so far, where the system tells it; otherwise the time of day.
fn spent(start: Instant) -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|text| text.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| start.elapsed(), Duration::from_nanos)
}

/// CPU milliseconds of one run, over at least half a second of them.
fn milliseconds(mut run: impl FnMut()) -> f64 {
    run();
    let start = Instant::now();
    let (before, mut runs) = (spent(start), 0.0);
    loop {
        run();
        runs += 1.0;
        let taken = spent(start).saturating_sub(before);
        if taken > Duration::from_millis(500) {
            return taken.as_secs_f64() * 1_000.0 / runs;
        }
    }
}

/// What one circuit costs.
struct Cost {
    kb_up: f64,
    clinic_ms: f64,
    /// Of one aggregator for one clinic: each is the first, whose share is large, for every k-th clinic.
    aggregator_ms: f64,
    /// Of one aggregator for 10, 100 and 1,000 clinics, verified and summed.
    seconds: [f64; 3],
}

fn measured(groups: usize, k: u32) -> Cost {
    let circuit = Circuit::of_shape(&shape(groups), u64::from(k)).unwrap();
    let drawn: Vec<Contribution> = (0..DRAWN).map(|number| Contribution::new(&circuit, groups, number)).collect();
    let first = drawn.first().unwrap();
    let up = first.split.public.len() + first.split.inputs.iter().map(|input| input.len()).sum::<usize>();
    let (verifier, parameters) = (first.verifier_shares.first().unwrap().len(), circuit.parameters());
    let cells = cells(groups, 60);
    let clinic_ms = milliseconds(|| drop(black_box(circuit.split(CONTEXT, &[1; 16], &cells).unwrap())));
    let [leader, helper] = [0, 1].map(|role| {
        let mut sum = CellShares::zero(cells.len());
        milliseconds(|| first.add(&circuit, role, &mut sum))
    });
    let seconds = CLINICS.map(|clinics| {
        let all = milliseconds(|| {
            let mut sum = CellShares::zero(cells.len());
            let roles = (0..first.split.inputs.len()).cycle();
            drawn.iter().cycle().take(clinics).zip(roles).for_each(|(one, role)| one.add(&circuit, role, &mut sum));
            black_box(sum);
        });
        all / 1_000.0
    });
    let kb = |bytes| f64::from(u32::try_from(bytes).unwrap()) / 1_000.0;
    let others = f64::from(k - 1);
    let cost = Cost { kb_up: kb(up), clinic_ms, aggregator_ms: (leader + others * helper) / f64::from(k), seconds };
    let [ten, hundred, thousand] = seconds;
    println!(
        "| {groups} | {k} | {} | {:.1} | {:.1} | {clinic_ms:.2} | {leader:.2} | {helper:.2} | {ten:.3} | {hundred:.3} | {thousand:.3} |",
        parameters.elements,
        cost.kb_up,
        kb(verifier) * others,
    );
    cost
}

/// Prints the table, and whether every bound is kept.
fn table() -> bool {
    println!(
        "One thread, CPU time; groups of a count, a sum, squares and {BINS} bins; {COURSES} courses at most a clinic.\n"
    );
    println!(
        "| groups | k | elements | KB up | KB to others | clinic ms | first ms | other ms | 10 clinics s | 100 s | 1,000 s |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    let costs = GROUPS.map(|groups| COMMITTEES.map(|k| ((groups, k), measured(groups, k))));
    let costs: Vec<_> = costs.into_iter().flatten().collect();
    let of = |what| &costs.iter().find(|(of, _)| *of == what).unwrap().1;
    let (ten, hundred) = (of((10, 3)), of((100, 3)));
    let bounds = [
        ("KB that a clinic sends", ten.kb_up, 40.0),
        ("ms of a clinic", ten.clinic_ms, 3.0),
        ("ms of an aggregator for a clinic", ten.aggregator_ms, 1.0),
        ("s of an aggregator for 1,000 clinics", ten.seconds[2], 1.5),
        ("times the KB at 100 groups", hundred.kb_up / ten.kb_up, 12.0),
        ("times a clinic's ms at 100 groups", hundred.clinic_ms / ten.clinic_ms, 12.0),
        ("times an aggregator's ms at 100 groups", hundred.aggregator_ms / ten.aggregator_ms, 12.0),
        ("times the s for 1,000 clinics at 100 groups", hundred.seconds[2] / ten.seconds[2], 12.0),
    ];
    println!("\nTen groups, k = 3:\n");
    for (what, is, most) in bounds {
        println!("- {what}: {is:.2}, at most {most}{}", if is <= most { "" } else { ": PASSED" });
    }
    bounds.iter().all(|(_, is, most)| is <= most)
}

fn share(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("share");
    for groups in [10, 100] {
        let circuit = Circuit::of_shape(&shape(groups), 3).unwrap();
        let cells = cells(groups, 60);
        group.bench_function(BenchmarkId::new("split for three", groups), |bencher| {
            bencher.iter(|| black_box(circuit.split(CONTEXT, &[1; 16], &cells).unwrap()));
        });
        let one = Contribution::new(&circuit, groups, 1);
        for (role, name) in [(0, "verify as first"), (1, "verify as another")] {
            let mut sum = CellShares::zero(cells.len());
            group.bench_function(BenchmarkId::new(name, groups), |bencher| {
                bencher.iter(|| one.add(&circuit, role, &mut sum));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, share);

fn main() {
    let good = table();
    if std::env::args().all(|argument| argument != "table") {
        benches();
        Criterion::default().configure_from_args().final_summary();
    }
    assert!(good, "a bound is passed");
}
