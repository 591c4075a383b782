//! A circuit: splitting a contribution into shares with proofs, and checking them on shares.

use std::fmt;

use prio::codec::{Encode as _, ParameterizedDecode as _};
use prio::field::Field64;
use prio::flp::Flp as _;
use prio::vdaf::prio3::{Prio3, Prio3InputShare, Prio3PublicShare, Prio3VerifierShare};
use prio::vdaf::xof::XofTurboShake128;
use prio::vdaf::{Aggregator as _, Client as _, VerifyTransition};
use zeroize::Zeroizing;

use super::cell_shares::CellShares;
use super::error::SharingError;
use super::fit::{Parties, Unfit, check_fit};
use super::layout::Layout;
use super::shape::Shape;
use super::split::{Nonce, Split};
use super::statement::Statement;
use super::verification::{Pending, Verification};
use crate::digest::{Digest, Label};
use crate::limits::{COMMITTEE_MAX, COMMITTEE_MIN, FIELD_BYTES};
use crate::plan::Plan;

/// A circuit for one plan, committee size and clinic.
#[derive(Clone)]
pub struct Circuit {
    vdaf: Vdaf,
    parameters: CircuitParameters,
    /// Bytes of the large share: the input and its proofs, element by element, and a seed.
    large_share_bytes: usize,
}

/// What a clinic's shares are proved against, and all that decoding them depends on. Both sides derive
/// it from plan and charter, and it is part of the sharing context: sides that disagree reject each
/// other instead of mis-decoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct CircuitParameters {
    /// How many aggregators the shares are for.
    pub aggregators: u8,
    /// The groups, their cells, and how many courses there can be.
    pub shape: Digest,
    /// Elements of the input, one a bit.
    pub elements: u64,
    /// Cells of one contribution.
    pub cells: u64,
    /// Products in one call of the proofs' gadget.
    pub chunk: u64,
}

impl CircuitParameters {
    /// What both sides bind into the sharing context.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let numbers = [u64::from(ALGORITHM), u64::from(PROOFS), self.elements, self.cells, self.chunk];
        let numbers: Vec<u8> = numbers.into_iter().flat_map(u64::to_le_bytes).collect();
        Digest::of(Label::Circuit, &[&[self.aggregators], self.shape.bytes(), &numbers])
    }
}

/// Bytes of a seed of XofTurboShake128.
const SEED_BYTES: usize = 32;
/// Proofs a contribution carries: with a 64-bit field the draft requires three.
pub(super) const PROOFS: u8 = 3;
/// A private-use algorithm id, of the statement in `statement.rs` with three proofs over Field64.
pub(super) const ALGORITHM: u32 = 0xffff_5302;

pub(super) type Vdaf = Prio3<Statement, XofTurboShake128, SEED_BYTES>;

impl Circuit {
    /// The circuit for contributions to `plan` by a clinic of these parties.
    ///
    /// # Errors
    /// [`Unfit`] where a contribution, a proof or the sum over all clinics would not fit.
    pub fn new(plan: &Plan, parties: &Parties) -> Result<Self, Unfit> {
        check_fit(plan, parties)?;
        let shape = Shape::of(plan, parties.patients_max).map_err(Unfit::Misshapen)?;
        let layout = Layout::of(&shape).map_err(|why| Unfit::of(why, plan, parties))?;
        Self::of_layout(layout, &shape, parties.aggregators)
    }

    /// The circuit of a shape that no plan stands behind, for measurements and tests.
    ///
    /// # Errors
    /// [`Unfit`], as [`Circuit::new`]; what is too wide is told by its position only.
    pub fn of_shape(shape: &Shape, aggregators: u64) -> Result<Self, Unfit> {
        let layout = Layout::of(shape).map_err(Unfit::of_shape)?;
        Self::of_layout(layout, shape, aggregators)
    }

    fn of_layout(layout: Layout, shape: &Shape, aggregators: u64) -> Result<Self, Unfit> {
        let number = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        let committee = Unfit::Committee { aggregators };
        let members = u8::try_from(aggregators).map_err(|_| committee.clone())?;
        if !(COMMITTEE_MIN..=COMMITTEE_MAX).contains(&usize::from(members)) {
            return Err(committee);
        }
        let statement = Statement::new(layout);
        let parameters = CircuitParameters {
            aggregators: members,
            shape: shape.digest(),
            elements: number(statement.input_len()),
            cells: number(statement.layout().cells()),
            chunk: number(statement.chunk()),
        };
        let elements = statement.input_len() + statement.proof_len() * usize::from(PROOFS);
        let large_share_bytes = elements * FIELD_BYTES + SEED_BYTES;
        let vdaf = Prio3::new(members, PROOFS, ALGORITHM, statement).map_err(|_| committee)?;
        Ok(Self { vdaf, parameters, large_share_bytes })
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
    /// [`SharingError::OutOfRange`] if the cells break a bound, so that an honest clinic finds out
    /// before its aggregators do.
    pub fn split(&self, context: &[u8], nonce: &Nonce, cells: &[u64]) -> Result<Split, SharingError> {
        let cells = Zeroizing::new(cells.to_vec());
        let (public, inputs) = self.vdaf.shard(context, &cells, nonce).map_err(|_| SharingError::OutOfRange)?;
        let public = public.get_encoded().map_err(|_| SharingError::Malformed)?;
        let encode = |share: Prio3InputShare<Field64, SEED_BYTES>| share.get_encoded().map(Zeroizing::new);
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
