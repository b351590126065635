//! An agent that works on, whatever becomes of its connection, as a container of AgentCore's does.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::sleep;

/// How long the agent works at a brief turn: long enough that others would meet it.
const BRIEF: Duration = Duration::from_millis(200);

/// What the agent has to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Work {
    /// Turns so far.
    pub(crate) taken: u32,
    /// Turns that it works at.
    pub(crate) running: u32,
    /// The most that it worked at at once.
    pub(crate) most: u32,
}

/// Works at the turns `quiet` and `begin` until it is told to finish; to the latter it says something first. It works at
/// the turn `brief` for a moment, and every other turn is over at once.
pub(crate) struct Stubborn {
    pub(crate) url: String,
    work: Arc<watch::Sender<Work>>,
    finish: watch::Sender<bool>,
}

impl Stubborn {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let work = Arc::new(watch::Sender::new(Work::default()));
        let (finish, finished) = watch::channel(false);
        let shared = Arc::clone(&work);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(answer(connection, Arc::clone(&shared), finished.clone()));
            }
        });
        Self { url, work, finish }
    }

    pub(crate) fn work(&self) -> Work {
        *self.work.borrow()
    }

    pub(crate) fn finish(&self) {
        self.finish.send_replace(true);
    }
}

async fn answer(
    mut connection: TcpStream,
    work: Arc<watch::Sender<Work>>,
    mut finished: watch::Receiver<bool>,
) {
    let request = read(&mut connection).await;
    if !request.starts_with("POST ") {
        let pong = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 20\r\nconnection: close\r\n\r\n{\"status\":\"Healthy\"}";
        return say(&mut connection, pong).await;
    }
    work.send_modify(|work| {
        work.taken += 1;
        work.running += 1;
        work.most = work.most.max(work.running);
    });
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
    if request.contains("begin") {
        say(&mut connection, &format!("{head}data: 1\n\n")).await;
    }
    if request.contains("begin") || request.contains("quiet") {
        finished.wait_for(|finished| *finished).await.unwrap();
    }
    if request.contains("brief") {
        sleep(BRIEF).await;
    }
    // Before the answer's end, so that the turn after it meets no other.
    work.send_modify(|work| work.running -= 1);
    if !request.contains("begin") {
        say(&mut connection, head).await;
    }
    say(&mut connection, "data: 2\n\n").await;
}

/// Whether anyone listens is nothing to this agent.
async fn say(connection: &mut TcpStream, text: &str) {
    let _ = connection.write_all(text.as_bytes()).await;
}

/// The head and the body of a request.
async fn read(connection: &mut TcpStream) -> String {
    let mut request = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        let length = |head: &str| {
            let head = head.to_ascii_lowercase();
            let (_, rest) = head.split_once("content-length: ")?;
            rest.lines().next()?.trim().parse::<usize>().ok()
        };
        if let Some((head, body)) = text.split_once("\r\n\r\n")
            && body.len() >= length(head).unwrap_or_default()
        {
            return text;
        }
        let mut piece = [0; 4096];
        match connection.read(&mut piece).await {
            Ok(count @ 1..) => request.extend_from_slice(&piece[..count]),
            Ok(0) | Err(_) => return text,
        }
    }
}
