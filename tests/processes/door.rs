//! A patient's own program at a clinic's door, over HTTP: the whole story of one patient, what strangers learn, and
//! what becomes of a clinic that shows two ledgers.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic, and says where")]

#[path = "door/caught.rs"]
mod caught;
#[path = "door/ledgers.rs"]
mod ledgers;
#[path = "door/liar.rs"]
mod liar;
#[path = "door/lies.rs"]
mod lies;
#[path = "door/rig.rs"]
mod rig;
#[path = "door/story.rs"]
mod story;
#[path = "door/strangers.rs"]
mod strangers;
