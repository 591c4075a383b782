//! Secret sharing with proof of range: Prio3 (draft-irtf-cfrg-vdaf) through the `prio` crate.
//!
//! A contribution is a vector of cells, each from 0 to the clinic's `raw_max`. It is split into
//! one share per aggregator; k-1 of them together tell nothing. Three proofs over a 64-bit field
//! give the soundness that the draft asks for.

use std::fmt;

use prio::codec::{Encode as _, ParameterizedDecode as _};
use prio::field::{Field64, FieldElement as _, FieldElementWithInteger as _};
use prio::flp::Flp as _;
use prio::flp::gadgets::{Mul, ParallelSum};
use prio::flp::types::SumVec;

use prio::vdaf::prio3::{
    Prio3, Prio3InputShare, Prio3PublicShare, Prio3VerifierShare, Prio3VerifyState, optimal_chunk_length,
};
use prio::vdaf::xof::XofTurboShake128;
use prio::vdaf::{Aggregator as _, Client as _, VerifyTransition};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::limits::FIELD_BYTES;
use crate::plan::{Plan, Ring};

/// What a clinic's shares are proved against. Both sides derive it from plan and charter, and it is
/// part of the sharing context: sides that disagree reject each other instead of mis-decoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CircuitParameters {
    /// How many aggregators the shares are for.
    pub aggregators: u8,
    /// Cells of one contribution.
    pub cells: u32,
    /// Largest value of any cell.
    pub raw_max: u64,
}

/// A circuit for one plan, committee size and clinic.
#[derive(Clone)]
pub struct Circuit {
    vdaf: Vdaf,
    parameters: CircuitParameters,
    /// Bytes of the large share: the input and its proofs, element by element, and a seed.
    large_share_bytes: usize,
}

/// Bytes of a seed of XofTurboShake128.
const SEED_BYTES: usize = 32;

type Vdaf = Prio3<SumVec<Field64, ParallelSum<Field64, Mul>>, XofTurboShake128, 32>;

impl Circuit {
    /// The circuit for contributions to `plan` of a clinic with at most `patients_max` patients.
    ///
    /// # Errors
    /// [`SharingError::Unsupported`] where cells would not fit the field or there is nothing to share.
    pub fn new(plan: &Plan, aggregators: usize, patients_max: u64) -> Result<Self, SharingError> {
        let raw_max =
            plan.raw_max(patients_max).ok_or(SharingError::Unsupported { why: "a cell would not fit 62 bits" })?;
        let cells = plan.cell_count();
        let bits = cells * (usize::try_from(raw_max.ilog2()).unwrap_or(63) + 1);
        let unsupported = |_| SharingError::Unsupported { why: "the plan has no cells, or too many" };
        let typ = SumVec::new(raw_max, cells, optimal_chunk_length(bits))
            .map_err(|_| SharingError::Unsupported { why: "the plan has no cells, or too many" })?;
        let aggregators = u8::try_from(aggregators).map_err(unsupported)?;
        let elements = typ.input_len() + typ.proof_len() * usize::from(PROOFS);
        let large_share_bytes = elements * FIELD_BYTES + SEED_BYTES;
        let vdaf = Prio3::new(aggregators, PROOFS, ALGORITHM, typ)
            .map_err(|_| SharingError::Unsupported { why: "a committee needs at least two members" })?;
        let cells = u32::try_from(cells).map_err(unsupported)?;
        Ok(Self { vdaf, parameters: CircuitParameters { aggregators, cells, raw_max }, large_share_bytes })
    }

    /// Bytes of the share of aggregator number `role`: the first one's grows with the plan, the
    /// others' are seeds.
    #[must_use]
    pub const fn share_bytes(&self, role: usize) -> usize {
        if role == 0 { self.large_share_bytes } else { 2 * SEED_BYTES }
    }

    /// Bytes of the public share: a seed of each aggregator's.
    #[must_use]
    pub fn public_bytes(&self) -> usize {
        usize::from(self.parameters.aggregators) * SEED_BYTES
    }

    /// The parameters that both sides bind into the context.
    #[must_use]
    pub const fn parameters(&self) -> CircuitParameters {
        self.parameters
    }

    /// Splits a contribution. The randomness of the split comes from the operating system, inside
    /// `prio`: the crate offers no other way in.
    ///
    /// # Errors
    /// [`SharingError::OutOfRange`] if a cell exceeds the circuit's bound, so that an honest clinic
    /// finds out before its aggregators do.
    pub fn split(&self, context: &[u8], nonce: &Nonce, cells: &[u64]) -> Result<Split, SharingError> {
        if cells.len() != usize::try_from(self.parameters.cells).unwrap_or(usize::MAX) {
            return Err(SharingError::OutOfRange);
        }
        let measurement = Zeroizing::new(cells.to_vec());
        let (public, inputs) = self.vdaf.shard(context, &measurement, nonce).map_err(|_| SharingError::OutOfRange)?;
        let public = public.get_encoded().map_err(|_| SharingError::Malformed)?;
        let encode = |share: Prio3InputShare<Field64, 32>| share.get_encoded().map(Zeroizing::new);
        let inputs = inputs.into_iter().map(encode).collect::<Result<_, _>>().map_err(|_| SharingError::Malformed)?;
        Ok(Split { public, inputs })
    }

    /// Begins the verification of one contribution as aggregator number `role`.
    ///
    /// # Errors
    /// [`SharingError::Malformed`] if the share is none of this circuit.
    pub fn begin(&self, task: &Verification<'_>) -> Result<(Pending, Vec<u8>), SharingError> {
        let malformed = |_| SharingError::Malformed;
        let public = Prio3PublicShare::get_decoded_with_param(&self.vdaf, task.public).map_err(malformed)?;
        let input = Prio3InputShare::get_decoded_with_param(&(&self.vdaf, task.role), task.input).map_err(malformed)?;
        let (state, share) = self
            .vdaf
            .verify_init(task.key, task.context, task.role, &(), task.nonce, &public, &input)
            .map_err(|_| SharingError::Malformed)?;
        let share = share.get_encoded().map_err(malformed)?;
        Ok((Pending(state), share))
    }

    /// Finishes it with every aggregator's verifier share, in role order.
    ///
    /// # Errors
    /// [`SharingError::Rejected`] if the proof does not hold.
    pub fn finish(&self, context: &[u8], pending: Pending, shares: &[&[u8]]) -> Result<CellShares, SharingError> {
        let decode = |bytes: &&[u8]| Prio3VerifierShare::get_decoded_with_param(&pending.0, bytes);
        let shares = shares.iter().map(decode).collect::<Result<Vec<_>, _>>().map_err(|_| SharingError::Malformed)?;
        let message = self.vdaf.verifier_shares_to_message(context, &(), shares).map_err(|_| SharingError::Rejected)?;
        match self.vdaf.verify_next(context, pending.0, message).map_err(|_| SharingError::Rejected)? {
            VerifyTransition::Finish(output) => Ok(CellShares(output.as_ref().to_vec())),
            VerifyTransition::Continue(..) => Err(SharingError::Rejected),
        }
    }
}

impl fmt::Debug for Circuit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Circuit({:?})", self.parameters)
    }
}

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
pub struct Pending(Prio3VerifyState<Field64, 32>);

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pending")
    }
}

/// One aggregator's shares of a vector of cells: field elements that tell nothing alone. Not
/// `Clone`, never printed.
#[derive(Default)]
pub struct CellShares(Vec<Field64>);

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

/// Why sharing or verifying failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SharingError {
    /// No circuit can carry this plan.
    #[error("this question cannot be shared: {why}")]
    Unsupported {
        /// What stands in the way.
        why: &'static str,
    },
    /// A cell is larger than the circuit allows.
    #[error("a cell of the contribution exceeds the bound that the charter sets for this clinic")]
    OutOfRange,
    /// Bytes that are no share of this circuit.
    #[error("bytes that are no share of this question")]
    Malformed,
    /// The proof does not hold.
    #[error("the proof that every figure is in range does not hold")]
    Rejected,
}

/// Proofs a contribution carries: with a 64-bit field the draft requires three.
const PROOFS: u8 = 3;
/// A private-use algorithm id: SumVec over Field64 with three proofs is not one of the draft's.
const ALGORITHM: u32 = 0xffff_5301;

#[cfg(test)]
mod tests {
    use super::{CellShares, Circuit, SharingError, Verification};
    use crate::cost::RhoMicro;
    use crate::plan::{Block, BlockKind, Mode, Plan, SEMANTICS_VERSION};

    fn counting_plan(cells: usize) -> Plan {
        let block = Block { quantity: None, kind: BlockKind::Count, rho: RhoMicro(0), sigma: 0 };
        Plan {
            semantics: SEMANTICS_VERSION,
            mode: Mode::Exact,
            group_by: vec![],
            filter: None,
            quantities: vec![],
            blocks: vec![block; cells],
            estimates: vec![],
            courses_per_patient: 1,
        }
    }

    fn run(circuit: &Circuit, contexts: [&[u8]; 2], cells: &[u64]) -> Result<Vec<i128>, SharingError> {
        let (nonce, key) = ([3; 16], [9; 32]);
        let split = circuit.split(contexts[0], &nonce, cells)?;
        let mut pending = vec![];
        let mut messages = vec![];
        for (role, input) in split.inputs.iter().enumerate() {
            let task =
                Verification { key: &key, context: contexts[1], role, nonce: &nonce, public: &split.public, input };
            let (state, message) = circuit.begin(&task)?;
            pending.push(state);
            messages.push(message);
        }
        let messages: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
        let mut sum = CellShares::zero(cells.len());
        for state in pending {
            sum.add(&circuit.finish(contexts[1], state, &messages)?)?;
        }
        Ok(sum.to_integers())
    }

    #[test]
    fn shares_add_up_to_the_contribution_and_a_cell_out_of_range_is_refused() {
        let circuit = Circuit::new(&counting_plan(3), 3, 100).unwrap();
        assert_eq!(run(&circuit, [b"c"; 2], &[0, 100, 7]), Ok(vec![0, 100, 7]));
        assert_eq!(run(&circuit, [b"c"; 2], &[0, 128, 7]), Err(SharingError::OutOfRange));
        assert_eq!(run(&circuit, [b"c"; 2], &[0, 7]), Err(SharingError::OutOfRange));
    }

    #[test]
    fn sides_that_disagree_on_the_context_reject_each_other() {
        let circuit = Circuit::new(&counting_plan(3), 3, 100).unwrap();
        assert_eq!(run(&circuit, [b"one", b"two"], &[1, 2, 3]), Err(SharingError::Rejected));
    }

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
