//! Decisions on calls of tools, by the Cedar engine and with the entities that AgentCore makes of a token.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use cedar_policy::{
    AuthorizationError, Authorizer, Context, Decision, Entities, Entity, EntityUid, Policy,
    PolicyId, PolicySet, Request, RestrictedExpression,
};
use serde_json::{Value, json};
use shared::clock::rfc3339;
use shared::gate::UnixTime;

use super::source::PLACEHOLDER;
use super::statement::Statement;
use super::vocabulary::Vocabulary;

/// The policies of one gateway, ready to decide.
pub struct Engine {
    policies: PolicySet,
    /// The tools with their targets.
    actions: Entities,
    gateway: EntityUid,
    /// Of each tool the inputs that are decimals: JSON has one type for all numbers, Cedar has two.
    decimals: BTreeMap<String, BTreeSet<String>>,
}

/// A call of a tool: by whom, with what, and when.
pub struct Call<'a> {
    /// The claims of the token, which become the caller's tags.
    pub claims: &'a BTreeMap<String, String>,
    /// Target, three underscores, tool.
    pub tool: &'a str,
    pub input: &'a Value,
    pub now: UnixTime,
}

/// The decision on a call, with the policies that decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    pub outcome: Outcome,
    /// The names of the policies that made it so: every `forbid` that matched, else every `permit`; none if nothing
    /// permits the call.
    pub policies: Vec<String>,
    /// The policies that could not be evaluated, each with the reason.
    pub errors: Vec<(String, String)>,
}

/// The decision on a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    Allow,
    Deny,
    /// A policy could not be evaluated; AgentCore then denies.
    Error,
}

impl Outcome {
    /// The word in tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Error => "error",
        }
    }

    /// Whether the call is let through.
    pub const fn is_allowed(self) -> bool {
        matches!(self, Self::Allow)
    }
}

/// The reason why a call cannot be decided.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error("the policies are not Cedar policies")]
    Policies(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the tools are no actions")]
    Tools(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the claims are no tags of a caller")]
    Claims(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("`{0}` is no name of a tool")]
    Tool(String),
    #[error(
        "the input has a value that Cedar does not know, such as `null` or a number with a fraction"
    )]
    Input(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// AgentCore's type of callers, and the id of all of them: a caller is told by tags.
const CALLER: (&str, &str) = ("OAuthUser", "caller");

impl Engine {
    /// Takes checked statements, and the gateway that stands where their placeholder does.
    ///
    /// # Errors
    /// The statements or the tools cannot be read; the checks before report that.
    pub fn new(
        statements: &[Statement],
        vocabulary: &Vocabulary,
        gateway: &str,
    ) -> Result<Self, EngineError> {
        let mut policies = PolicySet::new();
        for statement in statements {
            let text = statement.text().replace(PLACEHOLDER, gateway);
            let id = PolicyId::new(statement.name());
            let policy = Policy::parse(Some(id), text);
            let policy = policy.map_err(|error| EngineError::Policies(error.into()))?;
            let added = policies.add(policy);
            added.map_err(|error| EngineError::Policies(error.into()))?;
        }
        let actions = vocabulary.schema().action_entities();
        Ok(Self {
            policies,
            actions: actions.map_err(|error| EngineError::Tools(error.into()))?,
            gateway: uid("Gateway", gateway)?,
            decimals: vocabulary.decimals().clone(),
        })
    }

    /// The same policies, asked by another gateway than theirs.
    ///
    /// # Errors
    /// The gateway's name is not an identifier of Cedar's.
    pub fn asked_by(self, gateway: &str) -> Result<Self, EngineError> {
        let gateway = uid("Gateway", gateway)?;
        Ok(Self { gateway, ..self })
    }

    /// Decides one call.
    ///
    /// # Errors
    /// If the tool's name, a claim or the input is nothing that Cedar can be asked about.
    pub fn decide(&self, call: &Call<'_>) -> Result<Decided, EngineError> {
        let tags = call.claims.iter().map(|(name, value)| {
            let value = RestrictedExpression::new_string(value.clone());
            (name.clone(), value)
        });
        let (kind, id) = CALLER;
        let caller = Entity::new_with_tags(uid(kind, id)?, [], [], tags);
        let caller = caller.map_err(|error| EngineError::Claims(error.into()))?;
        let entities = self.actions.clone().add_entities([caller], None);
        let entities = entities.map_err(|error| EngineError::Claims(error.into()))?;
        let tool = uid("Action", call.tool)?;
        let context = self.context(call)?;
        let request = Request::new(uid(kind, id)?, tool, self.gateway.clone(), context, None);
        let request = request.map_err(|error| EngineError::Input(error.into()))?;
        let response = Authorizer::new().is_authorized(&request, &self.policies, &entities);
        let reasons = response.diagnostics().reason();
        let mut policies: Vec<String> = reasons.map(ToString::to_string).collect();
        policies.sort();
        let errors = response.diagnostics().errors();
        let mut errors: Vec<(String, String)> = errors
            .map(|AuthorizationError::PolicyEvaluationError(error)| {
                (error.policy_id().to_string(), error.inner().to_string())
            })
            .collect();
        errors.sort();
        let outcome = match response.decision() {
            // A policy that cannot be evaluated may be the one that forbids.
            Decision::Allow | Decision::Deny if !errors.is_empty() => Outcome::Error,
            Decision::Allow => Outcome::Allow,
            Decision::Deny => Outcome::Deny,
        };
        Ok(Decided {
            outcome,
            policies,
            errors,
        })
    }

    /// The inputs, and the time, as AgentCore gives them to policies.
    fn context(&self, call: &Call<'_>) -> Result<Context, EngineError> {
        let mut input = call.input.clone();
        for name in self.decimals.get(call.tool).into_iter().flatten() {
            if let Some(number) = input.get_mut(name).filter(|value| value.is_number()) {
                *number = decimal(number);
            }
        }
        let now = rfc3339(Duration::from_secs(call.now.0));
        let now = json!({"__extn": {"fn": "datetime", "arg": now}});
        let context = json!({"input": input, "system": {"now": now}});
        Context::from_json_value(context, None).map_err(|error| EngineError::Input(error.into()))
    }
}

/// Cedar's decimals have one to four places.
fn decimal(number: &Value) -> Value {
    let text = number.to_string();
    let text = if text.contains('.') {
        text
    } else {
        format!("{text}.0")
    };
    json!({"__extn": {"fn": "decimal", "arg": text}})
}

fn uid(kind: &str, id: &str) -> Result<EntityUid, EngineError> {
    let uid = EntityUid::from_json(json!({"type": format!("AgentCore::{kind}"), "id": id}));
    uid.map_err(|_| EngineError::Tool(id.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::source::Source;
    use crate::check::statement::check;

    /// The engine of policies for a tool with a `number`, each an effect and a condition.
    fn engine(policies: &[(&str, &str)]) -> Engine {
        let tools = json!({"shop": [{"name": "pay", "inputSchema": {
            "type": "object", "required": ["amount"], "properties": {"amount": {"type": "number"}}}}]});
        let vocabulary = Vocabulary::read(&tools.to_string(), r#"{"role": "string"}"#).unwrap();
        let sources = policies.iter().map(|(effect, condition)| Source {
            file: format!("{effect}_pay.cedar"),
            text: format!(
                "// Who may pay.\n{effect} (principal is AgentCore::OAuthUser, action == AgentCore::Action::\"shop___pay\", \
                 resource == AgentCore::Gateway::\"{PLACEHOLDER}\") when {{ {condition} }};"
            ),
        });
        let sources: Vec<Source> = sources.collect();
        let statements = check(&sources, &vocabulary).unwrap();
        Engine::new(&statements, &vocabulary, "arn").unwrap()
    }

    const LITTLE: &str = "context.input.amount.lessThan(decimal(\"12.5\"))";
    const BUYER: &str = "principal.hasTag(\"role\") && principal.getTag(\"role\") == \"buyer\"";

    fn ask(engine: &Engine, tool: &str, input: &Value) -> Result<Decided, EngineError> {
        engine.decide(&Call {
            claims: &BTreeMap::from([("role".to_owned(), "buyer".to_owned())]),
            tool,
            input,
            now: UnixTime(1_800_000_000),
        })
    }

    #[test]
    fn a_number_is_a_decimal_where_the_tool_says_so() {
        let engine = engine(&[("permit", LITTLE)]);
        for (amount, outcome) in [
            (json!(12), Outcome::Allow),
            (json!(12.4999), Outcome::Allow),
            (json!(12.5), Outcome::Deny),
            (json!(13), Outcome::Deny),
            (json!("12"), Outcome::Error),
        ] {
            let decided = ask(&engine, "shop___pay", &json!({"amount": amount})).unwrap();
            assert_eq!(decided.outcome, outcome, "{amount}");
            let policies: &[&str] = if outcome.is_allowed() {
                &["permit_pay"]
            } else {
                &[]
            };
            assert_eq!(decided.policies, policies, "{amount}");
            let erring = usize::from(outcome == Outcome::Error);
            assert_eq!(decided.errors.len(), erring, "{decided:?}");
        }
    }

    #[test]
    fn what_cedar_does_not_know_is_an_error_and_no_decision() {
        let engine = engine(&[("permit", LITTLE)]);
        for input in [
            json!({"amount": 1.23456}),
            json!({"amount": null}),
            json!({"other": 1.5}),
        ] {
            let error = ask(&engine, "shop___pay", &input).unwrap_err();
            assert!(matches!(error, EngineError::Input(_)), "{input}");
        }
        let decided = ask(&engine, "shop___\"sell", &json!({})).unwrap();
        assert_eq!(
            (decided.outcome, decided.policies.len()),
            (Outcome::Deny, 0)
        );
    }

    #[test]
    fn the_policies_that_decided_are_told() {
        let engine = engine(&[("permit", BUYER), ("forbid", LITTLE)]);
        for (amount, outcome, policies) in [
            (json!(20), Outcome::Allow, &["permit_pay"][..]),
            (json!(2), Outcome::Deny, &["forbid_pay"]),
            // The policy that cannot be evaluated is the one that forbids: a permit alone does not let the call through.
            (json!("2"), Outcome::Error, &["permit_pay"]),
        ] {
            let decided = ask(&engine, "shop___pay", &json!({"amount": amount})).unwrap();
            assert_eq!(
                (decided.outcome, &decided.policies[..]),
                (
                    outcome,
                    &policies.iter().map(ToString::to_string).collect::<Vec<_>>()[..]
                ),
                "{amount}"
            );
        }
        let elsewhere = engine.asked_by("other").unwrap();
        let decided = ask(&elsewhere, "shop___pay", &json!({"amount": 20})).unwrap();
        assert_eq!(
            (decided.outcome, decided.policies.len()),
            (Outcome::Deny, 0)
        );
    }
}
