//! Randomness that remembers what it gave, so that a test may know a seed that no node tells.

use std::convert::Infallible;

use rand::rngs::StdRng;
use rand::{Rng as _, TryCryptoRng, TryRng};

/// A seeded generator. Each 32 bytes that it gave at once, as secrets are drawn, are remembered.
#[derive(Debug)]
pub struct Watched {
    rng: StdRng,
    /// The 32-byte secrets that were drawn, in order, if anybody watches.
    pub drawn: Option<Vec<[u8; 32]>>,
}

impl Watched {
    /// Nobody watches yet.
    #[must_use]
    pub const fn new(rng: StdRng) -> Self {
        Self { rng, drawn: None }
    }
}

impl TryRng for Watched {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.rng.next_u32())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.rng.next_u64())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.rng.fill_bytes(bytes);
        if let (Some(drawn), Ok(secret)) = (&mut self.drawn, <[u8; 32]>::try_from(&*bytes)) {
            drawn.push(secret);
        }
        Ok(())
    }
}

impl TryCryptoRng for Watched {}
