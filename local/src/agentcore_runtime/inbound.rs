//! The inbound authorization of a runtime: a signature or a token, as the runtime is set up, never the other.

use http::HeaderValue;
use http::header::AUTHORIZATION;
use http::request::Parts;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::failure::{Failure, ServiceError};
use super::runtime::Runtime;
use super::websocket;
use crate::clock;
use crate::jwt_authorizer::{JwtAuthorizer, Refusal};
use crate::sigv4::{Claim, Credentials, SignatureError};

/// The name that signatures are made for.
pub(super) const SERVICE: &str = "bedrock-agentcore";
/// A presigned address holds so long at most, in seconds ("Get started with bidirectional streaming
/// using WebSocket", Developer Guide).
const LONGEST_PRESIGNED: u64 = 300;

/// All but the unreserved characters of RFC 3986, section 2.3: an ARN is one label of the path.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Whom a runtime takes.
pub(super) enum Inbound {
    Iam,
    Jwt(Box<JwtAuthorizer>),
}

/// What a request shows before its body is read.
pub(super) enum Proof {
    /// A signature, which covers the body, too.
    Signature(Claim),
    /// A token that is good.
    Token,
}

/// What a request comes with.
enum Shown {
    Nothing,
    Bearer,
    /// A token in `Sec-WebSocket-Protocol`, where a browser can put it.
    Subprotocol(String),
    Signature,
    Presigned,
}

/// Whose requests are taken.
pub(super) struct Doorkeeper {
    /// The address of the data plane.
    pub(super) origin: String,
    pub(super) region: String,
    pub(super) credentials: Credentials,
}

impl Doorkeeper {
    /// `runtime` is missing if none has that name: a caller without a signature is not told so, and a token cannot be
    /// checked without it.
    pub(super) async fn prove(
        &self,
        runtime: Option<&Runtime>,
        qualifier: &str,
        head: &Parts,
    ) -> Result<Proof, Failure> {
        let authorizer = match runtime.map(|runtime| &runtime.inbound) {
            None | Some(Inbound::Iam) => None,
            Some(Inbound::Jwt(authorizer)) => Some(authorizer),
        };
        let shown = shown(head);
        let token = match (authorizer, shown) {
            (None, Shown::Nothing | Shown::Signature) => return self.signature(head),
            (None, Shown::Presigned) => return self.presigned(head),
            (None, Shown::Bearer | Shown::Subprotocol(_)) if runtime.is_none() => {
                return Err(ServiceError::ResourceNotFound.into());
            }
            (None, Shown::Bearer | Shown::Subprotocol(_))
            | (Some(_), Shown::Signature | Shown::Presigned) => return Err(Failure::mismatch()),
            (Some(_), Shown::Nothing) => {
                let arn = runtime.map(|runtime| runtime.arn.as_str());
                return Err(self.challenge(arn.unwrap_or_default(), qualifier));
            }
            (Some(authorizer), Shown::Bearer) => authorizer.admit(&head.headers).await,
            (Some(authorizer), Shown::Subprotocol(token)) => {
                authorizer.verify(&token).await.ok_or(Refusal::Invalid)
            }
        };
        // Not 401: the service says so of whatever is there and no good.
        token
            .map(|_claims| Proof::Token)
            .map_err(|_refusal| ServiceError::AccessDenied.into())
    }

    fn signature(&self, head: &Parts) -> Result<Proof, Failure> {
        let (credentials, region) = (&self.credentials, self.region.as_str());
        let claim = Claim::parse(&head.headers, credentials, region, SERVICE, clock::now())?;
        Ok(Proof::Signature(claim))
    }

    /// Only a WebSocket address may be presigned.
    fn presigned(&self, head: &Parts) -> Result<Proof, Failure> {
        if !websocket::is_asked_for(&head.headers) {
            return Err(SignatureError::Missing.into());
        }
        let (longest, now) = (LONGEST_PRESIGNED, clock::now());
        let claim =
            Claim::parse_query(head, &self.credentials, &self.region, SERVICE, longest, now)?;
        Ok(Proof::Signature(claim))
    }

    /// RFC 9728, section 5.1.
    fn challenge(&self, arn: &str, qualifier: &str) -> Failure {
        let metadata = format!(
            "{}/.well-known/oauth-protected-resource?qualifier={qualifier}",
            self.invocations(arn)
        );
        Failure::unauthorized(format!("Bearer resource_metadata=\"{metadata}\""))
    }

    fn invocations(&self, arn: &str) -> String {
        let arn = utf8_percent_encode(arn, RESERVED);
        format!("{}/runtimes/{arn}/invocations", self.origin)
    }

    /// RFC 9728, section 2, of a runtime that takes tokens.
    pub(super) fn metadata(&self, runtime: &Runtime, qualifier: &str) -> Result<Value, Failure> {
        match &runtime.inbound {
            Inbound::Iam => Err(ServiceError::ResourceNotFound.into()),
            Inbound::Jwt(authorizer) => Ok(json!({
                "authorization_servers": [authorizer.issuer()],
                "bearer_methods_supported": ["header"],
                "resource": format!("{}?qualifier={qualifier}", self.invocations(&runtime.arn)),
            })),
        }
    }
}

impl Proof {
    pub(super) fn verify(
        &self,
        head: &Parts,
        body: &[u8],
        credentials: &Credentials,
    ) -> Result<(), SignatureError> {
        match self {
            Self::Signature(claim) => claim.verify(head, body, credentials),
            Self::Token => Ok(()),
        }
    }
}

fn shown(head: &Parts) -> Shown {
    const SCHEME: &[u8] = b"bearer ";
    let value = head.headers.get(AUTHORIZATION).map(HeaderValue::as_bytes);
    let scheme = value.and_then(|value| value.get(..SCHEME.len()));
    match value {
        Some(b"") | None => match websocket::subprotocol_token(&head.headers) {
            Some(token) => Shown::Subprotocol(token),
            None if Claim::is_presigned(head) => Shown::Presigned,
            None => Shown::Nothing,
        },
        Some(_) if scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(SCHEME)) => {
            Shown::Bearer
        }
        Some(_) => Shown::Signature,
    }
}
