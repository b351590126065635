//! A payload of any bytes with a good signature: who gets in is an unexpired caller of the trusted issuer, with names
//! that can be shown.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use mint::Key;
use shared::gate::{KeySet, UnixTime, identify, present};
use shared::issuers::TrustedIssuers;

const NOW: UnixTime = UnixTime(2_000_000_000);

static KEY: LazyLock<Key> = LazyLock::new(|| Key::ed25519("one"));
static KEYS: LazyLock<KeySet> = LazyLock::new(|| {
    KeySet::parse(mint::key_document(&[&KEY]).to_string().as_bytes()).unwrap()
});

/// Every kind of condition that an entry can have, so that every reader of a claim is reached.
static ISSUER: LazyLock<TrustedIssuers> = LazyLock::new(|| {
    let keys = mint::key_document(&[&KEY]);
    let entries = serde_json::json!([
        {
            "discoveryUrl": "https://one.example/.well-known/openid-configuration",
            "jwks": keys,
            "algorithms": ["EdDSA"],
            "allowedClients": ["app"],
            "allowedAudience": ["door"],
            "groupsClaim": ["realm_access", "roles"],
        },
        {
            "discoveryUrl": "https://login.microsoftonline.com/organizations/v2.0/.well-known/openid-configuration",
            "issuer": "https://login.microsoftonline.com/{tenantid}/v2.0",
            "tenants": ["11111111-2222-3333-4444-555555555555"],
            "jwks": keys,
            "algorithms": ["EdDSA"],
            "allowedAudience": ["door"],
            "subjectClaim": "oid",
            "scopeClaim": "scp",
            "clientClaim": "azp",
            "allowedScopes": ["call"],
            "requiredClaims": [{"claim": "level", "anyOf": ["high", 3, true]}],
        },
    ]);
    TrustedIssuers::parse(&entries.to_string()).unwrap()
});

fuzz_target!(|payload: &[u8]| {
    let token = KEY.jws("EdDSA", br#"{"alg":"EdDSA","kid":"one"}"#, payload);
    let header = format!("Bearer {token}");
    let Ok(presented) = present(header.as_bytes(), &ISSUER.trust) else {
        return;
    };
    let Ok(identity) = identify(presented, &KEYS, NOW) else {
        return;
    };
    assert!(identity.expires > NOW);
    let issuers = ISSUER.trust.issuers();
    assert!(issuers.iter().any(|rules| rules.issuer.owns(&identity.issuer)));
    let names = [&identity.username, &identity.email, &identity.name, &identity.client_id];
    let shown = names.into_iter().flatten().chain(&identity.groups).chain(&identity.scopes);
    for name in shown.chain([&identity.subject]) {
        assert!(!name.is_empty() && name.chars().count() <= 255, "{name:?}");
        assert!(!name.chars().any(char::is_control), "{name:?}");
    }
});
