//! A template with everything in it that is understood, and what becomes of it when one thing is wrong.

use super::*;

const TEMPLATE: &str = "
Parameters:
  Agents: {Type: String}
  Local: {Type: String, Default: 'true'}
Conditions:
  IsLocal: !Equals [!Ref Local, 'true']
  IsNot: !Not [!Condition IsLocal]
Globals:
  Function:
    Timeout: 7
    Environment:
      Variables: {AGENTS: !Ref Agents, LEVEL: low}
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      Name: !Ref Anything
      StageName: live
      BinaryMediaTypes: [image~1*]
      EndpointConfiguration: {Type: REGIONAL}
      MergeDefinitions: true
      DefinitionBody:
        openapi: 3.0.1
        paths:
          /asked: {get: {security: [NONE: [], !If [IsLocal, Main: [], NONE: []]]}}
          /unasked: {get: {security: [NONE: [], !If [IsNot, Main: [], NONE: []]]}}
      Auth:
        DefaultAuthorizer: Main
        AddDefaultAuthorizerToCorsPreflight: false
        Authorizers:
          Main:
            FunctionPayloadType: REQUEST
            FunctionArn: !GetAtt Gate.Arn
            Identity: {Headers: [Authorization], QueryStrings: [q], ReauthorizeEvery: 60}
          Second:
            FunctionArn: !GetAtt Gate.Arn
      GatewayResponses:
        UNAUTHORIZED:
          StatusCode: 401
          ResponseParameters: {Headers: {X-A: \"'b'\"}}
          ResponseTemplates: {application/json: '{\"id\": \"$context.requestId\"}'}
  Gate:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: gate}}
    Properties: {Role: !GetAtt Unread.Arn, LoggingConfig: {LogFormat: JSON, LogGroup: !Ref Unread}}
  Door:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: door}}
    Properties:
      Timeout: 900
      MemorySize: 512
      ReservedConcurrentExecutions: 3
      Environment: {Variables: {LEVEL: !If [IsLocal, high, low], GONE: !If [IsLocal, !Ref AWS::NoValue, x]}}
      Events:
        Ask:
          Type: Api
          Properties:
            {RestApiId: !Ref Api, Path: '/{x}', Method: post, ResponseTransferMode: RESPONSE_STREAM, TimeoutInMillis: 900000}
        Preflight:
          Type: Api
          Properties: {RestApiId: !Ref Api, Path: '/{x}', Method: OPTIONS}
        Open:
          Type: Api
          Properties: {RestApiId: !Ref Api, Path: /open, Method: any, Auth: {Authorizer: NONE}}
        Other:
          Type: Api
          Properties: {RestApiId: !Ref Api, Path: /other, Method: GET, Auth: {Authorizer: Second}}
        Asked:
          Type: Api
          Properties: {RestApiId: !Ref Api, Path: /asked, Method: GET}
        Unasked:
          Type: Api
          Properties: {RestApiId: !Ref Api, Path: /unasked, Method: GET}
  Elsewhere:
    Type: AWS::Serverless::Function
    Condition: IsNot
    Properties: {Nonsense: 1}
  Unread:
    Type: AWS::IAM::Role
    Properties: {Nonsense: !Cidr [a, 1]}
";

fn given() -> BTreeMap<String, String> {
    BTreeMap::from([("Agents".to_owned(), "{}".to_owned())])
}

fn parse(text: &str) -> Result<Template, TemplateError> {
    Template::parse(text, &given())
}

#[test]
fn functions_are_read_with_their_globals() {
    let functions = parse(TEMPLATE).unwrap().functions;
    let variables = |pairs: &[(&str, &str)]| {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect::<BTreeMap<_, _>>()
    };
    let gate = FunctionSettings {
        name: "Gate".to_owned(),
        binary: "gate".to_owned(),
        timeout: Duration::from_secs(7),
        memory_mb: 128,
        max_concurrency: None,
        environment: variables(&[
            ("AGENTS", "{}"),
            ("LEVEL", "low"),
            ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
        ]),
    };
    let door = FunctionSettings {
        name: "Door".to_owned(),
        binary: "door".to_owned(),
        timeout: Duration::from_secs(900),
        memory_mb: 512,
        max_concurrency: Some(3),
        environment: variables(&[("AGENTS", "{}"), ("LEVEL", "high")]),
    };
    assert_eq!(functions, [gate, door]);
}

#[test]
fn routes_have_the_authorizer_that_sam_gives_them() {
    let api = parse(TEMPLATE).unwrap().api;
    let routes: Vec<_> = api
        .routes
        .iter()
        .map(|route| {
            let method = route.method.as_ref().map_or("ANY", Method::as_str);
            let authorizer = route.authorizer.as_deref().unwrap_or("-");
            let Integration::Function(call) = &route.integration else {
                panic!("{route:?}");
            };
            format!(
                "{method} {} {authorizer} {} {:?}",
                route.path, call.streaming, call.timeout
            )
        })
        .collect();
    assert_eq!(
        routes,
        [
            "POST /{x} Main true 900s",
            "OPTIONS /{x} - false 29s",
            "ANY /open - false 29s",
            "GET /other Second false 29s",
            "GET /asked Main false 29s",
            "GET /unasked - false 29s",
        ]
    );
}

#[test]
fn the_api_is_read() {
    let api = parse(TEMPLATE).unwrap().api;
    assert_eq!(
        (api.stage.as_str(), api.stream_idle),
        ("live", Duration::from_secs(300))
    );
    assert_eq!(api.binary_media_types, ["image/*"]);
    let identity = vec![
        IdentitySource::Header("Authorization".to_owned()),
        IdentitySource::Query("q".to_owned()),
    ];
    let main = Authorizer {
        function: "Gate".to_owned(),
        payload: Payload::Request { identity },
        ttl: Duration::from_secs(60),
    };
    let second = Authorizer {
        function: "Gate".to_owned(),
        payload: Payload::Token {
            header: "Authorization".to_owned(),
        },
        ttl: Duration::from_secs(300),
    };
    assert_eq!(
        api.authorizers,
        BTreeMap::from([("Main".to_owned(), main), ("Second".to_owned(), second)])
    );
    let unauthorized = &api.responses["UNAUTHORIZED"];
    assert_eq!(unauthorized.status, Some(StatusCode::UNAUTHORIZED));
    assert_eq!(
        unauthorized.headers,
        [("X-A".to_owned(), HeaderText::Fixed("b".to_owned()))]
    );
    assert_eq!(unauthorized.bodies.len(), 1);
}

/// A text of the template, what stands there instead, and the end of the error.
const WRONG: [(&str, &str, &str); 24] = [
    (
        "StageName: live",
        "Cors: '*'",
        "line 18: the API property `Cors` is not supported here",
    ),
    (
        "DefaultAuthorizer: Main",
        "DefaultAuthorizer: Nobody",
        "there is no authorizer `Nobody`",
    ),
    (
        "Authorizer: Second",
        "Authorizer: Nobody",
        "there is no authorizer `Nobody`",
    ),
    (
        "!GetAtt Gate.Arn",
        "!GetAtt Gone.Arn",
        "line 33: the attribute `Gone.Arn` is not supported here",
    ),
    (
        "!GetAtt Gate.Arn",
        "'arn:of:another'",
        "not a function of this template",
    ),
    (
        "ReauthorizeEvery: 60",
        "ReauthorizeEvery: 3601",
        "`ReauthorizeEvery` is at most 3600",
    ),
    (
        "Headers: [Authorization], QueryStrings: [q], ",
        "",
        "answers can only be kept by an identity",
    ),
    (
        "UNAUTHORIZED",
        "UNATHORIZED",
        "`UNATHORIZED` is not a gateway response",
    ),
    ("\"'b'\"", "b", "a fixed value stands in single quotes"),
    (
        "$context.requestId",
        "$input.body",
        "`$input.body` is not supported in a gateway response",
    ),
    (
        "RESPONSE_STREAM",
        "STREAM",
        "must be BUFFERED or RESPONSE_STREAM",
    ),
    ("900000", "900001", "must be 50 to 900000"),
    ("Method: post", "Method: fetch", "`FETCH` is not a method"),
    ("Path: /open", "Path: open", "a path begins with `/`"),
    (
        "Method: any",
        "Method: any, RequestModel: x",
        "the event property `RequestModel` is not supported here",
    ),
    (
        "Binary: gate",
        "Bin: gate",
        "there is no `Metadata.BuildProperties.Binary`",
    ),
    (
        "MemorySize: 512",
        "MemorySize: much",
        "a whole number is needed here",
    ),
    (
        "MemorySize: 512",
        "Tracer: []",
        "the function property `Tracer` is not supported here",
    ),
    (
        "Type: REGIONAL",
        "Type: NEAR",
        "`NEAR` is not an endpoint type",
    ),
    (
        "MergeDefinitions: true",
        "MergeDefinitions: false",
        "without `MergeDefinitions` the functions' events have no effect",
    ),
    (
        "/unasked: {get:",
        "/unasked: {post:",
        "no event declares this route",
    ),
    (
        "!If [IsLocal, Main: []",
        "!If [IsLocal, Man: []",
        "there is no authorizer `Man`",
    ),
    (
        "!If [IsLocal, Main: []",
        "Second: [], !If [IsLocal, Main: []",
        "a route has one authorizer",
    ),
    (
        "openapi: 3.0.1",
        "servers: []",
        "`servers` is not supported here",
    ),
];

#[test]
fn what_is_wrong_or_not_supported_is_named_with_its_line() {
    for (from, to, what) in WRONG {
        assert!(TEMPLATE.contains(from), "{from}");
        let error = parse(&TEMPLATE.replacen(from, to, 1))
            .unwrap_err()
            .to_string();
        assert!(error.ends_with(what), "{from} -> {to}: {error}");
    }
}

#[test]
fn values_that_do_not_go_together_are_refused_in_the_rules_own_words() {
    let with = |condition: &str, assertion: &str| {
        let rule = format!("Rules: {{Own: {{{condition}Assertions: [{assertion}]}}}}");
        parse(&format!("{TEMPLATE}{rule}\n"))
    };
    let never = "{Assert: !Not [!Equals [a, a]], AssertDescription: never}";
    let local = "{Assert: !Equals [!Ref Local, 'true'], AssertDescription: only local}";
    assert!(with("", local).is_ok());
    assert!(with("RuleCondition: !Equals [!Ref Agents, ''], ", never).is_ok());
    let both = format!("{local}, {never}");
    for condition in ["", "RuleCondition: !Equals [!Ref Agents, '{}'], "] {
        let error = with(condition, &both).unwrap_err();
        assert!(
            matches!(&error, TemplateError::Rule(words) if words == "never"),
            "{error}"
        );
    }
    let error = with("", "{AssertDescription: x}").unwrap_err();
    assert!(
        error.to_string().ends_with("there is no `Assert`"),
        "{error}"
    );
}

#[test]
fn the_template_of_the_door_is_understood() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml");
    let given = [
        ("Agents", "{}"),
        ("DenialsTable", "denials"),
        ("DirectoryTable", "users"),
        ("SigningSecret", "arn:of:a:secret"),
        ("TrustedIssuers", "[]"),
        ("TurnsTable", "turns"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let template = Template::load(&path, &given.into()).unwrap();
    let binaries: Vec<_> = template
        .functions
        .iter()
        .map(|function| function.binary.as_str())
        .collect();
    assert_eq!(
        binaries,
        [
            "authorizer",
            "proxy",
            "proxy",
            "pretoken",
            "signing_rotation"
        ]
    );
    let routes = template.api.routes.iter();
    for route in routes.filter(|route| route.authorizer.is_none()) {
        if let Integration::Mock(status, _) = &route.integration {
            assert_eq!((status.as_u16(), &route.method), (405, &None), "{route:?}");
            continue;
        }
        let path = route.path.as_str();
        let open = [
            "/.well-known/jwks.json",
            "/.well-known/oauth-authorization-server",
            "/healthz",
        ]
        .contains(&path)
            || path.starts_with("/.well-known/oauth-protected-resource");
        let get = route.method == Some(Method::GET);
        assert!(
            open && get || route.method == Some(Method::OPTIONS),
            "{route:?}"
        );
    }
}
