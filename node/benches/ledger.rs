//! A consent ledger of a million statements: how quickly they are taken in, what proofs and one patient's statements
//! take then, and how much memory it all needs. `cargo bench -p sumac-node --bench ledger`.
//!
//! `SUMAC_BENCH_STATEMENTS` says how many, ten to a patient; `SUMAC_BENCH_FOLDER` where the store is made.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement prints, and ends at the first fault")]

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sumac_node::clinic::Filed;
use sumac_node::store::{Entry, Row, Store, StorePaths, UnlockSecret};
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::digest::Digest;
use sumac_protocol::document::consent::{
    Action, Disclosure, Grant, LayText, Statement, Who, admit_statement, standing,
};
use sumac_protocol::document::study::ConsentCategory;
use sumac_protocol::document::tree_head::TreeHead;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::lay_text;
use sumac_protocol::ledger::{Growth, Receipt};
use sumac_protocol::moment::{Millis, Moment};
use sumac_protocol::octets::Octets;
use sumac_protocol::principal::{Principal, Signer};
use zeroize::Zeroizing;

const UNLOCK: UnlockSecret = UnlockSecret::KeyFile([7; 32]);
/// Statements in one durable batch.
const BATCH: u64 = 1_000;
/// Statements of one patient.
const EACH: u64 = 10;
/// How often each thing is measured.
const TIMES: u64 = 1_000;
const NOW: Moment = Moment(1_767_225_600_000);

fn main() {
    let statements = std::env::var("SUMAC_BENCH_STATEMENTS").ok().map_or(1_000_000, |n| n.parse().unwrap());
    let scratch = tempfile::tempdir().unwrap();
    let folder = std::env::var_os("SUMAC_BENCH_FOLDER").map_or_else(|| scratch.path().to_owned(), PathBuf::from);
    fs::create_dir_all(&folder).unwrap();
    let paths = StorePaths { dir: folder.join("store"), keyring: folder.join("keyring") };
    let store = Store::create(&paths, &UNLOCK, Zeroizing::new([9; 32])).unwrap();
    let clinic = Signer::from_seed(&store.identity_seed());
    let patient = Signer::from_seed(&Zeroizing::new([31; 32]));
    let said = history(&clinic.principal(), &patient);
    println!("empty: {}", memory());
    fill(&store, statements, &said);
    let store = Arc::new(store);
    answer(&store, &clinic, &patient.principal(), statements);
    println!("asked: {}", memory());
    let head = store.ledger_head();
    Arc::try_unwrap(store).unwrap().close().unwrap();
    let began = Instant::now();
    let (store, report) = Store::open(&paths, &UNLOCK).unwrap();
    println!("opened again in {:.2} s, index {:?}", began.elapsed().as_secs_f64(), report.index);
    assert_eq!(store.ledger_head(), head);
    store.close().unwrap();
    fs::remove_dir_all(paths.dir.join("index")).unwrap();
    let began = Instant::now();
    let (store, _) = Store::open(&paths, &UNLOCK).unwrap();
    println!("index and tree made anew in {:.1} s: {}", began.elapsed().as_secs_f64(), memory());
    assert_eq!(store.ledger_head(), head, "the same tree");
}

/// Ten statements of one patient, each following the one before.
fn history(clinic: &Principal, patient: &Signer) -> Vec<Envelope> {
    let (mut said, mut previous): (Vec<Envelope>, Option<Digest>) = (Vec::new(), None);
    for sequence in 0..EACH {
        let patient_key = patient.principal();
        let action = Action::Grant(grant());
        let (clinic, made_at) = (*clinic, NOW + Millis(sequence));
        let statement = Statement { clinic, patient: patient_key, sequence, previous, made_at, action, witness: None };
        let envelope = Envelope::sign(&statement, patient).unwrap();
        previous = Some(envelope.digest());
        said.push(envelope);
    }
    said
}

fn grant() -> Grant {
    let grant = Grant {
        purposes: vec!["HMB".into()],
        modifiers: vec!["NPUNCU".into(), "IRB".into()],
        diseases: vec![],
        categories: vec![ConsentCategory::Treatment, ConsentCategory::Outcomes],
        who: Who::AnyStudy,
        disclosure: Disclosure::DpOnly,
        not_before: NOW,
        not_after: NOW + Millis(730 * Millis::DAY.0),
        rho_year: RhoMicro(500_000),
        lay_text: LayText { version: String::new(), language: String::new(), digest: Digest([0; 32]) },
    };
    Grant { lay_text: lay_text::shown(&grant, "en").unwrap(), ..grant }
}

/// Takes in the statements, a batch at a time, each durable before the next. Those of other patients are copies of one
/// patient's: the store does not look.
fn fill(store: &Store, statements: u64, said: &[Envelope]) {
    let patients = statements / EACH;
    let (began, mut in_store) = (Instant::now(), Duration::ZERO);
    for first in (0..statements).step_by(usize::try_from(BATCH).unwrap()) {
        let entry = |number: u64| {
            let nth = usize::try_from(number / patients).unwrap().min(said.len() - 1);
            let statement = said.get(nth).unwrap().clone();
            Filed::fresh(statement).unwrap().entry(format!("P{:06}", number % patients))
        };
        let entries: Vec<Entry> = (first..statements.min(first + BATCH)).map(entry).collect();
        let started = Instant::now();
        store.append(entries).unwrap();
        in_store += started.elapsed();
        if (first + BATCH).is_multiple_of((statements / 4).next_multiple_of(BATCH)) {
            println!("{} statements: {}", first + BATCH, memory());
        }
    }
    let all = u128::from(statements) * 1_000_000;
    println!(
        "{statements} statements in batches of {BATCH}, each flushed: {} a second with salting and hashing, {} in the \
         store alone",
        all / began.elapsed().as_micros().max(1),
        all / in_store.as_micros().max(1)
    );
}

/// What a patient, or whoever holds an older head, is answered.
fn answer(store: &Arc<Store>, clinic: &Signer, patient: &Principal, statements: u64) {
    let me = clinic.principal();
    let (size, root) = store.ledger_head();
    let sign = |size, root| {
        let head = TreeHead { clinic: me, size, root, made_at: NOW };
        (head.clone(), Envelope::sign(&head, clinic).unwrap())
    };
    let (_, head) = sign(size, root);
    let step = (statements / TIMES).max(1);
    measure("an audit path", |n| drop(store.ledger_path(n * step % statements, size).unwrap().unwrap()));
    measure("a receipt, its head signed and the whole checked", |n| {
        let row = Row(u32::try_from(n).unwrap());
        let (position, body) = store.statements(row).unwrap().pop().unwrap();
        let filed = Filed::read(&body).unwrap();
        let (_, head) = sign(size, root);
        let proof = store.ledger_path(position, size).unwrap().unwrap();
        let (salt, statement) = (filed.salt.clone(), filed.statement.digest());
        let receipt = Receipt { statement, position, salt, head, proof };
        drop(receipt.check(&me, &statement).unwrap());
    });
    measure("a proof that the ledger grew, checked", |n| {
        let old = (n * step).max(1);
        let (old, _) = sign(old, store.ledger_root(old).unwrap().unwrap());
        let proof = store.ledger_growth(old.size, size).unwrap().unwrap();
        drop(Growth { head: head.clone(), proof }.check(&me, &old).unwrap());
    });
    measure("the statements of one patient, unsealed", |n| {
        assert_eq!(store.statements(Row(u32::try_from(n).unwrap())).unwrap().len(), 10);
    });
    measure("where one patient stands, every signature checked", |n| {
        let stated = store.statements(Row(u32::try_from(n).unwrap())).unwrap();
        let read = |(_, body): &(u64, Zeroizing<Vec<u8>>)| {
            admit_statement(&Filed::read(body).unwrap().statement, &me, patient).unwrap()
        };
        let said: Vec<_> = stated.iter().map(read).collect();
        drop(standing(&said, NOW));
    });
    let receipt_bytes = serde_json::to_string(&Receipt {
        statement: root,
        position: 0,
        salt: Octets(vec![0; 32]),
        head,
        proof: store.ledger_path(0, size).unwrap().unwrap(),
    });
    println!("a receipt has {} bytes as JSON", receipt_bytes.unwrap().len());
}

/// Does it many times, and prints the mean and the longest.
fn measure(what: &str, mut work: impl FnMut(u64)) {
    let (mut all, mut longest) = (Duration::ZERO, Duration::ZERO);
    for n in 0..TIMES {
        let began = Instant::now();
        work(n);
        let took = began.elapsed();
        (all, longest) = (all + took, longest.max(took));
    }
    let mean = all / u32::try_from(TIMES).unwrap();
    println!("{what}: {:.3} ms, at most {:.3} ms", mean.as_secs_f64() * 1e3, longest.as_secs_f64() * 1e3);
}

/// What the process has resident, and had at most.
fn memory() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let of = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or_default() >> 10
    };
    format!("{} MB resident, at most {} MB", of("VmRSS:"), of("VmHWM:"))
}
