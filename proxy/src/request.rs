//! A request under way: what came in, how long there is, and what will be written of it.

use crate::access::{Asker, Refused};
use crate::answer::Answer;
use crate::event::Event;
use crate::problem::Problem;
use crate::record::Record;
use crate::turns::Lease;
use http::header;
use shared::headers;
use shared::session::Conversation;
use std::time::Duration;
use tokio::time::Instant;

/// A request under way. It is closed by the answer it gets: whole, a problem, or a stream that takes the record along.
pub(crate) struct Request {
    pub(crate) event: Event,
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

    /// Who asks, and for what.
    pub(crate) fn asker(&self) -> Asker<'_> {
        Asker {
            request_id: self.record.request_id(),
            headers: &self.event.headers,
            action: self.event.action(),
        }
    }

    /// The conversation that the caller goes on with, or a new one; none if what they say is not the name of one.
    pub(crate) fn conversation(&self) -> Option<Conversation> {
        let mut values = self.event.headers.get_all(headers::CONVERSATION).iter();
        match (values.next(), values.next()) {
            (None, _) => Conversation::begin(),
            (Some(only), None) => Conversation::parse(only.to_str().ok()?),
            (Some(_), Some(_)) => None,
        }
    }

    /// Closes the request with an answer that is whole.
    pub(crate) fn whole(mut self, answer: Answer) -> Answer {
        self.record
            .whole(answer.status(), answer.body_bytes(), "ok");
        answer
    }

    /// Closes the request with what is wrong.
    pub(crate) fn problem(mut self, problem: Problem) -> Answer {
        let mut answer = Answer::problem(problem, self.record.request_id());
        // What the platform says of it is better than a guess of ours.
        if let (Some(_), Some(pause)) = (problem.retry_after(), self.record.retry_after()) {
            answer = answer.with(header::RETRY_AFTER, &pause.to_string());
        }
        self.record
            .whole(answer.status(), answer.body_bytes(), problem.code());
        answer
    }

    /// Closes the request of a caller who does not come in.
    pub(crate) fn refused(self, refused: Refused) -> Answer {
        let Refused { problem, challenge } = refused;
        let answer = self.problem(problem);
        match challenge {
            Some(challenge) => answer.with(header::WWW_AUTHENTICATE, &challenge),
            None => answer,
        }
    }
}
