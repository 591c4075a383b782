//! Evidence that the noise protects as the price says: what an adversary can tell from releases is measured against what
//! ρ promises, and the sampler against published vectors and its own distribution.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_possible_truncation,
    reason = "tests with figures, edges of bins among them; a wrong fixture should stop them, a variable says how many runs"
)]

mod adversary;
mod audit;
mod bound;
mod release;
mod sampler;
