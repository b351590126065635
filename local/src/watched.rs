//! The end of an answer: delivered whole, left by the client, or broken off.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::Error;
use axum::body::Body;
use bytes::Bytes;
use http_body::Frame;

/// How an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Everything was handed to the client.
    Complete,
    /// The client closed its connection first.
    ClientGone,
    /// The answer's source broke off, and so did the answer.
    Cut,
}

/// Calls once, with how it ended; a watch that is dropped was left by the client.
pub(crate) struct Watch<Tell: FnOnce(Ended)>(Option<Tell>);

impl<Tell: FnOnce(Ended)> Watch<Tell> {
    pub(crate) fn new(tell: Tell) -> Self {
        Self(Some(tell))
    }

    pub(crate) fn end(&mut self, ended: Ended) {
        if let Some(tell) = self.0.take() {
            tell(ended);
        }
    }
}

impl<Tell: FnOnce(Ended)> Drop for Watch<Tell> {
    fn drop(&mut self) {
        self.end(Ended::ClientGone);
    }
}

/// A body under watch. It gives no length, so the server asks it until its end.
struct Watched<Tell: FnOnce(Ended)> {
    body: Body,
    watch: Watch<Tell>,
}

/// `body`, whose end the watch will tell.
pub(crate) fn watched<Tell>(body: Body, watch: Watch<Tell>) -> Body
where
    Tell: FnOnce(Ended) + Send + Unpin + 'static,
{
    Body::new(Watched { body, watch })
}

impl<Tell: FnOnce(Ended) + Unpin> http_body::Body for Watched<Tell> {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        match &polled {
            Poll::Ready(None) => self.watch.end(Ended::Complete),
            Poll::Ready(Some(Err(_))) => self.watch.end(Ended::Cut),
            Poll::Ready(Some(Ok(_))) | Poll::Pending => {}
        }
        polled
    }
}
