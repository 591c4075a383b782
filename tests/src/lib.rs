//! What more than one suite needs: a federation of processes.

pub mod processes;
