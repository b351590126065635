//! Cache of the door's published keys.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time;
use tracing::{info, warn};

use crate::cache::{Ages, Cache, TokenBucket};
use crate::clock::Clock;
use crate::crypto::Algorithm;
use crate::fetch::Fetcher;
use crate::json::{self, Value};
use crate::jwk::Jwk;
use crate::jws::Signature;
use crate::keys::SEARCH_REFILL;
use crate::settings::Address;

pub use crate::keys::HARD_AGE;

/// Older keys are renewed: as long as the door says that they may be kept, so that a new key is there before it signs.
pub const SOFT_AGE: Duration = Duration::from_secs(5 * 60);

/// The number of unknown key ids that may lead to a fetch at once. The door publishes a key a quarter of an hour before it
/// signs, so a search that has to wait keeps no caller out.
const MAX_SEARCHES: u32 = 1;

/// Three are published at most; the bound is for a door that is none.
const MAX_KEYS: usize = 100;

/// The public keys of one door.
pub(crate) struct DoorKeys {
    address: Option<Address>,
    fetcher: Fetcher,
    cache: Cache<DoorKeySet>,
    searches: TokenBucket,
}

/// Keys by their ids.
pub(crate) struct DoorKeySet(Vec<Jwk>);

impl DoorKeySet {
    fn parse(document: &Bytes) -> Option<Self> {
        let document = json::object(document)?;
        let listed = document.get("keys")?.as_array()?;
        let es256 = Algorithm::parse("ES256")?;
        let key = |jwk: &Value| {
            let key = Jwk::parse(jwk).ok()?;
            (key.id.is_some() && key.serves(es256)).then_some(key)
        };
        let keys: Vec<_> = listed.iter().take(MAX_KEYS).filter_map(key).collect();
        (!keys.is_empty()).then_some(Self(keys))
    }

    fn find(&self, id: &str) -> Option<&Jwk> {
        let mut keys = self.0.iter();
        keys.find(|key| key.id.as_deref() == Some(id))
    }

    fn has(&self, id: &str) -> bool {
        self.find(id).is_some()
    }

    /// Whether the signature is made, with ES256, with the key of this id.
    pub(crate) fn verifies(&self, id: &str, signature: &Signature) -> bool {
        let key = self.find(id).zip(Algorithm::parse("ES256"));
        key.is_some_and(|(key, es256)| key.verifies(es256, signature))
    }
}

impl DoorKeys {
    /// Of a door at this address, whose keys are there or elsewhere.
    pub(crate) fn new(door: &Address, elsewhere: Option<Address>, clock: Clock) -> Self {
        let usual = format!("{}/.well-known/jwks.json", door.as_str());
        let ages = Ages {
            soft: SOFT_AGE,
            hard: HARD_AGE,
        };
        Self {
            address: elsewhere.or_else(|| Address::parse(&usual).ok()),
            fetcher: Fetcher::default(),
            cache: Cache::new(ages, clock),
            searches: TokenBucket::new(MAX_SEARCHES, SEARCH_REFILL),
        }
    }

    /// Fetches the keys before the first request, for at most `budget`.
    #[cfg(feature = "layer")]
    pub(crate) async fn warm(&self, budget: Duration) {
        let fetch = async |timeout| self.fetch(timeout).await;
        self.cache.warm(budget, fetch).await;
    }

    /// The keys for a proof. One that they do not hold makes them be fetched again, not more often than the bucket allows:
    /// made-up ids do not hammer the door.
    pub(crate) async fn get(&self, key_id: &str) -> Option<Arc<DoorKeySet>> {
        let suits = |keys: &DoorKeySet| keys.has(key_id);
        let fetch = async |timeout| self.fetch(timeout).await;
        let found = self.cache.find(suits, &self.searches, fetch).await;
        // After a search that failed, the held keys refuse the proof: it is no outage that one unknown id cannot be found.
        found.or_else(|| self.cache.held())
    }

    async fn fetch(&self, timeout: Duration) -> Option<DoorKeySet> {
        let fetched = time::timeout(timeout, self.ask()).await;
        match fetched.unwrap_or(Err("it took too long")) {
            Ok(keys) => {
                info!("fetched the door's keys");
                Some(keys)
            }
            Err(error) => {
                warn!(error, "cannot fetch the door's keys");
                None
            }
        }
    }

    async fn ask(&self) -> Result<DoorKeySet, &'static str> {
        let address = self
            .address
            .as_ref()
            .ok_or("the door's address cannot be completed")?;
        let document = self.fetcher.get(address).await;
        let document = document.map_err(|_| "the door does not answer with a document")?;
        DoorKeySet::parse(&document).ok_or("the document holds no ES256 key")
    }
}
