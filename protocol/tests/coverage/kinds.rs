//! The questions: one for each kind of estimate, each asked alone at the full price.

/// One kind of estimate.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) question: &'static str,
    /// Of the cohort itself, which is counted or added up, and not of the population behind it.
    pub(crate) of_the_cohort: bool,
    /// Parts of 100 that its intervals must hold, and may hold at most.
    pub(crate) bounds: [f64; 2],
}

/// Of means, counts and rates.
const NARROW: [f64; 2] = [0.93, 0.98];
/// Of everything else: no fewer than so many; how much wider it is, the table tells.
const WIDE: [f64; 2] = [0.92, 1.0];

const fn kind(name: &'static str, question: &'static str, bounds: [f64; 2]) -> Kind {
    Kind { name, question, of_the_cohort: false, bounds }
}

const fn counted(name: &'static str, question: &'static str, bounds: [f64; 2]) -> Kind {
    Kind { name, question, of_the_cohort: true, bounds }
}

pub(crate) const KINDS: [Kind; 19] = [
    counted("count", "SELECT count(*) AS x FROM courses", NARROW),
    counted("sum", "SELECT sum(sessions(dosing)) AS x FROM courses", NARROW),
    kind("mean", "SELECT mean(change(phq9, day => 28, from => 20, to => 35)) AS x FROM courses", NARROW),
    kind("mean, full range", "SELECT mean(score(phq9, day => 28, from => 20, to => 35)) AS x FROM courses", NARROW),
    // Ranges from 0 to 120 and spreads by 14, which the dictionary does not know: at 80 the noise hides it.
    kind("mean, narrow spread", "SELECT mean(age) AS x FROM courses", NARROW),
    kind("variance", "SELECT variance(score(phq9, day => 28, from => 20, to => 35)) AS x FROM courses", WIDE),
    kind("stddev", "SELECT stddev(score(phq9, day => 28, from => 20, to => 35)) AS x FROM courses", WIDE),
    kind("rate", "SELECT rate(response(phq9, day => 28, from => 20, to => 35)) AS x FROM courses", NARROW),
    kind("missing", "SELECT missing(score(phq9, day => 28, from => 20, to => 35)) AS x FROM courses", NARROW),
    kind("median", "SELECT median(score(phq9, day => 28, from => 20, to => 35)) AS x FROM courses", WIDE),
    kind("quantile", "SELECT quantile(score(phq9, day => 28, from => 20, to => 35), 0.9) AS x FROM courses", WIDE),
    counted("histogram", "SELECT histogram(score(phq9, day => 28, from => 20, to => 35), 5) AS x FROM courses", WIDE),
    kind(
        "correlation",
        "SELECT correlation(baseline(phq9), score(phq9, day => 28, from => 20, to => 35)) AS x FROM courses",
        WIDE,
    ),
    kind(
        "linear",
        "SELECT linear(score(phq9, day => 28, from => 20, to => 35), baseline(phq9), treatment_resistant) AS x FROM courses",
        WIDE,
    ),
    kind("survival", "SELECT survival(relapse, bucket => 14, until => 112) AS x FROM courses", WIDE),
    kind("events_per", "SELECT events_per(nausea, 100, sessions(dosing)) AS x FROM courses", WIDE),
    kind("trajectory", "SELECT trajectory(phq9, days => (0, 7, 14, 28)) AS x FROM courses", NARROW),
    kind(
        "difference of means",
        "SELECT mean(change(phq9, day => 28, from => 20, to => 35)) AS x FROM courses GROUP BY band(age, 18, 44, 91)",
        WIDE,
    ),
    kind(
        "difference of rates",
        "SELECT rate(response(phq9, day => 28, from => 20, to => 35)) AS x FROM courses GROUP BY band(age, 18, 44, 91)",
        WIDE,
    ),
];
