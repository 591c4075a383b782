//! What studies have left and what they cost.

use sumac_node::clinic::{ChargeState, StudyBook};
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::document::study::Study;
use sumac_protocol::plan::Mode;
use sumac_protocol::privacy;
use sumac_protocol::round::budget::{Allowance, Budget};
use sumac_protocol::round::quota::Quota;

use super::{figures, line, prose};
use crate::command::budget::{ClinicBudget, StudyLeft, StudyLine};

/// What a hub says a study has left.
pub(crate) fn study_budget((study, hub): (&Study, &str), budget: &Budget, delta_per_1e12: u64) {
    prose(&format!("study {}: {}", study.id, study.title), "  ");
    line(&format!("as {hub} counts on {}", budget.at));
    if study.mode == Mode::Dp {
        allowances([("in all", budget.in_all), ("in any 365 days", budget.year)], delta_per_1e12);
    }
    quotas(budget.queries, budget.today);
    for (plan, quota) in study.plans.iter().zip(&budget.planned) {
        prose(&format!("  asked {} of {} times: {}", quota.asked, quota.most, plan.query), "    ");
    }
    prose(
        &format!(
            "{hub} counts the queries that came to it alone; clinics count those of every hub, so that less may be left \
             with them than here, and then they refuse"
        ),
        "",
    );
    match (budget.next_most, study.mode) {
        (None, _) => line("no query is taken now"),
        (Some(_), Mode::Exact) => line("the next query costs nothing: the study is exact"),
        (Some(most), Mode::Dp) => line(&format!("the next query may cost {}", priced(most, delta_per_1e12))),
    }
}

/// What a clinic's books say.
pub(crate) fn clinic_budget(books: &ClinicBudget, delta_per_1e12: u64) {
    for StudyLine { book, left, .. } in &books.studies {
        let name = left.as_ref().map_or_else(|| book.study.to_string(), |left| left.id.clone());
        prose(&format!("study {name}: {}", book.title.as_deref().unwrap_or("without a title")), "  ");
        queries(book);
        match left {
            None => line("  not in force here: nothing more can be asked in it"),
            Some(StudyLeft { in_all, year, queries, today, exact, .. }) => {
                if !exact {
                    allowances([("in all", *in_all), ("in any 365 days", *year)], delta_per_1e12);
                }
                quotas(*queries, *today);
            }
        }
        line("");
    }
    if books.studies.is_empty() {
        line("no query was ever selected for here");
    }
    let Allowance { left, budget, .. } = books.patient_year;
    let left = priced(left, delta_per_1e12);
    prose(
        &format!(
            "of the charter's {budget} for one patient in any 365 days, {left} is left to one who was selected for \
             every query; others have more, unless their own cap is lower"
        ),
        "",
    );
}

/// The queries of a study, one a row. How many patients each counted is not told.
fn queries(book: &StudyBook) {
    let rows = book.queries.iter().map(|query| {
        let state = match query.state {
            ChargeState::Open => "open: the charge stands",
            ChargeState::Released { .. } => "released",
            ChargeState::NotCounted | ChargeState::NoRelease => "given back",
            ChargeState::Forgotten => "charged to everybody",
        };
        [query.query.to_string(), query.at.to_string(), query.rho.to_string(), state.to_owned()]
    });
    figures(["query", "selected", "price", "state"], rows);
    if book.queries.iter().any(|query| query.state == ChargeState::Forgotten) {
        prose(
            "charged to everybody: the node was set up again from a backup and no longer knew whom the query had counted, so \
             every patient paid",
            "",
        );
    }
}

/// Budgets, each with the ε that is left in its own time: an ε without its period says nothing.
fn allowances(all: [(&str, Allowance); 2], delta_per_1e12: u64) {
    let rows = all.into_iter().map(|(what, Allowance { left, budget, spent })| {
        [what.to_owned(), budget.to_string(), spent.to_string(), left.to_string(), epsilon(left, delta_per_1e12)]
    });
    figures(["budget", "of", "spent", "left", "as ε in that time"], rows);
}

/// Numbers of queries. A query that came to nothing is given back to the study, but not to the day: otherwise the daily
/// limit could be asked round.
fn quotas(life: Quota, day: Quota) {
    let number = |number: u32| number.to_string();
    let rows = [("in all, without those given back", life), ("in 24 hours, with those given back", day)]
        .into_iter()
        .map(|(what, Quota { most, asked, left })| [what.to_owned(), number(most), number(asked), number(left)]);
    figures(["queries", "of", "asked", "left"], rows);
}

/// A price in both units.
fn priced(rho: RhoMicro, delta_per_1e12: u64) -> String {
    format!("{rho} (ε {})", epsilon(rho, delta_per_1e12))
}

/// ε at the charter's δ, to three decimals and never less than it is.
fn epsilon(rho: RhoMicro, delta_per_1e12: u64) -> String {
    let epsilon = (privacy::epsilon(rho, delta_per_1e12) * 1e3).ceil() / 1e3;
    format!("{epsilon:.3}")
}
