//! Whether a study is one of this federation in force.

use super::{Study, StudyError};
use crate::charter_chain::CharterChain;
use crate::envelope::{Envelope, Verified};

/// Takes a study whose signatures, genesis and listing hold.
///
/// The signatures are those of a threshold of the stewards of any one charter of the chain: a study
/// outlives a change of stewards without being signed again, because the charter in force lists its
/// digest and is signed by those of today.
///
/// # Errors
/// [`StudyError`].
pub fn admit_study(envelope: &Envelope, chain: &CharterChain) -> Result<Verified<Study>, StudyError> {
    let claimed = envelope.claim::<Study>()?;
    // Told first: of another federation's stewards nobody here knows a signature.
    let (ours, theirs) = (chain.genesis_digest(), claimed.peek().genesis);
    if ours != theirs {
        return Err(StudyError::OtherGenesis { ours, theirs });
    }
    let current = chain.current();
    let enough =
        chain.epochs().rev().find(|charter| envelope.signers(&charter.steward_set()).len() >= charter.threshold());
    let signed_under = enough.unwrap_or(current);
    let study = claimed.verify_threshold(&signed_under.steward_set(), signed_under.threshold())?;
    if !current.studies.contains(&study.digest()) {
        return Err(StudyError::NotListed { study: study.digest(), epoch: current.epoch });
    }
    study.check()?;
    Ok(study)
}
