//! Rules to be attacked: a small federation's charter, as careful as such charters are.

#![expect(clippy::unwrap_used, reason = "a fixture that cannot be set up must stop the test that asked for it")]

use sumac_node::attack::{Attack, Finding, Target};
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::document::charter::{Charter, Member, Policy, Role};
use sumac_protocol::principal::Signer;
use zeroize::Zeroizing;

/// Five clinics and three committees of three, under this dictionary. A question may cost 1, a patient's year 3.
#[must_use]
pub fn rules(dictionary: &str) -> Charter {
    let keys: Vec<_> = (1..=5).map(|n| Signer::from_seed(&Zeroizing::new([n; 32])).principal()).collect();
    let committee = |seats: [usize; 3]| seats.iter().filter_map(|seat| keys.get(*seat).copied()).collect();
    let committees = [[0, 1, 2], [2, 3, 4], [0, 3, 4]].map(committee).to_vec();
    let member = |(at, key)| Member {
        key,
        name: format!("Clinic {at}"),
        operator: format!("Operator {at}"),
        roles: [Role::Contributor, Role::Aggregator].into_iter().chain((at == 0).then_some(Role::Hub)).collect(),
        addresses: (at == 0).then(|| "/dns4/hub.example/tcp/443".to_owned()).into_iter().collect(),
        patients_max: 64,
        staff: Vec::new(),
    };
    Charter {
        name: "To be attacked".into(),
        epoch: 0,
        previous: None,
        stewards: keys.iter().take(1).copied().collect(),
        threshold: 1,
        members: keys.iter().copied().enumerate().map(member).collect(),
        committees,
        studies: Vec::new(),
        label: None,
        policy: Policy {
            clinics_min: 4,
            cohort_min: 10,
            exact_local_min: 5,
            rho_per_query_max: RhoMicro(1_000_000),
            delta_per_1e12: 1_000_000,
            rho_per_patient_year: RhoMicro(3_000_000),
            allow_exact: true,
            allow_witnessed: false,
            queries_per_study_day: 100,
            upload_jitter_ms: 1_000,
            window_ms: 5_000,
            step_timeout_ms: 2_000,
            query_lifetime_max_ms: 60_000,
        },
        dictionary: dictionary.into(),
    }
}

/// What an attack on these rules comes to.
///
/// # Panics
/// If it cannot be tried.
#[must_use]
pub fn attacked(rules: &Charter, attack: Attack) -> Finding {
    let scratch = tempfile::tempdir().unwrap();
    Target::under(rules, scratch.path()).unwrap().attacked_by(attack).unwrap()
}

/// The dictionary of an antidepressant trial: one instrument, two categories of two values.
pub const DULOXETINE: &str = include_str!("../../../protocol/dictionaries/duloxetine.toml");
