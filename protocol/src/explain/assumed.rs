//! The cells of a cohort that nobody has seen: what is assumed in public of what is measured.
//!
//! | of | assumed |
//! |---|---|
//! | a number | its mean an eighth of its range below the middle; the dictionary's `reference_sd`, else an eighth of the range; at most three tenths of it |
//! | a baseline | its mean an eighth of its range above the middle, since people come because they are ill; four fifths of that spread, since those who are not are not treated |
//! | sessions, adverse events | six sessions with a spread of three; an event in one of ten |
//! | yes or no | half are yes; of a category with K values, one in K |
//! | two numbers | a correlation of 0.3 |
//! | a histogram | the bell of that mean and spread |
//! | time to event | half have had it by the end at a steady pace, three in ten are lost from sight on the way |

use statrs::distribution::{ContinuousCDF as _, Normal};

use crate::answer::interval::nearest;
use crate::plan::{Block, BlockKind, Measure, Plan, Quantity};

/// One cell for each block of a group with so many courses.
pub(super) fn cells(plan: &Plan, n: f64) -> Vec<i128> {
    plan.blocks.iter().map(|block| cell(plan, block, n)).collect()
}

/// Where a quantity lies and how far it spreads, as shifted values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Assumed {
    pub(super) mean: f64,
    pub(super) sd: f64,
}

impl Assumed {
    pub(super) fn of(plan: &Plan, quantity: &Quantity) -> Self {
        let width = quantity.width() as f64;
        let share = |p: f64| Self { mean: p, sd: (p * (1.0 - p)).sqrt() };
        let measure = unclipped(&quantity.measure);
        if let Measure::Is { field, .. } = measure {
            return share(1.0 / values_of(plan, field));
        }
        if quantity.width() == 1 {
            return share(0.5);
        }
        if matches!(measure, Measure::Sessions { .. }) && quantity.min == 0 && width > 2.0 * SESSIONS {
            return Self { mean: SESSIONS, sd: SESSIONS / 2.0 };
        }
        if matches!(measure, Measure::AdverseEvents { .. }) && quantity.min == 0 && width > 4.0 {
            // Poisson's variance, and that of the sessions.
            let variance = SESSIONS * PER_SESSION + (PER_SESSION * SESSIONS / 2.0).powi(2);
            return Self { mean: SESSIONS * PER_SESSION, sd: variance.sqrt() };
        }
        let sd = quantity.reference_sd.map_or(width / 8.0, f64::from).min(0.3 * width);
        if matches!(measure, Measure::Baseline { .. }) {
            return Self { mean: width * 5.0 / 8.0, sd: 0.8 * sd };
        }
        Self { mean: width * 3.0 / 8.0, sd }
    }

    /// Re-centred about the middle of the range, twice the distance: u = 2v − M.
    fn centred(self, width: f64) -> f64 {
        2.0 * self.mean - width
    }
}

/// A clip moves what lies beyond it only.
pub(super) fn unclipped(measure: &Measure) -> &Measure {
    if let Measure::Clip { of, .. } = measure { unclipped(of) } else { measure }
}

/// How many sessions a course is assumed to have.
const SESSIONS: f64 = 6.0;
/// How many adverse events of a kind in each of them.
pub(super) const PER_SESSION: f64 = 0.1;
/// How any two numbers are assumed to correlate.
const CORRELATION: f64 = 0.3;

/// The columns of a category in a plan leave one of its values out.
fn values_of(plan: &Plan, name: &str) -> f64 {
    let own = |known: &&Quantity| matches!(&known.measure, Measure::Is { field, .. } if field == name);
    plan.quantities.iter().filter(own).count() as f64 + 1.0
}

fn cell(plan: &Plan, block: &Block, n: f64) -> i128 {
    let Some(quantity) = plan.quantity_of(block) else { return nearest(n) };
    let (own, width) = (Assumed::of(plan, quantity), quantity.width() as f64);
    let centred = own.centred(width);
    match block.kind {
        BlockKind::Count => nearest(n),
        BlockKind::Sum => nearest(n * centred),
        BlockKind::Squares => {
            let squares = 4.0 * own.sd * own.sd * (n - 1.0).max(0.0) + n * centred * centred;
            nearest(2.0 * squares - width * width * n)
        }
        BlockKind::Product { with } => {
            let Some(other) = plan.quantity(with) else { return 0 };
            let another = Assumed::of(plan, other);
            let apart = covariance(quantity, own, other, another);
            let means = centred * another.centred(other.width() as f64);
            nearest(4.0 * apart * (n - 1.0).max(0.0) + n * means)
        }
        BlockKind::Bin { from, to, .. } => {
            // Rounded up to the end of each bin, so that together they are all.
            let below = |value: f64| nearest(n * share_below(quantity, own, value));
            let before = if from == 0 { 0 } else { below(from as f64 - 1.0) };
            let up_to = if to >= quantity.width() { nearest(n) } else { below(to as f64) };
            up_to.saturating_sub(before)
        }
    }
}

fn covariance(one: &Quantity, own: Assumed, other: &Quantity, another: Assumed) -> f64 {
    match (&one.measure, &other.measure) {
        (Measure::Sessions { .. }, Measure::AdverseEvents { .. }) => PER_SESSION * own.sd * own.sd,
        (Measure::AdverseEvents { .. }, Measure::Sessions { .. }) => PER_SESSION * another.sd * another.sd,
        (Measure::Is { .. }, _) | (_, Measure::Is { .. }) => 0.0,
        _ => CORRELATION * own.sd * another.sd,
    }
}

/// The share of courses whose shifted value is at most this.
fn share_below(quantity: &Quantity, assumed: Assumed, value: f64) -> f64 {
    if let Measure::TimeTo { days, until, .. } = quantity.measure {
        return followed_up_to(f64::from(until / days.max(1)), value);
    }
    let z = (value + 0.5 - assumed.mean) / assumed.sd.max(f64::MIN_POSITIVE);
    Normal::standard().cdf(z)
}

/// Of a time to event: even values are of those last seen in a bucket, odd ones of those to whom it happened there. Nothing is
/// of day 0.
fn followed_up_to(buckets: f64, value: f64) -> f64 {
    let free = |bucket: f64| 0.5_f64.powf(bucket / buckets);
    let seen = |bucket: f64| 1.0 - 0.3 * bucket / buckets;
    let mut share = 0.0;
    let mut bucket = 1.0;
    while 2.0 * bucket <= value && bucket <= buckets {
        let (before, middle) = (bucket - 1.0, bucket - 0.5);
        share += free(middle) * (seen(before) - seen(bucket));
        if 2.0 * bucket < value {
            share += seen(middle) * (free(before) - free(bucket));
        }
        bucket += 1.0;
    }
    share.min(1.0)
}
