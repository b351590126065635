//! The secrets of an app client, and the operations of administrators on them ("Amazon Cognito User Pools API Reference").

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::constant_time;
use serde_json::{Value, json};

use super::client::Machine;
use super::pool::Pool;
use super::{Issuer, POOL};
use crate::aws_json::{Exception, Fault, JsonService, Protocol, UNKNOWN};
use crate::sigv4::Credentials;
use crate::{clock, random};

const PROTOCOL: Protocol = Protocol {
    service: "cognito-idp",
    target: "AWSCognitoIdentityProviderService",
    content_type: "application/x-amz-json-1.1",
};

/// `AddUserPoolClientSecret`: up to two at a time.
const MOST: usize = 2;

const INVALID: Exception = Exception {
    name: "InvalidParameterException",
    message: "A parameter is missing or is not what it must be.",
};
const NOT_FOUND: Exception = Exception {
    name: "ResourceNotFoundException",
    message: "There is no such user pool, client or secret.",
};
const FULL: Exception = Exception {
    name: "LimitExceededException",
    message: "The client has two secrets.",
};

/// The secrets of one client, oldest first: one at least.
pub(super) struct ClientSecrets {
    client: &'static str,
    secrets: Mutex<Vec<ClientSecret>>,
}

struct ClientSecret {
    id: String,
    value: String,
    created: u64,
    /// What the id is made of: when it was added, or a moment later if another was added then.
    made: u64,
}

impl ClientSecrets {
    pub(super) fn new(client: &'static str) -> Arc<Self> {
        let first = ClientSecret::new(client, clock::now());
        Arc::new(Self {
            client,
            secrets: Mutex::new(vec![first]),
        })
    }

    /// Whether it is one of them. Compared in constant time: how long it takes says nothing about a secret.
    pub(super) fn has(&self, candidate: &str) -> bool {
        let is_it = |secret: &ClientSecret| {
            let (ours, theirs) = (secret.value.as_bytes(), candidate.as_bytes());
            constant_time::verify_slices_are_equal(ours, theirs).is_ok()
        };
        self.secrets().iter().any(is_it)
    }

    pub(super) fn values(&self) -> Vec<String> {
        let secrets = self.secrets();
        secrets.iter().map(|secret| secret.value.clone()).collect()
    }

    /// Makes each look older by so many seconds, as if time had passed.
    pub(super) fn age(&self, seconds: u64) {
        for secret in self.secrets().iter_mut() {
            secret.created = secret.created.saturating_sub(seconds);
        }
    }

    fn list(&self) -> Value {
        let secrets = self.secrets();
        let listed = secrets.iter().map(ClientSecret::describe);
        json!({"ClientSecrets": listed.collect::<Vec<_>>()})
    }

    fn add(&self) -> Result<Value, Exception> {
        let mut secrets = self.secrets();
        if secrets.len() >= MOST {
            return Err(FULL);
        }
        // Ids are made of times, and no two are the same.
        let last = secrets.last().map_or(0, |last| last.made);
        let added = ClientSecret::new(self.client, clock::now().max(last.saturating_add(1)));
        let mut described = added.describe();
        if let Some(members) = described.as_object_mut() {
            members.insert("ClientSecretValue".to_owned(), json!(added.value));
        }
        secrets.push(added);
        Ok(json!({"ClientSecretDescriptor": described}))
    }

    fn delete(&self, id: &str) -> Result<Value, Exception> {
        let mut secrets = self.secrets();
        let at = secrets.iter().position(|secret| secret.id == id);
        let at = at.ok_or(NOT_FOUND)?;
        if secrets.len() == 1 {
            return Err(INVALID);
        }
        secrets.remove(at);
        Ok(json!({}))
    }

    /// Each critical section leaves whole secrets behind.
    fn secrets(&self) -> MutexGuard<'_, Vec<ClientSecret>> {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientSecret {
    fn new(client: &str, made: u64) -> Self {
        Self {
            id: format!("{client}--{made}"),
            value: random::secret(),
            created: clock::now(),
            made,
        }
    }

    fn describe(&self) -> Value {
        json!({"ClientSecretCreateDate": self.created, "ClientSecretId": self.id})
    }
}

impl Issuer {
    /// The secret of the client of programs, new at each start.
    pub fn machine_secret(&self) -> String {
        newest(&self.service.pool.machine)
    }

    /// The secret of the client of tools, new at each start and with each rotation.
    pub fn tools_secret(&self) -> String {
        newest(&self.service.pool.tools)
    }

    /// All secrets that are taken from that client, oldest first.
    pub fn tools_secrets(&self) -> Vec<String> {
        self.service.pool.tools.secrets.values()
    }

    /// Makes those secrets look older by so many seconds, as if time had passed.
    pub fn age_tools_secrets(&self, seconds: u64) {
        self.service.pool.tools.secrets.age(seconds);
    }

    /// Makes one of the administrator's operations go wrong from now on, or, with `None`, all of them right again.
    pub fn set_administration_fault(&self, fault: Option<(&'static str, Fault)>) {
        if let Some(administration) = &self.service.administration {
            administration.set_fault_of(fault);
        }
    }
}

/// The newest secret of a client, which never is without one.
fn newest(machine: &Machine) -> String {
    machine.secrets.values().pop().unwrap_or_default()
}

/// The operations, for callers who sign with these credentials.
pub(super) fn administration(
    pool: &Pool,
    administrator: Option<Credentials>,
) -> Option<Arc<JsonService>> {
    let clients = [&pool.machine, &pool.tools].map(|machine| Arc::clone(&machine.secrets));
    let perform = move |operation: &str, input: &Value| perform(&clients, operation, input);
    administrator.map(|administrator| JsonService::new(PROTOCOL, administrator, perform))
}

/// What an administrator asks for.
fn perform(
    clients: &[Arc<ClientSecrets>],
    operation: &str,
    input: &Value,
) -> Result<Value, Exception> {
    let text = |name| input.get(name).and_then(Value::as_str).ok_or(INVALID);
    let client = || {
        let (pool, id) = (text("UserPoolId")?, text("ClientId")?);
        let mut clients = clients.iter().filter(|_| pool == POOL);
        clients.find(|client| client.client == id).ok_or(NOT_FOUND)
    };
    match operation {
        "AddUserPoolClientSecret" => client()?.add(),
        "DeleteUserPoolClientSecret" => client()?.delete(text("ClientSecretId")?),
        "ListUserPoolClientSecrets" => Ok(client()?.list()),
        _ => Err(UNKNOWN),
    }
}
