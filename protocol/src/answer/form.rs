//! The answer as it is written: stable JSON.

use serde::{Deserialize, Serialize};

use crate::answer::key::{GroupKey, Pairs};
use crate::cost::RhoMicro;
use crate::digest::Digest;
use crate::plan::Mode;

/// The answer to one question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Answer {
    /// The version of this form: 1.
    pub sumac: u32,
    /// The release's id.
    pub release: Digest,
    /// The study's id.
    pub study: String,
    /// Whether noise was added.
    pub mode: Mode,
    /// What the question cost each patient of its cohort; null for an exact answer.
    pub rho_micro: Option<RhoMicro>,
    /// ρ as ε at `delta`; null for an exact answer, or where δ is 0 and no ε is promised.
    pub epsilon: Option<f64>,
    /// The δ of `epsilon`; null for an exact answer.
    pub delta: Option<f64>,
    /// How many operators were asked and how many count.
    pub operators: Operators,
    /// Smallest group that may be shown.
    pub cohort_min: u64,
    /// Every group of the question, in its order.
    pub groups: Vec<Group>,
    /// What the shown groups say about each other; empty without `GROUP BY`.
    pub comparisons: Vec<Comparison>,
}

/// The operators behind an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "complete: callers build it from a release")]
pub struct Operators {
    /// Operators that were asked.
    pub asked: u64,
    /// Operators whose contributions are in the sum.
    pub counted: u64,
}

/// One group and what was found in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Group {
    /// Field and value, outermost first; empty without `GROUP BY`.
    pub key: GroupKey,
    /// Whether all of the group is too small to be shown; it then carries its key and nothing else.
    pub suppressed: bool,
    /// In the order of the question; absent where suppressed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub estimates: Vec<Estimate>,
}

impl Group {
    /// What is shown of the question's estimate at this place, counted from 0.
    #[must_use]
    pub fn shown(&self, at: usize) -> Option<&Found> {
        self.estimates.get(at).map(|estimate| &estimate.found).filter(|found| **found != Found::TooFew)
    }
}

/// One expression of the question, estimated in one group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Estimate {
    /// The name after `AS`, or the expression as it was written.
    pub name: String,
    /// What was found.
    #[serde(flatten)]
    pub found: Found,
}

/// What was found, by what was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Found {
    /// Of `count(*)`.
    Count(Count),
    /// Of `mean(x)`.
    Mean(Mean),
    /// Of `rate(b)`.
    Rate(Rate),
    /// Of `sum(x)`.
    Sum(Total),
    /// Of `variance(x)`.
    Variance(Dispersion),
    /// Of `stddev(x)`.
    Stddev(Dispersion),
    /// Of `median(x)` and `quantile(x, p)`.
    Quantile(Quantile),
    /// Of `histogram(x, width)`.
    Histogram(Histogram),
    /// Of `trajectory(i, days => …)`.
    Trajectory(Trajectory),
    /// Of `correlation(x, y)`.
    Correlation(Correlation),
    /// Of `linear(y, x, …)`.
    Linear(Linear),
    /// Of `logistic(y, x, …)`.
    Logistic(Logistic),
    /// Of `survival(kind, …)`.
    Survival(Survival),
    /// Of `events_per(kind, 100, sessions)`.
    EventsPer(EventsPer),
    /// Of anything in a noised answer that rests on too few courses of a group of which something else is shown: its number
    /// of courses is not clearly `cohort_min` or more with the noise in it.
    TooFew,
}

/// Pearson's correlation over courses that have both values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Correlation {
    /// From −1 to 1. Null where n < 3, where one of the two does not vary, or where noise leaves nothing of its variance.
    pub value: Option<f64>,
    /// Courses with both values; a noised count below 0 is shown as 0.
    pub n: u64,
    /// How far noise carries it; 0 in an exact answer. Null as `value`.
    pub sd_noise: Option<f64>,
    /// By Fisher's transformation; in a noised answer of all correlations that sampling and noise leave possible. Null as
    /// `value`, and where n < 4.
    pub ci95: Option<[f64; 2]>,
    /// That there is none, by the t distribution; in a noised answer by the interval's own width. Null as `value`.
    pub p: Option<f64>,
}

/// A linear function by least squares, over courses that have all values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Linear {
    /// What was found of each column. Null where the columns do not tell them apart, where there are not more courses than
    /// columns, or where noise leaves nothing of their variance.
    pub value: Option<Coefficients>,
    /// Courses with all values; a noised count below 0 is shown as 0.
    pub n: u64,
    /// Courses less columns: degrees of freedom.
    pub df: f64,
    /// Exact answers only: the share of the variance that the columns tell. Absent as `value`, and where nothing varies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r2: Option<f64>,
    /// Exact answers only: the standard deviation of what is left. Absent as `value`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sigma: Option<f64>,
    /// Columns that do not vary among these courses, and so are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
}

/// One round of a logistic regression, over courses that have all values. Asked again at `next`, until `step` is as small as
/// is wanted, it comes to the largest likelihood.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Logistic {
    /// What was found of each column: logarithms of odds ratios, after this round's step, with the standard errors by the
    /// information before it. Null where the columns do not tell the coefficients apart, or tell every yes from every no.
    pub value: Option<Coefficients>,
    /// Courses with all values.
    pub n: u64,
    /// Courses with yes.
    pub events: u64,
    /// The coefficients that this round was asked at, in units of 2^-30, of the constant first.
    pub at: Vec<i64>,
    /// Those after its step. Null as `value`, and where one is too large.
    pub next: Option<Vec<i64>>,
    /// The largest part of the step, in standard errors. Null as `value`.
    pub step: Option<f64>,
    /// The logarithm of the likelihood at `at`. Null where n is 0.
    pub log_likelihood: Option<f64>,
    /// Columns that do not vary among these courses, and so are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
}

/// The columns of a regression, `const` first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Coefficients {
    /// What one unit of the column adds, in the unit of what is explained.
    pub coef: Pairs<f64>,
    /// Standard errors of sampling and noise together.
    pub se: Pairs<f64>,
    /// How far noise carries each; 0 in an exact answer.
    pub sd_noise: Pairs<f64>,
    /// 95 % intervals.
    pub ci95: Pairs<[f64; 2]>,
    /// That it is nothing, two-sided.
    pub p: Pairs<f64>,
}

/// The share of courses to which nothing happened yet (Kaplan and Meier 1958, J Am Stat Assoc 53:457).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Survival {
    /// Day by day, the earliest first; in an exact answer only days on which something happened or somebody was last seen.
    pub value: Vec<Step>,
    /// True where buckets of fewer than the smallest cohort were merged with the next: what happened in them, and who was last seen in
    /// them, stands at the last day of the last. Exact answers only; absent elsewhere.
    #[serde(default, skip_serializing_if = "is_false")]
    pub merged: bool,
    /// Courses that were followed; a noised count below 0 is shown as 0.
    pub n: u64,
    /// Courses to which it happened by the last day; a noised count below 0 is shown as 0.
    pub events: u64,
    /// The first day on which the share is one half or less. Null where it never is.
    pub median: Option<u32>,
    /// The first days on which the upper and the lower end of the interval are one half or less: from the lower to the
    /// upper end. Null for one that never is.
    pub median_ci95: [Option<u32>; 2],
    /// Exact answers only: the days for which all courses together were followed, up to the last day. A day counts as the
    /// last of its bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person_days: Option<u64>,
    /// Exact answers only: events for a hundred of them. Absent where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events_per_100_days: Option<f64>,
}

/// One day of a survival curve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Step {
    /// Days since the first dose: the last of its bucket.
    pub day: u32,
    /// Courses that were followed for so long and to which it had not happened before; a noised count below 0 is shown as 0.
    pub at_risk: u64,
    /// Courses to which it happened in this bucket.
    pub events: u64,
    /// Courses that were last seen in it.
    pub censored: u64,
    /// The share to which nothing happened up to this day.
    pub s: f64,
    /// Greenwood's standard error of `s`.
    pub se: f64,
    /// How far noise carries `s`; 0 in an exact answer.
    pub sd_noise: f64,
    /// 95 % interval for sampling and noise together, within 0 and 1.
    pub ci95: [f64; 2],
}

/// How often something happened for so many sessions, over courses whose sessions were recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct EventsPer {
    /// Events for so many sessions. Null where there were no sessions.
    pub value: Option<f64>,
    /// For so many.
    pub per: u32,
    /// Events; a noised count below 0 is shown as 0.
    pub events: u64,
    /// Sessions; a noised count below 0 is shown as 0.
    pub sessions: u64,
    /// Courses; a noised count below 0 is shown as 0.
    pub n: u64,
    /// Of the ratio of two sums over courses. Null as `value`, and where n < 2.
    pub se_sampling: Option<f64>,
    /// How far noise carries it; 0 in an exact answer. Null as `value`.
    pub sd_noise: Option<f64>,
    /// 95 % interval for both together, from 0. Where nothing happened in an exact answer, up to the exact bound of
    /// Poisson. Null as `se_sampling`.
    pub ci95: Option<[f64; 2]>,
}

/// All values together, in the measure's own unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Total {
    /// The sum; in a noised answer 0 where noise would carry it past the least or the most that nobody at all comes to.
    pub value: f64,
    /// Courses with a value; a noised count below 0 is shown as 0.
    pub n: u64,
    /// How far noise carries it; 0 in an exact answer.
    pub sd_noise: f64,
    /// Covers the noise: the cohort is added up, not sampled. In an exact answer the value twice.
    pub ci95: [f64; 2],
    /// Exact answers only: the sum as an integer in units of 10^-decimals. Absent beyond ±2^53.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sum: Option<i64>,
}

/// A variance or a standard deviation among courses, n − 1 in the denominator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Dispersion {
    /// In the measure's own unit, or that squared. Null in an exact answer where n < 2, and where noise leaves too little
    /// to be measured.
    pub value: Option<f64>,
    /// Courses with a value; a noised count below 0 is shown as 0.
    pub n: u64,
    /// By the χ² distribution and the noise together; true of values that are normally distributed. In a noised answer from
    /// 0 where the noise leaves too little to be measured, which tells how large it is at most; in an exact one null as
    /// `value`.
    pub ci95: Option<[f64; 2]>,
}

/// The value below which a share of the courses lies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Quantile {
    /// The share, above 0 and below 1: one half for a median.
    pub share: f64,
    /// In the measure's own unit: in an exact answer interpolated between order statistics (R's type 7). Null where n is 0,
    /// and where values were `merged`.
    pub value: Option<f64>,
    /// Courses with a value; a noised count below 0 is shown as 0.
    pub n: u64,
    /// True where fewer than the smallest cohort had a value, so that values were counted together and no quantile can be
    /// told. Exact answers only; absent elsewhere.
    #[serde(default, skip_serializing_if = "is_false")]
    pub merged: bool,
    /// The values at the ends of the 95 % interval of the share (Woodruff 1952, J Am Stat Assoc 47:635), noise included.
    /// Null as `value`.
    pub ci95: Option<[f64; 2]>,
}

/// How many courses have a value in each bin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Histogram {
    /// The lowest value of each bin in the measure's own unit, and its courses; a noised count below 0 is shown as 0.
    pub value: Vec<(f64, u64)>,
    /// How wide a bin is, in the measure's own unit; a merged one reaches to the next of `value`, the last to the end of the range.
    pub width: f64,
    /// True where bins of fewer than the smallest cohort were merged with their neighbours. Exact answers only; absent
    /// elsewhere.
    #[serde(default, skip_serializing_if = "is_false")]
    pub merged: bool,
    /// Courses with a value; a noised count below 0 is shown as 0.
    pub n: u64,
    /// Standard deviation of all aggregators' noise together in each bin; 0 in an exact answer.
    pub sd_noise: f64,
    /// What is added to a bin and taken from it for its 95 % interval, in whole courses.
    pub ci95_half: f64,
}

/// The means of an instrument day by day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Trajectory {
    /// Day by day, the earliest first, without those of `too_few`.
    pub value: Vec<Point>,
    /// Days for which too few courses have a value: not clearly `cohort_min` or more with the noise in their number. Noised
    /// answers only; absent where none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub too_few: Vec<i32>,
}

/// The mean of one day of a trajectory, among the courses that have a value for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Point {
    /// Days since the first dose; 0 is the baseline.
    pub day: i32,
    /// The mean.
    #[serde(flatten)]
    pub mean: Mean,
}

/// How many courses match.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Count {
    /// Courses; a noised count below 0 is shown as 0.
    pub value: u64,
    /// Standard deviation of all aggregators' noise together; 0 in an exact answer.
    pub sd_noise: f64,
    /// Covers the noise, in whole courses; the cohort is counted, not sampled. In an exact answer the
    /// value twice.
    pub ci95: [f64; 2],
}

/// A mean, in the measure's own unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Mean {
    /// The mean, held within the measure's range where noise would carry it out. Null where n is 0
    /// in an exact answer.
    pub value: Option<f64>,
    /// Courses with a value; a noised count below 0 is shown as 0.
    pub n: u64,
    /// Standard deviation among courses (n − 1 in the denominator). Null in an exact answer where n < 2.
    pub sd: Option<f64>,
    /// Where `sd` comes from. Null where that is null.
    pub spread: Option<Spread>,
    /// How far chance alone carries the mean of such a cohort: sd/√n where the spread is measured, else what the noised
    /// cells leave of it, so that the interval is not as wide as a reference may be. Null as `sd`.
    pub se_sampling: Option<f64>,
    /// How far the noise of the sum and of n together carry it; 0 in an exact answer.
    pub sd_noise: f64,
    /// Part of the squared standard error that is noise: 0 to 1. Null where there is no error.
    pub share_noise: Option<f64>,
    /// 95 % interval for sampling and noise together, within the measure's range in a noised
    /// answer. Null as `sd`.
    pub ci95: Option<[f64; 2]>,
    /// Exact answers only: the sum of all values, an integer in units of 10^-decimals. Absent in
    /// noised answers or beyond ±2^53.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sum: Option<i64>,
    /// Exact answers only: the sum of all squared values, an integer in units of 10^-(2·decimals).
    /// Absent in noised answers or beyond 2^53.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sum_sq: Option<i64>,
    /// Of a change only: the test that there is none. Absent as `sd`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paired: Option<Paired>,
}

/// A paired t test: one sample's, of changes against 0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Paired {
    /// t: the mean over its standard error, noise included. Null where nothing varies; then `df` and `p` are too.
    pub statistic: Option<f64>,
    /// Degrees of freedom: n − 1, more where part of the error is noise, whose size is known.
    pub df: Option<f64>,
    /// Two-sided.
    pub p: Option<f64>,
    /// Cohen's d of paired values: the mean over the standard deviation among courses. Null where that is 0.
    pub dz: Option<f64>,
}

/// Where the standard deviation behind an interval comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "complete: a spread is either measured or not")]
pub enum Spread {
    /// From the released cells.
    Measured,
    /// The noise left too little of it to be measured: the dictionary's `reference_sd`, or half
    /// the range where the dictionary has none, which no data can exceed.
    Reference,
}

/// The share of courses for which a yes/no measure is yes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Rate {
    /// From 0 to 1, held there where noise would carry it out. Null where n is 0 in an exact answer.
    pub value: Option<f64>,
    /// Courses with a value; a noised count below 0 is shown as 0.
    pub n: u64,
    /// Courses with yes; a noised count is rounded and held within 0 and n.
    pub events: u64,
    /// √(p(1 − p)/n). Null as `value`.
    pub se_sampling: Option<f64>,
    /// How far the noise of both counts carries the rate; 0 in an exact answer.
    pub sd_noise: f64,
    /// Part of the squared standard error that is noise: 0 to 1. Null where there is no error.
    pub share_noise: Option<f64>,
    /// Wilson's 95 % interval, widened by the noise. Null as `value`.
    pub ci95: Option<[f64; 2]>,
}

/// A comparison of the shown groups in one estimate; noise is part of every standard error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Comparison {
    /// The estimate's name.
    pub name: String,
    /// The groups compared, by their values; differences are the first less the second.
    pub groups: Vec<String>,
    /// The test and its result.
    #[serde(flatten)]
    pub test: Test,
}

/// A statistical test, two-sided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "test", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Test {
    /// Two means, unequal variances (Welch).
    WelchT(TwoMeans),
    /// Two means, equal variances (Student).
    StudentT(TwoMeans),
    /// More than two means.
    Anova(Anova),
    /// Two or more rates.
    Chi2(Shares),
    /// Two or more survival curves.
    Logrank(Logrank),
}

/// A comparison of survival curves (Mantel 1966, Cancer Chemother Rep 50:163), with the hypergeometric variance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Logrank {
    /// χ². Null where nothing happened.
    pub statistic: Option<f64>,
    /// Number of groups less 1.
    pub df: f64,
    /// Null as `statistic`.
    pub p: Option<f64>,
    /// Of two groups in an exact answer: the first's events for its days over the second's. Absent where the second has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_ratio: Option<f64>,
}

/// A difference of two means.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TwoMeans {
    /// t. Null where neither group varies and there is no noise; then `df`, `p` and `ci95` are too.
    pub statistic: Option<f64>,
    /// Degrees of freedom (Welch and Satterthwaite's, also counting the noise, whose size is known).
    pub df: Option<f64>,
    /// Two-sided.
    pub p: Option<f64>,
    /// First less second, in the measure's unit.
    pub difference: f64,
    /// 95 % interval of the difference.
    pub ci95: Option<[f64; 2]>,
    /// Difference over the pooled standard deviation among courses (without noise). Null where that is 0.
    pub cohens_d: Option<f64>,
    /// d · (1 − 3/(4(n1 + n2) − 9)). Null as `cohens_d`.
    pub hedges_g: Option<f64>,
}

/// A one-way analysis of variance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Anova {
    /// F. Null where no group varies and there is no noise.
    pub statistic: Option<f64>,
    /// Between groups: their number less 1.
    pub df: f64,
    /// Within groups: courses less groups; fewer where noise blurs the spread.
    pub df_within: f64,
    /// Null as `statistic`.
    pub p: Option<f64>,
}

/// A comparison of rates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Shares {
    /// First less second. Null with more than two groups.
    pub risk_difference: Option<f64>,
    /// Wald's 95 % interval of the difference, within ±1. Null with more than two groups.
    pub ci95: Option<[f64; 2]>,
    /// Odds of the first over those of the second. Null with more than two groups or a rate of 0 or 1.
    pub odds_ratio: Option<f64>,
    /// Standard error of the odds ratio's natural logarithm. Null as `odds_ratio`.
    pub se_log_odds_ratio: Option<f64>,
    /// Pearson's χ² without continuity correction. Null where nobody or everybody says yes and there is no noise.
    pub chi2: Option<f64>,
    /// Number of groups less 1.
    pub df: f64,
    /// Null as `chi2`.
    pub p: Option<f64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
const fn is_false(said: &bool) -> bool {
    !*said
}
