//! Five clinics as processes, under a charter for test data with an exact study. Their people are
//! this test: it enrols, imports and signs for the patients, as each clinic would for its own.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use sumac_node::clock::Clock;
use sumac_node::control::{self, Request, Response};
use sumac_node::home::{Home, Settings};
use sumac_node::store::{Store, UnlockSecret};
use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::digest::Digest;
use sumac_protocol::document::charter::{Charter, Label, Member, Policy, Role};
use sumac_protocol::document::consent::{Action, Disclosure, Grant, LayText, Statement, Who};
use sumac_protocol::document::study::{ConsentCategory, Organisation, PlannedQuery, Purpose, Study};
use sumac_protocol::envelope::{Document, Envelope};
use sumac_protocol::lay_text;
use sumac_protocol::moment::{Millis, Moment};
use sumac_protocol::plan::Mode;
use sumac_protocol::principal::{Principal, Signer};
use sumac_protocol::record::Record;
use sumac_tests::processes::{CAST, HUBS, Program};
use tempfile::TempDir;
use zeroize::Zeroizing;

use crate::canary;

/// One clinic, running.
pub(crate) struct Clinic {
    pub(crate) name: &'static str,
    pub(crate) home: Home,
    pub(crate) records: BTreeMap<String, Record>,
    pub(crate) node: Program,
}

/// Five clinics, running, with records and consents.
pub(crate) struct Federation {
    pub(crate) clinics: Vec<Clinic>,
    pub(crate) dir: PathBuf,
    _folder: TempDir,
}

impl Federation {
    pub(crate) fn start(program: &str) -> Self {
        // A short path: a control socket's has at most 107 bytes.
        let folder = tempfile::Builder::new().prefix("sumac-").tempdir().unwrap();
        let dir = folder.path().to_owned();
        let (mut members, mut homes) = (Vec::new(), Vec::new());
        for (letter, name) in CAST {
            let (home, member) = make(&dir, letter, name);
            homes.push((name, home));
            members.push(member);
        }
        sign(&dir, members, &homes);
        let start = |(name, home): (&'static str, Home)| {
            let mut command = Command::new(program);
            command.args(["node", "run", "--dir"]).arg(home.dir());
            let node = Program::start(&format!("node {name}"), command);
            Clinic { name, home, records: canary::records(name), node }
        };
        let mut clinics: Vec<Clinic> = homes.into_iter().map(start).collect();
        for clinic in &mut clinics {
            clinic.node.until_line("that it is ready", |line| line.starts_with("{\"key\":"));
        }
        for (clinic, _) in clinics.iter_mut().zip(HUBS) {
            clinic.node.until_said("connected peer=", CAST.len() - 1);
        }
        clinics.iter().for_each(bring_in);
        Self { clinics, dir, _folder: folder }
    }

    /// The question, asked by the researcher's own program.
    pub(crate) fn ask(&self, program: &str) -> Program {
        let mut command = Command::new(program);
        command.env("SUMAC_HOME", self.dir.join("researcher")).args(["ask", canary::QUESTION, "--lifetime", "100"]);
        command.arg("--charter").arg(self.dir.join("charter.json")).arg("--study").arg(self.dir.join("study.json"));
        command.arg("--key").arg(self.dir.join("researcher.key")).args(["--format", "json", "--out"]);
        command.arg(self.dir.join("release.json"));
        Program::start("ask", command)
    }
}

/// Makes a node's folder; its unlock secret lies elsewhere.
fn make(dir: &Path, letter: char, name: &str) -> (Home, Member) {
    let home = Home::at(&dir.join(letter.to_string()));
    let is_hub = HUBS.contains(&letter);
    let address = is_hub.then(|| {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        format!("/ip4/127.0.0.1/tcp/{port}")
    });
    let (key_file, unlock) = (dir.join(format!("{letter}.unlock")), fresh());
    std::fs::write(&key_file, unlock.as_slice()).unwrap();
    let settings = Settings {
        listen: address.clone(),
        keyring: PathBuf::from("keyring.sealed"),
        unlock_key_file: Some(key_file),
        frame_log: Some(PathBuf::from("frames.log")),
        redial_min_ms: 50,
        // As much as it can say: nothing of it may tell a patient or a figure.
        log: Some("debug,sumac_node=trace".to_owned()),
        ..Settings::default()
    };
    home.create(&settings).unwrap();
    let seed = fresh();
    let key = Signer::from_seed(&seed).principal();
    let store = Store::create(&home.store_paths(&settings), &UnlockSecret::KeyFile(*unlock), seed).unwrap();
    store.close().unwrap();
    let mut roles = vec![Role::Contributor, Role::Aggregator];
    roles.extend(is_hub.then_some(Role::Hub));
    let member = Member {
        key,
        name: name.to_owned(),
        operator: format!("{name} Clinic"),
        roles,
        addresses: address.into_iter().collect(),
        patients_max: 16,
        staff: Vec::new(),
    };
    (home, member)
}

/// Signs charter and study, and gives them to everybody.
fn sign(dir: &Path, members: Vec<Member>, homes: &[(&str, Home)]) {
    let steward = Signer::from_seed(&fresh());
    let researcher = fresh();
    std::fs::write(dir.join("researcher.key"), researcher.as_slice()).unwrap();
    let genesis = charter(members, steward.principal());
    let mut chain = CharterChain::genesis(&signed(&genesis, &steward)).unwrap();
    let study = signed(&study(&chain, Signer::from_seed(&researcher).principal()), &steward);
    let next = Charter { epoch: 1, previous: Some(chain.genesis_digest()), studies: vec![study.digest()], ..genesis };
    chain.extend(&signed(&next, &steward)).unwrap();
    std::fs::write(dir.join("charter.json"), chain.to_json()).unwrap();
    std::fs::write(dir.join("study.json"), study.to_json()).unwrap();
    for (_, home) in homes {
        home.put_charter(&chain).unwrap();
        home.put_study(&study).unwrap();
    }
}

/// Every step may take a minute, because this test stops processes to look at them.
fn charter(members: Vec<Member>, steward: Principal) -> Charter {
    let committee = members.iter().take(3).map(|member| member.key).collect();
    Charter {
        name: "Canaries".into(),
        epoch: 0,
        previous: None,
        stewards: vec![steward],
        threshold: 1,
        committees: vec![committee],
        members,
        studies: Vec::new(),
        label: Some(Label::TestData),
        policy: Policy {
            clinics_min: 5,
            cohort_min: 1,
            exact_local_min: 1,
            rho_per_query_max: RhoMicro(1_000_000),
            delta_per_1e12: 1_000_000,
            rho_per_patient_year: RhoMicro(1_000_000),
            allow_exact: true,
            allow_witnessed: false,
            queries_per_study_day: 100,
            upload_jitter_ms: 0,
            window_ms: 60_000,
            step_timeout_ms: 60_000,
            query_lifetime_max_ms: 120_000,
        },
        dictionary: canary::dictionary(),
    }
}

fn study(chain: &CharterChain, researcher: Principal) -> Study {
    let from = now();
    Study {
        id: "canaries".into(),
        title: "Sums that nobody comes across by chance".into(),
        lay_summary: "Made up, to see where numbers go.".into(),
        approving_body: "A test".into(),
        approval_reference: "1".into(),
        purpose: Purpose {
            duo: vec!["HMB".into()],
            disease: Vec::new(),
            organisation: Organisation::Academic,
            commercial: false,
            modifiers_met: Vec::new(),
        },
        researchers: vec![researcher],
        categories: vec![ConsentCategory::Treatment, ConsentCategory::Outcomes],
        mode: Mode::Exact,
        plans: vec![PlannedQuery { query: canary::QUESTION.into(), times: 1 }],
        rho_total: RhoMicro(0),
        rho_year: RhoMicro(0),
        queries_max: 1,
        valid_from: from,
        valid_until: from + Millis(Millis::DAY.0),
        genesis: chain.genesis_digest(),
    }
}

/// Records, enrolments and consents of one clinic, through its own control socket.
fn bring_in(clinic: &Clinic) {
    let socket = clinic.home.control_socket();
    let ask = |request: Request| control::ask(&socket, &request).unwrap();
    let Response::Status(status) = ask(Request::Status) else { panic!("another answer than was asked for") };
    ask(Request::KeepRecords(clinic.records.clone()));
    for pseudonym in clinic.records.keys() {
        let patient = Signer::from_seed(&fresh());
        ask(Request::Enrol { pseudonym: pseudonym.clone(), key: patient.principal() });
        let from = now();
        let statement = Statement {
            clinic: status.key,
            patient: patient.principal(),
            sequence: 0,
            previous: None,
            made_at: from,
            action: Action::Grant(grant(from)),
            witness: None,
        };
        ask(Request::TakeStatement(Envelope::sign(&statement, &patient).unwrap()));
    }
}

fn grant(from: Moment) -> Grant {
    let blank = LayText { version: String::new(), language: String::new(), digest: Digest([0; 32]) };
    let grant = Grant {
        purposes: vec!["HMB".into()],
        modifiers: Vec::new(),
        diseases: Vec::new(),
        categories: vec![ConsentCategory::Treatment, ConsentCategory::Outcomes],
        who: Who::AnyStudy,
        disclosure: Disclosure::ExactAlso,
        not_before: from,
        not_after: from + Millis(Millis::DAY.0),
        rho_year: RhoMicro(1_000_000),
        lay_text: blank,
    };
    Grant { lay_text: lay_text::shown(&grant, "en").unwrap(), ..grant }
}

fn signed<T: Document>(document: &T, by: &Signer) -> Envelope {
    Envelope::sign(document, by).unwrap()
}

fn fresh() -> Zeroizing<[u8; 32]> {
    let mut bytes = Zeroizing::new([0_u8; 32]);
    getrandom::fill(bytes.as_mut_slice()).unwrap();
    bytes
}

fn now() -> Moment {
    Clock::default().now()
}
