//! The user pool of an event, and the verifier of its users' tokens.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use shared::clock::Clock;
use shared::door::Door;
use shared::issuers::TrustedIssuers;
use shared::settings::Address;
use shared::user_pool::UserPool;

use crate::error::TriggerError;

/// A function is the trigger of one pool, as a rule; more than this many share none.
const MAX_POOLS: usize = 8;

/// The pool that the event comes from.
///
/// # Errors
/// [`TriggerError::Pool`].
pub(crate) fn of(event: &Value) -> Result<UserPool, TriggerError> {
    let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default();
    UserPool::new(text("region"), text("userPoolId")).ok_or(TriggerError::Pool)
}

/// The doors of the pools that have asked so far, each with its pool's keys.
pub(crate) struct Pools {
    endpoint: Option<Address>,
    clock: Clock,
    doors: Mutex<BTreeMap<UserPool, Arc<Door>>>,
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

    /// The issuer's name by which the door knows the users and clients of an event's pool: of several the first.
    ///
    /// # Errors
    /// [`TriggerError::Pool`].
    pub(crate) fn issuer(&self, event: &Value) -> Result<String, TriggerError> {
        let names = self.issuers(&of(event)?);
        let first = names.first().ok_or(TriggerError::Pool)?;
        Ok(first.as_str().to_owned())
    }

    /// The issuer names of a pool's tokens.
    pub(crate) fn issuers(&self, pool: &UserPool) -> Vec<Address> {
        pool.issuers(self.endpoint.as_ref())
    }

    /// The door of a pool; its keys are fetched with the first token.
    pub(crate) fn door(&self, pool: UserPool) -> Arc<Door> {
        let mut doors = self.doors.lock().unwrap_or_else(PoisonError::into_inner);
        if doors.len() >= MAX_POOLS && !doors.contains_key(&pool) {
            doors.clear();
        }
        let issuers = self.issuers(&pool);
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
        let pool = of(&json!({"region": region, "userPoolId": id}))?;
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
        assert_eq!(of(&json!({})), Err(TriggerError::Pool));
        assert_eq!(
            of(&json!({"region": 1, "userPoolId": ["us-east-1_Ab"]})),
            Err(TriggerError::Pool)
        );
    }

    #[test]
    fn one_door_a_pool_and_few_pools() {
        let pools = Pools::new(None, Clock::system());
        let pool = |number: usize| UserPool::parse(&format!("us-east-1_{number}")).unwrap();
        let first = pools.door(pool(0));
        assert!(Arc::ptr_eq(&first, &pools.door(pool(0))));
        for number in 1..100 {
            pools.door(pool(number));
            assert!(pools.doors.lock().unwrap().len() <= MAX_POOLS);
        }
    }
}
