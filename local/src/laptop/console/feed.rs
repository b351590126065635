//! The trace as server-sent events (HTML, "Server-sent events").

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::hops::{Event, Hops};
use crate::random;

/// Pages that follow at once.
const MAX_FOLLOWERS: usize = 32;
/// Without an event a page cannot tell that it is still connected.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// The hops of one run.
pub(super) struct Feed {
    hops: Hops,
    run: String,
    places: Arc<Semaphore>,
}

struct Follower {
    run: String,
    events: Receiver<Event>,
    /// The number of the last event that was sent.
    last: u64,
    _place: OwnedSemaphorePermit,
}

impl Feed {
    pub(super) fn new(hops: Hops) -> Self {
        // Shorter than a whole UUID, and all the same another one at each start.
        let run = random::uuid().chars().take(8).collect();
        Self {
            hops,
            run,
            places: Arc::new(Semaphore::new(MAX_FOLLOWERS)),
        }
    }

    /// The events after the one of this id, and the events to come. None if the number of followers is at its limit.
    pub(super) fn events(&self, last_event_id: Option<&str>) -> Option<Body> {
        let place = Arc::clone(&self.places).try_acquire_owned().ok()?;
        let after = last_event_id
            .and_then(|id| self.seq(id))
            .unwrap_or_default();
        let (kept, events) = self.hops.follow(Some(after))?;
        let mut first = String::from("retry: 1000\n\n");
        let oldest = kept
            .first()
            .map_or(after, |event| event.seq.saturating_sub(1));
        if after > 0 && oldest > after {
            first.push_str(&gap(after.saturating_add(1), oldest));
        }
        let last = kept.last().map_or(after, |event| event.seq);
        for event in &kept {
            first.push_str(&told(&self.run, event));
        }
        let follower = Follower {
            run: self.run.clone(),
            events,
            last,
            _place: place,
        };
        let rest = stream::unfold(follower, |mut follower| async move {
            Some((Ok(follower.next().await?), follower))
        });
        let first = stream::iter([Ok::<_, std::convert::Infallible>(Bytes::from(first))]);
        Some(Body::from_stream(stream::StreamExt::chain(first, rest)))
    }

    /// The number of an event of this run.
    fn seq(&self, id: &str) -> Option<u64> {
        id.strip_prefix(&self.run)?.strip_prefix('-')?.parse().ok()
    }
}

impl Follower {
    /// None when nothing more can come.
    async fn next(&mut self) -> Option<Bytes> {
        let text = match tokio::time::timeout(HEARTBEAT, self.events.recv()).await {
            Err(_) => ":\n\n".to_owned(),
            Ok(Ok(event)) => {
                let missed = event.seq.saturating_sub(self.last) > 1;
                let before =
                    missed.then(|| gap(self.last.saturating_add(1), event.seq.saturating_sub(1)));
                self.last = event.seq;
                format!("{}{}", before.unwrap_or_default(), told(&self.run, &event))
            }
            // The next event tells how many.
            Ok(Err(RecvError::Lagged(_))) => String::from(":\n\n"),
            Ok(Err(RecvError::Closed)) => return None,
        };
        Some(text.into())
    }
}

/// JSON has no line feed of its own, so one line is the whole.
fn told(run: &str, event: &Event) -> String {
    format!("id: {run}-{}\ndata: {}\n\n", event.seq, event.data)
}

fn gap(from: u64, to: u64) -> String {
    format!("event: gap\ndata: {{\"from\":{from},\"to\":{to}}}\n\n")
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;

    use super::*;
    use crate::hops::{Began, Hop, Kind};

    fn feed(hops: u64) -> Feed {
        let feed = Feed::new(Hops::watched());
        for _ in 0..hops {
            feed.hops.tell(None, &Hop::new(Kind::Token, Began::now()));
        }
        feed
    }

    async fn first(feed: &Feed, last: Option<&str>) -> String {
        let mut pieces = feed.events(last).unwrap().into_data_stream();
        let piece = pieces.next().await.unwrap().unwrap();
        String::from_utf8(piece.to_vec()).unwrap()
    }

    fn ids(text: &str) -> Vec<&str> {
        text.lines()
            .filter_map(|line| {
                line.strip_prefix("id: ")?
                    .split_once('-')
                    .map(|(_, seq)| seq)
            })
            .collect()
    }

    #[tokio::test]
    async fn a_page_that_comes_again_is_told_what_it_missed() {
        let feed = feed(3);
        let id = format!("{}-2", feed.run);
        assert_eq!(ids(&first(&feed, None).await), ["1", "2", "3"]);
        assert_eq!(ids(&first(&feed, Some(&id)).await), ["3"]);
        for other in ["00000000-2", "2", "", "\u{7}"] {
            assert_eq!(ids(&first(&feed, Some(other)).await).len(), 3, "{other}");
        }
    }

    #[tokio::test]
    async fn what_is_gone_is_a_gap() {
        let feed = feed(1005);
        let id = format!("{}-2", feed.run);
        let text = first(&feed, Some(&id)).await;
        assert!(
            text.contains("event: gap\ndata: {\"from\":3,\"to\":5}\n"),
            "{}",
            text.get(..100).unwrap_or_default()
        );
        assert_eq!(ids(&text).len(), 1000);
    }

    #[tokio::test]
    async fn events_follow_and_followers_are_bounded() {
        let feed = feed(0);
        let mut pieces = feed.events(None).unwrap().into_data_stream();
        pieces.next().await.unwrap().unwrap();
        feed.hops.tell(None, &Hop::new(Kind::Cedar, Began::now()));
        let piece = pieces.next().await.unwrap().unwrap();
        assert!(piece.starts_with(format!("id: {}-1\ndata: {{", feed.run).as_bytes()));
        let others: Vec<_> = (1..MAX_FOLLOWERS)
            .map(|_| feed.events(None).unwrap())
            .collect();
        assert!(feed.events(None).is_none());
        drop(others);
        assert!(feed.events(None).is_some());
    }
}
