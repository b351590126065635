//! Bounded HTTP fetch of one JSON document: no redirect, no retry, and nothing in the request about the caller.

mod gzip;

use std::error::Error;
use std::io;
use std::iter::successors;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};

use crate::authorities::Authorities;
use crate::settings::Address;

/// As long as a fetch may take in all.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// The longest document that is read: the gate's own bound on key documents.
const MAX_BYTES: usize = 64 * 1024;

/// What a document may be. A key server may know one of the two only, and answer 406 to the other (RFC 7517, section
/// 8.5; Kubernetes' API server does).
const DOCUMENT: HeaderValue =
    HeaderValue::from_static("application/jwk-set+json, application/json");

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What some editors write before a text in UTF-8; a reader of JSON may ignore it (RFC 8259, section 8.1).
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A client of HTTPS, and of plain HTTP for servers on loopback.
pub type HttpsClient = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// Why a request could not be sent, or got no answer.
pub type ClientError = hyper_util::client::legacy::Error;

/// Gets documents. The client is made at the first use, so that keys from the settings cost no TLS set-up.
#[derive(Default)]
pub struct Fetcher {
    client: OnceLock<Option<HttpsClient>>,
    authorities: Option<Authorities>,
}

/// Why a document could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error("the TLS client cannot be set up")]
    Client,
    #[error("the server cannot be reached")]
    Connection(#[source] ClientError),
    #[error(
        "no authority that is trusted here signed the server's certificate; if it is a private one, \
         give it as `certificateAuthority` of the issuer's entry"
    )]
    Certificate(#[source] ClientError),
    #[error("the server answered {}", .0.as_u16())]
    Status(StatusCode),
    #[error("the document is longer than 65536 bytes, or was cut")]
    Body,
    #[error("the document is compressed, and not as one whole gzip file of at most 65536 bytes")]
    Compression,
}

impl Fetcher {
    /// A fetcher that trusts these authorities, and no public one.
    pub fn trusting(authorities: Authorities) -> Self {
        Self {
            client: OnceLock::new(),
            authorities: Some(authorities),
        }
    }

    /// Gets a document whole. The caller bounds the time, and drops the future when it is over.
    ///
    /// Only status 200 will do: a redirect could lead anywhere, and no issuer needs one.
    ///
    /// # Errors
    /// What kept the document away.
    pub async fn get(&self, address: &Address) -> Result<Bytes, FetchError> {
        let is_wanted = |status| status == StatusCode::OK;
        let mut request = Request::default();
        request.headers_mut().insert(ACCEPT, DOCUMENT);
        let (_, document) = self.ask(address, request, is_wanted).await?;
        let document = plain(document)?;
        let text = document.strip_prefix(BYTE_ORDER_MARK);
        Ok(text.map_or_else(|| document.clone(), |text| document.slice_ref(text)))
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
        headers.insert(ACCEPT, JSON);
        self.ask(address, request, |_| true).await
    }

    /// The status and the body, which is read only under a status that is wanted.
    async fn ask(
        &self,
        address: &Address,
        mut request: Request<Full<Bytes>>,
        is_wanted: fn(StatusCode) -> bool,
    ) -> Result<(StatusCode, Bytes), FetchError> {
        let client = self.client.get_or_init(|| match &self.authorities {
            None => client(0),
            Some(authorities) => private_client(authorities),
        });
        *request.uri_mut() = address.uri().clone();
        let client = client.as_ref().ok_or(FetchError::Client)?;
        let response = client.request(request).await.map_err(unreached)?;
        let status = response.status();
        if !is_wanted(status) {
            return Err(FetchError::Status(status));
        }
        // Nothing but gzip is read, and gzip is known by its bytes.
        let encoding = response.headers().get(CONTENT_ENCODING);
        let is_readable = |encoding: &HeaderValue| {
            let known: [&[u8]; 3] = [b"gzip", b"x-gzip", b"identity"];
            known
                .iter()
                .any(|known| encoding.as_bytes().eq_ignore_ascii_case(known))
        };
        if !encoding.is_none_or(is_readable) {
            return Err(FetchError::Compression);
        }
        let body = Limited::new(response.into_body(), MAX_BYTES).collect();
        let body = body.await.map_err(|_| FetchError::Body)?;
        Ok((status, body.to_bytes()))
    }
}

/// Makes a client that trusts the public certificate authorities and follows no redirect; none if TLS cannot be set up.
///
/// Of each host's connections it keeps so many for the next request, which is sent again only if the connection it was
/// given turns out to be closed before any of it was written. Fetches keep none: they are minutes apart, and a
/// connection does not outlive a frozen function.
pub fn client(idle_connections: usize) -> Option<HttpsClient> {
    let builder = HttpsConnectorBuilder::new()
        .with_provider_and_webpki_roots(rustls::crypto::aws_lc_rs::default_provider())
        .ok()?;
    let connector = builder.https_or_http().enable_http1();
    Some(pooled(
        connector.wrap_connector(connector_of_sockets()),
        idle_connections,
    ))
}

/// The same for fetches, with these authorities in the place of the public ones.
fn private_client(authorities: &Authorities) -> Option<HttpsClient> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider);
    let config = config.with_safe_default_protocol_versions().ok()?;
    let config = config.with_root_certificates(roots(authorities)?);
    let builder = HttpsConnectorBuilder::new().with_tls_config(config.with_no_client_auth());
    let connector = builder.https_or_http().enable_http1();
    Some(pooled(connector.wrap_connector(connector_of_sockets()), 0))
}

/// The authorities as the TLS client takes them; none if one of them is no certificate of an authority.
pub(crate) fn roots(authorities: &Authorities) -> Option<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in authorities.certificates() {
        roots.add(CertificateDer::from(certificate.clone())).ok()?;
    }
    Some(roots)
}

fn connector_of_sockets() -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
    connector
}

fn pooled(connector: HttpsConnector<HttpConnector>, idle_connections: usize) -> HttpsClient {
    Client::builder(TokioExecutor::new())
        .pool_max_idle_per_host(idle_connections)
        .retry_canceled_requests(idle_connections > 0)
        .build(connector)
}

/// The body without compression.
fn plain(body: Bytes) -> Result<Bytes, FetchError> {
    if !gzip::is_gzip(&body) {
        return Ok(body);
    }
    let plain = gzip::decompressed(&body, MAX_BYTES).map(Bytes::from);
    plain.ok_or(FetchError::Compression)
}

/// Why there was no answer. A certificate that is refused has a reason of its own, as its remedy is another.
fn unreached(error: ClientError) -> FetchError {
    let first: &(dyn Error + 'static) = &error;
    if successors(Some(first), |&error| error.source()).any(is_bad_certificate) {
        FetchError::Certificate(error)
    } else {
        FetchError::Connection(error)
    }
}

/// Whether the TLS client refused a certificate. Its error is inside errors of input and output, whose source is the source
/// of what they hold.
fn is_bad_certificate(error: &(dyn Error + 'static)) -> bool {
    if let Some(error) = error.downcast_ref::<io::Error>() {
        return error
            .get_ref()
            .is_some_and(|error| is_bad_certificate(error));
    }
    let error = error.downcast_ref::<rustls::Error>();
    matches!(error, Some(rustls::Error::InvalidCertificate(_)))
}
