//! Synthetic courses as the CSV files that `sumac import` reads: those of any export, and what their
//! patients said about research.

use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::Path;

use csv::Writer;
use sumac_protocol::dictionary::Dictionary;
use sumac_protocol::record::Course;

use super::{Consented, Generator, SyntheticError};
use crate::export::{Columns, CsvFolder, Drawn};

impl Generator {
    /// The mapping that the files are read by.
    #[must_use]
    pub fn mapping(&self) -> String {
        format!("{NOBODYS}{}", columns(&self.dictionary).mapping())
    }
}

/// Writes the files of one clinic, `courses` courses, into a folder that must not hold such files yet.
///
/// # Errors
/// [`SyntheticError`]; what was written until then stays.
pub fn write_clinic(generator: &Generator, clinic: u32, courses: u64, folder: &Path) -> Result<(), SyntheticError> {
    let file = |why: io::Error| SyntheticError::File { folder: folder.display().to_string(), why: why.to_string() };
    fs::create_dir_all(folder).map_err(file)?;
    let mut files = Files::create(folder, &generator.dictionary).map_err(file)?;
    for number in 0..courses {
        let drawn = generator.course(clinic, number)?;
        let patient = format!("SYN-{:02}-{number:07}", clinic + 1);
        let course = Course { id: "1".to_owned(), ..drawn.course };
        files.write(&patient, &course, &drawn.consented).map_err(file)?;
    }
    files.finish().map_err(file)
}

/// The files of one clinic, open.
struct Files {
    records: CsvFolder,
    consents: Writer<BufWriter<File>>,
}

impl Files {
    fn create(folder: &Path, dictionary: &Dictionary) -> io::Result<Self> {
        let records = CsvFolder::of(folder, columns(dictionary))?;
        let mut consents = Writer::from_writer(BufWriter::new(File::create_new(folder.join("consents.csv"))?));
        consents.write_record(["patient", "permission", "not_commercial", "withdrawn_day"])?;
        Ok(Self { records, consents })
    }

    fn write(&mut self, patient: &str, course: &Course, consented: &Consented) -> io::Result<()> {
        self.records.add_course(patient, course)?;
        let permission = consented.permission.unwrap_or("none");
        let not_commercial = if consented.not_commercial { "yes" } else { "no" };
        let withdrawn = consented.withdrawn.map(|day| day.to_string()).unwrap_or_default();
        self.consents.write_record([patient, permission, not_commercial, &withdrawn])?;
        Ok(())
    }

    fn finish(mut self) -> io::Result<()> {
        self.consents.flush()?;
        self.records.finish()
    }
}

/// Columns for what is drawn, and for nothing else: files for benchmarks are large enough.
fn columns(dictionary: &Dictionary) -> Columns {
    let drawn = Drawn { fields: &FIELDS, at_home: &AT_HOME, given: &GIVEN, experiences: &EXPERIENCES };
    Columns::only(dictionary, "synthetic", &drawn)
}

/// Fields that are drawn, in the order of their columns.
const FIELDS: [&str; 17] = [
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
    "schedule",
    "payer",
    "price_per_session",
    "sessions_bought",
    "course_completed",
    "hypertension",
    "abstinent_days",
];
/// Classes of medicine at home that are drawn, in the order of their columns.
const AT_HOME: [&str; 3] = ["antidepressant", "benzodiazepine", "lamotrigine"];
/// Instruments that ask about a session, and classes of medicine given in one.
const EXPERIENCES: [&str; 2] = ["CADSS", "MEQ30"];
const GIVEN: [&str; 1] = ["benzodiazepine"];
/// Stands above the mapping.
const NOBODYS: &str = "# Nobody had these courses: a federation that imports them labels its charter `synthetic`.\n#\n";
