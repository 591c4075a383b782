//! Whether the intervals of noised answers keep their word, and whether `explain` says beforehand how wide they will be.
//!
//! Every run draws a fresh cohort from a population whose figures are known, adds its cells up, adds the noise of all members,
//! holds back what a committee would hold back, and reads the intervals off the answer. `SUMAC_COVERAGE_RUNS` says how many
//! runs; of 1,000 the table that is printed stands in `docs/privacy-and-accuracy.md`.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "tests with figures; a wrong fixture should stop them, and a variable says how many runs"
)]

mod kinds;
mod population;
mod said;
mod table;
mod trial;
