//! What differs between two policies, and which way each difference moves.

use std::cmp::Ordering;

use super::{Area, CharterChange, Sense, change};
use crate::document::charter::Policy;

/// Whether more of something protects patients more.
#[derive(Clone, Copy)]
enum More {
    Tightens,
    Loosens,
    Neither,
}

pub(super) fn changes(before: &Policy, after: &Policy) -> Vec<CharterChange> {
    let pairs = rows(before).into_iter().zip(rows(after));
    pairs.filter_map(|((what, was, then, more), (_, is, now, _))| one(what, (was, &then), (is, &now), more)).collect()
}

/// Each field: its name, its amount, the amount as people read it, and what more of it means.
fn rows(policy: &Policy) -> [(&'static str, u64, String, More); 13] {
    let number = |amount: u32| (u64::from(amount), amount.to_string());
    let allowed = |yes: bool| (u64::from(yes), if yes { "yes" } else { "no" }.to_owned());
    let ms = |amount: u64| (amount, format!("{amount} ms"));
    let row = |what, (amount, text): (u64, String), more| (what, amount, text, more);
    let rho = |cost: crate::cost::RhoMicro| (cost.0, cost.to_string());
    let delta = policy.delta_per_1e12;
    [
        row("clinics_min", number(policy.clinics_min), More::Tightens),
        row("cohort_min", number(policy.cohort_min), More::Tightens),
        row("exact_local_min", number(policy.exact_local_min), More::Tightens),
        row("rho_per_query_max", rho(policy.rho_per_query_max), More::Loosens),
        row("delta_per_1e12", (delta, delta.to_string()), More::Loosens),
        row("rho_per_patient_year", rho(policy.rho_per_patient_year), More::Loosens),
        row("allow_exact", allowed(policy.allow_exact), More::Loosens),
        row("allow_witnessed", allowed(policy.allow_witnessed), More::Loosens),
        row("queries_per_study_day", number(policy.queries_per_study_day), More::Loosens),
        // A shorter delay hides less of which clinic had work to do.
        row("upload_jitter_ms", ms(policy.upload_jitter_ms), More::Tightens),
        row("window_ms", ms(policy.window_ms), More::Neither),
        row("step_timeout_ms", ms(policy.step_timeout_ms), More::Neither),
        row("query_lifetime_max_ms", ms(policy.query_lifetime_max_ms), More::Neither),
    ]
}

fn one(what: &str, (was, then): (u64, &str), (is, now): (u64, &str), more: More) -> Option<CharterChange> {
    let sense = match (is.cmp(&was), more) {
        (Ordering::Equal, _) => return None,
        (Ordering::Greater, More::Tightens) | (Ordering::Less, More::Loosens) => Sense::Tighter,
        (Ordering::Greater, More::Loosens) | (Ordering::Less, More::Tightens) => Sense::Looser,
        (Ordering::Greater | Ordering::Less, More::Neither) => Sense::Neither,
    };
    Some(change(Area::Policy, sense, format!("{what} is {now}, and was {then}")))
}
