//! Faults on demand.

use std::future::pending;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::{StreamExt, stream};

pub use super::failure::ServiceError;

/// How the next call goes wrong. Only a call that is well signed and well formed uses one up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The service's own error; the agent is not asked.
    Error(ServiceError),
    /// The connection closes without an answer; the agent is not asked.
    HangUp,
    /// The answer begins so much later.
    SlowFirstByte(Duration),
    /// The connection breaks after so many bytes of the agent's answer.
    CutAfter(u64),
    /// After so many bytes of the agent's answer nothing comes, and nothing ends, until the client
    /// leaves.
    SilenceAfter(u64),
    /// So many bytes of events as fast as they are taken; the agent is not asked.
    Flood(u64),
}

/// What comes after the part that is let through.
#[derive(Clone, Copy)]
pub(super) enum Then {
    Cut,
    Silence,
}

#[derive(Debug, thiserror::Error)]
#[error("the answer was cut")]
struct CutError;

/// The first `bytes` of `body`, or all of it if it is shorter, then a cut or silence.
pub(super) fn truncated(body: Body, bytes: u64, then: Then) -> Body {
    let start = (body.into_data_stream(), bytes);
    Body::from_stream(stream::try_unfold(
        start,
        move |(mut pieces, left)| async move {
            let next = if left > 0 { pieces.next().await } else { None };
            if let Some(Ok(piece)) = next {
                let keep = usize::try_from(left).unwrap_or(usize::MAX).min(piece.len());
                let left = left.saturating_sub(u64::try_from(keep).unwrap_or(u64::MAX));
                return Ok(Some((piece.slice(..keep), (pieces, left))));
            }
            match then {
                Then::Cut => {
                    // The server forgets what it has not yet sent when a body fails; while a body
                    // is pending it sends.
                    tokio::task::yield_now().await;
                    Err(CutError)
                }
                Then::Silence => pending().await,
            }
        },
    ))
}

/// `bytes` of server-sent events, in pieces of at most 64 KiB.
pub(super) fn flood(bytes: u64) -> Body {
    const PIECE: usize = 64 * 1024;
    let line = format!("data: \"{}\"\n\n", "x".repeat(PIECE.saturating_sub(10)));
    let piece = Bytes::from(line);
    Body::from_stream(stream::unfold(bytes, move |left| {
        let keep = usize::try_from(left).unwrap_or(usize::MAX).min(piece.len());
        let left = left.saturating_sub(u64::try_from(keep).unwrap_or(u64::MAX));
        let next = (keep > 0).then(|| (Ok::<_, CutError>(piece.slice(..keep)), left));
        async move { next }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body() -> Body {
        Body::from_stream(stream::iter(["abc", "def"].map(Ok::<_, CutError>)))
    }

    #[tokio::test]
    async fn a_cut_comes_after_its_bytes() {
        for (bytes, expected) in [(0, ""), (2, "ab"), (3, "abc"), (4, "abcd"), (100, "abcdef")] {
            let mut pieces = truncated(body(), bytes, Then::Cut).into_data_stream();
            let mut text = Vec::new();
            let cut = loop {
                match pieces.next().await {
                    Some(Ok(piece)) => text.extend_from_slice(&piece),
                    Some(Err(_)) => break true,
                    None => break false,
                }
            };
            assert_eq!(
                (text.as_slice(), cut),
                (expected.as_bytes(), true),
                "{bytes}"
            );
        }
    }

    #[tokio::test]
    async fn a_flood_has_its_length() {
        for bytes in [0, 1, 65_536, 200_000] {
            let body = axum::body::to_bytes(flood(bytes), usize::MAX)
                .await
                .unwrap();
            assert_eq!(body.len(), usize::try_from(bytes).unwrap());
        }
    }
}
