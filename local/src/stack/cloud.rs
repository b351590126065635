//! The services that functions call, but for the agents.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{StackError, StackSettings, issuers};
use crate::agentcore_gateway::{ToolGateway, ToolGatewaySettings};
use crate::cognito::{Issuer, IssuerSettings, TOOLS_SCOPE};
use crate::dynamodb::{DynamoDb, Row};
use crate::lambda::{Function, REGION};
use crate::random;
use crate::secrets_manager::SecretStore;
use crate::sigv4::Credentials;

/// The directory's table.
const TABLE: &str = "gatehouse-directory";
/// The table of denials.
pub(super) const DENIALS_TABLE: &str = "gatehouse-denials";
/// The table by which turns are taken one at a time.
const TURNS_TABLE: &str = "gatehouse-turns";

/// The services that functions call, but for the agents.
pub(super) struct Cloud {
    pub(super) issuer: Issuer,
    pub(super) secrets: SecretStore,
    pub(super) machine_secret: String,
    pub(super) signing_secret: String,
    pub(super) directory: DynamoDb,
    pub(super) tools: ToolGateway,
}

impl Cloud {
    pub(super) async fn start(
        settings: &StackSettings,
        credentials: &Credentials,
    ) -> Result<Self, StackError> {
        let issuer = Issuer::start(IssuerSettings {
            tool_token_lifetime_seconds: settings.tool_token_seconds,
            administrator: Some(credentials.clone()),
            redirect_uris: settings.return_urls.clone(),
            logout_uris: settings.return_urls.clone(),
            token_lifetime_seconds: settings.user_token_seconds,
            users: settings.users.clone(),
            keys: settings.keys.clone(),
            port: settings.ports.issuer,
            hops: settings.hops.clone(),
        })
        .await?;
        let secrets = SecretStore::start(credentials.clone()).await;
        let secrets = secrets.map_err(StackError::Secrets)?;
        // As in the cloud, they hold something of use when they have been rotated for the first time.
        let machine_secret = secrets.create("gatehouse/tools-client", "no secret yet");
        let signing_secret = secrets.create("gatehouse/signing", "no key yet");
        let directory =
            DynamoDb::start_at(settings.ports.directory, credentials.clone(), TABLE).await;
        let directory = directory.map_err(StackError::Directory)?;
        directory.create_table(TURNS_TABLE, "session");
        directory.create_table(DENIALS_TABLE, "key");
        if let Some(alice) = issuer.subject("alice") {
            directory.put(alice, Row::new("finance", "admin"));
        }
        let tools = ToolGatewaySettings {
            discovery_url: issuer.discovery_url(),
            allowed_clients: vec![issuer.tools_client().to_owned()],
            policy: settings.policy.clone(),
        };
        let (hops, port) = (settings.hops.clone(), settings.ports.tools);
        let tools = ToolGateway::start_watched(tools, hops, port).await?;
        Ok(Self {
            issuer,
            secrets,
            machine_secret,
            signing_secret,
            directory,
            tools,
        })
    }

    /// The secret that a function of the template rotates, if it rotates one.
    pub(super) fn rotated_by(&self, function: &str) -> Option<&str> {
        match function {
            "MachineRotationFunction" => Some(&self.machine_secret),
            "RotationFunction" => Some(&self.signing_secret),
            _ => None,
        }
    }

    /// Lets a function rotate its secret, for the first time at once, as a schedule does when it is made. Any other
    /// function is left alone.
    pub(super) async fn schedule(&self, function: &Function) -> Result<(), StackError> {
        let Some(secret) = self.rotated_by(function.name()) else {
            return Ok(());
        };
        let failed = || StackError::Rotation(function.name().to_owned());
        let set = self.secrets.set_rotation(secret, function.clone());
        set.map_err(|_| failed())?;
        let rotated = self.secrets.rotate(secret).await;
        rotated.map_err(|_| failed())
    }

    /// Values for the template's parameters that are about these services.
    pub(super) fn parameters(
        &self,
        others: &[Value],
        serves_metadata: bool,
    ) -> BTreeMap<String, String> {
        let issuer = &self.issuer;
        let parameters = [
            (
                "TrustedIssuers",
                issuers::document(issuer, others, serves_metadata).to_string(),
            ),
            ("UserPoolArn", issuer.pool_arn()),
            ("RotateMachineSecret", "true".to_owned()),
            ("TokenEndpoint", format!("{}/oauth2/token", issuer.domain())),
            ("MachineClientId", issuer.tools_client().to_owned()),
            ("MachineSecretArn", self.machine_secret.clone()),
            ("ToolScopes", TOOLS_SCOPE.to_owned()),
            ("DirectoryTable", TABLE.to_owned()),
            ("DenialsTable", DENIALS_TABLE.to_owned()),
            ("TurnsTable", TURNS_TABLE.to_owned()),
            ("SigningSecret", self.signing_secret.clone()),
        ];
        parameters
            .map(|(name, value)| (name.to_owned(), value))
            .into()
    }

    /// By the names that the SDKs give to other addresses of these services.
    pub(super) fn endpoints(&self) -> Vec<(&'static str, String)> {
        let issuer = self.issuer.domain();
        vec![
            (
                "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER",
                issuer.to_owned(),
            ),
            ("AWS_ENDPOINT_URL_DYNAMODB", self.directory.url().to_owned()),
            (
                "AWS_ENDPOINT_URL_SECRETS_MANAGER",
                self.secrets.url().to_owned(),
            ),
        ]
    }
}

/// As a function's role gives them: temporary, and of use nowhere else.
pub(super) fn credentials() -> Credentials {
    Credentials {
        access_key_id: "ASIAIOSFODNN7EXAMPLE".to_owned(),
        secret_access_key: random::secret(),
        session_token: Some(random::secret()),
    }
}

/// A function's role, as Lambda hands it over.
pub(super) fn role(credentials: Credentials) -> [(&'static str, String); 3] {
    let Credentials {
        access_key_id,
        secret_access_key,
        session_token,
    } = credentials;
    [
        ("AWS_ACCESS_KEY_ID", access_key_id),
        ("AWS_SECRET_ACCESS_KEY", secret_access_key),
        ("AWS_SESSION_TOKEN", session_token.unwrap_or_default()),
    ]
}

/// The variables with which an operator's AWS CLI reaches these services: as a function does, and with the region, which
/// Lambda gives to functions by itself.
pub(super) fn operator(lambda: &[(&'static str, String)]) -> Vec<(String, Value)> {
    let region = ("AWS_DEFAULT_REGION", REGION.to_owned());
    let variables = lambda.iter().cloned().chain([region]);
    variables
        .map(|(name, value)| (name.to_owned(), Value::String(value)))
        .collect()
}
