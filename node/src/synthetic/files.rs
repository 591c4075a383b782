//! Synthetic courses as the CSV files that `sumac import` reads, with the mapping beside them.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::Path;

use csv::Writer;
use sumac_protocol::record::{Course, FieldValue};

use super::{Consented, Generator, SyntheticError};

/// The mapping that the files are read by.
pub const MAPPING: &str = include_str!("mapping.toml");

/// Writes the files of one clinic, `courses` courses, into a folder that must not hold such files yet.
///
/// # Errors
/// [`SyntheticError`]; what was written until then stays.
pub fn write_clinic(generator: &Generator, clinic: u32, courses: u64, folder: &Path) -> Result<(), SyntheticError> {
    let file = |why: csv::Error| SyntheticError::File { folder: folder.display().to_string(), why: why.to_string() };
    fs::create_dir_all(folder).map_err(|why| file(why.into()))?;
    let mut files = Files::create(folder).map_err(file)?;
    for number in 0..courses {
        let drawn = generator.course(clinic, number)?;
        let patient = format!("SYN-{:02}-{number:07}", clinic + 1);
        files.write(&patient, &drawn.course, &drawn.consented).map_err(file)?;
    }
    files.finish().map_err(file)
}

type Csv = Writer<BufWriter<File>>;

/// The files of one clinic, open.
struct Files {
    courses: Csv,
    assessments: Csv,
    sessions: Csv,
    events: Csv,
    times: Csv,
    consents: Csv,
}

/// Fields that the courses file has a column for, in order.
const FIELDS: [&str; 10] = [
    "paradigm",
    "route",
    "molecule",
    "setting",
    "indication",
    "treatment_resistant",
    "maintenance_schedule",
    "sex",
    "age",
    "age_band",
];
/// Classes of medicine at home that the courses file has a column for, in order.
const AT_HOME: [&str; 3] = ["antidepressant", "benzodiazepine", "lamotrigine"];

impl Files {
    fn create(folder: &Path) -> csv::Result<Self> {
        let open = |name: &str, header: &[&str]| {
            let mut csv = Writer::from_writer(BufWriter::new(File::create_new(folder.join(name))?));
            csv.write_record(header)?;
            Ok::<Csv, csv::Error>(csv)
        };
        let courses = [["patient", "course", "origin"].as_slice(), &FIELDS, &AT_HOME].concat();
        Ok(Self {
            courses: open("courses.csv", &courses)?,
            assessments: open("assessments.csv", &["patient", "course", "instrument", "day", "value"])?,
            sessions: open("sessions.csv", &SESSION)?,
            events: open("events.csv", &EVENT)?,
            times: open("time_to_event.csv", &["patient", "course", "kind", "day", "happened"])?,
            consents: open("consents.csv", &["patient", "permission", "not_commercial", "withdrawn_day"])?,
        })
    }

    fn write(&mut self, patient: &str, course: &Course, consented: &Consented) -> csv::Result<()> {
        let field = |name: &&str| course.fields.get(*name).map(spelled).unwrap_or_default();
        let at_home = |class: &&str| course.at_home.get(*class).map(|taken| yes(*taken)).unwrap_or_default();
        let mut cells = vec![patient.to_owned(), "1".into(), "synthetic".into()];
        cells.extend(FIELDS.iter().map(field));
        cells.extend(AT_HOME.iter().map(at_home));
        self.courses.write_record(&cells)?;
        for score in &course.assessments {
            let (day, value) = (score.day.to_string(), score.value.to_string());
            self.assessments.write_record([patient, "1", &score.instrument, &day, &value])?;
        }
        for session in &course.sessions {
            let vitals = &session.vitals;
            let cells = [
                patient.to_owned(),
                "1".into(),
                session.number.to_string(),
                session.day.to_string(),
                session.kind.clone(),
                session.route.clone().unwrap_or_default(),
                session.molecule.clone().unwrap_or_default(),
                session.dose_ug.map(|dose| thousandths(dose.0)).unwrap_or_default(),
                known(session.minutes),
                session.weight_g.map(|weight| thousandths(weight.0)).unwrap_or_default(),
                known(vitals.systolic_before),
                known(vitals.systolic_highest),
                known(vitals.spo2_lowest),
                known(vitals.heart_rate_highest),
            ];
            self.sessions.write_record(cells)?;
        }
        for event in &course.events {
            let cells = [
                patient.to_owned(),
                "1".into(),
                event.day.to_string(),
                event.kind.clone(),
                event.severity.clone().unwrap_or_default(),
                event.serious.map(yes).unwrap_or_default(),
                event.resolved.map(yes).unwrap_or_default(),
                known(event.onset_minutes),
                known(event.session),
            ];
            self.events.write_record(cells)?;
        }
        for time in &course.time_to_event {
            self.times.write_record([patient, "1", &time.kind, &time.day.to_string(), &yes(time.happened)])?;
        }
        let permission = consented.permission.unwrap_or("none");
        let withdrawn = consented.withdrawn.map(|day| day.to_string()).unwrap_or_default();
        self.consents.write_record([patient, permission, &yes(consented.not_commercial), &withdrawn])
    }

    fn finish(self) -> csv::Result<()> {
        let Self { courses, assessments, sessions, events, times, consents } = self;
        for mut csv in [courses, assessments, sessions, events, times, consents] {
            csv.flush()?;
        }
        Ok(())
    }
}

const SESSION: [&str; 14] = [
    "patient",
    "course",
    "number",
    "day",
    "kind",
    "route",
    "molecule",
    "dose_mg",
    "minutes",
    "weight_kg",
    "systolic_before",
    "systolic_highest",
    "spo2_lowest",
    "heart_rate_highest",
];
const EVENT: [&str; 9] =
    ["patient", "course", "day", "kind", "severity", "serious", "resolved", "onset_minutes", "session"];

fn spelled(value: &FieldValue) -> String {
    match value {
        FieldValue::Category(code) => code.clone(),
        FieldValue::Flag(flag) => yes(*flag),
        FieldValue::Number(number) => number.to_string(),
    }
}

fn yes(flag: bool) -> String {
    if flag { "yes" } else { "no" }.to_owned()
}

fn known(number: Option<u16>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}

/// Thousandths of a unit as a decimal of that unit.
fn thousandths(number: u32) -> String {
    format!("{}.{:03}", number / 1_000, number % 1_000)
}
