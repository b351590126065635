//! Proofs about routes: which exist, and which have the authorizer.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{listed, unless};
use crate::door::Door;
use crate::resolve::entries;

/// Routes without an authorizer: what everyone may read. Beside these, only the preflights of browsers are open.
const OPEN: [&str; 3] = [
    "GET /.well-known/jwks.json",
    "GET /.well-known/oauth-authorization-server",
    "GET /healthz",
];
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

/// True for the routes that need no token, whatever the parameters.
fn is_open(name: &str) -> bool {
    OPEN.contains(&name) || name.starts_with(METADATA) || name.starts_with("OPTIONS /")
}

/// Every route but the open ones has it; without `EnableAuth` none has.
pub(crate) fn are_protected(door: &Door) -> Vec<String> {
    let has_auth = door.main().parameters["EnableAuth"] == "true";
    let mut faults = Vec::new();
    let routes = routes(door);
    faults.extend(unless(!routes.is_empty(), "Api", "there are no routes"));
    for route in &routes {
        let wanted = (has_auth && !is_open(&route.name)).then_some(AUTHORIZER);
        let is_so = route.authorizer.as_deref() == wanted;
        let what = format!("has the authorizer {:?}", route.authorizer);
        faults.extend(unless(is_so, &route.name, &what));
    }
    // A condition changes nothing at a stage that is not deployed again.
    let deploys = &door.main().resource("Api")["Properties"]["AlwaysDeploy"];
    faults.extend(unless(deploys == "true", "Api", "AlwaysDeploy is not on"));
    faults
}

/// The methods that a path does not have are answered 405 by API Gateway itself, with the path's methods in `Allow`
/// (RFC 9110, section 15.5.6), and alike for everyone: nothing is called, so nothing stands open.
pub(crate) fn refuse_other_methods(door: &Door) -> Vec<String> {
    let mut methods: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for route in routes(door) {
        let (method, path) = route.name.split_once(' ').unwrap();
        let of_path = methods.entry(path.to_owned()).or_default();
        of_path.insert(method.to_owned());
    }
    let api = &door.main().resource("Api")["Properties"];
    let paths = entries(&api["DefinitionBody"]["paths"]);
    let mut faults = Vec::new();
    for (path, methods) in &methods {
        let other = paths
            .get(path)
            .map_or(&Value::Null, |item| &item["x-amazon-apigateway-any-method"]);
        let integration = &other["x-amazon-apigateway-integration"];
        let answer = &integration["responses"]["default"];
        let headers = &answer["responseParameters"];
        let is_so = integration["type"] == "mock"
            && integration.get("uri").is_none()
            && integration["passthroughBehavior"] == "never"
            && integration["requestTemplates"]
                == json!({"application/json": "{\"statusCode\": 405}"})
            && entries(&integration["responses"]).len() == 1
            && answer["statusCode"] == "405"
            && other["security"] == json!([{"NONE": []}])
            && headers["method.response.header.Access-Control-Allow-Origin"] == "'*'";
        faults.extend(unless(is_so, path, "does not refuse other methods"));
        // At `mcp` the proxy refuses `GET` itself, behind the authorizer: clients who have no token are to get one.
        let taken = methods.iter().map(String::as_str);
        let taken =
            taken.filter(|&name| name != "OPTIONS" && !(name == "GET" && methods.contains("POST")));
        let allow = taken.chain(["OPTIONS"]).collect::<Vec<_>>().join(", ");
        let is_so = headers["method.response.header.Allow"] == format!("'{allow}'");
        faults.extend(unless(is_so, path, "names other methods than it takes"));
    }
    faults.extend(paths.iter().flat_map(|(path, item)| {
        let known = |name: &str| {
            let declared = methods
                .get(path)
                .is_some_and(|own| own.contains(&name.to_uppercase()));
            declared || name == "x-amazon-apigateway-any-method"
        };
        let strange = entries(item).keys().filter(move |name| !known(name));
        strange.map(move |name| format!("{name} {path}: no function has it"))
    }));
    faults
}

/// The open routes have a function of their own, with a limit of concurrency and requests of its own, so that strangers
/// who flood them take nothing from turns. Its role can call no agent, and its settings are the proxy's.
pub(crate) fn keep_strangers_apart(door: &Door) -> Vec<String> {
    const APART: &str = "OpenRoutesFunction";
    let main = door.main();
    let of = |name: &str| &main.resource(name)["Properties"];
    let mut faults = Vec::new();
    let settings = listed(&of("Api")["MethodSettings"]);
    for route in routes(door) {
        let wanted = if is_open(&route.name) {
            APART
        } else {
            "ProxyFunction"
        };
        let is_so = std::ptr::eq(route.function, of(wanted));
        faults.extend(unless(is_so, &route.name, "is another function's"));
        let (method, path) = route.name.split_once(' ').unwrap();
        let path = format!("/{}", path.replace('/', "~1"));
        let own = settings
            .iter()
            .find(|own| own["ResourcePath"] == *path && own["HttpMethod"] == *method);
        let is_bounded = own.is_some_and(|own| {
            own["ThrottlingRateLimit"] == main.parameters["OpenThrottlingRate"]
                && own["ThrottlingBurstLimit"] == main.parameters["OpenThrottlingBurst"]
        });
        let is_so = is_bounded == is_open(&route.name);
        faults.extend(unless(is_so, &route.name, "has another limit of requests"));
    }
    let same = of(APART)["Environment"] == of("ProxyFunction")["Environment"]
        && of(APART)["Layers"] == of("ProxyFunction")["Layers"];
    faults.extend(unless(same, APART, "has other settings than the proxy"));
    for (function, parameter) in [
        ("AuthorizerFunction", "AuthorizerConcurrency"),
        (APART, "OpenRoutesConcurrency"),
        ("PretokenFunction", "PretokenConcurrency"),
    ] {
        let reserved = &of(function)["ReservedConcurrentExecutions"];
        let given = &main.parameters[parameter];
        let is_so = if given == "0" {
            reserved.is_null()
        } else {
            reserved == given
        };
        faults.extend(unless(is_so, function, "reserves another concurrency"));
    }
    faults.extend(may_little(door, APART));
    faults
}

/// The role of the open routes writes a log and reads the signing keys.
fn may_little(door: &Door, function: &str) -> Vec<String> {
    let of = |name: &str| &door.main().resource(name)["Properties"];
    let mut faults = Vec::new();
    let role = of("OpenRoutesRole");
    let statements = listed(&role["Policies"])
        .into_iter()
        .flat_map(|policy| listed(&policy["PolicyDocument"]["Statement"]));
    let allowed: Vec<&Value> = statements.map(|statement| &statement["Action"]).collect();
    let wanted = [
        &json!(["logs:CreateLogStream", "logs:PutLogEvents"]),
        &json!("secretsmanager:GetSecretValue"),
    ];
    faults.extend(unless(
        allowed == wanted,
        function,
        "may do more than it needs",
    ));
    let is_its = of(function)["Role"]["Fn::GetAtt"] == "OpenRoutesRole.Arn";
    faults.extend(unless(is_its, function, "has another role"));
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

/// It is shown the header, and its answers are kept for five minutes at the most.
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
            authorizer["FunctionArn"]["Fn::GetAtt"] == "AuthorizerFunction.Arn",
            "another function is asked",
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
