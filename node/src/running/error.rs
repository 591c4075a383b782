//! Why a node does not start, or stops.

use std::path::PathBuf;

use sumac_protocol::principal::Principal;

use crate::clinic::ClinicError;
use crate::door::DoorError;
use crate::home::HomeError;
use crate::metrics::MetricsError;
use crate::network::NetworkError;
use crate::store::StoreError;

/// Why a node does not start, or stops. Complete.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Its folder.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// Its store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Its records or books.
    #[error(transparent)]
    Clinic(#[from] ClinicError),
    /// Its network.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// Its patients' door.
    #[error(transparent)]
    Door(#[from] DoorError),
    /// Its metrics.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// Its control socket.
    #[error("the control socket {} cannot be opened: {why}", socket.display())]
    Control {
        /// The socket.
        socket: PathBuf,
        /// What the system says.
        why: String,
    },
    /// The frame log.
    #[error("the frame log {} cannot be opened: {why}", file.display())]
    FrameLog {
        /// The file.
        file: PathBuf,
        /// What the system says.
        why: String,
    },
    /// A key that no network identity can be made of.
    #[error("{key} is no usable network key")]
    BadKey {
        /// The key.
        key: Principal,
    },
    /// A stored form that cannot be read.
    #[error("a stored form of the {role} role cannot be read: {why}")]
    Form {
        /// The role.
        role: &'static str,
        /// What the reader stumbled over.
        why: String,
    },
}

impl RunError {
    /// A code that is never reworded.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Home(why) => why.code(),
            Self::Store(why) => why.code(),
            Self::Clinic(why) => why.code(),
            Self::Network(why) => why.code(),
            Self::Door(why) => why.code(),
            Self::Metrics(why) => why.code(),
            Self::Control { .. } => "control-socket",
            Self::FrameLog { .. } => "frame-log",
            Self::BadKey { .. } => "bad-key",
            Self::Form { .. } => "stored-form",
        }
    }

    /// What the operator can do.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Home(why) => why.remedy(),
            Self::Store(why) => why.remedy(),
            Self::Clinic(why) => why.remedy(),
            Self::Network(why) => why.remedy(),
            Self::Door(why) => why.remedy(),
            Self::Metrics(why) => why.remedy(),
            Self::Control { .. } => "check that this user may write the folder, and that its path is short (a socket's has at most 107 bytes)".into(),
            Self::FrameLog { .. } => "correct `frame_log` in node.toml, or take it out".into(),
            Self::BadKey { .. } => "ask the stewards for a charter without this key".into(),
            Self::Form { .. } => "report this; meanwhile set up a new node and import again".into(),
        }
    }
}
