//! The documents that the stewards sign: the charter's two epochs and the study.

use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::digest::Digest;
use sumac_protocol::document::charter::{self, Charter, Member, Policy, Role};
use sumac_protocol::document::consent::{Action, Disclosure, Grant, LayText, Who};
use sumac_protocol::document::study::{ConsentCategory, Organisation, PlannedQuery, Purpose, Study};
use sumac_protocol::envelope::{Document, Envelope};
use sumac_protocol::lay_text;
use sumac_protocol::moment::{Millis, Moment};
use sumac_protocol::plan::Mode;
use sumac_protocol::principal::{Principal, Signer};

use super::cast::{COMMITTEES, HARBOUR, RIDGE};
use crate::trial::DICTIONARY;

/// When every test begins.
pub const START: Moment = Moment(1_760_000_000_000);
/// The study of every test.
pub const STUDY: &str = "duloxetine-outcomes";

/// A floor for clinics of a few dozen patients, with a round of seconds.
#[must_use]
pub const fn policy() -> Policy {
    Policy {
        clinics_min: 4,
        cohort_min: 10,
        exact_local_min: 5,
        rho_per_query_max: RhoMicro(2_000_000),
        delta_per_1e12: 1_000_000,
        rho_per_patient_year: RhoMicro(4_000_000),
        allow_exact: true,
        allow_witnessed: false,
        queries_per_study_day: 1_000,
        upload_jitter_ms: 1_500,
        window_ms: 5_000,
        step_timeout_ms: 2_000,
        query_lifetime_max_ms: 60_000,
    }
}

/// The genesis charter of these clinics, Harbour first; it lists no study yet.
#[must_use]
pub fn genesis(clinics: &[(String, Principal)], stewards: &[Signer], policy: Policy, test_data: bool) -> Charter {
    let member = |(at, (name, key)): (usize, &(String, Principal))| {
        let hub = [HARBOUR, RIDGE].contains(&at);
        let on_a_committee = COMMITTEES.iter().any(|committee| committee.contains(&at));
        let roles = [(Role::Contributor, true), (Role::Aggregator, on_a_committee), (Role::Hub, hub)];
        Member {
            key: *key,
            name: name.clone(),
            operator: format!("{name} Care"),
            roles: roles.into_iter().filter(|(_, has)| *has).map(|(role, _)| role).collect(),
            addresses: if hub { vec![format!("/dns4/{}.example/tcp/443", name.to_lowercase())] } else { Vec::new() },
            patients_max: 200,
            staff: Vec::new(),
        }
    };
    Charter {
        name: "Sumac test federation".into(),
        epoch: 0,
        previous: None,
        stewards: stewards.iter().map(Signer::principal).collect(),
        threshold: 2,
        members: clinics.iter().enumerate().map(member).collect(),
        committees: COMMITTEES.iter().map(|places| places.iter().map(|place| clinics[*place].1).collect()).collect(),
        studies: Vec::new(),
        label: test_data.then_some(charter::Label::TestData),
        policy,
        dictionary: DICTIONARY.into(),
    }
}

/// The study, bound to a genesis charter. An exact one plans these queries, once each.
#[must_use]
pub fn study(genesis: Digest, researcher: Principal, mode: Mode, plans: &[&str]) -> Study {
    let exact = mode == Mode::Exact;
    Study {
        id: STUDY.into(),
        title: "Outcomes of duloxetine and placebo".into(),
        lay_summary: "We ask how people fared with an antidepressant and without.".into(),
        approving_body: "Ethics Board of the Test Federation".into(),
        approval_reference: "EB-2025-7".into(),
        purpose: Purpose {
            duo: vec!["HMB".into()],
            disease: Vec::new(),
            organisation: Organisation::Academic,
            commercial: false,
            modifiers_met: Vec::new(),
        },
        researchers: vec![researcher],
        categories: vec![ConsentCategory::Treatment, ConsentCategory::Outcomes],
        mode,
        plans: plans.iter().map(|text| PlannedQuery { query: (*text).into(), times: 1 }).collect(),
        rho_total: RhoMicro(if exact { 0 } else { 8_000_000 }),
        rho_year: RhoMicro(if exact { 0 } else { 4_000_000 }),
        queries_max: 100,
        valid_from: Moment(START.0 - Millis::DAY.0),
        valid_until: START + Millis(300 * Millis::DAY.0),
        genesis,
    }
}

/// A chain of two: the genesis charter, and epoch 1, which lists the study.
#[must_use]
pub fn chain(genesis: &Charter, study: impl FnOnce(Digest) -> Study, stewards: &[Signer]) -> (CharterChain, Envelope) {
    let first = signed(genesis, stewards);
    let study = signed(&study(first.digest()), stewards);
    let next = Charter { epoch: 1, previous: Some(first.digest()), studies: vec![study.digest()], ..genesis.clone() };
    (CharterChain::from_envelopes(&[first, signed(&next, stewards)]).unwrap(), study)
}

/// A document with the signatures of the first two stewards.
#[must_use]
pub fn signed<T: Document>(document: &T, stewards: &[Signer]) -> Envelope {
    let mut envelope = Envelope::draft(document).unwrap();
    stewards.iter().take(2).for_each(|steward| envelope.cosign(steward));
    envelope
}

/// A patient's yes to everything that the study is.
#[must_use]
pub fn grant() -> Action {
    Action::Grant(explained(Grant {
        purposes: vec!["HMB".into()],
        modifiers: Vec::new(),
        diseases: Vec::new(),
        categories: vec![ConsentCategory::Treatment, ConsentCategory::Outcomes, ConsentCategory::Demographics],
        who: Who::AnyStudy,
        disclosure: Disclosure::ExactAlso,
        not_before: Moment(START.0 - Millis::DAY.0),
        not_after: START + Millis(1_000 * Millis::DAY.0),
        rho_year: RhoMicro(4_000_000),
        lay_text: LayText { version: String::new(), language: String::new(), digest: Digest([0; 32]) },
    }))
}

/// The same grant with the explanation that its patient reads, in English.
#[must_use]
pub fn explained(grant: Grant) -> Grant {
    Grant { lay_text: lay_text::shown(&grant, "en").unwrap(), ..grant }
}
