//! The shipped mappings read every part of the record model, under the shipped dictionary.

use std::io::Cursor;

use sumac_protocol::dictionary::Dictionary;
use sumac_protocol::record::{Assessment, Course, Event, FieldValue, Grams, Micrograms, Session, TimeToEvent, Vitals};

use crate::import::{ImportError, Imported, Mapping, SourceFile, read_records};

pub(super) const LONG: &str = include_str!("../../../../cli/mappings/long.toml");
pub(super) const WIDE: &str = include_str!("../../../../cli/mappings/wide.toml");
pub(super) const REDCAP: &str = include_str!("../../../../cli/mappings/redcap.toml");

pub(super) const COURSES: &str = "patient,course,indication,paradigm,sex,age,treatment_resistant,hypertension,\
                                  benzodiazepine_home,lamotrigine\nP1,C1,mdd,infusion,f,44,yes,no,1,0\n";
pub(super) const ASSESSMENTS: &str =
    "patient,course,instrument,day,value\nP1,C1,phq9,28,7\nP1,C1,depression,0,13\nP1,C1,MADRS,0,30\n";
pub(super) const SESSIONS: &str = "patient,course,number,day,kind,route,molecule,dose_mg,minutes,weight_kg,\
                                   systolic_before,systolic_highest,spo2_lowest,heart_rate_highest,cadss,meq30,\
                                   benzodiazepine_given\n\
                                   P1,C1,2,0,dosing,infusion,racemic,36.5,40,72.5,128,151,96,98,12,,no\n\
                                   P1,C1,1,-7,preparation,,,,,,,,,,,,\n";
pub(super) const EVENTS: &str = "patient,course,day,kind,severity,serious,resolved,onset_minutes,relatedness,session\n\
                                 P1,C1,0,nausea,mild,no,yes,25,probable,2\nP1,C1,90,cystitis,,,,,,\n";
pub(super) const TIMES: &str = "patient,course,kind,day,happened\nP1,C1,relapse,120,no\n";

/// Reads files under the shipped dictionary.
pub(super) fn read(mapping: &str, files: &[(SourceFile, &str)]) -> Result<Imported, ImportError> {
    let sources = files.iter().map(|(file, text)| (*file, Cursor::new(text.as_bytes()))).collect();
    read_records(&ketamine(), &Mapping::parse(mapping).unwrap(), sources)
}

pub(super) fn ketamine() -> Dictionary {
    Dictionary::parse(include_str!("../../../../protocol/dictionaries/ketamine.toml")).unwrap()
}

/// The one course that was read, and that nothing was left out on the way.
fn sole(imported: &Imported) -> &Course {
    assert_eq!(imported.rejects, []);
    assert!(imported.unknown.is_empty(), "{:?}", imported.unknown);
    let [record] = imported.patients.values().collect::<Vec<_>>()[..] else { panic!("one patient") };
    let [course] = &record.courses[..] else { panic!("one course") };
    assert_eq!(ketamine().check_course(course), []);
    course
}

fn items() -> String {
    let answers = [2, 2, 1, 2, 1, 2, 1, 1, 1];
    let rows = (1..).zip(answers).map(|(item, score)| format!("P1,C1,PHQ-9,0,{item},{score}\n"));
    format!("patient,course,instrument,day,item,score\n{}", rows.collect::<String>())
}

fn phq9(day: i32, value: i64, items: &[u8]) -> Assessment {
    Assessment { items: items.iter().copied().map(Some).collect(), ..Assessment::total("PHQ-9", day, value) }
}

fn category(code: &str) -> FieldValue {
    FieldValue::Category(code.to_owned())
}

#[test]
fn six_long_files_become_one_full_course() {
    let items = items();
    let files = [
        (SourceFile::Courses, COURSES),
        (SourceFile::Assessments, ASSESSMENTS),
        (SourceFile::Items, &items),
        (SourceFile::Sessions, SESSIONS),
        (SourceFile::Events, EVENTS),
        (SourceFile::TimeToEvent, TIMES),
    ];
    let imported = read(LONG, &files).unwrap();
    let code = |text: &str| Some(text.to_owned());
    let fields = [
        ("indication", category("mdd")),
        ("paradigm", category("infusion")),
        ("sex", category("female")),
        ("age", FieldValue::Number(44)),
        ("treatment_resistant", FieldValue::Flag(true)),
        ("hypertension", FieldValue::Flag(false)),
        // These follow from what is taken at home and what was given.
        ("benzodiazepine_home", FieldValue::Flag(true)),
        ("benzodiazepine_session", FieldValue::Flag(false)),
        ("lamotrigine", FieldValue::Flag(false)),
    ];
    let dosing = Session {
        number: 2,
        day: 0,
        kind: "dosing".into(),
        route: code("iv"),
        molecule: code("racemic"),
        dose_ug: Some(Micrograms(36_500)),
        minutes: Some(40),
        weight_g: Some(Grams(72_500)),
        experience: [("CADSS".to_owned(), 12)].into(),
        vitals: Vitals {
            systolic_before: Some(128),
            systolic_highest: Some(151),
            spo2_lowest: Some(96),
            heart_rate_highest: Some(98),
        },
        given: [("benzodiazepine".to_owned(), false)].into(),
    };
    let nausea = Event {
        day: 0,
        kind: "nausea".into(),
        severity: code("mild"),
        serious: Some(false),
        resolved: Some(true),
        onset_minutes: Some(25),
        relatedness: code("probable"),
        session: Some(2),
    };
    let full = Course {
        id: "C1".into(),
        fields: fields.map(|(id, value)| (id.to_owned(), value)).into(),
        assessments: vec![
            Assessment::total("MADRS", 0, 30),
            phq9(0, 13, &[2, 2, 1, 2, 1, 2, 1, 1, 1]),
            phq9(28, 7, &[]),
        ],
        sessions: vec![Session { number: 1, day: -7, kind: "preparation".into(), ..Session::default() }, dosing],
        events: vec![nausea, Event { day: 90, kind: "cystitis".into(), ..Event::default() }],
        time_to_event: vec![TimeToEvent { kind: "relapse".into(), day: 120, happened: false }],
        at_home: [("benzodiazepine".to_owned(), true), ("lamotrigine".to_owned(), false)].into(),
    };
    assert_eq!(*sole(&imported), full);
    assert_eq!(imported.rows_read, 1 + 3 + 9 + 2 + 2 + 1);
}

#[test]
fn one_wide_file_becomes_courses_with_items_and_times() {
    let header = "patient,course,indication,paradigm,sex,age,benzodiazepine,antidepressant,relapse_day,relapsed,\
                  phq9_day28,phq1_0,phq2_0,phq3_0,phq4_0,phq5_0,phq6_0,phq7_0,phq8_0,phq9_0\n";
    let full = format!("{header}P1,C1,mdd,infusion,m,51,yes,NA,130,yes,6,3,3,2,2,2,2,1,1,1\n");
    let imported = read(WIDE, &[(SourceFile::Courses, &full)]).unwrap();
    let course = sole(&imported);
    assert_eq!(course.assessments, [phq9(0, 17, &[3, 3, 2, 2, 2, 2, 1, 1, 1]), phq9(28, 6, &[])]);
    assert_eq!(course.time_to_event, [TimeToEvent { kind: "relapse".into(), day: 130, happened: true }]);
    assert_eq!(course.at_home, [("benzodiazepine".to_owned(), true)].into());
    assert_eq!(course.fields["sex"], category("male"));

    let empty = format!("{header}P1,C1,mdd,infusion,m,51,,,,,,,,,,,,,,\n");
    let imported = read(WIDE, &[(SourceFile::Courses, &empty)]).unwrap();
    let course = sole(&imported);
    assert!(course.assessments.is_empty() && course.time_to_event.is_empty(), "what is blank is missing");

    let some = format!("{header}P1,C1,mdd,infusion,m,51,,,,,,3,3,,2,2,2,1,1,1\n");
    let imported = read(WIDE, &[(SourceFile::Courses, &some)]).unwrap();
    assert_eq!(imported.rejects.iter().map(|reject| reject.why.code()).collect::<Vec<_>>(), ["item-blank"]);
}

#[test]
fn items_and_a_total_that_make_another_sum_are_both_left_out() {
    let items = items();
    let wrong = ASSESSMENTS.replace("depression,0,13", "depression,0,14");
    let files = [(SourceFile::Courses, COURSES), (SourceFile::Assessments, &wrong), (SourceFile::Items, &items)];
    let imported = read(LONG, &files).unwrap();
    let [reject] = &imported.rejects[..] else { panic!("{:?}", imported.rejects) };
    assert_eq!((reject.file, reject.row, reject.why.code()), (SourceFile::Assessments, 3, "item-sum"));
    let days: Vec<i32> = imported.patients["P1"].courses[0].assessments.iter().map(|found| found.day).collect();
    assert_eq!(days, [0, 28], "MADRS and the later PHQ-9 are left");
}

const REDCAP_HEADER: &str = "record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,indication,\
    paradigm,sex,trd,home_meds___1,home_meds___2,enrolment_complete,phq9_1,phq9_2,phq9_3,phq9_4,phq9_5,phq9_6,phq9_7,\
    phq9_8,phq9_9,phq9_complete,gad7_total,gad7_day,gad7_complete,ds_day,ds_route,ds_dose_mg,ds_minutes,ds_weight_kg,\
    ds_sbp_before,ds_sbp_max,ds_spo2_min,ds_cadss,ds_benzo,dosing_session_complete,ae_day,ae_kind,ae_severity,\
    ae_serious,ae_resolved,ae_session,adverse_event_complete,relapse_day,relapsed,end_of_study_complete";

/// A row of the export: the ids, and the named cells.
fn redcap_row(event: &str, repeats: &str, instance: &str, cells: &[(&str, &str)]) -> String {
    let ids = [
        ("record_id", "1001"),
        ("redcap_event_name", event),
        ("redcap_repeat_instrument", repeats),
        ("redcap_repeat_instance", instance),
    ];
    let cell = |name: &str| {
        let found = ids.iter().chain(cells).find(|(column, _)| *column == name);
        found.map_or_else(String::new, |(_, text)| (*text).to_owned())
    };
    REDCAP_HEADER.split(',').map(cell).collect::<Vec<_>>().join(",")
}

fn redcap(rows: &[String]) -> Imported {
    let file = format!("{REDCAP_HEADER}\n{}\n", rows.join("\n"));
    read(REDCAP, &[(SourceFile::Redcap, &file)]).unwrap()
}

fn phq9_cells<'c>(answers: [&'c str; 9], complete: &'c str) -> Vec<(&'static str, &'c str)> {
    let names = ["phq9_1", "phq9_2", "phq9_3", "phq9_4", "phq9_5", "phq9_6", "phq9_7", "phq9_8", "phq9_9"].into_iter();
    names.zip(answers).chain([("phq9_complete", complete)]).collect()
}

fn enrolment() -> Vec<(&'static str, &'static str)> {
    let cells = [("indication", "1"), ("paradigm", "3"), ("sex", "2"), ("trd", "1"), ("home_meds___1", "1")];
    cells.into_iter().chain([("home_meds___2", "0"), ("enrolment_complete", "2")]).collect()
}

#[test]
fn a_redcap_export_becomes_one_course_whatever_rows_its_forms_stand_in() {
    let baseline = [enrolment(), phq9_cells(["2"; 9], "2")].concat();
    let week_4 = [phq9_cells(["1"; 9], "2"), vec![("gad7_total", "5"), ("gad7_day", "30"), ("gad7_complete", "2")]];
    let first = [
        ("ds_day", "0"),
        ("ds_route", "2"),
        ("ds_dose_mg", "60"),
        ("ds_minutes", "1"),
        ("ds_weight_kg", "80"),
        ("ds_cadss", "20"),
        ("ds_benzo", "0"),
        ("dosing_session_complete", "2"),
    ];
    let second = [("ds_day", "7"), ("ds_route", "2"), ("ds_dose_mg", "70"), ("dosing_session_complete", "2")];
    let event = [("ae_day", "7"), ("ae_kind", "nausea"), ("ae_severity", "2"), ("ae_session", "2")];
    let event = [event.as_slice(), &[("ae_serious", "0"), ("adverse_event_complete", "2")]].concat();
    let last = [("relapse_day", "95"), ("relapsed", "1"), ("end_of_study_complete", "2")];
    let rows = [
        redcap_row("baseline_arm_1", "", "", &baseline),
        redcap_row("week_4_arm_1", "", "", &week_4.concat()),
        redcap_row("treatment_arm_1", "dosing_session", "2", &second),
        redcap_row("treatment_arm_1", "dosing_session", "1", &first),
        redcap_row("treatment_arm_1", "adverse_event", "1", &event),
        redcap_row("month_3_arm_1", "", "", &last),
    ];
    let imported = redcap(&rows);
    let course = sole(&imported);
    assert_eq!((course.id.as_str(), course.fields["paradigm"].clone()), ("1001", category("kap_high")));
    assert_eq!(course.at_home, [("benzodiazepine".to_owned(), true), ("lamotrigine".to_owned(), false)].into());
    let scores: Vec<_> = course.assessments.iter().map(|a| (a.instrument.as_str(), a.day, a.value)).collect();
    assert_eq!(scores, [("GAD-7", 30, 5), ("PHQ-9", 0, 18), ("PHQ-9", 28, 9)], "its own day, else the event's");
    let sessions: Vec<_> = course.sessions.iter().map(|s| (s.number, s.day, s.kind.as_str(), s.dose_ug)).collect();
    let mg = |mg: u32| Some(Micrograms(mg * 1_000));
    assert_eq!(sessions, [(1, 0, "dosing", mg(60)), (2, 7, "dosing", mg(70))]);
    assert_eq!(course.sessions[0].experience, [("CADSS".to_owned(), 20)].into());
    assert_eq!((course.events[0].session, course.events[0].severity.as_deref()), (Some(2), Some("moderate")));
    assert_eq!(course.time_to_event, [TimeToEvent { kind: "relapse".into(), day: 95, happened: true }]);

    let mut turned = rows.clone();
    turned.reverse();
    assert_eq!(redcap(&turned).patients, imported.patients, "the order of rows changes nothing");
}

#[test]
fn a_redcap_form_is_read_when_it_is_complete_and_its_event_has_a_day() {
    let form = |complete: &str, event: &str| {
        let imported = redcap(&[redcap_row(event, "", "", &phq9_cells(["1"; 9], complete))]);
        let codes: Vec<_> = imported.rejects.iter().map(|reject| (reject.column.clone(), reject.why.code())).collect();
        (imported.patients["1001"].courses[0].assessments.len(), codes)
    };
    let lost = |column: &str, code| (0, vec![(column.to_owned(), code)]);
    assert_eq!(form("2", "baseline_arm_1"), (1, vec![]));
    assert_eq!(form("Complete", "baseline_arm_1"), (1, vec![]), "labels instead of raw values");
    assert_eq!(form("0", "baseline_arm_1"), lost("phq9_complete", "form-incomplete"));
    assert_eq!(form("", "baseline_arm_1"), lost("phq9_complete", "form-incomplete"));
    assert_eq!(form("2", "unscheduled_arm_1"), lost("redcap_event_name", "no-event-day"));
    assert_eq!(form("2", ""), lost("redcap_event_name", "absent"));
}

#[test]
fn redcap_cells_of_forms_that_nobody_opened_are_no_forms() {
    let untouched =
        [("home_meds___1", "0"), ("home_meds___2", "0"), ("enrolment_complete", "0"), ("phq9_complete", "0")];
    let imported = redcap(&[redcap_row("baseline_arm_1", "", "", &untouched)]);
    assert_eq!(*sole(&imported), Course { id: "1001".into(), ..Course::default() });
    let elsewhere = [("ds_dose_mg", "60"), ("dosing_session_complete", "2")];
    let imported = redcap(&[redcap_row("treatment_arm_1", "adverse_event", "1", &elsewhere)]);
    assert!(sole(&imported).sessions.is_empty(), "in a row of one repeating form no other is read");
}

#[test]
fn several_forms_tell_of_one_session_unless_they_contradict_each_other() {
    let told = |second: &str| {
        let sessions = "patient,course,number,day,kind,route,molecule,dose_mg,minutes,weight_kg,systolic_before,\
                        systolic_highest,spo2_lowest,heart_rate_highest,cadss,meq30,benzodiazepine_given";
        let sessions = format!("{sessions}\nP1,C1,1,0,dosing,iv,,36,,,,,,,,,\n{second}\n");
        read(LONG, &[(SourceFile::Sessions, &sessions)]).unwrap()
    };
    let both = told("P1,C1,1,,,,,,40,,,,,,,,");
    assert_eq!((sole(&both).sessions.len(), sole(&both).sessions[0].minutes), (1, Some(40)));
    let other = told("P1,C1,1,,,,,37,40,,,,,,,,");
    let [reject] = &other.rejects[..] else { panic!("{:?}", other.rejects) };
    assert_eq!((reject.why.code(), reject.why.to_string().contains("the dose")), ("other-session", true));
    assert_eq!(other.patients["P1"].courses[0].sessions[0].minutes, None, "nothing of the second row is kept");
}

#[test]
fn sessions_without_numbers_are_counted_in_the_order_of_days_and_of_the_dictionary() {
    let mapping = LONG.replace("number = \"number\"\n", "").replace("session = \"session\"\n", "");
    let sessions = "patient,course,day,kind,route,molecule,dose_mg,minutes,weight_kg,systolic_before,systolic_highest,\
                    spo2_lowest,heart_rate_highest,cadss,meq30,benzodiazepine_given\n\
                    P1,C1,7,dosing,iv,,30,,,,,,,,,\nP1,C1,0,integration,,,,,,,,,,,,\nP1,C1,0,dosing,,,,,,,,,,,,\n\
                    P1,C1,0,preparation,,,,,,,,,,,,\nP1,C1,7,dosing,iv,,30,,,,,,,,,\n";
    let imported = read(&mapping, &[(SourceFile::Sessions, sessions)]).unwrap();
    let found: Vec<_> = sole(&imported).sessions.iter().map(|s| (s.number, s.day, s.kind.as_str())).collect();
    let want = [(1, 0, "preparation"), (2, 0, "dosing"), (3, 0, "integration"), (4, 7, "dosing")];
    assert_eq!(found, want, "the same row twice is one session");
}
