//! What more than one suite needs: a federation in one process, a federation of processes, the real
//! trial both hold, and a search for secrets.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a fixture that cannot be set up must stop the test that asked for it"
)]

pub mod federation;
pub mod processes;
pub mod scan;
pub mod trial;
