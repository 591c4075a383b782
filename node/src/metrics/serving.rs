//! Metrics and health over HTTP, on this machine alone.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::{Metrics, MetricsError};
use crate::door;
use crate::heart::Heart;

/// Where metrics and health are heard. Dropping it closes it to whoever comes next.
pub struct MetricsDoor {
    address: SocketAddr,
    listening: JoinHandle<()>,
}

/// Refuses an address that other machines could reach.
///
/// # Errors
/// [`MetricsError::NotLoopback`].
pub fn check_address(address: SocketAddr) -> Result<(), MetricsError> {
    if address.ip().to_canonical().is_loopback() { Ok(()) } else { Err(MetricsError::NotLoopback { address }) }
}

impl MetricsDoor {
    /// Opens it. The address is taken before this returns.
    ///
    /// # Errors
    /// [`MetricsError`].
    pub async fn open(address: SocketAddr, metrics: Arc<Metrics>, heart: Arc<Heart>) -> Result<Self, MetricsError> {
        check_address(address)?;
        let bind = |why: std::io::Error| MetricsError::Bind { address, why: why.to_string() };
        let listener = TcpListener::bind(address).await.map_err(bind)?;
        let address = listener.local_addr().map_err(bind)?;
        let router = Router::new()
            .route("/metrics", get(numbers))
            .route("/healthz", get(health))
            .route("/readyz", get(readiness))
            .with_state(Watchers { metrics, heart });
        let listening = tokio::spawn(listen(listener, router));
        tracing::info!(%address, "metrics are heard");
        Ok(Self { address, listening })
    }

    /// Where it is; names the port that the system chose.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for MetricsDoor {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl std::fmt::Debug for MetricsDoor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MetricsDoor({})", self.address)
    }
}

#[derive(Debug, Clone)]
struct Watchers {
    metrics: Arc<Metrics>,
    heart: Arc<Heart>,
}

async fn listen(listener: TcpListener, router: Router) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let router = router.clone();
                tokio::spawn(async move {
                    let served = tokio::time::timeout(CONNECTION_LIFE, door::serve(stream, router)).await;
                    if served.is_err() {
                        tracing::debug!("a connection to the metrics was open too long");
                    }
                    drop(place);
                });
            }
            Err(why) => {
                tracing::warn!(%why, "a connection to the metrics failed");
                tokio::time::sleep(AFTER_A_FAILURE).await;
            }
        }
    }
}

async fn numbers(State(watchers): State<Watchers>, headers: HeaderMap) -> Response {
    if !names_this_machine(&headers) {
        return (StatusCode::MISDIRECTED_REQUEST, "this is heard under a name of this machine only\n").into_response();
    }
    match watchers.metrics.text() {
        Ok(text) => ([(header::CONTENT_TYPE, OPENMETRICS)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn health(State(watchers): State<Watchers>) -> Response {
    match watchers.heart.stalled() {
        None => (StatusCode::OK, "well\n").into_response(),
        Some(since) => stalled(since),
    }
}

async fn readiness(State(watchers): State<Watchers>) -> Response {
    if let Some(since) = watchers.heart.stalled() {
        return stalled(since);
    }
    if !watchers.heart.is_ready() {
        return (StatusCode::SERVICE_UNAVAILABLE, "starting\n").into_response();
    }
    if !watchers.heart.has_room() {
        return (StatusCode::SERVICE_UNAVAILABLE, "the disk has no room for what would be taken in\n").into_response();
    }
    (StatusCode::OK, "ready\n").into_response()
}

fn stalled(since: Duration) -> Response {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _written = writeln!(text, "the node's loop has not come round for {} s", since.as_secs()).is_ok();
    (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
}

/// Whether the request was made to this machine by name or address. A page in a browser of this machine could otherwise read
/// the numbers under a name of its own that it lets point here.
fn names_this_machine(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST) else { return true };
    let Ok(host) = host.to_str() else { return false };
    if let Ok(address) = host.parse::<SocketAddr>() {
        return address.ip().is_loopback();
    }
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The format's own name for itself.
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// A collector, a probe and a person.
const CONNECTIONS_MAX: usize = 16;
/// How long a connection may be open.
const CONNECTION_LIFE: Duration = Duration::from_secs(90);
/// How long nobody is let in after a failure.
const AFTER_A_FAILURE: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, header};

    use super::{check_address, names_this_machine};

    #[test]
    fn metrics_are_heard_at_no_address_that_others_could_reach() {
        let cases = [
            ("127.0.0.1:9480", true),
            ("127.8.8.8:1", true),
            ("[::1]:9480", true),
            ("[::ffff:127.0.0.1]:9480", true),
            ("0.0.0.0:9480", false),
            ("[::]:9480", false),
            ("192.168.1.4:9480", false),
            ("[fe80::1]:9480", false),
        ];
        for (address, allowed) in cases {
            let checked = check_address(address.parse().unwrap());
            assert_eq!(checked.is_ok(), allowed, "{address}");
            if let Err(why) = checked {
                assert_eq!(why.code(), "metrics-not-loopback");
            }
        }
    }

    #[test]
    fn a_page_that_points_a_name_of_its_own_here_reads_nothing() {
        let cases = [
            ("127.0.0.1:9480", true),
            ("localhost:9480", true),
            ("LOCALHOST", true),
            ("[::1]:9480", true),
            ("evil.example:9480", false),
            ("127.0.0.1.evil.example", false),
            ("localhost.evil.example:9480", false),
        ];
        for (host, heard) in cases {
            let headers = HeaderMap::from_iter([(header::HOST, host.parse().unwrap())]);
            assert_eq!(names_this_machine(&headers), heard, "{host}");
        }
        assert!(names_this_machine(&HeaderMap::new()), "programs of HTTP/1.0 name nobody");
    }
}
