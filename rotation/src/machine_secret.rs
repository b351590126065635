//! The secret of the machine client, with which the proxy requests tool tokens.
//!
//! A client has two secrets at most, and both are valid. So the previous one stays valid until the next rotation needs
//! its place: by then it is older than any cached copy can be.

use std::time::Duration;

use aws_config::SdkConfig;
use serde::Deserialize;
use serde_json::json;
use shared::aws::arn::UserPoolArn;
use shared::gate::UnixTime;
use shared::secret::Secret;
use shared::secrets::{HARD_AGE, Stage, Version};
use shared::settings::Address;
use shared::token_endpoint::TokenEndpoint;
use tokio::time::timeout;

use crate::app_client::{AddedSecret, AppClient, ListedSecret};
use crate::error::RotationError;
use crate::kind::Kind;
use crate::vault::{Stages, Vault};

/// Secrets that a client may have at once (`AddUserPoolClientSecret`).
const MAX_SECRETS: usize = 2;

/// Grace period for a secret that was added and not yet stored: longer than the function runs.
const MIN_SPARE_AGE: Duration = Duration::from_secs(60);

/// As long as the proxy waits for a token.
const TEST_TIMEOUT: Duration = Duration::from_secs(10);

/// Whose secret it is, and where it is tried.
pub struct MachineClient {
    pub pool: UserPoolArn,
    pub id: String,
    pub endpoint: Address,
    /// Separated by single spaces.
    pub scopes: String,
}

/// The secret of one machine client.
pub struct MachineSecret {
    client: AppClient,
    endpoint: TokenEndpoint,
}

/// What a version holds.
pub struct MachineValue {
    value: Secret,
    /// Cognito's id of the secret. None if the version was written by hand.
    id: Option<String>,
}

/// The stored text. A member given twice is an error of the parser.
#[derive(Deserialize)]
struct StoredSecret {
    client_secret: String,
    client_secret_id: Option<String>,
}

impl MachineSecret {
    /// Nothing is called yet.
    pub fn new(client: MachineClient, platform: &SdkConfig) -> Self {
        let MachineClient {
            pool,
            id,
            endpoint,
            scopes,
        } = client;
        Self {
            endpoint: TokenEndpoint::new(endpoint, id.clone(), scopes),
            client: AppClient::new(&pool, id, platform),
        }
    }

    /// Makes room for another secret, if there is none. Deletes only a secret that no instance can still hold.
    async fn make_room(
        &self,
        vault: &Vault,
        stages: &Stages,
        now: UnixTime,
    ) -> Result<(), RotationError> {
        let secrets = self.client.secrets().await?;
        if secrets.len() < MAX_SECRETS {
            return Ok(());
        }
        let current = vault.version_in(Stage::Current, stages).await?;
        // A version that cannot be read is not one that holds nothing: what it was written from may be in use.
        let current = current.ok_or(RotationError::NotStored)?;
        let held = self.read(&current).ok_or(RotationError::NotStored)?;
        let spare = other(&secrets, held.id.as_deref()).ok_or(RotationError::Unidentified)?;
        if age(current.created.max(stages.last_rotated()), now) < HARD_AGE {
            return Err(RotationError::TooEarly);
        }
        if age(spare.created, now) < MIN_SPARE_AGE {
            return Err(RotationError::Busy);
        }
        self.client.delete(&spare.id).await
    }
}

impl Kind for MachineSecret {
    type Value = MachineValue;

    fn read(&self, version: &Version) -> Option<MachineValue> {
        MachineValue::parse(version.text.as_ref()?)
    }

    async fn make(
        &self,
        vault: &Vault,
        stages: &Stages,
        now: UnixTime,
    ) -> Result<Secret, RotationError> {
        self.make_room(vault, stages, now).await?;
        let AddedSecret { id, value } = self.client.add().await?;
        let text = json!({
            "client_id": self.client.id(),
            "client_secret": value.reveal(),
            "client_secret_id": id,
        });
        Ok(Secret::new(text.to_string()))
    }

    async fn withdraw(&self, made: &Secret, stored: &Version) -> Result<(), RotationError> {
        let id = |text: Option<&Secret>| MachineValue::parse(text?)?.id;
        let made = id(Some(made)).ok_or(RotationError::Unidentified)?;
        // Only what names another secret shows that this one is not stored.
        match id(stored.text.as_ref()) {
            Some(stored) if stored != made => self.client.delete(&made).await,
            Some(_) => Ok(()),
            None => Err(RotationError::Unusable),
        }
    }

    /// By a token that is thrown away. It carries no user, so no policy lets it call anything.
    async fn test(&self, held: &MachineValue) -> Result<(), RotationError> {
        let asked = timeout(TEST_TIMEOUT, self.endpoint.ask(&held.value, None)).await;
        let granted = asked.map_err(|_| RotationError::Timeout)?;
        granted.map(|_| ()).map_err(RotationError::NoToken)
    }
}

impl MachineValue {
    /// Reads the stored text strictly: what is read of it decides which secret is deleted.
    fn parse(text: &Secret) -> Option<Self> {
        let text = text.reveal();
        // Serde also reads a list as the members of a struct, in their order.
        if !text.trim_start().starts_with('{') {
            return None;
        }
        let StoredSecret {
            client_secret,
            client_secret_id,
        } = serde_json::from_str(text).ok()?;
        let value = Secret::new(client_secret);
        (!value.reveal().is_empty()).then_some(Self {
            value,
            id: client_secret_id.filter(|id| !id.is_empty()),
        })
    }
}

/// Of the client's secrets, the one that is not the current version's. None if that cannot be told.
fn other<'s>(secrets: &'s [ListedSecret], current: Option<&str>) -> Option<&'s ListedSecret> {
    let is_current = |secret: &ListedSecret| Some(secret.id.as_str()) == current;
    match secrets {
        [first, second] if is_current(first) && !is_current(second) => Some(second),
        [first, second] if is_current(second) && !is_current(first) => Some(first),
        _ => None,
    }
}

fn age(since: UnixTime, now: UnixTime) -> Duration {
    Duration::from_secs(now.0.saturating_sub(since.0))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use aws_config::BehaviorVersion;
    use tokio::time::{self, Instant};

    use super::*;

    #[tokio::test]
    async fn an_endpoint_that_never_answers_is_given_up() {
        // The system accepts connections for it, and no one reads from them.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let pool = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_EXAMPLE";
        let client = MachineClient {
            pool: UserPoolArn::parse(pool).unwrap(),
            id: "client".to_owned(),
            endpoint: Address::parse(&format!("http://127.0.0.1:{port}/")).unwrap(),
            scopes: "tools".to_owned(),
        };
        let platform = SdkConfig::builder().behavior_version(BehaviorVersion::latest());
        let secret = MachineSecret::new(client, &platform.build());
        let held =
            MachineValue::parse(&Secret::new(r#"{"client_secret": "a"}"#.to_owned())).unwrap();
        time::pause();
        let asked = Instant::now();
        assert_eq!(secret.test(&held).await, Err(RotationError::Timeout));
        assert_eq!(asked.elapsed().as_secs(), TEST_TIMEOUT.as_secs());
    }
}
