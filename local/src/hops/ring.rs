//! The events that are kept for those who come later.

use std::collections::VecDeque;
use std::sync::Arc;

/// Events kept; the oldest gives way.
pub(super) const MAX_EVENTS: usize = 1000;
/// Bytes kept, of all events together.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// One hop as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) seq: u64,
    /// A JSON object.
    pub(crate) data: Arc<str>,
}

/// The last events.
#[derive(Debug, Default)]
pub(super) struct Ring {
    events: VecDeque<Event>,
    bytes: usize,
    last: u64,
}

impl Ring {
    /// Adds the event that is made with the next number.
    pub(super) fn add(&mut self, data: impl FnOnce(u64) -> String) -> Event {
        self.last = self.last.saturating_add(1);
        let event = Event {
            seq: self.last,
            data: data(self.last).into(),
        };
        self.bytes = self.bytes.saturating_add(event.data.len());
        self.events.push_back(event.clone());
        while self.events.len() > MAX_EVENTS || self.bytes > MAX_BYTES {
            let Some(oldest) = self.events.pop_front() else {
                break;
            };
            self.bytes = self.bytes.saturating_sub(oldest.data.len());
        }
        event
    }

    /// The events after this number, as far as they are kept.
    pub(super) fn after(&self, seq: u64) -> Vec<Event> {
        let events = self.events.iter();
        events.filter(|event| event.seq > seq).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_no_gaps_and_old_events_go() {
        let mut ring = Ring::default();
        for _ in 0..MAX_EVENTS + 5 {
            ring.add(|seq| seq.to_string());
        }
        let kept: Vec<u64> = ring.after(0).iter().map(|event| event.seq).collect();
        let last = u64::try_from(MAX_EVENTS + 5).unwrap();
        assert_eq!((kept[0], kept.len()), (6, MAX_EVENTS));
        assert!(
            kept.windows(2)
                .all(|pair| pair[1] == pair[0].saturating_add(1))
        );
        assert_eq!(ring.after(last.saturating_sub(1)).len(), 1);
        assert_eq!(ring.after(last), []);
    }

    #[test]
    fn large_events_push_out_more_than_one() {
        let mut ring = Ring::default();
        for _ in 0..10 {
            ring.add(|_| "x".repeat(MAX_BYTES / 4));
        }
        assert_eq!(ring.after(0).len(), 4);
        ring.add(|_| "x".repeat(MAX_BYTES + 1));
        assert_eq!((ring.after(0).len(), ring.bytes), (0, 0));
    }
}
