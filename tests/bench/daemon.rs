//! What a node costs that only waits: its memory, how long it takes to start and to stop, empty and with many courses.
//! `cargo bench -p sumac --bench daemon`; `SUMAC_BENCH_COURSES` says how many, 100,000 where it is not set. Fails above what
//! docs/operations.md promises.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement prints, and ends at the first fault")]

use std::process::Command;
use std::time::{Duration, Instant};

use sumac_tests::processes::{Clinics, Program, text};

/// Most memory of a node that waits, in MiB.
const IDLE_MIB: u64 = 40;
/// Longest start, from the command to the line that says ready, and longest stop.
const MOST: Duration = Duration::from_secs(2);
/// How often each is measured; the slowest counts.
const TIMES: usize = 3;
/// How long it waits before its memory is looked at.
const WAITS: Duration = Duration::from_secs(5);

fn main() {
    let courses = std::env::var("SUMAC_BENCH_COURSES").ok().map_or(100_000, |n| n.parse().unwrap());
    let clinics = Clinics::make(env!("CARGO_BIN_EXE_sumac"));
    let mut well = measured(&clinics, "an empty node");
    let began = Instant::now();
    let kept = clinics.import_csv("one", &clinics.generate(courses, "courses"));
    println!("{courses} courses of {} patients made and imported in {:.1} s", kept.0, began.elapsed().as_secs_f64());
    // The first start after an import is the first that trusts the index.
    well &= measured(&clinics, &format!("a node of {courses} courses"));
    assert!(well, "something is above what is promised");
}

fn measured(clinics: &Clinics, what: &str) -> bool {
    let (mut start, mut stop, mut idle) = (Duration::ZERO, Duration::ZERO, 0);
    for _ in 0..TIMES {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sumac"));
        command.args(["node", "run", "--dir", text(&clinics.path("one")), "--metrics", "127.0.0.1:0"]);
        let began = Instant::now();
        let mut node = Program::start("node", command);
        node.until_line("that it is ready", |line| line.starts_with("{\"key\":"));
        start = start.max(began.elapsed());
        node.listen_for(WAITS);
        idle = idle.max(resident_mib(node.pid()));
        let began = Instant::now();
        node.terminate();
        assert_eq!(node.ended().exit, Some(0));
        stop = stop.max(began.elapsed());
    }
    println!(
        "{what}: ready after {:.2} s, {idle} MiB while it waits, stopped after {:.2} s (most of {TIMES})",
        start.as_secs_f64(),
        stop.as_secs_f64()
    );
    start < MOST && stop < MOST && idle < IDLE_MIB
}

/// A process's resident memory, in MiB.
fn resident_mib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}
