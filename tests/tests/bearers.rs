//! Agents that are called with the caller's own token.

use local::agent::Agent;
use local::agentcore_runtime::Protocol;
use local::stack::{AgentAuth, AgentSettings, Stack};
use serde_json::{Value, json};
use tests::{chain, chain_settings, post};

fn bearer(agent: &Agent) -> AgentSettings {
    AgentSettings {
        name: "bearer".to_owned(),
        url: agent.url().to_owned(),
        protocol: Protocol::Http,
        auth: AgentAuth::Jwt,
    }
}

async fn ask(stack: &Stack, agent: &str, token: &str) -> tests::Streaming {
    let address = format!("{}/agents/{agent}/invocations", stack.url());
    post(&address, Some(token), &json!({"prompt": "hello"})).await
}

#[tokio::test]
async fn the_agent_is_shown_the_callers_token_and_no_signature() {
    let agent = Agent::start().await.unwrap();
    let stack = chain(vec![bearer(&agent)]).await;
    let token = stack.issuer().access_token("alice").unwrap();
    let answer = ask(&stack, "bearer", &token).await;
    assert_eq!(answer.status, 200);
    let arrivals = answer.arrivals().await;
    assert!(arrivals.len() >= 5, "it streams: {arrivals:?}");
    let call = stack.data_plane().calls().pop().unwrap();
    assert_eq!(call.received["authorization"], format!("Bearer {token}"));
    assert!(!call.received.contains_key("x-amz-date"));
    assert!(!call.forwarded.contains_key("authorization"));
    stack.stop().await;
}

/// What is set up for the one way and called in the other says so, and is no fault of the caller's.
#[tokio::test]
async fn one_way_in_is_not_the_other() {
    let agent = Agent::start().await.unwrap();
    let runtime = |name: &str| {
        format!("arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/{name}-AbCdEf1234")
    };
    let agents: Value = json!({
        "bearer": {"runtime": runtime("bearer"), "allow": {}},
        "demo": {"auth": "jwt", "runtime": runtime("demo"), "allow": {}},
    });
    let mut settings = chain_settings();
    settings.agents = vec![bearer(&agent)];
    settings.variables = [("AGENTS".to_owned(), agents.to_string())].into();
    let stack = Stack::start(settings).await.unwrap();
    let token = stack.issuer().access_token("alice").unwrap();
    for name in ["bearer", "demo"] {
        let answer = ask(&stack, name, &token).await.whole().await;
        answer.assert_problem(502, "agent_auth_mismatch");
    }
    assert!(stack.data_plane().calls().is_empty());
    stack.stop().await;
}
