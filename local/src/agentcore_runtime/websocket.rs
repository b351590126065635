//! WebSocket connections to a container's `/ws` ("Get started with bidirectional streaming using
//! WebSocket", Developer Guide). The handshake is checked here and finished by the container; what
//! follows passes as it is. Quotas of frames are left out.

use std::sync::{Mutex, PoisonError};

use axum::body::Body;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::header::{
    CONNECTION, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, Uri};
use http_body_util::Full;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tokio::task::JoinSet;
use url::form_urlencoded;

use super::failure::{Failure, ServiceError};
use super::turn::{SESSION_ID, USER_ID};
use crate::watched::{Ended, Watch};

/// Connections held at once: a laptop has fewer.
const MAX_TUNNELS: usize = 1000;
/// The subprotocol that carries a browser's token, and that the service then chooses.
const BEARER: &str = "base64UrlBearerAuthorization";
/// Of the handshake, what the container needs to finish it (RFC 6455, section 4.1).
const HANDSHAKE: [HeaderName; 5] = [
    CONNECTION,
    UPGRADE,
    SEC_WEBSOCKET_EXTENSIONS,
    SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_VERSION,
];

/// The open connections. Dropping them closes them.
#[derive(Default)]
pub(super) struct Tunnels(Mutex<JoinSet<()>>);

/// Whether a request is the begin of a WebSocket connection.
pub(super) fn is_asked_for(headers: &HeaderMap) -> bool {
    let upgrade = headers.get(UPGRADE).and_then(|value| value.to_str().ok());
    upgrade.is_some_and(|value| value.eq_ignore_ascii_case("websocket"))
}

/// A token where a browser can put it.
pub(super) fn subprotocol_token(headers: &HeaderMap) -> Option<String> {
    let offered = headers.get(SEC_WEBSOCKET_PROTOCOL)?.to_str().ok()?;
    let mut offered = offered.split(',').map(str::trim);
    let token = offered.find_map(|offer| offer.strip_prefix(BEARER)?.strip_prefix('.'))?;
    String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()
}

/// Session and user may stand in the query, under the names of their headers. Which one counts where
/// both are there is not documented; here it is refused, so that nothing local relies on either.
pub(super) fn names_from_query(head: &mut Parts) -> Result<(), Failure> {
    let query = head.uri.query().unwrap_or_default().to_owned();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        for known in [SESSION_ID, USER_ID] {
            if name.eq_ignore_ascii_case(known.as_str()) {
                let value = HeaderValue::try_from(value.as_ref())
                    .map_err(|_| Failure::invalid(known.as_str(), "visible ASCII"))?;
                if head.headers.insert(&known, value).is_some() {
                    return Err(Failure::invalid(known.as_str(), "once at most"));
                }
            }
        }
    }
    Ok(())
}

/// One connection on its way to the container.
pub(super) struct Opening<'a> {
    pub(super) client: &'a Client<HttpConnector, Full<Bytes>>,
    pub(super) uri: &'a Uri,
    /// Those that the container gets beside the handshake's
    pub(super) headers: HeaderMap,
    pub(super) received: &'a HeaderMap,
    pub(super) upgrade: OnUpgrade,
}

impl Opening<'_> {
    /// The container's handshake. What follows it lives in `tunnels`; `watch` tells how it ended.
    pub(super) async fn answer<Tell>(
        self,
        tunnels: &Tunnels,
        watch: Watch<Tell>,
    ) -> Result<Response, ServiceError>
    where
        Tell: FnOnce(Ended) + Send + 'static,
    {
        let mut request = Request::get(self.uri.clone())
            .body(Full::default())
            .map_err(|_| ServiceError::Internal)?;
        *request.headers_mut() = self.headers;
        for name in HANDSHAKE {
            let values = self.received.get_all(&name).iter().cloned();
            request
                .headers_mut()
                .extend(values.map(|value| (name.clone(), value)));
        }
        let answer = self.client.request(request).await;
        let mut answer = answer.map_err(|_| ServiceError::RuntimeClient)?;
        if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Err(ServiceError::RuntimeClient);
        }
        let container = hyper::upgrade::on(&mut answer);
        tunnels.add(self.upgrade, container, watch)?;
        let mut response = answer.map(|_| Body::empty());
        if subprotocol_token(self.received).is_some() {
            let chosen = HeaderValue::from_static(BEARER);
            response
                .headers_mut()
                .insert(SEC_WEBSOCKET_PROTOCOL, chosen);
        }
        Ok(response)
    }
}

impl Tunnels {
    fn add<Tell>(
        &self,
        client: OnUpgrade,
        container: OnUpgrade,
        mut watch: Watch<Tell>,
    ) -> Result<(), ServiceError>
    where
        Tell: FnOnce(Ended) + Send + 'static,
    {
        let mut tunnels = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while tunnels.try_join_next().is_some() {}
        if tunnels.len() >= MAX_TUNNELS {
            return Err(ServiceError::ServiceQuotaExceeded);
        }
        tunnels.spawn(async move {
            let ended = match (client.await, container.await) {
                (Ok(client), Ok(container)) => relay(client, container).await,
                (Err(_), _) | (_, Err(_)) => Ended::ClientGone,
            };
            watch.end(ended);
        });
        Ok(())
    }
}

async fn relay(client: Upgraded, container: Upgraded) -> Ended {
    let (mut client, mut container) = (TokioIo::new(client), TokioIo::new(container));
    match tokio::io::copy_bidirectional(&mut client, &mut container).await {
        Ok(_) => Ended::Complete,
        Err(_) => Ended::Cut,
    }
}
