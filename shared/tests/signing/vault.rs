//! A Secrets Manager on loopback that holds one secret, counts, and misbehaves as it is told.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_sdk_secretsmanager::config::Credentials;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use shared::aws::arn::SecretArn;
use shared::clock::{Clock, Moment};
use shared::signing::{SigningKey, SigningKeys};
use tokio::net::TcpListener;

const ARN: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:signing-AbCdEf";
const START: u64 = 1_800_000_000;

/// What it does with a request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Well,
    Down,
    Silent,
}

/// One version: its id, when it was created, its text.
#[derive(Clone)]
struct Version(String, u64, String);

struct State {
    mood: Mood,
    now: Moment,
    stages: BTreeMap<&'static str, Version>,
    asked: Vec<String>,
}

/// The service, and the clock of all.
#[derive(Clone)]
pub(crate) struct Vault {
    url: String,
    state: Arc<Mutex<State>>,
}

impl Vault {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let now = Moment {
            wall: Duration::from_secs(START),
            steady: Duration::ZERO,
        };
        let vault = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            state: Arc::new(Mutex::new(State {
                mood: Mood::Well,
                now,
                stages: BTreeMap::new(),
                asked: Vec::new(),
            })),
        };
        tokio::spawn(vault.clone().serve(listener));
        vault
    }

    /// The keys of a function that reads this secret.
    pub(crate) async fn keys(&self) -> SigningKeys {
        let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "test");
        let platform = aws_config::defaults(BehaviorVersion::latest())
            .credentials_provider(credentials)
            .region("us-east-1")
            .endpoint_url(&self.url)
            .load()
            .await;
        let state = Arc::clone(&self.state);
        let clock = Clock::from_fn(move || state.lock().unwrap().now);
        SigningKeys::new(SecretArn::parse(ARN).unwrap(), &platform, clock)
    }

    /// Puts a new key into a stage.
    pub(crate) fn put(&self, stage: &'static str, id: &str) {
        let text = SigningKey::generate().unwrap().reveal().to_owned();
        self.put_text(stage, id, &text);
    }

    pub(crate) fn put_text(&self, stage: &'static str, id: &str, text: &str) {
        let mut state = self.state.lock().unwrap();
        let created = state.now.wall.as_secs();
        let version = Version(id.to_owned(), created, text.to_owned());
        state.stages.insert(stage, version);
    }

    /// What finishSecret does: the pending version becomes the current one.
    pub(crate) fn finish(&self) {
        let mut state = self.state.lock().unwrap();
        let current = state.stages.remove("AWSCURRENT").unwrap();
        let pending = state.stages.remove("AWSPENDING").unwrap();
        state.stages.insert("AWSPREVIOUS", current);
        state.stages.insert("AWSCURRENT", pending);
    }

    pub(crate) fn set_mood(&self, mood: Mood) {
        self.state.lock().unwrap().mood = mood;
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.state.lock().unwrap().now.wall += by;
    }

    /// The stages that were asked for since the last question.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().unwrap().asked)
    }

    async fn serve(self, listener: TcpListener) {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let vault = self.clone();
            tokio::spawn(async move {
                let service = service_fn(move |request| {
                    let vault = vault.clone();
                    async move { Ok::<_, Infallible>(vault.answer(request).await) }
                });
                let connection =
                    http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                let _client_gone = connection.await;
            });
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        assert_eq!(
            request.headers()["x-amz-target"],
            "secretsmanager.GetSecretValue"
        );
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["SecretId"], ARN);
        let stage = body["VersionStage"].as_str().unwrap();
        let (mood, version) = {
            let mut state = self.state.lock().unwrap();
            state.asked.push(stage.to_owned());
            (state.mood, state.stages.get(stage).cloned())
        };
        match (mood, version) {
            (Mood::Silent, _) => pending().await,
            (Mood::Down, _) => error(500, "InternalServiceError"),
            (Mood::Well, None) => error(400, "ResourceNotFoundException"),
            (Mood::Well, Some(Version(id, created, text))) => {
                let found = json!({"ARN": ARN, "CreatedDate": created, "SecretString": text, "VersionId": id});
                Response::new(Full::from(found.to_string()))
            }
        }
    }
}

fn error(status: u16, code: &str) -> Response<Full<Bytes>> {
    let body = json!({"__type": code, "message": "a text of the platform's"});
    let mut response = Response::new(Full::from(body.to_string()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    response
}
