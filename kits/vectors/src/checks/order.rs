//! Requests with two faults: the one that is met first is the reason.

use serde_json::json;

use crate::book::Book;
use crate::draft::{NOW, bare, good};

pub(crate) fn write(book: &mut Book) {
    let mut chapter = book.chapter("order");
    let old = || good().at(90);
    for (id, comment, step) in [
        (
            "order_size_form",
            "length before form",
            good().text(".".repeat(4097)).refused("proof_form"),
        ),
        (
            "order_form_keys",
            "form before keys",
            good().text("forged").keys("down").refused("proof_form"),
        ),
        (
            "order_missing_keys",
            "presence before keys",
            bare("POST", "/invocations")
                .keys("down")
                .refused("proof_missing"),
        ),
        (
            "order_type_member",
            "type before other members",
            good()
                .member("crit", json!([]))
                .member("alg", "none")
                .refused("proof_type"),
        ),
        (
            "order_type_kid",
            "type before key id",
            good()
                .without_member("kid")
                .member("typ", "JWT")
                .refused("proof_type"),
        ),
        (
            "order_type_keys",
            "type before keys",
            good()
                .member("typ", "JWT")
                .keys("down")
                .refused("proof_type"),
        ),
        (
            "order_keys_signature",
            "keys before signature",
            good()
                .signed_by("other")
                .keys("down")
                .refused("keys_unavailable"),
        ),
        (
            "order_signature_claims",
            "signature before claims",
            good()
                .signed_by("other")
                .without("sub")
                .refused("proof_signature"),
        ),
        (
            "order_signature_expired",
            "signature before time",
            old().signed_by("other").refused("proof_signature"),
        ),
        (
            "order_claims_issuer",
            "types of claims before their values",
            good()
                .claim("iss", "x")
                .without("sub")
                .refused("proof_claims"),
        ),
        (
            "order_issuer_audience",
            "issuer before audience",
            good()
                .claim("iss", "x")
                .claim("aud", "x")
                .refused("proof_issuer"),
        ),
        (
            "order_audience_early",
            "audience before time",
            good()
                .claim("aud", "x")
                .claim("iat", NOW + 31)
                .refused("proof_audience"),
        ),
        (
            "order_audience_expired",
            "audience before the end",
            old().claim("aud", "x").refused("proof_audience"),
        ),
        (
            "order_early_lifetime",
            "beginning before lifetime",
            good()
                .claim("iat", NOW + 31)
                .claim("exp", NOW + 1000)
                .refused("proof_early"),
        ),
        (
            "order_expired_lifetime",
            "end before lifetime",
            old().claim("iat", 0).refused("proof_expired"),
        ),
        (
            "order_lifetime_method",
            "lifetime before method",
            good()
                .claim("exp", NOW + 61)
                .asks("PUT", "/invocations")
                .refused("proof_lifetime"),
        ),
        (
            "order_method_path",
            "method before path",
            good().asks("PUT", "/mcp").refused("proof_method"),
        ),
        (
            "order_path_session",
            "path before session",
            good()
                .session(Some("session-2"))
                .asks("POST", "/mcp")
                .refused("proof_path"),
        ),
        (
            "order_session_body",
            "session before body",
            good()
                .session(Some("session-2"))
                .sends(b"{}")
                .refused("proof_session"),
        ),
    ] {
        chapter.case(id, comment, step);
    }
    chapter.series(
        "order_body_replay",
        "body before replay",
        vec![good().accepted(), good().sends(b"{}").refused("proof_body")],
    );
    chapter.series(
        "order_expired_replay",
        "time before replay",
        vec![good().accepted(), good().at(90).refused("proof_expired")],
    );
}
