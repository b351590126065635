//! The state of one request: the event, the deadline, the lease, and the log record.

use std::time::Duration;

use shared::agents::Protocol;
use shared::headers;
use shared::session::Conversation;
use tokio::time::Instant;

use super::declined::Unanswered;
use super::held::Held;
use super::watch::Watch;
use crate::access::Asker;
use crate::audit::record::Record;
use crate::caller::dialect::{Dialect, RpcId};
use crate::caller::event::Event;
use crate::caller::problem::Problem;
use crate::caller::public_url::PublicUrl;
use crate::upstream::Failure;

/// A request under way. It is ended in one place, [`crate::dispatch`], whatever its route answers.
pub(crate) struct Request {
    pub(crate) event: Event,
    /// Where the caller found the door, if that is known.
    pub(crate) door: Option<PublicUrl>,
    /// What its caller reads.
    pub(crate) dialect: Dialect,
    /// When its answer must be over.
    pub(crate) deadline: Instant,
    /// The conversation that the caller is told of in the answer, good or bad.
    pub(crate) conversation: Option<Conversation>,
    /// What the turn holds that is being taken.
    pub(crate) held: Held,
    /// What may end the turn before the agent does.
    pub(crate) watch: Option<Watch>,
    pub(crate) record: Record,
}

impl Request {
    /// How long is left for the answer.
    pub(crate) fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// How long is left for the agent to begin its answer, if the caller waits so long in all: what came before, such as
    /// the way to a tool token, counts.
    ///
    /// # Errors
    /// Nothing is left, so the agent is not asked.
    pub(crate) fn patience(&self, in_all: Duration) -> Result<Duration, Problem> {
        let left = in_all.saturating_sub(self.record.elapsed());
        let left = left.min(self.left());
        if left.is_zero() {
            return Err(Problem::AgentTimeout);
        }
        Ok(left)
    }

    /// Who asks, and for what.
    pub(crate) fn asker(&mut self) -> Asker<'_> {
        Asker {
            headers: &self.event.headers,
            action: self.event.action(),
            record: &mut self.record,
        }
    }

    /// The conversation that the caller goes on with, or a new one.
    ///
    /// # Errors
    /// What they say is not the name of one.
    pub(crate) fn conversation(&self) -> Result<Conversation, Problem> {
        self.conversation_or(Conversation::begin)
    }

    /// The conversation that the caller names, or another.
    ///
    /// # Errors
    /// What they say is not the name of one.
    pub(crate) fn conversation_or(
        &self,
        other: impl FnOnce() -> Option<Conversation>,
    ) -> Result<Conversation, Problem> {
        let mut values = self.event.headers.get_all(headers::CONVERSATION).iter();
        let named = match (values.next(), values.next()) {
            (None, _) => other(),
            (Some(only), None) => only.to_str().ok().and_then(Conversation::parse),
            (Some(_), Some(_)) => None,
        };
        named.ok_or(Problem::BadConversation)
    }

    /// Takes the id of the request, for an error, out of a body that was not looked at.
    pub(crate) fn learn_id(&mut self, max_bytes: usize) {
        if self.dialect.rpc_id().is_some_and(RpcId::is_unknown)
            && let Ok(body) = self.event.take_body(max_bytes)
        {
            self.dialect.hear(&body);
        }
    }

    /// Notes what the platform said, and keeps what is for the caller.
    pub(crate) fn failed(&mut self, failure: Failure, protocol: Protocol) -> Unanswered {
        let Failure {
            problem,
            upstream,
            rpc,
            rest,
        } = failure;
        self.held.note_asked(!problem.has_not_begun());
        let upstream_status = upstream.status;
        self.record.upstream(upstream);
        Unanswered {
            problem,
            upstream_status,
            rpc: rpc.filter(|_| protocol != Protocol::Http),
            rest,
            limit: None,
        }
    }
}
