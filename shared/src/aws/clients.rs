//! The set-up of the AWS SDK's clients: each gives its calls a time and a number of attempts, so that none hangs a function
//! or goes on trying.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{Region, SdkConfig};

/// Services answer within milliseconds; most of this is for the first connection of a small function.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// One call of DynamoDB, its connection included. Two of them and the pause fit into what Cognito gives its trigger, if the
/// keys are there.
const TABLE_ATTEMPT_TIMEOUT: Duration = Duration::from_millis(1200);

/// The pause before the second attempt; the SDK scatters it.
const TABLE_RETRY_PAUSE: Duration = Duration::from_millis(50);

/// One call of another service, all attempts together.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(3);

/// One call and one more.
const MAX_ATTEMPTS: u32 = 2;

/// What a client of DynamoDB is made with, in the function's own region.
pub fn for_table(platform: &SdkConfig) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(TABLE_ATTEMPT_TIMEOUT)
        .build();
    let retry = RetryConfig::standard()
        .with_max_attempts(MAX_ATTEMPTS)
        .with_initial_backoff(TABLE_RETRY_PAUSE);
    let platform = platform.to_builder();
    platform
        .timeout_config(timeouts)
        .retry_config(retry)
        .build()
}

/// What a client of a service in some region is made with, for calls that may be made twice.
pub fn in_region(region: &str, platform: &SdkConfig) -> SdkConfig {
    let retry = RetryConfig::standard().with_max_attempts(MAX_ATTEMPTS);
    bounded(region, retry, platform)
}

/// The same, for calls that must not be made twice: what was done and not heard of would be done again.
pub fn once_in_region(region: &str, platform: &SdkConfig) -> SdkConfig {
    bounded(region, RetryConfig::disabled(), platform)
}

fn bounded(region: &str, retry: RetryConfig, platform: &SdkConfig) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_timeout(CALL_TIMEOUT)
        .build();
    let platform = platform.to_builder();
    platform
        .region(Region::new(region.to_owned()))
        .timeout_config(timeouts)
        .retry_config(retry)
        .build()
}
