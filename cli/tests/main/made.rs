//! Tests of what is made of the definitions of the command line: completions, the manual page, the help of each verb; and
//! of the program that `gatehouse local` starts.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use crate::program::{folder, root, run};

#[test]
fn every_shell_gets_a_script_with_every_verb() {
    let verbs = cli::definitions();
    let verbs: Vec<&str> = verbs
        .get_subcommands()
        .map(clap::Command::get_name)
        .collect();
    assert!(verbs.len() >= 10, "{verbs:?}");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = run(&["completions", shell]);
        assert_eq!((ran.code, ran.errors.as_str()), (Some(0), ""), "{shell}");
        for verb in &verbs {
            assert!(ran.output.contains(verb), "{shell} {verb}");
        }
    }
    let script = folder().join("completions");
    fs::write(&script, run(&["completions", "bash"]).output).unwrap();
    let checked = Command::new("bash")
        .arg("-n")
        .arg(&script)
        .output()
        .unwrap();
    assert!(
        checked.status.success() && checked.stderr.is_empty(),
        "{checked:?}"
    );
    assert_eq!(run(&["completions", "tcsh"]).code, Some(64));
}

#[test]
fn the_manual_has_every_verb_and_option() {
    let ran = run(&["man"]);
    assert_eq!((ran.code, ran.errors.as_str()), (Some(0), ""), "{ran:?}");
    let page = ran.output.replace("\\-", "-");
    assert!(page.contains(".TH gatehouse 1"), "{page}");
    for verb in cli::definitions().get_subcommands() {
        let heading = format!(".SH {}\n", verb.get_name().to_uppercase());
        assert!(page.contains(&heading), "{heading}");
        for option in verb.get_arguments().filter_map(clap::Arg::get_long) {
            assert!(page.contains(&format!("--{option}")), "{option}");
        }
    }
}

#[test]
fn help_shows_an_example_of_every_verb() {
    for verb in cli::definitions().get_subcommands() {
        let name = verb.get_name();
        let examples = verb.get_after_help().map(ToString::to_string);
        let examples = examples.unwrap_or_default();
        assert!(examples.contains(&format!("gatehouse {name}")), "{name}");
    }
}

#[test]
fn the_local_stack_is_started_with_its_own_options() {
    let programs = root().join("cli/tests/programs");
    let folder = folder();
    // The built programs are beside each other: this one is to be alone.
    let alone = folder.join("gatehouse");
    fs::hard_link(env!("CARGO_BIN_EXE_gatehouse"), &alone).unwrap();
    let start = |path: &str, arguments: &[&str]| {
        let mut command = Command::new(&alone);
        command.env_clear().env("PATH", path).args(arguments);
        command.output().unwrap()
    };
    let path = format!("{}:/usr/bin:/bin", programs.display());
    let output = start(&path, &["local", "--port", "8080", "--help"]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert_eq!(output.stdout, b"--port 8080 --help\n", "{output:?}");
    for nowhere in ["", "/nowhere", ".", "cli/tests/programs"] {
        let output = start(nowhere, &["local"]);
        assert_eq!(output.status.code(), Some(69), "{output:?}");
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(errors.contains("make local"), "{errors}");
    }
    let beside = folder.join("local");
    symlink(programs.join("gatehouse-local"), &beside).unwrap();
    assert_eq!(start("/nowhere", &["local"]).status.code(), Some(3));
    fs::remove_file(&beside).unwrap();
    // As the package installs it, where another program may have the shorter name.
    let installed = folder.join("gatehouse-local");
    symlink(programs.join("gatehouse-local"), &installed).unwrap();
    symlink("/bin/false", &beside).unwrap();
    assert_eq!(start("/nowhere", &["local"]).status.code(), Some(3));
    // By a link from elsewhere, as pipx makes one.
    let link = folder.join("link");
    symlink(&alone, &link).unwrap();
    let mut command = Command::new(&link);
    let linked = command.env_clear().env("PATH", "/nowhere").arg("local");
    assert_eq!(linked.status().unwrap().code(), Some(3));
    fs::remove_file(&installed).unwrap();
    fs::remove_file(&beside).unwrap();
    fs::write(&beside, "no program").unwrap();
    let output = start(&path, &["local"]);
    assert_eq!(output.status.code(), Some(69), "{output:?}");
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.contains("cannot start"), "{errors}");
}
