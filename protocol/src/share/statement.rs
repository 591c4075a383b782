//! The statement that a contribution proves, as a validity circuit of `prio`.
//!
//! Every input element is a bit: r·b·(b − 1) over all of them, each with a factor of its own, adds up
//! to 0. So does s·(count·squares − sum² − slack) over all spreads. The products of both are made by
//! one gadget that multiplies `chunk` pairs in one call and adds them. The other relations are sums
//! of shares, one output each, which must be 0 too.

use prio::field::{Field64, FieldElement as _};
use prio::flp::gadgets::{Mul, ParallelSum, ParallelSumGadget as _};
use prio::flp::{Flp, FlpError, Gadget, Type};

use super::layout::{Layout, number};

/// The statement about contributions of one layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    layout: Layout,
    /// Pairs that one call of the gadget multiplies and adds up.
    chunk: usize,
    /// Calls whose factors are for bits.
    bit_calls: usize,
    calls: usize,
}

impl Statement {
    pub(super) const fn new(layout: Layout) -> Self {
        let products = layout.elements() + 2 * layout.spread_count();
        let chunk = chunk(products);
        Self { bit_calls: layout.elements().div_ceil(chunk), calls: products.div_ceil(chunk), layout, chunk }
    }

    pub(super) const fn layout(&self) -> &Layout {
        &self.layout
    }

    pub(super) const fn chunk(&self) -> usize {
        self.chunk
    }

    /// The pairs that prove that bits are bits. The last call's are filled up with what proves spreads.
    fn bit_pairs(&self, input: &[Field64], one: Field64, factors: &[Field64]) -> Vec<Field64> {
        let mut pairs = Vec::with_capacity(2 * self.chunk * self.calls);
        for (bits, first) in input.chunks(self.chunk).zip(factors) {
            let mut factor = *first;
            for bit in bits {
                pairs.extend([factor * *bit, *bit - one]);
                factor *= *first;
            }
        }
        pairs
    }
}

impl Flp for Statement {
    type Field = Field64;

    fn gadget(&self) -> Vec<Box<dyn Gadget<Field64>>> {
        vec![Box::new(ParallelSum::new(Mul::new(self.calls), self.chunk))]
    }

    fn num_gadgets(&self) -> usize {
        1
    }

    fn valid(
        &self,
        gadgets: &mut Vec<Box<dyn Gadget<Field64>>>,
        input: &[Field64],
        joint_rand: &[Field64],
        num_shares: usize,
    ) -> Result<Vec<Field64>, FlpError> {
        self.valid_call_check(input, joint_rand)?;
        let broken = || FlpError::Valid("a circuit without its gadget, its factors or its cells".to_owned());
        let (spread_factor, bit_factors) = joint_rand.split_last().ok_or_else(broken)?;
        // A constant stands once in the sum of all shares.
        let one = Field64::from(u64::try_from(num_shares).map_err(|_| broken())?).inv();
        let mut pairs = self.bit_pairs(input, one, bit_factors);
        let mut products = Field64::zero();
        let mut equations = Vec::with_capacity(self.eval_output_len());
        let mut totals = vec![self.layout.courses() * one; self.layout.roots.len()];
        let mut factor = *spread_factor;
        let (groups, slacks) = self.layout.parts(input);
        for group in groups {
            let numbers = self.layout.numbers(group);
            let [cells, balance_slacks, spread_slacks] = self.layout.sorted(&numbers);
            for (balance, slack) in self.layout.balances.iter().zip(balance_slacks) {
                equations.push(balance.sum(cells).ok_or_else(broken)? - *slack);
            }
            for (spread, slack) in self.layout.spreads.iter().zip(spread_slacks) {
                let [count, sum, squares] = spread.pick(cells).ok_or_else(broken)?;
                pairs.extend([factor * count, squares, -(factor * sum), sum]);
                products -= factor * *slack;
                factor *= *spread_factor;
            }
            for (total, root) in totals.iter_mut().zip(&self.layout.roots) {
                *total -= *cells.get(*root).ok_or_else(broken)?;
            }
        }
        equations.extend(totals.into_iter().zip(slacks).map(|(total, slack)| total - number(slack.iter())));
        pairs.resize(2 * self.chunk * self.calls, Field64::zero());
        let gadget = gadgets.first_mut().ok_or_else(broken)?;
        for call in pairs.chunks_exact(2 * self.chunk) {
            products += gadget.eval(call)?;
        }
        equations.push(products);
        Ok(equations)
    }

    fn input_len(&self) -> usize {
        self.layout.elements()
    }

    fn proof_len(&self) -> usize {
        2 * self.chunk + 2 * ((1 + self.calls).next_power_of_two() - 1) + 1
    }

    fn verifier_len(&self) -> usize {
        2 + 2 * self.chunk
    }

    fn joint_rand_len(&self) -> usize {
        self.bit_calls + 1
    }

    fn eval_output_len(&self) -> usize {
        self.layout.equation_count() + 1
    }

    fn prove_rand_len(&self) -> usize {
        2 * self.chunk
    }
}

impl Type for Statement {
    type Measurement = Vec<u64>;
    type AggregateResult = Vec<u64>;

    fn encode_measurement(&self, cells: &Vec<u64>) -> Result<Vec<Field64>, FlpError> {
        self.layout.encode(cells).ok_or_else(|| FlpError::Encode("cells that break a bound".to_owned()))
    }

    fn truncate(&self, input: Vec<Field64>) -> Result<Vec<Field64>, FlpError> {
        self.truncate_call_check(&input)?;
        Ok(self.layout.cells_of(&input))
    }

    fn decode_result(&self, cells: &[Field64], _contributions: usize) -> Result<Vec<u64>, FlpError> {
        if cells.len() == self.output_len() {
            return Ok(cells.iter().map(|cell| u64::from(*cell)).collect());
        }
        Err(FlpError::Decode(format!("{} cells, where there are {}", cells.len(), self.output_len())))
    }

    fn output_len(&self) -> usize {
        self.layout.cells()
    }
}

/// How many products one call adds up. The calls lie on so many points as a power of two, one of them
/// random. `optimal_chunk_length` of `prio` takes those that make a proof shortest; but extending what
/// the calls gave takes time with the square of the points, so half as many verify in three quarters
/// of the time and cost a fiftieth more bytes.
const fn chunk(products: usize) -> usize {
    let mut points = 2;
    while 4 * points * points < products {
        points *= 2;
    }
    let chunk = products.div_ceil(points - 1);
    if chunk == 0 { 1 } else { chunk }
}
