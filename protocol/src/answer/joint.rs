//! What the cells of a set of quantities say of how they vary together.
//!
//! With u = 2v − M of each quantity, so that x = (u + min + max)/2 in units of 10^-decimals, the released cells are Σu, Σuw of
//! each two, and 2Σu² − M²n. All is counted in integers up to n·Σuw − Σu·Σw, of which the rest follows by one division.
//!
//! The noise of whatever is computed of them is found by moving every cell by its own standard deviation, up and down: half
//! the difference of the two results is that cell's part. For results that are nearly linear in the cells this is the delta
//! method, without a derivative to get wrong.

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};

use crate::answer::cells::{Cell, Cells};
use crate::answer::form::{Coefficients, Correlation, EventsPer, Linear};
use crate::answer::interval::{NORMAL_975, count_of, finite, nearest, normal_two_sided, t_975, t_two_sided, whole};
use crate::answer::key::Pairs;
use crate::answer::moments::half_width;
use crate::plan::{BlockKind, Quantity};

/// The cells of a set of quantities in one group.
#[derive(Debug, Clone)]
pub(super) struct Joint<'a> {
    quantities: Vec<&'a Quantity>,
    n: Cell,
    sums: Vec<Cell>,
    /// By quantity; none for a yes/no, which is its own square.
    squares: Vec<Option<Cell>>,
    /// Of each two, the smaller place first; none for two values of one category, which never meet.
    products: Vec<((usize, usize), Option<Cell>)>,
}

impl<'a> Joint<'a> {
    /// Reads them off the cells, in the order of `numbers`; `None` where the plan lacks a block, which a checked plan does
    /// not.
    pub(super) fn of(cells: &Cells<'a>, numbers: &[u32]) -> Option<Self> {
        let quantities: Vec<&Quantity> = numbers.iter().map(|at| cells.plan.quantity(*at)).collect::<Option<_>>()?;
        let n = cells.cell(BlockKind::Count, numbers.first().copied())?;
        let sums = numbers.iter().map(|at| cells.cell(BlockKind::Sum, Some(*at))).collect::<Option<_>>()?;
        let mut squares = Vec::with_capacity(numbers.len());
        for (at, quantity) in numbers.iter().zip(&quantities) {
            let yes_no = quantity.width() == 1;
            squares.push(if yes_no { None } else { Some(cells.cell(BlockKind::Squares, Some(*at))?) });
        }
        let mut products = Vec::new();
        for (place, one) in numbers.iter().enumerate() {
            for (other_place, other) in numbers.iter().enumerate().skip(place.saturating_add(1)) {
                let (first, with) = (*one.min(other), *one.max(other));
                products.push(((place, other_place), cells.cell(BlockKind::Product { with }, Some(first))));
            }
        }
        Some(Self { quantities, n, sums, squares, products })
    }

    fn n(&self) -> i128 {
        self.n.value
    }

    /// Σu.
    fn sum(&self, at: usize) -> Option<i128> {
        self.sums.get(at).map(|cell| cell.value)
    }

    /// Σuw.
    fn product(&self, one: usize, other: usize) -> Option<i128> {
        if one == other {
            let width = i128::from(self.quantities.get(one)?.width());
            let all = width.checked_mul(width)?.checked_mul(self.n())?;
            // 2Σu² − M²n; of a yes/no every u² is 1.
            return Some(self.squares.get(one)?.map_or(self.n(), |cell| cell.value.saturating_add(all).div_euclid(2)));
        }
        let places = (one.min(other), one.max(other));
        match self.products.iter().find(|(known, _)| *known == places)? {
            (_, Some(cell)) => Some(cell.value),
            // Never both: Σ(2x − 1)(2y − 1) = n − 2Σx − 2Σy.
            (_, None) => Some(self.sum(one)?.checked_add(self.sum(other)?)?.checked_add(self.n())?.checked_neg()?),
        }
    }

    /// Σ(x − x̄)(y − ȳ) in the quantities' own units.
    fn scatter(&self, one: usize, other: usize) -> Option<f64> {
        let n = self.n().max(1);
        let between = self.sum(one)?.checked_mul(self.sum(other)?)?;
        let scatter = self.product(one, other)?.checked_mul(n)?.checked_sub(between)?;
        let decimals = i32::from(self.quantities.get(one)?.decimals) + i32::from(self.quantities.get(other)?.decimals);
        finite(whole(scatter) / (4.0 * whole(n)) / 10_f64.powi(decimals))
    }

    /// x̄ in the quantity's own unit.
    fn mean(&self, at: usize) -> Option<f64> {
        let quantity = self.quantities.get(at)?;
        let n = self.n().max(1);
        let ends = i128::from(quantity.min).checked_add(i128::from(quantity.max))?;
        let twice = ends.checked_mul(n)?.checked_add(self.sum(at)?)?;
        finite(whole(twice) / (2.0 * whole(n)) / 10_f64.powi(i32::from(quantity.decimals)))
    }

    /// The variance that noise gives each of several results.
    fn noise<const N: usize>(&self, results: impl Fn(&Self) -> Option<[f64; N]>) -> [f64; N] {
        let each = self.noise_of(N, |joint| results(joint).map(Vec::from));
        std::array::from_fn(|at| each.get(at).copied().unwrap_or(f64::INFINITY))
    }

    /// The same for so many results. Infinite where moving a cell leaves none.
    fn noise_of(&self, results: usize, of: impl Fn(&Self) -> Option<Vec<f64>>) -> Vec<f64> {
        let mut noise = vec![0.0_f64; results];
        for at in 0..self.cells().count() {
            let Some(sd) = self.cells().nth(at).map(|cell| cell.sd).filter(|sd| *sd > 0.0) else { continue };
            // In whole numbers; what that changes is put right below.
            let step = sd.round().max(1.0);
            let moved = |by: f64| {
                let mut joint = self.clone();
                if let Some(cell) = joint.cells_mut().nth(at) {
                    cell.value = cell.value.saturating_add(nearest(by));
                }
                of(&joint)
            };
            match (moved(step), moved(-step)) {
                (Some(up), Some(down)) => {
                    for ((noise, up), down) in noise.iter_mut().zip(up).zip(down) {
                        *noise += ((up - down) / 2.0 * (sd / step)).powi(2);
                    }
                }
                _ => noise.fill(f64::INFINITY),
            }
        }
        noise
    }

    fn cells(&self) -> impl Iterator<Item = &Cell> {
        let products = self.products.iter().filter_map(|(_, cell)| cell.as_ref());
        [&self.n].into_iter().chain(&self.sums).chain(self.squares.iter().flatten()).chain(products)
    }

    fn cells_mut(&mut self) -> impl Iterator<Item = &mut Cell> {
        let products = self.products.iter_mut().filter_map(|(_, cell)| cell.as_mut());
        [&mut self.n].into_iter().chain(&mut self.sums).chain(self.squares.iter_mut().flatten()).chain(products)
    }

    fn exact(&self) -> bool {
        self.cells().all(|cell| cell.sd <= 0.0)
    }

    /// Pearson's correlation of the first two.
    pub(super) fn correlation(&self) -> Correlation {
        let n = whole(self.n());
        let value = self.r().filter(|_| self.n() > 2);
        if !self.exact() {
            return self.noised_correlation(value);
        }
        let z = value.map(|r| r.clamp(-ALL_BUT_ONE, ALL_BUT_ONE).atanh());
        let error = (1.0 / (n - 3.0)).sqrt();
        let ends = z.and_then(|z| Some([finite(z - NORMAL_975 * error)?, finite(z + NORMAL_975 * error)?]));
        let p = value.and_then(|r| {
            if r.abs() >= 1.0 { Some(0.0) } else { t_two_sided(r * ((n - 2.0) / (1.0 - r * r)).sqrt(), n - 2.0) }
        });
        Correlation {
            value,
            n: count_of(self.n()),
            sd_noise: value.map(|_| 0.0),
            ci95: ends.filter(|_| self.n() > 3).map(|ends| ends.map(f64::tanh)),
            p,
        }
    }

    /// As Wilson's interval of a share, the interval is of all ρ with (Sxy − ρ·√(SxxSyy))² ≤ z²·V(ρ): sampling gives that
    /// difference (1 − ρ²)²/(n − 3) of SxxSyy, and the noise its own variance. An error at the estimate alone would be that of
    /// whatever the noise made of the spreads.
    fn noised_correlation(&self, value: Option<f64>) -> Correlation {
        let parts = |joint: &Self| Some([joint.scatter(0, 1)?, joint.spreads()?]);
        let [noise] = value.map_or([0.0], |_| self.noise(|joint| joint.r().map(|r| [r])));
        let [by_xy, by_spreads, by_both] =
            self.noise(|joint| parts(joint).map(|[xy, spreads]| [xy, spreads, xy + spreads]));
        let between = (by_both - by_xy - by_spreads) / 2.0;
        let courses = (whole(self.n()) - 3.0).max(1.0);
        let found = value.zip(parts(self));
        let error = |spreads: f64, rho: f64| {
            let sampling = (spreads * (1.0 - rho * rho)).powi(2) / courses;
            (sampling + by_xy - 2.0 * rho * between + rho * rho * by_spreads).max(0.0).sqrt()
        };
        let ci95 = found.map(|(r, [xy, spreads])| {
            let holds = |rho: f64| (xy - rho * spreads).abs() <= NORMAL_975 * error(spreads, rho);
            [furthest(r, -1.0, holds), furthest(r, 1.0, holds)]
        });
        Correlation {
            value,
            n: count_of(self.n()),
            sd_noise: value.and_then(|_| finite(noise.sqrt())),
            ci95: ci95.filter(|_| self.n() > 3),
            p: found.and_then(|(_, [xy, spreads])| normal_two_sided(xy / error(spreads, 0.0))),
        }
    }

    /// √(SxxSyy); 0 where noise leaves nothing of one.
    fn spreads(&self) -> Option<f64> {
        Some((self.scatter(0, 0)?.max(0.0) * self.scatter(1, 1)?.max(0.0)).sqrt())
    }

    fn r(&self) -> Option<f64> {
        let (xx, yy, xy) = (self.scatter(0, 0)?, self.scatter(1, 1)?, self.scatter(0, 1)?);
        if xx <= 0.0 || yy <= 0.0 {
            return None;
        }
        finite(xy / (xx * yy).sqrt()).map(|r| r.clamp(-1.0, 1.0))
    }

    /// The first as a linear function of the others.
    pub(super) fn linear(&self) -> Linear {
        let names = |at: &usize| self.quantities.get(*at).map(|quantity| quantity.measure.label()).unwrap_or_default();
        let (columns, still): (Vec<usize>, Vec<usize>) =
            (1..self.quantities.len()).partition(|at| self.scatter(*at, *at).is_some_and(|scatter| scatter > 0.0));
        let df = whole(self.n()) - columns.len() as f64 - 1.0;
        let names_of: Vec<String> = ["const".to_owned()].into_iter().chain(columns.iter().map(names)).collect();
        let fit = (df > 0.0).then(|| self.fit(&columns)).flatten();
        let value = fit.as_ref().and_then(|fit| {
            let noise = self.noise_of(names_of.len(), |joint| joint.fit(&columns).map(|fit| fit.coefficients));
            let mut rows = Coefficients::default();
            let each = names_of.iter().zip(&fit.coefficients).zip(&fit.variances).zip(&noise);
            for (((name, coefficient), sampling), noise) in each {
                let sampling = sampling / df * fit.rest;
                let se = finite((sampling + noise).sqrt())?;
                let half = if *noise > 0.0 { half_width(sampling, df, *noise) } else { t_975(df) * se };
                let p = if se > 0.0 { t_two_sided(coefficient / se, df)? } else { 0.0 };
                rows.push(name, [*coefficient, se, noise.sqrt(), p], [coefficient - half, coefficient + half]);
            }
            Some(rows)
        });
        let told = fit.filter(|_| self.exact() && value.is_some());
        let r2 = told.as_ref().and_then(|fit| finite(1.0 - fit.rest / self.scatter(0, 0)?));
        let sigma = told.and_then(|fit| finite((fit.rest / df).sqrt()));
        Linear { value, n: count_of(self.n()), df: df.max(0.0), r2, sigma, left_out: still.iter().map(names).collect() }
    }

    /// Least squares on these columns, about their means; `None` where they do not tell the coefficients apart.
    fn fit(&self, columns: &[usize]) -> Option<Fit> {
        let rows = columns.len();
        let mut scatter = DMatrix::<f64>::zeros(rows, rows);
        let mut with_y = DVector::<f64>::zeros(rows);
        for (row, one) in columns.iter().enumerate() {
            *with_y.get_mut(row)? = self.scatter(*one, 0)?;
            for (column, other) in columns.iter().enumerate() {
                *scatter.get_mut((row, column))? = self.scatter(*one, *other)?;
            }
        }
        let inverse = inverse(scatter)?;
        let slopes = &inverse * &with_y;
        let rest = (self.scatter(0, 0)? - slopes.dot(&with_y)).max(0.0);
        let means = DVector::from_vec(columns.iter().map(|at| self.mean(*at)).collect::<Option<Vec<f64>>>()?);
        let constant = finite(self.mean(0)? - slopes.dot(&means))?;
        let about = 1.0 / whole(self.n().max(1)) + means.dot(&(&inverse * &means));
        let coefficients = [constant].into_iter().chain(slopes.iter().copied()).collect();
        let variances = [about].into_iter().chain(inverse.diagonal().iter().copied()).collect();
        Some(Fit { coefficients, variances, rest })
    }

    /// The first for so many of the second.
    pub(super) fn events_per(&self, per: u32) -> EventsPer {
        let total = |joint: &Self, at: usize| joint.mean(at).map(|mean| mean * whole(joint.n().max(1)));
        let ratio = |joint: &Self| {
            let (events, sessions) = (total(joint, 0)?, total(joint, 1)?);
            (sessions > 0.0).then(|| events.max(0.0) / sessions)
        };
        let (events, sessions) = (total(self, 0).unwrap_or(0.0), total(self, 1).unwrap_or(0.0));
        let value = ratio(self);
        let [noise] = value.map_or([0.0], |_| self.noise(|joint| ratio(joint).map(|ratio| [ratio])));
        let sampling = value.and_then(|value| self.ratio_variance(value, sessions));
        let times = f64::from(per);
        let ci95 = value.zip(sampling).and_then(|(value, sampling)| {
            if !self.exact() {
                let [low, high] = self.fieller(events, sessions)?;
                return Some([finite(low.min(value) * times)?, finite(high.max(value) * times)?]);
            }
            let half = NORMAL_975 * sampling.sqrt();
            // Nothing happened: the exact 97.5 % bound of a Poisson count of 0.
            let most = if events <= 0.0 { -(0.025_f64.ln()) / sessions } else { value + half };
            Some([finite((value - half).max(0.0) * times)?, finite(most * times)?])
        });
        EventsPer {
            value: value.and_then(|value| finite(value * times)),
            per,
            events: count_of(nearest(events)),
            sessions: count_of(nearest(sessions)),
            n: count_of(self.n()),
            se_sampling: sampling.and_then(|sampling| finite(sampling.sqrt() * times)),
            sd_noise: value.and_then(|_| finite(noise.sqrt() * times)),
            ci95,
        }
    }

    /// All ratios R for which Σe − RΣs is no further from 0 than sampling and noise carry it (Fieller 1954, J R Stat Soc B
    /// 16:175): noise may leave so little of the sessions that no number of standard errors about their ratio is right. Up
    /// to the most that a course of one session can have where the sessions cannot be told from none.
    fn fieller(&self, events: f64, sessions: f64) -> Option<[f64; 2]> {
        let z2 = NORMAL_975 * NORMAL_975;
        let n = whole(self.n().max(2));
        let sampled = |one, other| self.scatter(one, other).map(|scatter| n / (n - 1.0) * scatter);
        let [ee, ss] = [sampled(0, 0)?.max(0.0), sampled(1, 1)?.max(0.0)];
        let es = sampled(0, 1)?.clamp(-(ee * ss).sqrt(), (ee * ss).sqrt());
        // A total is half its cell and half of n times both ends of its range together.
        let unit = |at: usize| self.quantities.get(at).map(|known| 2.0 * 10_f64.powi(i32::from(known.decimals)));
        let ends = |at: usize| Some((self.quantities.get(at)?.min + self.quantities.get(at)?.max) as f64 / unit(at)?);
        let own = |at: usize| Some((self.sums.get(at)?.sd / unit(at)?).powi(2));
        let by_count = self.n.sd * self.n.sd;
        let variance_of_events = ee + own(0)? + ends(0)?.powi(2) * by_count;
        let variance_of_sessions = ss + own(1)? + ends(1)?.powi(2) * by_count;
        let covariance = es + ends(0)? * ends(1)? * by_count;
        // a·R² − 2b·R + c ≤ 0.
        let a = sessions * sessions - z2 * variance_of_sessions;
        let b = events * sessions - z2 * covariance;
        let c = events * events - z2 * variance_of_events;
        let root = (b * b - a * c).max(0.0).sqrt();
        let most = self.quantities.first()?.max as f64 / (unit(0)? / 2.0);
        let low = if a > 0.0 || c > 0.0 { (b - root) / a } else { 0.0 };
        let high = if a > 0.0 { (b + root) / a } else { most };
        Some([finite(low)?.clamp(0.0, most), finite(high)?.clamp(0.0, most)])
    }

    /// Of a ratio of sums over courses: n/(n − 1) · Σ(e − Rs)²/(Σs)² (Cochran 1977, Sampling Techniques, 6.4).
    fn ratio_variance(&self, ratio: f64, sessions: f64) -> Option<f64> {
        let n = whole(self.n());
        // Σ(e − Rs)² about its mean, which is 0.
        let scatter = self.scatter(0, 0)? - 2.0 * ratio * self.scatter(0, 1)? + ratio * ratio * self.scatter(1, 1)?;
        finite(n / (n - 1.0) * scatter.max(0.0) / (sessions * sessions)).filter(|_| self.n() > 1)
    }
}

/// What least squares found, `const` first.
struct Fit {
    coefficients: Vec<f64>,
    /// To be multiplied by the variance of what is left.
    variances: Vec<f64>,
    /// The squares that are left.
    rest: f64,
}

/// The furthest point from `from` towards `end` that still holds, to a few millionths; `from` where none does.
fn furthest(from: f64, end: f64, holds: impl Fn(f64) -> bool) -> f64 {
    let at = |step: u32| from + (end - from) * f64::from(step) / f64::from(STEPS);
    let Some(last) = (0..=STEPS).rev().find(|step| holds(at(*step))) else { return from };
    let (mut inside, mut outside) = (at(last), at(last.saturating_add(1).min(STEPS)));
    for _ in 0..12 {
        let middle = f64::midpoint(inside, outside);
        if holds(middle) { inside = middle } else { outside = middle }
    }
    inside
}

/// The inverse of a symmetric matrix whose columns tell more than rounding does; `None` otherwise.
pub(super) fn inverse(matrix: DMatrix<f64>) -> Option<DMatrix<f64>> {
    let diagonal = matrix.diagonal();
    let factor: Cholesky<f64, Dyn> = Cholesky::new(matrix)?;
    let pivots = factor.l_dirty().diagonal();
    let told = |(pivot, whole): (&f64, &f64)| pivot * pivot > whole * COLLINEAR;
    pivots.iter().zip(diagonal.iter()).all(told).then(|| factor.inverse())
}

impl Default for Coefficients {
    fn default() -> Self {
        let (coef, se, sd_noise, p) = (Pairs(vec![]), Pairs(vec![]), Pairs(vec![]), Pairs(vec![]));
        Self { coef, se, sd_noise, ci95: Pairs(vec![]), p }
    }
}

impl Coefficients {
    pub(super) fn push(&mut self, name: &str, [coef, se, sd_noise, p]: [f64; 4], ci95: [f64; 2]) {
        self.coef.0.push((name.to_owned(), coef));
        self.se.0.push((name.to_owned(), se));
        self.sd_noise.0.push((name.to_owned(), sd_noise));
        self.ci95.0.push((name.to_owned(), ci95));
        self.p.0.push((name.to_owned(), p));
    }
}

/// How finely the ends of a correlation's interval are looked for before they are halved down to.
const STEPS: u32 = 200;
/// A correlation beyond this has no interval of its own: Fisher's transformation ends at 1.
const ALL_BUT_ONE: f64 = 1.0 - 1e-12;
/// A column of which less than this share is not told by the others is told by them.
const COLLINEAR: f64 = 1e-11;
