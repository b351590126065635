//! Loopback redirect (RFC 8252, section 7.3): a listener on this machine that takes one answer of the issuer's page.
//!
//! Issuers compare return addresses letter by letter, so there are two fixed ports, and both are registered.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use url::Url;

use crate::failure::Failure;

/// `ReturnUrls` of the template has both by default.
const PORTS: [u16; 2] = [8976, 18976];
const PATH: &str = "/callback";
/// Heads of browsers have one or two kilobytes.
const MAX_HEAD: usize = 16 * 1024;
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// A browser opens two or three.
const MAX_CONNECTIONS: usize = 16;
/// Constant: nothing that came with the request is shown.
const GOOD: &str = "The browser's part is over. Go back to the terminal.";
const BAD: &str = "This is not the answer that the terminal waits for.";

/// The issuer's answer (RFC 6749, section 4.1.2).
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Code(String),
    Error(String),
}

/// The values that an answer must repeat.
pub(crate) struct Expected<'a> {
    pub(crate) state: &'a str,
    pub(crate) issuer: &'a str,
    /// Whether the issuer promised to name itself (RFC 9207, section 2.4).
    pub(crate) names_itself: bool,
}

/// A port that is listened at, on both loopback addresses.
pub(crate) struct Loopback {
    listeners: Vec<TcpListener>,
    port: u16,
}

impl Loopback {
    /// Takes the first free port of the two.
    pub(crate) async fn listen() -> Result<Self, Failure> {
        let mut errors = Vec::new();
        for port in PORTS {
            match bind(port).await {
                Ok(listeners) => return Ok(Self { listeners, port }),
                Err(error) => errors.push(format!("port {port}: {error}")),
            }
        }
        Err(Failure::usage(
            format!(
                "the browser's answer cannot be taken: {}",
                errors.join(", ")
            ),
            "end the program that has one of these ports (`ss -ltnp`), or use `--device` if the issuer has it",
        ))
    }

    /// The return address, as it is registered.
    pub(crate) fn address(&self) -> String {
        format!("http://localhost:{}{PATH}", self.port)
    }

    /// Waits for the answer, and lets everything else pass.
    pub(crate) async fn answer(&self, expected: &Expected<'_>) -> Answer {
        // Browsers open connections ahead of need: one that says nothing must not hold up the one that has the answer.
        let mut asking = JoinSet::new();
        loop {
            let asked = tokio::select! {
                Some(stream) = self.accept(), if asking.len() < MAX_CONNECTIONS => {
                    asking.spawn(asked(stream));
                    continue;
                }
                Some(asked) = asking.join_next() => asked,
                else => continue,
            };
            let Ok(Some((stream, head))) = asked else {
                continue;
            };
            if let Some(answer) = self.serve(stream, &head, expected).await {
                return answer;
            }
        }
    }

    async fn accept(&self) -> Option<TcpStream> {
        let accepted = match self.listeners.as_slice() {
            [four, six] => tokio::select! {
                accepted = four.accept() => accepted,
                accepted = six.accept() => accepted,
            },
            [one] => one.accept().await,
            _ => return None,
        };
        accepted.ok().map(|(stream, _)| stream)
    }

    async fn serve(
        &self,
        mut stream: TcpStream,
        head: &str,
        expected: &Expected<'_>,
    ) -> Option<Answer> {
        let answer = self.read(head, expected);
        let (status, text) = match answer {
            Some(_) => ("200 OK", GOOD),
            None => ("400 Bad Request", BAD),
        };
        let page = page(status, text);
        // The browser may be gone; the answer counts all the same.
        let _gone = timeout(HEAD_TIMEOUT, stream.write_all(page.as_bytes())).await;
        let _gone = stream.shutdown().await;
        answer
    }

    /// The answer in a request, if it is the one.
    fn read(&self, head: &str, expected: &Expected<'_>) -> Option<Answer> {
        let mut lines = head.split("\r\n");
        let target = lines
            .next()?
            .strip_prefix("GET ")?
            .strip_suffix(" HTTP/1.1")?;
        // A page of elsewhere can make its own name lead here; it cannot make the browser say another.
        let host = format!("localhost:{}", self.port);
        let mut hosts = lines.filter_map(|line| line.split_once(':'));
        let is_ours = hosts
            .find(|(name, _)| name.eq_ignore_ascii_case("host"))
            .is_some_and(|(_, value)| value.trim() == host);
        let url = Url::parse(&self.address()).ok()?.join(target).ok()?;
        if !is_ours || url.path() != PATH || url.host_str() != Some("localhost") {
            return None;
        }
        let once = |name: &str| {
            let mut values = url.query_pairs().filter(|(key, _)| key == name);
            let value = values.next().map(|(_, value)| value.into_owned());
            // RFC 6749, section 3.1: a parameter must not come twice.
            if values.next().is_some() {
                Err(())
            } else {
                Ok(value)
            }
        };
        let (code, error) = (once("code").ok()?, once("error").ok()?);
        let (state, issuer) = (once("state").ok()?, once("iss").ok()?);
        let is_issuers = match issuer {
            Some(issuer) => issuer == expected.issuer,
            None => !expected.names_itself,
        };
        // RFC 6749, section 10.12, and RFC 9207, section 2.4.
        if state.as_deref() != Some(expected.state) || !is_issuers {
            return None;
        }
        match (code, error) {
            (Some(code), None) => Some(Answer::Code(code)),
            (None, Some(error)) => Some(Answer::Error(error)),
            _ => None,
        }
    }
}

/// Both addresses of the name `localhost`: at one that is left out, another program could listen.
async fn bind(port: u16) -> io::Result<Vec<TcpListener>> {
    let four = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    match TcpListener::bind(SocketAddr::from((Ipv6Addr::LOCALHOST, port))).await {
        Ok(six) => Ok(vec![four, six]),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Err(error),
        // A machine without IPv6.
        Err(_) => Ok(vec![four]),
    }
}

/// A connection and the head of its request, if that comes in time.
async fn asked(mut stream: TcpStream) -> Option<(TcpStream, String)> {
    let head = timeout(HEAD_TIMEOUT, head(&mut stream)).await.ok()??;
    Some((stream, head))
}

/// The head of a request, bounded.
async fn head(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut piece = [0; 2048];
    while !bytes.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = stream.read(&mut piece).await.ok()?;
        if read == 0 || bytes.len() > MAX_HEAD {
            return None;
        }
        bytes.extend_from_slice(piece.get(..read)?);
    }
    String::from_utf8(bytes).ok()
}

fn page(status: &str, text: &str) -> String {
    let body = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Gatehouse</title></head>\
         <body><p>{text}</p></body></html>"
    );
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nCache-Control: no-store\r\n\
         Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\nReferrer-Policy: no-referrer\r\n\
         X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "Host: localhost:8976";

    fn read(target: &str, host: &str, names_itself: bool) -> Option<Answer> {
        let loopback = Loopback {
            listeners: Vec::new(),
            port: 8976,
        };
        let expected = Expected {
            state: "s",
            issuer: "https://issuer.example",
            names_itself,
        };
        loopback.read(
            &format!("GET {target} HTTP/1.1\r\n{host}\r\n\r\n"),
            &expected,
        )
    }

    #[test]
    fn the_answer_is_taken() {
        let code = Some(Answer::Code("c".to_owned()));
        assert_eq!(read("/callback?code=c&state=s", HOST, false), code);
        let named = "/callback?code=c&state=s&iss=https%3A%2F%2Fissuer.example";
        for promised in [false, true] {
            assert_eq!(read(named, HOST, promised), code);
        }
        let error = Some(Answer::Error("access_denied".to_owned()));
        assert_eq!(
            read("/callback?error=access_denied&state=s", HOST, false),
            error
        );
    }

    #[test]
    fn anything_else_is_not_the_answer() {
        for (target, host) in [
            ("/callback?code=c", HOST),
            ("/callback?code=c&state=t", HOST),
            ("/callback?code=c&state=s&state=s", HOST),
            ("/callback?code=c&code=d&state=s", HOST),
            ("/callback?code=c&error=e&state=s", HOST),
            ("/callback?state=s", HOST),
            (
                "/callback?code=c&state=s&iss=https%3A%2F%2Fevil.example",
                HOST,
            ),
            ("/other?code=c&state=s", HOST),
            ("//evil.example/callback?code=c&state=s", HOST),
            ("http://evil.example/callback?code=c&state=s", HOST),
            ("/callback?code=c&state=s", "Host: evil.example:8976"),
            ("/callback?code=c&state=s", "Host: 127.0.0.1:8976"),
            ("/callback?code=c&state=s", "Accept: */*"),
        ] {
            assert_eq!(read(target, host, false), None, "{target} {host}");
        }
        assert_eq!(read("/callback?code=c&state=s", HOST, true), None);
    }

    /// As a browser connects before it knows what to ask.
    #[tokio::test]
    async fn connections_that_say_nothing_hold_no_answer_up() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let loopback = Loopback {
            listeners: vec![listener],
            port: at.port(),
        };
        let expected = Expected {
            state: "s",
            issuer: "https://issuer.example",
            names_itself: false,
        };
        let browser = async {
            let idle = TcpStream::connect(at).await.unwrap();
            let mut stream = TcpStream::connect(at).await.unwrap();
            let request = format!(
                "GET /callback?code=c&state=s HTTP/1.1\r\nHost: localhost:{}\r\n\r\n",
                at.port()
            );
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut page = String::new();
            stream.read_to_string(&mut page).await.unwrap();
            drop(idle);
            page
        };
        let both = async { tokio::join!(loopback.answer(&expected), browser) };
        let (answer, page) = timeout(Duration::from_secs(2), both).await.unwrap();
        assert_eq!(answer, Answer::Code("c".to_owned()));
        assert!(page.contains(GOOD), "{page}");
    }

    #[tokio::test]
    async fn a_port_in_use_leaves_the_other_and_two_leave_none() {
        let first = Loopback::listen().await;
        // Another program on this machine may have a port; then this test has less to take.
        let second = Loopback::listen().await;
        let third = Loopback::listen().await;
        assert!(third.is_err(), "there are only two ports");
        let taken = [first, second].into_iter().flatten();
        let mut taken: Vec<String> = taken.map(|loopback| loopback.address()).collect();
        taken.dedup();
        let all = PORTS.map(|port| format!("http://localhost:{port}/callback"));
        assert!(
            taken.iter().all(|address| all.contains(address)),
            "{taken:?}"
        );
    }
}
