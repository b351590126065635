//! Requests through the emulator of API Gateway to a real function and a real authorizer.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod mock;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use local::api_gateway::{ApiGateway, Entrance};
use local::lambda::{Function, FunctionSpec};
use local::template::Template;
use serde_json::{Value, json};
use tokio::time::timeout;

/// Far above what any step takes; a test that reaches it hangs.
const PATIENCE: Duration = Duration::from_secs(20);

const TEMPLATE: &str = r#"
Globals:
  Function:
    Timeout: 20
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: live
      EndpointConfiguration: {Type: REGIONAL}
      MergeDefinitions: true
      DefinitionBody:
        paths:
          /stream:
            x-amazon-apigateway-any-method:
              security: [NONE: []]
              responses: {"405": {description: no, headers: {Allow: {}, Content-Type: {}}}}
              x-amazon-apigateway-integration:
                type: mock
                passthroughBehavior: never
                requestTemplates: {application/json: '{"statusCode": 405}'}
                responses:
                  default:
                    statusCode: "405"
                    responseParameters: {method.response.header.Allow: "'POST'", method.response.header.Content-Type: "'a/b'"}
                    responseTemplates: {application/json: '{"id": "$context.requestId", "at": "$context.stage"}'}
      Auth:
        DefaultAuthorizer: Main
        Authorizers:
          Main:
            FunctionPayloadType: REQUEST
            FunctionArn: !GetAtt Gate.Arn
            Identity: {Headers: [Authorization], ReauthorizeEvery: 300}
          Token:
            FunctionArn: !GetAtt Gate.Arn
          Uncached:
            FunctionPayloadType: REQUEST
            FunctionArn: !GetAtt Gate.Arn
            Identity: {ReauthorizeEvery: 0}
      GatewayResponses:
        UNAUTHORIZED:
          StatusCode: 401
          ResponseParameters:
            Headers: {WWW-Authenticate: "'Bearer'", Access-Control-Allow-Origin: method.request.header.Origin}
          ResponseTemplates:
            application/json: '{"id": "$context.requestId", "why": $context.error.messageString, "type": "$context.error.responseType"}'
        DEFAULT_5XX:
          ResponseParameters: {Headers: {X-Five: "'yes'"}}
  Gate:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: echo_function}}
    Properties: {}
  Door:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: echo_function}}
    Properties:
      Events:
        Buffered:
          Type: Api
          Properties: {RestApiId: !Ref Api, Path: /buffered, Method: ANY, Auth: {Authorizer: NONE}}
        Stream:
          Type: Api
          Properties: {RestApiId: !Ref Api, Path: /stream, Method: POST, ResponseTransferMode: RESPONSE_STREAM, Auth: {Authorizer: NONE}}
        Short:
          Type: Api
          Properties: {RestApiId: !Ref Api, Path: /short, Method: POST, TimeoutInMillis: 300, Auth: {Authorizer: NONE}}
        ShortStream:
          Type: Api
          Properties: {RestApiId: !Ref Api, Path: /short-stream, Method: POST, ResponseTransferMode: RESPONSE_STREAM, TimeoutInMillis: 400, Auth: {Authorizer: NONE}}
        Guarded:
          Type: Api
          Properties: {RestApiId: !Ref Api, Path: '/guarded/{name}', Method: POST}
        ByToken:
          Type: Api
          Properties: {RestApiId: !Ref Api, Path: /token, Method: POST, Auth: {Authorizer: Token}}
        Uncached:
          Type: Api
          Properties: {RestApiId: !Ref Api, Path: /uncached, Method: POST, Auth: {Authorizer: Uncached}}
"#;

struct Door {
    gateway: ApiGateway,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Door {
    async fn open() -> Self {
        let template = Template::parse(TEMPLATE, &BTreeMap::new()).unwrap();
        let mut functions = HashMap::new();
        for settings in &template.functions {
            let mut spec = FunctionSpec::new(&settings.name, env!("CARGO_BIN_EXE_echo_function"));
            spec.timeout = settings.timeout;
            spec.echo_logs = false;
            functions.insert(settings.name.clone(), Function::start(spec).await.unwrap());
        }
        let entrance = Entrance::bind(0).await.unwrap();
        let gateway = ApiGateway::open(entrance, template.api, functions);
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { gateway, client }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Response<Incoming> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.gateway.url()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body.into())).unwrap();
        timeout(PATIENCE, self.client.request(request))
            .await
            .unwrap()
            .unwrap()
    }

    /// Sends an instruction for the function.
    async fn post(&self, path: &str, instruction: &Value) -> Answer {
        self.ask(path, &[], instruction).await
    }

    async fn ask(&self, path: &str, headers: &[(&str, &str)], instruction: &Value) -> Answer {
        Answer::read(
            self.send(Method::POST, path, headers, instruction.to_string())
                .await,
        )
        .await
    }
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    async fn read(response: Response<Incoming>) -> Self {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Self {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(body.into()).unwrap(),
        }
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

fn reflect() -> Value {
    json!({"do": "reflect"})
}

fn answer(answer: &Value) -> Value {
    json!({"do": "answer", "answer": answer})
}

#[tokio::test]
async fn a_request_reaches_the_function_and_its_answer_the_client() {
    let door = Door::open().await;
    let event = door
        .ask("/buffered?a=1&a=2", &[("X-Own", "x")], &reflect())
        .await
        .json();
    assert_eq!(event["httpMethod"], "POST");
    assert_eq!(
        event["multiValueQueryStringParameters"],
        json!({"a": ["1", "2"]})
    );
    assert_eq!(event["headers"]["x-own"], "x");
    assert_eq!(event["body"], reflect().to_string());
    assert!(event["requestContext"].get("authorizer").is_none());
    let sent = json!({
        "statusCode": 418, "body": "tea", "headers": {"Date": "never", "X-One": 1}, "multiValueHeaders": {"X-Many": ["1", "2"]},
    });
    let received = door.post("/live/buffered", &answer(&sent)).await;
    assert_eq!(
        (received.status.as_u16(), received.body.as_str()),
        (418, "tea")
    );
    assert_eq!(received.header("x-amzn-remapped-date"), "never");
    assert_ne!(received.header("date"), "never");
    assert_eq!(received.header("x-one"), "1");
    assert_eq!(received.headers.get_all("x-many").iter().count(), 2);
    for name in ["x-amzn-requestid", "x-amz-apigw-id", "x-amzn-trace-id"] {
        assert_ne!(received.header(name), "", "{name}");
    }
}

#[tokio::test]
async fn functions_that_fail_are_502_and_wrong_framing_500() {
    let door = Door::open().await;
    for (path, instruction, status) in [
        ("/buffered", json!({"do": "fail", "message": "secret"}), 502),
        ("/buffered", json!({"do": "exit"}), 502),
        ("/buffered", answer(&json!("text")), 502),
        ("/buffered", json!({"do": "big", "bytes": 6_300_000}), 502),
        ("/stream", json!({"do": "fail", "message": "secret"}), 502),
        ("/stream", answer(&json!({"statusCode": 200})), 500),
        ("/short", json!({"do": "hang"}), 504),
        ("/short-stream", json!({"do": "hang"}), 504),
    ] {
        let received = door.post(path, &instruction).await;
        assert_eq!(
            received.status.as_u16(),
            status,
            "{path} {instruction}: {}",
            received.body
        );
        assert_eq!(
            received.header("x-five"),
            "yes",
            "the template's DEFAULT_5XX"
        );
        assert!(!received.body.contains("secret"), "{}", received.body);
    }
}

#[tokio::test]
async fn a_streamed_answer_has_the_preludes_head_and_comes_in_pieces() {
    let door = Door::open().await;
    let sent = json!({"do": "stream", "chunks": ["one ", "two"]});
    let received = door.post("/stream", &sent).await;
    assert_eq!(
        (received.status.as_u16(), received.body.as_str()),
        (201, "one two")
    );
    assert_eq!(received.header("set-cookie"), "a=1");
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("gateway-until");
    let _ = std::fs::remove_file(&file);
    let until = json!({"do": "until", "file": file}).to_string();
    let mut response = door.send(Method::POST, "/stream", &[], until).await;
    for _ in 0..3 {
        let frame = timeout(PATIENCE, response.body_mut().frame())
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        assert!(frame.into_data().unwrap().starts_with(b"again "));
    }
    std::fs::write(&file, "stop").unwrap();
    let rest = timeout(PATIENCE, response.into_body().collect()).await;
    rest.unwrap().unwrap();
}

#[tokio::test]
async fn a_stream_that_breaks_or_lasts_too_long_is_cut_without_an_end() {
    let door = Door::open().await;
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("gateway-long");
    for (path, instruction) in [
        ("/stream", json!({"do": "cut"})),
        ("/short-stream", json!({"do": "until", "file": file})),
    ] {
        let response = door
            .send(Method::POST, path, &[], instruction.to_string())
            .await;
        assert_eq!(response.status(), 201);
        let outcome = timeout(PATIENCE, response.into_body().collect())
            .await
            .unwrap();
        assert!(outcome.is_err(), "{path} must not look complete");
    }
}

#[tokio::test]
async fn what_no_route_has_is_refused() {
    let door = Door::open().await;
    for (method, path) in [
        (Method::POST, "/nothing"),
        (Method::GET, "/short-stream"),
        (Method::POST, "/live"),
    ] {
        let received = Answer::read(door.send(method, path, &[], "").await).await;
        assert_eq!(received.status, 403);
        assert_eq!(
            received.body,
            "{\"message\":\"Missing Authentication Token\"}"
        );
    }
}

#[tokio::test]
async fn sizes_are_bounded() {
    let door = Door::open().await;
    let padding = "x".repeat(20_480);
    let long = format!("/guarded/{}", "x".repeat(1600));
    for (path, header, length, status) in [
        ("/buffered", padding.as_str(), 2, 431),
        (long.as_str(), "x", 2, 414),
        ("/buffered", "x", 10 * 1024 * 1024 + 1, 413),
        // Within API Gateway's limit, and over Lambda's.
        ("/buffered", "x", 10 * 1024 * 1024, 413),
    ] {
        let received = door
            .send(
                Method::POST,
                path,
                &[("x-padding", header)],
                vec![b' '; length],
            )
            .await;
        assert_eq!(received.status().as_u16(), status);
    }
}

#[tokio::test]
async fn each_word_of_the_authorizer_has_its_status() {
    let door = Door::open().await;
    for (path, token, status, kind) in [
        ("/guarded/a", "unauthorized", 401, "UNAUTHORIZED"),
        ("/guarded/a", "", 401, "UNAUTHORIZED"),
        ("/token", "unauthorized", 401, "UNAUTHORIZED"),
        ("/token", "", 401, "UNAUTHORIZED"),
        ("/guarded/a", "deny", 403, "with an explicit deny"),
        (
            "/guarded/a",
            "other",
            403,
            "User is not authorized to access this resource\"",
        ),
        ("/guarded/a", "boom", 500, "null"),
        ("/guarded/a", "null", 500, "null"),
        ("/guarded/a", "fine", 200, "somebody"),
        ("/token", "fine", 200, "somebody"),
        // Answers that are not kept need no identity: the authorizer decides.
        ("/uncached", "", 200, "somebody"),
    ] {
        let headers = if token.is_empty() {
            vec![]
        } else {
            vec![("authorization", token)]
        };
        let received = door.ask(path, &headers, &reflect()).await;
        assert_eq!(
            received.status.as_u16(),
            status,
            "{path} {token}: {}",
            received.body
        );
        assert!(
            received.body.contains(kind),
            "{path} {token}: {}",
            received.body
        );
    }
}

#[tokio::test]
async fn refusals_are_written_as_the_template_says() {
    let door = Door::open().await;
    let received = door
        .ask(
            "/guarded/a",
            &[("origin", "https://page.example")],
            &reflect(),
        )
        .await;
    assert_eq!(received.header("www-authenticate"), "Bearer");
    assert_eq!(
        received.header("access-control-allow-origin"),
        "https://page.example"
    );
    assert_eq!(received.header("content-type"), "application/json");
    let expected = json!({"id": received.header("x-amzn-requestid"), "why": "Unauthorized", "type": "UNAUTHORIZED"});
    assert_eq!(received.json(), expected);
    let received = door.ask("/guarded/a", &[], &reflect()).await;
    assert!(!received.headers.contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn an_answer_is_kept_for_its_identity_and_used_for_every_route() {
    let door = Door::open().await;
    let asked = async |path: &str, token: &str| {
        let event = door
            .ask(path, &[("authorization", token)], &reflect())
            .await
            .json();
        let context = event["requestContext"]["authorizer"].clone();
        assert_eq!(
            (&context["number"], &context["flag"]),
            (&json!("3"), &json!("true"))
        );
        assert_eq!(context["principalId"], "somebody");
        context["asked"].clone()
    };
    let first = asked("/guarded/a", "one").await;
    assert_eq!(asked("/guarded/a", "one").await, first);
    assert_eq!(
        asked("/guarded/b", "one").await,
        first,
        "another route, the same answer"
    );
    assert_ne!(asked("/guarded/a", "two").await, first, "another identity");
    assert_ne!(asked("/token", "one").await, first, "another authorizer");
    assert_ne!(
        asked("/uncached", "one").await,
        asked("/uncached", "one").await,
        "not kept at all"
    );
}
