//! Whether what an import came to is still to be witnessed, or older than what the clinic's ledger has.
//!
//! Files are old when they are imported, and may be imported again. The ledger has what was said here, by key or on
//! paper; so a yes counts only if it is newer than all of that, and a no only if nobody said yes since. What the ledger
//! tells is enough: nothing else is remembered of an import.

use sumac_protocol::document::consent::{Action, Grant, Revoke, Statement};
use sumac_protocol::moment::Moment;

use super::{ConsentOutcome, LAY_TEXT_VERSION};

/// What is to be done about one patient.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "complete: something to witness, or nothing and why")]
#[expect(clippy::large_enum_variant, reason = "most are grants")]
pub enum Due {
    /// This is to be witnessed.
    Witness(Action),
    /// Nothing, because the ledger says the same already.
    Stands,
    /// Nothing, because something that was said later stands in the ledger.
    Older {
        /// When that was said.
        than: Moment,
    },
    /// Nothing, because the resources ask for nothing.
    Nothing,
}

impl Due {
    /// What is due for an outcome. `standing` is where the patient stands, in the words of
    /// [`sumac_protocol::document::consent::Standing::code`], and `said` what the ledger has, in its order.
    #[must_use]
    pub fn of(outcome: &ConsentOutcome, standing: &str, said: &[&Statement]) -> Self {
        let in_force = matches!(standing, "granted" | "not_yet" | "expired");
        let granted = || said.iter().rev().find(|statement| matches!(statement.action, Action::Grant(_)));
        match outcome {
            ConsentOutcome::Nothing => Self::Nothing,
            ConsentOutcome::Grant { grant, given } => Self::grant(grant, *given, said),
            ConsentOutcome::Withdrawal { said_by } => match granted().filter(|_| in_force).map(|yes| said_at(yes)) {
                Some(than) if said_by.is_some_and(|no| no < than) => Self::Older { than },
                None if matches!(standing, "withdrawn" | "erased") => Self::Stands,
                Some(_) | None => Self::Witness(Action::Revoke(Revoke { purposes: None })),
            },
            ConsentOutcome::Ended => match granted().filter(|_| in_force) {
                Some(yes) if yes.witness.is_some() => Self::Witness(Action::Revoke(Revoke { purposes: None })),
                Some(_) | None => Self::Nothing,
            },
        }
    }

    fn grant(grant: &Grant, given: Moment, said: &[&Statement]) -> Self {
        let same = |have: &Grant| Grant { lay_text: grant.lay_text.clone(), ..have.clone() } == *grant;
        if let Some(Statement { action: Action::Grant(have), .. }) = said.last()
            && same(have)
        {
            return Self::Stands;
        }
        match said.iter().map(|statement| said_at(statement)).max() {
            Some(than) if given <= than => Self::Older { than },
            Some(_) | None => Self::Witness(Action::Grant(grant.clone())),
        }
    }
}

/// When a statement was said: what was imported, on the day of its resource, which is when it begins; all else when it
/// was signed.
fn said_at(statement: &Statement) -> Moment {
    match &statement.action {
        Action::Grant(grant) if statement.witness.is_some() && grant.lay_text.version == LAY_TEXT_VERSION => {
            grant.not_before.min(statement.made_at)
        }
        Action::Grant(_) | Action::Revoke(_) | Action::Erase => statement.made_at,
    }
}
