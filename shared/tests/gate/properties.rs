//! Property tests: what holds for any input.

use proptest::collection::vec;
use proptest::prelude::{any, proptest};

use crate::ask::{Ask, RSA, good_claims};

fn good_token() -> String {
    RSA.token("RS256", &good_claims())
}

proptest! {
    #[test]
    fn any_bytes_are_refused(header in vec(any::<u8>(), 0..300)) {
        assert!(Ask::header(&header).answer().is_err());
    }

    #[test]
    fn any_three_parts_are_refused(parts in "[A-Za-z0-9_-]{0,80}\\.[A-Za-z0-9_-]{0,200}\\.[A-Za-z0-9_-]{0,80}") {
        assert!(Ask::token(&parts).answer().is_err());
    }

    /// Even where the issuer itself signed nonsense.
    #[test]
    fn any_signed_payload_is_refused(payload in vec(any::<u8>(), 0..200)) {
        assert!(Ask::raw(br#"{"alg":"RS256","kid":"rsa-1"}"#, &payload).answer().is_err());
    }

    #[test]
    fn any_changed_byte_is_refused(at in any::<proptest::sample::Index>(), to in 0x21..0x7f_u8) {
        let mut token = good_token().into_bytes();
        let at = at.index(token.len());
        if token[at] != to {
            token[at] = to;
            let token = String::from_utf8(token).unwrap();
            assert!(Ask::token(&token).answer().is_err());
        }
    }

    #[test]
    fn any_cut_is_refused(at in any::<proptest::sample::Index>()) {
        let token = good_token();
        assert!(Ask::token(&token[..at.index(token.len())]).answer().is_err());
    }
}
