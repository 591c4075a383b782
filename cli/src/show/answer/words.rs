//! Sentences that stand with an answer: comparisons, and what not to read into its numbers.

use sumac_protocol::answer::{Answer, Comparison, Found, Group, GroupKey, Linear, Logistic, Mean, Spread, Test};
use sumac_protocol::document::charter::Label;
use sumac_protocol::plan::{EstimateKind, Mode};

use super::about::{About, Asked, Endpoint};
use super::number::{fixed, p_value, places, span};
use super::spot::{Spot, spots};

/// A group by its values, as `drug · F`; `all` without `GROUP BY`.
pub(super) fn group_name(key: &GroupKey) -> String {
    if key.0.is_empty() {
        return "all".into();
    }
    crate::show::one_line(&key.0.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(" · "))
}

/// One sentence for a comparison: the difference with its interval, p, an effect size, and the test.
pub(super) fn compare(comparison: &Comparison, asked: Option<&Asked>) -> String {
    let name = crate::show::one_line(&comparison.name);
    let names = comparison.groups.iter().map(|group| crate::show::one_line(&group.replace('|', " · ")));
    let names: Vec<String> = names.collect();
    let (between, among) = (names.join(" − "), listed(&names));
    let unit = asked.map_or("", |asked| asked.unit.as_str());
    let says = match &comparison.test {
        Test::WelchT(t) | Test::StudentT(t) => {
            let student = matches!(comparison.test, Test::StudentT(_));
            let ends = t.ci95.into_iter().flatten();
            let places = places(ends.chain([t.difference]));
            let interval = t.ci95.map_or_else(String::new, |ends| format!(" (95 %: {})", span(ends, places)));
            let effect = t.hedges_g.map_or_else(String::new, |g| format!(", Hedges' g {}", fixed(g, 2)));
            let test = if student { "Student" } else { "Welch" };
            let statistic = match (t.statistic, t.df) {
                (Some(t), Some(df)) => format!("{test} t = {}, df {}", fixed(t, 2), fixed(df, 1)),
                _ => format!("{test} t"),
            };
            let (difference, p) = (fixed(t.difference, places), p_value(t.p));
            format!("{between} = {difference} {unit}{interval}, {p}{effect} [{statistic}]").replace("  ", " ")
        }
        Test::Anova(anova) => {
            let f = anova.statistic.map_or_else(|| "–".to_owned(), |f| fixed(f, 2));
            let (between, within) = (fixed(anova.df, 0), fixed(anova.df_within, 1));
            format!("{among} apart from each other: F = {f}, df {between} and {within}, {} [ANOVA]", p_value(anova.p))
        }
        Test::Chi2(shares) => {
            let difference = shares.risk_difference.map(|by| format!("{} percentage points", fixed(by * 100.0, 1)));
            let interval = shares.ci95.map(|ends| format!(" (95 %: {})", span(ends.map(|end| end * 100.0), 1)));
            let odds = shares.odds_ratio.map(|ratio| format!(", odds ratio {}", fixed(ratio, 2)));
            let chi2 = shares.chi2.map_or_else(|| "–".to_owned(), |chi2| fixed(chi2, 2));
            let head = difference.map_or_else(
                || format!("{among} apart from each other:"),
                |difference| format!("{between} = {difference}{},", interval.unwrap_or_default()),
            );
            let (odds, p) = (odds.unwrap_or_default(), p_value(shares.p));
            format!("{head} {p}{odds} [chi-squared {chi2}, df {}]", fixed(shares.df, 0))
        }
        Test::Logrank(test) => {
            let chi2 = test.statistic.map_or_else(|| "–".to_owned(), |chi2| fixed(chi2, 2));
            let (df, p) = (fixed(test.df, 0), p_value(test.p));
            format!("curves of {among} apart from each other: {p} [log-rank, chi-squared {chi2}, df {df}]")
        }
        _ => return format!("{name}: {among} were compared in a way that this program does not know"),
    };
    format!("{name}: {says}")
}

/// Names in a sentence: `a, b and c`; of many the first and how many more.
fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first, second, third, _, _, ..] => format!("{first}, {second}, {third} and {} more", names.len() - 3),
        [before @ .., last] => format!("{} and {last}", before.join(", ")),
    }
}

/// What a reader has to know before believing the numbers, a sentence each.
pub(super) fn warnings(answer: &Answer, about: &About) -> Vec<String> {
    let mut says = Vec::new();
    says.extend(about.setting.made_up.map(|label| match label {
        Label::Synthetic => "the records behind this answer were made by a generator: nobody had them".into(),
        Label::TestData | _ => "the records behind this answer are test data, not patients' own".into(),
    }));
    says.extend(held_back(answer));
    for (at, asked) in about.asked.iter().enumerate() {
        says.extend(too_few(answer, at, asked));
        let found = answer.groups.iter().filter_map(|group| Some((group_name(&group.key), group.shown(at)?)));
        let found: Vec<(String, &Found)> = found.collect();
        let of = |is: &dyn Fn(&Found) -> bool| {
            let names = found.iter().filter(|(_, found)| is(found)).map(|(name, _)| name.clone());
            let names = names.collect::<Vec<_>>();
            (!names.is_empty()).then(|| listed(&names))
        };
        let name = crate::show::one_line(&asked.name);
        says.extend(of(&|found| is_drowned(found)).map(|groups| {
            format!(
                "{name} ({groups}): most of the interval is noise, which hides each patient; a higher price, fewer \
                 groups or estimates, or more patients would narrow it, and reading it more closely would not"
            )
        }));
        says.extend(of(&|found| rests_on_the_literature(found)).map(|groups| {
            format!("{name} ({groups}): noise hides the spread of the values; sizes of effects rest on a published one")
        }));
        says.extend(of(&|found| is_nowhere(found)).map(|groups| {
            format!(
                "{name} ({groups}): nothing can be estimated, for want of courses or because noise leaves too little"
            )
        }));
        says.extend(
            found
                .iter()
                .filter_map(|(group, found)| left_out(found).map(|c| (group, c)))
                .map(|(group, columns)| format!("{name} ({group}): left out, as it does not vary: {columns}")),
        );
        says.extend(observed_only(asked, about));
    }
    if !answer.comparisons.is_empty() && !about.setting.randomised {
        says.push(
            "the groups were not made by lot: a difference between them may come from who is in them, and is not by \
             itself an effect of treatment"
                .into(),
        );
    }
    says
}

/// Which groups, of which other things are shown, have too few courses for an estimate, or for a day of it.
fn too_few(answer: &Answer, at: usize, asked: &Asked) -> Option<String> {
    let few = |group: &Group| {
        let (name, found) = (group_name(&group.key), &group.estimates.get(at)?.found);
        if let Found::Trajectory(course) = found {
            let days: Vec<String> = course.too_few.iter().map(i32::to_string).collect();
            return (!days.is_empty()).then(|| format!("{name}, day {}", listed(&days)));
        }
        (*found == Found::TooFew).then_some(name)
    };
    let groups: Vec<String> = answer.groups.iter().filter_map(few).collect();
    let (name, least) = (crate::show::one_line(&asked.name), answer.cohort_min);
    (!groups.is_empty()).then(|| {
        let groups = groups.join("; ");
        format!("{name} ({groups}): held back, as not clearly {least} courses or more with the noise in their number")
    })
}

/// Which groups are held back, and why.
fn held_back(answer: &Answer) -> Option<String> {
    let names = answer.groups.iter().filter(|group| group.suppressed).map(|group| group_name(&group.key));
    let names: Vec<String> = names.collect();
    if names.is_empty() {
        return None;
    }
    let (least, all) = (answer.cohort_min, answer.groups.len());
    let why = match answer.mode {
        Mode::Dp => format!("not clearly {least} courses or more with the noise in the count"),
        Mode::Exact => format!("fewer than {least} courses, or what is shown would tell of so few"),
    };
    Some(format!("held back: {} of {all} groups ({}): {why}", names.len(), listed(&names)))
}

/// Whether most of what is uncertain about an estimate is noise: of a count or a sum, which is not sampled, where the
/// interval is wider than the value.
pub(super) fn is_drowned(found: &Found) -> bool {
    let spots = spots(found);
    let added_up = matches!(found, Found::Count(_) | Found::Sum(_) | Found::Histogram(_));
    let drowned = |spot: &&Spot| {
        if !added_up {
            return spot.share_of_noise().is_some_and(|share| share > 0.5);
        }
        let noisy = spot.sd_noise.is_some_and(|noise| noise > 0.0);
        noisy && spot.interval().zip(spot.value).is_some_and(|([low, high], value)| high - low > value.abs())
    };
    spots.iter().filter(drowned).count() * 2 > spots.len()
}

/// Whether the spread that is shown, and that sizes of effects rest on, is the dictionary's.
fn rests_on_the_literature(found: &Found) -> bool {
    let of_dictionary = |mean: &Mean| mean.spread == Some(Spread::Reference);
    if let Found::Trajectory(course) = found {
        return course.value.iter().any(|point| of_dictionary(&point.mean));
    }
    matches!(found, Found::Mean(mean) if of_dictionary(mean))
}

/// Whether nothing could be estimated.
fn is_nowhere(found: &Found) -> bool {
    spots(found).iter().all(|spot| spot.value.is_none())
}

/// The columns that a regression had to leave out.
fn left_out(found: &Found) -> Option<String> {
    let (Found::Linear(Linear { left_out, .. }) | Found::Logistic(Logistic { left_out, .. })) = found else {
        return None;
    };
    (!left_out.is_empty()).then(|| left_out.join(", "))
}

/// That a response is told of those with a value only, where the question does not also ask what the others would change.
fn observed_only(asked: &Asked, about: &About) -> Option<String> {
    let Some(Endpoint::Observed(endpoint)) = &asked.endpoint else { return None };
    let beside = about.asked.iter().filter_map(|other| other.endpoint.as_ref());
    let told = beside.into_iter().any(|other| match other {
        Endpoint::Missing => true,
        Endpoint::IntentionToTreat(same) => same == endpoint,
        Endpoint::Observed(_) => false,
    });
    (!told).then(|| {
        format!(
            "{}: courses without a value are left out; who drops out may have fared worse, which \
             `missing => 'non_responder'` in the same question would show",
            crate::show::one_line(&asked.name)
        )
    })
}

/// What the answer cost, or that it is exact: then it carries no differential privacy, and what protects anybody in it is
/// that groups are held back by a committee that sees them.
pub(super) fn price(answer: &Answer) -> String {
    match (answer.mode, answer.rho_micro, answer.epsilon, answer.delta) {
        (Mode::Dp, Some(rho), Some(epsilon), Some(delta)) => {
            format!("every patient counted was charged {rho} (ε {epsilon:.3} at δ {delta:e})")
        }
        (Mode::Dp, Some(rho), ..) => format!("every patient counted was charged {rho}"),
        _ if answer.cohort_min <= 1 => {
            "exact: no noise, no differential privacy, no (ε, δ); this charter shows groups of any size".to_owned()
        }
        _ => {
            let least = answer.cohort_min;
            format!(
                "exact: no noise, no differential privacy, no (ε, δ); groups below {least} are held back, by a committee \
                 that sees them and has to be honest"
            )
        }
    }
}

/// How an estimate and its interval are made, for the methods section of a report.
pub(super) fn method(asked: &Asked, mode: Mode) -> &'static str {
    let dp = mode == Mode::Dp;
    match asked.of {
        EstimateKind::Count | EstimateKind::Sum if dp => "added up, not sampled: the interval covers the noise alone",
        EstimateKind::Count | EstimateKind::Sum => "added up, not sampled: there is no interval",
        EstimateKind::Mean | EstimateKind::Trajectory => "normal intervals for sampling and noise together",
        EstimateKind::Rate => "Wilson's interval, widened by the noise",
        EstimateKind::Variance | EstimateKind::Stddev => "n − 1 in the denominator; interval by the χ² distribution",
        EstimateKind::Quantile { .. } => "R's type 7; Woodruff's interval",
        EstimateKind::Histogram { .. } => "counts; the interval covers the noise alone",
        EstimateKind::Correlation => "Pearson's; interval by Fisher's transformation",
        EstimateKind::Linear => "ordinary least squares; t intervals, noise included",
        EstimateKind::Survival => "Kaplan and Meier's estimate; Greenwood's standard error, noise included",
        EstimateKind::EventsPer { .. } => "ratio of two sums over courses; the interval has both errors",
        EstimateKind::Logistic => "one step of Newton's method; logarithms of odds ratios, Wald intervals",
        _ => "",
    }
}
