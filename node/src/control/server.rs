//! The answering side: one task per connection, which hands requests to the node's loop.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use sumac_protocol::round::progress::Refused;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot};

use super::{LINE_BYTES_MAX, Request, Response};

/// One request on its way to the node's loop.
#[derive(Debug)]
pub(crate) struct Call {
    /// What is asked.
    pub(crate) request: Request,
    /// Where the answer goes.
    pub(crate) answer: oneshot::Sender<Response>,
}

/// Opens the socket and serves it until the loop that takes the calls is gone.
pub(crate) fn serve(socket: &Path, calls: mpsc::Sender<Call>) -> std::io::Result<()> {
    // A socket file left by a node that was killed would keep the next one from binding. The
    // store's lock, taken before, says that no other node is alive in this folder.
    if let Err(why) = std::fs::remove_file(socket)
        && why.kind() != std::io::ErrorKind::NotFound
    {
        return Err(why);
    }
    let listener = UnixListener::bind(socket)?;
    std::fs::set_permissions(socket, std::fs::Permissions::from_mode(0o600))?;
    let own = rustix::process::geteuid().as_raw();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let known = stream.peer_cred().is_ok_and(|who| who.uid() == own || who.uid() == 0);
            if known {
                tokio::spawn(converse(stream, calls.clone()));
            } else {
                tracing::warn!("another user tried the control socket");
            }
        }
    });
    Ok(())
}

fn unreadable(why: &serde_json::Error) -> Refused {
    Refused {
        code: "unreadable-request".into(),
        says: format!("the request cannot be read: {why}"),
        remedy: "use the same release of Sumac for the node and for the command".into(),
    }
}

async fn converse(stream: UnixStream, calls: mpsc::Sender<Call>) {
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read).take(u64::try_from(LINE_BYTES_MAX).unwrap_or(u64::MAX));
    let mut line = Vec::new();
    while let Ok(1..) = read.read_until(b'\n', &mut line).await {
        let response = match serde_json::from_slice::<Request>(&line) {
            Ok(request) => {
                let (answer, answered) = oneshot::channel();
                if calls.send(Call { request, answer }).await.is_err() {
                    return;
                }
                let Ok(response) = answered.await else { return };
                response
            }
            Err(why) => Response::Refused(unreadable(&why)),
        };
        let mut bytes = serde_json::to_vec(&response).unwrap_or_default();
        bytes.push(b'\n');
        if write.write_all(&bytes).await.is_err() {
            return;
        }
        line.clear();
        read.set_limit(u64::try_from(LINE_BYTES_MAX).unwrap_or(u64::MAX));
    }
}
