//! A clinic's consent ledger as patients, committee members and outsiders hold the clinic to it.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a suite of tests")]

mod ledger {
    mod harbour;
    mod honest;
    mod lying;
    mod members;
}
