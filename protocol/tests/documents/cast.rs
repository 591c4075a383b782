//! The cast: a small federation by the sea, its stewards, clinics, researchers and one patient.
//! Every document here is valid; a test changes only what matters to it.

use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::digest::{Digest, Label as HashLabel};
use sumac_protocol::document::charter::{Charter, Label, Member, Policy, Role};
use sumac_protocol::document::consent::{Action, Disclosure, Grant, LayText, Revoke, Statement, Who, Witness};
use sumac_protocol::document::enrolment::Enrolment;
use sumac_protocol::document::query::Query;
use sumac_protocol::document::study::{ConsentCategory, Organisation, PlannedQuery, Purpose, Study, admit_study};
use sumac_protocol::envelope::{Document, Envelope, Verified};
use sumac_protocol::lay_text;
use sumac_protocol::moment::{Millis, Moment};
use sumac_protocol::octets::Octets;
use sumac_protocol::plan::{Mode, SEMANTICS_VERSION};
use sumac_protocol::principal::{Principal, Signer};
use zeroize::Zeroizing;

/// Somebody with a key. The number is every byte of the seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Person {
    Anna = 1,
    Ben = 2,
    Cleo = 3,
    Dora = 4,
    Harbour = 11,
    Ridge = 12,
    Linden = 13,
    Mill = 14,
    Quay = 15,
    Ines = 21,
    Otto = 22,
    Pia = 31,
    Paul = 32,
    Stella = 41,
    Sven = 42,
}

impl Person {
    pub(crate) const fn seed(self) -> [u8; 32] {
        [self as u8; 32]
    }
    pub(crate) fn signer(self) -> Signer {
        Signer::from_seed(&Zeroizing::new(self.seed()))
    }
    pub(crate) fn key(self) -> Principal {
        self.signer().principal()
    }
}

pub(crate) use Person::*;

/// 1 January 2026.
pub(crate) const NEW_YEAR: Moment = Moment(1_767_225_600_000);
/// Mid-February 2026: the studies run.
pub(crate) const NOW: Moment = Moment(NEW_YEAR.0 + 45 * Millis::DAY.0);

pub(crate) fn days_after_new_year(days: u64) -> Moment {
    NEW_YEAR + Millis(days * Millis::DAY.0)
}

/// Signs with all of them, in order.
pub(crate) fn signed<T: Document>(document: &T, signers: &[Person]) -> Envelope {
    let mut envelope = Envelope::draft(document).unwrap();
    signers.iter().for_each(|who| envelope.cosign(&who.signer()));
    envelope
}

fn member(who: Person, name: &str, roles: &[Role]) -> Member {
    Member {
        key: who.key(),
        name: name.into(),
        operator: format!("{name} Clinic Ltd"),
        roles: roles.to_vec(),
        addresses: vec![],
        patients_max: 10_000,
        staff: vec![],
    }
}

/// The genesis charter: five clinics, three of them aggregators, two of them hubs.
pub(crate) fn genesis() -> Charter {
    use Role::{Aggregator, Contributor, Hub};
    let mut harbour = member(Harbour, "Harbour", &[Contributor, Aggregator, Hub]);
    harbour.addresses = vec!["/dns4/harbour.example.org/tcp/443".into()];
    harbour.staff = vec![Stella.key(), Sven.key()];
    let mut ridge = member(Ridge, "Ridge", &[Contributor, Aggregator, Hub]);
    ridge.addresses = vec!["/ip4/192.0.2.7/tcp/443".into()];
    Charter {
        name: "Coast".into(),
        epoch: 0,
        previous: None,
        stewards: vec![Anna.key(), Ben.key(), Cleo.key()],
        threshold: 2,
        members: vec![
            harbour,
            ridge,
            member(Linden, "Linden", &[Contributor, Aggregator]),
            member(Mill, "Mill", &[Contributor]),
            member(Quay, "Quay", &[Contributor]),
        ],
        committees: vec![vec![Harbour.key(), Ridge.key(), Linden.key()], vec![Ridge.key(), Linden.key()]],
        studies: vec![],
        label: Some(Label::Synthetic),
        policy: policy(),
        dictionary: "[instrument.phq9]\nmin = 0\nmax = 27\n".into(),
    }
}

fn policy() -> Policy {
    Policy {
        clinics_min: 4,
        cohort_min: 10,
        exact_local_min: 5,
        rho_per_query_max: RhoMicro(500_000),
        delta_per_1e12: 1_000_000,
        rho_per_patient_year: RhoMicro(1_000_000),
        allow_exact: true,
        allow_witnessed: true,
        queries_per_study_day: 20,
        upload_jitter_ms: 30_000,
        window_ms: 120_000,
        step_timeout_ms: 30_000,
        query_lifetime_max_ms: 7 * Millis::DAY.0,
    }
}

pub(crate) fn genesis_digest() -> Digest {
    signed(&genesis(), &[]).digest()
}

/// The charter after it, which lists the studies.
pub(crate) fn second() -> Charter {
    let studies = [study(), exact_study(), past_study()].map(|study| signed(&study, &[]).digest());
    Charter { epoch: 1, previous: Some(genesis_digest()), studies: studies.to_vec(), ..genesis() }
}

/// Genesis and second charter, both in force and signed by Anna and Ben.
pub(crate) fn chain() -> CharterChain {
    CharterChain::from_envelopes(&[signed(&genesis(), &[Anna, Ben]), signed(&second(), &[Anna, Ben])]).unwrap()
}

/// The noised study: disease-specific, academic, for a year.
pub(crate) fn study() -> Study {
    Study {
        id: "tide-1".into(),
        title: "Change of depression scores after ketamine, by route".into(),
        lay_summary: "We ask how much people's depression scores change in the weeks after treatment.\n\
                      No answer shows anything about one person."
            .into(),
        approving_body: "Coast Research Ethics Board".into(),
        approval_reference: "CREB 2025/117".into(),
        purpose: Purpose {
            duo: vec!["DS".into()],
            disease: vec!["MONDO:0002009".into()],
            organisation: Organisation::Academic,
            commercial: false,
            modifiers_met: vec!["IRB".into(), "TS".into()],
        },
        researchers: vec![Ines.key()],
        categories: vec![ConsentCategory::Treatment, ConsentCategory::Outcomes],
        mode: Mode::Dp,
        plans: vec![],
        rho_total: RhoMicro(2_000_000),
        rho_year: RhoMicro(1_000_000),
        queries_max: 40,
        valid_from: NEW_YEAR,
        valid_until: days_after_new_year(365),
        genesis: genesis_digest(),
    }
}

/// An exact study with two planned queries.
pub(crate) fn exact_study() -> Study {
    let planned = |query: &str, times| PlannedQuery { query: query.into(), times };
    Study {
        id: "tide-exact".into(),
        mode: Mode::Exact,
        plans: vec![
            planned("SELECT count(*) FROM courses", 1),
            planned("SELECT mean(change(phq9, day => 28, from => 14, to => 31)) FROM courses GROUP BY route", 2),
        ],
        rho_total: RhoMicro(0),
        rho_year: RhoMicro(0),
        ..study()
    }
}

/// A study that ended at the end of January.
pub(crate) fn past_study() -> Study {
    Study { id: "tide-0".into(), valid_until: days_after_new_year(31), ..study() }
}

pub(crate) fn admitted(study: &Study) -> Verified<Study> {
    admit_study(&signed(study, &[Anna, Ben]), &chain()).unwrap()
}

/// Ines asks the noised study through Harbour.
pub(crate) fn query() -> Query {
    Query {
        study: signed(&study(), &[]).digest(),
        charter: chain().current().digest(),
        coordinator: Harbour.key(),
        text: "SELECT mean(change(phq9, day => 28, from => 14, to => 31)) AS change FROM courses GROUP BY route".into(),
        rho: RhoMicro(100_000),
        plan: Digest::of(HashLabel::Plan, &[b"the plan that Ines derived"]),
        semantics: SEMANTICS_VERSION,
        nonce: Octets((1..=16).collect()),
        expires: NOW + Millis::DAY,
        answer_key: Octets(vec![9; 32]),
    }
}

/// Ines asks a planned query of the exact study.
pub(crate) fn exact_query() -> Query {
    Query {
        study: signed(&exact_study(), &[]).digest(),
        text: "SELECT count(*) FROM courses".into(),
        rho: RhoMicro(0),
        ..query()
    }
}

/// What Pia allows: health research without commerce, approved by a board, noised, for two years.
pub(crate) fn grant() -> Grant {
    explained(Grant {
        purposes: vec!["HMB".into()],
        modifiers: vec!["NPUNCU".into(), "IRB".into()],
        diseases: vec![],
        categories: vec![ConsentCategory::Demographics, ConsentCategory::Treatment, ConsentCategory::Outcomes],
        who: Who::AnyStudy,
        disclosure: Disclosure::DpOnly,
        not_before: NEW_YEAR,
        not_after: days_after_new_year(730),
        rho_year: RhoMicro(500_000),
        lay_text: LayText { version: String::new(), language: String::new(), digest: Digest([0; 32]) },
    })
}

/// The same grant with the explanation that its patient reads, in English.
pub(crate) fn explained(grant: Grant) -> Grant {
    Grant { lay_text: lay_text::shown(&grant, "en").unwrap(), ..grant }
}

/// Pia's first statement at Harbour.
pub(crate) fn statement() -> Statement {
    Statement {
        clinic: Harbour.key(),
        patient: Pia.key(),
        sequence: 0,
        previous: None,
        made_at: days_after_new_year(10),
        action: Action::Grant(grant()),
        witness: None,
    }
}

/// A statement that ends some purposes, or all.
pub(crate) fn revocation(purposes: Option<&[&str]>) -> Statement {
    let purposes = purposes.map(|codes| codes.iter().map(|code| (*code).to_owned()).collect());
    Statement { made_at: days_after_new_year(20), action: Action::Revoke(Revoke { purposes }), ..statement() }
}

/// A statement that ends everything for ever.
pub(crate) fn erasure() -> Statement {
    Statement { made_at: days_after_new_year(25), action: Action::Erase, ..statement() }
}

/// The same statement on paper, witnessed by Stella.
pub(crate) fn on_paper(statement: Statement) -> Statement {
    Statement { witness: Some(Witness { by: Stella.key(), form: "paper 2026/3".into() }), ..statement }
}

/// Harbour knows Pia as P1503.
pub(crate) fn enrolment() -> Enrolment {
    Enrolment {
        clinic: Harbour.key(),
        pseudonym: "P1503".into(),
        patient: Pia.key(),
        made_at: days_after_new_year(9),
        replaces: None,
    }
}
