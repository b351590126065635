//! Event handler: one event of Cognito's -> the user of the token -> their claims.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lambda_runtime::LambdaEvent;
use serde_json::Value;
use shared::clock::Clock;
use shared::log::Loggable;
use shared::statement_verifier::StatementVerifier;
use shared::user_claims::{DEPARTMENT, Profile, ROLE, USER_ID};
use tokio::time;
use tracing::field::display;
use tracing::warn;

use crate::answer::{self, AddedClaims};
use crate::config::{Config, StatementSettings};
use crate::denial::DenialCheck;
use crate::directory::{Directory, Table};
use crate::error::{ReportedError, TriggerError};
use crate::event::{self, Attachment, Person, TokenKind};
use crate::pool::Pools;
use crate::proof::IdentityProof;
use crate::record::Record;

/// Cognito gives a trigger five seconds, however much of them a start takes, and tries up to three times ("Customizing
/// user pool workflows with Lambda triggers").
const EVENT_TIMEOUT: Duration = Duration::from_secs(4);

pub(crate) struct PreToken {
    proof: IdentityProof,
    pools: Pools,
    /// None if no statement proves a user.
    statements: Option<StatementVerifier>,
    directory: Directory,
    denials: DenialCheck,
    client_claims: BTreeMap<String, AddedClaims>,
    enrich_user_tokens: bool,
    has_warned: AtomicBool,
    clock: Clock,
}

/// What was found out about one event.
struct Finding {
    /// The user of the token, with their profile; none for a machine that acts for itself.
    person: Option<(Person, Profile)>,
    claims: AddedClaims,
}

impl PreToken {
    pub(crate) async fn new(config: Config, clock: Clock) -> Self {
        let Config {
            proof,
            statements,
            endpoint,
            denials,
            table,
            listed,
            groups,
            default,
            client_claims,
            enrich_user_tokens,
        } = config;
        let table = match table {
            Some(name) => Some(Table::new(name).await),
            None => None,
        };
        Self {
            proof,
            pools: Pools::new(endpoint, clock.clone()),
            statements: statements.map(|StatementSettings { door, trust }| {
                StatementVerifier::new(door, trust, clock.clone())
            }),
            directory: Directory {
                table,
                listed,
                groups,
                default,
            },
            denials: DenialCheck::new(denials, &clock).await,
            client_claims,
            enrich_user_tokens,
            has_warned: AtomicBool::new(false),
            clock,
        }
    }

    /// Answers one event. What it answers depends on the event and the directory alone, so it may be asked again.
    ///
    /// # Errors
    /// No token may be made: Cognito makes none when its trigger fails.
    pub(crate) async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, ReportedError> {
        let start = self.clock.moment();
        let LambdaEvent { payload, context } = event;
        let kind = TokenKind::of(&payload);
        let id = context.request_id.as_str();
        self.warn_of(&payload);
        let found = match kind {
            TokenKind::Machine => in_time(self.machine(&payload, id)).await,
            TokenKind::Person if self.enrich_user_tokens => {
                in_time(self.person(&payload, id)).await
            }
            TokenKind::Person | TokenKind::Other => return Ok(payload),
        };
        let answered = found.and_then(|found| {
            let answer = answer::with_claims(&payload, &found.claims)?;
            Ok((answer, found.person))
        });
        let record = Record {
            request_id: &context.request_id,
            kind,
            client: event::client(&payload).unwrap_or_default(),
            duration: self.clock.moment().since(start),
        };
        record.write(answered.as_ref().map(|(_, person)| person.as_ref()));
        let answer = answered.map(|(answer, _)| answer);
        answer.map_err(TriggerError::reported)
    }

    /// Tells once a process what is wrong with how the pool calls this trigger: each sign-in would be one more line.
    fn warn_of(&self, event: &Value) {
        let attachment = Attachment::of(event);
        if attachment == Attachment::Good || self.has_warned.swap(true, Ordering::Relaxed) {
            return;
        }
        let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default();
        let version = display(Loggable(text("version")));
        let source = display(Loggable(text("triggerSource")));
        match attachment {
            Attachment::Good => {}
            Attachment::Old => warn!(
                version,
                source,
                "the pool calls this trigger as `V1_0` or `V2_0`, so machine tokens are made without it: set `LambdaVersion` to `V3_0`"
            ),
            Attachment::Unknown => warn!(
                version,
                source,
                "an event of a version or source that is not known here was returned unchanged"
            ),
        }
    }

    /// A machine's token: of the user it acts for, if there is one, and with its client's own claims.
    async fn machine(&self, event: &Value, request_id: &str) -> Result<Finding, TriggerError> {
        let client = event::client(event)?;
        let mut claims = self.client_claims.get(client).cloned().unwrap_or_default();
        let statements = self.statements.as_ref();
        let proven = self.proof.person(event, client, &self.pools, statements);
        let Some(person) = proven.await? else {
            self.denials
                .ask(event, None, &self.pools, request_id)
                .await?;
            return Ok(Finding {
                person: None,
                claims,
            });
        };
        let profile = self.profile(event, &person, request_id).await?;
        claims.insert(USER_ID.to_owned(), person.user_id.as_str().into());
        claims.extend(claims_of(&profile));
        Ok(Finding {
            person: Some((person, profile)),
            claims,
        })
    }

    /// What the directory says of a person, unless they are denied. Both tables are asked at the same time.
    async fn profile(
        &self,
        event: &Value,
        person: &Person,
        request_id: &str,
    ) -> Result<Profile, TriggerError> {
        let denials = self
            .denials
            .ask(event, Some(person), &self.pools, request_id);
        let (denied, profile) = tokio::join!(denials, self.directory.profile(person));
        denied.and(profile)
    }

    /// A person's own token.
    async fn person(&self, event: &Value, request_id: &str) -> Result<Finding, TriggerError> {
        let person = Person::signing_in(event)?;
        let profile = self.profile(event, &person, request_id).await?;
        Ok(Finding {
            claims: claims_of(&profile).into_iter().collect(),
            person: Some((person, profile)),
        })
    }
}

async fn in_time(
    find: impl Future<Output = Result<Finding, TriggerError>>,
) -> Result<Finding, TriggerError> {
    let found = time::timeout(EVENT_TIMEOUT, find).await;
    found.unwrap_or(Err(TriggerError::Deadline))
}

fn claims_of(profile: &Profile) -> [(String, Value); 2] {
    [(DEPARTMENT, &profile.department), (ROLE, &profile.role)]
        .map(|(name, value)| (name.to_owned(), value.as_str().into()))
}
