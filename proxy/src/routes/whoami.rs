//! `GET /whoami`, for any verified caller: who they are to this door, and which agents they may call.

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::{Value, json};
use shared::gate::Identity;

use crate::answer::Answer;
use crate::app::App;
use crate::turn::declined::Declined;
use crate::turn::request::Request;

/// Shows a caller to themselves.
pub(crate) async fn whoami(app: &App, request: &mut Request) -> Result<Answer, Declined> {
    let identity = app.access.whoami(request.asker()).await?;
    app.turns.control.ask_caller(&identity, request).await?;
    let agents = app.access.admitting(&identity);
    let protocols: BTreeMap<&str, &str> = agents
        .iter()
        .map(|agent| (agent.name.as_str(), agent.protocol().as_str()))
        .collect();
    // The authorizer's word may be five minutes old: API Gateway keeps its answers for so long.
    let settings = json!({
        "authorizer": request.event.authorizer_settings,
        "proxy": app.settings,
    });
    let portrait = portrait(&identity, &protocols, &settings);
    Ok(Answer::json(StatusCode::OK, &portrait))
}

/// A caller as the door sees them, the agents they may call, what these speak, and the digests of the settings that say
/// so.
fn portrait(identity: &Identity, protocols: &BTreeMap<&str, &str>, settings: &Value) -> Value {
    let agents: Vec<&str> = protocols.keys().copied().collect();
    json!({
        "agents": agents,
        "client_id": identity.client_id,
        "email": identity.email,
        "expires": identity.expires.0,
        "groups": identity.groups,
        "issuer": identity.issuer,
        "name": identity.name,
        "protocols": protocols,
        "scopes": identity.scopes,
        "settings": settings,
        "subject": identity.subject,
        "username": identity.username,
    })
}
