//! The tool token: a machine token that an agent calls its tools with, and that carries the caller who was proven at
//! the door, or no user.
//!
//! A user's token is made for one proof, the bearer token that the caller showed, and is kept under it: it never serves
//! another, and it is not given out once the proof has expired. So the token endpoint is asked once for each proof and
//! each renewal, not once for each request.

mod error;
mod places;
mod statement;

pub use error::{Rest, ToolTokenError};

use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use serde_json::Value;
use shared::agents::ToolToken;
use shared::cache::{BackOff, Fresh, Need};
use shared::clock::Clock;
use shared::gate::Identity;
use shared::metrics::{self, Metric};
use shared::secret::Secret;
use shared::secrets::StoredSecret;
use shared::signing::SigningKeys;
use shared::token_endpoint::{Grant, TokenEndpoint, UserProof};
use tokio::time::{Instant, timeout, timeout_at};
use tracing::{info, warn};

use super::request::Request;
use crate::access::Admitted;
use crate::audit::record::Upstream;
use crate::caller::problem::Problem;
use crate::caller::public_url::PublicUrl;
use crate::config::ToolTokenSettings;

use places::{Owner, Place, Places};
use statement::Statements;

/// How long a request waits for a token it cannot do without, the machine client's secret included. Cognito gives its
/// trigger five seconds an attempt, and up to three of them: this is time for one that fails and one that does not.
const FETCH_TIMEOUT: Duration = Duration::from_secs(10);

/// AgentCore takes no longer value in a header that it passes on to an agent ("Pass custom headers").
const MAX_TOKEN: usize = 4096;

/// How long it waits for a newer token while one is held that serves.
const RENEWAL_TIMEOUT: Duration = Duration::from_secs(2);

/// Makes and keeps the tool tokens.
pub struct ToolTokens {
    endpoint: TokenEndpoint,
    secret: StoredSecret,
    /// None if every caller is of the pool, as far as the door knows.
    statements: Option<Statements>,
    places: Places,
    back_off: BackOff,
    clock: Clock,
}

/// A caller whom the door believes, and the token that made it do so. There is no way to print it.
#[derive(Clone, Copy)]
pub struct ProvenCaller<'p> {
    pub identity: &'p Identity,
    pub bearer: &'p Secret,
    /// The door's own address, in whose name it states who a caller is.
    pub door: Option<&'p str>,
    /// An id that no other turn has.
    pub request_id: &'p str,
}

/// The token for the tools of the agent that is called, if it asks for one. Its loss is not the caller's fault.
///
/// # Errors
/// There is no token; the reason is noted for the log.
pub(super) async fn of_call(
    tool_tokens: Option<&ToolTokens>,
    admitted: &Admitted<'_>,
    request: &mut Request,
) -> Result<Option<Arc<Secret>>, Problem> {
    let kind = admitted.agent.tool_token;
    if kind == ToolToken::None {
        return Ok(None);
    }
    let caller = ProvenCaller {
        identity: admitted.permit.identity(),
        bearer: &admitted.bearer,
        door: request.door.as_ref().map(PublicUrl::as_str),
        request_id: request.record.invocation_id(),
    };
    let token = match tool_tokens {
        Some(tool_tokens) => timeout_at(request.deadline, Box::pin(tool_tokens.get(kind, caller)))
            .await
            .unwrap_or(Err(ToolTokenError::Timeout)),
        None => Err(ToolTokenError::NotConfigured),
    };
    token.map_err(|fault| {
        request.record.upstream(Upstream {
            detail: Some(format!("tool token: {}", fault.code())),
            ..Upstream::default()
        });
        Problem::NoToolToken
    })
}

impl ToolTokens {
    /// Prepares the clients; nothing is fetched yet.
    pub fn new(
        settings: ToolTokenSettings,
        signing: Option<Arc<SigningKeys>>,
        platform: &SdkConfig,
        clock: Clock,
    ) -> Self {
        let ToolTokenSettings {
            endpoint,
            client_id,
            secret,
            scopes,
            pool,
        } = settings;
        let statements = signing.zip(pool).map(|(signing, pool)| Statements {
            pool: pool.id,
            pool_issuers: pool.issuers,
            machine_client: client_id.clone(),
            signing,
        });
        Self {
            statements,
            endpoint: TokenEndpoint::new(endpoint, client_id, scopes),
            secret: StoredSecret::new(secret, client_secret, platform, clock.clone()),
            places: Places::default(),
            back_off: BackOff::default(),
            clock,
        }
    }

    /// The token for an agent of this kind, called by this caller; none if the agent asks for none.
    ///
    /// # Errors
    /// Why there is no token: the caller can do nothing about it.
    pub async fn get(
        &self,
        kind: ToolToken,
        caller: ProvenCaller<'_>,
    ) -> Result<Option<Arc<Secret>>, ToolTokenError> {
        let identity = caller.identity;
        let now = self.clock.now();
        let (owner, user) = match kind {
            ToolToken::None => return Ok(None),
            ToolToken::Machine => (Owner::Machine, None),
            ToolToken::User => (Owner::user(identity), Some(caller)),
        };
        if user.is_some() && now >= identity.expires {
            return Err(ToolTokenError::ProofExpired);
        }
        let place = self.places.of(owner, identity.expires, now);
        let fetch = async |need| self.fetch(need, &place, user).await;
        place.kept.get(&self.clock, fetch).await.map(Some)
    }

    /// Fetches a token, unless a failure is too recent. A failure that may be this user's alone makes no other wait.
    async fn fetch(
        &self,
        need: Need,
        place: &Place,
        user: Option<ProvenCaller<'_>>,
    ) -> Result<Fresh<Secret>, ToolTokenError> {
        let now = self.clock.moment();
        let renewal_rests = need == Need::Renewal && place.renewals.rests(now);
        if self.back_off.rests(now) || place.back_off.rests(now) || renewal_rests {
            return Err(ToolTokenError::Resting);
        }
        let started = Instant::now();
        let most = match need {
            Need::Renewal => RENEWAL_TIMEOUT,
            Need::Fetch | Need::Search => FETCH_TIMEOUT,
        };
        let granted = timeout(most, Box::pin(self.ask(user))).await;
        let granted = granted.unwrap_or(Err(ToolTokenError::Timeout));
        report(&granted, started.elapsed());
        let now = self.clock.moment();
        match granted {
            Ok(Grant { token, lifetime }) => {
                self.back_off.note(true, now);
                place.back_off.note(true, now);
                place.renewals.note(true, now);
                Ok(Fresh {
                    value: token,
                    // Amazon Cognito's advice for machine tokens. What is left then is also longer than a turn, for
                    // the usual lifetime of an hour.
                    soft_age: lifetime.mul_f64(0.75),
                    hard_age: lifetime,
                })
            }
            Err(fault) => {
                let rests = match (need, fault.rest()) {
                    // It was given little time, and the owner's token still serves.
                    (Need::Renewal, _) if fault == ToolTokenError::Timeout => &place.renewals,
                    (_, Rest::Everybody) => &self.back_off,
                    (_, Rest::Owner) => &place.back_off,
                };
                rests.note(false, now);
                Err(fault)
            }
        }
    }

    /// Asks for a token, with the user's proof: what the door states of them, or the token of a user of the pool.
    async fn ask(&self, user: Option<ProvenCaller<'_>>) -> Result<Grant, ToolTokenError> {
        let Some(user) = user else {
            return self.ask_proving(None).await;
        };
        let statements = self.statements.as_ref();
        match statements.filter(|statements| statements.is_for(user.identity)) {
            Some(statements) => {
                let about = statements.about(user.identity, user.door, user.request_id);
                let statement = about.await?;
                self.ask_proving(Some(UserProof::Statement(&statement)))
                    .await
            }
            None => self.ask_proving(Some(UserProof::Token(user.bearer))).await,
        }
    }

    /// Asks once more if the secret was rotated and that was not noticed yet.
    async fn ask_proving(&self, proof: Option<UserProof<'_>>) -> Result<Grant, ToolTokenError> {
        let secret = self.secret.current().await;
        let secret = secret.map_err(|_| ToolTokenError::SecretUnavailable)?;
        match self.ask_with(&secret, proof).await {
            Err(ToolTokenError::ClientRefused) => {
                let newer = self.secret.after(&secret).await;
                let newer = newer.map_err(|_| ToolTokenError::ClientRefused)?;
                self.ask_with(&newer, proof).await
            }
            granted => granted,
        }
    }

    async fn ask_with(
        &self,
        secret: &Secret,
        proof: Option<UserProof<'_>>,
    ) -> Result<Grant, ToolTokenError> {
        let grant = self.endpoint.ask(secret, proof).await?;
        if grant.token.reveal().len() > MAX_TOKEN {
            return Err(ToolTokenError::TooLong);
        }
        Ok(grant)
    }
}

/// Takes the machine client's secret out of the stored JSON text: its member `client_secret`.
fn client_secret(stored: &str) -> Option<Secret> {
    let mut stored: Value = serde_json::from_str(stored).ok()?;
    match stored.get_mut("client_secret").map(Value::take) {
        Some(Value::String(text)) if !text.is_empty() => Some(Secret::new(text)),
        _ => None,
    }
}

/// One line and one metric for each request to the token endpoint. Nothing of the token or its user is in either.
fn report(granted: &Result<Grant, ToolTokenError>, duration: Duration) {
    let duration_ms = shared::log::millis(duration);
    let outcome = match granted {
        Ok(Grant { token: _, lifetime }) => {
            info!(
                duration_ms,
                lifetime_seconds = lifetime.as_secs(),
                "fetched a tool token"
            );
            "ok"
        }
        Err(fault) => {
            warn!(
                duration_ms,
                reason = fault.code(),
                "cannot fetch a tool token: {fault}"
            );
            fault.code()
        }
    };
    metrics::emit(
        &[("tool_token", outcome)],
        &[
            Metric::count("tool_token_fetches", 1),
            Metric::time("tool_token_duration", duration),
        ],
    );
}

#[cfg(test)]
mod tests;
