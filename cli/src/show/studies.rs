//! What people see of the studies that a charter lists.

use sumac_protocol::plan::Mode;
use sumac_protocol::privacy::epsilon;

use super::{counted, line, prose};
use crate::command::studies::{Known, Listed};

/// The studies, one below the other.
pub(crate) fn studies(listed: &[Listed], delta_per_1e12: u64) {
    if listed.is_empty() {
        line("the charter lists no study: nothing can be asked");
    }
    for study in listed {
        match &study.known {
            Some(known) => one(known, &study.digest, delta_per_1e12),
            None => line(&format!("study {}", study.digest)),
        }
    }
}

/// A study in a few lines.
fn one(known: &Known, digest: &str, delta_per_1e12: u64) {
    let Known { id, title, mode, rho_total, rho_year, queries_max, planned, valid_from, valid_until, open } = known;
    prose(&format!("{id}: {title}"), "  ");
    let queries = counted(u64::from(*queries_max), "question");
    let costs = match mode {
        Mode::Dp => {
            let year = epsilon(*rho_year, delta_per_1e12);
            format!(
                "with noise: {rho_total} for each patient in all, {rho_year} a year (ε {year:.3}); at most {queries}"
            )
        }
        Mode::Exact => {
            let plan = counted(u64::try_from(*planned).unwrap_or(u64::MAX), "question");
            format!("exact: no noise, no price; {plan} planned, asked at most {queries_max} times together")
        }
    };
    prose(&format!("  {costs}"), "    ");
    let now = if *open { "open now" } else { "not open now" };
    prose(&format!("  from {valid_from} until {valid_until}: {now}"), "    ");
    prose(&format!("  digest {digest}"), "    ");
}
