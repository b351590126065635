//! `terminal [ROUNDS]`: size and speed of the terminal tool beside curl, 200 processes of each kind if nothing is said.
#![expect(
    clippy::unwrap_used,
    reason = "a measurement stops at the first surprise"
)]

use bench::{Row, Terminal, table, terminal};

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
async fn main() {
    let rounds = std::env::args().nth(1);
    let rounds = rounds.map_or(200, |text| text.parse().unwrap());
    let Terminal { size, help, whoami } = terminal(rounds).await;
    let size = f64::from(u32::try_from(size).unwrap()) / 1e6;
    let rows = [
        Row::at_most("terminal tool, the program", 12.0, size, "MB"),
        Row::at_most("gatehouse --help, start to end", 20.0, help.tool, "ms"),
        Row::shown("  curl --version", help.curl, "ms"),
        Row::shown("  ratio", help.ratio, "x"),
        Row::shown(
            "gatehouse whoami on loopback, start to end",
            whoami.tool,
            "ms",
        ),
        Row::shown("  curl of /whoami", whoami.curl, "ms"),
        Row::shown("  ratio", whoami.ratio, "x"),
    ];
    println!("{}", table(&rows));
}
