//! A key server on loopback that counts its requests and misbehaves as it is told.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::time;
use tokio_rustls::TlsAcceptor;

/// A request that has not come by then will not come.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is answered at a path.
#[derive(Clone)]
pub(crate) enum Reply {
    Document(String),
    Status(StatusCode, String),
    Redirect(String),
    /// These bytes, with these headers.
    Bytes(HeaderMap, Vec<u8>),
    /// The document for those who accept this media type, and 406 for others.
    Negotiated(&'static str, String),
    /// A document without end, as fast as it is read.
    Endless,
    /// A byte now and then, never the last one.
    Drip,
    /// The document, once the test says so.
    Held(Arc<Notify>, String),
}

/// One request as it came.
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
}

/// The server; it ends with the test's runtime.
#[derive(Clone)]
pub(crate) struct KeyServer {
    address: SocketAddr,
    /// What it shows who it is with, if it speaks TLS.
    acceptor: Option<TlsAcceptor>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    replies: Mutex<HashMap<String, Reply>>,
    seen: Mutex<Vec<Seen>>,
    arrived: Notify,
}

impl KeyServer {
    pub(crate) async fn start() -> Self {
        Self::start_with(None).await
    }

    /// The same behind TLS, with a certificate for `localhost` that a private authority signed.
    pub(crate) async fn start_tls() -> Self {
        let certificate = include_bytes!("certificates/server.pem");
        let key = include_bytes!("certificates/server.key.pem");
        let certificate = CertificateDer::from_pem_slice(certificate).unwrap();
        let key = PrivateKeyDer::from_pem_slice(key).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider);
        let config = config.with_safe_default_protocol_versions().unwrap();
        let config = config.with_no_client_auth();
        let config = config.with_single_cert(vec![certificate], key).unwrap();
        Self::start_with(Some(TlsAcceptor::from(Arc::new(config)))).await
    }

    async fn start_with(acceptor: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            acceptor,
            shared: Arc::default(),
        };
        tokio::spawn(server.clone().serve(listener));
        server
    }

    pub(crate) fn url(&self, path: &str) -> String {
        match self.acceptor {
            None => format!("http://{}{path}", self.address),
            Some(_) => format!("https://localhost:{}{path}", self.address.port()),
        }
    }

    pub(crate) fn reply(&self, path: &str, reply: Reply) {
        let mut replies = self.shared.replies.lock().unwrap();
        replies.insert(path.to_owned(), reply);
    }

    /// How often a path was asked for.
    pub(crate) fn count(&self, path: &str) -> usize {
        let seen = self.shared.seen.lock().unwrap();
        seen.iter().filter(|seen| seen.path == path).count()
    }

    pub(crate) fn last(&self) -> Seen {
        self.shared.seen.lock().unwrap().pop().unwrap()
    }

    /// Waits for the next request that has not been awaited yet.
    pub(crate) async fn arrival(&self) {
        let arrived = time::timeout(PATIENCE, self.shared.arrived.notified());
        arrived.await.unwrap();
    }

    async fn serve(self, listener: TcpListener) {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (server, acceptor) = (self.clone(), self.acceptor.clone());
            tokio::spawn(async move {
                let service = service_fn(move |request| {
                    let server = server.clone();
                    async move { Ok::<_, Infallible>(server.answer(&request).await) }
                });
                let builder = http1::Builder::new();
                match &acceptor {
                    None => {
                        let connection = builder.serve_connection(TokioIo::new(stream), service);
                        let _client_gone = connection.await;
                    }
                    Some(acceptor) => {
                        let Ok(stream) = acceptor.accept(stream).await else {
                            return;
                        };
                        let connection = builder.serve_connection(TokioIo::new(stream), service);
                        let _client_gone = connection.await;
                    }
                }
            });
        }
    }

    async fn answer(&self, request: &Request<Incoming>) -> Response<BoxBody<Bytes, Infallible>> {
        let path = request.uri().path().to_owned();
        let reply = self.shared.replies.lock().unwrap().get(&path).cloned();
        let seen = Seen {
            path: request.uri().to_string(),
            headers: request.headers().clone(),
        };
        self.shared.seen.lock().unwrap().push(seen);
        self.shared.arrived.notify_one();
        match reply {
            None => whole(StatusCode::NOT_FOUND, String::new()),
            Some(Reply::Document(text)) => whole(StatusCode::OK, text),
            Some(Reply::Status(status, text)) => whole(status, text),
            Some(Reply::Redirect(to)) => {
                let mut response = whole(StatusCode::FOUND, String::new());
                response
                    .headers_mut()
                    .insert(header::LOCATION, to.parse().unwrap());
                response
            }
            Some(Reply::Bytes(headers, body)) => {
                let mut response = Response::new(Full::from(body).boxed());
                *response.headers_mut() = headers;
                response
            }
            Some(Reply::Negotiated(media_type, text)) => {
                let accepted = request.headers()[header::ACCEPT].to_str().unwrap();
                if accepted.split(", ").any(|accepted| accepted == media_type) {
                    whole(StatusCode::OK, text)
                } else {
                    whole(StatusCode::NOT_ACCEPTABLE, String::new())
                }
            }
            Some(Reply::Endless) => piecewise(Duration::ZERO, " ".repeat(16 * 1024)),
            Some(Reply::Drip) => piecewise(Duration::from_millis(20), " ".to_owned()),
            Some(Reply::Held(released, text)) => {
                released.notified().await;
                whole(StatusCode::OK, text)
            }
        }
    }
}

fn whole(status: StatusCode, text: String) -> Response<BoxBody<Bytes, Infallible>> {
    let mut response = Response::new(Full::from(text).boxed());
    *response.status_mut() = status;
    response
}

fn piecewise(pause: Duration, piece: String) -> Response<BoxBody<Bytes, Infallible>> {
    let pieces = stream::repeat(Bytes::from(piece)).then(move |piece| async move {
        time::sleep(pause).await;
        Ok(Frame::data(piece))
    });
    Response::new(BodyExt::boxed(StreamBody::new(pieces)))
}
