//! Client matrix and conformance counts of docs/protocols.md: the clients of each protocol and MCP's conformance suite run
//! here, against the built functions, and the page is compared with what they show.
//!
//! `UPDATE_PROTOCOLS=1` writes the page.

mod clients;
mod conformance;
mod page;
mod trials;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{fs, process};

use local::agentcore_runtime::Protocol;
use local::stack::{AgentAuth, AgentSettings, Stack, StackSettings};
use tests::{JavaScript, Python, chain_settings, counted};

use clients::CLIENTS;
use trials::Trial;

/// The proxy's line of the template that a shorter patience than the default's follows: longer than the silence that is
/// tried, shorter than clients wait.
const LAST_VARIABLE: &str = "          TURNS_TABLE: !Ref TurnsTable\n";
const PATIENCE: &str = "          IDLE_SECONDS: '30'\n";

/// A stack with an agent of each protocol, all of them at this address.
async fn stack(url: &str) -> Stack {
    let protocols = [
        ("a2a", Protocol::A2a),
        ("http", Protocol::Http),
        ("mcp", Protocol::Mcp),
    ];
    let agents = protocols.map(|(name, protocol)| AgentSettings {
        name: name.to_owned(),
        url: url.to_owned(),
        protocol,
        auth: AgentAuth::Iam,
    });
    let settings = chain_settings();
    let template = impatient(&settings.template);
    let settings = StackSettings {
        agents: agents.into(),
        template: template.clone(),
        ..settings
    };
    let stack = Stack::start(settings).await.unwrap();
    fs::remove_file(template).unwrap();
    stack
}

/// A copy of the template whose proxy does not wait for an agent as long: no parameter sets that.
fn impatient(template: &Path) -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let text = fs::read_to_string(template).unwrap();
    assert_eq!(text.matches(LAST_VARIABLE).count(), 1);
    let text = text.replace(LAST_VARIABLE, &format!("{LAST_VARIABLE}{PATIENCE}"));
    let number = COUNT.fetch_add(1, Ordering::SeqCst);
    let name = format!("gatehouse-protocols-{}-{number}.yaml", process::id());
    let path = std::env::temp_dir().join(name);
    fs::write(&path, text).unwrap();
    path
}

/// Each client meets each event, and its user sees what the page says.
#[tokio::test(flavor = "multi_thread")]
async fn each_client_shows_its_user_what_the_page_says() {
    const WHAT: &str = "the matrix of clients and events";
    let Some(javascript) = JavaScript::find(WHAT) else {
        return;
    };
    let pythons = [Python::Protocols, Python::Protocols1];
    if !pythons.iter().all(|python| python.find(WHAT).is_some()) {
        return;
    }
    let agent = javascript.serve("scripted.js", &[], "");
    let stack = stack(&agent.url).await;
    let trial = Trial {
        stack: &stack,
        agent: &agent.url,
        javascript: &javascript,
        // Not of the group that may call the agent `finance`.
        token: stack.issuer().access_token("bob").unwrap(),
    };
    let seen = trial.of_all(CLIENTS).await;
    stack.stop().await;
    for one in &seen {
        one.check();
    }
    page::compare("matrix", &page::matrix(&seen));
    page::compare("texts", &page::texts(&seen));
    let events = trials::Event::ALL.len();
    counted(&format!(
        "{} clients, each at {events} events: what their users see is what docs/protocols.md says",
        seen.len()
    ));
}
