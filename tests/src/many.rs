//! Settings of a large deployment.

use mint::Key;
use serde_json::{Map, Value, json};

use crate::function::{DEMO_ARN, agents};
use crate::token::{CLIENT, ISSUER, trusted};

/// `AGENTS` with so many agents: `demo`, `finance`, and `agent-002` and up, of which those with an even number admit staff
/// and the others no caller.
pub fn many_agents(count: usize) -> Value {
    let Value::Object(mut first) = agents() else {
        return Value::Null;
    };
    for agent in first.values_mut() {
        agent["allow"]["issuers"] = json!([ISSUER]);
    }
    let others = (first.len()..count).map(|place| {
        let group = if place % 2 == 0 { "staff" } else { "nobody" };
        let agent = json!({
            "$comment": "One of many agents, which are all the same container.",
            "runtime": DEMO_ARN,
            "allow": {"groups": [group], "issuers": [ISSUER]},
        });
        (format!("agent-{place:03}"), agent)
    });
    Value::Object(Map::from_iter(first.clone().into_iter().chain(others)))
}

/// `TRUSTED_ISSUERS` with so many issuers: the one whose keys these are, and others whose keys are at these addresses, in
/// turn. It comes last.
pub fn many_issuers(key: &Key, addresses: &[String], count: usize) -> Value {
    let others = addresses.iter().cycle().take(count - 1).enumerate();
    let others = others.map(|(place, address)| {
        let issuer = format!("https://issuer-{place}.example.com");
        json!({
            "$comment": "One of many issuers.",
            "discoveryUrl": format!("{issuer}/.well-known/openid-configuration"),
            "jwksUri": address,
            "allowedClients": [CLIENT],
        })
    });
    others
        .chain([trusted(&[key], &json!({}))[0].clone()])
        .collect()
}
