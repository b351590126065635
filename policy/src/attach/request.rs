//! CloudFormation's request: what it wants of which gateway, and where the answer goes.
//!
//! "Custom resource request objects" and "Custom resource response objects" of the CloudFormation guide.

use aws_lambda_events::cloudformation::CloudFormationCustomResourceRequest;
use serde::Deserialize;
use serde_json::Value;
use shared::settings::Address;
use shared::text::{is_of, is_visible, is_word};

use super::error::AttachError;

/// The longest text of an event that is repeated in its answer, which may have 4096 bytes in all. None is longer than an
/// ARN.
const MAX_ECHOED: usize = 512;
/// `gatewayIdentifier` of the model: `([0-9a-z][-]?){1,100}-[0-9a-z]{10}`.
const MAX_GATEWAY_ID: usize = 211;
/// `policyEngineConfiguration.arn` of the model.
const MAX_ENGINE_ARN: usize = 170;
/// What stands behind the gateway in the name of an attachment.
const SUFFIX: &str = "/policy-engine";
/// The physical id of a resource whose creation failed before it could be named.
const UNNAMED: &str = "not-created";

/// An event of which only the sender is known.
const UNKNOWN: AttachError = AttachError::Malformed(
    "the event is not one of CloudFormation's: `RequestType` is not `Create`, `Update` or `Delete`, or a member is missing",
);

/// One event.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) sender: Sender,
    /// The attachment's name: `GATEWAY/policy-engine`.
    pub(crate) physical_id: String,
    /// What is to be done; nothing, if it is the end of something that never was.
    pub(crate) task: Result<Option<Task>, AttachError>,
}

/// Who asks, as the answer must repeat it.
#[derive(Debug)]
pub(crate) struct Sender {
    /// Presigned: who has it may answer. It is not logged.
    pub(crate) response_url: Address,
    pub(crate) stack_id: String,
    pub(crate) request_id: String,
    pub(crate) logical_id: String,
}

/// What one gateway is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Task {
    pub(crate) gateway: GatewayId,
    pub(crate) wanted: Wanted,
}

/// What is wanted of a gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// It has this engine, in this mode.
    Attached {
        engine: EngineArn,
        mode: Mode,
        /// The engine that this resource attached before, and may replace.
        replaces: Option<EngineArn>,
    },
    /// It does not have this engine. Any other is none of our business.
    Detached { engine: EngineArn },
}

/// A gateway's id: letters in lower case, digits, hyphens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GatewayId(String);

/// The ARN of a policy engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EngineArn(String);

/// What an engine's decisions do.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Mode {
    /// They are traced; nothing is blocked.
    LogOnly,
    /// They hold.
    Enforce,
}

/// The event does not say where an answer could go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the event is not one of CloudFormation's for a custom resource")]
pub(crate) struct UnanswerableError;

/// What is to be done, as the crate has it. Properties may be absent from an event that undoes what never was.
type Event = CloudFormationCustomResourceRequest<Option<Value>, Option<Value>>;

/// Who asks. It is read apart from the rest, which the crate's type cannot do: whatever is wrong with an event, but for
/// this, must be answered.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Asking {
    #[serde(rename = "ResponseURL")]
    response_url: String,
    stack_id: String,
    request_id: String,
    logical_resource_id: String,
    physical_resource_id: Option<String>,
}

/// The properties of the resource. The first two are CloudFormation's own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Properties {
    #[serde(rename = "ServiceToken")]
    _service_token: Option<String>,
    #[serde(rename = "ServiceTimeout")]
    _service_timeout: Option<Value>,
    gateway_identifier: String,
    policy_engine_arn: String,
    mode: Mode,
}

impl Request {
    /// Reads an event. What is wrong with it, but for who asks, is part of the request: it must be answered.
    ///
    /// # Errors
    /// If it cannot be answered.
    pub(crate) fn read(event: Value) -> Result<Self, UnanswerableError> {
        let Asking {
            response_url,
            stack_id,
            request_id,
            logical_resource_id: logical_id,
            physical_resource_id,
        } = Asking::deserialize(&event).map_err(|_| UnanswerableError)?;
        let named = physical_resource_id.clone().unwrap_or_default();
        let echoed = [&stack_id, &request_id, &logical_id, &named];
        if !echoed.iter().all(|text| is_plain(text)) {
            return Err(UnanswerableError);
        }
        let task = task(event, physical_resource_id.as_deref());
        let created = task.as_ref().ok().and_then(Option::as_ref);
        let created = created.map_or_else(|| UNNAMED.to_owned(), Task::physical_id);
        Ok(Self {
            sender: Sender {
                response_url: Address::parse(&response_url).map_err(|_| UnanswerableError)?,
                stack_id,
                request_id,
                logical_id,
            },
            physical_id: physical_resource_id.unwrap_or(created),
            task,
        })
    }
}

/// Whether it can be repeated as it is, in JSON too.
fn is_plain(text: &str) -> bool {
    text.is_empty() || is_visible(text, MAX_ECHOED) && !text.contains(['"', '\\'])
}

impl Task {
    fn physical_id(&self) -> String {
        format!("{}{SUFFIX}", self.gateway.as_str())
    }
}

fn task(event: Value, physical_id: Option<&str>) -> Result<Option<Task>, AttachError> {
    let event: Event = serde_json::from_value(event).map_err(|_| UNKNOWN)?;
    if matches!(event, Event::Delete(_)) && physical_id == Some(UNNAMED) {
        return Ok(None);
    }
    let task = wanted(event)?;
    // A move would have to be undone when it fails half way, and CloudFormation does that better.
    if physical_id.is_some_and(|physical_id| physical_id != task.physical_id()) {
        return Err(AttachError::Malformed(
            "an attachment stays with its gateway; for another gateway, give the resource another logical id",
        ));
    }
    Ok(Some(task))
}

fn wanted(event: Event) -> Result<Task, AttachError> {
    let (properties, replaces) = match event {
        Event::Create(create) => (create.resource_properties, None),
        Event::Update(update) => {
            let old = read(update.old_resource_properties);
            let replaces = old.ok().map(|(_, engine, _)| engine);
            (update.resource_properties, replaces)
        }
        Event::Delete(delete) => {
            let (gateway, engine, _) = read(delete.resource_properties)?;
            let wanted = Wanted::Detached { engine };
            return Ok(Task { gateway, wanted });
        }
        _ => return Err(UNKNOWN),
    };
    let (gateway, engine, mode) = read(properties)?;
    let wanted = Wanted::Attached {
        engine,
        mode,
        replaces,
    };
    Ok(Task { gateway, wanted })
}

fn read(properties: Option<Value>) -> Result<(GatewayId, EngineArn, Mode), AttachError> {
    let properties: Properties = serde_json::from_value(properties.unwrap_or_default()).map_err(|_| {
        AttachError::Malformed(
            "the properties must be `GatewayIdentifier`, `PolicyEngineArn` and `Mode`, which is `LOG_ONLY` or `ENFORCE`",
        )
    })?;
    let gateway = GatewayId::parse(properties.gateway_identifier).ok_or(AttachError::Malformed(
        "`GatewayIdentifier` is not the id of a gateway",
    ))?;
    let engine = EngineArn::parse(properties.policy_engine_arn).ok_or(AttachError::Malformed(
        "`PolicyEngineArn` is not the ARN of a policy engine",
    ))?;
    Ok((gateway, engine, properties.mode))
}

impl GatewayId {
    pub(crate) fn parse(text: String) -> Option<Self> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        is_of(&text, MAX_GATEWAY_ID, allowed).then_some(Self(text))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl EngineArn {
    pub(crate) fn parse(text: String) -> Option<Self> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let is_engine = matches!(
            parts.as_slice(),
            ["arn", partition, "bedrock-agentcore", region, account, resource]
                if partition.starts_with("aws")
                    && !region.is_empty()
                    && !account.is_empty()
                    && resource.strip_prefix("policy-engine/").is_some_and(|id| !id.is_empty())
        );
        (is_engine && is_word(&text, MAX_ENGINE_ARN, b":/_-")).then_some(Self(text))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Mode {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::LogOnly => "LOG_ONLY",
            Self::Enforce => "ENFORCE",
        }
    }
}

#[cfg(test)]
mod tests;
