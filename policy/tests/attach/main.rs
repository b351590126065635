//! The deployed function, as Lambda runs it, against a control plane with the service's states and delays.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise"
)]

mod moto;
mod plane;

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use local::lambda::{Exit, Function, FunctionSpec, InvokeError, StartError};
use serde_json::{Value, json};

use plane::{ACCESS_KEY_ID, Edge, GATEWAY, Plane, READ_ONLY, SECRET_ACCESS_KEY, SESSION_TOKEN};

const ENGINE: &str =
    "arn:aws:bedrock-agentcore:us-east-1:123456789012:policy-engine/ours-abcdefghij";
const OTHER: &str =
    "arn:aws:bedrock-agentcore:us-east-1:123456789012:policy-engine/other-abcdefghij";
const CONFIGURATION: &str = "policyEngineConfiguration";

/// The variables of the function, for a control plane at this address.
fn environment(url: &str) -> Vec<(String, String)> {
    [
        ("AWS_ENDPOINT_URL_BEDROCK_AGENTCORE_CONTROL", url),
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID),
        ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY),
        ("AWS_SESSION_TOKEN", SESSION_TOKEN),
        ("POLL_MILLISECONDS", "1"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

fn spec(url: &str, timeout: Duration) -> FunctionSpec {
    let mut spec = FunctionSpec::new("policy", env!("CARGO_BIN_EXE_policy"));
    spec.environment = environment(url);
    spec.timeout = timeout;
    spec.echo_logs = false;
    spec
}

async fn start(plane: &Plane) -> Function {
    Function::start(spec(&plane.url, Duration::from_secs(60)))
        .await
        .unwrap()
}

/// One of CloudFormation's events; `changes` are members of the resource's properties, and of the event.
fn event(kind: &str, answer_url: &str, properties: &Value, changes: &Value) -> Value {
    let mut all = json!({
        "ServiceToken": "arn:aws:lambda:us-east-1:123456789012:function:policy",
        "GatewayIdentifier": GATEWAY, "PolicyEngineArn": ENGINE, "Mode": "ENFORCE",
    });
    merge(&mut all, properties);
    let mut event = json!({
        "RequestType": kind,
        "ResponseURL": answer_url,
        "StackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/door/1",
        "RequestId": "0f1a",
        "ResourceType": "Custom::PolicyEngineAttachment",
        "LogicalResourceId": "Attachment",
        "ResourceProperties": all,
    });
    if kind != "Create" {
        event["PhysicalResourceId"] = json!(format!("{GATEWAY}/policy-engine"));
    }
    merge(&mut event, changes);
    event
}

fn merge(into: &mut Value, changes: &Value) {
    for (name, value) in changes.as_object().unwrap() {
        into[name] = value.clone();
    }
}

async fn invoke(function: &Function, event: &Value) -> Result<Bytes, InvokeError> {
    function.invoke(Bytes::from(event.to_string())).await
}

/// Sends one event and returns its one answer: the status and the reason.
async fn ask(function: &Function, plane: &Plane, event: &Value) -> (String, String) {
    let answered = invoke(function, event).await;
    let answers = plane.take_answers();
    let [answer] = answers.as_slice() else {
        panic!("{answered:?} {answers:?} {:#?}", function.recent_logs());
    };
    for name in ["StackId", "RequestId", "LogicalResourceId"] {
        assert_eq!(answer[name], event[name]);
    }
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    if let Some(physical_id) = event.get("PhysicalResourceId") {
        assert_eq!(answer["PhysicalResourceId"], *physical_id);
    }
    answered.unwrap();
    (text("Status"), text("Reason"))
}

async fn succeeds(function: &Function, plane: &Plane, event: &Value) {
    let (status, reason) = ask(function, plane, event).await;
    assert_eq!(status, "SUCCESS", "{reason} {:#?}", function.recent_logs());
}

async fn fails(function: &Function, plane: &Plane, event: &Value, why: &str) {
    let (status, reason) = ask(function, plane, event).await;
    assert_eq!(status, "FAILED", "{reason}");
    assert!(reason.contains(why), "{reason}");
}

/// A gateway with every field there is, and one that is newer than any client.
fn gateway(engine: Option<(&str, &str)>) -> Value {
    let mut gateway = json!({
        "gatewayArn": format!("arn:aws:bedrock-agentcore:us-east-1:123456789012:gateway/{GATEWAY}"),
        "gatewayId": GATEWAY,
        "gatewayUrl": format!("https://{GATEWAY}.gateway.bedrock-agentcore.us-east-1.amazonaws.com/mcp"),
        "createdAt": "2026-01-02T03:04:05Z", "updatedAt": "2026-01-02T03:04:05Z",
        "status": "READY", "statusReasons": [],
        "workloadIdentityDetails": {"workloadIdentityArn": "arn:aws:bedrock-agentcore:us-east-1:123456789012:workload-identity-directory/default/workload-identity/x"},
        "webAclArn": "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/x/1",
        "name": "tools", "description": "what the agents use",
        "roleArn": "arn:aws:iam::123456789012:role/gateway",
        "protocolType": "MCP",
        "protocolConfiguration": {"mcp": {"supportedVersions": ["2025-11-25"], "instructions": "be brief", "searchType": "SEMANTIC",
            "sessionConfiguration": {"sessionTimeoutInSeconds": 900}, "streamingConfiguration": {"enableResponseStreaming": true}, "newer": [1, 2.5, null, "\u{e9}"]}},
        "authorizerType": "CUSTOM_JWT",
        "authorizerConfiguration": {"customJWTAuthorizer": {"discoveryUrl": "https://issuer.example/.well-known/openid-configuration",
            "allowedClients": ["machine"], "allowedScopes": ["tools/call"], "newer": {"a": true}}},
        "kmsKeyArn": "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000",
        "customTransformConfiguration": {"lambda": {"arn": "arn:aws:lambda:us-east-1:123456789012:function:transform"}},
        "interceptorConfigurations": [{"interceptor": {"lambda": {"arn": "arn:aws:lambda:us-east-1:123456789012:function:intercept"}},
            "interceptionPoints": ["REQUEST"], "inputConfiguration": {"passRequestHeaders": true}}],
        "exceptionLevel": "DEBUG",
        "wafConfiguration": {"failureMode": "FAIL_CLOSE"},
        "domainOverride": {"default": "tools.example", "alternates": ["a.example"]},
    });
    if let Some((arn, mode)) = engine {
        gateway[CONFIGURATION] = json!({"arn": arn, "mode": mode});
    }
    gateway
}

/// Every field is as it was, but for the engine, which is this one.
fn assert_only_the_engine_is_new(plane: &Plane, engine: Option<(&str, &str)>) {
    let (expected, found) = (gateway(engine), plane.gateway());
    let names = |value: &Value| {
        let names = value.as_object().unwrap().keys().cloned();
        names.collect::<BTreeSet<String>>()
    };
    assert_eq!(names(&found), names(&expected));
    for name in names(&expected) {
        assert_eq!(found[&name], expected[&name], "{name}");
    }
    assert!(READ_ONLY.iter().all(|name| found.get(name).is_some()));
}

#[tokio::test]
async fn an_engine_is_attached_changed_and_detached_and_nothing_else() {
    let plane = Plane::start(Some(gateway(None))).await;
    let function = start(&plane).await;
    let url = plane.answer_url();
    let nothing = json!({});
    let create = event("Create", &url, &nothing, &nothing);
    succeeds(&function, &plane, &create).await;
    assert_only_the_engine_is_new(&plane, Some((ENGINE, "ENFORCE")));
    let calls = [
        Method::GET,
        Method::PUT,
        Method::GET,
        Method::GET,
        Method::PUT,
    ];
    assert_eq!(plane.requests(), calls, "the last one is the answer");
    // The same event again changes nothing.
    succeeds(&function, &plane, &create).await;
    assert_eq!(plane.requests().len(), calls.len() + 2);
    let observe = event(
        "Update",
        &url,
        &json!({"Mode": "LOG_ONLY"}),
        &json!({"OldResourceProperties": create["ResourceProperties"]}),
    );
    succeeds(&function, &plane, &observe).await;
    assert_only_the_engine_is_new(&plane, Some((ENGINE, "LOG_ONLY")));
    let replace = event(
        "Update",
        &url,
        &json!({"PolicyEngineArn": OTHER}),
        &json!({"OldResourceProperties": observe["ResourceProperties"]}),
    );
    succeeds(&function, &plane, &replace).await;
    assert_only_the_engine_is_new(&plane, Some((OTHER, "ENFORCE")));
    // The first engine's end is not the second one's.
    succeeds(
        &function,
        &plane,
        &event("Delete", &url, &nothing, &nothing),
    )
    .await;
    assert_only_the_engine_is_new(&plane, Some((OTHER, "ENFORCE")));
    let delete = event("Delete", &url, &json!({"PolicyEngineArn": OTHER}), &nothing);
    succeeds(&function, &plane, &delete).await;
    assert_only_the_engine_is_new(&plane, None);
    succeeds(&function, &plane, &delete).await;
    assert_nothing_secret_is_logged(&function);
    function.stop().await;
}

fn assert_nothing_secret_is_logged(function: &Function) {
    let logs = function.recent_logs();
    assert!(
        logs.iter().any(|line| line.contains("as wanted")),
        "{logs:#?}"
    );
    for line in logs {
        let secrets = ["of-nobody", SECRET_ACCESS_KEY, SESSION_TOKEN, "panicked"];
        assert!(
            !secrets.iter().any(|secret| line.contains(secret)),
            "{line}"
        );
        let line: Value = serde_json::from_str(&line).unwrap();
        // The first line of a process is of no request.
        let is_first = line["version"].is_string();
        assert!(is_first || line["request_id"].is_string(), "{line}");
    }
}

#[tokio::test]
async fn killed_at_any_call_and_tried_again_it_ends_the_same() {
    let old = json!({"OldResourceProperties": {"GatewayIdentifier": GATEWAY, "PolicyEngineArn": OTHER, "Mode": "ENFORCE"}});
    let mut kills = 0;
    for (kind, before, changes, after) in [
        ("Create", None, json!({}), Some((ENGINE, "ENFORCE"))),
        (
            "Update",
            Some((ENGINE, "LOG_ONLY")),
            json!({}),
            Some((ENGINE, "ENFORCE")),
        ),
        (
            "Update",
            Some((OTHER, "ENFORCE")),
            old,
            Some((ENGINE, "ENFORCE")),
        ),
        ("Delete", Some((ENGINE, "ENFORCE")), json!({}), None),
    ] {
        // Two reads while it is updated, one before and one after, the write, the answer.
        for call in 0..6 {
            for edge in [Edge::Before, Edge::After] {
                let plane = Plane::start(Some(gateway(before))).await;
                plane.delay(2);
                plane.hold(call, edge);
                let event = event(kind, &plane.answer_url(), &json!({}), &changes);
                let function = start(&plane).await;
                tokio::select! {
                    () = plane.held() => {}
                    answered = invoke(&function, &event) => panic!("call {call} was not made: {answered:?}"),
                }
                function.stop().await;
                plane.release();
                plane.take_answers();
                let again = start(&plane).await;
                succeeds(&again, &plane, &event).await;
                assert_only_the_engine_is_new(&plane, after);
                again.stop().await;
                kills += 1;
            }
        }
    }
    assert_eq!(kills, 48);
}

#[tokio::test]
async fn what_cannot_be_had_is_answered_with_its_reason() {
    let nothing = json!({});
    for (before, kind, why) in [
        (Some((OTHER, "ENFORCE")), "Create", "another policy engine"),
        (Some((OTHER, "ENFORCE")), "Update", OTHER),
    ] {
        let plane = Plane::start(Some(gateway(before))).await;
        let function = start(&plane).await;
        let event = event(kind, &plane.answer_url(), &nothing, &nothing);
        fails(&function, &plane, &event, why).await;
        assert_only_the_engine_is_new(&plane, before);
    }
}

#[tokio::test]
async fn what_is_refused_is_answered_with_the_services_words() {
    let failed = json!({"status": "UPDATE_UNSUCCESSFUL", "statusReasons": ["the role may not"]});
    // Rights are waited for, but not this long.
    let denied = vec![(403, "AccessDeniedException"); 100];
    let invalid = vec![(400, "ValidationException")];
    for (method, refusals, why) in [
        (Method::GET, denied.clone(), "GetGateway: AccessDenied"),
        (Method::PUT, denied, "UpdateGateway: AccessDenied"),
        (Method::PUT, invalid, "UpdateGateway: Validation"),
        (Method::PUT, vec![], "UPDATE_UNSUCCESSFUL; the role may not"),
    ] {
        let plane = Plane::start(Some(gateway(None))).await;
        let function = start(&plane).await;
        plane.refuse(method, &refusals);
        plane.end_with(failed.clone());
        let create = event("Create", &plane.answer_url(), &json!({}), &json!({}));
        fails(&function, &plane, &create, why).await;
    }
}

#[tokio::test]
async fn what_never_was_ends_well() {
    let nothing = json!({});
    let plane = Plane::start(Some(gateway(None))).await;
    let function = start(&plane).await;
    let url = plane.answer_url();
    let wrong = event("Create", &url, &json!({"Mode": "ON"}), &nothing);
    fails(
        &function,
        &plane,
        &wrong,
        "`Mode`, which is `LOG_ONLY` or `ENFORCE`",
    )
    .await;
    let end = event(
        "Delete",
        &url,
        &json!({"Mode": "ON"}),
        &json!({"PhysicalResourceId": "not-created"}),
    );
    succeeds(&function, &plane, &end).await;
    // Where the gateway itself is gone, there is nothing to attach to and nothing to detach.
    let none = Plane::start(None).await;
    let function = start(&none).await;
    fails(
        &function,
        &none,
        &event("Create", &none.answer_url(), &nothing, &nothing),
        "does not exist",
    )
    .await;
    succeeds(
        &function,
        &none,
        &event("Delete", &none.answer_url(), &nothing, &nothing),
    )
    .await;
}

#[tokio::test]
async fn what_passes_by_itself_is_waited_for() {
    let mut updating = gateway(None);
    updating["status"] = json!("UPDATING");
    let plane = Plane::start(Some(updating)).await;
    let function = start(&plane).await;
    plane.delay(5);
    // Throttled by SDK retries and ours; another client's update begins between our read and our write.
    plane.refuse(Method::GET, &[(429, "ThrottlingException"); 4]);
    plane.refuse(
        Method::PUT,
        &[(409, "ConflictException"), (500, "InternalServerException")],
    );
    let create = event("Create", &plane.answer_url(), &json!({}), &json!({}));
    succeeds(&function, &plane, &create).await;
    assert_only_the_engine_is_new(&plane, Some((ENGINE, "ENFORCE")));
}

#[tokio::test]
async fn the_answer_comes_before_the_functions_own_deadline() {
    let mut updating = gateway(None);
    updating["status"] = json!("UPDATING");
    let plane = Plane::start(Some(updating)).await;
    // All of this time is kept for the answer.
    let function = Function::start(spec(&plane.url, Duration::from_secs(8)))
        .await
        .unwrap();
    let create = event("Create", &plane.answer_url(), &json!({}), &json!({}));
    fails(&function, &plane, &create, "the time was up").await;
}

#[tokio::test]
async fn an_answer_that_does_not_arrive_is_sent_again() {
    let plane = Plane::start(Some(gateway(None))).await;
    let function = start(&plane).await;
    let create = event("Create", &plane.answer_url(), &json!({}), &json!({}));
    plane.refuse(Method::POST, &[(503, "SlowDown"), (500, "InternalError")]);
    succeeds(&function, &plane, &create).await;
    // Lambda tries an event again that ends in an error.
    plane.refuse(Method::POST, &[(503, "SlowDown"); 3]);
    let error = invoke(&function, &create).await.unwrap_err();
    assert!(
        error.to_string().contains("the answer did not arrive"),
        "{error}"
    );
    succeeds(&function, &plane, &create).await;
    assert_nothing_secret_is_logged(&function);
}

#[tokio::test]
async fn what_cannot_be_answered_is_an_error_and_no_call() {
    let plane = Plane::start(Some(gateway(None))).await;
    let function = start(&plane).await;
    for url in ["http://answers.example/", "ftp://127.0.0.1/", ""] {
        let create = event("Create", url, &json!({}), &json!({}));
        let error = invoke(&function, &create).await.unwrap_err();
        assert!(
            error.to_string().contains("not one of CloudFormation's"),
            "{error}"
        );
    }
    assert_eq!(plane.requests(), [Method::GET; 0]);
}

#[tokio::test]
async fn a_wrong_setting_stops_the_function() {
    let mut wrong = spec("http://127.0.0.1:1", Duration::from_secs(3));
    wrong
        .environment
        .push(("POLL_MILLISECONDS".to_owned(), "0".to_owned()));
    match Function::start(wrong).await {
        Err(StartError::Init { failure, log, .. }) => {
            assert_eq!(failure.exit, Exit::Code(64));
            // Behind the line that says which version it is.
            assert!(
                log[1].contains("`POLL_MILLISECONDS` is not a whole number from 1 to 60000"),
                "{log:?}"
            );
        }
        other => panic!("{other:?}"),
    }
}
