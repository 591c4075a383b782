//! Timepoints, baselines, responses and remissions, case by case.

use super::{Doses, Gain, Measure, MissingEndpoint, Timepoint};
use crate::dictionary::{Dictionary, Fraction};
use crate::record::{Assessment, Course, Event, Grams, Micrograms, Session, TimeToEvent};

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
        let response =
            Measure::Response { instrument: instrument.into(), at: AT, at_least: Gain::OfBaseline(at_least), missing };
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

/// Of lower and of higher, with severity bands of ten.
fn banded() -> Dictionary {
    let instrument = |id: &str, better: &str| {
        format!(
            "[[instrument]]\nid = '{id}'\nversion = '1'\ncategory = 'outcomes'\nmin = 0\nmax = 40\nbetter = '{better}'\n\
             bands = [{{ from = 0, to = 9, name = 'a' }}, {{ from = 10, to = 19, name = 'b' }}, \
             {{ from = 20, to = 40, name = 'c' }}]\nsource = 's'\nlicence = 'l'\n"
        )
    };
    Dictionary::parse(&format!(
        "name = 't'\nversion = 1\n{}{}",
        instrument("LOW", "lower"),
        instrument("HIGH", "higher")
    ))
    .unwrap()
}

#[test]
fn an_improvement_in_points_or_bands_needs_no_baseline_above_nothing() {
    use Gain::{Bands, Points};
    type Case<'a> = (&'a str, Scores<'a>, Gain, Option<i64>, &'a str);
    let cases: [Case<'_>; 9] = [
        ("LOW", &[(0, 20), (28, 15)], Points(5), Some(1), "five fewer"),
        ("LOW", &[(0, 20), (28, 16)], Points(5), Some(0), "four fewer"),
        ("HIGH", &[(0, 20), (28, 25)], Points(5), Some(1), "five more where higher is better"),
        ("HIGH", &[(0, 0), (28, 5)], Points(5), Some(1), "from nothing"),
        ("LOW", &[(0, 20)], Points(5), None, "no endpoint"),
        ("LOW", &[(0, 40), (28, 20)], Bands(1), Some(0), "half the points and still the band"),
        ("LOW", &[(0, 20), (28, 19)], Bands(1), Some(1), "one point and another band"),
        ("LOW", &[(0, 20), (28, 10)], Bands(2), Some(0), "one band of two"),
        ("HIGH", &[(0, 9), (28, 20)], Bands(2), Some(1), "two bands up"),
    ];
    for (instrument, scores, at_least, want, why) in cases {
        let missing = MissingEndpoint::LeftOut;
        let response = Measure::Response { instrument: instrument.into(), at: AT, at_least, missing };
        assert_eq!(response.value(&banded(), &course(instrument, scores)), want, "{why}");
    }
}

#[test]
fn worse_is_against_the_direction_of_recovery() {
    let cases: [(&str, Scores<'_>, Option<i64>, &str); 6] = [
        ("LOW", &[(0, 20), (28, 21)], Some(1), "one point more"),
        ("LOW", &[(0, 20), (28, 20)], Some(0), "the same is not worse"),
        ("HIGH", &[(0, 20), (28, 19)], Some(1), "one point fewer where higher is better"),
        ("HIGH", &[(0, 20), (28, 21)], Some(0), "better"),
        ("PLAIN", &[(0, 20), (28, 21)], None, "no direction"),
        ("LOW", &[(28, 21)], None, "no baseline"),
    ];
    let dictionary = dictionary("last_on_or_before_0");
    for (instrument, scores, want, why) in cases {
        let worse = Measure::Deteriorated { instrument: instrument.into(), at: AT };
        assert_eq!(worse.value(&dictionary, &course(instrument, scores)), want, "{why}");
    }
}

fn session(number: u16, kind: &str, dose_ug: Option<u32>, weight_g: Option<u32>) -> Session {
    let (dose_ug, weight_g) = (dose_ug.map(Micrograms), weight_g.map(Grams));
    Session { number, kind: kind.into(), dose_ug, weight_g, ..Session::default() }
}

#[test]
fn what_no_session_tells_is_missing_and_never_nothing() {
    let dictionary = dictionary("last_on_or_before_0");
    let dose = |which| Measure::DosePerKilogram { which };
    let (sessions, nausea) =
        (Measure::Sessions { kind: Some("dosing".into()) }, Measure::AdverseEvent { kind: "nausea".into(), by: 7 });
    let peak = Measure::Peak { instrument: "CADSS".into() };
    let read = |course: &Course| {
        [
            &sessions,
            &dose(Doses::First),
            &dose(Doses::Mean),
            &dose(Doses::Max),
            &Measure::CumulativeDose,
            &peak,
            &nausea,
        ]
        .map(|measure| measure.value(&dictionary, course))
    };
    let of = |sessions: Vec<Session>| Course { sessions, ..Course::default() };
    assert_eq!(read(&of(vec![])), [None; 7], "nothing was recorded");
    let preparation = of(vec![session(1, "preparation", None, None)]);
    assert_eq!(read(&preparation), [Some(0), None, None, None, None, None, Some(0)], "watched, and no dose");

    let mut treated = of(vec![
        session(1, "preparation", None, Some(70_000)),
        session(2, "dosing", Some(35_000), Some(70_000)),
        session(3, "dosing", Some(50_050), None),
        session(4, "dosing", Some(70_070), Some(70_000)),
    ]);
    treated.sessions[1].experience.insert("CADSS".into(), 12);
    treated.sessions[3].experience.insert("CADSS".into(), 9);
    treated.events.push(Event { day: 8, kind: "nausea".into(), ..Event::default() });
    let want = [Some(3), Some(500), Some(751), Some(1_001), Some(1_551), Some(12), Some(0)];
    assert_eq!(read(&treated), want, "750.5 and 155.12 mg go to the nearest; nausea came a day late");
    treated.events.push(Event { day: 7, kind: "nausea".into(), ..Event::default() });
    assert_eq!(read(&treated)[6], Some(1), "the day itself counts");
    let many = of((1..=300).map(|number| session(number, "dosing", Some(1_000_000), None)).collect());
    assert_eq!((read(&many)[0], read(&many)[4]), (Some(200), Some(1_000_000)), "both stand for more, too");
}

#[test]
fn what_is_waited_for_is_known_only_as_long_as_a_course_was_followed() {
    let dictionary = dictionary("last_on_or_before_0");
    let reached = Measure::Reached { kind: "relapse".into(), by: 180 };
    let cases = [
        (vec![], None, "not followed at all"),
        (vec![(180, true)], Some(1), "on the day"),
        (vec![(181, true)], Some(0), "a day later"),
        (vec![(180, false)], None, "last seen on the day"),
        (vec![(181, false)], Some(0), "followed beyond it"),
    ];
    for (times, want, why) in cases {
        let time = |(day, happened)| TimeToEvent { kind: "relapse".into(), day, happened };
        let course = Course { time_to_event: times.into_iter().map(time).collect(), ..Course::default() };
        assert_eq!(reached.value(&dictionary, &course), want, "{why}");
        let missing = Measure::Missing { of: Box::new(reached.clone()) };
        assert_eq!(missing.value(&dictionary, &course), Some(i64::from(want.is_none())), "missing: {why}");
    }
}
