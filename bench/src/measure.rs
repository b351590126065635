//! Paired measurements. The two sides alternate, so that a slow machine slows both.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::http::Request;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use local::agent::Agent;
use local::agentcore_runtime::Fault;
use mint::Key;
use serde_json::json;
use tests::{
    Lambda, ProxyRequest, Settings, authorizer_events, claims, data_plane, memory, trusted,
};

use crate::Check;

/// The program that the functions are compared with.
const EMPTY: &str = "empty_function";
/// Checks timed as one, because a clock is coarse beside a single one.
const BATCH: u32 = 20;
/// After so many invocations a function holds what it will hold.
const SETTLED: usize = 100;
/// KiB
const PER_MB: f64 = 1000.0;

/// The median of pairwise ratios.
pub type Ratio = f64;

/// One check of one token.
#[derive(Clone, Copy, Debug)]
pub struct Gate {
    /// Microseconds
    pub gate: f64,
    /// Microseconds
    pub raw: f64,
    /// The whole gate, in raw signature checks
    pub ratio: Ratio,
}

/// Checks a token so many times in each way, in turn.
pub fn gate_over_raw(check: &Check, pairs: usize) -> Gate {
    let batch = |run: &dyn Fn()| {
        let started = Instant::now();
        (0..BATCH).for_each(|_| run());
        started.elapsed() / BATCH
    };
    let (mut gates, mut raws, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..pairs {
        let gate = batch(&|| check.whole_gate());
        let raw = batch(&|| check.raw_signature());
        gates.push(millis(gate) * 1000.0);
        raws.push(millis(raw) * 1000.0);
        ratios.push(gate.div_duration_f64(raw));
    }
    Gate {
        gate: median(gates),
        raw: median(raws),
        ratio: median(ratios),
    }
}

/// From the start of the process to its first poll; the functions' keys are in their settings, so no network is in it.
#[derive(Clone, Copy, Debug)]
pub struct Starts {
    /// Milliseconds
    pub empty: f64,
    /// In starts of the empty function
    pub authorizer: Ratio,
    /// Milliseconds
    pub proxy: f64,
}

/// Starts each function so many times, in turn.
pub async fn starts(rounds: usize) -> Starts {
    let settings = settings(&Key::rsa("one"));
    let (mut empty, mut authorizer, mut proxy) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let least = init(EMPTY, Settings::none()).await;
        empty.push(millis(least));
        authorizer.push(
            init("authorizer", settings.clone())
                .await
                .div_duration_f64(least),
        );
        proxy.push(millis(init("proxy", settings.clone()).await));
    }
    Starts {
        empty: median(empty),
        authorizer: median(authorizer),
        proxy: median(proxy),
    }
}

pub(crate) async fn init(name: &str, settings: Settings) -> Duration {
    let function = Lambda::start(name, settings).await;
    let init = function.init();
    function.stop().await;
    init
}

/// One invocation of a process that is up.
#[derive(Clone, Copy, Debug)]
pub struct Warm {
    /// Milliseconds
    pub empty: f64,
    /// Milliseconds
    pub authorizer: f64,
    /// The authorizer, in invocations of the empty function with one raw signature check each
    pub ratio: Ratio,
}

/// Invokes both functions so many times, in turn, with the same event.
pub async fn warm(rounds: usize) -> Warm {
    let key = Key::rsa("one");
    let check = Check::rs256();
    let event = event(&key);
    let empty = Lambda::start(EMPTY, Settings::none()).await;
    let authorizer = Lambda::authorizer(settings(&key)).await;
    let (mut empties, mut authorizers, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let least = invocation(&empty, &event).await;
        let measured = invocation(&authorizer, &event).await;
        let started = Instant::now();
        check.raw_signature();
        let raw = started.elapsed();
        empties.push(millis(least));
        authorizers.push(millis(measured));
        ratios.push(measured.div_duration_f64(least + raw));
    }
    empty.stop().await;
    authorizer.stop().await;
    Warm {
        empty: median(empties),
        authorizer: median(authorizers),
        ratio: median(ratios),
    }
}

/// MB that the authorizer has resident when it has settled; then the empty function.
pub async fn resident_after() -> (f64, f64) {
    let key = Key::rsa("one");
    let event = event(&key);
    let authorizer = Lambda::authorizer(settings(&key)).await;
    let empty = Lambda::start(EMPTY, Settings::none()).await;
    for _ in 0..SETTLED {
        invocation(&authorizer, &event).await;
        invocation(&empty, &event).await;
    }
    let resident = [&authorizer, &empty].map(|function| megabytes(memory(function.pid()).resident));
    authorizer.stop().await;
    empty.stop().await;
    (resident[0], resident[1])
}

/// From the request to the first piece of the agent's answer.
#[derive(Clone, Copy, Debug)]
pub struct FirstByte {
    /// Milliseconds, straight from the agent
    pub direct: f64,
    /// Milliseconds, through Lambda's Runtime API, the proxy and AgentCore's emulator
    pub proxied: f64,
    /// The median of the differences, in milliseconds
    pub added: f64,
}

/// Asks the agent so many times, in turn directly and through the proxy.
pub async fn first_byte(rounds: usize) -> FirstByte {
    let key = Key::rsa("one");
    let agent = Agent::start().await.unwrap();
    let plane = data_plane(&agent).await;
    let proxy = Lambda::proxy(settings(&key).with_data_plane(&plane)).await;
    let client = Client::builder(TokioExecutor::new()).build_http();
    // One piece and a short end: the next round must not wait for the agent's pauses.
    let prompt = "fail midway";
    let turn = ProxyRequest::turn("demo", &key.token("RS256", &claims()), prompt);
    let (mut direct, mut proxied, mut added) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let without = directly(&client, &agent, prompt).await;
        let started = Instant::now();
        let mut reply = proxy.call(&turn).await;
        reply.next().await.unwrap();
        let with = started.elapsed();
        reply.rest().await;
        direct.push(millis(without));
        proxied.push(millis(with));
        added.push(millis(with) - millis(without));
    }
    proxy.stop().await;
    FirstByte {
        direct: median(direct),
        proxied: median(proxied),
        added: median(added),
    }
}

async fn directly(
    client: &Client<HttpConnector, Full<Bytes>>,
    agent: &Agent,
    prompt: &str,
) -> Duration {
    let request = Request::post(format!("{}/invocations", agent.url()))
        .header("content-type", "application/json")
        .header("accept", "text/event-stream")
        .body(Full::new(Bytes::from(
            json!({ "prompt": prompt }).to_string(),
        )))
        .unwrap();
    let started = Instant::now();
    let mut answer = client.request(request).await.unwrap();
    answer.frame().await.unwrap().unwrap();
    let elapsed = started.elapsed();
    answer.collect().await.unwrap();
    elapsed
}

/// The most MB that the proxy ever has resident while so many bytes pass through it.
pub async fn streaming_peak(bytes: u64) -> f64 {
    let key = Key::rsa("one");
    let agent = Agent::start().await.unwrap();
    let plane = data_plane(&agent).await;
    let proxy = Lambda::proxy(settings(&key).with_data_plane(&plane)).await;
    plane.inject(Fault::Flood(bytes));
    let turn = ProxyRequest::turn("demo", &key.token("RS256", &claims()), "hello");
    let mut reply = proxy.call(&turn).await;
    let mut received = 0;
    while let Some(piece) = reply.next().await {
        received += u64::try_from(piece.len()).unwrap();
    }
    assert_eq!(received, bytes);
    let peak = megabytes(memory(proxy.pid()).peak);
    proxy.stop().await;
    peak
}

async fn invocation(function: &Lambda, event: &Bytes) -> Duration {
    let started = Instant::now();
    function.invoke(event.clone()).await.unwrap();
    started.elapsed()
}

/// A good question of API Gateway.
fn event(key: &Key) -> Bytes {
    let bearer = format!("Bearer {}", key.token("RS256", &claims()));
    let events = authorizer_events(&bearer, "POST/agents/demo/invocations");
    let request = events.into_iter().find(|(kind, _)| *kind == "REST REQUEST");
    Bytes::from(request.unwrap().1.to_string())
}

pub(crate) fn settings(key: &Key) -> Settings {
    Settings::new(&trusted(&[key], &json!({})))
}

pub(crate) fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// Of KiB.
pub(crate) fn megabytes(kibibytes: u64) -> f64 {
    f64::from(u32::try_from(kibibytes).unwrap()) * 1.024 / PER_MB
}

/// The value in the middle; of an even number of values, the upper of the two.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}
