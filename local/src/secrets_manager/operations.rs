//! The operations, by the "Secrets Manager API Reference".

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::rotation;
use super::shelf::{NoSuchSecretError, Secret, Shelf};
use super::stage::{CURRENT, PENDING};
use crate::aws_json::{Exception, UNKNOWN};
use crate::lambda::function_arn;
use crate::{clock, random};

/// Who answers.
#[derive(Default)]
pub(super) struct Desk {
    pub(super) shelf: Arc<Shelf>,
}

const INVALID: Exception = Exception {
    name: "InvalidParameterException",
    message: "A parameter is missing, is not text, or does not fit the secret's versions.",
};
/// For a missing stage or version too.
const NOT_FOUND: Exception = Exception {
    name: "ResourceNotFoundException",
    message: "Secrets Manager can't find the specified secret.",
};
const EXISTS: Exception = Exception {
    name: "ResourceExistsException",
    message: "The version has another value already.",
};
const NOT_NOW: Exception = Exception {
    name: "InvalidRequestException",
    message: "The secret has no rotation, or one that is not complete.",
};

impl From<NoSuchSecretError> for Exception {
    fn from(_: NoSuchSecretError) -> Self {
        NOT_FOUND
    }
}

impl Desk {
    pub(super) fn perform(&self, operation: &str, input: &Value) -> Result<Value, Exception> {
        let perform = match operation {
            "GetSecretValue" => get,
            "DescribeSecret" => describe,
            "PutSecretValue" => put,
            "UpdateSecretVersionStage" => update_stage,
            "RotateSecret" => return self.rotate(input),
            _ => return Err(UNKNOWN),
        };
        let arn = self.shelf.find(required(input, "SecretId")?)?;
        self.shelf
            .with(&arn, |secret| perform(&arn, secret, input))?
    }

    /// Answers at once; the steps follow.
    fn rotate(&self, input: &Value) -> Result<Value, Exception> {
        let arn = self.shelf.find(required(input, "SecretId")?)?;
        let token = text(input, "ClientRequestToken")?.map_or_else(random::uuid, str::to_owned);
        let (function, name) = self.shelf.with(&arn, |secret| {
            let function = secret.function.clone().ok_or(NOT_NOW)?;
            let pending = secret.staged(PENDING);
            if pending.is_some_and(|id| id != token) {
                return Err(NOT_NOW);
            }
            if secret.version(&token).is_none() {
                secret.begin_rotation(&token);
            }
            Ok((function, secret.name.clone()))
        })??;
        let answer = json!({"ARN": arn, "Name": name, "VersionId": token});
        let shelf = Arc::clone(&self.shelf);
        // How it ends, the stages of the versions show.
        tokio::spawn(async move { rotation::run(&function, &shelf, &arn, &token).await.ok() });
        Ok(answer)
    }
}

/// Version and stage, if both are named, must name the same.
fn get(arn: &str, secret: &mut Secret, input: &Value) -> Result<Value, Exception> {
    let (id, stage) = (text(input, "VersionId")?, text(input, "VersionStage")?);
    let stage = stage.or(if id.is_none() { Some(CURRENT) } else { None });
    let version = secret.versions.iter().find(|version| {
        id.is_none_or(|id| version.id == id) && stage.is_none_or(|it| version.has(it))
    });
    let version = version.ok_or(NOT_FOUND)?;
    let value = version.value.as_ref().ok_or(NOT_FOUND)?;
    Ok(json!({
        "ARN": arn,
        "Name": secret.name,
        "VersionId": version.id,
        "SecretString": value,
        "VersionStages": version.stages,
        "CreatedDate": version.created,
    }))
}

fn describe(arn: &str, secret: &mut Secret, _: &Value) -> Result<Value, Exception> {
    let staged = secret.versions.iter().filter(|it| !it.stages.is_empty());
    let stages: BTreeMap<&String, &Vec<String>> = staged
        .map(|version| (&version.id, &version.stages))
        .collect();
    let mut answer = json!({
        "ARN": arn,
        "Name": secret.name,
        "RotationEnabled": secret.is_rotated,
        "VersionIdsToStages": stages,
    });
    if let (Some(function), Some(members)) = (&secret.function, answer.as_object_mut()) {
        let function = function_arn(function.name());
        members.insert("RotationLambdaARN".to_owned(), json!(function));
    }
    if let (Some(then), Some(members)) = (secret.last_rotated, answer.as_object_mut()) {
        members.insert("LastRotatedDate".to_owned(), json!(then));
    }
    Ok(answer)
}

/// The same again changes nothing; another value for the same version is refused.
fn put(arn: &str, secret: &mut Secret, input: &Value) -> Result<Value, Exception> {
    let id = text(input, "ClientRequestToken")?.map_or_else(random::uuid, str::to_owned);
    let value = required(input, "SecretString")?;
    let stages: Vec<&str> = match input.get("VersionStages") {
        None | Some(Value::Null) => vec![CURRENT],
        Some(stages) => {
            let stages = stages.as_array().ok_or(INVALID)?.iter();
            stages
                .map(Value::as_str)
                .collect::<Option<_>>()
                .ok_or(INVALID)?
        }
    };
    if !secret.fill(&id, value) {
        return Err(EXISTS);
    }
    for stage in stages {
        secret.stage(&id, stage);
    }
    let stages = secret.version(&id).map(|version| &version.stages);
    Ok(json!({"ARN": arn, "Name": secret.name, "VersionId": id, "VersionStages": stages}))
}

/// Who moves a stage must say from which version, and be right.
fn update_stage(arn: &str, secret: &mut Secret, input: &Value) -> Result<Value, Exception> {
    let stage = required(input, "VersionStage")?;
    let to = text(input, "MoveToVersionId")?;
    let from = text(input, "RemoveFromVersionId")?;
    let staged = secret.staged(stage);
    let is_there = |id: &str| secret.version(id).is_some();
    if staged.as_deref() != to && staged.as_deref() != from || !to.is_none_or(is_there) {
        return Err(INVALID);
    }
    match to {
        Some(to) => {
            // A rotation is over when its version is the current one.
            if stage == CURRENT && secret.staged(PENDING).as_deref() == Some(to) {
                secret.last_rotated = Some(clock::now());
            }
            secret.stage(to, stage);
        }
        None if stage == CURRENT => return Err(INVALID),
        None => secret.unstage(stage),
    }
    Ok(json!({"ARN": arn, "Name": secret.name}))
}

fn text<'i>(input: &'i Value, name: &str) -> Result<Option<&'i str>, Exception> {
    match input.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_str().map(Some).ok_or(INVALID),
    }
}

fn required<'i>(input: &'i Value, name: &str) -> Result<&'i str, Exception> {
    text(input, name)?.ok_or(INVALID)
}
