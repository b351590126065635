//! The table of callers: which agents the door leaves to them, and which tools the policies do.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::header::AUTHORIZATION;
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Map, Value, json};

use super::Shown;

/// Of an answer of `/whoami`.
const MAX_ANSWER: usize = 1024 * 1024;
const TIMEOUT: Duration = Duration::from_secs(10);

/// The table, as it is at this moment.
pub(super) async fn table(shown: &Shown) -> Value {
    let people = &shown.people;
    let names = people.names();
    let mut agents: Vec<(String, Vec<Value>)> = shown
        .agents
        .iter()
        .map(|name| (name.clone(), Vec::new()))
        .collect();
    let mut tools: Vec<(String, Vec<Value>)> = Vec::new();
    for name in &names {
        let admitting = admitting(&shown.door, people.access_token(name)).await;
        for (agent, cells) in &mut agents {
            let outcome = match &admitting {
                None => "unknown",
                Some(admitting) if admitting.contains(agent) => "allowed",
                Some(_) => "refused",
            };
            cells.push(json!({"caller": name, "outcome": outcome}));
        }
        let claims = people.tool_claims(name).await;
        for (tool, outcome, policies) in people.outlook(claims.as_ref()) {
            let cell = json!({"caller": name, "outcome": outcome, "policies": policies});
            match tools.iter_mut().find(|(known, _)| *known == tool) {
                Some((_, cells)) => cells.push(cell),
                None => tools.push((tool, vec![cell])),
            }
        }
    }
    json!({
        "agents": rows(agents),
        "callers": names,
        "policies": people.policies(),
        "tools": rows(tools),
    })
}

fn rows(rows: Vec<(String, Vec<Value>)>) -> Value {
    let rows = rows.into_iter();
    rows.map(|(name, cells)| json!({"cells": cells, "name": name}))
        .collect()
}

/// The agents that admit the caller of this token, by the door's own words.
async fn admitting(door: &str, token: Option<String>) -> Option<Vec<String>> {
    let request = Request::get(format!("{door}/whoami"))
        .header(AUTHORIZATION, format!("Bearer {}", token?))
        .body(Empty::<Bytes>::new())
        .ok()?;
    let asked = async {
        let client = Client::builder(TokioExecutor::new()).build_http();
        let answer = client.request(request).await.ok()?;
        let body = answer.status().is_success().then(|| answer.into_body())?;
        Some(
            Limited::new(body, MAX_ANSWER)
                .collect()
                .await
                .ok()?
                .to_bytes(),
        )
    };
    let answer = tokio::time::timeout(TIMEOUT, asked).await.ok().flatten()?;
    let answer: Map<String, Value> = serde_json::from_slice(&answer).ok()?;
    let agents = answer.get("agents")?.as_array()?.iter();
    // A name, or an object that has one.
    let name = |agent: &Value| {
        agent
            .get("name")
            .unwrap_or(agent)
            .as_str()
            .map(str::to_owned)
    };
    Some(agents.filter_map(name).collect())
}
