//! One aggregator's side of checking one contribution.

use std::fmt;

use prio::field::Field64;
use prio::vdaf::prio3::Prio3VerifyState;

use super::split::Nonce;

/// What one aggregator needs to begin verifying one contribution.
pub struct Verification<'a> {
    /// Made of all members' parts after the batch was fixed.
    pub key: &'a [u8; 32],
    /// The sharing context of this clinic and attempt.
    pub context: &'a [u8],
    /// This aggregator's number in the order of shares.
    pub role: usize,
    /// The contribution's nonce.
    pub nonce: &'a Nonce,
    /// The public share.
    pub public: &'a [u8],
    /// This aggregator's input share, opened.
    pub input: &'a [u8],
}

impl fmt::Debug for Verification<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Verification(role {})", self.role)
    }
}

/// A verification that waits for the other aggregators' verifier shares.
pub struct Pending(pub(super) Prio3VerifyState<Field64, 32>);

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pending")
    }
}
