//! Two charters of one epoch.

use std::collections::BTreeSet;

use crate::charter_chain::{ChainError, CharterChain};
use crate::document::charter::Charter;
use crate::envelope::{Envelope, Verified};
use crate::evidence::{Contradiction, EvidenceError, Finding};
use crate::principal::Principal;

/// The place where two chains of one federation part, if they do: two charters that both follow on the same one. One
/// chain that is merely longer than the other says nothing against anybody.
#[must_use]
pub fn fork(one: &CharterChain, other: &CharterChain) -> Option<Finding> {
    let (first, second) = one.epochs().zip(other.epochs()).find(|(mine, theirs)| mine.digest() != theirs.digest())?;
    let (first, second) = (first.envelope().clone(), second.envelope().clone());
    let who = contradiction(&first, &second, one).ok()?;
    Some(Finding { kind: Contradiction::TwoCharters, who, first, second })
}

/// Checks that both charters could each come next in `chain`, and tells which stewards signed both. It may be none: two
/// different thresholds of them.
pub(super) fn contradiction(
    first: &Envelope,
    second: &Envelope,
    chain: &CharterChain,
) -> Result<Vec<Principal>, EvidenceError> {
    if first.digest() == second.digest() {
        return Err(EvidenceError::NoContradiction);
    }
    let claimed = first.claim::<Charter>().map_err(ChainError::from)?;
    let epoch = claimed.peek().epoch;
    let length = usize::try_from(epoch).unwrap_or(usize::MAX);
    let upto: Vec<Envelope> = chain.epochs().take(length).map(|charter| charter.envelope().clone()).collect();
    let before = CharterChain::from_envelopes(&upto)?;
    let next = |envelope: &Envelope| -> Result<Verified<Charter>, ChainError> {
        let mut chain = before.clone();
        chain.extend(envelope)?;
        Ok(chain.current().clone())
    };
    let both = [next(first)?, next(second)?];
    if both.iter().any(|charter| charter.epoch != epoch) {
        return Err(EvidenceError::NoContradiction);
    }
    let mut stewards: BTreeSet<Principal> = before.current().steward_set();
    both.iter().for_each(|charter| stewards.extend(charter.steward_set()));
    let signed = both.each_ref().map(|charter| charter.envelope().signers(&stewards));
    let [first, second] = &signed;
    Ok(first.intersection(second).copied().collect())
}

/// A charter in a few words.
pub(super) fn described(envelope: &Envelope) -> String {
    let epoch = envelope.claim::<Charter>().ok().map(|claimed| claimed.peek().epoch);
    match epoch {
        Some(epoch) => format!("charter {} of epoch {epoch}", envelope.digest()),
        None => format!("document {}", envelope.digest()),
    }
}
