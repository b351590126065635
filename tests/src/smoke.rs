//! The steps of `make smoke`: what must hold at any door, deployed or local.
//!
//! A step is one line: `ok`, or `FAILED` with what was expected and what came. Nothing secret is in it, nor any text that
//! the door or an agent sent: statuses, and names from lists of our own.

mod client;

use std::fmt;
use std::time::Duration;

use hyper::http::{Method, StatusCode, header};
use serde_json::{Value, json};

use client::{Asked, Client, Got};

/// What is walked through, and as whom.
pub struct Journey {
    /// Where the door is, without a slash at its end: https, or http on this machine.
    pub url: String,
    /// A good access token.
    pub token: String,
    /// The agent to speak with; none: the first that admits the token's bearer.
    pub agent: Option<String>,
}

/// What came of one step.
pub struct Step {
    name: &'static str,
    expected: &'static str,
    outcome: Result<String, String>,
}

impl Step {
    /// Whether what was expected came.
    pub fn is_ok(&self) -> bool {
        self.outcome.is_ok()
    }

    /// What it is called.
    pub fn name(&self) -> &'static str {
        self.name
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.outcome {
            Ok(came) => write!(f, "ok      {}: {came}", self.name),
            Err(came) => write!(
                f,
                "FAILED  {}: expected {}; got {came}",
                self.name, self.expected
            ),
        }
    }
}

/// Longer than an agent takes to start, shorter than anybody's patience.
const TIMEOUT: Duration = Duration::from_secs(120);

impl Journey {
    /// Takes every step, whatever came of those before.
    ///
    /// # Errors
    /// Why no step can be taken: the address is none that a token may be sent to.
    pub async fn take(self) -> Result<Vec<Step>, String> {
        let client = Client::new(&self.url, TIMEOUT)?;
        let walk = Walk {
            client,
            token: self.token,
        };
        let mut steps = walk.open_steps().await;
        steps.extend(walk.shut_steps().await);
        let (whoami, admitting) = walk.whoami().await;
        steps.push(whoami);
        steps.push(walk.unknown_agent().await);
        let agent = self.agent.or(admitting).unwrap_or_default();
        let (turn, conversation) = walk.turn(&agent).await;
        steps.push(turn);
        steps.push(walk.end(&agent, conversation.as_deref()).await);
        Ok(steps)
    }
}

struct Walk {
    client: Client,
    token: String,
}

impl Walk {
    fn get(path: &str) -> Asked {
        Asked::new(Method::GET, path)
    }

    /// As the bearer of the token.
    fn with_token(&self, asked: Asked) -> Asked {
        asked.bearer(&self.token)
    }

    /// Asks, and checks what came; the check says what it saw, or nothing if it is not what is expected.
    async fn step(
        &self,
        name: &'static str,
        expected: &'static str,
        asked: Asked,
        check: impl FnOnce(&Got) -> Option<String>,
    ) -> Step {
        let outcome = match self.client.ask(asked).await {
            Ok(got) => check(&got).ok_or_else(|| got.seen()),
            Err(why) => Err(why),
        };
        Step {
            name,
            expected,
            outcome,
        }
    }

    /// What needs no token.
    async fn open_steps(&self) -> Vec<Step> {
        let health = |got: &Got| {
            let is_well = got.status == StatusCode::OK && got.json()["status"] == "ok";
            is_well.then(|| "200".to_owned())
        };
        let preflight =
            |got: &Got| (got.status == StatusCode::NO_CONTENT).then(|| "204".to_owned());
        let ask_first = Asked::new(Method::OPTIONS, "/whoami")
            .header("origin", "https://smoke.example")
            .header("access-control-request-method", "GET");
        vec![
            self.step(
                "health",
                "200 and that it is well",
                Self::get("/healthz"),
                health,
            )
            .await,
            self.step(
                "keys",
                "200 and a list of keys, or 404 where the door signs nothing",
                Self::get("/.well-known/jwks.json"),
                |got| list_or_none(got, "keys"),
            )
            .await,
            self.step(
                "metadata",
                "200 and a list of authorization servers, or 404 where there is none",
                Self::get("/.well-known/oauth-protected-resource"),
                |got| list_or_none(got, "authorization_servers"),
            )
            .await,
            self.step("preflight", "204", ask_first, preflight).await,
        ]
    }

    /// What must not be let in.
    async fn shut_steps(&self) -> Vec<Step> {
        let refused = |got: &Got| {
            let challenge = got.header(header::WWW_AUTHENTICATE);
            let is_refused = got.status == StatusCode::UNAUTHORIZED
                && got.json()["code"] == "unauthorized"
                && challenge.starts_with("Bearer");
            is_refused.then(|| "401 with WWW-Authenticate".to_owned())
        };
        let expected = "401 with WWW-Authenticate";
        let tampered = Self::get("/whoami").bearer(&tampered(&self.token));
        vec![
            self.step("no token", expected, Self::get("/whoami"), refused)
                .await,
            self.step("tampered token", expected, tampered, refused)
                .await,
        ]
    }

    /// Who the door takes the bearer for, and the first agent that admits them.
    async fn whoami(&self) -> (Step, Option<String>) {
        let mut first = None;
        let asked = self.with_token(Self::get("/whoami"));
        let step = self.step("whoami", "200, a subject and agents", asked, |got| {
            let whoami = got.json();
            let agents = whoami["agents"].as_array()?;
            let is_known = got.status == StatusCode::OK && whoami["subject"].is_string();
            first = agents.first().and_then(Value::as_str).map(str::to_owned);
            is_known.then(|| format!("200, {} agents", agents.len()))
        });
        let step = step.await;
        (step, first)
    }

    async fn unknown_agent(&self) -> Step {
        let asked = self.turn_with("no-such-agent");
        let expected = "404 unknown_agent";
        self.step("unknown agent", expected, asked, |got| {
            let is_told =
                got.status == StatusCode::NOT_FOUND && got.json()["code"] == "unknown_agent";
            is_told.then(|| expected.to_owned())
        })
        .await
    }

    fn turn_with(&self, agent: &str) -> Asked {
        let path = format!("/agents/{agent}/invocations");
        self.with_token(Asked::new(Method::POST, &path))
            .header("accept", "text/event-stream, application/json")
            .json(&json!({"prompt": "Hello, is this door in order?"}))
    }

    /// An agent's answer, and the conversation it began.
    async fn turn(&self, agent: &str) -> (Step, Option<String>) {
        let mut conversation = None;
        let expected = "200, a conversation, and a stream in pieces or one whole answer";
        let step = self.step(
            "an agent's answer",
            expected,
            self.turn_with(agent),
            |got| {
                let name = got.header(header::HeaderName::from_static("x-conversation-id"));
                let is_stream = got
                    .header(header::CONTENT_TYPE)
                    .starts_with("text/event-stream");
                let is_answer =
                    got.status == StatusCode::OK && !got.body.is_empty() && !name.is_empty();
                let is_whole = !is_stream || got.pieces > 1;
                conversation = (!name.is_empty()).then(|| name.to_owned());
                let kind = if is_stream { "streamed" } else { "whole" };
                (is_answer && is_whole).then(|| {
                    let (pieces, millis) = (got.pieces, got.spread.as_millis());
                    format!("200, {kind}, in {pieces} pieces over {millis} ms")
                })
            },
        );
        let step = step.await;
        (step, conversation)
    }

    /// The end of the conversation that the answer began.
    async fn end(&self, agent: &str, conversation: Option<&str>) -> Step {
        let path = format!(
            "/agents/{agent}/conversations/{}",
            conversation.unwrap_or("none-began")
        );
        let asked = self.with_token(Asked::new(Method::DELETE, &path));
        self.step("the conversation's end", "204", asked, |got| {
            let is_over = got.status == StatusCode::NO_CONTENT && conversation.is_some();
            is_over.then(|| "204".to_owned())
        })
        .await
    }
}

/// A document with a list that is not empty, or 404.
fn list_or_none(got: &Got, member: &str) -> Option<String> {
    if got.status == StatusCode::NOT_FOUND {
        return Some("404, none here".to_owned());
    }
    let document = got.json();
    let list = document[member].as_array().filter(|list| !list.is_empty());
    let list = list.filter(|_| got.status == StatusCode::OK)?;
    Some(format!("200, {} listed", list.len()))
}

/// The token with one character of its signature changed, not the last, of which not every bit counts.
fn tampered(token: &str) -> String {
    let (signed, signature) = token.rsplit_once('.').unwrap_or((token, ""));
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    let rest: String = signature.chars().skip(1).collect();
    format!("{signed}.{first}{rest}")
}
