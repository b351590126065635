//! The door: header -> token's issuer -> that issuer's keys -> identity. Authorizer, proxy and pretoken all call it.

use std::time::Duration;

use crate::clock::Clock;
use crate::explanation::Explanation;
use crate::gate::{self, Identity, Refusal, Trust};
use crate::issuers::TrustedIssuers;
use crate::keys::{KeyStore, Outage};

/// Why a caller was not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DoorError {
    /// The caller is not believed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It cannot be told whether the caller is to be believed. The door stays shut.
    #[error(transparent)]
    Outage(#[from] Outage),
}

/// The gate, with the keys and the time that it asks for.
pub struct Door {
    trust: Trust,
    keys: KeyStore,
    clock: Clock,
}

impl Door {
    pub fn new(issuers: TrustedIssuers, clock: Clock) -> Self {
        let TrustedIssuers { trust, sources, .. } = issuers;
        Self {
            trust,
            keys: KeyStore::new(sources, clock.clone()),
            clock,
        }
    }

    /// Fetches the keys of every issuer before the first caller comes, for at most `budget`. What is not there by then
    /// is fetched when it is needed.
    pub async fn warm(&self, budget: Duration) {
        self.keys.warm(budget).await;
    }

    /// Believes the caller who shows this `Authorization` header, or not.
    ///
    /// # Errors
    /// The check that failed, or the outage that kept it from being made.
    pub async fn identify(&self, header: &[u8]) -> Result<Identity, DoorError> {
        let identified = self.decide(header).await;
        identified.map_err(|(error, _explanation)| error)
    }

    /// Believes the caller, or not, and explains to operators why not.
    ///
    /// # Errors
    /// As [`Self::identify`], with what the log line of the decision says beside it.
    pub async fn decide(&self, header: &[u8]) -> Result<Identity, (DoorError, Explanation)> {
        let refuse = |refusal: Refusal, why| (DoorError::Refused(refusal), why);
        let presented = gate::present(header, &self.trust).map_err(|refusal| {
            refuse(refusal, Explanation::unproven(header, &self.trust, refusal))
        })?;
        let keys = self.keys.keys(&presented).await;
        let keys = keys.map_err(|outage| (DoorError::from(outage), Explanation::default()))?;
        let now = self.clock.now();
        gate::identify(presented, &keys, now).map_err(|rejection| {
            let why = Explanation::of(&rejection, header, &self.trust, now);
            refuse(rejection.refusal, why)
        })
    }
}
