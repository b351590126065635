//! `gatehouse tools` and `gatehouse tool`: the tools of an agent that speaks MCP.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::arguments::speak::{Tool, Tools};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;
use crate::log::line::shown;
use crate::report::Report;
use crate::speak::agent::Agent;
use crate::speak::mcp::Server;
use crate::speak::show::harmless;
use crate::speak::typed;
use crate::terminal::Terminal;

/// The first words of a denial by AgentCore's policies.
const DENIED: &str = "AuthorizeActionException";

/// The tools that the server shows this caller.
pub(crate) async fn tools(tools: &Tools, terminal: &mut Terminal) -> Result<Report, Failure> {
    let agent = Agent::open(&tools.access, &tools.agent, None, terminal).await?;
    let mut server = Server::open(agent).await?;
    let listed = server.tools().await;
    server.close().await;
    let listed = listed?;
    let mut text = String::new();
    for tool in &listed {
        let of = |name: &str| tool.get(name).and_then(Value::as_str).unwrap_or_default();
        let signature = typed::signature(tool.get("inputSchema"));
        let _always_fits = writeln!(text, "{}  {signature}", shown(of("name")));
        if let Some(first) = of("description").lines().next() {
            let _always_fits = writeln!(text, "  {}", shown(first));
        }
    }
    if listed.is_empty() {
        text.push_str("no tool is open to you\n");
    }
    Ok(Report {
        exit: if listed.is_empty() {
            Exit::No
        } else {
            Exit::Done
        },
        text,
        json: json!({"tools": listed}),
    })
}

/// Calls a tool with arguments of its schema's types.
pub(crate) async fn tool(tool: &Tool, terminal: &mut Terminal) -> Result<Report, Failure> {
    // Before anything is waited for: a read of standard input cannot be interrupted later.
    let given = given(tool, terminal)?;
    let agent = Agent::open(&tool.access, &tool.agent, None, terminal).await?;
    let mut server = Server::open(agent).await?;
    let called = call(tool, given, &mut server, terminal).await;
    server.close().await;
    report(&tool.tool, called?)
}

async fn call(
    tool: &Tool,
    given: Option<Value>,
    server: &mut Server,
    terminal: &mut Terminal,
) -> Result<Value, Failure> {
    let arguments = match given {
        Some(given) => given,
        None => {
            // A tool that is not shown to this caller has no schema here; the server says why it is not open.
            let tools = server.tools().await?;
            let found = tools
                .iter()
                .find(|one| one.get("name") == Some(&json!(tool.tool)));
            let schema = found.and_then(|tool| tool.get("inputSchema"));
            typed::arguments(&tool.values, schema)?
        }
    };
    server.call(&tool.tool, &arguments, terminal).await
}

/// The arguments of a file.
fn given(tool: &Tool, terminal: &mut Terminal) -> Result<Option<Value>, Failure> {
    let Some(file) = &tool.input else {
        return Ok(None);
    };
    let bytes = input::small(file, terminal)?;
    let given: Option<Value> = serde_json::from_slice(&bytes).ok();
    let given = given.filter(Value::is_object);
    given.map(Some).ok_or_else(|| {
        Failure::usage(
            format!("`{}` is not one JSON object", file.display()),
            "give the tool's arguments as `{\"name\": value}`",
        )
    })
}

fn report(name: &str, result: Value) -> Result<Report, Failure> {
    let content = result.get("content").and_then(Value::as_array);
    let parts = content.into_iter().flatten();
    let words: Vec<String> = parts.map(part).collect();
    let text = words.join("\n");
    if result.get("isError") == Some(&Value::Bool(true)) {
        let (how, next) = if text.starts_with(DENIED) {
            (
                "is refused by policy",
                "`gatehouse whoami` shows who you are; ask the operator who may call this tool",
            )
        } else {
            ("failed", "check the arguments: `gatehouse tools AGENT`")
        };
        return Err(Failure::no(
            format!("the tool `{}` {how}: {}", shown(name), shown(&text)),
            next,
        ));
    }
    Ok(Report {
        exit: Exit::Done,
        text: format!("{}\n", harmless(&text)),
        json: result,
    })
}

/// A part of a result, for people.
fn part(part: &Value) -> String {
    match part.get("text").and_then(Value::as_str) {
        Some(text) => text.to_owned(),
        None => {
            let kind = part.get("type").and_then(Value::as_str);
            format!(
                "({}; `--json` shows it)",
                shown(kind.unwrap_or("something"))
            )
        }
    }
}
