//! Everything that is refused, and by which check. The letters and numbers name attack classes of `docs/threats.md`.

use serde_json::{Value, json};
use shared::gate::{Match, Refusal, Refusal as R};

use crate::ask::{
    Ask, ED25519, ISSUER, NOW, P256, P384, RSA, STRANGER, custom, good_claims, good_header,
};

type Row = (&'static str, Ask, Refusal);

fn good_token() -> String {
    RSA.token_with("RS256", &good_header(), &good_claims())
}

/// The good token with its parts changed as texts.
fn bent(change: impl Fn(&str, &str, &str) -> String) -> Ask {
    let token = good_token();
    let parts: Vec<&str> = token.split('.').collect();
    Ask::token(&change(parts[0], parts[1], parts[2]))
}

/// The text of the good claims with one member written before the others.
fn claims_with_first(member: &str) -> Ask {
    let claims = good_claims().to_string();
    Ask::raw(
        good_header().to_string().as_bytes(),
        format!("{{{member},{}", &claims[1..]).as_bytes(),
    )
}

fn bearer() -> Vec<Row> {
    let token = good_token();
    let padded = |length: usize| "a".repeat(length);
    vec![
        ("empty header", Ask::header(b""), R::NoBearer),
        ("scheme alone", Ask::header(b"Bearer"), R::NoBearer),
        ("scheme and space", Ask::header(b"Bearer "), R::NoBearer),
        (
            "another scheme",
            Ask::header(format!("Basic {token}").as_bytes()),
            R::NoBearer,
        ),
        ("no scheme", Ask::header(token.as_bytes()), R::NoBearer),
        (
            "tab for space",
            Ask::header(format!("Bearer\t{token}").as_bytes()),
            R::NoBearer,
        ),
        (
            "bytes that are no text",
            Ask::header(b"Bearer \xff\xfe"),
            R::NoBearer,
        ),
        (
            "a character across the scheme's end",
            Ask::header("Bearer\u{e9}x".as_bytes()),
            R::NoBearer,
        ),
        ("A06 8193 bytes", Ask::token(&padded(8193)), R::TokenTooLong),
        (
            "A06 one megabyte",
            Ask::token(&padded(1 << 20)),
            R::TokenTooLong,
        ),
        (
            "A06 8192 bytes go on to the next check",
            Ask::token(&padded(8192)),
            R::TokenParts,
        ),
    ]
}

fn form() -> Vec<Row> {
    let header = good_header().to_string();
    let claims = good_claims().to_string();
    let payload = |text: &[u8]| Ask::raw(header.as_bytes(), text);
    let twice = |claims: &str| format!("{claims}{claims}");
    vec![
        ("A04 one part", bent(|h, _, _| h.to_owned()), R::TokenParts),
        (
            "A04 two parts",
            bent(|h, p, _| format!("{h}.{p}")),
            R::TokenParts,
        ),
        (
            "A04 four parts",
            bent(|h, p, s| format!("{h}.{p}.{s}.{s}")),
            R::TokenParts,
        ),
        (
            "A04 C10 five parts, as an encrypted token",
            bent(|h, p, s| format!("{h}.{s}.{s}.{p}.{s}")),
            R::TokenParts,
        ),
        (
            "A04 leading dot",
            bent(|h, p, s| format!(".{h}.{p}.{s}")),
            R::TokenParts,
        ),
        (
            "A04 trailing dot",
            bent(|h, p, s| format!("{h}.{p}.{s}.")),
            R::TokenParts,
        ),
        (
            "A04 doubled dot",
            bent(|h, p, s| format!("{h}..{p}.{s}")),
            R::TokenParts,
        ),
        (
            "A05 thousands of dots",
            Ask::token(&".".repeat(8000)),
            R::TokenParts,
        ),
        (
            "A08 padded signature",
            bent(|h, p, s| format!("{h}.{p}.{s}==")),
            R::TokenEncoding,
        ),
        (
            "A08 padded payload",
            bent(|h, p, s| format!("{h}.{p}=.{s}")),
            R::TokenEncoding,
        ),
        (
            "A08 padded header",
            bent(|h, p, s| format!("{h}=.{p}.{s}")),
            R::TokenEncoding,
        ),
        (
            "A08 standard alphabet",
            bent(|h, p, _| format!("{h}.{p}.+/+/")),
            R::TokenEncoding,
        ),
        (
            "A08 newline at the end",
            bent(|h, p, s| format!("{h}.{p}.{s}\n")),
            R::TokenEncoding,
        ),
        (
            "A08 space inside",
            bent(|h, p, s| format!("{h}.{p}.{} {}", &s[..9], &s[9..])),
            R::TokenEncoding,
        ),
        (
            "A08 A09 last bits not zero",
            bent(|h, p, s| format!("{h}.{p}.{}B", &s[..s.len() - 1])),
            R::TokenEncoding,
        ),
        (
            "A13 JSON serialization",
            Ask::token(r#"{"payload":"e30","signatures":[]}"#),
            R::TokenParts,
        ),
        (
            "A10 member of the header twice",
            Ask::raw(
                br#"{"alg":"none","alg":"RS256","kid":"rsa-1"}"#,
                claims.as_bytes(),
            ),
            R::HeaderJson,
        ),
        (
            "A12 header is a list",
            Ask::raw(br#"["alg","RS256"]"#, claims.as_bytes()),
            R::HeaderJson,
        ),
        (
            "A11 header is no UTF-8",
            Ask::raw(b"{\"alg\":\"RS256\",\"x\":\"\xff\"}", claims.as_bytes()),
            R::HeaderJson,
        ),
        ("A12 payload is a list", payload(b"[]"), R::PayloadJson),
        (
            "A12 payload is a text",
            payload(b"\"alice\""),
            R::PayloadJson,
        ),
        ("A12 payload is a number", payload(b"7"), R::PayloadJson),
        ("A12 payload is null", payload(b"null"), R::PayloadJson),
        ("payload is empty", payload(b""), R::PayloadJson),
        (
            "text after the payload",
            payload(twice(&claims).as_bytes()),
            R::PayloadJson,
        ),
        (
            "A11 payload starts with a byte-order mark",
            payload(format!("\u{feff}{claims}").as_bytes()),
            R::PayloadJson,
        ),
        (
            "A11 payload is no UTF-8",
            payload(b"{\"iss\":\"\xc3\x28\"}"),
            R::PayloadJson,
        ),
        (
            "A11 lone surrogate",
            claims_with_first(r#""x":"\ud800""#),
            R::PayloadJson,
        ),
        (
            "A07 nesting",
            claims_with_first(&format!(r#""x":{}{}"#, "[".repeat(2000), "]".repeat(2000))),
            R::PayloadJson,
        ),
        (
            "A10 two `iss`",
            claims_with_first(r#""iss":"https://evil.test""#),
            R::PayloadJson,
        ),
        (
            "A10 two `exp`",
            claims_with_first(r#""exp":99999999999"#),
            R::PayloadJson,
        ),
        (
            "A10 two `aud`",
            claims_with_first(r#""aud":"x""#),
            R::PayloadJson,
        ),
        (
            "A10 two `token_use`",
            claims_with_first(r#""token_use":"id""#),
            R::PayloadJson,
        ),
        (
            "A10 two `cognito:groups`",
            claims_with_first(r#""cognito:groups":["admin"]"#),
            R::PayloadJson,
        ),
        (
            "A10 a name twice, once escaped",
            claims_with_first(r#""\u0069ss":"https://evil.test""#),
            R::PayloadJson,
        ),
        (
            "A15 number with leading zero",
            claims_with_first(r#""x":007"#),
            R::PayloadJson,
        ),
        ("A15 NaN", claims_with_first(r#""x":NaN"#), R::PayloadJson),
    ]
}

fn header_parameters() -> Vec<Row> {
    let mut rows = vec![
        (
            "C01 unknown extension",
            Ask::parameter("crit", json!(["exp"])),
            R::Critical,
        ),
        (
            "C01 empty list",
            Ask::parameter("crit", json!([])),
            R::Critical,
        ),
        (
            "C01 no list",
            Ask::parameter("crit", json!("b64")),
            R::Critical,
        ),
        ("C01 null", Ask::parameter("crit", Value::Null), R::Critical),
        (
            "C02 b64 false",
            Ask::parameter("b64", json!(false)),
            R::Unencoded,
        ),
        (
            "C02 b64 true",
            Ask::parameter("b64", json!(true)),
            R::Unencoded,
        ),
        (
            "C09 nested token",
            Ask::parameter("cty", json!("JWT")),
            R::Nested,
        ),
        (
            "C10 encrypted",
            Ask::parameter("enc", json!("A256GCM")),
            R::Nested,
        ),
        (
            "C11 compressed",
            Ask::parameter("zip", json!("DEF")),
            R::Nested,
        ),
        (
            "A02 alg with a space",
            Ask::parameter("alg", json!("RS256 ")),
            R::AlgorithmUnknown,
        ),
        (
            "alg in lower case",
            Ask::parameter("alg", json!("rs256")),
            R::AlgorithmUnknown,
        ),
        (
            "alg is a list",
            Ask::parameter("alg", json!(["RS256"])),
            R::AlgorithmUnknown,
        ),
        (
            "alg is missing",
            Ask::raw(br#"{"kid":"rsa-1"}"#, good_claims().to_string().as_bytes()),
            R::AlgorithmUnknown,
        ),
        (
            "C06 kid is a number",
            Ask::parameter("kid", json!(1)),
            R::KeyIdForm,
        ),
        (
            "C06 kid is null",
            Ask::parameter("kid", Value::Null),
            R::KeyIdForm,
        ),
        (
            "C06 kid is a list",
            Ask::parameter("kid", json!(["rsa-1"])),
            R::KeyIdForm,
        ),
        (
            "C06 kid is empty",
            Ask::parameter("kid", json!("")),
            R::KeyIdForm,
        ),
        (
            "C06 kid with a newline",
            Ask::parameter("kid", json!("rsa-1\nlevel: info")),
            R::KeyIdForm,
        ),
        (
            "C06 kid beyond ASCII",
            Ask::parameter("kid", json!("\u{1f511}")),
            R::KeyIdForm,
        ),
        (
            "C06 kid of 257 bytes",
            Ask::parameter("kid", json!("k".repeat(257))),
            R::KeyIdForm,
        ),
        (
            "C06 kid of 256 bytes is only unknown",
            Ask::parameter("kid", json!("k".repeat(256))),
            R::KeyUnknown,
        ),
        (
            "C06 kid is a path",
            Ask::parameter("kid", json!("../../etc/passwd")),
            R::KeyUnknown,
        ),
        (
            "C06 kid is a URL",
            Ask::parameter("kid", json!("https://evil.test/key")),
            R::KeyUnknown,
        ),
        (
            "C06 kid is a query",
            Ask::parameter("kid", json!("'or'1'='1")),
            R::KeyUnknown,
        ),
    ];
    for typ in [
        "dpop+jwt",
        "logout+jwt",
        "secevent+jwt",
        "id_token",
        "",
        "application/",
        "JWTx",
    ] {
        rows.push((
            "C08 another type of token",
            Ask::parameter("typ", json!(typ)),
            R::Type,
        ));
    }
    rows.push((
        "C08 type is no text",
        Ask::parameter("typ", json!(1)),
        R::Type,
    ));
    rows
}

/// The signature is the right one for what the header says, or as near to it as can be made.
fn algorithm_and_key() -> Vec<Row> {
    let none = |name: &str, signature: &str| {
        let header = json!({"alg": name, "kid": "rsa-1"});
        let message = [header, good_claims()]
            .map(|part| mint::encode(part.to_string().as_bytes()))
            .join(".");
        Ask::token(&format!("{message}.{signature}"))
    };
    let said = |name: &str, signed: &str| {
        Ask::token(&RSA.token_with(
            signed,
            &json!({"alg": name, "kid": "rsa-1"}),
            &good_claims(),
        ))
    };
    let only_rs256 = |ask: Ask| {
        ask.ruled(|rules| {
            rules
                .algorithms
                .retain(|known| Some(*known) == shared::gate::Algorithm::parse("RS256"))
        })
    };
    let bare = |keys: &[&mint::Key]| {
        let mut document = mint::key_document(keys);
        for key in document["keys"].as_array_mut().unwrap() {
            key.as_object_mut().unwrap().remove("kid");
        }
        document
    };
    let anonymous = || Ask::raw(br#"{"alg":"RS256"}"#, good_claims().to_string().as_bytes());
    vec![
        (
            "A01 none, no signature",
            none("none", ""),
            R::AlgorithmUnknown,
        ),
        (
            "A01 none, random signature",
            none("none", "AAAA"),
            R::AlgorithmUnknown,
        ),
        ("A02 None", none("None", ""), R::AlgorithmUnknown),
        ("A02 NoNe", none("NoNe", ""), R::AlgorithmUnknown),
        ("A02 none with NUL", none("none\0", ""), R::AlgorithmUnknown),
        (
            "B01 B03 B04 HS256",
            none("HS256", &mint::encode(&[7; 32])),
            R::AlgorithmUnknown,
        ),
        (
            "A01 RS256, empty signature",
            none("RS256", ""),
            R::Signature,
        ),
        (
            "A03 signature of another key",
            Ask::token(&STRANGER.token_with("RS256", &good_header(), &good_claims())),
            R::Signature,
        ),
        (
            "A03 claims of another token",
            {
                let token = good_token();
                let signature = token.rsplit('.').next().unwrap();
                let payload = mint::encode(
                    good_claims()
                        .to_string()
                        .replace("alice", "root")
                        .as_bytes(),
                );
                Ask::token(&format!(
                    "{}.{payload}.{signature}",
                    mint::encode(good_header().to_string().as_bytes())
                ))
            },
            R::Signature,
        ),
        (
            "B11 signature of another hash",
            said("RS512", "RS256"),
            R::Signature,
        ),
        (
            "B06 PKCS#1 signature said to be PSS",
            said("PS256", "RS256"),
            R::Signature,
        ),
        (
            "B11 signature one byte longer",
            bent(|h, p, _| format!("{h}.{p}.{}", mint::encode(&[1; 257]))),
            R::Signature,
        ),
        (
            "B06 ES256 said over an RSA key",
            said("ES256", "RS256"),
            R::KeyMismatch,
        ),
        (
            "B06 EdDSA said over an RSA key",
            said("EdDSA", "RS256"),
            R::KeyMismatch,
        ),
        (
            "B06 ES256 said over a P-384 key",
            Ask::token(&P384.token_with(
                "ES384",
                &json!({"alg": "ES256", "kid": "p384-1"}),
                &good_claims(),
            )),
            R::KeyMismatch,
        ),
        (
            "B06 EdDSA said over a P-256 key",
            Ask::token(&P256.token_with(
                "ES256",
                &json!({"alg": "EdDSA", "kid": "p256-1"}),
                &good_claims(),
            )),
            R::KeyMismatch,
        ),
        (
            "B06 RS256 said over an Ed25519 key",
            Ask::token(&ED25519.token_with(
                "EdDSA",
                &json!({"alg": "RS256", "kid": "ed-1"}),
                &good_claims(),
            )),
            R::KeyMismatch,
        ),
        (
            "B05 PS256 of a key bound to RS256",
            {
                let mut document = mint::key_document(&[&RSA]);
                document["keys"][0]["alg"] = json!("RS256");
                said("PS256", "PS256").keyed(document)
            },
            R::KeyMismatch,
        ),
        (
            "B02 B05 not on the issuer's list",
            only_rs256(said("PS256", "PS256")),
            R::AlgorithmRefused,
        ),
        (
            "B05 ES256 not on the issuer's list",
            only_rs256(Ask::token(&P256.token("ES256", &good_claims()))),
            R::AlgorithmRefused,
        ),
        (
            "B09 ECDSA r and s zero",
            {
                let token = P256.token("ES256", &good_claims());
                let (message, _) = token.rsplit_once('.').unwrap();
                Ask::token(&format!("{message}.{}", mint::encode(&[0; 64])))
            },
            R::Signature,
        ),
        (
            "B09 ECDSA signature in DER",
            {
                let token = P256.token("ES256", &good_claims());
                let (message, _) = token.rsplit_once('.').unwrap();
                let fixed = P256.sign("ES256", message.as_bytes());
                let integer = |number: &[u8]| [&[2, 33, 0], number].concat();
                let der = [vec![0x30, 70], integer(&fixed[..32]), integer(&fixed[32..])].concat();
                Ask::token(&format!("{message}.{}", mint::encode(&der)))
            },
            R::Signature,
        ),
        (
            "C03 C04 C05 keys in the header are not used",
            {
                let header = json!({"alg": "RS256", "kid": "rsa-1", "jwk": STRANGER.jwk(), "jku": "http://127.0.0.1:1/", "x5u": "http://127.0.0.1:1/"});
                Ask::token(&STRANGER.token_with("RS256", &header, &good_claims()))
            },
            R::Signature,
        ),
        (
            "key id of no key",
            Ask::parameter("kid", json!("rsa-2")),
            R::KeyUnknown,
        ),
        (
            "key id that begins like a key's",
            Ask::parameter("kid", json!("rsa-")),
            R::KeyUnknown,
        ),
        ("no key id, several keys", anonymous(), R::KeyIdMissing),
        (
            "no key id, no key",
            anonymous().keyed(json!({"keys": []})),
            R::KeyIdMissing,
        ),
        (
            "key id, and one key without",
            Ask::good().keyed(bare(&[&RSA])),
            R::KeyUnknown,
        ),
    ]
}

fn issuer() -> Vec<Row> {
    let of = |issuer: &str| Ask::claim("iss", json!(issuer));
    vec![
        ("D01 missing", Ask::without("iss"), R::IssuerForm),
        (
            "D01 a list with the right one",
            Ask::claim("iss", json!([ISSUER])),
            R::IssuerForm,
        ),
        ("D01 null", Ask::claim("iss", Value::Null), R::IssuerForm),
        (
            "D01 trailing slash",
            of(&format!("{ISSUER}/")),
            R::IssuerUnknown,
        ),
        ("D01 longer", of(&format!("{ISSUER}2")), R::IssuerUnknown),
        (
            "D01 shorter",
            of(&ISSUER[..ISSUER.len() - 1]),
            R::IssuerUnknown,
        ),
        (
            "D01 upper case",
            of(&ISSUER.to_uppercase()),
            R::IssuerUnknown,
        ),
        (
            "D01 with port",
            of(&ISSUER.replace(".com/", ".com:443/")),
            R::IssuerUnknown,
        ),
        (
            "D01 with user",
            of(&ISSUER.replace("https://", "https://x@")),
            R::IssuerUnknown,
        ),
        (
            "D01 percent-encoded",
            of(&ISSUER.replace('_', "%5F")),
            R::IssuerUnknown,
        ),
        (
            "D01 http",
            of(&ISSUER.replace("https", "http")),
            R::IssuerUnknown,
        ),
        ("D01 empty", of(""), R::IssuerUnknown),
        (
            "D02 another pool of the same region",
            of(&ISSUER.replace("EXAMPLE", "EXAMPLF")),
            R::IssuerUnknown,
        ),
    ]
}

fn times() -> Vec<Row> {
    let exp = |value: Value| Ask::claim("exp", value);
    let mut rows = vec![
        ("D05 no exp", Ask::without("exp"), R::ExpiryMissing),
        ("D05 expires now", exp(json!(NOW)), R::Expired),
        ("D05 expired a second ago", exp(json!(NOW - 1)), R::Expired),
        (
            "D05 expires within this second",
            exp(json!(1_800_000_000.9)),
            R::Expired,
        ),
        ("A15 exp zero", exp(json!(0)), R::Expired),
        ("D05 exp far ahead", exp(json!(NOW + 3541)), R::Lifetime),
        (
            "D05 exp far ahead without iat",
            {
                let mut claims = good_claims();
                claims.as_object_mut().unwrap().remove("iat");
                claims["exp"] = json!(NOW + 3601);
                Ask::token(&RSA.token("RS256", &claims))
            },
            R::Lifetime,
        ),
        (
            "A15 2^53 - 1",
            exp(json!(9_007_199_254_740_991_u64)),
            R::Lifetime,
        ),
        (
            "D05 nbf beyond the leeway",
            Ask::claim("nbf", json!(NOW + 31)),
            R::NotYetValid,
        ),
        (
            "D05 iat beyond the leeway",
            Ask::claim("iat", json!(NOW + 31)),
            R::IssuedAhead,
        ),
    ];
    for value in [
        json!("1800000600"),
        json!(1e300),
        json!(-1),
        json!(true),
        Value::Null,
        json!([NOW]),
        json!(9_007_199_254_740_993_u64),
    ] {
        rows.push(("A15 exp is no time", exp(value), R::TimeForm));
    }
    for name in ["nbf", "iat"] {
        for value in [json!("1800000000"), json!(-1), json!(1e300), Value::Null] {
            rows.push((
                "A15 nbf or iat is no time",
                Ask::claim(name, value),
                R::TimeForm,
            ));
        }
    }
    rows
}

fn audience_and_use() -> Vec<Row> {
    vec![
        (
            "D03 id token",
            Ask::claim("token_use", json!("id")),
            R::TokenUse,
        ),
        ("D03 no token_use", Ask::without("token_use"), R::TokenUse),
        (
            "D03 token_use is a list",
            Ask::claim("token_use", json!(["access"])),
            R::TokenUse,
        ),
        (
            "D03 access token where an id token is due",
            Ask::good().ruled(|rules| rules.token_use = Some(shared::gate::TokenUse::Id)),
            R::TokenUse,
        ),
        (
            "D04 another app of the pool",
            Ask::claim("client_id", json!("client-3")),
            R::Client,
        ),
        (
            "D04 client that begins like ours",
            Ask::claim("client_id", json!("client-")),
            R::Client,
        ),
        ("D04 no client", Ask::without("client_id"), R::Client),
        (
            "D04 client is a list",
            Ask::claim("client_id", json!(["client-1"])),
            R::Client,
        ),
        (
            "D04 another audience",
            Ask::claim("aud", json!("other")),
            R::Audience,
        ),
        ("D04 no audience", Ask::without("aud"), R::Audience),
        (
            "D04 audience is a list of others",
            Ask::claim("aud", json!(["other", "another"])),
            R::Audience,
        ),
        (
            "D04 audience is not only texts",
            Ask::claim("aud", json!(["gatehouse", 1])),
            R::Audience,
        ),
        (
            "D04 audience is empty",
            Ask::claim("aud", json!([])),
            R::Audience,
        ),
        (
            "D04 audience is an object",
            Ask::claim("aud", json!({"gatehouse": true})),
            R::Audience,
        ),
    ]
}

fn names() -> Vec<Row> {
    let mut rows = vec![
        ("no subject", Ask::without("sub"), R::Subject),
        ("empty subject", Ask::claim("sub", json!("")), R::Subject),
        (
            "subject is a number",
            Ask::claim("sub", json!(7)),
            R::Subject,
        ),
        (
            "A11 NUL in the subject",
            Ask::claim("sub", json!("a\0b")),
            R::Subject,
        ),
        (
            "newline in the subject",
            Ask::claim("sub", json!("a\nb")),
            R::Subject,
        ),
        (
            "A06 subject of 256 characters",
            Ask::claim("sub", json!("s".repeat(256))),
            R::Subject,
        ),
        (
            "D06 double space",
            Ask::claim("scope", json!("openid  gatehouse/invoke")),
            R::ScopeForm,
        ),
        (
            "D06 leading space",
            Ask::claim("scope", json!(" gatehouse/invoke")),
            R::ScopeForm,
        ),
        (
            "D06 tab",
            Ask::claim("scope", json!("openid\tgatehouse/invoke")),
            R::ScopeForm,
        ),
        (
            "D06 number in the list",
            Ask::claim("scope", json!(["gatehouse/invoke", 1])),
            R::ScopeForm,
        ),
        (
            "D06 scope is an object",
            Ask::claim("scope", json!({"gatehouse/invoke": true})),
            R::ScopeForm,
        ),
        (
            "D07 groups as text",
            Ask::claim("cognito:groups", json!("staff")),
            R::GroupsForm,
        ),
        (
            "D07 number in the list",
            Ask::claim("cognito:groups", json!(["staff", 1])),
            R::GroupsForm,
        ),
        (
            "D07 empty group",
            Ask::claim("cognito:groups", json!(["staff", ""])),
            R::GroupsForm,
        ),
    ];
    for name in [
        "username",
        "cognito:username",
        "preferred_username",
        "email",
        "name",
    ] {
        rows.push((
            "a name is no text",
            Ask::claim(name, json!(["x"])),
            R::NameForm,
        ));
        rows.push((
            "a name with a newline",
            Ask::claim(name, json!("x\ny")),
            R::NameForm,
        ));
    }
    let unasked =
        Ask::claim("client_id", json!("x\ny")).ruled(|rules| rules.allowed_clients.clear());
    rows.push(("a client with a newline", unasked, R::NameForm));
    rows
}

fn rights() -> Vec<Row> {
    let scope = |value: Value| Ask::claim("scope", value);
    let asks = |claim: &str, expects: Match| {
        Ask::good().ruled(|rules| rules.custom_claims.push(custom(claim, expects)))
    };
    let text = |text: &str| text.to_owned();
    vec![
        ("D06 no scope", Ask::without("scope"), R::IssuerScope),
        ("D06 empty scope", scope(json!("")), R::IssuerScope),
        (
            "D06 scope that begins like ours",
            scope(json!("gatehouse/invoke2")),
            R::IssuerScope,
        ),
        (
            "D06 scope in another case",
            scope(json!("Gatehouse/Invoke")),
            R::IssuerScope,
        ),
        (
            "D06 comma for space",
            scope(json!("openid,gatehouse/invoke")),
            R::IssuerScope,
        ),
        (
            "D08 claim of another value",
            Ask::claim("department", json!("finance2")),
            R::IssuerClaim,
        ),
        (
            "D08 claim in another case",
            Ask::claim("department", json!("Finance")),
            R::IssuerClaim,
        ),
        (
            "D08 claim missing",
            Ask::without("department"),
            R::IssuerClaim,
        ),
        (
            "D08 list where a text is due",
            Ask::claim("department", json!(["finance"])),
            R::IssuerClaim,
        ),
        (
            "D08 text where a list is due",
            Ask::claim("roles", json!("admin auditor")),
            R::IssuerClaim,
        ),
        (
            "D08 list without the text",
            Ask::claim("roles", json!(["auditor"])),
            R::IssuerClaim,
        ),
        (
            "D08 list with none of the texts",
            Ask::claim("roles", json!(["admin"])),
            R::IssuerClaim,
        ),
        (
            "D08 list not only of texts",
            Ask::claim("roles", json!(["admin", "auditor", 1])),
            R::IssuerClaim,
        ),
        (
            "one more text claim",
            asks("department", Match::Equals(text("engineering"))),
            R::IssuerClaim,
        ),
        (
            "one more list claim",
            asks("roles", Match::Contains(text("owner"))),
            R::IssuerClaim,
        ),
        (
            "one more list of lists",
            asks("roles", Match::ContainsAny(vec![text("owner")])),
            R::IssuerClaim,
        ),
        (
            "agent of another scope",
            Ask::good().admitting(|agent| agent.scopes = Some(vec![text("other")])),
            R::AgentScope,
        ),
        (
            "agent of another group",
            Ask::good().admitting(|agent| agent.groups = Some(vec![text("legal")])),
            R::AgentGroup,
        ),
        (
            "D07 group that begins like the agent's",
            Ask::claim("cognito:groups", json!(["staff2"])),
            R::AgentGroup,
        ),
        (
            "D07 group name with a comma",
            Ask::claim("cognito:groups", json!(["staff,finance"])),
            R::AgentGroup,
        ),
        ("no groups", Ask::without("cognito:groups"), R::AgentGroup),
        (
            "agent of another client",
            Ask::good().admitting(|agent| agent.clients = Some(vec![text("client-2")])),
            R::AgentClient,
        ),
        (
            "agent of no client at all",
            Ask::good().admitting(|agent| agent.clients = Some(Vec::new())),
            R::AgentClient,
        ),
    ]
}

fn check(rows: Vec<Row>) {
    for (name, ask, expected) in rows {
        assert_eq!(ask.answer().err(), Some(expected), "{name}");
    }
}

#[test]
fn bearers_are_refused() {
    check(bearer());
}

#[test]
fn token_forms_are_refused() {
    check(form());
}

#[test]
fn header_parameters_are_refused() {
    check(header_parameters());
}

#[test]
fn algorithms_and_keys_are_refused() {
    check(algorithm_and_key());
}

#[test]
fn issuers_are_refused() {
    check(issuer());
}

#[test]
fn times_are_refused() {
    check(times());
}

#[test]
fn audiences_and_uses_are_refused() {
    check(audience_and_use());
}

#[test]
fn names_are_refused() {
    check(names());
}

#[test]
fn missing_rights_are_refused() {
    check(rights());
}

#[test]
fn every_refusal_has_a_row() {
    let tables = [
        bearer(),
        form(),
        header_parameters(),
        algorithm_and_key(),
        issuer(),
        times(),
        audience_and_use(),
        names(),
        rights(),
    ];
    let rows: Vec<Row> = tables.into_iter().flatten().collect();
    for refusal in Refusal::ALL {
        assert!(
            rows.iter().any(|(_, _, expected)| expected == refusal),
            "no row expects {refusal:?}"
        );
    }
}

#[test]
fn only_missing_rights_are_forbidden() {
    use shared::gate::Answer;
    let expected = [
        R::IssuerScope,
        R::IssuerClaim,
        R::AgentScope,
        R::AgentGroup,
        R::AgentClient,
    ];
    let forbidden: Vec<Refusal> = Refusal::ALL
        .iter()
        .copied()
        .filter(|refusal| refusal.answer() == Answer::Forbidden)
        .collect();
    assert_eq!(forbidden, expected);
}
