//! The compact serialization of a JSON Web Signature (RFC 7515, section 7.1), read strictly: three parts, one spelling.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::json::{self, Map, Value};

/// A well-formed compact JWS. Its signature has not been checked, so nothing in it is proven.
pub(crate) struct Jws {
    pub(crate) header: Map<String, Value>,
    pub(crate) payload: Vec<u8>,
    pub(crate) signature: Signature,
}

/// The signature part, and the text that it was made of.
pub(crate) struct Signature {
    /// Header and payload as they are written, with the period between (RFC 7515, section 5.2).
    pub(crate) message: String,
    pub(crate) bytes: Vec<u8>,
}

/// Why a text is no compact JWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JwsError {
    /// It does not have exactly three parts.
    Parts,
    /// A part is not canonical unpadded base64url.
    Encoding,
    /// The header is not one strict JSON object.
    Header,
}

impl Jws {
    pub(crate) fn parse(text: &str) -> Result<Self, JwsError> {
        let mut parts = text.split('.');
        let mut next = || parts.next().ok_or(JwsError::Parts);
        let (header, payload, signature) = (next()?, next()?, next()?);
        if parts.next().is_some() {
            return Err(JwsError::Parts);
        }
        let signature = Signature {
            message: [header, payload].join("."),
            bytes: decode(signature)?,
        };
        let header = json::object(&decode(header)?).ok_or(JwsError::Header)?;
        let payload = decode(payload)?;
        Ok(Self {
            header,
            payload,
            signature,
        })
    }
}

/// A part that decodes in more than one spelling would give one token many texts, and a list of refused tokens a hole.
fn decode(part: &str) -> Result<Vec<u8>, JwsError> {
    let bytes = URL_SAFE_NO_PAD.decode(part);
    bytes.map_err(|_| JwsError::Encoding)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_three_canonical_parts_are_a_jws() {
        let jws = Jws::parse("eyJhIjoxfQ.cGF5bG9hZA.AAAA").unwrap();
        assert_eq!(jws.header.get("a"), Some(&Value::from(1)));
        assert_eq!(jws.payload, b"payload");
        assert_eq!(jws.signature.message, "eyJhIjoxfQ.cGF5bG9hZA");
        assert_eq!(jws.signature.bytes, [0; 3]);
        // An empty signature is well formed; it verifies under no key.
        assert!(Jws::parse("e30..").is_ok());
        for (text, error) in [
            ("", JwsError::Parts),
            ("e30.e30", JwsError::Parts),
            ("e30.e30.e30.e30", JwsError::Parts),
            ("e30=.e30.AAAA", JwsError::Encoding),
            ("e30.e30=.AAAA", JwsError::Encoding),
            ("e30.e30.AAA=", JwsError::Encoding),
            ("e30.e30.AA+A", JwsError::Encoding),
            ("e30.e30.AB", JwsError::Encoding),
            ("e30.e31.AAAA", JwsError::Encoding),
            ("e30. e30.AAAA", JwsError::Encoding),
            (".e30.AAAA", JwsError::Header),
            ("W10.e30.AAAA", JwsError::Header),
            ("eyJhIjoxLCJhIjoyfQ.e30.AAAA", JwsError::Header),
        ] {
            assert_eq!(Jws::parse(text).err(), Some(error), "{text}");
        }
    }
}
