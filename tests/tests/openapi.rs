//! Every operation of `docs/openapi.yaml`, called by Schemathesis at the local door.

use std::path::Path;

use local::agentcore_runtime::Protocol;
use local::stack::{AgentAuth, AgentSettings};
use tests::{Python, PythonServer, chain, counted, schemathesis};

#[tokio::test]
async fn the_door_answers_as_its_document_says() {
    let Some(server) = PythonServer::start(Python::Clients, "a2a_agent.py", &[]) else {
        return;
    };
    let echo = AgentSettings {
        name: "echo".to_owned(),
        url: server.url.clone(),
        protocol: Protocol::A2a,
        auth: AgentAuth::Iam,
    };
    let stack = chain(vec![echo]).await;
    let token = stack.issuer().access_token("alice").unwrap();
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.yaml");
    let said = schemathesis(&document, stack.url(), &token).await;
    stack.stop().await;
    let Some(said) = said else { return };
    let cases = said.lines().find(|line| line.contains(" generated, "));
    let cases = cases.and_then(|line| line.split_whitespace().next());
    let cases: u32 = cases.and_then(|count| count.parse().ok()).unwrap();
    assert!(cases > 300, "{said}");
    assert!(said.contains("Selected: 15/15"), "{said}");
    counted(&format!(
        "the OpenAPI document: {cases} requests by Schemathesis"
    ));
}
