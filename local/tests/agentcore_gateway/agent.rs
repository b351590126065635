//! The demonstration agent with a gateway.

use http::{Request, StatusCode};
use http_body_util::Full;
use local::agent::Agent;
use serde_json::{Value, json};

use crate::world::{World, send};

const TOOL_TOKEN: &str = "x-amzn-bedrock-agentcore-runtime-custom-tool-token";

/// All that the agent says, each piece a line.
async fn ask(agent: &Agent, token: Option<&str>, accept: &str, prompt: &str) -> Vec<String> {
    let mut request =
        Request::post(format!("{}/invocations", agent.url())).header("accept", accept);
    if let Some(token) = token {
        request = request.header(TOOL_TOKEN, token);
    }
    let body = json!({ "prompt": prompt }).to_string();
    let answer = send(request.body(Full::from(body)).unwrap()).await;
    assert_eq!(answer.status, StatusCode::OK);
    let text = |piece: &Value| piece["text"].as_str().unwrap().to_owned();
    if accept == "application/json" {
        return answer.json()["answer"]
            .as_array()
            .unwrap()
            .iter()
            .map(text)
            .collect();
    }
    let body = std::str::from_utf8(&answer.body).unwrap();
    let events = body.lines().filter_map(|line| line.strip_prefix("data: "));
    events
        .map(|event| text(&serde_json::from_str(event).unwrap()))
        .collect()
}

#[tokio::test]
async fn it_does_what_its_callers_token_lets_it_do_and_says_so() {
    let world = World::start().await;
    let agent = Agent::start_with_tools(world.gateway.url().parse().unwrap())
        .await
        .unwrap();
    let user = |department: &str| {
        world.token(&json!({"user_id": "u", "department": department, "role": "viewer"}))
    };
    let (finance, guest) = (user("finance"), user("guest"));
    let denied = "Refused by policy: No policy applies to the request (denied by default).";
    for (token, prompt, expected) in [
        (&finance, "refund 500", "Refunded 500 for order A-1."),
        (&finance, "refund 5000", denied),
        (&guest, "refund 500", denied),
        (
            &finance,
            "tools",
            "I see these tools: billing___refund, notices___read, search___find.",
        ),
        (&guest, "tools", "I see these tools: notices___read."),
        (
            &finance,
            "search onboarding",
            "Found: Onboarding: the first week.",
        ),
        (&guest, "search onboarding", denied),
        (&guest, "notices", "Soup at noon, as on every day."),
    ] {
        for accept in ["text/event-stream", "application/json"] {
            let said = ask(&agent, Some(token), accept, prompt).await;
            assert_eq!((said.len(), said[1].as_str()), (2, expected), "{prompt}");
            assert!(said[0].starts_with("I "), "{said:?}");
        }
    }
    assert_eq!(world.gateway.refunds().len(), 2, "one for each way to ask");
}

#[tokio::test]
async fn it_says_what_keeps_it_from_tools() {
    let world = World::start().await;
    let agent = Agent::start_with_tools(world.gateway.url().parse().unwrap())
        .await
        .unwrap();
    let last = async |agent: &Agent, token: Option<&str>| {
        ask(agent, token, "text/event-stream", "tools")
            .await
            .pop()
            .unwrap()
    };
    assert_eq!(
        last(&agent, None).await,
        "Nobody gave me a tool token, so I can call no tool."
    );
    assert_eq!(
        last(&agent, Some("bad")).await,
        "The gateway does not take my tool token."
    );
    let plain = world.token(&json!({}));
    assert_eq!(last(&agent, Some(&plain)).await, "I see no tools.");
    drop(world.gateway);
    assert_eq!(
        last(&agent, Some(&plain)).await,
        "The gateway does not answer as it should."
    );
    let alone = Agent::start().await.unwrap();
    assert_eq!(
        last(&alone, Some(&plain)).await,
        "I was started without a gateway."
    );
}
