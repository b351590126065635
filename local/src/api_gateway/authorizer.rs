//! Lambda authorizers: asked once for an identity, believed until their answer is too old.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html>

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::event::Incoming;
use super::policy::{Decision, Policy};
use super::refusal::{Refusal, ResponseType};
use crate::lambda::{Event, Function, InvokeError};
use crate::template::{Authorizer, IdentitySource, Payload};

/// Answers kept at once; a laptop has fewer callers.
const MAX_KEPT: usize = 10_000;

/// The most bytes of an answer. This quota is a WebSocket API's, the only kind of API for which AWS states one; a program
/// must not rely on more anywhere.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html>
const MAX_ANSWER: usize = 8 * 1024;

/// The authorizers of an API and the answers they have given.
pub(super) struct Authorizers {
    authorizers: BTreeMap<String, Authorizer>,
    kept: Mutex<HashMap<Key, (Instant, Arc<Verdict>)>>,
}

/// An authorizer's name and the values that identify the caller.
type Key = (String, Vec<String>);

/// An authorizer's answer.
#[derive(Debug)]
struct Verdict {
    principal: String,
    policy: Policy,
    context: Map<String, Value>,
}

/// A caller who may call the method.
#[derive(Debug)]
pub(super) struct Authorized {
    verdict: Arc<Verdict>,
    latency_ms: u64,
}

impl Authorized {
    /// What the function is told: every value as text.
    pub(super) fn context(&self) -> Value {
        let mut context = self.verdict.context.clone();
        context.insert("principalId".to_owned(), json!(self.verdict.principal));
        context.insert("integrationLatency".to_owned(), json!(self.latency_ms));
        Value::Object(context)
    }
}

impl Authorizers {
    pub(super) fn new(authorizers: BTreeMap<String, Authorizer>) -> Self {
        Self {
            authorizers,
            kept: Mutex::default(),
        }
    }

    /// Whether the caller may call the method, by the policy kept for this identity or a new one. `told` gets what the
    /// authorizer says of the caller, and whether that was kept, also where its policy denies the method: gateway responses and the access log may show
    /// it then, too.
    pub(super) async fn ask(
        &self,
        name: &str,
        incoming: &Incoming,
        functions: &HashMap<String, Function>,
        told: impl FnOnce(&Map<String, Value>, bool),
    ) -> Result<Authorized, Refusal> {
        let misconfigured = Refusal::of(ResponseType::AuthorizerConfigurationError);
        let authorizer = self.authorizers.get(name).ok_or(misconfigured)?;
        let function = functions.get(&authorizer.function).ok_or(misconfigured)?;
        let identity = identity(authorizer, incoming)?;
        let key = (name.to_owned(), identity);
        let asked = Instant::now();
        let kept = self.kept(&key);
        let is_kept = kept.is_some();
        let verdict = match kept {
            Some(verdict) => verdict,
            None => {
                let event = event(&authorizer.payload, incoming);
                let verdict = Arc::new(verdict(function, event, incoming).await?);
                self.keep(authorizer, key, &verdict);
                verdict
            }
        };
        told(&verdict.context, is_kept);
        match verdict.policy.decide(&incoming.method_arn()) {
            Decision::Allow => {
                let latency_ms = u64::try_from(asked.elapsed().as_millis()).unwrap_or(u64::MAX);
                Ok(Authorized {
                    verdict,
                    latency_ms,
                })
            }
            Decision::ExplicitDeny => Err(Refusal::explicit_deny()),
            Decision::ImplicitDeny => Err(Refusal::of(ResponseType::AccessDenied)),
        }
    }

    fn kept(&self, key: &Key) -> Option<Arc<Verdict>> {
        let kept = self.lock();
        let (until, verdict) = kept.get(key)?;
        (Instant::now() < *until).then(|| Arc::clone(verdict))
    }

    fn keep(&self, authorizer: &Authorizer, key: Key, verdict: &Arc<Verdict>) {
        let now = Instant::now();
        let Some(until) = now
            .checked_add(authorizer.ttl)
            .filter(|_| !authorizer.ttl.is_zero())
        else {
            return;
        };
        let mut kept = self.lock();
        if kept.len() >= MAX_KEPT {
            kept.retain(|_, (until, _)| now < *until);
        }
        if kept.len() < MAX_KEPT {
            kept.insert(key, (until, Arc::clone(verdict)));
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, (Instant, Arc<Verdict>)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The values that identify the caller. A missing or empty one is a 401, unless answers are not kept: then a `REQUEST`
/// authorizer is asked all the same.
fn identity(authorizer: &Authorizer, incoming: &Incoming) -> Result<Vec<String>, Refusal> {
    let (values, optional): (Vec<_>, bool) = match &authorizer.payload {
        Payload::Token { header } => (vec![incoming.header(header)], false),
        Payload::Request { identity } => {
            let values = identity.iter().map(|source| match source {
                IdentitySource::Header(name) => incoming.header(name),
                IdentitySource::Query(name) => incoming.query(name),
            });
            (values.collect(), authorizer.ttl.is_zero())
        }
    };
    let missing = values
        .iter()
        .any(|value| value.as_ref().is_none_or(String::is_empty));
    if missing && !optional {
        return Err(Refusal::of(ResponseType::Unauthorized));
    }
    Ok(values.into_iter().map(Option::unwrap_or_default).collect())
}

fn event(payload: &Payload, incoming: &Incoming) -> Value {
    match payload {
        Payload::Token { header } => {
            incoming.token_event(&incoming.header(header).unwrap_or_default())
        }
        Payload::Request { .. } => incoming.request_event(),
    }
}

async fn verdict(
    function: &Function,
    event: Value,
    incoming: &Incoming,
) -> Result<Verdict, Refusal> {
    let event = Event {
        payload: event.to_string().into(),
        trace: Some(incoming.trace.clone()),
    };
    match function.invoke(event).await {
        Ok(answer) => read(&answer).ok_or(Refusal::of(ResponseType::AuthorizerConfigurationError)),
        Err(InvokeError::Function(error)) if error.error_message == "Unauthorized" => {
            Err(Refusal::of(ResponseType::Unauthorized))
        }
        Err(error) => {
            eprintln!(
                "[gateway] request {}: authorizer {}: {error}",
                incoming.request_id,
                function.name()
            );
            Err(Refusal::of(ResponseType::AuthorizerFailure))
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    principal_id: String,
    policy_document: Value,
    #[serde(default)]
    context: Option<Map<String, Value>>,
}

/// Nothing for an answer that API Gateway would call a configuration error.
fn read(answer: &Bytes) -> Option<Verdict> {
    if answer.len() > MAX_ANSWER {
        return None;
    }
    let Answer {
        principal_id: principal,
        policy_document,
        context,
    } = serde_json::from_slice(answer).ok()?;
    let policy = Policy::parse(policy_document)?;
    let context = context
        .unwrap_or_default()
        .into_iter()
        .map(|(name, value)| {
            let text = match value {
                Value::String(text) => text,
                Value::Number(number) => number.to_string(),
                Value::Bool(flag) => flag.to_string(),
                Value::Null | Value::Array(_) | Value::Object(_) => return None,
            };
            Some((name, Value::String(text)))
        });
    let context = context.collect::<Option<_>>()?;
    (!principal.is_empty()).then_some(Verdict {
        principal,
        policy,
        context,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> Value {
        json!({
            "principalId": "p",
            "policyDocument": {"Version": "2012-10-17", "Statement": []},
            "context": {"text": "a", "number": 3, "float": 1.5, "flag": true},
        })
    }

    fn changed(name: &str, value: Value) -> Bytes {
        let mut answer = answer();
        answer[name] = value;
        answer.to_string().into()
    }

    #[test]
    fn the_context_is_handed_on_as_text() {
        let verdict = Arc::new(read(&answer().to_string().into()).unwrap());
        let expected = json!({
            "text": "a", "number": "3", "float": "1.5", "flag": "true", "principalId": "p", "integrationLatency": 7,
        });
        assert_eq!(
            Authorized {
                verdict,
                latency_ms: 7
            }
            .context(),
            expected
        );
        assert!(read(&changed("context", Value::Null)).is_some());
        assert!(read(&changed("usageIdentifierKey", Value::Null)).is_some());
    }

    #[test]
    fn an_answer_has_a_largest_size() {
        let of_size = |size: usize| {
            let mut answer = answer();
            answer["context"]["text"] = json!("");
            let rest = answer.to_string().len();
            answer["context"]["text"] = json!("x".repeat(size - rest));
            Bytes::from(answer.to_string())
        };
        assert_eq!(of_size(8192).len(), 8192);
        assert!(read(&of_size(8192)).is_some());
        assert!(read(&of_size(8193)).is_none());
    }

    #[test]
    fn a_malformed_answer_is_none() {
        for wrong in [
            Bytes::from_static(b"null"),
            Bytes::from_static(b"{}"),
            Bytes::from_static(b"{\"isAuthorized\":true}"),
            changed("principalId", json!("")),
            changed("principalId", json!(1)),
            changed("policyDocument", json!({})),
            changed("context", json!({"a": []})),
            changed("context", json!({"a": {}})),
            changed("context", json!({"a": null})),
            changed("context", json!([])),
        ] {
            assert!(read(&wrong).is_none(), "{wrong:?}");
        }
    }
}
