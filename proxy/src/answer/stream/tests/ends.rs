//! Every end of an answer x every protocol x where the agent's stream stands, over the raw bytes.

use super::*;
use crate::caller::dialect::RpcId;

/// The streams of one protocol: what its agent says first, and what an end adds.
struct Protocol {
    dialect: fn() -> Dialect,
    whole: &'static str,
    /// The last event, with the end's code and title in the place of `CODE` and `TITLE`.
    last: &'static str,
    /// What an agent says when it has come to its own end.
    over: Option<&'static str>,
}

const MCP: Protocol = Protocol {
    dialect: || {
        Dialect::Mcp(RpcId::of(
            br#"{"jsonrpc":"2.0","id":"a-1","method":"tools/call"}"#,
        ))
    },
    whole: "event: message\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{}}\n\n",
    last: "event: message\ndata: {\"error\":{\"code\":-32603,\"data\":{\"code\":\"CODE\",\"request_id\":\"r-1\"},\"message\":\"TITLE\"},\"id\":\"a-1\",\"jsonrpc\":\"2.0\"}\n\n",
    over: Some("data: {\"jsonrpc\":\"2.0\",\"id\":\"a-1\",\"result\":{}}\n\n"),
};

const A2A: Protocol = Protocol {
    dialect: || {
        Dialect::A2a(RpcId::of(
            br#"{"jsonrpc":"2.0","id":7,"method":"SendStreamingMessage"}"#,
        ))
    },
    whole: "id: 1\r\ndata: {\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"statusUpdate\":{\"status\":{\"state\":\"TASK_STATE_WORKING\"}}}}\r\n\r\n",
    last: "data: {\"error\":{\"code\":-32603,\"data\":{\"code\":\"CODE\",\"request_id\":\"r-1\"},\"message\":\"TITLE\"},\"id\":7,\"jsonrpc\":\"2.0\"}\n\n",
    over: Some(
        "data: {\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"statusUpdate\":{\"status\":{\"state\":\"TASK_STATE_COMPLETED\"}}}}\n\n",
    ),
};

const AG_UI: Protocol = Protocol {
    dialect: || Dialect::Http,
    whole: "data: {\"type\":\"RUN_STARTED\",\"threadId\":\"t\",\"runId\":\"r\"}\n\n",
    last: "data: {\"code\":\"CODE\",\"message\":\"TITLE\",\"type\":\"RUN_ERROR\"}\n\n",
    over: Some("data: {\"type\":\"RUN_FINISHED\",\"threadId\":\"t\",\"runId\":\"r\"}\n\n"),
};

const UI_MESSAGES: Protocol = Protocol {
    dialect: || Dialect::Http,
    whole: "data: {\"type\":\"start\"}\n\ndata: {\"type\":\"text-start\",\"id\":\"1\"}\n\n",
    last: "data: {\"errorText\":\"TITLE (CODE)\",\"type\":\"error\"}\n\ndata: [DONE]\n\n",
    over: Some("data: {\"type\":\"finish\"}\n\ndata: [DONE]\n\n"),
};

const PLAIN: Protocol = Protocol {
    dialect: || Dialect::Http,
    whole: "data: {\"text\":\"RUN_STARTED\"}\n\n",
    last: "event: gatehouse.EVENT\ndata: {\"code\":\"CODE\",\"conversation_id\":\"c1\",\"request_id\":\"r-1\"}\n\n",
    over: None,
};

/// Where the agent's stream stands at the end: what it said after its last whole event, what of that the caller has got,
/// and what closes it.
fn torn() -> Vec<(String, String, &'static str)> {
    let long = format!("data: {}", "x".repeat(64 * 1024));
    let kept_back = |text: &str| (text.to_owned(), String::new(), "");
    vec![
        kept_back(""),
        kept_back("d"),
        kept_back("data: {\"half\": \"of"),
        kept_back("event: message\n"),
        kept_back("id: 9\r\ndata: {}\r\n"),
        kept_back("data: {}\r"),
        (long.clone(), long.clone(), "\nevent: gatehouse.cut\n\n"),
        (
            format!("{long}\n"),
            format!("{long}\n"),
            "event: gatehouse.cut\n\n",
        ),
    ]
}

const DEADLINE: Duration = Duration::from_secs(200);

/// Every end but the agent's own.
const ENDS: [End; 6] = [
    End::AgentCut,
    End::AgentSilent,
    End::Deadline,
    End::Denied,
    End::DenialsUnavailable,
    End::TooLong,
];

/// Lets the agent say this, and brings about the end: all that the caller gets but comments.
async fn said(protocol: &Protocol, end: End, agent_says: &str) -> String {
    let mut record = Record::begin(RequestIds::of_invocation("r-1"), "invocations");
    let patience = match end {
        End::Deadline => Duration::from_secs(20),
        End::TooLong
        | End::AgentCut
        | End::AgentSilent
        | End::Complete
        | End::Denied
        | End::DenialsUnavailable => DEADLINE,
    };
    if end == End::TooLong {
        record.sent(MAX_BYTES.saturating_sub(count(agent_says.len())));
    }
    let mut talk = talk_in((protocol.dialect)(), true, patience, record);
    talk.says(agent_says);
    match end {
        End::AgentCut => talk.agent.send(Err("cut")).unwrap(),
        End::TooLong => talk.says("\n"),
        End::Complete => {
            let (gone, _) = mpsc::unbounded_channel();
            drop(std::mem::replace(&mut talk.agent, gone));
        }
        End::Denied | End::DenialsUnavailable => {
            talk.pump.until = Some(Box::pin(async move {
                sleep(Duration::from_secs(20)).await;
                end
            }));
        }
        End::AgentSilent | End::Deadline => {}
    }
    let pieces = talk.rest().await.into_iter().map(|(_, piece)| piece);
    pieces.filter(|piece| piece != ": \n").collect()
}

fn last_of(protocol: &Protocol, end: End) -> String {
    let event = if end == End::Deadline {
        "resume"
    } else {
        "error"
    };
    let last = protocol.last.replace("EVENT", event);
    last.replace("CODE", end.code())
        .replace("TITLE", end.sentence())
}

#[tokio::test(start_paused = true)]
async fn each_end_is_said_in_the_words_of_the_protocol_wherever_the_stream_stands() {
    let mut count = 0;
    for protocol in [&MCP, &A2A, &AG_UI, &UI_MESSAGES, &PLAIN] {
        for end in ENDS {
            for (torn, got, closing) in torn() {
                let agent_says = format!("{}{torn}", protocol.whole);
                let last = last_of(protocol, end);
                let expected = format!("{}{got}{closing}{last}", protocol.whole);
                let found = said(protocol, end, &agent_says).await;
                assert_eq!(found, expected, "{end:?} {torn:.40}");
                count += 1;
            }
        }
    }
    assert_eq!(count, 5 * 6 * 8);
}

#[tokio::test(start_paused = true)]
async fn an_end_before_the_first_event_is_said_too() {
    for protocol in [&MCP, &A2A, &PLAIN] {
        let found = said(protocol, End::AgentCut, "data: {\"ha").await;
        assert_eq!(found, last_of(protocol, End::AgentCut));
    }
    // What the agent speaks is not known yet.
    for protocol in [&AG_UI, &UI_MESSAGES] {
        let found = said(protocol, End::AgentCut, "data: {\"ha").await;
        assert_eq!(found, last_of(&PLAIN, End::AgentCut));
    }
}

#[tokio::test(start_paused = true)]
async fn after_the_agents_own_last_event_there_is_no_other() {
    for protocol in [&MCP, &A2A, &AG_UI, &UI_MESSAGES] {
        let over = protocol.over.unwrap();
        for end in ENDS {
            let agent_says = format!("{}{over}", protocol.whole);
            let found = said(protocol, end, &format!("{agent_says}data: ha")).await;
            assert_eq!(found, agent_says, "{end:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_agents_own_end_is_the_end() {
    for protocol in [&MCP, &A2A, &AG_UI, &UI_MESSAGES, &PLAIN] {
        for (torn, ..) in torn() {
            let agent_says = format!("{}{torn}", protocol.whole);
            assert_eq!(said(protocol, End::Complete, &agent_says).await, agent_says);
        }
    }
}
