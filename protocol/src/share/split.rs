//! A contribution in parts.

use std::fmt;

use zeroize::Zeroizing;

/// Sixteen random bytes that one contribution is shared under.
pub type Nonce = [u8; 16];

/// A contribution in parts. `inputs` are in role order; wiped when dropped.
pub struct Split {
    /// What every aggregator sees.
    pub public: Vec<u8>,
    /// One secret share for each aggregator.
    pub inputs: Vec<Zeroizing<Vec<u8>>>,
}

impl fmt::Debug for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Split({} shares)", self.inputs.len())
    }
}
