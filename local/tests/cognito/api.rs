//! `InitiateAuth`: a command line signs in without a browser.

use http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::browser::{Answer, Browser};
use crate::issuer;
use crate::jwt::{claims, names};

const FLOW: &str = "USER_PASSWORD_AUTH";

async fn call(browser: &mut Browser<'_>, operation: &str, body: &Value) -> Answer {
    let request = Request::post(browser.issuer.domain())
        .header("content-type", "application/x-amz-json-1.1")
        .header(
            "x-amz-target",
            format!("AWSCognitoIdentityProviderService.{operation}"),
        );
    browser.send(request, body.to_string()).await
}

fn auth(client: &str, flow: &str, user: &str, password: &str) -> Value {
    let parameters = json!({ "USERNAME": user, "PASSWORD": password });
    json!({ "AuthFlow": flow, "ClientId": client, "AuthParameters": parameters })
}

#[tokio::test]
async fn a_password_gives_tokens_that_can_be_renewed() {
    let issuer = issuer().await;
    let mut browser = Browser::new(&issuer);
    let (client, password) = (issuer.console_client(), issuer.password("bob").unwrap());
    let answer = call(
        &mut browser,
        "InitiateAuth",
        &auth(client, FLOW, "bob", password),
    )
    .await;
    let tokens = answer.json()["AuthenticationResult"].clone();
    assert_eq!(
        names(&tokens),
        "AccessToken ExpiresIn IdToken RefreshToken TokenType"
    );
    assert_eq!(tokens["TokenType"], "Bearer");
    let access = claims(&tokens["AccessToken"]);
    let expected = "auth_time client_id cognito:groups event_id exp iat iss jti origin_jti scope \
                    sub token_use username version";
    assert_eq!(names(&access), expected);
    assert_eq!(access["scope"], "aws.cognito.signin.user.admin");
    assert_eq!(access["cognito:groups"], json!(["guest", "staff"]));
    assert_eq!(claims(&tokens["IdToken"])["cognito:username"], "bob");

    let refresh = json!({
        "AuthFlow": "REFRESH_TOKEN_AUTH",
        "ClientId": client,
        "AuthParameters": { "REFRESH_TOKEN": tokens["RefreshToken"] },
    });
    let again = call(&mut browser, "InitiateAuth", &refresh).await;
    let again = again.json()["AuthenticationResult"].clone();
    assert_eq!(names(&again), "AccessToken ExpiresIn IdToken TokenType");
    assert_eq!(
        claims(&again["AccessToken"])["origin_jti"],
        access["origin_jti"]
    );
}

#[tokio::test]
async fn whatever_is_wrong_has_cognitos_name() {
    let issuer = issuer().await;
    let mut browser = Browser::new(&issuer);
    let (client, password) = (issuer.console_client(), issuer.password("bob").unwrap());
    let expired = json!({
        "AuthFlow": "REFRESH_TOKEN_AUTH",
        "ClientId": client,
        "AuthParameters": { "REFRESH_TOKEN": "unknown" },
    });
    for (body, error) in [
        (auth(client, FLOW, "bob", "wrong"), "NotAuthorizedException"),
        (
            auth(client, FLOW, "nobody", password),
            "NotAuthorizedException",
        ),
        (expired, "NotAuthorizedException"),
        (
            auth("another", FLOW, "bob", password),
            "ResourceNotFoundException",
        ),
        (
            auth(issuer.machine_client(), FLOW, "bob", password),
            "InvalidParameterException",
        ),
        (
            auth(client, "CUSTOM_AUTH", "bob", password),
            "InvalidParameterException",
        ),
        (
            json!({ "AuthFlow": FLOW, "ClientId": client }),
            "InvalidParameterException",
        ),
        (json!([]), "InvalidParameterException"),
    ] {
        let answer = call(&mut browser, "InitiateAuth", &body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{error}");
        assert_eq!(answer.json()["__type"], error);
        assert_eq!(answer.headers["x-amzn-errortype"], error);
    }
    let answer = call(&mut browser, "SignUp", &json!({})).await;
    assert_eq!(answer.json()["__type"], "UnknownOperationException");
}
