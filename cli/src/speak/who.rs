//! The caller as the door sees them: `GET /whoami`.

use serde_json::Value;
use shared::secret::Secret;
use url::Url;

use crate::failure::Failure;
use crate::log::line::shown;
use crate::speak::door::Door;
use crate::speak::problem::Problem;
use crate::speak::session::Session;
use crate::speak::web::{Answer, Web};

/// Asks, and once more with a new token if the old one is over.
pub(crate) async fn of(session: &mut Session, web: &Web) -> Result<Value, Failure> {
    let answer = fetch(&session.door, web, &session.token).await?;
    if answer.status == 401 && session.renew(web).await? {
        return ask(&session.door, web, &session.token).await;
    }
    read(&session.door, &answer)
}

/// Asks with this token.
pub(crate) async fn ask(door: &Door, web: &Web, token: &Secret) -> Result<Value, Failure> {
    read(door, &fetch(door, web, token).await?)
}

async fn fetch(door: &Door, web: &Web, token: &Secret) -> Result<Answer, Failure> {
    let url = Url::parse(&door.at("/whoami"));
    let url = url.map_err(|_| Failure::usage("the door has no address", "give `--door`"))?;
    web.get(&url, Some(token)).await
}

fn read(door: &Door, answer: &Answer) -> Result<Value, Failure> {
    let who = answer.json().filter(Value::is_object);
    who.filter(|_| answer.status == 200)
        .ok_or_else(|| Problem::of(answer).failure(&format!("the door `{}`", door.address)))
}

/// The agents of an answer, by name.
pub(crate) fn protocols(who: &Value) -> Vec<(String, String)> {
    let protocols = who.get("protocols").and_then(Value::as_object);
    let pairs = protocols.into_iter().flatten();
    pairs
        .map(|(name, protocol)| (shown(name), shown(protocol.as_str().unwrap_or("?"))))
        .collect()
}
