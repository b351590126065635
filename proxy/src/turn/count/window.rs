//! Windows in which turns are counted: a minute of the clock and a day of UTC.

use std::time::Duration;

use shared::agents::TurnLimits;

use crate::caller::limit::{Limit, Reached};

const MINUTE: u64 = 60;
const DAY: u64 = 24 * 60 * 60;

/// Minutes and days before the current one that are left alone: another process's clock may be behind.
const MARGIN: u64 = 2;

/// A stretch of time, with the most turns in it.
pub(super) struct Window {
    limit: Limit,
    /// The letter that its attribute's name begins with.
    letter: char,
    length: u64,
    /// Which one it is since 1970.
    number: u64,
    most: u64,
}

impl Window {
    /// The windows that are limited, the longest first.
    pub(super) fn all(limits: TurnLimits, now: Duration) -> Vec<Self> {
        let TurnLimits {
            at_once: _,
            per_minute,
            per_day,
        } = limits;
        let window = |limit, letter, length, most: Option<u64>| {
            Some(Self {
                limit,
                letter,
                length,
                number: now.as_secs().checked_div(length)?,
                most: most?,
            })
        };
        let all = [
            window(Limit::PerDay, 'd', DAY, per_day),
            window(Limit::PerMinute, 'm', MINUTE, per_minute),
        ];
        all.into_iter().flatten().collect()
    }

    /// The name of the attribute that counts its turns.
    pub(super) fn attribute(&self) -> String {
        format!("{}{}", self.letter, self.number)
    }

    pub(super) const fn most(&self) -> u64 {
        self.most
    }

    pub(super) fn reached(&self, now: Duration) -> Reached {
        let resets = self.number.saturating_add(1).saturating_mul(self.length);
        Reached {
            limit: self.limit,
            resets,
            pause: resets.saturating_sub(now.as_secs()).max(1),
        }
    }

    /// Those of an item's attributes that count turns of windows long over.
    pub(super) fn old<'a>(
        attributes: impl Iterator<Item = &'a String>,
        now: Duration,
    ) -> Vec<String> {
        let is_old = |name: &&String| {
            let (length, digits) = match (name.strip_prefix('m'), name.strip_prefix('d')) {
                (Some(digits), _) => (MINUTE, digits),
                (None, Some(digits)) => (DAY, digits),
                (None, None) => return false,
            };
            let number = digits.parse::<u64>().ok();
            let current = now.as_secs().checked_div(length);
            number
                .zip(current)
                .is_some_and(|(number, current)| number.saturating_add(MARGIN) < current)
        };
        attributes.filter(is_old).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_a_minute_of_the_clock_or_a_day_of_utc() {
        let limits = TurnLimits {
            at_once: Some(1),
            per_minute: Some(10),
            per_day: Some(500),
        };
        let now = Duration::from_millis(86_400_000 + 119_999);
        let windows = Window::all(limits, now);
        let names: Vec<String> = windows.iter().map(Window::attribute).collect();
        assert_eq!(names, ["d1", "m1441"]);
        let reached: Vec<Reached> = windows.iter().map(|window| window.reached(now)).collect();
        let day = Reached {
            limit: Limit::PerDay,
            resets: 2 * 86_400,
            pause: 86_400 - 119,
        };
        let minute = Reached {
            limit: Limit::PerMinute,
            resets: 86_400 + 120,
            pause: 1,
        };
        assert_eq!(reached, [day, minute]);
        let none = TurnLimits {
            per_minute: None,
            per_day: None,
            ..limits
        };
        assert!(Window::all(none, now).is_empty());
    }

    #[test]
    fn only_windows_long_over_are_old() {
        let now = Duration::from_secs(10 * 86_400);
        let names = [
            "session", "expires", "holders", "d7", "d8", "d10", "d11", "m14397", "m14398",
            "m14400", "mx", "d", "d-1",
        ];
        let names = names.map(str::to_owned);
        assert_eq!(Window::old(names.iter(), now), ["d7", "m14397"]);
    }
}
