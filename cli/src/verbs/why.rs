//! `gatehouse why`: the reason of a request's end, by an id of its answer.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::arguments::Why;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;
use crate::log::advice;
use crate::log::line::{Kind, Line, shown};
use crate::log::reader::Lines;
use crate::log::story::{From, Reason, Story};
use crate::report::Report;
use crate::terminal::Terminal;

/// Reads the lines, and tells every request that has the id.
pub(crate) fn why(why: &Why, terminal: &mut Terminal) -> Result<Report, Failure> {
    let text = input::lines(&why.logs, &why.since, terminal)?;
    let lines = Lines::read(&text);
    if lines.unreadable > 0 {
        terminal.say(&format!(
            "gatehouse: {} lines are no JSON objects that can be believed, and are left out\n",
            lines.unreadable
        ));
    }
    let stories = Story::find(&lines.lines, why.id.trim());
    if stories.is_empty() {
        return Ok(unknown(&why.id));
    }
    let told: Vec<Told<'_>> = stories
        .iter()
        .map(|story| Told::of(story, &lines.lines))
        .collect();
    let mut text = String::new();
    if told.len() > 1 {
        let _always_fits = writeln!(
            text,
            "{} requests have this id, which callers may choose; the extended id tells them apart\n",
            told.len()
        );
    }
    let texts: Vec<String> = told.iter().map(Told::text).collect();
    text.push_str(&texts.join("\n"));
    let requests: Vec<Value> = told.iter().map(Told::json).collect();
    Ok(Report {
        exit: Exit::Done,
        text,
        json: json!({"requests": requests}),
    })
}

fn unknown(id: &str) -> Report {
    let id = shown(id);
    Report {
        exit: Exit::No,
        text: format!(
            "no line has the id `{id}`\n  next: give the lines of the right time, of the access log, the authorizer and the \
             proxy; lines older than `LogRetentionDays` are deleted\n"
        ),
        json: json!({"requests": []}),
    }
}

/// One request, in the words of its report.
struct Told<'l> {
    story: &'l Story<'l>,
    reason: Option<Reason<'l>>,
    status: Option<u16>,
}

impl<'l> Told<'l> {
    fn of(story: &'l Story<'l>, all: &'l [Line]) -> Self {
        Self {
            story,
            reason: story.reason(all),
            status: story.status(),
        }
    }

    /// In one sentence: what was asked, what came of it, and why.
    fn sentence(&self) -> String {
        let asked = self.story.asked().unwrap_or_else(|| "a request".to_owned());
        let status = self
            .status
            .map_or_else(|| "no status".to_owned(), |status| status.to_string());
        match &self.reason {
            None => format!("{asked} ended with {status}; no line says why"),
            Some(reason) => {
                let code = shown(reason.code);
                let why = match advice::sentence(reason.code) {
                    Some(sentence) => format!("{sentence} (`{code}`)"),
                    None => format!("`{code}`"),
                };
                format!("{asked} ended with {status}: {why}; {}", who(reason.from))
            }
        }
    }

    fn next(&self) -> &'static str {
        let code = self.reason.as_ref().map(|reason| reason.code);
        code.map_or(
            "take in the lines of the authorizer and the proxy, and those of five minutes before",
            advice::next,
        )
    }

    fn page(&self) -> &'static str {
        let code = self.reason.as_ref().map(|reason| reason.code);
        match code.and_then(advice::sentence) {
            Some(_) => "docs/errors.md#refusals",
            None => advice::page(self.status),
        }
    }

    /// What was compared, and who asked, by the names of the lines' fields.
    fn facts(&self) -> Vec<(&'static str, Option<String>)> {
        let reason = self.reason.as_ref();
        let of_story = |name| (name, self.story.text(name));
        vec![
            (
                "expected",
                reason.and_then(|reason| reason.expected.clone()),
            ),
            ("found", reason.and_then(|reason| reason.found.clone())),
            ("hint", reason.and_then(|reason| reason.hint.clone())),
            of_story("issuer"),
            of_story("subject"),
            of_story("token_id"),
            of_story("agent"),
            of_story("tool"),
            of_story("upstream_request_id"),
            of_story("request_id"),
            of_story("extended_request_id"),
            of_story("trace_id"),
        ]
    }

    fn text(&self) -> String {
        let mut text = format!("{}\n", self.sentence());
        for (name, value) in self.facts() {
            if let Some(value) = value {
                let _always_fits = writeln!(text, "  {name}: {value}");
            }
        }
        for line in &self.story.lines {
            let what = line
                .shown("message")
                .unwrap_or_else(|| wrote(line.kind).to_owned());
            let _always_fits = writeln!(text, "  {}  {what}", line.time());
        }
        let _always_fits = writeln!(text, "next: {}\nsee:  {}", self.next(), self.page());
        text
    }

    fn json(&self) -> Value {
        let mut request = json!({
            "asked": self.story.asked(),
            "from": self.reason.as_ref().map(|reason| code(reason.from)),
            "lines": self.story.lines.iter().map(|line| line.members()).collect::<Vec<_>>(),
            "next": self.next(),
            "page": self.page(),
            "reason": self.reason.as_ref().map(|reason| reason.code),
            "sentence": self.sentence(),
            "status": self.status,
            "time": self.story.lines.first().map(|line| line.time()),
        });
        if let Value::Object(members) = &mut request {
            for (name, value) in self.facts() {
                members.insert(name.to_owned(), json!(value));
            }
        }
        request
    }
}

const fn who(from: From) -> &'static str {
    match from {
        From::Gateway => "API Gateway answered by itself",
        From::Authorizer => "the authorizer decided",
        From::EarlierAuthorizer => {
            "the authorizer decided so for this token before, and API Gateway used its answer again"
        }
        From::Proxy => "the proxy answered",
    }
}

const fn code(from: From) -> &'static str {
    match from {
        From::Gateway => "gateway",
        From::Authorizer => "authorizer",
        From::EarlierAuthorizer => "earlier_authorizer",
        From::Proxy => "proxy",
    }
}

const fn wrote(kind: Kind) -> &'static str {
    match kind {
        Kind::Access => "the request came in",
        Kind::Answer | Kind::Decision | Kind::DeniedTool | Kind::Token | Kind::Other => {
            "a line without words"
        }
    }
}
