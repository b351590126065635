//! The demonstration agent: a process-local container that speaks the AgentCore HTTP contract
//! (`POST /invocations`, `GET /ping`), and streams its answers as the Python SDK does, one `data:
//! <json>` line a piece.
//!
//! It takes `{"prompt": "..."}`. Most prompts get a short answer in five pieces, 200 ms apart,
//! which says what the agent really got to know of its caller: it believes headers, never the
//! prompt. Some prompts make it misbehave:
//!
//! | prompt | answer |
//! |---|---|
//! | `fail` | status 500 before anything else |
//! | `fail midway` | the first piece, then the SDK's error event; the status stays 200 |
//! | `cut` | the first piece, then a broken connection |
//! | `slow 5` | begins after 5 seconds |
//! | `silent 5` | 5 seconds of silence after the first piece, then the rest |
//! | `flood 200` | 200 megabytes of events, as fast as they are taken |
//!
//! With a gateway and its caller's tool token it calls tools, and says what came of it:
//!
//! | prompt | tool |
//! |---|---|
//! | `tools` | none: which tools the gateway shows |
//! | `refund 500`, `refund 500 A-1` | `billing___refund` |
//! | `search invoices` | `search___find` |
//! | `notices`, `notices canteen` | `notices___read` |
//!
//! Asked `whoami`, it says who asks, as the door signed it and as the door's published keys prove.
//!
//! A client that does not take `text/event-stream` gets the same as one JSON document, when it is
//! complete.

use std::io;
use std::iter;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, Stream, StreamExt, future, stream};
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::clock;
use crate::listen::{Bound, Served};
use crate::watched::{Ended, Watch, watched};

mod identity;
mod tools;

use identity::Verifier;
use tools::{Toolbox, Wish};

/// What AgentCore hands on at most (quotas).
const MAX_BODY: usize = 100_000_000;
const MEGABYTE: usize = 1_000_000;
/// No scripted silence is longer, and no flood larger in megabytes, than this.
const MAX_SCRIPTED: u64 = 1000;
const PAUSE: Duration = Duration::from_millis(200);
const SESSION_ID: &str = "x-amzn-bedrock-agentcore-runtime-session-id";
const CUSTOM_PREFIX: &str = "x-amzn-bedrock-agentcore-runtime-custom-";

/// The running agent. Dropping it closes its port.
pub struct Agent {
    url: String,
    turns: watch::Receiver<Turns>,
    desk: Arc<Desk>,
    _served: Served,
}

/// How many invocations began, and how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turns {
    /// Requests that arrived.
    pub started: u64,
    /// Answered to the end.
    pub finished: u64,
    /// Left by the client before the end.
    pub abandoned: u64,
    /// Broken off by the agent itself.
    pub cut: u64,
}

impl Agent {
    /// Answers on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// No port could be bound.
    pub async fn start() -> io::Result<Self> {
        Self::start_with(None).await
    }

    /// The same with the tools of an AgentCore Gateway.
    ///
    /// # Errors
    /// No port could be bound.
    pub async fn start_with_tools(gateway: Uri) -> io::Result<Self> {
        Self::start_with(Some(Toolbox::new(gateway))).await
    }

    async fn start_with(toolbox: Option<Toolbox>) -> io::Result<Self> {
        let bound = Bound::loopback().await?;
        let url = bound.origin();
        let (sender, turns) = watch::channel(Turns::default());
        let started_at = clock::now();
        let desk = Arc::new(Desk {
            turns: sender,
            toolbox,
            verifier: Verifier::new(),
        });
        let router = Router::new()
            .route("/invocations", post(invoke))
            // The time moves only with the status, and the status never changes.
            .route("/ping", get(move || future::ready(ping(started_at))))
            .with_state(Arc::clone(&desk));
        Ok(Self {
            url,
            turns,
            desk,
            _served: bound.serve(router),
        })
    }

    /// Tells the agent which door to believe, and under which names it is known there.
    pub fn trust(&self, door: &str, agents: &[&str]) {
        self.desk.verifier.trust(door, agents);
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The counts so far; `wait_for` waits until they are as wanted.
    pub fn turns(&self) -> watch::Receiver<Turns> {
        self.turns.clone()
    }
}

/// What all turns share.
struct Desk {
    turns: watch::Sender<Turns>,
    toolbox: Option<Toolbox>,
    verifier: Verifier,
}

/// What a prompt asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Script {
    Speak,
    Fail,
    FailMidway,
    Cut,
    Slow(Duration),
    Silent(Duration),
    /// Megabytes
    Flood(usize),
}

impl Script {
    fn read(prompt: &str) -> Self {
        let number = |prefix| {
            let number = prompt.strip_prefix(prefix)?.parse::<u64>().ok()?;
            (number <= MAX_SCRIPTED).then_some(number)
        };
        match prompt {
            "fail" => return Self::Fail,
            "fail midway" => return Self::FailMidway,
            "cut" => return Self::Cut,
            _ => {}
        }
        if let Some(seconds) = number("slow ") {
            return Self::Slow(Duration::from_secs(seconds));
        }
        if let Some(seconds) = number("silent ") {
            return Self::Silent(Duration::from_secs(seconds));
        }
        let flood = number("flood ").and_then(|megabytes| usize::try_from(megabytes).ok());
        flood.map_or(Self::Speak, Self::Flood)
    }
}

/// One step of an answer.
enum Step {
    Wait(Duration),
    Say(Value),
    /// Say what comes of it.
    Do(BoxFuture<'static, Value>),
    Break,
}

type Steps = Box<dyn Iterator<Item = Step> + Send>;

#[derive(Debug, thiserror::Error)]
#[error("the agent broke off, as it was asked to")]
struct BrokenOffError;

async fn invoke(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let count = |turns: &mut Turns| turns.started = turns.started.saturating_add(1);
    desk.turns.send_modify(count);
    let counted = Arc::clone(&desk);
    let mut watch = Watch::new(move |ended| counted.turns.send_modify(|turns| turns.count(ended)));
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, MAX_BODY)
        .await
        .unwrap_or_default();
    let request = serde_json::from_slice::<Value>(&body).ok();
    let prompt = request
        .as_ref()
        .and_then(|request| request.get("prompt"))
        .and_then(Value::as_str);
    let Some(prompt) = prompt else {
        let error = json!({ "error": "Invalid JSON", "details": "send {\"prompt\": \"...\"}" });
        return answer(StatusCode::BAD_REQUEST, &error).map(|body| watched(body, watch));
    };
    let script = Script::read(prompt);
    if script == Script::Fail {
        let error = json!({ "error": "the agent failed, as it was asked to" });
        return answer(StatusCode::INTERNAL_SERVER_ERROR, &error).map(|body| watched(body, watch));
    }
    let steps = match Wish::read(prompt) {
        _ if prompt == "whoami" => {
            let text = desk.verifier.introduce(&head.headers, &body).await;
            Box::new(iter::once(Step::Say(json!({ "text": text }))))
        }
        Some(wish) => errand(desk.toolbox.as_ref(), wish, &head.headers),
        None => steps(script, prompt, &head.headers),
    };
    if takes_events(&head.headers) {
        let mut response = Response::new(watched(Body::from_stream(events(steps)), watch));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        return response;
    }
    match document(steps).await {
        Ok(document) => answer(StatusCode::OK, &document).map(|body| watched(body, watch)),
        Err(BrokenOffError) => {
            watch.end(Ended::Cut);
            crate::listen::hang_up()
        }
    }
}

impl Turns {
    fn count(&mut self, ended: Ended) {
        let count = match ended {
            Ended::Complete => &mut self.finished,
            Ended::ClientGone => &mut self.abandoned,
            Ended::Cut => &mut self.cut,
        };
        *count = count.saturating_add(1);
    }
}

fn steps(script: Script, prompt: &str, headers: &HeaderMap) -> Steps {
    let mut pieces = speech(prompt, headers)
        .into_iter()
        .map(|text| Step::Say(json!({ "text": text })));
    let first = pieces.next();
    let rest = pieces.flat_map(|piece| [Step::Wait(PAUSE), piece]);
    let error = json!({
        "error": "the agent failed, as it was asked to",
        "error_type": "RuntimeError",
        "message": "An error occurred during streaming",
    });
    match script {
        Script::Speak | Script::Fail => Box::new(first.into_iter().chain(rest)),
        Script::FailMidway => Box::new(first.into_iter().chain([Step::Say(error)])),
        Script::Cut => Box::new(first.into_iter().chain([Step::Wait(PAUSE), Step::Break])),
        Script::Slow(time) => Box::new(iter::once(Step::Wait(time)).chain(first).chain(rest)),
        Script::Silent(time) => Box::new(first.into_iter().chain([Step::Wait(time)]).chain(rest)),
        Script::Flood(megabytes) => {
            let framing = "data: \"\"\n\n".len();
            let piece = Value::String("x".repeat(MEGABYTE.saturating_sub(framing)));
            Box::new(iter::repeat_with(move || Step::Say(piece.clone())).take(megabytes))
        }
    }
}

/// Two pieces: what the agent is about to do, and what came of it.
fn errand(toolbox: Option<&Toolbox>, wish: Wish, headers: &HeaderMap) -> Steps {
    let piece = |text: String| json!({ "text": text });
    let announced = Step::Say(piece(wish.announce()));
    let outcome = match toolbox {
        Some(toolbox) => Step::Do(Box::pin(toolbox.fulfil(wish, headers).map(piece))),
        None => Step::Say(piece("I was started without a gateway.".to_owned())),
    };
    Box::new([announced, outcome].into_iter())
}

/// Five pieces, which hold no header's value but the session's name: others may be credentials.
fn speech(prompt: &str, headers: &HeaderMap) -> [String; 5] {
    let session = headers
        .get(SESSION_ID)
        .and_then(|value| value.to_str().ok());
    let custom: Vec<&str> = headers
        .keys()
        .filter_map(|name| name.as_str().strip_prefix(CUSTOM_PREFIX))
        .collect();
    let user = headers.contains_key("workloadaccesstoken");
    [
        "Good day, this is the demonstration agent. ".to_owned(),
        format!("You asked: {prompt} "),
        format!(
            "This conversation runs in session {}. ",
            session.unwrap_or("(none)")
        ),
        match (user, custom.as_slice()) {
            (true, []) => "The platform named a user to me. ".to_owned(),
            (true, names) => {
                format!(
                    "The platform named a user to me, and passed on: {}. ",
                    names.join(", ")
                )
            }
            (false, []) => "Nobody told me who you are. ".to_owned(),
            (false, names) => format!("I was passed: {}. ", names.join(", ")),
        },
        "That is all.".to_owned(),
    ]
}

fn events(steps: Steps) -> impl Stream<Item = Result<Bytes, BrokenOffError>> {
    let perform = |step| async {
        match step {
            Step::Wait(time) => {
                tokio::time::sleep(time).await;
                None
            }
            Step::Say(piece) => Some(Ok(event(&piece))),
            Step::Do(outcome) => Some(Ok(event(&outcome.await))),
            Step::Break => Some(Err(BrokenOffError)),
        }
    };
    stream::iter(steps).then(perform).filter_map(future::ready)
}

fn event(piece: &Value) -> Bytes {
    Bytes::from(format!("data: {piece}\n\n"))
}

/// All pieces as one list. An answer that floods is as large as it was asked to be.
async fn document(steps: Steps) -> Result<Value, BrokenOffError> {
    let mut pieces = Vec::new();
    for step in steps {
        match step {
            Step::Wait(time) => tokio::time::sleep(time).await,
            Step::Say(piece) => pieces.push(piece),
            Step::Do(outcome) => pieces.push(outcome.await),
            Step::Break => return Err(BrokenOffError),
        }
    }
    Ok(json!({ "answer": pieces }))
}

fn answer(status: StatusCode, body: &Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

fn ping(started_at: u64) -> Response {
    answer(
        StatusCode::OK,
        &json!({ "status": "Healthy", "time_of_last_update": started_at }),
    )
}

/// A client that does not say takes anything (RFC 9110, section 12.5.1); a range with `q=0` is refused.
fn takes_events(headers: &HeaderMap) -> bool {
    let mut ranges = headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .peekable();
    ranges.peek().is_none()
        || ranges.any(|range| {
            let mut parts = range.split(';').map(str::trim);
            let kind = parts.next().unwrap_or_default();
            let refused = parts
                .filter_map(|part| part.strip_prefix("q="))
                .any(|weight| weight.parse::<f32>().is_ok_and(|weight| weight <= 0.0));
            matches!(kind, "text/event-stream" | "text/*" | "*/*") && !refused
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_is_a_script_only_if_it_is_exactly_one() {
        for (prompt, expected) in [
            ("fail", Script::Fail),
            ("fail midway", Script::FailMidway),
            ("cut", Script::Cut),
            ("slow 5", Script::Slow(Duration::from_secs(5))),
            ("silent 1000", Script::Silent(Duration::from_secs(1000))),
            ("flood 200", Script::Flood(200)),
            ("flood 1001", Script::Speak),
            ("silent -1", Script::Speak),
            ("slow", Script::Speak),
            ("please fail", Script::Speak),
            ("", Script::Speak),
        ] {
            assert_eq!(Script::read(prompt), expected, "{prompt}");
        }
    }

    #[test]
    fn events_are_for_those_who_take_them() {
        for (accept, expected) in [
            (None, true),
            (Some("*/*"), true),
            (Some("application/json, text/event-stream"), true),
            (Some("text/event-stream;q=0.5"), true),
            (Some("application/json"), false),
            (Some("application/json, text/event-stream;q=0"), false),
            (Some("text/event-stream; q=0.0"), false),
        ] {
            let mut headers = HeaderMap::new();
            headers.extend(accept.map(|accept| (ACCEPT, HeaderValue::from_static(accept))));
            assert_eq!(takes_events(&headers), expected, "{accept:?}");
        }
    }

    #[test]
    fn the_agent_repeats_no_value_of_a_custom_header() {
        let mut headers = HeaderMap::new();
        let name = "x-amzn-bedrock-agentcore-runtime-custom-tool-token";
        headers.insert(name, HeaderValue::from_static("secret-of-the-caller"));
        headers.insert(
            "workloadaccesstoken",
            HeaderValue::from_static("secret-of-the-caller"),
        );
        let speech = speech("hello", &headers).concat();
        assert!(speech.contains("tool-token") && !speech.contains("secret-of-the-caller"));
    }
}
