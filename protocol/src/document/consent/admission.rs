//! Whether a statement is genuine: of this patient, for this clinic, signed by who has to.

use super::{Action, LayText, Statement, StatementError};
use crate::document::charter::Charter;
use crate::envelope::{Envelope, Verified};
use crate::lay_text;
use crate::principal::Principal;

/// Whom a statement names, before anybody has checked a signature: only to find out which check it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "complete: these two decide how a statement is checked")]
pub struct Named {
    /// The key in whose name it speaks.
    pub patient: Principal,
    /// Whether it says that staff witnessed it on paper.
    pub on_paper: bool,
}

impl Named {
    /// Reads the two names out of a statement that may be forged.
    ///
    /// # Errors
    /// [`StatementError::Document`] if it is no statement at all.
    pub fn of(envelope: &Envelope) -> Result<Self, StatementError> {
        let claimed = envelope.claim::<Statement>()?;
        let Statement { patient, witness, .. } = claimed.peek();
        Ok(Self { patient: *patient, on_paper: witness.is_some() })
    }
}

/// Takes a statement that the patient's own key signed for this clinic. Whether it continues the
/// patient's other statements is [`super::History`]'s question.
///
/// # Errors
/// [`StatementError`].
pub fn admit_statement(
    envelope: &Envelope,
    clinic: &Principal,
    patient: &Principal,
) -> Result<Verified<Statement>, StatementError> {
    let statement = envelope.claim::<Statement>()?.verify(patient)?;
    if statement.witness.is_some() {
        return Err(StatementError::Witnessed);
    }
    of(&statement, clinic, patient)?;
    explained(&statement)?;
    Ok(statement)
}

/// Takes a statement on paper: signed by the member of staff whom it names as witness. Nobody destroys records in
/// another's name, so an erasure is none of them.
///
/// # Errors
/// [`StatementError`].
pub fn admit_witnessed(
    envelope: &Envelope,
    charter: &Charter,
    clinic: &Principal,
    patient: &Principal,
) -> Result<Verified<Statement>, StatementError> {
    let claimed = envelope.claim::<Statement>()?;
    if !charter.policy.allow_witnessed {
        return Err(StatementError::WitnessedNotAllowed);
    }
    let witness = claimed.peek().witness.as_ref().ok_or(StatementError::NoWitness)?.by;
    if !charter.staff_of(clinic).contains(&witness) {
        return Err(StatementError::NoStaff { witness });
    }
    let statement = claimed.verify(&witness)?;
    if statement.action == Action::Erase {
        return Err(StatementError::WitnessedErasure);
    }
    of(&statement, clinic, patient)?;
    Ok(statement)
}

/// Whether a grant carries the digest of the words that it makes: what the patient read. What ends something is never
/// held to words, and what was shown on paper is the form's own.
fn explained(statement: &Statement) -> Result<(), StatementError> {
    match &statement.action {
        Action::Grant(grant) if !lay_text::holds(grant) => {
            let LayText { version, language, .. } = grant.lay_text.clone();
            Err(StatementError::LayText { version, language })
        }
        Action::Grant(_) | Action::Revoke(_) | Action::Erase => Ok(()),
    }
}

fn of(statement: &Statement, clinic: &Principal, patient: &Principal) -> Result<(), StatementError> {
    if statement.clinic != *clinic {
        return Err(StatementError::OtherClinic { clinic: statement.clinic });
    }
    if statement.patient != *patient {
        return Err(StatementError::OtherPatient { patient: statement.patient });
    }
    statement.check()
}
