//! The rates that are published, and that nothing depends on the order of asking.

use std::collections::BTreeMap;

use sumac_protocol::record::{Course, FieldValue};

use super::{Generator, SyntheticError, write_clinic};
use crate::import::{Mapping, SourceFile, read_records};

/// So many courses of each kind of clinic, by paradigm.
fn by_paradigm(clinics: u32, courses: u64) -> BTreeMap<String, Vec<Course>> {
    let generator = Generator::new("ketamine", 7).unwrap();
    let mut drawn: BTreeMap<String, Vec<Course>> = BTreeMap::new();
    for clinic in 0..clinics {
        for number in 0..courses {
            let course = generator.course(clinic, number).unwrap().course;
            let FieldValue::Category(paradigm) = course.fields["paradigm"].clone() else { panic!("no category") };
            drawn.entry(paradigm).or_default().push(course);
        }
    }
    drawn
}

/// PHQ-9 before and about day 28, where both are there.
fn phq9(course: &Course) -> Option<(i64, i64)> {
    let mut totals = course.assessments.iter().filter(|a| a.instrument == "PHQ-9");
    let baseline = totals.find(|a| a.day <= 0)?.value;
    let after = totals.find(|a| (26..=30).contains(&a.day))?.value;
    Some((baseline, after))
}

fn share(of: &[(i64, i64)], holds: impl Fn(&(i64, i64)) -> bool) -> f64 {
    let count = |n: usize| f64::from(u32::try_from(n).unwrap());
    count(of.iter().filter(|pair| holds(pair)).count()) / count(of.len())
}

#[test]
fn rates_are_those_that_the_parameters_were_fitted_to() {
    let drawn = by_paradigm(40, 2_500);
    // Response among those who were seen at day 28, which lies above the true rate; the share that got
    // worse; and the share that was seen.
    for (paradigm, response, worse, seen) in [
        ("infusion", 0.579, 0.06, 0.55),
        ("home_lozenge", 0.675, 0.01, 0.50),
        ("esketamine", 0.62, 0.045, 0.75),
        ("kap_low", 0.45, 0.12, 0.50),
        ("kap_high", 0.41, 0.15, 0.50),
    ] {
        let courses = &drawn[paradigm];
        let pairs: Vec<_> = courses.iter().filter_map(phq9).collect();
        let got = [
            share(&pairs, |(before, after)| after * 2 <= *before),
            share(&pairs, |(before, after)| after > before),
            f64::from(u32::try_from(pairs.len()).unwrap()) / f64::from(u32::try_from(courses.len()).unwrap()),
        ];
        for (got, want) in got.into_iter().zip([response, worse, seen]) {
            assert!((got - want).abs() < 0.04, "{paradigm}: {got:.3}, where {want:.3} is expected");
        }
    }
}

#[test]
fn equal_seeds_give_equal_courses_whatever_is_asked_before() {
    let (one, other) = (Generator::new("ketamine", 3).unwrap(), Generator::new("ketamine", 3).unwrap());
    let late = one.course(4, 999).unwrap();
    (0..50).for_each(|number| drop(other.course(1, number).unwrap()));
    assert_eq!(other.course(4, 999).unwrap(), late);
    assert_ne!(Generator::new("ketamine", 4).unwrap().course(4, 999).unwrap(), late, "another seed");
    assert_ne!(one.course(3, 999).unwrap(), late, "another clinic");
    assert_ne!(one.course(4, 998).unwrap(), late, "another course");
}

#[test]
fn there_is_nothing_to_draw_other_dictionaries_from() {
    let refused = Generator::new("duloxetine", 1).unwrap_err();
    assert_eq!(refused, SyntheticError::NoParameters { dictionary: "duloxetine".into() });
    assert!(refused.to_string().contains("`duloxetine`") && refused.remedy().contains("`ketamine`"));
}

#[test]
fn files_are_never_written_over() {
    let scratch = tempfile::TempDir::new().unwrap();
    let folder = scratch.path().join("clinic-1");
    let generator = Generator::new("ketamine", 7).unwrap();
    write_clinic(&generator, 0, 20, &folder).unwrap();
    let first = std::fs::read(folder.join("assessments.csv")).unwrap();
    let refused = write_clinic(&Generator::new("ketamine", 8).unwrap(), 0, 20, &folder).unwrap_err();
    assert_eq!(refused.code(), "file");
    assert!(refused.to_string().contains("clinic-1"), "{refused}");
    assert_eq!(std::fs::read(folder.join("assessments.csv")).unwrap(), first);
    let courses = std::fs::read_to_string(folder.join("courses.csv")).unwrap();
    assert!(courses.lines().skip(1).all(|line| line.starts_with("SYN-01-") && line.contains(",synthetic,")));
}

#[test]
fn files_of_synthetic_courses_are_read_as_they_were_drawn() {
    let scratch = tempfile::TempDir::new().unwrap();
    let generator = Generator::new("ketamine", 7).unwrap();
    for clinic in 0..5 {
        let folder = scratch.path().join(clinic.to_string());
        write_clinic(&generator, clinic, 60, &folder).unwrap();
        let sources = SourceFile::ALL.into_iter().filter_map(|file| {
            let opened = std::fs::File::open(folder.join(format!("{file}.csv"))).ok()?;
            Some((file, opened))
        });
        let mapping = Mapping::parse(&generator.mapping()).unwrap();
        let imported = read_records(&generator.dictionary, &mapping, sources.collect()).unwrap();
        assert_eq!((imported.patients.len(), imported.rejects.len(), imported.unknown.len()), (60, 0, 0));
        for number in 0..60 {
            let mut drawn = Course { id: "1".to_owned(), ..generator.course(clinic, number).unwrap().course };
            let record = &imported.patients[&format!("SYN-{:02}-{number:07}", clinic + 1)];
            // The importer adds what medicines at home tell.
            let told = record.courses[0].fields.iter().filter(|(id, _)| !drawn.fields.contains_key(*id));
            let told: Vec<_> = told.map(|(id, value)| (id.clone(), value.clone())).collect();
            assert!(told.iter().all(|(id, _)| TOLD_BY_MEDICINES.contains(&id.as_str())), "{told:?}");
            drawn.fields.extend(told);
            assert_eq!(record.courses, [drawn], "clinic {clinic}, course {number}");
        }
    }
}

/// Fields that follow from what is taken at home or given in a session.
const TOLD_BY_MEDICINES: [&str; 4] = ["benzodiazepine_home", "benzodiazepine_session", "lamotrigine", "antidepressant"];
