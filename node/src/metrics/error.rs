//! Why nobody can watch: the operator's move.

use std::net::SocketAddr;

/// Why the metrics are not heard. Complete.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(clippy::exhaustive_enums, reason = "complete: what can be wrong with an address")]
pub enum MetricsError {
    /// An address that others could reach.
    #[error("metrics at {address} could be read by other machines")]
    NotLoopback {
        /// The address.
        address: SocketAddr,
    },
    /// The address cannot be had.
    #[error("metrics cannot be heard at {address}: {why}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        why: String,
    },
}

impl MetricsError {
    /// A code that is never reworded.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotLoopback { .. } => "metrics-not-loopback",
            Self::Bind { .. } => "metrics-bind",
        }
    }

    /// What the operator can do.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::NotLoopback { address } => {
                format!(
                    "set metrics = \"127.0.0.1:{}\" in node.toml, and let a collector on this machine read it",
                    address.port()
                )
            }
            Self::Bind { .. } => "choose a port of this machine that is free".into(),
        }
    }
}
