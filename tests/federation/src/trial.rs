//! The real trial of duloxetine against placebo, and what it comes to when everybody's records lie
//! in one place. The pooled figures are found here by hand, so they agree with nothing by accident.

use std::collections::BTreeMap;

use sumac_protocol::answer::{Answer, Count, Found, Group, Mean, Rate};
use sumac_protocol::record::{Assessment, Course, FieldValue, Record};

/// One participant of the trial: one course.
#[derive(Debug, Clone)]
pub struct Participant {
    /// The trial site.
    pub site: String,
    /// The trial's own name for the participant.
    pub pseudonym: String,
    /// `drug` or `placebo`.
    pub arm: String,
    /// `F` or `M`.
    pub sex: String,
    /// Everything that was recorded.
    pub record: Record,
}

/// What one arm comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pooled {
    /// Courses.
    pub courses: u64,
    /// Courses with a change of HAM-D17 at day 42 (32 to 72).
    pub n: u64,
    /// The sum of those changes.
    pub sum: i64,
    /// The sum of their squares.
    pub sum_sq: i64,
    /// How many fell by at least half.
    pub events: u64,
}

impl Pooled {
    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            courses: self.courses + other.courses,
            n: self.n + other.n,
            sum: self.sum + other.sum,
            sum_sq: self.sum_sq + other.sum_sq,
            events: self.events + other.events,
        }
    }

    /// The mean change.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.sum as f64 / self.n as f64
    }

    /// The share of responders.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.events as f64 / self.n as f64
    }
}

/// All 172 participants in the order of the file.
#[must_use]
pub fn participants() -> Vec<Participant> {
    let mut assessments: BTreeMap<&str, Vec<Assessment>> = BTreeMap::new();
    for row in rows(SCORES) {
        let [_, _, id, _, instrument, day, value] = row[..] else { panic!("a row of another shape") };
        let (day, value) = (day.parse().unwrap(), value.parse().unwrap());
        assessments.entry(id).or_default().push(Assessment::total(instrument, day, value));
    }
    let participant = |row: Vec<&str>| {
        let (site, id, arm, sex) = (row[1], row[2], row[3], row[4]);
        let mut assessments = assessments.remove(id).unwrap_or_default();
        assessments.sort();
        let category = |name: &str, code: &str| (name.to_owned(), FieldValue::Category(code.to_owned()));
        let fields = BTreeMap::from([category("arm", arm), category("sex", sex)]);
        let course = Course { id: id.to_owned(), fields, assessments, ..Course::default() };
        let (site, pseudonym, arm, sex) = (site.to_owned(), id.to_owned(), arm.to_owned(), sex.to_owned());
        Participant { site, pseudonym, arm, sex, record: Record { courses: vec![course] } }
    };
    rows(COURSES).map(participant).collect()
}

/// The reference answers that came with the trial, found by other software.
#[must_use]
pub fn expected(id: &str) -> serde_json::Value {
    let file: serde_json::Value = serde_json::from_str(EXPECTED).unwrap();
    let query = file["queries"].as_array().unwrap().iter().find(|query| query["id"] == id);
    query.unwrap()["answer"].clone()
}

/// What these participants come to, by arm.
#[must_use]
pub fn pooled<'a>(participants: impl IntoIterator<Item = &'a Participant>) -> BTreeMap<String, Pooled> {
    pooled_by(participants, |participant| participant.arm.clone())
}

/// What these participants come to, by whatever tells them apart.
#[must_use]
pub fn pooled_by<'a>(
    participants: impl IntoIterator<Item = &'a Participant>,
    group: impl Fn(&Participant) -> String,
) -> BTreeMap<String, Pooled> {
    let mut arms: BTreeMap<String, Pooled> = BTreeMap::new();
    for participant in participants {
        let arm = arms.entry(group(participant)).or_default();
        arm.courses += 1;
        let Some((baseline, endpoint)) = ends(&participant.record) else { continue };
        let change = endpoint - baseline;
        arm.n += 1;
        arm.sum += change;
        arm.sum_sq += change * change;
        arm.events += u64::from(baseline > 0 && (baseline - endpoint) * 2 >= baseline);
    }
    arms
}

/// What an answer says about one group: the courses, the mean change and the rate of response, asked
/// for in this order.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// Courses.
    pub courses: Count,
    /// Mean change.
    pub change: Mean,
    /// Rate of response.
    pub response: Rate,
}

/// What an answer says about each group that it shows.
///
/// # Panics
/// If something else was asked.
#[must_use]
pub fn said_of(answer: &Answer) -> BTreeMap<String, Said> {
    let said = |group: &Group| {
        let found = |at: usize| group.estimates[at].found.clone();
        let (Found::Count(courses), Found::Mean(change), Found::Rate(response)) = (found(0), found(1), found(2)) else {
            panic!("other estimates than were asked for")
        };
        (group.key.to_string(), Said { courses, change, response })
    };
    answer.groups.iter().filter(|group| !group.suppressed).map(said).collect()
}

/// HAM-D17 on day 0, and closest to day 42 within days 32 to 72; of two equally close the later.
fn ends(record: &Record) -> Option<(i64, i64)> {
    let hamd: Vec<&Assessment> =
        record.courses[0].assessments.iter().filter(|assessment| assessment.instrument == "HAMD17").collect();
    let baseline = hamd.iter().find(|assessment| assessment.day == 0)?.value;
    let inside = hamd.iter().filter(|assessment| (32..=72).contains(&assessment.day));
    let endpoint = inside.min_by_key(|assessment| ((assessment.day - 42).abs(), -assessment.day))?.value;
    Some((baseline, endpoint))
}

fn rows(file: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    file.lines().skip(1).map(|line| line.split(',').collect())
}

const SCORES: &str = include_str!("../../data/real/hamd_duloxetine.csv");
const COURSES: &str = include_str!("../../data/real/hamd_duloxetine.courses.csv");
const EXPECTED: &str = include_str!("../../data/real/hamd_duloxetine.expected.json");
/// The data dictionary of the trial.
pub const DICTIONARY: &str = include_str!("../../../protocol/dictionaries/duloxetine.toml");
