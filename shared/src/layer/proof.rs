//! Strict parser and verifier of the assertion in a request's header.

use std::time::Duration;

use http::request::Parts;
use serde::Deserialize;

use crate::assertion::{LIFETIME, MAX_BYTES, TYPE, body_hash};
use crate::code_table;
use crate::door_keys::DoorKeySet;
use crate::gate::{AgentName, UnixTime};
use crate::json::{self, Value};
use crate::jws::{Jws, Signature};

/// How far the clocks of door and service may be apart, either way.
pub const SKEW: Duration = Duration::from_secs(30);

/// The runtime session that AgentCore names to a container. A proof is for one session.
const SESSION: &str = "x-amzn-bedrock-agentcore-runtime-session-id";

code_table! {
    /// Why a proof does not hold.
    #[derive(thiserror::Error)]
    pub enum ProofError;

    Missing   "proof_missing"   "there is no proof"
    Repeated  "proof_repeated"  "there are two proofs"
    Form      "proof_form"      "the proof is not a compact JWS of the door's form"
    Type      "proof_type"      "the proof is a token of another type or algorithm"
    Signature "proof_signature" "the proof is not signed with a key of the door's"
    AssertionClaims    "proof_claims"    "the proof's claims are not of the door's form"
    Issuer    "proof_issuer"    "the proof is another door's"
    Audience  "proof_audience"  "the proof is for another agent"
    Early     "proof_early"     "the proof is from the future"
    Expired   "proof_expired"   "the proof has expired"
    Lifetime  "proof_lifetime"  "the proof holds for longer than the door's do"
    Method    "proof_method"    "the proof is for another method"
    Path      "proof_path"      "the proof is for another path, or there is a query"
    Session   "proof_session"   "the proof is for another session, or there are two"
    Body      "proof_body"      "the proof is for another body"
    Replayed  "proof_replayed"  "the proof was shown before"
}

/// Who asks, as the door says; only the layer makes one. What is `None` the door does not know, or did not have room to
/// say: an absent list is not an empty one.
#[derive(Clone)]
#[non_exhaustive]
pub struct Proven {
    /// The caller's stable name, unique within the issuer.
    pub subject: String,
    pub subject_issuer: String,
    pub client_id: Option<String>,
    pub username: Option<String>,
    pub email: Option<String>,
    pub name: Option<String>,
    pub groups: Option<Vec<String>>,
    pub scopes: Option<Vec<String>>,
    /// The runtime session.
    pub session: String,
    /// The id of the request in the door's log.
    pub request_id: String,
}

/// Names of people stay out of whatever prints this.
impl std::fmt::Debug for Proven {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Proven({})", self.request_id)
    }
}

/// A proof of the right form, unproven.
pub(super) struct Proof {
    key_id: String,
    payload: Vec<u8>,
    signature: Signature,
}

/// What the door said; whether it is about this request is not known yet.
#[derive(Deserialize)]
pub(super) struct AssertionClaims {
    iss: String,
    aud: String,
    sub: String,
    sub_issuer: String,
    jti: String,
    iat: u64,
    exp: u64,
    session: String,
    method: String,
    path: String,
    body_sha256: String,
    client_id: Option<String>,
    username: Option<String>,
    email: Option<String>,
    name: Option<String>,
    groups: Option<Vec<String>>,
    scope: Option<String>,
}

impl Proof {
    pub(super) fn parse(header: &[u8]) -> Result<Self, ProofError> {
        let text = std::str::from_utf8(header).map_err(|_| ProofError::Form)?;
        if text.len() > MAX_BYTES {
            return Err(ProofError::Form);
        }
        let jws = Jws::parse(text).map_err(|_| ProofError::Form)?;
        let mut head = jws.header;
        let mut take = |name: &str| head.remove(name).unwrap_or_default();
        let (algorithm, token_type, key_id) = (take("alg"), take("typ"), take("kid"));
        // The token may not choose its own check (RFC 8725, sections 3.1 and 3.11).
        if algorithm != "ES256" || token_type != TYPE {
            return Err(ProofError::Type);
        }
        // The door writes these three members; `crit` and others ask for what is not understood here.
        let (true, Value::String(key_id)) = (head.is_empty(), key_id) else {
            return Err(ProofError::Form);
        };
        Ok(Self {
            key_id,
            payload: jws.payload,
            signature: jws.signature,
        })
    }

    /// The key it names. Unproven.
    pub(super) fn key_id(&self) -> &str {
        &self.key_id
    }

    pub(super) fn verify(self, keys: &DoorKeySet) -> Result<AssertionClaims, ProofError> {
        if !keys.verifies(&self.key_id, &self.signature) {
            return Err(ProofError::Signature);
        }
        let claims = json::object(&self.payload).ok_or(ProofError::AssertionClaims)?;
        serde_json::from_value(Value::Object(claims)).map_err(|_| ProofError::AssertionClaims)
    }
}

impl AssertionClaims {
    /// Whether the door says this, to this service, about this request, and now.
    pub(super) fn check(
        &self,
        door: &str,
        agent: &AgentName,
        request: &Parts,
        now: UnixTime,
    ) -> Result<(), ProofError> {
        let skew = SKEW.as_secs();
        let mut sessions = request.headers.get_all(SESSION).iter();
        let session = sessions.next().map(|value| value.as_bytes());
        // With two it is unclear which one the service reads.
        let has_sessions = sessions.next().is_some();
        let has_query = request.uri.query().is_some();
        let fails = [
            (self.iss != door, ProofError::Issuer),
            (self.aud != agent.as_str(), ProofError::Audience),
            (self.iat > now.0.saturating_add(skew), ProofError::Early),
            (now.0 >= self.exp.saturating_add(skew), ProofError::Expired),
            (
                self.exp.saturating_sub(self.iat) > LIFETIME.as_secs(),
                ProofError::Lifetime,
            ),
            (self.method != request.method.as_str(), ProofError::Method),
            (
                has_query || self.path != request.uri.path(),
                ProofError::Path,
            ),
            (
                has_sessions || session.is_some_and(|session| session != self.session.as_bytes()),
                ProofError::Session,
            ),
        ];
        let first = fails.into_iter().find(|(fails, _)| *fails);
        first.map_or(Ok(()), |(_, reason)| Err(reason))
    }

    pub(super) fn check_body(&self, body: &[u8]) -> Result<(), ProofError> {
        if self.body_sha256 == body_hash(body) {
            Ok(())
        } else {
            Err(ProofError::Body)
        }
    }

    /// Names the proof.
    pub(super) fn id(&self) -> &str {
        &self.jti
    }

    /// From then on it has expired for everybody.
    pub(super) fn forgotten_at(&self) -> UnixTime {
        UnixTime(self.exp.saturating_add(SKEW.as_secs()))
    }

    pub(super) fn into_proven(self) -> Proven {
        let scopes = |scope: String| scope.split_whitespace().map(str::to_owned).collect();
        Proven {
            subject: self.sub,
            subject_issuer: self.sub_issuer,
            client_id: self.client_id,
            username: self.username,
            email: self.email,
            name: self.name,
            groups: self.groups,
            scopes: self.scope.map(scopes),
            session: self.session,
            request_id: self.jti,
        }
    }
}
