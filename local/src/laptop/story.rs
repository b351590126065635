//! The one readable line of a call, made from API Gateway's access log and what the functions say of the same request.

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde_json::{Map, Value};

use crate::clock;

/// Requests of which something is known; the oldest gives way.
const MAX_REQUESTS: usize = 1000;
/// Of any text that has a stranger's words in it.
const MAX_TEXT: usize = 120;

/// A line of the access log.
#[derive(Clone, Debug)]
pub(super) struct Access(Map<String, Value>);

impl Access {
    pub(super) fn read(line: &str) -> Option<Self> {
        serde_json::from_str(line).ok().map(Self)
    }

    pub(super) fn id(&self) -> &str {
        text(&self.0, "request_id").unwrap_or_default()
    }

    fn status(&self) -> Option<u16> {
        text(&self.0, "status")?.parse().ok()
    }

    /// The agent of the path, or the last part of the route's pattern.
    fn target(&self) -> &str {
        let path = text(&self.0, "path").unwrap_or_default();
        let agent = path.split_once("/agents/").map(|(_, rest)| rest);
        let agent = agent.and_then(|rest| rest.split('/').next());
        let is_name = |name: &&str| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
            (1..=64).contains(&name.len()) && name.bytes().all(plain)
        };
        let route = text(&self.0, "route").and_then(|route| route.rsplit('/').next());
        agent.filter(is_name).or(route).unwrap_or("-")
    }
}

/// The functions' lines about a request.
#[derive(Clone, Debug, Default)]
struct Told {
    subject: Option<String>,
    client: Option<String>,
    /// The reason of a refusal: its code, with expected and found.
    reason: Option<String>,
    is_over: bool,
    trouble: Option<String>,
}

/// The authorizer's decision on a token when it was asked.
#[derive(Clone, Debug)]
struct Token {
    subject: Option<String>,
    denied: String,
}

/// Everything that readable lines are made of.
#[derive(Debug)]
pub(super) struct Story {
    /// Users by their subjects.
    names: BTreeMap<String, String>,
    requests: HashMap<String, Told>,
    tokens: HashMap<String, Token>,
    order: VecDeque<String>,
    token_order: VecDeque<String>,
}

impl Story {
    /// Users are called by these names, from their subjects.
    pub(super) fn new(names: BTreeMap<String, String>) -> Self {
        Self {
            names,
            requests: HashMap::new(),
            tokens: HashMap::new(),
            order: VecDeque::new(),
            token_order: VecDeque::new(),
        }
    }

    /// Takes in a line of a function or of AgentCore. Whether it belongs to a request.
    pub(super) fn hear(&mut self, line: &Map<String, Value>) -> bool {
        let Some(id) = text(line, "request_id") else {
            return false;
        };
        let own = |name: &str| text(line, name).map(str::to_owned);
        let record = text(line, "record");
        if record == Some("decision") && text(line, "action") == Some("authorize") {
            self.remember_token(line);
        }
        let told = self.told(id);
        told.subject = own("subject").or(told.subject.take());
        told.client = own("client").or(told.client.take());
        match record {
            Some("decision") if text(line, "outcome") != Some("allowed") => {
                told.reason = Some(reason(line));
                told.is_over = true;
            }
            Some("answer") => {
                told.is_over = true;
                if told.reason.is_none() {
                    told.reason = own("outcome");
                }
            }
            _ => {}
        }
        if let Some(failed) =
            text(line, "message").and_then(|text| text.strip_prefix("the agent failed: "))
        {
            told.trouble = Some(failed.to_owned());
        }
        true
    }

    /// True if a line has all that it needs.
    pub(super) fn is_whole(&self, access: &Access) -> bool {
        self.requests
            .get(access.id())
            .is_some_and(|told| told.is_over)
    }

    /// The line.
    pub(super) fn line(&self, access: &Access) -> String {
        let told = self.requests.get(access.id()).cloned().unwrap_or_default();
        let token = text(&access.0, "token_id").and_then(|id| self.tokens.get(id));
        let subject = told
            .subject
            .as_deref()
            .or(token.and_then(|token| token.subject.as_deref()));
        let who = subject.map(|subject| self.names.get(subject).map_or(subject, String::as_str));
        let who = who.or(told.client.as_deref()).unwrap_or("-");
        let status = access.status();
        let is_well = status.is_some_and(|status| status < 400);
        let millis = text(&access.0, "latency_ms").unwrap_or("-");
        let shown_status = status.map_or_else(|| "left".to_owned(), |status| status.to_string());
        let mut what = match (is_well, told.reason.as_deref()) {
            // An answer that began well may still end otherwise.
            (true, None | Some("ok" | "answered" | "success")) => format!("{millis} ms"),
            (true, Some(reason)) => format!("{millis} ms {reason}"),
            (false, Some(reason)) => reason.to_owned(),
            (false, None) => self.by_gateway(access, token),
        };
        if let Some(trouble) = &told.trouble {
            what = format!("{what}: {trouble}");
        }
        let method = text(&access.0, "method").unwrap_or("-");
        format!(
            "{} {} {} {} {shown_status} {}  id {}",
            time(&access.0),
            shown(who),
            shown(method),
            access.target(),
            shown(&what),
            shown(access.id()),
        )
    }

    /// The reason of API Gateway's own refusal.
    fn by_gateway(&self, access: &Access, token: Option<&Token>) -> String {
        let error = text(&access.0, "error").unwrap_or("-");
        match error {
            "UNAUTHORIZED" => "no bearer token, or one that was refused before".to_owned(),
            "ACCESS_DENIED" => {
                let denied = token.map(|token| token.denied.split(", "));
                let agent = access.target();
                let denied = denied.into_iter().flatten();
                let mut denied =
                    denied.filter_map(|entry| entry.strip_prefix(agent)?.strip_prefix('='));
                let reason = denied.next().unwrap_or("access_denied");
                format!("{reason}, as the authorizer said of this token before")
            }
            "MISSING_AUTHENTICATION_TOKEN" => "nothing is at this path".to_owned(),
            other => other.to_ascii_lowercase(),
        }
    }

    fn remember_token(&mut self, line: &Map<String, Value>) {
        let Some(id) = text(line, "token_id") else {
            return;
        };
        let token = Token {
            subject: text(line, "subject").map(str::to_owned),
            denied: text(line, "denied").unwrap_or_default().to_owned(),
        };
        if self.tokens.insert(id.to_owned(), token).is_none() {
            self.token_order.push_back(id.to_owned());
        }
        if self.token_order.len() > MAX_REQUESTS
            && let Some(oldest) = self.token_order.pop_front()
        {
            self.tokens.remove(&oldest);
        }
    }

    fn told(&mut self, id: &str) -> &mut Told {
        if !self.requests.contains_key(id) {
            self.order.push_back(id.to_owned());
            if self.order.len() > MAX_REQUESTS
                && let Some(oldest) = self.order.pop_front()
            {
                self.requests.remove(&oldest);
            }
        }
        self.requests.entry(id.to_owned()).or_default()
    }
}

/// A code with what was compared.
fn reason(line: &Map<String, Value>) -> String {
    let code = text(line, "reason").unwrap_or("refused");
    match (text(line, "expected"), text(line, "found")) {
        (Some(expected), Some(found)) => format!("{code} needs {expected}; has {found}"),
        (Some(expected), None) => format!("{code} needs {expected}"),
        (None, Some(found)) => format!("{code}: {found}"),
        (None, None) => code.to_owned(),
    }
}

/// When the request came in, in UTC.
fn time(access: &Map<String, Value>) -> String {
    let millis = text(access, "time").and_then(|time| time.parse::<u64>().ok());
    let [hour, minute, second] = clock::time_of_day(millis.unwrap_or_default() / 1000);
    format!("{hour:02}:{minute:02}:{second:02}")
}

/// API Gateway writes `-` for what is not there.
fn text<'m>(members: &'m Map<String, Value>, name: &str) -> Option<&'m str> {
    let text = members.get(name)?.as_str()?;
    (!["", "-"].contains(&text)).then_some(text)
}

/// Fit for a terminal, and not longer than a stranger's text may be.
fn shown(text: &str) -> String {
    shown_within(text, MAX_TEXT)
}

/// Fit for a terminal: bounded, and without anything that moves a cursor, hides letters or changes their order.
pub(super) fn shown_within(text: &str, most: usize) -> String {
    let is_unfit = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
    };
    let letters = text
        .chars()
        .map(|letter| if is_unfit(letter) { '\u{fffd}' } else { letter });
    let mut shown: String = letters.clone().take(most).collect();
    if letters.count() > most {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn access(path: &str, status: &str, error: &str) -> Access {
        let line = json!({
            "path": path, "request_id": "r-1", "time": "1792142078512", "method": "POST", "route": "/agents/{agent}/invocations",
            "status": status, "error": error, "token_id": "t-1", "latency_ms": "31",
        });
        Access::read(&line.to_string()).unwrap()
    }

    fn story(lines: &[Value]) -> Story {
        let names = [("s-bob".to_owned(), "bob".to_owned())].into();
        let mut story = Story::new(names);
        for line in lines {
            story.hear(line.as_object().unwrap());
        }
        story
    }

    fn decision(outcome: &str) -> Value {
        json!({
            "record": "decision", "action": "authorize", "request_id": "r-1", "outcome": outcome, "reason": "agent_group",
            "expected": "finance", "found": "guest, staff", "subject": "s-bob", "token_id": "t-1",
            "denied": "finance=agent_group",
        })
    }

    #[test]
    fn a_refusal_says_who_what_and_why() {
        let access = access("/live/agents/finance/invocations", "403", "ACCESS_DENIED");
        let story = story(&[decision("refused")]);
        assert!(story.is_whole(&access));
        assert_eq!(
            story.line(&access),
            "09:14:38 bob POST finance 403 agent_group needs finance; has guest, staff  id r-1"
        );
    }

    #[test]
    fn a_refusal_that_was_kept_is_told_by_its_token() {
        let mut earlier = decision("allowed");
        earlier["request_id"] = json!("r-0");
        let story = story(&[earlier]);
        let access = access("/live/agents/finance/invocations", "403", "ACCESS_DENIED");
        assert!(!story.is_whole(&access));
        assert_eq!(
            story.line(&access),
            "09:14:38 bob POST finance 403 agent_group, as the authorizer said of this token before  id r-1"
        );
    }

    #[test]
    fn an_answer_tells_its_time_and_an_agents_failure_its_cause() {
        let answer = |outcome| json!({"record": "answer", "request_id": "r-1", "outcome": outcome, "subject": "s-bob"});
        let well = access("/live/agents/demo/invocations", "200", "-");
        assert_eq!(
            story(&[answer("ok")]).line(&well),
            "09:14:38 bob POST demo 200 31 ms  id r-1"
        );
        let failed = access("/live/agents/demo/invocations", "502", "-");
        let trouble =
            json!({"request_id": "r-1", "message": "the agent failed: it answered 500, text/html"});
        let line = story(&[trouble, answer("agent_failed")]).line(&failed);
        assert_eq!(
            line,
            "09:14:38 bob POST demo 502 agent_failed: it answered 500, text/html  id r-1"
        );
    }

    #[test]
    fn what_strangers_write_is_bounded_and_harmless() {
        let long = "x".repeat(1000);
        for (path, target) in [
            ("/live/agents/\u{1b}[2J/invocations", "invocations"),
            ("/live/agents//invocations", "invocations"),
            (&*format!("/live/agents/{long}/invocations"), "invocations"),
            ("/live/agents/demo", "demo"),
        ] {
            let line = story(&[]).line(&access(path, "404", "MISSING_AUTHENTICATION_TOKEN"));
            assert_eq!(
                line,
                format!("09:14:38 - POST {target} 404 nothing is at this path  id r-1")
            );
        }
        let hostile = json!({
            "record": "decision", "request_id": "r-1", "outcome": "refused", "reason": "issuer",
            "found": format!("\u{1b}[31m\u{202e}{long}"), "client": format!("\u{7}{long}"),
        });
        let line = story(&[hostile]).line(&access("/live/agents/demo/x", "401", "UNAUTHORIZED"));
        assert!(
            !line.contains(['\u{1b}', '\u{7}', '\u{202e}']) && line.chars().count() < 400,
            "{line}"
        );
    }

    #[test]
    fn old_requests_go() {
        let mut story = story(&[]);
        for number in 0..=MAX_REQUESTS {
            let line = json!({"request_id": number.to_string(), "record": "answer"});
            story.hear(line.as_object().unwrap());
        }
        assert_eq!(
            (story.requests.len(), story.order.len()),
            (MAX_REQUESTS, MAX_REQUESTS)
        );
        assert!(!story.requests.contains_key("0"));
    }
}
