//! Signatures, algorithms and keys.

use serde_json::{Value, json};
use shared::gate::Refusal as R;

use super::{Row, bent, good_token};
use crate::ask::{Ask, ED25519, ISSUER, P256, P384, RSA, STRANGER, good_claims, good_header};

/// The signature is the right one for what the header says, or as near to it as can be made.
pub(super) fn algorithm_and_key() -> Vec<Row> {
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
    // The signing key and a stranger, by key id and thumbprint, for a token that names its key by thumbprint alone.
    let thumbed = |thumbprint: Value, names: &[(&str, &str); 2]| {
        let mut document = mint::key_document(&[&RSA, &STRANGER]);
        for (key, (id, thumbprint)) in document["keys"]
            .as_array_mut()
            .unwrap()
            .iter_mut()
            .zip(names)
        {
            key["kid"] = json!(id);
            key["x5t"] = json!(thumbprint);
        }
        let header = json!({"alg": "RS256", "x5t": thumbprint});
        Ask::token(&RSA.token_with("RS256", &header, &good_claims())).keyed(document)
    };
    let bound = |issuer: &str| {
        let mut document = mint::key_document(&[&RSA, &P256]);
        document["keys"][0]["issuer"] = json!(issuer);
        Ask::good().keyed(document)
    };
    let anonymous = || Ask::raw(br#"{"alg":"RS256"}"#, good_claims().to_string().as_bytes());
    rows! {
        AlgorithmUnknown:
            "A01 none, no signature" => none("none", "");
            "A01 none, random signature" => none("none", "AAAA");
            "A02 None" => none("None", "");
            "A02 NoNe" => none("NoNe", "");
            "A02 none with NUL" => none("none\0", "");
            "B01 B03 B04 HS256" => none("HS256", &mint::encode(&[7; 32]));
            "Ed448" => Ask::parameter("alg", json!("Ed448"));
        Signature:
            "A01 RS256, empty signature" => none("RS256", "");
            "A03 signature of another key" => Ask::token(&STRANGER.token_with("RS256", &good_header(), &good_claims()));
            "A03 claims of another token" => {
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
            };
            "B11 signature of another hash" => said("RS512", "RS256");
            "B06 PKCS#1 signature said to be PSS" => said("PS256", "RS256");
            "B11 signature one byte longer" => bent(|h, p, _| format!("{h}.{p}.{}", mint::encode(&[1; 257])));
            "B09 ECDSA r and s zero" => {
                let token = P256.token("ES256", &good_claims());
                let (message, _) = token.rsplit_once('.').unwrap();
                Ask::token(&format!("{message}.{}", mint::encode(&[0; 64])))
            };
            "B09 ECDSA signature in DER" => {
                let token = P256.token("ES256", &good_claims());
                let (message, _) = token.rsplit_once('.').unwrap();
                let fixed = P256.sign("ES256", message.as_bytes());
                let integer = |number: &[u8]| [&[2, 33, 0], number].concat();
                let der = [vec![0x30, 70], integer(&fixed[..32]), integer(&fixed[32..])].concat();
                Ask::token(&format!("{message}.{}", mint::encode(&der)))
            };
            "C03 C04 C05 keys in the header are not used" => {
                let header = json!({"alg": "RS256", "kid": "rsa-1", "jwk": STRANGER.jwk(), "jku": "http://127.0.0.1:1/", "x5u": "http://127.0.0.1:1/"});
                Ask::token(&STRANGER.token_with("RS256", &header, &good_claims()))
            };
            "x5t of another key" => thumbed(json!("t-2"), &[("rsa-1", "t-1"), ("rsa-2", "t-2")]);
        KeyMismatch:
            "B06 ES256 said over an RSA key" => said("ES256", "RS256");
            "B06 EdDSA said over an RSA key" => said("EdDSA", "RS256");
            "B06 ES256 said over a P-384 key" => Ask::token(&P384.token_with(
                "ES384",
                &json!({"alg": "ES256", "kid": "p384-1"}),
                &good_claims(),
            ));
            "B06 EdDSA said over a P-256 key" => Ask::token(&P256.token_with(
                "ES256",
                &json!({"alg": "EdDSA", "kid": "p256-1"}),
                &good_claims(),
            ));
            "B06 RS256 said over an Ed25519 key" => Ask::token(&ED25519.token_with(
                "EdDSA",
                &json!({"alg": "RS256", "kid": "ed-1"}),
                &good_claims(),
            ));
            "B05 PS256 of a key bound to RS256" => {
                let mut document = mint::key_document(&[&RSA]);
                document["keys"][0]["alg"] = json!("RS256");
                said("PS256", "PS256").keyed(document)
            };
            "Ed25519 said over a P-256 key" => Ask::token(&P256.token_with(
                "ES256",
                &json!({"alg": "Ed25519", "kid": "p256-1"}),
                &good_claims(),
            ));
        AlgorithmRefused:
            "B02 B05 not on the issuer's list" => only_rs256(said("PS256", "PS256"));
            "B05 ES256 not on the issuer's list" => only_rs256(Ask::token(&P256.token("ES256", &good_claims())));
            "Ed25519 of an issuer that is not trusted with EdDSA" => only_rs256(Ask::token(&ED25519.token_with(
                "EdDSA",
                &json!({"alg": "Ed25519", "kid": "ed-1"}),
                &good_claims(),
            )));
        KeyUnknown:
            "key id of no key" => Ask::parameter("kid", json!("rsa-2"));
            "key id that begins like a key's" => Ask::parameter("kid", json!("rsa-"));
            "x5t beside a kid of no key" => {
                let header = json!({"alg": "RS256", "kid": "none", "x5t": "rsa-1"});
                Ask::token(&RSA.token_with("RS256", &header, &good_claims()))
            };
            "a key of another issuer" => bound("https://other.example");
            "a key of the issuer with a slash" => bound(&format!("{ISSUER}/"));
            "a key of another issuer's tenants" => bound("https://login.example/{tenantid}/v2.0");
            "key id, and one key without" => Ask::good().keyed(bare(&[&RSA]));
        KeyIdMissing:
            "no key id, several keys" => anonymous();
            "no key id, no key" => anonymous().keyed(json!({"keys": []}));
            "x5t of no key, several keys" => thumbed(json!("t-2"), &[("rsa-1", "t-1"), ("rsa-2", "t-3")]);
            "x5t of two keys that serve alike" => thumbed(json!("t-1"), &[("rsa-1", "t-1"), ("rsa-2", "t-1")]);
            "x5t of one key that is the kid of another" => thumbed(json!("t-1"), &[("rsa-1", "t-1"), ("t-1", "t-2")]);
            "x5t is no text, several keys" => thumbed(json!(["t-1"]), &[("rsa-1", "t-1"), ("rsa-2", "t-2")]);
            "the only key is another issuer's, no key id" => {
                let mut key = RSA.jwk();
                key["issuer"] = json!("https://other.example");
                anonymous().keyed(json!({"keys": [key]}))
            };
    }
}
