//! The consents of many patients are read apart from the loop: after a start, and after another charter came into force.

use std::sync::Arc;
use std::time::Instant;

use tokio::task::JoinHandle;

use super::Node;

impl Node {
    /// Begins to read them, where there are many. Calls for contributions are not followed meanwhile; coordinators repeat them.
    pub(super) fn read_consents(&mut self) {
        match self.clinic.has_much_to_read() {
            Ok(true) => {}
            Ok(false) => return,
            Err(why) => return tracing::error!(%why, "what patients said cannot be counted"),
        }
        let (clinic, began) = (Arc::clone(&self.clinic), Instant::now());
        tracing::info!("reading what patients said; until then this clinic takes part in nothing");
        self.reading = Some(tokio::task::spawn_blocking(move || match clinic.read_consents() {
            Ok(()) => tracing::info!(seconds = began.elapsed().as_secs(), "read what patients said"),
            Err(why) => tracing::error!(%why, "what patients said cannot be read"),
        }));
    }

    /// Ends the reading early, and lets go of the store. What comes back is done once it did.
    pub(super) fn leave_consents(&mut self) -> Option<JoinHandle<()>> {
        self.clinic.stop_reading();
        self.reading.take()
    }
}
