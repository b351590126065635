//! Paths that need no assertion.

use serde_json::json;

use crate::book::Book;
use crate::draft::{Body, IDENTITY, bare, good};

pub(crate) fn write(book: &mut Book) {
    let mut open = book.chapter("open");
    open.case(
        "open_ping",
        "AgentCore's health check",
        bare("GET", "/ping").open(),
    );
    open.case(
        "open_card",
        "the card of an A2A agent",
        bare("GET", "/.well-known/agent-card.json").open(),
    );
    open.case(
        "open_ping_keys_down",
        "it needs no keys",
        bare("GET", "/ping").keys("down").open(),
    );
    open.case(
        "open_ping_forged",
        "an assertion is not looked at",
        bare("GET", "/ping").header(IDENTITY, "forged").open(),
    );
    open.case(
        "open_ping_body",
        "a body is not looked at",
        bare("GET", "/ping").sends(b"body").open(),
    );
    for (id, method, target) in [
        ("open_ping_post", "POST", "/ping"),
        ("open_ping_head", "HEAD", "/ping"),
        ("open_ping_options", "OPTIONS", "/ping"),
        ("open_ping_query", "GET", "/ping?x"),
        ("open_ping_slash", "GET", "/ping/"),
        ("open_ping_slashes", "GET", "//ping"),
        ("open_ping_case", "GET", "/Ping"),
        ("open_ping_escaped", "GET", "/%70ing"),
        ("open_ping_below", "GET", "/ping/../invocations"),
        ("open_ping_prefix", "GET", "/pin"),
        ("open_ping_suffix", "GET", "/pingx"),
        ("open_ping_parameter", "GET", "/ping;x"),
        (
            "open_card_suffix",
            "GET",
            "/.well-known/agent-card.json.bak",
        ),
        ("open_card_query", "GET", "/.well-known/agent-card.json?a=1"),
        ("open_root", "GET", "/"),
        ("open_invocations", "GET", "/invocations"),
    ] {
        let comment = format!("`{method} {target}` is not open");
        open.case(id, &comment, bare(method, target).refused("proof_missing"));
    }
    open.case(
        "open_ping_empty_query",
        "`GET /ping?` has a query",
        bare("GET", "/ping?").refused("proof_missing"),
    );
    let health = json!({"open": ["/health"]});
    open.case_with(
        health.clone(),
        "open_other",
        "the paths are a setting",
        bare("GET", "/health").open(),
    );
    open.case_with(
        health,
        "open_other_not_ping",
        "and replace the usual ones",
        bare("GET", "/ping").refused("proof_missing"),
    );
    open.case_with(
        json!({"open": []}),
        "open_none",
        "none is open",
        bare("GET", "/ping").refused("proof_missing"),
    );
    open.case_with(
        json!({"open": []}),
        "open_none_proven",
        "a path that is not open needs an assertion as any other",
        good()
            .calls("GET", "/ping")
            .carries(Body::Bytes(vec![]))
            .accepted(),
    );
}
