//! The endurance run: an agent that is silent for ten minutes, a signing key that takes over from the one before, and
//! an outage of Secrets Manager that outlasts the cache. Tests show the same with shorter settings or clocks that are
//! set; here nothing is shortened.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::http::StatusCode;
use local::agent::Agent;
use local::agentcore_runtime::{Call, Protocol};
use local::secrets_manager::Fault;
use local::stack::{AgentAuth, AgentSettings, DEMO_AGENT, Stack};
use serde_json::{Value, json};
use shared::secrets::HARD_AGE;
use shared::signing::SETTLING;
use tests::{chain, post};
use tokio::time::sleep;

const SILENCE: Duration = Duration::from_secs(10 * 60);
/// Between two comments to a caller whose agent is silent.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Between two turns of a caller who waits for something to happen.
const PACE: Duration = Duration::from_secs(2);
/// A process asks for the keys again some time after the new one has settled.
const SWITCH_PATIENCE: Duration = Duration::from_secs(SETTLING.as_secs() + 7 * 60);
/// How long turns go on after the new key has taken over: the old key's last assertions have run out by then.
const AFTER_SWITCH: Duration = Duration::from_secs(2 * 60);
/// The keys were last had at most five minutes before the outage began.
const OUTAGE_PATIENCE: Duration = Duration::from_secs(HARD_AGE.as_secs() + 2 * 60);
const IDENTITY: &str = "x-amzn-bedrock-agentcore-runtime-custom-identity";
/// Turns at a time.
const AT_ONCE: usize = 3;
const PLAIN_AGENT: &str = "plain";

/// A turn whose agent says nothing for ten minutes.
#[derive(Clone, Debug)]
pub struct Silence {
    /// Comments that came meanwhile
    pub heartbeats: usize,
    /// How many of them are due
    pub due: usize,
    /// Whether status and last words came
    pub is_whole: bool,
}

/// Turns around a rotation of the signing key.
#[derive(Clone, Debug)]
pub struct Switch {
    pub turns: usize,
    /// Turns that were not answered, or whose assertion the agent did not believe
    pub failures: Vec<String>,
    /// From the rotation to the first turn that the new key signed for; none if it never did
    pub after: Option<Duration>,
    /// Turns that the old key signed for after the new one had begun, by processes that heard of it later
    pub late: usize,
}

/// Turns while Secrets Manager is away.
#[derive(Clone, Debug)]
pub struct Outage {
    pub turns: usize,
    /// From the beginning of the outage to the first turn that was refused; none if none was
    pub lasted: Option<Duration>,
    /// Of that turn
    pub refusal: Option<(StatusCode, String)>,
    /// From the end of the outage to the next turn that was answered; none if there was none
    pub recovered: Option<Duration>,
}

/// A turn whose agent is silent for ten minutes.
pub async fn silence() -> Silence {
    let stack = chain(Vec::new()).await;
    let prompt = format!("silent {}", SILENCE.as_secs());
    let mut answer = ask(&stack, DEMO_AGENT, &prompt).await;
    let (mut text, mut heartbeats) = (Vec::new(), 0);
    let status = answer.status;
    while let Some(arrival) = answer.next().await {
        heartbeats += usize::from(arrival.bytes.starts_with(b":"));
        text.extend_from_slice(&arrival.bytes);
    }
    stack.stop().await;
    Silence {
        heartbeats,
        due: usize::try_from(SILENCE.as_secs() / HEARTBEAT.as_secs()).unwrap() - 1,
        is_whole: status == 200 && String::from_utf8_lossy(&text).contains("That is all."),
    }
}

/// Rotates the signing key, and has the agent prove each turn's caller until the new key has signed for a while.
pub async fn switch() -> Switch {
    let stack = chain(Vec::new()).await;
    let mut seen = Switch {
        turns: 0,
        failures: Vec::new(),
        after: None,
        late: 0,
    };
    let [old, ..] = prove(&stack, &mut seen).await;
    let rotated = Instant::now();
    let secret = stack.signing_secret();
    stack.secrets().rotate(secret).await.unwrap();
    let mut end = SWITCH_PATIENCE;
    while rotated.elapsed() < end {
        let ids = prove(&stack, &mut seen).await;
        if seen.after.is_none() && ids.iter().any(|id| *id != old) {
            seen.after = Some(rotated.elapsed());
            end = rotated.elapsed() + AFTER_SWITCH;
        }
        if seen.after.is_some() {
            seen.late += ids.iter().filter(|id| **id == old).count();
        }
        sleep(PACE).await;
    }
    stack.stop().await;
    seen
}

/// Takes Secrets Manager away for as long as turns are answered, and gives it back.
pub async fn outage() -> Outage {
    let agent = Agent::start().await.unwrap();
    let stack = chain(vec![AgentSettings {
        name: PLAIN_AGENT.to_owned(),
        url: agent.url().to_owned(),
        protocol: Protocol::Http,
        auth: AgentAuth::Iam,
    }])
    .await;
    let mut seen = Outage {
        turns: 0,
        lasted: None,
        refusal: None,
        recovered: None,
    };
    assert!(refused(&stack, &mut seen).await.is_none());
    let down = Fault::Error(StatusCode::BAD_REQUEST, "InternalServiceError");
    stack.secrets().set_fault(Some(down));
    let began = Instant::now();
    while seen.refusal.is_none() && began.elapsed() < OUTAGE_PATIENCE {
        sleep(PACE).await;
        seen.refusal = refused(&stack, &mut seen).await;
    }
    seen.lasted = seen.refusal.is_some().then(|| began.elapsed());
    stack.secrets().set_fault(None);
    let back = Instant::now();
    while seen.recovered.is_none() && back.elapsed() < OUTAGE_PATIENCE {
        sleep(PACE).await;
        let is_answered = refused(&stack, &mut seen).await.is_none();
        seen.recovered = is_answered.then(|| back.elapsed());
    }
    stack.stop().await;
    seen
}

async fn ask(stack: &Stack, agent: &str, prompt: &str) -> tests::Streaming {
    let token = stack.issuer().access_token("alice").unwrap();
    let address = format!("{}/agents/{agent}/invocations", stack.url());
    post(&address, Some(&token), &json!({ "prompt": prompt })).await
}

/// Turns at once, so that more than one process serves them, whose caller the agent proves; the ids of the keys that
/// signed for them.
async fn prove(stack: &Stack, seen: &mut Switch) -> [String; AT_ONCE] {
    let turn = async || ask(stack, DEMO_AGENT, "whoami").await.whole().await;
    let answers: [_; AT_ONCE] = tokio::join!(turn(), turn(), turn()).into();
    for answer in answers {
        seen.turns += 1;
        if answer.status != 200 || !answer.text().contains("You are alice") {
            let failure = format!("{} {}", answer.status, answer.text());
            seen.failures.push(failure);
        }
    }
    let calls = stack.data_plane().calls();
    let (_, calls) = calls.split_last_chunk::<AT_ONCE>().unwrap();
    calls.each_ref().map(key_id)
}

fn key_id(call: &Call) -> String {
    let assertion = call.forwarded[IDENTITY].to_str().unwrap();
    let header = URL_SAFE_NO_PAD.decode(assertion.split('.').next().unwrap());
    let header: Value = serde_json::from_slice(&header.unwrap()).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

/// A turn; how it was refused, if it was.
async fn refused(stack: &Stack, seen: &mut Outage) -> Option<(StatusCode, String)> {
    let answer = ask(stack, PLAIN_AGENT, "hello").await.whole().await;
    seen.turns += 1;
    let code = || answer.json()["code"].as_str().unwrap().to_owned();
    (answer.status != 200).then(|| (answer.status, code()))
}
