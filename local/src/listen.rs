//! One router on one free loopback port, served until dropped.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
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
    second: Option<TcpListener>,
    address: SocketAddr,
}

impl Bound {
    /// A free port of 127.0.0.1.
    pub(crate) async fn loopback() -> io::Result<Self> {
        Self::loopback_port(0).await
    }

    /// This port of 127.0.0.1; a free one for 0.
    pub(crate) async fn loopback_port(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
        let listener = listener.map_err(|error| about(port, &error))?;
        let address = listener.local_addr()?;
        Ok(Self {
            listener,
            second: None,
            address,
        })
    }

    /// This port of 127.0.0.1, and of the other address of `localhost` if the machine has it: browsers ask that first, and
    /// another program there would answer in its place. A free port for 0.
    pub(crate) async fn localhost_port(port: u16) -> io::Result<Self> {
        loop {
            let mut bound = Self::loopback_port(port).await?;
            let address = (Ipv6Addr::LOCALHOST, bound.address.port());
            match TcpListener::bind(address).await {
                Ok(second) => bound.second = Some(second),
                // A port that is free at one address need not be free at the other: then another free one is tried.
                Err(error) if error.kind() == io::ErrorKind::AddrInUse && port == 0 => continue,
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                    return Err(about(port, &error));
                }
                Err(_) => {}
            }
            return Ok(bound);
        }
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
        let second = self.second.map(|listener| accept(listener, router.clone()));
        let second = second.map(|accept| tokio::spawn(accept));
        let first = tokio::spawn(accept(self.listener, router));
        Served([Some(first), second])
    }
}

/// The same error with the port in it, and with what to do.
fn about(port: u16, error: &io::Error) -> io::Error {
    let text = if error.kind() == io::ErrorKind::AddrInUse {
        format!(
            "another program listens on port {port} of 127.0.0.1; end it, or choose another port"
        )
    } else {
        format!("bind port {port} of 127.0.0.1: {error}")
    };
    io::Error::new(error.kind(), text)
}

/// A served port: dropping it closes the port and every connection.
pub(crate) struct Served([Option<JoinHandle<()>>; 2]);

impl Drop for Served {
    fn drop(&mut self) {
        self.0.iter().flatten().for_each(JoinHandle::abort);
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
