//! Authorization server metadata (RFC 8414) served by the door, for an issuer whose own metadata lacks what MCP clients
//! insist on: Cognito's names no `code_challenge_methods_supported`, and MCP asks clients to refuse such a server.
//!
//! The document names the door as its issuer, because a client compares `issuer` with the address that it asked (RFC 8414,
//! section 3.3). All endpoints are the issuer's own, from the issuer's own metadata, so that people sign in where they did
//! before, and the tokens' `iss` stays the issuer's. It has no registration endpoint, and it promises no `iss` in
//! authorization responses (RFC 9207): that would be the issuer's name, which a client would compare with the door's.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use shared::cache::{Ages, Cache};
use shared::clock::Clock;
use shared::fetch::{FetchError, Fetcher};
use shared::issuers::Origin;
use shared::log::causes;
use shared::settings::Address;
use tokio::time;
use tracing::warn;

use crate::caller::public_url::PublicUrl;

/// Where the document stands; the door has no path, so nothing follows (RFC 8414, section 3.1).
pub const WELL_KNOWN: &str = "/.well-known/oauth-authorization-server";

/// The ages of an issuer's metadata: those of its keys.
const AGES: Ages = Ages {
    soft: shared::keys::SOFT_AGE,
    hard: shared::keys::HARD_AGE,
};

/// The one method that the door promises: `plain` protects no caller whose request others can read (RFC 7636, section 7.2).
const S256: &str = "S256";

/// The issuer for which the door serves metadata.
pub struct AuthorizationServer {
    origin: Origin,
    fetcher: Fetcher,
    cache: Cache<Endpoints>,
}

/// What is taken over from an issuer's metadata.
#[derive(Debug, PartialEq, Eq)]
pub struct Endpoints {
    authorization: Address,
    token: Address,
    revocation: Option<Address>,
    keys: Option<Address>,
    /// How clients prove themselves at the token endpoint.
    authentication: BTreeSet<String>,
}

/// Why an issuer's metadata cannot be used.
#[derive(Debug)]
enum MetadataError {
    Fetch(FetchError),
    Form,
    Issuer,
    Endpoint(&'static str),
    Codes,
    Pkce,
    NamesItself,
    Timeout,
}

impl fmt::Display for MetadataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fetch(_) => "cannot get the metadata document",
            Self::Form => {
                "the metadata document is not a JSON object with the texts `issuer`, `authorization_endpoint` and \
                 `token_endpoint`"
            }
            Self::Issuer => "the metadata document is of another issuer",
            Self::Endpoint(name) => {
                return write!(
                    f,
                    "`{name}` of the metadata document is no https address, or leads to this machine"
                );
            }
            Self::Codes => "the issuer gives no codes: `response_types_supported` lacks `code`",
            Self::Pkce => "the issuer names its PKCE methods, and `S256` is not among them",
            Self::NamesItself => {
                "the issuer puts its own name into authorization responses (RFC 9207), which clients would compare with \
                 the door's: take `authorizationServer` out of its entry"
            }
            Self::Timeout => "it took too long",
        })
    }
}

impl Error for MetadataError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Fetch(error) => Some(error),
            Self::Form
            | Self::Issuer
            | Self::Endpoint(_)
            | Self::Codes
            | Self::Pkce
            | Self::NamesItself
            | Self::Timeout => None,
        }
    }
}

/// What is read of an issuer's metadata (RFC 8414, section 2). A member given twice is an error of the parser.
#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    revocation_endpoint: Option<String>,
    jwks_uri: Option<String>,
    response_types_supported: Option<Vec<String>>,
    code_challenge_methods_supported: Option<Vec<String>>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl AuthorizationServer {
    /// Nothing is fetched yet.
    pub fn new(origin: Origin, clock: Clock) -> Self {
        Self {
            fetcher: origin
                .authorities
                .clone()
                .map_or_else(Fetcher::default, Fetcher::trusting),
            origin,
            cache: Cache::new(AGES, clock),
        }
    }

    /// The document; none while the issuer's own cannot be had, or cannot be used, and the log says why. Strangers ask for
    /// it, so the issuer is asked by one request at a time, and seldom.
    pub async fn metadata(&self, door: &PublicUrl, scopes: &BTreeSet<&str>) -> Option<Value> {
        let fetch = async |timeout| self.fetch(timeout).await;
        let endpoints = self.cache.get(fetch).await?;
        Some(endpoints.document(door, scopes))
    }

    async fn fetch(&self, timeout: Duration) -> Option<Endpoints> {
        let fetched = time::timeout(timeout, self.ask()).await;
        let fetched = fetched.unwrap_or(Err(MetadataError::Timeout));
        let issuer = &self.origin.issuer;
        fetched
            .inspect_err(|error| {
                warn!(
                    issuer,
                    error = causes(error),
                    "cannot use the issuer's metadata"
                )
            })
            .ok()
    }

    async fn ask(&self) -> Result<Endpoints, MetadataError> {
        let document = self.fetcher.get(&self.origin.discovery).await;
        Endpoints::read(&document.map_err(MetadataError::Fetch)?, &self.origin)
    }
}

impl Endpoints {
    fn read(document: &[u8], origin: &Origin) -> Result<Self, MetadataError> {
        let document: Document =
            serde_json::from_slice(document).map_err(|_| MetadataError::Form)?;
        // Without this, one issuer's metadata could send people to another's sign-in page (RFC 8414, section 3.3).
        if document.issuer != origin.issuer {
            return Err(MetadataError::Issuer);
        }
        let lacks = |listed: &Option<Vec<String>>, wanted: &str| {
            let listed = listed.as_ref();
            listed.is_some_and(|listed| !listed.iter().any(|one| one == wanted))
        };
        if lacks(&document.response_types_supported, "code") {
            return Err(MetadataError::Codes);
        }
        // The operator's word stands for a member that is missing, and for nothing that the issuer says itself.
        if lacks(&document.code_challenge_methods_supported, S256) {
            return Err(MetadataError::Pkce);
        }
        if document.authorization_response_iss_parameter_supported {
            return Err(MetadataError::NamesItself);
        }
        let endpoint = |name, text: &str| {
            endpoint(text, &origin.discovery).ok_or(MetadataError::Endpoint(name))
        };
        let optional = |name, text: &Option<String>| {
            let text = text.as_deref();
            text.map(|text| endpoint(name, text)).transpose()
        };
        let methods = document.token_endpoint_auth_methods_supported;
        // The default of RFC 8414, section 2.
        let methods = methods.unwrap_or_else(|| vec!["client_secret_basic".to_owned()]);
        let mut authentication: BTreeSet<String> = methods
            .into_iter()
            .filter(|method| KNOWN_AUTHENTICATION.contains(&method.as_str()))
            .collect();
        if origin.has_public_clients {
            authentication.insert("none".to_owned());
        }
        Ok(Self {
            authorization: endpoint("authorization_endpoint", &document.authorization_endpoint)?,
            token: endpoint("token_endpoint", &document.token_endpoint)?,
            revocation: optional("revocation_endpoint", &document.revocation_endpoint)?,
            keys: optional("jwks_uri", &document.jwks_uri)?,
            authentication,
        })
    }

    fn document(&self, door: &PublicUrl, scopes: &BTreeSet<&str>) -> Value {
        let address =
            |address: &Option<Address>| address.as_ref().map(|one| one.as_str().to_owned());
        let mut document = json!({
            "authorization_endpoint": self.authorization.as_str(),
            "code_challenge_methods_supported": [S256],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "issuer": door.as_str(),
            "jwks_uri": address(&self.keys),
            "response_types_supported": ["code"],
            "revocation_endpoint": address(&self.revocation),
            "scopes_supported": scopes,
            "token_endpoint": self.token.as_str(),
            "token_endpoint_auth_methods_supported": self.authentication,
        });
        if let Some(members) = document.as_object_mut() {
            members.retain(|_, value| !value.is_null());
        }
        document
    }
}

/// Methods that a client may choose; a document from elsewhere adds no other (RFC 8414, section 2; the registry of OAuth
/// Token Endpoint Authentication Methods).
const KNOWN_AUTHENTICATION: [&str; 5] = [
    "client_secret_basic",
    "client_secret_post",
    "client_secret_jwt",
    "private_key_jwt",
    "none",
];

/// An address that people or clients are sent to: https, or http on loopback if the document came from there.
fn endpoint(text: &str, source: &Address) -> Option<Address> {
    let address = Address::parse(text).ok()?;
    (source.is_loopback() || !address.is_loopback()).then_some(address)
}

#[cfg(test)]
mod tests;
