//! Tests of the command line itself: help, version, wrong arguments, a reader that leaves, and the page that explains it.

use std::fs;
use std::process::Stdio;

use cli::exit::Exit;
use shared::version;

use crate::program::{program, root, run};

#[test]
fn help_and_version_are_results() {
    let help = run(&["--help"]);
    assert_eq!((help.code, help.errors.as_str()), (Some(0), ""), "{help:?}");
    assert!(help.output.contains("Usage: gatehouse"), "{help:?}");
    let said = run(&["--version"]);
    assert_eq!(said.output, format!("gatehouse {}\n", version::TEXT));
}

#[test]
fn a_wrong_command_line_is_told_on_standard_error() {
    for (arguments, word) in [
        (&["chekc"][..], "check"),
        (&["check", "--folder", "x"], "--folder"),
        (&["check", "a", "b"], "unexpected argument 'b'"),
        (&[], "Usage: gatehouse"),
    ] {
        let ran = run(arguments);
        assert_eq!((ran.code, ran.output.as_str()), (Some(64), ""), "{ran:?}");
        assert!(ran.errors.contains(word), "{ran:?}");
    }
}

/// `gatehouse ... | head -c 0`
#[test]
fn a_reader_that_leaves_is_no_error() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = program();
    let child = command.arg("--help").stdout(writer).stderr(Stdio::piped());
    let output = child.spawn().unwrap().wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty(), "{output:?}");
}

#[test]
fn every_exit_code_is_explained() {
    let page = fs::read_to_string(root().join("docs/terminal.md")).unwrap();
    let rows = page.lines().filter_map(|line| {
        let code = line.strip_prefix("| ")?.split(" |").next()?;
        code.parse::<u8>().ok()
    });
    let explained: Vec<u8> = rows.collect();
    let codes: Vec<u8> = Exit::ALL.iter().map(|exit| exit.code()).collect();
    assert_eq!(explained, codes);
}
