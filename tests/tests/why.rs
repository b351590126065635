//! Tests of the way from an answer to its reason, by the id in the answer alone: through the whole chain, with the terminal
//! tool that operators use. And of the audit record: every line of the programs is as its schema says.

use std::io::Write;
use std::process::{Command, Stdio};

use boon::{Compiler, Schemas};
use bytes::Bytes;
use hyper::http::Request;
use serde_json::{Value, json};
use tests::{Answer, Stack, alter, binary, counted, get, post, send};

use crate::journey::password_token;

/// What `gatehouse why` says of an id, over what the local stack printed.
fn why(id: &str, log: &str) -> Vec<Value> {
    let mut child = Command::new(binary("gatehouse"))
        .args(["why", id, "--logs", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(log.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let mut said: Value = serde_json::from_slice(&output.stdout).unwrap();
    serde_json::from_value(said["requests"].take()).unwrap()
}

/// The id of an answer, which is the same wherever it stands.
fn id(answer: &Answer) -> String {
    let id = answer.header("x-request-id").to_owned();
    assert_eq!(id, answer.header("x-amzn-requestid"));
    if answer.status != 200 {
        assert_eq!(answer.json()["request_id"], *id);
    }
    id
}

/// The one request of an answer, once its line of the access log is there.
fn told(stack: &Stack, answer: &Answer) -> Value {
    let id = id(answer);
    let log = stack.until(&format!("\"request_id\": \"{id}\""));
    let requests = why(&id, &log);
    assert_eq!(requests.len(), 1, "{requests:?}");
    let said = requests[0].clone();
    assert_eq!(said["status"], answer.status.as_u16(), "{said}");
    said
}

async fn invoke(stack: &Stack, agent: &str, token: Option<&str>) -> Answer {
    let address = format!("{}/agents/{agent}/invocations", stack.url);
    let turn = json!({"prompt": "hello"});
    post(&address, token, &turn).await.whole().await
}

#[tokio::test]
async fn a_refused_caller_is_explained_by_the_id_of_the_answer_alone() {
    let stack = Stack::shared();
    let bob = password_token(&stack, "bob").await;
    let changed = alter(&bob, bob.len() - 10);
    for (token, reason, from) in [
        (None, "no_bearer", "gateway"),
        (Some("x.y.z"), "token_encoding", "authorizer"),
        (Some(changed.as_str()), "signature", "authorizer"),
    ] {
        let answer = invoke(&stack, "finance", token).await;
        answer.assert_problem(401, "unauthorized");
        let said = told(&stack, &answer);
        let found = (&said["reason"], &said["from"]);
        assert_eq!(found, (&json!(reason), &json!(from)), "{said}");
    }
    // The second time, API Gateway does not ask the authorizer again.
    for from in ["authorizer", "earlier_authorizer"] {
        let answer = invoke(&stack, "finance", Some(&bob)).await;
        answer.assert_problem(403, "forbidden");
        let said = told(&stack, &answer);
        let found = (&said["reason"], &said["from"]);
        assert_eq!(found, (&json!("agent_group"), &json!(from)), "{said}");
        assert!(
            said["expected"].as_str().unwrap().contains("finance"),
            "{said}"
        );
        assert!(
            said["asked"]
                .as_str()
                .unwrap()
                .ends_with("/agents/finance/invocations")
        );
    }
    let answer = invoke(&stack, "unknown", Some(&bob)).await;
    answer.assert_problem(404, "unknown_agent");
    let said = told(&stack, &answer);
    assert_eq!(
        (&said["reason"], &said["from"]),
        (&json!("unknown_agent"), &json!("proxy"))
    );
    let answer = invoke(&stack, "demo", Some(&bob)).await;
    let said = told(&stack, &answer);
    assert_eq!(
        (&said["reason"], &said["agent"]),
        (&json!("ok"), &json!("demo")),
        "{said}"
    );
    assert_eq!(
        said["subject"], stack.description["subjects"]["bob"],
        "{said}"
    );
}

/// Callers may choose the id that they are told, so it must not be what tells two requests apart.
#[tokio::test]
async fn a_chosen_id_does_not_blur_two_requests() {
    let stack = Stack::shared();
    let chosen = "11111111-2222-4333-8444-555555555555";
    let ask = |token: Option<String>| {
        let mut request =
            Request::get(format!("{}/whoami", stack.url)).header("x-amzn-requestid", chosen);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        send(request.body(Bytes::new()).unwrap())
    };
    let refused = ask(None).await.whole().await;
    let let_in = ask(Some(password_token(&stack, "alice").await))
        .await
        .whole()
        .await;
    let extended: Vec<&str> = [&refused, &let_in]
        .map(|answer| answer.header("x-amz-apigw-id"))
        .into();
    assert_eq!(
        (id(&refused), id(&let_in)),
        (chosen.to_owned(), chosen.to_owned())
    );
    for id in &extended {
        stack.until(&format!("\"extended_request_id\": \"{id}\""));
    }
    let log = stack.errors();
    let statuses: Vec<Value> = why(chosen, &log)
        .iter_mut()
        .map(|request| request["status"].take())
        .collect();
    assert!(
        statuses.contains(&json!(401)) && statuses.contains(&json!(200)),
        "{statuses:?}"
    );
    for (id, status) in extended.iter().zip([401, 200]) {
        let requests = why(id, &log);
        assert_eq!(requests.len(), 1);
        assert_eq!(requests[0]["status"], status);
    }
    // What is no UUID is not taken.
    let request = Request::get(format!("{}/healthz", stack.url)).header("x-amzn-requestid", "mine");
    let answer = send(request.body(Bytes::new()).unwrap())
        .await
        .whole()
        .await;
    assert_eq!(id(&answer).len(), chosen.len());
}

/// The lines that a program printed, without what stands before each.
fn lines(log: &str) -> Vec<Value> {
    let objects = log.lines().filter_map(|line| line.split_once('{'));
    let objects =
        objects.filter_map(|(_, object)| serde_json::from_str(&format!("{{{object}")).ok());
    objects.collect()
}

#[tokio::test]
async fn every_record_of_the_programs_is_as_its_schema_says() {
    let stack = Stack::shared();
    let bob = password_token(&stack, "bob").await;
    // A decision of each kind, an answer, a tool token with its user, and a tool that policies deny.
    for token in [None, Some("x.y.z"), Some(bob.as_str())] {
        invoke(&stack, "finance", token).await;
    }
    invoke(&stack, "demo", Some(&bob)).await;
    invoke(&stack, "unknown", Some(&bob)).await;
    get(&format!("{}/whoami", stack.url), Some(&bob)).await;
    let refund = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {"name": "billing___refund", "arguments": {"order": "1", "amount": 500}}});
    let address = format!("{}/agents/tools/mcp", stack.url);
    let request = Request::post(&address)
        .header("authorization", format!("Bearer {bob}"))
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .body(Bytes::from(refund.to_string()))
        .unwrap();
    let denied = send(request).await.whole().await;
    let log = stack.until(&format!(
        "\"request_id\": \"{}\"",
        denied.header("x-request-id")
    ));
    let schema: Value = serde_json::from_str(include_str!("../../docs/audit.schema.json")).unwrap();
    let mut schemas = Schemas::new();
    let mut compiler = Compiler::new();
    compiler.add_resource("audit.schema.json", schema).unwrap();
    let schema = compiler.compile("audit.schema.json", &mut schemas).unwrap();
    let records: Vec<Value> = lines(&log)
        .into_iter()
        .filter(|line| line.get("record").is_some())
        .collect();
    for record in &records {
        let checked = schemas.validate(record, schema);
        assert!(checked.is_ok(), "{record}: {}", checked.unwrap_err());
    }
    for kind in ["decision", "answer", "token", "denied_tool"] {
        assert!(
            records.iter().any(|record| record["record"] == kind),
            "no {kind}: {}",
            denied.text()
        );
    }
    counted(&format!("{} audit records validated", records.len()));
    // And the schema can refuse.
    let mut wrong = records[0].clone();
    wrong["token"] = json!("eyJ");
    assert!(schemas.validate(&wrong, schema).is_err());
}
