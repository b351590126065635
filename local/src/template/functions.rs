//! The functions, and the routes their events declare.

use std::collections::BTreeMap;
use std::time::Duration;

use http::Method;

use super::resolve::Resolver;
use super::tree::Node;
use super::{API_ID, Call, FunctionSettings, Integration, Route, TemplateError};

/// Properties that change nothing here.
const CLOUD_ONLY: [&str; 18] = [
    "Architectures",
    "CodeUri",
    "DeadLetterQueue",
    "DeploymentPreference",
    "Description",
    "EphemeralStorage",
    "FunctionName",
    "Handler",
    "KmsKeyArn",
    "Layers",
    "PermissionsBoundary",
    "Policies",
    "ProvisionedConcurrencyConfig",
    "Role",
    "Runtime",
    "Tags",
    "Tracing",
    "VpcConfig",
];
const UNDERSTOOD: [&str; 6] = [
    "Environment",
    "Events",
    "LoggingConfig",
    "MemorySize",
    "ReservedConcurrentExecutions",
    "Timeout",
];
/// API Gateway's longest for a streamed answer, and for any other (without a raised quota).
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html>
const MAX_TIMEOUT_MS: u64 = 900_000;
const MAX_BUFFERED_TIMEOUT_MS: u64 = 29_000;

/// Reads every function; their routes are added to `routes`, with the authorizer they name (`NONE` too).
pub(super) fn read(
    root: &Node,
    resolver: &Resolver<'_>,
    routes: &mut Vec<DeclaredRoute>,
) -> Result<Vec<FunctionSettings>, TemplateError> {
    let globals = root
        .get("Globals")
        .and_then(|globals| globals.get("Function"));
    if let Some(globals) = globals {
        check_names(globals)?;
    }
    let mut functions = Vec::new();
    for (name, resource) in root.get("Resources").map_or(Ok(&[][..]), Node::map)? {
        let is_function = resource.get("Type").is_some_and(|kind| {
            kind.text()
                .is_ok_and(|kind| kind == "AWS::Serverless::Function")
        });
        if is_function && resolver.is_there(resource)? {
            functions.push(function(name, resource, globals, resolver)?);
            events(name, resource, resolver, routes)?;
        }
    }
    Ok(functions)
}

/// A route, and the authorizer as its event names it.
pub(super) struct DeclaredRoute {
    pub(super) route: Route,
    pub(super) authorizer: Option<Node>,
}

fn function(
    name: &str,
    resource: &Node,
    globals: Option<&Node>,
    resolver: &Resolver<'_>,
) -> Result<FunctionSettings, TemplateError> {
    let properties = resource
        .get("Properties")
        .ok_or_else(|| resource.fault("there are no `Properties`"))?;
    check_names(properties)?;
    let build = resource
        .get("Metadata")
        .and_then(|metadata| metadata.get("BuildProperties"));
    let binary = build.and_then(|build| build.get("Binary"));
    let binary =
        binary.ok_or_else(|| resource.fault("there is no `Metadata.BuildProperties.Binary`"))?;
    let property = |property: &str| -> Result<Option<Node>, TemplateError> {
        let own = properties.get(property).or_else(|| globals?.get(property));
        own.map_or(Ok(None), |node| resolver.resolve(node))
    };
    // The defaults are SAM's.
    let timeout = property("Timeout")?.map_or(Ok(3), |node| node.number())?;
    let memory_mb = property("MemorySize")?.map_or(Ok(128), |node| node.number())?;
    let concurrency = property("ReservedConcurrentExecutions")?;
    let mut environment = BTreeMap::new();
    for from in [globals, Some(properties)].into_iter().flatten() {
        variables(from, resolver, &mut environment)?;
    }
    for from in [globals, Some(properties)].into_iter().flatten() {
        log_variables(from, resolver, &mut environment)?;
    }
    Ok(FunctionSettings {
        name: name.to_owned(),
        binary: binary.text()?.to_owned(),
        timeout: Duration::from_secs(timeout),
        memory_mb,
        max_concurrency: concurrency.map(|node| node.number()).transpose()?,
        environment,
    })
}

fn check_names(properties: &Node) -> Result<(), TemplateError> {
    for (name, node) in properties.map()? {
        if !UNDERSTOOD.contains(&name.as_str()) && !CLOUD_ONLY.contains(&name.as_str()) {
            return Err(node.fault(format!(
                "the function property `{name}` is not supported here"
            )));
        }
    }
    Ok(())
}

fn variables(
    from: &Node,
    resolver: &Resolver<'_>,
    environment: &mut BTreeMap<String, String>,
) -> Result<(), TemplateError> {
    let Some(variables) = from
        .get("Environment")
        .and_then(|environment| environment.get("Variables"))
    else {
        return Ok(());
    };
    for (name, value) in variables.map()? {
        if let Some(value) = resolver.resolve(value)? {
            environment.insert(name.clone(), value.text()?.to_owned());
        }
    }
    Ok(())
}

/// What Lambda tells a function of its logging configuration.
fn log_variables(
    from: &Node,
    resolver: &Resolver<'_>,
    environment: &mut BTreeMap<String, String>,
) -> Result<(), TemplateError> {
    for (property, variable) in [
        ("LogFormat", "AWS_LAMBDA_LOG_FORMAT"),
        ("ApplicationLogLevel", "AWS_LAMBDA_LOG_LEVEL"),
    ] {
        let value = from
            .get("LoggingConfig")
            .and_then(|logging| logging.get(property));
        if let Some(value) = value.map_or(Ok(None), |value| resolver.resolve(value))? {
            environment.insert(variable.to_owned(), value.text()?.to_owned());
        }
    }
    Ok(())
}

fn events(
    function: &str,
    resource: &Node,
    resolver: &Resolver<'_>,
    routes: &mut Vec<DeclaredRoute>,
) -> Result<(), TemplateError> {
    let events = resource
        .get("Properties")
        .and_then(|properties| properties.get("Events"));
    for (_, event) in events.map_or(Ok(&[][..]), Node::map)? {
        let kind = event
            .get("Type")
            .ok_or_else(|| event.fault("there is no `Type`"))?;
        if kind.text()? != "Api" {
            return Err(kind.fault(format!(
                "events of type `{}` are not supported here",
                kind.text()?
            )));
        }
        let properties = event
            .get("Properties")
            .ok_or_else(|| event.fault("there are no `Properties`"))?;
        let properties = resolver
            .resolve(properties)?
            .ok_or_else(|| event.fault("there are no `Properties`"))?;
        routes.push(route(function, &properties)?);
    }
    Ok(())
}

fn route(function: &str, properties: &Node) -> Result<DeclaredRoute, TemplateError> {
    const KNOWN: [&str; 6] = [
        "Auth",
        "Method",
        "Path",
        "ResponseTransferMode",
        "RestApiId",
        "TimeoutInMillis",
    ];
    for (name, node) in properties.map()? {
        if !KNOWN.contains(&name.as_str()) {
            return Err(node.fault(format!("the event property `{name}` is not supported here")));
        }
    }
    let needed = |name: &str| {
        properties
            .get(name)
            .ok_or_else(|| properties.fault(format!("there is no `{name}`")))
    };
    if needed("RestApiId")?.text()? != API_ID {
        return Err(needed("RestApiId")?.fault("not the API of this template"));
    }
    let streaming = streams(properties)?;
    let path = needed("Path")?;
    if !path.text()?.starts_with('/') {
        return Err(path.fault("a path begins with `/`"));
    }
    let route = Route {
        path: path.text()?.to_owned(),
        method: method(needed("Method")?)?,
        integration: Integration::Function(Call {
            function: function.to_owned(),
            streaming,
            timeout: timeout(properties.get("TimeoutInMillis"), streaming)?,
        }),
        authorizer: None,
    };
    Ok(DeclaredRoute {
        route,
        authorizer: authorizer(properties)?,
    })
}

/// Whether the route's answers are streamed.
fn streams(properties: &Node) -> Result<bool, TemplateError> {
    let Some(mode) = properties.get("ResponseTransferMode") else {
        return Ok(false);
    };
    match mode.text()? {
        "BUFFERED" => Ok(false),
        "RESPONSE_STREAM" => Ok(true),
        // SAM takes CloudFormation's own word, `STREAM`, and deploys a route that buffers.
        _ => Err(mode.fault("must be BUFFERED or RESPONSE_STREAM")),
    }
}

fn authorizer(properties: &Node) -> Result<Option<Node>, TemplateError> {
    let Some(auth) = properties.get("Auth") else {
        return Ok(None);
    };
    match auth.map()? {
        [(name, authorizer)] if name == "Authorizer" => Ok(Some(authorizer.clone())),
        _ => Err(auth.fault("only `Authorizer` is supported here")),
    }
}

fn method(node: &Node) -> Result<Option<Method>, TemplateError> {
    let name = node.text()?.to_ascii_uppercase();
    if name == "ANY" {
        return Ok(None);
    }
    let known =
        ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"].contains(&name.as_str());
    let method = Method::from_bytes(name.as_bytes()).ok().filter(|_| known);
    method
        .map(Some)
        .ok_or_else(|| node.fault(format!("`{name}` is not a method")))
}

fn timeout(node: Option<&Node>, streaming: bool) -> Result<Duration, TemplateError> {
    let Some(node) = node else {
        return Ok(Duration::from_millis(MAX_BUFFERED_TIMEOUT_MS));
    };
    let most = if streaming {
        MAX_TIMEOUT_MS
    } else {
        MAX_BUFFERED_TIMEOUT_MS
    };
    match node.number()? {
        milliseconds @ 50.. if milliseconds <= most => Ok(Duration::from_millis(milliseconds)),
        _ => Err(node.fault(format!("must be 50 to {most}"))),
    }
}
