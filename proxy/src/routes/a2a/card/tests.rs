use super::*;

const DOOR: &str = "https://api.example.com/live/agents/planner/a2a";
const RUNTIME: &str =
    "https://bedrock-agentcore.us-east-1.amazonaws.com/runtimes/arn%3A/invocations/";
const DISCOVERY: &str = "https://issuer.example/.well-known/openid-configuration";

fn rewritten(card: &Value) -> Option<Value> {
    super::rewritten(card, DOOR, &[])
}

fn issuers(count: usize) -> Vec<Issuer> {
    let issuer = |_| Issuer {
        discovery: DISCOVERY.to_owned(),
        scopes: vec!["gatehouse/invoke".to_owned()],
    };
    (0..count).map(issuer).collect()
}

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
    assert_eq!(rewritten(&card), Some(expected));
}

#[test]
fn a_card_of_the_current_layout_does_too() {
    let card = json!({"name": "Planner", "capabilities": {"streaming": true, "extendedAgentCard": true},
        "supportedInterfaces": [
            {"protocolBinding": "HTTP+JSON", "protocolVersion": "1.0", "url": RUNTIME},
            {"protocolBinding": "JSONRPC", "protocolVersion": "1.0", "url": RUNTIME, "tenant": "t"}]});
    let expected = json!({"name": "Planner", "capabilities": {"streaming": true},
        "supportedInterfaces": [{"protocolBinding": "JSONRPC", "protocolVersion": "1.0", "url": DOOR, "tenant": "t"}]});
    assert_eq!(rewritten(&card), Some(expected));
    let other = json!({"supportedInterfaces": [{"protocolBinding": "GRPC", "url": RUNTIME}]});
    let expected = json!({"supportedInterfaces": [{"protocolBinding": "JSONRPC", "url": DOOR}]});
    assert_eq!(rewritten(&other), Some(expected));
}

#[test]
fn nothing_of_a_card_but_what_is_known_is_shown() {
    let full = json!({"name": "N", "description": "D", "version": "1", "iconUrl": "https://evil.test/i",
        "documentationUrl": "https://evil.test/d", "provider": {"organization": "O", "url": "https://evil.test/p", "x": 1},
        "defaultInputModes": ["text/plain", 1], "defaultOutputModes": ["text/plain"],
        "capabilities": {"streaming": true, "pushNotifications": false, "stateTransitionHistory": true, "x": 1,
            "extensions": [{"uri": "https://example.com/x", "description": "E", "required": true, "params": {"a": "https://evil.test"}}]},
        "skills": [{"id": "s", "name": "S", "description": "D", "tags": ["t", {"x": 1}], "examples": ["e"],
            "inputModes": ["a"], "outputModes": ["b"], "security": [{"evil": []}], "x": 1}, "no skill"],
        "securitySchemes": {"evil": {"type": "oauth2", "flows": {"authorizationCode":
            {"authorizationUrl": "https://evil.test/authorize", "tokenUrl": "https://evil.test/token"}}}},
        "security": [{"evil": []}], "securityRequirements": [{"schemes": {"evil": {}}}],
        "supportedInterfaces": [{"protocolBinding": "JSONRPC", "protocolVersion": "1.0", "url": "https://evil.test", "x": 1}],
        "x-more": {"url": "https://evil.test"}});
    let expected = json!({"name": "N", "description": "D", "version": "1",
        "provider": {"organization": "O", "url": DOOR},
        "defaultInputModes": ["text/plain"], "defaultOutputModes": ["text/plain"],
        "capabilities": {"streaming": true, "pushNotifications": false, "stateTransitionHistory": true,
            "extensions": [{"uri": "https://example.com/x", "description": "E", "required": true}]},
        "skills": [{"id": "s", "name": "S", "description": "D", "tags": ["t"], "examples": ["e"],
            "inputModes": ["a"], "outputModes": ["b"]}],
        "supportedInterfaces": [{"protocolBinding": "JSONRPC", "protocolVersion": "1.0", "url": DOOR}]});
    assert_eq!(rewritten(&full), Some(expected));
}

#[test]
fn signing_in_is_what_the_door_says_in_each_layout() {
    let current = json!({"supportedInterfaces": []});
    let (older, both) = (
        json!({"url": "x"}),
        json!({"url": "x", "supportedInterfaces": []}),
    );
    let (kind, requirement) = (
        json!("openIdConnect"),
        json!([{"issuer-1": ["gatehouse/invoke"]}]),
    );
    let nested = json!({"openIdConnectUrl": DISCOVERY});
    let nested_requirement = json!([{"schemes": {"issuer-1": {"list": ["gatehouse/invoke"]}}}]);
    for (card, is_older, is_current) in [
        (older, true, false),
        (current, false, true),
        (both, true, true),
    ] {
        let card = super::rewritten(&card, DOOR, &issuers(1)).unwrap();
        let scheme = &card["securitySchemes"]["issuer-1"];
        let expected = |is_there: bool, value: &Value| is_there.then_some(value.clone());
        let found = |value: &Value, name: &str| value.get(name).cloned();
        assert_eq!(found(scheme, "type"), expected(is_older, &kind));
        assert_eq!(found(&card, "security"), expected(is_older, &requirement));
        let name = "openIdConnectSecurityScheme";
        assert_eq!(found(scheme, name), expected(is_current, &nested));
        let name = "securityRequirements";
        assert_eq!(
            found(&card, name),
            expected(is_current, &nested_requirement)
        );
    }
    let two = super::rewritten(&json!({"url": "x"}), DOOR, &issuers(2)).unwrap();
    assert_eq!(two["security"].as_array().unwrap().len(), 2, "any of them");
    let none = rewritten(&json!({"url": "x", "security": [{"evil": []}]})).unwrap();
    assert_eq!(none, json!({"url": DOOR, "preferredTransport": "JSONRPC"}));
}

#[test]
fn no_address_of_the_platforms_is_left_anywhere() {
    let escaped = RUNTIME.replace('-', "%2D").replace('c', "%63");
    let cards = [
        json!({"url": RUNTIME.to_uppercase()}),
        json!({"additionalInterfaces": RUNTIME, "supportedInterfaces": {"url": RUNTIME}}),
        json!({"description": escaped, "provider": {"organization": RUNTIME}, "skills": [{"examples": [RUNTIME, escaped, "fine"]}]}),
        json!({"supportedInterfaces": [{"protocolBinding": "JSONRPC", "url": RUNTIME, "tenant": escaped}, RUNTIME]}),
    ];
    for card in cards {
        let text = rewritten(&card).unwrap().to_string();
        let plain = text.to_lowercase().replace("%2d", "-").replace("%63", "c");
        assert!(!plain.contains("bedrock-agentcore"), "{text}");
        assert!(text.contains(DOOR), "{text}");
    }
    for fine in ["100 % fine", "%", "%2", "%zz bedrock"] {
        assert!(!names_platform(fine), "{fine}");
    }
}

#[test]
fn what_is_no_object_is_no_card() {
    for other in [json!(null), json!([]), json!("card"), json!(1)] {
        assert_eq!(rewritten(&other), None);
    }
}
