//! One aggregator's shares of a vector of cells.

use std::fmt;

use prio::field::{Field64, FieldElement as _, FieldElementWithInteger as _};

use super::error::SharingError;
use crate::limits::FIELD_BYTES;
use crate::plan::{Plan, Ring};

/// One aggregator's shares of a vector of cells: field elements that tell nothing alone. Not
/// `Clone`, never printed.
#[derive(Default)]
pub struct CellShares(pub(super) Vec<Field64>);

impl CellShares {
    /// Shares of the zero vector.
    #[must_use]
    pub fn zero(cells: usize) -> Self {
        Self(vec![Field64::zero(); cells])
    }

    /// How many cells.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no cells at all.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds another vector of shares.
    ///
    /// # Errors
    /// [`SharingError::Malformed`] if the lengths differ.
    pub fn add(&mut self, other: &Self) -> Result<(), SharingError> {
        if self.0.len() != other.0.len() {
            return Err(SharingError::Malformed);
        }
        self.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a += *b);
        Ok(())
    }

    /// Re-centres raw shares into released ones.
    ///
    /// # Errors
    /// [`SharingError::Malformed`] if the vector is not of this plan.
    pub fn recentred(&self, plan: &Plan) -> Result<Self, SharingError> {
        plan.recentre(&self.0).map(Self).map_err(|_| SharingError::Malformed)
    }

    /// Adds a vector of integers, the noise.
    ///
    /// # Errors
    /// [`SharingError::Malformed`] if the lengths differ or a number does not fit the field.
    pub fn add_integers(&mut self, noise: &[i128]) -> Result<(), SharingError> {
        if self.0.len() != noise.len() {
            return Err(SharingError::Malformed);
        }
        for (cell, n) in self.0.iter_mut().zip(noise) {
            let size = u64::try_from(n.unsigned_abs()).map_err(|_| SharingError::Malformed)?;
            let size = Field64::from(size);
            if *n < 0 { *cell -= size } else { *cell += size }
        }
        Ok(())
    }

    /// The cells at the given positions, in that order; a position outside is an error.
    ///
    /// # Errors
    /// [`SharingError::Malformed`].
    pub fn pick(&self, positions: &[usize]) -> Result<Self, SharingError> {
        positions
            .iter()
            .map(|i| self.0.get(*i).copied().ok_or(SharingError::Malformed))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Sets the cells at the given positions to zero.
    pub fn zero_at(&mut self, positions: impl Iterator<Item = usize>) {
        for position in positions {
            if let Some(cell) = self.0.get_mut(position) {
                *cell = Field64::zero();
            }
        }
    }

    /// Adds cells to others, in order, and sets them to zero: each pair is the position of the one and of the other.
    pub fn move_into(&mut self, pairs: impl Iterator<Item = (usize, usize)>) {
        for (from, into) in pairs {
            let moved = self.0.get_mut(from).map_or(Field64::zero(), |cell| std::mem::replace(cell, Field64::zero()));
            if let Some(cell) = self.0.get_mut(into) {
                *cell += moved;
            }
        }
    }

    /// Eight bytes little-endian a cell.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|cell| u64::from(*cell).to_le_bytes()).collect()
    }

    /// Reads back what [`CellShares::to_bytes`] wrote: exactly `cells` canonical elements.
    ///
    /// # Errors
    /// [`SharingError::Malformed`].
    pub fn from_bytes(bytes: &[u8], cells: usize) -> Result<Self, SharingError> {
        if bytes.len() != cells * FIELD_BYTES {
            return Err(SharingError::Malformed);
        }
        let element = |eight: &[u8]| {
            let n = u64::from_le_bytes(eight.try_into().map_err(|_| SharingError::Malformed)?);
            if n < Field64::modulus() { Ok(Field64::from(n)) } else { Err(SharingError::Malformed) }
        };
        bytes.chunks_exact(FIELD_BYTES).map(element).collect::<Result<_, _>>().map(Self)
    }

    /// Reads the vector as integers from -p/2 to p/2. Of one share alone that is noise; of the sum
    /// of all shares it is the answer.
    #[must_use]
    pub fn to_integers(&self) -> Vec<i128> {
        let modulus = i128::from(Field64::modulus());
        let centred = |cell: &Field64| {
            let n = i128::from(u64::from(*cell));
            if n > modulus / 2 { n - modulus } else { n }
        };
        self.0.iter().map(centred).collect()
    }
}

impl fmt::Debug for CellShares {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CellShares({} cells)", self.0.len())
    }
}

impl Ring for Field64 {
    fn times(&self, n: u64) -> Self {
        // Widths are below 2^28 (the dictionary's limit), so this is an element, never reduced.
        *self * Self::from(n % Self::modulus())
    }
    fn minus(&self, other: &Self) -> Self {
        *self - *other
    }
}

#[cfg(test)]
mod tests {
    use super::CellShares;

    #[test]
    fn a_vector_of_shares_is_read_back_and_other_bytes_are_refused() {
        let mut shares = CellShares::zero(2);
        shares.add_integers(&[-5, 9]).unwrap();
        let bytes = shares.to_bytes();
        assert_eq!(CellShares::from_bytes(&bytes, 2).unwrap().to_integers(), [-5, 9]);
        assert!(CellShares::from_bytes(&bytes, 3).is_err(), "too short");
        assert!(CellShares::from_bytes(&[0xff; 16], 2).is_err(), "no canonical element");
    }
}
