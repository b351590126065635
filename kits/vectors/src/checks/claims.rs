//! The types of the claims.

use serde_json::{Value, json};

use crate::book::Book;
use crate::draft::good;

const TEXTS: [&str; 9] = [
    "iss",
    "aud",
    "sub",
    "sub_issuer",
    "jti",
    "session",
    "method",
    "path",
    "body_sha256",
];
const TIMES: [&str; 2] = ["iat", "exp"];
const OPTIONAL_TEXTS: [&str; 5] = ["client_id", "username", "email", "name", "scope"];

pub(crate) fn write(book: &mut Book) {
    let mut chapter = book.chapter("claims");
    for name in TEXTS.into_iter().chain(TIMES) {
        let comment = format!("no `{name}`");
        chapter.case(
            &format!("claim_{name}_missing"),
            &comment,
            good().without(name).refused("proof_claims"),
        );
        let comment = format!("`{name}` is null");
        chapter.case(
            &format!("claim_{name}_null"),
            &comment,
            good().claim(name, Value::Null).refused("proof_claims"),
        );
    }
    for name in TEXTS.into_iter().chain(OPTIONAL_TEXTS) {
        for (kind, value) in [
            ("number", json!(1)),
            ("true", json!(true)),
            ("list", json!(["x"])),
            ("object", json!({"x": 1})),
        ] {
            let (id, comment) = (
                format!("claim_{name}_{kind}"),
                format!("`{name}` is `{value}`"),
            );
            chapter.case(
                &id,
                &comment,
                good().claim(name, value).refused("proof_claims"),
            );
        }
    }
    chapter.case(
        "claim_aud_of_one",
        "a list with the agent alone",
        good().claim("aud", json!(["demo"])).refused("proof_claims"),
    );
    for (kind, value) in [
        ("text", json!("staff")),
        ("number", json!(1)),
        ("true", json!(true)),
        ("object", json!({"0": "staff"})),
        ("of_numbers", json!([1])),
        ("of_nulls", json!([null])),
        ("of_lists", json!([["staff"]])),
        ("mixed", json!(["staff", 1])),
    ] {
        let (id, comment) = (
            format!("claim_groups_{kind}"),
            format!("`groups` is `{value}`"),
        );
        chapter.case(
            &id,
            &comment,
            good().claim("groups", value).refused("proof_claims"),
        );
    }
    chapter.case(
        "claim_upper_names",
        "names have a case",
        good()
            .without("sub")
            .claim("SUB", "alice")
            .refused("proof_claims"),
    );
    chapter.case(
        "claim_inherited",
        "no claim is inherited from `__proto__`",
        good()
            .without("sub")
            .claim("__proto__", json!({"sub": "mallory"}))
            .refused("proof_claims"),
    );
    chapter.case(
        "claim_proto",
        "nor replaced by it",
        good()
            .claim("__proto__", json!({"sub": "mallory"}))
            .claim("constructor", 1)
            .accepted(),
    );
    times(book);
}

fn times(book: &mut Book) {
    let mut chapter = book.chapter("claims");
    for name in TIMES {
        for (kind, value) in [
            ("text", "\"1800000000\""),
            ("true", "true"),
            ("list", "[1800000000]"),
            ("object", "{}"),
            ("point", "1800000000.0"),
            ("fraction", "1800000000.5"),
            ("exponent", "1.8e9"),
            ("whole_exponent", "18e8"),
            ("negative", "-1800000000"),
            ("minus_zero", "-0"),
            ("beyond_64_bits", "18446744073709551616"),
        ] {
            let text = good().claim(name, 7).claims_text();
            let text = text.replacen(&format!("\"{name}\":7"), &format!("\"{name}\":{value}"), 1);
            let (id, comment) = (
                format!("claim_{name}_{kind}"),
                format!("`{name}` is `{value}`"),
            );
            chapter.case(&id, &comment, good().claims(text).refused("proof_claims"));
        }
    }
}
