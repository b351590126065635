//! The client of DynamoDB, and values as DynamoDB has them.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::AttributeValue;
use shared::aws::clients;

/// How long a lease outlives the time its answer must be over by: the answer's last event gets out, and two processes'
/// clocks, which Lambda keeps within a second, may disagree.
pub(super) const EXPIRY_MARGIN: Duration = Duration::from_secs(10);

/// The longest that an agent works at one turn: AgentCore ends a streaming response after this time, and every other
/// answer sooner ("Quotas for Amazon Bedrock AgentCore").
pub(super) const LONGEST_WORK: Duration = Duration::from_secs(60 * 60);

/// The longest that the end of an answer waits for a write. The function has a little more time than its answers, and is
/// not cut off meanwhile.
pub(super) const WRITE_TIMEOUT: Duration = Duration::from_secs(2);

/// The attribute of the table of turns by which its items are found: a session's id, or the name of a count.
pub(super) const TURNS_KEY: &str = "session";

/// When an item of the table of turns runs out, in seconds since 1970; also the table's time to live.
pub(super) const EXPIRES: &str = "expires";

/// Prepares the client, in the function's own region; nothing is connected yet.
pub fn client(platform: &SdkConfig) -> Client {
    Client::new(&clients::for_table(platform))
}

pub(super) fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

pub(super) fn seconds(since_1970: Duration) -> AttributeValue {
    AttributeValue::N(since_1970.as_secs().to_string())
}

/// Whether DynamoDB refused for the condition.
pub(super) fn is_condition<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    error.code() == Some("ConditionalCheckFailedException")
}
