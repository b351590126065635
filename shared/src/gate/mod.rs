//! The gate: takes what a caller shows to one permit, or to the first check that failed.
//!
//! Three calls, always in this order, each taking only what the one before it made. Between the first and the second
//! the shell may fetch keys; nothing in here does.
//!
//! ```text
//! present   bearer -> token             whose token does this claim to be? (unproven)
//! identify  signature -> claims -> identity    who is it, really
//! admit     decision                    may they call this agent
//! ```
//!
//! The rules are those of RFC 7519 (JWT), RFC 7515 (JWS), RFC 7518 (JWA) and RFC 8725 (best practice), read strictly:
//! where those leave a choice, the token is refused.

mod bearer;
mod claims;
mod conditions;
mod decision;
mod identity;
mod keys;
mod presented;
mod refusal;
mod signature;
mod token;

pub use decision::Permit;
pub(crate) use identity::groups_elsewhere;
pub use identity::{Caller, Identity};
pub use keys::{KeyDocumentError, KeySet, SkippedKey};
pub use presented::{Payload, Presented};
pub use refusal::{Answer, Refusal};

pub use crate::crypto::{Algorithm, KeyError};
pub use crate::jwk::JwkError;
pub use crate::rules::{
    Admission, AgentName, ClaimPath, CustomClaim, Issuer, Match, RequiredClaim, Rules, TokenUse,
    Trust, UnixTime,
};

use bearer::Bearer;
use claims::Claims;
use signature::Signed;
use token::Token;

/// Reads an `Authorization` header as far as it can be read without a key: whose token does it claim to be?
///
/// Nothing of the answer is proven; it serves to find the keys that [`identify`] asks for.
///
/// # Errors
/// The first check of the bearer, the token's form, or the trusted issuers that failed.
pub fn present<'t>(header: &[u8], trust: &'t Trust) -> Result<Presented<'t>, Refusal> {
    let bearer = Bearer::parse(header)?;
    let token = Token::parse(bearer)?;
    Presented::find_issuer(token, trust)
}

/// A refusal, and the claims that it is about if their signature holds: then they are the issuer's, and a log may show them.
pub struct Rejection<'t> {
    pub refusal: Refusal,
    signed: Option<Box<Signed<'t>>>,
}

impl<'t> Rejection<'t> {
    /// The claims, if their signature holds.
    pub fn signed(&self) -> Option<&Payload<'t>> {
        self.signed.as_deref().map(Signed::payload)
    }
}

/// Believes a caller, or refuses with the first check that failed.
///
/// `now` is the time of the request; `keys` are the issuer's, the one that [`Presented::issuer_index`] names.
///
/// # Errors
/// The first check of the signature, the claims or the issuer's own conditions that failed.
pub fn identify<'t>(
    presented: Presented<'t>,
    keys: &KeySet,
    now: UnixTime,
) -> Result<Identity, Rejection<'t>> {
    let reject = |refusal, signed| Rejection { refusal, signed };
    let signed = Signed::verify(presented, keys).map_err(|refusal| reject(refusal, None))?;
    let identity = Claims::check(&signed, now).and_then(Identity::from_claims);
    identity.map_err(|refusal| reject(refusal, Some(Box::new(signed))))
}

/// What a token says whose signature holds, for an account of the checks behind it. It is no identity, and lets no one in.
///
/// # Errors
/// The first check of the signature that failed.
pub fn signed<'t>(presented: Presented<'t>, keys: &KeySet) -> Result<Payload<'t>, Refusal> {
    Signed::verify(presented, keys).map(Signed::into_payload)
}

/// Decides whether this identity may call this agent.
///
/// # Errors
/// The kind of right (issuer, scope, group, client) that is missing.
pub fn admit(identity: Identity, agent: &AgentName, allow: &Admission) -> Result<Permit, Refusal> {
    Permit::decide(identity, agent, allow)
}

/// Checks the form and the signature of a compact JWS whose payload is not a JWT's: what published test vectors are.
///
/// # Errors
/// The first check that failed.
#[doc(hidden)]
pub fn check_signature(header: &[u8], keys: &KeySet) -> Result<(), Refusal> {
    let token = Token::parse(Bearer::parse(header)?)?;
    signature::check(&token, "", keys)
}
