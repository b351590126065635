//! Configuration of the AWS SDK's clients, from a function's environment.

use aws_config::environment::{
    EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider,
};
use aws_config::{BehaviorVersion, SdkConfig};

/// Reads credentials and region, as Lambda sets them, and whether the endpoints are the usual ones; nothing is connected.
///
/// Without credentials or region there, the SDK's default chain would go on to ask files, STS and the instance metadata
/// service, none of which a function has, and take seconds to fail.
pub async fn from_environment() -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .credentials_provider(EnvironmentVariableCredentialsProvider::new())
        .region(EnvironmentVariableRegionProvider::new())
        .load()
        .await
}
