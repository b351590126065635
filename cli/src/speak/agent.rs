//! An agent behind a door: its protocol, its conversations, and requests that are sent again where that is safe.

use std::time::Duration;

use reqwest::Response;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use serde_json::Value;
use shared::gate::AgentName;
use tokio::time::sleep;
use url::Url;

use crate::arguments::speak::Access;
use crate::failure::Failure;
use crate::log::line::shown;
use crate::speak::events::{Event, Parser};
use crate::speak::problem::Problem;
use crate::speak::random;
use crate::speak::session::Session;
use crate::speak::web::{Post, Web, unreachable, whole};
use crate::speak::who;
use crate::terminal::Terminal;

const CONVERSATION: &str = "x-conversation-id";
/// A limit that lasts longer is told rather than waited for.
const MAX_WAIT: Duration = Duration::from_secs(30);
const ATTEMPTS: u32 = 3;

/// The protocol of an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    A2a,
    Http,
    Mcp,
}

/// An agent, and one of the caller's conversations with it.
pub(crate) struct Agent {
    pub(crate) web: Web,
    pub(crate) session: Session,
    pub(crate) name: String,
    pub(crate) protocol: Protocol,
    /// Chosen here, so that it is known before the agent answers.
    pub(crate) conversation: String,
}

impl Agent {
    /// Asks the door what the agent speaks.
    pub(crate) async fn open(
        access: &Access,
        name: &str,
        conversation: Option<&str>,
        terminal: &mut Terminal,
    ) -> Result<Self, Failure> {
        if AgentName::parse(name).is_none() {
            return Err(Failure::usage(
                format!("`{}` is no name that an agent can have", shown(name)),
                "`gatehouse agents` lists the agents that admit you",
            ));
        }
        let is_id = |id: &str| shared::text::is_word(id, 128, b"_-");
        if !conversation.is_none_or(is_id) {
            return Err(Failure::usage(
                "`--conversation` is no id of a conversation",
                "give 1 to 128 letters, digits, `_` and `-`, as `call` says it",
            ));
        }
        let web = Web::new()?;
        let mut session = Session::open(access, &web, terminal).await?;
        let caller = who::of(&mut session, &web).await?;
        let protocols = who::protocols(&caller);
        let spoken = protocols.iter().find(|(agent, _)| agent == name);
        let protocol = match spoken.map(|(_, protocol)| protocol.as_str()) {
            // What does not admit the caller is asked all the same: the door says why.
            None | Some("http") => Protocol::Http,
            Some("a2a") => Protocol::A2a,
            Some("mcp") => Protocol::Mcp,
            Some(other) => {
                return Err(Failure::usage(
                    format!("the agent `{name}` speaks `{other}`, which this version does not"),
                    "take a newer version of `gatehouse`",
                ));
            }
        };
        Ok(Self {
            web,
            session,
            name: name.to_owned(),
            protocol,
            conversation: conversation.map_or_else(random::id, |id| Ok(id.to_owned()))?,
        })
    }

    /// An address below the agent's.
    pub(crate) fn at(&self, path: &str) -> Result<Url, Failure> {
        let address = self
            .session
            .door
            .at(&format!("/agents/{}{path}", self.name));
        Url::parse(&address).map_err(|_| Failure::usage("the door has no address", "give `--door`"))
    }

    /// Sends a message of the conversation, and again after a refusal that says that nothing was done: the token was over
    /// (once), or the door is busy and says for how long. An answer that is no success is a failure.
    pub(crate) async fn send(
        &mut self,
        path: &str,
        headers: &[(&'static str, &str)],
        body: &Value,
    ) -> Result<Response, Failure> {
        let url = self.at(path)?;
        let conversation = self.conversation.clone();
        let mut headers = headers.to_vec();
        // MCP has sessions of its own.
        if self.protocol != Protocol::Mcp {
            headers.push((CONVERSATION, conversation.as_str()));
        }
        let mut is_renewed = false;
        let mut attempt = 1;
        loop {
            let post = Post {
                url: &url,
                token: &self.session.token,
                headers: &headers,
                body: body.to_string(),
            };
            let response = self.web.post(&post).await?;
            let status = response.status().as_u16();
            if (200..300).contains(&status) {
                return Ok(response);
            }
            let wait = wait(&response);
            let answer = whole(response, &url).await?;
            if status == 401 && !is_renewed && self.session.renew(&self.web).await? {
                is_renewed = true;
                continue;
            }
            match wait.filter(|_| [409, 429].contains(&status) && attempt < ATTEMPTS) {
                Some(wait) => sleep(wait).await,
                None => {
                    return Err(Problem::of(&answer).failure(&format!("the agent `{}`", self.name)));
                }
            }
            attempt = attempt.saturating_add(1);
        }
    }

    /// Deletes the conversation, which also ends a turn that still runs.
    pub(crate) async fn end(&mut self) -> Result<(), Failure> {
        let url = self.at(&format!("/conversations/{}", self.conversation))?;
        let answer = self.web.delete(&url, &self.session.token, &[]).await?;
        if answer.is_good() {
            Ok(())
        } else {
            Err(Problem::of(&answer).failure(&format!("the conversation `{}`", self.conversation)))
        }
    }
}

/// The pause that the door asks for, if that is not too long.
fn wait(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    let wait = Duration::from_secs(seconds.parse().ok()?);
    (wait <= MAX_WAIT).then_some(wait)
}

/// An answer's events as they come. An answer that is one JSON document is one event.
pub(crate) struct Answer {
    response: Response,
    url: Url,
    parser: Option<Parser>,
    document: Vec<u8>,
    ready: std::vec::IntoIter<Event>,
}

/// Far more than an answer for people.
const MAX_DOCUMENT: usize = 32 * 1024 * 1024;

impl Answer {
    pub(crate) fn new(response: Response, url: Url) -> Self {
        let kind = response.headers().get(CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let is_stream = kind.to_ascii_lowercase().starts_with("text/event-stream");
        Self {
            parser: is_stream.then(Parser::default),
            response,
            url,
            document: Vec::new(),
            ready: Vec::new().into_iter(),
        }
    }

    /// The next event; nothing at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Event>, Failure> {
        loop {
            if let Some(event) = self.ready.next() {
                return Ok(Some(event));
            }
            let piece = self.response.chunk().await;
            let Some(piece) = piece.map_err(|error| unreachable(&self.url, &error))? else {
                let document = std::mem::take(&mut self.document);
                let data = String::from_utf8_lossy(&document).into_owned();
                let name = String::new();
                return Ok((!data.trim().is_empty()).then_some(Event { name, data }));
            };
            let too_long = || {
                Failure::unreachable(
                    "the agent's answer is too long for a terminal",
                    "ask it with `curl`: `gatehouse token --header | curl -H @- ...`",
                )
            };
            match &mut self.parser {
                Some(parser) => {
                    let events = parser.push(&piece).map_err(|_| too_long())?;
                    self.ready = events.into_iter();
                }
                None => {
                    self.document.extend_from_slice(&piece);
                    if self.document.len() > MAX_DOCUMENT {
                        return Err(too_long());
                    }
                }
            }
        }
    }
}
