//! However often files are read, and wherever an import stops, patients are kept whole and the same.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read, Seek, SeekFrom};

use sumac_protocol::record::Record;

use super::{ASSESSMENTS_HEADER, COURSES_HEADER, MAPPING, dictionary, sources};
use crate::import::cell::Lens;
use crate::import::checking::{Bounds, Checked, check_within};
use crate::import::limits::{BATCH_ENTRIES, BATCH_PATIENTS};
use crate::import::{Halted, Mapping, Progress, Reject, Sink, SourceFile, Sources, Totals, check};

/// Keeps what it is given, in order, until it has had enough batches.
#[derive(Default)]
struct Shelf {
    kept: BTreeMap<String, Record>,
    batches: Vec<usize>,
    rejects: Vec<Reject>,
    told: Vec<Progress>,
    enough: Option<usize>,
}

impl Sink for Shelf {
    type Error = &'static str;

    fn keep(&mut self, batch: BTreeMap<String, Record>) -> Result<(), &'static str> {
        if self.enough == Some(self.batches.len()) {
            return Err("the power is gone");
        }
        self.batches.push(batch.len());
        self.kept.extend(batch);
        Ok(())
    }

    fn leave_out(&mut self, reject: Reject) -> Result<(), &'static str> {
        self.rejects.push(reject);
        Ok(())
    }

    fn progress(&mut self, progress: Progress) {
        self.told.push(progress);
    }
}

/// Courses and assessments of so many patients, none of whose rows stand together, with wrong rows.
fn files(patients: usize) -> (String, String) {
    let (mut courses, mut assessments) = (format!("{COURSES_HEADER}\n"), format!("{ASSESSMENTS_HEADER}\n"));
    for patient in 0..patients {
        courses += &format!("P{patient},C1,F,yes,7{}.5,2{},\n", patient % 10, patient % 8);
    }
    for day in [7, 14, 28] {
        for patient in 0..patients {
            assessments += &format!("P{patient},C1,PHQ9,{day},{}\n", (patient + 3) % 31);
        }
        assessments += ",C1,PHQ9,7,3\nP1,C1,PHQ9\n";
    }
    (courses, assessments)
}

fn with_passes<T>(
    (courses, assessments): &(String, String),
    gathered_bytes_max: u64,
    act: impl FnOnce(Checked<'_, Cursor<&[u8]>>) -> T,
) -> T {
    let (dictionary, mapping) = (dictionary(), Mapping::parse(MAPPING).unwrap());
    let lens = Lens { dictionary: &dictionary, mapping: &mapping };
    let bounds = Bounds { gathered_bytes_max, ..Bounds::USUAL };
    let sources = sources(Some(courses.as_bytes()), Some(assessments.as_bytes()));
    act(check_within(bounds, lens, sources, &mut |_| ()).unwrap())
}

fn keep(files: &(String, String), gathered_bytes_max: u64, shelf: &mut Shelf) -> Result<Totals, Halted<&'static str>> {
    with_passes(files, gathered_bytes_max, |checked| checked.keep(shelf))
}

#[test]
fn however_often_files_are_read_the_same_is_kept_and_left_out() {
    let files = files(700);
    let mut once = Shelf::default();
    let totals = keep(&files, u64::MAX, &mut once).unwrap();
    assert_eq!((totals.patients, once.kept.len()), (700, 700));
    assert_eq!(totals.rejects, once.rejects.len() as u64);
    assert!(totals.rejects > 100, "some scores are wrong");
    let by_place = |shelf: &Shelf| {
        let mut places: Vec<_> = shelf.rejects.iter().map(|r| (r.file, r.row, r.column.clone())).collect();
        places.sort();
        places
    };
    for gathered_bytes_max in [100_000, 20_000, 1_000] {
        let mut often = Shelf::default();
        let again = keep(&files, gathered_bytes_max, &mut often).unwrap();
        assert_eq!(again, totals, "{gathered_bytes_max}");
        assert!(often.kept == once.kept, "{gathered_bytes_max}: the same records");
        assert_eq!(by_place(&often), by_place(&once), "{gathered_bytes_max}: each reject once");
    }
    let passes = |most: u64| with_passes(&files, most, |checked| checked.passes);
    assert_eq!(passes(u64::MAX), 1);
    assert!(passes(1_000) > 100, "small memory is many readings");
}

#[test]
fn wherever_an_import_stops_patients_are_whole_and_running_it_again_finishes() {
    let files = files(BATCH_PATIENTS * 7 / 2);
    let mut whole = Shelf::default();
    keep(&files, u64::MAX, &mut whole).unwrap();
    assert!(whole.batches.len() > 3 && whole.batches.iter().all(|patients| *patients <= BATCH_PATIENTS));
    for enough in 0..whole.batches.len() {
        let mut shelf = Shelf { enough: Some(enough), ..Shelf::default() };
        let stopped = keep(&files, 100_000, &mut shelf);
        assert!(matches!(stopped, Err(Halted::Sink("the power is gone"))), "{enough}");
        assert!(shelf.kept.iter().all(|(patient, record)| whole.kept[patient] == *record), "{enough}: whole patients");
        (shelf.enough, shelf.batches) = (None, Vec::new());
        keep(&files, 100_000, &mut shelf).unwrap();
        assert!(shelf.kept == whole.kept, "{enough}: finished");
    }
}

#[test]
fn a_batch_is_full_by_patients_or_by_what_they_have() {
    let days = BATCH_ENTRIES / 2 - 1;
    let rows = (0..5).flat_map(|patient| (0..days).map(move |day| format!("P{patient},C1,PHQ9,{day},3\n")));
    let assessments = format!("{ASSESSMENTS_HEADER}\n{}", rows.collect::<String>());
    let mut shelf = Shelf::default();
    keep(&(format!("{COURSES_HEADER}\n"), assessments.clone()), u64::MAX, &mut shelf).unwrap();
    assert_eq!(shelf.kept.len(), 0, "a courses file without courses has none");
    let (dictionary, mapping) = (dictionary(), Mapping::parse(MAPPING).unwrap());
    let checked = check(&dictionary, &mapping, sources(None, Some(assessments.as_bytes())), &mut |_| ()).unwrap();
    let mut shelf = Shelf::default();
    checked.keep(&mut shelf).unwrap();
    assert_eq!(shelf.batches, [2, 2, 1]);
}

#[test]
fn how_far_an_import_is_only_ever_grows_and_ends_at_the_end() {
    let files = files(1_000);
    let mut shelf = Shelf::default();
    keep(&files, 50_000, &mut shelf).unwrap();
    let told: Vec<u64> = shelf
        .told
        .iter()
        .map(|progress| match progress {
            Progress::Keeping { patients, of: 1_000 } => *patients,
            other @ (Progress::Keeping { .. } | Progress::Checking { .. }) => panic!("{other:?}"),
        })
        .collect();
    assert!(told.is_sorted() && told.last() == Some(&1_000), "{told:?}");
}

/// A file that is another one when it is read again.
struct Growing {
    first: Cursor<Vec<u8>>,
    then: Vec<u8>,
    ends_read: u32,
}

impl Read for Growing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.first.read(buffer)?;
        self.ends_read += u32::from(read == 0);
        Ok(read)
    }
}

impl Seek for Growing {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        if self.ends_read > 0 {
            self.first = Cursor::new(self.then.clone());
        }
        self.first.seek(to)
    }
}

#[test]
fn a_file_that_changes_between_readings_ends_the_import_and_keeps_nobody_of_that_reading() {
    let file = |rows: &str| format!("{ASSESSMENTS_HEADER}\n{rows}").into_bytes();
    let cases = [
        (file("P1,C1,PHQ9,7,3\nP1,C1,PHQ9,14,4\n"), "import-changed", "a row more"),
        (file(""), "import-changed", "rows less"),
        (b"patient,course,instrument,value,day\nP1,C1,PHQ9,7,3\n".to_vec(), "import-changed", "columns change places"),
        (Vec::new(), "import-no-header", "gone"),
        (file("P1,C1,PHQ9,7,\0\n"), "import-nul", "overwritten"),
    ];
    for (then, code, why) in cases {
        let growing = Growing { first: Cursor::new(file("P1,C1,PHQ9,7,3\n")), then, ends_read: 0 };
        let (dictionary, mapping) = (dictionary(), Mapping::parse(MAPPING).unwrap());
        let sources = Sources::from([(SourceFile::Assessments, growing)]);
        let mut shelf = Shelf::default();
        match check(&dictionary, &mapping, sources, &mut |_| ()).unwrap().keep(&mut shelf) {
            Err(Halted::Files(error)) => assert_eq!(error.code(), code, "{why}"),
            other @ (Ok(_) | Err(Halted::Sink(_))) => panic!("{why}: {other:?}"),
        }
        assert!(shelf.kept.is_empty(), "{why}");
    }
}

/// A pipe: what was read is gone.
struct Pipe;

impl Read for Pipe {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Ok(0)
    }
}

impl Seek for Pipe {
    fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
        Err(io::Error::from(io::ErrorKind::NotSeekable))
    }
}

#[test]
fn a_pipe_is_refused_with_what_to_do() {
    let (dictionary, mapping) = (dictionary(), Mapping::parse(MAPPING).unwrap());
    let sources = Sources::from([(SourceFile::Courses, Pipe)]);
    let error = check(&dictionary, &mapping, sources, &mut |_| ()).unwrap_err();
    assert_eq!(error.code(), "import-no-file");
    assert!(error.remedy().contains("save it as a file"));
}
