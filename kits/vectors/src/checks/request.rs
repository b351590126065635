//! The request that the assertion is for: method, path, session, body.

use serde_json::json;

use crate::book::Book;
use crate::draft::{BODY, Body, SESSION, body_hash, good, sent};
use crate::signer::sha256;

pub(crate) fn write(book: &mut Book) {
    methods(book);
    paths(book);
    sessions(book);
    bodies(book);
    sizes(book);
}

fn methods(book: &mut Book) {
    let mut chapter = book.chapter("method");
    for method in ["PUT", "PATCH", "DELETE", "GET"] {
        let (id, comment) = (
            format!("method_{}", method.to_lowercase()),
            format!("a {method} with the assertion of a POST"),
        );
        // A client of the Fetch API sends no body with GET.
        let draft = if method == "GET" {
            good().carries(Body::Bytes(vec![]))
        } else {
            good()
        };
        chapter.case(
            &id,
            &comment,
            draft.asks(method, "/invocations").refused("proof_method"),
        );
    }
    for (id, comment, claim) in [
        (
            "method_claim_get",
            "a POST with the assertion of a GET",
            "GET",
        ),
        ("method_claim_lower", "a method has a case", "post"),
        ("method_claim_space", "with a space", "POST "),
        ("method_claim_empty", "none", ""),
        ("method_claim_any", "a star", "*"),
        ("method_claim_two", "two of them", "GET, POST"),
    ] {
        chapter.case(
            id,
            comment,
            good().claim("method", claim).refused("proof_method"),
        );
    }
}

fn paths(book: &mut Book) {
    let mut chapter = book.chapter("path");
    for (id, comment, target) in [
        ("path_other", "another path", "/mcp"),
        ("path_root", "the root", "/"),
        ("path_slash", "a slash more behind it", "/invocations/"),
        ("path_slashes", "a slash more before it", "//invocations"),
        ("path_upper", "in another case", "/Invocations"),
        ("path_prefix", "a shorter one", "/invocation"),
        ("path_suffix", "a longer one", "/invocations2"),
        ("path_below", "one below it", "/invocations/x"),
        ("path_escaped", "a letter as an escape", "/%69nvocations"),
        (
            "path_escaped_slash",
            "a slash as an escape",
            "/%2Finvocations",
        ),
        ("path_parameter", "a parameter", "/invocations;x=1"),
        ("path_dots", "dots that lead there", "/x/../invocations"),
        ("path_dot", "a dot that leads there", "/./invocations"),
        ("query", "a query", "/invocations?a=1"),
        ("query_name", "a query without a value", "/invocations?a"),
        ("query_two", "two question marks", "/invocations??"),
        ("query_empty", "an empty query", "/invocations?"),
    ] {
        chapter.case(
            id,
            comment,
            good().asks("POST", target).refused("proof_path"),
        );
    }
    for (id, comment, claim) in [
        ("path_claim_other", "the assertion of another path", "/mcp"),
        (
            "path_claim_query",
            "an assertion with a query",
            "/invocations?a=1",
        ),
        (
            "path_claim_address",
            "a whole address",
            "https://door.example/invocations",
        ),
        (
            "path_claim_relative",
            "without the first slash",
            "invocations",
        ),
        (
            "path_claim_decoded",
            "another spelling of an escape",
            "/%69nvocations",
        ),
        ("path_claim_empty", "none", ""),
    ] {
        chapter.case(
            id,
            comment,
            good().claim("path", claim).refused("proof_path"),
        );
    }
    for (id, comment, claim, target) in [
        (
            "query_signed",
            "a query is refused even if the assertion has it",
            "/invocations?a=1",
            "/invocations?a=1",
        ),
        (
            "path_decoded",
            "an escape is not what it stands for",
            "/a b",
            "/a%20b",
        ),
        (
            "path_escape_case",
            "an escape in another case",
            "/a%2fb",
            "/a%2Fb",
        ),
    ] {
        let step = good()
            .claim("path", claim)
            .asks("POST", target)
            .refused("proof_path");
        chapter.case(id, comment, step);
    }
}

fn sessions(book: &mut Book) {
    let mut chapter = book.chapter("session");
    chapter.case(
        "session_absent",
        "AgentCore names none",
        good().session(None).accepted(),
    );
    for (id, comment, session) in [
        ("session_other", "another one", "session-2"),
        ("session_upper", "in another case", "Session-1"),
        ("session_prefix", "a shorter one", "session-"),
        ("session_suffix", "a longer one", "session-10"),
        ("session_empty", "an empty one", ""),
        (
            "session_other_letters",
            "letters that are not ASCII",
            "session-1\u{e9}",
        ),
    ] {
        chapter.case(
            id,
            comment,
            good().session(Some(session)).refused("proof_session"),
        );
    }
    chapter.case(
        "session_claim_other",
        "the assertion of another session",
        good()
            .claim("session", "session-2")
            .refused("proof_session"),
    );
    chapter.case(
        "session_claim_empty",
        "an assertion of no session",
        good().claim("session", "").refused("proof_session"),
    );
    for (id, comment, name) in [
        (
            "session_lower",
            "names of headers have no case",
            "x-amzn-bedrock-agentcore-runtime-session-id",
        ),
        (
            "session_mixed",
            "nor here",
            "X-AMZN-Bedrock-AgentCore-Runtime-Session-ID",
        ),
    ] {
        let step = good()
            .session(None)
            .header(name, "session-2")
            .refused("proof_session");
        chapter.case(id, comment, step);
    }
    chapter.case(
        "session_underscores",
        "underscores are another name",
        good()
            .header("X_Amzn_Bedrock_AgentCore_Runtime_Session_Id", "session-2")
            .accepted(),
    );
    for (id, comment, value) in [
        ("session_twice", "the same one twice", "session-1"),
        (
            "session_twice_other_last",
            "another one behind it",
            "session-2",
        ),
    ] {
        chapter.case(
            id,
            comment,
            good().header(SESSION, value).refused("proof_session"),
        );
    }
    chapter.case(
        "session_twice_other_first",
        "another one before it",
        good()
            .headers(|assertion| {
                let mut headers = sent(assertion);
                headers.insert(0, (SESSION.to_owned(), "session-2".to_owned()));
                headers
            })
            .refused("proof_session"),
    );
}

fn bodies(book: &mut Book) {
    let mut chapter = book.chapter("body");
    for (id, comment, body) in [
        ("body_other", "another one", &b"{}"[..]),
        ("body_empty", "none", b""),
        (
            "body_space",
            "the same JSON with a space",
            br#"{"prompt": "hello"}"#,
        ),
        (
            "body_newline",
            "a line break more",
            b"{\"prompt\":\"hello\"}\n",
        ),
        (
            "body_cut",
            "the last byte is missing",
            br#"{"prompt":"hello""#,
        ),
        ("body_nul", "a NUL more", b"{\"prompt\":\"hello\"}\0"),
        ("body_letter", "another letter", br#"{"prompt":"hallo"}"#),
        (
            "body_twice",
            "twice",
            br#"{"prompt":"hello"}{"prompt":"hello"}"#,
        ),
    ] {
        chapter.case(id, comment, good().sends(body).refused("proof_body"));
    }
    chapter.case(
        "body_long_other",
        "a long one with another end",
        good()
            .carries(Body::Repeat("a", 100_000))
            .sends(format!("{}b", "a".repeat(99_999)).as_bytes())
            .refused("proof_body"),
    );
    let hash = body_hash(BODY);
    let hexadecimal: String = sha256(BODY)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    for (id, comment, claim) in [
        ("body_hash_empty", "no hash", String::new()),
        (
            "body_hash_of_nothing",
            "the hash of no body",
            body_hash(b""),
        ),
        ("body_hash_padded", "with padding", format!("{hash}=")),
        (
            "body_hash_cut",
            "a sign less",
            hash.chars().take(42).collect(),
        ),
        ("body_hash_hexadecimal", "in hexadecimal", hexadecimal),
        ("body_hash_lower", "in another case", hash.to_lowercase()),
        (
            "body_hash_prefixed",
            "with the name of the algorithm",
            format!("sha-256={hash}"),
        ),
    ] {
        chapter.case(
            id,
            comment,
            good().claim("body_sha256", claim).refused("proof_body"),
        );
    }
}

fn sizes(book: &mut Book) {
    let mut chapter = book.chapter("body size");
    let small = json!({"max_body": 1000});
    for (id, comment, length) in [
        ("size_999", "a byte less than is read", 999),
        ("size_1000", "as much as is read", 1000),
    ] {
        chapter.case_with(
            small.clone(),
            id,
            comment,
            good().carries(Body::Repeat("x", length)).accepted(),
        );
    }
    for (id, comment, length) in [
        ("size_1001", "a byte more than is read", 1001),
        ("size_100000", "a hundred times as much", 100_000),
    ] {
        let step = good()
            .carries(Body::Repeat("x", length))
            .refused("too_large");
        chapter.case_with(small.clone(), id, comment, step);
    }
    chapter.case_with(
        small.clone(),
        "size_other_body",
        "a body that is too long is not compared",
        good().sends(&b"x".repeat(1001)).refused("too_large"),
    );
    chapter.case_with(
        small,
        "size_unproven",
        "what is refused anyway is not read",
        good()
            .claim("aud", "finance")
            .carries(Body::Repeat("x", 1001))
            .refused("proof_audience"),
    );
    chapter.case_with(
        json!({"max_body": 0}),
        "size_0",
        "no body at all is read",
        good().carries(Body::Bytes(vec![])).accepted(),
    );
    chapter.case_with(
        json!({"max_body": 0}),
        "size_0_1",
        "not one byte",
        good().carries(Body::Repeat("x", 1)).refused("too_large"),
    );
    const USUAL: usize = 6 * 1024 * 1024;
    chapter.case(
        "size_usual",
        "as much as the door takes",
        good().carries(Body::Repeat("x", USUAL)).accepted(),
    );
    chapter.case(
        "size_usual_1",
        "a byte more",
        good()
            .carries(Body::Repeat("x", USUAL + 1))
            .refused("too_large"),
    );
}
