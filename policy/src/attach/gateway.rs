//! A gateway as its control plane describes it, and as it is written back.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::error::{AttachError, Message};
use super::request::{EngineArn, Mode};

/// What `GetGateway` tells and `UpdateGateway` does not take.
const READ_ONLY: [&str; 9] = [
    "createdAt",
    "gatewayArn",
    "gatewayId",
    "gatewayUrl",
    "status",
    "statusReasons",
    "updatedAt",
    "webAclArn",
    "workloadIdentityDetails",
];

const ENGINE: &str = "policyEngineConfiguration";

/// A gateway, all of it.
///
/// It is kept as the document that it came as. `UpdateGateway` replaces everything, so what is not written back is lost;
/// a document also keeps the fields that are newer than this program.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Gateway(Map<String, Value>);

/// All that `UpdateGateway` takes of a gateway.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Settings(Map<String, Value>);

/// What a gateway is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Ready,
    /// It will have another status by itself: it is being created or updated, or is in a state that is unknown here.
    Changing,
    Deleting,
    /// The last change did not succeed.
    Unsuccessful,
}

impl Gateway {
    /// Reads the answer of `GetGateway`.
    ///
    /// # Errors
    /// If it has no status.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, AttachError> {
        let document: Map<String, Value> =
            serde_json::from_slice(body).map_err(|_| AttachError::NotAGateway)?;
        let has_status = document.get("status").is_some_and(Value::is_string);
        has_status
            .then_some(Self(document))
            .ok_or(AttachError::NotAGateway)
    }

    pub(crate) fn status(&self) -> Status {
        match self.text("status") {
            "READY" => Status::Ready,
            "DELETING" => Status::Deleting,
            "FAILED" | "UPDATE_UNSUCCESSFUL" => Status::Unsuccessful,
            _ => Status::Changing,
        }
    }

    /// The status and its reasons, for people.
    pub(crate) fn state(&self) -> Message {
        let reasons = self.0.get("statusReasons").and_then(Value::as_array);
        let reasons = reasons.into_iter().flatten().filter_map(Value::as_str);
        let parts: Vec<&str> = [self.text("status")].into_iter().chain(reasons).collect();
        Message::new(&parts.join("; "))
    }

    /// The ARN of the engine it has.
    pub(crate) fn engine(&self) -> Option<&str> {
        self.0.get(ENGINE)?.get("arn")?.as_str()
    }

    pub(crate) fn has(&self, engine: &EngineArn) -> bool {
        self.engine() == Some(engine.as_str())
    }

    pub(crate) fn has_in_mode(&self, engine: &EngineArn, mode: Mode) -> bool {
        let found = self
            .0
            .get(ENGINE)
            .and_then(|engine| engine.get("mode")?.as_str());
        self.has(engine) && found == Some(mode.as_str())
    }

    /// Everything that can be written back, as it is.
    pub(crate) fn settings(&self) -> Settings {
        let settings = self.0.clone().into_iter();
        let is_kept = |name: &str, value: &Value| !READ_ONLY.contains(&name) && !value.is_null();
        Settings(
            settings
                .filter(|(name, value)| is_kept(name, value))
                .collect(),
        )
    }

    fn text(&self, name: &str) -> &str {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

impl Settings {
    /// The same with this engine in this mode, and nothing else changed.
    pub(crate) fn with_engine(mut self, engine: &EngineArn, mode: Mode) -> Self {
        let found = self.0.remove(ENGINE);
        let is_same =
            |found: &Value| found.get("arn").and_then(Value::as_str) == Some(engine.as_str());
        let mut engine_settings = found.filter(is_same).unwrap_or_else(|| json!({}));
        if let Some(members) = engine_settings.as_object_mut() {
            members.insert("arn".to_owned(), engine.as_str().into());
            members.insert("mode".to_owned(), mode.as_str().into());
        }
        self.0.insert(ENGINE.to_owned(), engine_settings);
        self
    }

    /// The same without any engine. What is not written is taken away.
    pub(crate) fn without_engine(mut self) -> Self {
        self.0.remove(ENGINE);
        self
    }

    /// The body of `UpdateGateway`.
    pub(crate) fn to_json(&self) -> String {
        Value::Object(self.0.clone()).to_string()
    }

    /// The names of the fields that are not the same.
    pub(crate) fn differences(&self, other: &Self) -> Vec<String> {
        let names: BTreeSet<&String> = self.0.keys().chain(other.0.keys()).collect();
        let differ = |name: &&String| self.0.get(*name) != other.0.get(*name);
        names.into_iter().filter(differ).cloned().collect()
    }
}

#[cfg(test)]
mod tests;
