//! Requests that are accepted.

use serde_json::{Value, json};

use crate::book::Book;
use crate::draft::{Body, good};

pub(crate) fn write(book: &mut Book) {
    let mut good_ones = book.chapter("good");
    let mut accepted = |id: &str, comment: &str, draft: crate::draft::Draft| {
        good_ones.case(id, comment, draft.accepted());
    };
    accepted("good", "as the door signs it", good());
    accepted(
        "good_everything",
        "every member that the door may write",
        good()
            .claim("client_id", "app")
            .claim("email", "alice@example.com")
            .claim("name", "Alice Liddell"),
    );
    accepted(
        "good_least",
        "only what must be there",
        good()
            .without("groups")
            .without("scope")
            .without("username"),
    );
    accepted(
        "good_machine",
        "a client without a user",
        good()
            .claim("sub", "app")
            .claim("client_id", "app")
            .without("username"),
    );
    accepted(
        "good_omitted",
        "members were omitted for want of room",
        good().without("groups").claim("omitted", json!(["groups"])),
    );
    for name in ["client_id", "username", "email", "name", "groups", "scope"] {
        accepted(
            &format!("good_{name}_null"),
            "`null` is what the door does not say",
            good().claim(name, Value::Null),
        );
    }
    accepted(
        "good_no_groups",
        "an empty list is not an absent one",
        good().claim("groups", json!([])),
    );
    accepted(
        "good_no_scopes",
        "an empty text is no scope at all",
        good().claim("scope", ""),
    );
    accepted(
        "good_scope_spaces",
        "scopes with white space of all kinds around them",
        good().claim("scope", "  read \t\n\u{85}\u{a0}\u{2003}write\u{3000}"),
    );
    accepted(
        "good_scope_no_spaces",
        "what is not white space by Unicode's property White_Space stays in a scope",
        good().claim("scope", "a\u{1c}b\u{1f}c\u{200b}d\u{feff}e"),
    );
    accepted(
        "good_unicode",
        "names are of any script",
        good()
            .claim("sub", "Алиса")
            .claim("name", "爱丽丝 \u{1f98a} O'Hara \"x\" \\")
            .claim("groups", json!(["équipe"])),
    );
    accepted(
        "good_unknown_claim",
        "an unknown claim is ignored",
        good().claim("tenant", json!({"id": [1, null]})),
    );
    accepted(
        "good_mcp",
        "another path that the door calls",
        good().calls("POST", "/mcp"),
    );
    accepted("good_root", "the path of A2A", good().calls("POST", "/"));
    accepted(
        "good_get",
        "another method, without a body",
        good().calls("GET", "/mcp").carries(Body::Bytes(vec![])),
    );
    accepted(
        "good_delete",
        "another method",
        good().calls("DELETE", "/mcp").carries(Body::Bytes(vec![])),
    );
    accepted(
        "good_escaped_path",
        "a path is compared as it stands",
        good().calls("POST", "/a%2Fb%20c"),
    );
    accepted(
        "good_empty_body",
        "no body has a hash as well",
        good().carries(Body::Bytes(vec![])),
    );
    accepted(
        "good_binary_body",
        "a body may be any bytes",
        good().carries(Body::Bytes((0..=255).collect())),
    );
    accepted(
        "good_long_body",
        "a body of 100,000 bytes",
        good().carries(Body::Repeat("0123456789", 10_000)),
    );
}
