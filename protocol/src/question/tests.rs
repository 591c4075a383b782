//! Questions that can be asked, and many more that cannot.

use proptest::prelude::*;

use super::{QuestionError, compile};
use crate::dictionary::{Dictionary, Fraction};
use crate::limits::{ELEMENTS_MAX_DP, QUERY_BYTES_MAX};
use crate::plan::{
    BlockKind, Condition, EstimateKind, Gain, Measure, MissingEndpoint, Mode, Plan, Relation, Timepoint,
};
use crate::share::{Parties, Unfit, check_fit};

mod refused;

/// A dictionary of a ketamine clinic, as small as the tests allow.
const CLINIC: &str = r#"
name = "clinic"
version = 1
[[instrument]]
id = "PHQ-9"
version = "1999"
category = "outcomes"
min = 0
max = 27
better = "lower"
reference_sd = 6
change_clip = [-20, 10]
response = { at_least = { num = 1, den = 2 } }
remission = { at_most = 4 }
source = "Kroenke 2001"
licence = "free"
[[instrument]]
id = "WHO-5"
version = "1998"
category = "outcomes"
min = 0
max = 250
decimals = 1
better = "higher"
source = "WHO"
licence = "free"
[[instrument]]
id = "CADSS"
version = "1998"
category = "adverse_events"
min = 0
max = 92
better = "neutral"
source = "Bremner 1998"
licence = "free"
[[instrument]]
id = "PGI-I"
version = "1976"
category = "outcomes"
min = 1
max = 7
better = "lower"
rates_change = true
source = "Guy 1976"
licence = "free"
[[field]]
id = "indication"
type = "category"
category = "treatment"
values = ["mdd", "ptsd", "pain"]
[[field]]
id = "route"
type = "category"
category = "treatment"
values = ["iv", "im", "nasal"]
[[field]]
id = "paradigm"
type = "category"
category = "treatment"
values = ["infusion", "kap_low", "kap_high"]
[[field]]
id = "sex"
type = "category"
category = "demographics"
values = ["F", "M"]
[[field]]
id = "treatment_resistant"
type = "flag"
category = "treatment"
[[field]]
id = "age"
type = "number"
category = "demographics"
min = 0
max = 120
[[field]]
id = "weight"
type = "number"
category = "demographics"
min = 250
max = 3000
decimals = 1
unit = "kg"
[[field]]
id = "clinic_type"
type = "category"
category = "treatment"
values = [VALUES]
[[field]]
id = "schedule"
type = "category"
category = "treatment"
values = [VALUES]
"#;

fn clinic() -> Dictionary {
    let values: Vec<String> = (0..40).map(|n| format!("\"v{n}\"")).collect();
    Dictionary::parse(&CLINIC.replace("VALUES", &values.join(", "))).unwrap()
}

fn plan(text: &str, mode: Mode) -> Plan {
    compile(text, &clinic(), mode).unwrap_or_else(|error| panic!("{}", error.render(text)))
}

fn flaw(text: &str) -> QuestionError {
    compile(text, &clinic(), Mode::Dp).expect_err(text)
}

const AT: Timepoint = Timepoint { day: 28, from: 14, to: 31 };

#[test]
fn the_question_of_the_introduction_becomes_the_plan_it_means() {
    let text = "SELECT count(*), mean(change(phq9, day => 28, from => 14, to => 31)) AS change,
           rate(response(phq9, day => 28, from => 14, to => 31)) AS response
    FROM courses
    WHERE indication = 'mdd' AND route IN ('im', 'IV') AND treatment_resistant
    GROUP BY paradigm";
    let plan = plan(text, Mode::Dp);
    let instrument = || "PHQ-9".to_owned();
    let response = Measure::Response {
        instrument: instrument(),
        at: AT,
        at_least: Gain::OfBaseline(Fraction { num: 1, den: 2 }),
        missing: MissingEndpoint::LeftOut,
    };
    assert_eq!(plan.quantities[0].measure, Measure::Change { instrument: instrument(), at: AT });
    assert_eq!((plan.quantities[0].min, plan.quantities[0].max), (-20, 10), "the public clip");
    assert_eq!(plan.quantities[0].reference_sd, Some(6));
    assert_eq!(plan.quantities[1].measure, response);
    let is = |field: &str, values: &[&str]| Condition::Is {
        field: field.into(),
        values: values.iter().map(|value| (*value).to_owned()).collect(),
    };
    let filter = Condition::All(vec![
        is("indication", &["mdd"]),
        is("route", &["iv", "im"]),
        Condition::Flag("treatment_resistant".into()),
    ]);
    assert_eq!(plan.filter, Some(filter));
    assert_eq!(plan.group_by[0].values, ["infusion", "kap_low", "kap_high"]);
    let blocks: Vec<_> = plan.blocks.iter().map(|block| (block.quantity, block.kind)).collect();
    let (count, sum, squares) = (BlockKind::Count, BlockKind::Sum, BlockKind::Squares);
    assert_eq!(
        blocks,
        [(None, count), (Some(0), count), (Some(0), sum), (Some(0), squares), (Some(1), count), (Some(1), sum)]
    );
    let names: Vec<_> = plan.estimates.iter().map(|estimate| (estimate.name.as_str(), estimate.of)).collect();
    assert_eq!(
        names,
        [("count(*)", EstimateKind::Count), ("change", EstimateKind::Mean), ("response", EstimateKind::Rate)]
    );
    assert!(plan.blocks.iter().all(|block| block.rho.0 == 0 && block.sigma == 0), "pricing is apart");
}

#[test]
fn there_are_no_groups_in_which_nobody_can_be() {
    let all = ["iv", "im", "nasal"];
    let cases: [(&str, &[&str], &str); 6] = [
        ("", &all, "everybody"),
        ("WHERE route IN ('im', 'iv')", &["iv", "im"], "in the dictionary's order"),
        ("WHERE age > 30 AND route = 'nasal' AND indication = 'mdd'", &["nasal"], "one of several conditions"),
        ("WHERE indication = 'mdd'", &all, "of another field"),
        ("WHERE route = 'iv' OR age > 30", &all, "anybody may be older"),
        ("WHERE route = 'iv' AND route = 'im'", &["iv"], "nobody is both, and one empty group is enough to say so"),
    ];
    for (filter, want, why) in cases {
        let plan = plan(&format!("SELECT count(*) FROM courses {filter} GROUP BY route"), Mode::Dp);
        assert_eq!(plan.group_by[0].values, want, "{why}");
    }
}

#[test]
fn one_quantity_is_bought_once_however_often_it_is_asked_for() {
    let text =
        "SELECT mean(baseline(phq9)) AS a, rate(treatment_resistant), MEAN( Baseline(\"PHQ-9\") ) AS b FROM courses";
    let plan = plan(text, Mode::Dp);
    assert_eq!((plan.quantities.len(), plan.blocks.len()), (2, 5));
    assert_eq!(plan.estimates[0].quantity, plan.estimates[2].quantity);
    assert_eq!(plan.estimates[1].name, "rate(treatment_resistant)", "as it was written");
}

#[test]
fn bounds_follow_the_question_then_the_mode() {
    let change = "change(phq9, day => 28, from => 14, to => 31)";
    let cases = [
        (change.to_owned(), Mode::Dp, (-20, 10), "the dictionary's clip"),
        (change.to_owned(), Mode::Exact, (-27, 27), "the full range"),
        (format!("clip({change}, -27, 27)"), Mode::Dp, (-27, 27), "the question's own clip, even if wider"),
        (format!("clip({change}, -5, 5)"), Mode::Exact, (-5, 5), "also in exact mode"),
        ("clip(baseline(phq9), -10, 20)".to_owned(), Mode::Dp, (0, 20), "no room below what can be"),
        ("clip(baseline(who5), 2.5, 20)".to_owned(), Mode::Dp, (25, 200), "decimals of the instrument"),
        ("weight".to_owned(), Mode::Dp, (250, 3000), "a field's bounds"),
        ("score(who5, day => 28, from => 14, to => 31)".to_owned(), Mode::Dp, (0, 250), "an instrument's bounds"),
    ];
    for (measure, mode, want, why) in cases {
        let plan = plan(&format!("SELECT mean({measure}) FROM courses"), mode);
        assert_eq!((plan.quantities[0].min, plan.quantities[0].max), want, "{why}");
        assert!(!matches!(plan.quantities[0].measure, Measure::Clip { .. }), "a clip is the quantity's bounds");
    }
}

#[test]
fn conditions_mean_what_they_say() {
    let compare = |measure: Measure, relation, value| Condition::Compare { measure, relation, value };
    let age = |relation, value| compare(Measure::Field("age".into()), relation, value);
    let weight = |relation, value| compare(Measure::Field("weight".into()), relation, value);
    let sex = || Condition::Is { field: "sex".into(), values: vec!["F".into()] };
    let not = |condition| Condition::Not(Box::new(condition));
    let flag = || Condition::Flag("treatment_resistant".into());
    let baseline = Measure::Baseline { instrument: "PHQ-9".into() };
    let cases = [
        ("age >= 18", age(Relation::AtLeast, 18)),
        ("18 <= age", age(Relation::AtLeast, 18)),
        ("18.0 < age", age(Relation::Above, 18)),
        ("weight <> 80.5", weight(Relation::Unequal, 805)),
        ("age BETWEEN 18 AND 65", Condition::All(vec![age(Relation::AtLeast, 18), age(Relation::AtMost, 65)])),
        ("age IN (40, 30, 30)", Condition::Any(vec![age(Relation::Equal, 30), age(Relation::Equal, 40)])),
        ("sex = 'f'", sex()),
        ("'F' = sex", sex()),
        ("sex <> 'F'", not(sex())),
        ("sex NOT IN ('F')", not(sex())),
        ("NOT sex = 'F'", not(sex())),
        ("treatment_resistant", flag()),
        ("treatment_resistant = TRUE", flag()),
        ("treatment_resistant = false", not(flag())),
        ("treatment_resistant <> true", not(flag())),
        ("(((treatment_resistant)))", flag()),
        ("baseline(phq9) > 9", compare(baseline.clone(), Relation::Above, 9)),
        ("clip(baseline(phq9), 5, 9) = 9", {
            compare(Measure::Clip { of: Box::new(baseline), low: 5, high: 9 }, Relation::Equal, 9)
        }),
        ("remission(phq9, day => 28, from => 14, to => 31)", {
            Condition::Holds(Measure::Remission { instrument: "PHQ-9".into(), at: AT, limit: 4 })
        }),
        ("sex = 'F' OR age > 5 AND treatment_resistant OR sex = 'F'", {
            Condition::Any(vec![sex(), Condition::All(vec![age(Relation::Above, 5), flag()]), sex()])
        }),
    ];
    for (text, want) in cases {
        let plan = plan(&format!("SELECT count(*) FROM courses WHERE {text}"), Mode::Dp);
        assert_eq!(plan.filter, Some(want), "{text}");
    }
}

#[test]
fn a_question_may_be_laid_out_and_commented_as_one_likes() {
    let texts = [
        "select COUNT(*) from Courses;",
        "\n\t SELECT count(*)\r\n-- who\nFROM courses /* all */ ;  -- end",
        "SELECT count ( * ) FROM \"courses\"",
    ];
    for text in texts {
        assert_eq!(plan(text, Mode::Dp).estimates.len(), 1, "{text}");
    }
}

#[test]
fn a_plan_in_plain_words_says_what_who_and_what_is_read() {
    let dictionary = clinic();
    let text = "SELECT count(*), mean(change(phq9, day => 28, from => 14, to => 31)) AS change,
        rate(response(phq9, day => 28, from => 14, to => 31, missing => 'non_responder')) AS itt,
        rate(remission(who5, day => 28, from => 14, to => 31, at_least => 13)) AS well, mean(weight) AS weight
        FROM courses WHERE (sex = 'F' OR age >= 65) AND NOT route IN ('iv', 'im') GROUP BY paradigm";
    let want = "\
count(*): how many courses there are
change: the mean of the change of PHQ-9 from baseline (the last on or before day 0) to day 28 (the closest within days 14 to 31), each value moved into -20 to 10
itt: the share of courses with PHQ-9 better by at least 1/2 of its baseline (the last on or before day 0) on day 28 (the closest within days 14 to 31), courses without that total counted as no
well: the share of courses with WHO-5 of at least 13.0 on day 28 (the closest within days 14 to 31)
weight: the mean of weight, each value moved into 25.0 to 300.0 kg
over courses where (sex is F or age is at least 65) and not (route is iv or im)
for each paradigm apart: infusion, kap_low, kap_high
each patient counts with one course, the first that matches
reads: demographics, treatment, outcomes
answers carry noise that hides each patient";
    assert_eq!(compile(text, &dictionary, Mode::Dp).unwrap().describe(&dictionary), want);
    let count = compile("SELECT count(*) FROM courses", &dictionary, Mode::Exact).unwrap().describe(&dictionary);
    assert!(count.contains("over all courses") && count.contains("reads: only that there is a course"), "{count}");
}

#[test]
fn a_plan_too_large_to_contribute_says_by_how_much_to_shrink() {
    let three_means = "SELECT mean(weight), mean(age), mean(baseline(phq9)) FROM courses GROUP BY schedule, route";
    let asked = |mode| plan(three_means, mode);
    let parties = |patients_max| Parties::new(patients_max, 5, 3);
    assert_eq!(asked(Mode::Dp).cell_count(), 120 * 9);
    assert_eq!(check_fit(&asked(Mode::Dp), &parties(100)), Ok(()));
    let refused = check_fit(&asked(Mode::Dp), &parties(1_000)).unwrap_err();
    let Unfit::TooManyElements { elements, groups: 120, most } = refused else { panic!("{refused}") };
    assert_eq!(most, ELEMENTS_MAX_DP);
    let fit = 120 * most / elements;
    assert!(refused.remedy().starts_with(&format!("ask for {fit} groups instead of 120")), "{}", refused.remedy());
    assert_eq!(check_fit(&asked(Mode::Exact), &parties(1_000)), Ok(()), "exact studies may be larger");
    let refused = check_fit(&asked(Mode::Exact), &parties(1_000_000)).unwrap_err();
    assert_eq!(refused.code(), "proof-overflows");
    assert!(refused.remedy().starts_with("clip weight to a range of at most 214.7"), "{}", refused.remedy());
    assert_eq!(check_fit(&asked(Mode::Dp), &parties(u64::MAX)).unwrap_err().code(), "counts-overflow");
}

#[test]
fn one_text_has_one_plan_and_another_clip_has_another() {
    let text = |clip: &str| format!("SELECT mean(clip(baseline(phq9), {clip})) AS m FROM courses");
    assert_eq!(plan(&text("0, 20"), Mode::Dp).digest(), plan(&text("-9, 20.0"), Mode::Dp).digest());
    assert_ne!(plan(&text("0, 20"), Mode::Dp).digest(), plan(&text("0, 21"), Mode::Dp).digest());
}

/// Words and signs of the language and around it, thrown together.
fn word_soup() -> impl Strategy<Value = String> {
    let pieces = "SELECT FROM courses WHERE GROUP BY AND OR NOT IN BETWEEN AS ( ) , = <> <= => * - 'mdd' ' \" 28 0.5 \
        1e9 count mean rate baseline score change clip response remission phq9 PHQ-9 age sex day from to -- /* */ ; \
        CASE date INTERVAL NULL x.y [ ] { } :: @ $1 # \\ é \u{202e} \0 CAST EXTRACT current_time IF ARRAY STRUCT E' \
        U&' X' $$";
    let pieces: Vec<&str> = pieces.split(' ').filter(|piece| !piece.is_empty()).chain(["\n"]).collect();
    proptest::collection::vec(proptest::sample::select(pieces), 0..60).prop_map(|words| words.join(" "))
}

fn sound(text: &str) {
    let dictionary = clinic();
    if let Err(error) = compile(text, &dictionary, Mode::Dp) {
        let shown = error.render(text);
        assert!(error.span.start <= error.span.end && error.span.end <= text.len(), "{text:?}: {:?}", error.span);
        assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
        assert!(!error.remedy().is_empty() && !error.code().is_empty(), "{text:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_text_makes_the_reader_panic(text in ".{0,200}") {
        sound(&text);
    }

    #[test]
    fn no_order_of_words_makes_the_reader_panic(text in word_soup()) {
        sound(&text);
        sound(&format!("SELECT count(*) FROM courses WHERE {text}"));
        sound(&format!("SELECT {text} FROM courses"));
    }

    #[test]
    fn no_damage_to_a_good_question_makes_the_reader_panic(cut in 0..200_usize, piece in word_soup()) {
        let good = "SELECT count(*), mean(clip(change(phq9, day => 28, from => 14, to => 31), -5, 5)) AS change \
                    FROM courses WHERE age BETWEEN 18 AND 65 OR NOT sex IN ('F') GROUP BY route, sex";
        let cut = cut.min(good.len());
        sound(&format!("{}{piece}{}", &good[..cut], &good[cut..]));
        sound(&good[..cut]);
    }
}

#[test]
fn a_long_or_deep_question_is_read_or_refused_in_bounded_steps() {
    let fill = |head: &str, piece: &str, tail: &str| {
        let times = (QUERY_BYTES_MAX - head.len() - tail.len()) / piece.len();
        format!("{head}{}{tail}", piece.repeat(times))
    };
    let where_ = "SELECT count(*) FROM courses WHERE ";
    let texts = [
        fill(where_, "(", ""),
        fill(where_, "NOT ", "treatment_resistant"),
        fill(where_, "- ", "1"),
        fill(where_, "age=", "age"),
        fill(where_, "age>1 OR ", "age>1"),
        fill(where_, "age>1 AND ", "age>1"),
        fill(where_, "case-", "c"),
        fill(where_, "IF(current_time(", ""),
        fill(where_, "clip(", ""),
        fill(where_, "a(b=>", ""),
        fill(where_, "((a,", ""),
        fill(where_, "x IN (", ""),
        fill("SELECT ", "count(*),", "count(*) FROM courses"),
        fill("SELECT count(*) FROM ", "(", ""),
        fill("SELECT count(*) FROM courses GROUP BY ", "sex,", "sex"),
        fill("SELECT count(*) FROM courses ", "/*", ""),
        fill("SELECT count(*) FROM courses ", "''", ""),
        fill("", "[", ""),
        fill("", "SELECT ", ""),
    ];
    for text in texts {
        assert!(text.len() <= QUERY_BYTES_MAX);
        sound(&text);
    }
    let shallow = "(".repeat(10);
    assert!(compile(&format!("{where_}{shallow}treatment_resistant{}", ")".repeat(10)), &clinic(), Mode::Dp).is_ok());
    assert_eq!(flaw(&format!("{where_}({shallow}treatment_resistant{})", ")".repeat(10))).code(), "too-deep");
    assert_eq!(flaw(&format!("{where_}{}", " ".repeat(QUERY_BYTES_MAX))).code(), "question-too-long");
}
