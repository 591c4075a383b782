//! Sumac.
fn main() {}
