//! What is proved of the cells of one group: numbers that must not be negative.
//!
//! Each relation claims that an expression of cells equals a *slack*, and the slack is shared bit by
//! bit like a cell. Bits are proved to be bits, so a slack is not negative; widths are so chosen that
//! no side of an equation can reach the field's modulus, so what holds in the field holds in integers.

use prio::field::{Field64, FieldElement as _};

/// One cell of the group, so many times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Term {
    cell: usize,
    times: i128,
    element: Field64,
}

/// Σ times · cell = slack, and 0 ≤ slack ≤ `most`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Balance {
    terms: Vec<Term>,
    pub(super) most: u64,
}

impl Balance {
    /// `plus` less `minus`, each a factor and the position of a cell, is from 0 to `most`.
    pub(super) fn new(plus: &[(u64, usize)], minus: &[(u64, usize)], most: u64) -> Self {
        let term = |(times, cell): &(u64, usize)| Term {
            cell: *cell,
            times: i128::from(*times),
            element: Field64::from(*times),
        };
        let taken = minus.iter().map(term).map(|t| Term { times: -t.times, element: -t.element, ..t });
        Self { terms: plus.iter().map(term).chain(taken).collect(), most }
    }

    /// The slack of honest cells; `None` if they break the relation.
    pub(super) fn slack(&self, cells: &[u64]) -> Option<u64> {
        let total = self.terms.iter().try_fold(0_i128, |total, term| {
            total.checked_add(term.times.checked_mul(i128::from(*cells.get(term.cell)?))?)
        })?;
        u64::try_from(total).ok().filter(|slack| *slack <= self.most)
    }

    /// Σ times · cell, of shares.
    pub(super) fn sum(&self, cells: &[Field64]) -> Option<Field64> {
        self.terms.iter().try_fold(Field64::zero(), |total, term| Some(total + *cells.get(term.cell)? * term.element))
    }
}

/// count · squares − sum² = slack, and 0 ≤ slack ≤ `most` (Cauchy and Schwarz; the upper end is
/// Popoviciu's).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spread {
    pub(super) count: usize,
    pub(super) sum: usize,
    pub(super) squares: usize,
    pub(super) most: u64,
}

impl Spread {
    /// The slack of honest cells; `None` if they break the relation.
    pub(super) fn slack(&self, cells: &[u64]) -> Option<u64> {
        let [count, sum, squares] = self.pick(cells)?.map(u128::from);
        let slack = count.checked_mul(squares)?.checked_sub(sum.checked_mul(sum)?)?;
        u64::try_from(slack).ok().filter(|slack| *slack <= self.most)
    }

    /// The three cells that it is about: count, sum, squares.
    pub(super) fn pick<T: Copy>(&self, cells: &[T]) -> Option<[T; 3]> {
        Some([*cells.get(self.count)?, *cells.get(self.sum)?, *cells.get(self.squares)?])
    }
}
