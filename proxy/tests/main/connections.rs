//! Tests of connections that are closed earlier than the door expects.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use http::{HeaderMap, Method};
use proxy::access::authority::Authority;
use proxy::caller::problem::Problem;
use proxy::upstream::{AgentCore, Failure, Message, Turn};
use shared::agents::RuntimeArn;
use shared::clock::{Clock, Moment};
use shared::gate::Permit;
use shared::secret::Secret;
use shared::session::{Conversation, SessionId};
use shared::settings::Address;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::yield_now;

use crate::agentcore::platform;
use crate::caller::{ARN, Issuer, NOW};

const PATIENCE: Duration = Duration::from_secs(30);

/// How a connection ends that has answered once.
#[derive(Clone, Copy)]
enum End {
    /// As one whose server has forgotten it: what is written to it is lost.
    Reset,
    /// The next request is read, and the connection closed.
    Closed,
}

/// A data plane each of whose connections answers one request, and ends with the next.
async fn forgetful(end: End) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(answer_once(connection, end));
        }
    });
    url
}

async fn answer_once(mut connection: TcpStream, end: End) {
    read_request(&mut connection).await;
    let answer =
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
    connection.write_all(answer).await.unwrap();
    match end {
        // Closed while something is unread, it is reset.
        End::Reset => drop(connection.peek(&mut [0]).await),
        End::Closed => read_request(&mut connection).await,
    }
}

/// Reads one request, body and all, or until the other side closes.
async fn read_request(connection: &mut TcpStream) {
    let mut request = Vec::new();
    while !is_whole(&request) {
        if connection.read_buf(&mut request).await.unwrap() == 0 {
            return;
        }
    }
}

fn is_whole(request: &[u8]) -> bool {
    let text = std::str::from_utf8(request).unwrap();
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.lines().find_map(|line| {
        line.to_ascii_lowercase()
            .strip_prefix("content-length: ")?
            .parse()
            .ok()
    });
    body.len() >= length.unwrap_or(0)
}

/// A door's way to that data plane, a caller, and a clock that stands still unless it is moved.
struct World {
    agentcore: AgentCore,
    permit: Permit,
    gateway: Address,
    seconds: Arc<AtomicU64>,
}

impl World {
    async fn before(url: &str) -> Self {
        let seconds = Arc::new(AtomicU64::new(NOW.0));
        let read = Arc::clone(&seconds);
        // As of a function that is frozen between its requests: the steady clock stands still.
        let clock = Clock::from_fn(move || Moment {
            wall: Duration::from_secs(read.load(Ordering::Relaxed)),
            steady: Duration::ZERO,
        });
        let regions = ["us-east-1".to_owned()].into_iter();
        Self {
            agentcore: AgentCore::new(&platform(url).await, regions, clock),
            permit: Issuer::new().permit().await,
            gateway: Address::parse(&format!("{url}/mcp")).unwrap(),
            seconds,
        }
    }

    fn rest(&self, seconds: u64) {
        self.seconds.fetch_add(seconds, Ordering::Relaxed);
    }

    /// Takes a turn, and reads its answer to the end.
    async fn turn(&self, authority: Authority<'_>) -> Result<String, Failure> {
        let conversation = Conversation::parse("c1").unwrap();
        let turn = Turn {
            permit: &self.permit,
            authority,
            runtime: &RuntimeArn::parse(ARN).unwrap(),
            qualifier: "DEFAULT",
            session: &SessionId::derive(
                self.permit.identity(),
                self.permit.agent(),
                &conversation,
                None,
            ),
            accept: "application/json",
            headers: &HeaderMap::new(),
            own: HeaderMap::new(),
            body: Bytes::from_static(b"{}"),
        };
        read(self.agentcore.invoke(turn, PATIENCE).await).await
    }

    /// Sends a message to the gateway, and reads its answer to the end.
    async fn message(&self, authority: Authority<'_>) -> Result<String, Failure> {
        let message = Message {
            permit: &self.permit,
            method: Method::POST,
            gateway: &self.gateway,
            authority,
            accept: "application/json",
            headers: &HeaderMap::new(),
            own: HeaderMap::new(),
            body: Bytes::from_static(b"{}"),
        };
        read(self.agentcore.send(message, PATIENCE).await).await
    }
}

async fn read(reply: Result<proxy::upstream::Reply, Failure>) -> Result<String, Failure> {
    let pieces: Vec<_> = reply?.body.map(Result::unwrap).collect().await;
    // Now the client's own task takes its connection back.
    for _ in 0..10 {
        yield_now().await;
    }
    Ok(String::from_utf8(pieces.concat()).unwrap())
}

fn assert_unreachable(said: Result<String, Failure>) {
    assert_eq!(said.unwrap_err().problem, Problem::AgentUnreachable);
}

#[tokio::test]
async fn after_a_rest_no_turn_is_taken_on_an_old_connection() {
    let token = Secret::new("h.p.s".to_owned());
    for authority in [Authority::Role, Authority::Caller(&token)] {
        let world = World::before(&forgetful(End::Reset).await).await;
        assert_eq!(world.turn(authority).await.unwrap(), "{}");
        world.rest(19);
        // So soon the connection is kept, whatever has become of it: the emulator has closed it.
        assert_unreachable(world.turn(authority).await);
        assert_eq!(world.turn(authority).await.unwrap(), "{}");
        world.rest(20);
        assert_eq!(world.turn(authority).await.unwrap(), "{}");
    }
}

#[tokio::test]
async fn after_a_rest_no_message_goes_over_an_old_connection() {
    let world = World::before(&forgetful(End::Reset).await).await;
    assert_eq!(world.message(Authority::Role).await.unwrap(), "{}");
    world.rest(19);
    assert_unreachable(world.message(Authority::Role).await);
    assert_eq!(world.message(Authority::Role).await.unwrap(), "{}");
    world.rest(20);
    assert_eq!(world.message(Authority::Role).await.unwrap(), "{}");
}

#[tokio::test]
async fn a_connection_that_closes_instead_of_an_answer_is_no_fault_of_the_settings() {
    let world = World::before(&forgetful(End::Closed).await).await;
    assert_eq!(world.turn(Authority::Role).await.unwrap(), "{}");
    assert_unreachable(world.turn(Authority::Role).await);
}
