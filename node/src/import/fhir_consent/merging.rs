//! Several Consents of one patient: the strictest wins.

use std::collections::BTreeSet;

use sumac_protocol::document::disease::includes;
use sumac_protocol::document::duo::Permission;
use sumac_protocol::moment::Moment;

use super::meaning::{Meaning, Permit};

/// What several come to together.
#[derive(Debug)]
pub(super) enum Together {
    /// What all permits allow.
    Permit(Permit),
    /// No, said at the latest then; none where one of those who say no does not say when.
    No(Option<Moment>),
    /// What was allowed was ended, and nothing came in its place.
    Ended,
    /// Nothing that would change anything.
    Nothing,
}

/// A no wins over everything. What allows nothing keeps others from allowing anything. What was ended counts where
/// nothing else was said: it may have been replaced by what is in force.
pub(super) fn strictest(meanings: Vec<Meaning>) -> Together {
    let (mut denied, mut no_grant, mut ended, mut permitted) = (Vec::new(), false, false, None::<Permit>);
    for meaning in meanings {
        match meaning {
            Meaning::Elsewhere(_) => {}
            Meaning::Deny { at, .. } => denied.push(at),
            Meaning::NoGrant { .. } => no_grant = true,
            Meaning::Ended(_) => ended = true,
            Meaning::Permit(next) => {
                permitted = Some(permitted.map_or_else(|| next.clone(), |have| both(&have, &next)));
            }
        }
    }
    if !denied.is_empty() {
        let at: Option<Vec<Moment>> = denied.into_iter().collect();
        return Together::No(at.and_then(|all| all.into_iter().max()));
    }
    match permitted {
        Some(permit) if !no_grant => Together::Permit(permit),
        None if ended => Together::Ended,
        Some(_) | None => Together::Nothing,
    }
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
        given: a.given.min(b.given),
        from: a.from.max(b.from),
        until: earliest(a.until, b.until),
        shown: if a.shown == b.shown { a.shown.clone() } else { format!("{}\n{}", a.shown, b.shown) },
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

/// The earlier of two ends.
pub(super) fn earliest(a: Option<Moment>, b: Option<Moment>) -> Option<Moment> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, None) | (None, one) => one,
    }
}
