//! Load generator: many concurrent callers through the whole chain, and a few that call the agent directly.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::http::Request;
use hyper::http::request::Builder;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use local::stack::{DEMO_AGENT, Stack, USERS};
use serde_json::json;
use tests::{chain, memory};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

use crate::measure::{megabytes, millis};

type Http = Client<HttpConnector, Full<Bytes>>;

/// Callers that go straight to the agent meanwhile: enough for a median, too few to be a load of their own.
const DIRECT: usize = 4;
/// The first piece at once, then ten seconds of silence, then the others, 200 ms apart.
const PROMPT: &str = "silent 10";
/// The demonstration agent's last words.
const LAST_WORDS: &[u8] = b"That is all.";
/// Failures that are told one by one.
const MOST_TOLD: usize = 10;

/// What so many callers at once saw.
#[derive(Clone, Debug)]
pub struct Load {
    /// Answers that came whole
    pub turns: usize,
    /// What went wrong with the others; the first ten
    pub failures: Vec<String>,
    /// The most streams that were open at once
    pub most_at_once: usize,
    /// Until the first piece, through the chain
    pub through: Delay,
    /// Until the first piece, straight from the agent
    pub direct: Delay,
    /// Processes of the proxy at the end
    pub proxies: usize,
    /// MB, of the proxy process that ever had most
    pub proxy_peak: f64,
}

/// A distribution.
#[derive(Clone, Copy, Debug)]
pub struct Delay {
    /// Milliseconds
    pub median: f64,
    /// Milliseconds, which one of a hundred exceeds
    pub p99: f64,
}

/// Has so many callers ask one turn after the other for so long. They come one by one, each when the one before has its
/// first answer, as callers do; the time counts from when all are there.
pub async fn load(callers: usize, time: Duration) -> Load {
    let stack = chain(Vec::new()).await;
    let client: Http = Client::builder(TokioExecutor::new()).build_http();
    let (phase, phases) = watch::channel(Phase::Arriving);
    let open = Arc::new(Open::default());
    let mut through = JoinSet::new();
    for number in 0..callers {
        let (arrived, there) = oneshot::channel();
        let token = stack.issuer().access_token(USERS[number % USERS.len()]);
        let caller = Caller {
            client: client.clone(),
            address: format!("{}/agents/{DEMO_AGENT}/invocations", stack.url()),
            token: Some(token.unwrap()),
            open: Arc::clone(&open),
            arrived: Some(arrived),
        };
        through.spawn(caller.ask_on(phases.clone()));
        there.await.unwrap();
    }
    let mut direct = JoinSet::new();
    for _ in 0..DIRECT {
        let caller = Caller {
            client: client.clone(),
            address: format!("{}/invocations", stack.agent().unwrap().url()),
            token: None,
            open: Arc::default(),
            arrived: None,
        };
        direct.spawn(caller.ask_on(phases.clone()));
    }
    phase.send_replace(Phase::Measured);
    tokio::time::sleep(time).await;
    phase.send_replace(Phase::Over);
    let through = Seen::of_all(through.join_all().await);
    let direct = Seen::of_all(direct.join_all().await);
    let (proxies, proxy_peak) = proxies(&stack);
    stack.stop().await;
    Load {
        turns: through.turns + direct.turns,
        failures: [through.failures, direct.failures].concat(),
        most_at_once: open.most.load(Ordering::SeqCst),
        through: Delay::of(through.delays),
        direct: Delay::of(direct.delays),
        proxies,
        proxy_peak,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Arriving,
    Measured,
    Over,
}

/// How many streams are open.
#[derive(Default)]
struct Open {
    now: AtomicUsize,
    most: AtomicUsize,
}

struct Caller {
    client: Http,
    address: String,
    token: Option<String>,
    open: Arc<Open>,
    /// Told when its first answer begins, or fails to
    arrived: Option<oneshot::Sender<()>>,
}

#[derive(Default)]
struct Seen {
    turns: usize,
    failures: Vec<String>,
    delays: Vec<f64>,
}

impl Caller {
    async fn ask_on(mut self, phases: watch::Receiver<Phase>) -> Seen {
        let mut seen = Seen::default();
        while *phases.borrow() != Phase::Over && seen.failures.len() < MOST_TOLD {
            let measured = *phases.borrow() == Phase::Measured;
            match self.ask().await {
                Ok(delay) => {
                    seen.turns += 1;
                    seen.delays.extend(measured.then_some(millis(delay)));
                }
                Err(failure) => seen.failures.push(failure),
            }
        }
        seen
    }

    /// One turn; how long its first piece took.
    async fn ask(&mut self) -> Result<Duration, String> {
        let asked = Instant::now();
        let answer = self.client.request(self.turn()).await;
        if let Some(arrived) = self.arrived.take() {
            arrived.send(()).unwrap();
        }
        let mut answer = answer.map_err(|error| error.to_string())?;
        let now = self.open.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.open.most.fetch_max(now, Ordering::SeqCst);
        let outcome = self.read(&mut answer, asked).await;
        self.open.now.fetch_sub(1, Ordering::SeqCst);
        outcome
    }

    async fn read(
        &self,
        answer: &mut hyper::Response<hyper::body::Incoming>,
        asked: Instant,
    ) -> Result<Duration, String> {
        let status = answer.status();
        let (mut first, mut text) = (None, Vec::new());
        while let Some(frame) = answer.frame().await {
            let frame = frame.map_err(|error| error.to_string())?;
            first.get_or_insert_with(|| asked.elapsed());
            text.extend_from_slice(frame.data_ref().unwrap_or(&Bytes::new()));
        }
        let whole = text
            .windows(LAST_WORDS.len())
            .any(|part| part == LAST_WORDS);
        first
            .filter(|_| status == 200 && whole)
            .ok_or_else(|| format!("{status} {}", String::from_utf8_lossy(&text)))
    }

    fn turn(&self) -> Request<Full<Bytes>> {
        let bearer = |request: Builder| match &self.token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        };
        bearer(Request::post(&self.address))
            .header("content-type", "application/json")
            .header("accept", "text/event-stream")
            .body(Full::from(json!({ "prompt": PROMPT }).to_string()))
            .unwrap()
    }
}

impl Seen {
    fn of_all(all: Vec<Self>) -> Self {
        let mut sum = Self::default();
        for seen in all {
            sum.turns += seen.turns;
            sum.delays.extend(seen.delays);
            let room = MOST_TOLD.saturating_sub(sum.failures.len());
            sum.failures.extend(seen.failures.into_iter().take(room));
        }
        sum
    }
}

impl Delay {
    fn of(mut delays: Vec<f64>) -> Self {
        delays.sort_unstable_by(f64::total_cmp);
        Self {
            median: delays[delays.len() / 2],
            p99: delays[delays.len() * 99 / 100],
        }
    }
}

/// How many processes the proxy has, and MB that the largest of them ever had resident.
fn proxies(stack: &Stack) -> (usize, f64) {
    let processes = stack.function("ProxyFunction").unwrap().processes();
    let peaks = processes.iter().map(|process| memory(process.pid).peak);
    (processes.len(), megabytes(peaks.max().unwrap()))
}
