//! What was said in a patient's name, read out of signed statements.

use sumac_protocol::document::consent::{Action, Statement};
use sumac_protocol::envelope::{Envelope, Verified};
use sumac_protocol::principal::Principal;

use super::kept::KeptReceipt;
use crate::show;

/// A statement that is signed by who it says: the patient's key that it names or, on paper, the witness. Whether that
/// key or that witness is the right one is the caller's question.
pub(super) fn read(signed: &Envelope) -> Option<Verified<Statement>> {
    let by = |said: &Statement| said.witness.as_ref().map_or(said.patient, |witness| witness.by);
    signed.claim::<Statement>().ok()?.verify_named(by).ok()
}

/// The same, if it speaks in the name of this key to this clinic.
pub(super) fn own(signed: &Envelope, clinic: &Principal, key: &Principal) -> Option<Verified<Statement>> {
    read(signed).filter(|statement| statement.clinic == *clinic && statement.patient == *key)
}

/// Whether it ends everything: what the patient must never be counted after.
pub(super) fn ends_all(statement: &Statement) -> bool {
    match &statement.action {
        Action::Grant(_) => false,
        Action::Revoke(revoke) => revoke.purposes.as_ref().is_none_or(Vec::is_empty),
        Action::Erase => true,
    }
}

/// The last of the acknowledged statements, if the patient's own key ends everything with it. What a witness noted does
/// not make the patient's own word needless: who may witness, only the charter says.
pub(super) fn over(receipts: &[KeptReceipt]) -> Option<Verified<Statement>> {
    read(&receipts.last()?.statement).filter(|statement| statement.witness.is_none() && ends_all(statement))
}

/// What a statement says, in a few words.
pub(super) fn told(statement: &Statement) -> String {
    let at = statement.made_at;
    if let Some(witness) = &statement.witness {
        let what = match &statement.action {
            Action::Grant(_) => "that you allowed something",
            Action::Revoke(_) if !ends_all(statement) => "that you withdrew in part",
            Action::Revoke(_) | Action::Erase => "that you withdrew",
        };
        return format!("clinic staff noted on {at}, form {}, {what}", show::one_line(&witness.form));
    }
    match &statement.action {
        Action::Grant(_) => format!("what you allowed on {at}"),
        Action::Revoke(_) if !ends_all(statement) => format!("your withdrawal in part on {at}"),
        Action::Revoke(_) => format!("your withdrawal on {at}"),
        Action::Erase => format!("your order to erase on {at}"),
    }
}
