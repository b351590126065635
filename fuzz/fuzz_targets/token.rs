//! An `Authorization` header of any bytes: of all headers, the gate believes only the one whose token was signed.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use mint::Key;
use shared::gate::{KeySet, UnixTime, identify, present};
use shared::issuers::TrustedIssuers;

/// One signed token a run, the only one there is. Edits name places in it, so that what the fuzzer found stays of use when
/// the next run has another key.
struct Signed {
    issuers: TrustedIssuers,
    keys: KeySet,
    header: Vec<u8>,
    signed: String,
}

static SIGNED: LazyLock<Signed> = LazyLock::new(|| {
    let key = Key::p256("one");
    let claims = serde_json::json!({
        "iss": "https://issuer.example", "sub": "alice", "client_id": "app", "exp": 2_000_000_000, "iat": 1_999_999_000,
        "scope": "openid", "groups": ["staff"],
    });
    let token = key.token("ES256", &claims);
    let (signed, _) = token.rsplit_once('.').unwrap();
    let document = mint::key_document(&[&key]);
    let issuers = serde_json::json!([{
        "discoveryUrl": "https://issuer.example/.well-known/openid-configuration",
        "jwks": document,
        "algorithms": ["ES256", "RS256", "EdDSA"],
        "allowedClients": ["app"],
    }]);
    Signed {
        issuers: TrustedIssuers::parse(&issuers.to_string()).unwrap(),
        keys: KeySet::parse(document.to_string().as_bytes()).unwrap(),
        header: format!("Bearer {token}").into_bytes(),
        signed: signed.to_owned(),
    }
});

fuzz_target!(|data: &[u8]| {
    // The first byte chooses: bytes as they are, or the good header with some of its bytes changed.
    let header = match data.split_first() {
        Some((0, header)) => header.to_vec(),
        Some((_, edits)) => edited(&SIGNED.header, edits),
        None => Vec::new(),
    };
    let Ok(presented) = present(&header, &SIGNED.issuers.trust) else {
        return;
    };
    assert_eq!(presented.issuer_index(), 0);
    if identify(presented, &SIGNED.keys, UnixTime(1_999_999_500)).is_ok() {
        // One text, but for the case of the scheme (RFC 9110, section 11.1) and the spaces after it; ECDSA knows two
        // signatures of one message.
        let text = String::from_utf8(header).unwrap();
        let (scheme, token) = text.split_once(' ').unwrap();
        assert!(scheme.eq_ignore_ascii_case("bearer"));
        assert_eq!(token.trim().rsplit_once('.').unwrap().0, SIGNED.signed);
    }
});

/// Changes bytes of a header: each edit is a place in two bytes, and what stands there.
fn edited(header: &[u8], edits: &[u8]) -> Vec<u8> {
    let mut header = header.to_vec();
    for edit in edits.chunks_exact(3) {
        let place = usize::from(u16::from_be_bytes([edit[0], edit[1]])) % header.len();
        header[place] = edit[2];
    }
    header
}
