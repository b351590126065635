//! The API: its stage, its authorizers, and the answers it gives by itself.

use std::collections::BTreeMap;
use std::time::Duration;

use http::{HeaderName, Method, StatusCode};

use super::definition;
use super::functions::DeclaredRoute;
use super::resolve::Resolver;
use super::tree::{Node, Value};
use super::{
    Api, Authorizer, GatewayResponse, HeaderText, IdentitySource, LogPiece, Payload, Piece, Route,
    TemplateError,
};
use crate::lambda::function_arn;

/// Every type of response that API Gateway gives by itself, and a template may word.
const RESPONSE_TYPES: [&str; 21] = [
    "ACCESS_DENIED",
    "API_CONFIGURATION_ERROR",
    "AUTHORIZER_CONFIGURATION_ERROR",
    "AUTHORIZER_FAILURE",
    "BAD_REQUEST_BODY",
    "BAD_REQUEST_PARAMETERS",
    "DEFAULT_4XX",
    "DEFAULT_5XX",
    "EXPIRED_TOKEN",
    "INTEGRATION_FAILURE",
    "INTEGRATION_TIMEOUT",
    "INVALID_API_KEY",
    "INVALID_SIGNATURE",
    "MISSING_AUTHENTICATION_TOKEN",
    "QUOTA_EXCEEDED",
    "REQUEST_TOO_LARGE",
    "RESOURCE_NOT_FOUND",
    "THROTTLED",
    "UNAUTHORIZED",
    "UNSUPPORTED_MEDIA_TYPE",
    "WAF_FILTERED",
];

/// Properties that change nothing here. Throttling is among them: one machine has no fleet to protect. So is where one
/// may call from.
const CLOUD_ONLY: [&str; 10] = [
    "AlwaysDeploy",
    "Description",
    "DisableExecuteApiEndpoint",
    "FailOnWarnings",
    "MethodSettings",
    "Name",
    "OpenApiVersion",
    "Policy",
    "Tags",
    "TracingEnabled",
];
const UNDERSTOOD: [&str; 8] = [
    "AccessLogSetting",
    "Auth",
    "BinaryMediaTypes",
    "DefinitionBody",
    "EndpointConfiguration",
    "GatewayResponses",
    "MergeDefinitions",
    "StageName",
];
/// SAM's default, and API Gateway's longest, for keeping an authorizer's answer: seconds.
const DEFAULT_TTL: u64 = 300;
const MAX_TTL: u64 = 3600;

/// Reads the one API; `declared` are the routes that the functions' events name.
pub(super) fn read(
    root: &Node,
    resolver: &Resolver<'_>,
    declared: Vec<DeclaredRoute>,
) -> Result<Api, TemplateError> {
    let properties = properties(root, resolver)?;
    for (name, node) in properties.map()? {
        if !UNDERSTOOD.contains(&name.as_str()) && !CLOUD_ONLY.contains(&name.as_str()) {
            return Err(node.fault(format!("the API property `{name}` is not supported here")));
        }
    }
    let stage = properties
        .get("StageName")
        .ok_or_else(|| properties.fault("there is no `StageName`"))?;
    let auth = Auth::read(properties.get("Auth"))?;
    let mut routes: Vec<_> = declared
        .into_iter()
        .map(|declared| auth.protect(declared))
        .collect::<Result<_, _>>()?;
    definition::merge(&properties, &auth, &mut routes)?;
    Ok(Api {
        stage: stage.text()?.to_owned(),
        routes,
        authorizers: auth.authorizers,
        responses: properties
            .get("GatewayResponses")
            .map_or(Ok(BTreeMap::new()), responses)?,
        binary_media_types: properties
            .get("BinaryMediaTypes")
            .map_or(Ok(Vec::new()), media_types)?,
        access_log: properties
            .get("AccessLogSetting")
            .map(access_log)
            .transpose()?,
        stream_idle: stream_idle(properties.get("EndpointConfiguration"))?,
    })
}

fn properties(root: &Node, resolver: &Resolver<'_>) -> Result<Node, TemplateError> {
    if let Some(globals) = root.get("Globals").and_then(|globals| globals.get("Api")) {
        return Err(globals.fault("`Globals.Api` is not supported here"));
    }
    let mut found = None;
    for (_, resource) in root.get("Resources").map_or(Ok(&[][..]), Node::map)? {
        let kind = resource.get("Type").map(Node::text).transpose()?;
        if kind == Some("AWS::Serverless::Api") && resolver.is_there(resource)? {
            let properties = resource
                .get("Properties")
                .ok_or_else(|| resource.fault("there are no `Properties`"))?;
            let understood = Value::Map(
                properties
                    .map()?
                    .iter()
                    .filter(|(name, _)| !CLOUD_ONLY.contains(&name.as_str()))
                    .map(|(name, node)| (name.clone(), without_destination(name, node)))
                    .collect(),
            );
            let understood = Node {
                line: properties.line,
                value: understood,
            };
            if std::mem::replace(&mut found, resolver.resolve(&understood)?).is_some() {
                return Err(resource.fault("a second API is not supported here"));
            }
        }
    }
    found.ok_or_else(|| root.fault("there is no API"))
}

/// The access log as far as it matters here: where it goes is the cloud's.
fn without_destination(name: &str, node: &Node) -> Node {
    let mut node = node.clone();
    if let ("AccessLogSetting", Value::Map(entries)) = (name, &mut node.value) {
        entries.retain(|(name, _)| name != "DestinationArn");
    }
    node
}

fn access_log(node: &Node) -> Result<Vec<LogPiece>, TemplateError> {
    let format = node
        .get("Format")
        .ok_or_else(|| node.fault("there is no `Format`"))?;
    LogPiece::parse_all(format.text()?).map_err(|what| format.fault(what))
}

/// SAM wants `~1` for the slash.
fn media_types(node: &Node) -> Result<Vec<String>, TemplateError> {
    node.list()?
        .iter()
        .map(|item| Ok(item.text()?.replace("~1", "/").to_ascii_lowercase()))
        .collect()
}

/// API Gateway's limits: <https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode.html>
fn stream_idle(configuration: Option<&Node>) -> Result<Duration, TemplateError> {
    let Some(kind) = configuration.and_then(|configuration| configuration.get("Type")) else {
        return Ok(Duration::from_secs(30));
    };
    match kind.text()? {
        "EDGE" => Ok(Duration::from_secs(30)),
        "REGIONAL" | "PRIVATE" => Ok(Duration::from_secs(300)),
        other => Err(kind.fault(format!("`{other}` is not an endpoint type"))),
    }
}

/// What `Auth` says.
pub(super) struct Auth {
    pub(super) authorizers: BTreeMap<String, Authorizer>,
    pub(super) default: Option<String>,
    preflight_too: bool,
}

impl Auth {
    fn read(auth: Option<&Node>) -> Result<Self, TemplateError> {
        let mut this = Self {
            authorizers: BTreeMap::new(),
            default: None,
            preflight_too: true,
        };
        let Some(auth) = auth else { return Ok(this) };
        for (name, node) in auth.map()? {
            match name.as_str() {
                "DefaultAuthorizer" => this.default = Some(node.text()?.to_owned()),
                "AddDefaultAuthorizerToCorsPreflight" => this.preflight_too = node.flag()?,
                "Authorizers" => {
                    for (name, node) in node.map()? {
                        this.authorizers.insert(name.clone(), authorizer(node)?);
                    }
                }
                other => return Err(node.fault(format!("`Auth.{other}` is not supported here"))),
            }
        }
        match &this.default {
            Some(default) if !this.authorizers.contains_key(default) => {
                Err(auth.fault(format!("there is no authorizer `{default}`")))
            }
            Some(_) | None => Ok(this),
        }
    }

    fn protect(&self, declared: DeclaredRoute) -> Result<Route, TemplateError> {
        let DeclaredRoute {
            mut route,
            authorizer,
        } = declared;
        route.authorizer = match authorizer {
            Some(node) => match node.text()? {
                "NONE" => None,
                name if self.authorizers.contains_key(name) => Some(name.to_owned()),
                name => return Err(node.fault(format!("there is no authorizer `{name}`"))),
            },
            None if route.method == Some(Method::OPTIONS) && !self.preflight_too => None,
            None => self.default.clone(),
        };
        Ok(route)
    }
}

fn authorizer(node: &Node) -> Result<Authorizer, TemplateError> {
    for (name, entry) in node.map()? {
        if !["FunctionArn", "FunctionPayloadType", "Identity"].contains(&name.as_str()) {
            return Err(entry.fault(format!(
                "the authorizer property `{name}` is not supported here"
            )));
        }
    }
    let arn = node
        .get("FunctionArn")
        .ok_or_else(|| node.fault("there is no `FunctionArn`"))?;
    let function = arn
        .text()?
        .strip_prefix(&function_arn(""))
        .ok_or_else(|| arn.fault("not a function of this template"))?;
    let identity = node.get("Identity");
    let ttl = identity.and_then(|identity| identity.get("ReauthorizeEvery"));
    let ttl = match ttl.map_or(Ok(DEFAULT_TTL), Node::number)? {
        seconds @ 0..=MAX_TTL => Duration::from_secs(seconds),
        _ => return Err(node.fault(format!("`ReauthorizeEvery` is at most {MAX_TTL}"))),
    };
    let payload = match node
        .get("FunctionPayloadType")
        .map(Node::text)
        .transpose()?
    {
        None | Some("TOKEN") => Payload::Token {
            header: token_header(identity)?,
        },
        Some("REQUEST") => Payload::Request {
            identity: sources(identity)?,
        },
        Some(other) => return Err(node.fault(format!("`{other}` is not a payload type"))),
    };
    if !ttl.is_zero()
        && payload
            == (Payload::Request {
                identity: Vec::new(),
            })
    {
        return Err(node.fault("answers can only be kept by an identity"));
    }
    Ok(Authorizer {
        function: function.to_owned(),
        payload,
        ttl,
    })
}

fn token_header(identity: Option<&Node>) -> Result<String, TemplateError> {
    let mut header = "Authorization".to_owned();
    for (name, node) in identity.map_or(Ok(&[][..]), Node::map)? {
        match name.as_str() {
            "Header" => header = node.text()?.to_owned(),
            "ReauthorizeEvery" => {}
            other => return Err(node.fault(format!("`Identity.{other}` is not supported here"))),
        }
    }
    Ok(header)
}

fn sources(identity: Option<&Node>) -> Result<Vec<IdentitySource>, TemplateError> {
    let mut sources = Vec::new();
    for (name, node) in identity.map_or(Ok(&[][..]), Node::map)? {
        match name.as_str() {
            "Headers" => {
                for item in node.list()? {
                    sources.push(IdentitySource::Header(item.text()?.to_owned()));
                }
            }
            "QueryStrings" => {
                for item in node.list()? {
                    sources.push(IdentitySource::Query(item.text()?.to_owned()));
                }
            }
            "ReauthorizeEvery" => {}
            other => return Err(node.fault(format!("`Identity.{other}` is not supported here"))),
        }
    }
    Ok(sources)
}

fn responses(node: &Node) -> Result<BTreeMap<String, GatewayResponse>, TemplateError> {
    let mut responses = BTreeMap::new();
    for (name, response) in node.map()? {
        if !RESPONSE_TYPES.contains(&name.as_str()) {
            return Err(response.fault(format!("`{name}` is not a gateway response")));
        }
        responses.insert(name.clone(), response_of(response)?);
    }
    Ok(responses)
}

fn response_of(node: &Node) -> Result<GatewayResponse, TemplateError> {
    let mut response = GatewayResponse::default();
    for (name, entry) in node.map()? {
        match name.as_str() {
            "StatusCode" => {
                let status = StatusCode::from_u16(entry.number()?)
                    .map_err(|_| entry.fault("not an HTTP status"))?;
                response.status = Some(status);
            }
            "ResponseParameters" => {
                for (name, headers) in entry.map()? {
                    if name != "Headers" {
                        return Err(headers
                            .fault(format!("`ResponseParameters.{name}` is not supported here")));
                    }
                    response.headers = headers
                        .map()?
                        .iter()
                        .map(header)
                        .collect::<Result<_, _>>()?;
                }
            }
            "ResponseTemplates" => {
                for (content_type, body) in entry.map()? {
                    let pieces = Piece::parse_all(body.text()?).map_err(|what| body.fault(what))?;
                    response.bodies.push((content_type.clone(), pieces));
                }
            }
            other => return Err(entry.fault(format!("`{other}` is not supported here"))),
        }
    }
    Ok(response)
}

pub(super) fn header((name, node): &(String, Node)) -> Result<(String, HeaderText), TemplateError> {
    if HeaderName::from_bytes(name.as_bytes()).is_err() {
        return Err(node.fault(format!("`{name}` is not a header name")));
    }
    let value = HeaderText::parse(node.text()?);
    let value = value.ok_or_else(|| node.fault("a fixed value stands in single quotes"))?;
    Ok((name.clone(), value))
}
