//! What more than one suite needs: a federation in one process, and the real trial it holds.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a fixture that cannot be set up must stop the test that asked for it"
)]

pub mod federation;
pub mod trial;
