//! Records as they are stored: old ones, full ones, and ones that are not records.

use super::{Assessment, Course, Event, FieldValue, Grams, Micrograms, Record, Session, TimeToEvent, Vitals};
use crate::round::message::{decode, encode};

/// A course as the first version of Sumac stored it, in JSON for the eye.
const FIRST: &str = r#"{"courses":[{"id":"C1","fields":{"arm":{"category":"drug"},"age":{"number":44},"tr":{"flag":true}},"assessments":[{"instrument":"HAMD17","day":0,"value":24},{"instrument":"HAMD17","day":42,"value":9}]}]}"#;

fn full() -> Course {
    let code = |text: &str| Some(text.to_owned());
    let session = Session {
        number: 2,
        day: 0,
        kind: "dosing".into(),
        route: code("iv"),
        molecule: code("racemic"),
        dose_ug: Some(Micrograms(36_000)),
        minutes: Some(40),
        weight_g: Some(Grams(72_000)),
        experience: [("CADSS".to_owned(), 12)].into(),
        vitals: Vitals {
            systolic_before: Some(128),
            systolic_highest: Some(151),
            spo2_lowest: Some(96),
            heart_rate_highest: Some(98),
        },
        given: [("benzodiazepine".to_owned(), false)].into(),
    };
    let event = Event {
        day: 0,
        kind: "nausea".into(),
        severity: code("mild"),
        serious: Some(false),
        resolved: Some(true),
        onset_minutes: Some(25),
        relatedness: code("probable"),
        session: Some(2),
    };
    Course {
        id: "C1".into(),
        fields: [("route".to_owned(), FieldValue::Category("iv".into()))].into(),
        assessments: vec![Assessment { items: vec![Some(3), None, Some(0)], ..Assessment::total("PHQ-9", 0, 3) }],
        sessions: vec![Session { number: 1, day: -7, kind: "preparation".into(), ..Session::default() }, session],
        events: vec![event, Event { day: 90, kind: "cystitis".into(), ..Event::default() }],
        time_to_event: vec![TimeToEvent { kind: "relapse".into(), day: 120, happened: false }],
        at_home: [("benzodiazepine".to_owned(), true)].into(),
    }
}

#[test]
fn a_record_from_before_sessions_reads_as_it_was_and_keeps_its_bytes() {
    let old: Record = serde_json::from_str(FIRST).unwrap();
    let course = &old.courses[0];
    assert_eq!(course.assessments[1], Assessment::total("HAMD17", 42, 9));
    assert!(course.sessions.is_empty() && course.events.is_empty() && course.at_home.is_empty());
    let fields = r#"{"age":{"number":44},"arm":{"category":"drug"},"tr":{"flag":true}}"#;
    let again = serde_json::to_string(&old).unwrap();
    assert_eq!(again, FIRST.replace(r#"{"arm":{"category":"drug"},"age":{"number":44},"tr":{"flag":true}}"#, fields));
    // The stored form is CBOR with the same names: three keys for a course, as it always had.
    let stored = encode(&old);
    assert_eq!(stored, encode(&decode::<Record>(&stored).unwrap()));
    let course_head = [b"\xa4bid".as_slice(), b"\xa3bid"].map(|head| stored.windows(4).any(|at| at == head));
    assert_eq!(course_head, [false, true], "nothing is written for parts that are absent");
}

#[test]
fn a_full_course_survives_storage_and_the_control_socket() {
    let record = Record { courses: vec![full()] };
    assert_eq!(decode::<Record>(&encode(&record)).unwrap(), record);
    let line = serde_json::to_string(&record).unwrap();
    assert_eq!(serde_json::from_str::<Record>(&line).unwrap(), record);
}

#[test]
fn what_is_no_record_is_refused_and_never_read_as_something_near_it() {
    let sound = serde_json::to_string(&full()).unwrap();
    let cases = [
        (r#""number":2"#, r#""number":-2"#, "a session before the first"),
        (r#""number":2"#, r#""number":65536"#, "past the largest number"),
        (r#""dose_ug":36000"#, r#""dose_ug":36.5"#, "a dose in fractions"),
        (r#""dose_ug":36000"#, r#""dose_ug":-1"#, "a negative dose"),
        (r#""dose_ug":36000"#, r#""dose_mg":36"#, "another unit"),
        (r#""weight_g":72000"#, r#""weight_g":"72 kg""#, "a text for a weight"),
        (r#""systolic_before":128"#, r#""systolic":128"#, "a vital sign that does not exist"),
        (r#""benzodiazepine":false"#, r#""benzodiazepine":0"#, "a number for yes or no"),
        (r#""happened":false"#, r#""happened":null"#, "neither happened nor censored"),
        (r#""kind":"relapse","#, "", "nothing that could have happened"),
        (r#""items":[3,null,0]"#, r#""items":[3,-1,0]"#, "an item below nothing"),
        (r#""at_home""#, r#""at_work""#, "a part that does not exist"),
    ];
    for (piece, instead, why) in cases {
        assert_eq!(sound.matches(piece).count(), 1, "{piece} stands once");
        assert!(serde_json::from_str::<Course>(&sound.replace(piece, instead)).is_err(), "{why}");
    }
}

#[test]
fn the_order_in_which_things_were_listed_changes_nothing() {
    let mut turned = full();
    turned.sessions.reverse();
    turned.events.reverse();
    turned.put_in_order();
    assert_eq!(turned, full());
}

#[test]
fn what_is_derived_is_missing_where_its_parts_are() {
    let [preparation, dosing] = &full().sessions[..] else { panic!("two sessions") };
    assert_eq!((dosing.dose_ug_per_kg(), preparation.dose_ug_per_kg()), (Some(500), None));
    assert_eq!(Session { weight_g: None, ..dosing.clone() }.dose_ug_per_kg(), None);
    assert_eq!(dosing.vitals.systolic_rise(), Some(23));
    assert_eq!(Vitals { systolic_highest: Some(120), ..dosing.vitals }.systolic_rise(), Some(0), "it fell");
    assert_eq!(Vitals { systolic_before: None, ..dosing.vitals }.systolic_rise(), None);
    let items = &full().assessments[0];
    assert_eq!([0, 1, 2, 3, 4].map(|number| items.item(number)), [None, Some(3), None, Some(0), None]);
}
