//! Questions that are refused: each with its code, the words the caret stands under, and a piece of
//! the remedy.

use super::flaw;
use crate::dictionary::Dictionary;
use crate::plan::Mode;
use crate::question::compile;

/// `(question, code, what is underlined, a piece of the remedy)`. Underlined `""` is a place between
/// two characters.
type Case = (&'static str, &'static str, &'static str, &'static str);

fn check(cases: &[Case]) {
    for (text, code, underlined, remedy) in cases {
        let error = flaw(text);
        let under = text.get(error.span.clone()).unwrap_or("(outside)");
        assert_eq!((error.code(), under), (*code, *underlined), "{}", error.render(text));
        assert!(error.remedy().contains(remedy), "{}\nwants: {remedy}", error.render(text));
    }
}

#[test]
fn whatever_is_not_the_form_of_a_question_is_refused_where_it_stands() {
    check(&[
        ("", "empty", "", "SELECT count(*) FROM courses"),
        ("  -- nothing", "empty", "  -- nothing", "SELECT"),
        ("SELECT count(*)", "no-from", "", "FROM courses"),
        ("SELECT count(*) FROM", "syntax", "", "SELECT … FROM courses"),
        ("SELECT FROM courses", "syntax", "FROM", "SELECT … FROM courses"),
        ("count(*) FROM courses", "syntax", "count", "SELECT … FROM courses"),
        ("SELECT count(* FROM courses", "syntax", "FROM", "SELECT … FROM courses"),
        ("SELECT count(*) FROM courses WHERE", "syntax", "", "SELECT … FROM courses"),
        ("SELECT count(*) FROM courses GROUP sex", "syntax", "GROUP", "SELECT … FROM courses"),
        ("SELECT count(*) FROM courses WHERE age > 5 age", "syntax", "age", "SELECT … FROM courses"),
        ("SELECT count(*) FROM patients", "no-such-table", "patients", "FROM courses"),
        ("SELECT count(*) FROM courses c", "no-such-table", "c", "without another name"),
        ("SELECT count(*) FROM courses, courses", "no-such-table", "courses", "once"),
        ("SELECT count(*) FROM here.courses", "no-such-table", "here.courses", "FROM courses"),
        ("SELECT count(*) FROM courses(1)", "no-such-table", "courses", "FROM courses"),
        ("SELECT count(*) FROM courses; SELECT 1", "second-statement", ";", "one question at a time"),
        ("SELECT count(*) FROM courses WHERE sex = 'F", "unreadable", "'", "close what is open"),
        ("SELECT count(*) FROM courses WHERE sex = ‘F’", "character", "‘", "write `'`"),
        ("SELECT mean(clip(age, –5, 9)) FROM courses", "character", "–", "write `-`"),
        ("SELECT count(*) FROM cоurses", "character", "о", "plain ASCII"),
        ("SELECT count(*) AS \"a b\" FROM courses", "bad-name", "\"a b\"", "at most 64"),
    ]);
}

#[test]
fn clauses_of_sql_that_questions_do_not_have_are_named_with_a_way_out() {
    check(&[
        ("SELECT * FROM courses", "star", "*", "count(*)"),
        ("SELECT courses.* FROM courses", "star", "courses.*", "count(*)"),
        ("SELECT DISTINCT count(*) FROM courses", "refused-word", "DISTINCT", "each course counts once"),
        ("SELECT count(DISTINCT sex) FROM courses", "refused-word", "DISTINCT", "each course counts once"),
        ("SELECT count(*) FROM courses JOIN courses ON true", "refused-word", "JOIN", "nothing can be joined"),
        ("SELECT count(*) FROM courses ORDER BY sex", "refused-word", "ORDER", "every group is answered"),
        ("SELECT count(*) FROM courses LIMIT 1", "refused-word", "LIMIT", "every group is answered"),
        ("SELECT TOP 5 count(*) FROM courses", "refused-word", "TOP", "every group is answered"),
        ("SELECT count(*) FROM courses GROUP BY sex HAVING count(*) > 1", "refused-word", "HAVING", "WHERE"),
        ("SELECT count(*) FROM courses UNION SELECT count(*) FROM courses", "refused-word", "UNION", "one question"),
        ("WITH c AS (SELECT 1) SELECT count(*) FROM courses", "refused-word", "WITH", "begin with SELECT"),
        ("SELECT count(*) FROM courses WHERE age IN (SELECT 1)", "refused-word", "SELECT", "one SELECT"),
        ("SELECT count(*) FROM (SELECT 1)", "refused-word", "SELECT", "one SELECT"),
        ("SELECT count(*) FILTER (WHERE age > 3) FROM courses", "refused-word", "FILTER", "WHERE"),
        ("SELECT count(*) OVER () FROM courses", "refused-word", "OVER", "GROUP BY"),
        ("SELECT CASE WHEN age > 3 THEN 1 END FROM courses", "refused-word", "CASE", "clip"),
        ("SELECT CAST(age AS INT) FROM courses", "refused-word", "CAST", "as they are recorded"),
        ("SELECT count(*) FROM courses WHERE route LIKE 'i%'", "refused-word", "LIKE", "IN ('a', 'b')"),
        ("SELECT count(*) FROM courses WHERE age IS NULL", "refused-word", "IS", "missing value"),
        ("SELECT count(*) FROM courses WHERE EXISTS (age)", "refused-word", "EXISTS", "course itself"),
        ("DROP TABLE courses", "refused-word", "DROP", "begin with SELECT"),
        ("INSERT INTO courses VALUES (1)", "refused-word", "INSERT", "begin with SELECT"),
        ("SELECT count(*) FROM courses GROUP BY ROLLUP (sex)", "refused-word", "ROLLUP", "GROUP BY"),
        ("SELECT mean(age + 1) FROM courses", "arithmetic", "age + 1", "phq9"),
        ("SELECT mean(baseline(PHQ-9)) FROM courses", "arithmetic", "PHQ-9", "`PHQ-9` as `phq9`"),
        ("SELECT count(*) FROM courses WHERE sex || 'x' = 'Fx'", "arithmetic", "sex || 'x'", "`clip`"),
        ("SELECT mean(courses.age) FROM courses", "unsupported", "courses.age", "names, numbers"),
        ("SELECT mean(ARRAY[1]) FROM courses", "unsupported", "1", "names, numbers"),
        ("SELECT count(*) FROM courses GROUP BY (sex, route)", "wrong-kind", "sex, route", "name a field"),
        ("SELECT count(*) FROM courses WHERE sex = $1", "unsupported", "$1", "names, numbers"),
    ]);
}

#[test]
fn nothing_can_name_a_patient_a_clinic_or_a_date() {
    check(&[
        ("SELECT count(*) FROM courses WHERE patient = 'P1'", "identifying", "patient", "fields of the dictionary"),
        ("SELECT count(*) FROM courses WHERE course_id = 'C1'", "identifying", "course_id", "leave it out"),
        ("SELECT count(*) FROM courses GROUP BY clinic", "identifying", "clinic", "leave it out"),
        ("SELECT count(*) FROM courses GROUP BY \"site\"", "identifying", "\"site\"", "leave it out"),
        ("SELECT count(*) FROM courses WHERE start_date > 5", "identifying", "start_date", "leave it out"),
        ("SELECT count(*) FROM courses WHERE age > DATE '2020-01-01'", "identifying", "DATE", "leave it out"),
        ("SELECT mean(birthdate) FROM courses", "identifying", "birthdate", "leave it out"),
    ]);
}

#[test]
fn a_name_or_function_that_does_not_exist_is_guessed() {
    check(&[
        ("SELECT mean(baseline(phq8)) FROM courses", "unknown-name", "phq8", "did you mean `PHQ-9`?"),
        ("SELECT count(*) FROM courses WHERE indicaton = 'mdd'", "unknown-name", "indicaton", "`indication`"),
        ("SELECT count(*) FROM courses GROUP BY zodiac", "unknown-name", "zodiac", "its fields are indication, route"),
        ("SELECT mean(baseline(zodiac)) FROM courses", "unknown-name", "zodiac", "its instruments are PHQ-9, WHO-5"),
        ("SELECT maen(age) FROM courses", "unknown-function", "maen", "did you mean `mean`?"),
        ("SELECT frobnicate(age) FROM courses", "unknown-function", "frobnicate", "count, mean, rate"),
        ("SELECT mean(bselin(phq9)) FROM courses", "unknown-function", "bselin", "`baseline`"),
        ("SELECT avg(age) FROM courses", "other-dialect", "avg", "mean"),
        ("SELECT max(age) FROM courses", "other-dialect", "max", "one patient's"),
        ("SELECT logistic(age, sex) FROM courses", "exact-only", "logistic(age, sex)", "linear"),
        ("SELECT count(*) FROM courses WHERE sex = 'W'", "unknown-value", "'W'", "'F', 'M'"),
        ("SELECT count(*) FROM courses WHERE paradigm = 'infusoin'", "unknown-value", "'infusoin'", "`'infusion'`"),
        ("SELECT count(*) FROM courses WHERE schedule = 'x'", "unknown-value", "'x'", "and 28 more"),
        ("SELECT count(*) FROM courses WHERE sex IN ('F', 'unknown')", "asked-for-unknown", "'unknown'", "missing"),
    ]);
}

#[test]
fn what_stands_in_the_wrong_place_says_what_belongs_there() {
    check(&[
        ("SELECT 1 FROM courses", "not-an-estimate", "1", "select only"),
        ("SELECT 'x' FROM courses", "not-an-estimate", "'x'", "select only"),
        ("SELECT age > 5 FROM courses", "not-an-estimate", "age > 5", "select only"),
        ("SELECT age FROM courses", "not-an-estimate", "age", "select only"),
        ("SELECT sex, count(*) FROM courses GROUP BY sex", "group-selected", "sex", "carries its key"),
        ("SELECT baseline(phq9) FROM courses", "wrong-kind", "baseline", "mean(baseline(…))"),
        ("SELECT response(phq9) FROM courses", "wrong-kind", "response", "rate(response(…))"),
        ("SELECT mean(phq9) FROM courses", "wrong-kind", "phq9", "baseline(phq9)"),
        ("SELECT mean(sex) FROM courses", "wrong-kind", "sex", "GROUP BY"),
        ("SELECT mean(treatment_resistant) FROM courses", "wrong-kind", "treatment_resistant", "rate(…)"),
        ("SELECT mean(5) FROM courses", "wrong-kind", "5", "numeric field"),
        ("SELECT mean(count(*)) FROM courses", "wrong-kind", "count", "one by one"),
        ("SELECT rate(age) FROM courses", "wrong-kind", "age", "mean(…)"),
        ("SELECT rate(sex) FROM courses", "wrong-kind", "sex", "yes/no field"),
        ("SELECT rate(baseline(phq9)) FROM courses", "wrong-kind", "baseline", "mean(baseline(…))"),
        ("SELECT rate(age > 5) FROM courses", "wrong-kind", "age > 5", "yes/no field"),
        ("SELECT count(age) FROM courses", "wrong-kind", "age", "count(*)"),
        ("SELECT mean(*) FROM courses", "wrong-kind", "*", "numeric field"),
        ("SELECT mean(baseline('phq9')) FROM courses", "wrong-kind", "'phq9'", "without quotes"),
        ("SELECT mean(baseline(age)) FROM courses", "wrong-kind", "age", "by its name alone"),
    ]);
}

#[test]
fn a_condition_or_group_of_the_wrong_kind_says_what_belongs_there() {
    check(&[
        ("SELECT count(*) FROM courses WHERE age", "wrong-kind", "age", "field >= 18"),
        ("SELECT count(*) FROM courses WHERE 'F'", "wrong-kind", "'F'", "name a field first"),
        ("SELECT count(*) FROM courses WHERE sex = F", "wrong-kind", "F", "plain quotes"),
        ("SELECT count(*) FROM courses WHERE sex < 'F'", "wrong-kind", "sex", "=, <> or IN"),
        ("SELECT count(*) FROM courses WHERE age = '30'", "wrong-kind", "'30'", "without quotes"),
        ("SELECT count(*) FROM courses WHERE age < weight", "wrong-kind", "weight", "digits"),
        ("SELECT count(*) FROM courses WHERE 1 = 1", "wrong-kind", "1", "on the left"),
        ("SELECT count(*) FROM courses WHERE treatment_resistant = 'yes'", "wrong-kind", "'yes'", "= true"),
        (
            "SELECT count(*) FROM courses WHERE treatment_resistant IN (true)",
            "wrong-kind",
            "treatment_resistant",
            "NOT",
        ),
        ("SELECT count(*) FROM courses WHERE count(*) > 5", "wrong-kind", "count", "SELECT list"),
        ("SELECT count(*) FROM courses GROUP BY age", "wrong-kind", "age", "band(age"),
        ("SELECT count(*) FROM courses GROUP BY band(sex, 1)", "wrong-kind", "sex", "GROUP BY"),
        ("SELECT count(*) FROM courses GROUP BY band(clip(age, 1, 9), 5)", "wrong-kind", "clip(age, 1, 9)", "band(age"),
        ("SELECT band(age, 18) FROM courses", "wrong-kind", "band", "GROUP BY"),
        ("SELECT mean(missing(age)) FROM courses", "wrong-kind", "missing", "rate("),
        ("SELECT missing(missing(age)) FROM courses", "wrong-kind", "missing(age)", "always known"),
        ("SELECT missing(sex) FROM courses", "wrong-kind", "sex", "GROUP BY"),
        ("SELECT count(*) FROM courses GROUP BY 1", "wrong-kind", "1", "name a field"),
        ("SELECT count(*) FROM courses GROUP BY phq9", "wrong-kind", "phq9", "say when"),
        ("SELECT mean(clip(clip(age, 1, 9), 2, 8)) FROM courses", "wrong-kind", "clip(age, 1, 9)", "clip once"),
        (
            "SELECT rate(response(phq9, day => 2, from => 1, to => 3, missing => 'no')) FROM courses",
            "wrong-kind",
            "'no'",
            "non_responder",
        ),
    ]);
}

#[test]
fn arguments_are_named_complete_and_possible() {
    check(&[
        ("SELECT mean() FROM courses", "missing-argument", "mean()", "mean(score("),
        ("SELECT mean(baseline()) FROM courses", "missing-argument", "baseline()", "baseline(phq9)"),
        ("SELECT mean(score(phq9)) FROM courses", "missing-argument", "score(phq9)", "day => 28"),
        (
            "SELECT mean(score(phq9, day => 28)) FROM courses",
            "missing-argument",
            "score(phq9, day => 28)",
            "from => 14",
        ),
        ("SELECT mean(score(phq9, 28)) FROM courses", "too-many-arguments", "28", "day => 28"),
        ("SELECT quantile(age) FROM courses", "missing-argument", "quantile(age)", "quantile(baseline(phq9), 0.9)"),
        ("SELECT quantile(age, 0) FROM courses", "out-of-range", "0", "above 0 to below 1"),
        ("SELECT quantile(age, 1) FROM courses", "out-of-range", "1", "above 0 to below 1"),
        ("SELECT quantile(age, 0.1234567) FROM courses", "too-precise", "0.1234567", "at most 6"),
        ("SELECT histogram(age, 0) FROM courses", "out-of-range", "0", "1 to 120"),
        ("SELECT histogram(age, 1.5) FROM courses", "too-precise", "1.5", "whole number"),
        ("SELECT trajectory(phq9) FROM courses", "missing-argument", "trajectory(phq9)", "days =>"),
        ("SELECT trajectory(phq9, days => 7) FROM courses", "wrong-kind", "7", "(0, 7, 14, 28)"),
        ("SELECT trajectory(phq9, days => (7, 0)) FROM courses", "days-fall", "0", "earliest first"),
        ("SELECT trajectory(phq9, days => (-7, 0)) FROM courses", "out-of-range", "-7", "0 to"),
        ("SELECT trajectory(pgi_i, days => (0, 7)) FROM courses", "no-baseline", "pgi_i", "score"),
        ("SELECT correlation(age) FROM courses", "missing-argument", "correlation(age)", "correlation("),
        ("SELECT correlation(age, age) FROM courses", "same-twice", "age", "once"),
        ("SELECT correlation(age, sex) FROM courses", "wrong-kind", "sex", "GROUP BY"),
        ("SELECT linear(age) FROM courses", "missing-argument", "linear(age)", "linear("),
        ("SELECT linear(sex, age) FROM courses", "wrong-kind", "sex", "GROUP BY"),
        ("SELECT linear(age, weight, weight) FROM courses", "same-twice", "weight", "once"),
        ("SELECT survival(relapse, bucket => 7, until => 91) FROM courses", "unknown-word", "relapse", "has none"),
        ("SELECT events_per(nausea, 100, sessions) FROM courses", "unknown-word", "nausea", "has none"),
        ("SELECT mean(age, weight) FROM courses", "too-many-arguments", "weight", "mean("),
        ("SELECT mean(clip(age, 1)) FROM courses", "missing-argument", "clip(age, 1)", "clip(baseline(phq9), 5, 20)"),
        ("SELECT mean(score(phq9, dya => 28, from => 1, to => 40)) FROM courses", "unknown-argument", "dya", "`day`"),
        ("SELECT mean(baseline(phq9, day => 3)) FROM courses", "unknown-argument", "day", "baseline(phq9)"),
        (
            "SELECT mean(score(phq9, day => 3, day => 3, from => 1, to => 4)) FROM courses",
            "argument-twice",
            "day",
            "once",
        ),
        ("SELECT mean(score(day => 3, phq9)) FROM courses", "syntax", "phq9", "SELECT"),
        ("SELECT mean(score(phq9, day => 3.5, from => 1, to => 4)) FROM courses", "too-precise", "3.5", "whole number"),
        ("SELECT mean(score(phq9, day => 9e9, from => 1, to => 4)) FROM courses", "not-a-number", "9e9", "digits"),
        ("SELECT mean(score(phq9, day => sex, from => 1, to => 4)) FROM courses", "wrong-kind", "sex", "digits"),
        ("SELECT mean(score(phq9, day => -50000, from => 1, to => 4)) FROM courses", "out-of-range", "-50000", "36525"),
        (
            "SELECT mean(score(phq9, day => 28, from => 29, to => 40)) FROM courses",
            "window",
            "28",
            "`from` at most `day`",
        ),
        (
            "SELECT mean(change(phq9, day => 3, from => 0, to => 4)) FROM courses",
            "window-before-treatment",
            "0",
            "day 1",
        ),
    ]);
}

#[test]
fn numbers_and_rules_that_the_dictionary_cannot_mean_are_refused() {
    check(&[
        ("SELECT mean(clip(age, 9, 1)) FROM courses", "empty-clip", "9, 1", "lower bound first"),
        ("SELECT mean(clip(age, 200, 300)) FROM courses", "empty-clip", "200, 300", "part of the range"),
        ("SELECT mean(clip(weight, 50.05, 90)) FROM courses", "too-precise", "50.05", "at most 1 decimal"),
        ("SELECT count(*) FROM courses WHERE age > 121", "out-of-range", "121", "0 to 120"),
        ("SELECT count(*) FROM courses WHERE weight > -1", "out-of-range", "-1", "25.0 to 300.0"),
        ("SELECT count(*) FROM courses WHERE age IN (5, 500)", "out-of-range", "500", "0 to 120"),
        (
            "SELECT rate(response(phq9, day => 2, from => 1, to => 3, at_least => 1.5)) FROM courses",
            "out-of-range",
            "1.5",
            "above 0 to 1",
        ),
        (
            "SELECT rate(response(phq9, day => 2, from => 1, to => 3, at_least => -0.5)) FROM courses",
            "out-of-range",
            "-0.5",
            "above 0",
        ),
        (
            "SELECT rate(remission(phq9, day => 2, from => 1, to => 3, at_most => 28)) FROM courses",
            "out-of-range",
            "28",
            "0 to 27",
        ),
        (
            "SELECT rate(remission(phq9, day => 2, from => 1, to => 3, at_least => 9)) FROM courses",
            "no-direction",
            "at_least",
            "at_most",
        ),
        (
            "SELECT rate(remission(who5, day => 2, from => 1, to => 3)) FROM courses",
            "no-rule",
            "remission(who5, day => 2, from => 1, to => 3)",
            "remission(phq9",
        ),
        (
            "SELECT rate(response(who5, day => 2, from => 1, to => 3)) FROM courses",
            "no-rule",
            "response(who5, day => 2, from => 1, to => 3)",
            "at_least => 0.5",
        ),
        ("SELECT rate(response(cadss, day => 2, from => 1, to => 3)) FROM courses", "no-direction", "cadss", "change"),
        ("SELECT rate(remission(cadss, day => 2, from => 1, to => 3)) FROM courses", "no-direction", "cadss", "score"),
    ]);
}

#[test]
fn what_an_instrument_or_the_dictionary_does_not_have_is_refused() {
    check(&[
        ("SELECT mean(change(pgi_i, day => 2, from => 1, to => 3)) FROM courses", "no-baseline", "pgi_i", "score"),
        ("SELECT mean(baseline(pgii)) FROM courses", "no-baseline", "pgii", "score"),
        (
            "SELECT rate(deteriorated(cadss, day => 2, from => 1, to => 3)) FROM courses",
            "no-direction",
            "cadss",
            "change",
        ),
        (
            "SELECT rate(reliable_change(phq9, day => 2, from => 1, to => 3)) FROM courses",
            "no-rule",
            "reliable_change(phq9, day => 2, from => 1, to => 3)",
            "by => 5",
        ),
        (
            "SELECT rate(reliable_change(phq9, day => 2, from => 1, to => 3, by => 0)) FROM courses",
            "out-of-range",
            "0",
            "1 to 27",
        ),
        (
            "SELECT rate(deteriorated(phq9, day => 2, from => 0, to => 3)) FROM courses",
            "window-before-treatment",
            "0",
            "day 1",
        ),
        ("SELECT mean(peak(phq9)) FROM courses", "of-day", "phq9", "score"),
        ("SELECT mean(dose_mg_per_kg(mean)) FROM courses", "no-sessions", "dose_mg_per_kg(mean)", "dictionary"),
        ("SELECT mean(cumulative_dose_mg()) FROM courses", "no-sessions", "cumulative_dose_mg()", "dictionary"),
        ("SELECT mean(sessions(dosing)) FROM courses", "unknown-word", "dosing", "has none"),
        ("SELECT rate(event(relapse, by => 9)) FROM courses", "unknown-word", "relapse", "has none"),
    ]);
}

#[test]
fn what_the_shipped_dictionary_says_of_its_instruments_holds_in_questions() {
    let ketamine = Dictionary::ketamine().unwrap();
    let cases = [
        ("mean(score(cadss, day => 0, from => 0, to => 1))", "of-session", "`CADSS` asks about one session"),
        ("mean(baseline(meq30))", "of-session", "`MEQ30` asks about one session"),
        ("mean(score(cssrs, day => 7, from => 5, to => 9))", "levels", "`C-SSRS` has levels"),
        ("mean(clip(baseline(c_ssrs), 0, 3))", "levels", "`C-SSRS` has levels"),
        ("rate(response(cssrs, day => 7, from => 5, to => 9))", "no-rule", "no response rule"),
        ("mean(sessions(dosin))", "unknown-word", "`dosin` is not a kind of session"),
        ("mean(sessions('dosing'))", "wrong-kind", "a quoted text stands where a kind of session belongs"),
        ("mean(dose_mg_per_kg(median))", "unknown-word", "`median` is not first, mean or max"),
        ("mean(dose_mg_per_kg())", "missing-argument", "needs"),
        ("mean(cumulative_dose_mg(iv))", "too-many-arguments", "takes 0 argument(s)"),
        ("rate(event(nausaea, by => 1))", "unknown-word", "`nausaea` is not a kind of event"),
        ("rate(event(relapse))", "missing-argument", "needs `by`"),
        ("rate(event(relapse, by => -1))", "out-of-range", "-1 is outside 0 to"),
        ("rate(event(relapse, day => 1))", "unknown-argument", "has no argument `day`"),
        ("survival(relapse, bucket => 7)", "missing-argument", "needs `until`"),
        ("survival(relapse, until => 365)", "missing-argument", "needs `bucket`"),
        ("survival(relapse, bucket => 0, until => 365)", "out-of-range", "0 is outside 1 to"),
        ("survival(relapse, bucket => 7, until => 3)", "out-of-range", "3 is outside 7 to"),
        ("survival(nausea, bucket => 7, until => 91)", "unknown-word", "`nausea` is not something that is waited for"),
        ("events_per(relapse, 100, sessions)", "unknown-word", "`relapse` is not a kind of adverse event"),
        ("events_per(nausea, 0, sessions)", "out-of-range", "0 is outside 1 to"),
        ("events_per(nausea, 100, courses)", "unknown-word", "`courses` is not `sessions`"),
        ("events_per(nausea, 100)", "missing-argument", "needs"),
        ("mean(pct_change(pgi, day => 28, from => 14, to => 31))", "unknown-name", "`pgi` is not a name"),
    ];
    for (asked, code, says) in cases {
        let text = format!("SELECT {asked} FROM courses");
        let error = compile(&text, &ketamine, Mode::Dp).expect_err(asked);
        assert_eq!(error.code(), code, "{}", error.render(&text));
        assert!(error.to_string().contains(says), "{error}");
        assert!(!error.remedy().is_empty());
    }
    for asked in [
        "rate(remission(cssrs, day => 7, from => 5, to => 9, at_most => 1))",
        "mean(change(phq9, day => 28, from => 14, to => 31))",
        "rate(response(ybocs, day => 28, from => 14, to => 31))",
        "rate(response(pcl5, day => 30, from => 20, to => 40))",
        "rate(response(audit, day => 90, from => 60, to => 99))",
        "rate(reliable_change(phq9, day => 28, from => 14, to => 31, by => 6))",
        "mean(clip(sessions(dosing), 0, 12))",
        "mean(clip(dose_mg_per_kg(max), 0, 2))",
        "mean(clip(cumulative_dose_mg(), 0, 2000))",
        "mean(peak(cadss))",
        "rate(event(relapse, by => 180))",
        "rate(event(nausea, by => 1))",
        "missing(score(phq9, day => 28, from => 14, to => 31))",
        "survival(relapse, bucket => 7, until => 91)",
        "events_per(nausea, 100, sessions)",
        "events_per(nausea, 100, sessions(dosing))",
        "correlation(baseline(phq9), score(phq9, day => 28, from => 14, to => 31))",
        "linear(score(phq9, day => 28, from => 14, to => 31), baseline(phq9), age, sex, treatment_resistant)",
        "mean(pct_change(phq9, day => 28, from => 14, to => 31))",
    ] {
        let text =
            format!("SELECT {asked} FROM courses WHERE indication = 'mdd' AND treatment_resistant GROUP BY paradigm");
        assert!(compile(&text, &ketamine, Mode::Dp).is_ok(), "{asked}");
    }
}

#[test]
fn too_much_of_anything_is_refused() {
    check(&[
        ("SELECT count(*) FROM courses GROUP BY sex, sex", "group-twice", "sex", "once"),
        (
            "SELECT count(*) FROM courses GROUP BY sex, route, paradigm, indication",
            "too-many-groupings",
            "indication",
            "keep the 3",
        ),
        (
            "SELECT count(*) FROM courses GROUP BY schedule, clinic_type",
            "too-many-groups",
            "schedule, clinic_type",
            "2 times as many",
        ),
        ("SELECT count(*) FROM courses GROUP BY band(age, 18), band(age, 30)", "group-twice", "band(age, 30)", "once"),
        ("SELECT count(*) FROM courses GROUP BY band(age, 30, 30)", "bands", "30", "lowest first"),
        ("SELECT count(*) FROM courses GROUP BY band(age, 30, 18)", "bands", "18", "lowest first"),
        ("SELECT count(*) FROM courses GROUP BY band(age, 0)", "out-of-range", "0", "1 to 120"),
        ("SELECT count(*) FROM courses GROUP BY band(age, 121)", "out-of-range", "121", "1 to 120"),
        ("SELECT count(*) FROM courses GROUP BY band(age)", "missing-argument", "band(age)", "18, 30"),
        ("SELECT count(*) FROM courses GROUP BY band()", "missing-argument", "band()", "18, 30"),
        ("SELECT count(*) FROM courses GROUP BY band(age, x => 3)", "unknown-argument", "x", "18, 30"),
        ("SELECT count(*), count(*) FROM courses", "name-twice", "count(*)", "AS name"),
        ("SELECT mean(age) AS a, mean(weight) AS a FROM courses", "name-twice", "a", "AS name"),
    ]);
    let many = format!("SELECT {} count(*) FROM courses", "mean(age), ".repeat(64));
    assert_eq!(flaw(&many).code(), "too-many-estimates");
    let bounds: Vec<String> = (1..=32).map(|bound| bound.to_string()).collect();
    let many = format!("SELECT count(*) FROM courses GROUP BY band(age, {})", bounds.join(", "));
    assert_eq!(flaw(&many).code(), "too-many-bands");
}
