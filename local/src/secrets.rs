//! Secrets Manager on one loopback port: `GetSecretValue` by version or by stage, with Signature Version 4.
//!
//! Stages move as they do there: a version that becomes current makes the one before it the previous.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use crate::agentcore::Credentials;
pub use crate::aws_json::Fault;
use crate::aws_json::{Exception, JsonService, Protocol, UNKNOWN};
use crate::listen::{Bound, Served};
use crate::runtime::{ACCOUNT, REGION};
use crate::{clock, random};

const PROTOCOL: Protocol = Protocol {
    service: "secretsmanager",
    target: "secretsmanager",
    content_type: "application/x-amz-json-1.1",
};
/// The stage of `GetSecretValue` when none is named.
pub const CURRENT: &str = "AWSCURRENT";
/// The stage of the version that was current before.
pub const PREVIOUS: &str = "AWSPREVIOUS";
/// The stage of a version that a rotation is about to make current.
pub const PENDING: &str = "AWSPENDING";
/// Versions kept of one secret, the oldest without a stage gives way ("Secrets Manager quotas": about 100).
const MAX_VERSIONS: usize = 100;

/// A store of secrets. Dropping it closes its port.
pub struct SecretStore {
    url: String,
    shelf: Arc<Shelf>,
    service: Arc<JsonService>,
    _served: Served,
}

/// There is no secret of that ARN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no such secret")]
pub struct NoSuchSecret;

/// Secrets by ARN.
#[derive(Default)]
struct Shelf(Mutex<BTreeMap<String, Secret>>);

struct Secret {
    name: String,
    /// Oldest first.
    versions: Vec<Version>,
}

struct Version {
    id: String,
    value: String,
    stages: Vec<String>,
    created: u64,
}

impl SecretStore {
    /// Answers on a free port of 127.0.0.1 whoever holds `credentials`.
    ///
    /// # Errors
    /// No port could be bound.
    pub async fn start(credentials: Credentials) -> io::Result<Self> {
        let shelf = Arc::<Shelf>::default();
        let read = Arc::clone(&shelf);
        let service =
            JsonService::new(
                PROTOCOL,
                credentials,
                move |operation, input| match operation {
                    "GetSecretValue" => read.get(input),
                    _ => Err(UNKNOWN),
                },
            );
        let bound = Bound::loopback().await?;
        Ok(Self {
            url: bound.origin(),
            shelf,
            _served: bound.serve(service.router()),
            service,
        })
    }

    /// The endpoint for the SDK's `AWS_ENDPOINT_URL_SECRETS_MANAGER`: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A new secret whose current version has this value: its ARN.
    pub fn create(&self, name: &str, value: &str) -> String {
        // The service, too, ends each ARN in six characters of its own.
        let suffix: String = random::uuid().chars().take(6).collect();
        let arn = format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-{suffix}");
        let secret = Secret {
            name: name.to_owned(),
            versions: Vec::new(),
        };
        self.shelf.secrets().insert(arn.clone(), secret);
        // It was there a moment ago, and nothing takes secrets away.
        let _ = self.put(&arn, value, CURRENT);
        arn
    }

    /// A new version with this stage, which the version that had it loses: the new version's id.
    ///
    /// # Errors
    /// There is no such secret.
    pub fn put(&self, arn: &str, value: &str, stage: &str) -> Result<String, NoSuchSecret> {
        let id = random::uuid();
        let mut secrets = self.shelf.secrets();
        let secret = secrets.get_mut(arn).ok_or(NoSuchSecret)?;
        secret.make_room();
        secret.versions.push(Version {
            id: id.clone(),
            value: value.to_owned(),
            stages: Vec::new(),
            created: clock::now(),
        });
        secret.stage(&id, stage);
        Ok(id)
    }

    /// Moves a stage to a version; what was current then becomes previous.
    ///
    /// # Errors
    /// There is no such secret, or no such version of it.
    pub fn move_stage(&self, arn: &str, stage: &str, version: &str) -> Result<(), NoSuchSecret> {
        let mut secrets = self.shelf.secrets();
        let secret = secrets.get_mut(arn).ok_or(NoSuchSecret)?;
        if !secret.versions.iter().any(|known| known.id == version) {
            return Err(NoSuchSecret);
        }
        secret.stage(version, stage);
        Ok(())
    }

    /// Makes every answer go wrong from now on, or, with `None`, right again.
    pub fn set_fault(&self, fault: Option<Fault>) {
        self.service.set_fault(fault);
    }

    /// How many requests came, refused ones included.
    pub fn requests(&self) -> u64 {
        self.service.requests()
    }
}

impl Shelf {
    /// Each critical section leaves whole secrets behind.
    fn secrets(&self) -> MutexGuard<'_, BTreeMap<String, Secret>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// "GetSecretValue", Secrets Manager API Reference. Version and stage, if both are named, must name the same.
    fn get(&self, input: &Value) -> Result<Value, Exception> {
        let text = |name: &str| match input.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value.as_str().map(Some).ok_or(INVALID),
        };
        let wanted = text("SecretId")?.ok_or(INVALID)?;
        let (id, stage) = (text("VersionId")?, text("VersionStage")?);
        let stage = stage.or(if id.is_none() { Some(CURRENT) } else { None });
        let secrets = self.secrets();
        let (arn, secret) = secrets
            .iter()
            .find(|(arn, secret)| *arn == wanted || secret.name == wanted)
            .ok_or(NOT_FOUND)?;
        let version = secret
            .versions
            .iter()
            .find(|version| {
                id.is_none_or(|id| version.id == id) && stage.is_none_or(|it| version.has(it))
            })
            .ok_or(NOT_FOUND)?;
        Ok(json!({
            "ARN": arn,
            "Name": secret.name,
            "VersionId": version.id,
            "SecretString": version.value,
            "VersionStages": version.stages,
            "CreatedDate": version.created,
        }))
    }
}

const INVALID: Exception = Exception {
    name: "InvalidParameterException",
    message: "A parameter is missing or is not text.",
};
/// For a missing stage or version too.
const NOT_FOUND: Exception = Exception {
    name: "ResourceNotFoundException",
    message: "Secrets Manager can't find the specified secret.",
};

impl Secret {
    fn stage(&mut self, id: &str, stage: &str) {
        let current = |secret: &Self| {
            let current = secret.versions.iter().find(|version| version.has(CURRENT));
            current.map(|version| version.id.clone())
        };
        let before = current(self);
        self.label(id, stage);
        if stage == CURRENT
            && let Some(before) = before.filter(|before| before != id)
        {
            self.label(&before, PREVIOUS);
        }
    }

    /// A stage is on one version at a time.
    fn label(&mut self, id: &str, stage: &str) {
        for version in &mut self.versions {
            version.stages.retain(|other| other != stage);
            if version.id == id {
                version.stages.push(stage.to_owned());
            }
        }
    }

    fn make_room(&mut self) {
        if self.versions.len() >= MAX_VERSIONS
            && let Some(at) = self.versions.iter().position(|it| it.stages.is_empty())
        {
            self.versions.remove(at);
        }
    }
}

impl Version {
    fn has(&self, stage: &str) -> bool {
        self.stages.iter().any(|own| own == stage)
    }
}
