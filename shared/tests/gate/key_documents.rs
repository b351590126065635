//! Tests of key documents: which keys are used (B07, B08, B10, E04, E05, E11, E12).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use shared::gate::{self, JwkError, KeyDocumentError, KeyError, KeySet, Refusal, Trust};

use crate::ask::{Ask, ED25519, ISSUER, P256, P384, RSA, STRANGER, good_claims};

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

/// Whether a token of this key id, or of none, would find a key.
fn has(keys: &KeySet, key_id: Option<&str>) -> bool {
    let header = json!({"alg": "RS256", "kid": key_id});
    let header = key_id.map_or(json!({"alg": "RS256"}), |_| header);
    let ask = Ask::raw(
        header.to_string().as_bytes(),
        good_claims().to_string().as_bytes(),
    );
    let trust = Trust::new(vec![ask.rules]);
    keys.has(&gate::present(&ask.header, &trust).unwrap())
}

fn reasons(keys: &KeySet) -> Vec<JwkError> {
    keys.skipped().iter().map(|key| key.reason).collect()
}

#[test]
fn unusable_keys_are_skipped_and_spoil_no_other() {
    let exponent = |bytes: &[u8]| rsa("e", json!(mint::encode(bytes)));
    let curve = |key: &mint::Key, name: &str, value: Value| {
        let mut key = key.jwk();
        key[name] = value;
        key
    };
    let key = JwkError::Key;
    #[rustfmt::skip]
    let rows = [
        ("no object", json!("key"), JwkError::Form),
        ("null", Value::Null, JwkError::Form),
        ("no kty", json!({"kid": "x"}), key(KeyError::Kind)),
        ("kty is null", rsa("kty", Value::Null), key(KeyError::Kind)),
        ("kty in lower case", rsa("kty", json!("rsa")), key(KeyError::Kind)),
        ("B08 symmetric", json!({"kty": "oct", "k": "AAAA", "kid": "x"}), key(KeyError::Kind)),
        ("a kind of key to come", json!({"kty": "AKP", "alg": "ML-DSA-44", "kid": "x"}), JwkError::Algorithm),
        ("curve that is not known", curve(&P256, "crv", json!("P-521")), key(KeyError::Kind)),
        ("curve of Bitcoin", curve(&P256, "crv", json!("secp256k1")), key(KeyError::Kind)),
        ("curve is null", curve(&P256, "crv", Value::Null), key(KeyError::Kind)),
        ("key agreement key", curve(&ED25519, "crv", json!("X25519")), key(KeyError::Kind)),
        ("B08 for encryption", rsa("use", json!("enc")), JwkError::Use),
        ("use is empty", rsa("use", json!("")), JwkError::Use),
        ("use in capitals", rsa("use", json!("SIG")), JwkError::Use),
        ("use is no text", rsa("use", json!(["sig"])), JwkError::Use),
        ("B08 not to verify with", rsa("key_ops", json!(["encrypt", "sign"])), JwkError::Operations),
        ("key_ops is empty", rsa("key_ops", json!([])), JwkError::Operations),
        ("key_ops is no list", rsa("key_ops", json!("verify")), JwkError::Operations),
        ("alg of no signature", rsa("alg", json!("RSA-OAEP")), JwkError::Algorithm),
        ("alg HS256", rsa("alg", json!("HS256")), JwkError::Algorithm),
        ("alg is empty", rsa("alg", json!("")), JwkError::Algorithm),
        ("alg is a list", rsa("alg", json!(["RS256"])), JwkError::Algorithm),
        ("alg Ed448", curve(&ED25519, "alg", json!("Ed448")), JwkError::Algorithm),
        ("alg of another kind of key", rsa("alg", json!("ES256")), JwkError::Mismatch),
        ("alg Ed25519 of an RSA key", rsa("alg", json!("Ed25519")), JwkError::Mismatch),
        ("kid is a number", rsa("kid", json!(1)), JwkError::Name),
        ("x5t is a list", rsa("x5t", json!(["a"])), JwkError::Name),
        ("issuer is a list", rsa("issuer", json!([ISSUER])), JwkError::Name),
        ("no modulus", rsa("n", Value::Null), key(KeyError::Number)),
        ("modulus is no text", rsa("n", json!(1)), key(KeyError::Number)),
        ("modulus is no base64url", rsa("n", json!("++//")), key(KeyError::Number)),
        ("modulus is padded", rsa("n", json!("AQ==")), key(KeyError::Number)),
        ("exponent is a number", rsa("e", json!(65537)), key(KeyError::Number)),
        ("modulus is empty", rsa("n", json!("")), key(KeyError::Rsa)),
        ("modulus is zero", rsa("n", json!(mint::encode(&[0; 256]))), key(KeyError::Rsa)),
        ("B07 2047 bits", rsa("n", modulus(2047, 1)), key(KeyError::Rsa)),
        ("B07 2047 bits with a zero before", rsa("n", json!(mint::encode(&[vec![0, 0x7f], vec![0xff; 255]].concat()))), key(KeyError::Rsa)),
        ("B07 1024 bits", rsa("n", modulus(1024, 1)), key(KeyError::Rsa)),
        ("B07 8193 bits", rsa("n", modulus(8193, 1)), key(KeyError::Rsa)),
        ("B07 even modulus", rsa("n", modulus(2048, 2)), key(KeyError::Rsa)),
        ("B07 exponent 0", exponent(&[0]), key(KeyError::Rsa)),
        ("B07 exponent 1", exponent(&[1]), key(KeyError::Rsa)),
        ("B07 exponent 3", exponent(&[3]), key(KeyError::Rsa)),
        ("B07 exponent 65535", exponent(&[0xff, 0xff]), key(KeyError::Rsa)),
        ("B07 exponent 65535 with a zero before", exponent(&[0, 0xff, 0xff]), key(KeyError::Rsa)),
        ("B07 even exponent", exponent(&[1, 0, 2]), key(KeyError::Rsa)),
        ("B07 exponent of five bytes", exponent(&[1, 0, 0, 0, 1]), key(KeyError::Rsa)),
        ("B10 not on the curve", curve(&P256, "x", json!(mint::encode(&[1; 32]))), key(KeyError::Point)),
        ("B10 coordinate too short", curve(&P256, "x", json!(mint::encode(&[1; 31]))), key(KeyError::Point)),
        ("B10 point at infinity", curve(&P256, "x", json!(mint::encode(&[0; 32]))), key(KeyError::Point)),
        ("P-384 said to be P-256", curve(&P384, "crv", json!("P-256")), key(KeyError::Point)),
        ("Ed25519 key too short", curve(&ED25519, "x", json!(mint::encode(&[1; 31]))), key(KeyError::Point)),
    ];
    for (name, mut bad, reason) in rows {
        if bad["kid"].is_string() {
            bad["kid"] = json!("bad");
        }
        let keys = parse(&json!([bad, P384.jwk()])).unwrap();
        assert_eq!((keys.usable(), reasons(&keys)), (1, vec![reason]), "{name}");
        assert_eq!(keys.skipped()[0].id.as_deref(), bad["kid"].as_str());
        assert!(has(&keys, Some("p384-1")) && has(&keys, None), "{name}");
    }
}

/// A library writes what it does not know as null.
#[test]
fn a_member_that_is_null_is_absent() {
    for name in [
        "use", "alg", "key_ops", "kid", "x5t", "issuer", "x5c", "crv",
    ] {
        let ask = Ask::raw(br#"{"alg":"RS256"}"#, good_claims().to_string().as_bytes());
        let ask = ask.keyed(json!({"keys": [rsa(name, Value::Null)]}));
        assert_eq!(ask.answer().err(), None, "{name}");
    }
}

/// Each key verifies what it signed: a number with zeros before it is the same number.
#[test]
fn zeros_before_a_number_change_nothing() {
    let zeros = |name: &str, count: usize| {
        let mut key = RSA.jwk();
        let text = key[name].as_str().unwrap().to_owned();
        let number = URL_SAFE_NO_PAD.decode(&text).unwrap();
        key[name] = json!(mint::encode(&[vec![0; count], number].concat()));
        key
    };
    for (name, count) in [("n", 1), ("n", 7), ("e", 1), ("e", 5)] {
        let ask = Ask::good().keyed(json!({"keys": [zeros(name, count)]}));
        assert_eq!(ask.answer().err(), None, "{name} {count}");
    }
    let keys = parse(&json!([RSA.jwk(), zeros("n", 1)])).unwrap();
    assert_eq!((keys.usable(), keys.skipped().len()), (1, 0), "one key");
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
fn of_two_keys_of_one_name_that_serve_alike_neither_is_used() {
    let with = |key: &mint::Key, members: Value| {
        let mut key = key.jwk();
        for (name, value) in members.as_object().unwrap() {
            key[name] = value.clone();
        }
        key
    };
    let (of, other) = (
        |alg| json!({"alg": alg}),
        json!({"issuer": "https://a.example"}),
    );
    for (what, one, two) in [
        ("no alg", RSA.jwk(), STRANGER.jwk()),
        (
            "the same alg",
            with(&RSA, of("RS256")),
            with(&STRANGER, of("RS256")),
        ),
        ("an alg in one", RSA.jwk(), with(&STRANGER, of("RS512"))),
        (
            "an issuer in one",
            RSA.jwk(),
            with(&STRANGER, other.clone()),
        ),
        (
            "the same issuer",
            with(&RSA, other.clone()),
            with(&STRANGER, other),
        ),
        (
            "the same key said to be another's too",
            RSA.jwk(),
            with(&RSA, of("RS256")),
        ),
    ] {
        for keys in [[&one, &two], [&two, &one]] {
            let keys = parse(&json!([keys[0], keys[1], P256.jwk()])).unwrap();
            assert_eq!(reasons(&keys), [JwkError::Ambiguous; 2], "{what}");
            assert!(!has(&keys, Some("rsa-1")) && has(&keys, Some("p256-1")));
            assert!(
                !has(&keys, None),
                "{what}: what is left is not the only key"
            );
        }
    }
}

/// Each token is verified by the key that it means, although another has the same id.
#[test]
fn keys_of_one_name_are_told_from_each_other() {
    let named = |key: &mint::Key, members: Value| {
        let mut key = key.jwk();
        key["kid"] = json!("rsa-1");
        for (name, value) in members.as_object().unwrap() {
            key[name] = value.clone();
        }
        key
    };
    let rsa = |members| named(&RSA, members);
    let stranger = |members| named(&STRANGER, members);
    let none = json!({});
    for (what, other) in [
        ("the same key again", rsa(none.clone())),
        (
            "the same key with members that are not read",
            rsa(json!({"x5c": ["AA"], "nbf": 1})),
        ),
        ("a key for encryption", stranger(json!({"use": "enc"}))),
        (
            "a key for encryption, by its alg",
            stranger(json!({"alg": "RSA-OAEP"})),
        ),
        (
            "a key that is not to verify with",
            stranger(json!({"key_ops": ["wrapKey"]})),
        ),
        (
            "a symmetric key",
            json!({"kid": "rsa-1", "kty": "oct", "k": "AAAA"}),
        ),
        ("a weak key", stranger(json!({"n": "AQ"}))),
        ("a key of another kind", named(&P256, none.clone())),
        (
            "a key of another issuer",
            stranger(json!({"issuer": "https://other.example"})),
        ),
    ] {
        let own = rsa(
            json!({"issuer": if what.contains("issuer") { json!(ISSUER) } else { Value::Null }}),
        );
        for keys in [[&own, &other], [&other, &own]] {
            let ask = Ask::good().keyed(json!({ "keys": keys }));
            assert_eq!(ask.answer().err(), None, "{what}");
        }
    }
    let bound = json!({"keys": [rsa(json!({"alg": "RS256"})), stranger(json!({"alg": "PS256"}))]});
    assert_eq!(Ask::good().keyed(bound.clone()).answer().err(), None);
    let header = json!({"alg": "PS256", "kid": "rsa-1"});
    let token = |key: &mint::Key| Ask::token(&key.token_with("PS256", &header, &good_claims()));
    assert_eq!(token(&STRANGER).keyed(bound.clone()).answer().err(), None);
    assert_eq!(
        token(&RSA).keyed(bound).answer().err(),
        Some(Refusal::Signature)
    );
}

#[test]
fn a_key_that_no_token_can_name_is_not_usable() {
    let unnamed = |key: &mint::Key| {
        let mut key = key.jwk();
        key.as_object_mut().unwrap().remove("kid");
        key
    };
    let keys = parse(&json!([unnamed(&RSA), unnamed(&P256)])).unwrap();
    assert_eq!(reasons(&keys), [JwkError::Unnamed; 2]);
    let keys = parse(&json!([unnamed(&RSA), P256.jwk()])).unwrap();
    assert_eq!(
        (keys.usable(), reasons(&keys)),
        (1, vec![JwkError::Unnamed])
    );
    assert!(
        !has(&keys, None),
        "a token without key id cannot tell which one is meant"
    );
    let mut encryption = STRANGER.jwk();
    encryption["use"] = json!("enc");
    let keys = parse(&json!([unnamed(&RSA), encryption])).unwrap();
    assert!(has(&keys, None), "the only key that verifies is meant");
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
