//! One pool, its keys, and the trigger as a process.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use bytes::Bytes;
use local::lambda::{Function, FunctionSpec, InvokeError};
use mint::Key;
use serde_json::{Value, json};
use shared::clock::Clock;

use crate::cloud::{Cloud, Keys, Table};

pub(crate) const REGION: &str = "eu-central-1";
pub(crate) const POOL: &str = "eu-central-1_ExAmPle01";
pub(crate) const MACHINE: &str = "7m2examplemachineclient1";
pub(crate) const APP: &str = "4f0exampleuserclient0001";
pub(crate) const SUBJECT: &str = "c2b4e4a8-7001-70c3-8f0e-2f6c1d0a9b11";

/// What Cognito gives a trigger: a call that takes longer ends the test.
const PATIENCE: Duration = Duration::from_secs(5);

/// The pool's key, and another that the pool does not publish. Making one takes a moment.
pub(crate) static KEY: LazyLock<Key> = LazyLock::new(|| Key::rsa("the-pools-key"));
pub(crate) static STRANGE_KEY: LazyLock<Key> = LazyLock::new(|| Key::rsa("the-pools-key"));

/// The trigger, and what it depends on.
pub(crate) struct Scene {
    pub(crate) cloud: Cloud,
    pub(crate) function: Function,
}

/// A failed trigger, as Cognito sees it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failed {
    pub(crate) kind: String,
    pub(crate) text: String,
}

impl Scene {
    /// The trigger with these settings.
    pub(crate) async fn new(settings: &[(&str, &str)]) -> Self {
        Self::with_table(settings, Table::Text("nobody asks for it")).await
    }

    /// The same beside a directory's table. `{origin}` in a setting is where the cloud is.
    pub(crate) async fn with_table(settings: &[(&str, &str)], table: Table) -> Self {
        let cloud = Cloud::start(Keys::Documents(pool_keys()), table).await;
        let mut spec = FunctionSpec::new("pretoken", env!("CARGO_BIN_EXE_pretoken"));
        spec.timeout = PATIENCE;
        spec.echo_logs = false;
        let own = [
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "only-for-this-test"),
            ("AWS_SESSION_TOKEN", "only-for-this-test"),
            ("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", &cloud.origin),
            ("AWS_ENDPOINT_URL_DYNAMODB", &cloud.origin),
            ("PROVING_CLIENTS", MACHINE),
        ];
        let all = own.iter().chain(settings);
        spec.environment = all
            .map(|(name, value)| ((*name).to_owned(), value.replace("{origin}", &cloud.origin)))
            .collect();
        let function = Function::start(spec).await.unwrap();
        Self { cloud, function }
    }

    /// Cognito's call of the trigger.
    pub(crate) async fn call(&self, event: &Value) -> Result<Value, Failed> {
        let event = Bytes::from(event.to_string());
        match self.function.invoke(event).await {
            Ok(answer) => Ok(serde_json::from_slice(&answer).unwrap()),
            Err(InvokeError::Function(error)) => Err(Failed {
                kind: error.error_type,
                text: error.error_message,
            }),
            Err(other) => panic!("{other}"),
        }
    }

    /// The call for a machine's token; the claims it gets.
    pub(crate) async fn machine(&self, metadata: Value) -> Result<Value, Failed> {
        let answer = self.call(&machine_event(metadata)).await?;
        Ok(claims(&answer))
    }

    /// The call for the token of a machine that shows this user's token.
    pub(crate) async fn prove(&self, token: &str) -> Result<Value, Failed> {
        self.machine(json!({"user_token": token})).await
    }

    /// The issuer name of the pool.
    pub(crate) fn issuer(&self) -> String {
        format!("{}/{POOL}", self.cloud.origin)
    }

    /// The claims of a user's access token, as Cognito writes them, with some of them changed; null takes one away.
    pub(crate) fn user_claims(&self, changes: &Value) -> Value {
        let now = now();
        let mut claims = json!({
            "sub": SUBJECT,
            "cognito:groups": ["buyers", "eu"],
            "iss": self.issuer(),
            "version": 2,
            "client_id": APP,
            "origin_jti": "0b3f3f0a-1111-4222-8333-944455556666",
            "event_id": "5d6f7a8b-1111-4222-8333-944455556666",
            "token_use": "access",
            "scope": "openid email orders/read",
            "auth_time": now - 60,
            "exp": now + 3600,
            "iat": now - 60,
            "jti": "7a8b9c0d-1111-4222-8333-944455556666",
            "username": "ada",
        });
        change(&mut claims, changes);
        claims
    }

    /// A user's access token, truly signed, with some of its claims changed.
    pub(crate) fn token(&self, changes: &Value) -> String {
        KEY.token("RS256", &self.user_claims(changes))
    }

    /// The lines of the log that warn.
    pub(crate) fn warnings(&self) -> Vec<Value> {
        let lines = self.function.recent_logs();
        let lines = lines
            .iter()
            .filter_map(|line| serde_json::from_str(line).ok());
        lines
            .filter(|line: &Value| line["level"] == "WARN")
            .collect()
    }

    /// The lines of the log that tell a decision.
    pub(crate) fn decisions(&self) -> Vec<Value> {
        let lines = self.function.recent_logs();
        let lines = lines
            .iter()
            .filter_map(|line| serde_json::from_str(line).ok());
        lines
            .filter(|line: &Value| line["outcome"].is_string())
            .collect()
    }
}

/// The key document of the pool, where its issuer publishes it.
pub(crate) fn pool_keys() -> BTreeMap<String, Value> {
    let path = format!("/{POOL}/.well-known/jwks.json");
    [(path, mint::key_document(&[&KEY]))].into()
}

pub(crate) fn now() -> u64 {
    Clock::system().now().0
}

/// Puts members into an object; null takes one away.
pub(crate) fn change(object: &mut Value, changes: &Value) {
    let members = object.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
}

/// The event of a machine's token, with this client metadata.
pub(crate) fn machine_event(metadata: Value) -> Value {
    json!({
        "version": "3",
        "triggerSource": "TokenGeneration_ClientCredentials",
        "region": REGION,
        "userPoolId": POOL,
        "userName": "ClientCredentials",
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": MACHINE},
        "request": {
            "userAttributes": {},
            "groupConfiguration": null,
            "scopes": ["orders/read", "orders/write"],
            "clientMetadata": metadata,
        },
        "response": {"claimsAndScopeOverrideDetails": null},
    })
}

/// The event of a person's token.
pub(crate) fn person_event(version: &str, source: &str) -> Value {
    let details = match version {
        "1" => "claimsOverrideDetails",
        _ => "claimsAndScopeOverrideDetails",
    };
    let mut event = json!({
        "version": version,
        "triggerSource": format!("TokenGeneration_{source}"),
        "region": REGION,
        "userPoolId": POOL,
        "userName": "ada",
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": APP},
        "request": {
            "userAttributes": {
                "sub": SUBJECT,
                "cognito:user_status": "CONFIRMED",
                "email_verified": "true",
                "email": "ada@example.com",
                "custom:tenant": "t-17",
            },
            "groupConfiguration": {
                "groupsToOverride": ["buyers", "eu"],
                "iamRolesToOverride": ["arn:aws:iam::123456789012:role/buyers"],
                "preferredRole": "arn:aws:iam::123456789012:role/buyers",
            },
        },
        "response": {details: null},
    });
    if version != "1" {
        event["request"]["scopes"] = json!(["openid", "email", "orders/read"]);
    }
    event
}

/// The claims that an answer puts into the access token; null if there are none.
pub(crate) fn claims(answer: &Value) -> Value {
    answer["response"]["claimsAndScopeOverrideDetails"]["accessTokenGeneration"]["claimsToAddOrOverride"].clone()
}

/// The failure of a user that is not proven.
pub(crate) fn not_proven() -> Failed {
    failed("NotProven", "the user is not proven")
}

/// The failure of a user that cannot be looked up.
pub(crate) fn unavailable() -> Failed {
    failed("Unavailable", "the user cannot be looked up at the moment")
}

/// The failure of an event that cannot be read.
pub(crate) fn unreadable() -> Failed {
    failed("Event", "the request is not one that this trigger serves")
}

fn failed(kind: &str, text: &str) -> Failed {
    Failed {
        kind: kind.to_owned(),
        text: text.to_owned(),
    }
}
