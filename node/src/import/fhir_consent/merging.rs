//! Several Consents of one patient: the strictest wins.

use std::collections::BTreeSet;

use sumac_protocol::document::disease::includes;
use sumac_protocol::document::duo::Permission;
use sumac_protocol::moment::Moment;

use super::meaning::{Meaning, Permit};

/// What they come to together: nothing about research, no (`Some(None)`), or what all permits allow.
pub(super) fn strictest(meanings: Vec<Meaning>) -> Option<Option<Permit>> {
    let mut all: Option<Option<Permit>> = None;
    for meaning in meanings {
        all = match (meaning, all) {
            (Meaning::Elsewhere(_), all) => all,
            (Meaning::Deny(_) | Meaning::NotUnderstood(_), _) | (Meaning::Permit(_), Some(None)) => Some(None),
            (Meaning::Permit(next), None) => Some(Some(next)),
            (Meaning::Permit(next), Some(Some(have))) => Some(Some(both(&have, &next))),
        };
    }
    all
}

/// What two permits both allow.
pub(super) fn both(a: &Permit, b: &Permit) -> Permit {
    let within = |permission: &Permission, of: &Permit| of.purposes.iter().any(|broad| broad.includes(*permission));
    let purposes: BTreeSet<Permission> =
        a.purposes.union(&b.purposes).copied().filter(|one| within(one, a) && within(one, b)).collect();
    Permit {
        diseases: diseases(a, b),
        purposes,
        modifiers: a.modifiers.union(&b.modifiers).cloned().collect(),
        categories: a.categories.intersection(&b.categories).copied().collect(),
        from: a.from.max(b.from),
        until: earliest(a.until, b.until),
        shown: format!("{}\n{}", a.shown, b.shown),
    }
}

/// The diseases that both allow: where one is about more than diseases, those of the other.
fn diseases(a: &Permit, b: &Permit) -> BTreeSet<String> {
    let broad = |of: &Permit| of.purposes.iter().any(|one| one.includes(Permission::HealthMedicalBiomedical));
    match (broad(a), broad(b)) {
        (true, true) => a.diseases.union(&b.diseases).cloned().collect(),
        (true, false) => b.diseases.clone(),
        (false, true) => a.diseases.clone(),
        (false, false) => {
            let within = |code: &String, of: &Permit| of.diseases.iter().any(|broad| includes(broad, code));
            a.diseases.union(&b.diseases).filter(|code| within(code, a) && within(code, b)).cloned().collect()
        }
    }
}

fn earliest(a: Option<Moment>, b: Option<Moment>) -> Option<Moment> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, None) | (None, one) => one,
    }
}
