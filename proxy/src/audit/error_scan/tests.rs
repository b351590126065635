use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

const DENIAL: &str = r#"{"jsonrpc":"2.0","id":7,"result":{"isError":true,"content":[{"type":"text","text":"AuthorizeActionException - Tool Execution Denied: no [No policy applies]"}]}}"#;

/// What is heard in a stream of these events.
fn in_events(events: &str) -> Option<Heard> {
    let mut listener = Listener::to_events();
    listener.hear(events.as_bytes());
    listener.end()
}

fn in_document(text: &str) -> Option<Heard> {
    let mut listener = Listener::to_document();
    listener.hear(text.as_bytes());
    listener.end()
}

#[test]
fn every_error_of_an_agent_has_its_code() {
    let table = [
        ("UNAUTHORIZED", Heard::Unauthorized),
        ("ACCESS_DENIED", Heard::AccessDenied),
        ("VALIDATION_ERROR", Heard::Validation),
        ("RATE_LIMIT_EXCEEDED", Heard::RateLimit),
        ("SERVICE_QUOTA_EXCEEDED", Heard::Quota),
        ("SESSION_BUSY", Heard::SessionBusy),
        ("INTERNAL_ERROR", Heard::Internal),
        ("AGENT_ERROR", Heard::Agent),
        ("SOMETHING_OF_ITS_OWN", Heard::Run),
        ("a secret", Heard::Run),
    ];
    for (code, expected) in table {
        let event =
            format!("data: {{\"type\":\"RUN_ERROR\",\"message\":\"no\",\"code\":\"{code}\"}}\n\n");
        assert_eq!(in_events(&event), Some(expected), "{code}");
    }
    let more = [
        (
            "data: {\"type\":\"RUN_ERROR\",\"message\":\"no\"}\n\n",
            Heard::Run,
        ),
        (
            "data:{\"code\":null,\"type\":\"RUN_ERROR\"}\r\n\r\n",
            Heard::Run,
        ),
        (
            "data: {\"error\": \"division by zero\", \"error_type\": \"ZeroDivisionError\", \"message\": \"no\"}\n\n",
            Heard::Sdk,
        ),
        // The first one counts.
        (
            "data: 1\n\ndata: {\"error\":\"e\",\"error_type\":\"E\"}\n\ndata: {\"type\":\"RUN_ERROR\"}\n\n",
            Heard::Sdk,
        ),
        // Cut before the line was over.
        ("data: {\"type\":\"RUN_ERROR\"}", Heard::Run),
    ];
    for (events, expected) in more {
        assert_eq!(in_events(events), Some(expected), "{events}");
    }
}

#[test]
fn every_denial_is_heard_however_it_is_framed() {
    let failed = DENIAL.replace(
        "AuthorizeActionException - Tool Execution Denied",
        "InternalServerException - Policy evaluation failed",
    );
    for (text, expected) in [
        (DENIAL, Heard::PolicyDenied),
        (&failed, Heard::PolicyFailed),
    ] {
        assert_eq!(in_document(text), Some(expected));
        assert_eq!(
            in_events(&format!("event: message\nid: 1\ndata: {text}\n\n")),
            Some(expected)
        );
        assert!(expected.is_of_tool());
    }
}

#[test]
fn what_only_looks_like_it_is_nothing() {
    let long = format!(
        "data: {{\"type\":\"RUN_ERROR\",\"message\":\"{}\"}}\n\n",
        "x".repeat(MAX_MESSAGE)
    );
    for events in [
        "",
        "data: \n\n",
        "data: {\"type\":\"RUN_FINISHED\",\"text\":\"RUN_ERROR\"}\n\n",
        "data: {\"text\":{\"type\":\"RUN_ERROR\"}}\n\n",
        "data: {\"error\":\"no\"}\n\n",
        "data: {\"error_type\":\"E\"}\n\n",
        "data: {\"text\":\"error_type error\"}\n\n",
        "data: {\"type\":[\"RUN_ERROR\"]}\n\n",
        "data: {\"type\":\"RUN_ERROR\"\n\n",
        ": {\"type\":\"RUN_ERROR\"}\n\n",
        "event: RUN_ERROR\n\n",
        " data: {\"type\":\"RUN_ERROR\"}\n\n",
        &long,
    ] {
        assert_eq!(in_events(events), None, "{events:.100}");
    }
    for text in [
        DENIAL.replace("\"isError\":true", "\"isError\":false"),
        DENIAL.replace("\"isError\":true,", ""),
        DENIAL.replace("\"text\":\"Auth", "\"text\":\"The word Auth"),
        DENIAL.replace("result", "other"),
        format!("[{DENIAL}]"),
        format!("{DENIAL}{DENIAL}"),
        DENIAL.replace("no [", &"x".repeat(MAX_MESSAGE)),
    ] {
        assert_eq!(in_document(&text), None, "{text:.100}");
    }
    // What was too long is over with its line.
    assert_eq!(
        in_events(&format!("{long}data: {{\"type\":\"RUN_ERROR\"}}\n\n")),
        Some(Heard::Run)
    );
}

#[test]
fn little_is_kept_of_a_flood() {
    let mut listener = Listener::to_events();
    for _ in 0..1000 {
        listener.hear(&[b'x'; 64 * 1024]);
    }
    assert!(listener.buffer.capacity() <= 2 * MAX_MESSAGE);
}

#[test]
fn codes_are_distinct() {
    let codes: BTreeSet<&str> = Heard::ALL.iter().map(|heard| heard.code()).collect();
    assert_eq!(codes.len(), Heard::ALL.len());
}

proptest! {
    /// An answer says the same in whatever pieces it comes.
    #[test]
    fn pieces_make_no_difference(cuts in proptest::collection::vec(0..400_usize, 0..8)) {
        let stream = format!("event: message\r\ndata: 1\r\n\r\ndata: {DENIAL}\n\ndata: {{\"type\":\"RUN_ERROR\"}}\n\n");
        for (mut listener, text) in [
            (Listener::to_events(), stream.as_str()),
            (Listener::to_document(), DENIAL),
        ] {
            let mut rest = text.as_bytes();
            for cut in &cuts {
                let (piece, after) = rest.split_at((*cut).min(rest.len()));
                listener.hear(piece);
                rest = after;
            }
            listener.hear(rest);
            prop_assert_eq!(listener.end(), Some(Heard::PolicyDenied));
        }
    }
}
