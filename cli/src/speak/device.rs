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
    let fields = [
        ("grant_type", GRANT),
        ("device_code", grant.device_code.as_str()),
    ];
    let ask = || token::request(web, issuer, client, None, &fields);
    wait(&grant, issuer, &mut Watch::new(), ask).await
}

/// Asks for the tokens until they are there, not sooner than the issuer wants to be asked (section 3.5).
async fn wait(
    grant: &Grant,
    issuer: &Issuer,
    pace: &mut impl Pace,
    ask: impl AsyncFn() -> Result<Tokens, Denied>,
) -> Result<Tokens, Failure> {
    let mut interval = grant.interval;
    loop {
        let left = grant.life.saturating_sub(pace.elapsed());
        pace.pause(interval.min(left)).await;
        if pace.elapsed() >= grant.life {
            return Err(over());
        }
        match ask().await {
            Ok(tokens) => return Ok(tokens),
            Err(Denied::Error(code, why)) => match code.as_str() {
                "authorization_pending" => {}
                "slow_down" => interval = interval.saturating_add(SLOWER),
                "expired_token" => return Err(over()),
                _ => return Err(Denied::Error(code, why).failure(issuer)),
            },
            Err(Denied::Failed(failure)) => return Err(failure),
        }
    }
}

/// The pauses between questions, and the time since the first, in seconds.
trait Pace {
    async fn pause(&mut self, seconds: u64);
    fn elapsed(&self) -> u64;
}

/// The clock that no one can set.
struct Watch(Instant);

impl Watch {
    fn new() -> Self {
        Self(Instant::now())
    }
}

impl Pace for Watch {
    async fn pause(&mut self, seconds: u64) {
        sleep(Duration::from_secs(seconds)).await;
    }

    fn elapsed(&self) -> u64 {
        self.0.elapsed().as_secs()
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
            interval: number("interval").unwrap_or(USUAL_INTERVAL).max(1),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::VecDeque;

    use shared::secret::Secret;

    use super::*;
    use crate::exit::Exit;

    /// A clock that goes only while someone waits.
    #[derive(Default)]
    struct Paused(Vec<u64>);

    impl Pace for Paused {
        async fn pause(&mut self, seconds: u64) {
            self.0.push(seconds);
        }

        fn elapsed(&self) -> u64 {
            self.0.iter().sum()
        }
    }

    fn issuer() -> Issuer {
        let at = |path: &str| Url::parse(&format!("https://issuer.example/{path}")).unwrap();
        Issuer {
            name: "https://issuer.example".to_owned(),
            authorization: None,
            token: at("token"),
            device: Some(at("device")),
            revocation: None,
            names_itself: false,
            is_secret_posted: false,
        }
    }

    fn grant(interval: Option<u64>, life: u64) -> Grant {
        let mut document = serde_json::json!({
            "device_code": "d", "expires_in": life, "user_code": "u", "verification_uri": "https://issuer.example/device",
        });
        if let Some(interval) = interval {
            document["interval"] = interval.into();
        }
        let answer = Answer {
            status: 200,
            headers: reqwest::header::HeaderMap::new(),
            body: document.to_string().into_bytes(),
        };
        Grant::read(&answer).unwrap()
    }

    /// Waits at an issuer that gives these errors, and then the tokens: the pauses, and the end.
    async fn waited(grant: &Grant, errors: &[&str]) -> (Vec<u64>, Result<String, Failure>) {
        let errors: VecDeque<&str> = errors.iter().copied().collect();
        let errors = RefCell::new(errors);
        let mut pace = Paused::default();
        let ask = async || match errors.borrow_mut().pop_front() {
            Some("lost") => Err(Denied::Failed(Failure::unreachable("lost", "try"))),
            Some(code) => Err(Denied::Error(code.to_owned(), None)),
            None => Ok(Tokens {
                access: Secret::new("access-1".to_owned()),
                refresh: None,
                obtained: 0,
                expires: 1,
            }),
        };
        let tokens = wait(grant, &issuer(), &mut pace, ask).await;
        (
            pace.0,
            tokens.map(|tokens| tokens.access.reveal().to_owned()),
        )
    }

    const PENDING: &str = "authorization_pending";
    const SLOW: &str = "slow_down";

    /// RFC 8628, section 3.5: five seconds more for this and all later questions.
    #[tokio::test]
    async fn an_issuer_that_wants_to_be_asked_less_often_is() {
        let (pauses, tokens) = waited(&grant(Some(2), 600), &[PENDING, SLOW, PENDING, SLOW]).await;
        assert_eq!(
            (pauses, tokens.unwrap().as_str()),
            (vec![2, 2, 7, 7, 12], "access-1")
        );
        // Section 3.2: five where the issuer names no interval.
        let (pauses, _) = waited(&grant(None, 600), &[PENDING]).await;
        assert_eq!(pauses, [5, 5]);
        let (pauses, _) = waited(&grant(Some(0), 600), &[SLOW]).await;
        assert_eq!(pauses, [1, 6]);
        let (pauses, _) = waited(&grant(Some(60), 600), &[SLOW]).await;
        assert_eq!(pauses, [60, 65]);
    }

    #[tokio::test]
    async fn waiting_ends_with_the_code() {
        let always = [PENDING; 100];
        let (pauses, end) = waited(&grant(Some(5), 22), &always).await;
        assert_eq!(
            pauses,
            [5, 5, 5, 5, 2],
            "a fifth question would come after the code's end"
        );
        assert_eq!(end.unwrap_err().exit(), Exit::TryLater);
        let slow = [SLOW; 100];
        let (pauses, end) = waited(&grant(Some(5), 40), &slow).await;
        assert_eq!((pauses, end.is_err()), (vec![5, 10, 15, 10], true));
        let (pauses, end) = waited(&grant(Some(9999), 600), &[]).await;
        assert_eq!((pauses, end.is_err()), (vec![600], true));
        // A code for a week is not waited for.
        let (pauses, _) = waited(&grant(Some(60), 604_800), &always).await;
        assert_eq!(pauses.iter().sum::<u64>(), MAX_LIFE);
    }

    #[tokio::test]
    async fn an_end_that_the_issuer_tells_is_told() {
        for (error, exit, word) in [
            ("expired_token", Exit::TryLater, "another code"),
            ("access_denied", Exit::NotLetIn, "`access_denied`"),
            ("invalid_grant", Exit::NotLetIn, "`invalid_grant`"),
            ("lost", Exit::Unreachable, "lost"),
        ] {
            let (pauses, end) = waited(&grant(Some(1), 600), &[PENDING, error]).await;
            let failure = end.unwrap_err();
            assert_eq!((pauses.len(), failure.exit()), (2, exit), "{error}");
            assert!(failure.text().contains(word), "{}", failure.text());
        }
    }
}
