//! A decision about a caller: authorizer and proxy each write one for every request that they are asked about.

use std::time::Duration;

use tracing::{Level, event};

use super::schema::SCHEMA;
use crate::explanation::Explanation;
use crate::gate::{self, AgentName, Identity, Refusal};
use crate::log::{Loggable, RequestIds, millis};

/// How many agents are named that refuse a caller. With names of 63 characters and the longest reason, this many fit into
/// the 4096 bytes of a log line's text.
const MAX_DENIED: usize = 48;

/// What was asked, and how long the decision took.
pub struct Decision<'a> {
    pub ids: &'a RequestIds,
    /// A route with the agent's name, never the path that a stranger sent.
    pub action: &'a str,
    /// The agent that is asked for, if it is one of the settings.
    pub agent: Option<&'a AgentName>,
    /// The agents that refuse this caller, each with the reason: what the authorizer's answer denies.
    pub denied: &'a [(&'a AgentName, Refusal)],
    pub duration: Duration,
}

/// What was decided about one request.
pub enum Verdict<'a> {
    Allowed(&'a Identity),
    /// The identity is there if the caller was believed and lacked the right.
    Refused(Refusal, Option<&'a Identity>, &'a Explanation),
    /// The caller was believed, and what they ask for is not there (404); the code that they are told.
    Missing(&'static str, &'a Identity),
    /// It could not be decided (503); the code of the outage.
    Outage(&'static str),
}

/// A verdict taken apart into the fields of its line.
struct Told<'a> {
    outcome: &'static str,
    reason: Option<&'static str>,
    /// What the caller is told, if they are turned away.
    status: Option<u16>,
    identity: Option<&'a Identity>,
    why: Option<&'a Explanation>,
    message: String,
}

impl Decision<'_> {
    /// Writes the one line of a decision.
    pub fn write(&self, verdict: &Verdict<'_>) {
        let told = self.told(verdict);
        let Told { identity, why, .. } = &told;
        let denied = denied(self.denied);
        macro_rules! write_at {
            ($level:expr) => {
                event!(
                    $level,
                    schema = SCHEMA,
                    record = "decision",
                    request_id = self.ids.request,
                    extended_request_id = self.ids.extended,
                    invocation_id = self.ids.invocation,
                    action = display(Loggable(self.action)),
                    agent = self.agent.map(AgentName::as_str),
                    outcome = told.outcome,
                    reason = told.reason,
                    status = told.status,
                    expected = why.and_then(|why| why.expected.as_deref()),
                    found = why.and_then(|why| why.found.as_deref()),
                    hint = why.and_then(|why| why.hint),
                    denied,
                    issuer = told.issuer(),
                    subject = identity.map(|identity| display(Loggable(&identity.subject))),
                    token_id = told.token_id(),
                    duration_ms = millis(self.duration),
                    "{}",
                    told.message
                )
            };
        }
        match verdict {
            Verdict::Outage(_) => write_at!(Level::ERROR),
            Verdict::Allowed(_) | Verdict::Refused(..) | Verdict::Missing(..) => {
                write_at!(Level::INFO);
            }
        }
    }

    fn told<'v>(&self, verdict: &Verdict<'v>) -> Told<'v> {
        let action = Loggable(self.action);
        match *verdict {
            Verdict::Allowed(identity) => Told {
                outcome: "allowed",
                reason: None,
                status: None,
                identity: Some(identity),
                why: None,
                message: format!("allowed {action}"),
            },
            Verdict::Refused(refusal, identity, why) => Told {
                outcome: "refused",
                reason: Some(refusal.code()),
                status: Some(match refusal.answer() {
                    gate::Answer::Forbidden => 403,
                    gate::Answer::Unauthorized => 401,
                }),
                identity,
                why: Some(why),
                message: format!("refused {action}: {refusal}"),
            },
            Verdict::Missing(code, identity) => Told {
                outcome: "refused",
                reason: Some(code),
                status: Some(404),
                identity: Some(identity),
                why: None,
                message: format!("refused {action}: {code}"),
            },
            Verdict::Outage(code) => Told {
                outcome: "outage",
                reason: Some(code),
                status: Some(503),
                identity: None,
                why: None,
                message: format!("cannot decide {action}: {code}"),
            },
        }
    }
}

impl Told<'_> {
    fn issuer(&self) -> Option<&str> {
        let known = self.identity.map(|identity| &identity.issuer);
        let signed = || self.why.and_then(|why| why.issuer.as_ref());
        known.or_else(signed).map(String::as_str)
    }

    fn token_id(&self) -> Option<&str> {
        let known = self.identity.map(|identity| &identity.token_id);
        let signed = || self.why.and_then(|why| why.token_id.as_ref());
        // The guest of a door that asks for no token has none.
        let shown = known.or_else(signed).filter(|id| !id.is_empty());
        shown.map(String::as_str)
    }
}

/// `finance=agent_group, batch=agent_client`; none if no agent refuses the caller.
fn denied(agents: &[(&AgentName, Refusal)]) -> Option<String> {
    let named = agents.iter().take(MAX_DENIED);
    let mut named: Vec<String> = named
        .map(|(agent, refusal)| format!("{}={}", agent.as_str(), refusal.code()))
        .collect();
    match agents.len().saturating_sub(MAX_DENIED) {
        0 => {}
        more => named.push(format!("and {more} more")),
    }
    (!named.is_empty()).then(|| named.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_denied_agents_fit_into_one_text() {
        let name = |number: usize| AgentName::parse(&format!("{number:063}")).unwrap();
        let names: Vec<AgentName> = (0..200).map(name).collect();
        let longest = Refusal::ALL
            .iter()
            .filter(|refusal| refusal.code().starts_with("agent_"));
        let longest = *longest.max_by_key(|refusal| refusal.code().len()).unwrap();
        let denials: Vec<_> = names.iter().map(|name| (name, longest)).collect();
        assert_eq!(denied(&[]), None);
        let one = denied(&denials[..1]).unwrap();
        assert_eq!(one, format!("{}={}", names[0].as_str(), longest.code()));
        let all = denied(&denials).unwrap();
        assert!(
            all.ends_with(", and 152 more") && all.len() <= 4096,
            "{}",
            all.len()
        );
        let fitting = denied(&denials[..MAX_DENIED]).unwrap();
        assert!(!fitting.contains("more"), "{fitting}");
    }
}
