//! Exact answers against the pooled calculation of a real trial.

use serde_json::Value;

use super::{mean, rate, told};
use crate::answer::{Answer, Found, Test, TwoMeans, suppress};
use crate::plan::{BlockKind, Mode, Plan};
use crate::privacy::trial::{Asked, count, mean_of, plan, rate_of};

/// HAM-D 17 changes over the full range.
fn change() -> Asked {
    mean_of("change", -52, 52, None)
}

fn reference(query: &str) -> Value {
    let file: Value = serde_json::from_str(include_str!("../../../vectors/answer/hamd_duloxetine.json")).unwrap();
    file["answers"][query].clone()
}

fn near(got: f64, want: &Value, why: &str) {
    let want = want.as_f64().unwrap();
    assert!((got - want).abs() <= 1e-9 * want.abs(), "{why}: {got} where {want}");
}

fn integer(value: &Value) -> i128 {
    let float = value.as_f64().unwrap();
    let whole = value.as_i64().unwrap_or_else(|| format!("{float:.0}").parse().unwrap());
    assert!((float - whole as f64).abs() <= 0.0, "{value} is whole");
    whole.into()
}

/// The exact answer of a question with one estimate, from n, Σx and Σx² of each group.
fn from_sums(asked: Asked, groups: &[(String, &Value)]) -> Answer {
    let names: Vec<&str> = groups.iter().map(|(name, _)| name.as_str()).collect();
    let plan = plan(Mode::Exact, &names, vec![asked]);
    let raw: Vec<i128> = groups.iter().flat_map(|(_, sums)| raw_cells(&plan, sums)).collect();
    told(&plan, &plan.recentre(&raw).unwrap(), 3)
}

fn raw_cells(plan: &Plan, sums: &Value) -> Vec<i128> {
    let min = plan.quantities.first().map_or(0, |quantity| i128::from(quantity.min));
    let n = integer(&sums["n"]);
    let sum = || integer(sums.get("sum").unwrap_or(&sums["events"]));
    let cell = |kind| match kind {
        BlockKind::Count => n,
        BlockKind::Sum => sum() - min * n,
        BlockKind::Squares => integer(&sums["sum_sq"]) - 2 * min * sum() + min * min * n,
        BlockKind::Bin { .. } | BlockKind::Product { .. } => panic!("{kind:?} is not of these tables"),
    };
    plan.blocks.iter().map(|block| cell(block.kind)).collect()
}

fn groups_of(answers: &Value) -> Vec<(String, &Value)> {
    answers.as_object().unwrap().iter().map(|(name, sums)| (name.clone(), sums)).collect()
}

#[test]
fn sums_agree_to_the_last_bit_and_what_follows_from_them_to_a_billionth() {
    let score = || mean_of("score", 0, 52, None);
    let tables = [
        ("baseline", score()),
        ("baseline_by_arm", score()),
        ("baseline_by_site", score()),
        ("endpoint_by_arm", score()),
        ("change", change()),
        ("change_by_arm", change()),
        ("change_by_site", change()),
    ];
    for (query, asked) in tables {
        let answers = reference(query);
        let groups = if answers.get("n").is_some() { vec![("all".to_owned(), &answers)] } else { groups_of(&answers) };
        let got = from_sums(asked, &groups);
        for ((name, want), group) in groups.iter().zip(&got.groups) {
            let mean = mean(&group.estimates[0]);
            assert_eq!(group.key, crate::answer::Pairs(vec![("arm".to_owned(), name.clone())]));
            assert_eq!(i128::from(mean.n), integer(&want["n"]), "{query} {name}");
            assert_eq!(mean.sum.map(i128::from), Some(integer(&want["sum"])), "{query} {name}");
            assert_eq!(mean.sum_sq.map(i128::from), Some(integer(&want["sum_sq"])), "{query} {name}");
            near(mean.value.unwrap(), &want["mean"], name);
            near(mean.sd.unwrap(), &want["sd"], name);
            assert!(mean.sd_noise <= 0.0 && mean.share_noise == Some(0.0), "{query} {name}");
        }
    }
}

#[test]
fn the_t_tests_of_change_by_arm_are_the_textbooks() {
    let (answers, want) = (reference("change_by_arm"), reference("t_test_change_by_arm"));
    let got = from_sums(change(), &groups_of(&answers));
    let check = |got: &TwoMeans, test: &str| {
        near(got.difference, &want["mean_difference"], "difference");
        near(got.statistic.unwrap(), &want[test]["t"], test);
        near(got.df.unwrap(), &want[test]["df"], test);
        near(got.p.unwrap(), &want[test]["p"], test);
        near(got.ci95.unwrap()[0], &want[test]["ci95"][0], test);
        near(got.ci95.unwrap()[1], &want[test]["ci95"][1], test);
        near(got.cohens_d.unwrap(), &want["cohens_d"], "d");
        near(got.hedges_g.unwrap(), &want["hedges_g"], "g");
    };
    let [welch, student] = got.comparisons.as_slice() else { panic!("{:?}", got.comparisons) };
    assert_eq!((welch.groups.join(" "), student.name.as_str()), ("drug placebo".to_owned(), "change"));
    let (Test::WelchT(welch), Test::StudentT(student)) = (&welch.test, &student.test) else { panic!() };
    check(welch, "t_welch");
    check(student, "t_student");
}

#[test]
fn the_analysis_of_variance_of_change_by_site_is_the_textbooks() {
    let (answers, want) = (reference("change_by_site"), reference("anova_change_by_site"));
    let got = from_sums(change(), &groups_of(&answers));
    let [only] = got.comparisons.as_slice() else { panic!("{:?}", got.comparisons) };
    let Test::Anova(anova) = &only.test else { panic!("{only:?}") };
    assert_eq!(i128::try_from(only.groups.len()).unwrap(), integer(&want["k"]));
    near(anova.statistic.unwrap(), &want["F"], "F");
    near(anova.p.unwrap(), &want["p"], "p");
    near(anova.df + anova.df_within + 1.0, &want["n"], "courses");
}

#[test]
fn rates_by_arm_and_their_comparison_are_the_textbooks() {
    for query in ["response_by_arm", "response_itt_by_arm", "remission_by_arm"] {
        let want = reference(query);
        let got = from_sums(rate_of("response"), &groups_of(&want["by_arm"]));
        for group in &got.groups {
            let (rate, arm) = (rate(&group.estimates[0]), group.key.to_string());
            assert_eq!(i128::from(rate.n), integer(&want["by_arm"][&arm]["n"]), "{query} {arm}");
            assert_eq!(i128::from(rate.events), integer(&want["by_arm"][&arm]["events"]), "{query} {arm}");
            near(rate.value.unwrap(), &want["rate"][&arm], query);
        }
        let Test::Chi2(shares) = &got.comparisons[0].test else { panic!("{query}") };
        near(shares.risk_difference.unwrap(), &want["risk_difference"], query);
        near(shares.ci95.unwrap()[0], &want["rd_ci95_wald"][0], query);
        near(shares.ci95.unwrap()[1], &want["rd_ci95_wald"][1], query);
        near(shares.odds_ratio.unwrap(), &want["odds_ratio"], query);
        near(shares.odds_ratio.unwrap().ln(), &want["log_or"], query);
        near(shares.se_log_odds_ratio.unwrap(), &want["se_log_or"], query);
        near(shares.chi2.unwrap(), &want["chi2"]["stat"], query);
        near(shares.p.unwrap(), &want["chi2"]["p"], query);
        near(shares.df, &want["chi2"]["df"], query);
    }
}

#[test]
fn a_share_of_all_is_its_events_over_its_courses() {
    let want = reference("deterioration");
    let got = from_sums(rate_of("deteriorated"), &[("all".to_owned(), &want)]);
    near(rate(&got.groups[0].estimates[0]).value.unwrap(), &want["share"], "deterioration");
    let want = reference("missing_endpoint_by_arm");
    let cells: Vec<i128> = ["drug", "placebo"]
        .iter()
        .flat_map(|arm| [integer(&want[arm]["n"]), 2 * integer(&want[arm]["missing"]) - integer(&want[arm]["n"])])
        .collect();
    let got = told(&plan(Mode::Exact, &["drug", "placebo"], vec![rate_of("missing")]), &cells, 3);
    for group in &got.groups {
        near(rate(&group.estimates[0]).value.unwrap(), &want[group.key.to_string()]["share"], "missing");
    }
}

#[test]
fn counts_agree_to_the_last_bit() {
    for query in ["courses_by_arm", "courses_by_site", "courses_by_site_arm"] {
        let want = reference(query);
        let groups = groups_of(&want);
        let names: Vec<&str> = groups.iter().map(|(name, _)| name.as_str()).collect();
        let cells: Vec<i128> = groups.iter().map(|(_, n)| integer(n)).collect();
        let got = told(&plan(Mode::Exact, &names, vec![count()]), &cells, 3);
        for (cell, group) in cells.iter().zip(&got.groups) {
            let Found::Count(count) = &group.estimates[0].found else { panic!("{query}") };
            assert_eq!(i128::from(count.value), *cell);
            assert!(count.ci95.iter().all(|end| (end - *cell as f64).abs() <= 0.0), "{query}");
        }
    }
}

#[test]
fn sites_below_the_smallest_cohort_are_suppressed_and_no_others() {
    let all = reference("courses_by_site");
    let cells: Vec<i128> = groups_of(&all).iter().map(|(_, n)| integer(n)).collect();
    let names = groups_of(&all).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    let asked = plan(Mode::Exact, &names.iter().map(String::as_str).collect::<Vec<_>>(), vec![count()]);
    for (query, smallest) in [("courses_by_site_min_cell_5", 5), ("courses_by_site_min_cell_11", 11)] {
        let want = reference(query);
        let want: Vec<bool> = names.iter().map(|name| want[name] == "suppressed").collect();
        assert_eq!(suppress(&asked, &cells, smallest, 3), want, "{query}");
    }
}
