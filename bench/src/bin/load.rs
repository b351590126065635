//! `load [CALLERS [SECONDS]]`: so many streams at once for so long, 200 for a minute if nothing is said, through the whole
//! chain: no error, and no more memory than promised.
#![expect(
    clippy::unwrap_used,
    reason = "a measurement stops at the first surprise"
)]

use std::process::ExitCode;
use std::time::Duration;

use bench::{Load, Row, load, table};

const CALLERS: usize = 200;
const SECONDS: u64 = 60;

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let callers = arguments
        .next()
        .map_or(CALLERS, |text| text.parse().unwrap());
    let seconds = arguments
        .next()
        .map_or(SECONDS, |text| text.parse().unwrap());
    let measured = load(callers, Duration::from_secs(seconds)).await;
    let rows = rows(&measured, callers);
    println!("{}", table(&rows));
    for failure in &measured.failures {
        println!("failed: {failure}");
    }
    if rows.iter().all(|row| row.is_met) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn rows(measured: &Load, callers: usize) -> Vec<Row> {
    let Load {
        turns,
        failures,
        most_at_once,
        through,
        direct,
        proxies,
        proxy_peak,
    } = measured;
    let missing = callers.saturating_sub(*most_at_once);
    let peak = "largest proxy process, at most resident";
    vec![
        Row::at_most("failed turns", 0.0, count(failures.len()), ""),
        Row::shown("  turns", count(*turns), ""),
        Row::at_most(
            "callers less the most streams at once",
            0.0,
            count(missing),
            "",
        ),
        Row::at_most(peak, 32.0, *proxy_peak, "MB"),
        Row::shown("  processes of the proxy", count(*proxies), ""),
        Row::shown(
            "time to first byte under load, median",
            through.median,
            "ms",
        ),
        Row::shown("  straight from the agent", direct.median, "ms"),
        Row::shown("  ratio", through.median / direct.median, "x"),
        Row::shown("time to first byte under load, p99", through.p99, "ms"),
        Row::shown("  straight from the agent", direct.p99, "ms"),
        Row::shown("  ratio", through.p99 / direct.p99, "x"),
    ]
}

/// Exact: nothing here is counted beyond 32 bits.
fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::INFINITY, f64::from)
}
