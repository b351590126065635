//! Smoke test of a door: what must hold at any door, deployed or local, step by step.
//!
//! Nothing secret is in a step, nor any text that the door or an agent sent: statuses, and names from lists of our own.

mod client;
mod refusal;
mod settings;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue, ORIGIN};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use shared::secret::Secret;

use crate::failure::Failure;
use crate::speak::door::Door;
use crate::speak::web::{Web, bearer};

use client::{Asked, Client, Got, text};
use refusal::own_refusal;
pub(crate) use settings::Documents;
use settings::{Told, digest};

/// One run of the smoke test: the door, and the caller whose token it uses.
pub(crate) struct Journey<'a> {
    pub(crate) web: &'a Web,
    pub(crate) door: &'a Door,
    /// A good access token.
    pub(crate) token: &'a Secret,
    /// The agent to speak with; none: the first that admits the token's bearer.
    pub(crate) agent: Option<&'a str>,
    /// The settings that the door should run with. The step `settings` compares them with those that it reports.
    pub(crate) documents: Option<&'a Documents>,
}

/// The steps, in their order.
pub(crate) struct Walked {
    pub(crate) steps: Vec<Step>,
    /// True if any request got an answer.
    pub(crate) has_answer: bool,
}

/// One step and its result.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) expected: &'static str,
    pub(crate) outcome: Result<String, String>,
}

impl Step {
    /// True if the door answered as expected.
    pub(crate) const fn is_ok(&self) -> bool {
        self.outcome.is_ok()
    }
}

impl Journey<'_> {
    /// Takes every step, whatever came of those before.
    ///
    /// # Errors
    /// No step can be taken with this token.
    pub(crate) async fn take(&self) -> Result<Walked, Failure> {
        let walk = Walk {
            client: Client::new(self.web, self.door),
            authorization: bearer(self.token)?,
            tampered: bearer(&tampered(self.token))?,
        };
        let mut told = Told::default();
        let mut steps = walk.open_steps(&mut told).await;
        steps.extend(walk.shut_steps().await);
        let (whoami, admitting) = walk.whoami(&mut told).await;
        steps.push(whoami);
        steps.push(Step {
            name: "settings",
            expected: "the same digest of the settings from /healthz, the proxy and the authorizer",
            outcome: told.compare(self.documents),
        });
        steps.push(walk.unknown_agent().await);
        let agent = self.agent.map(str::to_owned).or(admitting);
        let agent = agent.unwrap_or_default();
        let (turn, conversation) = walk.turn(&agent).await;
        steps.push(turn);
        steps.push(walk.end(&agent, conversation.as_deref()).await);
        Ok(Walked {
            steps,
            has_answer: walk.client.has_answer(),
        })
    }
}

struct Walk<'a> {
    client: Client<'a>,
    authorization: HeaderValue,
    tampered: HeaderValue,
}

impl Walk<'_> {
    fn get(path: &str) -> Asked {
        Asked::new(Method::GET, path)
    }

    /// As the bearer of the token.
    fn with_token(&self, asked: Asked) -> Asked {
        asked.authorized(&self.authorization)
    }

    /// Asks, and checks what came; the check says what it saw, good or bad.
    async fn step(
        &self,
        name: &'static str,
        expected: &'static str,
        asked: Asked,
        check: impl FnOnce(&Got) -> Result<String, String>,
    ) -> Step {
        let outcome = self.client.ask(asked).await;
        let outcome = outcome.and_then(|got| check(&got));
        Step {
            name,
            expected,
            outcome,
        }
    }

    /// The steps that need no token.
    async fn open_steps(&self, told: &mut Told) -> Vec<Step> {
        let health = |got: &Got| {
            let document = got.json();
            told.health = digest(&document, "settings");
            let is_well = got.status == StatusCode::OK && text(&document, "status") == Some("ok");
            got.expect(is_well, || "200".to_owned())
        };
        let preflight =
            |got: &Got| got.expect(got.status == StatusCode::NO_CONTENT, || "204".to_owned());
        let method = HeaderName::from_static("access-control-request-method");
        let ask_first = Asked::new(Method::OPTIONS, "/whoami")
            .header(ORIGIN, "https://smoke.example")
            .header(method, "GET");
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
                keys,
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

    /// The steps with requests that the door must refuse.
    async fn shut_steps(&self) -> Vec<Step> {
        let expected = "401 with WWW-Authenticate, the media type and the body of the door";
        let tampered = Self::get("/whoami").authorized(&self.tampered);
        vec![
            self.step("no token", expected, Self::get("/whoami"), own_refusal)
                .await,
            self.refused_streams(expected).await,
            self.step("tampered token", expected, tampered, own_refusal)
                .await,
        ]
    }

    /// The same 401 where an event stream is asked for: API Gateway chooses the body of its own answers by `Accept`.
    async fn refused_streams(&self, expected: &'static str) -> Step {
        let stream = |asked: Asked| asked.header(ACCEPT, "text/event-stream");
        let turn = Asked::new(Method::POST, "/agents/no-such-agent/invocations");
        let rows = [
            ("GET /whoami", Self::get("/whoami")),
            ("POST to an agent", turn.json(&json!({"prompt": "Hello"}))),
        ];
        let mut wrong = Vec::new();
        for (what, asked) in rows {
            let outcome = self.client.ask(stream(asked)).await;
            if let Err(why) = outcome.and_then(|got| own_refusal(&got)) {
                wrong.push(format!("for {what}: {why}"));
            }
        }
        let outcome = if wrong.is_empty() {
            Ok("401 twice, the door's own".to_owned())
        } else {
            Err(wrong.join("; "))
        };
        Step {
            name: "no token, event stream",
            expected,
            outcome,
        }
    }

    /// Who the door takes the bearer for, and the first agent that admits them.
    async fn whoami(&self, told: &mut Told) -> (Step, Option<String>) {
        let mut first = None;
        let asked = self.with_token(Self::get("/whoami"));
        let step = self.step("whoami", "200, a subject and agents", asked, |got| {
            let whoami = got.json();
            let of = |function| digest(whoami.get("settings")?, function);
            told.proxy = of("proxy");
            told.authorizer = of("authorizer");
            told.is_open = text(&whoami, "issuer") == Some("anonymous");
            let agents = whoami.get("agents").and_then(Value::as_array);
            let is_known = got.status == StatusCode::OK && text(&whoami, "subject").is_some();
            first = agents
                .and_then(|agents| agents.first()?.as_str())
                .map(str::to_owned);
            let count = agents.map_or(0, Vec::len);
            got.expect(is_known && agents.is_some(), || {
                format!("200, {count} agents")
            })
        });
        let step = step.await;
        (step, first)
    }

    async fn unknown_agent(&self) -> Step {
        let asked = self.turn_with("no-such-agent");
        let expected = "404 unknown_agent";
        self.step("unknown agent", expected, asked, |got| {
            let code = got.json();
            let is_told =
                got.status == StatusCode::NOT_FOUND && text(&code, "code") == Some("unknown_agent");
            got.expect(is_told, || expected.to_owned())
        })
        .await
    }

    fn turn_with(&self, agent: &str) -> Asked {
        let path = format!("/agents/{agent}/invocations");
        self.with_token(Asked::new(Method::POST, &path))
            .header(ACCEPT, "text/event-stream, application/json")
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
                let name = got.header(HeaderName::from_static("x-conversation-id"));
                let is_stream = got.header(CONTENT_TYPE).starts_with("text/event-stream");
                let is_answer =
                    got.status == StatusCode::OK && !got.body.is_empty() && !name.is_empty();
                let is_whole = !is_stream || got.pieces > 1;
                conversation = (!name.is_empty()).then(|| name.to_owned());
                let kind = if is_stream { "streamed" } else { "whole" };
                got.expect(is_answer && is_whole, || {
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
            got.expect(is_over, || "204".to_owned())
        })
        .await
    }
}

/// The keys, or why there are none yet: a secret that was just made is empty until its first rotation, which can fail while
/// the rights for it are not known everywhere.
fn keys(got: &Got) -> Result<String, String> {
    let document = got.json();
    let keys = document.get("keys").and_then(Value::as_array);
    let is_unreadable = text(&document, "code") == Some("signing_unavailable");
    let what = match got.status {
        StatusCode::OK if keys.is_some_and(Vec::is_empty) => "200 and no key",
        StatusCode::SERVICE_UNAVAILABLE if is_unreadable => "503 signing_unavailable",
        _ => return list_or_none(got, "keys"),
    };
    Err(format!(
        "{what}: the first rotation of the signing key has not happened; run `aws secretsmanager rotate-secret --secret-id \
         ARN` with the ARN of the stack's resource SigningSecret, and try again; if it stays so, the logs of the rotation and \
         of the proxy say why"
    ))
}

/// A document with a list that is not empty, or 404.
fn list_or_none(got: &Got, member: &str) -> Result<String, String> {
    if got.status == StatusCode::NOT_FOUND {
        return Ok("404, none here".to_owned());
    }
    let document = got.json();
    let list = document.get(member).and_then(Value::as_array);
    let count = list.map_or(0, Vec::len);
    got.expect(got.status == StatusCode::OK && count > 0, || {
        format!("200, {count} listed")
    })
}

/// The token with one character of its signature changed, not the last, of which not every bit counts.
fn tampered(token: &Secret) -> Secret {
    let token = token.reveal();
    let (signed, signature) = token.rsplit_once('.').unwrap_or((token, ""));
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    let rest: String = signature.chars().skip(1).collect();
    Secret::new(format!("{signed}.{first}{rest}"))
}
