//! Survival curves of one group, and their comparison.
//!
//! A course is one number: twice the bucket of its last day, and one more if it happened then. So the courses at risk are
//! those of this bucket and all later ones. With noise they are found from both ends, as for quantiles.

use crate::answer::cells::{Cell, Cells};
use crate::answer::form::{Logrank, Step, Survival};
use crate::answer::interval::{NORMAL_975, chi2_tail, count_of, finite, nearest, whole, wilson};
use crate::plan::{BlockKind, Measure};

/// What happened to the courses of one group, bucket by bucket.
#[derive(Debug, Clone)]
pub(super) struct Followed {
    /// Last seen, and happened, in each bucket, from day 0.
    buckets: Vec<(Cell, Cell)>,
    n: Cell,
    /// The last day of each bucket.
    ends: Vec<u32>,
    /// Whether buckets were merged.
    merged: bool,
}

impl Followed {
    /// Reads them off the cells; `None` where the plan lacks a block, which a checked plan does not.
    pub(super) fn of(cells: &Cells<'_>, quantity: Option<u32>) -> Option<Self> {
        let n = cells.cell(BlockKind::Count, quantity)?;
        let Measure::TimeTo { days, .. } = cells.plan.quantity(quantity?)?.measure else { return None };
        let bins: Vec<usize> = cells.plan.bins(quantity, 1).map(|(at, _)| at).collect();
        let nobody = Cell { value: 0, sd: 0.0 };
        let mut buckets: Vec<(Cell, Cell)> = Vec::new();
        let mut ends: Vec<u32> = Vec::new();
        // The last bin is of those who were followed to the end.
        for (end, pair) in (0_u32..).map(|bucket| bucket.saturating_mul(days)).zip(bins.chunks(2)) {
            let is_merged = pair.first().is_some_and(|bin| cells.is_merged(*bin));
            match ends.last_mut().filter(|_| is_merged) {
                // A merged bucket goes to the one before, which then ends where it does; so do those followed to the end, who
                // are last seen on its last day or later, and leave that day as it is.
                Some(last) if pair.len() > 1 => *last = end,
                Some(_) => {
                    buckets.push((nobody, nobody));
                    ends.push(end);
                }
                None => {
                    let seen = cells.at(*pair.first()?)?;
                    let happened = pair.get(1).map_or(Some(nobody), |bin| cells.at(*bin))?;
                    buckets.push((seen, happened));
                    ends.push(end);
                }
            }
        }
        Some(Self { buckets, n, ends, merged: bins.iter().any(|bin| cells.is_merged(*bin)) })
    }

    fn exact(&self) -> bool {
        self.cells().all(|cell| cell.sd <= 0.0)
    }

    fn cells(&self) -> impl Iterator<Item = &Cell> {
        [&self.n].into_iter().chain(self.buckets.iter().flat_map(|(seen, happened)| [seen, happened]))
    }

    fn cells_mut(&mut self) -> impl Iterator<Item = &mut Cell> {
        [&mut self.n].into_iter().chain(self.buckets.iter_mut().flat_map(|(seen, happened)| [seen, happened]))
    }

    /// Courses at risk in each bucket.
    fn at_risk(&self) -> Vec<f64> {
        let of = |(seen, happened): &(Cell, Cell)| seen.value.saturating_add(happened.value);
        let variance = |(seen, happened): &(Cell, Cell)| seen.sd.powi(2) + happened.sd.powi(2);
        let all: i128 = self.buckets.iter().fold(0, |sum, bucket| sum.saturating_add(of(bucket)));
        let all_variance: f64 = self.buckets.iter().map(variance).sum();
        let (mut before, mut before_variance) = (0_i128, 0.0);
        let mut at_risk = Vec::with_capacity(self.buckets.len());
        for bucket in &self.buckets {
            let (by_later, by_earlier) = (all_variance - before_variance, before_variance + self.n.sd.powi(2));
            let weight = if by_later + by_earlier > 0.0 { by_earlier / (by_later + by_earlier) } else { 1.0 };
            let later = whole(all.saturating_sub(before));
            at_risk.push(weight * later + (1.0 - weight) * whole(self.n.value.saturating_sub(before)));
            before = before.saturating_add(of(bucket));
            before_variance += variance(bucket);
        }
        at_risk
    }

    /// The share to which nothing happened up to each bucket, and Greenwood's sum; within 0 and 1 and never rising.
    fn curve(&self) -> Vec<(f64, f64)> {
        let (mut s, mut greenwood) = (1.0_f64, 0.0_f64);
        let step = |((_, happened), at_risk): (&(Cell, Cell), f64)| {
            let (events, at_risk) = (whole(happened.value), at_risk.max(1.0));
            let hazard = (events / at_risk).min(1.0);
            s *= 1.0 - hazard;
            greenwood += if hazard < 1.0 { hazard.max(0.0) / (at_risk * (1.0 - hazard)) } else { 0.0 };
            (s, greenwood)
        };
        let free: Vec<(f64, f64)> = self.buckets.iter().zip(self.at_risk()).map(step).collect();
        let mut least = 1.0_f64;
        let held = |(s, greenwood): (f64, f64)| {
            least = least.min(s.clamp(0.0, 1.0));
            (least, greenwood)
        };
        free.into_iter().map(held).collect()
    }

    /// The variance that noise gives the share at each bucket: every cell is moved by its own standard deviation, up and
    /// down.
    fn noise(&self) -> Vec<f64> {
        let mut noise = vec![0.0_f64; self.buckets.len()];
        for at in 0..self.cells().count() {
            let Some(sd) = self.cells().nth(at).map(|cell| cell.sd).filter(|sd| *sd > 0.0) else { continue };
            let step = sd.round().max(1.0);
            let moved = |by: f64| {
                let mut moved = self.clone();
                if let Some(cell) = moved.cells_mut().nth(at) {
                    cell.value = cell.value.saturating_add(nearest(by));
                }
                moved.curve()
            };
            for ((noise, (up, _)), (down, _)) in noise.iter_mut().zip(moved(step)).zip(moved(-step)) {
                *noise += ((up - down) / 2.0 * (sd / step)).powi(2);
            }
        }
        noise
    }

    /// The days for which all were followed, those behind the last bucket up to its end.
    fn person_days(&self) -> i128 {
        let last = self.ends.iter().rev().nth(1).copied().unwrap_or(0);
        self.buckets.iter().zip(&self.ends).fold(0_i128, |days, ((seen, happened), end)| {
            let until = i128::from((*end).min(last));
            days.saturating_add(seen.value.saturating_add(happened.value).saturating_mul(until))
        })
    }

    /// Events a day of one followed course; `None` without days.
    fn rate(&self) -> Option<f64> {
        let events = self.buckets.iter().fold(0_i128, |sum, (_, happened)| sum.saturating_add(happened.value));
        finite(whole(events) / whole(self.person_days()))
    }

    pub(super) fn survival(&self) -> Survival {
        let exact = self.exact();
        let last = self.buckets.len().saturating_sub(1);
        let mut value = Vec::new();
        let rows = self.buckets.iter().zip(self.at_risk()).zip(self.curve()).zip(self.noise()).take(last);
        for (day, ((((seen, happened), at_risk), (s, greenwood)), noise)) in self.ends.iter().zip(rows) {
            if exact && seen.value == 0 && happened.value == 0 {
                continue;
            }
            let se = s * greenwood.sqrt();
            let ci95 = if exact { greenwood_95(s, se) } else { noised_95(s, se, at_risk, noise) };
            value.push(Step {
                day: *day,
                at_risk: count_of(nearest(at_risk)),
                events: count_of(happened.value),
                censored: count_of(seen.value),
                s,
                se,
                sd_noise: noise.sqrt(),
                ci95,
            });
        }
        let events = self.buckets.iter().fold(0_i128, |sum, (_, happened)| sum.saturating_add(happened.value));
        // Half to the last bit: a product of shares that is one half may come out a rounding above it.
        let half_by = |of: fn(&Step) -> f64| value.iter().find(|step| of(step) <= 0.5 + 1e-12).map(|step| step.day);
        let median = half_by(|step| step.s);
        let median_ci95 = [half_by(|step| step.ci95[0]), half_by(|step| step.ci95[1])];
        let days = (exact && !self.merged).then(|| self.person_days());
        Survival {
            n: count_of(self.n.value),
            merged: self.merged,
            events: count_of(events),
            median,
            median_ci95,
            person_days: days.map(count_of),
            events_per_100_days: days.and_then(|days| finite(100.0 * whole(events) / whole(days))),
            value,
        }
    }
}

fn greenwood_95(s: f64, se: f64) -> [f64; 2] {
    let half = NORMAL_975 * se;
    [(s - half).max(0.0), (s + half).min(1.0)]
}

/// Wilson's interval of a share among as many courses as Greenwood's standard error is worth, widened by the noise: where
/// noise has carried the share to an end, that error would be nothing.
fn noised_95(s: f64, se: f64, at_risk: f64, noise: f64) -> [f64; 2] {
    let worth = s * (1.0 - s) / (se * se);
    let courses = if worth.is_finite() && worth > 0.0 { worth } else { at_risk }.max(1.0);
    let (middle, half) = wilson(s, courses, noise);
    [(middle - half).clamp(0.0, s), (middle + half).clamp(s, 1.0)]
}

/// The log-rank test of several groups. With noise only two groups are compared, and the noise of what was observed beyond
/// what was expected is added to its variance.
pub(super) fn logrank(groups: &[&Followed]) -> Option<Logrank> {
    let df = groups.len().checked_sub(1).filter(|df| *df > 0)?;
    let exact = groups.iter().all(|group| group.exact());
    if !exact && groups.len() > 2 {
        return None;
    }
    let (beyond, covariance) = beyond_expected(groups)?;
    let mut covariance = covariance.view((0, 0), (df, df)).clone_owned();
    if !exact && let Some(variance) = covariance.get_mut((0, 0)) {
        *variance += noise_of_beyond(groups);
    }
    let beyond = beyond.rows(0, df).clone_owned();
    let solved = covariance.cholesky().map(|factor| factor.solve(&beyond));
    let statistic = solved.and_then(|solved| finite(beyond.dot(&solved)));
    let df = df as f64;
    let rate_ratio = match groups {
        [first, second] if exact => first.rate().zip(second.rate()).and_then(|(first, second)| finite(first / second)),
        _ => None,
    };
    Some(Logrank { statistic, df, p: statistic.and_then(|chi2| chi2_tail(chi2, df)), rate_ratio })
}

type Beyond = (nalgebra::DVector<f64>, nalgebra::DMatrix<f64>);

/// What was observed in each group beyond what was expected, and its hypergeometric covariance.
fn beyond_expected(groups: &[&Followed]) -> Option<Beyond> {
    let buckets = groups.iter().map(|group| group.buckets.len().saturating_sub(1)).min()?;
    let at_risk: Vec<Vec<f64>> = groups.iter().map(|group| group.at_risk()).collect();
    let mut beyond = nalgebra::DVector::<f64>::zeros(groups.len());
    let mut covariance = nalgebra::DMatrix::<f64>::zeros(groups.len(), groups.len());
    for bucket in 0..buckets {
        let risks: Vec<f64> = at_risk.iter().map(|risks| risks.get(bucket).map_or(0.0, |risk| risk.max(0.0))).collect();
        let happened = |group: &&Followed| group.buckets.get(bucket).map_or(0.0, |(_, happened)| whole(happened.value));
        let events: Vec<f64> = groups.iter().map(happened).collect();
        let (risk, event) = (risks.iter().sum::<f64>(), events.iter().sum::<f64>());
        if risk <= 0.0 {
            continue;
        }
        let spread = if risk > 1.0 { (event * (risk - event) / (risk - 1.0)).max(0.0) } else { 0.0 };
        for (place, (own_events, own)) in events.iter().zip(&risks).enumerate() {
            *beyond.get_mut(place)? += own_events - event * own / risk;
            for (other_place, other) in risks.iter().enumerate() {
                let same = if place == other_place { 1.0 } else { 0.0 };
                *covariance.get_mut((place, other_place))? += spread * (own / risk) * (same - other / risk);
            }
        }
    }
    Some((beyond, covariance))
}

/// The variance that noise gives the first group's observed beyond expected.
fn noise_of_beyond(groups: &[&Followed]) -> f64 {
    let mut noise = 0.0;
    for (place, group) in groups.iter().enumerate() {
        for at in 0..group.cells().count() {
            let Some(sd) = group.cells().nth(at).map(|cell| cell.sd).filter(|sd| *sd > 0.0) else { continue };
            let step = sd.round().max(1.0);
            let moved = |by: f64| {
                let mut moved: Followed = (*group).clone();
                if let Some(cell) = moved.cells_mut().nth(at) {
                    cell.value = cell.value.saturating_add(nearest(by));
                }
                let others = groups.iter().enumerate().map(|(own, group)| if own == place { &moved } else { *group });
                beyond_expected(&others.collect::<Vec<_>>()).and_then(|(beyond, _)| beyond.get(0).copied())
            };
            if let (Some(up), Some(down)) = (moved(step), moved(-step)) {
                noise += ((up - down) / 2.0 * (sd / step)).powi(2);
            }
        }
    }
    noise
}
