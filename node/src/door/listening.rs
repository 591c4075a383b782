//! Connections: taken in a bounded number, each for a bounded time.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};
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

use super::crowd::Crowd;
use super::routes::{Peer, router};
use super::{DoorError, DoorPlan, Hall, tls};

/// An open door. Dropping it closes it to whoever comes next.
pub struct Door {
    address: SocketAddr,
    plan: DoorPlan,
    hall: Arc<Hall>,
    /// What ends TLS, for whoever comes next; none where it is spoken in the clear.
    acceptor: Acceptor,
    listening: JoinHandle<()>,
}

type Acceptor = Arc<RwLock<Option<TlsAcceptor>>>;

impl Door {
    /// Opens the door. The certificate is read, and the address taken, before anybody is heard.
    pub(crate) async fn open(plan: &DoorPlan, hall: Hall) -> Result<Self, DoorError> {
        let acceptor = plan.tls.as_ref().map(|(cert, key)| tls::acceptor(cert, key)).transpose()?;
        let bind = |why: std::io::Error| DoorError::Bind { address: plan.address, why: why.to_string() };
        let listener = TcpListener::bind(plan.address).await.map_err(bind)?;
        let address = listener.local_addr().map_err(bind)?;
        // Behind the clinic's own proxy all come from one address, and the proxy counts them.
        let crowd = Arc::new(Crowd::of_at_most(if plan.behind_proxy { CONNECTIONS_MAX } else { CONNECTIONS_EACH }));
        let (hall, acceptor) = (Arc::new(hall), Arc::new(RwLock::new(acceptor)));
        let listening = tokio::spawn(listen(listener, Arc::clone(&acceptor), router(Arc::clone(&hall)), crowd));
        let door = Self { address, plan: plan.clone(), hall, acceptor, listening };
        tracing::info!(at = %door.url(), "patients are heard");
        Ok(door)
    }

    /// Reads the certificate again, and hears so much a minute from now on. Who is inside stays.
    ///
    /// # Errors
    /// [`DoorError`]: nothing was changed.
    pub(crate) fn reload(&self, per_minute: u32) -> Result<(), DoorError> {
        if per_minute == 0 {
            return Err(DoorError::NobodyHeard);
        }
        let fresh = self.plan.tls.as_ref().map(|(cert, key)| tls::acceptor(cert, key)).transpose()?;
        *self.acceptor.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        self.hall.pace.set(per_minute);
        Ok(())
    }

    /// Where it is, as the beginning of a URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}", if self.plan.tls.is_some() { "https" } else { "http" }, self.address)
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

async fn listen(listener: TcpListener, acceptor: Acceptor, router: Router, crowd: Arc<Crowd>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        // Whoever comes while every place is taken waits in the system's own queue.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Whoever holds as many as one address may is turned away at once, and keeps nobody else waiting.
                let Some(here) = crowd.enter(peer.ip()) else { continue };
                let acceptor = acceptor.read().unwrap_or_else(PoisonError::into_inner).clone();
                let (acceptor, router) = (acceptor, router.clone().layer(Extension(Peer(peer))));
                tokio::spawn(async move {
                    converse(stream, acceptor, router, place).await;
                    drop(here);
                });
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

pub(crate) async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(stream: S, router: Router) {
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
/// Most of them from one address: a ward behind one router has a few at a time, as each is open for a few requests.
const CONNECTIONS_EACH: usize = 16;
/// How long a connection may be open: longer than any request, its answer and the next few.
const CONNECTION_LIFE: Duration = Duration::from_secs(90);
/// How long a handshake, or a request's headers, may take; also how long a connection may say nothing.
const HEAD_PATIENCE: Duration = Duration::from_secs(10);
/// Most bytes of a request's headers, and of a body that is read ahead.
const HEAD_BYTES_MAX: usize = 16 << 10;
/// How long nobody is let in after a failure, as when the system has no more sockets.
const AFTER_A_FAILURE: Duration = Duration::from_millis(100);
