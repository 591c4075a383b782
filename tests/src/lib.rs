//! What more than one suite needs: a federation of processes, and a search for secrets.

pub mod processes;
pub mod scan;
