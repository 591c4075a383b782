//! Privacy accounting: what a cost ρ means as (ε, δ), how it is split over a plan's blocks, and the
//! noise it buys.
//!
//! The mechanism is the discrete Gaussian on integer cells under zero-concentrated differential
//! privacy (Canonne, Kamath & Steinke 2020, arXiv 2004.00010). Block b with sensitivity Δ_b pays
//! ρ_b and gets noise of variance Δ_b²/(2ρ_b) *from every aggregator*, so that one honest one is
//! enough. Prices and noise are integers from end to end; only ε, which is for people, is a float.

pub use epsilon::{epsilon, largest_rho};
pub use noise::{Noise, NoiseError, NoiseSeed, member_noise, noise_vector};
pub use price::{PriceError, SIGMA_UNITS_PER_ONE, price};

mod epsilon;
mod noise;
mod price;

#[cfg(test)]
pub(crate) mod trial;
