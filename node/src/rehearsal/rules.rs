//! An operator's rules with keys of a rehearsal's own: the charter in two epochs, and a study.

use std::collections::BTreeSet;

use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::document::charter::{Charter, Label, Member, Role};
use sumac_protocol::document::study::{ConsentCategory, Organisation, PlannedQuery, Purpose, Study};
use sumac_protocol::envelope::Envelope;
use sumac_protocol::limits::RHO_MAX;
use sumac_protocol::moment::{Millis, Moment};
use sumac_protocol::plan::Mode;
use sumac_protocol::principal::{Principal, Signer};
use zeroize::Zeroizing;

use super::RehearsalError;

/// Everything that is signed before the first question.
#[derive(Debug)]
pub(super) struct Papers {
    pub(super) chain: CharterChain,
    pub(super) study: Envelope,
    pub(super) researcher: Signer,
    /// The nodes' seeds, in the order of the charter's members.
    pub(super) seeds: Vec<Zeroizing<[u8; 32]>>,
}

impl Papers {
    /// Draws them up under the rules of a charter, as of a moment. With planned questions the study is exact, and asks those
    /// alone.
    pub(super) fn drawn_up(rules: &Charter, planned: &[String], now: Moment) -> Result<Self, RehearsalError> {
        let chosen = chosen(rules);
        let seeds = chosen.iter().map(|_| fresh()).collect::<Result<Vec<_>, _>>()?;
        let keys: Vec<Principal> = seeds.iter().map(|seed| Signer::from_seed(seed).principal()).collect();
        let (steward, researcher) = (Signer::from_seed(&fresh()?), Signer::from_seed(&fresh()?));
        let renamed = |old: &Principal| chosen.iter().zip(&keys).find(|(m, _)| m.key == *old).map(|(_, key)| *key);
        let member =
            |(member, key): (&&Member, &Principal)| Member { key: *key, staff: Vec::new(), ..(*member).clone() };
        let genesis = Charter {
            name: "Rehearsal".into(),
            epoch: 0,
            previous: None,
            stewards: vec![steward.principal()],
            threshold: 1,
            members: chosen.iter().zip(&keys).map(member).collect(),
            committees: rules.committees.iter().map(|all| all.iter().filter_map(renamed).collect()).collect(),
            studies: Vec::new(),
            label: rules.label.or(Some(Label::Synthetic)),
            policy: rules.policy.clone(),
            dictionary: rules.dictionary.clone(),
        };
        let first = Envelope::sign(&genesis, &steward)?;
        let study = Envelope::sign(&study(&first, planned, researcher.principal(), now), &steward)?;
        let next = Charter { epoch: 1, previous: Some(first.digest()), studies: vec![study.digest()], ..genesis };
        let chain = CharterChain::from_envelopes(&[first, Envelope::sign(&next, &steward)?])?;
        Ok(Self { chain, study, researcher, seeds })
    }
}

/// The members that take part: all who sit on a committee, a hub, enough clinics for the floor, and of the others so
/// many that there are [`NODES_MAX`]; in the order of the charter.
fn chosen(rules: &Charter) -> Vec<&Member> {
    let seated: BTreeSet<Principal> = rules.committees.iter().flatten().copied().collect();
    let hub = rules.hubs().find(|hub| !hub.addresses.is_empty()).map(|hub| hub.key);
    let mut wanted: BTreeSet<Principal> = seated.into_iter().chain(hub).collect();
    let mut operators: BTreeSet<&str> = BTreeSet::new();
    let holds = |member: &&Member| member.is(Role::Contributor);
    operators
        .extend(rules.members.iter().filter(|m| wanted.contains(&m.key)).filter(holds).map(|m| m.operator.as_str()));
    let floor = usize::try_from(rules.policy.clinics_min).unwrap_or(usize::MAX);
    for member in rules.contributors() {
        if operators.len() < floor && operators.insert(&member.operator) {
            wanted.insert(member.key);
        }
    }
    for member in rules.contributors() {
        if wanted.len() < NODES_MAX {
            wanted.insert(member.key);
        }
    }
    rules.members.iter().filter(|member| wanted.contains(&member.key)).collect()
}

/// A study of everything, in which nothing but the charter's own limits holds anybody back.
fn study(genesis: &Envelope, planned: &[String], researcher: Principal, now: Moment) -> Study {
    let exact = !planned.is_empty();
    let unlimited = if exact { RhoMicro(0) } else { RHO_MAX };
    Study {
        id: "rehearsal".into(),
        title: "A rehearsal on synthetic records".into(),
        lay_summary: "Nobody's records are asked about.".into(),
        approving_body: "nobody".into(),
        approval_reference: "none".into(),
        purpose: Purpose {
            duo: vec!["HMB".into()],
            disease: Vec::new(),
            organisation: Organisation::Academic,
            commercial: false,
            modifiers_met: Vec::new(),
        },
        researchers: vec![researcher],
        categories: ConsentCategory::ALL.to_vec(),
        mode: if exact { Mode::Exact } else { Mode::Dp },
        plans: planned.iter().map(|query| PlannedQuery { query: query.clone(), times: 1 }).collect(),
        rho_total: unlimited,
        rho_year: unlimited,
        queries_max: u32::MAX,
        valid_from: Moment(now.0.saturating_sub(Millis::DAY.0)),
        valid_until: now + Millis(10 * Millis::BUDGET_YEAR.0),
        genesis: genesis.digest(),
    }
}

/// A seed from the operating system.
pub(super) fn fresh() -> Result<Zeroizing<[u8; 32]>, RehearsalError> {
    let mut seed = Zeroizing::new([0_u8; 32]);
    getrandom::fill(seed.as_mut_slice()).map_err(|_| RehearsalError::NoRandomness)?;
    Ok(seed)
}

/// Most nodes, unless committees or the floor need more: each has a store and a thread.
const NODES_MAX: usize = 9;
