//! Sign-in on another device (RFC 8628).

use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};
use url::Url;

use crate::failure::Failure;
use crate::log::line::shown;
use crate::speak::discovery::Issuer;
use crate::speak::door::is_safe;
use crate::speak::token::{self, Denied, Tokens, unreadable};
use crate::speak::web::{Answer, Web};
use crate::terminal::Terminal;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// RFC 8628, section 3.2: where the issuer names no interval.
const USUAL_INTERVAL: u64 = 5;
/// RFC 8628, section 3.5: what `slow_down` adds.
const SLOWER: u64 = 5;
const MAX_INTERVAL: u64 = 60;
/// No one is waited for longer.
const MAX_LIFE: u64 = 1800;

/// The issuer's answer, section 3.2.
struct Grant {
    device_code: String,
    user_code: String,
    page: Url,
    page_with_code: Option<Url>,
    life: u64,
    interval: u64,
}

/// Shows a code, and waits until it was typed in.
pub(crate) async fn sign_in(
    web: &Web,
    issuer: &Issuer,
    client: &str,
    scope: &str,
    terminal: &mut Terminal,
) -> Result<Tokens, Failure> {
    let endpoint = issuer.device.as_ref().ok_or_else(|| {
        Failure::usage(
            format!("the issuer `{}` has no sign-in by device code", shown(&issuer.name)),
            "sign in in a browser: `gatehouse login`; on another machine, forward the port first: `ssh -L 8976:127.0.0.1:8976 HOST`",
        )
    })?;
    let fields = [("client_id", client), ("scope", scope)];
    let answer = web.post_form(endpoint, None, &fields).await?;
    let grant = Grant::read(&answer).ok_or_else(|| unreadable(issuer, &answer))?;
    let complete = grant.page_with_code.as_ref();
    let complete = complete
        .map(|url| format!("  or open {url}\n"))
        .unwrap_or_default();
    terminal.say(&format!(
        "Open {} and type in this code:\n  {}\n{complete}",
        grant.page,
        shown(&grant.user_code)
    ));
    wait(web, issuer, client, &grant).await
}

async fn wait(web: &Web, issuer: &Issuer, client: &str, grant: &Grant) -> Result<Tokens, Failure> {
    let begun = Instant::now();
    let mut interval = grant.interval;
    let fields = [
        ("grant_type", GRANT),
        ("device_code", grant.device_code.as_str()),
    ];
    loop {
        sleep(Duration::from_secs(interval)).await;
        if begun.elapsed().as_secs() >= grant.life {
            return Err(over());
        }
        match token::request(web, issuer, client, None, &fields).await {
            Ok(tokens) => return Ok(tokens),
            Err(Denied::Error(code, why)) => match code.as_str() {
                "authorization_pending" => {}
                "slow_down" => interval = interval.saturating_add(SLOWER).min(MAX_INTERVAL),
                "expired_token" => return Err(over()),
                _ => return Err(Denied::Error(code, why).failure(issuer)),
            },
            Err(Denied::Failed(failure)) => return Err(failure),
        }
    }
}

fn over() -> Failure {
    Failure::try_later(
        "the code was not typed in before it ended",
        "run it again for another code",
    )
}

impl Grant {
    fn read(answer: &Answer) -> Option<Self> {
        let document = answer.json().filter(|_| answer.is_good())?;
        let text = |name: &str| document.get(name).and_then(Value::as_str);
        let number = |name: &str| document.get(name).and_then(Value::as_u64);
        let page = |name: &str| {
            text(name)
                .and_then(|text| Url::parse(text).ok())
                .filter(is_safe)
        };
        Some(Self {
            device_code: text("device_code")?.to_owned(),
            user_code: text("user_code")?.to_owned(),
            page: page("verification_uri")?,
            page_with_code: page("verification_uri_complete"),
            life: number("expires_in")?.min(MAX_LIFE),
            interval: number("interval")
                .unwrap_or(USUAL_INTERVAL)
                .clamp(1, MAX_INTERVAL),
        })
    }
}
