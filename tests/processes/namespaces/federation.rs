//! Ten clinics as processes, each in a network of its own: two are hubs, eight can only dial out.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sumac_node::clinic::{CohortLine, PatientLine};
use sumac_node::control::{self, CharterRequest, Request, Response};
use sumac_node::home::{Home, Settings};
use sumac_node::store::{Store, UnlockSecret};
use sumac_protocol::document::charter::{Member, Role};
use sumac_protocol::envelope::Envelope;
use sumac_protocol::principal::{Principal, Signer};
use sumac_tests::processes::{Ended, Program};
use tempfile::TempDir;

use crate::papers::{self, Papers};
use crate::world::{Place, World};

/// One clinic.
pub(crate) struct Clinic {
    pub(crate) name: String,
    pub(crate) key: Principal,
    pub(crate) place: Place,
    home: Home,
    /// None where it was killed.
    node: Option<Program>,
    /// No member any more: it learns nothing of what comes.
    pub(crate) is_removed: bool,
}

/// Ten clinics with records and consents, and a researcher behind a router too.
pub(crate) struct Federation {
    /// The first two are the hubs.
    pub(crate) clinics: Vec<Clinic>,
    pub(crate) papers: Papers,
    researcher: Place,
    program: String,
    dir: PathBuf,
    asked: usize,
    _folder: TempDir,
}

impl Federation {
    /// Makes the nodes and starts them; all are linked to both hubs when this returns.
    pub(crate) fn start(world: &mut World, program: &str) -> Self {
        // A short path: a control socket's has at most 107 bytes.
        let folder = tempfile::Builder::new().prefix("sumac-").tempdir().unwrap();
        let dir = folder.path().to_owned();
        let (mut clinics, mut members) = (Vec::new(), Vec::new());
        for number in 0..CLINICS {
            let (name, last) = (format!("c{number}"), u8::try_from(number + 1).unwrap());
            let place = if number < HUBS { world.hub(&name, last) } else { world.clinic(&name, last) }.unwrap();
            let (home, member) = make(&dir, &name, (number < HUBS).then_some(&place));
            clinics.push(Clinic { name, key: member.key, place, home, node: None, is_removed: false });
            members.push(member);
        }
        let researcher = world.clinic("ask", 100).unwrap();
        let papers = Papers::sign(members);
        std::fs::write(dir.join("charter.json"), papers.chain.to_json()).unwrap();
        std::fs::write(dir.join("study.json"), papers.study.to_json()).unwrap();
        let key = dir.join("researcher.key");
        std::fs::write(&key, papers.researcher.as_slice()).unwrap();
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
        for clinic in &clinics {
            clinic.home.put_charter(&papers.chain).unwrap();
            clinic.home.put_study(&papers.study).unwrap();
        }
        let program = program.to_owned();
        let mut federation = Self { clinics, papers, researcher, program, dir, asked: 0, _folder: folder };
        for number in 0..CLINICS {
            federation.run(number);
        }
        for number in 0..HUBS {
            federation.node(number).until_said(" connected peer=", CLINICS - 1);
        }
        federation.clinics.iter().for_each(Clinic::bring_in);
        federation
    }

    /// Starts a node and waits until it is ready.
    pub(crate) fn run(&mut self, number: usize) {
        let clinic = &mut self.clinics[number];
        let mut command = clinic.place.command(&self.program);
        command.args(["node", "run", "--dir"]).arg(clinic.home.dir());
        let mut node = Program::start(&format!("node {}", clinic.name), command);
        node.until_line("that it is ready", |line| line.starts_with("{\"key\":"));
        clinic.node = Some(node);
    }

    /// Ends a node as a power cut would.
    pub(crate) fn kill(&mut self, number: usize) {
        self.clinics[number].node.take().unwrap().kill();
    }

    /// A running node's process.
    pub(crate) fn node(&mut self, number: usize) -> &mut Program {
        self.clinics[number].node.as_mut().unwrap()
    }

    /// The question, asked by the researcher's own program; the hub is the program's choice.
    pub(crate) fn ask(&mut self, lifetime_s: u32) -> Question {
        self.asked += 1;
        let mut command = self.researcher.command(&self.program);
        command.env("SUMAC_HOME", self.dir.join("researcher")).args(["ask", QUESTION, "--rho", "0.02"]);
        command.args(["--lifetime", &lifetime_s.to_string()]);
        command.arg("--charter").arg(self.dir.join("charter.json")).arg("--study").arg(self.dir.join("study.json"));
        command.arg("--key").arg(self.dir.join("researcher.key")).args(["--format", "json", "--out"]);
        command.arg(self.dir.join(format!("release-{}.json", self.asked)));
        let mut program = Program::start("ask", command);
        let query = program.until("query ").trim_start_matches("query ").to_owned();
        Question { query, program }
    }

    /// Offers the next charter to one node, as its operator would: without this member, and with a study that this node
    /// alone is given. Returns when every other member lives under it and has the study.
    pub(crate) fn remove(&mut self, number: usize, at: usize) {
        let study = self.papers.without(self.clinics[number].key);
        let (epoch, chain) = (self.papers.chain.current().epoch, self.papers.chain.to_json());
        self.clinics[number].is_removed = true;
        self.clinics[at].control(&Request::Charters(CharterRequest::KeepStudy(study.clone())));
        self.clinics[at].control(&Request::Charters(CharterRequest::Offer { chain: chain.clone() }));
        let give_up = Instant::now() + PATIENCE;
        for clinic in self.clinics.iter().filter(|clinic| !clinic.is_removed) {
            while clinic.epoch() < epoch || !clinic.knows(&self.papers, &study) {
                assert!(Instant::now() < give_up, "{} lives under epoch {}", clinic.name, clinic.epoch());
                std::thread::yield_now();
            }
        }
        std::fs::write(self.dir.join("charter.json"), chain).unwrap();
    }

    /// Everything that the nodes said last, for a test that fails.
    pub(crate) fn last_words(&mut self) -> String {
        let words =
            |clinic: &mut Clinic| clinic.node.as_mut().map(|node| format!("{}:\n{}", clinic.name, node.last_words()));
        self.clinics.iter_mut().filter_map(words).collect::<Vec<_>>().join("\n")
    }
}

/// A question on its way.
pub(crate) struct Question {
    /// Its id, in hex.
    pub(crate) query: String,
    pub(crate) program: Program,
}

impl Question {
    /// Waits for its end.
    pub(crate) fn ended(self) -> (String, Ended) {
        (self.query, self.program.ended())
    }
}

impl Clinic {
    /// Its record of all queries.
    pub(crate) fn cohorts(&self) -> Vec<CohortLine> {
        let Response::Cohorts(lines) = self.control(&Request::Cohorts) else { panic!("another answer than asked for") };
        lines
    }

    /// Its patients.
    pub(crate) fn patients(&self) -> Vec<PatientLine> {
        let Response::Patients(lines) = self.control(&Request::Patients) else {
            panic!("another answer than asked for")
        };
        lines
    }

    /// The epoch that it lives under.
    pub(crate) fn epoch(&self) -> u64 {
        let Response::Status(status) = self.control(&Request::Status) else { panic!("another answer than asked for") };
        status.epoch
    }

    /// Whether it keeps a study.
    fn knows(&self, papers: &Papers, study: &Envelope) -> bool {
        let studies = self.home.studies(&papers.chain).unwrap();
        studies.iter().any(|kept| kept.digest() == study.digest())
    }

    /// Records, keys and consents, through its own control socket.
    fn bring_in(&self) {
        let records = papers::records(&self.name);
        self.control(&Request::KeepRecords(records.clone()));
        for pseudonym in records.into_keys() {
            let patient = Signer::from_seed(&papers::fresh());
            self.control(&Request::Enrol { pseudonym, key: patient.principal() });
            self.control(&Request::TakeStatement(papers::consent(self.key, &patient)));
        }
    }

    fn control(&self, request: &Request) -> Response {
        control::ask(&self.home.control_socket(), request).unwrap_or_else(|why| panic!("{}: {why}", self.name))
    }
}

/// Makes a node's folder; its unlock secret lies elsewhere. A hub listens at its place.
fn make(dir: &Path, name: &str, hub: Option<&Place>) -> (Home, Member) {
    let home = Home::at(&dir.join(name));
    let (key_file, unlock) = (dir.join(format!("{name}.unlock")), papers::fresh());
    std::fs::write(&key_file, unlock.as_slice()).unwrap();
    let settings = Settings {
        listen: hub.map(|_| format!("/ip4/0.0.0.0/tcp/{PORT}")),
        keyring: PathBuf::from("keyring.sealed"),
        unlock_key_file: Some(key_file),
        redial_min_ms: 200,
        ..Settings::default()
    };
    home.create(&settings).unwrap();
    let seed = papers::fresh();
    let key = Signer::from_seed(&seed).principal();
    let store = Store::create(&home.store_paths(&settings), &UnlockSecret::KeyFile(*unlock), seed).unwrap();
    store.close().unwrap();
    let mut roles = vec![Role::Contributor, Role::Aggregator];
    roles.extend(hub.map(|_| Role::Hub));
    let member = Member {
        key,
        name: name.to_owned(),
        operator: format!("operator of {name}"),
        roles,
        addresses: hub.iter().map(|place| format!("/ip4/{}/tcp/{PORT}", place.public)).collect(),
        patients_max: 16,
        staff: Vec::new(),
    };
    (home, member)
}

/// How many clinics there are.
pub(crate) const CLINICS: usize = 10;
/// How many of them are hubs.
pub(crate) const HUBS: usize = 2;
/// How long a charter may take to everybody.
const PATIENCE: Duration = Duration::from_secs(40);
const PORT: u16 = 4_800;
const QUESTION: &str = "SELECT count(*) AS courses FROM courses";
