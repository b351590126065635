//! The proof by statement: what the door states of a caller whose issuer is not the pool.

use serde_json::Value;
use shared::statement_verifier::{MeantFor, StatementVerifier};

use crate::error::TriggerError;
use crate::event::Person;
use crate::pool::{self, Pools};

/// Believes the user whom the door states, to this event's pool and client.
///
/// # Errors
/// The person is not proven, or it cannot be told.
pub(crate) async fn prove(
    event: &Value,
    text: &str,
    client: &str,
    pools: &Pools,
    statements: Option<&StatementVerifier>,
) -> Result<Person, TriggerError> {
    let statements = statements.ok_or(TriggerError::NoStatements)?;
    let pool = pool::of(event)?;
    let meant_for = MeantFor {
        pool: pool.id(),
        pool_issuers: &pools.issuers(&pool),
        machine_client: client,
    };
    let stated = statements.verify(text, &meant_for).await?;
    // A program that signs in for itself is its own subject at many issuers, and no person.
    if stated.client_id.as_ref() == Some(&stated.subject) {
        return Err(TriggerError::Machine);
    }
    Person::stated(stated)
}
