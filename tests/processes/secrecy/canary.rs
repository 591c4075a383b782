//! Records whose sums no program comes across by chance.

use std::collections::BTreeMap;

use sumac_protocol::cost::RhoMicro;
use sumac_protocol::dictionary::Dictionary;
use sumac_protocol::plan::{Mode, Plan};
use sumac_protocol::record::{Assessment, Course, FieldValue, Record};
use sumac_protocol::round::message::encode;
use sumac_protocol::{privacy, question};
use sumac_tests::scan::Needles;

/// Patients of each clinic.
const PATIENTS: usize = 12;
/// Wards to group by: so many that splitting a contribution takes a moment, in which its maker can
/// be looked at.
const WARDS: usize = 48;

/// Two instruments of 26 bits, and a category of many values.
pub(crate) fn dictionary() -> String {
    let instrument = |id: &str| {
        format!(
            "[[instrument]]\nid = \"{id}\"\nversion = \"made up for a test\"\ncategory = \"outcomes\"\nmin = 0\n\
             max = 67108863\nbetter = \"lower\"\nsource = \"a test\"\nlicence = \"none needed\"\n\n"
        )
    };
    let wards: Vec<String> = (0..WARDS).map(|n| format!("\"w{n:03}\"")).collect();
    format!(
        "name = \"canary\"\nversion = 1\nbaseline = \"last_on_or_before_0\"\n\n{}{}\
         [[field]]\nid = \"ward\"\ntype = \"category\"\ncategory = \"treatment\"\nvalues = [{}]\nsource = \"a test\"\n",
        instrument("FINCH"),
        instrument("SERIN"),
        wards.join(", ")
    )
}

/// The one question of the study.
pub(crate) const QUESTION: &str = "SELECT count(*) AS courses, \
mean(score(finch, day => 0, from => -1, to => 1)) AS finch, \
mean(score(serin, day => 0, from => -1, to => 1)) AS serin FROM courses GROUP BY ward";

/// Fresh records of one clinic, by pseudonym.
pub(crate) fn records(clinic: &str) -> BTreeMap<String, Record> {
    let patient = |n: usize| {
        let pseudonym = format!("canary-{clinic}-{n:02}-{:08x}", random(u32::MAX));
        let score = |instrument: &str| {
            let value = i64::from((1 << 25) | random((1 << 25) - 1));
            Assessment::total(instrument, 0, value)
        };
        let fields = BTreeMap::from([("ward".to_owned(), FieldValue::Category("w020".to_owned()))]);
        let course = Course {
            id: format!("{pseudonym}-1"),
            fields,
            assessments: vec![score("FINCH"), score("SERIN")],
            ..Course::default()
        };
        (pseudonym, Record { courses: vec![course] })
    };
    (0..PATIENTS).map(patient).collect()
}

/// Fresh bits under a mask.
fn random(mask: u32) -> u32 {
    let mut bytes = [0_u8; 4];
    getrandom::fill(&mut bytes).unwrap();
    u32::from_le_bytes(bytes) & mask
}

/// The plan that every node derives from the question.
pub(crate) fn plan() -> (Dictionary, Plan) {
    let dictionary = Dictionary::parse(&dictionary()).unwrap();
    let plan = question::compile(QUESTION, &dictionary, Mode::Exact).unwrap();
    (dictionary, privacy::price(plan, RhoMicro(0)).unwrap())
}

/// What gives a clinic away: its cells as they are summed and as they are released, in every form.
pub(crate) fn cells(clinic: &str, records: &BTreeMap<String, Record>, needles: &mut Needles) {
    let (dictionary, plan) = plan();
    let raw = plan.raw_cells(&dictionary, records.values().map(|record| record.courses.as_slice()));
    let raw: Vec<i128> = raw.expose().iter().map(|cell| i128::from(*cell)).collect();
    let released = plan.recentre(&raw).unwrap();
    let mut known = 0;
    for (what, cells) in [("cell", raw), ("re-centred cell", released)] {
        for (at, cell) in cells.iter().enumerate().filter(|(_, cell)| cell.unsigned_abs() >= 1 << 26) {
            let name = format!("{what} {at} of {clinic}");
            needles.number(&name, u64::try_from(cell.unsigned_abs()).unwrap());
            if *cell < 0 {
                // The field's way of writing a number below zero, and that of two's complement.
                needles.number(&name, u64::try_from(MODULUS + cell).unwrap());
                needles.raw(&name, "little endian", &i64::try_from(*cell).unwrap().to_le_bytes());
                needles.raw(&name, "big endian", &i64::try_from(*cell).unwrap().to_be_bytes());
            }
            known += 1;
        }
    }
    assert!(known >= 6, "sums and sums of squares of two instruments, raw and re-centred: {known}");
}

/// What gives a patient away: pseudonym, course, and scores as records hold and write them.
pub(crate) fn people(clinic: &str, records: &BTreeMap<String, Record>, needles: &mut Needles) {
    for (pseudonym, record) in records {
        let name = format!("record {pseudonym} of {clinic}");
        needles.bytes(&name, pseudonym.as_bytes());
        for assessment in record.courses.iter().flat_map(|course| &course.assessments) {
            needles.bytes(&name, &encode(assessment));
            needles.raw(&name, "decimal", format!("\"value\":{}", assessment.value).as_bytes());
        }
    }
}

/// p of the field that contributions are shared in.
const MODULUS: i128 = (1 << 64) - (1 << 32) + 1;
