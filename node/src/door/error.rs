//! Why the patients' door does not open: the operator's move.

use std::net::SocketAddr;
use std::path::PathBuf;

/// Why the patients' door does not open. Complete.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// Patients would speak in the clear over a network.
    #[error("patients would speak with {address} in the clear, over a network")]
    InTheClear {
        /// Where.
        address: SocketAddr,
    },
    /// A certificate without its key, or the other way about.
    #[error("a certificate and its key belong together, and only one of the two is named")]
    HalfACertificate,
    /// A pace of nothing.
    #[error("the patients' door would hear 0 requests a minute")]
    NobodyHeard,
    /// A file of the certificate.
    #[error("{}: {why}", file.display())]
    Certificate {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The address cannot be had.
    #[error("the patients' door cannot open at {address}: {why}")]
    Bind {
        /// Where.
        address: SocketAddr,
        /// What the system says.
        why: String,
    },
    /// The system has no randomness.
    #[error("the operating system gives no random bytes")]
    NoRandomness,
}

impl DoorError {
    /// A code that is never reworded.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::InTheClear { .. } => "door-in-the-clear",
            Self::HalfACertificate => "door-half-a-certificate",
            Self::NobodyHeard => "door-nobody-heard",
            Self::Certificate { .. } => "door-certificate",
            Self::Bind { .. } => "door-bind",
            Self::NoRandomness => "no-randomness",
        }
    }

    /// What the operator can do.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::InTheClear { .. } => {
                "give --patients-cert and --patients-key; or, where a proxy of the clinic's own \
                                        ends TLS before the node, say --patients-behind-proxy"
                    .into()
            }
            Self::HalfACertificate => "give both --patients-cert and --patients-key, or neither".into(),
            Self::NobodyHeard => "set patients_per_minute to 1 at least, or leave it out".into(),
            Self::Certificate { .. } => {
                "give PEM files: the certificate with those above it, and its unencrypted key".into()
            }
            Self::Bind { .. } => "choose an address of this machine whose port is free".into(),
            Self::NoRandomness => "check the system: /dev/urandom or getrandom(2) must work".into(),
        }
    }
}
