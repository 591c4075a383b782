//! A thief of a clinic's folder, without the secret that unlocks it, learns nothing of records,
//! consents, pseudonyms or keys: after a clean stop, after a kill in the middle of a round, and
//! after the recovery from that kill.

#![expect(clippy::unwrap_used, reason = "a test may panic, and says where")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sumac_node::clinic::PatientLine;
use sumac_node::home::Home;
use sumac_node::store::Store;
use sumac_protocol::record::Record;
use sumac_protocol::round::Role;
use sumac_protocol::round::message::{decode, encode};
use sumac_tests::processes::{Federation, Question, Setup};
use sumac_tests::scan::{Needles, files_under};
use tempfile::TempDir;

/// What is secret at the clinics, by a name that says what it is.
type Secrets = BTreeMap<String, Vec<u8>>;

#[test]
fn a_clinics_folder_without_its_unlock_secret_tells_nothing() {
    let mut federation = Setup::default().refusing(10).start(env!("CARGO_BIN_EXE_sumac"));
    let answered = federation.ask(&Question::trial().at("0.5")).answer();
    assert_eq!(answered.operators("counted"), 5, "every clinic has something on its books");
    let patients: Vec<(char, PatientLine)> =
        Federation::letters().flat_map(|c| federation.patients(c).into_iter().map(move |p| (c, p))).collect();

    // A contributor and a committee member die in the middle of a round, which stays open while Quay is awaited.
    federation.suspend('E');
    let mut asked = federation.ask(&Question::trial().at("0.5").living(10));
    asked.until("(4 of 5); waiting for Quay");
    federation.kill('D');
    federation.kill('C');
    asked.kill();
    federation.resume('E');
    let mut secrets = Secrets::new();
    learn(&federation, 'C', &mut secrets);
    learn(&federation, 'D', &mut secrets);
    let killed = [scanned(&federation, 'C'), scanned(&federation, 'D')];
    // One recovers, writes on and stops in good order, as the others do.
    federation.restart('C');
    federation.revoke('C', &somebody(&patients, 'C'));
    for clinic in ['A', 'B', 'C', 'E'] {
        federation.stop(clinic);
        learn(&federation, clinic, &mut secrets);
    }
    for (clinic, patient) in &patients {
        know(*clinic, patient, &mut secrets);
    }
    let public: Vec<u8> = Federation::letters().flat_map(|clinic| public_files(&federation.home(clinic))).collect();
    // What the public documents say in any of the forms that are searched for, as a member's key in
    // the charter, is no secret where a stored state says it again.
    secrets.retain(|name, bytes| {
        let mut alone = Needles::new();
        alone.bytes(name, bytes);
        alone.find(&public, "public").is_empty()
    });
    let mut needles = Needles::new();
    secrets.iter().for_each(|(name, bytes)| needles.bytes(name, bytes));

    for bytes in &killed {
        assert_eq!(needles.find(bytes, "a killed node's folder"), BTreeMap::new());
    }
    let homes = Federation::letters().map(|clinic| federation.home(clinic));
    assert!(homes.into_iter().any(|home| has_snapshot(&home)), "sled's snapshots are among what is searched");
    for clinic in Federation::letters() {
        let home = federation.home(clinic);
        assert_sled_is_there(&home);
        assert_eq!(needles.find_under(&home), BTreeMap::new(), "{clinic}");
    }
    assert_found_where_they_lie_open(&needles, &secrets);
    let (forms, count) = needles.len();
    println!("at rest: {count} secrets in {forms} forms, five folders, {} files", files_under(federation.dir()).len());
}

/// The search finds every secret where it lies open: as it is, in hexadecimal, in base64.
fn assert_found_where_they_lie_open(needles: &Needles, secrets: &Secrets) {
    let open = TempDir::new().unwrap();
    for (number, bytes) in secrets.values().enumerate() {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let padding = vec![0xb7_u8; number % 7];
        let raw = [padding.as_slice(), bytes, &padding].concat();
        let lines = format!(
            "{hex} {} {}\n",
            hex.to_uppercase(),
            serde_json::json!(sumac_protocol::octets::Octets(raw.clone()))
        );
        std::fs::write(open.path().join(format!("{number}.raw")), raw).unwrap();
        std::fs::write(open.path().join(format!("{number}.text")), lines).unwrap();
    }
    let found = needles.find_under(open.path());
    for name in secrets.keys() {
        let forms: Vec<&str> = found.get(name).map(|forms| forms.keys().copied().collect()).unwrap_or_default();
        assert_eq!(forms, ["HEX", "base64", "hex", "raw"], "{name}");
    }
}

/// Opens a copy of a stopped node's store with its key file, and takes down what is in it.
fn learn(federation: &Federation, clinic: char, secrets: &mut Secrets) {
    let copy = TempDir::new().unwrap();
    let from = federation.home(clinic);
    for file in files_under(&from) {
        let to = copy.path().join(file.strip_prefix(&from).unwrap());
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(&file, &to).unwrap();
    }
    let home = Home::at(copy.path());
    let settings = home.settings().unwrap();
    let unlock = home.key_file(&settings).unwrap().expect("the demo's nodes have key files");
    let key_file = std::fs::read(home.resolve(settings.unlock_key_file.as_ref().unwrap())).unwrap();
    secrets.insert(format!("the unlock secret of {clinic}"), key_file);
    let (store, _) = Store::open(&home.store_paths(&settings), &unlock).unwrap();
    secrets.insert(format!("the seed of {clinic}"), store.identity_seed().to_vec());
    let mut bodies = Vec::new();
    for row in store.rows() {
        let record = store.record(row).unwrap().expect("every patient of the demo has a record");
        let decoded: Record = decode(&record).unwrap();
        for (number, course) in decoded.courses.iter().enumerate() {
            for (at, assessment) in course.assessments.iter().enumerate() {
                let name = format!("score {at} of course {number} of row {} of {clinic}", row.0);
                secrets.insert(name, encode(assessment));
            }
        }
        bodies.push((format!("record of row {}", row.0), record));
        bodies.extend(store.enrolment(row).unwrap().map(|body| (format!("enrolment of row {}", row.0), body)));
        let statements = store.statements(row).unwrap();
        bodies.extend(statements.into_iter().map(|(at, body)| (format!("statement {at}"), body)));
    }
    let queries = store.queries().unwrap();
    assert!(!queries.is_empty(), "{clinic} was asked");
    bodies.extend(queries.into_iter().map(|(id, body)| (format!("books of query {:02x?}", &id[..4]), body)));
    for role in [Role::Coordinator, Role::CoordinatorUpload, Role::Member, Role::Contributor] {
        let states = store.role_states(role.number()).unwrap();
        bodies.extend(states.into_iter().map(|(id, body)| (format!("state of role {role:?} {:02x?}", &id[..4]), body)));
    }
    for (name, body) in bodies {
        // A part of a body is as telling as the whole.
        for at in [0, body.len() / 3, body.len() * 2 / 3, body.len().saturating_sub(SLICE)] {
            if let Some(slice) = body.get(at..at + SLICE) {
                secrets.insert(format!("{name} of {clinic}, from byte {at}"), slice.to_vec());
            }
        }
    }
}

/// What the clinic's console knows of a patient.
fn know(clinic: char, patient: &PatientLine, secrets: &mut Secrets) {
    let name = &patient.pseudonym;
    secrets.insert(format!("the pseudonym {name} of {clinic}"), name.clone().into_bytes());
    if let Some(key) = &patient.key {
        secrets.insert(format!("the key of {name} of {clinic}"), key.bytes().to_vec());
        secrets.insert(format!("the did of {name} of {clinic}"), key.to_string().into_bytes());
    }
}

fn somebody(patients: &[(char, PatientLine)], clinic: char) -> String {
    let granted = |(c, p): &&(char, PatientLine)| *c == clinic && p.standing == "granted";
    patients.iter().find(granted).unwrap().1.pseudonym.clone()
}

/// All bytes and names of a folder, as it lies there now.
fn scanned(federation: &Federation, clinic: char) -> Vec<u8> {
    let files = files_under(&federation.home(clinic)).into_iter();
    files.flat_map(|file| [file.display().to_string().into_bytes(), std::fs::read(&file).unwrap()].concat()).collect()
}

/// What a node's folder may show: who belongs, and what may be studied.
fn public_files(home: &Path) -> Vec<u8> {
    let studies = files_under(&home.join("studies")).into_iter();
    studies.chain([home.join("charter.json")]).flat_map(|file| std::fs::read(file).unwrap()).collect()
}

/// The folder of the index in use, and the names in it.
fn index_of(home: &Path) -> (PathBuf, Vec<String>) {
    let made = std::fs::read_dir(home.join("store/index")).unwrap().map(|e| e.unwrap().path());
    let index = made.max().unwrap();
    let names = std::fs::read_dir(&index).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    (index, names)
}

/// An index has one once it was opened again after closing in good order; one that was made anew has none yet.
fn has_snapshot(home: &Path) -> bool {
    index_of(home).1.iter().any(|name| name.starts_with("snap."))
}

/// The index's own files are among those searched: its database, its settings, its blobs.
fn assert_sled_is_there(home: &Path) {
    let (index, names) = index_of(home);
    for part in ["db", "conf", "blobs"] {
        assert!(names.iter().any(|name| name.starts_with(part)), "no {part} in {names:?} of {}", home.display());
    }
    assert!(std::fs::metadata(index.join("db")).unwrap().len() > 10_000, "the index has something in it");
}

/// Bytes of a body that are looked for at a time.
const SLICE: usize = 24;
