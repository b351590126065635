//! Requests to a token endpoint (RFC 6749, sections 4 to 6), and their answers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::HeaderValue;
use serde_json::Value;
use shared::secret::Secret;
use url::form_urlencoded::byte_serialize;

use crate::failure::Failure;
use crate::log::line::shown;
use crate::speak::clock;
use crate::speak::discovery::Issuer;
use crate::speak::sign_in::SignIn;
use crate::speak::web::{Answer, Web};

/// The lifetime of a token whose answer names none (RFC 6749, section 5.1): long enough for a command.
const ASSUMED_SECONDS: u64 = 300;

/// The tokens that an issuer gave.
pub(crate) struct Tokens {
    pub(crate) access: Secret,
    pub(crate) refresh: Option<Secret>,
    pub(crate) obtained: u64,
    pub(crate) expires: u64,
}

/// The reason why an issuer gave no token.
pub(crate) enum Denied {
    /// An error of RFC 6749, section 5.2, or of an extension, and what the issuer says to it.
    Error(String, Option<String>),
    /// The issuer did not answer, or not so that one could tell.
    Failed(Failure),
}

impl Denied {
    /// As the end of a sign-in.
    pub(crate) fn failure(self, issuer: &Issuer) -> Failure {
        match self {
            Self::Failed(failure) => failure,
            Self::Error(code, why) => {
                let why = why.map(|why| format!(": {why}")).unwrap_or_default();
                Failure::not_let_in(
                    format!(
                        "the issuer `{}` refuses (`{code}`){why}",
                        shown(&issuer.name)
                    ),
                    "sign in again; if that does not help, check client, scopes and secret with the issuer's operator",
                )
            }
        }
    }
}

/// Asks for tokens, as a client without a secret or with one.
pub(crate) async fn request(
    web: &Web,
    issuer: &Issuer,
    client: &str,
    secret: Option<&Secret>,
    fields: &[(&str, &str)],
) -> Result<Tokens, Denied> {
    let mut fields = fields.to_vec();
    let mut authorization = None;
    match secret {
        None => fields.push(("client_id", client)),
        Some(secret) if issuer.is_secret_posted => {
            fields.push(("client_id", client));
            fields.push(("client_secret", secret.reveal()));
        }
        Some(secret) => authorization = Some(basic(client, secret).map_err(Denied::Failed)?),
    }
    let answer = web.post_form(&issuer.token, authorization, &fields).await;
    let answer = answer.map_err(Denied::Failed)?;
    if answer.is_good() {
        read(&answer).ok_or_else(|| Denied::Failed(unreadable(issuer, &answer)))
    } else {
        Err(error(issuer, &answer))
    }
}

/// RFC 7009: the refresh token; Cognito revokes no other, and with it the whole sign-in. False if there is nothing to
/// revoke, or the issuer revokes none.
pub(crate) async fn revoke(web: &Web, issuer: &Issuer, kept: &SignIn) -> Result<bool, String> {
    let (Some(refresh), Some(endpoint)) = (&kept.refresh_token, &issuer.revocation) else {
        return Ok(false);
    };
    let fields = [
        ("token", refresh.as_str()),
        ("token_type_hint", "refresh_token"),
        ("client_id", kept.client_id.as_str()),
    ];
    let answer = web.post_form(endpoint, None, &fields).await;
    let answer = answer.map_err(|failure| failure.what().to_owned())?;
    if answer.is_good() {
        Ok(true)
    } else {
        Err(format!(
            "`{}` answers {}",
            shown(&issuer.name),
            answer.status
        ))
    }
}

/// RFC 6749, section 2.3.1: both parts are encoded as in a form first.
fn basic(client: &str, secret: &Secret) -> Result<HeaderValue, Failure> {
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encoded(client), encoded(secret.reveal()));
    let value = HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(pair)));
    let mut value = value.map_err(|_| Failure::usage("the secret fits no header", "check it"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn read(answer: &Answer) -> Option<Tokens> {
    let document = answer.json()?;
    let text = |name: &str| document.get(name).and_then(Value::as_str);
    let access = text("access_token").filter(|token| shared::text::is_visible(token, 16 * 1024))?;
    let kind = text("token_type")?;
    if !kind.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let obtained = clock::now();
    let seconds = document.get("expires_in").and_then(Value::as_u64);
    Some(Tokens {
        access: Secret::new(access.to_owned()),
        refresh: text("refresh_token").map(|token| Secret::new(token.to_owned())),
        obtained,
        expires: obtained.saturating_add(seconds.unwrap_or(ASSUMED_SECONDS)),
    })
}

/// The error in the issuer's answer; an answer without one of RFC 6749's errors means an outage of the issuer.
fn error(issuer: &Issuer, answer: &Answer) -> Denied {
    let document = answer.json();
    let text = |name: &str| {
        let value = document.as_ref()?.get(name)?.as_str()?;
        Some(shown(value))
    };
    match text("error") {
        Some(code) if answer.status < 500 => Denied::Error(code, text("error_description")),
        _ => Denied::Failed(unreadable(issuer, answer)),
    }
}

pub(crate) fn unreadable(issuer: &Issuer, answer: &Answer) -> Failure {
    Failure::unreachable(
        format!(
            "the issuer `{}` answers {} and no tokens",
            shown(&issuer.name),
            answer.status
        ),
        "try again later, or ask the issuer's operator",
    )
}
