//! What was found, as numbers with their intervals: one for a mean, one a day for a curve.
//!
//! Tables, files and plots are all made from these, so that none of them can say something else than another.

use sumac_protocol::answer::{Coefficients, Found, Mean, Survival};

use super::number::of_count;

/// One estimated number, as it stands in the answer: a share is from 0 to 1.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Spot {
    /// Which of the numbers of its estimate it is.
    pub(super) at: At,
    /// None where the answer has none.
    pub(super) value: Option<f64>,
    /// Low end of the 95 % interval.
    pub(super) low: Option<f64>,
    /// High end of the 95 % interval.
    pub(super) high: Option<f64>,
    /// Courses behind it; of a survival curve those at risk. None for a count, which is one.
    pub(super) n: Option<u64>,
    /// What is counted in it, for a rate, a day of a survival curve or events for so many sessions.
    pub(super) events: Option<u64>,
    /// What it is counted against where that is not `n`: sessions.
    pub(super) against: Option<u64>,
    /// Courses last seen in this bucket of a survival curve.
    pub(super) censored: Option<u64>,
    /// Standard error of sampling alone.
    pub(super) se_sampling: Option<f64>,
    /// Standard deviation that noise adds; 0 in an exact answer.
    pub(super) sd_noise: Option<f64>,
    /// That it is nothing, two-sided.
    pub(super) p: Option<f64>,
}

/// Which number of an estimate.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum At {
    /// The only one.
    Whole,
    /// Of a day since the first dose.
    Day(i32),
    /// Of the values from one number to another, without the latter.
    Bin(f64, f64),
    /// Of a column of a regression.
    Column(String),
    /// The day of a survival curve on which half is left.
    Median,
}

impl Spot {
    /// Nothing known; every spot begins from it, so that a new figure is absent until it is read.
    const EMPTY: Self = Self {
        at: At::Whole,
        value: None,
        low: None,
        high: None,
        n: None,
        events: None,
        against: None,
        censored: None,
        se_sampling: None,
        sd_noise: None,
        p: None,
    };

    /// A value with its interval and the courses behind it.
    fn new(value: Option<f64>, interval: Option<[f64; 2]>, n: Option<u64>) -> Self {
        let [low, high] = interval.map_or([None, None], |[low, high]| [Some(low), Some(high)]);
        Self { value, low, high, n, ..Self::EMPTY }
    }

    /// Both ends, where there are both.
    pub(super) fn interval(&self) -> Option<[f64; 2]> {
        Some([self.low?, self.high?])
    }

    /// The part of the squared error that is noise, from 0 to 1; from the interval where the error of sampling is not
    /// told apart. None where there is no error.
    pub(super) fn share_of_noise(&self) -> Option<f64> {
        let noise = self.sd_noise?.powi(2);
        let all = match (self.se_sampling, self.interval()) {
            (Some(sampling), _) => sampling.powi(2) + noise,
            (None, Some([low, high])) => ((high - low) / (2.0 * 1.96)).powi(2).max(noise),
            (None, None) => return None,
        };
        Some(noise / all).filter(|share| share.is_finite())
    }

    /// The same in percent, for what is a share.
    pub(super) fn in_percent(mut self) -> Self {
        for number in [&mut self.value, &mut self.low, &mut self.high, &mut self.se_sampling, &mut self.sd_noise] {
            *number = number.map(|share| share * 100.0);
        }
        self
    }
}

/// Every number of an estimate, in its order.
pub(super) fn spots(found: &Found) -> Vec<Spot> {
    let one = match found {
        Found::Count(count) => {
            let value = Some(of_count(count.value));
            Spot { sd_noise: Some(count.sd_noise), ..Spot::new(value, Some(count.ci95), None) }
        }
        Found::Mean(mean) => of_mean(mean),
        Found::Rate(rate) => Spot {
            events: Some(rate.events),
            se_sampling: rate.se_sampling,
            sd_noise: Some(rate.sd_noise),
            ..Spot::new(rate.value, rate.ci95, Some(rate.n))
        },
        Found::Sum(sum) => {
            Spot { sd_noise: Some(sum.sd_noise), ..Spot::new(Some(sum.value), Some(sum.ci95), Some(sum.n)) }
        }
        Found::Variance(spread) | Found::Stddev(spread) => Spot::new(spread.value, spread.ci95, Some(spread.n)),
        Found::Quantile(quantile) => Spot::new(quantile.value, quantile.ci95, Some(quantile.n)),
        Found::Correlation(found) => {
            Spot { sd_noise: found.sd_noise, p: found.p, ..Spot::new(found.value, found.ci95, Some(found.n)) }
        }
        Found::EventsPer(found) => Spot {
            events: Some(found.events),
            against: Some(found.sessions),
            se_sampling: found.se_sampling,
            sd_noise: found.sd_noise,
            ..Spot::new(found.value, found.ci95, Some(found.n))
        },
        Found::Trajectory(course) => {
            return course.value.iter().map(|p| Spot { at: At::Day(p.day), ..of_mean(&p.mean) }).collect();
        }
        Found::Histogram(bins) => {
            let spot = |(from, count): &(f64, u64)| {
                let (value, half) = (of_count(*count), bins.ci95_half);
                let interval = Some([(value - half).max(0.0), value + half]);
                let spot = Spot::new(Some(value), interval, Some(bins.n));
                Spot { at: At::Bin(*from, from + bins.width), sd_noise: Some(bins.sd_noise), ..spot }
            };
            return bins.value.iter().map(spot).collect();
        }
        Found::Linear(linear) => return of_columns(linear.value.as_ref(), linear.n),
        Found::Logistic(round) => return of_columns(round.value.as_ref(), round.n),
        Found::Survival(curve) => return of_curve(curve),
        Found::TooFew | _ => return Vec::new(),
    };
    vec![one]
}

/// A mean, whose two errors the answer tells apart.
fn of_mean(mean: &Mean) -> Spot {
    Spot {
        se_sampling: mean.se_sampling,
        sd_noise: Some(mean.sd_noise),
        ..Spot::new(mean.value, mean.ci95, Some(mean.n))
    }
}

/// The columns of a regression; what is found of each stands in lists of the same order.
fn of_columns(found: Option<&Coefficients>, n: u64) -> Vec<Spot> {
    let Some(Coefficients { coef, se, sd_noise, ci95, p, .. }) = found else { return Vec::new() };
    let found = coef.0.iter().zip(&se.0).zip(&sd_noise.0).zip(&ci95.0).zip(&p.0);
    let spot = |((((coef, se), noise), interval), p): Column<'_>| {
        let spot = Spot::new(Some(coef.1), Some(interval.1), Some(n));
        let sampling = (se.1.powi(2) - noise.1.powi(2)).max(0.0).sqrt();
        Spot {
            at: At::Column(coef.0.clone()),
            se_sampling: Some(sampling),
            sd_noise: Some(noise.1),
            p: Some(p.1),
            ..spot
        }
    };
    found.map(spot).collect()
}

/// A column's coefficient, standard error, noise, interval and p.
type Named<V> = (String, V);
type Column<'a> = ((((&'a Named<f64>, &'a Named<f64>), &'a Named<f64>), &'a Named<[f64; 2]>), &'a Named<f64>);

/// The days of a survival curve, and then the day of its median.
fn of_curve(curve: &Survival) -> Vec<Spot> {
    let steps = curve.value.iter().map(|step| Spot {
        at: At::Day(i32::try_from(step.day).unwrap_or(i32::MAX)),
        events: Some(step.events),
        censored: Some(step.censored),
        se_sampling: Some(step.se),
        sd_noise: Some(step.sd_noise),
        ..Spot::new(Some(step.s), Some(step.ci95), Some(step.at_risk))
    });
    let [low, high] = curve.median_ci95.map(|day| day.map(f64::from));
    let median = Spot::new(curve.median.map(f64::from), None, Some(curve.n));
    let median = Spot { at: At::Median, low, high, events: Some(curve.events), ..median };
    steps.chain([median]).collect()
}

#[cfg(test)]
mod tests {
    use super::Spot;

    #[test]
    fn the_share_of_noise_is_a_share_or_nothing() {
        let spot = |sampling: Option<f64>, noise: f64, interval: Option<[f64; 2]>| {
            let spot = Spot { se_sampling: sampling, sd_noise: Some(noise), ..Spot::new(Some(1.0), interval, None) };
            spot.share_of_noise()
        };
        assert_eq!(spot(Some(3.0), 4.0, None), Some(0.64));
        assert_eq!(spot(Some(0.0), 0.0, None), None, "no error has no part");
        assert_eq!(spot(None, 1.0, None), None);
        assert_eq!(spot(None, 1.0, Some([0.5, 1.0])), Some(1.0), "an interval that was cut at an end");
    }
}
