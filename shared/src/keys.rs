//! The keys of each issuer: fetched, kept for a while, and renewed without being a burden to issuer or caller.
//!
//! A Lambda function is frozen between requests, so there is no background: all is done while a request, or the start of
//! the function, waits for it. What a request may have to wait for:
//!
//! - nothing, while the key it needs is held and younger than [`SOFT_AGE`];
//! - at most [`SOFT_WAIT`], once in a while, when the key is older: then the keys are renewed in passing, and the held
//!   ones serve if that fails;
//! - a whole fetch, at most [`FETCH_WAIT`], when there is no key or none younger than [`HARD_AGE`], or when the token
//!   names a key that is not held.
//!
//! The metadata document of an issuer is read again with every fetch, so that its keys may move.

mod slot;

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use serde::Deserialize;
use tokio::time;
use tracing::{info, warn};

use crate::clock::Clock;
use crate::fetch::{FetchError, Fetcher};
use crate::gate::{KeyDocumentError, KeySet, Presented};
use crate::issuers::{KeyAddress, KeySource, RemoteKeys};
use crate::log::causes;
use crate::settings::Address;

use slot::{Need, Slot};

pub use slot::{BACK_OFF_FIRST, BACK_OFF_MOST, HARD_AGE, REFILL, SOFT_AGE, UNKNOWN_BURST};

/// How long a fetch may take, from the look-up of the name to the last byte: API Gateway gives an authorizer 10 s in all.
pub const FETCH_WAIT: Duration = Duration::from_secs(3);

/// How long a request waits for keys it could do without. A healthy issuer answers in a tenth of it.
pub const SOFT_WAIT: Duration = Duration::from_millis(500);

/// How many issuers are asked at once at the start: their connections must leave most of the 1,024 file descriptors that a
/// Lambda function has ("Lambda quotas") alone.
pub const MAX_WARMING: usize = 64;

/// Why it cannot be told whether a caller is to be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Outage {
    #[error("the issuer's keys cannot be had")]
    Keys,
}

impl Outage {
    pub const ALL: &[Self] = &[Self::Keys];

    /// The stable reason code of logs and metrics.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Keys => "keys_unavailable",
        }
    }
}

/// The keys of every trusted issuer.
pub struct KeyStore {
    issuers: Vec<Keys>,
    fetcher: Fetcher,
    clock: Clock,
}

/// The keys of one issuer.
enum Keys {
    Inline(Arc<KeySet>),
    Remote(Box<Remote>),
}

struct Remote {
    origin: RemoteKeys,
    slot: Slot,
}

/// Why a fetch gave no keys.
#[derive(Debug, thiserror::Error)]
enum RenewError {
    #[error("cannot get the metadata document")]
    Discovery(#[source] FetchError),
    #[error("the metadata document is not a JSON object with the texts `issuer` and `jwks_uri`")]
    DiscoveryForm,
    #[error("the metadata document is another issuer's")]
    DiscoveryIssuer,
    #[error("the metadata document's `jwks_uri` is not an address that may be called")]
    DiscoveryKeys,
    #[error("cannot get the key document")]
    Document(#[source] FetchError),
    #[error("the key document is refused")]
    DocumentForm(#[from] KeyDocumentError),
    #[error("the key document has no usable key")]
    NoKey,
    #[error("it took too long")]
    Deadline,
}

/// What is read of an issuer's metadata (RFC 8414 section 2). A member given twice is an error of the parser.
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
}

impl KeyStore {
    /// Takes the issuers in the order of [`crate::gate::Trust::issuers`]. Nothing is fetched yet.
    pub fn new(sources: Vec<KeySource>, clock: Clock) -> Self {
        let now = clock.moment();
        let issuers = sources.into_iter().map(|source| match source {
            KeySource::Inline(keys) => Keys::Inline(keys),
            KeySource::Remote(origin) => Keys::Remote(Box::new(Remote {
                origin,
                slot: Slot::new(now),
            })),
        });
        Self {
            issuers: issuers.collect(),
            fetcher: Fetcher::default(),
            clock,
        }
    }

    /// Fetches the keys of all issuers, [`MAX_WARMING`] at once, for at most `budget` in all.
    ///
    /// An issuer that does not answer holds up no other, unless that many do not answer: then those behind them are left
    /// to their first caller. A failure here does not count for the back-off: the first caller, who may have more time,
    /// tries again.
    pub async fn warm(&self, budget: Duration) {
        let start = time::Instant::now();
        let remotes = self.issuers.iter().filter_map(|keys| match keys {
            Keys::Inline(_) => None,
            Keys::Remote(remote) => Some(remote),
        });
        let fetches = stream::iter(remotes).for_each_concurrent(MAX_WARMING, |remote| async move {
            let _flight = remote.slot.flight.lock().await;
            let left = budget.saturating_sub(start.elapsed());
            self.fetch_into(remote, left.min(FETCH_WAIT)).await;
        });
        fetches.await;
    }

    /// The keys for a token. If they do not hold the key it names, the issuer has just been asked, or asked often enough,
    /// and it is for the gate to refuse the token.
    ///
    /// # Errors
    /// There are no keys that may be used, or they lack the token's key and the issuer cannot be asked.
    pub async fn keys(&self, presented: &Presented<'_>) -> Result<Arc<KeySet>, Outage> {
        match self.issuers.get(presented.issuer_index()) {
            None => Err(Outage::Keys),
            Some(Keys::Inline(keys)) => Ok(Arc::clone(keys)),
            Some(Keys::Remote(remote)) => self.remote(remote, presented.key_id()).await,
        }
    }

    async fn remote(&self, remote: &Remote, key_id: Option<&str>) -> Result<Arc<KeySet>, Outage> {
        let slot = &remote.slot;
        let _flight = match slot.need(key_id, self.clock.moment()) {
            Need::Nothing(keys) => return Ok(keys),
            Need::Renewal(keys) => match slot.flight.try_lock() {
                Ok(flight) => flight,
                Err(_) => return Ok(keys),
            },
            Need::Fetch | Need::Patience | Need::UnknownKey(_) => slot.flight.lock().await,
        };
        // Whoever had the flight before may have done our work, so it is asked again what is needed.
        let now = self.clock.moment();
        match slot.need(key_id, now) {
            Need::Nothing(keys) => Ok(keys),
            Need::Patience => Err(Outage::Keys),
            Need::Renewal(keys) => Ok(self.renew(remote, SOFT_WAIT).await.unwrap_or(keys)),
            Need::UnknownKey(keys) if !slot.draw(now) => Ok(keys),
            Need::Fetch | Need::UnknownKey(_) => {
                let renewed = self.renew(remote, FETCH_WAIT).await;
                renewed.ok_or(Outage::Keys)
            }
        }
    }

    /// Fetches, and counts a failure for the back-off. It counts from the beginning, so that a caller who goes away in
    /// the middle leaves no way to fetch without end.
    async fn renew(&self, remote: &Remote, most: Duration) -> Option<Arc<KeySet>> {
        remote.slot.begin(self.clock.moment());
        let keys = self.fetch_into(remote, most).await;
        if keys.is_none() {
            remote.slot.fail(self.clock.moment());
        }
        keys
    }

    /// Fetches into the slot. Whatever is held stays there until better keys are complete.
    async fn fetch_into(&self, remote: &Remote, most: Duration) -> Option<Arc<KeySet>> {
        let asked = self.clock.moment();
        let issuer = &remote.origin.issuer;
        let fetched = time::timeout(most, self.fetch(&remote.origin)).await;
        match fetched.unwrap_or(Err(RenewError::Deadline)) {
            Ok(keys) => {
                let (usable, skipped) = (keys.usable(), keys.skipped());
                info!(issuer, usable, skipped, "fetched keys");
                Some(remote.slot.hold(keys, asked))
            }
            Err(error) => {
                warn!(issuer, error = causes(&error), "cannot fetch keys");
                None
            }
        }
    }

    async fn fetch(&self, origin: &RemoteKeys) -> Result<KeySet, RenewError> {
        let document = match &origin.address {
            KeyAddress::Discovery(address) => {
                let metadata = self.fetcher.get(address).await;
                let metadata = metadata.map_err(RenewError::Discovery)?;
                &key_address(&metadata, &origin.issuer, address)?
            }
            KeyAddress::Document(address) => address,
        };
        let document = self.fetcher.get(document).await;
        let keys = KeySet::parse(&document.map_err(RenewError::Document)?)?;
        if keys.usable() == 0 {
            return Err(RenewError::NoKey);
        }
        Ok(keys)
    }
}

/// Reads where the keys are from the issuer's metadata. They may be on another host, as some issuers' are.
fn key_address(metadata: &[u8], issuer: &str, source: &Address) -> Result<Address, RenewError> {
    let metadata: Metadata =
        serde_json::from_slice(metadata).map_err(|_| RenewError::DiscoveryForm)?;
    // Without this, one issuer's metadata could lend its keys to another (OpenID Connect Discovery 1.0 section 4.3).
    if metadata.issuer != issuer {
        return Err(RenewError::DiscoveryIssuer);
    }
    let keys = Address::parse(&metadata.jwks_uri).map_err(|_| RenewError::DiscoveryKeys)?;
    // A document from elsewhere must not send us to the services of our own machine.
    if keys.is_loopback() && !source.is_loopback() {
        return Err(RenewError::DiscoveryKeys);
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_from_elsewhere_does_not_lead_to_this_machine() {
        let issuer = "https://issuer.example";
        let from = |source: &str, keys: &str| {
            let metadata = format!(r#"{{"issuer": "{issuer}", "jwks_uri": "{keys}"}}"#);
            let source = Address::parse(source).unwrap();
            key_address(metadata.as_bytes(), issuer, &source).is_ok()
        };
        assert!(from(issuer, "https://keys.example/keys"));
        assert!(from("http://127.0.0.1:9", "http://localhost:9001/keys"));
        assert!(!from(issuer, "http://127.0.0.1:9001/keys"));
        assert!(!from(issuer, "https://localhost/keys"));
        assert!(!from(issuer, "http://[::1]:9001/keys"));
    }
}
