//! The user pool of an event, and the verifier of its users' tokens.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use shared::aws::names::{is_pool_id, is_region, pool_issuers};
use shared::clock::Clock;
use shared::door::Door;
use shared::issuers::TrustedIssuers;
use shared::settings::Address;

use crate::error::TriggerError;

/// A function is the trigger of one pool, as a rule; more than this many share none.
const MAX_POOLS: usize = 8;

/// A pool, by the names that are safe to build an address from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pool {
    region: String,
    id: String,
}

impl Pool {
    /// The pool that the event comes from.
    ///
    /// # Errors
    /// [`TriggerError::Pool`].
    pub(crate) fn read(event: &Value) -> Result<Self, TriggerError> {
        let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default();
        let (region, id) = (text("region"), text("userPoolId"));
        if !is_region(region) || !is_pool_id(id) {
            return Err(TriggerError::Pool);
        }
        Ok(Self {
            region: region.to_owned(),
            id: id.to_owned(),
        })
    }

    /// The issuer names of its tokens: all of them, for the event does not tell which one the pool uses.
    fn issuers(&self, endpoint: Option<&Address>) -> Vec<Address> {
        let Self { region, id } = self;
        let names = match endpoint {
            Some(endpoint) => vec![format!("{}/{id}", endpoint.as_str().trim_end_matches('/'))],
            None => pool_issuers(region, id).into(),
        };
        let addresses = names.iter().map(|name| Address::parse(name));
        addresses.filter_map(Result::ok).collect()
    }
}

/// The doors of the pools that have asked so far, each with its pool's keys.
pub(crate) struct Pools {
    endpoint: Option<Address>,
    clock: Clock,
    doors: Mutex<BTreeMap<Pool, Arc<Door>>>,
}

impl Pools {
    /// `endpoint` stands in the place of Cognito's own address.
    pub(crate) fn new(endpoint: Option<Address>, clock: Clock) -> Self {
        Self {
            endpoint,
            clock,
            doors: Mutex::default(),
        }
    }

    /// The door of a pool; its keys are fetched with the first token.
    pub(crate) fn door(&self, pool: Pool) -> Arc<Door> {
        let mut doors = self.doors.lock().unwrap_or_else(PoisonError::into_inner);
        if doors.len() >= MAX_POOLS && !doors.contains_key(&pool) {
            doors.clear();
        }
        let issuers = pool.issuers(self.endpoint.as_ref());
        let door = || {
            let trusted = TrustedIssuers::of_pool(&issuers);
            Arc::new(Door::new(trusted, self.clock.clone()))
        };
        Arc::clone(doors.entry(pool).or_insert_with(door))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn issuers(
        region: &str,
        id: &str,
        endpoint: Option<&str>,
    ) -> Result<Vec<String>, TriggerError> {
        let pool = Pool::read(&json!({"region": region, "userPoolId": id}))?;
        let endpoint = endpoint.map(|endpoint| Address::parse(endpoint).unwrap());
        let names = pool.issuers(endpoint.as_ref());
        Ok(names.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_pool_has_both_issuer_names_or_the_one_below_the_endpoint() {
        for (region, id, endpoint, expected) in [
            (
                "eu-central-1",
                "eu-central-1_ExAmPle01",
                None,
                &[
                    "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_ExAmPle01",
                    "https://issuer-cognito-idp.eu-central-1.amazonaws.com/eu-central-1_ExAmPle01",
                ][..],
            ),
            (
                "cn-north-1",
                "cn-north-1_Ab",
                None,
                &[
                    "https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_Ab",
                    "https://issuer-cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_Ab",
                ],
            ),
            (
                "us-east-1",
                "us-east-1_Ab",
                Some("http://127.0.0.1:9/"),
                &["http://127.0.0.1:9/us-east-1_Ab"],
            ),
        ] {
            assert_eq!(issuers(region, id, endpoint).unwrap(), expected, "{id}");
        }
    }

    #[test]
    fn no_event_leads_to_another_host() {
        let long = "a".repeat(56);
        for (region, id) in [
            ("", "us-east-1_Ab"),
            ("evil.example/", "us-east-1_Ab"),
            ("us-east-1.evil", "us-east-1_Ab"),
            ("US-EAST-1", "us-east-1_Ab"),
            ("us-east-1@evil", "us-east-1_Ab"),
            ("us-east-1", ""),
            ("us-east-1", "NoUnderscore"),
            ("us-east-1", "../us-east-1_Ab"),
            ("us-east-1", "us-east-1_Ab/../x_y"),
            ("us-east-1", "us-east-1_Ab?x"),
            ("us-east-1", "us-east-1_\u{e9}"),
            ("us-east-1", &format!("us_{long}")),
        ] {
            assert_eq!(
                issuers(region, id, None),
                Err(TriggerError::Pool),
                "{region} {id}"
            );
        }
        assert_eq!(Pool::read(&json!({})), Err(TriggerError::Pool));
        assert_eq!(
            Pool::read(&json!({"region": 1, "userPoolId": ["us-east-1_Ab"]})),
            Err(TriggerError::Pool)
        );
    }

    #[test]
    fn one_door_a_pool_and_few_pools() {
        let pools = Pools::new(None, Clock::system());
        let pool = |number: usize| Pool {
            region: "us-east-1".to_owned(),
            id: format!("us-east-1_{number}"),
        };
        let first = pools.door(pool(0));
        assert!(Arc::ptr_eq(&first, &pools.door(pool(0))));
        for number in 1..100 {
            pools.door(pool(number));
            assert!(pools.doors.lock().unwrap().len() <= MAX_POOLS);
        }
    }
}
