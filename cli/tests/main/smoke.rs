//! Tests of `gatehouse smoke` on a terminal. Its steps are tested with the whole chain.

use std::ffi::OsString;
use std::fs;
use std::net::TcpListener;

use cli::exit::Exit;

use crate::fake::Fake;
use crate::pages::on_terminal;
use crate::program::folder;

/// Its exit code and its lines at a door.
fn smoke(door: &str) -> (Exit, Vec<String>) {
    let token = folder().join("token.txt");
    fs::write(&token, "e30.e30.c2lnbmF0dXJl").unwrap();
    let words = ["gatehouse", "smoke", "--door", door, "--token-file"].map(OsString::from);
    let words = words.into_iter().chain([token.into_os_string()]);
    let (exit, output, errors) = on_terminal(words.collect(), Vec::new());
    assert_eq!(errors, "");
    assert!(!output.contains("c2lnbmF0dXJl"), "{output}");
    (exit, output.lines().map(str::to_owned).collect())
}

#[test]
fn each_step_is_a_line() {
    // It lets everyone in, and lacks most routes.
    let (exit, lines) = smoke(&Fake::start().url);
    assert_eq!(exit, Exit::No);
    assert_eq!(lines.len(), 12, "{lines:?}");
    for line in [
        "FAILED  health: expected 200 and that it is well; got 404 in 1 piece",
        "ok      metadata: 200, 1 listed",
        "ok      whoami: 200, 3 agents",
        "ok      unknown agent: 404 unknown_agent",
    ] {
        assert!(lines.iter().any(|known| known == line), "{line}: {lines:?}");
    }
    let refused = lines.iter().find(|line| line.contains("tampered token"));
    assert!(refused.unwrap().ends_with("got 200 in 1 piece"));
}

#[test]
fn a_door_that_nothing_answers_for_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let (exit, lines) = smoke(&url);
    assert_eq!(exit, Exit::Unreachable);
    let mut failed = lines.iter();
    assert!(failed.all(|line| line.starts_with("FAILED  ")), "{lines:?}");
    assert!(lines[0].contains("does not answer"), "{lines:?}");
}
