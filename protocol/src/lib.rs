//! Sumac's protocol: signed documents, questions, rounds, consent and privacy accounting.
//!
//! This crate is pure: it has no clock, no sockets, no files, no async, no logging and no
//! randomness of its own. Time and random generators are arguments.
