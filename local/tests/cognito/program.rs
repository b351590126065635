//! A program's journey: client credentials.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Request;
use local::cognito::Issuer;
use serde_json::json;

use crate::browser::{Browser, encoded};
use crate::issuer;
use crate::jwt::{claims, names};

const GRANT: (&str, &str) = ("grant_type", "client_credentials");

fn posted<'a>(issuer: &'a Issuer, secret: &'a str) -> [(&'a str, &'a str); 3] {
    let client = ("client_id", issuer.machine_client());
    [GRANT, client, ("client_secret", secret)]
}

fn basic(issuer: &Issuer, secret: &str) -> String {
    format!(
        "Basic {}",
        STANDARD.encode(format!("{}:{secret}", issuer.machine_client()))
    )
}

#[tokio::test]
async fn a_secret_gives_a_token_without_a_person() {
    let issuer = issuer().await;
    let mut browser = Browser::new(&issuer);
    let secret = issuer.machine_secret();
    let form = posted(&issuer, &secret);
    let by_post = browser.post("/oauth2/token", &form).await;
    let header = [("authorization", &*basic(&issuer, &secret))];
    let by_header = browser.post_with("/oauth2/token", &[GRANT], &header).await;
    for answer in [by_post, by_header] {
        let tokens = answer.json();
        assert_eq!(names(&tokens), "access_token expires_in token_type");
        let claims = claims(&tokens["access_token"]);
        let expected = "auth_time client_id exp iat iss jti scope sub token_use version";
        assert_eq!(names(&claims), expected);
        assert_eq!(claims["sub"], issuer.machine_client());
        assert_eq!(claims["client_id"], issuer.machine_client());
        assert_eq!(claims["scope"], "gatehouse/invoke");
    }
}

#[tokio::test]
async fn a_client_that_is_not_who_it_says_gets_nothing() {
    let issuer = issuer().await;
    let mut browser = Browser::new(&issuer);
    let secret = issuer.machine_secret();
    let posted = posted(&issuer, &secret);
    let client = ("client_id", issuer.machine_client());
    for (form, authorization, error) in [
        (
            vec![GRANT, client, ("client_secret", "wrong")],
            None,
            "invalid_client",
        ),
        (vec![GRANT, client], None, "invalid_client"),
        (vec![GRANT], Some(basic(&issuer, "wrong")), "invalid_client"),
        (vec![GRANT], Some("Basic !".to_owned()), "invalid_client"),
        (
            vec![GRANT],
            Some("Bearer token".to_owned()),
            "invalid_client",
        ),
        (
            posted.to_vec(),
            Some(basic(&issuer, &secret)),
            "invalid_request",
        ),
        ([&posted[..], &[client]].concat(), None, "invalid_request"),
        (vec![GRANT], None, "invalid_request"),
    ] {
        let header = authorization
            .as_deref()
            .map(|value| ("authorization", value));
        let answer = browser
            .post_with("/oauth2/token", &form, header.as_slice())
            .await;
        assert_eq!(
            answer.error(),
            (400, json!(error)),
            "{form:?} {authorization:?}"
        );
    }
}

#[tokio::test]
async fn scope_and_metadata_are_checked() {
    let issuer = issuer().await;
    let mut browser = Browser::new(&issuer);
    let secret = issuer.machine_secret();
    let posted = posted(&issuer, &secret);
    for (name, value, error) in [
        ("scope", "openid", Some("invalid_scope")),
        ("scope", "gatehouse/invoke", None),
        ("aws_client_metadata", "[1]", Some("invalid_request")),
        (
            "aws_client_metadata",
            "{\"user\":1}",
            Some("invalid_request"),
        ),
        ("aws_client_metadata", "{\"user_token\":\"a\"}", None),
    ] {
        let form = [&posted[..], &[(name, value)]].concat();
        let answer = browser.post("/oauth2/token", &form).await;
        assert_eq!(answer.json()["error"].as_str(), error, "{name}={value}");
    }
    let request = Request::post(format!("{}/oauth2/token", issuer.domain()));
    let untyped = browser.send(request, encoded(&posted)).await;
    assert_eq!(untyped.error(), (400, json!("invalid_request")));
}
