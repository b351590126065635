//! What API Gateway is told: a policy, or a plain yes or no where the API asks for one.
//!
//! API Gateway keeps an answer and uses it on every route where the same token is shown, so an answer depends on the
//! token, the settings and the API's stage, and on nothing else of the request: a policy lists all that the caller may
//! call. A name that no agent has is left to the proxy, which answers 404; a refusal here would be a 403.
//!
//! Sizes: `AGENTS` shares Lambda's 4 KB of environment, so no more than some forty runtimes are ever listed, and with
//! names of at most 63 characters no resource comes near the 512 characters that API Gateway takes ("Output from an
//! API Gateway Lambda authorizer").

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use shared::agents::{Agent, Agents};
use shared::gate::Identity;

use crate::event::Method;

/// An authorizer's answer.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Answer {
    #[serde(rename_all = "camelCase")]
    Policy {
        principal_id: String,
        policy_document: PolicyDocument,
        context: Context,
    },
    /// An HTTP API's simple response.
    #[serde(rename_all = "camelCase")]
    Simple {
        is_authorized: bool,
        context: Context,
    },
}

/// What the integration is told of the caller, and with which settings they were judged. API Gateway takes no lists or
/// objects here.
type Context = BTreeMap<&'static str, String>;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PolicyDocument {
    version: &'static str,
    statement: Vec<Statement>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    action: &'static str,
    effect: Effect,
    resource: Vec<String>,
}

#[derive(Clone, Copy, Serialize)]
enum Effect {
    Allow,
    Deny,
}

impl Answer {
    /// The policy of all that a believed caller may call.
    pub(crate) fn policy(
        identity: &Identity,
        agents: &Agents,
        settings: &str,
        method: &Method,
    ) -> Self {
        let statement = if method.is_connect() {
            vec![connect(identity, agents, method)]
        } else {
            routes(identity, agents, method)
        };
        Self::from_statements(&identity.subject, statement, context(identity, settings))
    }

    /// The policy for a good token that its issuer's entry does not let in: nothing of this stage.
    pub(crate) fn nothing(method: &Method) -> Self {
        let all = Statement::new(Effect::Deny, vec![format!("{}/*", method.stage())]);
        Self::from_statements("refused", vec![all], Context::new())
    }

    /// Whether a believed caller may call the one route that was asked about.
    pub(crate) fn simple(
        identity: &Identity,
        agents: &Agents,
        settings: &str,
        method: &Method,
    ) -> Self {
        Self::Simple {
            is_authorized: may_call(identity, agents, method.route()),
            context: context(identity, settings),
        }
    }

    /// The simple form of [`Self::nothing`].
    pub(crate) fn simply_nothing() -> Self {
        Self::Simple {
            is_authorized: false,
            context: Context::new(),
        }
    }

    fn from_statements(principal: &str, statement: Vec<Statement>, context: Context) -> Self {
        Self::Policy {
            principal_id: principal.to_owned(),
            policy_document: PolicyDocument {
                version: "2012-10-17",
                statement,
            },
            context,
        }
    }
}

impl Statement {
    fn new(effect: Effect, resource: Vec<String>) -> Self {
        Self {
            action: "execute-api:Invoke",
            effect,
            resource,
        }
    }
}

/// Every agent may be called but those that refuse the caller: a denial outweighs the permission beside it.
fn routes(identity: &Identity, agents: &Agents, method: &Method) -> Vec<Statement> {
    let stage = method.stage();
    let allowed = ["GET/whoami", "*/agents/*"].map(|route| format!("{stage}/{route}"));
    let refusing = agents.iter().filter(|agent| !admits(agent, identity));
    let denied: Vec<String> = refusing
        .flat_map(|agent| {
            let agent = format!("{stage}/*/agents/{}", agent.name);
            [format!("{agent}/*"), agent]
        })
        .collect();
    let mut statements = vec![Statement::new(Effect::Allow, allowed.into())];
    if !denied.is_empty() {
        statements.push(Statement::new(Effect::Deny, denied));
    }
    statements
}

/// A WebSocket has no route of an agent: it may be opened by whom at least one agent admits.
fn connect(identity: &Identity, agents: &Agents, method: &Method) -> Statement {
    let effect = if agents.iter().any(|agent| admits(agent, identity)) {
        Effect::Allow
    } else {
        Effect::Deny
    };
    Statement::new(effect, vec![format!("{}/$connect", method.stage())])
}

/// What [`routes`] says of one route, which is a stranger's text.
fn may_call(identity: &Identity, agents: &Agents, route: &str) -> bool {
    let mut segments = route.split('/').skip(1);
    match (segments.next(), segments.next()) {
        (Some("whoami"), None) => route.starts_with("GET/"),
        (Some("agents"), Some(name)) => agents
            .find(name)
            .is_none_or(|agent| admits(agent, identity)),
        _ => false,
    }
}

fn admits(agent: &Agent, identity: &Identity) -> bool {
    agent.admission.admits(identity).is_ok()
}

fn context(identity: &Identity, settings: &str) -> Context {
    let groups: Value = identity.groups.iter().map(String::as_str).collect();
    let always = [
        ("sub", identity.subject.clone()),
        ("issuer", identity.issuer.clone()),
        ("scope", identity.scopes.join(" ")),
        ("groups", groups.to_string()),
        ("exp", identity.expires.0.to_string()),
        ("token_id", identity.token_id.clone()),
        ("settings", settings.to_owned()),
    ];
    let known = [
        ("client_id", &identity.client_id),
        ("username", &identity.username),
        ("email", &identity.email),
    ];
    let known = known
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.clone()?)));
    always.into_iter().chain(known).collect()
}
