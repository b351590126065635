//! What a person sees when everything is up: who there is, and lines to paste.

use std::fmt::Write as _;

use serde_json::json;

use crate::stack::{DEMO_AGENT, FINANCE_AGENT, Stack, USERS};

/// The text, from its first blank line to how to end it all.
pub fn text(stack: &Stack) -> String {
    let url = stack.url();
    let mut text = String::from(
        "\nGatehouse is open on this machine. Paste a line for a token, then one that uses it.\n\n",
    );
    for user in USERS {
        let password = stack.issuer().password(user).unwrap_or_default();
        let who = if user == "alice" {
            "finance/admin"
        } else {
            "guest"
        };
        let line = token_line(stack, user, password);
        paste(
            &mut text,
            &format!("{user} ({who}), password {password}"),
            &line,
        );
    }
    let whoami = format!("curl {url}/whoami -H \"Authorization: Bearer $TOKEN\"");
    paste(&mut text, "Who the door takes you for:", &whoami);
    let demo = |prompt| ask(url, DEMO_AGENT, prompt);
    paste(
        &mut text,
        "An agent for all staff, streaming:",
        &demo("Who am I?"),
    );
    paste(
        &mut text,
        "An agent for finance only (alice may, bob may not):",
        &ask(url, FINANCE_AGENT, "Who am I?"),
    );
    for (title, prompt) in [
        (
            "A tool that policies leave to finance (alice may, bob may not):",
            "refund 500",
        ),
        (
            "The same beyond what a policy allows (nobody may):",
            "refund 5000",
        ),
        (
            "The tools that there are for you (bob does not see the refund):",
            "tools",
        ),
    ] {
        paste(&mut text, title, &demo(prompt));
    }
    let moved = format!(
        "Bob moves to finance; his next answer shows it when his tool token, {} seconds long, is renewed:",
        stack.tool_token_seconds()
    );
    paste(&mut text, &moved, &directory_line(stack));
    paste(
        &mut text,
        "Without a token:",
        &format!("curl -i {url}/whoami"),
    );
    text.push_str("Ctrl-C ends everything.\n");
    text
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

fn directory_line(stack: &Stack) -> String {
    let row = json!({ "department": "finance", "role": "viewer" });
    let bob = stack.issuer().subject("bob").unwrap_or_default();
    let url = stack.directory().url();
    format!("curl -X PUT {url}/directory/{bob} -d '{row}'")
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
