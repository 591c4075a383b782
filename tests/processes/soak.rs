//! Five nodes at work for as long as is asked for: imports, withdrawals, new consents, questions and sudden deaths, in an order
//! of chance. Every thing that was acknowledged is there at the end, every release verifies, and no node's memory grows.
//!
//! `SUMAC_SOAK_MINUTES` says how long, 2 where it is not set. From 10 on two nodes, the first of which coordinates, are spared, and
//! the slope of their memory is bounded. `SUMAC_SOAK_SEED` replays one.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic, and says where")]

#[path = "soak/memory.rs"]
mod memory;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use memory::Memory;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use sumac_node::control::{self, Request, Response};
use sumac_protocol::record::{Assessment, Course, Record};
use sumac_tests::processes::{CAST, Federation, Question, Setup};

const SUMAC: &str = env!("CARGO_BIN_EXE_sumac");

#[test]
fn five_nodes_work_for_as_long_as_is_asked_and_lose_nothing() {
    let minutes = number("SUMAC_SOAK_MINUTES").unwrap_or(2);
    let seed = number("SUMAC_SOAK_SEED").unwrap_or_else(rand::random);
    println!("SUMAC_SOAK_SEED={seed}");
    let long = minutes >= LONG_MINUTES;
    let mut soak = Soak::begin(seed, if long { &SPARED } else { &[] });
    let end = Instant::now() + Duration::from_secs(60 * minutes);
    while Instant::now() < end {
        soak.step();
    }
    soak.everything_acknowledged_is_there();
    println!("{}", soak.told());
    soak.memory.told().iter().for_each(|line| println!("{line}"));
    assert!(minutes == 0 || soak.answered > 0, "questions were answered");
    if long {
        soak.memory.assert_bounded();
    }
}

struct Soak {
    federation: Federation,
    luck: StdRng,
    memory: Memory,
    /// What every patient said last and had acknowledged, by clinic and pseudonym: whether they consent.
    said: BTreeMap<(char, String), bool>,
    /// Courses that were imported and acknowledged, by clinic and pseudonym.
    imported: BTreeMap<(char, String), Record>,
    releases: Vec<PathBuf>,
    answered: u64,
    unanswered: u64,
    deaths: u64,
    /// Nodes that do not die, so that their memory can be followed.
    spared: &'static [char],
}

impl Soak {
    fn begin(seed: u64, spared: &'static [char]) -> Self {
        let federation = Setup::default().start(SUMAC);
        let mut said = BTreeMap::new();
        for clinic in Federation::letters() {
            for patient in federation.patients(clinic) {
                said.insert((clinic, patient.pseudonym), patient.standing == "granted");
            }
        }
        Self {
            federation,
            luck: StdRng::seed_from_u64(seed),
            memory: Memory::default(),
            said,
            imported: BTreeMap::new(),
            releases: Vec::new(),
            answered: 0,
            unanswered: 0,
            deaths: 0,
            spared,
        }
    }

    fn step(&mut self) {
        match self.luck.random_range(0..10) {
            0..=3 => self.import(),
            4..=6 => self.state(),
            7 | 8 => self.ask(),
            _ => self.die(),
        }
        for (clinic, _) in CAST {
            let pid = self.federation.pid(clinic);
            self.memory.look(clinic, pid);
        }
    }

    fn clinic(&mut self) -> char {
        CAST[self.luck.random_range(0..CAST.len())].0
    }

    /// Some patients more, or the same with other scores.
    fn import(&mut self) {
        let clinic = self.clinic();
        let records: BTreeMap<String, Record> = (0..self.luck.random_range(1..20))
            .map(|_| {
                let name = format!("soak-{clinic}-{}", self.luck.random_range(0..PATIENTS));
                let course = Course {
                    id: format!("{name}-1"),
                    assessments: vec![Assessment::total("HAMD17", 0, self.luck.random_range(0..=52))],
                    ..Course::default()
                };
                (name, Record { courses: vec![course] })
            })
            .collect();
        let socket = self.federation.home(clinic).join("control.sock");
        match control::ask(&socket, &Request::KeepRecords(records.clone())) {
            Ok(Response::Kept(_)) => {
                self.imported.extend(records.into_iter().map(|(name, record)| ((clinic, name), record)));
            }
            other => panic!("{clinic} keeps no records: {other:?}"),
        }
    }

    /// A patient of the demo withdraws, or consents again.
    fn state(&mut self) {
        let (clinic, name) = self.said.keys().nth(self.luck.random_range(0..self.said.len())).unwrap().clone();
        let consents = !self.said[&(clinic, name.clone())];
        if consents {
            self.federation.grant(clinic, &name);
        } else {
            self.federation.revoke(clinic, &name);
        }
        self.said.insert((clinic, name), consents);
    }

    /// A question, sometimes with a node that dies while it is answered.
    fn ask(&mut self) {
        let mut asked = self.federation.ask(&Question::how_many().at("0.0001").living(15));
        if self.luck.random_range(0..3) == 0 {
            asked.follow_for(Duration::from_millis(self.luck.random_range(0..600)));
            // The coordinator is the first; it may die too, and goes on with the question.
            self.die();
        }
        let finished = asked.finish();
        if finished.answer.is_some() {
            self.answered += 1;
            self.releases.push(finished.release);
        } else {
            self.unanswered += 1;
        }
    }

    fn die(&mut self) {
        let clinic = self.clinic();
        if self.spared.contains(&clinic) {
            return;
        }
        self.federation.kill(clinic);
        if self.luck.random_range(0..4) == 0 {
            self.federation.delete_index(clinic);
        }
        self.federation.restart(clinic);
        self.deaths += 1;
    }

    fn everything_acknowledged_is_there(&mut self) {
        for clinic in Federation::letters() {
            self.federation.stop(clinic);
            self.federation.restart(clinic);
            let standings = self.federation.patients_by_name(clinic);
            for ((_, name), consents) in self.said.iter().filter(|((of, _), _)| *of == clinic) {
                let standing = &standings[name].standing;
                assert_eq!(standing == "granted", *consents, "{clinic}: {name} is {standing}");
            }
            let socket = self.federation.home(clinic).join("control.sock");
            for ((_, name), record) in self.imported.iter().filter(|((of, _), _)| *of == clinic) {
                let asked = control::ask(&socket, &Request::ExportPatient { pseudonym: name.clone() }).unwrap();
                let Response::Patient(Some(held)) = asked else { panic!("{clinic} has lost {name}: {asked:?}") };
                let held = serde_json::to_value(&*held).unwrap();
                assert_eq!(held["record"], serde_json::to_value(record).unwrap(), "{clinic}: {name}");
            }
        }
        let charter = self.federation.dir().join("charter.json");
        for release in &self.releases {
            let words = ["verify".as_ref(), release.as_os_str(), "--charter".as_ref(), charter.as_os_str()];
            let verified = self.federation.sumac(words);
            assert_eq!(verified.exit, Some(0), "{}", verified.text());
        }
    }

    fn told(&self) -> String {
        format!(
            "{} questions answered and verified, {} not; {} deaths; {} patients imported; {} patients' last words kept",
            self.answered,
            self.unanswered,
            self.deaths,
            self.imported.len(),
            self.said.len()
        )
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap_or_else(|why| panic!("{variable}={text}: {why}")))
}

/// Patients that imports bring to each clinic at most: the charter has room for 64.
const PATIENTS: u32 = 12;
/// A soak of so many minutes also bounds memory.
const LONG_MINUTES: u64 = 10;
/// The coordinator of most questions, and a clinic that sits on no first committee.
const SPARED: [char; 2] = ['A', 'E'];
