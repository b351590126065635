//! The cases, asked of the layer.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full};
use python::counted;
use serde_json::{Value, json};
use shared::clock::{Clock, Moment};
use shared::gate::AgentName;
use shared::layer::{Guarded, IdentityLayer, Proven, Settings};
use shared::settings::Address;
use tower_layer::Layer;
use tower_service::Service;

use crate::door::Door;
use crate::log::Reasons;
use crate::vectors;

/// Says whom it takes its caller for, and what it was sent.
#[derive(Clone)]
struct Agent;

impl Service<Request<Full<Bytes>>> for Agent {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        let caller = request.extensions().get::<Proven>().map(caller);
        ready(Ok(Response::new(Full::from(json!(caller).to_string()))))
    }
}

fn caller(proven: &Proven) -> Value {
    json!({
        "subject": proven.subject, "subject_issuer": proven.subject_issuer, "client_id": proven.client_id,
        "username": proven.username, "email": proven.email, "name": proven.name, "groups": proven.groups,
        "scopes": proven.scopes, "session": proven.session, "request_id": proven.request_id,
    })
}

/// One verifier, at the beginning of its time.
struct Verifier {
    service: Guarded<Agent>,
    now: Arc<Mutex<u64>>,
}

impl Verifier {
    fn new(door: &Door, settings: &Value) -> Self {
        let text = |name: &str| settings[name].as_str().unwrap();
        let open = settings["open"].as_array().unwrap().iter();
        let settings = Settings {
            open: open.map(|path| path.as_str().unwrap().to_owned()).collect(),
            max_body: usize::try_from(settings["max_body"].as_u64().unwrap()).unwrap(),
            keys: Some(Address::parse(&door.keys()).unwrap()),
            ..Settings::new(
                Address::parse(text("door")).unwrap(),
                AgentName::parse(text("agent")).unwrap(),
            )
        };
        let now = Arc::new(Mutex::new(0));
        let read = Arc::clone(&now);
        let clock = Clock::from_fn(move || {
            let seconds = Duration::from_secs(*read.lock().unwrap());
            Moment {
                wall: seconds,
                steady: seconds,
            }
        });
        Self {
            service: IdentityLayer::new(settings, clock).layer(Agent),
            now,
        }
    }

    async fn ask(&self, step: &Value) -> Response<Bytes> {
        *self.now.lock().unwrap() = step["now"].as_u64().unwrap();
        let answer = self.service.clone().call(request(&step["request"]));
        let (parts, body) = answer.await.unwrap().into_parts();
        Response::from_parts(parts, body.collect().await.unwrap().to_bytes())
    }
}

fn request(written: &Value) -> Request<Full<Bytes>> {
    let text = |name: &str| written[name].as_str().unwrap();
    let mut request = Request::builder()
        .method(text("method"))
        .uri(text("target"));
    for header in written["headers"].as_array().unwrap() {
        let name = HeaderName::from_bytes(header[0].as_str().unwrap().as_bytes());
        // Each character stands for one byte.
        let value = header[1].as_str().unwrap().chars();
        let value: Vec<u8> = value
            .map(|letter| u8::try_from(u32::from(letter)).unwrap())
            .collect();
        request = request.header(name.unwrap(), HeaderValue::from_bytes(&value).unwrap());
    }
    let body = &written["body"];
    let bytes = match (body["base64"].as_str(), body["repeat"].as_str()) {
        (Some(encoded), None) => STANDARD.decode(encoded).unwrap(),
        (None, Some(text)) => {
            let times = usize::try_from(body["times"].as_u64().unwrap()).unwrap();
            text.repeat(times).into_bytes()
        }
        other => unreachable!("a body is written in one way: {other:?}"),
    };
    request.body(Full::from(bytes)).unwrap()
}

/// What differs from what is expected, if anything does.
fn difference(expected: &Value, answer: &Response<Bytes>, reasons: &[String]) -> Option<String> {
    let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    let status = answer.status().as_u16();
    let is_expected = match expected["verdict"].as_str().unwrap() {
        "accepted" => status == 200 && body == expected["caller"] && reasons.is_empty(),
        "open" => status == 200 && body.is_null() && reasons.is_empty(),
        "refused" => {
            let problem = answer.headers().get("content-type");
            problem.is_some_and(|kind| kind == "application/problem+json")
                && status == expected["status"]
                && body["status"] == status
                && body["code"] == expected["code"]
                && reasons.len() == 1
                && reasons[0] == expected["reason"]
                // The reason is for the log.
                && (expected["reason"] == expected["code"] || !body.to_string().contains(&reasons[0]))
        }
        other => unreachable!("an unknown verdict: {other}"),
    };
    (!is_expected).then(|| format!("expected {expected}, got {status} {reasons:?} {body}"))
}

#[tokio::test]
async fn the_layer_answers_every_case_as_it_is_written() {
    let vectors = vectors();
    let documents = &vectors["key_documents"];
    let door = Door::start(documents["k1"].clone()).await;
    let reasons = Reasons::default();
    let _logging = tracing::subscriber::set_default(reasons.clone());
    let (mut wrong, mut requests, mut checks) = (Vec::new(), 0, BTreeMap::<String, usize>::new());
    for case in vectors["cases"].as_array().unwrap() {
        let mut settings = vectors["settings"].clone();
        for (name, value) in case["settings"].as_object().into_iter().flatten() {
            settings[name] = value.clone();
        }
        let verifier = Verifier::new(&door, &settings);
        door.forget();
        for (number, step) in case["steps"].as_array().unwrap().iter().enumerate() {
            door.publish(&documents[step["keys"].as_str().unwrap()]);
            let answer = verifier.ask(step).await;
            let expected = &step["expect"];
            let place = format!("{} (request {number})", case["id"]);
            if let Some(difference) = difference(expected, &answer, &reasons.take()) {
                wrong.push(format!("{place}: {difference}"));
            }
            if expected["fetches"] != door.asked() {
                wrong.push(format!(
                    "{place}: expected {} fetches, got {}",
                    expected["fetches"],
                    door.asked()
                ));
            }
            requests += 1;
        }
        *checks
            .entry(case["check"].as_str().unwrap().to_owned())
            .or_default() += 1;
    }
    let counts: Vec<String> = checks
        .iter()
        .map(|(check, count)| format!("{check} {count}"))
        .collect();
    counted(&format!(
        "vectors in Rust: {} cases, {requests} requests, {} wrong ({})",
        checks.values().sum::<usize>(),
        wrong.len(),
        counts.join(", ")
    ));
    assert!(wrong.is_empty(), "{wrong:#?}");
}
