//! The API itself: its own answers, its stage, its log, and that there is no way past it.

use serde_json::Value;

use super::unless;
use crate::door::{Door, all_texts};
use crate::resolve::entries;

/// Variables of the access log, none of which holds anything that a caller keeps secret, or a name of a person's.
const LOGGED: [&str; 14] = [
    "authorizer.token_id",
    "error.responseType",
    "extendedRequestId",
    "httpMethod",
    "identity.sourceIp",
    "integration.latency",
    "path",
    "requestId",
    "requestTimeEpoch",
    "resourcePath",
    "responseLatency",
    "responseLength",
    "status",
    "xrayTraceId",
];

/// Any page may read them, and a client hears what kind of token is wanted.
pub(crate) fn responses(door: &Door) -> Vec<String> {
    let responses = entries(&door.main().resource("Api")["Properties"]["GatewayResponses"]);
    let mut faults = Vec::new();
    for needed in [
        "ACCESS_DENIED",
        "DEFAULT_4XX",
        "DEFAULT_5XX",
        "UNAUTHORIZED",
    ] {
        let is_there = responses.contains_key(needed);
        faults.extend(unless(is_there, needed, "is not there"));
    }
    for (name, response) in responses {
        let headers = &response["ResponseParameters"]["Headers"];
        let origin = &headers["Access-Control-Allow-Origin"];
        faults.extend(unless(origin == "'*'", name, "no page may read it"));
        let kind = &headers["Content-Type"];
        let is_problem = kind == "'application/problem+json'";
        faults.extend(unless(is_problem, name, "is no problem document"));
        let is_told = headers["X-Request-Id"] == "context.requestId";
        faults.extend(unless(is_told, name, "does not say its id"));
        let exposed = headers["Access-Control-Expose-Headers"].as_str();
        let is_exposed = exposed.is_some_and(|names| names.contains("X-Request-Id"));
        faults.extend(unless(is_exposed, name, "no page may read its id"));
        let bodies = entries(&response["ResponseTemplates"]).values();
        let mut bodies = bodies.filter_map(Value::as_str);
        let are_json = bodies.all(|body| serde_json::from_str::<Value>(body).is_ok());
        faults.extend(unless(are_json, name, "its body is no JSON"));
    }
    faults.extend(challenge(door));
    faults
}

/// A 401 asks for a token and says where to get one, where a parameter says the door's address. API Gateway renames the
/// proxy's own challenge, so this one counts.
fn challenge(door: &Door) -> Vec<String> {
    let responses = &door.main().resource("Api")["Properties"]["GatewayResponses"];
    let mut faults = Vec::new();
    let headers = &responses["UNAUTHORIZED"]["ResponseParameters"]["Headers"];
    let text = |name: &str| {
        let value = &headers[name];
        let composed = value["Fn::Sub"].as_str();
        value.as_str().or(composed).unwrap_or_default()
    };
    let challenge = text("WWW-Authenticate");
    faults.extend(unless(
        challenge.starts_with("'Bearer "),
        "UNAUTHORIZED",
        "does not ask for a token",
    ));
    let parameters = &door.main().parameters;
    let metadata =
        |of: &str| format!(r#"resource_metadata="{of}/.well-known/oauth-protected-resource""#);
    let says_where = match (
        parameters["DomainName"] != "",
        parameters["PublicUrl"] != "",
    ) {
        (true, _) => challenge.contains(&metadata("https://${DomainName}")),
        (false, true) => challenge.contains(&metadata("${PublicUrl}")),
        (false, false) => !challenge.contains("resource_metadata"),
    };
    faults.extend(unless(
        says_where,
        "UNAUTHORIZED",
        "does not say where to get a token, or says it without a name",
    ));
    let exposed = text("Access-Control-Expose-Headers").contains("WWW-Authenticate");
    faults.extend(unless(
        exposed,
        "UNAUTHORIZED",
        "hides WWW-Authenticate from pages",
    ));
    faults
}

/// Every route has a limit, and bodies are not written down.
pub(crate) fn stage(door: &Door) -> Vec<String> {
    let settings = &door.main().resource("Api")["Properties"]["MethodSettings"];
    let all = settings.as_array().and_then(|settings| {
        let mut settings = settings.iter();
        settings.find(|one| one["ResourcePath"] == "/*" && one["HttpMethod"] == "*")
    });
    let all = all.unwrap_or(&Value::Null);
    [
        (
            all["ThrottlingRateLimit"].is_string(),
            "there is no rate limit",
        ),
        (
            all["ThrottlingBurstLimit"].is_string(),
            "there is no burst limit",
        ),
        (
            all["DataTraceEnabled"] == "false",
            "bodies and headers are logged",
        ),
        (
            all["MetricsEnabled"] == "false",
            "metrics of each method are paid for",
        ),
    ]
    .into_iter()
    .filter_map(|(is_so, what)| unless(is_so, "Api", what))
    .collect()
}

/// There is one, of variables that are known to be harmless. The path is the one text of a stranger's, so it is the first
/// member; and it is the route's pattern where the name of a conversation is all that keeps that to its owner.
pub(crate) fn access_log(door: &Door) -> Vec<String> {
    let log = &door.main().resource("Api")["Properties"]["AccessLogSetting"];
    let format = substituted(&log["Format"]);
    let mut faults = Vec::new();
    let is_kept = log["DestinationArn"]["Fn::GetAtt"] == "AccessLogs.Arn";
    faults.extend(unless(is_kept, "AccessLogSetting", "goes elsewhere"));
    let is_json = serde_json::from_str::<Value>(&format).is_ok();
    faults.extend(unless(is_json, "AccessLogSetting", "is no JSON"));
    for variable in format.split('$').skip(1) {
        let name: String = variable
            .chars()
            .take_while(|letter| letter.is_ascii_alphanumeric() || ['.', '_'].contains(letter))
            .collect();
        let name = name.strip_prefix("context.").unwrap_or(&name);
        faults.extend(unless(LOGGED.contains(&name), name, "is logged"));
    }
    let is_first = format.starts_with(r#"{"path": "$context."#);
    faults.extend(unless(is_first, "path", "is not the first member"));
    let is_real = format.starts_with(r#"{"path": "$context.path","#);
    let proxy = &door.main().resource("ProxyFunction")["Properties"];
    let asks = proxy["Environment"]["Variables"]["ENABLE_AUTH"] == "true";
    faults.extend(unless(
        is_real == asks,
        "path",
        "shows names of conversations",
    ));
    faults
}

/// A text, or one with a map of what stands for the names in it.
fn substituted(text: &Value) -> String {
    let sub = &text["Fn::Sub"];
    let plain = text.as_str().or(sub[0].as_str()).unwrap_or_default();
    let values = sub[1].as_object().into_iter().flatten();
    values.fold(plain.to_owned(), |text, (name, value)| {
        text.replace(&format!("${{{name}}}"), value.as_str().unwrap_or_default())
    })
}

/// The console's pages may connect to the door, the sign-in page and what a parameter names, each by its exact host: a
/// pattern such as `*.execute-api` would let a page send what it knows to an API of anybody's.
pub(crate) fn console(door: &Door) -> Vec<String> {
    let main = door.main();
    let given = &main.resource("Console")["Properties"]["Parameters"];
    let mut faults = Vec::new();
    for name in ["Door", "SignIn", "Connections"] {
        let mut texts = Vec::new();
        all_texts(&given[name], &mut texts);
        let is_exact = !texts.iter().any(|text| text.contains('*'));
        faults.extend(unless(is_exact, name, "is a pattern of hosts"));
    }
    let mut sheets = door.sheets.iter();
    let Some(sheet) = sheets.find(|sheet| sheet.file == "stacks/console.yaml") else {
        return faults;
    };
    for name in ["Door", "SignIn", "Connections"] {
        let pattern = sheet.template["Parameters"][name]["AllowedPattern"].as_str();
        let is_bounded =
            pattern.is_some_and(|pattern| !pattern.contains(".*") && !pattern.contains("*-"));
        faults.extend(unless(is_bounded, name, "may be a pattern of hosts"));
    }
    let headers = sheet.resource("Headers").to_string();
    let wanted = "connect-src 'self' ${Door} ${SignIn} ${Connections};";
    faults.extend(unless(
        headers.contains(wanted),
        "Headers",
        "let pages connect elsewhere",
    ));
    let parameters = &main.parameters;
    let is_known = parameters["DomainName"] != "" || parameters["PublicUrl"] != "";
    let is_named = given["Door"] != "";
    faults.extend(unless(
        is_named == is_known,
        "Console",
        "cannot call the door",
    ));
    faults
}

/// No function URL, no second API, no second name, and a private door admits its endpoint alone.
pub(crate) fn no_way_around(door: &Door) -> Vec<String> {
    let mut faults = Vec::new();
    for (place, resource) in door.resources() {
        let mut texts = Vec::new();
        all_texts(resource, &mut texts);
        let has_url = resource["Type"] == "AWS::Lambda::Url"
            || resource["Properties"].get("FunctionUrlConfig").is_some()
            || texts.contains(&"lambda:InvokeFunctionUrl");
        faults.extend(unless(
            !has_url,
            &place,
            "a function has an address of its own",
        ));
    }
    let apis = door.resources().filter(|(_, resource)| {
        let kind = resource["Type"].as_str().unwrap();
        [
            "AWS::Serverless::Api",
            "AWS::Serverless::HttpApi",
            "AWS::ApiGateway::RestApi",
        ]
        .contains(&kind)
            || kind.starts_with("AWS::ApiGatewayV2::")
    });
    faults.extend(unless(apis.count() == 1, "Api", "is not the only one"));
    let parameters = &door.main().parameters;
    let api = &door.main().resource("Api")["Properties"];
    let wanted = if parameters["DomainName"] == "" {
        "false"
    } else {
        "true"
    };
    let has_one_name = api["DisableExecuteApiEndpoint"] == wanted;
    faults.extend(unless(has_one_name, "Api", "has two names"));
    let endpoint = &parameters["VpcEndpointId"];
    let kind = &api["EndpointConfiguration"]["Type"];
    if endpoint == "" {
        faults.extend(unless(kind == "REGIONAL", "Api", "is not regional"));
        return faults;
    }
    faults.extend(unless(kind == "PRIVATE", "Api", "is not private"));
    let statements = api["Policy"]["Statement"].as_array();
    let is_closed = statements.is_some_and(|statements| {
        let condition =
            |one: &Value| one["Condition"]["StringEquals"]["aws:SourceVpce"] == *endpoint;
        statements.iter().all(condition)
    });
    faults.extend(unless(is_closed, "Api", "admits other endpoints"));
    faults
}
