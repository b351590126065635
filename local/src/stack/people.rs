//! The people of the pool: what the directory says of them, and which tools the policies leave to them.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::cloud::Cloud;
use crate::dynamodb::Row;

/// A handle on the people of a running stack.
#[derive(Clone)]
pub struct People(Arc<Cloud>);

impl People {
    pub(super) const fn new(cloud: Arc<Cloud>) -> Self {
        Self(cloud)
    }

    /// Their names, in the order in which they were introduced.
    pub fn names(&self) -> Vec<&str> {
        self.0.issuer.users().map(|user| user.name).collect()
    }

    /// One of them as the laptop's own port shows them, the password included.
    pub fn describe(&self, name: &str) -> Option<Value> {
        let user = self.0.issuer.users().find(|user| user.name == name)?;
        let row = self.0.directory.row(user.subject);
        Some(json!({
            "department": row.as_ref().map(|row| &row.department),
            "groups": user.groups,
            "name": user.name,
            "password": user.password,
            "role": row.as_ref().map(|row| &row.role),
            "subject": user.subject,
        }))
    }

    /// Moves a user, or takes them out of the directory. False if there is no such user.
    pub fn change(&self, name: &str, row: Option<Row>) -> bool {
        let Some(subject) = self.0.issuer.subject(name) else {
            return false;
        };
        match row {
            Some(row) => self.0.directory.put(subject, row),
            None => self.0.directory.remove(subject),
        }
        true
    }

    /// An access token of this user, as after a sign-in at the page.
    pub fn access_token(&self, name: &str) -> Option<String> {
        self.0.issuer.access_token(name).ok()
    }

    /// The claims of the user's tool token, which is made as for the proxy. None if that fails.
    pub async fn tool_claims(&self, name: &str) -> Option<Map<String, Value>> {
        self.0.issuer.tool_claims(name).await
    }

    /// Of each tool what the policies say of these claims, whatever the input.
    pub fn outlook(
        &self,
        claims: Option<&Map<String, Value>>,
    ) -> Vec<(String, &'static str, BTreeSet<String>)> {
        self.0.tools.outlook(claims)
    }

    /// The policies on the tools.
    pub fn policies(&self) -> Value {
        self.0.tools.policies()
    }
}
