//! `template.yaml` as far as it says how the door answers: routes, authorizers, gateway responses, functions.
//!
//! What is understood is applied, what concerns only the cloud (roles, logs, alarms) is passed over by name, and
//! anything else is an error that names its line: nothing that the deployed door does is silently missing here.

mod access_log;
mod api;
mod definition;
mod functions;
mod mock;
mod resolve;
mod rules;
mod text;
mod tree;

pub use access_log::{LogPiece, LogVariable};
pub use text::{ContextVariable, HeaderText, Piece};

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use http::{Method, StatusCode};

use resolve::Resolver;
use tree::Node;

/// The id of the API in ARNs; AWS makes one up.
pub const API_ID: &str = "localdoor1";

/// What a template says about one API and the functions behind it.
#[derive(Clone, Debug)]
pub struct Template {
    /// The only `AWS::Serverless::Api`.
    pub api: Api,
    /// Every `AWS::Serverless::Function`.
    pub functions: Vec<FunctionSettings>,
}

/// A REST API and its one stage.
#[derive(Clone, Debug)]
pub struct Api {
    /// The stage's name, the first segment of the deployed URL's path.
    pub stage: String,
    /// What may be asked, in the order of the template.
    pub routes: Vec<Route>,
    /// By the name that routes use.
    pub authorizers: BTreeMap<String, Authorizer>,
    /// By response type, such as `UNAUTHORIZED`.
    pub responses: BTreeMap<String, GatewayResponse>,
    /// Media types whose bodies travel as base64, `*` standing for any subtype.
    pub binary_media_types: Vec<String>,
    /// The format of the access log, if there is one.
    pub access_log: Option<Vec<LogPiece>>,
    /// How long a streamed answer may be silent: 5 minutes, at an edge-optimized endpoint 30 seconds.
    pub stream_idle: Duration,
}

/// A method of a path.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Route {
    /// The path template, such as `/agents/{agent}`.
    pub path: String,
    /// Nothing for `ANY`.
    pub method: Option<Method>,
    /// What answers.
    pub integration: Integration,
    /// The name of the authorizer that is asked first.
    pub authorizer: Option<String>,
}

/// What answers the requests of a route.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Integration {
    /// A function, by proxy integration.
    Function(Call),
    /// API Gateway itself, always with this status (a mock integration).
    Mock(StatusCode, GatewayResponse),
}

/// How a function is called.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Call {
    /// The logical id of the function.
    pub function: String,
    /// Whether the answer is streamed.
    pub streaming: bool,
    /// How long the answer may take: for a streamed one, until its end.
    pub timeout: Duration,
}

/// A Lambda authorizer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Authorizer {
    /// The logical id of its function.
    pub function: String,
    /// What it is told.
    pub payload: Payload,
    /// How long an answer is used again for the same identity; zero: never.
    pub ttl: Duration,
}

/// The event of an authorizer, and with it what identifies a caller.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Payload {
    /// Only the value of this header.
    Token {
        /// The header's name.
        header: String,
    },
    /// The request without its body.
    Request {
        /// In the order that makes the cache's key.
        identity: Vec<IdentitySource>,
    },
}

/// A part of the request that identifies its caller.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum IdentitySource {
    /// A header.
    Header(String),
    /// A parameter of the query.
    Query(String),
}

/// An answer that API Gateway gives by itself.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct GatewayResponse {
    /// Instead of the default of its type.
    pub status: Option<StatusCode>,
    /// Names and values.
    pub headers: Vec<(String, HeaderText)>,
    /// Content types and bodies.
    pub bodies: Vec<(String, Vec<Piece>)>,
}

/// How a function is deployed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FunctionSettings {
    /// The logical id.
    pub name: String,
    /// The name of its program.
    pub binary: String,
    /// The longest an invocation may take.
    pub timeout: Duration,
    /// In MB.
    pub memory_mb: u32,
    /// Reserved concurrency, where it is set.
    pub max_concurrency: Option<usize>,
    /// Environment variables, and those that Lambda derives from the logging configuration.
    pub environment: BTreeMap<String, String>,
}

/// A template that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The file cannot be read.
    #[error("read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The values do not go together, by one of the template's own rules; in its words.
    #[error("{0}")]
    Rule(String),
    /// Something in it is wrong, or not supported here.
    #[error("template line {line}: {what}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What is wrong there.
        what: String,
    },
}

impl Template {
    /// Reads a template file with these values: of parameters, where one without has its default, of resources by their
    /// logical id, and of their attributes as `Id.Attribute`.
    ///
    /// # Errors
    /// The first thing in the file that is wrong or not supported, or a rule of it that the values break.
    pub fn load(path: &Path, values: &BTreeMap<String, String>) -> Result<Self, TemplateError> {
        let text = std::fs::read_to_string(path).map_err(|source| TemplateError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text, values)
    }

    /// As [`Template::load`], from the text.
    ///
    /// # Errors
    /// As [`Template::load`].
    pub fn parse(text: &str, values: &BTreeMap<String, String>) -> Result<Self, TemplateError> {
        let root = Node::parse(text)?;
        let resolver = Resolver::new(&root, values)?;
        rules::check(&root, &resolver)?;
        let mut routes = Vec::new();
        let functions = functions::read(&root, &resolver, &mut routes)?;
        let api = api::read(&root, &resolver, routes)?;
        let template = Self { api, functions };
        template.check_functions(&root)?;
        Ok(template)
    }

    fn check_functions(&self, root: &Node) -> Result<(), TemplateError> {
        let known = |name: &str| self.functions.iter().any(|function| function.name == name);
        let asked = self
            .api
            .authorizers
            .values()
            .map(|authorizer| &authorizer.function);
        match asked.into_iter().find(|name| !known(name)) {
            Some(name) => Err(root.fault(format!(
                "an authorizer is the function `{name}`, which is not there"
            ))),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
