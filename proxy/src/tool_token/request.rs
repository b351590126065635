//! One request to the token endpoint (RFC 6749, 4.4): the machine client's, with the user's token as proof.

use super::Fault;
use crate::percent::encoded;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderValue, StatusCode};
use serde::Deserialize;
use serde_json::json;
use shared::fetch::{FetchError, Fetcher};
use shared::secret::Secret;
use shared::settings::Address;
use std::time::Duration;

/// AgentCore takes no longer value in a header that it passes on to an agent ("Pass custom headers").
const MAX_TOKEN: usize = 4096;

/// A day: Cognito's longest. One that claims more is asked for again all the same.
const MAX_LIFETIME: u64 = 86_400;

/// The token endpoint, and what each request to it says.
pub(super) struct Endpoint {
    address: Address,
    client_id: String,
    scopes: String,
    fetcher: Fetcher,
}

/// A token, and how long it holds.
#[derive(Debug)]
pub(super) struct Grant {
    pub(super) token: Secret,
    pub(super) lifetime: Duration,
}

/// What is read of a good answer (RFC 6749, 5.1). A member given twice is an error of the parser.
#[derive(Deserialize)]
struct Granted {
    access_token: String,
    token_type: String,
    expires_in: u64,
}

/// What is read of an error (RFC 6749, 5.2).
#[derive(Deserialize)]
struct Refused {
    error: String,
}

impl Endpoint {
    pub(super) fn new(address: Address, client_id: String, scopes: String) -> Self {
        Self {
            address,
            client_id,
            scopes,
            fetcher: Fetcher::default(),
        }
    }

    /// Asks once. The caller bounds the time.
    pub(super) async fn ask(
        &self,
        secret: &Secret,
        proof: Option<&Secret>,
    ) -> Result<Grant, Fault> {
        let authorization = self.authorization(secret)?;
        let answer = self
            .fetcher
            .post(&self.address, authorization, self.form(proof));
        let (status, body) = answer.await.map_err(|error| match error {
            FetchError::Body => Fault::Answer,
            FetchError::Client | FetchError::Connection(_) | FetchError::Status(_) => {
                Fault::Unreachable
            }
        })?;
        if status == StatusCode::OK {
            return read(&body);
        }
        Err(refusal(status, &body))
    }

    /// `client_secret_basic` (RFC 6749, 2.3.1).
    fn authorization(&self, secret: &Secret) -> Result<HeaderValue, Fault> {
        let pair = Secret::new(format!(
            "{}:{}",
            encoded(&self.client_id),
            encoded(secret.reveal())
        ));
        let value = Secret::new(format!("Basic {}", STANDARD.encode(pair.reveal())));
        HeaderValue::from_str(value.reveal()).map_err(|_| Fault::SecretUnavailable)
    }

    /// The user's token goes in Cognito's own parameter, which it hands to the trigger as client metadata.
    fn form(&self, proof: Option<&Secret>) -> String {
        let mut form = format!(
            "grant_type=client_credentials&scope={}",
            encoded(&self.scopes)
        );
        if let Some(proof) = proof {
            let metadata = Secret::new(json!({"user_token": proof.reveal()}).to_string());
            form.push_str("&aws_client_metadata=");
            form.push_str(&encoded(metadata.reveal()));
        }
        form
    }
}

fn read(body: &[u8]) -> Result<Grant, Fault> {
    let Granted {
        access_token,
        token_type,
        expires_in,
    } = serde_json::from_slice(body).map_err(|_| Fault::Answer)?;
    let token = Secret::new(access_token);
    let text = token.reveal();
    if text.len() > MAX_TOKEN {
        return Err(Fault::TooLong);
    }
    // The alphabet of a bearer token (RFC 6750, 2.1): nothing that could end a header.
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    let is_token = !text.is_empty() && text.bytes().all(allowed);
    if !is_token || !token_type.eq_ignore_ascii_case("bearer") || expires_in == 0 {
        return Err(Fault::Answer);
    }
    Ok(Grant {
        token,
        lifetime: Duration::from_secs(expires_in.min(MAX_LIFETIME)),
    })
}

/// What an answer that is no token means. A trigger that refuses one user's proof must not be taken for an endpoint
/// that is down, and its status is not documented: so only what can be nobody's proof makes everybody wait.
fn refusal(status: StatusCode, body: &[u8]) -> Fault {
    let error = serde_json::from_slice(body)
        .ok()
        .map(|Refused { error }| error);
    match status {
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => Fault::Throttled,
        StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED
            if error.as_deref() == Some("invalid_client") =>
        {
            Fault::ClientRefused
        }
        _ => Fault::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bearer_token_with_a_lifetime_is_one() {
        let good = read(br#"{"access_token": "a.b-c_d~e+f/g==", "token_type": "bearer", "expires_in": 3600, "x": 1}"#).unwrap();
        assert_eq!(good.token.reveal(), "a.b-c_d~e+f/g==");
        assert_eq!(good.lifetime, Duration::from_secs(3600));
        let at_most = |length: usize, seconds: u64| {
            let body = json!({"access_token": "x".repeat(length), "token_type": "Bearer", "expires_in": seconds});
            read(body.to_string().as_bytes())
        };
        assert_eq!(
            at_most(4096, u64::MAX).unwrap().lifetime,
            Duration::from_secs(86_400)
        );
        assert_eq!(at_most(4097, 1).unwrap_err(), Fault::TooLong);
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
            assert_eq!(read(bad.as_bytes()).unwrap_err(), Fault::Answer, "{bad}");
        }
    }

    #[test]
    fn an_answer_that_is_no_token_is_known_by_status_and_code() {
        let invalid = br#"{"error": "invalid_client"}"#;
        for (status, body, fault) in [
            (400, &invalid[..], Fault::ClientRefused),
            (401, &invalid[..], Fault::ClientRefused),
            (400, br#"{"error": "invalid_grant"}"#, Fault::Refused),
            (400, b"<html>", Fault::Refused),
            (302, b"", Fault::Refused),
            (500, &invalid[..], Fault::Refused),
            (429, b"", Fault::Throttled),
            (503, b"", Fault::Throttled),
        ] {
            assert_eq!(
                refusal(StatusCode::from_u16(status).unwrap(), body),
                fault,
                "{status}"
            );
        }
    }

    #[test]
    fn a_request_says_who_asks_and_for_whom() {
        let address = Address::parse("https://pool.example/oauth2/token").unwrap();
        let endpoint = Endpoint::new(address, "a client".to_owned(), "a/b c".to_owned());
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
        assert_eq!(
            endpoint.form(Some(&proof)),
            "grant_type=client_credentials&scope=a%2Fb%20c&aws_client_metadata=%7B%22user_token%22%3A%22h.p.s%22%7D"
        );
    }
}
