//! Everything that a clinic holds about a patient, written out: for the patient, or for the clinic.
//!
//! An export is complete by construction: [`Held`] is everything that the store has under one row, and
//! of other patients it says nothing, also where a query selected several at once.
//!
//! Nothing here leaves the clinic by itself. What is written is in the clear and as confidential as
//! the clinic's own files.

pub use held::{Held, HeldPage, HeldStatement, Use};
pub use table::CsvFolder;
pub(crate) use table::{Columns, Drawn};

mod decimal;
pub mod fhir;
mod held;
pub mod iso27560;
mod table;
