//! The dictionary that ships holds everything that the field's own texts name, and nothing guessed.

use super::super::{
    Better, Dictionary, FieldKind, ImportantChange, Instrument, KETAMINE, Onset, ResponseRule, System, Vocabulary,
};
use crate::record::{Assessment, Course, FieldValue, Micrograms, Session};

fn ketamine() -> Dictionary {
    Dictionary::parse_all(KETAMINE).unwrap_or_else(|flaws| panic!("{flaws:#?}"))
}

fn values(field: &str) -> Vec<String> {
    match &ketamine().field(field).unwrap_or_else(|| panic!("{field}")).kind {
        FieldKind::Category { values } => values.clone(),
        other @ (FieldKind::Flag | FieldKind::Number { .. }) => panic!("{field}: {other:?}"),
    }
}

/// id, lowest, highest, LOINC of the total, whether items may be kept, item on suicide, limit of remission.
type Row = (&'static str, i64, i64, Option<&'static str>, bool, Option<u16>, Option<i64>);

const INSTRUMENTS: [Row; 17] = [
    ("PHQ-9", 0, 27, Some("44261-6"), true, Some(9), Some(4)),
    ("PHQ-8", 0, 24, None, true, None, Some(4)),
    ("GAD-7", 0, 21, Some("70274-6"), true, None, Some(4)),
    ("PCL-5", 0, 80, Some("101698-9"), true, None, Some(30)),
    ("MADRS", 0, 60, None, false, Some(10), Some(12)),
    ("HAMD17", 0, 52, None, false, None, Some(7)),
    ("QIDS-SR16", 0, 27, None, true, Some(12), Some(5)),
    ("BDI-II", 0, 63, Some("89209-1"), false, Some(9), Some(13)),
    ("C-SSRS", 0, 5, Some("93293-9"), false, None, None),
    ("Y-BOCS", 0, 40, None, false, None, Some(14)),
    ("CADSS", 0, 92, None, false, None, None),
    ("MEQ30", 0, 150, None, false, None, None),
    ("AUDIT", 0, 40, None, true, None, None),
    ("BSI-18", 0, 72, None, false, None, None),
    ("ISI", 0, 28, None, false, None, Some(7)),
    ("WHO-5", 0, 25, None, true, None, None),
    ("PROMIS-T", 100, 900, None, false, None, None),
];

#[test]
fn every_instrument_of_the_field_is_in_it_with_its_range_and_rules() {
    let ketamine = ketamine();
    assert_eq!(ketamine.instruments().len(), INSTRUMENTS.len());
    for (instrument, row) in ketamine.instruments().iter().zip(INSTRUMENTS) {
        let Instrument { id, min, max, loinc, items, suicide_item, remission, .. } = instrument;
        let kept = items.as_ref().is_some_and(|items| items.kept);
        assert_eq!((id.as_str(), *min, *max, loinc.as_deref(), kept, *suicide_item, *remission), row);
    }
    let of = |id: &str| ketamine.instrument(id).unwrap();
    let higher: Vec<&str> =
        ketamine.instruments().iter().filter(|i| i.better == Better::Higher).map(|i| i.id.as_str()).collect();
    assert_eq!(higher, ["WHO-5"]);
    for id in ["CADSS", "MEQ30"] {
        assert!(of(id).per_session && of(id).better == Better::Neutral, "{id}");
    }
    assert!(of("C-SSRS").ordinal && of("C-SSRS").bands.len() == 6);
    assert_eq!(of("PCL-5").response, Some(ResponseRule::Points(10)));
    assert_eq!((of("PCL-5").bands.len(), of("PCL-5").reliable_change), (0, Some(5)));
    assert_eq!(of("Y-BOCS").response.and_then(ResponseRule::share).map(|f| (f.num, f.den)), Some((7, 20)));
    assert_eq!(of("AUDIT").response, Some(ResponseRule::Bands(1)));
    assert!(matches!(of("BDI-II").mcid, Some(ImportantChange::OfBaseline(f)) if (f.num, f.den) == (7, 40)));
    assert_eq!(of("PHQ-9").items.as_ref().unwrap().loinc.len(), 9);
}

#[test]
fn every_spread_says_where_it_comes_from_or_that_it_is_a_plan() {
    for instrument in ketamine().instruments() {
        let Instrument { id, reference_sd, change_clip, reference_source, ordinal, per_session, .. } = instrument;
        assert_eq!(reference_sd.is_none(), *ordinal, "{id}: only a level has no spread");
        assert_eq!(change_clip.is_none(), *ordinal || *per_session, "{id}: a total of a day has changes");
        let told = ["plan", "SD"].iter().any(|word| reference_source.contains(word));
        assert!(*ordinal || told, "{id}: {reference_source}");
        let planned = reference_source.contains("fifth of the range");
        let fifth = reference_sd.is_some_and(|sd| (i64::from(sd) * 5 - instrument.width()).abs() < 5);
        assert!(!planned || fifth, "{id} is planned as a fifth of its range, and is not");
    }
}

#[test]
fn every_vocabulary_that_the_texts_name_is_in_it() {
    let fields: [(&str, &[&str]); 15] = [
        ("paradigm", &["infusion", "kap_low", "kap_high", "esketamine", "home_lozenge"]),
        ("molecule", &["racemic", "s", "r"]),
        ("route", &["iv", "im", "sc", "oral", "sublingual", "nasal", "rectal", "topical"]),
        ("setting", &["clinic_medical", "office", "home_supervised", "telehealth"]),
        ("schedule", &["taper_3_2_1", "two_a_week_3_weeks", "one_a_week_6_weeks", "kap_series", "esketamine_label"]),
        ("phase", &["screening", "preparation", "dosing", "integration", "maintenance", "followup"]),
        ("maintenance_schedule", &["none", "weekly", "two_weekly", "monthly", "on_demand"]),
        ("therapy_model", &["ifs", "hakomi", "existential", "somatic", "mindfulness", "exposure_cbt", "maps_protocol"]),
        (
            "attended_by",
            &["anesthesiologist", "primary_care", "psychiatrist", "therapist", "nurse_practitioner", "guide"],
        ),
        ("attended_by", &["peer_monitor"]),
        (
            "strongest_experience",
            &["emotional_openness", "empathogenic", "out_of_body", "near_death", "ego_dissolution"],
        ),
        ("strongest_experience", &["synaesthesia", "floating", "time_distortion"]),
        ("indication", &["mdd", "bipolar", "suicidal_ideation", "gad", "other_anxiety", "ptsd", "ocd", "aud"]),
        ("indication", &["cocaine_use", "opioid_use", "pain", "neuropathic_pain", "pain_with_depression"]),
        ("indication", &["death_anxiety", "anorexia", "personality_disorder", "postpartum_depression"]),
    ];
    for (field, named) in fields {
        let values = values(field);
        named.iter().for_each(|code| assert!(values.iter().any(|value| value == code), "{field}: {code}"));
        assert_eq!(values.last().map(String::as_str), Some("other"), "{field}");
    }
    assert!(["insured", "self_pay", "sliding_scale"].iter().all(|code| values("payer").iter().any(|v| v == code)));
    assert_eq!(values("age_band"), ["0-17", "18-29", "30-44", "45-64", "65+"]);
    assert_eq!(values("sex").len(), 3);
    let ketamine = ketamine();
    let flags = [
        "treatment_resistant",
        "benzodiazepine_home",
        "benzodiazepine_session",
        "lamotrigine",
        "antidepressant",
        "hypertension",
        "preeclampsia",
        "severe_cardiac_disease",
        "stroke",
        "raised_intracranial_pressure",
        "acute_porphyria",
        "epilepsy",
        "psychosis",
        "active_substance_use",
        "cystitis_history",
        "personality_disorder",
        "under_three_years",
        "course_completed",
        "monitored_ecg",
        "monitored_eeg",
    ];
    for flag in flags {
        assert_eq!(ketamine.field(flag).map(|field| &field.kind), Some(&FieldKind::Flag), "{flag}");
    }
}

#[test]
fn every_event_wait_and_medicine_that_the_texts_name_is_in_it() {
    let ketamine = ketamine();
    let acute = "dissociation dizziness drowsiness nausea vomiting anxiety dysphoria paranoia confusion disorientation \
                 hallucination blurred_vision double_vision loss_of_coordination tremor bp_rise pulse_rise \
                 intraocular_pressure memory_or_concentration accident_or_fall reduced_breathing laryngospasm \
                 psychological_distress headache vertigo sedation other";
    let chronic = "cystitis urinary_tract kidney liver_enzymes biliary_dilatation hepatic_fibrosis tolerance dependence \
                   withdrawal misuse flashbacks memory_deficit decreased_sociability";
    let events = ketamine.events().unwrap();
    for (onset, named) in [(Onset::Acute, acute), (Onset::Chronic, chronic)] {
        let mut listed: Vec<&str> =
            events.kinds.iter().filter(|kind| kind.onset == onset).map(|kind| kind.code.id.as_str()).collect();
        let mut named: Vec<&str> = named.split_whitespace().collect();
        listed.sort_unstable();
        named.sort_unstable();
        assert_eq!(listed, named);
    }
    assert_eq!(ketamine.codes(Vocabulary::Severity), ["mild", "moderate", "severe"]);
    assert_eq!(ketamine.codes(Vocabulary::TimeToEvent), ["relapse", "drop_out", "first_response"]);
    assert_eq!(ketamine.codes(Vocabulary::SessionKind), ["preparation", "dosing", "integration"]);
    let classes = ketamine.codes(Vocabulary::Comedication);
    for class in ["benzodiazepine", "lamotrigine", "antidepressant", "antiemetic", "antipsychotic", "mood_stabilizer"] {
        assert!(classes.contains(&class), "{class}");
    }
    assert_eq!(classes.len(), 9);
}

#[test]
fn sessions_and_courses_speak_of_the_same_routes_and_molecules() {
    let ketamine = ketamine();
    assert_eq!(ketamine.codes(Vocabulary::Route), values("route"));
    assert_eq!(ketamine.codes(Vocabulary::Molecule), values("molecule"));
    let session = ketamine.session().unwrap();
    for route in &session.routes {
        let of_course = ketamine.field("route").unwrap().coding.get(&route.code.id).cloned().unwrap_or_default();
        assert_eq!(route.code.coding, of_course, "{}", route.code.id);
    }
    let figure = |id: &str| session.route(id).unwrap().bioavailability.as_ref().map(|b| (b.from, b.to, b.disputed));
    assert_eq!([figure("iv"), figure("im")], [Some((100, 100, false)), Some((93, 93, false))]);
    assert_eq!(figure("oral"), Some((16, 24, false)));
    assert!(figure("sc").is_some_and(|(_, _, disputed)| disputed), "sources contradict each other");
    assert_eq!(figure("topical"), None, "nothing was found");
    assert_eq!((session.weight.min, session.weight.max), (25, 300));
}

#[test]
fn other_systems_codes_lead_to_the_one_value_that_they_mean() {
    let ketamine = ketamine();
    let cases = [
        ("route", System::Snomed, "47625008", Some("iv")),
        ("route", System::Snomed, "37839007", Some("sublingual")),
        ("molecule", System::RxNorm, "6130", Some("racemic")),
        ("molecule", System::RxNorm, "2201625", Some("s")),
        ("indication", System::Icd10Cm, "F33.2", Some("mdd")),
        ("indication", System::Icd10Cm, "F43.12", Some("ptsd")),
        ("indication", System::Snomed, "47505003", Some("ptsd")),
        ("indication", System::Snomed, "191736004", None),
        ("indication", System::Icd10Cm, "47505003", None),
        ("indication", System::Icd10Cm, "F33", None),
    ];
    for (field, system, code, want) in cases {
        assert_eq!(ketamine.field(field).unwrap().value_coded(system, code), want, "{code}");
    }
}

#[test]
fn a_real_clinics_slips_are_found_and_its_sound_course_is_not() {
    let ketamine = ketamine();
    let session = Session {
        number: 1,
        kind: "dosing".into(),
        route: Some("iv".into()),
        molecule: Some("racemic".into()),
        dose_ug: Some(Micrograms(36_000)),
        experience: [("CADSS".to_owned(), 12), ("MEQ30".to_owned(), 60)].into(),
        given: [("benzodiazepine".to_owned(), true)].into(),
        ..Session::default()
    };
    let items = [3, 3, 2, 3, 1, 2, 2, 1, 1].map(Some).to_vec();
    let mut course = Course {
        assessments: vec![Assessment { items, ..Assessment::total("PHQ-9", 0, 18) }],
        sessions: vec![session],
        at_home: [("lamotrigine".to_owned(), false)].into(),
        ..Course::default()
    };
    ketamine.fill_told(&mut course);
    assert_eq!(ketamine.check_course(&course), []);
    let told = |field: &str| course.fields.get(field).cloned();
    assert_eq!(told("benzodiazepine_session"), Some(FieldValue::Flag(true)));
    assert_eq!(told("lamotrigine"), Some(FieldValue::Flag(false)));
    assert_eq!(told("benzodiazepine_home"), None, "nobody asked");
    for (text, code) in [("0", "weight-out-of-range"), ("301", "weight-out-of-range"), ("70-75", "not-a-number")] {
        assert_eq!(ketamine.check_weight(text).unwrap_err().code(), code, "{text} kg");
    }
    for (route, text, code) in [(Some("iv"), "36000", "dose-over-limit"), (None, "36mg = 0.5mg/kg", "not-a-number")] {
        assert_eq!(ketamine.check_dose(route, text).unwrap_err().code(), code, "{text} mg");
    }
}
