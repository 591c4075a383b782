//! The floor under every study and query of a federation.

use serde::{Deserialize, Serialize};

use crate::cost::RhoMicro;
use crate::moment::Millis;

/// What no study and no query may go below. There are no defaults: the charter's authors decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Fewest operators whose contributions an answer rests on. At least 2; where exact studies are
    /// allowed, more than any committee has members, as those can subtract their own part.
    pub clinics_min: u32,
    /// Fewest patients in a group that is shown. At least 10, under `test-data` 1.
    pub cohort_min: u32,
    /// In exact studies: a clinic with fewer patients in a group sends zeroes for it. At least 5,
    /// under `test-data` 1.
    pub exact_local_min: u32,
    /// Largest cost of one query.
    pub rho_per_query_max: RhoMicro,
    /// The δ at which ε is quoted, in units of 10^-12. Rounds and ledgers never use it.
    pub delta_per_1e12: u64,
    /// Largest cost to one patient in any 365 days; a patient's own cap may be lower.
    pub rho_per_patient_year: RhoMicro,
    /// Whether studies without noise are admitted at all.
    pub allow_exact: bool,
    /// Whether a statement on paper, witnessed by named staff, is taken into the consent ledger.
    pub allow_witnessed: bool,
    /// Most queries of one study in any 24 hours.
    pub queries_per_study_day: u32,
    /// Longest random delay before an upload, in milliseconds; shorter than the window.
    pub upload_jitter_ms: u64,
    /// How long a coordinator collects contributions, in milliseconds.
    pub window_ms: u64,
    /// How long a round waits for a member's next message before it asks for a void, in
    /// milliseconds.
    pub step_timeout_ms: u64,
    /// Longest time from the admission of a query to its expiry, in milliseconds.
    pub query_lifetime_max_ms: u64,
}

impl Policy {
    /// [`Policy::upload_jitter_ms`] as a length of time.
    #[must_use]
    pub const fn upload_jitter(&self) -> Millis {
        Millis(self.upload_jitter_ms)
    }

    /// [`Policy::window_ms`] as a length of time.
    #[must_use]
    pub const fn window(&self) -> Millis {
        Millis(self.window_ms)
    }

    /// [`Policy::step_timeout_ms`] as a length of time.
    #[must_use]
    pub const fn step_timeout(&self) -> Millis {
        Millis(self.step_timeout_ms)
    }

    /// [`Policy::query_lifetime_max_ms`] as a length of time.
    #[must_use]
    pub const fn query_lifetime_max(&self) -> Millis {
        Millis(self.query_lifetime_max_ms)
    }
}
