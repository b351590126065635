//! The same function against moto, an independent emulator of the control plane.

use std::time::Duration;

use aws_sdk_bedrockagentcorecontrol::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_bedrockagentcorecontrol::types::{
    AuthorizerConfiguration, AuthorizerType, CustomJwtAuthorizerConfiguration, ExceptionLevel,
    GatewayInterceptionPoint, GatewayInterceptorConfiguration, GatewayProtocolConfiguration,
    GatewayProtocolType, InterceptorConfiguration, LambdaInterceptorConfiguration,
    McpGatewayConfiguration,
};
use aws_sdk_bedrockagentcorecontrol::{Client, Config};
use local::lambda::Function;
use python::{PythonServer, counted};
use serde_json::{Value, json};

use crate::plane::Plane;
use crate::{ENGINE, event, fails, spec, succeeds};

fn client(url: &str) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("key", "secret", None, None, "test"))
        .endpoint_url(url);
    Client::from_conf(config.build())
}

/// A gateway with every field that moto keeps.
async fn create(client: &Client) -> String {
    let authorizer = CustomJwtAuthorizerConfiguration::builder()
        .discovery_url("https://issuer.example/.well-known/openid-configuration")
        .allowed_clients("machine")
        .build()
        .unwrap();
    let lambda = LambdaInterceptorConfiguration::builder()
        .arn("arn:aws:lambda:us-east-1:123456789012:function:intercept")
        .build()
        .unwrap();
    let interceptor = GatewayInterceptorConfiguration::builder()
        .interceptor(InterceptorConfiguration::Lambda(lambda))
        .interception_points(GatewayInterceptionPoint::Request)
        .build()
        .unwrap();
    let mcp = McpGatewayConfiguration::builder()
        .instructions("be brief")
        .build();
    let created = client
        .create_gateway()
        .name("tools")
        .description("what the agents use")
        .role_arn("arn:aws:iam::123456789012:role/gateway")
        .protocol_type(GatewayProtocolType::Mcp)
        .protocol_configuration(GatewayProtocolConfiguration::Mcp(mcp))
        .authorizer_type(AuthorizerType::CustomJwt)
        .authorizer_configuration(AuthorizerConfiguration::CustomJwtAuthorizer(authorizer))
        .interceptor_configurations(interceptor)
        .exception_level(ExceptionLevel::Debug)
        .send()
        .await
        .unwrap();
    created.gateway_id
}

/// All that moto says of a gateway, with its engine apart.
async fn read(client: &Client, gateway: &str) -> (String, Value) {
    let found = client
        .get_gateway()
        .gateway_identifier(gateway)
        .send()
        .await
        .unwrap();
    let engine = found.policy_engine_configuration.as_ref().map_or(
        Value::Null,
        |engine| json!({"arn": engine.arn, "mode": engine.mode.as_str()}),
    );
    let mut rest = found;
    rest.policy_engine_configuration = None;
    rest.updated_at = rest.created_at;
    let rest = format!("{rest:?}");
    let (rest, _request_id) = rest.split_once("_request_id").unwrap();
    (rest.to_owned(), engine)
}

/// An event about this gateway.
fn about(gateway: &str, plane: &Plane, kind: &str, mode: &str) -> Value {
    let properties = json!({"GatewayIdentifier": gateway, "Mode": mode});
    let mut event = event(kind, &plane.answer_url(), &properties, &json!({}));
    if kind != "Create" {
        event["PhysicalResourceId"] = json!(format!("{gateway}/policy-engine"));
    }
    event
}

#[tokio::test]
async fn an_engine_is_attached_at_moto_too() {
    let Some(moto) = PythonServer::moto("attaching") else {
        return;
    };
    let client = client(&moto.url);
    let gateway = create(&client).await;
    // Once more than is used: moto counts reads to know when a gateway is made.
    read(&client, &gateway).await;
    let (before, engine) = read(&client, &gateway).await;
    assert_eq!(engine, Value::Null);
    // Only for CloudFormation's answers.
    let plane = Plane::start(None).await;
    let spec = spec(&moto.url, Duration::from_secs(60));
    let function = Function::start(spec).await.unwrap();
    let event = |kind, mode| about(&gateway, &plane, kind, mode);
    for (kind, mode) in [
        ("Create", "LOG_ONLY"),
        ("Update", "ENFORCE"),
        ("Update", "ENFORCE"),
    ] {
        succeeds(&function, &plane, &event(kind, mode)).await;
        let (after, engine) = read(&client, &gateway).await;
        assert_eq!(engine, json!({"arn": ENGINE, "mode": mode}));
        assert_eq!(after, before, "nothing else has changed");
    }
    // The service takes away what is not written; moto keeps it, and the function sees that it did.
    fails(
        &function,
        &plane,
        &event("Delete", "ENFORCE"),
        "undone each time",
    )
    .await;
    let deleted = client.delete_gateway().gateway_identifier(&gateway).send();
    deleted.await.unwrap();
    succeeds(&function, &plane, &event("Delete", "ENFORCE")).await;
    fails(
        &function,
        &plane,
        &event("Create", "ENFORCE"),
        "does not exist",
    )
    .await;
    function.stop().await;
    counted("the engine of a gateway at moto attached, changed, and its loss noticed");
}
