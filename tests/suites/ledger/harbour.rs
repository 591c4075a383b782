//! Harbour: a federation in which its uploads commit to what a real clinic over a store commits to, and as many such
//! clinics with Harbour's key as a liar needs.

use std::path::Path;
use std::sync::Arc;

use sumac_federation::cast::{HARBOUR, LINDEN, RIDGE, signer};
use sumac_federation::rules::{self, START};
use sumac_federation::{Federation, federation};
use sumac_node::clinic::Clinic;
use sumac_node::clock::Clock;
use sumac_node::store::{Store, StorePaths, UnlockSecret};
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::digest::Digest;
use sumac_protocol::document::consent::{Action, Revoke, Statement};
use sumac_protocol::document::tree_head::TreeHead;
use sumac_protocol::envelope::{Envelope, Verified};
use sumac_protocol::ledger::{LedgerError, Opening, Receipt, admit_head, admit_last_seen, knew};
use sumac_protocol::principal::{Principal, Signer};
use sumac_protocol::round::Order;
use tempfile::TempDir;
use zeroize::Zeroizing;

const SEED: u64 = 7;
const UNLOCK: UnlockSecret = UnlockSecret::KeyFile([3; 32]);
pub(crate) const QUESTION: &str = "SELECT count(*) FROM courses GROUP BY arm";
pub(crate) const RHO: RhoMicro = RhoMicro(20_000);

/// Patients of Harbour, by their pseudonyms.
pub(crate) const PATIENTS: [&str; 4] = ["Pia", "Quinn", "Ravi", "Sara"];

/// One history of Harbour's ledger: a store of its own, under Harbour's one key.
pub(crate) struct History {
    pub(crate) clinic: Clinic,
    root: TempDir,
}

/// What somebody says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    Yes,
    No,
}
use Word::{No, Yes};

/// A patient's key.
pub(crate) fn key_of(patient: &str) -> Signer {
    signer(SEED, patient)
}

/// What a patient signs: the n-th statement of a history that a test writes down.
pub(crate) fn said(harbour: &Principal, patient: &str, word: Word, before: Option<&Envelope>) -> Envelope {
    let key = key_of(patient);
    let action = match word {
        Yes => rules::grant(),
        No => Action::Revoke(Revoke { purposes: None }),
    };
    let (clinic, previous) = (*harbour, before.map(Envelope::digest));
    let sequence = u64::from(before.is_some());
    let statement =
        Statement { clinic, patient: key.principal(), sequence, previous, made_at: START, action, witness: None };
    Envelope::sign(&statement, &key).unwrap()
}

impl History {
    /// A ledger with everybody enrolled and nothing said.
    pub(crate) fn new(federation: &Federation) -> Self {
        Self::by(federation, Clock::default())
    }

    /// The same by another clock.
    pub(crate) fn by(federation: &Federation, clock: Clock) -> Self {
        let root = TempDir::new().unwrap();
        let seed = Zeroizing::new(Digest::of_bytes(format!("{SEED}/Harbour").as_bytes()).0);
        let store = Store::create(&paths(root.path()), &UNLOCK, seed).unwrap();
        let clinic = Clinic::new(Arc::new(store), federation.chain.clone(), Arc::new(clock));
        for patient in PATIENTS {
            clinic.enrol(patient, key_of(patient).principal()).unwrap();
        }
        Self { clinic, root }
    }

    /// The node stops without closing anything in order, and starts again by another clock.
    pub(crate) fn restarted(self, clock: Clock) -> Self {
        let Self { clinic, root } = self;
        let chain = clinic.chain().clone();
        drop(clinic);
        let (store, _) = Store::open(&paths(root.path()), &UNLOCK).unwrap();
        Self { clinic: Clinic::new(Arc::new(store), chain, Arc::new(clock)), root }
    }

    /// What the upload of a clinic commits to that could select nobody, its opening kept as the node keeps it.
    pub(crate) fn selects_nobody(&self) -> Digest {
        let (commitment, entries) = self.clinic.commitment_without_cohort().unwrap();
        self.clinic.store().append(entries).unwrap();
        commitment
    }

    /// Takes these in, one after the other, and answers the receipt of the last.
    pub(crate) fn hears(&self, said: &[Envelope]) -> Receipt {
        let receipts: Vec<Receipt> = said.iter().map(|said| self.clinic.take_statement(said).unwrap()).collect();
        // The next head is signed in another millisecond.
        let signed = self.head().made_at;
        while Clock::default().now() <= signed {}
        receipts.into_iter().last().unwrap()
    }

    pub(crate) fn key(&self) -> Principal {
        self.clinic.signer().principal()
    }

    pub(crate) fn head(&self) -> Verified<TreeHead> {
        admit_head(&self.clinic.tree_head().unwrap(), &self.key()).unwrap()
    }

    /// Selects a cohort, and answers what the upload commits to.
    pub(crate) fn selects(&self, order: &Order) -> Digest {
        self.clinic.select(order).unwrap().ledger
    }
}

/// The federation that Harbour is in.
pub(crate) fn coast() -> Federation {
    federation().seed(SEED).build()
}

/// Asks a question at which Harbour selects under `history`, and answers what two members who are not Harbour saw.
pub(crate) fn asked(coast: &mut Federation, history: &History) -> [Envelope; 2] {
    let question = coast.compose(QUESTION, RHO);
    let order = Order { inquiry: coast.inquiry(&question), attempt: 1 };
    coast.nodes[HARBOUR].books.commits_to = Some(history.selects(&order));
    coast.submit(&question);
    coast.wait(&question).released();
    [RIDGE, LINDEN].map(|member| coast.nodes[member].last_seen(&history.key()).unwrap())
}

/// What a patient's program does: takes the newest commitment from two members, has the clinic open it, and holds the
/// selection to the patient's receipt.
pub(crate) fn audited(
    coast: &Federation,
    clinic: &Clinic,
    receipt: &Receipt,
    seen: &[Envelope; 2],
) -> Result<Verified<TreeHead>, LedgerError> {
    let harbour = clinic.signer().principal();
    let acknowledged = receipt.check(&harbour, &receipt.statement)?;
    let mut newest = None;
    for (at, said) in [RIDGE, LINDEN].into_iter().zip(seen) {
        let said = admit_last_seen(said, &coast.nodes[at].key(), &harbour)?;
        newest = newest.max(Some((said.counter, said.ledger)));
    }
    let (_, commitment) = newest.unwrap();
    let opening: Opening = clinic.opening(&commitment).unwrap().unwrap_or_else(|| {
        // Whoever has no opening makes one up.
        Opening { salt: vec![1; 32].into(), head: clinic.tree_head().unwrap() }
    });
    let selected_under = opening.check(&harbour, &commitment)?;
    knew(&selected_under, &acknowledged)?;
    let earlier = selected_under.size < acknowledged.size;
    let [old, new] = if earlier { [&selected_under, &acknowledged] } else { [&acknowledged, &selected_under] };
    clinic.growth_to(old, new.envelope()).unwrap().check(&harbour, old)?;
    Ok(selected_under)
}

fn paths(root: &Path) -> StorePaths {
    StorePaths { dir: root.join("node"), keyring: root.join("medium").join("keyring") }
}
