//! Records as CSV files in the shape that the importer reads, with the mapping that says so.
//!
//! One file for each kind of thing, as the `long` mapping has them: bringing the folder in again gives
//! the same records. Pseudonyms stand there as they are, also where a spreadsheet would take one for a
//! formula: what is changed here would be another patient there.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use csv::Writer;
use sumac_protocol::dictionary::{Dictionary, FieldKind};
use sumac_protocol::record::{Course, FieldValue, Session};

use super::Held;
use super::decimal::digits;

/// A folder of CSV files that is being written. Only its owner may read them.
#[derive(Debug)]
pub struct CsvFolder {
    /// What the columns are.
    columns: Columns,
    /// A row for each course: fields, and medicines at home.
    courses: Writer<BufWriter<File>>,
    /// A row for each total.
    assessments: Writer<BufWriter<File>>,
    /// A row for each answer.
    items: Writer<BufWriter<File>>,
    /// A row for each session.
    sessions: Writer<BufWriter<File>>,
    /// A row for each adverse event.
    events: Writer<BufWriter<File>>,
    /// A row for each time to event.
    times: Writer<BufWriter<File>>,
}

/// The few columns of courses that have nothing else, by the dictionary's ids, in their order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Drawn<'d> {
    pub(crate) fields: &'d [&'d str],
    pub(crate) at_home: &'d [&'d str],
    pub(crate) given: &'d [&'d str],
    pub(crate) experiences: &'d [&'d str],
}

/// What stands in the columns that depend on the dictionary.
#[derive(Debug, Clone)]
pub(crate) struct Columns {
    /// For decimal places.
    dictionary: Dictionary,
    /// What every row of the courses file says of its origin, where that is one: the importer reads it not.
    origin: Option<&'static str>,
    /// Fields of a course, in order.
    fields: Vec<String>,
    /// Classes of medicines that are taken at home.
    at_home: Vec<String>,
    /// Classes of medicines that are given in a session.
    given: Vec<String>,
    /// Instruments that ask about a session.
    experiences: Vec<String>,
}

impl CsvFolder {
    /// Begins new files in a folder, which is made if it is not there. Never overwrites.
    ///
    /// # Errors
    /// Whatever the system says; a file that is there already is an error.
    pub fn begin(folder: &Path, dictionary: &Dictionary) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let columns = Columns::of(dictionary);
        new_file(&folder.join("mapping.toml"))?.write_all(columns.mapping().as_bytes())?;
        Self::of(folder, columns)
    }

    /// Begins new files of these columns in a folder that is there, without a mapping. Never overwrites.
    ///
    /// # Errors
    /// Whatever the system says; a file that is there already is an error.
    pub(crate) fn of(folder: &Path, columns: Columns) -> io::Result<Self> {
        let open = |name: &str, header: &[String]| {
            let mut writer = Writer::from_writer(BufWriter::new(new_file(&folder.join(name))?));
            writer.write_record(header)?;
            Ok::<_, io::Error>(writer)
        };
        let ids = || IDS.map(str::to_owned).into_iter();
        let with = |more: &[&str]| ids().chain(more.iter().map(|name| (*name).to_owned())).collect::<Vec<_>>();
        let at_home = columns.at_home.iter().map(|class| format!("{AT_HOME}{class}"));
        let origin = columns.origin.map(|_| ORIGIN.to_owned());
        let of_course: Vec<String> = ids().chain(origin).chain(columns.fields.iter().cloned()).chain(at_home).collect();
        let experience = columns.experiences.iter().map(|id| format!("{EXPERIENCE}{id}"));
        let given = columns.given.iter().map(|class| format!("{GIVEN}{class}"));
        let of_session: Vec<String> = with(&SESSION).into_iter().chain(experience).chain(given).collect();
        Ok(Self {
            courses: open("courses.csv", &of_course)?,
            assessments: open("assessments.csv", &with(&ASSESSMENT))?,
            items: open("items.csv", &with(&ITEM))?,
            sessions: open("sessions.csv", &of_session)?,
            events: open("events.csv", &with(&EVENT))?,
            times: open("time_to_event.csv", &with(&TIME))?,
            columns,
        })
    }

    /// Writes the record of one patient, if there is one.
    ///
    /// # Errors
    /// Whatever writing gives.
    pub fn add(&mut self, held: &Held) -> io::Result<()> {
        for course in held.record.iter().flat_map(|record| &record.courses) {
            self.add_course(&held.pseudonym, course)?;
        }
        Ok(())
    }

    /// Writes out what is buffered.
    ///
    /// # Errors
    /// Whatever writing gives.
    pub fn finish(mut self) -> io::Result<()> {
        let Self { courses, assessments, items, sessions, events, times, .. } = &mut self;
        [courses, assessments, items, sessions, events, times].into_iter().try_for_each(Writer::flush)
    }

    /// Writes everything of one course, each thing to its file.
    ///
    /// # Errors
    /// Whatever writing gives.
    pub(crate) fn add_course(&mut self, pseudonym: &str, course: &Course) -> io::Result<()> {
        let ids = [pseudonym.to_owned(), course.id.clone()];
        let row = |cells: Vec<String>| ids.iter().cloned().chain(cells);
        let fields = self.columns.fields.iter().map(|id| self.columns.field(id, course.fields.get(id)));
        let at_home = self.columns.at_home.iter().map(|class| flag(course.at_home.get(class).copied()));
        let origin = self.columns.origin.map(str::to_owned);
        self.courses.write_record(row(origin.into_iter().chain(fields).chain(at_home).collect()))?;
        for assessed in &course.assessments {
            let (instrument, day) = (assessed.instrument.clone(), assessed.day.to_string());
            let value = self.columns.total(&instrument, assessed.value);
            self.assessments.write_record(row(vec![instrument.clone(), day.clone(), value]))?;
            for (number, score) in (1_u16..).zip(&assessed.items) {
                if let Some(score) = score {
                    let cells = vec![instrument.clone(), day.clone(), number.to_string(), score.to_string()];
                    self.items.write_record(row(cells))?;
                }
            }
        }
        for session in &course.sessions {
            self.sessions.write_record(row(self.columns.session(session)))?;
        }
        for event in &course.events {
            let cells = vec![
                event.day.to_string(),
                event.kind.clone(),
                event.severity.clone().unwrap_or_default(),
                flag(event.serious),
                flag(event.resolved),
                number(event.onset_minutes),
                event.relatedness.clone().unwrap_or_default(),
                number(event.session),
            ];
            self.events.write_record(row(cells))?;
        }
        for time in &course.time_to_event {
            let cells = vec![time.kind.clone(), time.day.to_string(), flag(Some(time.happened))];
            self.times.write_record(row(cells))?;
        }
        Ok(())
    }
}

impl Columns {
    /// Every column that the dictionary has: the same for every clinic of a federation.
    fn of(dictionary: &Dictionary) -> Self {
        let per_session = dictionary.instruments().iter().filter(|instrument| instrument.per_session);
        let classes: Vec<String> = dictionary.comedications().iter().map(|code| code.id.clone()).collect();
        Self {
            dictionary: dictionary.clone(),
            origin: None,
            fields: dictionary.fields().iter().map(|field| field.id.clone()).collect(),
            at_home: classes.clone(),
            given: classes,
            experiences: per_session.map(|instrument| instrument.id.clone()).collect(),
        }
    }

    /// These only, and a word on every course that says where it is from.
    /// For courses that have nothing else: what has no column is not written.
    pub(crate) fn only(dictionary: &Dictionary, origin: &'static str, drawn: &Drawn<'_>) -> Self {
        let owned = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        Self {
            origin: Some(origin),
            fields: owned(drawn.fields),
            at_home: owned(drawn.at_home),
            given: owned(drawn.given),
            experiences: owned(drawn.experiences),
            ..Self::of(dictionary)
        }
    }

    /// Empty where nothing is known. Numbers have the decimals that the dictionary gives.
    fn field(&self, id: &str, value: Option<&FieldValue>) -> String {
        match value {
            None => String::new(),
            Some(FieldValue::Category(code)) => code.clone(),
            Some(FieldValue::Flag(yes)) => flag(Some(*yes)),
            Some(FieldValue::Number(value)) => match self.dictionary.field(id).map(|field| &field.kind) {
                Some(FieldKind::Number { decimals, .. }) => digits(*value, *decimals),
                Some(FieldKind::Category { .. } | FieldKind::Flag) | None => value.to_string(),
            },
        }
    }

    /// A total as a decimal number.
    fn total(&self, instrument: &str, value: i64) -> String {
        digits(value, self.dictionary.instrument(instrument).map_or(0, |known| known.decimals))
    }

    /// Cells in the order of the header. Dose in mg and weight in kg, to three decimals.
    fn session(&self, session: &Session) -> Vec<String> {
        let vitals = &session.vitals;
        let mut cells = vec![
            session.number.to_string(),
            session.day.to_string(),
            session.kind.clone(),
            session.route.clone().unwrap_or_default(),
            session.molecule.clone().unwrap_or_default(),
            session.dose_ug.map_or_else(String::new, |dose| digits(i64::from(dose.0), 3)),
            number(session.minutes),
            session.weight_g.map_or_else(String::new, |weight| digits(i64::from(weight.0), 3)),
            number(vitals.systolic_before),
            number(vitals.systolic_highest),
            number(vitals.spo2_lowest),
            number(vitals.heart_rate_highest),
        ];
        let experience =
            |id: &String| session.experience.get(id).map_or_else(String::new, |value| self.total(id, *value));
        cells.extend(self.experiences.iter().map(experience));
        cells.extend(self.given.iter().map(|class| flag(session.given.get(class).copied())));
        cells
    }

    /// The mapping of these files, for the importer.
    pub(crate) fn mapping(&self) -> String {
        let mut text = String::from("# How `sumac import` reads the files beside this one.\nmissing = [\"\"]\n");
        let same = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), (*name).to_owned())).collect();
        let prefixed =
            |names: &[String], prefix: &str| names.iter().map(|id| (id.clone(), format!("{prefix}{id}"))).collect();
        let mut section = |name: &str, keys: Vec<(String, String)>| {
            if !keys.is_empty() {
                text.push_str(&format!("\n[{name}]\n"));
                keys.iter().for_each(|(key, column)| text.push_str(&format!("{} = {}\n", quoted(key), quoted(column))));
            }
        };
        let ids = |names: &[&str]| -> Vec<(String, String)> { same(&[&IDS[..], names].concat()) };
        section("courses", ids(&[]));
        section("courses.fields", prefixed(&self.fields, ""));
        section("courses.at_home", prefixed(&self.at_home, AT_HOME));
        section("assessments", ids(&ASSESSMENT));
        section("items", ids(&ITEM));
        section("sessions", ids(&SESSION));
        section("sessions.experience", prefixed(&self.experiences, EXPERIENCE));
        section("sessions.given", prefixed(&self.given, GIVEN));
        section("events", ids(&EVENT));
        section("time_to_event", ids(&TIME));
        text
    }
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// The words that the importer takes; empty for not known, which is no `no`.
fn flag(flag: Option<bool>) -> String {
    flag.map_or("", |yes| if yes { "yes" } else { "no" }).to_owned()
}

/// A number, or nothing.
fn number(number: Option<u16>) -> String {
    number.map_or_else(String::new, |number| number.to_string())
}

/// Mode 0600: records are the owner's alone. A file that is there already is an error.
fn new_file(path: &Path) -> io::Result<File> {
    File::options().write(true).create_new(true).mode(0o600).open(path)
}

/// First in every file: a row without both belongs to nothing.
const IDS: [&str; 2] = ["patient", "course"];
/// Columns behind the ids of assessments.csv.
const ASSESSMENT: [&str; 3] = ["instrument", "day", "value"];
/// Columns of items.csv.
const ITEM: [&str; 4] = ["instrument", "day", "item", "score"];
/// The same order as the cells of a session. Columns of the dictionary follow.
const SESSION: [&str; 12] = [
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
/// Columns of events.csv.
const EVENT: [&str; 8] = ["day", "kind", "severity", "serious", "resolved", "onset_minutes", "relatedness", "session"];
/// Columns of time_to_event.csv.
const TIME: [&str; 3] = ["kind", "day", "happened"];
/// Tells where a course is from.
const ORIGIN: &str = "origin";
/// What the columns of a class or instrument begin with.
const AT_HOME: &str = "at_home_";
const EXPERIENCE: &str = "experience_";
const GIVEN: &str = "given_";
