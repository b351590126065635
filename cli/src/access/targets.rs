//! Changes of an agent beside whom it admits: what its callers reach, and what the agent is given of theirs.

use shared::agents::{Agent, Speaks, Target, ToolToken, TurnLimits};

use super::changes::Changes;

/// Compares two entries of one agent.
pub(crate) fn compare(who: &str, old: &Agent, new: &Agent, changes: &mut Changes) {
    // No `..`: a new field has to be thought about here.
    let Agent {
        name: _,
        target,
        auth,
        tool_token,
        forward_headers,
        admission: _,
        limits,
    } = new;
    if address(target) != address(&old.target) || target.protocol() != old.target.protocol() {
        changes.opens(who, format!("is another target, {}", address(target)));
    }
    match (has_websocket(&old.target), has_websocket(target)) {
        (false, true) => changes.opens(who, "gives addresses of WebSockets".to_owned()),
        (true, false) => changes.closes(who, "gives no addresses of WebSockets".to_owned()),
        (false, false) | (true, true) => {}
    }
    if *auth != old.auth {
        changes.unclear(who, "`auth` is another".to_owned());
    }
    match (old.tool_token, *tool_token) {
        (one, other) if one == other => {}
        (_, ToolToken::None) => changes.closes(who, "gets no token for tools".to_owned()),
        (_, ToolToken::Machine) => {
            changes.opens(who, "gets a tool token without a user".to_owned());
        }
        (_, ToolToken::User) => {
            changes.opens(who, "gets a tool token of its caller".to_owned());
        }
    }
    for header in forward_headers.iter().filter(|name| !old.forwards(name)) {
        changes.opens(who, format!("gets the header `{header}` of callers"));
    }
    for header in old
        .forward_headers
        .iter()
        .filter(|name| !new.forwards(name))
    {
        changes.closes(who, format!("gets the header `{header}` no more"));
    }
    compare_limits(who, old.limits, *limits, changes);
}

fn address(target: &Target) -> String {
    match target {
        Target::Gateway(gateway) => gateway.url.to_string(),
        Target::Runtime(runtime) => {
            format!("{} ({})", runtime.arn.as_str(), runtime.qualifier)
        }
    }
}

const fn has_websocket(target: &Target) -> bool {
    match target {
        Target::Gateway(_) => false,
        Target::Runtime(runtime) => match runtime.speaks {
            Speaks::Http { websocket } => websocket,
            Speaks::A2a | Speaks::Mcp => false,
        },
    }
}

fn compare_limits(
    who: &str,
    old: Option<TurnLimits>,
    new: Option<TurnLimits>,
    changes: &mut Changes,
) {
    let none = TurnLimits {
        at_once: None,
        per_minute: None,
        per_day: None,
    };
    let (old, new) = (old.unwrap_or(none), new.unwrap_or(none));
    let limits = [
        ("turnsAtOnce", old.at_once, new.at_once),
        ("turnsPerMinute", old.per_minute, new.per_minute),
        ("turnsPerDay", old.per_day, new.per_day),
    ];
    for (name, old, new) in limits {
        // No limit is more than any.
        let (before, after) = (old.unwrap_or(u64::MAX), new.unwrap_or(u64::MAX));
        let what = new.map_or_else(
            || format!("the limit `{name}` is gone"),
            |limit| format!("the limit `{name}` is {limit}"),
        );
        if after > before {
            changes.opens(who, what);
        } else if after < before {
            changes.closes(who, what);
        }
    }
}
