//! The directory's table in DynamoDB: key `sub`, attributes `department` and `role`.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::AttributeValue;
use shared::aws::clients;
use shared::log::service_failure;
use shared::platform;
use shared::user_claims::{DEPARTMENT, Profile, ROLE, is_plain};
use tracing::error;

use crate::error::TriggerError;

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
        Self {
            client: Client::new(&clients::for_table(&platform)),
            name,
        }
    }

    /// The table's entry of a subject, if it has one.
    ///
    /// # Errors
    /// [`TriggerError::Directory`], and [`TriggerError::Entry`] for an entry that is not whole.
    pub(crate) async fn find(&self, subject: &str) -> Result<Option<Profile>, TriggerError> {
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
            TriggerError::Directory
        })?;
        output.item.as_ref().map(profile).transpose()
    }
}

/// Reads an entry. An incomplete entry is an error: defaults must not fill the missing half.
fn profile(item: &Item) -> Result<Profile, TriggerError> {
    let text = |name: &str| match item.get(name) {
        Some(AttributeValue::S(text)) if is_plain(text) => Ok(text.clone()),
        _ => Err(TriggerError::Entry),
    };
    Ok(Profile {
        department: text(DEPARTMENT)?,
        role: text(ROLE)?,
    })
}
