//! Bytes and time of one contribution: splitting it, and verifying and summing those of many clinics.
//! `cargo bench -p sumac-protocol --bench share`
#![expect(clippy::unwrap_used, reason = "a measurement ends at the first fault")]
#![expect(clippy::print_stdout, reason = "it prints its table")]
#![expect(clippy::disallowed_methods, reason = "a measurement reads a clock where the system tells no CPU time")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use sumac_protocol::share::{Cell, CellShares, Circuit, Nonce, Shape, Split, Verification};

/// Most courses of a clinic.
const COURSES: u64 = 10_000;
/// M: HAM-D17 from 0 to 52.
const WIDTH: u64 = 52;
const BINS: usize = 10;
/// Different contributions that stand for all clinics, in turns.
const DRAWN: u8 = 20;
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

fn table() {
    println!("one thread, CPU time; groups of a count, a sum, squares and {BINS} bins; {COURSES} courses at most");
    println!("|groups|k|elements|chunk|KB up|verifier KB|clinic ms|leader ms|helper ms|clinics|verified and summed s|");
    for (groups, k) in [(1, 3), (10, 2), (10, 3), (10, 5), (100, 3)] {
        let circuit = Circuit::of_shape(&shape(groups), k).unwrap();
        let drawn: Vec<Contribution> = (0..DRAWN).map(|number| Contribution::new(&circuit, groups, number)).collect();
        let first = drawn.first().unwrap();
        let up = first.split.public.len() + first.split.inputs.iter().map(|input| input.len()).sum::<usize>();
        let verifier = first.verifier_shares.first().unwrap().len();
        let cells = cells(groups, 60);
        let clinic = milliseconds(|| drop(black_box(circuit.split(CONTEXT, &[1; 16], &cells).unwrap())));
        let [leader, helper] = [0, 1].map(|role| {
            let mut sum = CellShares::zero(cells.len());
            milliseconds(|| first.add(&circuit, role, &mut sum))
        });
        for clinics in [10_usize, 100, 1_000] {
            let all = milliseconds(|| {
                let mut sum = CellShares::zero(cells.len());
                drawn.iter().cycle().take(clinics).for_each(|one| one.add(&circuit, 1, &mut sum));
                black_box(sum);
            });
            let (parameters, kb) = (circuit.parameters(), |bytes| f64::from(u32::try_from(bytes).unwrap()) / 1_000.0);
            println!(
                "|{groups}|{k}|{}|{}|{:.1}|{:.1}|{clinic:.2}|{leader:.2}|{helper:.2}|{clinics}|{:.3}|",
                parameters.elements,
                parameters.chunk,
                kb(up),
                kb(verifier),
                all / 1_000.0
            );
        }
    }
}

fn share(criterion: &mut Criterion) {
    table();
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
criterion_main!(benches);
