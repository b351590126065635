//! Presented token, [`Token`] + [`Trust`] -> [`Presented`]: unverified, and from a trusted issuer by its own account.

use std::slice;

use super::refusal::Refusal;
use super::token::Token;
use crate::json::{self, Map, Value};
use crate::rules::{ClaimPath, Rules, Trust};

/// A token together with the rules of the issuer it claims. Nothing is proven yet, so its claims cannot be read.
pub struct Presented<'t> {
    token: Token,
    payload: Payload<'t>,
    issuer_index: usize,
}

/// What a token says, and what its issuer may say. Outside the gate there is none but of a token whose signature holds.
pub struct Payload<'t> {
    claims: Map<String, Value>,
    pub rules: &'t Rules,
    /// The name by which the claimed issuer's callers are known.
    pub issuer: String,
    pub token_id: String,
}

impl Payload<'_> {
    pub(crate) fn get(&self, claim: &str) -> Option<&Value> {
        self.claims.get(claim)
    }

    /// A claim of which `null` means that there is none.
    pub(crate) fn optional(&self, claim: &ClaimPath) -> Option<&Value> {
        claim.find(&self.claims)
    }
}

/// The values of a claim that is one or a list of them (for `aud`: RFC 7519, section 4.1.3).
pub(super) fn entries(claim: Option<&Value>) -> &[Value] {
    match claim {
        Some(Value::Array(list)) => list,
        one => one.map(slice::from_ref).unwrap_or_default(),
    }
}

impl<'t> Presented<'t> {
    pub(super) fn find_issuer(token: Token, trust: &'t Trust) -> Result<Self, Refusal> {
        let claims = json::claims(&token.payload).ok_or(Refusal::PayloadJson)?;
        let issuer = claims.get("iss").and_then(Value::as_str);
        let issuer = issuer.ok_or(Refusal::IssuerForm)?;
        let (issuer_index, rules) = trust.find(issuer).ok_or(Refusal::IssuerUnknown)?;
        // Tokens of other kinds, such as `dpop+jwt` or `logout+jwt`, must not pass for access (RFC 8725, section 3.11).
        let is_typed = |typ: &String| {
            ["jwt", "at+jwt"].contains(&typ.as_str()) || rules.token_types.contains(typ)
        };
        if !token.token_type.as_ref().is_none_or(is_typed) {
            return Err(Refusal::Type);
        }
        // The token may not choose its own check (RFC 8725, section 3.1).
        if !rules.algorithms.contains(&token.algorithm) {
            return Err(Refusal::AlgorithmRefused);
        }
        Ok(Self {
            payload: Payload {
                issuer: rules.issuer.known_as(issuer),
                claims,
                rules,
                token_id: token.id(),
            },
            token,
            issuer_index,
        })
    }

    /// The place of the claimed issuer in [`Trust::issuers`].
    pub fn issuer_index(&self) -> usize {
        self.issuer_index
    }

    /// Whether the token names a key. Its name is unproven: good for looking a key up, never for a log or a URL.
    pub fn names_key(&self) -> bool {
        self.token.key_id.is_some() || self.token.thumbprint.is_some()
    }

    /// The token and its `iss`, for the look-up of its key.
    pub(super) fn unproven(&self) -> (&Token, &str) {
        let issuer = self.payload.get("iss").and_then(Value::as_str);
        (&self.token, issuer.unwrap_or_default())
    }

    pub(super) fn into_payload(self) -> Payload<'t> {
        self.payload
    }
}
