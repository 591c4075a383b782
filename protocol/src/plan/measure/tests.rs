//! Timepoints, baselines, responses and remissions, case by case.

use super::{Measure, MissingEndpoint, Timepoint};
use crate::dictionary::{Dictionary, Fraction};
use crate::record::{Assessment, Course};

fn dictionary(baseline: &str) -> Dictionary {
    let instrument = |id: &str, better: &str| {
        format!(
            "[[instrument]]\nid = '{id}'\nversion = '1'\ncategory = 'outcomes'\nmin = 0\nmax = 40\n\
             better = '{better}'\nsource = 's'\nlicence = 'l'\n"
        )
    };
    let [low, high, neutral] =
        [("LOW", "lower"), ("HIGH", "higher"), ("PLAIN", "neutral")].map(|(i, b)| instrument(i, b));
    Dictionary::parse(&format!("name = 't'\nversion = 1\nbaseline = '{baseline}'\n{low}{high}{neutral}")).unwrap()
}

/// Days and totals.
type Scores<'a> = &'a [(i32, i64)];

fn course(instrument: &str, scores: Scores<'_>) -> Course {
    let assessment = |(day, value): &(i32, i64)| Assessment::total(instrument, *day, *value);
    Course { assessments: scores.iter().map(assessment).collect(), ..Course::default() }
}

const AT: Timepoint = Timepoint { day: 28, from: 14, to: 42 };

#[test]
fn the_closest_assessment_in_the_window_counts_and_a_tie_goes_to_the_later() {
    let cases: [(Scores<'_>, Option<i64>, &str); 9] = [
        (&[], None, "no assessment"),
        (&[(13, 1), (43, 2)], None, "both ends are inclusive, and these are one day outside"),
        (&[(14, 1)], Some(1), "the first day"),
        (&[(42, 2)], Some(2), "the last day"),
        (&[(28, 5), (27, 6)], Some(5), "the target itself"),
        (&[(26, 1), (31, 2)], Some(1), "two days beat three"),
        (&[(25, 1), (31, 2)], Some(2), "a tie goes to the later"),
        (&[(31, 2), (25, 1)], Some(2), "whatever the order of the records"),
        (&[(28, 5), (28, 7)], Some(7), "twice on one day: the higher, whatever the order"),
    ];
    for (scores, want, why) in cases {
        assert_eq!(AT.pick("LOW", &course("LOW", scores).assessments), want, "{why}");
        assert_eq!(AT.pick("HIGH", &course("LOW", scores).assessments), None, "another instrument");
    }
}

#[test]
fn the_baseline_follows_the_dictionary_rule() {
    let cases: [(Scores<'_>, Option<i64>, Option<i64>, &str); 6] = [
        (&[(1, 9)], None, None, "after the first dose is no baseline"),
        (&[(0, 9)], Some(9), None, "day 0 is on, not before"),
        (&[(-7, 20), (0, 9)], Some(9), Some(20), "last against highest"),
        (&[(-7, 20), (-1, 15), (5, 30)], Some(15), Some(20), "later scores never count"),
        (&[(-1, 15), (-7, 20)], Some(15), Some(20), "whatever the order of the records"),
        (&[(-1, 15), (-1, 16)], Some(16), Some(16), "twice on one day: the higher"),
    ];
    for (scores, last, highest, why) in cases {
        let baseline = Measure::Baseline { instrument: "LOW".into() };
        let course = course("LOW", scores);
        assert_eq!(baseline.value(&dictionary("last_on_or_before_0"), &course), last, "last: {why}");
        assert_eq!(baseline.value(&dictionary("highest_before_0"), &course), highest, "highest: {why}");
    }
}

#[test]
fn a_response_is_a_share_of_the_baseline_in_the_direction_of_recovery() {
    use MissingEndpoint::{LeftOut, NonResponder};
    type Case<'a> = (&'a str, Scores<'a>, MissingEndpoint, Option<i64>, &'a str);
    let cases: [Case<'_>; 14] = [
        ("LOW", &[(0, 20), (28, 10)], LeftOut, Some(1), "exactly half is enough"),
        ("LOW", &[(0, 21), (28, 11)], LeftOut, Some(0), "10 of 21 is less than half"),
        ("LOW", &[(0, 21), (28, 10)], LeftOut, Some(1), "11 of 21 is more than half"),
        ("LOW", &[(0, 20), (28, 30)], LeftOut, Some(0), "worse is no response"),
        ("LOW", &[(0, 0), (28, 0)], LeftOut, None, "a baseline of 0 has no shares"),
        ("LOW", &[(0, 0), (28, 0)], NonResponder, None, "also when counted by intention to treat"),
        ("LOW", &[(28, 10)], LeftOut, None, "no baseline"),
        ("LOW", &[(28, 10)], NonResponder, None, "an endpoint without a baseline is missing"),
        ("LOW", &[(0, 20)], LeftOut, None, "no endpoint"),
        ("LOW", &[(0, 20)], NonResponder, Some(0), "no endpoint counts as no"),
        ("LOW", &[], NonResponder, Some(0), "nothing at all has no endpoint either"),
        ("HIGH", &[(0, 20), (28, 30)], LeftOut, Some(1), "half more where higher is better"),
        ("HIGH", &[(0, 20), (28, 10)], LeftOut, Some(0), "half less is worse there"),
        ("PLAIN", &[(0, 20), (28, 10)], LeftOut, None, "no direction, no response"),
    ];
    let dictionary = dictionary("last_on_or_before_0");
    for (instrument, scores, missing, want, why) in cases {
        let at_least = Fraction::reduced(1, 2).unwrap();
        let response = Measure::Response { instrument: instrument.into(), at: AT, at_least, missing };
        assert_eq!(response.value(&dictionary, &course(instrument, scores)), want, "{why}");
    }
}

#[test]
fn remission_clipping_and_change_are_exact_at_their_bounds() {
    let dictionary = dictionary("last_on_or_before_0");
    let remission = |instrument: &str| Measure::Remission { instrument: instrument.into(), at: AT, limit: 7 };
    for (instrument, total, want) in [("LOW", 7, 1), ("LOW", 8, 0), ("HIGH", 7, 1), ("HIGH", 6, 0)] {
        let value = remission(instrument).value(&dictionary, &course(instrument, &[(28, total)]));
        assert_eq!(value, Some(want), "{instrument} {total}");
    }
    assert_eq!(remission("LOW").value(&dictionary, &course("LOW", &[(0, 3)])), None);

    let change = Measure::Change { instrument: "LOW".into(), at: AT };
    assert_eq!(change.value(&dictionary, &course("LOW", &[(0, 20), (28, 5)])), Some(-15));
    assert_eq!(change.value(&dictionary, &course("LOW", &[(28, 5)])), None);

    let clip = |low, high| Measure::Clip { of: Box::new(change.clone()), low, high };
    let course = course("LOW", &[(0, 20), (28, 5)]);
    for ((low, high), want) in [((-10, 10), -10), ((-20, -16), -16), ((-15, 0), -15)] {
        assert_eq!(clip(low, high).value(&dictionary, &course), Some(want), "{low}..{high}");
    }
}
