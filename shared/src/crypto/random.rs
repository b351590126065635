//! Random identifiers.

use crate::text;

/// 128 random bits, as 32 lower-case hexadecimal digits. None if there is no randomness, which AWS-LC itself ends the
/// process over before it says so.
pub(crate) fn hex() -> Option<String> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).ok()?;
    Some(text::hex(&bytes))
}
