//! Sumac's node: the sealed store, the network, and the effects of the protocol's roles.

pub mod approval;
pub mod asker;
pub mod attack;
pub mod clinic;
pub mod clock;
pub mod columns;
pub mod control;
pub mod door;
pub mod export;
pub mod heart;
pub mod home;
pub mod import;
pub mod metrics;
pub mod network;
pub mod rehearsal;
pub mod running;
pub mod store;
pub mod synthetic;
pub mod versions;
