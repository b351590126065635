//! Limits of an agent for each of its callers: the member `limits` of its entry.

use std::ops::RangeInclusive;

use crate::settings::Members;

/// Each turn under way is a text in the item that counts them, which DynamoDB charges by the kilobyte.
const AT_ONCE: RangeInclusive<u64> = 1..=100;
/// Well below the thousand writes a second that DynamoDB takes of one item ("Service quotas, per-partition throughput").
const PER_MINUTE: RangeInclusive<u64> = 1..=10_000;
/// What the minutes of a day hold.
const PER_DAY: RangeInclusive<u64> = 1..=10_000_000;

/// How much one caller may take of one agent. Each is there or not; one of them is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TurnLimits {
    pub at_once: Option<u64>,
    pub per_minute: Option<u64>,
    pub per_day: Option<u64>,
}

/// An absent `limits` limits nothing. One that names no limit would look as if it did, so it is a fault.
pub(super) fn read(entry: &mut Members<'_>) -> Option<TurnLimits> {
    let mut limits = entry.object("limits")?;
    if !NAMES.iter().any(|name| limits.has(name)) {
        limits.own_fault("names no limit: `turnsAtOnce`, `turnsPerMinute`, `turnsPerDay`");
    }
    let [at_once, per_minute, per_day] = NAMES;
    let read = TurnLimits {
        at_once: limits.number(at_once, AT_ONCE),
        per_minute: limits.number(per_minute, PER_MINUTE),
        per_day: limits.number(per_day, PER_DAY),
    };
    limits.finish();
    Some(read)
}

const NAMES: [&str; 3] = ["turnsAtOnce", "turnsPerMinute", "turnsPerDay"];
