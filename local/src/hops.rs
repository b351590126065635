//! Hops of requests through the stack: what each carried, what was compared, and what came of it.
//!
//! The emulators see both ends of every hop and tell them here; the functions' log lines tell what was compared. Only the
//! laptop's own port listens, see [`crate::laptop`]. No token and no signature is in a hop, only what a token says.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::runtime::Handle;
use tokio::sync::{broadcast, oneshot, watch};

use crate::log::Listener;
use crate::trace;

mod claims;
mod decisions;
mod hop;
mod requests;
mod ring;

pub(crate) use claims::{bearer, claims_of, token_id};
pub(crate) use decisions::Decider;
use decisions::Decisions;
pub(crate) use hop::{Began, Check, Hop, Kind, Outcome, Shown};
pub(crate) use requests::Request;
use requests::Requests;
pub(crate) use ring::Event;
use ring::Ring;

/// A function writes its decision before it answers; the line takes its way through a pipe.
const DECISION_TIMEOUT: Duration = Duration::from_millis(500);

/// Place where hops are told. Without a listener, which is the default, nothing is kept and nothing is computed.
#[derive(Clone, Debug, Default)]
pub struct Hops(Option<Arc<Hub>>);

#[derive(Debug)]
struct Hub {
    requests: Mutex<Requests>,
    ring: Mutex<Ring>,
    decisions: Decisions,
    /// The ids of requests with a hop that waits for a decision, once for each such hop.
    pending: watch::Sender<Vec<String>>,
    events: broadcast::Sender<Event>,
}

impl Hops {
    /// Hops that a listener wants to see.
    pub fn watched() -> Self {
        let (events, _) = broadcast::channel(ring::MAX_EVENTS);
        Self(Some(Arc::new(Hub {
            requests: Mutex::default(),
            ring: Mutex::default(),
            decisions: Decisions::default(),
            pending: watch::Sender::default(),
            events,
        })))
    }

    /// The listener by which the functions' decisions become known, if hops are wanted.
    pub fn listener(&self) -> Option<Arc<dyn Listener>> {
        let hub = self.0.clone()?;
        Some(hub)
    }

    pub(crate) const fn is_watched(&self) -> bool {
        self.0.is_some()
    }

    /// A request has come in, with this token if it has one.
    pub(crate) fn begin(&self, request: Request, claims: Option<&Map<String, Value>>) {
        if let Some(hub) = &self.0 {
            hub.requests().begin(request, claims);
        }
    }

    /// The request of this trace, by the header in which AWS's services pass it on.
    pub(crate) fn of_trace(&self, header: &str) -> Option<Request> {
        self.0.as_ref()?.requests().of_trace(trace::root(header))
    }

    /// The request that a caller with such a token is behind, as a tool token is asked for.
    pub(crate) fn of_proof(&self, proof: &Map<String, Value>) -> Option<Request> {
        self.0.as_ref()?.requests().of_proof(proof)
    }

    /// The request whose agent was given this tool token.
    pub(crate) fn of_tool_token(&self, id: &str) -> Option<Request> {
        self.0.as_ref()?.requests().of_tool_token(id)
    }

    /// A tool token was made for the request.
    pub(crate) fn made_tool_token(&self, request: &Request) {
        if let Some(hub) = &self.0 {
            hub.requests().made_tool_token(&request.id);
        }
    }

    /// The agent of the request is given this tool token. False if one was made for this very request.
    pub(crate) fn gave_tool_token(&self, request: &Request, id: &str) -> bool {
        let hub = self.0.as_ref();
        hub.is_some_and(|hub| hub.requests().gave_tool_token(&request.id, id))
    }

    /// A hop is known.
    pub(crate) fn tell(&self, request: Option<&Request>, hop: &Hop) {
        if let Some(hub) = &self.0 {
            hub.tell(request, hop);
        }
    }

    /// A function is asked to decide. The hop is told when the function's log line tells what it has compared, or else
    /// soon after it has answered.
    pub(crate) fn deciding(&self, request: &Request, hop: Hop, decider: Decider) -> Deciding {
        let (ended, end) = oneshot::channel();
        if let Some(hub) = &self.0 {
            hub.pending
                .send_modify(|pending| pending.push(request.id.clone()));
            tokio::spawn(Arc::clone(hub).decided(request.clone(), hop, decider, end));
        }
        Deciding(Some(ended))
    }

    /// The last hop of a request is known: it is told after those that wait for a decision.
    pub(crate) fn tell_last(&self, request: Request, hop: Hop) {
        let Some(hub) = self.0.clone() else {
            return;
        };
        hub.requests().end(&request.id);
        let mut pending = hub.pending.subscribe();
        let last = async move {
            let is_told = |pending: &Vec<String>| !pending.contains(&request.id);
            // The sender is held here, so it cannot have gone.
            let _ = pending.wait_for(is_told).await;
            hub.tell(Some(&request), &hop);
        };
        // An answer may be dropped where nothing runs any more.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(last);
        }
    }

    /// The reason, by its code, for which the authorizer refused this agent to the caller of this token when it was last asked.
    pub(crate) fn earlier_refusal(&self, token_id: &str, agent: &str) -> Option<String> {
        self.0.as_ref()?.decisions.denied(token_id, agent)
    }

    /// The kept events after this one, and the events to come.
    pub(crate) fn follow(
        &self,
        after: Option<u64>,
    ) -> Option<(Vec<Event>, broadcast::Receiver<Event>)> {
        let hub = self.0.as_ref()?;
        // Events are sent under the same lock, so none is missed and none comes twice.
        let ring = hub.ring();
        Some((
            ring.after(after.unwrap_or_default()),
            hub.events.subscribe(),
        ))
    }
}

/// A decision that is waited for: ended, or dropped, when the function has answered.
pub(crate) struct Deciding(Option<oneshot::Sender<Outcome>>);

impl Deciding {
    /// The function has answered, and this came of it, should its log line not say more.
    pub(crate) fn end(mut self, outcome: Outcome) {
        if let Some(ended) = self.0.take() {
            // The task that waits may have had the line already.
            let _ = ended.send(outcome);
        }
    }
}

impl Hub {
    async fn decided(
        self: Arc<Self>,
        request: Request,
        mut hop: Hop,
        decider: Decider,
        end: oneshot::Receiver<Outcome>,
    ) {
        let decided = self.decisions.of(&request.id, decider);
        tokio::pin!(decided);
        let decision = tokio::select! {
            decision = &mut decided => Some(decision),
            outcome = end => {
                hop.took = Some(hop.began.took());
                hop.outcome = outcome.unwrap_or(Outcome::Error);
                tokio::time::timeout(DECISION_TIMEOUT, &mut decided).await.ok()
            }
        };
        if let Some(decision) = decision {
            decision.complete(&mut hop);
        }
        self.tell(Some(&request), &hop);
        self.pending.send_modify(|pending| {
            if let Some(at) = pending.iter().position(|id| *id == request.id) {
                pending.swap_remove(at);
            }
        });
    }

    fn tell(&self, request: Option<&Request>, hop: &Hop) {
        let mut ring = self.ring();
        let event = ring.add(|seq| hop.event(seq, request).to_string());
        // A channel without a listener is not an error.
        let _ = self.events.send(event);
    }

    /// Each critical section is one operation of a collection.
    fn requests(&self) -> MutexGuard<'_, Requests> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener for Hub {
    fn line(&self, service: &str, line: &str) {
        self.decisions.read(service, line);
    }
}
