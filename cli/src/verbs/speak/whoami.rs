//! `gatehouse whoami` and `gatehouse agents`: the caller as the door sees them.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::arguments::speak::Access;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::log::line::shown;
use crate::report::Report;
use crate::speak::clock;
use crate::speak::door::Door;
use crate::speak::session::Session;
use crate::speak::web::Web;
use crate::speak::who;
use crate::terminal::Terminal;

/// The caller, as the door describes them.
pub(crate) async fn whoami(access: &Access, terminal: &mut Terminal) -> Result<Report, Failure> {
    let web = Web::new()?;
    let mut session = Session::open(access, &web, terminal).await?;
    let caller = who::of(&mut session, &web).await?;
    Ok(Report {
        exit: Exit::Done,
        text: text(&session.door, &caller),
        json: caller,
    })
}

/// The agents that admit the caller, and what they speak.
pub(crate) async fn agents(access: &Access, terminal: &mut Terminal) -> Result<Report, Failure> {
    let web = Web::new()?;
    let mut session = Session::open(access, &web, terminal).await?;
    let caller = who::of(&mut session, &web).await?;
    let protocols = who::protocols(&caller);
    let widest = protocols
        .iter()
        .map(|(name, _)| name.len())
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for (name, protocol) in &protocols {
        let _always_fits = writeln!(text, "{name:widest$}  {protocol}");
    }
    let exit = if protocols.is_empty() {
        text.push_str(
            "no agent admits you\n  next: ask the door's operator, with `gatehouse whoami`\n",
        );
        Exit::No
    } else {
        Exit::Done
    };
    let agents = protocols
        .iter()
        .map(|(name, protocol)| json!({"agent": name, "protocol": protocol}));
    Ok(Report {
        exit,
        text,
        json: json!({"agents": agents.collect::<Vec<_>>()}),
    })
}

fn text(door: &Door, who: &Value) -> String {
    let one = |name: &str| who.get(name).and_then(Value::as_str).map(shown);
    let many = |name: &str| {
        let list = who.get(name).and_then(Value::as_array)?;
        let texts: Vec<String> = list.iter().filter_map(Value::as_str).map(shown).collect();
        Some(if texts.is_empty() {
            "none".to_owned()
        } else {
            texts.join(", ")
        })
    };
    let subject = one("subject").unwrap_or_default();
    let name = one("username")
        .or_else(|| one("name"))
        .unwrap_or_else(|| subject.clone());
    let left = who.get("expires").and_then(Value::as_u64);
    let left = left.map(|expires| clock::length(expires.saturating_sub(clock::now())));
    let mut text = format!("{name} at {}\n", door.address);
    for (what, value) in [
        ("subject", Some(subject)),
        ("email", one("email")),
        ("issuer", one("issuer")),
        ("client", one("client_id")),
        ("groups", many("groups")),
        ("scopes", many("scopes")),
        ("agents", many("agents")),
        ("token", left.map(|left| format!("good for {left}"))),
    ] {
        if let Some(value) = value {
            let _always_fits = writeln!(text, "  {what}: {value}");
        }
    }
    text
}
