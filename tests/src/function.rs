//! The authorizer and the proxy as Lambda runs them, with settings of the test's own.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use local::agent::Agent;
use local::agentcore_runtime::{AgentUrl, DataPlane, DataPlaneSettings, RuntimeSettings};
use local::lambda::{Exit, Function, FunctionSpec, InvokeError, REGION, StartError, StreamBody};
use local::sigv4::Credentials;
use serde_json::{Value, json};

use crate::event::ProxyRequest;

/// The runtime of the agent `demo`.
pub const DEMO_ARN: &str =
    "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/demo-AbCdEf1234";
/// The runtime of the agent `finance`.
pub const FINANCE_ARN: &str =
    "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/finance-AbCdEf1234";

const ACCESS_KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET_ACCESS_KEY: &str = "a secret of nobody";
const SESSION_TOKEN: &str = "a session of nobody";

/// One function that waits for no other: longer is a hang.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The program of this name, from the folder of the profile that the running test was built with.
///
/// # Panics
/// If it has not been built.
pub fn binary(name: &str) -> PathBuf {
    let running = std::env::current_exe().unwrap();
    let mut folders = running.ancestors().skip(1);
    // Tests are built into a folder of their own beside the programs.
    let folder = folders.find(|folder| !folder.ends_with("deps")).unwrap();
    let path = folder.join(name);
    assert!(
        path.is_file(),
        "there is no `{}`; run `cargo build -p authorizer -p pretoken -p proxy -p rotation -p local` first",
        path.display()
    );
    path
}

/// An AgentCore with the runtimes of `demo` and `finance`, both of them this agent.
///
/// # Panics
/// If it does not start.
pub async fn data_plane(agent: &Agent) -> DataPlane {
    data_plane_at(agent.url()).await
}

/// The same, for an agent at this address.
///
/// # Panics
/// If it does not start.
pub async fn data_plane_at(agent: &str) -> DataPlane {
    let url = AgentUrl::parse(agent).unwrap();
    let runtimes = [DEMO_ARN, FINANCE_ARN].map(|arn| RuntimeSettings::new(arn, url.clone()));
    let settings = DataPlaneSettings {
        region: REGION.to_owned(),
        credentials: credentials(),
        runtimes: runtimes.into(),
    };
    DataPlane::start(settings).await.unwrap()
}

/// What the proxy signs with, where it calls an emulator.
pub fn credentials() -> Credentials {
    Credentials {
        access_key_id: ACCESS_KEY_ID.to_owned(),
        secret_access_key: SECRET_ACCESS_KEY.to_owned(),
        session_token: Some(SESSION_TOKEN.to_owned()),
    }
}

/// `AGENTS`: `demo` for staff, `finance` for finance.
pub fn agents() -> Value {
    json!({
        "demo": {"runtime": DEMO_ARN, "allow": {"groups": ["staff"]}},
        "finance": {"runtime": FINANCE_ARN, "allow": {"groups": ["finance"]}},
    })
}

/// The variables of a function, and its time limit.
#[derive(Clone)]
pub struct Settings {
    variables: BTreeMap<String, String>,
    timeout: Duration,
}

impl Settings {
    /// The two agents, and these issuers.
    pub fn new(trusted_issuers: &Value) -> Self {
        Self::none()
            .with("TRUSTED_ISSUERS", &trusted_issuers.to_string())
            .with("AGENTS", &agents().to_string())
    }

    /// No variable at all.
    pub fn none() -> Self {
        Self {
            variables: BTreeMap::new(),
            timeout: TIMEOUT,
        }
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Sends the proxy's calls there, with credentials that are good there.
    #[must_use]
    pub fn with_data_plane(self, plane: &DataPlane) -> Self {
        self.with("AWS_ENDPOINT_URL_BEDROCK_AGENTCORE", plane.url())
            .with("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID)
            .with("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY)
            .with("AWS_SESSION_TOKEN", SESSION_TOKEN)
    }

    /// What Lambda gives the function for one event.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    fn spec(self, name: &str) -> FunctionSpec {
        let Self { variables, timeout } = self;
        let mut spec = FunctionSpec::new(name, binary(name));
        spec.environment = variables.into_iter().collect();
        spec.timeout = timeout;
        // One process: what a test learns of it, it learns of the one that answered.
        spec.max_concurrency = 1;
        spec.echo_logs = false;
        spec
    }
}

/// How a function that must not start ended: its exit status and its log, before any event was asked for.
///
/// # Panics
/// If it did start, or ended by other means.
pub async fn run_to_end(name: &str, settings: Settings) -> (i32, Vec<String>) {
    let variables = format!("{:?}", settings.variables);
    match Function::start(settings.spec(name)).await {
        Err(StartError::Init { failure, log, .. }) => match failure.exit {
            Exit::Code(status) => (status, log),
            exit @ (Exit::Killed | Exit::Stopped | Exit::TimedOut) => {
                panic!("`{name}` {exit}: {log:?}")
            }
        },
        Err(error) => panic!("`{name}`: {error}"),
        Ok(_) => panic!("`{name}` started with {variables}"),
    }
}

/// A running function.
pub struct Lambda(Function);

impl Lambda {
    /// The authorizer.
    ///
    /// # Panics
    /// If it does not start.
    pub async fn authorizer(settings: Settings) -> Self {
        Self::start("authorizer", settings).await
    }

    /// The proxy.
    ///
    /// # Panics
    /// If it does not start.
    pub async fn proxy(settings: Settings) -> Self {
        Self::start("proxy", settings).await
    }

    /// The function of this name.
    ///
    /// # Panics
    /// If it does not start.
    pub async fn start(name: &str, settings: Settings) -> Self {
        let started = Function::start(settings.spec(name)).await;
        Self(started.unwrap_or_else(|error| panic!("{error}")))
    }

    /// Has the function answer one event, given as JSON text.
    ///
    /// # Errors
    /// The function's own.
    pub async fn invoke(&self, event: Bytes) -> Result<Bytes, InvokeError> {
        once_free(|| self.0.invoke(event.clone())).await
    }

    /// Has the authorizer answer one event.
    ///
    /// # Panics
    /// If there is no answer.
    pub async fn ask(&self, event: &Value) -> Outcome {
        match self.invoke(Bytes::from(event.to_string())).await {
            Ok(answer) => Outcome::Answer(serde_json::from_slice(&answer).unwrap()),
            Err(InvokeError::Function(error)) if error.error_message == "Unauthorized" => {
                Outcome::Unauthorized
            }
            Err(InvokeError::Function(error)) => Outcome::Error(error.error_message),
            Err(error) => panic!("{error}"),
        }
    }

    /// Has the proxy answer one request; its body is still to come.
    ///
    /// # Panics
    /// If there is no answer.
    pub async fn call(&self, request: &ProxyRequest) -> Reply {
        let event = request.event();
        let answer = once_free(|| self.0.invoke_streaming(event.clone())).await;
        let streamed = answer.unwrap_or_else(|error| panic!("{error}: {:?}", self.logs()));
        let prelude = streamed.prelude;
        assert!(prelude.multi_value_headers.is_empty() && prelude.cookies.is_empty());
        Reply {
            status: prelude.status_code.unwrap(),
            headers: prelude.headers,
            body: streamed.body,
        }
    }

    /// Its one process.
    ///
    /// # Panics
    /// If there is none.
    pub fn pid(&self) -> u32 {
        self.0.processes()[0].pid
    }

    /// From its start to its first poll.
    ///
    /// # Panics
    /// If there is no process.
    pub fn init(&self) -> Duration {
        self.0.processes()[0].init
    }

    /// The last thousand lines of its log.
    pub fn logs(&self) -> Vec<String> {
        self.0.recent_logs()
    }

    /// The last line of its log that says so. It is read from a pipe, a moment after the answer.
    ///
    /// # Panics
    /// If there is none in time.
    pub async fn until_logged(&self, says: &str) -> String {
        let found = async {
            loop {
                let mut lines = self.logs().into_iter().rev();
                if let Some(line) = lines.find(|line| line.contains(says)) {
                    return line;
                }
                tokio::task::yield_now().await;
            }
        };
        let found = tokio::time::timeout(TIMEOUT, found).await;
        found.unwrap_or_else(|_| panic!("`{says}` in {:?}", self.logs()))
    }

    /// Ends it, having checked that it never panicked and logged no line that is not JSON.
    ///
    /// # Panics
    /// If it did.
    pub async fn stop(self) {
        self.0.stop().await;
        for line in self.logs() {
            let json: Value = serde_json::from_str(&line)
                .unwrap_or_else(|_| panic!("not a line of JSON: {line}"));
            assert!(!line.contains("panicked"), "{json}");
        }
    }
}

/// Invokes when the one process has polled again, a moment after its last answer.
async fn once_free<T, F>(mut invoke: impl FnMut() -> F) -> Result<T, InvokeError>
where
    F: Future<Output = Result<T, InvokeError>>,
{
    let freed = async {
        loop {
            match invoke().await {
                Err(InvokeError::Throttled) => tokio::task::yield_now().await,
                outcome => return outcome,
            }
        }
    };
    tokio::time::timeout(TIMEOUT, freed).await.unwrap()
}

/// What an authorizer made of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A policy or a simple response.
    Answer(Value),
    /// The one error that API Gateway answers with 401.
    Unauthorized,
    /// Any other error, which API Gateway answers with 500.
    Error(String),
}

impl Outcome {
    /// Whether API Gateway would let a request with this method ARN pass.
    pub fn allows(&self, arn: &str) -> bool {
        let Self::Answer(answer) = self else {
            return false;
        };
        let statements = answer["policyDocument"]["Statement"].as_array();
        let effects = |effect: &str| {
            let mut statements = statements.into_iter().flatten();
            statements.any(|statement| {
                assert_eq!(
                    statement["Action"],
                    serde_json::json!(["execute-api:Invoke"])
                );
                let mut resources = statement["Resource"].as_array().unwrap().iter();
                statement["Effect"] == effect
                    && resources.any(|resource| {
                        matches(resource.as_str().unwrap().as_bytes(), arn.as_bytes())
                    })
            })
        };
        // An explicit denial outweighs every permission ("Policy evaluation logic", IAM User Guide).
        effects("Allow") && !effects("Deny")
    }

    /// The answer.
    ///
    /// # Panics
    /// If it is an error.
    pub fn answer(&self) -> &Value {
        match self {
            Self::Answer(answer) => answer,
            Self::Unauthorized | Self::Error(_) => panic!("{self:?}"),
        }
    }
}

/// Whether a resource with IAM's wildcards covers an ARN.
fn matches(pattern: &[u8], arn: &[u8]) -> bool {
    match (pattern, arn) {
        ([], _) => arn.is_empty(),
        ([b'*', rest @ ..], _) => (0..=arn.len()).any(|at| matches(rest, &arn[at..])),
        ([b'?', pattern @ ..], [_, arn @ ..]) => matches(pattern, arn),
        ([wanted, pattern @ ..], [found, arn @ ..]) => wanted == found && matches(pattern, arn),
        ([..], []) => false,
    }
}

/// The proxy's answer. Dropping it is the caller going away.
pub struct Reply {
    pub status: u16,
    /// Names as the proxy spelt them
    pub headers: BTreeMap<String, String>,
    body: StreamBody,
}

impl Reply {
    /// The next piece of the body; nothing at the end.
    ///
    /// # Panics
    /// If the answer breaks off, which the proxy must never let happen.
    pub async fn next(&mut self) -> Option<Bytes> {
        self.body.next().await.map(|piece| piece.unwrap())
    }

    /// The rest of the body.
    pub async fn rest(&mut self) -> Bytes {
        let mut rest = BytesMut::new();
        while let Some(piece) = self.next().await {
            rest.extend_from_slice(&piece);
        }
        rest.freeze()
    }

    /// The rest of the body as text.
    ///
    /// # Panics
    /// If it is not.
    pub async fn text(&mut self) -> String {
        String::from_utf8(self.rest().await.into()).unwrap()
    }

    /// Checks that this is a problem document of this status and code, with nothing else in it.
    ///
    /// # Panics
    /// If it is not.
    pub async fn assert_problem(&mut self, status: u16, code: &str) {
        let text = self.text().await;
        assert_eq!(self.status, status, "{text}");
        let said: Value = serde_json::from_str(&text).unwrap();
        let is_rpc = said["jsonrpc"] == "2.0";
        let content_type = if is_rpc {
            "application/json"
        } else {
            "application/problem+json"
        };
        assert_eq!(self.headers["content-type"], content_type);
        let problem = problem(said);
        let mut expected = json!({
            "status": status,
            "code": code,
            "title": problem["title"],
            "request_id": self.headers["x-request-id"],
        });
        if code == "too_large" {
            assert!(problem["max_bytes"].is_u64(), "{problem}");
            expected["max_bytes"] = problem["max_bytes"].clone();
        }
        if code == "not_found" {
            assert!(problem["detail"].is_string(), "{problem}");
            expected["detail"] = problem["detail"].clone();
        }
        assert_eq!(problem, expected);
        assert!(
            problem["title"]
                .as_str()
                .is_some_and(|title| !title.is_empty())
        );
    }
}

/// A problem as its document, whichever of the two forms it has: `/mcp` and `/a2a` word it in JSON-RPC.
pub(crate) fn problem(mut said: Value) -> Value {
    if said["jsonrpc"] != "2.0" {
        return said;
    }
    let mut error = said["error"].take();
    let mut problem = error["data"].take();
    problem["title"] = error["message"].take();
    problem
}
