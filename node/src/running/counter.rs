//! The number of this node's newest signed message, kept before anything that carries it leaves: so none is used twice,
//! wherever the node dies.

use sumac_protocol::round::message::{decode_stored, encode};

use super::RunError;
use crate::store::{Entry, Store};

/// The number that is kept; 0 if there never was one.
pub(crate) fn kept(store: &Store) -> Result<u64, RunError> {
    let Some(body) = store.role_state(COUNTER, &THE_ONE)? else { return Ok(0) };
    decode_stored(&body).map_err(|why| RunError::Form { role: "counter", why: why.to_string() })
}

/// What is to be kept, best in the batch of the form that goes with the message.
pub(crate) fn entry(counter: u64) -> Entry {
    Entry::Role { role: COUNTER, id: THE_ONE, body: Some(encode(&counter)) }
}

/// The store's number for it: past those of the protocol's roles.
const COUNTER: u8 = 204;
/// There is only one.
const THE_ONE: [u8; 32] = [0; 32];
