//! How answers are shown: as a table, as files for programs, as a page, and drawn.
//!
//! *Invariant:* where something is to be written is checked before anything is asked or charged, and nothing that is
//! there is ever overwritten.

mod about;
mod block;
mod destination;
mod measured;
mod number;
mod page;
mod plot;
mod spot;
mod table;
mod tidy;
mod words;

use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::release_file::ReleaseFile;

use super::line;
use crate::failure::Failure;
use about::About;

pub(crate) use destination::Destination;

/// An answer as tables on standard output, with what to know of it.
pub(crate) fn answer(release: &ReleaseFile, chain: &CharterChain) -> Result<(), Failure> {
    let about = About::of(release, chain)?;
    table::lines(&release.answer, &about).iter().for_each(|row| line(row));
    Ok(())
}

#[cfg(test)]
mod tests;
