//! Everything that a clinic holds about a patient, written out: for the patient, or for the clinic.
//!
//! Nothing here leaves the clinic by itself. What is written is in the clear and as confidential as
//! the clinic's own files.

pub use held::{Held, HeldPage, HeldStatement, Use};
pub use table::CsvFolder;

mod decimal;
pub mod fhir;
mod held;
mod table;
