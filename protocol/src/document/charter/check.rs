//! Whether a charter agrees with itself: who is listed, the committees, the floors.

use std::collections::BTreeSet;

use super::error::CharterError;
use super::{Charter, Member, Policy, Role};
use crate::document::wording::{line_flaw, repeated};
use crate::limits::{
    ADDRESSES_MAX, CLINICS_MIN_FLOOR, COHORT_MIN_FLOOR, COMMITTEE_MAX, COMMITTEE_MIN, COMMITTEES_MAX,
    DELTA_PER_1E12_MAX, DICTIONARY_BYTES_MAX, EXACT_LOCAL_MIN_FLOOR, MEMBERS_MAX, NAME_BYTES_MAX, PATIENTS_MAX,
    QUERY_LIFETIME_MAX, RHO_MAX, STAFF_MAX, STEWARDS_MAX, STUDIES_MAX, TEST_DATA_FLOOR,
};
use crate::principal::Principal;

pub(super) fn check(charter: &Charter) -> Result<(), CharterError> {
    line("the charter's name", &charter.name)?;
    if charter.previous.is_none() != (charter.epoch == 0) {
        return Err(CharterError::Previous { epoch: charter.epoch });
    }
    stewards(charter)?;
    members(charter)?;
    committees(charter)?;
    count("the list of studies", charter.studies.len(), 0, STUDIES_MAX)?;
    once("study", charter.studies.iter(), |study| study.hex())?;
    floors(charter)?;
    ranges(&charter.policy)?;
    let got = charter.dictionary.len();
    if got > DICTIONARY_BYTES_MAX {
        return Err(CharterError::Dictionary { got, max: DICTIONARY_BYTES_MAX });
    }
    Ok(())
}

fn stewards(charter: &Charter) -> Result<(), CharterError> {
    let (threshold, stewards) = (charter.threshold, charter.stewards.len());
    if threshold == 0 || charter.threshold() > stewards {
        return Err(CharterError::Threshold { threshold, stewards });
    }
    count("the list of stewards", stewards, 1, STEWARDS_MAX)?;
    once("steward", charter.stewards.iter(), Principal::to_string)
}

fn members(charter: &Charter) -> Result<(), CharterError> {
    count("the list of members", charter.members.len(), 1, MEMBERS_MAX)?;
    once("key", charter.members.iter().map(|member| &member.key), Principal::to_string)?;
    once("name", charter.members.iter().map(|member| member.name.as_str()), |name| (*name).to_owned())?;
    let keys: BTreeSet<Principal> = charter.members.iter().map(|member| member.key).collect();
    charter.members.iter().try_for_each(|member| one_member(member, &keys))?;
    if !charter.hubs().any(|hub| !hub.addresses.is_empty()) {
        return Err(CharterError::NoHub);
    }
    Ok(())
}

/// Whether a member's entry agrees with itself. `keys` are those of the charter's nodes.
pub(in crate::document) fn one_member(member: &Member, keys: &BTreeSet<Principal>) -> Result<(), CharterError> {
    let name = &member.name;
    line("a member's name", name)?;
    line(&format!("the operator of `{name}`"), &member.operator)?;
    count(&format!("the list of roles of `{name}`"), member.roles.len(), 1, 3)?;
    once("role", member.roles.iter(), |role| format!("{role:?} of {name}"))?;
    count(&format!("the list of addresses of `{name}`"), member.addresses.len(), 0, ADDRESSES_MAX)?;
    member.addresses.iter().try_for_each(|address| line(&format!("an address of `{name}`"), address))?;
    once("address", member.addresses.iter(), |address| (*address).clone())?;
    count(&format!("the list of staff of `{name}`"), member.staff.len(), 0, STAFF_MAX)?;
    once("staff key", member.staff.iter(), Principal::to_string)?;
    if let Some(node) = member.staff.iter().find(|key| keys.contains(key)) {
        return Err(CharterError::Repeated { what: "key (of a node and of staff)", which: node.to_string() });
    }
    let least = u64::from(member.is(Role::Contributor));
    if !(least..=PATIENTS_MAX).contains(&member.patients_max) {
        return Err(CharterError::PatientsMax { member: name.clone(), got: member.patients_max });
    }
    Ok(())
}

fn committees(charter: &Charter) -> Result<(), CharterError> {
    let got = charter.committees.len();
    if !(1..=COMMITTEES_MAX).contains(&got) {
        return Err(CharterError::Committees { got });
    }
    (1_usize..).zip(&charter.committees).try_for_each(|(attempt, committee)| one_committee(charter, attempt, committee))
}

fn one_committee(charter: &Charter, attempt: usize, committee: &[Principal]) -> Result<(), CharterError> {
    let got = committee.len();
    if !(COMMITTEE_MIN..=COMMITTEE_MAX).contains(&got) {
        return Err(CharterError::CommitteeSize { attempt, got });
    }
    once("member of a committee", committee.iter(), Principal::to_string)?;
    let mut operators = BTreeSet::new();
    for who in committee {
        let member = charter.member(who).filter(|member| member.is(Role::Aggregator));
        let Some(member) = member else {
            return Err(CharterError::NoAggregator { attempt, who: *who });
        };
        if !operators.insert(&member.operator) {
            return Err(CharterError::OneOperator { attempt, operator: member.operator.clone() });
        }
    }
    Ok(())
}

fn floors(charter: &Charter) -> Result<(), CharterError> {
    let policy = &charter.policy;
    let clinics_min = policy.clinics_min;
    if clinics_min < CLINICS_MIN_FLOOR {
        return Err(CharterError::ClinicsMin { got: clinics_min });
    }
    let need = usize::try_from(clinics_min).unwrap_or(usize::MAX);
    let operators: BTreeSet<&str> = charter.contributors().map(|member| member.operator.as_str()).collect();
    if operators.len() < need {
        return Err(CharterError::TooFewOperators { have: operators.len(), need: clinics_min });
    }
    let committee = charter.committees.iter().map(Vec::len).max().unwrap_or(0);
    if policy.allow_exact && need <= committee {
        return Err(CharterError::ExactNeedsMoreClinics { clinics_min, committee });
    }
    let floor = |usual| if charter.is_test_data() { TEST_DATA_FLOOR } else { usual };
    at_least("cohort_min", policy.cohort_min, floor(COHORT_MIN_FLOOR))?;
    at_least("exact_local_min", policy.exact_local_min, floor(EXACT_LOCAL_MIN_FLOOR))
}

fn ranges(policy: &Policy) -> Result<(), CharterError> {
    let year = policy.rho_per_patient_year.0;
    range("rho_per_patient_year", year, 1, RHO_MAX.0)?;
    range("rho_per_query_max", policy.rho_per_query_max.0, 1, year)?;
    range("delta_per_1e12", policy.delta_per_1e12, 1, DELTA_PER_1E12_MAX)?;
    range("queries_per_study_day", u64::from(policy.queries_per_study_day), 1, u64::from(u32::MAX))?;
    range("query_lifetime_max_ms", policy.query_lifetime_max_ms, 1, QUERY_LIFETIME_MAX.0)?;
    range("window_ms", policy.window_ms, 1, policy.query_lifetime_max_ms)?;
    range("step_timeout_ms", policy.step_timeout_ms, 1, policy.query_lifetime_max_ms)?;
    range("upload_jitter_ms", policy.upload_jitter_ms, 0, policy.window_ms.saturating_sub(1))
}

fn line(what: &str, text: &str) -> Result<(), CharterError> {
    match line_flaw(text, NAME_BYTES_MAX) {
        Some(flaw) => Err(CharterError::Text { what: what.to_owned(), flaw }),
        None => Ok(()),
    }
}

fn count(what: &str, got: usize, min: usize, max: usize) -> Result<(), CharterError> {
    if (min..=max).contains(&got) {
        return Ok(());
    }
    Err(CharterError::Count { what: what.to_owned(), got, min, max })
}

fn once<T: Ord + Copy>(
    what: &'static str,
    items: impl Iterator<Item = T>,
    show: impl FnOnce(T) -> String,
) -> Result<(), CharterError> {
    match repeated(items) {
        Some(item) => Err(CharterError::Repeated { what, which: show(item) }),
        None => Ok(()),
    }
}

const fn at_least(what: &'static str, got: u32, floor: u32) -> Result<(), CharterError> {
    if got < floor {
        return Err(CharterError::BelowFloor { what, got, floor });
    }
    Ok(())
}

const fn range(what: &'static str, got: u64, min: u64, max: u64) -> Result<(), CharterError> {
    if got < min || got > max {
        return Err(CharterError::OutOfRange { what, got, min, max });
    }
    Ok(())
}
