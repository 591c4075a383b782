//! Harbour alone: a store in a folder, two members of staff, and Pia, who is P1.

use std::path::Path;
use std::sync::Arc;

use sumac_federation::rules;
use sumac_node::clinic::{Clinic, ClinicError, StandingLine};
use sumac_node::clock::Clock;
use sumac_node::store::{Store, StorePaths, UnlockSecret};
use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::document::charter::{Charter, Policy};
use sumac_protocol::document::consent::{Action, Grant, Revoke, Statement, Witness};
use sumac_protocol::document::enrolment::Enrolment;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::ledger::Receipt;
use sumac_protocol::moment::{Millis, Moment};
use sumac_protocol::principal::{Principal, Signer};
use sumac_protocol::record::Record;
use tempfile::TempDir;
use zeroize::Zeroizing;

const UNLOCK: UnlockSecret = UnlockSecret::KeyFile([3; 32]);

/// Somebody's key, by a number of one's own.
pub(crate) fn person(number: u8) -> Signer {
    Signer::from_seed(&Zeroizing::new([number; 32]))
}

/// The patient who is P1.
pub(crate) fn pia() -> Signer {
    person(31)
}
/// Staff of Harbour.
pub(crate) fn stella() -> Signer {
    person(41)
}
/// Staff of Harbour.
pub(crate) fn sven() -> Signer {
    person(42)
}

/// Harbour's desk.
pub(crate) struct Desk {
    clinic: Option<Clinic>,
    charters: Vec<Envelope>,
    root: TempDir,
}

fn stewards() -> Vec<Signer> {
    vec![person(1), person(2), person(3)]
}

fn node() -> Signer {
    person(11)
}

fn charter() -> Charter {
    let clinics: Vec<(String, Principal)> = ["Harbour", "Ridge", "Linden", "Mill", "Quay"]
        .into_iter()
        .zip(11..)
        .map(|(name, number)| (name.to_owned(), person(number).principal()))
        .collect();
    let policy = Policy { allow_witnessed: true, ..rules::policy() };
    let mut charter = rules::genesis(&clinics, &stewards(), policy, true);
    charter.members[0].staff = vec![stella().principal(), sven().principal()];
    charter
}

fn paths(root: &Path) -> StorePaths {
    StorePaths { dir: root.join("node"), keyring: root.join("medium").join("keyring") }
}

impl Desk {
    /// P1 and P2 have records, and Pia's key is enrolled for P1.
    pub(crate) fn new() -> Self {
        let root = TempDir::new().unwrap();
        let store = Store::create(&paths(root.path()), &UNLOCK, Zeroizing::new([11; 32])).unwrap();
        let charters = vec![rules::signed(&charter(), &stewards())];
        let mut desk = Self { clinic: None, charters, root };
        desk.begin(store, Clock::default());
        let records = ["P1", "P2"].map(|pseudonym| (pseudonym.to_owned(), Record { courses: Vec::new() }));
        desk.clinic().keep_records(&records.into()).unwrap();
        desk.clinic().enrol("P1", pia().principal()).unwrap();
        desk
    }

    fn begin(&mut self, store: Store, clock: Clock) {
        let chain = CharterChain::from_envelopes(&self.charters).unwrap();
        self.clinic = Some(Clinic::new(Arc::new(store), chain, Arc::new(clock)));
    }

    pub(crate) fn clinic(&self) -> &Clinic {
        self.clinic.as_ref().unwrap()
    }

    /// Closes the store and begins again, under a clock that shows nothing earlier.
    pub(crate) fn reopen(&mut self, not_before: Moment) {
        let clinic = self.clinic.take().unwrap();
        let store = Arc::clone(clinic.store());
        drop(clinic);
        Arc::try_unwrap(store).unwrap().close().unwrap();
        let (store, _) = Store::open(&paths(self.root.path()), &UNLOCK).unwrap();
        self.begin(store, Clock::not_before(not_before));
    }

    /// Puts the next charter in force: the last one, changed.
    pub(crate) fn next_charter(&mut self, change: impl FnOnce(&mut Charter)) {
        let chain = CharterChain::from_envelopes(&self.charters).unwrap();
        let current = chain.current();
        let mut next = Charter { epoch: current.epoch + 1, previous: Some(current.digest()), ..(**current).clone() };
        change(&mut next);
        self.charters.push(rules::signed(&next, &stewards()));
        self.reopen(now());
    }

    /// What a key would sign next.
    pub(crate) fn next(&self, key: &Principal, action: Action) -> Statement {
        let action = match action {
            Action::Grant(grant) => Action::Grant(rules::explained(grant)),
            ends @ (Action::Revoke(_) | Action::Erase) => ends,
        };
        let (sequence, previous) = self.clinic().next_statement(key).unwrap();
        let clinic = self.clinic().signer().principal();
        Statement { clinic, patient: *key, sequence, previous, made_at: now(), action, witness: None }
    }

    /// Has somebody sign the next statement with their own key, and hand it in.
    pub(crate) fn say(&self, who: &Signer, action: Action) -> Result<Receipt, ClinicError> {
        self.clinic().take_statement(&Envelope::sign(&self.next(&who.principal(), action), who).unwrap())
    }

    /// Has staff witness the next statement on paper, in the name of a key.
    pub(crate) fn paper(&self, staff: &Signer, key: &Principal, action: Action) -> Result<Receipt, ClinicError> {
        let witness = Some(Witness { by: staff.principal(), form: "paper 7".into() });
        let statement = Statement { witness, ..self.next(key, action) };
        self.clinic().take_witnessed(&Envelope::sign(&statement, staff).unwrap())
    }

    /// An enrolment of a key for P1 in place of another, signed by these.
    pub(crate) fn replacement(&self, lost: &Signer, key: &Signer, staff: &[&Signer]) -> Envelope {
        let enrolment = Enrolment {
            clinic: self.clinic().signer().principal(),
            pseudonym: "P1".into(),
            patient: key.principal(),
            made_at: now(),
            replaces: Some(lost.principal()),
        };
        let mut envelope = Envelope::draft(&enrolment).unwrap();
        staff.iter().for_each(|signer| envelope.cosign(signer));
        envelope
    }

    /// Where a patient stands.
    pub(crate) fn line(&self, pseudonym: &str) -> StandingLine {
        let lines = self.clinic().standings().unwrap();
        lines.into_iter().find(|line| line.pseudonym == pseudonym).unwrap()
    }

    pub(crate) fn standing(&self, pseudonym: &str) -> String {
        self.line(pseudonym).standing
    }
}

/// The time, by the machine's clock.
pub(crate) fn now() -> Moment {
    Clock::default().now()
}

/// What a test federation's patient says yes to, for three years from yesterday.
pub(crate) fn grant() -> Grant {
    let Action::Grant(grant) = rules::grant() else { panic!("a grant") };
    let yesterday = Moment(now().0 - Millis::DAY.0);
    Grant { not_before: yesterday, not_after: yesterday + Millis(1_095 * Millis::DAY.0), ..grant }
}

pub(crate) fn yes() -> Action {
    Action::Grant(grant())
}

pub(crate) fn no() -> Action {
    Action::Revoke(Revoke { purposes: None })
}

/// The code of a refusal, whose remedy says something.
pub(crate) fn code<T>(done: Result<T, ClinicError>) -> Option<&'static str> {
    let refused = done.err()?;
    assert!(!refused.remedy().is_empty(), "{refused}");
    Some(refused.code())
}

#[test]
fn the_node_of_this_desk_is_a_contributor() {
    assert_eq!(Desk::new().clinic().signer().principal(), node().principal());
}
