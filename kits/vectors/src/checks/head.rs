//! The assertion's header: JSON, type and algorithm, key id, and no other member.

use serde_json::{Value, json};

use crate::book::Book;
use crate::draft::{TYPE, good};

const HEAD: &str = r#"{"alg":"ES256","kid":"k1","typ":"gatehouse-identity+jwt"}"#;

pub(crate) fn write(book: &mut Book) {
    json_texts(book);
    types(book);
    members(book);
    key_ids(book);
}

fn json_texts(book: &mut Book) {
    let mut chapter = book.chapter("header JSON");
    for (id, comment, text) in [
        (
            "head_white_space",
            "white space around and inside",
            HEAD.replace(',', " ,\n\t").replace("{", " { ") + "\r\n",
        ),
        (
            "head_other_order",
            "members in another order",
            r#"{"typ":"gatehouse-identity+jwt","kid":"k1","alg":"ES256"}"#.to_owned(),
        ),
        (
            "head_escaped",
            "letters as escapes",
            HEAD.replace("alg", r"\u0061lg")
                .replace("ES256", r"\u0045S256"),
        ),
    ] {
        chapter.case(id, comment, good().head(text).accepted());
    }
    for (id, comment, text) in [
        ("head_not_json", "no JSON", "header".to_owned()),
        ("head_list", "a list", format!("[{HEAD}]")),
        ("head_text", "a text", format!("{HEAD:?}")),
        ("head_null", "`null`", "null".to_owned()),
        ("head_number", "a number", "1".to_owned()),
        ("head_two", "two objects", format!("{HEAD}{HEAD}")),
        ("head_trailing", "text behind it", format!("{HEAD}x")),
        (
            "head_trailing_comma",
            "a comma behind the last member",
            HEAD.replace('}', ",}"),
        ),
        ("head_cut", "cut short", HEAD.replace('}', "")),
        (
            "head_single_quotes",
            "single quotes",
            HEAD.replace('"', "'"),
        ),
        ("head_comment", "a comment", HEAD.replace('{', "{/**/")),
        (
            "head_byte_order_mark",
            "a byte order mark",
            format!("\u{feff}{HEAD}"),
        ),
        ("head_nul", "a NUL behind it", format!("{HEAD}\0")),
        (
            "head_alg_twice",
            "`alg` twice, the right one last",
            HEAD.replace('{', r#"{"alg":"none","#),
        ),
        (
            "head_alg_twice_equal",
            "`alg` twice, the same",
            HEAD.replace('{', r#"{"alg":"ES256","#),
        ),
        (
            "head_alg_twice_escaped",
            "`alg` twice, once as an escape",
            HEAD.replace('{', r#"{"\u0061lg":"none","#),
        ),
        (
            "head_typ_twice",
            "`typ` twice",
            HEAD.replace('}', r#","typ":"gatehouse-identity+jwt"}"#),
        ),
        (
            "head_kid_twice",
            "`kid` twice",
            HEAD.replace('{', r#"{"kid":"k2","#),
        ),
        (
            "head_kid_surrogate",
            "half of a surrogate pair in the key id",
            HEAD.replace("k1", r"\ud800"),
        ),
        (
            "head_kid_control",
            "a control character in the key id",
            HEAD.replace("k1", "k\n1"),
        ),
        (
            "head_kid_bad_escape",
            "an escape that JSON does not have",
            HEAD.replace("k1", r"\x6b1"),
        ),
    ] {
        chapter.case(id, comment, good().head(text).refused("proof_form"));
    }
    let utf16: Vec<u8> = HEAD.encode_utf16().flat_map(u16::to_le_bytes).collect();
    chapter.case(
        "head_utf16",
        "in UTF-16",
        good().head(utf16).refused("proof_form"),
    );
    let not_utf8 = HEAD
        .replace("k1", "k?")
        .into_bytes()
        .into_iter()
        .map(|byte| if byte == b'?' { 0xff } else { byte });
    let step = good()
        .head(not_utf8.collect::<Vec<u8>>())
        .refused("proof_form");
    chapter.case("head_not_utf8", "a key id that is no UTF-8", step);
}

fn types(book: &mut Book) {
    let mut chapter = book.chapter("algorithm");
    for (id, value) in [
        ("alg_none", json!("none")),
        ("alg_none_case", json!("None")),
        ("alg_hs256", json!("HS256")),
        ("alg_rs256", json!("RS256")),
        ("alg_ps256", json!("PS256")),
        ("alg_es384", json!("ES384")),
        ("alg_es512", json!("ES512")),
        ("alg_es256k", json!("ES256K")),
        ("alg_eddsa", json!("EdDSA")),
        ("alg_lower", json!("es256")),
        ("alg_space", json!("ES256 ")),
        ("alg_empty", json!("")),
        ("alg_null", Value::Null),
        ("alg_number", json!(256)),
        ("alg_true", json!(true)),
        ("alg_list", json!(["ES256"])),
        ("alg_object", json!({"ES256": 1})),
    ] {
        let comment = format!("the algorithm `{value}`");
        chapter.case(
            id,
            &comment,
            good().member("alg", value).refused("proof_type"),
        );
    }
    chapter.case(
        "alg_missing",
        "no algorithm",
        good().without_member("alg").refused("proof_type"),
    );
    chapter.case(
        "alg_none_unsigned",
        "`none`, and no signature",
        good()
            .member("alg", "none")
            .bend(|token| format!("{}.", token.message()))
            .refused("proof_type"),
    );
    let mut chapter = book.chapter("type");
    for (id, value) in [
        ("typ_jwt", json!("JWT")),
        ("typ_access_token", json!("at+jwt")),
        ("typ_media_type", json!(format!("application/{TYPE}"))),
        ("typ_upper", json!(TYPE.to_uppercase())),
        ("typ_space", json!(format!("{TYPE} "))),
        ("typ_prefix", json!("gatehouse-identity")),
        ("typ_suffix", json!(format!("{TYPE}2"))),
        ("typ_empty", json!("")),
        ("typ_null", Value::Null),
        ("typ_number", json!(1)),
        ("typ_list", json!([TYPE])),
    ] {
        let comment = format!("the type `{value}`");
        chapter.case(
            id,
            &comment,
            good().member("typ", value).refused("proof_type"),
        );
    }
    chapter.case(
        "typ_missing",
        "no type",
        good().without_member("typ").refused("proof_type"),
    );
}

fn members(book: &mut Book) {
    let mut chapter = book.chapter("header members");
    for (name, value) in [
        ("crit", json!([])),
        ("crit", json!(["b64"])),
        ("b64", json!(false)),
        ("b64", json!(true)),
        ("jku", json!("https://evil.example/keys")),
        ("x5u", json!("https://evil.example/cert")),
        ("x5c", json!(["AAAA"])),
        ("x5t", json!("AAAA")),
        ("cty", json!("JWT")),
        ("zip", json!("DEF")),
        ("enc", json!("A256GCM")),
        ("nonce", json!("1")),
        ("iat", json!(1)),
        ("Alg", json!("ES256")),
        ("", json!("")),
        ("__proto__", json!({"alg": "none"})),
        ("constructor", json!({})),
        ("toString", json!("x")),
        ("x", Value::Null),
    ] {
        let kind = if value == json!([]) {
            "_empty"
        } else if value == json!(true) {
            "_true"
        } else {
            ""
        };
        let id = format!("member_{name}{kind}");
        let comment = format!("an unknown member, `{name}`");
        chapter.case(
            &id,
            &comment,
            good().member(name, value).refused("proof_form"),
        );
    }
}

fn key_ids(book: &mut Book) {
    let mut chapter = book.chapter("key id");
    chapter.case(
        "kid_missing",
        "no key id",
        good().without_member("kid").refused("proof_form"),
    );
    for (id, value) in [
        ("kid_null", Value::Null),
        ("kid_number", json!(1)),
        ("kid_true", json!(true)),
        ("kid_list", json!(["k1"])),
        ("kid_object", json!({"k1": 1})),
    ] {
        let comment = format!("the key id `{value}`");
        chapter.case(
            id,
            &comment,
            good().member("kid", value).refused("proof_form"),
        );
    }
    for (id, text) in [
        ("kid_unknown", "k9"),
        ("kid_empty", ""),
        ("kid_upper", "K1"),
        ("kid_space", "k1 "),
        ("kid_path", "../../../dev/null"),
        ("kid_sql", "k1' OR '1'='1"),
        ("kid_address", "https://evil.example/keys"),
        ("kid_proto", "__proto__"),
        ("kid_constructor", "constructor"),
        ("kid_to_string", "toString"),
        ("kid_nul", "k1\0"),
        ("kid_unicode", "ｋ1"),
    ] {
        let comment = format!("the key id {text:?} is not the door's");
        chapter.case(
            id,
            &comment,
            good().member("kid", text).refused("proof_signature"),
        );
    }
    let long = "k".repeat(2000);
    chapter.case(
        "kid_long",
        "a key id of 2,000 letters",
        good().member("kid", long).refused("proof_signature"),
    );
    chapter.case(
        "kid_proto_published",
        "a key id is a name like any other, `__proto__` too",
        good()
            .member("kid", "__proto__")
            .signed_by("proto")
            .keys("proto")
            .accepted(),
    );
}
