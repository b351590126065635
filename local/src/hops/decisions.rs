//! The decisions that the functions write into their logs.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::sync::watch;

use super::hop::{Check, Hop, Outcome};

/// Decisions kept; the oldest gives way.
const MAX_DECISIONS: usize = 500;
/// The services whose lines are not those of functions.
const OTHERS: [&str; 2] = ["agent", "gateway"];

/// Which function decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decider {
    Authorizer,
    Proxy,
}

/// One decision, as `docs/audit.md` describes its line.
#[derive(Clone, Debug)]
pub(super) struct Decision(Map<String, Value>);

impl Decision {
    /// None for a line that is no decision of a function.
    pub(super) fn read(service: &str, line: &str) -> Option<Self> {
        if OTHERS.contains(&service) || !line.starts_with('{') {
            return None;
        }
        let line: Map<String, Value> = serde_json::from_str(line).ok()?;
        let is_decision = line.get("record").and_then(Value::as_str) == Some("decision");
        is_decision.then_some(Self(line))
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    fn is_of(&self, request: &str, decider: Decider) -> bool {
        let by = match self.text("action") {
            Some("authorize") => Decider::Authorizer,
            _ => Decider::Proxy,
        };
        self.text("request_id") == Some(request) && by == decider
    }

    /// Adds to the hop what was compared, with its outcome and its time.
    pub(super) fn complete(&self, hop: &mut Hop) {
        hop.outcome = match self.text("outcome") {
            Some("allowed") => Outcome::Ok,
            Some("refused") => Outcome::Refused,
            _ => Outcome::Error,
        };
        let check = match self.text("reason") {
            None => Check::new("decision", hop.outcome == Outcome::Ok).found(self.text("outcome")),
            Some(reason) => Check::new(reason, hop.outcome == Outcome::Ok)
                .expected(self.text("expected"))
                .found(self.text("found")),
        };
        hop.checks.push(check);
        let took = self.0.get("duration_ms").and_then(Value::as_f64);
        let took = took.and_then(|ms| Duration::try_from_secs_f64(ms / 1000.0).ok());
        hop.took = took.or(hop.took);
    }
}

/// The last decisions.
#[derive(Debug)]
pub(super) struct Decisions(watch::Sender<VecDeque<Decision>>);

impl Default for Decisions {
    fn default() -> Self {
        Self(watch::Sender::new(VecDeque::new()))
    }
}

impl Decisions {
    pub(super) fn read(&self, service: &str, line: &str) {
        let Some(decision) = Decision::read(service, line) else {
            return;
        };
        self.0.send_modify(|decisions| {
            if decisions.len() >= MAX_DECISIONS {
                decisions.pop_front();
            }
            decisions.push_back(decision);
        });
    }

    /// The function's decision about this request, once it is written.
    pub(super) async fn of(&self, request: &str, decider: Decider) -> Decision {
        let mut decisions = self.0.subscribe();
        let find = |decisions: &VecDeque<Decision>| {
            let mut decisions = decisions.iter().rev();
            decisions
                .find(|decision| decision.is_of(request, decider))
                .cloned()
        };
        loop {
            let found = find(&decisions.borrow_and_update());
            if let Some(found) = found {
                return found;
            }
            if decisions.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// By which rule the caller of this token is refused this agent: `denied` is `AGENT=REASON, AGENT=REASON`.
    pub(super) fn denied(&self, token_id: &str, agent: &str) -> Option<String> {
        let decisions = self.0.borrow();
        let mut decisions = decisions.iter().rev();
        let decision = decisions.find(|decision| {
            decision.text("action") == Some("authorize")
                && decision.text("token_id") == Some(token_id)
        })?;
        let mut denied = decision.text("denied")?.split(", ");
        denied.find_map(|entry| {
            entry
                .strip_prefix(agent)?
                .strip_prefix('=')
                .map(str::to_owned)
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Began, Kind};
    use super::*;

    fn line(request: &str, action: &str, outcome: &str) -> String {
        json!({
            "record": "decision", "request_id": request, "action": action, "outcome": outcome, "reason": "agent_group",
            "expected": "finance", "found": "guest, staff", "duration_ms": 1.5, "token_id": "t",
            "denied": "finance=agent_group, batch=agent_client",
        })
        .to_string()
    }

    #[tokio::test]
    async fn a_decision_is_waited_for_and_completes_its_hop() {
        let decisions = Decisions::default();
        decisions.read("ProxyFunction", &line("a", "POST /x", "allowed"));
        let waiting = decisions.of("a", Decider::Authorizer);
        let writing = async {
            tokio::task::yield_now().await;
            decisions.read("AuthorizerFunction", &line("b", "authorize", "refused"));
            decisions.read("AuthorizerFunction", &line("a", "authorize", "refused"));
        };
        let (decision, ()) = tokio::join!(waiting, writing);
        let mut hop = Hop::new(Kind::Authorizer, Began::now());
        decision.complete(&mut hop);
        let expected = Check::new("agent_group", false)
            .expected(Some("finance"))
            .found(Some("guest, staff"));
        assert_eq!(
            (hop.outcome, hop.checks),
            (Outcome::Refused, vec![expected])
        );
        assert_eq!(hop.took, Some(Duration::from_micros(1500)));
    }

    #[test]
    fn an_agent_cannot_write_a_decision() {
        for (service, line) in [
            ("agent", line("a", "authorize", "allowed")),
            ("gateway", line("a", "authorize", "allowed")),
            ("ProxyFunction", "{".to_owned()),
            ("ProxyFunction", json!({"record": "answer"}).to_string()),
        ] {
            assert!(Decision::read(service, &line).is_none(), "{service} {line}");
        }
    }

    #[test]
    fn an_earlier_refusal_is_known_by_its_token() {
        let decisions = Decisions::default();
        decisions.read("AuthorizerFunction", &line("a", "authorize", "allowed"));
        assert_eq!(
            decisions.denied("t", "batch").as_deref(),
            Some("agent_client")
        );
        assert_eq!(decisions.denied("t", "bat"), None);
        assert_eq!(decisions.denied("x", "batch"), None);
    }
}
