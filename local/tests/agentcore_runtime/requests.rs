//! Tests of requests and settings.

use std::time::SystemTime;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use local::agent::Agent;
use local::agentcore_runtime::{AgentUrl, DataPlane, Protocol, StartError};

use crate::world::{
    ARN, SECRET, SESSION, World, client, failure, invocation, plane, refusal, send, settings,
    signed,
};

#[tokio::test]
async fn an_unknown_agent_endpoint_or_path_is_refused() {
    let world = World::start().await;
    let client = client(world.plane.url(), SECRET, "us-east-1");
    let unknown = invocation(&client, "hello").agent_runtime_arn(format!("{ARN}5"));
    let endpoint = invocation(&client, "hello").qualifier("other");
    for request in [unknown, endpoint] {
        let error = request.send().await.unwrap_err();
        assert_eq!(
            failure(&error),
            (404, "ResourceNotFoundException".to_owned())
        );
    }
    for (method, path) in [
        ("GET", "/runtimes/a/invocations"),
        ("POST", "/runtimes/a/commands"),
    ] {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", world.plane.url()));
        let answer = send(request.body(Full::default()).unwrap()).await;
        assert_eq!(
            refusal(&answer),
            (403, "MissingAuthenticationTokenException"),
            "{method} {path}"
        );
    }
}

#[tokio::test]
async fn ids_and_bodies_have_their_limits() {
    let world = World::start().await;
    for (session, user) in [
        ("short", "user"),
        (&"s".repeat(257), "user"),
        (SESSION, "a user"),
    ] {
        let request = world
            .ask("hello")
            .runtime_session_id(session)
            .runtime_user_id(user);
        let error = request.send().await.unwrap_err();
        assert_eq!(
            failure(&error),
            (400, "ValidationException".to_owned()),
            "{session} {user}"
        );
    }
    // The length is looked at before the signature, which is for another body.
    let mut large = signed(&world.plane, SystemTime::now(), Bytes::new(), &[]);
    *large.body_mut() = Full::from(vec![b' '; 100_000_001]);
    assert_eq!(refusal(&send(large).await), (400, "ValidationException"));

    let body = Bytes::from_static(b"{\"prompt\":\"hello\"}");
    let answer = send(signed(&world.plane, SystemTime::now(), body, &[])).await;
    let session = answer.headers()["x-amzn-bedrock-agentcore-runtime-session-id"]
        .to_str()
        .unwrap();
    assert_eq!(
        session.len(),
        36,
        "a session of its own for a request without one"
    );
}

#[tokio::test]
async fn an_answer_hands_out_the_way_round_and_its_request_id() {
    let world = World::start().await;
    let body = Bytes::from_static(b"{\"prompt\":\"hello\"}");
    let answer = send(signed(&world.plane, SystemTime::now(), body, &[])).await;
    let call = world.plane.calls().pop().unwrap();
    assert_eq!(
        answer.headers()["x-amzn-requestid"],
        call.request_id.as_str()
    );
    let way_round = "x-amzn-bedrock-agentcore-runtime-session-endpoint-url";
    assert!(answer.headers().contains_key(way_round));
}

#[tokio::test]
async fn settings_that_cannot_be_are_refused() {
    let mut restricted = settings("http://127.0.0.1:1");
    restricted.runtimes[0]
        .header_allow_list
        .push("Cookie".to_owned());
    let error = DataPlane::start(restricted).await.err().unwrap();
    assert!(
        matches!(&error, StartError::HeaderName(name) if name == "Cookie"),
        "{error}"
    );
    let mut many = settings("http://127.0.0.1:1");
    many.runtimes[0].header_allow_list = (0..21).map(|index| format!("X-Header-{index}")).collect();
    let error = DataPlane::start(many).await.err().unwrap();
    assert!(matches!(error, StartError::HeaderCount(_)), "{error}");
}

#[tokio::test]
async fn an_agents_address_is_tried() {
    let agent = Agent::start().await.unwrap();
    let here = AgentUrl::parse(agent.url()).unwrap();
    here.reach(Protocol::Http).await.unwrap();
    for protocol in [Protocol::Mcp, Protocol::A2a] {
        let another = here.reach(protocol).await.unwrap_err().to_string();
        assert!(another.contains("answers 404"), "{another}");
    }
    let plane = plane(agent.url()).await;
    let other = AgentUrl::parse(plane.url())
        .unwrap()
        .reach(Protocol::Http)
        .await
        .unwrap_err()
        .to_string();
    assert!(other.contains("answers 403"), "{other}");
    let gone = AgentUrl::parse(agent.url()).unwrap();
    drop(agent);
    let gone = gone.reach(Protocol::Http).await.unwrap_err().to_string();
    assert!(
        gone.starts_with("no agent answers at `http://127.0.0.1:"),
        "{gone}"
    );
}
