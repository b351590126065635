//! Conditions that are always true: a reader believes that they restrict callers.
//!
//! What the caller, the tool and the input have no part in is evaluated by Cedar itself; the operators around it, by their
//! own rules. What is found to be always true is so; not everything that is so is found.

use cedar_policy::{
    Authorizer, Context, Decision, Entities, EntityUid, Policy, PolicySet, Request,
};
use serde_json::{Value, json};

use super::source::PLACEHOLDER;

/// Whether each of the policy's conditions holds for every request. The conditions are in Cedar's JSON format ("JSON
/// policy format" of the Cedar reference). A policy without any has none that is.
pub(crate) fn is_always_met(conditions: &Value) -> bool {
    let conditions = conditions.as_array().map(Vec::as_slice).unwrap_or_default();
    let is_met = |condition: &Value| {
        let wanted = condition.get("kind").is_some_and(|kind| kind == "when");
        let body = condition.get("body").unwrap_or(&Value::Null);
        constant(body) == Some(wanted)
    };
    !conditions.is_empty() && conditions.iter().all(is_met)
}

/// The one value that an expression has, whatever the request; none if it may have either, or that is not seen here.
fn constant(expression: &Value) -> Option<bool> {
    let (operator, operands) = expression.as_object()?.iter().next()?;
    let of = |name: &str| operands.get(name);
    let value = |name: &str| of(name).and_then(constant);
    let are_same = of("left").is_some() && of("left") == of("right");
    match operator.as_str() {
        "Value" => operands.as_bool(),
        "!" => value("arg").map(|value| !value),
        "&&" | "||" if are_opposite(operands) => Some(operator == "||"),
        "&&" => both(value("left"), value("right"), false),
        "||" => both(value("left"), value("right"), true),
        "if-then-else" => match (value("if"), value("then"), value("else")) {
            (Some(true), then, _) => then,
            (Some(false), _, otherwise) => otherwise,
            (None, then, otherwise) => then.filter(|_| then == otherwise),
        },
        "==" | "<=" | ">=" if are_same => Some(true),
        "!=" | "<" | ">" if are_same => Some(false),
        "==" if is_gateway(operands) => Some(true),
        "is" => is_of_its_type(operands).then_some(true),
        "like" if is_any_text(operands) => Some(true),
        _ => evaluated(expression),
    }
}

/// What two values give by an operator of which one value decides alone.
fn both(left: Option<bool>, right: Option<bool>, decides: bool) -> Option<bool> {
    if [left, right].contains(&Some(decides)) {
        return Some(decides);
    }
    left.and(right).map(|_| !decides)
}

/// Whether one side is the other's negation.
fn are_opposite(operands: &Value) -> bool {
    let side = |name: &str| operands.get(name).unwrap_or(&Value::Null);
    let negated = |side: &Value| side.pointer("/!/arg").cloned();
    let (left, right) = (side("left"), side("right"));
    negated(left).is_some_and(|left| left == *right) || negated(right).is_some_and(|it| it == *left)
}

/// The gateway that every policy names in its scope, named again.
fn is_gateway(operands: &Value) -> bool {
    let resource = json!({"Var": "resource"});
    let gateway = json!({"Value": {"__entity": {"type": "AgentCore::Gateway", "id": PLACEHOLDER}}});
    let sides = [operands.get("left"), operands.get("right")];
    sides == [Some(&resource), Some(&gateway)] || sides == [Some(&gateway), Some(&resource)]
}

/// The only type of callers and of gateways that there is here.
fn is_of_its_type(operands: &Value) -> bool {
    let variable = operands.pointer("/left/Var").and_then(Value::as_str);
    let kind = operands.get("entity_type").and_then(Value::as_str);
    let is_only = matches!(
        (variable, kind),
        (Some("principal"), Some("AgentCore::OAuthUser"))
            | (Some("resource"), Some("AgentCore::Gateway"))
    );
    is_only && operands.get("in").is_none()
}

/// A pattern that every text has.
fn is_any_text(operands: &Value) -> bool {
    let pattern = operands.get("pattern").and_then(Value::as_array);
    pattern.is_some_and(|pattern| {
        !pattern.is_empty() && pattern.iter().all(|piece| piece == "Wildcard")
    })
}

/// The value of an expression that asks nothing of the request, as Cedar finds it.
fn evaluated(expression: &Value) -> Option<bool> {
    if has_variable(expression) {
        return None;
    }
    let all = json!({"op": "All"});
    let condition = json!({"kind": "when", "body": expression});
    let policy = json!({
        "effect": "permit", "principal": all, "action": all, "resource": all, "conditions": [condition],
    });
    let set = PolicySet::from_policies([Policy::from_json(None, policy).ok()?]).ok()?;
    let nobody: EntityUid = r#"Nobody::"""#.parse().ok()?;
    let [caller, action, resource] = [nobody.clone(), nobody.clone(), nobody];
    let request = Request::new(caller, action, resource, Context::empty(), None).ok()?;
    let response = Authorizer::new().is_authorized(&request, &set, &Entities::empty());
    let is_sound = response.diagnostics().errors().next().is_none();
    is_sound.then(|| response.decision() == Decision::Allow)
}

fn has_variable(expression: &Value) -> bool {
    match expression {
        Value::Object(members) => members.contains_key("Var") || members.values().any(has_variable),
        Value::Array(elements) => elements.iter().any(has_variable),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}
