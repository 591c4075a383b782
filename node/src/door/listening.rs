//! Connections: taken in a bounded number, each for a bounded time.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::routes::{Peer, router};
use super::{DoorError, DoorPlan, Hall, tls};

/// An open door. Dropping it closes it to whoever comes next.
pub struct Door {
    address: SocketAddr,
    secure: bool,
    listening: JoinHandle<()>,
}

impl Door {
    /// Opens the door. The certificate is read, and the address taken, before anybody is heard.
    pub(crate) async fn open(plan: &DoorPlan, hall: Hall) -> Result<Self, DoorError> {
        let acceptor = plan.tls.as_ref().map(|(cert, key)| tls::acceptor(cert, key)).transpose()?;
        let bind = |why: std::io::Error| DoorError::Bind { address: plan.address, why: why.to_string() };
        let listener = TcpListener::bind(plan.address).await.map_err(bind)?;
        let address = listener.local_addr().map_err(bind)?;
        let secure = acceptor.is_some();
        let listening = tokio::spawn(listen(listener, acceptor, router(Arc::new(hall))));
        let door = Self { address, secure, listening };
        tracing::info!(at = %door.url(), "patients are heard");
        Ok(door)
    }

    /// Where it is, as the beginning of a URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}", if self.secure { "https" } else { "http" }, self.address)
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Door({})", self.url())
    }
}

async fn listen(listener: TcpListener, acceptor: Option<TlsAcceptor>, router: Router) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        // Whoever comes while every place is taken waits in the system's own queue.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, peer)) => {
                let (acceptor, router) = (acceptor.clone(), router.clone().layer(Extension(Peer(peer))));
                tokio::spawn(converse(stream, acceptor, router, place));
            }
            Err(why) => {
                tracing::warn!(%why, "a connection at the patients' door failed");
                tokio::time::sleep(AFTER_A_FAILURE).await;
            }
        }
    }
}

/// Serves one connection to its end, which comes in any case: nobody keeps a place by being slow.
async fn converse(stream: TcpStream, acceptor: Option<TlsAcceptor>, router: Router, place: OwnedSemaphorePermit) {
    let conversation = async {
        match acceptor {
            None => serve(stream, router).await,
            Some(acceptor) => match tokio::time::timeout(HEAD_PATIENCE, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => serve(stream, router).await,
                Ok(Err(why)) => tracing::debug!(%why, "no TLS at the patients' door"),
                Err(_) => tracing::debug!("a TLS handshake took too long"),
            },
        }
    };
    if tokio::time::timeout(CONNECTION_LIFE, conversation).await.is_err() {
        tracing::debug!("a connection at the patients' door was open too long");
    }
    drop(place);
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(stream: S, router: Router) {
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_PATIENCE)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
        .await;
    if let Err(why) = served {
        tracing::debug!(%why, "a connection at the patients' door broke off");
    }
}

/// Most connections at a time.
const CONNECTIONS_MAX: usize = 128;
/// How long a connection may be open: longer than any request, its answer and the next few.
const CONNECTION_LIFE: Duration = Duration::from_secs(90);
/// How long a handshake, or a request's headers, may take; also how long a connection may say nothing.
const HEAD_PATIENCE: Duration = Duration::from_secs(10);
/// Most bytes of a request's headers, and of a body that is read ahead.
const HEAD_BYTES_MAX: usize = 16 << 10;
/// How long nobody is let in after a failure, as when the system has no more sockets.
const AFTER_A_FAILURE: Duration = Duration::from_millis(100);
