//! `turns [ROUNDS]`: what a turn waits for at DynamoDB, 300 of each kind if nothing is said.
#![expect(
    clippy::unwrap_used,
    reason = "a measurement stops at the first surprise"
)]

use bench::{LATENCY, Row, Turns, table, turns};

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
async fn main() {
    let rounds = std::env::args().nth(1);
    let Turns {
        bare,
        leased,
        controlled,
        added,
    } = turns(rounds.map_or(300, |text| text.parse().unwrap())).await;
    let latency = LATENCY.as_secs_f64() * 1e3;
    let rows = [
        Row::shown("DynamoDB's answer, as emulated", latency, "ms"),
        Row::shown("time to first byte, median, without tables", bare, "ms"),
        Row::shown("  with the lease of the conversation", leased, "ms"),
        Row::shown("  with lease, denials and limits", controlled, "ms"),
        Row::shown("  added by denials and limits, median", added, "ms"),
    ];
    println!("{}", table(&rows));
}
