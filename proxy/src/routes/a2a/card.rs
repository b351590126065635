//! An A2A agent's card, made anew for this door: its readers must come here, and sign in where the door asks.
//!
//! The card is the agent's own text (A2A, "Agent Card"). An agent is trusted with nothing of another agent's, and a
//! card that named a foreign sign-in server would get its readers' sign-in, good at all of them. So the card is built
//! of known members that hold no address. Every address in it is this door's, and its security schemes name the door's
//! issuers. Left out are interfaces that this door does not pass on, signatures, which a card made anew does not keep,
//! the extended card, which would be the old one, and texts that name AgentCore's data plane.

use serde_json::{Map, Value, json};

/// The one protocol binding that is passed on: A2A's JSON-RPC, as versions 0.3 and 1.0 both call it.
const JSON_RPC: &str = "JSONRPC";

/// In the name of every host of AgentCore's data plane.
const PLATFORM: &str = "bedrock-agentcore";

/// An issuer whose tokens the agent's callers may show.
#[derive(Debug)]
pub(crate) struct Issuer {
    /// Where its metadata is (OpenID Connect Discovery 1.0, 4).
    pub(crate) discovery: String,
    /// What a client asks it for.
    pub(crate) scopes: Vec<String>,
}

/// What a member may hold; anything else is left out.
#[derive(Clone, Copy)]
enum Kind {
    Flag,
    Text,
    Texts,
    Object(Members),
    Objects(Members),
}

type Members = &'static [(&'static str, Kind)];

/// The members of a card, in the layouts of 0.3 and 1.0, but for addresses and what is said of signing in.
const CARD: Members = &[
    ("name", Kind::Text),
    ("description", Kind::Text),
    ("version", Kind::Text),
    ("protocolVersion", Kind::Text),
    ("provider", Kind::Object(&[("organization", Kind::Text)])),
    ("capabilities", Kind::Object(CAPABILITIES)),
    ("defaultInputModes", Kind::Texts),
    ("defaultOutputModes", Kind::Texts),
    ("skills", Kind::Objects(SKILL)),
];

const CAPABILITIES: Members = &[
    ("streaming", Kind::Flag),
    ("pushNotifications", Kind::Flag),
    ("stateTransitionHistory", Kind::Flag),
    ("extensions", Kind::Objects(EXTENSION)),
];

/// Its `uri` is a name that clients compare; `params` may hold anything.
const EXTENSION: Members = &[
    ("uri", Kind::Text),
    ("description", Kind::Text),
    ("required", Kind::Flag),
];

const SKILL: Members = &[
    ("id", Kind::Text),
    ("name", Kind::Text),
    ("description", Kind::Text),
    ("tags", Kind::Texts),
    ("examples", Kind::Texts),
    ("inputModes", Kind::Texts),
    ("outputModes", Kind::Texts),
];

const INTERFACE: Members = &[
    ("protocolBinding", Kind::Text),
    ("transport", Kind::Text),
    ("protocolVersion", Kind::Text),
    // Clients repeat it in their requests, to the agent.
    ("tenant", Kind::Text),
];

/// Makes a card for the agent at `address`, whose callers these issuers know; none if it is no card at all.
pub(crate) fn rewritten(card: &Value, address: &str, issuers: &[Issuer]) -> Option<Value> {
    let said = card.as_object()?;
    let mut card = copied(said, CARD);
    if let Some(Value::Object(provider)) = card.get_mut("provider") {
        set(provider, "url", address);
    }
    // Of the two layouts a card has one or both: `url` up to 0.3, `supportedInterfaces` since 1.0.
    let is_current = said.contains_key("supportedInterfaces");
    let is_older = said.contains_key("url") || !is_current;
    if is_older {
        set(&mut card, "url", address);
        set(&mut card, "preferredTransport", JSON_RPC);
    }
    for (name, binding) in [
        ("additionalInterfaces", "transport"),
        ("supportedInterfaces", "protocolBinding"),
    ] {
        if let Some(listed) = said.get(name) {
            card.insert(name.to_owned(), interfaces(listed, binding, address));
        }
    }
    secure(&mut card, issuers, is_older, is_current);
    Some(Value::Object(card))
}

fn set(card: &mut Map<String, Value>, name: &str, text: &str) {
    card.insert(name.to_owned(), Value::String(text.to_owned()));
}

/// The known members that hold what they may hold.
fn copied(said: &Map<String, Value>, members: Members) -> Map<String, Value> {
    let kept = members
        .iter()
        .filter_map(|(name, kind)| Some(((*name).to_owned(), copy(said.get(*name)?, *kind)?)));
    kept.collect()
}

/// The recursion is as deep as the tables of members.
fn copy(value: &Value, kind: Kind) -> Option<Value> {
    let all = |kind| {
        let items = value.as_array()?.iter();
        Some(Value::Array(
            items.filter_map(|item| copy(item, kind)).collect(),
        ))
    };
    match kind {
        Kind::Flag => value.is_boolean().then(|| value.clone()),
        Kind::Text => {
            let text = value.as_str().filter(|text| !names_platform(text));
            text.map(Value::from)
        }
        Kind::Texts => all(Kind::Text),
        Kind::Object(members) => Some(Value::Object(copied(value.as_object()?, members))),
        Kind::Objects(members) => all(Kind::Object(members)),
    }
}

/// The interfaces that are passed on, at this door. A list that would be left without any gets one.
fn interfaces(listed: &Value, binding: &str, address: &str) -> Value {
    let listed = listed.as_array().into_iter().flatten();
    let spoken = listed
        .filter_map(Value::as_object)
        .filter(|interface| interface.get(binding).and_then(Value::as_str) == Some(JSON_RPC));
    let mut kept: Vec<Map<String, Value>> = spoken
        .map(|interface| copied(interface, INTERFACE))
        .collect();
    if kept.is_empty() {
        kept.push(Map::from_iter([(binding.to_owned(), json!(JSON_RPC))]));
    }
    for interface in &mut kept {
        set(interface, "url", address);
    }
    kept.into_iter().map(Value::Object).collect()
}

/// What the door asks its callers for, in the words of each layout: a token of any one of the issuers.
fn secure(card: &mut Map<String, Value>, issuers: &[Issuer], is_older: bool, is_current: bool) {
    if issuers.is_empty() {
        return;
    }
    let mut schemes = Map::new();
    let (mut older, mut current) = (Vec::new(), Vec::new());
    for (number, issuer) in (1..).zip(issuers) {
        let name = format!("issuer-{number}");
        let mut scheme = Map::new();
        if is_older {
            set(&mut scheme, "type", "openIdConnect");
            set(&mut scheme, "openIdConnectUrl", &issuer.discovery);
        }
        if is_current {
            let address = json!({"openIdConnectUrl": issuer.discovery});
            scheme.insert("openIdConnectSecurityScheme".to_owned(), address);
        }
        older.push(json!({&name: issuer.scopes}));
        current.push(json!({"schemes": {&name: {"list": issuer.scopes}}}));
        schemes.insert(name, Value::Object(scheme));
    }
    card.insert("securitySchemes".to_owned(), Value::Object(schemes));
    if is_older {
        card.insert("security".to_owned(), Value::Array(older));
    }
    if is_current {
        card.insert("securityRequirements".to_owned(), Value::Array(current));
    }
}

/// Whether a text names the platform, as a client reads it that takes it for an address (RFC 3986, section 2.1).
fn names_platform(text: &str) -> bool {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, after @ ..] = rest {
        let escaped = match rest {
            [b'%', high, low, after @ ..] => digit(*high)
                .zip(digit(*low))
                .map(|(high, low)| (high.wrapping_shl(4) | low, after)),
            _ => None,
        };
        let (byte, after) = escaped.unwrap_or((*byte, after));
        bytes.push(byte.to_ascii_lowercase());
        rest = after;
    }
    String::from_utf8_lossy(&bytes).contains(PLATFORM)
}

fn digit(byte: u8) -> Option<u8> {
    let digit = char::from(byte).to_digit(16)?;
    u8::try_from(digit).ok()
}

#[cfg(test)]
mod tests;
