//! Caller statements: the proof of callers whose issuer is not the user pool behind the token endpoint.

use std::sync::Arc;

use shared::gate::Identity;
use shared::secret::Secret;
use shared::settings::Address;
use shared::signing::SigningKeys;
use shared::statement::{Statement, TYPE};
use tracing::warn;

use super::error::ToolTokenError;

/// States who callers are, to the trigger of one pool.
pub(super) struct Statements {
    pub(super) pool: String,
    /// The issuer names of the pool, whose own users prove themselves by its tokens.
    pub(super) pool_issuers: Vec<Address>,
    pub(super) machine_client: String,
    pub(super) signing: Arc<SigningKeys>,
}

impl Statements {
    /// Whether this caller is one to be stated.
    pub(super) fn is_for(&self, caller: &Identity) -> bool {
        let mut own = self.pool_issuers.iter();
        !own.any(|name| name.as_str() == caller.issuer)
    }

    /// What the door states of this caller, signed.
    ///
    /// # Errors
    /// The door cannot sign it, does not know its own address, or the caller's names are too long.
    pub(super) async fn about(
        &self,
        caller: &Identity,
        door: Option<&str>,
        request_id: &str,
    ) -> Result<Secret, ToolTokenError> {
        let door = door.ok_or(ToolTokenError::NotStated)?;
        let ring = Box::pin(self.signing.ring()).await;
        let ring = ring.map_err(|_| ToolTokenError::NotStated)?;
        let statement = Statement {
            door,
            pool: &self.pool,
            machine_client: &self.machine_client,
            caller,
            request_id,
        };
        let now = self.signing.now();
        let claims = statement.claims(now);
        let claims = claims.map_err(|_| ToolTokenError::NotStated)?;
        if claims.get("groups").is_none() {
            warn!(
                "a caller's groups are not stated to the trigger: their issuer left them out of the token, or there is no room \
                 for them"
            );
        }
        let text = ring.signer(now).sign(TYPE, &claims);
        text.map(Secret::new).map_err(|_| ToolTokenError::NotStated)
    }
}
