//! The asking side.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use super::{Request, Response};

/// Asks a running node and waits for its answer.
///
/// # Errors
/// [`ControlError::NotRunning`] if nobody listens; [`ControlError::Refused`] with the node's own
/// words if it refuses.
pub fn ask(socket: &Path, request: &Request) -> Result<Response, ControlError> {
    let broken = |why: &dyn std::fmt::Display| ControlError::Broken { why: why.to_string() };
    let mut stream = UnixStream::connect(socket).map_err(|why| {
        let socket = socket.to_owned();
        if why.kind() == std::io::ErrorKind::PermissionDenied {
            return ControlError::Denied { socket };
        }
        ControlError::NotRunning { socket, why: why.to_string() }
    })?;
    let mut line = serde_json::to_vec(request).map_err(|why| broken(&why))?;
    line.push(b'\n');
    stream.write_all(&line).map_err(|why| broken(&why))?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).map_err(|why| broken(&why))?;
    let response: Response = serde_json::from_str(&answer).map_err(|why| broken(&why))?;
    if let Response::Refused(refused) = response {
        return Err(ControlError::Refused { code: refused.code, says: refused.says, remedy: refused.remedy });
    }
    Ok(response)
}

/// Why a node could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// Nobody listens.
    #[error("no node is running: nobody listens at {} ({why})", socket.display())]
    NotRunning {
        /// The socket.
        socket: PathBuf,
        /// What the system says.
        why: String,
    },
    /// The system does not let this user speak to the node. Whether it runs is not known.
    #[error("you may not speak to the node at {}: only its own user and root may", socket.display())]
    Denied {
        /// The socket.
        socket: PathBuf,
    },
    /// The node refuses.
    #[error("{says}")]
    Refused {
        /// The code.
        code: String,
        /// What is the matter.
        says: String,
        /// What to do.
        remedy: String,
    },
    /// The conversation broke off.
    #[error("the node did not answer: {why}")]
    Broken {
        /// Why.
        why: String,
    },
}

impl ControlError {
    /// A code that is never reworded.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::NotRunning { .. } => "node-not-running",
            Self::Denied { .. } => "node-denied",
            Self::Refused { code, .. } => code,
            Self::Broken { .. } => "node-broke-off",
        }
    }

    /// What to do.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::NotRunning { socket, .. } => {
                let dir = socket.parent().unwrap_or(Path::new("."));
                format!("start it with `sumac node run --dir {}`", dir.display())
            }
            Self::Denied { .. } => "ask again as the user that runs the node, as in `sudo -u USER sumac …`".into(),
            Self::Refused { remedy, .. } => remedy.clone(),
            Self::Broken { .. } => "look at the node's log, and ask again".into(),
        }
    }
}
