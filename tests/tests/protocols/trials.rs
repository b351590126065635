//! Trials of one client: it meets each event, and is looked at from both sides.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use hyper::http::Request;
use local::stack::{FINANCE_AGENT, Stack};
use serde_json::{Value, json};
use tests::{JavaScript, get, send};
use tokio::time::timeout;

use super::clients::{Client, Program, Speech};

/// So many clients at a time: each has four calls open at once, and each call needs a process of the proxy.
const AT_ONCE: usize = 5;
/// What breaks is told within this, the client's start included: below the minute that clients wait by themselves.
const AT_ONCE_SECONDS: f64 = 40.0;
/// Far above what any step takes; a test that reaches it hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// What can become of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Event {
    /// The agent answers.
    Plain,
    /// It is silent for 17 seconds in between, and its events have ids.
    Pause,
    /// It answers 20 MB.
    Long,
    /// Its connection breaks between two events.
    Cut,
    /// Its connection breaks within an event.
    Torn,
    /// It falls silent.
    Silent,
    /// The token is no good.
    Unauthorized,
    /// The token lacks a right.
    Forbidden,
    /// The user gives the call up.
    Work,
}

impl Event {
    pub(super) const ALL: [Self; 9] = [
        Self::Plain,
        Self::Pause,
        Self::Long,
        Self::Cut,
        Self::Torn,
        Self::Silent,
        Self::Unauthorized,
        Self::Forbidden,
        Self::Work,
    ];

    /// As the programs call it.
    pub(super) const fn scenario(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Pause => "pause",
            Self::Long => "long",
            Self::Cut => "cut",
            Self::Torn => "torn",
            Self::Silent => "silent",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::Work => "work",
        }
    }

    /// Status, code and title with which the door says it.
    pub(super) const fn words(self) -> Option<(&'static str, &'static str, &'static str)> {
        match self {
            Self::Plain | Self::Pause | Self::Long | Self::Work => None,
            Self::Cut | Self::Torn => Some(("", "agent_cut", "The connection to the agent broke")),
            Self::Silent => Some(("", "agent_silent", "The agent sent nothing for too long")),
            Self::Unauthorized => Some(("401", "unauthorized", "A valid bearer token is needed")),
            Self::Forbidden => Some(("403", "forbidden", "The token does not give this right")),
        }
    }
}

/// What became of all events at one client.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) client: Client,
    /// What its user is shown, and after how many seconds.
    said: BTreeMap<Event, (String, f64)>,
    /// What becomes of 20 MB without the door in between; not tried where they come whole.
    direct: String,
    /// What the agent says of the call that was given up.
    given_up: Value,
}

/// Where clients are tried.
pub(super) struct Trial<'t> {
    pub(super) stack: &'t Stack,
    pub(super) agent: &'t str,
    pub(super) javascript: &'t JavaScript,
    pub(super) token: String,
}

impl Trial<'_> {
    pub(super) async fn of_all(&self, clients: &[Client]) -> Vec<Seen> {
        let trials = clients.iter().map(|client| self.of(client));
        stream::iter(trials).buffered(AT_ONCE).collect().await
    }

    async fn of(&self, client: &Client) -> Seen {
        let door = |agent| format!("{}{}", self.stack.url(), client.speech.path(agent));
        let through = [door(None), door(Some(FINANCE_AGENT))];
        let report = self.report(client, through, &Event::ALL).await;
        let said = Event::ALL.map(|event| {
            let seen = &report[event.scenario()];
            let text = self.normal(seen["said"].as_str().unwrap());
            (event, (text, seen["seconds"].as_f64().unwrap()))
        });
        let said = BTreeMap::from(said);
        let direct = match said[&Event::Long].0.as_str() {
            "whole" => "whole".to_owned(),
            _ => self.direct(client).await,
        };
        let given_up = self.given_up(client, &said[&Event::Work].0).await;
        Seen {
            client: *client,
            said,
            direct,
            given_up,
        }
    }

    /// What becomes of 20 MB without the door in between.
    async fn direct(&self, client: &Client) -> String {
        let url = format!("{}{}", self.agent, client.speech.direct());
        let seen = self.report(client, [url.clone(), url], &[Event::Long]);
        self.normal(seen.await["long"]["said"].as_str().unwrap())
    }

    async fn report(
        &self,
        client: &Client,
        [url, forbidden]: [String; 2],
        events: &[Event],
    ) -> Value {
        let mut arguments = vec![url, forbidden, self.agent.to_owned()];
        arguments.extend(events.iter().map(|event| event.scenario().to_owned()));
        match client.program {
            Program::JavaScript { script, .. } => {
                let report = self.javascript.report(script, &arguments, &self.token);
                report.await
            }
            Program::Python { python, script, .. } => {
                let report = python.report(script, &arguments, &self.token);
                report.await.unwrap()
            }
        }
    }

    /// What the agent knows of the call that was given up. If it works on, no other turn of that conversation gets in
    /// until it has ended.
    async fn given_up(&self, client: &Client, said: &str) -> Value {
        let at = |verb| format!("{}/{verb}/{}", self.agent, client.id);
        let seen = get(&at("seen"), None).await.json();
        if client.speech.has_turns() {
            let turn = self.another_turn(client).await;
            assert_eq!(turn, 409, "{}, which saw: {said}", client.id);
        }
        get(&at("finish"), None).await;
        if client.speech.has_turns() {
            let free = async { while self.another_turn(client).await == 409 {} };
            timeout(PATIENCE, free).await.unwrap();
        }
        seen
    }

    async fn another_turn(&self, client: &Client) -> u16 {
        let url = format!("{}{}", self.stack.url(), client.speech.path(None));
        let request = Request::post(url)
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/json")
            .header("x-conversation-id", client.id);
        let body = json!({"prompt": format!("scenario:plain:{}", client.id)});
        let request = request.body(Bytes::from(body.to_string())).unwrap();
        send(request).await.whole().await.status.into()
    }

    /// Without what differs from run to run.
    fn normal(&self, text: &str) -> String {
        let text = text.replace(self.stack.url(), "https://door.example.com");
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        without_ids(&words)
    }
}

/// Replaces each id: hexadecimal digits, with or without the hyphens of a UUID.
fn without_ids(text: &str) -> String {
    const LENGTH: usize = 32;
    let is_of_id = |letter: char| letter.is_ascii_hexdigit() || letter == '-';
    let (mut kept, mut rest) = (String::new(), text);
    while !rest.is_empty() {
        let length = rest.find(|letter| !is_of_id(letter)).unwrap_or(rest.len());
        let (run, others) = rest.split_at(length);
        kept.push_str(if run.len() < LENGTH { run } else { "…" });
        let length = others.find(is_of_id).unwrap_or(others.len());
        let (plain, next) = others.split_at(length);
        kept.push_str(plain);
        rest = next;
    }
    kept
}

impl Seen {
    pub(super) fn said(&self, event: Event) -> &str {
        &self.said[&event].0
    }

    /// What the page may never say, whatever the run has shown.
    pub(super) fn check(&self) {
        let id = self.client.id;
        for event in [Event::Plain, Event::Pause] {
            assert_eq!(self.said(event), "whole", "{id} {event:?}");
        }
        assert_eq!(
            self.said(Event::Long),
            self.direct,
            "{id}: as without the door"
        );
        for event in [Event::Cut, Event::Torn, Event::Silent] {
            let (said, seconds) = &self.said[&event];
            let (_, code, title) = event.words().unwrap();
            let told = if self.client.speech == Speech::Plain {
                code
            } else {
                title
            };
            assert!(said.contains(told), "{id} {event:?}: {said}");
            if event != Event::Silent {
                assert!(*seconds < AT_ONCE_SECONDS, "{id} {event:?}: {seconds} s");
            }
        }
        for event in [Event::Unauthorized, Event::Forbidden] {
            let said = self.said(event);
            assert!(said.starts_with("error: "), "{id} {event:?}: {said}");
        }
        let revision = match self.client.speech {
            Speech::Mcp(revision) => Some(revision),
            Speech::A2a | Speech::AgUi | Speech::UiMessages | Speech::Plain => None,
        };
        assert_eq!(self.given_up["revision"].as_str(), revision, "{id}");
        assert_ne!(self.said(Event::Work), "whole", "{id}");
        assert_eq!(
            self.given_up["told"].as_str(),
            self.client.tells,
            "{id}: {self:?}"
        );
        // Lambda does not tell the door that its caller hung up, and a turn is held until its agent has ended.
        if self.client.speech.has_turns() {
            assert_eq!(self.given_up["hung_up"], false, "{id}");
        }
    }

    /// Whether the agent has heard that the call was given up.
    pub(super) fn told(&self) -> Option<&str> {
        self.given_up["told"].as_str()
    }
}

#[test]
fn ids_are_left_out() {
    let id = "8476a536-e9f4-11e8-9739-2dfe598c3fcd";
    let bare = id.replace('-', "");
    let text = format!("é {id}, \"{bare}\" 8476a536-e9f4");
    assert_eq!(without_ids(&text), "é …, \"…\" 8476a536-e9f4");
    assert_eq!(without_ids(""), "");
}
