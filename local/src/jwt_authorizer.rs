//! AgentCore's `customJWTAuthorizer`: which bearers a runtime or a gateway takes.
//!
//! It shares no code with the gate at the door, nor with the issuer's own check: a mistake in one is seen by another.

use std::time::Duration;

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Uri};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::sync::Mutex;

use crate::clock;

/// Of a discovery or key document; real ones have a few kilobytes.
const MAX_DOCUMENT: usize = 64 * 1024;
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);
/// Of a token: above what any issuer makes for a header.
const MAX_TOKEN: usize = 16 * 1024;

/// Whose tokens are taken. Of clients and audiences, each list that is not empty must be met.
#[derive(Clone, Debug, Default)]
pub struct JwtAuthorizerSettings {
    /// The issuer's discovery document.
    pub discovery_url: String,
    /// For `aud`, one of which must be here.
    pub allowed_audience: Vec<String>,
    /// For `client_id`.
    pub allowed_clients: Vec<String>,
}

/// Why an issuer cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IssuerError {
    /// It is no address.
    #[error("`{0}` is not an address")]
    Address(String),
    /// The address does not answer, or not in time, or not with 200.
    #[error("fetch `{0}`")]
    Fetch(String),
    /// What is there is no discovery document or no key set.
    #[error("`{0}` is not what it should be")]
    Document(String, #[source] serde_json::Error),
}

/// Why a caller is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No token was sent.
    Missing,
    /// A token that is not good here.
    Invalid,
}

/// Checks tokens of one issuer.
pub(crate) struct JwtAuthorizer {
    issuer: String,
    keys_url: String,
    allowed_audience: Vec<String>,
    allowed_clients: Vec<String>,
    client: Client<HttpConnector, Empty<Bytes>>,
    /// Held across a fetch, so that there is one at a time.
    keys: Mutex<Vec<Key>>,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

/// An RSA key of RFC 7517 and RFC 7518, section 6.3.1.
#[derive(Clone, Deserialize)]
struct Key {
    kid: String,
    n: String,
    e: String,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: String,
    crit: Option<Value>,
}

impl JwtAuthorizer {
    /// Reads the issuer's discovery document.
    pub(crate) async fn start(settings: JwtAuthorizerSettings) -> Result<Self, IssuerError> {
        let JwtAuthorizerSettings {
            discovery_url,
            allowed_audience,
            allowed_clients,
        } = settings;
        let client = Client::builder(TokioExecutor::new()).build_http();
        let Discovery { issuer, jwks_uri } = fetch(&client, &discovery_url).await?;
        Ok(Self {
            issuer,
            keys_url: jwks_uri,
            allowed_audience,
            allowed_clients,
            client,
            keys: Mutex::default(),
        })
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The claims of the caller's token: signed by the issuer, in time, and of an allowed client.
    pub(crate) async fn admit(&self, headers: &HeaderMap) -> Result<Map<String, Value>, Refusal> {
        let token = bearer(headers)?;
        self.verify(token).await.ok_or(Refusal::Invalid)
    }

    /// The claims of a token that came by another way than the header.
    pub(crate) async fn verify(&self, token: &str) -> Option<Map<String, Value>> {
        let (message, signature) = token.rsplit_once('.')?;
        let (header, payload) = message.split_once('.')?;
        let header: Header = serde_json::from_slice(&decode(header)?).ok()?;
        if header.alg != "RS256" || header.crit.is_some() {
            return None;
        }
        let key = self.key(&header.kid).await?;
        let (modulus, exponent) = (decode(&key.n)?, decode(&key.e)?);
        let key = RsaPublicKeyComponents {
            n: &modulus,
            e: &exponent,
        };
        let signature = decode(signature)?;
        key.verify(&RSA_PKCS1_2048_8192_SHA256, message.as_bytes(), &signature)
            .ok()?;
        let claims = serde_json::from_slice(&decode(payload)?).ok()?;
        self.holds(&claims, clock::now()).then_some(claims)
    }

    fn holds(&self, claims: &Map<String, Value>, now: u64) -> bool {
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        let in_time = claims
            .get("exp")
            .and_then(Value::as_u64)
            .is_some_and(|end| now < end)
            && claims
                .get("nbf")
                .is_none_or(|start| start.as_u64().is_some_and(|start| start <= now));
        let listed = |list: &[String], value: Option<&str>| {
            value.is_some_and(|value| list.iter().any(|allowed| allowed == value))
        };
        let client =
            self.allowed_clients.is_empty() || listed(&self.allowed_clients, text("client_id"));
        let audience = self.allowed_audience.is_empty()
            || audiences(claims).any(|one| listed(&self.allowed_audience, Some(one)));
        text("iss") == Some(self.issuer.as_str())
            && in_time
            && client
            && audience
            && text("sub").is_some_and(|subject| !subject.is_empty())
    }

    /// A key that is not known is asked for once; a new document replaces the old one only if it is one.
    async fn key(&self, id: &str) -> Option<Key> {
        let mut keys = self.keys.lock().await;
        let find = |keys: &[Key]| keys.iter().find(|key| key.kid == id).cloned();
        if let Some(key) = find(&keys) {
            return Some(key);
        }
        let document: KeySet = fetch(&self.client, &self.keys_url).await.ok()?;
        // Keys of another kind are for others.
        let usable = document.keys.into_iter();
        *keys = usable
            .filter_map(|key| serde_json::from_value(key).ok())
            .collect();
        find(&keys)
    }
}

/// RFC 7519, section 4.1.3: one text, or a list of them.
fn audiences(claims: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let audience = claims.get("aud");
    let many = audience.and_then(Value::as_array).into_iter().flatten();
    many.chain(audience).filter_map(Value::as_str)
}

/// RFC 6750, section 2.1: one header, one token.
fn bearer(headers: &HeaderMap) -> Result<&str, Refusal> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(Refusal::Missing)?;
    let value = value.to_str().map_err(|_| Refusal::Invalid)?;
    let (scheme, token) = value.split_once(' ').ok_or(Refusal::Invalid)?;
    let good = scheme.eq_ignore_ascii_case("bearer")
        && token.len() <= MAX_TOKEN
        && values.next().is_none();
    good.then_some(token).ok_or(Refusal::Invalid)
}

fn decode(part: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(part).ok()
}

async fn fetch<T: for<'de> Deserialize<'de>>(
    client: &Client<HttpConnector, Empty<Bytes>>,
    url: &str,
) -> Result<T, IssuerError> {
    let uri: Uri = url
        .parse()
        .map_err(|_| IssuerError::Address(url.to_owned()))?;
    let failed = || IssuerError::Fetch(url.to_owned());
    let body = async {
        let answer = client.get(uri).await.ok()?;
        let body = Limited::new(
            answer.status().is_success().then(|| answer.into_body())?,
            MAX_DOCUMENT,
        );
        Some(body.collect().await.ok()?.to_bytes())
    };
    let body = tokio::time::timeout(FETCH_TIMEOUT, body).await;
    let body = body.ok().flatten().ok_or_else(failed)?;
    serde_json::from_slice(&body).map_err(|error| IssuerError::Document(url.to_owned(), error))
}
