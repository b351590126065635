//! The lines of the start, and lines to paste.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::json;
use url::form_urlencoded;

use crate::agentcore_runtime::Protocol;
use crate::stack::{DEMO_AGENT, FINANCE_AGENT, Stack, TOOLS_AGENT, USERS};

/// The facts of the start's lines, beside the stack itself.
#[derive(Clone, Copy, Debug)]
pub struct Welcome<'w> {
    /// The console's origin.
    pub console: &'w str,
    /// Whether the console is built.
    pub has_console: bool,
    /// The file of the log, if there is one.
    pub log: Option<&'w Path>,
}

/// The lines of the start, all but the last, which says that everything is ready.
pub fn text(stack: &Stack, welcome: &Welcome<'_>) -> String {
    let url = stack.url();
    let set_up = stack.set_up();
    let users = if set_up.is_open() {
        "not needed: authentication is off".to_owned()
    } else if set_up.has_local_users() {
        let users = USERS.map(|user| {
            let password = stack.issuer().password(user).unwrap_or_default();
            format!("{user} {password} ({})", who(user))
        });
        format!("{} at {}", users.join(", "), stack.issuer().domain())
    } else {
        "with tokens of your own issuers; the local users are not trusted".to_owned()
    };
    let console = match welcome.has_console {
        true => format!("{}/", welcome.console),
        false => format!(
            "{}/ (not built yet: `make web`, which needs Python 3)",
            welcome.console
        ),
    };
    let log = match welcome.log {
        Some(log) => format!("{} (`gatehouse why ID` reads it)", log.display()),
        None => "standard error only".to_owned(),
    };
    let first = match set_up.is_open() {
        true => format!("curl {url}/whoami"),
        false => format!("gatehouse login {url}"),
    };
    format!(
        "door     {url}\nsign in  {users}\nconsole  {console}\nlog      {log}\n\
         try      {first} (lines for curl: option `--paste`)\n"
    )
}

fn who(user: &str) -> &'static str {
    match user {
        "alice" => "finance/admin",
        _ => "guest",
    }
}

/// Lines to paste that fit the set-up, from the first blank line to how to end it all.
pub fn paste_lines(stack: &Stack) -> String {
    let set_up = stack.set_up();
    let how = if set_up.is_open() {
        "Paste a line."
    } else {
        "Paste a line for a token, then one that uses it."
    };
    let mut text = format!("\nGatehouse is open on this machine. {how}\n\n");
    let url = stack.url();
    if set_up.has_local_users() {
        for user in USERS {
            let password = stack.issuer().password(user).unwrap_or_default();
            let title = format!("{user} ({}), password {password}", who(user));
            paste(&mut text, &title, &token_line(stack, user, password));
        }
    } else if !set_up.is_open() {
        let title = "A token of one of your issuers, which only you can get:";
        paste(&mut text, title, "TOKEN=...");
    }
    let whoami = format!("curl {url}/whoami{}", bearer(stack));
    paste(&mut text, "Who the door takes you for:", &whoami);
    calls(&mut text, stack);
    if set_up.has_local_users() {
        moves(&mut text, stack);
    }
    if !set_up.is_open() {
        paste(
            &mut text,
            "Without a token:",
            &format!("curl -i {url}/whoami"),
        );
    }
    text.push_str("Ctrl-C ends everything.\n\n");
    text
}

/// A line for each agent.
fn calls(text: &mut String, stack: &Stack) {
    let set_up = stack.set_up();
    let is_demonstrated = stack.own_protocol().is_none() && set_up.own_agents().next().is_none();
    if is_demonstrated {
        for (title, agent, prompt) in QUESTIONS {
            // Without a caller's token there is no tool token, and no caller of finance.
            let needs_user = agent == FINANCE_AGENT || prompt != "Who am I?";
            if set_up.protocol(agent).is_some() && !(set_up.is_open() && needs_user) {
                paste(text, title, &ask(stack, agent, prompt));
            }
        }
    } else {
        for (agent, protocol) in set_up
            .agents()
            .iter()
            .filter(|(name, _)| name != TOOLS_AGENT)
        {
            let title = format!("The agent that the door calls `{agent}`:");
            let title = if agent == DEMO_AGENT { OWN } else { &title };
            paste(text, title, &ask_own(stack, agent, *protocol));
        }
    }
    if set_up.protocol(TOOLS_AGENT).is_some() {
        let title =
            "The same tools for a client of MCP of your own (alice sees the refund, bob does not):";
        paste(text, title, &list_tools(stack, TOOLS_AGENT));
    }
}

/// Lines that change the directory.
fn moves(text: &mut String, stack: &Stack) {
    let seconds = stack.tool_token_seconds();
    let moved = format!(
        "Bob moves to finance; his next answer shows it when his tool token, {seconds} seconds long, is renewed:"
    );
    paste(text, &moved, &directory_line(stack));
    for issuer in stack.further_issuers() {
        let title = format!(
            "A caller of {issuer} is known to tools with their issuer; this one moves to finance:"
        );
        paste(text, &title, &stated_line(stack, issuer));
    }
}

/// The header of a caller, where there are callers.
fn bearer(stack: &Stack) -> &'static str {
    if stack.set_up().is_open() {
        ""
    } else {
        " -H \"Authorization: Bearer $TOKEN\""
    }
}

/// What to ask whom: title, agent, prompt.
const QUESTIONS: [(&str, &str, &str); 5] = [
    (
        "An agent for all staff, streaming:",
        DEMO_AGENT,
        "Who am I?",
    ),
    (
        "An agent for finance only (alice may, bob may not):",
        FINANCE_AGENT,
        "Who am I?",
    ),
    (
        "A tool that policies leave to finance (alice may, bob may not):",
        DEMO_AGENT,
        "refund 500",
    ),
    (
        "The same beyond what a policy allows (nobody may):",
        DEMO_AGENT,
        "refund 5000",
    ),
    (
        "The tools that there are for you (bob does not see the refund):",
        DEMO_AGENT,
        "tools",
    ),
];

/// The title of the line for the user's own agent.
const OWN: &str = "Your agent, which the door calls `demo`:";

/// A first call of the user's own agent, in its protocol.
fn ask_own(stack: &Stack, agent: &str, protocol: Protocol) -> String {
    match protocol {
        Protocol::Http => ask(stack, agent, "Who am I?"),
        Protocol::Mcp => list_tools(stack, agent),
        Protocol::A2a => {
            let part = json!({ "kind": "text", "text": "Who am I?" });
            let message =
                json!({ "kind": "message", "messageId": "1", "parts": [part], "role": "user" });
            let message = json!({
                "id": 1, "jsonrpc": "2.0", "method": "message/send", "params": { "message": message },
            });
            let (url, bearer) = (stack.url(), bearer(stack));
            format!(
                "curl {url}/agents/{agent}/a2a{bearer} \
                 -H 'Content-Type: application/json' -d '{message}'"
            )
        }
    }
}

fn paste(text: &mut String, title: &str, line: &str) {
    // Writing to a text cannot fail.
    let _ = writeln!(text, "{title}\n  {line}\n");
}

fn ask(stack: &Stack, agent: &str, prompt: &str) -> String {
    let (url, bearer) = (stack.url(), bearer(stack));
    format!(
        "curl -N {url}/agents/{agent}/invocations{bearer} \
         -H 'Content-Type: application/json' -H 'Accept: text/event-stream' -d '{{\"prompt\": \"{prompt}\"}}'"
    )
}

fn list_tools(stack: &Stack, agent: &str) -> String {
    let (url, bearer) = (stack.url(), bearer(stack));
    let message = json!({ "id": 1, "jsonrpc": "2.0", "method": "tools/list" });
    format!(
        "curl {url}/agents/{agent}/mcp{bearer} \
         -H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream' -d '{message}'"
    )
}

fn directory_line(stack: &Stack) -> String {
    let row = json!({ "department": "finance", "role": "viewer" });
    let bob = stack.issuer().subject("bob").unwrap_or_default();
    let url = stack.directory().url();
    format!("curl -X PUT {url}/directory/{bob} -d '{row}'")
}

/// SUBJECT stands for the caller's, as `/whoami` tells it.
fn stated_line(stack: &Stack, issuer: &str) -> String {
    let row = json!({ "department": "finance", "role": "viewer" });
    let issuer: String = form_urlencoded::byte_serialize(issuer.as_bytes()).collect();
    let url = stack.directory().url();
    format!("curl -X PUT {url}/directory/{issuer}%23SUBJECT -d '{row}'")
}

/// Cognito's JSON operation; its answer's first token is the access token.
fn token_line(stack: &Stack, user: &str, password: &str) -> String {
    let request = json!({
        "AuthFlow": "USER_PASSWORD_AUTH",
        "ClientId": stack.issuer().console_client(),
        "AuthParameters": {"USERNAME": user, "PASSWORD": password},
    });
    format!(
        "TOKEN=$(curl -s {}/ -H 'Content-Type: application/x-amz-json-1.1' \
         -H 'X-Amz-Target: AWSCognitoIdentityProviderService.InitiateAuth' -d '{request}' \
         | sed -E 's/.*\"AccessToken\":\"([^\"]+)\".*/\\1/')",
        stack.issuer().domain()
    )
}
