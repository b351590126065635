//! Certificate authorities of one issuer, for servers whose certificates no public authority signed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A root and its successor, for two hosts, and room.
const MAX_CERTIFICATES: usize = 10;

/// A file holds no more: ten certificates of 4096-bit keys are a third of it.
const MAX_BYTES: usize = 64 * 1024;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// Authorities that are trusted in the place of the public ones: certificates in DER.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorities(Vec<Vec<u8>>);

impl Authorities {
    /// Reads certificates in PEM (RFC 7468, section 5); text outside of them is explanation. A private key beside them
    /// is refused, as it must not be in a file of public settings.
    ///
    /// # Errors
    /// What is wrong with it, going on where the setting's name ends.
    pub fn parse(pem: &str) -> Result<Self, &'static str> {
        if pem.len() > MAX_BYTES {
            return Err("is longer than 65536 bytes");
        }
        let blocks = pem.matches("-----BEGIN ").count();
        let certificates: Option<Vec<Vec<u8>>> = pem.split(BEGIN).skip(1).map(decode).collect();
        let certificates = certificates.ok_or("has a certificate that is not whole")?;
        if blocks != certificates.len() {
            return Err("has a block that is not a certificate; give public certificates only");
        }
        if !(1..=MAX_CERTIFICATES).contains(&certificates.len()) {
            return Err(
                "is not 1 to 10 certificates in PEM, or `file:` with the path of a file of them",
            );
        }
        Ok(Self(certificates))
    }

    /// The certificates in DER.
    pub fn certificates(&self) -> &[Vec<u8>] {
        &self.0
    }
}

/// The certificate of a block, from behind its first line.
fn decode(block: &str) -> Option<Vec<u8>> {
    let (text, _) = block.split_once(END)?;
    let text: String = text.split_ascii_whitespace().collect();
    STANDARD.decode(text).ok().filter(|der| !der.is_empty())
}
