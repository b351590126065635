//! A door and its issuer in one small server: what the tool asks them, and what it is told.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use serde_json::{Value, json};

/// A request that came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// Method and target, such as `GET /whoami`.
    pub(crate) what: String,
    pub(crate) authorization: String,
    pub(crate) conversation: String,
    pub(crate) body: String,
}

/// The answers of the next requests; tests change them as they need.
pub(crate) struct Plan {
    pub(crate) resource: Value,
    pub(crate) issuer: Value,
    /// Answers of the token endpoint, in their order; the last one stays.
    pub(crate) tokens: VecDeque<(u16, Value)>,
    pub(crate) whoami: (u16, Value),
    /// Answers of agents.
    pub(crate) agents: VecDeque<(u16, &'static str, String)>,
    pub(crate) date: Option<String>,
    pub(crate) asked: Vec<Asked>,
}

#[derive(Clone)]
pub(crate) struct Fake {
    pub(crate) url: String,
    plan: Arc<Mutex<Plan>>,
}

impl Fake {
    /// A door that lets alice in, and names this issuer and one client.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let issuer = format!("{url}/pool");
        let plan = Plan {
            resource: json!({
                "authorization_servers": [issuer],
                "gatehouse_public_clients": {&issuer: ["terminal"]},
                "resource": url,
                "scopes_supported": ["openid", "gatehouse/invoke"],
            }),
            issuer: json!({
                "authorization_endpoint": format!("{url}/authorize"),
                "device_authorization_endpoint": format!("{url}/device"),
                "issuer": issuer,
                "revocation_endpoint": format!("{url}/revoke"),
                "token_endpoint": format!("{url}/token"),
            }),
            tokens: [(200, tokens("access-1", 3600))].into(),
            whoami: (200, alice()),
            agents: VecDeque::new(),
            date: None,
            asked: Vec::new(),
        };
        let fake = Self {
            url,
            plan: Arc::new(Mutex::new(plan)),
        };
        let served = fake.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let fake = served.clone();
                thread::spawn(move || fake.serve(stream));
            }
        });
        fake
    }

    pub(crate) fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap()
    }

    /// The requests so far that begin so.
    pub(crate) fn asked(&self, what: &str) -> Vec<Asked> {
        let plan = self.plan();
        let asked = plan
            .asked
            .iter()
            .filter(|asked| asked.what.starts_with(what));
        asked.cloned().collect()
    }

    fn serve(&self, mut stream: TcpStream) {
        let Some(asked) = read(&stream) else { return };
        let (status, kind, body) = self.answer(&asked);
        let date = self.plan().date.clone();
        let date = date.map(|date| format!("Date: {date}\r\n"));
        let head = format!(
            "HTTP/1.1 {status} -\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n{}Retry-After: 0\r\nConnection: close\r\n\r\n",
            body.len(),
            date.unwrap_or_default()
        );
        // The tool may be gone.
        let _gone = stream.write_all((head + &body).as_bytes());
    }

    fn answer(&self, asked: &Asked) -> (u16, &'static str, String) {
        const JSON: &str = "application/json";
        let mut plan = self.plan();
        plan.asked.push(asked.clone());
        let (status, document) = match asked.what.as_str() {
            "GET /.well-known/oauth-protected-resource" => (200, plan.resource.clone()),
            "GET /pool/.well-known/openid-configuration" => (200, plan.issuer.clone()),
            "GET /whoami" => plan.whoami.clone(),
            "POST /token" => {
                let first = plan.tokens[0].clone();
                if plan.tokens.len() > 1 {
                    plan.tokens.pop_front();
                }
                first
            }
            "POST /device" => (
                200,
                json!({
                    "device_code": "device-secret", "expires_in": 60, "interval": 1, "user_code": "ABCD-EFGH",
                    "verification_uri": "https://issuer.example/device",
                    "verification_uri_complete": "https://issuer.example/device?user_code=ABCD-EFGH",
                }),
            ),
            "POST /revoke" => (200, json!({})),
            what if what.contains(" /agents/") => {
                let next = plan.agents.pop_front();
                return next.unwrap_or((404, JSON, problem(404, "unknown_agent").to_string()));
            }
            _ => (404, json!({})),
        };
        (status, JSON, document.to_string())
    }
}

pub(crate) fn alice() -> Value {
    json!({
        "agents": ["cards", "demo", "numbers"], "client_id": "terminal", "email": "alice@example.com", "expires": 4_000_000_000_u64,
        "groups": ["finance"], "issuer": "https://issuer.example", "name": null,
        "protocols": {"cards": "a2a", "demo": "http", "numbers": "mcp"}, "scopes": ["openid"], "subject": "s-alice", "username": "alice",
    })
}

pub(crate) fn tokens(access: &str, seconds: u64) -> Value {
    json!({
        "access_token": access, "expires_in": seconds, "refresh_token": format!("refresh-of-{access}"), "token_type": "Bearer",
    })
}

pub(crate) fn problem(status: u16, code: &str) -> Value {
    json!({"code": code, "request_id": "r-1", "status": status, "title": "A title"})
}

fn read(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        if line == "\r\n" {
            break;
        }
        lines.push(line.trim_end().to_owned());
    }
    let header = |name: &str| {
        let mut pairs = lines.iter().filter_map(|line| line.split_once(": "));
        let found = pairs.find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.to_owned()).unwrap_or_default()
    };
    let mut body = vec![0; header("content-length").parse().unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    let what = lines.first()?.strip_suffix(" HTTP/1.1")?.to_owned();
    Some(Asked {
        what,
        authorization: header("authorization"),
        conversation: header("x-conversation-id"),
        body: String::from_utf8(body).ok()?,
    })
}
