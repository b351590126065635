//! The trigger's event, and the effect of its answer on tokens.

use std::time::Duration;

use http::Request;
use local::cognito::{Issuer, Trigger};
use local::lambda::{Function, FunctionSpec};
use serde_json::{Value, json};

use crate::browser::{Answer, Browser};
use crate::issuer;
use crate::jwt::claims;

/// An issuer whose trigger answers this to events without client metadata.
async fn triggered(response: Option<&Value>) -> (Issuer, Function) {
    let mut spec = FunctionSpec::new("trigger", env!("CARGO_BIN_EXE_echo_function"));
    spec.echo_logs = false;
    let variable = response.map(|it| ("TRIGGER_RESPONSE".to_owned(), it.to_string()));
    spec.environment.extend(variable);
    let function = Function::start(spec).await.unwrap();
    let issuer = issuer().await;
    issuer.set_trigger(Some(Trigger::new(function.clone())));
    (issuer, function)
}

/// The events that the function was given, oldest first. It is ended before, so that every line of it was read.
async fn events(function: &Function) -> Vec<Value> {
    function.stop().await;
    let lines = function.recent_logs().into_iter();
    lines
        .filter_map(|line| serde_json::from_str(&line).ok())
        .filter(|event: &Value| event.get("triggerSource").is_some())
        .collect()
}

async fn machine(issuer: &Issuer, metadata: Option<&Value>) -> Answer {
    let (metadata, secret) = (metadata.map(Value::to_string), issuer.tools_secret());
    let mut form = vec![
        ("grant_type", "client_credentials"),
        ("client_id", issuer.tools_client()),
        ("client_secret", &*secret),
    ];
    form.extend(metadata.as_deref().map(|it| ("aws_client_metadata", it)));
    Browser::new(issuer).post("/oauth2/token", &form).await
}

async fn initiate(issuer: &Issuer, flow: &str, parameters: &Value) -> Value {
    let request = Request::post(issuer.domain())
        .header("content-type", "application/x-amz-json-1.1")
        .header(
            "x-amz-target",
            "AWSCognitoIdentityProviderService.InitiateAuth",
        );
    let body = json!({
        "AuthFlow": flow,
        "ClientId": issuer.console_client(),
        "AuthParameters": parameters,
    });
    let answer = Browser::new(issuer).send(request, body.to_string()).await;
    answer.json()
}

fn with_claims(claims: &Value) -> Value {
    let details = json!({"accessTokenGeneration": {"claimsToAddOrOverride": claims}});
    json!({"response": json!({"claimsAndScopeOverrideDetails": details}).to_string()})
}

#[tokio::test]
async fn a_program_brings_its_metadata_and_gets_claims() {
    let (issuer, function) = triggered(None).await;
    let metadata = with_claims(&json!({"user_id": "u", "department": "finance"}));
    let answer = machine(&issuer, Some(&metadata)).await.json();
    let claims = claims(&answer["access_token"]);
    assert_eq!(
        (&claims["user_id"], &claims["department"]),
        (&json!("u"), &json!("finance"))
    );
    assert_eq!(claims["sub"], issuer.tools_client());
    assert_eq!(claims["scope"], "gatehouse/tools");
    let life = claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap();
    assert_eq!((life, &answer["expires_in"]), (300, &json!(300)));
    let expected = json!({
        "version": "3",
        "triggerSource": "TokenGeneration_ClientCredentials",
        "region": "us-east-1",
        "userPoolId": issuer.url().rsplit('/').next(),
        "userName": "ClientCredentials",
        "callerContext": {
            "awsSdkVersion": "aws-sdk-unknown-unknown",
            "clientId": issuer.tools_client(),
        },
        "request": {
            "userAttributes": {},
            "groupConfiguration": null,
            "scopes": ["gatehouse/tools"],
            "clientMetadata": metadata,
        },
        "response": {"claimsAndScopeOverrideDetails": null},
    });
    assert_eq!(events(&function).await, [expected]);
}

#[tokio::test]
async fn without_metadata_or_without_a_trigger_a_token_is_plain() {
    let (issuer, function) = triggered(None).await;
    let plain = |answer: Answer| claims(&answer.json()["access_token"]);
    let asked = plain(machine(&issuer, None).await);
    assert!(asked.get("user_id").is_none(), "{asked}");
    issuer.set_trigger(None);
    let metadata = with_claims(&json!({"user_id": "u"}));
    let unasked = plain(machine(&issuer, Some(&metadata)).await);
    assert!(unasked.get("user_id").is_none(), "{unasked}");
    let events = events(&function).await;
    assert_eq!((events.len(), issuer.token_requests()), (1, 2));
    assert!(events[0]["request"].get("clientMetadata").is_none());
}

#[tokio::test]
async fn a_trigger_that_fails_or_says_nonsense_gives_no_token() {
    let (issuer, function) = triggered(None).await;
    let reserved = with_claims(&json!({"sub": "somebody"}));
    for metadata in [
        json!({"do": "fail", "message": "no"}),
        json!({"do": "exit"}),
        json!({"do": "answer"}),
        json!({"response": "null"}),
        reserved,
    ] {
        let answer = machine(&issuer, Some(&metadata)).await;
        assert_eq!(
            answer.error(),
            (400, json!("invalid_request")),
            "{metadata}"
        );
    }
    assert_eq!(
        events(&function).await.len(),
        5,
        "nothing of this is tried again"
    );
}

#[tokio::test]
async fn silence_is_asked_three_times() {
    let (issuer, function) = triggered(None).await;
    let limit = Duration::from_secs(1);
    issuer.set_trigger(Some(Trigger {
        function: function.clone(),
        limit,
    }));
    let answer = machine(&issuer, Some(&json!({"do": "hang"}))).await;
    assert_eq!(answer.error(), (400, json!("invalid_request")));
    function.stop().await;
    let attempts = function
        .recent_logs()
        .iter()
        .filter(|line| line.contains("starts"))
        .count();
    assert_eq!(
        attempts, 3,
        "each attempt finds the last one's process at work"
    );
}

/// The access and the id tokens of bob, who signs in by the API and renews, and of alice, who comes by the page.
async fn signed_in(issuer: &Issuer) -> [(Value, Value); 3] {
    let password = issuer.password("bob").unwrap();
    let parameters = json!({"USERNAME": "bob", "PASSWORD": password});
    let by_api = initiate(issuer, "USER_PASSWORD_AUTH", &parameters).await;
    let by_api = &by_api["AuthenticationResult"];
    let refresh = json!({"REFRESH_TOKEN": by_api["RefreshToken"]});
    let renewed = initiate(issuer, "REFRESH_TOKEN_AUTH", &refresh).await;
    let renewed = &renewed["AuthenticationResult"];
    let mut browser = Browser::new(issuer);
    let code = browser.code().await;
    let by_page = browser.redeem(&[("code", &code)]).await.json();
    [
        (&by_api["AccessToken"], &by_api["IdToken"]),
        (&renewed["AccessToken"], &renewed["IdToken"]),
        (&by_page["access_token"], &by_page["id_token"]),
    ]
    .map(|(access, id)| (claims(access), claims(id)))
}

#[tokio::test]
async fn people_get_the_triggers_claims_however_they_sign_in() {
    let response = json!({"claimsAndScopeOverrideDetails": {
        "accessTokenGeneration": {
            "claimsToAddOrOverride": {"department": "finance"},
            "scopesToSuppress": ["email"],
        },
        "idTokenGeneration": {"claimsToSuppress": ["email"]},
        "groupOverrideDetails": {"groupsToOverride": ["staff"]},
    }});
    let (issuer, _function) = triggered(Some(&response)).await;
    for (access, id) in signed_in(&issuer).await {
        assert_eq!(access["department"], "finance");
        assert_eq!(access["cognito:groups"], json!(["staff"]));
        assert!(!access["scope"].as_str().unwrap().contains("email"));
        assert!(id.get("department").is_none(), "{id}");
        assert!(id.get("email").is_none(), "{id}");
        assert_eq!(id["cognito:groups"], json!(["staff"]));
    }
}

#[tokio::test]
async fn the_trigger_is_told_who_signs_in_and_how() {
    let (issuer, function) = triggered(None).await;
    signed_in(&issuer).await;
    let events = events(&function).await;
    let sources: Vec<_> = events
        .iter()
        .map(|event| event["triggerSource"].as_str().unwrap())
        .collect();
    let expected = ["Authentication", "RefreshTokens", "HostedAuth"];
    let expected = expected.map(|source| format!("TokenGeneration_{source}"));
    assert_eq!(sources, expected);
    let request = json!({
        "userAttributes": {
            "sub": issuer.subject("bob"),
            "cognito:user_status": "CONFIRMED",
            "email_verified": "true",
            "email": "bob@example.com",
        },
        "groupConfiguration": {
            "groupsToOverride": ["guest", "staff"],
            "iamRolesToOverride": [],
            "preferredRole": null,
        },
        "scopes": ["aws.cognito.signin.user.admin"],
    });
    assert_eq!(events[0]["userName"], "bob");
    assert_eq!(events[0]["request"], request);
    assert_eq!(events[2]["userName"], "alice");
    assert_eq!(
        events[2]["callerContext"]["clientId"],
        issuer.console_client()
    );
}

#[tokio::test]
async fn the_api_names_what_went_wrong_with_a_trigger() {
    let (issuer, function) = triggered(Some(&json!({"nonsense": 1}))).await;
    let password = issuer.password("bob").unwrap().to_owned();
    let parameters = json!({"USERNAME": "bob", "PASSWORD": password});
    let sign_in = || initiate(&issuer, "USER_PASSWORD_AUTH", &parameters);
    assert_eq!(sign_in().await["__type"], "InvalidLambdaResponseException");
    function.stop().await;
    assert_eq!(sign_in().await["__type"], "UnexpectedLambdaException");
    let mut spec = FunctionSpec::new("trigger", env!("CARGO_BIN_EXE_echo_function"));
    spec.environment = vec![("TRIGGER_RESPONSE".to_owned(), "not JSON".to_owned())];
    spec.echo_logs = false;
    let failing = Function::start(spec).await.unwrap();
    issuer.set_trigger(Some(Trigger::new(failing)));
    let failed = sign_in().await;
    assert_eq!(failed["__type"], "UserLambdaValidationException");
    let message = failed["message"].as_str().unwrap();
    assert!(
        message.starts_with("PreTokenGeneration failed with error "),
        "{message}"
    );
}
