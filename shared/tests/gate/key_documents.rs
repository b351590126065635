//! Tests of key documents: which keys are used (B07, B08, B10, E04, E05, E11, E12).

use serde_json::{Value, json};
use shared::gate::{KeyDocumentError, KeySet};

use crate::ask::{Ask, ED25519, P256, P384, RSA, STRANGER};

fn parse(keys: &Value) -> Result<KeySet, KeyDocumentError> {
    KeySet::parse(json!({ "keys": keys }).to_string().as_bytes())
}

/// The RSA key with one member changed.
fn rsa(name: &str, value: Value) -> Value {
    let mut key = RSA.jwk();
    key[name] = value;
    key
}

/// A modulus of this many bits with this last byte.
fn modulus(bits: usize, last: u8) -> Value {
    let mut bytes = vec![0xff; bits.div_ceil(8)];
    bytes[0] = 0xff >> (bytes.len() * 8 - bits);
    *bytes.last_mut().unwrap() = last;
    json!(mint::encode(&bytes))
}

#[test]
fn unusable_keys_are_skipped_and_spoil_no_other() {
    let exponent = |bytes: &[u8]| rsa("e", json!(mint::encode(bytes)));
    let curve = |key: &mint::Key, name: &str, value: Value| {
        let mut key = key.jwk();
        key[name] = value;
        key
    };
    let rows = [
        ("no object", json!("key")),
        ("no kty", json!({"kid": "x"})),
        (
            "B08 symmetric",
            json!({"kty": "oct", "k": "AAAA", "kid": "x"}),
        ),
        ("B08 for encryption", rsa("use", json!("enc"))),
        ("use is no text", rsa("use", json!(["sig"]))),
        (
            "B08 not to verify with",
            rsa("key_ops", json!(["encrypt", "sign"])),
        ),
        ("key_ops is no list", rsa("key_ops", json!("verify"))),
        ("alg of no signature", rsa("alg", json!("RSA-OAEP"))),
        ("alg HS256", rsa("alg", json!("HS256"))),
        ("alg of another kind of key", rsa("alg", json!("ES256"))),
        ("kid is a number", rsa("kid", json!(1))),
        ("no modulus", rsa("n", Value::Null)),
        ("modulus is no base64url", rsa("n", json!("++//"))),
        ("modulus is empty", rsa("n", json!(""))),
        ("B07 2047 bits", rsa("n", modulus(2047, 1))),
        ("B07 1024 bits", rsa("n", modulus(1024, 1))),
        ("B07 8193 bits", rsa("n", modulus(8193, 1))),
        ("B07 even modulus", rsa("n", modulus(2048, 2))),
        ("B07 exponent 1", exponent(&[1])),
        ("B07 exponent 3", exponent(&[3])),
        ("B07 exponent 65535", exponent(&[0xff, 0xff])),
        (
            "B07 exponent 65535 with a zero before",
            exponent(&[0, 0xff, 0xff]),
        ),
        ("B07 even exponent", exponent(&[1, 0, 2])),
        ("B07 exponent of five bytes", exponent(&[1, 0, 0, 0, 1])),
        (
            "B10 not on the curve",
            curve(&P256, "x", json!(mint::encode(&[1; 32]))),
        ),
        (
            "B10 coordinate too short",
            curve(&P256, "x", json!(mint::encode(&[1; 31]))),
        ),
        (
            "B10 point at infinity",
            curve(&P256, "x", json!(mint::encode(&[0; 32]))),
        ),
        (
            "P-384 said to be P-256",
            curve(&P384, "crv", json!("P-256")),
        ),
        (
            "curve that is not known",
            curve(&P256, "crv", json!("P-521")),
        ),
        (
            "Ed25519 key too short",
            curve(&ED25519, "x", json!(mint::encode(&[1; 31]))),
        ),
        ("key agreement key", curve(&ED25519, "crv", json!("X25519"))),
    ];
    for (name, mut bad) in rows {
        if bad["kid"].is_string() {
            bad["kid"] = json!("bad");
        }
        let keys = parse(&json!([bad, P384.jwk()])).unwrap();
        assert_eq!((keys.usable(), keys.skipped()), (1, 1), "{name}");
        assert!(keys.has(Some("p384-1")) && keys.has(None), "{name}");
    }
}

#[test]
fn bounds_of_rsa_keys_are_inclusive() {
    let exponent = |bytes: &[u8]| rsa("e", json!(mint::encode(bytes)));
    for key in [
        rsa("n", modulus(2048, 1)),
        rsa("n", modulus(8192, 1)),
        exponent(&[1, 0, 1]),
        exponent(&[1, 0, 0, 1]),
        rsa("key_ops", json!(["verify"])),
        rsa("alg", json!("PS512")),
    ] {
        assert_eq!(parse(&json!([key])).unwrap().usable(), 1, "{key}");
    }
}

#[test]
fn of_two_keys_of_one_name_neither_is_used() {
    let keys = parse(&json!([RSA.jwk(), STRANGER.jwk(), P256.jwk()])).unwrap();
    assert_eq!((keys.usable(), keys.skipped()), (1, 2));
    assert!(!keys.has(Some("rsa-1")) && keys.has(Some("p256-1")));
    // Also where the other one could not be used anyway: the name is still not one key's.
    let keys = parse(&json!([RSA.jwk(), {"kid": "rsa-1", "kty": "oct"}])).unwrap();
    assert_eq!(keys.usable(), 0);
}

#[test]
fn several_keys_without_a_name_are_kept() {
    let unnamed = |key: &mint::Key| {
        let mut key = key.jwk();
        key.as_object_mut().unwrap().remove("kid");
        key
    };
    let keys = parse(&json!([unnamed(&RSA), unnamed(&P256)])).unwrap();
    assert_eq!(keys.usable(), 2);
    assert!(
        !keys.has(None),
        "a token without key id cannot tell which one is meant"
    );
}

#[test]
fn documents_out_of_bounds_are_refused_whole() {
    let text = |length: usize| format!("{{\"keys\":[],\"x\":\"{}\"}}", "x".repeat(length - 18));
    let many = |count: usize| json!(vec![RSA.jwk(); count]);
    assert_eq!(text(65536).len(), 65536);
    assert!(KeySet::parse(text(65536).as_bytes()).is_ok());
    let refused = |document: &[u8]| KeySet::parse(document).err();
    assert_eq!(
        refused(text(65537).as_bytes()),
        Some(KeyDocumentError::TooLong)
    );
    assert!(parse(&many(100)).is_ok());
    assert_eq!(parse(&many(101)).err(), Some(KeyDocumentError::TooManyKeys));
    let no_documents: [&[u8]; 7] = [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        br#"{"keys":{}}"#,
        br#"{"keys":[],"keys":[]}"#,
        br#"{"keys":[]} x"#,
    ];
    for document in no_documents {
        assert_eq!(refused(document), Some(KeyDocumentError::Form));
    }
}

/// A key document without usable keys lets no caller in.
#[test]
fn no_key_admits_nobody() {
    assert!(Ask::good().keyed(json!({"keys": []})).answer().is_err());
}
