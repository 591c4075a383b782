//! What happens at a clinic, drawn at random.

use rand::{Rng, RngExt};

use super::clinic::PATIENTS;

/// One thing that happens. Patients and queries are numbers that are taken modulo how many there are.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Op {
    /// A question at a price in millionths, answered within so many days.
    Ask { rho: u64, days: u64 },
    /// The next attempt of a query that is open, after void notes.
    Again { query: usize },
    /// How a query ended, or is said to have ended: released, not counted, no release.
    Settle { query: usize, outcome: u8 },
    /// A patient grants, with another cap.
    Cap { patient: usize, cap: u64 },
    /// A patient withdraws.
    Withdraw { patient: usize },
    /// Days go by.
    Later { days: u64 },
    /// The clock is set back.
    Back { days: u64 },
    /// The node starts again.
    Restart,
}

/// So many things, one after the other. Half of all are questions, so that budgets run out.
pub(crate) fn story(rng: &mut impl Rng, length: usize) -> Vec<Op> {
    let op = |_| match rng.random_range(0..20_u8) {
        0..=8 => Op::Ask { rho: rng.random_range(50_000..900_000), days: rng.random_range(1..60) },
        9 => Op::Again { query: rng.random_range(0..64) },
        10..=12 => Op::Settle { query: rng.random_range(0..64), outcome: rng.random_range(0..3) },
        13..=14 => Op::Cap { patient: rng.random_range(0..PATIENTS), cap: rng.random_range(100_000..5_000_000) },
        15 => Op::Withdraw { patient: rng.random_range(0..PATIENTS) },
        16..=17 => Op::Later { days: rng.random_range(1..250) },
        18 => Op::Back { days: rng.random_range(1..400) },
        _ => Op::Restart,
    };
    (0..length).map(op).collect()
}
