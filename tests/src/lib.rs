//! Sumac.
