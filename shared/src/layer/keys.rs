//! Cache of the door's published keys.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::timeout;
use tracing::{info, warn};

use super::answer::Rejection;
use crate::back_off::BackOff;
use crate::clock::{Clock, Moment};
use crate::crypto::{Algorithm, VerifyingKey};
use crate::fetch::Fetcher;
use crate::json::{self, Value};
use crate::kept::{Fresh, Kept, Need};
use crate::keys::{FETCH_WAIT, REFILL, SOFT_WAIT};
use crate::settings::Address;

pub use crate::keys::HARD_AGE;

/// Older keys are renewed in passing: as long as the door says that they may be kept, so that a new key is there before
/// it signs.
pub const SOFT_AGE: Duration = Duration::from_secs(5 * 60);

/// Three are published at most; the bound is for a door that is none.
const MAX_KEYS: usize = 100;

/// The public keys of one door.
pub(super) struct DoorKeys {
    address: Option<Address>,
    fetcher: Fetcher,
    kept: Kept<KeyRing>,
    back_off: BackOff,
    /// When a fetch was last made for a key that is not known.
    last_search: Mutex<Option<Moment>>,
    clock: Clock,
}

/// Keys by their ids.
pub(super) struct KeyRing(Vec<(String, VerifyingKey)>);

impl KeyRing {
    fn parse(document: &Bytes) -> Option<Self> {
        let document = json::object(document)?;
        let listed = document.get("keys")?.as_array()?;
        let es256 = Algorithm::parse("ES256")?;
        let key = |jwk: &Value| {
            let id = jwk.get("kid")?.as_str()?.to_owned();
            let key = VerifyingKey::from_jwk(jwk)?;
            key.serves(es256).then_some((id, key))
        };
        let keys: Vec<_> = listed.iter().take(MAX_KEYS).filter_map(key).collect();
        (!keys.is_empty()).then_some(Self(keys))
    }

    fn has(&self, id: &str) -> bool {
        self.0.iter().any(|(known, _)| known == id)
    }

    /// Whether a compact JWS is signed, with ES256, by the key of this id.
    pub(super) fn verifies(&self, id: &str, jws: &str) -> bool {
        let key = self.0.iter().find(|(known, _)| known == id);
        key.zip(Algorithm::parse("ES256"))
            .is_some_and(|((_, key), es256)| key.verify_jws(es256, jws))
    }
}

impl DoorKeys {
    pub(super) fn new(door: &Address, clock: Clock) -> Self {
        let address = format!("{}/.well-known/jwks.json", door.as_str());
        Self {
            address: Address::parse(&address).ok(),
            fetcher: Fetcher::default(),
            kept: Kept::default(),
            back_off: BackOff::default(),
            last_search: Mutex::default(),
            clock,
        }
    }

    /// The keys for a proof. One that they do not hold makes them be fetched again, not more often than [`REFILL`] says:
    /// made-up ids do not hammer the door.
    pub(super) async fn get(&self, key_id: &str) -> Result<Arc<KeyRing>, Rejection> {
        let fetch = async |need| self.fetch(need).await;
        let keys = self.kept.get(&self.clock, fetch).await?;
        if key_id.is_empty() || keys.has(key_id) || !self.may_search() {
            return Ok(keys);
        }
        let fetch = async |need| self.fetch(need).await;
        let renewed = self.kept.renew(&self.clock, &keys, fetch).await;
        Ok(renewed.unwrap_or(keys))
    }

    fn may_search(&self) -> bool {
        let now = self.clock.moment();
        let mut last = self
            .last_search
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let may = last.is_none_or(|last| now.since(last) >= REFILL);
        if may {
            *last = Some(now);
        }
        may
    }

    async fn fetch(&self, need: Need) -> Result<Fresh<KeyRing>, Rejection> {
        if self.back_off.rests(self.clock.moment()) {
            return Err(Rejection::NoKeys);
        }
        let most = match need {
            Need::Renewal => SOFT_WAIT,
            Need::Fetch => FETCH_WAIT,
        };
        let fetched = timeout(most, self.ask()).await;
        let fetched = fetched.unwrap_or(Err("it took too long"));
        self.back_off.note(fetched.is_ok(), self.clock.moment());
        match fetched {
            Ok(value) => {
                info!("fetched the door's keys");
                Ok(Fresh {
                    value,
                    soft_age: SOFT_AGE,
                    hard_age: HARD_AGE,
                })
            }
            Err(error) => {
                warn!(error, "cannot fetch the door's keys");
                Err(Rejection::NoKeys)
            }
        }
    }

    async fn ask(&self) -> Result<KeyRing, &'static str> {
        let address = self
            .address
            .as_ref()
            .ok_or("the door's address cannot be completed")?;
        let document = self.fetcher.get(address).await;
        let document = document.map_err(|_| "the door does not answer with a document")?;
        KeyRing::parse(&document).ok_or("the document holds no ES256 key")
    }
}
