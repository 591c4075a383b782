//! The shapes that records come in, each as sound files of three patients `%A`, `%B` and `%C`.

use std::path::Path;

use sumac_tests::processes::text;

use crate::mapping;

/// How files tell records.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    /// A file for each kind of thing.
    Long,
    /// A row for each course.
    Wide,
    /// A REDCap export.
    Redcap,
    /// A FHIR Bundle, an entry a line.
    Bundle,
    /// FHIR resources as NDJSON.
    Lines,
}

/// The system of the identifier that is the pseudonym.
const SYSTEM: &str = "urn:my-clinic:pseudonym";

impl Shape {
    /// The sound files by name.
    pub(crate) fn files(self) -> Vec<(&'static str, String)> {
        match self {
            Self::Long => {
                let of_all = |(name, header, rows): (&'static str, &str, &str)| {
                    let rows: String = ["%A", "%B", "%C"].map(|patient| rows.replace("%P", patient)).concat();
                    (name, format!("{header}\n{rows}"))
                };
                LONG.map(of_all).into()
            }
            Self::Wide => {
                let rows: String = ["%A", "%B", "%C"].map(|patient| format!("{patient},{WIDE_ROW}\n")).concat();
                vec![("courses.csv", format!("{WIDE_HEADER}\n{rows}"))]
            }
            Self::Redcap => {
                let rows: String = ["%A", "%B", "%C"].map(redcap_rows).concat();
                vec![("redcap.csv", format!("{REDCAP_HEADER}\n{rows}"))]
            }
            Self::Bundle => {
                let entry = |resource: String| format!("{{\"resource\":{resource}}}");
                let entries: Vec<String> = ["%A", "%B", "%C"].into_iter().flat_map(resources).map(entry).collect();
                let bundle = format!("{BUNDLE}\n{}\n]}}", entries.join(",\n"));
                vec![("bundle.json", bundle)]
            }
            Self::Lines => {
                let lines: String = ["%A", "%B", "%C"].into_iter().flat_map(resources).map(|one| one + "\n").collect();
                vec![("all.ndjson", lines)]
            }
        }
    }

    /// The words that bring them in.
    pub(crate) fn words(self, node: &Path, folder: &Path) -> Vec<String> {
        let mut words = vec!["import".to_owned(), "--dir".to_owned(), text(node).to_owned()];
        let shipped = match self {
            Self::Long => "long",
            Self::Wide => "wide",
            Self::Redcap => "redcap",
            Self::Bundle | Self::Lines => {
                words.extend(["--fhir", text(folder), "--identifier", SYSTEM].map(str::to_owned));
                return words;
            }
        };
        words.extend(["--mapping".to_owned(), mapping(shipped)]);
        for (file, _) in self.files() {
            let option = format!("--{}", file.trim_end_matches(".csv").replace('_', "-"));
            words.extend([option, text(&folder.join(file)).to_owned()]);
        }
        words
    }

    /// How the list of rejects says that line of that file.
    pub(crate) fn place(self, file: &str, line: usize) -> String {
        match self {
            Self::Long | Self::Wide | Self::Redcap => format!("{},{line},", file.trim_end_matches(".csv")),
            // Entries are counted, and the first stands on the second line.
            Self::Bundle => format!("{file},{},", line - 1),
            Self::Lines => format!("{file},{line},"),
        }
    }
}

const LONG: [(&str, &str, &str); 6] = [
    (
        "courses.csv",
        "patient,course,indication,paradigm,sex,age,treatment_resistant,hypertension,benzodiazepine_home,lamotrigine",
        "%P,C1,mdd,infusion,f,44,yes,no,1,0\n",
    ),
    (
        "assessments.csv",
        "patient,course,instrument,day,value",
        "%P,C1,phq9,28,7\n%P,C1,depression,0,13\n%P,C1,MADRS,0,30\n",
    ),
    (
        "items.csv",
        "patient,course,instrument,day,item,score",
        "%P,C1,PHQ-9,0,1,2\n%P,C1,PHQ-9,0,2,2\n%P,C1,PHQ-9,0,3,1\n%P,C1,PHQ-9,0,4,2\n%P,C1,PHQ-9,0,5,1\n\
         %P,C1,PHQ-9,0,6,2\n%P,C1,PHQ-9,0,7,1\n%P,C1,PHQ-9,0,8,1\n%P,C1,PHQ-9,0,9,1\n",
    ),
    (
        "sessions.csv",
        "patient,course,number,day,kind,route,molecule,dose_mg,minutes,weight_kg,systolic_before,systolic_highest,\
         spo2_lowest,heart_rate_highest,cadss,meq30,benzodiazepine_given",
        "%P,C1,2,0,dosing,infusion,racemic,36.5,40,72.5,128,151,96,98,12,,no\n%P,C1,1,-7,preparation,,,,,,,,,,,,\n",
    ),
    (
        "events.csv",
        "patient,course,day,kind,severity,serious,resolved,onset_minutes,relatedness,session",
        "%P,C1,0,nausea,mild,no,yes,25,probable,2\n%P,C1,90,cystitis,,,,,,\n",
    ),
    ("time_to_event.csv", "patient,course,kind,day,happened", "%P,C1,relapse,120,no\n"),
];

const WIDE_HEADER: &str = "patient,course,indication,paradigm,sex,age,benzodiazepine,antidepressant,relapse_day,\
                           relapsed,phq9_day28,phq1_0,phq2_0,phq3_0,phq4_0,phq5_0,phq6_0,phq7_0,phq8_0,phq9_0";
const WIDE_ROW: &str = "C1,mdd,infusion,f,44,0,1,120,no,7,2,2,1,2,1,2,1,1,1";

const REDCAP_HEADER: &str = "record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,indication,\
    paradigm,sex,trd,home_meds___1,home_meds___2,enrolment_complete,phq9_1,phq9_2,phq9_3,phq9_4,phq9_5,phq9_6,phq9_7,\
    phq9_8,phq9_9,phq9_complete,gad7_total,gad7_day,gad7_complete,ds_day,ds_route,ds_dose_mg,ds_minutes,ds_weight_kg,\
    ds_sbp_before,ds_sbp_max,ds_spo2_min,ds_cadss,ds_benzo,dosing_session_complete,ae_day,ae_kind,ae_severity,\
    ae_serious,ae_resolved,ae_session,adverse_event_complete,relapse_day,relapsed,end_of_study_complete";

/// The rows of one record: enrolment and scores, two doses, an event, the end.
fn redcap_rows(record: &str) -> String {
    let cells = |empty_before: usize, cells: &str, empty_after: usize| {
        format!("{}{cells}{}", ",".repeat(empty_before), ",".repeat(empty_after))
    };
    let rows = [
        format!("baseline_arm_1,,,{}", cells(0, "1,3,2,1,1,0,2,2,2,2,2,2,2,2,2,2,2", 24)),
        format!("week_4_arm_1,,,{}", cells(7, "1,1,1,1,1,1,1,1,1,2,5,30,2", 21)),
        format!("treatment_arm_1,dosing_session,1,{}", cells(20, "0,2,60,1,80,,,,20,0,2", 10)),
        format!("treatment_arm_1,dosing_session,2,{}", cells(20, "7,2,70,1,80,,,,,0,2", 10)),
        format!("treatment_arm_1,adverse_event,1,{}", cells(31, "7,nausea,2,0,1,2,2", 3)),
        format!("month_3_arm_1,,,{}", cells(38, "95,1,2", 0)),
    ];
    rows.map(|row| format!("{record},{row}\n")).concat()
}

const BUNDLE: &str = "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[";

/// The resources of one patient: a course of one dose, and two totals.
fn resources(patient: &str) -> Vec<String> {
    let subject = format!("\"subject\":{{\"reference\":\"Patient/{patient}\"}}");
    let score = |id: &str, date: &str, total: u8| {
        format!(
            "{{\"resourceType\":\"Observation\",\"id\":\"{id}-{patient}\",\"status\":\"final\",{subject},\
             \"effectiveDateTime\":\"{date}\",\"code\":{{\"coding\":[{{\"system\":\"http://loinc.org\",\"code\":\"44261-6\"}}]}},\
             \"valueQuantity\":{{\"value\":{total}}}}}"
        )
    };
    vec![
        format!(
            "{{\"resourceType\":\"Patient\",\"id\":\"{patient}\",\"gender\":\"female\",\"identifier\":[\
             {{\"system\":\"{SYSTEM}\",\"value\":\"{patient}\"}}]}}"
        ),
        format!(
            "{{\"resourceType\":\"EpisodeOfCare\",\"id\":\"e-{patient}\",\"status\":\"active\",\
             \"patient\":{{\"reference\":\"Patient/{patient}\"}},\"period\":{{\"start\":\"2026-01-01\"}}}}"
        ),
        format!(
            "{{\"resourceType\":\"MedicationAdministration\",\"id\":\"d-{patient}\",\"status\":\"completed\",{subject},\
             \"medicationCodeableConcept\":{{\"coding\":[{{\"system\":\"http://www.nlm.nih.gov/research/umls/rxnorm\",\
             \"code\":\"6130\"}}]}},\"effectivePeriod\":{{\"start\":\"2026-01-05T09:00:00Z\",\"end\":\"2026-01-05T09:40:00Z\"}},\
             \"dosage\":{{\"dose\":{{\"value\":36.5,\"unit\":\"mg\"}},\"route\":{{\"coding\":[\
             {{\"system\":\"http://snomed.info/sct\",\"code\":\"47625008\"}}]}}}}}}"
        ),
        score("before", "2026-01-04", 19),
        score("after", "2026-02-02", 7),
    ]
}
