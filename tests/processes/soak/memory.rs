//! How much memory processes take, over time.

use std::collections::BTreeMap;
use std::time::Instant;

/// Looks at processes, each from its start to its end.
#[derive(Default)]
pub(crate) struct Memory {
    /// By node and by when its process began: a number of a process may be given again.
    lives: BTreeMap<(char, u64), Vec<(f64, f64)>>,
    began: Option<Instant>,
}

impl Memory {
    /// Looks at one process now.
    pub(crate) fn look(&mut self, node: char, pid: u32) {
        let minutes = self.began.get_or_insert_with(Instant::now).elapsed().as_secs_f64() / 60.0;
        self.lives.entry((node, began_at(pid))).or_default().push((minutes, resident_mib(pid)));
    }

    /// A line for each node: its largest memory, and the slope of its longest life.
    pub(crate) fn told(&self) -> Vec<String> {
        let mut nodes: Vec<char> = self.lives.keys().map(|(node, _)| *node).collect();
        nodes.dedup();
        let line = |node: char| {
            let most = self.looks(node).map(|(_, mib)| mib).fold(0.0, f64::max);
            let (minutes, slope) = self.longest(node);
            format!("{node}: at most {most:.1} MiB; {slope:+.3} MiB a minute over a life of {minutes:.1} minutes")
        };
        nodes.into_iter().map(line).collect()
    }

    /// No node takes more than it may, and none that lived for some minutes grows by more than it may.
    pub(crate) fn assert_bounded(&self) {
        for node in self.lives.keys().map(|(node, _)| *node) {
            let most = self.looks(node).map(|(_, mib)| mib).fold(0.0, f64::max);
            assert!(most < MOST_MIB, "{node} took {most:.1} MiB");
            let (minutes, slope) = self.longest(node);
            assert!(minutes < LIFE_MINUTES || slope < SLOPE_MIB, "{node} grows by {slope:.3} MiB a minute");
        }
    }

    fn looks(&self, node: char) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.lives.iter().filter(move |((of, _), _)| *of == node).flat_map(|(_, looks)| looks.iter().copied())
    }

    /// The longest life of a node's processes in minutes, and the slope of its memory there, its first fifth left out: by then
    /// its caches are filled.
    fn longest(&self, node: char) -> (f64, f64) {
        let span = |looks: &[(f64, f64)]| match (looks.first(), looks.last()) {
            (Some(first), Some(last)) => last.0 - first.0,
            _ => 0.0,
        };
        let lives = self.lives.iter().filter(|((of, _), _)| *of == node).map(|(_, looks)| looks.as_slice());
        let longest = lives.max_by(|a, b| span(a).total_cmp(&span(b))).unwrap_or_default();
        (span(longest), slope(longest.get(longest.len() / 5..).unwrap_or_default()))
    }
}

/// The least squares' line through points.
fn slope(points: &[(f64, f64)]) -> f64 {
    let n = f64::from(u32::try_from(points.len()).unwrap());
    let mean = |part: fn(&(f64, f64)) -> f64| points.iter().map(part).sum::<f64>() / n;
    let (x, y) = (mean(|p| p.0), mean(|p| p.1));
    let above: f64 = points.iter().map(|p| (p.0 - x) * (p.1 - y)).sum();
    let below: f64 = points.iter().map(|p| (p.0 - x).powi(2)).sum();
    if below > 0.0 { above / below } else { 0.0 }
}

/// A process's resident memory.
fn resident_mib(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
}

/// When a process began, in the kernel's ticks since the machine did (proc(5): field 22, counted behind the name).
fn began_at(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stat.rsplit_once(')').unwrap().1.split_whitespace().nth(19).unwrap().parse().unwrap()
}

/// More than this no node of the soak may ever take, in MiB.
const MOST_MIB: f64 = 200.0;
/// A life shorter than this says nothing of growth.
const LIFE_MINUTES: f64 = 3.0;
/// A node that lives may grow by this, in MiB a minute: its books and its index's cache do, with what it keeps.
const SLOPE_MIB: f64 = 1.0;

#[test]
fn the_slope_of_a_line_is_its_slope() {
    assert!((slope(&[(0.0, 5.0), (1.0, 7.0), (3.0, 11.0)]) - 2.0).abs() < 1e-9);
    assert!(slope(&[(1.0, 5.0)]).abs() < 1e-9);
}
