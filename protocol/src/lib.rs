//! Sumac's protocol: signed documents, questions, rounds, consent and privacy accounting.
//!
//! This crate is pure: it has no clock, no sockets, no files, no async, no logging and no
//! randomness of its own. Time and random generators are arguments.

#![warn(missing_docs, clippy::exhaustive_enums)]

#[macro_use]
pub mod planted;

pub mod analysis_plan;
pub mod answer;
pub mod charter_chain;
pub mod charter_changes;
pub mod cohort;
pub mod cost;
pub mod counted;
pub mod dictionary;
pub mod digest;
pub mod document;
pub mod envelope;
pub mod evidence;
pub mod explain;
pub mod lay_text;
pub mod ledger;
pub mod limits;
pub mod moment;
pub mod next_charter;
pub mod octets;
pub mod papers;
pub mod plan;
pub mod principal;
pub mod privacy;
pub mod question;
pub mod record;
pub mod recovery;
pub mod release_file;
pub mod round;
pub mod sealed;
pub mod share;
pub mod strict_json;
