//! Drafts of requests: one good request, changed step by step.

use mint::encode;
use serde_json::{Value, json};

use crate::signer::{Signer, sha256};
use crate::text::sorted;

pub(crate) const NOW: u64 = 1_800_000_000;
pub(crate) const DOOR: &str = "https://door.example";
pub(crate) const AGENT: &str = "demo";
pub(crate) const TYPE: &str = "gatehouse-identity+jwt";
pub(crate) const IDENTITY: &str = "X-Amzn-Bedrock-AgentCore-Runtime-Custom-Identity";
pub(crate) const SESSION: &str = "X-Amzn-Bedrock-AgentCore-Runtime-Session-Id";
pub(crate) const BODY: &[u8] = br#"{"prompt":"hello"}"#;

/// Names and values, in order.
pub(crate) type Headers = Vec<(String, String)>;

/// Header or claims of an assertion.
#[derive(Clone)]
pub(crate) enum Part {
    Json(Value),
    Bytes(Vec<u8>),
}

/// The parts of an assertion that is signed as it should be.
pub(crate) struct Token {
    /// Encoded, as the other two are not.
    pub(crate) head: String,
    pub(crate) payload: Vec<u8>,
    pub(crate) signature: Vec<u8>,
}

/// What is sent.
#[derive(Clone)]
pub(crate) enum Body {
    Bytes(Vec<u8>),
    Repeat(&'static str, usize),
}

/// A request that is not written down yet.
pub(crate) struct Draft {
    signer: &'static str,
    head: Part,
    claims: Part,
    bend: Box<dyn Fn(Token) -> String>,
    headers: Box<dyn Fn(String) -> Headers>,
    method: String,
    target: String,
    body: Body,
    now: u64,
    keys: &'static str,
}

/// A request with its result.
pub(crate) struct Step {
    pub(crate) draft: Draft,
    pub(crate) verdict: Verdict,
    pub(crate) fetches: Option<u32>,
}

pub(crate) enum Verdict {
    Accepted,
    Open,
    Refused(&'static str),
}

impl Token {
    pub(crate) fn message(&self) -> String {
        format!("{}.{}", self.head, encode(&self.payload))
    }

    pub(crate) fn compact(&self) -> String {
        format!("{}.{}", self.message(), encode(&self.signature))
    }

    /// With another signature.
    pub(crate) fn signed(&self, signature: &[u8]) -> String {
        format!("{}.{}", self.message(), encode(signature))
    }
}

impl Part {
    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Json(value) => sorted(value).into_bytes(),
            Self::Bytes(bytes) => bytes.clone(),
        }
    }

    fn member(&mut self, name: &str, value: Option<Value>) {
        let Self::Json(Value::Object(members)) = self else {
            panic!("a part that is given as bytes has no members");
        };
        match value {
            Some(value) => members.insert(name.to_owned(), value),
            None => members.remove(name),
        };
    }
}

impl Body {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => bytes.clone(),
            Self::Repeat(text, times) => text.repeat(*times).into_bytes(),
        }
    }
}

/// The claim `body_sha256` of a body.
pub(crate) fn body_hash(body: &[u8]) -> String {
    encode(&sha256(body))
}

/// What an agent is sent through the door.
pub(crate) fn sent(assertion: String) -> Headers {
    vec![
        (IDENTITY.to_owned(), assertion),
        (SESSION.to_owned(), "session-1".to_owned()),
    ]
}

/// A good request: `POST /invocations` by alice.
pub(crate) fn good() -> Draft {
    Draft {
        signer: "k1",
        head: Part::Json(json!({"alg": "ES256", "kid": "k1", "typ": TYPE})),
        claims: Part::Json(json!({
            "aud": AGENT, "body_sha256": body_hash(BODY), "exp": NOW + 60, "groups": ["staff"], "iat": NOW, "iss": DOOR,
            "jti": "r-1", "method": "POST", "path": "/invocations", "scope": "read write", "session": "session-1",
            "sub": "alice", "sub_issuer": "https://issuer.example", "username": "alice",
        })),
        bend: Box::new(|token| token.compact()),
        headers: Box::new(sent),
        method: "POST".to_owned(),
        target: "/invocations".to_owned(),
        body: Body::Bytes(BODY.to_vec()),
        now: NOW,
        keys: "k1",
    }
}

/// A request without assertion, session and body.
pub(crate) fn bare(method: &str, target: &str) -> Draft {
    good()
        .headers(|_| Headers::new())
        .asks(method, target)
        .sends(b"")
}

// === The assertion

impl Draft {
    pub(crate) fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.member(name, Some(value.into()));
        self
    }

    pub(crate) fn without(mut self, claim: &str) -> Self {
        self.claims.member(claim, None);
        self
    }

    /// The claims as these bytes.
    pub(crate) fn claims(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.claims = Part::Bytes(bytes.into());
        self
    }

    /// The text of the claims, to be changed.
    pub(crate) fn claims_text(&self) -> String {
        String::from_utf8(self.claims.bytes()).expect("JSON is text")
    }

    pub(crate) fn member(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.head.member(name, Some(value.into()));
        self
    }

    pub(crate) fn without_member(mut self, name: &str) -> Self {
        self.head.member(name, None);
        self
    }

    /// The header as these bytes.
    pub(crate) fn head(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.head = Part::Bytes(bytes.into());
        self
    }

    pub(crate) fn signed_by(mut self, signer: &'static str) -> Self {
        self.signer = signer;
        self
    }

    /// The same call under another id.
    pub(crate) fn id(self, id: &str) -> Self {
        self.claim("jti", id)
    }

    /// An assertion that is made of a good one.
    pub(crate) fn bend(mut self, bend: impl Fn(Token) -> String + 'static) -> Self {
        self.bend = Box::new(bend);
        self
    }

    /// A text in place of the assertion.
    pub(crate) fn text(self, text: impl Into<String>) -> Self {
        let text = text.into();
        self.bend(move |_| text.clone())
    }

    /// An assertion of exactly this length: a claim that is unknown fills it, and white space in the header shifts it to
    /// lengths that base64 would leave out.
    pub(crate) fn of_length(self, length: usize) -> Self {
        let (head, claims) = (self.head.bytes(), self.claims.clone());
        let encoded = |bytes: usize| (bytes * 4).div_ceil(3);
        for spaces in 0..4 {
            for filling in 0..length {
                let mut filled = claims.clone();
                filled.member("filling", Some(json!("")));
                let payload = filled.bytes().len() + filling;
                // Two full stops, and 64 bytes of signature.
                if encoded(head.len() + spaces) + encoded(payload) + 2 + 86 == length {
                    let head = [head.as_slice(), " ".repeat(spaces).as_bytes()].concat();
                    return self.head(head).claim("filling", "x".repeat(filling));
                }
            }
        }
        panic!("there is no assertion of {length} bytes")
    }
}

// === The request

impl Draft {
    /// Headers made of the assertion.
    pub(crate) fn headers(mut self, headers: impl Fn(String) -> Headers + 'static) -> Self {
        self.headers = Box::new(headers);
        self
    }

    /// One header more.
    pub(crate) fn header(self, name: &'static str, value: &'static str) -> Self {
        let before = self.headers;
        Self {
            headers: Box::new(move |assertion| {
                let mut headers = before(assertion);
                headers.push((name.to_owned(), value.to_owned()));
                headers
            }),
            ..self
        }
    }

    /// Another session header, or none; the assertion's claim stays.
    pub(crate) fn session(self, session: Option<&'static str>) -> Self {
        self.headers(move |assertion| {
            let mut headers = sent(assertion);
            headers.truncate(1);
            headers.extend(session.map(|session| (SESSION.to_owned(), session.to_owned())));
            headers
        })
    }

    /// Another method and target; the assertion's claims stay.
    pub(crate) fn asks(mut self, method: &str, target: &str) -> Self {
        method.clone_into(&mut self.method);
        target.clone_into(&mut self.target);
        self
    }

    /// Another method and path, in request and assertion.
    pub(crate) fn calls(self, method: &str, path: &str) -> Self {
        self.asks(method, path)
            .claim("method", method)
            .claim("path", path)
    }

    /// Another body; the assertion's claim stays.
    pub(crate) fn sends(mut self, body: &[u8]) -> Self {
        self.body = Body::Bytes(body.to_vec());
        self
    }

    /// Another body, in request and assertion.
    pub(crate) fn carries(mut self, body: Body) -> Self {
        let hash = body_hash(&body.bytes());
        self.body = body;
        self.claim("body_sha256", hash)
    }
}

// === Time, keys, result

impl Draft {
    /// So many seconds after the start; the assertion's claims stay.
    pub(crate) fn at(mut self, seconds: u64) -> Self {
        self.now = NOW + seconds;
        self
    }

    /// So many seconds after the start, with an assertion made then.
    pub(crate) fn fresh_at(self, seconds: u64) -> Self {
        let made = NOW + seconds;
        self.at(seconds).claim("iat", made).claim("exp", made + 60)
    }

    /// What the door answers with.
    pub(crate) fn keys(mut self, keys: &'static str) -> Self {
        self.keys = keys;
        self
    }

    /// Whether the door answers at all.
    pub(crate) fn has_keys(&self) -> bool {
        self.keys != "down"
    }

    pub(crate) fn accepted(self) -> Step {
        self.step(Verdict::Accepted)
    }

    pub(crate) fn open(self) -> Step {
        self.step(Verdict::Open)
    }

    pub(crate) fn refused(self, reason: &'static str) -> Step {
        self.step(Verdict::Refused(reason))
    }

    fn step(self, verdict: Verdict) -> Step {
        Step {
            draft: self,
            verdict,
            fetches: None,
        }
    }
}

impl Step {
    /// The number of fetches so far, where it is not what a first request takes.
    pub(crate) fn fetches(mut self, fetches: u32) -> Self {
        self.fetches = Some(fetches);
        self
    }
}

/// A draft, written down.
pub(crate) struct Written {
    pub(crate) now: u64,
    pub(crate) keys: &'static str,
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Headers,
    pub(crate) body: Body,
    /// What the claims say, if they are JSON.
    pub(crate) claims: Value,
}

impl Draft {
    pub(crate) fn write(self, signer: &mut Signer) -> Written {
        let (head, payload) = (encode(&self.head.bytes()), self.claims.bytes());
        let mut token = Token {
            head,
            payload: payload.clone(),
            signature: Vec::new(),
        };
        token.signature = signer.sign(self.signer, &token.message());
        let assertion = (self.bend)(token);
        Written {
            now: self.now,
            keys: self.keys,
            method: self.method,
            target: self.target,
            headers: (self.headers)(assertion),
            body: self.body,
            claims: serde_json::from_slice(&payload).unwrap_or_default(),
        }
    }
}
