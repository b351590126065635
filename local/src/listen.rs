//! One router on one free loopback port, served until dropped.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::Router;
use axum::response::{IntoResponse, Response};
use http::Request;
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// Connections held at once; more wait in the system's queue. A laptop's load test stays far below.
const MAX_CONNECTIONS: usize = 4096;
/// A client that has not sent its request head by then is gone.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// Accepting fails while the process is out of file descriptors; there is no event to wait for.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A bound port whose router is not there yet, because the router must know its own address.
pub(crate) struct Bound {
    listener: TcpListener,
    address: SocketAddr,
}

impl Bound {
    /// A free port of 127.0.0.1.
    pub(crate) async fn loopback() -> io::Result<Self> {
        Self::loopback_port(0).await
    }

    /// This port of 127.0.0.1; a free one for 0.
    pub(crate) async fn loopback_port(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// `127.0.0.1:PORT`
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT`, without a final slash.
    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers from now on.
    pub(crate) fn serve(self, router: Router) -> Served {
        Served(tokio::spawn(accept(self.listener, router)))
    }
}

/// A served port: dropping it closes the port and every connection.
pub(crate) struct Served(JoinHandle<()>);

impl Drop for Served {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// No answer at all: the connection is closed without a byte.
pub(crate) fn hang_up() -> Response {
    let mut response = ().into_response();
    response.extensions_mut().insert(HangUp);
    response
}

#[derive(Clone, Copy)]
struct HangUp;

#[derive(Debug, thiserror::Error)]
#[error("connection closed on purpose")]
struct ClosedError;

async fn accept(listener: TcpListener, router: Router) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < MAX_CONNECTIONS => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(converse(stream, router.clone()));
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
}

async fn converse(stream: TcpStream, router: Router) {
    // Pieces of a stream must not wait for each other. If it cannot be set they are late, not lost.
    let _ = stream.set_nodelay(true);
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |request: Request<Incoming>| {
        let answer = router.call(request);
        async move {
            let response = answer
                .await
                .unwrap_or_else(|never: Infallible| match never {});
            if response.extensions().get::<HangUp>().is_some() {
                return Err(ClosedError);
            }
            Ok(response)
        }
    });
    // What ends a connection (the peer left, a cut on purpose) is seen by the body that was cut,
    // not here.
    let _ = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades()
        .await;
}
