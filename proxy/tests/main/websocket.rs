//! Presigned WebSocket URLs: whose session they open, for how long, and that nothing in them can be changed.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt;
use http::Uri;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use lambda_runtime::{Context, LambdaEvent};
use local::agent::Agent;
use local::agentcore_runtime::{AgentUrl, Call, DataPlane, DataPlaneSettings, RuntimeSettings};
use proxy::app::App;
use proxy::dispatch;
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::settings::AGENTS;

use crate::agentcore::{credentials, platform};
use crate::caller::{ARN, Issuer, NOW, event};
use crate::door::{Door, Headers, assert_problem};

const PATH: &str = "/agents/demo/websocket";

/// The parameters of an address as they stand.
fn parameters(address: &str) -> BTreeMap<&str, &str> {
    let (_, query) = address.split_once('?').unwrap();
    query
        .split('&')
        .map(|pair| pair.split_once('=').unwrap())
        .collect()
}

#[tokio::test]
async fn an_address_is_of_one_session_for_a_few_minutes() {
    let door = Door::open([]).await;
    for (claims, life) in [
        (json!({}), 300),
        (json!({"exp": NOW.0 + 301}), 300),
        // Never longer than the token is good.
        (json!({"exp": NOW.0 + 20}), 20),
        (json!({"exp": NOW.0 + 1}), 1),
    ] {
        let token = format!("Bearer {}", door.issuer.token(claims));
        let headers = [
            ("authorization", token.as_str()),
            ("x-conversation-id", "c1"),
        ];
        let got = door.ask("POST", PATH, &headers, "").await;
        assert_eq!(got.status, 200, "{}", got.body);
        assert_eq!(got.header("x-conversation-id"), Some("c1"));
        let answer = got.json();
        assert_eq!(answer["expires"], NOW.0 + life);
        assert_eq!(answer["conversation"], "c1");
        let address = answer["url"].as_str().unwrap();
        let plane = door.plane.url.replace("http://", "ws://");
        let path = "/runtimes/arn%3Aaws%3Abedrock-agentcore%3Aus-east-1%3A123456789012%3Aruntime%2Fdemo-AbCdEf1234/ws?";
        assert!(address.starts_with(&format!("{plane}{path}")), "{address}");
        let parameters = parameters(address);
        let life = life.to_string();
        for (name, value) in [
            ("qualifier", "DEFAULT"),
            (
                "X-Amzn-Bedrock-AgentCore-Runtime-User-Id",
                "https%3A%2F%2Fissuer.example%23alice-1",
            ),
            ("X-Amz-Expires", life.as_str()),
            ("X-Amz-SignedHeaders", "host"),
        ] {
            assert_eq!(parameters.get(name), Some(&value), "{name}");
        }
        assert!(
            parameters["X-Amz-Credential"]
                .ends_with("%2Fus-east-1%2Fbedrock-agentcore%2Faws4_request")
        );
    }
    // AgentCore is not asked.
    assert!(door.plane.calls().is_empty());
}

#[tokio::test]
async fn whoever_may_not_call_an_agent_opens_nothing_there() {
    let agents = json!({
        "demo": {"runtime": ARN, "allow": {"groups": ["staff"]}, "websocket": true},
        "finance": {"runtime": ARN, "allow": {"groups": ["finance"]}, "websocket": true},
        "silent": {"runtime": ARN, "allow": {}},
        "token": {"runtime": ARN, "auth": "jwt", "allow": {}},
    });
    let plane = crate::agentcore::DataPlane::start([]).await;
    let door = Door::over(plane, &[(AGENTS, &agents.to_string())]).await;
    let token = door.alice();
    let alice = ("authorization", token.as_str());
    let table: [(&str, Headers<'_>, u16, &str); 7] = [
        (PATH, &[], 401, "unauthorized"),
        (PATH, &[("authorization", "Bearer x")], 401, "unauthorized"),
        (
            PATH,
            &[alice, ("x-conversation-id", "a b")],
            400,
            "bad_conversation_id",
        ),
        ("/agents/finance/websocket", &[alice], 403, "forbidden"),
        ("/agents/nobody/websocket", &[alice], 404, "unknown_agent"),
        // No operator enabled URLs for these.
        ("/agents/silent/websocket", &[alice], 501, "no_websocket"),
        ("/agents/token/websocket", &[alice], 501, "no_websocket"),
    ];
    for (path, headers, status, code) in table {
        assert_problem(&door.ask("POST", path, headers, "").await, status, code);
    }
}

/// A data plane that checks signatures, and a door before it that signs by today's clock.
struct Scene {
    plane: DataPlane,
    _agent: Agent,
    app: App,
    issuer: Issuer,
}

impl Scene {
    async fn start() -> Self {
        let agent = Agent::start().await.unwrap();
        let url = AgentUrl::parse(agent.url()).unwrap();
        let plane = DataPlane::start(DataPlaneSettings {
            region: "us-east-1".to_owned(),
            credentials: credentials(),
            runtimes: vec![RuntimeSettings::new(ARN, url)],
        });
        let plane = plane.await.unwrap();
        let issuer = Issuer::new();
        let platform = platform(plane.url()).await;
        let app = App::new(issuer.config(&[]), &platform, Clock::system()).await;
        Self {
            plane,
            _agent: agent,
            app,
            issuer,
        }
    }

    /// The URL that a caller gets for the conversation `c1`.
    async fn address(&self, subject: &str) -> String {
        let now = Clock::system().now().0;
        let claims = json!({"sub": subject, "iat": now, "exp": now.saturating_add(600)});
        let token = format!("Bearer {}", self.issuer.token(claims));
        let headers = [
            ("authorization", token.as_str()),
            ("x-conversation-id", "c1"),
        ];
        let mut context = Context::default();
        context.request_id = "r-1".to_owned();
        context.deadline = now.saturating_add(60).saturating_mul(1000);
        let event = LambdaEvent::new(event("POST", PATH, &headers, ""), context);
        let mut response = dispatch::handle(&self.app, event).await.unwrap();
        let body = response.stream.next().await.unwrap().unwrap();
        let answer: Value = serde_json::from_slice(&body).unwrap();
        answer["url"].as_str().unwrap().to_owned()
    }

    /// AgentCore's answer to a client that connects there. The agent itself accepts no WebSockets (424).
    async fn connect(&self, address: &str) -> u16 {
        let uri: Uri = address.replacen("ws", "http", 1).parse().unwrap();
        let request = http::Request::get(uri)
            .header("connection", "upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
            .body(http_body_util::Empty::<bytes::Bytes>::new());
        let client = Client::builder(TokioExecutor::new()).build_http();
        let answer =
            tokio::time::timeout(Duration::from_secs(30), client.request(request.unwrap()));
        answer.await.unwrap().unwrap().status().as_u16()
    }

    fn last_call(&self) -> Call {
        self.plane.calls().pop().unwrap()
    }
}

#[tokio::test]
async fn an_address_opens_its_callers_session_and_no_other() {
    let scene = Scene::start().await;
    let (alice, bob) = (scene.address("alice-1").await, scene.address("bob-1").await);
    assert_eq!(scene.connect(&alice).await, 424);
    let call = scene.last_call();
    assert_eq!(
        call.user_id.as_deref(),
        Some("https://issuer.example#alice-1")
    );
    assert_eq!(scene.connect(&bob).await, 424);
    assert_ne!(scene.last_call().session_id, call.session_id);
    // A caller who puts another's session or user into their own URL breaks its signature.
    let (of_alice, of_bob) = (parameters(&alice), parameters(&bob));
    for name in [
        "X-Amzn-Bedrock-AgentCore-Runtime-Session-Id",
        "X-Amzn-Bedrock-AgentCore-Runtime-User-Id",
        "X-Amz-Signature",
    ] {
        let tampered = bob.replace(
            &format!("{name}={}", of_bob[name]),
            &format!("{name}={}", of_alice[name]),
        );
        assert_ne!(tampered, bob);
        assert_eq!(scene.connect(&tampered).await, 403, "{name}");
    }
    let longer = bob.replace("X-Amz-Expires=300", "X-Amz-Expires=299");
    assert_eq!(scene.connect(&longer).await, 403);
    let another = bob.replace("demo-AbCdEf1234", "finance-AbCdEf1234");
    assert_eq!(scene.connect(&another).await, 403);
    let command = bob.replace("/ws?", "/ws/shells?");
    assert_eq!(scene.connect(&command).await, 403);
    let calls = scene.plane.calls().len();
    assert_eq!(calls, 2, "none of it became a call");
}
