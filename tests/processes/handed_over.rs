//! A withdrawal that a patient leaves with another member while the clinic is away reaches the clinic without the
//! patient, and nothing else that is left there does any harm.

#![expect(clippy::unwrap_used, reason = "a test may panic, and says where")]

#[expect(dead_code, reason = "what the door's own suite needs besides")]
#[path = "door/rig.rs"]
mod rig;

use std::fs;
use std::time::{Duration, Instant};

use bip39::Mnemonic;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use sumac_node::control::{self, LedgerRequest, Request};
use sumac_protocol::digest::Label;
use sumac_protocol::document::consent::{Action, Revoke, Statement};
use sumac_protocol::envelope::Envelope;
use sumac_protocol::moment::Moment;
use sumac_protocol::octets::Octets;
use sumac_protocol::principal::{Principal, Signer};
use sumac_tests::processes::{Federation, Question};

use rig::{clinic, done, door, open, signer, somebody, stranger, text};

/// A patient with a key file of her own, which was used with Mill before: what it takes to withdraw from home.
struct Pia {
    name: String,
    /// The key's options, as the program takes them.
    own: [String; 4],
}

impl Pia {
    fn new(federation: &Federation) -> Self {
        let (name, bare) = somebody(federation, 'D');
        let [key, words, passphrase] =
            ["own.key", "words", "passphrase"].map(|file| federation.dir().join(format!("{name}-{file}")));
        fs::write(&passphrase, "a passphrase of some length\n").unwrap();
        fs::write(&words, Mnemonic::from_entropy(&fs::read(bare).unwrap()).unwrap().to_string()).unwrap();
        let made = ["recover", "--out", text(&key), "--passphrase-file", text(&passphrase), "--words-file"];
        done(federation, &[&made[..], &[text(&words)]].concat());
        let own = ["--key", text(&key), "--passphrase-file", text(&passphrase)].map(str::to_owned);
        let pia = Self { name, own };
        pia.does(federation, "status", &["--node", &door(federation, 'D'), "--yes"]);
        pia
    }

    fn does(&self, federation: &Federation, what: &str, more: &[&str]) -> String {
        done(federation, &[&[what], &self.own.each_ref().map(String::as_str)[..], more].concat())
    }

    fn leaves_a_withdrawal_with(&self, federation: &Federation, member: char) {
        let said = self.does(federation, "revoke", &["--hand-to", &door(federation, member), "--yes"]);
        assert!(said.contains("signed that your statement arrived"), "{said}");
    }

    fn standing(&self, federation: &Federation) -> String {
        federation.patients_by_name('D').remove(&self.name).expect("the patient is known").standing
    }
}

/// Waits until a member holds nothing more for anybody.
fn until_nothing_waits(federation: &Federation, member: char) {
    let give_up = Instant::now() + PATIENCE;
    // Asking takes a process, so this does not spin.
    while federation.status(member).held_for_others > 0 {
        assert!(Instant::now() < give_up, "{member} holds {} still", federation.status(member).held_for_others);
    }
}

#[test]
fn a_withdrawal_that_is_left_with_a_member_is_obeyed_once_the_clinic_is_back_though_the_patient_does_nothing() {
    let mut federation = open();
    let pia = Pia::new(&federation);
    federation.kill('D');
    // Linden is no hub: what it holds goes through one.
    pia.leaves_a_withdrawal_with(&federation, 'C');
    assert_eq!(federation.status('C').held_for_others, 1);
    federation.kill('C');
    federation.restart('C');
    assert_eq!(federation.status('C').held_for_others, 1, "kept through a power cut");
    federation.restart('D');
    federation.until_logged('D', "took a statement that a member held");
    until_nothing_waits(&federation, 'C');
    assert_eq!(pia.standing(&federation), "withdrawn");
    federation.kill('C');
    federation.restart('C');
    assert_eq!(federation.status('C').held_for_others, 0, "forgotten for good");
    let asked = federation.ask(&Question::how_many()).answer();
    let line = federation.cohort('D', &asked.query).expect("the clinic selected");
    assert!(line.pseudonyms.len() > 20 && !line.pseudonyms.contains(&pia.name), "{line:?}");
    let receipts = pia.does(&federation, "receipts", &["--node", &door(&federation, 'D'), "--yes"]);
    assert!(receipts.contains("withdr") && receipts.contains("the receipt holds"), "{receipts}");
    assert_eq!(federation.status('D').statements, federation.status('D').patients + 1, "and it is there once");
}

#[test]
fn a_clinic_that_is_killed_as_it_takes_a_withdrawal_has_it_once_and_the_member_forgets_it() {
    let mut federation = open();
    let pia = Pia::new(&federation);
    let before = federation.status('D').statements;
    federation.kill('D');
    pia.leaves_a_withdrawal_with(&federation, 'B');
    // Whether its word gets out before it dies is chance; what must come of it is not.
    federation.restart('D');
    federation.until_logged('D', "took a statement that a member held");
    federation.kill('D');
    federation.delete_index('D');
    federation.restart('D');
    until_nothing_waits(&federation, 'B');
    assert_eq!((pia.standing(&federation).as_str(), federation.status('D').statements), ("withdrawn", before + 1));
}

/// Something sealed, left with a member for a clinic at the member's own machine, where there is no pace; whether it
/// was taken in.
fn left_with(federation: &Federation, member: char, clinic: &Principal, sealed: &Octets) -> bool {
    let request = LedgerRequest::Arrival { clinic: *clinic, sealed: sealed.clone() };
    control::ask(&federation.home(member).join("control.sock"), &Request::Ledger(request)).is_ok()
}

fn sealed(to: &Principal, bound_to: &Principal, statement: &[u8]) -> Octets {
    let mut rng = StdRng::seed_from_u64(8);
    Octets(to.sealing_key().unwrap().seal(Label::StatementSeal, bound_to.bytes(), statement, &mut rng).unwrap())
}

fn revocation(clinic: Principal, who: &Signer) -> Envelope {
    let action = Action::Revoke(Revoke { purposes: None });
    let (patient, made_at) = (who.principal(), Moment(1_790_000_000_000));
    let said = Statement { clinic, patient, sequence: 9, previous: None, made_at, action, witness: None };
    Envelope::sign(&said, who).unwrap()
}

#[test]
fn whatever_else_is_left_with_a_member_is_refused_by_the_clinic_with_its_code_and_waits_no_more() {
    let mut federation = open();
    let (mill, quay) = (clinic(&federation, 'D'), clinic(&federation, 'E'));
    let (patient, nobody) = (signer(&somebody(&federation, 'D').1), stranger());
    let before = federation.status('D').statements;
    let right = revocation(mill, &patient);
    let json = |signed: &Envelope| signed.to_json().into_bytes();
    let mut altered = sealed(&mill, &mill, &json(&right));
    *altered.0.last_mut().unwrap() ^= 1;
    let cases = [
        ("no seal at all", "sealed-unreadable", Octets(vec![7; 40])),
        ("too short for one", "sealed-unreadable", Octets(vec![7])),
        ("as large as may be", "sealed-unreadable", Octets(vec![7; 64 << 10])),
        ("sealed to another clinic", "sealed-unreadable", sealed(&quay, &mill, &json(&right))),
        ("sealed for another clinic", "sealed-unreadable", sealed(&mill, &quay, &json(&right))),
        ("altered", "sealed-unreadable", altered),
        ("no statement", "no-envelope", sealed(&mill, &mill, b"[]")),
        ("to another clinic", "statement-other-clinic", sealed(&mill, &mill, &json(&revocation(quay, &patient)))),
        ("a stranger's", "not-enrolled", sealed(&mill, &mill, &json(&revocation(mill, &nobody)))),
    ];
    for (why, code, sealed) in cases {
        assert!(left_with(&federation, 'C', &mill, &sealed), "{why}");
        let logged = federation.until_logged('D', "refused what a member held");
        assert!(logged.contains(&format!("code=\"{code}\"")), "{why}: {logged}");
        until_nothing_waits(&federation, 'C');
    }
    assert!(!left_with(&federation, 'C', &mill, &Octets(vec![7; (64 << 10) + 1])), "too large is not taken in");
    assert!(!left_with(&federation, 'C', &mill, &Octets(Vec::new())), "nothing is nothing");
    assert!(!left_with(&federation, 'C', &nobody.principal(), &Octets(vec![7])), "nor for nobody's clinic");
    // Left with the clinic itself, it comes as well.
    assert!(left_with(&federation, 'D', &mill, &Octets(vec![9; 40])));
    federation.until_logged('D', "refused what a member held");
    until_nothing_waits(&federation, 'D');
    assert_eq!(federation.status('D').statements, before, "none of it changed anything");
    // And what is right comes through after all that, from another member too, and stands once.
    let right = sealed(&mill, &mill, &json(&right));
    for other in ['C', 'B', 'A'] {
        assert!(left_with(&federation, other, &mill, &right));
        federation.until_logged('D', "took a statement that a member held");
        until_nothing_waits(&federation, other);
    }
    assert_eq!(federation.status('D').statements, before + 1);
}

#[test]
fn a_flood_for_one_clinic_is_worked_off_and_holds_up_nothing_for_another() {
    let mut federation = open();
    let pia = Pia::new(&federation);
    let quay = clinic(&federation, 'E');
    federation.kill('E');
    federation.kill('D');
    for number in 0..FLOOD {
        assert!(left_with(&federation, 'C', &quay, &Octets(number.to_le_bytes().to_vec())));
    }
    pia.leaves_a_withdrawal_with(&federation, 'C');
    federation.restart('D');
    federation.until_logged('D', "took a statement that a member held");
    assert_eq!(pia.standing(&federation), "withdrawn");
    federation.restart('E');
    until_nothing_waits(&federation, 'C');
    assert_eq!(federation.ask(&Question::how_many()).answer().operators("counted"), 5, "everybody works as before");
}

/// How long an arrival may take: one is offered again every ten seconds.
const PATIENCE: Duration = Duration::from_secs(60);
/// More than are ever under way at once.
const FLOOD: u64 = 50;
