//! Random texts that cannot be guessed: `state`, the PKCE verifier, names of files.

use aws_lc_rs::digest::{self, SHA256};
use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::failure::Failure;

/// 256 bits in 43 letters, digits, `-` and `_`.
pub(crate) fn text() -> Result<String, Failure> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).map_err(|_| {
        Failure::output(
            "the system gives no random bytes",
            "see that /dev/urandom can be read",
        )
    })?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// An id of a conversation. It begins with no hyphen, so that it can be given as the value of an option.
pub(crate) fn id() -> Result<String, Failure> {
    Ok(name(&[&text()?]))
}

/// The challenge of a verifier (RFC 7636, section 4.2: `S256`).
pub(crate) fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&SHA256, verifier.as_bytes()))
}

/// The name of a file for texts that may hold anything.
pub(crate) fn name(texts: &[&str]) -> String {
    let joined = texts.join("\0");
    let hash = digest::digest(&SHA256, joined.as_bytes());
    let hex = shared::text::hex(hash.as_ref());
    hex.chars().take(32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7636, appendix B.
    #[test]
    fn a_challenge_is_that_of_the_rfc() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(
            challenge(verifier),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }

    #[test]
    fn a_text_is_long_enough_and_new() {
        let (one, other) = (text().unwrap(), text().unwrap());
        assert_eq!(one.len(), 43);
        assert_ne!(one, other);
        assert!(shared::text::is_word(&id().unwrap(), 32, b""));
    }
}
