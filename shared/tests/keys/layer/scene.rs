//! A door's keys, a service behind the layer, and requests to it.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use shared::assertion::{TYPE, body_hash};
use shared::gate::{AgentName, UnixTime};
use shared::headers::IDENTITY;
use shared::layer::{Guarded, IdentityLayer, Proven, Settings};
use shared::settings::Address;
use shared::signing::SigningKey;
use tower_layer::Layer;
use tower_service::Service;

use crate::parts::{HandClock, NOW};
use crate::server::{KeyServer, Reply};

pub(crate) const JWKS: &str = "/.well-known/jwks.json";
pub(crate) const BODY: &str = r#"{"prompt": "hello"}"#;
pub(crate) const SESSION: &str = "x-amzn-bedrock-agentcore-runtime-session-id";

/// Says whom it takes its caller for, and what they sent.
#[derive(Clone)]
pub(crate) struct Agent;

impl Service<Request<Full<Bytes>>> for Agent {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        let proven = request.extensions().get::<Proven>();
        let who = proven.map_or("nobody", |proven| &proven.subject);
        ready(Ok(Response::new(Full::from(who.to_owned()))))
    }
}

pub(crate) struct Scene {
    pub(crate) server: KeyServer,
    pub(crate) clock: HandClock,
    pub(crate) key: SigningKey,
    pub(crate) layer: IdentityLayer,
    service: Guarded<Agent>,
}

/// A new key of this id.
pub(crate) fn key(id: &str) -> SigningKey {
    let text = SigningKey::generate().unwrap();
    SigningKey::parse(id, UnixTime(0), &text).unwrap()
}

/// The key document of these.
pub(crate) fn document(keys: &[&SigningKey]) -> Reply {
    let keys: Vec<&Value> = keys.iter().map(|key| key.jwk()).collect();
    Reply::Document(json!({ "keys": keys }).to_string())
}

impl Scene {
    pub(crate) async fn new() -> Self {
        let server = KeyServer::start().await;
        let key = key("k1");
        server.reply(JWKS, document(&[&key]));
        let clock = HandClock::new();
        let door = Address::parse(&server.url("")).unwrap();
        let settings = Settings {
            max_body: 1000,
            ..Settings::new(door, AgentName::parse("demo").unwrap())
        };
        let layer = IdentityLayer::new(settings, clock.clock());
        let service = layer.layer(Agent);
        Self {
            server,
            clock,
            key,
            layer,
            service,
        }
    }

    /// What the door says of a good request, under an id of its own.
    pub(crate) fn claims(&self, id: &str) -> Value {
        json!({
            "aud": "demo", "body_sha256": body_hash(BODY.as_bytes()), "exp": NOW + 60, "groups": ["staff"], "iat": NOW,
            "iss": self.server.url(""), "jti": id, "method": "POST", "path": "/invocations", "scope": "a b",
            "session": "session-1", "sub": "alice", "sub_issuer": "https://issuer.example",
        })
    }

    pub(crate) fn proof(&self, claims: &Value) -> String {
        self.key.sign(TYPE, claims).unwrap()
    }

    /// A good request, with this proof.
    pub(crate) fn request(&self, proof: &str) -> Request<Full<Bytes>> {
        Request::post("/invocations")
            .header(IDENTITY, proof)
            .header(SESSION, "session-1")
            .body(Full::from(BODY))
            .unwrap()
    }

    /// Status and body of the answer.
    pub(crate) async fn ask(&self, request: Request<Full<Bytes>>) -> (u16, String) {
        let answer = self.service.clone().call(request).await.unwrap();
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    /// The status that a good request under this id gets.
    pub(crate) async fn status(&self, id: &str) -> u16 {
        let proof = self.proof(&self.claims(id));
        self.ask(self.request(&proof)).await.0
    }
}
