//! A data plane with one agent, the SDK's client, and requests signed without it.

use std::time::SystemTime;

use aws_credential_types::Credentials as SdkCredentials;
use aws_sdk_bedrockagentcore::Client;
use aws_sdk_bedrockagentcore::config::retry::RetryConfig;
use aws_sdk_bedrockagentcore::config::{BehaviorVersion, Region, StalledStreamProtectionConfig};
use aws_sdk_bedrockagentcore::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_bedrockagentcore::operation::invoke_agent_runtime::builders::InvokeAgentRuntimeFluentBuilder;
use aws_sdk_bedrockagentcore::operation::invoke_agent_runtime::{
    InvokeAgentRuntimeError, InvokeAgentRuntimeOutput,
};
use aws_sdk_bedrockagentcore::primitives::Blob;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioExecutor;
use local::agent::{Agent, Turns};
use local::agentcore_runtime::{
    AgentUrl, Auth, Call, DataPlane, DataPlaneSettings, Protocol, RuntimeSettings,
};
use local::sigv4::Credentials;
use serde_json::Value;

pub(crate) const ARN: &str =
    "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/demo-AbCdEf1234";
pub(crate) const SESSION: &str = "0123456789012345678901234567890123456789";
pub(crate) const LISTED: &str = "X-Amzn-Bedrock-AgentCore-Runtime-Custom-Identity";
pub(crate) const KEY_ID: &str = "AKIDEXAMPLE";
pub(crate) const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
pub(crate) const TOKEN: &str = "session-token";

pub(crate) struct World {
    pub(crate) agent: Agent,
    pub(crate) plane: DataPlane,
}

impl World {
    pub(crate) async fn start() -> Self {
        let agent = Agent::start().await.unwrap();
        let plane = plane(agent.url()).await;
        Self { agent, plane }
    }

    pub(crate) fn ask(&self, prompt: &str) -> InvokeAgentRuntimeFluentBuilder {
        invocation(&client(self.plane.url(), SECRET, "us-east-1"), prompt)
    }

    pub(crate) async fn until_ended(&self) -> Call {
        let ended = |calls: &[Call]| calls.last().is_some_and(|call| call.ended.is_some());
        self.plane.until(ended).await.pop().unwrap()
    }

    pub(crate) async fn until_agent(&self, condition: impl FnMut(&Turns) -> bool) -> Turns {
        *self.agent.turns().wait_for(condition).await.unwrap()
    }
}

pub(crate) fn settings(agent: &str) -> DataPlaneSettings {
    let agent = AgentUrl::parse(agent).unwrap();
    DataPlaneSettings {
        region: "us-east-1".to_owned(),
        credentials: Credentials {
            access_key_id: KEY_ID.to_owned(),
            secret_access_key: SECRET.to_owned(),
            session_token: Some(TOKEN.to_owned()),
        },
        runtimes: vec![RuntimeSettings {
            header_allow_list: vec![LISTED.to_owned()],
            ..RuntimeSettings::new(ARN, agent)
        }],
    }
}

pub(crate) async fn plane(agent: &str) -> DataPlane {
    DataPlane::start(settings(agent)).await.unwrap()
}

/// The same with another protocol, and other callers.
pub(crate) async fn plane_of(agent: &str, protocol: Protocol, auth: Auth) -> DataPlane {
    let mut settings = settings(agent);
    settings.runtimes[0].protocol = protocol;
    settings.runtimes[0].auth = auth;
    DataPlane::start(settings).await.unwrap()
}

pub(crate) fn json(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).unwrap()
}

pub(crate) fn header<'a>(response: &'a Response<Bytes>, name: &str) -> &'a str {
    response.headers()[name].to_str().unwrap()
}

pub(crate) fn client(endpoint: &str, secret: &str, region: &'static str) -> Client {
    let credentials = SdkCredentials::new(KEY_ID, secret, Some(TOKEN.to_owned()), None, "test");
    let config = aws_sdk_bedrockagentcore::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region))
        .credentials_provider(credentials)
        .retry_config(RetryConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .endpoint_url(endpoint)
        .build();
    Client::from_conf(config)
}

pub(crate) fn invocation(client: &Client, prompt: &str) -> InvokeAgentRuntimeFluentBuilder {
    client
        .invoke_agent_runtime()
        .agent_runtime_arn(ARN)
        .runtime_session_id(SESSION)
        .content_type("application/json")
        .accept("text/event-stream, application/json")
        .payload(Blob::new(
            serde_json::json!({ "prompt": prompt }).to_string(),
        ))
}

pub(crate) async fn whole(answer: InvokeAgentRuntimeOutput) -> String {
    let bytes = answer.response.collect().await.unwrap().into_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Status and error name.
pub(crate) fn failure(error: &SdkError<InvokeAgentRuntimeError>) -> (u16, String) {
    let status = error.raw_response().unwrap().status().as_u16();
    (status, error.code().unwrap_or_default().to_owned())
}

/// An address of the runtime: `invocations`, `ws`, ..
pub(crate) fn address(plane: &DataPlane, of: &str) -> String {
    let arn = ARN.replace(':', "%3A").replace('/', "%2F");
    format!("{}/runtimes/{arn}/{of}?qualifier=DEFAULT", plane.url())
}

/// A signed invocation without the SDK around it.
pub(crate) fn signed(
    plane: &DataPlane,
    time: SystemTime,
    body: Bytes,
    headers: &[(&str, &str)],
) -> Request<Full<Bytes>> {
    signed_at(&address(plane, "invocations"), time, body, headers)
}

/// A signed `POST` of anything.
pub(crate) fn signed_at(
    uri: &str,
    time: SystemTime,
    body: Bytes,
    headers: &[(&str, &str)],
) -> Request<Full<Bytes>> {
    let identity = SdkCredentials::new(KEY_ID, SECRET, Some(TOKEN.to_owned()), None, "test").into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name("bedrock-agentcore")
        .time(time)
        .settings(SigningSettings::default())
        .build()
        .unwrap();
    let signable = SignableRequest::new(
        "POST",
        uri,
        headers.iter().copied(),
        SignableBody::Bytes(&body),
    )
    .unwrap();
    let (instructions, _) = sign(signable, &parameters.into()).unwrap().into_parts();
    let mut request = Request::post(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut request = request.body(Full::new(body)).unwrap();
    instructions.apply_to_request_http1x(&mut request);
    request
}

pub(crate) async fn send(request: Request<Full<Bytes>>) -> Response<Bytes> {
    let client = hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build_http();
    let (head, body) = client.request(request).await.unwrap().into_parts();
    Response::from_parts(head, body.collect().await.unwrap().to_bytes())
}

pub(crate) fn refusal(response: &Response<Bytes>) -> (u16, &str) {
    (
        response.status().as_u16(),
        response.headers()["x-amzn-errortype"].to_str().unwrap(),
    )
}
