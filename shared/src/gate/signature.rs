//! Signature verification, [`Presented`] + [`KeySet`] -> [`Signed`].

use super::keys::KeySet;
use super::presented::{Payload, Presented};
use super::refusal::Refusal;
use super::token::Token;

/// Claims that their issuer signed. Whether they are meant for us, and now, is not known yet.
pub(super) struct Signed<'t>(Payload<'t>);

impl<'t> Signed<'t> {
    pub(super) fn verify(presented: Presented<'t>, keys: &KeySet) -> Result<Self, Refusal> {
        let (token, payload) = presented.into_parts();
        check(&token, keys).map(|()| Self(payload))
    }

    pub(super) fn payload(&self) -> &Payload<'t> {
        &self.0
    }
}

pub(super) fn check(token: &Token, keys: &KeySet) -> Result<(), Refusal> {
    let key_id = token.key_id.as_deref();
    let unknown = key_id.map_or(Refusal::KeyIdMissing, |_| Refusal::KeyUnknown);
    let key = keys.find(key_id).ok_or(unknown)?;
    if !key.serves(token.algorithm) {
        return Err(Refusal::KeyMismatch);
    }
    if !key.verifies(token) {
        return Err(Refusal::Signature);
    }
    Ok(())
}
