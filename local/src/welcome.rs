//! The welcome text: the users, and lines to paste.

use std::fmt::Write as _;

use serde_json::json;
use url::form_urlencoded;

use crate::agentcore_runtime::Protocol;
use crate::stack::{DEMO_AGENT, FINANCE_AGENT, Stack, TOOLS_AGENT, USERS};

/// The text, from its first blank line to how to end it all.
pub fn text(stack: &Stack) -> String {
    let mut text = String::from(
        "\nGatehouse is open on this machine. Paste a line for a token, then one that uses it.\n\n",
    );
    for user in USERS {
        let password = stack.issuer().password(user).unwrap_or_default();
        let who = match user {
            "alice" => "finance/admin",
            _ => "guest",
        };
        let title = format!("{user} ({who}), password {password}");
        paste(&mut text, &title, &token_line(stack, user, password));
    }
    let url = stack.url();
    let whoami = format!("curl {url}/whoami -H \"Authorization: Bearer $TOKEN\"");
    paste(&mut text, "Who the door takes you for:", &whoami);
    match stack.own_protocol() {
        None => {
            for (title, agent, prompt) in QUESTIONS {
                paste(&mut text, title, &ask(url, agent, prompt));
            }
        }
        Some(protocol) => paste(&mut text, OWN, &ask_own(url, protocol)),
    }
    let title =
        "The same tools for a client of MCP of your own (alice sees the refund, bob does not):";
    paste(&mut text, title, &list_tools(url, TOOLS_AGENT));
    let seconds = stack.tool_token_seconds();
    let moved = format!(
        "Bob moves to finance; his next answer shows it when his tool token, {seconds} seconds long, is renewed:"
    );
    paste(&mut text, &moved, &directory_line(stack));
    for issuer in stack.further_issuers() {
        let title = format!(
            "A caller of {issuer} is known to tools with their issuer; this one moves to finance:"
        );
        paste(&mut text, &title, &stated_line(stack, issuer));
    }
    let bare = format!("curl -i {url}/whoami");
    paste(&mut text, "Without a token:", &bare);
    text.push_str("Ctrl-C ends everything.\n");
    text
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
fn ask_own(url: &str, protocol: Protocol) -> String {
    match protocol {
        Protocol::Http => ask(url, DEMO_AGENT, "Who am I?"),
        Protocol::Mcp => list_tools(url, DEMO_AGENT),
        Protocol::A2a => {
            let part = json!({ "kind": "text", "text": "Who am I?" });
            let message =
                json!({ "kind": "message", "messageId": "1", "parts": [part], "role": "user" });
            let message = json!({
                "id": 1, "jsonrpc": "2.0", "method": "message/send", "params": { "message": message },
            });
            format!(
                "curl {url}/agents/{DEMO_AGENT}/a2a -H \"Authorization: Bearer $TOKEN\" \
                 -H 'Content-Type: application/json' -d '{message}'"
            )
        }
    }
}

fn paste(text: &mut String, title: &str, line: &str) {
    // Writing to a text cannot fail.
    let _ = writeln!(text, "{title}\n  {line}\n");
}

fn ask(url: &str, agent: &str, prompt: &str) -> String {
    format!(
        "curl -N {url}/agents/{agent}/invocations -H \"Authorization: Bearer $TOKEN\" \
         -H 'Content-Type: application/json' -H 'Accept: text/event-stream' -d '{{\"prompt\": \"{prompt}\"}}'"
    )
}

fn list_tools(url: &str, agent: &str) -> String {
    let message = json!({ "id": 1, "jsonrpc": "2.0", "method": "tools/list" });
    format!(
        "curl {url}/agents/{agent}/mcp -H \"Authorization: Bearer $TOKEN\" \
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
