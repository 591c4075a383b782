//! Secret sharing with proof: Prio3 (draft-irtf-cfrg-vdaf) with a circuit of our own.
//!
//! A contribution is a vector of cells. It is split into one share per aggregator, of which k−1
//! together tell nothing, with three proofs over a 64-bit field (the soundness that the draft asks
//! for) that its cells could come from so many courses, each with values in the range of the plan:
//!
//! | cell | proved |
//! |---|---|
//! | count of courses | whole, not negative; over all groups together at most courses · patients_max |
//! | count of one quantity's values | at most the count of courses |
//! | parts of a count (bins) | add up to it |
//! | Σv, 0 ≤ v ≤ M | at most M · count |
//! | Σv² | at most M · Σv, and (Σv)² ≤ count · Σv² |
//! | Σxy | what follows from the ranges: 0, My·Σx + Mx·Σy − Mx·My·count ≤ Σxy ≤ Mx·Σy, My·Σx |
//!
//! Not proved: that records exist, that patients are distinct, that sums agree with bins, that
//! values were clipped and not made up. [`Shape`] says what the cells are, and both sides derive it
//! from the plan.

pub use cell_shares::CellShares;
pub use circuit::{Circuit, CircuitParameters};
pub use error::SharingError;
pub use fit::{Parties, TooWide, Unfit, check_fit};
pub use shape::{Cell, Misshapen, Shape};
pub use split::{Nonce, Split};
pub use verification::{Pending, Verification};

mod cell_shares;
mod circuit;
mod error;
mod fit;
mod layout;
mod relation;
mod shape;
mod split;
mod statement;
mod verification;

#[cfg(test)]
mod tests;
