//! What more than one suite of processes needs: a federation of them, and a search for secrets.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a fixture that cannot be set up must stop the test that asked for it"
)]

pub mod processes;
pub mod scan;
#[cfg(target_os = "linux")]
pub mod switch;
