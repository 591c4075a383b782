//! The sealed columnar projection: what questions read instead of records.

mod build;
mod calendar;
mod chunk;
mod column;
mod compile;
mod encode;
mod error;
mod generation;
mod layout;
mod manifest;
mod program;
mod rows;
mod sample;
mod scan;
pub mod synthetic;
mod tally;

pub use error::ColumnsError;
pub use rows::RowBits;
pub use sample::{OpenedColumns, Sample, SampleAnswer, SampleBuilder};

#[cfg(test)]
mod tests;
