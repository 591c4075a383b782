//! What a study has left, as whoever counts its queries sees it. It follows from the queries alone, never from a patient.

use serde::{Deserialize, Serialize};

use crate::cost::RhoMicro;
use crate::digest::Digest;
use crate::document::charter::Policy;
use crate::document::study::Study;
use crate::moment::Moment;
use crate::round::quota::{Asked, Quota};

/// What the queries of a study that are not void have cost each patient in their cohorts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "complete: a sum for each budget there is")]
pub struct Spending {
    /// Since the study began.
    pub in_all: RhoMicro,
    /// In the last 365 days.
    pub year: RhoMicro,
}

/// One budget of a study.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "complete: what is left follows from the two others")]
pub struct Allowance {
    /// What can still be spent.
    pub left: RhoMicro,
    /// What the study may spend.
    pub budget: RhoMicro,
    /// What is spent.
    pub spent: RhoMicro,
}

impl Allowance {
    /// A budget of which so much is spent. One that is overspent has nothing left.
    #[must_use]
    pub fn of(budget: RhoMicro, spent: RhoMicro) -> Self {
        Self { left: budget.after(spent).unwrap_or_default(), budget, spent }
    }

    /// Whether a query of this cost can be paid.
    #[must_use]
    pub const fn covers(self, cost: RhoMicro) -> bool {
        self.left.after(cost).is_some()
    }
}

impl Spending {
    /// The study's two budgets: in all, and in any 365 days.
    #[must_use]
    pub fn allowances(self, study: &Study) -> [Allowance; 2] {
        [Allowance::of(study.rho_total, self.in_all), Allowance::of(study.rho_year, self.year)]
    }
}

/// What a hub says a study has left. Another hub counts the queries that came to it, and every clinic counts all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// The study.
    pub study: Digest,
    /// When it was counted.
    pub at: Moment,
    /// Over the study's life.
    pub in_all: Allowance,
    /// In any 365 days.
    pub year: Allowance,
    /// Queries over the study's life that are not void.
    pub queries: Quota,
    /// Queries in the last 24 hours, void or not.
    pub today: Quota,
    /// In an exact study, each question of its analysis plan, in the study's order; empty otherwise.
    pub planned: Vec<Quota>,
    /// The most that the next query may cost: 0 in an exact study, and none while no query at all is taken.
    pub next_most: Option<RhoMicro>,
}

impl Budget {
    /// Puts together what was counted. `asked` counts all queries of the study, `planned` those of each planned text.
    #[must_use]
    pub fn of(
        (study, named): (&Study, Digest),
        policy: &Policy,
        now: Moment,
        spending: Spending,
        (asked, planned): (Asked, &[usize]),
    ) -> Self {
        let [in_all, year] = spending.allowances(study);
        let (queries, today) = asked.quotas(study, policy);
        let plans = study.plans.iter().zip(planned);
        let planned: Vec<Quota> = plans.map(|(plan, asked)| Quota::of(plan.times, *asked)).collect();
        let all_planned_used_up = !planned.is_empty() && planned.iter().all(|quota| quota.is_used_up());
        let closed = !study.open_at(now) || queries.is_used_up() || today.is_used_up() || all_planned_used_up;
        let most = in_all.left.min(year.left).min(policy.rho_per_query_max);
        let costs = study.rho_total > RhoMicro(0);
        let next_most = (!closed && (!costs || most > RhoMicro(0))).then_some(most);
        Self { study: named, at: now, in_all, year, queries, today, planned, next_most }
    }
}
