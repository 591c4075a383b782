//! What other programs see: golden and wrong files under `vectors` for every kind of document, every
//! message and a plan, and every rule of charters, chains, studies, statements, enrolments and queries
//! broken one by one.
//!
//! **To change the files on purpose:** change what these tests build and run
//! `cargo test --release -p sumac-protocol --test documents`. The test fails, leaves every file as it
//! should be in the target folder, and prints the one command that copies them here. A released file
//! is never changed again: a new form is a new kind of document, in files of its own.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests: a wrong fixture should stop them where it is"
)]

mod analysis_plans;
mod batch;
mod cast;
mod chain;
mod charter;
mod consent;
mod dsse;
mod enrolment;
mod evidence;
mod files;
mod golden;
mod golden_round;
mod hostile_bytes;
mod ledger;
mod matching;
mod messages;
mod next_charter;
mod plans;
mod query;
mod refused;
mod refused_consent;
mod refused_round;
mod shrinking;
mod standing;
mod study;
mod table;
mod trial;
