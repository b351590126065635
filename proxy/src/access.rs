//! Access of callers to agents: the gate asked again behind the authorizer, so that nothing rests on the wiring of the
//! API alone. One log line a decision.

pub mod authentication;
pub mod authority;

use std::sync::Arc;

use http::header::{self, HeaderMap};
use shared::agents::{Agent, Agents, Target};
use shared::audit::{self, Verdict};
use shared::door::{Door, DoorError};
use shared::explanation::Explanation;
use shared::gate::{self, AgentName, Identity, Permit, Refusal};
use shared::log::RequestIds;
use shared::secret::Secret;
use shared::session::{Conversation, SessionId};
use shared::signing::SigningKeys;
use tokio::time::Instant;

use crate::audit::record::Record;
use crate::caller::problem::Problem;

use authentication::Authentication;
use authority::Authority;

/// The door, and what is behind it.
pub struct Access {
    pub authentication: Authentication<Door>,
    pub agents: Agents,
    /// The door's keys, one of which keys the ids of sessions; without them the ids are not keyed.
    pub signing: Option<Arc<SigningKeys>>,
}

/// Who asks, and for what.
pub struct Asker<'a> {
    pub headers: &'a HeaderMap,
    /// Method and path of one of the door's routes, for the log.
    pub action: String,
    /// Where it is noted who is let in, and to which agent.
    pub record: &'a mut Record,
}

/// What a caller who comes in may call.
pub struct Admitted<'a> {
    pub agent: &'a Agent,
    pub permit: Arc<Permit>,
    /// The bearer token that was believed; empty where none is asked for, and then no agent is one that is given it.
    pub bearer: Arc<Secret>,
    signing: Option<&'a SigningKeys>,
}

/// What a caller who does not come in is told.
#[derive(Debug, PartialEq, Eq)]
pub struct Refused {
    pub problem: Problem,
    /// The value of `WWW-Authenticate`.
    pub challenge: Option<String>,
    /// Whether a token with the scopes of what is asked for would help.
    pub asks_for_scopes: bool,
}

impl Admitted<'_> {
    /// In whose name the agent is called.
    pub fn authority(&self) -> Authority<'_> {
        Authority::of(self.agent.auth, &self.bearer)
    }

    /// The caller's session with the agent in which a conversation is held.
    ///
    /// # Errors
    /// The door's keys cannot be read: without its key the session would be another.
    pub async fn session(&self, conversation: &Conversation) -> Result<SessionId, Problem> {
        let key = match self.signing {
            Some(signing) => {
                let ring = Box::pin(signing.ring()).await;
                let ring = ring.map_err(|_| Problem::SigningUnavailable)?;
                ring.session_key()
            }
            None => None,
        };
        let (identity, agent) = (self.permit.identity(), self.permit.agent());
        Ok(SessionId::derive(
            identity,
            agent,
            conversation,
            key.as_ref(),
        ))
    }
}

impl Access {
    /// Any verified caller may know who they are.
    ///
    /// # Errors
    /// The caller is not believed, or it cannot be told.
    pub async fn whoami(&self, asker: Asker<'_>) -> Result<Identity, Refused> {
        let decision = Decision::begin(&asker);
        let identity = self.authenticate(&decision).await?;
        decision.log(&Verdict::Allowed(&identity));
        Ok(identity)
    }

    /// The right to call the agent of this name, and what of its target a route `calls`: none if the agent does not
    /// speak the route's protocol. Whether there is an agent is told to verified callers only, and what it speaks to
    /// those whom it admits.
    ///
    /// # Errors
    /// The caller is not believed, there is no such agent, it does not admit them, it speaks another protocol, or it
    /// cannot be told.
    pub async fn authorize<'a, T>(
        &'a self,
        asker: Asker<'_>,
        name: &AgentName,
        calls: impl FnOnce(&'a Target) -> Option<T>,
    ) -> Result<(Admitted<'a>, T), Refused> {
        let mut decision = Decision::begin(&asker);
        // A name that is none of the settings is a stranger's.
        decision.agent = self.agents.get(name).map(|agent| &agent.name);
        let identity = self.authenticate(&decision).await?;
        let Some(agent) = self.agents.get(name) else {
            return Err(decision.missing(Problem::UnknownAgent, &identity));
        };
        let permit = match gate::admit(identity.clone(), &agent.name, &agent.admission) {
            Ok(permit) => permit,
            Err(refusal) => {
                let why = Explanation::of_agent(refusal, &agent.admission, &identity);
                decision.log(&Verdict::Refused(refusal, Some(&identity), &why));
                return Err(Refused::of(refusal, true));
            }
        };
        let Some(called) = calls(&agent.target) else {
            return Err(decision.missing(Problem::WrongProtocol, &identity));
        };
        decision.log(&Verdict::Allowed(&identity));
        let admitted = Admitted {
            agent,
            permit: Arc::new(permit),
            bearer: Arc::new(self.bearer(asker.headers)),
            signing: self.signing.as_deref(),
        };
        asker.record.agent(&agent.name);
        asker.record.caller(&identity);
        Ok((admitted, called))
    }

    /// The agents that admit this caller, by name.
    pub fn admitting<'a>(&'a self, identity: &Identity) -> Vec<&'a Agent> {
        let admitting = self
            .agents
            .iter()
            .filter(|agent| agent.admission.admits(identity).is_ok());
        admitting.collect()
    }

    /// The one conversation of a caller who names none, with an agent whose clients cannot. Where callers are not asked
    /// who they are, they are all one, and may not meet in it: each begins their own.
    pub fn standing_conversation(&self) -> Option<Conversation> {
        match self.authentication {
            Authentication::Required(_) => Some(Conversation::standing()),
            Authentication::Off => Conversation::begin(),
        }
    }

    async fn authenticate(&self, decision: &Decision<'_>) -> Result<Identity, Refused> {
        let headers = decision.headers;
        let door = match &self.authentication {
            Authentication::Required(door) => door,
            Authentication::Off => return Ok(Identity::anonymous()),
        };
        door.decide(authorization(headers))
            .await
            .map_err(|(denial, why)| match denial {
                DoorError::Refused(refusal) => {
                    decision.log(&Verdict::Refused(refusal, None, &why));
                    Refused::of(refusal, headers.contains_key(header::AUTHORIZATION))
                }
                DoorError::Outage(outage) => {
                    decision.log(&Verdict::Outage(outage.code()));
                    Refused {
                        problem: Problem::Unavailable,
                        challenge: None,
                        asks_for_scopes: false,
                    }
                }
            })
    }

    /// The token that was believed. What an open door did not check goes no further.
    fn bearer(&self, headers: &HeaderMap) -> Secret {
        match &self.authentication {
            Authentication::Required(_) => bearer(headers),
            Authentication::Off => Secret::new(String::new()),
        }
    }
}

impl Refused {
    fn of(refusal: Refusal, is_token_shown: bool) -> Self {
        let problem = Problem::of_refusal(refusal);
        Self {
            problem,
            challenge: Some(challenge(refusal, is_token_shown)),
            asks_for_scopes: problem == Problem::Unauthorized || is_scope(refusal),
        }
    }
}

/// The one `Authorization` of a request. Two that differ are none: the authorizer in front may have read the other.
fn authorization(headers: &HeaderMap) -> &[u8] {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    match values.next() {
        Some(first) if values.all(|other| other == first) => first.as_bytes(),
        Some(_) | None => b"",
    }
}

/// The token of a header that the gate has believed: it has the scheme and at least one space before it.
fn bearer(headers: &HeaderMap) -> Secret {
    let header = std::str::from_utf8(authorization(headers)).unwrap_or_default();
    let (_, token) = header.split_once(' ').unwrap_or_default();
    Secret::new(token.trim_start_matches(' ').to_owned())
}

/// What to show instead (RFC 6750, section 3). A caller who showed nothing is told of no error, as RFC 6750 asks. One
/// who lacks a group is not told that a scope is missing: clients would sign in again, in vain.
fn challenge(refusal: Refusal, is_token_shown: bool) -> String {
    let error = if is_scope(refusal) {
        r#", error="insufficient_scope""#
    } else if Problem::of_refusal(refusal) == Problem::Unauthorized && is_token_shown {
        r#", error="invalid_token""#
    } else {
        ""
    };
    format!(r#"Bearer realm="gatehouse"{error}"#)
}

/// Whether another token could have what this one lacks, by being asked for.
const fn is_scope(refusal: Refusal) -> bool {
    matches!(refusal, Refusal::AgentScope | Refusal::IssuerScope)
}

/// A decision under way: what is asked, and since when.
struct Decision<'d> {
    ids: &'d RequestIds,
    headers: &'d HeaderMap,
    action: &'d str,
    /// The agent that is asked for, once it is known that there is one.
    agent: Option<&'d AgentName>,
    started: Instant,
}

impl<'d> Decision<'d> {
    fn begin(asker: &'d Asker<'_>) -> Self {
        Self {
            ids: asker.record.ids(),
            headers: asker.headers,
            action: &asker.action,
            agent: None,
            started: Instant::now(),
        }
    }

    /// What a believed caller asks for is not there. The log shows callers who try out names.
    fn missing(&self, problem: Problem, identity: &Identity) -> Refused {
        self.log(&Verdict::Missing(problem.code(), identity));
        Refused {
            problem,
            challenge: None,
            asks_for_scopes: false,
        }
    }

    fn log(&self, verdict: &Verdict<'_>) {
        let decision = audit::Decision {
            ids: self.ids,
            action: self.action,
            agent: self.agent,
            denied: &[],
            duration: self.started.elapsed(),
        };
        decision.write(verdict);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::AUTHORIZATION, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn two_authorizations_are_none() {
        let table: [(&[&str], &str); 5] = [
            (&[], ""),
            (&["Bearer a"], "Bearer a"),
            (&["Bearer a", "Bearer a"], "Bearer a"),
            (&["Bearer a", "Bearer b"], ""),
            (&["Bearer a", "Bearer a", "bearer a"], ""),
        ];
        for (values, expected) in table {
            assert_eq!(
                authorization(&shown(values)),
                expected.as_bytes(),
                "{values:?}"
            );
        }
    }

    #[test]
    fn the_bearer_is_the_token_without_its_scheme() {
        for header in ["Bearer a.b.c", "bearer   a.b.c"] {
            assert_eq!(bearer(&shown(&[header])).reveal(), "a.b.c");
        }
        assert_eq!(bearer(&shown(&["Bearer a", "Bearer b"])).reveal(), "");
    }

    #[test]
    fn a_challenge_says_what_is_missing() {
        let scope = r#", error="insufficient_scope""#;
        let table = [
            (Refusal::NoBearer, false, "", true),
            (Refusal::Expired, true, r#", error="invalid_token""#, true),
            (Refusal::AgentScope, true, scope, true),
            (Refusal::IssuerScope, true, scope, true),
            (Refusal::AgentGroup, true, "", false),
            (Refusal::AgentClient, true, "", false),
        ];
        for (refusal, is_token_shown, error, asks_for_scopes) in table {
            let refused = Refused::of(refusal, is_token_shown);
            let expected = format!(r#"Bearer realm="gatehouse"{error}"#);
            assert_eq!(refused.challenge, Some(expected), "{refusal:?}");
            assert_eq!(refused.asks_for_scopes, asks_for_scopes, "{refusal:?}");
        }
    }
}
