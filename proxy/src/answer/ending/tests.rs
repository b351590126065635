use super::*;

fn after(dialect: Dialect, messages: &[&str]) -> Option<String> {
    let mut words = Words::new(dialect, Conversation::parse("c1"));
    for message in messages {
        words.hear(format!("data: {message}\n\n").as_bytes());
    }
    words.last(End::AgentCut, "r-1")
}

#[test]
fn ag_ui_is_known_by_its_runs() {
    let started = r#"{"type": "RUN_STARTED"}"#;
    let finished = r#"{"type":"RUN_FINISHED"}"#;
    let failed = r#"{"type":"RUN_ERROR","message":"m"}"#;
    let text = r#"{"type":"TEXT_MESSAGE_CONTENT","delta":"\"RUN_STARTED\""}"#;
    let table: [(&[&str], &str); 7] = [
        (&[], "gatehouse.error"),
        (&[text], "gatehouse.error"),
        (
            &[r#"{"kind":"RUN_STARTED"}"#, "RUN_STARTED"],
            "gatehouse.error",
        ),
        (&[started], "RUN_ERROR"),
        (&[r#"{"\u0074ype":"RUN_STARTED"}"#], "RUN_ERROR"),
        (&[started, text], "RUN_ERROR"),
        (&[started, finished, started], "RUN_ERROR"),
    ];
    for (messages, expected) in table {
        let last = after(Dialect::Http, messages).unwrap();
        assert!(last.contains(expected), "{messages:?}: {last}");
    }
    for over in [&[started, finished][..], &[started, failed], &[failed]] {
        assert_eq!(after(Dialect::Http, over), None, "{over:?}");
    }
}

#[test]
fn a_ui_message_is_known_by_its_first_part() {
    let start = r#"{"type":"start"}"#;
    let named = r#"{"type": "start", "messageId": "m1", "messageMetadata": {"a": 1}}"#;
    let text = r#"{"type":"text-delta","id":"0","delta":"\"finish\""}"#;
    let step = r#"{"type":"finish-step"}"#;
    let error = "data: {\"errorText\":\"The connection to the agent broke (agent_cut)\",\"type\":\"error\"}\n\ndata: [DONE]\n\n";
    for messages in [&[start][..], &[named], &[start, text], &[start, step]] {
        let last = after(Dialect::Http, messages).unwrap();
        assert_eq!(last, error, "{messages:?}");
    }
    let others: [&[&str]; 4] = [
        &[text, start],
        &[r#"{"type":"start","port":80}"#],
        &[r#"{"type":"begin"}"#],
        &[r#""start""#],
    ];
    for messages in others {
        let last = after(Dialect::Http, messages).unwrap();
        assert!(last.contains("gatehouse.error"), "{messages:?}: {last}");
    }
    let ends = [
        "[DONE]",
        r#"{"type":"finish"}"#,
        r#"{"type": "abort"}"#,
        r#"{"type":"error","errorText":"e"}"#,
    ];
    for end in ends {
        assert_eq!(after(Dialect::Http, &[start, text, end]), None, "{end}");
    }
    // Nothing of AG-UI is heard in another protocol's stream.
    let last = after(Dialect::Http, &[start, r#"{"type":"RUN_STARTED"}"#]);
    assert_eq!(last.unwrap(), error);
}

#[test]
fn mcp_is_over_with_the_answer_to_the_request() {
    let ask = || Dialect::Mcp(RpcId::of(br#"{"id":1}"#));
    let not_over = [
        r#"{"id":2,"result":{}}"#,
        r#"{"id":"1","result":{}}"#,
        // A request of the server's own, of the same id.
        r#"{"id":1,"method":"roots/list","params":{"result":1}}"#,
        r#"{"method":"notifications/message","params":{"data":"\"result\""}}"#,
        r#"{"id":1,"result":"#,
    ];
    for message in not_over {
        assert!(after(ask(), &[message]).is_some(), "{message}");
    }
    for message in [r#"{"id":1,"result":{}}"#, r#"{"error":{"code":1},"id":1}"#] {
        assert_eq!(after(ask(), &[message]), None, "{message}");
    }
}

#[test]
fn a2a_is_over_with_a_message_an_error_or_a_task_that_ends() {
    let ask = || Dialect::A2a(RpcId::of(br#"{"id":1}"#));
    let not_over = [
        r#"{"id":1,"result":{"kind":"status-update","final":false,"status":{"state":"working","message":{}}}}"#,
        r#"{"id":1,"result":{"kind":"task","status":{"state":"submitted"}}}"#,
        r#"{"id":1,"result":{"artifactUpdate":{"artifact":{"parts":[{"text":"TASK_STATE_COMPLETED"}]}}}}"#,
        r#"{"id":1,"result":{"statusUpdate":{"status":{"state":"TASK_STATE_WORKING"}}}}"#,
    ];
    for message in not_over {
        assert!(after(ask(), &[message]).is_some(), "{message}");
    }
    let over = [
        r#"{"id":1,"result":{"kind":"status-update","final":true}}"#,
        r#"{"id":1,"result":{"kind":"message","parts":[]}}"#,
        r#"{"id":1,"result":{"message":{"parts":[]}}}"#,
        r#"{"id":1,"result":{"task":{"status":{"state":"TASK_STATE_FAILED"}}}}"#,
        r#"{"id":1,"error":{"code":-32603,"message":"m"}}"#,
    ];
    for message in over {
        assert_eq!(after(ask(), &[message]), None, "{message}");
    }
}

#[test]
fn what_the_caller_chose_is_ascii_in_the_last_event() {
    for id in ["\"\u{85}\u{2028}\"", "\"a\\nb\""] {
        let request = format!(r#"{{"id":{id}}}"#);
        let last = after(Dialect::Mcp(RpcId::of(request.as_bytes())), &[]).unwrap();
        assert!(last.is_ascii(), "{last}");
        assert_eq!(last.lines().count(), 3, "{last}");
    }
}

#[test]
fn codes_are_distinct() {
    let codes: std::collections::BTreeSet<&str> = End::ALL.iter().map(|end| end.code()).collect();
    assert_eq!(codes.len(), End::ALL.len());
}
