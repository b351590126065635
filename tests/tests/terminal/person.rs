//! A person at a terminal: a home folder of their own, the built tool, and a browser that this file plays.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use hyper::http::Request;
use serde_json::Value;
use tests::{Answer, Stack, binary, get, send};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};
use url::{Url, form_urlencoded};

pub(crate) struct Person {
    home: PathBuf,
}

/// The result of a run.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) output: String,
    pub(crate) errors: String,
    pub(crate) code: Option<i32>,
}

impl Ran {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.output).unwrap_or_else(|_| panic!("{self:?}"))
    }
}

impl Person {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("gatehouse-home-{}-{number}", std::process::id());
        let home = std::env::temp_dir().join(name);
        fs::create_dir_all(&home).unwrap();
        Self { home }
    }

    /// The tool, which is not told anything by the environment of the tests.
    pub(crate) fn blocking(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = std::process::Command::new(binary("gatehouse"));
        command
            .env_clear()
            .env("HOME", &self.home)
            // The machine's keyring would keep a key of each home.
            .env("GATEHOUSE_STORE", "file")
            .env("TERM", "xterm")
            .current_dir(&self.home)
            .args(arguments);
        command
    }

    /// A file in the folder where the tool runs.
    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.home.join(name), text).unwrap();
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::from(self.blocking(arguments));
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    pub(crate) async fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, &[]).await
    }

    pub(crate) async fn run_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
        let mut command = self.command(arguments);
        ended(
            command.envs(variables.iter().copied()).spawn().unwrap(),
            String::new(),
        )
        .await
    }

    /// Signs in through the pool's page, as a browser would that the tool opened.
    pub(crate) async fn sign_in(&self, stack: &Stack, user: &str) -> Ran {
        // There are two ports for all tests on this machine.
        let ports = File::create(std::env::temp_dir().join("gatehouse-ports.lock")).unwrap();
        let ports = tokio::task::spawn_blocking(move || ports.lock().map(|()| ports));
        let _ports = ports.await.unwrap().unwrap();
        let mut child = self
            .command(&["login", &stack.url, "--no-browser"])
            .spawn()
            .unwrap();
        let mut errors = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        let page = loop {
            let start = said.len();
            assert!(errors.read_line(&mut said).await.unwrap() > 0, "{said}");
            if let Ok(page) = Url::parse(said[start..].trim()) {
                break page;
            }
        };
        let password = stack.description["passwords"][user].as_str().unwrap();
        let back = browse(&page, user, password).await;
        let answer = return_to(&back).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        errors.read_to_string(&mut said).await.unwrap();
        ended(child, said).await
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.home);
    }
}

/// The pool's page, filled in: the address that it sends the browser to.
async fn browse(page: &Url, user: &str, password: &str) -> Url {
    let to_form = get(page.as_str(), None).await;
    let form_address = page.join(to_form.header("location")).unwrap();
    let form = get(form_address.as_str(), None).await;
    let csrf = form.text().split("name=\"_csrf\" value=\"").nth(1).unwrap();
    let csrf = csrf.split('"').next().unwrap();
    let fields = [("_csrf", csrf), ("username", user), ("password", password)];
    let fields = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    let cookies = form.headers.get_all("set-cookie").iter();
    let cookies = cookies.map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap());
    let request = Request::post(form_address.as_str())
        .header("content-type", "application/x-www-form-urlencoded")
        .header("cookie", cookies.collect::<Vec<_>>().join("; "))
        .body(Bytes::from(fields))
        .unwrap();
    let back = send(request).await.whole().await;
    assert!(back.status.is_redirection(), "{}", back.text());
    Url::parse(back.header("location")).unwrap()
}

async fn return_to(back: &Url) -> Answer {
    let host = format!("localhost:{}", back.port().unwrap());
    let request = Request::get(back.as_str()).header("host", host);
    send(request.body(Bytes::new()).unwrap())
        .await
        .whole()
        .await
}

async fn ended(child: Child, said: String) -> Ran {
    let output = child.wait_with_output().await.unwrap();
    Ran {
        output: String::from_utf8(output.stdout).unwrap(),
        errors: said + &String::from_utf8(output.stderr).unwrap(),
        code: output.status.code(),
    }
}
