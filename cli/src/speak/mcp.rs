//! Client of the Model Context Protocol over streamable HTTP (revision 2025-11-25): tools, and what they report.

use serde_json::{Value, json};
use shared::version;

use crate::failure::Failure;
use crate::log::line::shown;
use crate::speak::a2a::rpc_error;
use crate::speak::agent::{Agent, Answer, Protocol};
use crate::speak::said::Failed;
use crate::terminal::Terminal;

const PATH: &str = "/mcp";
const REVISION: &str = "2025-11-25";
/// A server that gives a new cursor for ever is not followed for ever.
const MAX_PAGES: usize = 100;

/// A server, once it was greeted.
pub(crate) struct Server {
    agent: Agent,
    revision: String,
    session: Option<String>,
    next_id: u64,
}

impl Server {
    /// Greets the server: `initialize`, then `notifications/initialized`.
    pub(crate) async fn open(agent: Agent) -> Result<Self, Failure> {
        if agent.protocol != Protocol::Mcp {
            return Err(Failure::usage(
                format!(
                    "the agent `{}` does not speak MCP, or does not admit you",
                    agent.name
                ),
                "`gatehouse agents` says what each speaks; `gatehouse call` asks the others",
            ));
        }
        let mut server = Self {
            agent,
            revision: REVISION.to_owned(),
            session: None,
            next_id: 1,
        };
        let hello = json!({
            "capabilities": {},
            "clientInfo": {"name": "gatehouse", "version": version::TEXT},
            "protocolVersion": REVISION,
        });
        let greeted = server.ask("initialize", &hello, None).await?;
        if let Some(revision) = greeted.get("protocolVersion").and_then(Value::as_str) {
            server.revision = revision.to_owned();
        }
        let begun = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
        server.send(&begun).await?;
        Ok(server)
    }

    /// Every tool that the server shows this caller.
    pub(crate) async fn tools(&mut self) -> Result<Vec<Value>, Failure> {
        let mut tools = Vec::new();
        let mut parameters = json!({});
        for _ in 0..MAX_PAGES {
            let page = self.ask("tools/list", &parameters, None).await?;
            let listed = page.get("tools").and_then(Value::as_array);
            tools.extend(listed.into_iter().flatten().cloned());
            match page.get("nextCursor").and_then(Value::as_str) {
                Some(cursor) => parameters = json!({"cursor": cursor}),
                None => break,
            }
        }
        Ok(tools)
    }

    /// Calls a tool; its progress is said as it comes.
    pub(crate) async fn call(
        &mut self,
        tool: &str,
        arguments: &Value,
        terminal: &mut Terminal,
    ) -> Result<Value, Failure> {
        let parameters =
            json!({"_meta": {"progressToken": "p"}, "arguments": arguments, "name": tool});
        self.ask("tools/call", &parameters, Some(terminal)).await
    }

    /// Ends the server's session, if it has one. A server need not allow that.
    pub(crate) async fn close(self) {
        if let (Some(session), Ok(url)) = (&self.session, self.agent.at(PATH)) {
            let headers = [
                ("mcp-session-id", session.as_str()),
                ("mcp-protocol-version", self.revision.as_str()),
            ];
            let _not_ended = self
                .agent
                .web
                .delete(&url, &self.agent.session.token, &headers)
                .await;
        }
    }

    /// A request, and its result.
    async fn ask(
        &mut self,
        method: &str,
        parameters: &Value,
        mut terminal: Option<&mut Terminal>,
    ) -> Result<Value, Failure> {
        let id = self.next_id;
        self.next_id = id.saturating_add(1);
        let request = json!({"id": id, "jsonrpc": "2.0", "method": method, "params": parameters});
        let mut answer = self.send(&request).await?;
        while let Some(event) = answer.next().await? {
            // A priming event has no data.
            let Ok(message) = serde_json::from_str::<Value>(&event.data) else {
                continue;
            };
            if let (Some(terminal), Some(progress)) = (terminal.as_deref_mut(), progress(&message))
            {
                terminal.say(&format!("[progress] {progress}\n"));
            }
            if message.get("id") != Some(&json!(id)) {
                continue;
            }
            return match (message.get("result"), message.get("error")) {
                (Some(result), None) => Ok(result.clone()),
                (_, Some(error)) => Err(refused(method, rpc_error(error))),
                (None, None) => Err(silent(method)),
            };
        }
        Err(silent(method))
    }

    async fn send(&mut self, message: &Value) -> Result<Answer, Failure> {
        let (revision, session) = (self.revision.clone(), self.session.clone());
        let mut headers = vec![("mcp-protocol-version", revision.as_str())];
        headers.extend(
            session
                .as_deref()
                .map(|session| ("mcp-session-id", session)),
        );
        let response = self.agent.send(PATH, &headers, message).await?;
        let session = response.headers().get("mcp-session-id");
        if let Some(session) = session.and_then(|session| session.to_str().ok()) {
            self.session = Some(session.to_owned());
        }
        Ok(Answer::new(response, self.agent.at(PATH)?))
    }
}

/// The progress of a call, as a notification tells it.
fn progress(message: &Value) -> Option<String> {
    if message.get("method")?.as_str()? != "notifications/progress" {
        return None;
    }
    let number = |pointer: &str| message.pointer(pointer).and_then(Value::as_f64);
    let text = message.pointer("/params/message").and_then(Value::as_str);
    let total = number("/params/total").map(|total| format!("/{total}"));
    let done =
        number("/params/progress").map(|done| format!("{done}{}", total.unwrap_or_default()));
    let words: Vec<String> = done.into_iter().chain(text.map(shown)).collect();
    Some(words.join(" "))
}

fn refused(method: &str, failed: Failed) -> Failure {
    let code = failed.code.as_ref().map(|code| format!(" (`{code}`)"));
    let what = format!(
        "`{method}` failed: {}{}",
        failed.message,
        code.unwrap_or_default()
    );
    let next = "check the tool's name and arguments: `gatehouse tools AGENT`";
    let failure = match failed.code.as_deref() {
        Some("agent_cut" | "agent_silent" | "answer_too_long" | "deadline") => {
            Failure::unreachable(what, "try again; the tool may have acted already")
        }
        _ => Failure::no(what, next),
    };
    failure.told(failed.code, failed.request_id)
}

fn silent(method: &str) -> Failure {
    Failure::unreachable(
        format!("the server did not answer `{method}`"),
        "see that the agent speaks MCP, and look at its log",
    )
}
