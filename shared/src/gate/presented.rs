//! Presented token, [`Token`] + [`Trust`] -> [`Presented`]: unverified, and from a trusted issuer by its own account.

use super::refusal::Refusal;
use super::token::Token;
use crate::json::{self, Map, Value};
use crate::rules::{Rules, Trust};

/// A token together with the rules of the issuer it claims. Nothing is proven yet, so its claims cannot be read.
pub struct Presented<'t> {
    token: Token,
    payload: Payload<'t>,
    issuer_index: usize,
}

/// What a token says, and what its issuer may say.
pub(super) struct Payload<'t> {
    claims: Map<String, Value>,
    pub(super) rules: &'t Rules,
    pub(super) token_id: String,
}

impl Payload<'_> {
    pub(super) fn get(&self, claim: &str) -> Option<&Value> {
        self.claims.get(claim)
    }
}

impl<'t> Presented<'t> {
    pub(super) fn find_issuer(token: Token, trust: &'t Trust) -> Result<Self, Refusal> {
        let claims = json::object(&token.payload).ok_or(Refusal::PayloadJson)?;
        let issuer = claims.get("iss").and_then(Value::as_str);
        let issuer = issuer.ok_or(Refusal::IssuerForm)?;
        let (issuer_index, rules) = trust.find(issuer).ok_or(Refusal::IssuerUnknown)?;
        // The token may not choose its own check (RFC 8725, section 3.1).
        if !rules.algorithms.contains(&token.algorithm) {
            return Err(Refusal::AlgorithmRefused);
        }
        Ok(Self {
            payload: Payload {
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

    /// The key the token names. Unproven: good for looking a key up, never for a log or a URL.
    pub fn key_id(&self) -> Option<&str> {
        self.token.key_id.as_deref()
    }

    pub(super) fn into_parts(self) -> (Token, Payload<'t>) {
        (self.token, self.payload)
    }
}
