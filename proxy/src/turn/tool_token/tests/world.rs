//! A token endpoint and a Secrets Manager on loopback, which count and misbehave; and callers.

#![expect(clippy::arithmetic_side_effects, reason = "a test may fail")]

use std::collections::VecDeque;
use std::future::pending;
use std::sync::Mutex;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use mint::{Key, key_document};
use serde_json::json;
use shared::aws::arn::SecretArn;
use shared::clock::Moment;
use shared::door::Door;
use shared::issuers::TrustedIssuers;
use shared::settings::Address;
use tokio::net::TcpListener;

use super::super::*;

pub(super) const NOW: u64 = 1_800_000_000;
/// The lifetime of the endpoint's tokens, unless a test says otherwise.
pub(super) const LIFE: u64 = 1000;

/// How the endpoint misbehaves, for one request.
#[derive(Clone, Copy)]
pub(super) enum Fails {
    Garbage,
    Huge,
    Long(usize),
    Never,
    Redirects,
    Status(u16, &'static str),
}

#[derive(Default)]
pub(super) struct Double {
    /// What the token endpoint does instead of granting, request by request.
    fails: Mutex<VecDeque<Fails>>,
    /// The proofs that it was shown, as they came; "" for none.
    proofs: Mutex<Vec<String>>,
    /// The secret that it takes.
    pub(super) taken: Mutex<String>,
    /// The secret that is stored; none if Secrets Manager is down.
    pub(super) stored: Mutex<Option<String>>,
    secret_fetches: Mutex<u32>,
    moment: Mutex<Option<Moment>>,
}

pub(super) struct World {
    pub(super) double: Arc<Double>,
    pub(super) tokens: ToolTokens,
}

/// A caller whom a door believed.
pub(super) struct Caller {
    pub(super) identity: Identity,
    pub(super) proof: Secret,
}

impl Double {
    fn clock(self: &Arc<Self>) -> Clock {
        let double = Arc::clone(self);
        Clock::from_fn(move || double.moment.lock().unwrap().unwrap())
    }

    pub(super) fn advance(&self, seconds: u64) {
        let mut moment = self.moment.lock().unwrap();
        moment.as_mut().unwrap().wall += Duration::from_secs(seconds);
    }

    pub(super) fn fail(&self, fails: impl IntoIterator<Item = Fails>) {
        self.fails.lock().unwrap().extend(fails);
    }

    pub(super) fn count(&self) -> usize {
        self.proofs.lock().unwrap().len()
    }

    pub(super) fn secret_fetches(&self) -> u32 {
        *self.secret_fetches.lock().unwrap()
    }

    pub(super) fn store(&self, secret: &str) {
        *self.stored.lock().unwrap() = Some(secret.to_owned());
    }

    fn secret(&self) -> Response {
        *self.secret_fetches.lock().unwrap() += 1;
        match &*self.stored.lock().unwrap() {
            Some(secret) => {
                let text = json!({"client_id": "machine", "client_secret": secret}).to_string();
                Response::new(Body::from(json!({"SecretString": text}).to_string()))
            }
            None => Response::builder()
                .status(500)
                .header("x-amzn-errortype", "InternalServiceError")
                .body(Body::from("{}"))
                .unwrap(),
        }
    }

    async fn token(&self, authorization: &str, form: &str) -> Response {
        let proof = form
            .split_once("user_token%22%3A%22")
            .map_or("", |(_, rest)| rest.split_once("%22").unwrap().0)
            .to_owned();
        self.proofs.lock().unwrap().push(proof.clone());
        let fails = self.fails.lock().unwrap().pop_front();
        let answer = |status: u16, body: String| {
            Response::builder()
                .status(status)
                .header("location", "/elsewhere")
                .body(Body::from(body))
                .unwrap()
        };
        let basic = base64::Engine::encode(
            &base64::engine::general_purpose::STANDARD,
            format!("machine:{}", self.taken.lock().unwrap()),
        );
        match fails {
            Some(Fails::Garbage) => answer(200, "<html>secret-detail".to_owned()),
            Some(Fails::Huge) => answer(200, " ".repeat(70_000)),
            Some(Fails::Long(length)) => answer(
                200,
                json!({"access_token": "x".repeat(length),
                    "token_type": "Bearer", "expires_in": LIFE})
                .to_string(),
            ),
            Some(Fails::Never) => pending().await,
            Some(Fails::Redirects) => answer(302, String::new()),
            Some(Fails::Status(status, error)) => {
                answer(status, json!({"error": error}).to_string())
            }
            None if authorization != format!("Basic {basic}") => {
                answer(400, json!({"error": "invalid_client"}).to_string())
            }
            // The token names its user as the real one does: by what the proof says.
            None => answer(
                200,
                json!({"access_token": format!("for/{proof}/{}", self.count()),
                    "token_type": "Bearer", "expires_in": LIFE})
                .to_string(),
            ),
        }
    }
}

async fn answer(State(double): State<Arc<Double>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let header = request.headers().get("authorization");
    let authorization = header.unwrap().to_str().unwrap().to_owned();
    let body = to_bytes(request.into_body(), usize::MAX).await.unwrap();
    match path.as_str() {
        "/" => double.secret(),
        "/oauth2/token" => {
            double
                .token(&authorization, str::from_utf8(&body).unwrap())
                .await
        }
        other => panic!("{other} was asked for"),
    }
}

impl World {
    pub(super) async fn start() -> Self {
        let double = Arc::new(Double::default());
        *double.moment.lock().unwrap() = Some(Moment {
            wall: Duration::from_secs(NOW),
            steady: Duration::ZERO,
        });
        "first".clone_into(&mut double.taken.lock().unwrap());
        double.store("first");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&double));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let credentials = aws_sdk_bedrockagentcore::config::Credentials::new(
            "AKIDEXAMPLE",
            "secret",
            None,
            None,
            "test",
        );
        let platform = aws_config::defaults(aws_config::BehaviorVersion::latest())
            .credentials_provider(credentials)
            .region("us-east-1")
            .endpoint_url(&url)
            .load()
            .await;
        let settings = ToolTokenSettings {
            endpoint: Address::parse(&format!("{url}/oauth2/token")).unwrap(),
            client_id: "machine".to_owned(),
            secret: SecretArn::parse(
                "arn:aws:secretsmanager:us-east-1:123456789012:secret:machine",
            )
            .unwrap(),
            scopes: "gatehouse/tools".to_owned(),
            pool: None,
        };
        let tokens = ToolTokens::new(settings, None, &platform, double.clock());
        Self { double, tokens }
    }

    pub(super) async fn get(
        &self,
        kind: ToolToken,
        caller: &Caller,
    ) -> Result<String, ToolTokenError> {
        let Caller { identity, proof } = caller;
        let token = self
            .tokens
            .get(
                kind,
                ProvenCaller {
                    identity,
                    bearer: proof,
                    door: None,
                    request_id: "r-1",
                },
            )
            .await?;
        Ok(token.unwrap().reveal().to_owned())
    }

    pub(super) async fn user(&self, caller: &Caller) -> Result<String, ToolTokenError> {
        self.get(ToolToken::User, caller).await
    }
}

/// A caller whose own token holds for so many seconds.
pub(super) async fn caller(subject: &str, seconds: u64) -> Caller {
    let key = Key::ed25519("k1");
    let issuer = json!([{"discoveryUrl": "https://issuer.example/.well-known/openid-configuration",
        "allowedClients": ["c"], "algorithms": ["EdDSA"], "jwks": key_document(&[&key])}]);
    let issuers = TrustedIssuers::parse(&issuer.to_string()).ok().unwrap();
    let door = Door::new(issuers, Clock::fixed(shared::gate::UnixTime(NOW)));
    let claims = json!({"iss": "https://issuer.example", "sub": subject, "client_id": "c",
        "iat": NOW, "exp": NOW + seconds});
    let token = key.token("EdDSA", &claims);
    let header = format!("Bearer {token}");
    Caller {
        identity: door.identify(header.as_bytes()).await.unwrap(),
        proof: Secret::new(token),
    }
}
