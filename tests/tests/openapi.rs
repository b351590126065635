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
    let operations = operations(&document);
    let all = format!("Selected: {operations}/{operations}");
    assert!(said.contains(&all), "{all}: {said}");
    counted(&format!(
        "the OpenAPI document: {cases} requests by Schemathesis"
    ));
}

/// The operations of the document: their methods stand at the second level below `paths`.
fn operations(document: &Path) -> usize {
    let text = std::fs::read_to_string(document).unwrap();
    let paths = text.lines().skip_while(|line| *line != "paths:").skip(1);
    let paths = paths.take_while(|line| line.is_empty() || line.starts_with(' '));
    let methods = ["get", "post", "put", "delete", "patch", "head", "options"];
    let is_method = |line: &&str| {
        let name = line
            .strip_prefix("    ")
            .and_then(|line| line.strip_suffix(':'));
        name.is_some_and(|name| methods.contains(&name))
    };
    paths.filter(is_method).count()
}
