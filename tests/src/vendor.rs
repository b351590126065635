//! Small issuers of other vendors' shapes on loopback: metadata, keys and tokens. Their names are the vendors', so nothing of
//! them passes for a user pool.

use std::convert::Infallible;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use mint::Key;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::token::now;

const METADATA: &str = "/.well-known/openid-configuration";
const KEYS: &str = "/keys";
/// The audience of both, which the door asks for.
const AUDIENCE: &str = "api://gatehouse";
const APPLICATION: &str = "0oa1exampleapplication";

/// What a vendor's tokens look like.
#[derive(Clone, Copy)]
enum Shape {
    /// Microsoft Entra ID, v2.0.
    Entra,
    /// A custom authorization server of Okta's.
    Okta,
}

/// A running issuer; it ends with the test's runtime.
pub struct VendorIssuer {
    /// Its name: `iss`.
    pub name: &'static str,
    shape: Shape,
    key: Key,
    origin: String,
}

impl VendorIssuer {
    /// # Panics
    /// If there is no port for it.
    pub async fn entra() -> Self {
        let name = "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0";
        Self::start(name, Shape::Entra).await
    }

    /// # Panics
    /// If there is no port for it.
    pub async fn okta() -> Self {
        Self::start("https://dev-1.okta.com/oauth2/default", Shape::Okta).await
    }

    async fn start(name: &'static str, shape: Shape) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let key = Key::rsa("vendor-1");
        let metadata = json!({"issuer": name, "jwks_uri": format!("{origin}{KEYS}")}).to_string();
        let keys = mint::key_document(&[&key]).to_string();
        tokio::spawn(serve(listener, metadata, keys));
        Self {
            name,
            shape,
            key,
            origin,
        }
    }

    /// Its entry of `TRUSTED_ISSUERS`, as `docs/issuers.md` has it for the vendor.
    pub fn entry(&self) -> Value {
        let mut entry = json!({
            "discoveryUrl": format!("{}{METADATA}", self.origin),
            "issuer": self.name,
            "allowedAudience": [AUDIENCE],
            "scopeClaim": "scp",
        });
        let own = match self.shape {
            Shape::Entra => [("clientClaim", "azp"), ("groupsClaim", "roles")],
            Shape::Okta => [("clientClaim", "cid"), ("subjectClaim", "uid")],
        };
        for (field, claim) in own {
            entry[field] = json!(claim);
        }
        entry
    }

    /// The access token of a person whom the issuer knows by this stable name, in these groups (roles, at Entra).
    pub fn token(&self, subject: &str, groups: &[&str]) -> String {
        let now = now();
        let claims = match self.shape {
            Shape::Entra => json!({
                "aud": AUDIENCE,
                "azp": APPLICATION,
                "azpacr": "0",
                "exp": now + 3600,
                "iat": now,
                "iss": self.name,
                "nbf": now,
                "oid": "00000000-0000-0000-0000-0000000000aa",
                "preferred_username": format!("{subject}@example.com"),
                "roles": groups,
                "scp": "agents",
                "sub": subject,
                "tid": "11111111-2222-3333-4444-555555555555",
                "uti": "abcdefghijklmnopqrstuv",
                "ver": "2.0",
            }),
            Shape::Okta => json!({
                "aud": AUDIENCE,
                "cid": APPLICATION,
                "exp": now + 3600,
                "groups": groups,
                "iat": now,
                "iss": self.name,
                "jti": format!("AT.{subject}"),
                "scp": ["openid", "agents"],
                "sub": format!("{subject}@example.com"),
                "uid": subject,
                "ver": 1,
            }),
        };
        self.key.token("RS256", &claims)
    }
}

async fn serve(listener: TcpListener, metadata: String, keys: String) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            return;
        };
        let (metadata, keys) = (metadata.clone(), keys.clone());
        let answer = service_fn(move |request: Request<Incoming>| {
            let body = match request.uri().path() {
                METADATA => Some(metadata.clone()),
                KEYS => Some(keys.clone()),
                _ => None,
            };
            let status = if body.is_some() {
                StatusCode::OK
            } else {
                StatusCode::NOT_FOUND
            };
            let body = Full::new(Bytes::from(body.unwrap_or_default()));
            let mut response = Response::new(body);
            *response.status_mut() = status;
            async { Ok::<_, Infallible>(response) }
        });
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), answer);
        tokio::spawn(connection);
    }
}
