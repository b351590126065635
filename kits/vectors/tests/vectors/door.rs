//! A door on loopback that answers with one key document, and counts how often it is asked.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The door; it ends with the test's runtime.
#[derive(Clone)]
pub(crate) struct Door {
    port: u16,
    state: Arc<Mutex<State>>,
}

struct State {
    document: Value,
    elsewhere: Value,
    asked: u64,
}

impl Door {
    /// `elsewhere` is what it answers with at any other path.
    pub(crate) async fn start(elsewhere: Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let state = State {
            document: elsewhere.clone(),
            elsewhere,
            asked: 0,
        };
        let door = Self {
            port: listener.local_addr().unwrap().port(),
            state: Arc::new(Mutex::new(state)),
        };
        let server = door.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(server.clone().answer(stream));
            }
        });
        door
    }

    pub(crate) fn keys(&self) -> String {
        format!("http://127.0.0.1:{}/.well-known/jwks.json", self.port)
    }

    pub(crate) fn forget(&self) {
        self.state.lock().unwrap().asked = 0;
    }

    pub(crate) fn publish(&self, document: &Value) {
        self.state.lock().unwrap().document = document.clone();
    }

    pub(crate) fn asked(&self) -> u64 {
        self.state.lock().unwrap().asked
    }

    async fn answer(self, mut stream: TcpStream) {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            request.push(stream.read_u8().await.unwrap());
        }
        let is_known = request.starts_with(b"GET /.well-known/jwks.json HTTP/1.1\r\n");
        let answer = {
            let mut state = self.state.lock().unwrap();
            state.asked += 1;
            let document = if is_known {
                &state.document
            } else {
                &state.elsewhere
            };
            written(document)
        };
        // A client may stop reading what is too long.
        let _cut = stream.write_all(answer.as_bytes()).await;
        let _closed = stream.shutdown().await;
    }
}

/// A key document of the vectors as an HTTP response.
fn written(document: &Value) -> String {
    let mut body = document["body"].as_str().unwrap().to_owned();
    if let Some(length) = document["padded_to"].as_u64() {
        let length = usize::try_from(length).unwrap();
        body.push_str(&" ".repeat(length - body.len()));
    }
    let mut head = format!("HTTP/1.1 {} -\r\n", document["status"]);
    for header in document["headers"].as_array().into_iter().flatten() {
        let (name, value) = (header[0].as_str().unwrap(), header[1].as_str().unwrap());
        write!(head, "{name}: {value}\r\n").unwrap();
    }
    format!(
        "{head}content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}
