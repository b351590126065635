//! Role and parameters of every signature that the door makes (AWS Signature Version 4).

use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::http_request::SigningSettings;
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_runtime_api::client::identity::Identity;

/// The name under which AgentCore's data planes check signatures.
const SERVICE: &str = "bedrock-agentcore";

/// The role in whose name the function signs.
///
/// # Errors
/// Lambda gave no credentials.
pub(super) async fn role(
    provider: Option<&SharedCredentialsProvider>,
) -> Result<Identity, CredentialsError> {
    let provider = provider.ok_or_else(|| CredentialsError::not_loaded("there are none"))?;
    Ok(provider.provide_credentials().await?.into())
}

/// The parameters of one signature; `now` is a time since 1970. None if one is missing, which none is.
pub(super) fn parameters<'p>(
    role: &'p Identity,
    region: &'p str,
    now: Duration,
    settings: SigningSettings,
) -> Option<SigningParams<'p, SigningSettings>> {
    let parameters = SigningParams::builder()
        .identity(role)
        .region(region)
        .name(SERVICE)
        .time(UNIX_EPOCH.checked_add(now)?)
        .settings(settings);
    parameters.build().ok()
}
