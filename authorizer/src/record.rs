//! The audit record of one answer: what becomes of the request that API Gateway asks about, and which agents the answer
//! denies.

use std::time::Duration;

use shared::agents::{Agent, Agents};
use shared::audit::{Decision, Verdict};
use shared::door::DoorError;
use shared::explanation::Explanation;
use shared::gate::{AgentName, Identity, Refusal};
use shared::log::RequestIds;

use crate::event::Method;

/// The request that API Gateway asks the authorizer about.
pub(crate) struct Record<'a> {
    pub(crate) ids: &'a RequestIds,
    pub(crate) method: &'a Method,
    pub(crate) duration: Duration,
}

/// An agent that refuses the caller, and why.
type Denial<'a> = (&'a Agent, Refusal);

impl Record<'_> {
    /// Writes the line. A good token whose caller the asked agent refuses is a refusal: API Gateway answers it by the
    /// policy, with 403.
    pub(crate) fn write(
        &self,
        agents: &Agents,
        believed: &Result<Identity, (DoorError, Explanation)>,
    ) {
        let asked = self.method.agent().and_then(|name| agents.find(name));
        match believed {
            Ok(identity) => {
                let denials = denials(agents, identity);
                match self.denial(asked, agents, &denials) {
                    Some((agent, refusal)) => {
                        let why = Explanation::of_agent(refusal, &agent.admission, identity);
                        let verdict = Verdict::Refused(refusal, Some(identity), &why);
                        self.put(asked, &denials, &verdict);
                    }
                    None => self.put(asked, &denials, &Verdict::Allowed(identity)),
                }
            }
            Err((DoorError::Refused(refusal), why)) => {
                self.put(asked, &[], &Verdict::Refused(*refusal, None, why));
            }
            Err((DoorError::Outage(outage), _)) => {
                self.put(asked, &[], &Verdict::Outage(outage.code()));
            }
        }
    }

    /// The denial that this request meets: that of the agent it is for; of a WebSocket, which is for none, the first if no
    /// agent admits the caller.
    fn denial<'d>(
        &self,
        asked: Option<&Agent>,
        agents: &Agents,
        denials: &[Denial<'d>],
    ) -> Option<Denial<'d>> {
        if self.method.is_connect() {
            let is_every = denials.len() == agents.iter().count();
            return denials.first().copied().filter(|_| is_every);
        }
        let asked = asked?;
        let mut denials = denials.iter().copied();
        denials.find(|(agent, _)| agent.name == asked.name)
    }

    fn put(&self, asked: Option<&Agent>, denials: &[Denial<'_>], verdict: &Verdict<'_>) {
        let denied: Vec<(&AgentName, Refusal)> = denials
            .iter()
            .map(|(agent, refusal)| (&agent.name, *refusal))
            .collect();
        let decision = Decision {
            ids: self.ids,
            action: "authorize",
            agent: asked.map(|agent| &agent.name),
            denied: &denied,
            duration: self.duration,
        };
        decision.write(verdict);
    }
}

fn denials<'a>(agents: &'a Agents, identity: &Identity) -> Vec<Denial<'a>> {
    let refusing = agents.iter().filter_map(|agent| {
        let refusal = agent.admission.admits(identity).err()?;
        Some((agent, refusal))
    });
    refusing.collect()
}
