//! The secret of the machine client, with which the proxy requests tool tokens.
//!
//! A client has two secrets at most, and both are valid. So the previous one stays valid until the next rotation needs
//! its place: by then it is older than any cached copy can be.

use std::time::Duration;

use aws_config::SdkConfig;
use serde_json::{Value, json};
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
        let current = vault.held(Stage::Current).await?;
        let current = current.and_then(|version| Some((self.read(&version)?, version.created)));
        let spare = match current {
            Some((held, created)) => {
                let spare =
                    other(&secrets, held.id.as_deref()).ok_or(RotationError::Unidentified)?;
                if age(created.max(stages.last_rotated()), now) < HARD_AGE {
                    return Err(RotationError::TooEarly);
                }
                spare
            }
            // Before its first rotation, the secret holds nothing that anybody could use.
            None => oldest(&secrets).ok_or(RotationError::Unidentified)?,
        };
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

    async fn withdraw(&self, text: &Secret) -> Result<(), RotationError> {
        match MachineValue::parse(text).and_then(|held| held.id) {
            Some(id) => self.client.delete(&id).await,
            None => Ok(()),
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
    /// Whatever the proxy takes is taken here: what is in use and not known to be might be deleted.
    fn parse(text: &Secret) -> Option<Self> {
        let mut stored: Value = serde_json::from_str(text.reveal()).ok()?;
        let mut member = |name| match stored.get_mut(name).map(Value::take) {
            Some(Value::String(text)) if !text.is_empty() => Some(text),
            _ => None,
        };
        Some(Self {
            value: Secret::new(member("client_secret")?),
            id: member("client_secret_id"),
        })
    }
}

/// Of the client's secrets, the one that is not the current version's. None if that cannot be told.
fn other<'s>(secrets: &'s [ListedSecret], current: Option<&str>) -> Option<&'s ListedSecret> {
    let is_current = |secret: &ListedSecret| Some(secret.id.as_str()) == current;
    match secrets {
        [first, second] if is_current(first) => Some(second),
        [first, second] if is_current(second) => Some(first),
        _ => None,
    }
}

fn oldest(secrets: &[ListedSecret]) -> Option<&ListedSecret> {
    secrets.iter().min_by_key(|secret| secret.created.0)
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
