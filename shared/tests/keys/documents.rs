//! Tests of how documents are fetched: negotiation, encoding, private certificate authorities, and what the log says of a
//! failure.

use std::fs;

use http::{HeaderMap, HeaderValue, StatusCode, header};
use miniz_oxide::deflate::compress_to_vec;
use serde_json::{Value, json};
use shared::door::Door;
use shared::issuers::TrustedIssuers;

use crate::parts::{HandClock, ISSUER, SigningKey, document, issuer, made_up};
use crate::server::{KeyServer, Reply};
use crate::told::Told;
use crate::{OUTAGE, alice, ask, door, publishing};

const METADATA: &str = "/.well-known/openid-configuration";
const AUTHORITY: &str = include_str!("certificates/authority.pem");
const OTHER: &str = include_str!("certificates/other.pem");

fn gzip(text: &str) -> Vec<u8> {
    let length = u32::try_from(text.len()).unwrap().to_le_bytes();
    let compressed = compress_to_vec(text.as_bytes(), 6);
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    [&head[..], &compressed, &[0; 4], &length].concat()
}

/// A reply of these bytes, said to be encoded in this way.
fn encoded(encoding: Option<&'static str>, body: Vec<u8>) -> Reply {
    let mut headers = HeaderMap::new();
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    Reply::Bytes(headers, body)
}

/// The API server of Kubernetes has its keys as a JWK set and as nothing else, other servers as JSON alone.
#[tokio::test]
async fn both_names_of_the_media_type_are_accepted() {
    for media_type in ["application/jwk-set+json", "application/json"] {
        let key = SigningKey::new("first");
        let server = KeyServer::start().await;
        server.reply("/keys", Reply::Negotiated(media_type, document(&[&key])));
        let (door, _) = door(&server);
        assert_eq!(ask(&door, &key.header()).await, alice(), "{media_type}");
    }
}

#[tokio::test]
async fn a_document_may_be_compressed_and_have_a_byte_order_mark() {
    let key = SigningKey::new("first");
    let text = document(&[&key]);
    let marked = format!("\u{feff}{text}");
    for (what, reply) in [
        ("gzip", encoded(Some("gzip"), gzip(&text))),
        ("gzip in capitals", encoded(Some("GZIP"), gzip(&text))),
        ("gzip by its old name", encoded(Some("x-gzip"), gzip(&text))),
        ("gzip that is not said", encoded(None, gzip(&text))),
        (
            "gzip that is said and is not",
            encoded(Some("gzip"), text.clone().into()),
        ),
        ("identity", encoded(Some("identity"), text.clone().into())),
        ("a mark", Reply::Document(marked.clone())),
        ("a mark in gzip", encoded(Some("gzip"), gzip(&marked))),
    ] {
        let server = KeyServer::start().await;
        server.reply("/keys", reply.clone());
        let (door, _) = door(&server);
        assert_eq!(ask(&door, &key.header()).await, alice(), "{what}");
        // The metadata is read the same way.
        let metadata = json!({"issuer": ISSUER, "jwks_uri": server.url("/keys")}).to_string();
        server.reply(
            METADATA,
            encoded(Some("gzip"), gzip(&format!("\u{feff}{metadata}"))),
        );
        let issuers = issuer(json!({"discoveryUrl": server.url(METADATA)}));
        let door = Door::new(issuers, HandClock::new().clock());
        assert_eq!(ask(&door, &key.header()).await, alice(), "{what}");
    }
}

#[tokio::test]
async fn what_is_encoded_otherwise_or_too_large_is_no_document() {
    let key = SigningKey::new("first");
    let text = document(&[&key]);
    let long = format!("{}{text}", " ".repeat(64 * 1024));
    let mut cut = gzip(&text);
    cut.truncate(cut.len() - 9);
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let compressed =
        "the document is compressed, and not as one whole gzip file of at most 65536 bytes";
    let form = "not one JSON object with a list `keys`";
    for (what, reply, told) in [
        ("brotli", encoded(Some("br"), vec![1, 2, 3]), compressed),
        (
            "gzip twice",
            encoded(Some("gzip, gzip"), gzip(&text)),
            compressed,
        ),
        ("a bomb", encoded(Some("gzip"), gzip(&long)), compressed),
        ("gzip that is cut", encoded(Some("gzip"), cut), compressed),
        (
            "a mark twice",
            Reply::Document(format!("\u{feff}\u{feff}{text}")),
            form,
        ),
        ("UTF-16", encoded(None, utf16), form),
    ] {
        let log = Told::start();
        let server = KeyServer::start().await;
        server.reply("/keys", reply);
        let (door, _) = door(&server);
        assert_eq!(ask(&door, &key.header()).await, Err(OUTAGE), "{what}");
        assert!(
            log.last("error").ends_with(told),
            "{what}: {}",
            log.last("error")
        );
    }
}

/// Metadata that lead nowhere, and what is told of each. No query is: it may hold a key.
fn refused_metadata(keys: &str) -> Vec<(Reply, String)> {
    let of_issuer = |name: &str| {
        format!(
            "the metadata document is of the issuer `{name}`; if that is the `iss` of the tokens, give it as `issuer` of the entry"
        )
    };
    let of_keys = |rest: &str| format!("the metadata document's `jwks_uri` {rest}");
    let rows = [
        (
            "https://login.example/{tenantid}/v2.0",
            keys,
            of_issuer("https://login.example/{tenantid}/v2.0"),
        ),
        (
            "https://issuer.example/",
            keys,
            of_issuer("https://issuer.example/"),
        ),
        ("a\nb", keys, of_issuer("(3 bytes withheld)")),
        (
            ISSUER,
            "http://keys.example/keys?appid=1",
            of_keys("`http://keys.example/keys` is neither https nor http on a loopback host"),
        ),
        (
            ISSUER,
            "https://me@keys.example/keys",
            of_keys("`(28 bytes withheld)` has user information, or a port that is not a number"),
        ),
        (
            ISSUER,
            "/keys",
            of_keys("`/keys` is not an absolute address"),
        ),
    ];
    let metadata = |issuer, keys| json!({"issuer": issuer, "jwks_uri": keys}).to_string();
    let rows = rows.map(|(issuer, keys, told)| (Reply::Document(metadata(issuer, keys)), told));
    rows.into()
}

/// The line of a failure names whose metadata it is, and which address was refused.
#[tokio::test]
async fn the_log_says_what_stands_in_the_way() {
    let server = publishing(&[&SigningKey::new("first")]).await;
    let (at, none) = (server.url(METADATA), server.url("/none"));
    let failed = |rest: &str| format!("cannot get the metadata document `{at}`: {rest}");
    let missing = json!({"issuer": ISSUER, "jwks_uri": format!("{none}?key=secret")});
    let mut rows = refused_metadata(&server.url("/keys"));
    rows.extend([
        (
            Reply::Status(StatusCode::NOT_ACCEPTABLE, String::new()),
            failed("the server answered 406"),
        ),
        (
            Reply::Redirect(server.url("/keys")),
            failed("the server answered 302"),
        ),
        (
            Reply::Document(missing.to_string()),
            format!("cannot get the key document `{none}`: the server answered 404"),
        ),
    ]);
    for (reply, told) in rows {
        let log = Told::start();
        server.reply(METADATA, reply);
        let issuers = issuer(json!({"discoveryUrl": at, "issuer": ISSUER}));
        let door = Door::new(issuers, HandClock::new().clock());
        assert_eq!(ask(&door, &made_up("first")).await, Err(OUTAGE), "{told}");
        assert_eq!(log.last("error"), told);
        assert_eq!(log.last("issuer"), ISSUER);
    }
}

#[tokio::test]
async fn the_log_names_the_keys_that_are_not_used() {
    let key = SigningKey::new("first");
    let mut encryption = SigningKey::new("second").jwk();
    encryption["use"] = json!("enc");
    let server = KeyServer::start().await;
    let keys = json!({"keys": [encryption, key.jwk()]});
    server.reply("/keys", Reply::Document(keys.to_string()));
    let (door, _) = door(&server);
    let log = Told::start();
    assert_eq!(ask(&door, &key.header()).await, alice());
    assert_eq!(log.last("skipped_keys"), "key `second`: `use` is not `sig`");
    server.reply(
        "/keys",
        Reply::Document(json!({"keys": [encryption]}).to_string()),
    );
    let (door, _) = crate::door(&server);
    assert_eq!(ask(&door, &key.header()).await, Err(OUTAGE));
    let told = "the key document has no usable key: key `second`: `use` is not `sig`";
    assert_eq!(log.last("error"), told);
}

/// A door whose one issuer publishes its keys at a server with a certificate of a private authority.
fn private_door(server: &KeyServer, authority: Option<&str>) -> Door {
    let mut entry = json!({"jwksUri": server.url("/keys")});
    if let Some(authority) = authority {
        entry["certificateAuthority"] = json!(authority);
    }
    Door::new(issuer(entry), HandClock::new().clock())
}

#[tokio::test]
async fn an_issuer_may_have_a_private_certificate_authority() {
    let key = SigningKey::new("first");
    let server = KeyServer::start_tls().await;
    server.reply("/keys", Reply::Document(document(&[&key])));
    let file = std::env::temp_dir().join(format!("authority-{}.pem", std::process::id()));
    fs::write(&file, AUTHORITY).unwrap();
    let path = format!("file:{}", file.display());
    let both = format!("The old one\n{OTHER}\nand the new one:\r\n{AUTHORITY}");
    for (what, authority) in [("text", AUTHORITY), ("a file", &path), ("two", &both)] {
        let door = private_door(&server, Some(authority));
        assert_eq!(ask(&door, &key.header()).await, alice(), "{what}");
    }
    fs::remove_file(&file).unwrap();
    let refused = "no authority that is trusted here signed the server's certificate; if it is a private one, give it as `certificateAuthority` of the issuer's entry";
    for (what, authority) in [("none", None), ("another", Some(OTHER))] {
        let log = Told::start();
        let door = private_door(&server, authority);
        assert_eq!(ask(&door, &key.header()).await, Err(OUTAGE), "{what}");
        let told = log.last("error");
        assert!(told.contains(refused), "{what}: {told}");
    }
}

/// Its own authority is an issuer's own: it speaks for no other, and no public one speaks for it.
#[tokio::test]
async fn an_authority_counts_for_its_own_entry() {
    let key = SigningKey::new("first");
    let server = KeyServer::start_tls().await;
    server.reply("/keys", Reply::Document(document(&[&key])));
    let other = "https://other.example";
    let entry = |name: &str| json!({"issuer": name, "jwksUri": server.url("/keys")});
    let mut own = entry(ISSUER);
    own["certificateAuthority"] = json!(AUTHORITY);
    let issuers = crate::parts::issuers(vec![own, entry(other)]);
    let door = Door::new(issuers, HandClock::new().clock());
    assert_eq!(ask(&door, &key.header()).await, alice());
    assert_eq!(ask(&door, &key.header_of(other)).await, Err(OUTAGE));
}

#[test]
fn what_is_no_authority_is_a_fault_at_the_start() {
    let cut = AUTHORITY.replace("-----END CERTIFICATE-----", "");
    let bent = AUTHORITY.replacen("MII", "MIJ", 1);
    let key = include_str!("certificates/server.key.pem");
    let forms = "is not 1 to 10 certificates in PEM, or `file:` with the path of a file of them";
    let block = "has a block that is not a certificate; give public certificates only";
    let absent = "names a file that does not exist; a relative path starts at the working directory of the function";
    for (authority, problem) in [
        (json!(""), forms),
        (json!("/etc/ssl/ca.pem"), forms),
        (json!(AUTHORITY.repeat(11)), forms),
        (json!(cut), "has a certificate that is not whole"),
        (
            json!("-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----"),
            "has a certificate that is not whole",
        ),
        (
            json!(bent),
            "has a certificate that is not one of an authority (X.509 in DER)",
        ),
        (json!(key), block),
        (json!(format!("{AUTHORITY}{key}")), block),
        (json!(AUTHORITY.repeat(200)), "is longer than 65536 bytes"),
        (json!("file:/nowhere/authority.pem"), absent),
        (json!([AUTHORITY]), "is a list, not a text"),
    ] {
        let entry = json!([{
            "discoveryUrl": "https://a.example/.well-known/openid-configuration",
            "allowedClients": ["app"], "certificateAuthority": authority,
        }]);
        let faults = TrustedIssuers::parse(&entry.to_string()).err().unwrap();
        let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [format!(
                "`TRUSTED_ISSUERS[0].certificateAuthority` {problem}"
            )]
        );
        assert!(!told[0].contains("PRIVATE"));
    }
    let keys: Value = serde_json::from_str(&document(&[&SigningKey::new("a")])).unwrap();
    let entry = json!([{
        "discoveryUrl": "https://a.example/.well-known/openid-configuration",
        "allowedClients": ["app"], "certificateAuthority": AUTHORITY, "jwks": keys,
    }]);
    assert!(TrustedIssuers::parse(&entry.to_string()).is_err());
}
