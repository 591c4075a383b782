//! The projection against the record-at-a-time path, and against damage.

mod damage;
mod equality;
mod strategies;
