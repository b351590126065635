//! The caller, named by the header that the door signs and proven by the door's published keys.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use crate::clock;

const IDENTITY: &str = "x-amzn-bedrock-agentcore-runtime-custom-identity";
const TYPE: &str = "gatehouse-identity+jwt";
/// Key documents are some hundred bytes long.
const MAX_KEYS: usize = 64 * 1024;
const TIMEOUT: Duration = Duration::from_secs(10);

/// Whom the agent believes.
pub(super) struct Verifier {
    door: OnceLock<Door>,
    client: Client<HttpConnector, Empty<Bytes>>,
    /// The door's keys, as it handed them out last.
    keys: Mutex<Option<Value>>,
}

struct Door {
    url: String,
    /// The names under which this agent is known there.
    agents: Vec<String>,
}

/// Why the agent does not believe what it was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum IdentityError {
    #[error("the door signed nothing for me")]
    Nothing,
    #[error("I do not know the door")]
    NoDoor,
    #[error("the door's keys cannot be had")]
    NoKeys,
    #[error("it is not what the door signs")]
    Form,
    #[error("its signature is not the door's")]
    Signature,
    #[error("it is for another agent, another request or another time")]
    Claims,
}

impl Verifier {
    pub(super) fn new() -> Self {
        Self {
            door: OnceLock::new(),
            client: Client::builder(TokioExecutor::new()).build_http(),
            keys: Mutex::new(None),
        }
    }

    /// The door to believe; the first one counts.
    pub(super) fn trust(&self, url: &str, agents: &[&str]) {
        let agents = agents.iter().map(ToString::to_string).collect();
        let url = url.to_owned();
        self.door.get_or_init(|| Door { url, agents });
    }

    /// Who asks, in words.
    pub(super) async fn introduce(&self, headers: &HeaderMap, body: &[u8]) -> String {
        match self.verify(headers, body).await {
            Ok(claims) => {
                let text = |name: &str| claims.get(name).and_then(Value::as_str);
                let name = text("username").or(text("sub")).unwrap_or_default();
                let groups = claims.get("groups").and_then(Value::as_array);
                let groups = groups.into_iter().flatten().filter_map(Value::as_str);
                let groups = groups.collect::<Vec<_>>().join(", ");
                format!(
                    "You are {name}, of the groups: {groups}. The door says so, and its key proves it."
                )
            }
            Err(doubt) => format!("I do not know who you are: {doubt}."),
        }
    }

    async fn verify(&self, headers: &HeaderMap, body: &[u8]) -> Result<Value, IdentityError> {
        let assertion = headers.get(IDENTITY).ok_or(IdentityError::Nothing)?;
        let assertion = assertion.to_str().map_err(|_| IdentityError::Form)?;
        let door = self.door.get().ok_or(IdentityError::NoDoor)?;
        let (message, signature) = assertion.rsplit_once('.').ok_or(IdentityError::Form)?;
        let (header, payload) = message.split_once('.').ok_or(IdentityError::Form)?;
        let header = json(header)?;
        if header.get("alg") != Some(&"ES256".into()) || header.get("typ") != Some(&TYPE.into()) {
            return Err(IdentityError::Form);
        }
        let keys = self.keys(&door.url).await.ok_or(IdentityError::NoKeys)?;
        let key = keys.get("keys").and_then(Value::as_array).into_iter();
        let key = key
            .flatten()
            .find(|key| key.get("kid") == header.get("kid"));
        let key = key.and_then(point).ok_or(IdentityError::Signature)?;
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key);
        key.verify(message.as_bytes(), &decode(signature)?)
            .map_err(|_| IdentityError::Signature)?;
        let claims = json(payload)?;
        if door.meant(&claims, body) {
            Ok(claims)
        } else {
            Err(IdentityError::Claims)
        }
    }

    /// The door's keys. It is asked each time, so that a new key is known at once; while it hands out none, those that it
    /// handed out before still serve.
    async fn keys(&self, door: &str) -> Option<Value> {
        let fetched = self.fetch(door).await;
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if fetched.is_some() {
            *keys = fetched;
        }
        keys.clone()
    }

    async fn fetch(&self, door: &str) -> Option<Value> {
        let request = Request::get(format!("{door}/.well-known/jwks.json"));
        let request = request.body(Empty::new()).ok()?;
        let answer = tokio::time::timeout(TIMEOUT, self.client.request(request)).await;
        let answer = answer.ok()?.ok()?;
        // An error has a JSON body, too, and that is no key document.
        if answer.status() != StatusCode::OK {
            return None;
        }
        let body = Limited::new(answer.into_body(), MAX_KEYS);
        let body = tokio::time::timeout(TIMEOUT, body.collect()).await;
        serde_json::from_slice(&body.ok()?.ok()?.to_bytes()).ok()
    }
}

impl Door {
    /// Whether claims are this door's, for this agent, about this request, and now.
    fn meant(&self, claims: &Value, body: &[u8]) -> bool {
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        let hash = URL_SAFE_NO_PAD.encode(digest(&SHA256, body));
        let expires = claims.get("exp").and_then(Value::as_u64);
        text("iss") == Some(self.url.as_str())
            && self.agents.iter().any(|agent| text("aud") == Some(agent))
            && text("body_sha256") == Some(&hash)
            && expires.is_some_and(|expires| clock::now() < expires)
    }
}

/// The uncompressed point of a key (SEC 1 section 2.3.3).
fn point(key: &Value) -> Option<Vec<u8>> {
    let coordinate = |name: &str| decode(key.get(name)?.as_str()?).ok();
    Some([vec![4], coordinate("x")?, coordinate("y")?].concat())
}

fn json(part: &str) -> Result<Value, IdentityError> {
    serde_json::from_slice(&decode(part)?).map_err(|_| IdentityError::Form)
}

fn decode(part: &str) -> Result<Vec<u8>, IdentityError> {
    URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| IdentityError::Form)
}
