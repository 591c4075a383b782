//! A clinic that answers from columns, beside books that answer record by record: through imports, withdrawals,
//! restarts, damage and erasure, the cells and those who are charged are the same.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a suite of tests")]

mod columns {
    pub(crate) mod clinic;
}

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::{fs, thread};

use columns::clinic::{Beside, PATIENTS};
use sumac_node::store::{Erasure, Row};
use sumac_protocol::record::{Assessment, Record};

const CHANGE: &str = "SELECT count(*), mean(change(hamd17, day => 42, from => 32, to => 72)) FROM courses GROUP BY arm";
const RESPONSE: &str =
    "SELECT rate(response(hamd17, day => 42, from => 32, to => 72)) FROM courses WHERE arm <> 'placebo' GROUP BY arm";
const BASELINE: &str = "SELECT count(*), mean(score(hamd17, day => 0, from => 0, to => 0)) FROM courses";

/// A record of one total on day 0.
fn scored(value: i64) -> Record {
    let mut record = Record { courses: vec![Default::default()] };
    record.courses[0].id = "1".into();
    record.courses[0].assessments = vec![Assessment::total("HAMD17", 0, value)];
    record
}

#[test]
fn a_clinic_answers_the_same_from_columns_as_from_records() {
    let mut beside = Beside::new();
    beside.asks_the_same(CHANGE, "no columns yet");
    assert_eq!(beside.generations(), ["00000001"], "the first question makes them");
    beside.asks_the_same(RESPONSE, "from columns alone");
    for row in (0..40).step_by(4) {
        let record = beside.record(row + 1);
        beside.keep(row, record);
    }
    beside.asks_the_same(CHANGE, "after late records, which are few");
    assert_eq!(beside.generations(), ["00000001"]);
    for row in [3, 4, 1_000] {
        beside.withdraw(row);
    }
    beside.asks_the_same(RESPONSE, "after withdrawals");
    for row in 0..PATIENTS - 10 {
        let record = beside.record((row + 7) % PATIENTS);
        beside.keep(row, record);
    }
    beside.asks_the_same(CHANGE, "after so many late records that another generation is made");
    assert_eq!(beside.generations(), ["00000002"]);
    beside.reopen();
    beside.asks_the_same(RESPONSE, "opened again");
    assert_eq!(beside.generations(), ["00000002"], "what is on the disk is used");
}

#[test]
fn columns_that_are_damaged_or_gone_are_made_again_and_never_answer() {
    let mut beside = Beside::new();
    beside.asks_the_same(CHANGE, "made");
    for (generation, reopen, gone) in [("00000001", false, false), ("00000002", true, false), ("00000003", true, true)]
    {
        assert_eq!(beside.generations(), [generation]);
        let folder = beside.columns().join(generation);
        for file in fs::read_dir(&folder).unwrap() {
            let file = file.unwrap().path();
            let mut bytes = fs::read(&file).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            fs::write(&file, bytes).unwrap();
        }
        if gone {
            fs::remove_dir_all(&folder).unwrap();
        }
        if reopen {
            beside.reopen();
        }
        beside.asks_the_same(CHANGE, "damaged");
        beside.asks_the_same(RESPONSE, "made again");
    }
}

#[test]
fn an_erased_patient_is_in_no_column_that_any_key_opens() {
    let mut beside = Beside::new();
    beside.asks_the_same(CHANGE, "made");
    let copy = beside.copied_columns();
    beside.withdraw(5);
    beside.clinic().store().erase(Erasure::of(Row(5))).unwrap();
    beside.asks_the_same(RESPONSE, "after an erasure");
    assert_eq!(beside.generations(), ["00000002"], "the old ones could not stay");
    beside.put_columns_back(&copy);
    beside.reopen();
    beside.asks_the_same(CHANGE, "with the old columns put back");
    assert_eq!(beside.generations(), ["00000003"], "no key opens them any more");
}

#[test]
fn a_question_sees_the_whole_of_an_import_or_nothing_of_it() {
    let mut beside = Beside::new();
    let batch = |value: i64| -> BTreeMap<String, Record> {
        (0..100).map(|row| (Beside::pseudonym(row), scored(value))).collect()
    };
    beside.clinic().keep_records(&batch(10)).unwrap();
    let consenting = i64::try_from((0..100).filter(|row| beside.consents(*row)).count()).unwrap();
    let want = |value: i64| {
        let rest = (100..PATIENTS).filter_map(|row| beside.score_on_day_0(row)).sum::<i64>();
        u64::try_from(rest + consenting * value).unwrap()
    };
    let (low, high) = (want(10), want(20));
    let orders: Vec<_> = (0..40).map(|_| beside.order(BASELINE)).collect();
    let done = AtomicBool::new(false);
    let clinic = beside.clinic();
    let seen: Vec<u64> = thread::scope(|scope| {
        scope.spawn(|| {
            let mut value = 20;
            while !done.load(Ordering::Relaxed) {
                clinic.keep_records(&batch(value)).unwrap();
                value = 30 - value;
            }
        });
        let sums = orders.iter().map(|order| {
            let cells = clinic.select(order).unwrap().cells.unwrap();
            // The question's cells: matches, totals, their sum, their squares.
            cells.expose()[2]
        });
        let sums = sums.collect();
        done.store(true, Ordering::Relaxed);
        sums
    });
    assert!(seen.iter().all(|sum| *sum == low || *sum == high), "{low} or {high}: {seen:?}");
}
