//! The clinic's desk: what staff do with `sumac consent`, and what becomes of what they should not do.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic, and says where")]

#[path = "desk/lost_key.rs"]
mod lost_key;
#[path = "desk/paper.rs"]
mod paper;
#[path = "desk/rig.rs"]
mod rig;
#[path = "desk/shown.rs"]
mod shown;
