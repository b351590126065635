//! `figures`: the table of promised and measured numbers, of the deployed programs as a whole.
//!
//! Nothing is adjusted: a busy machine shows in the absolute figures, and hardly in the ratios.
#![expect(
    clippy::unwrap_used,
    reason = "a measurement stops at the first surprise"
)]

use bench::{
    Check, Row, first_byte, gate_over_raw, large_starts, resident_after, starts, streaming_peak,
    table, warm,
};

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
async fn main() {
    let mut rows = gate();
    rows.extend(invocations().await);
    rows.extend(processes().await);
    rows.extend(streams().await);
    println!("{}", table(&rows));
}

/// The gate alone.
fn gate() -> Vec<Row> {
    let [rs256, es256] = [Check::rs256(), Check::es256()].map(|check| gate_over_raw(&check, 500));
    vec![
        Row::at_most(
            "whole gate, RS256 / raw signature check",
            1.25,
            rs256.ratio,
            "x",
        ),
        Row::shown("  whole gate, RS256", rs256.gate, "us"),
        Row::shown("  raw RSA-2048 check", rs256.raw, "us"),
        Row::shown("whole gate, ES256 / raw signature check", es256.ratio, "x"),
        Row::shown("  whole gate, ES256", es256.gate, "us"),
        Row::shown("  raw P-256 check", es256.raw, "us"),
    ]
}

/// Processes that are up.
async fn invocations() -> Vec<Row> {
    let warm = warm(2000).await;
    let what = "warm authorizer / (empty function + raw check)";
    vec![
        Row::at_most(what, 1.3, warm.ratio, "x"),
        Row::shown("  warm authorizer", warm.authorizer, "ms"),
        Row::shown("  warm empty function", warm.empty, "ms"),
    ]
}

/// How processes start, and what they weigh.
async fn processes() -> Vec<Row> {
    let starts = starts(50).await;
    let [large_authorizer, large_proxy] = large_starts(50).await;
    let (authorizer, empty) = resident_after().await;
    // What is deployed is a zip file of the one program.
    let program = std::fs::read(tests::binary("authorizer")).unwrap();
    let zipped = miniz_oxide::deflate::compress_to_vec(&program, 9);
    let start = "start to first poll: authorizer / empty function";
    let large = "authorizer, 200 agents and 30 issuers in files / 2 and 1";
    let resident = "authorizer resident after 100 invocations";
    vec![
        Row::at_most(start, 2.0, starts.authorizer, "x"),
        Row::shown("  empty function", starts.empty, "ms"),
        Row::at_most("start to first poll: proxy", 20.0, starts.proxy, "ms"),
        Row::shown(large, large_authorizer.ratio, "x"),
        Row::shown("  authorizer, 200 and 30", large_authorizer.large, "ms"),
        Row::shown("  proxy, 200 and 30 / 2 and 1", large_proxy.ratio, "x"),
        Row::shown("  proxy, 200 and 30", large_proxy.large, "ms"),
        Row::at_most("authorizer package, zipped", 4.0, megabytes(&zipped), "MB"),
        Row::shown("  the program in it", megabytes(&program), "MB"),
        Row::at_most(resident, 8.0, authorizer, "MB"),
        Row::shown("  empty function", empty, "MB"),
    ]
}

/// The proxy between a caller and an agent.
async fn streams() -> Vec<Row> {
    let first = first_byte(500).await;
    let peak = streaming_peak(200_000_000).await;
    let added = "time to first byte added by the proxy, median";
    let through = "  through Runtime API, proxy and AgentCore's emulator";
    vec![
        Row::at_most(added, 1.0, first.added, "ms"),
        Row::shown(through, first.proxied, "ms"),
        Row::shown("  straight from the agent", first.direct, "ms"),
        Row::at_most(
            "proxy while streaming 200 MB, at most resident",
            32.0,
            peak,
            "MB",
        ),
    ]
}

fn megabytes(bytes: &[u8]) -> f64 {
    f64::from(u32::try_from(bytes.len()).unwrap()) / 1e6
}
