//! Seals: keys for HMAC-SHA256 (RFC 2104).

use aws_lc_rs::hmac;

use crate::text;

/// A key for HMAC-SHA256: derived from a private key for one purpose, or stored beside one.
#[derive(Clone)]
pub struct SealKey(hmac::Key);

impl SealKey {
    /// The tag in hex over the purpose and the fields, told apart as [`super::digest_of`] tells them apart.
    pub(crate) fn tag_of(&self, purpose: &str, fields: &[&str]) -> String {
        let mut context = hmac::Context::with_key(&self.0);
        super::framed(purpose, fields, |bytes| context.update(bytes));
        text::hex(context.sign().as_ref())
    }

    /// From its bytes. Only those who read secrets have any.
    #[cfg(any(test, feature = "secrets"))]
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The tag of a message, 32 bytes.
    #[cfg(feature = "secrets")]
    pub fn tag(&self, message: &[u8]) -> Vec<u8> {
        hmac::sign(&self.0, message).as_ref().to_vec()
    }

    /// Whether the tag, whole, is this message's. The time this takes says nothing of where it differs.
    #[cfg(feature = "secrets")]
    pub fn verifies(&self, message: &[u8], tag: &[u8]) -> bool {
        hmac::verify(&self.0, message, tag).is_ok()
    }
}
