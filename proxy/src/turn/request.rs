//! A request under way: what came in, how long there is, and what will be written of it.

use crate::access::{Asker, Refused};
use crate::answer::Answer;
use crate::audit::record::Record;
use crate::caller::event::Event;
use crate::caller::problem::Problem;
use crate::caller::public_url::PublicUrl;
use crate::caller::resource;
use crate::turn::Unanswered;
use crate::turn::lease::Lease;
use crate::upstream::Failure;
use http::header;
use shared::agents::Protocol;
use shared::headers;
use shared::session::Conversation;
use std::time::Duration;
use tokio::time::Instant;

/// A request under way. It is closed by the answer it gets: whole, a problem, or a stream that takes the record along.
pub(crate) struct Request {
    pub(crate) event: Event,
    /// Where the caller found the door, if that is known.
    pub(crate) door: Option<PublicUrl>,
    /// When its answer must be over.
    pub(crate) deadline: Instant,
    /// The right to the turn that is being taken, where turns are taken one at a time.
    pub(crate) lease: Option<Lease>,
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
    pub(crate) fn asker(&self) -> Asker<'_> {
        Asker {
            request_id: self.record.request_id(),
            headers: &self.event.headers,
            action: self.event.action(),
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

    /// Closes the request with an answer that is whole.
    pub(crate) fn whole(mut self, answer: Answer) -> Answer {
        self.record
            .whole(answer.status(), answer.body_bytes(), "ok");
        answer
    }

    /// Closes the request with what is wrong.
    pub(crate) fn problem(self, problem: Problem) -> Answer {
        let answer = Answer::problem(problem, self.record.request_id());
        self.closed(problem, answer)
    }

    fn closed(mut self, problem: Problem, mut answer: Answer) -> Answer {
        // What the platform says of it is better than a guess of ours.
        if let (Some(_), Some(pause)) = (problem.retry_after(), self.record.retry_after()) {
            answer = answer.with(header::RETRY_AFTER, &pause.to_string());
        }
        self.record
            .whole(answer.status(), answer.body_bytes(), problem.code());
        answer
    }

    /// Closes the request with what the agent's protocol says of it, or else with what is wrong.
    pub(crate) fn unanswered(self, unanswered: Unanswered) -> Answer {
        let Unanswered { problem, rpc, .. } = unanswered;
        match rpc {
            Some(rpc) => self.closed(problem, Answer::rpc_error(problem, rpc)),
            None => self.problem(problem),
        }
    }

    /// Notes what the platform said, and keeps what is for the caller.
    pub(crate) fn failed(&mut self, failure: Failure, protocol: Protocol) -> Unanswered {
        let Failure {
            problem,
            upstream,
            rpc,
        } = failure;
        let upstream_status = upstream.status;
        self.record.upstream(upstream);
        Unanswered {
            problem,
            upstream_status,
            rpc: rpc.filter(|_| protocol != Protocol::Http),
        }
    }

    /// Closes the request of a caller who does not come in.
    pub(crate) fn refused(self, refused: Refused) -> Answer {
        let Refused { problem, challenge } = refused;
        // RFC 9728, 5.1: where the caller learns how to get a token.
        let metadata = self.door.as_ref().map(|door| {
            let url = resource::metadata_url(door, &self.event.path);
            format!(r#", resource_metadata="{url}""#)
        });
        let challenge = challenge.map(|text| text + metadata.as_deref().unwrap_or_default());
        let answer = self.problem(problem);
        match challenge {
            Some(challenge) => answer.with(header::WWW_AUTHENTICATE, &challenge),
            None => answer,
        }
    }
}
