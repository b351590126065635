//! The directory's table in DynamoDB: key `sub`, attributes `department` and `role`.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Builder;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::AttributeValue;
use shared::log::service_failure;
use shared::platform;
use tracing::error;

use super::Profile;
use crate::claims::{self, DEPARTMENT, ROLE};
use crate::reason::Reason;

/// DynamoDB answers within milliseconds; most of this is for the first connection of a small function.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// One attempt, its connection included. Two of them and the pause fit into what Cognito gives, if the keys are there.
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(1200);
const MAX_ATTEMPTS: u32 = 2;
/// The pause before the second attempt; the SDK scatters it.
const PAUSE: Duration = Duration::from_millis(50);

const KEY: &str = "sub";

pub(crate) struct Table {
    client: Client,
    name: String,
}

type Item = HashMap<String, AttributeValue>;

impl Table {
    /// Prepares the client; nothing is connected yet.
    pub(crate) async fn new(name: String) -> Self {
        let platform = platform::from_environment().await;
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .build();
        let retry = RetryConfig::standard()
            .with_max_attempts(MAX_ATTEMPTS)
            .with_initial_backoff(PAUSE);
        let config = Builder::from(&platform)
            .timeout_config(timeouts)
            .retry_config(retry)
            .build();
        Self {
            client: Client::from_conf(config),
            name,
        }
    }

    /// The table's entry of a subject, if it has one.
    ///
    /// # Errors
    /// [`Reason::Directory`], and [`Reason::Entry`] for an entry that is not whole.
    pub(crate) async fn find(&self, subject: &str) -> Result<Option<Profile>, Reason> {
        let get = self
            .client
            .get_item()
            .table_name(&self.name)
            .key(KEY, AttributeValue::S(subject.to_owned()))
            // `role` is a reserved word of DynamoDB's expressions.
            .projection_expression("#department, #role")
            .expression_attribute_names("#department", DEPARTMENT)
            .expression_attribute_names("#role", ROLE)
            // Who has just been moved or removed must not get a token by an older reading.
            .consistent_read(true);
        let output = get.send().await.map_err(|error| {
            let failure = service_failure(error.code(), &error);
            error!(error = failure, "cannot read the directory");
            Reason::Directory
        })?;
        output.item.as_ref().map(profile).transpose()
    }
}

/// Reads an entry. An incomplete entry is an error: defaults must not fill the missing half.
fn profile(item: &Item) -> Result<Profile, Reason> {
    let text = |name: &str| match item.get(name) {
        Some(AttributeValue::S(text)) if claims::is_plain(text) => Ok(text.clone()),
        _ => Err(Reason::Entry),
    };
    Ok(Profile {
        department: text(DEPARTMENT)?,
        role: text(ROLE)?,
    })
}
