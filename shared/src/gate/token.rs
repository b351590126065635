//! Token parser, [`Bearer`] -> [`Token`]: a well-formed compact JWS (RFC 7515, section 7.1).

use super::bearer::Bearer;
use super::refusal::Refusal;
use crate::crypto::{self, Algorithm};
use crate::json::{Map, Value};
use crate::jws::{Jws, JwsError, Signature};
use crate::text::is_visible;

/// Key ids in use are short (Cognito's have 44 characters); the bound keeps look-ups small.
const MAX_KEY_ID: usize = 256;

/// A token whose form has been checked, and nothing else: what it claims is unproven.
pub(super) struct Token {
    pub(super) algorithm: Algorithm,
    pub(super) key_id: Option<String>,
    /// `x5t`, if it is a name that a key could have; else it is as unread as other members of a header.
    pub(super) thumbprint: Option<String>,
    /// The type that the header states, in lower case and without `application/` (RFC 7515, section 4.1.9).
    pub(super) token_type: Option<String>,
    pub(super) payload: Vec<u8>,
    pub(super) signature: Signature,
}

impl Token {
    pub(super) fn parse(bearer: Bearer<'_>) -> Result<Self, Refusal> {
        let Jws {
            header,
            payload,
            signature,
        } = Jws::parse(bearer.as_str())?;
        let (algorithm, key_id) = read_header(&header)?;
        Ok(Self {
            algorithm,
            key_id,
            thumbprint: read_thumbprint(&header),
            token_type: header.get("typ").map(token_type),
            payload,
            signature,
        })
    }

    /// Names the token in a log: by what was signed, which has one spelling. A signature can have two that hold
    /// (ECDSA).
    pub(super) fn id(&self) -> String {
        crypto::fingerprint(&self.signature.message)
    }
}

impl From<JwsError> for Refusal {
    fn from(error: JwsError) -> Self {
        match error {
            JwsError::Parts => Self::TokenParts,
            JwsError::Encoding => Self::TokenEncoding,
            JwsError::Header => Self::HeaderJson,
        }
    }
}

fn read_header(header: &Map<String, Value>) -> Result<(Algorithm, Option<String>), Refusal> {
    let has = |name: &str| header.contains_key(name);
    // No extension is understood here, so none may be critical (RFC 7515, section 4.1.11).
    if has("crit") {
        return Err(Refusal::Critical);
    }
    // Unencoded payloads are not for JWTs (RFC 7797, section 7).
    if has("b64") {
        return Err(Refusal::Unencoded);
    }
    if has("cty") || has("enc") || has("zip") {
        return Err(Refusal::Nested);
    }
    let algorithm = header.get("alg").and_then(Value::as_str);
    let algorithm = algorithm.and_then(Algorithm::parse);
    let key_id = match header.get("kid") {
        None => None,
        Some(Value::String(id)) if is_visible(id, MAX_KEY_ID) => Some(id.clone()),
        Some(_) => return Err(Refusal::KeyIdForm),
    };
    Ok((algorithm.ok_or(Refusal::AlgorithmUnknown)?, key_id))
}

fn read_thumbprint(header: &Map<String, Value>) -> Option<String> {
    let thumbprint = header.get("x5t").and_then(Value::as_str)?;
    is_visible(thumbprint, MAX_KEY_ID).then(|| thumbprint.to_owned())
}

/// What is no text is a type that no token may have.
fn token_type(typ: &Value) -> String {
    let typ = typ.as_str().unwrap_or_default().to_ascii_lowercase();
    typ.strip_prefix("application/").unwrap_or(&typ).to_owned()
}
