//! Sessions, events and items of records that are wrong.

use super::super::{ValueError, Vital, Vocabulary};
use super::blocks::blocks;
use super::clinic;
use crate::record::{Assessment, Course, Event, FieldValue, Grams, Micrograms, Session, TimeToEvent, Vitals};

fn session() -> Session {
    Session {
        number: 1,
        kind: "dosing".into(),
        route: Some("iv".into()),
        molecule: Some("racemic".into()),
        dose_ug: Some(Micrograms(300_000)),
        minutes: Some(240),
        weight_g: Some(Grams(25_000)),
        experience: [("CADSS".to_owned(), 92)].into(),
        vitals: Vitals { systolic_before: Some(50), spo2_lowest: Some(100), ..Vitals::default() },
        given: [("benzodiazepine".to_owned(), false), ("unknown".to_owned(), true)].into(),
        ..Session::default()
    }
}

fn codes(flaws: &[ValueError]) -> Vec<&'static str> {
    assert!(flaws.iter().all(|flaw| !flaw.remedy().is_empty()), "{flaws:?}");
    flaws.iter().map(ValueError::code).collect()
}

#[test]
fn a_session_is_sound_up_to_the_very_ends_and_not_beyond() {
    let blocks = blocks();
    assert_eq!(blocks.check_session(&session()), []);
    let text = |text: &str| Some(text.to_owned());
    let vitals = |vitals| Session { vitals, ..session() };
    let cases: Vec<(Session, &[&str], &str)> = vec![
        (Session { dose_ug: Some(Micrograms(300_001)), ..session() }, &["dose-over-limit"], "a microgram too much"),
        (Session { route: text("nasal"), ..session() }, &["dose-over-limit"], "an infusion through the nose"),
        (Session { route: None, ..session() }, &[], "without a route the largest limit holds"),
        (Session { route: text("unknown"), ..session() }, &[], "of an unknown route too"),
        (Session { route: text("IV"), ..session() }, &["no-such-value"], "a stored code is spelled exactly"),
        (Session { route: text("iw"), ..session() }, &["no-such-value"], "no route"),
        (Session { molecule: text("R"), ..session() }, &["no-such-value"], "no molecule"),
        (Session { kind: String::new(), ..session() }, &["no-such-value"], "no kind"),
        (Session { minutes: Some(241), ..session() }, &["out-of-range"], "longer than anybody waits"),
        (Session { weight_g: Some(Grams(24_999)), ..session() }, &["weight-out-of-range"], "a gram too light"),
        (Session { weight_g: Some(Grams(300_001)), ..session() }, &["weight-out-of-range"], "a gram too heavy"),
        (Session { day: -1, ..session() }, &["dose-before-first"], "a dose before the first"),
        (Session { day: -1, dose_ug: None, ..session() }, &[], "preparation lies before it"),
        (Session { day: i32::MIN, dose_ug: None, ..session() }, &["day-out-of-range"], "the beginning of time"),
        (vitals(Vitals { systolic_highest: Some(301), ..Vitals::default() }), &["out-of-range"], "a pressure"),
        (vitals(Vitals { spo2_lowest: Some(29), ..Vitals::default() }), &["out-of-range"], "a saturation"),
        (vitals(Vitals { heart_rate_highest: Some(0), ..Vitals::default() }), &["out-of-range"], "no heart beat"),
        (Session { experience: [("CADSS".into(), 93)].into(), ..session() }, &["out-of-range"], "past the scale"),
        (Session { experience: [("QIDS".into(), 3)].into(), ..session() }, &["belongs-to-day"], "of another time"),
        (
            Session { experience: [("cadss".into(), 3)].into(), ..session() },
            &["no-such-instrument"],
            "another spelling",
        ),
        (Session { given: [("aspirin".into(), true)].into(), ..session() }, &["no-such-value"], "no class"),
    ];
    for (session, want, why) in cases {
        assert_eq!(codes(&blocks.check_session(&session)), want, "{why}");
    }
    assert_eq!(codes(&clinic().check_session(&session())), ["not-in-dictionary"], "a dictionary without sessions");
    let over = blocks.check_session(&Session { dose_ug: Some(Micrograms(3_000_000)), ..session() });
    assert_eq!(over[0].to_string(), "3000 mg by iv is above 300 mg");
}

#[test]
fn texts_of_sessions_are_read_in_the_units_of_a_clinic() {
    let blocks = blocks();
    assert_eq!(blocks.check_dose(Some("iv"), " 36.5 "), Ok(Micrograms(36_500)));
    assert_eq!(blocks.check_weight("72.125"), Ok(Grams(72_125)));
    assert_eq!((blocks.check_minutes("40"), blocks.check_vital(Vital::Spo2, "97")), (Ok(40), Ok(97)));
    let dose = |text: &str| blocks.check_dose(Some("nasal"), text).unwrap_err().code();
    let cases = [
        (dose("84.001"), "dose-over-limit", "a microgram too much"),
        (dose("0.5mg/kg"), "not-a-number", "a dose by weight"),
        (dose("56,0"), "decimal-comma", "a comma"),
        (dose("56.0001"), "too-precise", "finer than is kept"),
        (dose("-56"), "out-of-range", "less than nothing"),
        (dose("9999999999"), "out-of-range", "past every unit"),
        (dose(""), "empty", "nothing"),
        (blocks.check_weight("154 lb").unwrap_err().code(), "not-a-number", "pounds"),
        (blocks.check_weight("24").unwrap_err().code(), "weight-out-of-range", "too light"),
        (blocks.check_minutes("40.5").unwrap_err().code(), "too-precise", "half a minute"),
        (blocks.check_minutes("-1").unwrap_err().code(), "out-of-range", "before it began"),
        (blocks.check_vital(Vital::Systolic, "12").unwrap_err().code(), "out-of-range", "in other units"),
        (clinic().check_weight("72").unwrap_err().code(), "not-in-dictionary", "a dictionary without sessions"),
    ];
    for (got, want, why) in cases {
        assert_eq!(got, want, "{why}");
    }
}

#[test]
fn codes_are_read_without_regard_to_capitals_and_never_guessed() {
    let blocks = blocks();
    let read = |of, text: &str| blocks.check_code(of, text).map_err(|flaw| flaw.code());
    assert_eq!(read(Vocabulary::Route, " IV "), Ok("iv".to_owned()));
    assert_eq!(read(Vocabulary::EventKind, "Unknown"), Ok("unknown".to_owned()));
    for (of, text, code) in [
        (Vocabulary::Route, "i v", "no-such-value"),
        (Vocabulary::EventKind, "nausia", "no-such-value"),
        (Vocabulary::Severity, "", "empty"),
        (Vocabulary::SessionKind, "dose", "no-such-value"),
    ] {
        assert_eq!(read(of, text), Err(code), "{text}");
    }
    assert_eq!(blocks.check_code(Vocabulary::EventKind, "nausia").unwrap_err().remedy(), "did you mean `nausea`?");
    for of in Vocabulary::ALL {
        assert!(!blocks.codes(of).is_empty(), "{of:?}");
        assert_eq!(clinic().check_code(of, "iv").unwrap_err().code(), "not-in-dictionary", "{of:?}");
    }
}

#[test]
fn events_and_waits_are_checked_beside_their_sessions() {
    let blocks = blocks();
    let event = || Event { kind: "nausea".into(), ..Event::default() };
    let wait = |kind: &str, day| TimeToEvent { kind: kind.into(), day, happened: true };
    let severe = |text: &str| Event { severity: Some(text.into()), ..event() };
    let cases: Vec<(Course, &[&str], &str)> = vec![
        (of_events([severe("mild")]), &[], "sound"),
        (of_events([severe("awful")]), &["no-such-value"], "no severity"),
        (of_events([Event { kind: "sea".into(), ..event() }]), &["no-such-value"], "no kind"),
        (of_events([Event { relatedness: Some("maybe".into()), ..event() }]), &["no-such-value"], "no judgement"),
        (of_events([Event { onset_minutes: Some(1_441), ..event() }]), &["out-of-range"], "after more than a day"),
        (of_events([Event { day: 99_999, ..event() }]), &["day-out-of-range"], "in another century"),
        (of_events([Event { session: Some(1), ..event() }]), &[], "of the session that there is"),
        (of_events([Event { session: Some(2), ..event() }]), &["no-such-session"], "of one that there is not"),
        (of_waits([wait("relapse", 0)]), &[], "on the first day"),
        (of_waits([wait("relapse", -1)]), &["before-first-dose"], "before the first"),
        (of_waits([wait("death", 9)]), &["no-such-value"], "no kind"),
        (of_waits([wait("relapse", 5), wait("relapse", 9)]), &["repeated"], "the same twice"),
    ];
    for (course, want, why) in cases {
        assert_eq!(codes(&blocks.check_course(&course)), want, "{why}");
    }
    assert_eq!(codes(&clinic().check_event(&event())), ["not-in-dictionary"], "a dictionary without events");
}

fn of_events<const N: usize>(events: [Event; N]) -> Course {
    Course { sessions: vec![session()], events: events.into(), ..Course::default() }
}

fn of_waits<const N: usize>(time_to_event: [TimeToEvent; N]) -> Course {
    Course { time_to_event: time_to_event.into(), ..Course::default() }
}

#[test]
fn sessions_are_counted_up_in_the_order_of_their_days() {
    let blocks = blocks();
    let on = |number, day| Session { number, day, ..session() };
    let cases: [(&[Session], &[&str], &str); 5] = [
        (&[on(1, 0), on(2, 0), on(5, 9)], &[], "two on a day, and a gap in the numbers"),
        (&[on(0, 0)], &["session-order"], "counted from 0"),
        (&[on(1, 0), on(1, 3)], &["session-order"], "a number twice"),
        (&[on(2, 0), on(1, 3)], &["session-order"], "counted down"),
        (&[on(1, 3), on(2, 0)], &["session-order"], "a day earlier"),
    ];
    for (sessions, want, why) in cases {
        let course = Course { sessions: sessions.to_vec(), ..Course::default() };
        assert_eq!(codes(&blocks.check_course(&course)), want, "{why}");
    }
}

#[test]
fn items_agree_with_their_total_or_are_refused() {
    let blocks = blocks();
    let scored =
        |value, items: &[Option<u8>]| Assessment { items: items.to_vec(), ..Assessment::total("QIDS", 0, value) };
    let cases: [(Assessment, &[&str], &str); 9] = [
        (scored(6, &[Some(1), Some(3), Some(2), Some(1)]), &[], "of the domain only the 3 counts"),
        (scored(7, &[Some(1), Some(3), Some(2), Some(1)]), &["item-sum"], "another total"),
        (
            scored(7, &[Some(1), None, Some(2), Some(1)]),
            &[],
            "a blank answer leaves the total to the instrument's rule",
        ),
        (scored(6, &[Some(1), Some(3), Some(2)]), &["item-count"], "an item too few"),
        (scored(6, &[Some(4), Some(9), Some(0), Some(1)]), &["out-of-range", "out-of-range"], "scores past the form"),
        (Assessment { items: vec![Some(1); 2], ..Assessment::total("SECRET", 0, 20) }, &["items-not-kept"], "terms"),
        (Assessment { items: vec![Some(1)], ..Assessment::total("LEVEL", 0, 1) }, &["items-not-kept"], "no items"),
        (Assessment::total("CADSS", 0, 5), &["belongs-to-session"], "a score of a session on a day"),
        (Assessment::total("SECRET", 0, 20), &[], "a total alone"),
    ];
    for (assessment, want, why) in cases {
        let course = Course { assessments: vec![assessment], ..Course::default() };
        assert_eq!(codes(&blocks.check_course(&course)), want, "{why}");
    }
    let wrong = blocks.check_assessment(&scored(7, &[Some(0); 4]));
    assert_eq!(wrong[0].to_string(), "the items of `QIDS` make 0, where its total is 7");
}

#[test]
fn a_flag_that_something_else_tells_follows_it_or_is_refused() {
    let blocks = blocks();
    let given = |number, benzodiazepine: bool| Session {
        number,
        given: [("benzodiazepine".to_owned(), benzodiazepine)].into(),
        ..session()
    };
    let silent = Session { given: [].into(), number: 3, ..session() };
    let mut course = Course {
        sessions: vec![given(1, false), given(2, true), silent.clone()],
        at_home: [("benzodiazepine".to_owned(), false)].into(),
        ..Course::default()
    };
    blocks.fill_told(&mut course);
    assert_eq!(course.fields.get("benzodiazepine_session"), Some(&FieldValue::Flag(true)), "once is enough");
    assert_eq!(course.fields.get("benzodiazepine_home"), Some(&FieldValue::Flag(false)));
    assert_eq!(blocks.check_course(&course), []);
    course.fields.insert("benzodiazepine_home".to_owned(), FieldValue::Flag(true));
    let held = course.clone();
    blocks.fill_told(&mut course);
    assert_eq!(course, held, "what a record holds is never changed");
    assert_eq!(codes(&blocks.check_course(&course)), ["contradicted"]);
    let mut unasked = Course { sessions: vec![silent], ..Course::default() };
    blocks.fill_told(&mut unasked);
    assert!(unasked.fields.is_empty(), "of what nobody recorded nothing follows");
}
