//! An AgentCore Gateway on one loopback port: an MCP server whose callers show a token of one issuer, and whose tools
//! are permitted or denied by Cedar policies. Not to be taken for API Gateway, which is [`crate::api_gateway`].
//!
//! `tools/list` shows the tools that some input might open, `tools/call` is decided with its input. The policies and
//! the tools are those that are deployed; the tools' data is made up.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::{get, post};
use http::header::{ALLOW, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde_json::{Map, Value, json};

use crate::hops::{Began, Hops};
pub use crate::jwt_authorizer::IssuerError;
use crate::jwt_authorizer::{JwtAuthorizer, JwtAuthorizerSettings, Refusal};
use crate::lambda::{ACCOUNT, REGION};
use crate::listen::{Bound, Served};

mod call;
mod catalog;
mod check;
mod engine;
mod mcp;
mod seen;
mod tools;

use call::Ledger;
pub use call::ToolCall;
use catalog::Tool;
pub use check::check;
use engine::Engine;
pub use engine::{PolicyError, Verdict};
pub use tools::Refund;
use tools::Tools;

/// Of a request ("Quotas for Amazon Bedrock AgentCore": 6 MB payload).
const MAX_BODY: usize = 6_000_000;
const METADATA: &str = "/.well-known/oauth-protected-resource";

/// Whose tokens are taken, and by which policies calls are decided.
#[derive(Clone, Debug)]
pub struct ToolGatewaySettings {
    /// The issuer's discovery document.
    pub discovery_url: String,
    /// The clients whose tokens are taken: AgentCore's `allowedClients`.
    pub allowed_clients: Vec<String>,
    /// The folder with `policies/*.cedar` and `tools.json`.
    pub policy: PathBuf,
}

/// Whether the engine's decisions hold (`policyEngineConfiguration.mode`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// What is not permitted does not happen.
    Enforce,
    /// Decisions are recorded, and everything happens.
    LogOnly,
}

/// Why the gateway did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// There is no free port.
    #[error("bind a loopback port")]
    Bind(#[source] io::Error),
    /// The issuer of its callers' tokens.
    #[error("use the issuer of the tool tokens")]
    Issuer(#[from] IssuerError),
    /// The policies or the tools.
    #[error("use the policies")]
    Policy(#[from] PolicyError),
}

/// The running gateway. Dropping it closes its port.
pub struct ToolGateway {
    gateway: Arc<Gateway>,
    _served: Served,
}

struct Gateway {
    origin: String,
    inbound: JwtAuthorizer,
    catalog: Vec<Tool>,
    engine: Engine,
    tools: Tools,
    ledger: Ledger,
    hops: Hops,
    log_only: AtomicBool,
    refused: AtomicU64,
}

impl ToolGateway {
    /// Answers on a free port of 127.0.0.1, and enforces its policies.
    ///
    /// # Errors
    /// The issuer, the policies or the tools cannot be read, or no port could be bound.
    pub async fn start(settings: ToolGatewaySettings) -> Result<Self, StartError> {
        Self::start_watched(settings, Hops::default(), 0).await
    }

    /// The same on this port, any free one for 0; its hops are told.
    ///
    /// # Errors
    /// As [`ToolGateway::start`].
    pub async fn start_watched(
        settings: ToolGatewaySettings,
        hops: Hops,
        port: u16,
    ) -> Result<Self, StartError> {
        let ToolGatewaySettings {
            discovery_url,
            allowed_clients,
            policy,
        } = settings;
        let catalog = read_catalog(&policy.join("tools.json"))?;
        let engine = Engine::load(&policy.join("policies"), &arn(), &catalog)?;
        let inbound = JwtAuthorizer::start(JwtAuthorizerSettings {
            discovery_url,
            allowed_clients,
            ..JwtAuthorizerSettings::default()
        })
        .await?;
        let bound = Bound::loopback_port(port).await.map_err(StartError::Bind)?;
        let gateway = Arc::new(Gateway {
            origin: bound.origin(),
            inbound,
            catalog,
            engine,
            tools: Tools::default(),
            ledger: Ledger::default(),
            hops,
            log_only: AtomicBool::new(false),
            refused: AtomicU64::new(0),
        });
        let router = Router::new()
            .route("/mcp", post(ask).fallback(only_post))
            .route(METADATA, get(metadata))
            .with_state(Arc::clone(&gateway));
        Ok(Self {
            gateway,
            _served: bound.serve(router),
        })
    }

    /// `http://127.0.0.1:PORT/mcp`
    pub fn url(&self) -> String {
        self.gateway.url()
    }

    /// The ARN that policies name.
    pub fn arn(&self) -> String {
        arn()
    }

    /// Holds decisions from now on, or only records them.
    pub fn set_mode(&self, mode: Mode) {
        let log_only = mode == Mode::LogOnly;
        self.gateway.log_only.store(log_only, Ordering::SeqCst);
    }

    /// The last 1000 calls of tools, oldest first.
    pub fn calls(&self) -> Vec<ToolCall> {
        self.gateway.ledger.calls()
    }

    /// Of each tool what the engine says of these claims while the input is not known, and on which policies that rests. Without
    /// claims nothing is known.
    pub fn outlook(
        &self,
        claims: Option<&Map<String, Value>>,
    ) -> Vec<(String, &'static str, BTreeSet<String>)> {
        let Gateway {
            catalog, engine, ..
        } = &*self.gateway;
        let outlook = |tool: &Tool| {
            let outlook = claims.and_then(|claims| engine.outlook(claims, tool));
            let (outcome, policies) = match outlook {
                None => ("unknown", BTreeSet::new()),
                Some((Some(true), policies)) => ("allowed", policies),
                Some((Some(false), policies)) => ("refused", policies),
                Some((None, policies)) => ("depends", policies),
            };
            (tool.name.clone(), outcome, policies)
        };
        catalog.iter().map(outlook).collect()
    }

    /// The policies: `effect`, `id` and `text` of each.
    pub fn policies(&self) -> Value {
        let policies = self.gateway.engine.all();
        let shown = policies
            .into_iter()
            .map(|policy| json!({"effect": policy.effect, "id": policy.id, "text": policy.text}));
        shown.collect()
    }

    /// The last 1000 refunds, oldest first.
    pub fn refunds(&self) -> Vec<Refund> {
        self.gateway.tools.refunds()
    }

    /// How many requests had no good token.
    pub fn refused(&self) -> u64 {
        self.gateway.refused.load(Ordering::SeqCst)
    }
}

impl Gateway {
    fn url(&self) -> String {
        format!("{}/mcp", self.origin)
    }

    fn mode(&self) -> Mode {
        if self.log_only.load(Ordering::SeqCst) {
            Mode::LogOnly
        } else {
            Mode::Enforce
        }
    }

    /// RFC 9728, section 5.1: a refusal says where to learn whose tokens are taken.
    fn refuse(&self, refusal: Refusal) -> Response {
        self.refused.fetch_add(1, Ordering::SeqCst);
        let error = match refusal {
            // RFC 6750, section 3.1: a request without a token is told no error.
            Refusal::Missing => "",
            Refusal::Invalid => "error=\"invalid_token\", ",
        };
        let challenge = format!(
            "Bearer {error}resource_metadata=\"{}{METADATA}\"",
            self.origin
        );
        let error = json!({ "code": -32001, "message": "A valid bearer token is needed" });
        let body = json!({ "jsonrpc": "2.0", "id": null, "error": error });
        let mut response = answer(StatusCode::UNAUTHORIZED, &body);
        if let Ok(challenge) = HeaderValue::try_from(challenge) {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

fn arn() -> String {
    format!("arn:aws:bedrock-agentcore:{REGION}:{ACCOUNT}:gateway/local-abcdefghij")
}

fn read_catalog(path: &Path) -> Result<Vec<Tool>, PolicyError> {
    let tools = std::fs::read_to_string(path);
    let tools = tools.map_err(|error| PolicyError::Read(path.to_owned(), error))?;
    catalog::read(&tools).map_err(PolicyError::Tools)
}

async fn ask(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let began = Began::now();
    let claims = match gateway.inbound.admit(&head.headers).await {
        Ok(claims) => claims,
        Err(refusal) => {
            seen::refused(&gateway.hops, began, &head.headers);
            return gateway.refuse(refusal);
        }
    };
    let Ok(body) = axum::body::to_bytes(body, MAX_BODY).await else {
        return empty(StatusCode::PAYLOAD_TOO_LARGE);
    };
    let caller = mcp::Caller {
        claims: &claims,
        headers: &head.headers,
        began,
    };
    match mcp::answer(&gateway, &caller, &body) {
        (status, Some(body)) => answer(status, &body),
        (status, None) => empty(status),
    }
}

/// No stream to listen to, and no session to end ("Listening for messages from the server", "Session management").
async fn only_post() -> Response {
    let mut response = empty(StatusCode::METHOD_NOT_ALLOWED);
    let post = HeaderValue::from_static("POST");
    response.headers_mut().insert(ALLOW, post);
    response
}

/// RFC 9728, section 2.
async fn metadata(State(gateway): State<Arc<Gateway>>) -> Response {
    let document = json!({
        "resource": gateway.url(),
        "authorization_servers": [gateway.inbound.issuer()],
        "bearer_methods_supported": ["header"],
    });
    answer(StatusCode::OK, &document)
}

fn answer(status: StatusCode, body: &Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
