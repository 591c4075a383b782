//! Documents as other programs see them: golden and wrong files under `vectors/documents`, and every
//! rule of charters, chains, studies, statements, enrolments and queries broken one by one.
//!
//! **To change the files on purpose:** change what `golden.rs` or `refused.rs` builds and run
//! `cargo test --release -p sumac-protocol --test documents`. The test fails, leaves every file as it
//! should be in the target folder, and prints the one command that copies them here. A released file
//! is never changed again: a new form is a new kind of document, in files of its own.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests: a wrong fixture should stop them where it is"
)]

mod cast;
mod chain;
mod charter;
mod consent;
mod dsse;
mod enrolment;
mod files;
mod golden;
mod matching;
mod query;
mod refused;
mod standing;
mod study;
