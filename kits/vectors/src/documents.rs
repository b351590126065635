//! Key documents: what the door answers at `/.well-known/jwks.json`.

use serde_json::{Value, json};

use crate::signer::Signer;
use crate::text::sorted;

/// A document by its name.
type Named = (&'static str, Value);

pub(crate) fn all(signer: &Signer) -> Vec<Named> {
    let mut all = sets(signer);
    all.extend(entries(signer));
    all.extend(purposes(signer));
    all.extend(listed(signer));
    all.extend(forms(signer));
    all.extend(answers(signer));
    all
}

/// The longest document that is read.
const MAX_BYTES: usize = 64 * 1024;

/// Public keys of other kinds and curves.
const RSA: &str = "xaiOU9dhu-CeWUjXvULPUbV8Aaic4LvUQ9dN8DdFlaqLCkW8V8T_X8Ncdohhj8B1gYoe9bnTmJ5og1chKfKYKsgSSkb1f4188bpNtiOLUv1ws4K4Ie_xpkSbxtufvMNlCm3X9fvEmrDcJ4U4tcmYKsHR8a-UhLRcIty0he27DcQs0QLXjUqkpnsgr7MECS1xdLm--gop5QuEV1SoCvn9dfNnlsYFKtiFIodUh01OOZkhLloZrAg4CPjnRB5hP1jlPCS1X2RX-Y1wvJNez81ONiwSMUgLMhxUbziejk-pF0vR6mkZOrdUOy1GBWYcEEFBXsjjdWNsWllGLIpD9PCqRQ";
const P384: [&str; 2] = [
    "nH-kxX2Vztnagl1QkUoSXn12xKoI56dLyqAlx67G9XiA1I9b9vZSYNCYqcBol8Cs",
    "qVxHW0C1K6Kq5o-pzy3VNRb0u71QdpQxNW20uxKiusfNjBg4j8v0D2w3gadeatE5",
];
const SECP256K1: [&str; 2] = [
    "bWt6csRE41A4N9nCQNoiWHQ51_Z0upkDpHWQzHpDghM",
    "OONWftOO9e4eTw1LcHrBRgTjJQg_Xpac0b5DQg036UE",
];
const ED25519: &str = "1YK_0w8EyHHRRAo3bdIXogo-58VeB3C1kzHJC5I0rSc";

fn document(keys: &[Value]) -> Value {
    json!({"status": 200, "body": sorted(&json!({"keys": keys}))})
}

fn text(body: &str) -> Value {
    json!({"status": 200, "body": body})
}

/// The key, with a member of another value, or without it.
fn changed(signer: &Signer, member: &str, value: Option<Value>) -> Value {
    let mut jwk = signer.jwk("k1");
    match (value, jwk.as_object_mut()) {
        (Some(value), Some(members)) => members.insert(member.to_owned(), value),
        (None, Some(members)) => members.remove(member),
        (_, None) => None,
    };
    jwk
}

/// Keys of the door, as it publishes them.
fn sets(signer: &Signer) -> Vec<Named> {
    let (k1, k2, k3) = (signer.jwk("k1"), signer.jwk("k2"), signer.jwk("k3"));
    vec![
        ("k1", document(std::slice::from_ref(&k1))),
        ("k2", document(std::slice::from_ref(&k2))),
        ("k1_k2", document(&[k1.clone(), k2.clone()])),
        ("k1_k2_k3", document(&[k1.clone(), k2, k3])),
        ("other", document(&[signer.jwk("other")])),
        ("k1_other", document(&[k1.clone(), signer.jwk("other")])),
        ("other_k1", document(&[signer.jwk("other"), k1])),
        ("proto", document(&[signer.jwk("proto")])),
    ]
}

/// One entry that is not as usual, under the id `k1`.
fn entries(signer: &Signer) -> Vec<Named> {
    let with = |member: &str, value: Value| document(&[changed(signer, member, Some(value))]);
    let without = |member: &str| document(&[changed(signer, member, None)]);
    let k1 = signer.jwk("k1");
    let padded = format!("{}=", k1["x"].as_str().unwrap_or_default());
    vec![
        ("jwk_without_alg", without("alg")),
        ("jwk_without_use", without("use")),
        ("jwk_more_members", with("note", json!({"a": [1]}))),
        ("jwk_private_half", with("d", json!("AAAA"))),
        ("jwk_without_kid", without("kid")),
        ("jwk_kid_null", with("kid", Value::Null)),
        ("jwk_kid_number", with("kid", json!(1))),
        ("jwk_kid_list", with("kid", json!(["k1"]))),
        ("jwk_kty_lower", with("kty", json!("ec"))),
        ("jwk_kty_missing", without("kty")),
        ("jwk_kty_rsa", with("kty", json!("RSA"))),
        ("jwk_crv_other", with("crv", json!("P-384"))),
        ("jwk_crv_lower", with("crv", json!("p-256"))),
        ("jwk_crv_missing", without("crv")),
        ("jwk_x_missing", without("x")),
        ("jwk_y_missing", without("y")),
        ("jwk_x_empty", with("x", json!(""))),
        ("jwk_x_number", with("x", json!(1))),
        ("jwk_x_padded", with("x", json!(padded))),
        (
            "jwk_x_not_base64",
            with("x", json!("????????????????????????????????????????????")),
        ),
        ("jwk_off_curve", with("y", signer.jwk("k2")["y"].clone())),
        ("jwk_zero", zero(signer)),
        (
            "jwk_x_long",
            with(
                "x",
                json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
            ),
        ),
    ]
}

/// The door's key, under the id `k1`, with other words on what it is for.
fn purposes(signer: &Signer) -> Vec<Named> {
    let with = |member: &str, value: Value| document(&[changed(signer, member, Some(value))]);
    let then_k1 = |member: &str, value: &str| {
        let mut other = signer.jwk("other");
        other["kid"] = json!("k1");
        other[member] = json!(value);
        document(&[other, signer.jwk("k1")])
    };
    let names = |value: &Value| {
        let mut jwk = signer.jwk("k1");
        for name in ["x5t", "issuer"] {
            jwk[name] = value.clone();
        }
        document(&[jwk])
    };
    let mut use_sig = changed(signer, "alg", None);
    use_sig["use"] = json!("sig");
    vec![
        ("jwk_use_sig", document(&[use_sig])),
        ("jwk_use_null", with("use", Value::Null)),
        ("jwk_use_enc", with("use", json!("enc"))),
        ("jwk_use_upper", with("use", json!("SIG"))),
        ("jwk_use_list", with("use", json!(["sig"]))),
        ("jwk_key_ops_verify", with("key_ops", json!(["verify"]))),
        (
            "jwk_key_ops_sign_verify",
            with("key_ops", json!(["sign", 1, "verify"])),
        ),
        ("jwk_key_ops_null", with("key_ops", Value::Null)),
        ("jwk_key_ops_sign", with("key_ops", json!(["sign"]))),
        ("jwk_key_ops_empty", with("key_ops", json!([]))),
        ("jwk_key_ops_text", with("key_ops", json!("verify"))),
        ("jwk_key_ops_upper", with("key_ops", json!(["VERIFY"]))),
        ("jwk_alg_null", with("alg", Value::Null)),
        ("jwk_alg_es384", with("alg", json!("ES384"))),
        ("jwk_alg_rs256", with("alg", json!("RS256"))),
        ("jwk_alg_unknown", with("alg", json!("ECDH-ES"))),
        ("jwk_alg_lower", with("alg", json!("es256"))),
        ("jwk_alg_number", with("alg", json!(256))),
        ("jwk_names", names(&json!("another"))),
        ("jwk_names_null", names(&Value::Null)),
        ("jwk_x5t_number", with("x5t", json!(1))),
        ("jwk_issuer_list", with("issuer", json!(["a"]))),
        ("use_enc_then_k1", then_k1("use", "enc")),
        ("alg_es384_then_k1", then_k1("alg", "ES384")),
    ]
}

fn zero(signer: &Signer) -> Value {
    let mut jwk = signer.jwk("k1");
    for member in ["x", "y"] {
        jwk[member] = json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    }
    document(&[jwk])
}

/// Keys of other kinds under the id `k1`: alone, and before the door's key.
fn others() -> [(&'static str, &'static str, Value); 5] {
    let kind = |kty: &str, crv: &str, [x, y]: [&str; 2]| json!({"kty": kty, "crv": crv, "kid": "k1", "x": x, "y": y});
    [
        (
            "only_rsa",
            "rsa_then_k1",
            json!({"kty": "RSA", "kid": "k1", "n": RSA, "e": "AQAB"}),
        ),
        ("only_p384", "p384_then_k1", kind("EC", "P-384", P384)),
        (
            "only_secp256k1",
            "secp256k1_then_k1",
            kind("EC", "P-256", SECP256K1),
        ),
        (
            "only_ed25519",
            "ed25519_then_k1",
            json!({"kty": "OKP", "crv": "Ed25519", "kid": "k1", "x": ED25519}),
        ),
        (
            "only_oct",
            "oct_then_k1",
            json!({"kty": "oct", "kid": "k1", "k": "c2VjcmV0"}),
        ),
    ]
}

/// Lists with entries that are no keys of the door's.
fn listed(signer: &Signer) -> Vec<Named> {
    let k1 = signer.jwk("k1");
    let mut named = Vec::new();
    for (alone, before, jwk) in others() {
        named.push((alone, document(std::slice::from_ref(&jwk))));
        named.push((before, document(&[jwk, k1.clone()])));
    }
    let odd = [
        json!(null),
        json!(1),
        json!("k1"),
        json!([]),
        json!({}),
        json!(true),
    ];
    named.push((
        "odd_entries_then_k1",
        document(&[&odd[..], std::slice::from_ref(&k1)].concat()),
    ));
    let no_keys = |count: usize| vec![json!({}); count];
    named.push((
        "k1_is_entry_100",
        document(&[no_keys(99), vec![k1.clone()]].concat()),
    ));
    named.push((
        "k1_is_entry_101",
        document(&[no_keys(100), vec![k1.clone()]].concat()),
    ));
    let k2_first = [vec![signer.jwk("k2")], no_keys(99), vec![k1]].concat();
    named.push(("k2_and_k1_is_entry_101", document(&k2_first)));
    named
}

/// Documents that are no set of keys, and some that are in spite of their looks.
fn forms(signer: &Signer) -> Vec<Named> {
    let jwk = signer.jwk("k1");
    let k1 = sorted(&jwk);
    let good = sorted(&json!({"keys": [jwk]}));
    let twice = format!(r#"{{"keys":[],"keys":[{k1}]}}"#);
    let escaped = format!(r#"{{"keys":[{k1}],"\u006beys":[]}}"#);
    let kid_twice = good.replacen(r#""kid":"k1""#, r#""kid":"zz","kid":"k1""#, 1);
    vec![
        ("not_json", text("keys")),
        ("empty", text("")),
        ("null", text("null")),
        ("list", text(&format!("[{k1}]"))),
        ("no_keys_member", text("{}")),
        ("keys_null", text(r#"{"keys":null}"#)),
        ("keys_object", text(&format!(r#"{{"keys":{{"k1":{k1}}}}}"#))),
        ("keys_empty", document(&[])),
        ("keys_twice", text(&twice)),
        ("keys_twice_escaped", text(&escaped)),
        ("kid_twice_in_entry", text(&kid_twice)),
        ("trailing_text", text(&format!("{good}x"))),
        ("trailing_comma", text(&good.replace("]}", "],}"))),
        ("byte_order_mark", text(&format!("\u{feff}{good}"))),
        (
            "byte_order_mark_twice",
            text(&format!("\u{feff}\u{feff}{good}")),
        ),
        ("byte_order_mark_behind", text(&format!("{good}\u{feff}"))),
        ("white_space_around", text(&format!(" \r\n\t{good}\n"))),
        (
            "other_members",
            json!({"status": 200, "body": sorted(&json!({"issuer": "x", "keys": [jwk]}))}),
        ),
        (
            "as_long_as_is_read",
            json!({"status": 200, "body": good, "padded_to": MAX_BYTES}),
        ),
        (
            "longer_than_is_read",
            json!({"status": 200, "body": good, "padded_to": MAX_BYTES + 1}),
        ),
    ]
}

/// Good keys under another status than 200.
fn answers(signer: &Signer) -> Vec<Named> {
    let good = sorted(&json!({"keys": [signer.jwk("k1")]}));
    let status = |status: u16| json!({"status": status, "body": good});
    vec![
        ("down", json!({"status": 503, "body": ""})),
        ("status_201", status(201)),
        ("status_404", status(404)),
        ("status_500", status(500)),
        // A redirect could lead anywhere; a verifier that follows this one finds keys.
        (
            "redirect",
            json!({"status": 302, "body": good, "headers": [["location", "/elsewhere"]]}),
        ),
    ]
}
