//! A user's home folder with its sign-ins, and the tool as that user runs it.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::fake::Fake;
use crate::program::{Ran, folder, program};

pub(crate) struct Home(pub(crate) PathBuf);

impl Home {
    pub(crate) fn new() -> Self {
        Self(folder())
    }

    /// The tool, in this home and in a folder of its own.
    pub(crate) fn program(&self) -> Command {
        let mut command = program();
        command
            .env("HOME", &self.0)
            // Tests read the files, and all of them would share one keyring.
            .env("GATEHOUSE_STORE", "file")
            .current_dir(&self.0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, &[], "")
    }

    pub(crate) fn run_with(
        &self,
        arguments: &[&str],
        variables: &[(&str, &str)],
        input: &str,
    ) -> Ran {
        let mut command = self.program();
        let child = command.args(arguments).envs(variables.iter().copied());
        let mut child = child.spawn().unwrap();
        // A program that does not read its input closes it.
        let _not_read = child.stdin.take().unwrap().write_all(input.as_bytes());
        ended(child, String::new())
    }

    /// Signs in without a browser and without a page.
    pub(crate) fn sign_in(&self, fake: &Fake, more: &[&str]) -> Ran {
        self.sign_in_with(fake, more, &[])
    }

    pub(crate) fn sign_in_with(
        &self,
        fake: &Fake,
        more: &[&str],
        variables: &[(&str, &str)],
    ) -> Ran {
        let first = [
            "login",
            &fake.url,
            "--client-credentials",
            "--client-id",
            "terminal",
        ];
        let secret = [("GATEHOUSE_CLIENT_SECRET", "hunter2")];
        self.run_with(&[&first, more].concat(), &[&secret, variables].concat(), "")
    }

    /// The file of the only sign-in.
    pub(crate) fn kept(&self) -> PathBuf {
        let files = std::fs::read_dir(self.0.join(".local/state/gatehouse")).unwrap();
        let mut files = files.map(|file| file.unwrap().path());
        files
            .find(|path| path.extension().is_some_and(|end| end == "json"))
            .unwrap()
    }
}

/// A sign-in in a browser, for which the test plays the browser.
pub(crate) struct Browsing {
    child: Child,
    errors: BufReader<std::process::ChildStderr>,
    said: String,
    /// The issuer's page.
    pub(crate) page: url::Url,
    _ports: File,
    _taken: Option<TcpListener>,
}

impl Browsing {
    pub(crate) fn start(home: &Home, arguments: &[&str]) -> Self {
        Self::start_beside(home, arguments, None)
    }

    /// While another program has this port.
    pub(crate) fn start_beside(home: &Home, arguments: &[&str], port: Option<u16>) -> Self {
        let ports = ports();
        // If that fails, another program has it indeed.
        let taken = port.and_then(|port| TcpListener::bind(("127.0.0.1", port)).ok());
        let mut child = home.program().args(arguments).spawn().unwrap();
        let mut errors = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        let page = loop {
            let mut line = String::new();
            assert!(errors.read_line(&mut line).unwrap() > 0, "{said}");
            said.push_str(&line);
            if let Some(page) = line.trim().strip_prefix("http") {
                break url::Url::parse(&format!("http{page}")).unwrap();
            }
        };
        Self {
            child,
            errors,
            said,
            page,
            _ports: ports,
            _taken: taken,
        }
    }

    pub(crate) fn parameter(&self, name: &str) -> String {
        let mut pairs = self.page.query_pairs();
        pairs.find(|(key, _)| key == name).unwrap().1.into_owned()
    }

    /// Goes back to the tool with this query, and says what the page there is.
    pub(crate) fn back(&self, query: &str) -> String {
        let back = url::Url::parse(&self.parameter("redirect_uri")).unwrap();
        let port = back.port().unwrap();
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let request = format!(
            "GET {}?{query} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n",
            back.path()
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut page = String::new();
        stream.read_to_string(&mut page).unwrap();
        page
    }

    pub(crate) fn end(mut self) -> Ran {
        self.errors.read_to_string(&mut self.said).unwrap();
        ended(self.child, self.said)
    }
}

/// There are two ports for all sign-ins on this machine: one test at a time has them.
pub(crate) fn ports() -> File {
    let ports = File::create(std::env::temp_dir().join("gatehouse-ports.lock")).unwrap();
    ports.lock().unwrap();
    ports
}

fn ended(child: Child, said: String) -> Ran {
    let output = child.wait_with_output().unwrap();
    Ran {
        output: String::from_utf8(output.stdout).unwrap(),
        errors: said + &String::from_utf8(output.stderr).unwrap(),
        code: output.status.code(),
    }
}

/// Nothing that a run wrote is a token or a secret.
pub(crate) fn assert_silent(ran: &Ran) {
    for secret in ["access-", "refresh-of", "hunter2", "device-secret"] {
        assert!(
            !ran.output.contains(secret) && !ran.errors.contains(secret),
            "{ran:?}"
        );
    }
}

pub(crate) fn assert_fails(ran: &Ran, code: i32, words: &[&str]) {
    assert_eq!((ran.code, ran.output.as_str()), (Some(code), ""), "{ran:?}");
    for word in words.iter().chain(&["next: "]) {
        assert!(ran.errors.contains(word), "`{word}` is not in {ran:?}");
    }
    assert_silent(ran);
}
