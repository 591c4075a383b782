//! Whatever the bytes, reading ends in records that the dictionary allows, rejects, or an error.

use proptest::prelude::{Just, Strategy, any, prop, prop_oneof, proptest};

use super::{ASSESSMENTS_HEADER, COURSES_HEADER, MAPPING, dictionary, sources};
use crate::import::{Imported, Mapping, RejectFile, read_records};

/// Bytes that CSV readers stumble over, valid cells, and anything.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let shapes =
        ["\"", "\"\"", ",", ";", "\n", "\r", "\r\n", "\0", "\u{feff}", " ", "P1", "C1", "PHQ9", "7", "-99", "3"];
    let shapes: Vec<Vec<u8>> = shapes.into_iter().map(|shape| shape.as_bytes().to_vec()).collect();
    prop_oneof![
        6 => prop::sample::select(shapes),
        2 => Just(b"\nP1,C1,PHQ9,7,3\n".to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..12),
    ]
}

fn file(header: &'static str) -> impl Strategy<Value = Vec<u8>> {
    (any::<bool>(), prop::collection::vec(piece(), 0..60)).prop_map(move |(has_header, pieces)| {
        let header = if has_header { format!("{header}\n") } else { String::new() };
        [header.into_bytes(), pieces.concat()].concat()
    })
}

fn assert_sound(imported: &Imported) {
    let dictionary = dictionary();
    for course in imported.patients.values().flat_map(|record| &record.courses) {
        assert_eq!(dictionary.check_course(course), []);
        assert!(course.assessments.is_sorted());
    }
    let mut rejects = Vec::new();
    let mut file = RejectFile::begin(&mut rejects).unwrap();
    imported.rejects.iter().for_each(|reject| file.add(reject.clone()).unwrap());
    file.finish().unwrap();
    let rows = csv::Reader::from_reader(rejects.as_slice()).records().map(Result::unwrap).count();
    assert_eq!(rows, imported.rejects.len());
}

proptest! {
    #[test]
    fn any_files_are_read_or_refused(courses in file(COURSES_HEADER), assessments in file(ASSESSMENTS_HEADER)) {
        let mapping = Mapping::parse(MAPPING).unwrap();
        for (courses, assessments) in [
            (Some(courses.as_slice()), Some(assessments.as_slice())),
            (Some(courses.as_slice()), None),
            (None, Some(assessments.as_slice())),
        ] {
            match read_records(&dictionary(), &mapping, sources(courses, assessments)) {
                Ok(imported) => assert_sound(&imported),
                Err(error) => assert!(!error.remedy().is_empty()),
            }
        }
    }

    #[test]
    fn any_text_is_a_mapping_or_refused(text in "[\\[\\]a-z_=\"'.;,\n0-9 -]{0,80}") {
        if let Err(error) = Mapping::parse(&text) {
            assert!(!error.remedy().is_empty());
        }
    }

    #[test]
    fn rows_are_counted_as_the_csv_reader_counts_them(pieces in prop::collection::vec(piece(), 0..60)) {
        let bytes = pieces.concat();
        let mut scanned = crate::import::scan::Scanned::new(bytes.as_slice(), b',');
        if !bytes.starts_with("\u{feff}".as_bytes()) && std::io::copy(&mut scanned, &mut std::io::sink()).is_ok() {
            let rows = std::iter::from_fn(|| scanned.take_row_line()).count();
            let reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes.as_slice());
            assert_eq!(rows, reader.into_byte_records().count());
        }
    }
}
