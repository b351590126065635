//! Signature verification, [`Presented`] + [`KeySet`] -> [`Signed`].

use super::keys::KeySet;
use super::presented::{Payload, Presented};
use super::refusal::Refusal;
use super::token::Token;

/// Claims that their issuer signed. Whether they are meant for us, and now, is not known yet.
pub(super) struct Signed<'t>(Payload<'t>);

impl<'t> Signed<'t> {
    pub(super) fn verify(presented: Presented<'t>, keys: &KeySet) -> Result<Self, Refusal> {
        let (token, issuer) = presented.unproven();
        check(token, issuer, keys)?;
        Ok(Self(presented.into_payload()))
    }

    pub(super) fn payload(&self) -> &Payload<'t> {
        &self.0
    }

    pub(super) fn into_payload(self) -> Payload<'t> {
        self.0
    }
}

pub(super) fn check(token: &Token, issuer: &str, keys: &KeySet) -> Result<(), Refusal> {
    let key = keys.find(token, issuer)?;
    if !key.verifies(token.algorithm, &token.signature) {
        return Err(Refusal::Signature);
    }
    Ok(())
}
