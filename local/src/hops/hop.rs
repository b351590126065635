//! One hop, and the JSON object that tells it: see "The laptop's own port" in `docs/local.md`.

use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::requests::Request;
use crate::clock;

/// Of a text of a check: what is longer is cut.
const MAX_TEXT: usize = 400;

/// From where to where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Token,
    Authorizer,
    Proxy,
    ToolToken,
    Pretoken,
    Runtime,
    Agent,
    Gateway,
    Cedar,
    Answer,
}

impl Kind {
    /// Its name and its two ends.
    const fn names(self) -> [&'static str; 3] {
        match self {
            Self::Token => ["token", "caller", "door"],
            Self::Authorizer => ["authorizer", "door", "authorizer"],
            Self::Proxy => ["proxy", "door", "proxy"],
            Self::ToolToken => ["tool_token", "proxy", "cognito"],
            Self::Pretoken => ["pretoken", "cognito", "pretoken"],
            Self::Runtime => ["runtime", "proxy", "agentcore"],
            Self::Agent => ["agent", "agentcore", "agent"],
            Self::Gateway => ["gateway", "agent", "gateway"],
            Self::Cedar => ["cedar", "gateway", "cedar"],
            Self::Answer => ["answer", "door", "caller"],
        }
    }
}

/// The outcome of a hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Ok,
    /// Decided against.
    Refused,
    /// Something failed.
    Error,
}

impl Outcome {
    /// Of an HTTP answer: what a caller lacks is a refusal, whatever else is not well an error.
    pub(crate) const fn of_status(status: u16) -> Self {
        match status {
            100..=399 => Self::Ok,
            401 | 403 | 404 => Self::Refused,
            _ => Self::Error,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
            Self::Error => "error",
        }
    }
}

/// The beginning of a hop, by both clocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Began {
    at: Duration,
    instant: Instant,
}

impl Began {
    pub(crate) fn now() -> Self {
        Self {
            at: clock::since_epoch(),
            instant: Instant::now(),
        }
    }

    pub(crate) fn took(self) -> Duration {
        self.instant.elapsed()
    }
}

/// A comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Check {
    name: String,
    ok: bool,
    expected: Option<String>,
    found: Option<String>,
}

impl Check {
    pub(crate) fn new(name: &str, ok: bool) -> Self {
        Self {
            name: bounded(name),
            ok,
            expected: None,
            found: None,
        }
    }

    pub(crate) fn expected(mut self, text: Option<&str>) -> Self {
        self.expected = text.map(bounded);
        self
    }

    pub(crate) fn found(mut self, text: Option<&str>) -> Self {
        self.found = text.map(bounded);
        self
    }

    fn json(&self) -> Value {
        let Self {
            name,
            ok,
            expected,
            found,
        } = self;
        json!({"expected": expected, "found": found, "name": name, "ok": ok})
    }
}

/// The caller, as a hop shows them.
#[derive(Clone, Debug)]
struct Carried {
    kind: &'static str,
    claims: Map<String, Value>,
}

impl Carried {
    const fn new(kind: &'static str, claims: Map<String, Value>) -> Self {
        Self { kind, claims }
    }

    fn json(&self) -> Value {
        let text = |name: &str| self.claims.get(name).and_then(Value::as_str);
        json!({
            "claims": self.claims,
            "client": text("client_id").or_else(|| text("azp")),
            "expires": self.claims.get("exp").and_then(Value::as_u64),
            "issuer": text("iss"),
            "kind": self.kind,
            "subject": text("user_id").or_else(|| text("sub")),
            "token_id": text("jti"),
        })
    }
}

/// A policy that concerns the tool of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) id: String,
    /// `permit` or `forbid`
    pub(crate) effect: &'static str,
    pub(crate) text: String,
    /// Whether the decision rests on it.
    pub(crate) applied: bool,
}

impl Shown {
    fn json(&self) -> Value {
        let Self {
            id,
            effect,
            text,
            applied,
        } = self;
        json!({"applied": applied, "effect": effect, "id": id, "text": text})
    }
}

/// One hop.
#[derive(Clone, Debug)]
pub(crate) struct Hop {
    pub(crate) kind: Kind,
    pub(crate) began: Began,
    pub(crate) took: Option<Duration>,
    pub(crate) outcome: Outcome,
    pub(crate) status: Option<u16>,
    carries: Option<Carried>,
    pub(crate) checks: Vec<Check>,
    pub(crate) policies: Vec<Shown>,
}

impl Hop {
    /// One that went well and took until now.
    pub(crate) fn new(kind: Kind, began: Began) -> Self {
        Self {
            kind,
            began,
            took: Some(began.took()),
            outcome: Outcome::Ok,
            status: None,
            carries: None,
            checks: Vec::new(),
            policies: Vec::new(),
        }
    }

    /// The same with an HTTP answer.
    pub(crate) fn answered(mut self, status: u16) -> Self {
        self.status = Some(status);
        self.outcome = Outcome::of_status(status);
        self
    }

    /// The same with what a token says.
    pub(crate) fn carrying(
        mut self,
        kind: &'static str,
        claims: Option<Map<String, Value>>,
    ) -> Self {
        self.carries = claims.map(|claims| Carried::new(kind, claims));
        self
    }

    /// The same with something that was compared; what does not hold is a refusal.
    pub(crate) fn checked(mut self, check: Check) -> Self {
        if !check.ok && self.outcome == Outcome::Ok {
            self.outcome = Outcome::Refused;
        }
        self.checks.push(check);
        self
    }

    pub(super) fn event(&self, seq: u64, request: Option<&Request>) -> Value {
        let [hop, from, to] = self.kind.names();
        json!({
            "at": u64::try_from(self.began.at.as_millis()).unwrap_or(u64::MAX),
            "carries": self.carries.as_ref().map(Carried::json),
            "checks": self.checks.iter().map(Check::json).collect::<Vec<_>>(),
            "from": from,
            "hop": hop,
            "ms": self.took.map(millis),
            "outcome": self.outcome.name(),
            "policies": self.policies.iter().map(Shown::json).collect::<Vec<_>>(),
            "request": request.map(|request| &request.id),
            "seq": seq,
            "status": self.status,
            "to": to,
            "trace": request.map(|request| &request.trace),
            "v": 1,
        })
    }
}

/// With three digits behind the point.
fn millis(took: Duration) -> f64 {
    let micros = u32::try_from(took.as_micros()).unwrap_or(u32::MAX);
    f64::from(micros) / 1000.0
}

fn bounded(text: &str) -> String {
    let shown = |letter: char| {
        if letter.is_control() {
            '\u{fffd}'
        } else {
            letter
        }
    };
    text.chars().take(MAX_TEXT).map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_all_members_in_order() {
        let claims =
            json!({"sub": "s", "user_id": "u", "jti": "t", "exp": 5, "iss": "i", "client_id": "c"});
        let mut hop = Hop::new(Kind::Cedar, Began::now())
            .carrying("tool_token", claims.as_object().cloned())
            .checked(
                Check::new("expired", false)
                    .expected(Some("a\u{7}b"))
                    .found(None),
            );
        hop.policies.push(Shown {
            id: "p".to_owned(),
            effect: "permit",
            text: "text".to_owned(),
            applied: true,
        });
        let event = hop.event(7, None);
        let names: Vec<&String> = event.as_object().unwrap().keys().collect();
        assert!(names.is_sorted() && names.len() == 14, "{names:?}");
        assert_eq!(
            (&event["seq"], &event["outcome"]),
            (&json!(7), &json!("refused"))
        );
        assert_eq!(
            event["checks"],
            json!([{"expected": "a\u{fffd}b", "found": null, "name": "expired", "ok": false}])
        );
        let carries = ["kind", "subject", "token_id", "expires", "issuer", "client"];
        let carries = carries.map(|name| event["carries"][name].clone());
        assert_eq!(json!(carries), json!(["tool_token", "u", "t", 5, "i", "c"]));
    }

    #[test]
    fn a_status_tells_a_refusal_from_an_error() {
        for (status, expected) in [
            (200, Outcome::Ok),
            (403, Outcome::Refused),
            (409, Outcome::Error),
            (502, Outcome::Error),
        ] {
            assert_eq!(Outcome::of_status(status), expected, "{status}");
        }
    }
}
