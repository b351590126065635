//! The keys of each issuer: fetched, cached, and renewed without being a burden to issuer or caller.
//!
//! [`crate::cache`] says what a request may have to wait for. A token that names a key which is not held makes the keys
//! be fetched as well: it may be a rotation, or a key id that a stranger made up, so such searches are drawn from a
//! bucket.
//!
//! The metadata document of an issuer is read again with every fetch, so that its keys may move.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use serde::Deserialize;
use tokio::time;
use tracing::{info, warn};

use crate::cache::{Ages, Cache, TokenBucket};
use crate::clock::Clock;
use crate::fetch::{FetchError, Fetcher};
use crate::gate::{KeyDocumentError, KeySet, Presented};
use crate::issuers::{KeyAddress, KeySource, RemoteKeys};
use crate::key_report::skipped_keys;
use crate::log::{Loggable, causes};
use crate::settings::Address;

/// Older keys are renewed. Envoy's `jwt_authn` renews at the same age by default.
pub const SOFT_AGE: Duration = Duration::from_secs(10 * 60);

/// Older keys are not used: a key that the issuer withdrew is believed no longer than this. API Gateway's own JWT
/// authorizers may hold keys for the same time.
pub const HARD_AGE: Duration = Duration::from_secs(2 * 60 * 60);

/// The number of unknown key ids that may lead to a fetch at once, so that a made-up id does not use up a true
/// rotation's.
pub const MAX_SEARCHES: u32 = 3;

/// The time after which one more may: the wait of common verifiers between two fetches for unknown keys.
pub const SEARCH_REFILL: Duration = Duration::from_secs(10);

/// How many issuers are asked at once at the start: their connections must leave most of the 1,024 file descriptors
/// that a Lambda function has ("Lambda quotas") alone.
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
pub struct KeyStore(Vec<Keys>);

/// The keys of one issuer.
enum Keys {
    Inline(Arc<KeySet>),
    Remote(Box<Remote>),
}

struct Remote {
    origin: RemoteKeys,
    cache: Cache<KeySet>,
    searches: TokenBucket,
    /// Shared by the issuers that have no authorities of their own.
    fetcher: Arc<Fetcher>,
}

/// Why a fetch gave no keys.
#[derive(Debug, thiserror::Error)]
enum KeysError {
    #[error("cannot get the metadata document `{0}`")]
    Discovery(String, #[source] FetchError),
    #[error("the metadata document is not a JSON object with the texts `issuer` and `jwks_uri`")]
    DiscoveryForm,
    #[error(
        "the metadata document is of the issuer `{0}`; if that is the `iss` of the tokens, give it as \
         `issuer` of the entry"
    )]
    DiscoveryIssuer(String),
    #[error("the metadata document's `jwks_uri` `{0}` {1}")]
    DiscoveryKeys(String, &'static str),
    #[error("cannot get the key document `{0}`")]
    Document(String, #[source] FetchError),
    #[error("the key document is refused")]
    DocumentForm(#[from] KeyDocumentError),
    #[error("the key document has no usable key: {0}")]
    NoKey(String),
    #[error("it took too long")]
    Timeout,
}

/// What is read of an issuer's metadata (RFC 8414, section 2). A member given twice is an error of the parser.
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
}

impl KeyStore {
    /// Takes the issuers in the order of [`crate::gate::Trust::issuers`]. Nothing is fetched yet.
    pub fn new(sources: Vec<KeySource>, clock: Clock) -> Self {
        let ages = Ages {
            soft: SOFT_AGE,
            hard: HARD_AGE,
        };
        let public = Arc::<Fetcher>::default();
        let issuers = sources.into_iter().map(|source| match source {
            KeySource::Inline(keys) => Keys::Inline(keys),
            KeySource::Remote(origin) => Keys::Remote(Box::new(Remote {
                cache: Cache::new(ages, clock.clone()),
                searches: TokenBucket::new(MAX_SEARCHES, SEARCH_REFILL),
                fetcher: match &origin.authorities {
                    None => Arc::clone(&public),
                    Some(own) => Arc::new(Fetcher::trusting(own.clone())),
                },
                origin,
            })),
        });
        Self(issuers.collect())
    }

    /// Fetches the keys of all issuers, [`MAX_WARMING`] at once, for at most `budget` in all.
    ///
    /// An issuer that does not answer holds up no other, unless that many do not answer: then those behind them are
    /// left to their first caller. A failure here does not count for the back-off: the first caller, who may have more
    /// time, tries again.
    pub async fn warm(&self, budget: Duration) {
        let start = time::Instant::now();
        let remotes = self.0.iter().filter_map(|keys| match keys {
            Keys::Inline(_) => None,
            Keys::Remote(remote) => Some(remote),
        });
        let fetches = stream::iter(remotes).for_each_concurrent(MAX_WARMING, |remote| async move {
            let fetch = async |timeout| remote.fetch(timeout).await;
            let left = budget.saturating_sub(start.elapsed());
            remote.cache.warm(left, fetch).await;
        });
        fetches.await;
    }

    /// The keys for a token. If they do not hold the key it names, the issuer has just been asked, or asked often
    /// enough, and it is for the gate to refuse the token.
    ///
    /// # Errors
    /// There are no keys that may be used, or they lack the token's key and the issuer cannot be asked.
    pub async fn keys(&self, presented: &Presented<'_>) -> Result<Arc<KeySet>, Outage> {
        match self.0.get(presented.issuer_index()) {
            None => Err(Outage::Keys),
            Some(Keys::Inline(keys)) => Ok(Arc::clone(keys)),
            Some(Keys::Remote(remote)) => self.remote(remote, presented).await,
        }
    }

    async fn remote(
        &self,
        remote: &Remote,
        presented: &Presented<'_>,
    ) -> Result<Arc<KeySet>, Outage> {
        // A token that names no key names none that a fetch could bring.
        let suits = |keys: &KeySet| !presented.names_key() || keys.has(presented);
        let fetch = async |timeout| remote.fetch(timeout).await;
        let found = remote.cache.find(suits, &remote.searches, fetch).await;
        found.ok_or(Outage::Keys)
    }
}

impl Remote {
    async fn fetch(&self, timeout: Duration) -> Option<KeySet> {
        let issuer = &self.origin.issuer;
        let fetched = time::timeout(timeout, self.ask()).await;
        match fetched.unwrap_or(Err(KeysError::Timeout)) {
            Ok(keys) => {
                let (usable, skipped) = (keys.usable(), keys.skipped().len());
                let skipped_keys = skipped_keys(&keys);
                info!(issuer, usable, skipped, skipped_keys, "fetched keys");
                Some(keys)
            }
            Err(error) => {
                warn!(issuer, error = causes(&error), "cannot fetch keys");
                None
            }
        }
    }

    async fn ask(&self) -> Result<KeySet, KeysError> {
        let address = match &self.origin.address {
            KeyAddress::Discovery(address) => {
                let metadata = self.fetcher.get(address).await;
                let failed = |error| KeysError::Discovery(shown(address.as_str()), error);
                &key_address(&metadata.map_err(failed)?, &self.origin.issuer, address)?
            }
            KeyAddress::Document(address) => address,
        };
        let document = self.fetcher.get(address).await;
        let failed = |error| KeysError::Document(shown(address.as_str()), error);
        let keys = KeySet::parse(&document.map_err(failed)?)?;
        if keys.usable() == 0 {
            let skipped = skipped_keys(&keys);
            let reasons = skipped.unwrap_or_else(|| "it lists none".to_owned());
            return Err(KeysError::NoKey(reasons));
        }
        Ok(keys)
    }
}

/// Reads where the keys are from the issuer's metadata. They may be on another host, as some issuers' are.
fn key_address(metadata: &[u8], issuer: &str, source: &Address) -> Result<Address, KeysError> {
    let metadata: Metadata =
        serde_json::from_slice(metadata).map_err(|_| KeysError::DiscoveryForm)?;
    // Without this, one issuer's metadata could lend its keys to another (OpenID Connect Discovery 1.0 section 4.3).
    if metadata.issuer != issuer {
        return Err(KeysError::DiscoveryIssuer(shown(&metadata.issuer)));
    }
    let refused = |why| KeysError::DiscoveryKeys(shown(&metadata.jwks_uri), why);
    let keys = Address::parse(&metadata.jwks_uri);
    let keys = keys.map_err(|error| refused(error.why()))?;
    // A document from elsewhere must not send us to the services of our own machine.
    if keys.is_loopback() && !source.is_loopback() {
        return Err(refused(
            "leads to this machine, and the document does not come from it",
        ));
    }
    Ok(keys)
}

/// An address as a log may have it: without its query, in which some servers want a key, and only if it is plain.
fn shown(address: &str) -> String {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    Loggable(path).to_string()
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
