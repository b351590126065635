//! Bounded decompression of gzip (RFC 1952): some servers compress a document without being asked to.

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

/// The first bytes of every member; no JSON text begins with them.
const MAGIC: [u8; 3] = [0x1f, 0x8b, DEFLATE];
/// The one method of compression there is.
const DEFLATE: u8 = 8;
/// Check sum and length, four bytes each.
const TRAILER: usize = 8;

/// The flags of the optional parts (section 2.3.1).
const HEADER_CHECK: u8 = 1 << 1;
const EXTRA: u8 = 1 << 2;
const NAME: u8 = 1 << 3;
const COMMENT: u8 = 1 << 4;
const RESERVED: u8 = 0b1110_0000;

/// Whether a body is compressed. The bytes say so: a bucket's object may be, without its `Content-Encoding`.
pub(super) fn is_gzip(body: &[u8]) -> bool {
    body.starts_with(&MAGIC)
}

/// The one member of a gzip file, if it is whole and has at most `bound` bytes. The memory is bounded, whatever the body
/// says of its length. TLS has checked the bytes, so its check sum is not read; its length shows that nothing is missing.
pub(super) fn decompressed(body: &[u8], bound: usize) -> Option<Vec<u8>> {
    let compressed = without_header(body)?;
    let mut document = vec![0; bound];
    let mut state = Box::<DecompressorOxide>::default();
    let flags = TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
    let (status, read, written) = decompress(&mut state, compressed, &mut document, 0, flags);
    let trailer = compressed.get(read..)?;
    let [.., a, b, c, d] = *trailer else {
        return None;
    };
    let length = usize::try_from(u32::from_le_bytes([a, b, c, d])).ok()?;
    // What follows would be a second member, and a second document.
    if status != TINFLStatus::Done || trailer.len() != TRAILER || length != written {
        return None;
    }
    document.truncate(written);
    Some(document)
}

/// What follows the header of a member.
fn without_header(body: &[u8]) -> Option<&[u8]> {
    let body = body.strip_prefix(&MAGIC)?;
    // Time, extra flags and operating system: six bytes.
    let (flags, rest) = body.split_first()?;
    let mut rest = rest.get(6..)?;
    if flags & RESERVED != 0 {
        return None;
    }
    if flags & EXTRA != 0 {
        let (length, extra) = rest.split_first_chunk::<2>()?;
        rest = extra.get(usize::from(u16::from_le_bytes(*length))..)?;
    }
    for text in [NAME, COMMENT] {
        if flags & text != 0 {
            let (_, after) = rest.split_at_checked(rest.iter().position(|byte| *byte == 0)?)?;
            rest = after.get(1..)?;
        }
    }
    if flags & HEADER_CHECK != 0 {
        rest = rest.get(2..)?;
    }
    Some(rest)
}

#[cfg(test)]
mod tests {
    use miniz_oxide::deflate::compress_to_vec;

    use super::*;

    const TEXT: &[u8] = br#"{"keys": []}"#;

    /// A member with these flags, and these bytes between header and text.
    fn member(flags: u8, parts: &[u8], text: &[u8]) -> Vec<u8> {
        let head = [0x1f, 0x8b, 8, flags, 1, 2, 3, 4, 0, 255];
        let length = u32::try_from(text.len()).unwrap().to_le_bytes();
        let compressed = compress_to_vec(text, 6);
        [&head[..], parts, &compressed, &[0; 4], &length].concat()
    }

    #[test]
    fn every_form_of_a_header_is_read() {
        for (flags, parts) in [
            (0, &b""[..]),
            (1, b""),
            (NAME, b"keys.json\0"),
            (COMMENT, b"a comment\0"),
            (HEADER_CHECK, b"ab"),
            (EXTRA, b"\x03\0abc"),
            (EXTRA, b"\0\0"),
            (EXTRA | NAME | COMMENT | HEADER_CHECK, b"\x01\0ab\0c\0de"),
        ] {
            let body = member(flags, parts, TEXT);
            assert!(is_gzip(&body));
            assert_eq!(decompressed(&body, 100).as_deref(), Some(TEXT), "{flags}");
        }
        let empty = member(0, b"", b"");
        assert_eq!(decompressed(&empty, 100).as_deref(), Some(&b""[..]));
    }

    #[test]
    fn a_bomb_costs_no_more_than_the_bound() {
        let zeros = vec![b' '; 1 << 20];
        let bomb = member(0, b"", &zeros);
        assert!(bomb.len() < 2000, "{}", bomb.len());
        assert_eq!(decompressed(&bomb, 64 * 1024), None);
        let most = member(0, b"", &zeros[..100]);
        assert_eq!(decompressed(&most, 100).map(|text| text.len()), Some(100));
        assert_eq!(decompressed(&most, 99), None);
    }

    #[test]
    fn what_is_not_one_whole_member_is_none() {
        let good = member(0, b"", TEXT);
        for cut in 0..good.len() {
            assert_eq!(decompressed(&good[..cut], 100), None, "cut to {cut}");
        }
        let twice = [&good[..], &good].concat();
        let more = [&good[..], b"x"].concat();
        let mut long = good.clone();
        *long.last_mut().unwrap() = 1;
        let mut reserved = good.clone();
        reserved[3] = 0b0010_0000;
        for (what, body) in [
            ("twice", twice),
            ("more", more),
            ("another length", long),
            ("a flag to come", reserved),
            (
                "an extra part past the end",
                member(EXTRA, b"\xff\xff", TEXT),
            ),
            (
                "a name without end",
                [&[0x1f, 0x8b, 8, NAME, 0, 0, 0, 0, 0, 0][..], b"name"].concat(),
            ),
            ("nothing", Vec::new()),
        ] {
            assert_eq!(decompressed(&body, 100), None, "{what}");
        }
        assert!(!is_gzip(TEXT) && !is_gzip(b"\x1f\x8b"));
    }
}
