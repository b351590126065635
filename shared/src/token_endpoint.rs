//! One request to the token endpoint (RFC 6749, section 4.4): the machine client's, with or without a proof of the user.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderValue, StatusCode};
use serde::Deserialize;
use serde_json::json;
use tracing::warn;

use crate::aws::names::{MAX_COGNITO_SCOPE, is_scope};
use crate::fetch::{FetchError, Fetcher};
use crate::percent::encoded;
use crate::secret::Secret;
use crate::settings::Address;
use crate::text::{is_of, is_visible, is_word};

/// Cognito takes no more of a client's scopes.
const MAX_SCOPES: usize = 50;

/// Longer than any code of RFC 6749 and its extensions.
const MAX_ERROR_CODE: usize = 64;

/// Codes of endpoints that say with 400 that there are too many requests: AWS's own, and those of RFC 6749, section
/// 4.1.2.1 and RFC 8628, section 3.5.
const THROTTLED: [&str; 4] = [
    "LimitExceededException",
    "TooManyRequestsException",
    "slow_down",
    "temporarily_unavailable",
];

/// A day: Cognito's longest. One that claims more is asked for again all the same.
const MAX_LIFETIME: u64 = 86_400;

/// The token endpoint, and what each request to it says.
pub struct TokenEndpoint {
    address: Address,
    client_id: String,
    scopes: String,
    fetcher: Fetcher,
}

/// What proves the user of a token to the trigger behind the endpoint. There is no way to print it.
#[derive(Clone, Copy)]
pub enum UserProof<'p> {
    /// The access token of a user of the endpoint's own pool.
    Token(&'p Secret),
    /// What the door states of a caller of another issuer ([`crate::statement`]).
    Statement(&'p Secret),
}

/// A token, and how long it holds.
#[derive(Debug)]
pub struct Grant {
    pub token: Secret,
    pub lifetime: Duration,
}

/// Why there is no token. It holds nothing that the endpoint said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    #[error("the token endpoint's answer is not a bearer token with a lifetime")]
    Answer,
    #[error("the token endpoint does not take the client with this secret")]
    ClientRefused,
    #[error(
        "the token endpoint answered with a redirect: its address is not that of a token endpoint"
    )]
    Redirected,
    #[error("the token endpoint, or the trigger behind it, refused the request")]
    Refused,
    #[error("the secret cannot be put into a request")]
    Secret,
    #[error("the token endpoint takes no more requests at the moment")]
    Throttled,
    #[error("the token endpoint cannot be reached")]
    Unreachable,
}

/// What is read of a good answer (RFC 6749, section 5.1). A member given twice is an error of the parser.
#[derive(Deserialize)]
struct Granted {
    access_token: String,
    token_type: String,
    expires_in: u64,
}

/// What is read of an error (RFC 6749, section 5.2).
#[derive(Deserialize)]
struct ErrorAnswer {
    error: String,
}

impl TokenEndpoint {
    /// `scopes` are separated by single spaces. Nothing is asked yet.
    pub fn new(address: Address, client_id: String, scopes: String) -> Self {
        Self {
            address,
            client_id,
            scopes,
            fetcher: Fetcher::default(),
        }
    }

    /// Asks once. The caller bounds the time.
    ///
    /// # Errors
    /// Why there is no token.
    pub async fn ask(
        &self,
        secret: &Secret,
        proof: Option<UserProof<'_>>,
    ) -> Result<Grant, GrantError> {
        let authorization = self.authorization(secret)?;
        let answer = self
            .fetcher
            .post(&self.address, authorization, self.form(proof));
        let (status, body) = answer.await.map_err(|error| match error {
            FetchError::Body | FetchError::Compression => GrantError::Answer,
            FetchError::Client
            | FetchError::Certificate(_)
            | FetchError::Connection(_)
            | FetchError::Status(_) => GrantError::Unreachable,
        })?;
        if status == StatusCode::OK {
            return read(&body);
        }
        let code = error_code(&body);
        let error = code.as_deref().unwrap_or("none that can be read");
        warn!(
            status = status.as_u16(),
            error, "the token endpoint made no token"
        );
        Err(refusal(status, code.as_deref()))
    }

    /// `client_secret_basic` (RFC 6749, section 2.3.1).
    fn authorization(&self, secret: &Secret) -> Result<HeaderValue, GrantError> {
        let pair = Secret::new(format!(
            "{}:{}",
            encoded(&self.client_id),
            encoded(secret.reveal())
        ));
        let value = Secret::new(format!("Basic {}", STANDARD.encode(pair.reveal())));
        HeaderValue::from_str(value.reveal()).map_err(|_| GrantError::Secret)
    }

    /// The proof goes in Cognito's own parameter, which it hands to the trigger as client metadata.
    fn form(&self, proof: Option<UserProof<'_>>) -> String {
        let mut form = format!(
            "grant_type=client_credentials&scope={}",
            encoded(&self.scopes)
        );
        if let Some(proof) = proof {
            let metadata = match proof {
                UserProof::Token(token) => json!({"user_token": token.reveal()}),
                UserProof::Statement(text) => json!({"user_statement": text.reveal()}),
            };
            let metadata = Secret::new(metadata.to_string());
            form.push_str("&aws_client_metadata=");
            form.push_str(&encoded(metadata.reveal()));
        }
        form
    }
}

/// Reads a setting that is the id of a client: Cognito's are no longer.
///
/// # Errors
/// What is wrong with it, going on where the setting's name ends.
pub fn parse_client_id(text: &str) -> Result<String, &'static str> {
    let client = is_visible(text, 128).then(|| text.to_owned());
    client.ok_or("is not 1 to 128 visible ASCII characters")
}

/// Reads a setting that is scopes, separated by single spaces (RFC 6749, section 3.3).
///
/// # Errors
/// What is wrong with it, going on where the setting's name ends.
pub fn parse_scopes(text: &str) -> Result<String, &'static str> {
    let mut scopes = text.split(' ');
    let are_scopes = scopes.clone().count() <= MAX_SCOPES
        && scopes.all(|scope| is_scope(scope, MAX_COGNITO_SCOPE));
    let scopes = are_scopes.then(|| text.to_owned());
    scopes.ok_or("is not up to 50 scopes with single spaces between")
}

fn read(body: &[u8]) -> Result<Grant, GrantError> {
    let Granted {
        access_token,
        token_type,
        expires_in,
    } = serde_json::from_slice(body).map_err(|_| GrantError::Answer)?;
    let token = Secret::new(access_token);
    let text = token.reveal();
    // The alphabet of a bearer token (RFC 6750, section 2.1): nothing that could end a header.
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    let is_token = is_of(text, usize::MAX, allowed);
    if !is_token || !token_type.eq_ignore_ascii_case("bearer") || expires_in == 0 {
        return Err(GrantError::Answer);
    }
    Ok(Grant {
        token,
        lifetime: Duration::from_secs(expires_in.min(MAX_LIFETIME)),
    })
}

/// The meaning of an answer that is not a token. A trigger that refuses one user's proof must not look like an endpoint
/// that is down, and its status is not documented: so only failures that no single proof can cause make every caller
/// wait.
fn refusal(status: StatusCode, code: Option<&str>) -> GrantError {
    match (status, code) {
        (StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE, _) => {
            GrantError::Throttled
        }
        (StatusCode::BAD_REQUEST, Some(code)) if THROTTLED.contains(&code) => GrantError::Throttled,
        (StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED, Some("invalid_client")) => {
            GrantError::ClientRefused
        }
        (status, _) if status.is_redirection() => GrantError::Redirected,
        (_, _) => GrantError::Refused,
    }
}

/// The `error` of an answer (RFC 6749, section 5.2), for the log: no more than a word, whatever the endpoint says.
fn error_code(body: &[u8]) -> Option<String> {
    let ErrorAnswer { error } = serde_json::from_slice(body).ok()?;
    is_word(&error, MAX_ERROR_CODE, b"_-.").then_some(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bearer_token_with_a_lifetime_is_one() {
        let good = read(br#"{"access_token": "a.b-c_d~e+f/g==", "token_type": "bearer", "expires_in": 3600, "x": 1}"#).unwrap();
        assert_eq!(good.token.reveal(), "a.b-c_d~e+f/g==");
        assert_eq!(good.lifetime, Duration::from_secs(3600));
        let long = json!({"access_token": "a", "token_type": "Bearer", "expires_in": u64::MAX});
        let long = read(long.to_string().as_bytes()).unwrap();
        assert_eq!(long.lifetime, Duration::from_secs(86_400));
        for bad in [
            "",
            "[]",
            "<html>",
            r#"{"access_token": "a", "token_type": "Bearer"}"#,
            r#"{"access_token": "a", "token_type": "Bearer", "expires_in": 0}"#,
            r#"{"access_token": "a", "token_type": "Bearer", "expires_in": -1}"#,
            r#"{"access_token": "a", "token_type": "mac", "expires_in": 1}"#,
            r#"{"access_token": "", "token_type": "Bearer", "expires_in": 1}"#,
            r#"{"access_token": "a\r\nx: y", "token_type": "Bearer", "expires_in": 1}"#,
            r#"{"access_token": "a b", "token_type": "Bearer", "expires_in": 1}"#,
            r#"{"access_token": "a", "access_token": "b", "token_type": "Bearer", "expires_in": 1}"#,
            r#"{"access_token": ["a"], "token_type": "Bearer", "expires_in": 1}"#,
        ] {
            assert_eq!(
                read(bad.as_bytes()).unwrap_err(),
                GrantError::Answer,
                "{bad}"
            );
        }
    }

    #[test]
    fn an_answer_that_is_no_token_is_known_by_status_and_code() {
        let error = |code: &str| json!({"error": code, "error_description": "x"}).to_string();
        let invalid = error("invalid_client");
        for (status, body, fault) in [
            (400, invalid.as_str(), GrantError::ClientRefused),
            (401, &invalid, GrantError::ClientRefused),
            (403, &invalid, GrantError::Refused),
            (400, &error("invalid_grant"), GrantError::Refused),
            (400, &error("invalid_scope"), GrantError::Refused),
            (400, &error("unauthorized_client"), GrantError::Refused),
            (400, "<html>", GrantError::Refused),
            (400, "", GrantError::Refused),
            (301, "", GrantError::Redirected),
            (302, &invalid, GrantError::Redirected),
            (500, &invalid, GrantError::Refused),
            (429, "", GrantError::Throttled),
            (503, "", GrantError::Throttled),
            (
                400,
                &error("TooManyRequestsException"),
                GrantError::Throttled,
            ),
            (
                400,
                &error("temporarily_unavailable"),
                GrantError::Throttled,
            ),
            (400, &error("slow_down"), GrantError::Throttled),
            (401, &error("slow_down"), GrantError::Refused),
        ] {
            let code = error_code(body.as_bytes());
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(refusal(status, code.as_deref()), fault, "{status} {body}");
        }
    }

    #[test]
    fn an_error_code_is_one_word() {
        let long = "x".repeat(65);
        for (body, code) in [
            (json!({"error": "invalid_scope"}), Some("invalid_scope")),
            (
                json!({"error": "invalid_request", "error_description": "alice@example.com"}),
                Some("invalid_request"),
            ),
            (json!({"error": ""}), None),
            (json!({"error": "alice@example.com"}), None),
            (json!({"error": "a b"}), None),
            (json!({"error": "a\nb"}), None),
            (json!({"error": long}), None),
            (json!({"error": ["invalid_scope"]}), None),
            (json!({"message": "invalid_scope"}), None),
            (json!("invalid_scope"), None),
        ] {
            let read = error_code(body.to_string().as_bytes());
            assert_eq!(read.as_deref(), code, "{body}");
        }
    }

    #[test]
    fn a_request_says_who_asks_and_for_whom() {
        let address = Address::parse("https://pool.example/oauth2/token").unwrap();
        let endpoint = TokenEndpoint::new(address, "a client".to_owned(), "a/b c".to_owned());
        let secret = Secret::new("s:+&".to_owned());
        let authorization = endpoint.authorization(&secret).unwrap();
        assert_eq!(
            authorization,
            format!("Basic {}", STANDARD.encode("a%20client:s%3A%2B%26"))
        );
        assert_eq!(
            endpoint.form(None),
            "grant_type=client_credentials&scope=a%2Fb%20c"
        );
        let proof = Secret::new("h.p.s".to_owned());
        for (proof, key) in [
            (UserProof::Token(&proof), "user_token"),
            (UserProof::Statement(&proof), "user_statement"),
        ] {
            let expected = format!(
                "grant_type=client_credentials&scope=a%2Fb%20c&aws_client_metadata=%7B%22{key}%22%3A%22h.p.s%22%7D"
            );
            assert_eq!(endpoint.form(Some(proof)), expected);
        }
    }
}
