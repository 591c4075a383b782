//! A disk that fills up in the middle of an import, of consents and of a question: nothing that was acknowledged is lost, the
//! node says so, and goes on when there is room. On a file system of its own, in memory.

#![expect(clippy::unwrap_used, reason = "a test may panic, and says where")]
#![expect(clippy::print_stdout, reason = "what could not be tried is said")]

#[path = "disk_full/small_disk.rs"]
mod small_disk;

use small_disk::SmallDisk;
use sumac_tests::processes::{Clinics, Ended, Federation, Question, Setup, text};

const SUMAC: &str = env!("CARGO_BIN_EXE_sumac");

#[test]
fn a_disk_that_fills_up_in_the_middle_of_an_import_loses_no_patient_and_goes_on() {
    let clinics = Clinics::make(SUMAC);
    let Some(disk) = SmallDisk::under(&clinics.path("one"), 160) else { return };
    let mut node = clinics.run("one");
    let files = clinics.generate(20_000, "courses");
    let import = || {
        let words = files.words();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let home = clinics.path("one");
        clinics.begin(&[&["import", "--dir", text(&home)], &words[..]].concat())
    };
    let importing = import();
    disk.until_grown_by(1 << 20);
    disk.fill_to(20 << 20);
    let stopped = importing.ended();
    assert_eq!(stopped.exit, Some(1), "it was stopped in the middle: {}", stopped.text());
    assert!(says_no_room(&stopped), "{}", stopped.text());
    node.until("the disk has no room");
    let before = clinics.patients("one");
    assert!(!before.is_empty(), "some were taken in before");
    assert!(says_no_room(&import().ended()), "there still is no room");
    node.kill();
    drop(node);
    let mut node = clinics.run("one");
    assert_eq!(clinics.patients("one"), before, "everybody who was taken in is there after a power cut");
    node.until("the disk has no room");
    disk.make_room();
    node.until("the disk has room again");
    let done = import().ended();
    assert_eq!(done.exit, Some(0), "{}", done.text());
    let after = clinics.patients("one");
    assert!(before.is_subset(&after), "nobody was lost");
    assert!(after.len() > before.len(), "and the rest came in");
    node.terminate();
    assert_eq!(node.ended().exit, Some(0));
}

#[test]
fn a_disk_that_fills_up_in_the_middle_of_consents_and_questions_loses_nothing_that_was_acknowledged() {
    let mut federation = Setup::default().build(SUMAC);
    let Some(disk) = SmallDisk::under(&federation.home('D'), 160) else { return };
    federation.start_all();
    assert_eq!(federation.ask(&Question::how_many()).answer().operators("counted"), 5);
    let patients = federation.patients('D');
    let mut granted = patients.iter().filter(|patient| patient.standing == "granted").map(|p| p.pseudonym.clone());

    // Little room: no new question is followed and answered without this clinic, a withdrawal is taken.
    disk.fill_to(40 << 20);
    federation.until_logged('D', "the disk has no room");
    let without = federation.ask(&Question::how_many().living(8)).finish();
    let counted = without.answer.as_ref().map(|_| without.operators("counted"));
    assert!(counted.is_none_or(|counted| counted == 4), "D follows no question: {:?}", without.talk);
    let first = granted.next().unwrap();
    federation.revoke('D', &first);

    // None at all: nothing is acknowledged, in words.
    disk.fill_to(0);
    let second = granted.next().unwrap();
    let refused = federation.revoking('D', &second).ended();
    assert_eq!(refused.exit, Some(1), "{}", refused.text());
    assert!(says_no_room(&refused), "{}", refused.text());
    federation.kill('D');

    disk.make_room();
    federation.restart('D');
    let standing = |name: &str| federation.patients_by_name('D').remove(name).unwrap().standing;
    assert_eq!(standing(&first), "withdrawn", "what was acknowledged is there");
    assert_eq!(standing(&second), "granted", "what was not is not");
    federation.revoke('D', &second);
    assert_eq!(federation.patients_by_name('D').remove(&second).unwrap().standing, "withdrawn");
    let answered = federation.ask(&Question::how_many()).answer();
    assert_eq!(answered.operators("counted"), 5, "it goes on: {:?}", answered.talk);
    let cohort = federation.cohort('D', &answered.query).unwrap().pseudonyms;
    assert!(!cohort.contains(&first) && !cohort.contains(&second));
    assert!(Federation::letters().all(|clinic| federation.status(clinic).shut.is_none()));
}

fn says_no_room(ended: &Ended) -> bool {
    ended.text().contains("error[store-no-room]")
}
