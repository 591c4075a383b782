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
mod projection;
mod renew;
mod rows;
mod sample;
mod scan;
mod tally;

pub use error::ColumnsError;
pub(crate) use generation::Generation;
pub(crate) use projection::Projection;
pub use rows::RowBits;
pub use sample::{OpenedColumns, Sample, SampleAnswer, SampleError};

#[cfg(test)]
mod tests;
