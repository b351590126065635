//! A streamed answer as API Gateway reads it: prelude, delimiter, body.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html>

use std::collections::BTreeMap;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::sandbox::Chunks;
use super::{InvokeError, StreamError};

/// Between prelude and body.
const DELIMITER: [u8; 8] = [0; 8];
/// The delimiter must appear within the first 16 KB.
const MAX_PRELUDE: usize = 16 * 1024;

/// A streamed answer whose prelude has been read.
#[derive(Debug)]
pub struct Streamed {
    /// What stands before the delimiter.
    pub prelude: Prelude,
    /// What follows it.
    pub body: StreamBody,
}

/// Status and headers of a streamed answer. All may be absent, nothing else may be present.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Prelude {
    /// The HTTP status; 200 when absent.
    pub status_code: Option<u16>,
    /// One value a name.
    pub headers: BTreeMap<String, String>,
    /// Any number of values a name; these win over `headers`.
    pub multi_value_headers: BTreeMap<String, Vec<String>>,
    /// Values of `Set-Cookie`.
    pub cookies: Vec<String>,
}

/// The bytes of a streamed answer as they come. After an error nothing follows.
#[derive(Debug)]
pub struct StreamBody {
    first: Option<Bytes>,
    /// Nothing when the end has been seen.
    chunks: Option<Chunks>,
}

impl StreamBody {
    pub(super) fn new(chunks: Chunks) -> Self {
        Self {
            first: None,
            chunks: Some(chunks),
        }
    }

    pub(super) fn whole(bytes: Bytes) -> Self {
        Self {
            first: Some(bytes),
            chunks: None,
        }
    }
}

impl Stream for StreamBody {
    type Item = Result<Bytes, StreamError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(first)));
        }
        let Some(chunks) = self.chunks.as_mut() else {
            return Poll::Ready(None);
        };
        let item = match ready!(chunks.poll_recv(cx)) {
            Some(Ok(Some(chunk))) => return Poll::Ready(Some(Ok(chunk))),
            Some(Ok(None)) => None,
            Some(Err(error)) => Some(Err(error)),
            None => Some(Err(StreamError::Cut)),
        };
        self.chunks = None;
        Poll::Ready(item)
    }
}

/// The whole of a streamed answer, if it is no longer than `limit` bytes.
pub(super) async fn gather(mut body: StreamBody, limit: usize) -> Result<Bytes, InvokeError> {
    let mut gathered = BytesMut::new();
    while let Some(chunk) = body.next().await {
        gathered.extend_from_slice(&chunk.map_err(InvokeError::Stream)?);
        if gathered.len() > limit {
            return Err(InvokeError::ResponseTooLarge);
        }
    }
    Ok(gathered.freeze())
}

/// Reads the prelude; the rest of the last chunk read stays in the body.
pub(super) async fn split(mut body: StreamBody) -> Result<Streamed, InvokeError> {
    let mut head = BytesMut::new();
    loop {
        if let Some((prelude, rest)) = split_head(&head)? {
            body.first = (!rest.is_empty()).then_some(rest);
            return Ok(Streamed { prelude, body });
        }
        let chunk = body
            .next()
            .await
            .ok_or(InvokeError::Framing("no delimiter"))?;
        head.extend_from_slice(&chunk.map_err(InvokeError::Stream)?);
    }
}

/// The prelude and what follows the delimiter; nothing while the delimiter may still come.
fn split_head(head: &BytesMut) -> Result<Option<(Prelude, Bytes)>, InvokeError> {
    let searched = head.get(..MAX_PRELUDE).unwrap_or(head);
    let Some(at) = searched
        .windows(DELIMITER.len())
        .position(|window| window == DELIMITER)
    else {
        let hopeless = head.len() >= MAX_PRELUDE;
        return if hopeless {
            Err(InvokeError::Framing("no delimiter in 16 KB"))
        } else {
            Ok(None)
        };
    };
    let mut rest = Bytes::copy_from_slice(head);
    let prelude = rest.split_to(at);
    let prelude = parse(&prelude).ok_or(InvokeError::Framing("not the JSON expected"))?;
    Ok(Some((prelude, rest.split_off(DELIMITER.len()))))
}

fn parse(prelude: &[u8]) -> Option<Prelude> {
    // Read straight into the structure, an array of values would pass too.
    let object: Map<String, Value> = serde_json::from_slice(prelude).ok()?;
    serde_json::from_value(Value::Object(object)).ok()
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;

    fn streamed(chunks: &[&[u8]]) -> StreamBody {
        let (sender, receiver) = mpsc::channel(8);
        for chunk in chunks {
            sender
                .try_send(Ok(Some(Bytes::copy_from_slice(chunk))))
                .unwrap();
        }
        sender.try_send(Ok(None)).unwrap();
        StreamBody::new(receiver)
    }

    async fn read(chunks: &[&[u8]]) -> Result<(Prelude, Bytes), InvokeError> {
        let Streamed { prelude, body } = split(streamed(chunks)).await?;
        Ok((prelude, gather(body, MAX_PRELUDE).await?))
    }

    #[tokio::test]
    async fn prelude_and_body_are_parted_wherever_the_chunks_break() {
        let whole =
            b"{\"statusCode\":201,\"cookies\":[\"a=1\"]}\0\0\0\0\0\0\0\0body\0\0\0\0\0\0\0\0more";
        for at in 0..whole.len() {
            let (head, tail) = whole.split_at(at);
            let (prelude, body) = read(&[head, tail]).await.unwrap();
            assert_eq!(prelude.status_code, Some(201), "broken at {at}");
            assert_eq!(prelude.cookies, ["a=1"], "broken at {at}");
            assert_eq!(body, &b"body\0\0\0\0\0\0\0\0more"[..], "broken at {at}");
        }
    }

    #[tokio::test]
    async fn an_empty_prelude_and_an_empty_body_are_fine() {
        let (prelude, body) = read(&[b"{}\0\0\0\0\0\0\0\0"]).await.unwrap();
        assert_eq!(prelude, Prelude::default());
        assert_eq!(body, Bytes::new());
    }

    #[tokio::test]
    async fn wrong_framing_is_refused() {
        let long = vec![b' '; MAX_PRELUDE];
        let cases: [&[&[u8]]; 7] = [
            &[],
            &[b"{}"],
            &[b"{}\0\0\0\0\0\0\0", b"x"],
            &[b"[]\0\0\0\0\0\0\0\0"],
            &[b"{\"status\":200}\0\0\0\0\0\0\0\0"],
            &[b"{\"headers\":{\"a\":[\"1\",\"2\"]}}\0\0\0\0\0\0\0\0"],
            &[&long, b"{}\0\0\0\0\0\0\0\0"],
        ];
        for case in cases {
            let outcome = read(case).await;
            assert!(
                matches!(outcome, Err(InvokeError::Framing(_))),
                "{outcome:?}"
            );
        }
    }

    #[tokio::test]
    async fn an_error_before_the_delimiter_is_kept() {
        let (sender, receiver) = mpsc::channel(1);
        sender.try_send(Err(StreamError::Cut)).unwrap();
        let outcome = split(StreamBody::new(receiver)).await;
        assert!(
            matches!(outcome, Err(InvokeError::Stream(StreamError::Cut))),
            "{outcome:?}"
        );
    }

    #[tokio::test]
    async fn a_lost_sender_is_not_an_end() {
        let (sender, receiver) = mpsc::channel(1);
        sender
            .try_send(Ok(Some(Bytes::from_static(b"{}\0\0\0\0\0\0\0\0part"))))
            .unwrap();
        drop(sender);
        let Streamed { mut body, .. } = split(StreamBody::new(receiver)).await.unwrap();
        assert_eq!(body.next().await, Some(Ok(Bytes::from_static(b"part"))));
        assert_eq!(body.next().await, Some(Err(StreamError::Cut)));
        assert_eq!(body.next().await, None);
    }

    #[tokio::test]
    async fn gathering_has_a_bound() {
        assert!(matches!(
            gather(streamed(&[b"abc"]), 2).await,
            Err(InvokeError::ResponseTooLarge)
        ));
        assert_eq!(gather(streamed(&[b"ab", b"c"]), 3).await.unwrap(), "abc");
    }
}
