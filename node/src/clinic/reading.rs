//! Reading what many patients said before the first question asks for it.
//!
//! Every consent is verified once after a start: a tenth of a millisecond each. Of many patients that is too long for a loop
//! that others wait for, so it is done apart from it; until it is done, the clinic takes part in nothing.

use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};

use sumac_protocol::dictionary::Dictionary;
use sumac_protocol::digest::Digest;

use super::consents::LOOK_ROWS;
use super::{Clinic, ClinicError};

/// How far the reading is.
#[derive(Debug)]
pub(super) struct Reading {
    done: AtomicBool,
    stopped: AtomicBool,
}

impl Default for Reading {
    /// Nothing to read apart: a question reads for itself.
    fn default() -> Self {
        Self { done: AtomicBool::new(true), stopped: AtomicBool::new(false) }
    }
}

impl Clinic {
    /// Whether so many patients said something that they are to be read apart, with [`Clinic::read_consents`]. From then on
    /// until they were, [`Clinic::knows_consents`] is false.
    ///
    /// # Errors
    /// [`ClinicError`] if the store cannot be read.
    pub(crate) fn has_much_to_read(&self) -> Result<bool, ClinicError> {
        let much = self.store().look().consents_since(0)?.len() > LOOK_ROWS;
        self.reading.done.store(!much, Ordering::Release);
        Ok(much)
    }

    /// Reads what patients said, until all is read or [`Clinic::stop_reading`] is called.
    ///
    /// # Errors
    /// [`ClinicError`] if the store cannot be read; a question would find the same.
    pub(crate) fn read_consents(&self) -> Result<(), ClinicError> {
        let read = self.consents.lock().unwrap_or_else(PoisonError::into_inner).approach(self);
        if !self.is_left() {
            self.lay_columns_out();
        }
        self.reading.done.store(true, Ordering::Release);
        read
    }

    /// As a first question would. What is wrong with them is said when one is asked.
    fn lay_columns_out(&self) {
        let text = &self.chain.current().dictionary;
        if let Ok(dictionary) = Dictionary::parse(text)
            && let Err(why) = self.columns.generation(&dictionary, Digest::of_bytes(text.as_bytes()))
        {
            tracing::debug!(%why, "columns");
        }
    }

    /// Whether a question would not have to wait for consents.
    pub(crate) fn knows_consents(&self) -> bool {
        self.reading.done.load(Ordering::Acquire)
    }

    /// Ends a reading early: the clinic is not asked any more.
    pub(crate) fn stop_reading(&self) {
        self.reading.stopped.store(true, Ordering::Release);
    }

    /// Whether nobody waits for what is read.
    pub(super) fn is_left(&self) -> bool {
        self.reading.stopped.load(Ordering::Acquire)
    }
}
