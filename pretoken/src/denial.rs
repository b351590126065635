//! The question for denials, before a token gets claims of a user or of a client.

use aws_sdk_dynamodb::Client;
use serde_json::Value;
use shared::aws::clients;
use shared::clock::Clock;
use shared::denial::{Key, Whom};
use shared::denials::Denials;
use shared::platform;

use crate::error::TriggerError;
use crate::event::{self, Person};
use crate::pool::Pools;

/// Asks the table of denials, if the settings name one.
pub(crate) struct DenialCheck(Option<Denials>);

impl DenialCheck {
    /// Prepares the client; nothing is connected yet.
    pub(crate) async fn new(table: Option<String>, clock: &Clock) -> Self {
        let Some(table) = table else {
            return Self(None);
        };
        let platform = platform::from_environment().await;
        let client = Client::new(&clients::for_table(&platform));
        Self(Some(Denials::new(table, client, clock.clone())))
    }

    /// Asks for denials of the app client, and of the person whom the token is about.
    ///
    /// # Errors
    /// One of them holds, or it cannot be told.
    pub(crate) async fn ask(
        &self,
        event: &Value,
        person: Option<&Person>,
        pools: &Pools,
        request_id: &str,
    ) -> Result<(), TriggerError> {
        let Self(Some(denials)) = self else {
            return Ok(());
        };
        let keys = keys(&pools.issuer(event)?, event::client(event)?, person);
        Ok(denials.ask(&keys, request_id).await?)
    }
}

/// A person whom no token proves has a subject of the pool, and no more.
fn keys(issuer: &str, client: &str, person: Option<&Person>) -> Vec<Key> {
    let mut keys = person.map_or_else(Vec::new, |person| {
        let subject = || Whom::Subject {
            issuer,
            subject: &person.subject,
        };
        if person.keys.is_empty() {
            vec![subject().key()]
        } else {
            person.keys.clone()
        }
    });
    let client = Whom::Client { issuer, client }.key();
    // DynamoDB refuses a batch that asks for one key twice.
    if !keys.contains(&client) {
        keys.push(client);
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://issuer.example.com";

    fn texts(person: Option<&Person>) -> Vec<String> {
        let keys = keys(ISSUER, "machine", person);
        keys.iter().map(|key| key.as_str().to_owned()).collect()
    }

    #[test]
    fn a_machine_is_asked_for_with_whom_it_acts_for() {
        let client = r#"["client","https://issuer.example.com","machine"]"#;
        assert_eq!(texts(None), [client]);
        let mut person = Person::of_pool("alice", Vec::new(), None).ok().unwrap();
        let subject = r#"["subject","https://issuer.example.com","alice"]"#;
        assert_eq!(texts(Some(&person)), [subject, client]);
        let of_client = Whom::Client {
            issuer: ISSUER,
            client: "machine",
        };
        person.keys = vec![Whom::Token("t").key(), of_client.key()];
        assert_eq!(texts(Some(&person)), [r#"["token","t"]"#, client]);
    }
}
