//! Bounded HTTP fetch of one JSON document: no redirect, no retry, and nothing in the request about the caller.

use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use crate::settings::Address;

/// As long as a fetch may take in all.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// The longest document that is read: the gate's own bound on key documents.
const MAX_BYTES: usize = 64 * 1024;

/// A client of HTTPS, and of plain HTTP for servers on loopback.
pub type HttpsClient = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// Why a request could not be sent, or got no answer.
pub type ClientError = hyper_util::client::legacy::Error;

/// Gets documents. The client is made at the first use, so that keys from the settings cost no TLS set-up.
#[derive(Default)]
pub struct Fetcher(OnceLock<Option<HttpsClient>>);

/// Why a document could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error("the TLS client cannot be set up")]
    Client,
    #[error("the server cannot be reached")]
    Connection(#[source] ClientError),
    #[error("the server answered {}", .0.as_u16())]
    Status(StatusCode),
    #[error("the document is longer than 65536 bytes, or was cut")]
    Body,
}

impl Fetcher {
    /// Gets a document whole. The caller bounds the time, and drops the future when it is over.
    ///
    /// Only status 200 will do: a redirect could lead anywhere, and no issuer needs one.
    ///
    /// # Errors
    /// What kept the document away.
    pub(crate) async fn get(&self, address: &Address) -> Result<Bytes, FetchError> {
        let is_wanted = |status| status == StatusCode::OK;
        let (_, document) = self.ask(address, Request::default(), is_wanted).await?;
        Ok(document)
    }

    /// Posts a form, and gets the answer whole, whatever its status. The caller bounds the time.
    ///
    /// # Errors
    /// What kept the answer away.
    pub async fn post(
        &self,
        address: &Address,
        mut authorization: HeaderValue,
        form: String,
    ) -> Result<(StatusCode, Bytes), FetchError> {
        let mut request = Request::new(Full::from(form));
        *request.method_mut() = Method::POST;
        authorization.set_sensitive(true);
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, authorization);
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert(CONTENT_TYPE, form);
        self.ask(address, request, |_| true).await
    }

    /// The status and the body, which is read only under a status that is wanted.
    async fn ask(
        &self,
        address: &Address,
        mut request: Request<Full<Bytes>>,
        is_wanted: fn(StatusCode) -> bool,
    ) -> Result<(StatusCode, Bytes), FetchError> {
        let client = self.0.get_or_init(|| client(0)).as_ref();
        *request.uri_mut() = address.uri().clone();
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(ACCEPT, json);
        let response = client
            .ok_or(FetchError::Client)?
            .request(request)
            .await
            .map_err(FetchError::Connection)?;
        let status = response.status();
        if !is_wanted(status) {
            return Err(FetchError::Status(status));
        }
        let body = Limited::new(response.into_body(), MAX_BYTES).collect();
        let body = body.await.map_err(|_| FetchError::Body)?;
        Ok((status, body.to_bytes()))
    }
}

/// Makes a client that trusts the public certificate authorities and follows no redirect; none if TLS cannot be set up.
///
/// Of each host's connections it keeps so many for the next request, which is sent again only if the connection it was
/// given turns out to be closed before any of it was written. Fetches keep none: they are minutes apart, and a connection
/// does not outlive a frozen function.
pub fn client(idle_connections: usize) -> Option<HttpsClient> {
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
    let connector = HttpsConnectorBuilder::new()
        .with_provider_and_webpki_roots(rustls::crypto::aws_lc_rs::default_provider())
        .ok()?
        .https_or_http()
        .enable_http1()
        .wrap_connector(connector);
    let client = Client::builder(TokioExecutor::new())
        .pool_max_idle_per_host(idle_connections)
        .retry_canceled_requests(idle_connections > 0)
        .build(connector);
    Some(client)
}
