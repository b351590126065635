//! Secrets Manager on one loopback port, with Signature Version 4: secrets, their versions and stages, and rotation by
//! a function.
//!
//! Stages move as they do there: a version that becomes current makes the one before it the previous.

mod operations;
mod rotation;
mod shelf;
mod stage;

use std::io;
use std::sync::Arc;

use serde_json::Value;

pub use crate::aws_json::Fault;
use crate::aws_json::{Exception, JsonService, Protocol};
use crate::lambda::{ACCOUNT, Function, REGION};
use crate::listen::{Bound, Served};
use crate::random;
use crate::sigv4::Credentials;

use operations::Desk;

pub use rotation::{RotationError, Step};
pub use shelf::NoSuchSecretError;
pub use stage::{CURRENT, PENDING, PREVIOUS};

const PROTOCOL: Protocol = Protocol {
    service: "secretsmanager",
    target: "secretsmanager",
    content_type: "application/x-amz-json-1.1",
};
/// A store of secrets. Dropping it closes its port.
pub struct SecretStore {
    url: String,
    desk: Arc<Desk>,
    service: Arc<JsonService>,
    _served: Served,
}

impl SecretStore {
    /// Answers callers who sign with `credentials`, on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// No port could be bound.
    pub async fn start(credentials: Credentials) -> io::Result<Self> {
        let desk = Arc::<Desk>::default();
        let asked = Arc::clone(&desk);
        let perform = move |operation: &str, input: &Value| -> Result<Value, Exception> {
            asked.perform(operation, input)
        };
        let service = JsonService::new(PROTOCOL, credentials, perform);
        let bound = Bound::loopback().await?;
        Ok(Self {
            url: bound.origin(),
            desk,
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
        let arn = self.create_empty(name);
        // It was there a moment ago, and nothing takes secrets away.
        let _ = self.put(&arn, value, CURRENT);
        arn
    }

    /// A new secret without any version, which `CreateSecret` makes if it is given no value: its ARN.
    pub fn create_empty(&self, name: &str) -> String {
        // The service, too, ends each ARN in six characters of its own.
        let suffix: String = random::uuid().chars().take(6).collect();
        let arn = format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-{suffix}");
        self.desk.shelf.create(&arn, name);
        arn
    }

    /// A new version with this stage, which the version that had it loses: the new version's id.
    ///
    /// # Errors
    /// There is no such secret.
    pub fn put(&self, arn: &str, value: &str, stage: &str) -> Result<String, NoSuchSecretError> {
        self.desk.shelf.with(arn, |secret| {
            let id = random::uuid();
            secret.add(&id, Some(value));
            secret.stage(&id, stage);
            id
        })
    }

    /// Gives the version to come its value, as another try or a person would; whether it had none yet.
    ///
    /// # Errors
    /// There is no such secret.
    pub fn fill_pending(
        &self,
        arn: &str,
        version: &str,
        value: &str,
    ) -> Result<bool, NoSuchSecretError> {
        self.desk
            .shelf
            .with(arn, |secret| secret.fill(version, value))
    }

    /// Moves a stage to a version; what was current then becomes previous.
    ///
    /// # Errors
    /// There is no such secret, or no such version of it.
    pub fn move_stage(
        &self,
        arn: &str,
        stage: &str,
        version: &str,
    ) -> Result<(), NoSuchSecretError> {
        let moved = self.desk.shelf.with(arn, |secret| {
            let is_there = secret.version(version).is_some();
            if is_there {
                secret.stage(version, stage);
            }
            is_there
        })?;
        if moved {
            Ok(())
        } else {
            Err(NoSuchSecretError)
        }
    }

    /// Makes every version look older by so many seconds, as if time had passed.
    ///
    /// # Errors
    /// There is no such secret.
    pub fn age(&self, arn: &str, seconds: u64) -> Result<(), NoSuchSecretError> {
        self.desk.shelf.with(arn, |secret| secret.age(seconds))
    }

    /// Lets this function rotate the secret whenever `RotateSecret` asks for it.
    ///
    /// # Errors
    /// There is no such secret.
    pub fn set_rotation(&self, arn: &str, function: Function) -> Result<(), NoSuchSecretError> {
        self.desk.shelf.with(arn, |secret| {
            secret.is_rotated = true;
            secret.function = Some(function);
        })
    }

    /// Makes the secret one that is rotated, by the function that takes the steps.
    ///
    /// # Errors
    /// There is no such secret.
    pub fn enable_rotation(&self, arn: &str) -> Result<(), NoSuchSecretError> {
        self.desk.shelf.with(arn, |secret| secret.is_rotated = true)
    }

    /// Rotates the secret, as `RotateSecret` does, and waits for the end.
    ///
    /// # Errors
    /// There is no such secret, it has no function, or the function failed.
    pub async fn rotate(&self, arn: &str) -> Result<(), RotationError> {
        let token = self.begin_rotation(arn).map_err(|_| RotationError)?;
        let function = self.desk.shelf.with(arn, |secret| secret.function.clone());
        let function = function.ok().flatten().ok_or(RotationError)?;
        rotation::run(&function, &self.desk.shelf, arn, &token).await
    }

    /// Begins a rotation, as `RotateSecret` does, and leaves its steps to the caller: the new version's id.
    ///
    /// # Errors
    /// There is no such secret.
    pub fn begin_rotation(&self, arn: &str) -> Result<String, NoSuchSecretError> {
        self.desk.shelf.with(arn, |secret| {
            let token = random::uuid();
            secret.begin_rotation(&token);
            token
        })
    }

    /// The event of one step, as the function of a rotation gets it.
    pub fn rotation_event(arn: &str, token: &str, step: Step) -> Value {
        rotation::event(arn, token, step)
    }

    /// Makes every answer go wrong from now on, or, with `None`, right again.
    pub fn set_fault(&self, fault: Option<Fault>) {
        self.service.set_fault(fault);
    }

    /// Makes one operation go wrong from now on, or, with `None`, all of them right again.
    pub fn set_fault_of(&self, fault: Option<(&'static str, Fault)>) {
        self.service.set_fault_of(fault);
    }

    /// How many requests came, refused ones included.
    pub fn requests(&self) -> u64 {
        self.service.requests()
    }
}
