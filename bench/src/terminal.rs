//! The terminal tool as a process, beside curl.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use tests::{binary, chain};

use crate::Ratio;
use crate::measure::{median, millis};

/// Medians of processes from their start to their end, the two programs in turn.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    /// Bytes
    pub size: u64,
    pub help: Beside,
    pub whoami: Beside,
}

/// The tool and curl.
#[derive(Clone, Copy, Debug)]
pub struct Beside {
    /// Milliseconds
    pub tool: f64,
    /// Milliseconds
    pub curl: f64,
    pub ratio: Ratio,
}

/// Starts each program so many times: with nothing to do, and to ask a door on this machine who the caller is.
pub async fn terminal(rounds: usize) -> Terminal {
    let stack = chain(Vec::new()).await;
    let token = stack.issuer().access_token("alice").unwrap();
    let door = stack.url().to_owned();
    let home = Home::new(&token);
    let measured = tokio::task::spawn_blocking(move || {
        let tool = |arguments: &[&str]| {
            let mut command = home.command(&binary("gatehouse"));
            command.args(arguments).env("GATEHOUSE_TOKEN", &token);
            command
        };
        let curl = |arguments: &[&str]| {
            let mut command = home.command(Path::new("curl"));
            command.args(arguments);
            command
        };
        // Neither shows a token to those who list the processes.
        let header = format!("@{}", home.header().display());
        let address = format!("{door}/whoami");
        Terminal {
            size: std::fs::metadata(binary("gatehouse")).unwrap().len(),
            help: beside(rounds, || tool(&["--help"]), || curl(&["--version"])),
            whoami: beside(
                rounds,
                || tool(&["whoami", "--door", &door]),
                || curl(&["--silent", "--fail", "--header", &header, &address]),
            ),
        }
    });
    let measured = measured.await.unwrap();
    stack.stop().await;
    measured
}

fn beside(rounds: usize, tool: impl Fn() -> Command, curl: impl Fn() -> Command) -> Beside {
    let (mut tools, mut curls, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    // The first of each is read from the disk.
    for round in 0..rounds + 3 {
        let [tool, curl] = [run(tool()), run(curl())];
        if round >= 3 {
            tools.push(tool);
            curls.push(curl);
            ratios.push(tool / curl);
        }
    }
    Beside {
        tool: median(tools),
        curl: median(curls),
        ratio: median(ratios),
    }
}

/// Milliseconds from the start of a process to its end.
fn run(mut command: Command) -> f64 {
    let started = Instant::now();
    let output = command.output().unwrap();
    let time = millis(started.elapsed());
    assert!(output.status.success(), "{command:?}: {output:?}");
    time
}

/// A home of the measurement's own: nothing of this machine's user is read.
struct Home(PathBuf);

impl Home {
    fn new(token: &str) -> Self {
        let folder = format!("gatehouse-bench-{}-home", std::process::id());
        let home = Self(std::env::temp_dir().join(folder));
        // A token is in it.
        DirBuilder::new().mode(0o700).create(&home.0).unwrap();
        let header = format!("Authorization: Bearer {token}\n");
        std::fs::write(home.header(), header).unwrap();
        home
    }

    fn header(&self) -> PathBuf {
        self.0.join("header")
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env("HOME", &self.0)
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("XDG_STATE_HOME")
            .current_dir(&self.0)
            .stdin(Stdio::null());
        command
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // What is left in the folder of temporary files does no harm.
        let _left = std::fs::remove_dir_all(&self.0);
    }
}
