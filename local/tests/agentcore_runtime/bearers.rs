//! Runtimes that take tokens.

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use local::agent::Agent;
use local::agentcore_runtime::{Auth, DataPlane, Protocol};
use local::cognito::{Issuer, IssuerSettings};
use local::jwt_authorizer::JwtAuthorizerSettings;
use serde_json::{Value, json};

use crate::world::{SESSION, address, header, json as body, plane_of, refusal, send, signed};

struct Scene {
    issuer: Issuer,
    _agent: Agent,
    plane: DataPlane,
}

impl Scene {
    async fn start() -> Self {
        let issuer = Issuer::start(IssuerSettings::default()).await.unwrap();
        let agent = Agent::start().await.unwrap();
        let auth = Auth::Jwt(JwtAuthorizerSettings {
            discovery_url: issuer.discovery_url(),
            allowed_audience: vec!["agents".to_owned()],
            allowed_clients: vec!["console".to_owned()],
        });
        let plane = plane_of(agent.url(), Protocol::Http, auth).await;
        Self {
            issuer,
            _agent: agent,
            plane,
        }
    }

    fn token(&self, more: &Value) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let mut claims = json!({
            "aud": ["others", "agents"],
            "client_id": "console",
            "exp": now.as_secs().saturating_add(60),
            "iss": self.issuer.url(),
            "sub": "alice",
        });
        let members = more.as_object().unwrap().clone();
        claims.as_object_mut().unwrap().extend(members);
        let header = self.issuer.access_header();
        self.issuer.sign(&header, &claims).unwrap()
    }

    async fn ask(&self, authorization: Option<&str>) -> Response<Bytes> {
        let request = Request::post(address(&self.plane, "invocations"))
            .header("x-amzn-bedrock-agentcore-runtime-session-id", SESSION);
        let request = match authorization {
            Some(value) => request.header("authorization", value),
            None => request,
        };
        let body = Full::from("{\"prompt\": \"hello\"}");
        send(request.body(body).unwrap()).await
    }
}

#[tokio::test]
async fn a_good_token_is_let_in_and_the_agent_gets_a_token_for_its_user() {
    let scene = Scene::start().await;
    let bearer = format!("Bearer {}", scene.token(&json!({})));
    let answer = scene.ask(Some(&bearer)).await;
    assert_eq!(answer.status(), 200);
    let call = scene.plane.calls().pop().unwrap();
    assert_eq!(call.session_id, SESSION);
    assert!(call.forwarded.contains_key("workloadaccesstoken"));
    assert!(!call.forwarded.contains_key("authorization"));
}

#[tokio::test]
async fn a_token_that_is_not_good_is_denied() {
    let scene = Scene::start().await;
    for (name, change) in [
        ("expired", json!({"exp": 1})),
        ("another client", json!({"client_id": "other"})),
        ("another audience", json!({"aud": "others"})),
        (
            "another issuer",
            json!({"iss": "https://issuer.example.com"}),
        ),
    ] {
        let bearer = format!("Bearer {}", scene.token(&change));
        let answer = scene.ask(Some(&bearer)).await;
        assert_eq!(refusal(&answer), (403, "AccessDeniedException"), "{name}");
    }
    let token = scene.token(&json!({}));
    let (message, _) = token.rsplit_once('.').unwrap();
    for bearer in [format!("Bearer {message}.AAAA"), "Bearer x".to_owned()] {
        let answer = scene.ask(Some(&bearer)).await;
        assert_eq!(refusal(&answer), (403, "AccessDeniedException"));
    }
    assert!(scene.plane.calls().is_empty());
}

#[tokio::test]
async fn nothing_shown_is_answered_with_where_tokens_come_from() {
    let scene = Scene::start().await;
    for authorization in [None, Some("")] {
        let answer = scene.ask(authorization).await;
        assert_eq!(refusal(&answer), (401, "UnauthorizedException"));
        let challenge = header(&answer, "www-authenticate");
        let metadata = challenge
            .strip_prefix("Bearer resource_metadata=\"")
            .and_then(|rest| rest.strip_suffix('"'))
            .unwrap();
        let document = send(Request::get(metadata).body(Full::default()).unwrap()).await;
        let document = body(&document);
        assert_eq!(
            document["authorization_servers"],
            json!([scene.issuer.url()])
        );
        assert_eq!(document["resource"], address(&scene.plane, "invocations"));
    }
}

#[tokio::test]
async fn one_way_in_is_not_the_other() {
    let scene = Scene::start().await;
    let body_of = |answer: &Response<Bytes>| body(answer)["message"].as_str().unwrap().to_owned();
    let request = signed(&scene.plane, SystemTime::now(), Bytes::from("{}"), &[]);
    let answer = send(request).await;
    assert_eq!(refusal(&answer), (403, "AccessDeniedException"));
    assert!(body_of(&answer).starts_with("Authorization method mismatch"));

    let bearer = format!("Bearer {}", scene.token(&json!({})));
    let agent = Agent::start().await.unwrap();
    let signing = plane_of(agent.url(), Protocol::Http, Auth::Iam).await;
    let request = Request::post(address(&signing, "invocations")).header("authorization", bearer);
    let answer = send(request.body(Full::default()).unwrap()).await;
    assert_eq!(refusal(&answer), (403, "AccessDeniedException"));
    assert!(body_of(&answer).starts_with("Authorization method mismatch"));
}
