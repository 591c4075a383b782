//! Whether a statement agrees with itself.

use super::{Action, Grant, Statement, StatementError, Who};
use crate::document::duo::{Permission, is_modifier};
use crate::document::wording::{line_flaw, repeated};
use crate::limits::{CODES_MAX, NAME_BYTES_MAX, RHO_MAX};

pub(super) fn check(statement: &Statement) -> Result<(), StatementError> {
    match &statement.action {
        Action::Revoke(_) | Action::Erase => Ok(()),
        Action::Grant(grant) => {
            statement.witness.iter().try_for_each(|witness| line("the form's reference", &witness.form))?;
            check_grant(grant)
        }
    }
}

/// What a signer's program asks before anybody signs. A reader never holds a withdrawal to it.
pub(super) fn check_made(statement: &Statement) -> Result<(), StatementError> {
    statement.witness.iter().try_for_each(|witness| line("the form's reference", &witness.form))?;
    match &statement.action {
        Action::Grant(grant) => check_grant(grant),
        Action::Erase => Ok(()),
        Action::Revoke(revoke) => {
            let Some(purposes) = revoke.purposes.as_deref() else { return Ok(()) };
            codes("purposes", purposes, 1)?;
            let unknown = purposes.iter().find(|code| Permission::from_code(code).is_none());
            unknown.map_or(Ok(()), |code| Err(StatementError::UnknownCode { code: code.clone() }))
        }
    }
}

fn check_grant(grant: &Grant) -> Result<(), StatementError> {
    codes("purposes", &grant.purposes, 1)?;
    codes("modifiers", &grant.modifiers, 0)?;
    codes("diseases", &grant.diseases, 0)?;
    if let Who::Studies(ids) = &grant.who {
        codes("studies", ids, 1)?;
    }
    let purpose = grant.purposes.iter().find(|code| Permission::from_code(code).is_none());
    if let Some(code) = purpose.or_else(|| grant.modifiers.iter().find(|code| !is_modifier(code))) {
        return Err(StatementError::UnknownCode { code: code.clone() });
    }
    if grant.diseases.is_empty() && grant.purposes.iter().any(|code| code == "DS") {
        return Err(StatementError::NoDisease);
    }
    count("categories", grant.categories.len(), 1, 4)?;
    if let Some(category) = repeated(grant.categories.iter()) {
        return Err(StatementError::Repeated { what: "categories", which: format!("{category:?}") });
    }
    if grant.not_before >= grant.not_after {
        return Err(StatementError::NeverInForce { from: grant.not_before, until: grant.not_after });
    }
    if grant.rho_year > RHO_MAX {
        return Err(StatementError::Cap { got: grant.rho_year });
    }
    line("the explanation's version", &grant.lay_text.version)?;
    line("the explanation's language", &grant.lay_text.language)
}

fn codes(what: &'static str, codes: &[String], min: usize) -> Result<(), StatementError> {
    count(what, codes.len(), min, CODES_MAX)?;
    codes.iter().try_for_each(|code| line(what, code))?;
    match repeated(codes) {
        Some(code) => Err(StatementError::Repeated { what, which: code.clone() }),
        None => Ok(()),
    }
}

const fn count(what: &'static str, got: usize, min: usize, max: usize) -> Result<(), StatementError> {
    if got < min || got > max {
        return Err(StatementError::Count { what, got, min, max });
    }
    Ok(())
}

fn line(what: &'static str, text: &str) -> Result<(), StatementError> {
    line_flaw(text, NAME_BYTES_MAX).map_or(Ok(()), |flaw| Err(StatementError::Text { what, flaw }))
}
