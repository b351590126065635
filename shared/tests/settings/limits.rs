//! `limits` of an entry of `AGENTS`.

use serde_json::{Value, json};
use shared::agents::TurnLimits;

use crate::agents::{faults, read, runtime};
use crate::with;

#[test]
fn the_limits_of_a_caller_are_whole_numbers_of_a_sensible_size() {
    let limited = |limits: Value| json!({"demo": with(runtime(), json!({"limits": limits}))});
    let read_limits = |limits| read(&limited(limits)).find("demo").unwrap().limits;
    let all = json!({"turnsAtOnce": 1, "turnsPerMinute": 10_000, "turnsPerDay": 10_000_000});
    let expected = TurnLimits {
        at_once: Some(1),
        per_minute: Some(10_000),
        per_day: Some(10_000_000),
    };
    assert_eq!(read_limits(all), Some(expected));
    let expected = TurnLimits {
        at_once: Some(3),
        per_minute: None,
        per_day: None,
    };
    assert_eq!(read_limits(json!({"turnsAtOnce": 3})), Some(expected));
    assert_eq!(
        read(&json!({"demo": runtime()}))
            .find("demo")
            .unwrap()
            .limits,
        None
    );
    for (name, most, over) in [
        ("turnsAtOnce", "100", 101_u64),
        ("turnsPerMinute", "10000", 10_001),
        ("turnsPerDay", "10000000", 10_000_001),
    ] {
        let bad = [
            json!(0),
            json!(-1),
            json!(1.5),
            json!(over),
            json!(u64::MAX),
            json!(1e300),
            json!("3"),
            json!(true),
            json!(null),
            json!([3]),
        ];
        for value in bad {
            let found = faults(&limited(json!({name: value})).to_string());
            let expected =
                format!("`AGENTS.demo.limits.{name}` is not a whole number from 1 to {most}");
            assert_eq!(found, [expected], "{value}");
        }
    }
    for (limits, expected) in [
        (
            json!({}),
            "` names no limit: `turnsAtOnce`, `turnsPerMinute`, `turnsPerDay`",
        ),
        (json!(3), "` is a number, not an object"),
        (
            json!({"turnsAtOnce": 3, "turnsPerHour": 3}),
            ".turnsPerHour` is not a known field",
        ),
    ] {
        let found = faults(&limited(limits).to_string());
        assert_eq!(found, [format!("`AGENTS.demo.limits{expected}")]);
    }
}
