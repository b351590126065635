//! Public JSON Web Key (RFC 7517, section 4), read strictly: a key that verifies signatures, or the reason why it does
//! not.

use crate::crypto::{Algorithm, KeyError, VerifyingKey};
use crate::json::Value;
use crate::jws::Signature;

/// A key that can verify, and what its owner says of it.
#[derive(PartialEq)]
pub(crate) struct Jwk {
    pub(crate) id: Option<String>,
    /// The thumbprint of its certificate (RFC 7517, section 4.8), by which AD FS names a key.
    pub(crate) thumbprint: Option<String>,
    /// The one issuer whose tokens it may sign, or a template of such names: Microsoft Entra's member `issuer`.
    issuer: Option<String>,
    algorithm: Option<Algorithm>,
    key: VerifyingKey,
}

/// The reason why a key cannot be used. It holds nothing of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwkError {
    #[error("is not an object")]
    Form,
    #[error("`kid`, `x5t` or `issuer` is not a text")]
    Name,
    #[error("`use` is not `sig`")]
    Use,
    #[error("`key_ops` is not a list with `verify`")]
    Operations,
    #[error("`alg` is not an algorithm that is known here")]
    Algorithm,
    #[error("`alg` is one for another kind of key")]
    Mismatch,
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Of two different keys of one id that serve the same tokens, none is the one that is meant.
    #[error("another key of the same `kid` could serve the same tokens")]
    Ambiguous,
    #[error("has neither `kid` nor `x5t`, and is not the only key")]
    Unnamed,
}

/// The part of an issuer's name that stands for the caller's tenant, in the keys that Entra's tenants share.
const TENANT: &str = "{tenantid}";

impl Jwk {
    pub(crate) fn parse(jwk: &Value) -> Result<Self, JwkError> {
        let jwk = jwk.as_object().ok_or(JwkError::Form)?;
        // A member that is null says as much as one that is not there: libraries write what they do not know as null.
        let member = |name: &str| jwk.get(name).filter(|value| !value.is_null());
        let text = |name: &str| match member(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(JwkError::Name),
        };
        // A key for another purpose must not verify signatures (RFC 7517, sections 4.2 and 4.3).
        if member("use").is_some_and(|purpose| purpose != "sig") {
            return Err(JwkError::Use);
        }
        let verifies = |operations: &Value| {
            let listed = operations.as_array().into_iter().flatten();
            listed.into_iter().any(|operation| operation == "verify")
        };
        if !member("key_ops").is_none_or(verifies) {
            return Err(JwkError::Operations);
        }
        let algorithm = match member("alg") {
            None => None,
            Some(name) => {
                let known = name.as_str().and_then(Algorithm::parse);
                Some(known.ok_or(JwkError::Algorithm)?)
            }
        };
        let key = VerifyingKey::from_jwk(jwk)?;
        if algorithm.is_some_and(|own| !key.serves(own)) {
            return Err(JwkError::Mismatch);
        }
        Ok(Self {
            id: text("kid")?,
            thumbprint: text("x5t")?,
            issuer: text("issuer")?,
            algorithm,
            key,
        })
    }

    /// Whether it is one for the algorithm: of its kind, and not bound to another by its own `alg`.
    pub(crate) fn serves(&self, algorithm: Algorithm) -> bool {
        self.key.serves(algorithm) && self.algorithm.is_none_or(|own| own == algorithm)
    }

    /// Whether it may sign in this issuer's name. A key that names an issuer signs for no other, although other issuers
    /// publish it too (Microsoft identity platform, "Validate the signing key issuer").
    pub(crate) fn is_of(&self, issuer: &str) -> bool {
        let is_tenant = |rest: &str| !rest.is_empty() && !rest.contains('/');
        match self
            .issuer
            .as_deref()
            .map(|own| (own, own.split_once(TENANT)))
        {
            None => true,
            Some((own, None)) => own == issuer,
            Some((_, Some((before, after)))) => {
                let rest = issuer.strip_prefix(before);
                let rest = rest.and_then(|rest| rest.strip_suffix(after));
                rest.is_some_and(is_tenant)
            }
        }
    }

    /// Whether some token could be either key's: then its key id does not tell which one is meant.
    pub(crate) fn clashes_with(&self, other: &Self) -> bool {
        let serves_both = |algorithm| self.serves(algorithm) && other.serves(algorithm);
        let one_issuer = match (&self.issuer, &other.issuer) {
            (Some(own), Some(theirs)) => {
                own == theirs || own.contains(TENANT) || theirs.contains(TENANT)
            }
            (None, _) | (_, None) => true,
        };
        self.id == other.id && one_issuer && Algorithm::ALL.into_iter().any(serves_both)
    }

    /// Whether the signature is made with this key (RFC 7515, section 5.2).
    pub(crate) fn verifies(&self, algorithm: Algorithm, signature: &Signature) -> bool {
        self.key.verifies(algorithm, signature)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(issuer: &Value) -> Jwk {
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": x, "kid": "a", "issuer": issuer});
        Jwk::parse(&jwk).unwrap()
    }

    #[test]
    fn a_key_that_names_an_issuer_serves_no_other() {
        let entra = "https://login.example/{tenantid}/v2.0";
        for (own, issuer, serves) in [
            (Value::Null, "https://any.example", true),
            (json!("https://a.example"), "https://a.example", true),
            (json!("https://a.example"), "https://a.example/", false),
            (json!("https://a.example"), "https://b.example", false),
            (json!(""), "https://a.example", false),
            (json!(entra), "https://login.example/t1/v2.0", true),
            (json!(entra), "https://login.example/t1/v1.0", false),
            (json!(entra), "https://login.example/t1/x/v2.0", false),
            (json!(entra), "https://login.example//v2.0", false),
            (json!(entra), "https://login.example/v2.0", false),
            (json!(entra), "https://other.example/t1/v2.0", false),
            (json!("{tenantid}"), "https://a.example", false),
        ] {
            assert_eq!(of(&own).is_of(issuer), serves, "{own} {issuer}");
        }
    }

    #[test]
    fn keys_of_two_issuers_do_not_clash() {
        let (a, b, any) = (json!("a"), json!("b"), json!("{tenantid}"));
        for (one, other, clash) in [
            (&a, &a, true),
            (&a, &b, false),
            (&a, &Value::Null, true),
            (&a, &any, true),
            (&any, &b, true),
        ] {
            assert_eq!(of(one).clashes_with(&of(other)), clash, "{one} {other}");
        }
    }
}
