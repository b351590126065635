//! Unguessable names and secrets.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A random UUID (version 4) in its usual spelling, as AWS makes its request ids.
pub(crate) fn uuid() -> String {
    // RFC 9562, section 5.4: four bits say the version, two the variant.
    let value = u128::from_be_bytes(bytes());
    let value = value & !(0xf << 76) | (0x4 << 76);
    let value = value & !(0b11 << 62) | (0b10 << 62);
    let mut text = format!("{value:032x}");
    for at in [20, 16, 12, 8] {
        text.insert(at, '-');
    }
    text
}

/// 192 random bits in 32 characters of `[A-Za-z0-9_-]`.
pub(crate) fn secret() -> String {
    URL_SAFE_NO_PAD.encode(bytes::<24>())
}

fn bytes<const COUNT: usize>() -> [u8; COUNT] {
    let mut bytes = [0; COUNT];
    // Without randomness every code, token and password could be guessed: nothing may go on.
    if aws_lc_rs::rand::fill(&mut bytes).is_err() {
        std::process::abort();
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_has_its_hyphens_version_and_variant() {
        let uuid = uuid();
        let lengths: Vec<usize> = uuid.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12], "{uuid}");
        assert_eq!(uuid.as_bytes()[14], b'4', "{uuid}");
        assert!(b"89ab".contains(&uuid.as_bytes()[19]), "{uuid}");
        assert_ne!(uuid, super::uuid());
    }
}
