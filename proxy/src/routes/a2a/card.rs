//! An A2A agent's card, rewritten to this door: its readers must come here, not round it.
//!
//! The card is the agent's own text and names where the agent believes it is, which is an address of AgentCore's (A2A,
//! "Agent Card"). Fields are kept as they are, but for these: every address of an interface becomes this door's;
//! interfaces that this door does not pass on are left out; so is what a rewritten card no longer keeps, its signatures
//! and the extended card, which would be the old one; and whatever else names AgentCore's data plane.

use serde_json::{Map, Value};

/// The one protocol binding that is passed on: A2A's JSON-RPC, as versions 0.3 and 1.0 both call it.
const JSON_RPC: &str = "JSONRPC";

/// In the name of every host of AgentCore's data plane.
const PLATFORM: &str = "bedrock-agentcore";

/// Rewrites a card to the agent at `address`; none if it is no card at all.
pub(crate) fn rewritten(card: Value, address: &str) -> Option<Value> {
    let Value::Object(mut card) = card else {
        return None;
    };
    // Of the two layouts a card has one or both: `url` up to 0.3, `supportedInterfaces` since 1.0.
    let is_current = card.contains_key("supportedInterfaces");
    if card.contains_key("url") || !is_current {
        set(&mut card, "url", address);
        set(&mut card, "preferredTransport", JSON_RPC);
    }
    interfaces(&mut card, "additionalInterfaces", "transport", address);
    interfaces(&mut card, "supportedInterfaces", "protocolBinding", address);
    card.remove("signatures");
    card.remove("supportsAuthenticatedExtendedCard");
    if let Some(Value::Object(capabilities)) = card.get_mut("capabilities") {
        capabilities.remove("extendedAgentCard");
    }
    let mut card = Value::Object(card);
    scrub(&mut card);
    Some(card)
}

fn set(card: &mut Map<String, Value>, name: &str, text: &str) {
    card.insert(name.to_owned(), Value::String(text.to_owned()));
}

/// Keeps the interfaces that are passed on, at this door. A list that would be left without any gets one.
fn interfaces(card: &mut Map<String, Value>, name: &str, binding: &str, address: &str) {
    let Some(listed) = card.get_mut(name) else {
        return;
    };
    let listed = match listed.take() {
        Value::Array(listed) => listed,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            Vec::new()
        }
    };
    let mut kept: Vec<Value> = listed
        .into_iter()
        .filter_map(|interface| match interface {
            Value::Object(interface) => Some(interface),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => None,
        })
        .filter(|interface| interface.get(binding).and_then(Value::as_str) == Some(JSON_RPC))
        .map(|mut interface| {
            set(&mut interface, "url", address);
            Value::Object(interface)
        })
        .collect();
    if kept.is_empty() {
        let mut only = Map::new();
        set(&mut only, binding, JSON_RPC);
        set(&mut only, "url", address);
        kept.push(Value::Object(only));
    }
    card.insert(name.to_owned(), Value::Array(kept));
}

/// Leaves out every text that names the platform, wherever it stands. The parser bounds how deep a card can be.
fn scrub(value: &mut Value) {
    match value {
        Value::Array(items) => {
            items.retain(|item| !names_platform(item));
            items.iter_mut().for_each(scrub);
        }
        Value::Object(members) => {
            members.retain(|name, member| {
                !names_platform(member) && !name.to_ascii_lowercase().contains(PLATFORM)
            });
            members.values_mut().for_each(scrub);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn names_platform(value: &Value) -> bool {
    let text = value.as_str().unwrap_or_default();
    text.to_ascii_lowercase().contains(PLATFORM)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const DOOR: &str = "https://api.example.com/live/agents/planner/a2a";
    const RUNTIME: &str =
        "https://bedrock-agentcore.us-east-1.amazonaws.com/runtimes/arn%3A/invocations/";

    #[test]
    fn a_card_leads_to_the_door() {
        let card = json!({"name": "Planner", "protocolVersion": "0.3.0", "url": RUNTIME, "preferredTransport": "GRPC",
            "skills": [{"id": "plan", "examples": ["plan my day"]}], "capabilities": {"streaming": true},
            "additionalInterfaces": [
                {"transport": "GRPC", "url": "https://grpc.example"},
                {"transport": "JSONRPC", "url": RUNTIME}],
            "signatures": [{"protected": "x", "signature": "y"}], "supportsAuthenticatedExtendedCard": true});
        let expected = json!({"name": "Planner", "protocolVersion": "0.3.0", "url": DOOR, "preferredTransport": "JSONRPC",
            "skills": [{"id": "plan", "examples": ["plan my day"]}], "capabilities": {"streaming": true},
            "additionalInterfaces": [{"transport": "JSONRPC", "url": DOOR}]});
        assert_eq!(rewritten(card, DOOR), Some(expected));
    }

    #[test]
    fn a_card_of_the_current_layout_does_too() {
        let card = json!({"name": "Planner", "capabilities": {"streaming": true, "extendedAgentCard": true},
            "supportedInterfaces": [
                {"protocolBinding": "HTTP+JSON", "protocolVersion": "1.0", "url": RUNTIME},
                {"protocolBinding": "JSONRPC", "protocolVersion": "1.0", "url": RUNTIME}]});
        let expected = json!({"name": "Planner", "capabilities": {"streaming": true},
            "supportedInterfaces": [{"protocolBinding": "JSONRPC", "protocolVersion": "1.0", "url": DOOR}]});
        assert_eq!(rewritten(card, DOOR), Some(expected));
        let other = json!({"supportedInterfaces": [{"protocolBinding": "GRPC", "url": RUNTIME}]});
        let expected =
            json!({"supportedInterfaces": [{"protocolBinding": "JSONRPC", "url": DOOR}]});
        assert_eq!(rewritten(other, DOOR), Some(expected));
    }

    #[test]
    fn no_address_of_the_platforms_is_left_anywhere() {
        let cards = [
            json!({"url": RUNTIME.to_uppercase()}),
            json!({"additionalInterfaces": RUNTIME, "supportedInterfaces": {"url": RUNTIME}}),
            json!({"documentationUrl": RUNTIME, "provider": {"url": RUNTIME}, "skills": [{"examples": [RUNTIME, "fine"]}],
                "securitySchemes": {"iam": {"description": format!("call {RUNTIME}")}}, RUNTIME: 1}),
            json!({"supportedInterfaces": [{"protocolBinding": "JSONRPC", "url": RUNTIME, "tenant": RUNTIME}, RUNTIME]}),
        ];
        for card in cards {
            let text = rewritten(card, DOOR).unwrap().to_string();
            assert!(!text.to_lowercase().contains("bedrock-agentcore"), "{text}");
            assert!(text.contains(DOOR), "{text}");
        }
    }

    #[test]
    fn what_is_no_object_is_no_card() {
        for other in [json!(null), json!([]), json!("card"), json!(1)] {
            assert_eq!(rewritten(other, DOOR), None);
        }
    }
}
