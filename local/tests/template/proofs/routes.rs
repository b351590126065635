//! Which routes there are, and who stands before them.

use serde_json::Value;

use super::unless;
use crate::door::Door;
use crate::resolve::entries;

/// Routes without an authorizer: what the world may read. Besides these, the questions that browsers ask before they
/// may send a token, and nothing else.
const OPEN: [&str; 2] = ["GET /.well-known/jwks.json", "GET /healthz"];
/// Below it stands where tokens come from, for clients that have none yet (RFC 9728).
const METADATA: &str = "GET /.well-known/oauth-protected-resource";

const AUTHORIZER: &str = "GatehouseAuthorizer";

/// A route as SAM makes it.
struct Route<'a> {
    /// `METHOD /path`
    name: String,
    authorizer: Option<String>,
    event: &'a Value,
    /// The properties of its function.
    function: &'a Value,
}

fn routes(door: &Door) -> Vec<Route<'_>> {
    let api = &door.main().resource("Api")["Properties"];
    let mut routes = Vec::new();
    for resource in entries(&door.main().resolved["Resources"]).values() {
        let function = &resource["Properties"];
        for event in entries(&function["Events"]).values() {
            let event = &event["Properties"];
            let path = event["Path"].as_str().unwrap();
            let method = event["Method"].as_str().unwrap().to_uppercase();
            routes.push(Route {
                authorizer: authorizer_of(api, path, &method, &event["Auth"]["Authorizer"]),
                name: format!("{method} {path}"),
                event,
                function,
            });
        }
    }
    routes
}

/// An event's own word counts before the merged definition, and that before the default.
fn authorizer_of(api: &Value, path: &str, method: &str, own: &Value) -> Option<String> {
    let named = |name: &str| (name != "NONE").then(|| name.to_owned());
    if let Some(own) = own.as_str() {
        return named(own);
    }
    let definition = &api["DefinitionBody"]["paths"][path][method.to_lowercase()]["security"];
    if let Some(schemes) = definition.as_array() {
        let mut names = schemes.iter().flat_map(|scheme| entries(scheme).keys());
        return names.find_map(|name| named(name));
    }
    let preflight_too = api["Auth"]["AddDefaultAuthorizerToCorsPreflight"] != "false";
    let default = api["Auth"]["DefaultAuthorizer"].as_str();
    let default = default.filter(|_| method != "OPTIONS" || preflight_too);
    default.map(str::to_owned)
}

/// Every route but the open ones has it; without `EnableAuth` none has.
pub(crate) fn are_protected(door: &Door) -> Vec<String> {
    let has_auth = door.main().parameters["EnableAuth"] == "true";
    let is_open = |name: &str| {
        OPEN.contains(&name) || name.starts_with(METADATA) || name.starts_with("OPTIONS /")
    };
    let mut faults = Vec::new();
    let routes = routes(door);
    faults.extend(unless(!routes.is_empty(), "Api", "there are no routes"));
    for route in &routes {
        let wanted = (has_auth && !is_open(&route.name)).then_some(AUTHORIZER);
        let is_so = route.authorizer.as_deref() == wanted;
        let what = format!("has the authorizer {:?}", route.authorizer);
        faults.extend(unless(is_so, &route.name, &what));
    }
    // A condition changes nothing at a stage that is not deployed anew.
    let deploys = &door.main().resource("Api")["Properties"]["AlwaysDeploy"];
    faults.extend(unless(deploys == "true", "Api", "AlwaysDeploy is not on"));
    faults
}

/// The word is SAM's: CloudFormation's own, `STREAM`, is taken without complaint, and buffers.
pub(crate) fn stream(door: &Door) -> Vec<String> {
    let mut faults = Vec::new();
    for route in routes(door) {
        let mode = &route.event["ResponseTransferMode"];
        faults.extend(unless(
            mode == "RESPONSE_STREAM",
            &route.name,
            "does not stream",
        ));
        let number = |value: &Value| value.as_str().and_then(|text| text.parse::<u64>().ok());
        let longest = number(&route.function["Timeout"]).unwrap_or(3) * 1000;
        let timeout = number(&route.event["TimeoutInMillis"]);
        // 15 minutes are the most; the default, 29 seconds, is not said and so not meant.
        let is_bounded = timeout.is_some_and(|timeout| timeout <= longest.min(900_000));
        faults.extend(unless(is_bounded, &route.name, "outlives its function"));
    }
    faults
}

/// It is shown the header, by its alias, and its answers are kept for five minutes at the most.
pub(crate) fn authorizer(door: &Door) -> Vec<String> {
    let auth = &door.main().resource("Api")["Properties"]["Auth"];
    let authorizer = &auth["Authorizers"][AUTHORIZER];
    let ttl = authorizer["Identity"]["ReauthorizeEvery"].as_str();
    let is_short = ttl
        .and_then(|ttl| ttl.parse().ok())
        .is_some_and(|ttl: u64| ttl <= 300);
    [
        (
            auth["DefaultAuthorizer"] == AUTHORIZER,
            "a route that says nothing is open",
        ),
        (
            authorizer["FunctionArn"]["Ref"] == "AuthorizerFunction.Alias",
            "it is not called by its alias",
        ),
        (
            authorizer["FunctionPayloadType"] == "REQUEST",
            "it cannot see whether a header came twice",
        ),
        (
            authorizer["Identity"]["Headers"] == serde_json::json!(["Authorization"]),
            "its answers are kept under something else than the token",
        ),
        (is_short, "its answers are kept for too long"),
    ]
    .into_iter()
    .filter_map(|(is_so, what)| unless(is_so, AUTHORIZER, what))
    .collect()
}
