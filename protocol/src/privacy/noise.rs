//! The noise one aggregator adds: a discrete Gaussian for every cell, expanded from a seed the
//! aggregator committed to before it saw anything.
//!
//! *Invariant:* the vector is a function of (seed, manifest, plan), the same bytes on every machine.
//! An aggregator that is asked twice can only answer the same, and cannot search for noise it likes:
//! the seed is fixed before the batch, and the batch before the noise. Every cell has a stream of
//! its own, so no cell's noise depends on how many random bytes another one's sampler rejected.

use std::fmt;

use prio::dp::Rational;
use prio::dp::distributions::DiscreteGaussian;
use prio::vdaf::xof::{Xof, XofTurboShake128};
use rand::distr::Distribution;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::digest::{Digest, Label};
use crate::plan::{Block, Plan};
use crate::privacy::SIGMA_UNITS_PER_ONE;

/// The 32 bytes one aggregator's noise grows from. Whoever knows them can subtract the noise.
///
/// Not `Clone`, not `Serialize`, never printed; wiped when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct NoiseSeed([u8; 32]);

impl NoiseSeed {
    /// Takes the bytes in, which must be fresh from a secure generator. The caller wipes its copy.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// H(seed): what an aggregator signs before the batch is known, so it can use no other seed.
    #[must_use]
    pub fn commitment(&self) -> Digest {
        Digest::of(Label::NoiseSeedCommitment, &[&self.0])
    }
}

impl fmt::Debug for NoiseSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NoiseSeed(…)")
    }
}

/// One aggregator's noise for every cell of a plan, in cell order, in released units.
///
/// Not `Clone`, not `Serialize`, never printed; wiped when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Noise(Vec<i128>);

impl Noise {
    /// The cells, to be added to the aggregator's own share and to nothing else.
    #[must_use]
    pub fn cells(&self) -> &[i128] {
        &self.0
    }
}

impl fmt::Debug for Noise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Noise({} cells)", self.0.len())
    }
}

/// The noise that the holder of `seed` adds to the batch named by `manifest`.
///
/// The stream of a cell is TurboSHAKE128 as draft-irtf-cfrg-vdaf uses it (`XofTurboShake128`),
/// with the seed as its seed, [`Label::Noise`] as domain separation, and as its binder the
/// manifest's digest, the block's position and the group's position (both u32 little-endian). It
/// feeds the sampler of Canonne, Kamath & Steinke 2020, which uses no floats. Blocks without noise (exact plans) get 0.
///
/// # Errors
/// [`NoiseError`] where a plan has more cells than can be numbered or a draw does not fit 128 bits;
/// neither happens to a plan that passed [`check_fit`](crate::share::check_fit).
pub fn noise_vector(plan: &Plan, seed: &NoiseSeed, manifest: Digest) -> Result<Noise, NoiseError> {
    let mut cells = Noise(Vec::with_capacity(plan.cell_count()));
    for group in 0..plan.group_count() {
        for (position, block) in plan.blocks.iter().enumerate() {
            cells.0.push(draw(block, seed, manifest, index(position)?, index(group)?)?);
        }
    }
    Ok(cells)
}

/// What a member adds to its share: [`noise_vector`], unless a test has planted that it adds none.
///
/// # Errors
/// As [`noise_vector`].
pub fn member_noise(plan: &Plan, seed: &NoiseSeed, manifest: Digest) -> Result<Noise, NoiseError> {
    if planted!(NoNoise) {
        return Ok(Noise(vec![0; plan.cell_count()]));
    }
    noise_vector(plan, seed, manifest)
}

/// Why there is no noise for a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoiseError {
    /// A block or group position beyond 32 bits.
    #[error("cell {position} is beyond what a plan may hold")]
    Position {
        /// The block's or the group's position.
        position: usize,
    },
    /// A draw beyond 128 bits: not one in the life of the universe from any σ of 64 bits.
    #[error("a draw of noise at σ = {sigma}·2^-20 does not fit a cell")]
    Draw {
        /// The block's σ, in units of 2^-20.
        sigma: u64,
    },
}

impl NoiseError {
    /// Never reworded once released; scripts match on it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Position { .. } => "noise-position",
            Self::Draw { .. } => "noise-draw",
        }
    }

    /// What the operator can do next.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Position { .. } => "ask with fewer groups".to_owned(),
            Self::Draw { .. } => "clip the measure to a narrower range, or ask with a larger ρ".to_owned(),
        }
    }
}

fn index(position: usize) -> Result<u32, NoiseError> {
    u32::try_from(position).map_err(|_| NoiseError::Position { position })
}

fn draw(block: &Block, seed: &NoiseSeed, manifest: Digest, position: u32, group: u32) -> Result<i128, NoiseError> {
    if block.sigma == 0 {
        return Ok(0);
    }
    let failed = NoiseError::Draw { sigma: block.sigma };
    let sigma = Rational::from_unsigned(block.sigma, SIGMA_UNITS_PER_ONE).map_err(|_| failed)?;
    let gaussian = DiscreteGaussian::new(sigma).map_err(|_| failed)?;
    let binder = [manifest.bytes(), &position.to_le_bytes(), &group.to_le_bytes()];
    let mut stream = XofTurboShake128::seed_stream(&seed.0, &[Label::Noise.bytes()], &binder);
    i128::try_from(gaussian.sample(&mut stream)).map_err(|_| failed)
}

#[cfg(test)]
mod tests;
