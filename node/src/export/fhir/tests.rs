//! What is exported comes back as it was.

use std::collections::BTreeMap;
use std::fs;

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, proptest};
use proptest::sample::{select, subsequence};
use serde_json::Value;
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::dictionary::{Dictionary, FieldKind, Instrument, UNKNOWN, Vital, Vocabulary};
use sumac_protocol::digest::Digest;
use sumac_protocol::principal::Signer;
use sumac_protocol::record::{
    Assessment, Course, Event, FieldValue, Grams, Micrograms, Record, Session, TimeToEvent, Vitals,
};
use zeroize::Zeroizing;

use super::{Held, References, bundle, resources};
use crate::import::fhir::names;
use crate::import::fhir::tests::{import, ketamine};

fn held(pseudonym: &str, record: Record) -> Held {
    Held {
        sumac_patient_export: 1,
        clinic: Signer::from_seed(&Zeroizing::new([7; 32])).principal(),
        charter: Digest([9; 32]),
        pseudonym: pseudonym.to_owned(),
        record: Some(record),
        enrolment: None,
        key: None,
        standing: "none".to_owned(),
        purposes: Vec::new(),
        statements: Vec::new(),
        uses: Vec::new(),
        spent: RhoMicro(0),
    }
}

/// A code of a list, or `unknown`.
fn code(dictionary: &Dictionary, of: Vocabulary) -> impl Strategy<Value = String> + use<> {
    let codes: Vec<String> = dictionary.codes(of).into_iter().chain([UNKNOWN]).map(str::to_owned).collect();
    select(codes)
}

fn value(kind: &FieldKind) -> proptest::strategy::BoxedStrategy<FieldValue> {
    match kind {
        FieldKind::Category { values } => {
            let values: Vec<String> = values.iter().cloned().chain([UNKNOWN.to_owned()]).collect();
            select(values).prop_map(FieldValue::Category).boxed()
        }
        FieldKind::Flag => any::<bool>().prop_map(FieldValue::Flag).boxed(),
        FieldKind::Number { min, max, .. } => (*min..=*max).prop_map(FieldValue::Number).boxed(),
    }
}

fn fields(dictionary: &Dictionary) -> impl Strategy<Value = BTreeMap<String, FieldValue>> + use<> {
    let all: Vec<_> = dictionary.fields().iter().map(|field| (field.id.clone(), field.kind.clone())).collect();
    let most = all.len();
    subsequence(all, 0..=most)
        .prop_flat_map(|some| some.into_iter().map(|(id, kind)| (Just(id), value(&kind))).collect::<Vec<_>>())
        .prop_map(|pairs| pairs.into_iter().collect())
}

fn assessment(instrument: &Instrument) -> proptest::strategy::BoxedStrategy<Assessment> {
    let day = -36_525..=36_525_i32;
    let id = instrument.id.clone();
    let (min, max) = (instrument.min, instrument.max);
    let total = (day.clone(), min..=max).prop_map({
        let id = id.clone();
        move |(day, value)| Assessment::total(id.clone(), day, value)
    });
    let Some(items) = instrument.items.clone().filter(|items| items.kept) else { return total.boxed() };
    let answers = vec(option::weighted(0.95, items.min..=items.max), usize::from(items.count));
    let unit = 10_i64.pow(u32::from(instrument.decimals));
    let with_items = (day, min..=max, answers).prop_map(move |(day, value, answers)| {
        let value = items.sum(&answers).map_or(value, |sum| i64::from(sum) * unit);
        Assessment { items: answers, ..Assessment::total(id.clone(), day, value) }
    });
    proptest::prop_oneof![total, with_items].boxed()
}

fn assessments(dictionary: &Dictionary) -> impl Strategy<Value = Vec<Assessment>> + use<> {
    let per_day: Vec<_> = dictionary.instruments().iter().filter(|known| !known.per_session).map(assessment).collect();
    vec(select(per_day.clone()).prop_flat_map(|one| one), 0..12).prop_map(|all| {
        let once: BTreeMap<_, _> = all.into_iter().map(|one| ((one.instrument.clone(), one.day), one)).collect();
        once.into_values().collect()
    })
}

fn session(dictionary: &Dictionary) -> impl Strategy<Value = Session> + use<> {
    let rules = dictionary.session().unwrap();
    let bounds = |vital| {
        let bounds = rules.vital(vital);
        option::of(bounds.min..=bounds.max)
    };
    let vitals = (bounds(Vital::Systolic), bounds(Vital::Systolic), bounds(Vital::Spo2), bounds(Vital::HeartRate));
    let vitals = vitals.prop_map(|(systolic_before, systolic_highest, spo2_lowest, heart_rate_highest)| Vitals {
        systolic_before,
        systolic_highest,
        spo2_lowest,
        heart_rate_highest,
    });
    let asked: Vec<_> = dictionary.instruments().iter().filter(|known| known.per_session).collect();
    let asked: Vec<_> = asked.iter().map(|known| (known.id.clone(), known.min, known.max)).collect();
    let experience = subsequence(asked.clone(), 0..=asked.len())
        .prop_flat_map(|some| some.into_iter().map(|(id, min, max)| (Just(id), min..=max)).collect::<Vec<_>>());
    let given = btree_map(code(dictionary, Vocabulary::Comedication), any::<bool>(), 0..4);
    let what = (
        code(dictionary, Vocabulary::SessionKind),
        option::of(code(dictionary, Vocabulary::Route)),
        option::of(code(dictionary, Vocabulary::Molecule)),
        option::of((0..=300_000_u32).prop_map(Micrograms)),
        option::of(0..=rules.minutes_max),
        option::of((25_000..=300_000_u32).prop_map(Grams)),
    );
    (-400..=36_000_i32, what, vitals, experience, given).prop_map(
        |(day, (kind, route, molecule, dose_ug, minutes, weight_g), vitals, experience, given)| Session {
            number: 0,
            day,
            kind,
            route,
            molecule,
            dose_ug: dose_ug.filter(|_| day >= 0),
            minutes,
            weight_g,
            experience: experience.into_iter().collect(),
            vitals,
            given,
        },
    )
}

fn event(dictionary: &Dictionary) -> impl Strategy<Value = Event> + use<> {
    let most = dictionary.events().unwrap().onset_minutes_max;
    (
        -400..=36_525_i32,
        code(dictionary, Vocabulary::EventKind),
        option::of(code(dictionary, Vocabulary::Severity)),
        option::of(any::<bool>()),
        option::of(any::<bool>()),
        option::of(0..=most),
        option::of(code(dictionary, Vocabulary::Relatedness)),
        option::of(any::<u16>()),
    )
        .prop_map(|(day, kind, severity, serious, resolved, onset_minutes, relatedness, session)| Event {
            day,
            kind,
            severity,
            serious,
            resolved,
            onset_minutes,
            relatedness,
            session,
        })
}

/// A course that the dictionary allows; numbers of sessions have gaps.
fn course(dictionary: &Dictionary) -> impl Strategy<Value = Course> + use<> {
    let times = btree_map(code(dictionary, Vocabulary::TimeToEvent), (0..=36_525_i32, any::<bool>()), 0..3);
    let parts = (
        fields(dictionary),
        assessments(dictionary),
        vec((session(dictionary), 1..4_u16), 0..6),
        vec(event(dictionary), 0..6),
        times,
        btree_map(code(dictionary, Vocabulary::Comedication), any::<bool>(), 0..4),
    );
    let dictionary = dictionary.clone();
    parts.prop_map(move |(fields, assessments, sessions, events, times, at_home)| {
        let mut days: Vec<i32> = sessions.iter().map(|(session, _)| session.day).collect();
        days.sort_unstable();
        let mut course = Course { fields, assessments, events, at_home, ..Course::default() };
        let mut number = 0;
        for ((mut session, step), day) in sessions.into_iter().zip(days) {
            number += step;
            session.number = number;
            session.day = day;
            session.dose_ug = session.dose_ug.filter(|_| day >= 0);
            course.sessions.push(session);
        }
        let numbers: Vec<u16> = course.sessions.iter().map(|session| session.number).collect();
        for event in &mut course.events {
            event.session = event.session.and_then(|any| numbers.get(usize::from(any) % (numbers.len() + 1)).copied());
        }
        course.time_to_event =
            times.into_iter().map(|(kind, (day, happened))| TimeToEvent { kind, day, happened }).collect();
        // What another part of the course tells is not told otherwise.
        let contradicted: Vec<String> =
            dictionary.fields().iter().filter(|field| field.told_by.is_some()).map(|field| field.id.clone()).collect();
        course.fields.retain(|id, _| !contradicted.contains(id));
        course.put_in_order();
        assert_eq!(dictionary.check_course(&course), [], "the dictionary allows it");
        course
    })
}

fn record(dictionary: &Dictionary) -> impl Strategy<Value = Record> + use<> {
    vec((course(dictionary), "[A-Za-z0-9 /#ü-]{0,10}"), 1..4).prop_map(|courses| {
        let numbered =
            (1..).zip(courses).map(|(n, (course, id))| Course { id: format!("{n}{}", id.trim_end()), ..course });
        Record { courses: numbered.collect() }
    })
}

/// Exports as a Bundle and as NDJSON, and brings both in again.
fn round_trip(record: &Record) {
    let dictionary = ketamine();
    let held = held("P-007", record.clone());
    let folder = tempfile::tempdir().unwrap();
    let in_bundle = folder.path().join("p.json");
    fs::write(&in_bundle, bundle(&held, &dictionary).to_string()).unwrap();
    let in_files = folder.path().join("p.ndjson");
    let lines: Vec<String> = resources(&held, &dictionary, References::InFiles).iter().map(Value::to_string).collect();
    fs::write(&in_files, lines.join("\n")).unwrap();
    for path in [in_bundle, in_files] {
        let (_, basket) = import(&[path], names::PSEUDONYM, 20_605).unwrap();
        assert_eq!(basket.codes(), [], "{:?}", basket.rejects);
        assert_eq!(basket.records.get("P-007"), Some(record));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn whatever_the_dictionary_allows_comes_back_as_it_was(record in record(&ketamine())) {
        round_trip(&record);
    }
}

#[test]
fn an_empty_course_and_one_of_day_0_alone_come_back() {
    let empty = Course { id: "C".into(), ..Course::default() };
    let alone = Session { number: 9, day: 0, kind: "dosing".into(), ..Session::default() };
    let alone = Course { id: "D".into(), sessions: vec![alone], ..Course::default() };
    round_trip(&Record { courses: vec![empty, alone] });
}
