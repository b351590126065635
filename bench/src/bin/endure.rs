//! `endure`: an hour with the real programs at their real pace. Nothing fails before its time, and then as documented.
#![expect(clippy::print_stdout, reason = "the table is what this program is for")]

use std::process::ExitCode;
use std::time::Duration;

use bench::{Outage, Row, Silence, Switch, outage, silence, switch, table};
use shared::secrets::{HARD_AGE, SOFT_AGE};
use shared::signing::SETTLING;

/// A running process has a new key five minutes late, and may have looked for it just before it came.
const LATEST_SWITCH: Duration = SETTLING.saturating_add(SOFT_AGE).saturating_add(SOFT_AGE);

#[tokio::main]
async fn main() -> ExitCode {
    let (silence, switch, outage) = tokio::join!(silence(), switch(), outage());
    let rows: Vec<Row> = [
        silence_rows(&silence),
        switch_rows(&switch),
        outage_rows(&outage),
    ]
    .into_iter()
    .flatten()
    .collect();
    println!("{}", table(&rows));
    for failure in &switch.failures {
        println!("failed: {failure}");
    }
    if let Some((status, code)) = &outage.refusal {
        println!("past the hard age: {status} {code}");
    }
    if rows.iter().all(|row| row.is_met) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn silence_rows(seen: &Silence) -> Vec<Row> {
    let missing = seen.due.saturating_sub(seen.heartbeats);
    vec![
        Row::at_most(
            "heartbeats that did not come in ten minutes of silence",
            0.0,
            count(missing),
            "",
        ),
        Row::shown("  heartbeats", count(seen.heartbeats), ""),
        Row::at_most(
            "answers that were not whole after it",
            0.0,
            flag(!seen.is_whole),
            "",
        ),
    ]
}

fn switch_rows(seen: &Switch) -> Vec<Row> {
    let after = minutes(seen.after);
    vec![
        Row::at_most(
            "turns that failed around a new signing key",
            0.0,
            count(seen.failures.len()),
            "",
        ),
        Row::shown("  turns", count(seen.turns), ""),
        Row::at_most(
            "new key signing before it had settled",
            0.0,
            flag(seen.after.is_some_and(|after| after < SETTLING)),
            "",
        ),
        Row::at_most(
            "until the new key signs",
            minutes(Some(LATEST_SWITCH)),
            after,
            "min",
        ),
        Row::shown(
            "  turns the old key signed for after that",
            count(seen.late),
            "",
        ),
    ]
}

fn outage_rows(seen: &Outage) -> Vec<Row> {
    let early = seen
        .lasted
        .is_none_or(|lasted| lasted.saturating_add(SOFT_AGE) < HARD_AGE);
    let documented = seen
        .refusal
        .as_ref()
        .is_some_and(|(status, code)| *status == 503 && code == "signing_unavailable");
    vec![
        Row::at_most("turns refused before the hard age", 0.0, flag(early), ""),
        Row::shown("  turns", count(seen.turns), ""),
        Row::at_most(
            "outage until the first refusal",
            minutes(Some(HARD_AGE)) + 1.0,
            minutes(seen.lasted),
            "min",
        ),
        Row::at_most(
            "refusals other than 503 `signing_unavailable`",
            0.0,
            flag(!documented),
            "",
        ),
        Row::at_most(
            "from the end of the outage to the next answer",
            1.0,
            minutes(seen.recovered),
            "min",
        ),
    ]
}

/// Never, if it did not happen.
fn minutes(duration: Option<Duration>) -> f64 {
    duration.map_or(f64::INFINITY, |duration| duration.as_secs_f64() / 60.0)
}

fn flag(is_so: bool) -> f64 {
    f64::from(u8::from(is_so))
}

/// Exact: nothing here is counted beyond 32 bits.
fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::INFINITY, f64::from)
}
