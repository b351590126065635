//! Mock integrations: methods that API Gateway answers by itself, always alike.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-mock-integration.html>

use http::StatusCode;
use serde_json::Value;

use super::api;
use super::tree::Node;
use super::{ContextVariable, GatewayResponse, HeaderText, Piece, TemplateError};

const OPERATION: [&str; 3] = ["responses", "security", "x-amazon-apigateway-integration"];
const JSON: &str = "application/json";
const HEADER: &str = "method.response.header.";

/// Reads an operation that has such an integration: the status, and headers and body.
///
/// A request of a media type that has no template is refused, and one template is there, so that what comes of a request
/// depends on nothing else in it.
pub(super) fn read(
    operation: &Node,
    integration: &Node,
) -> Result<(StatusCode, GatewayResponse), TemplateError> {
    only(operation, &OPERATION)?;
    let known = [
        "passthroughBehavior",
        "requestTemplates",
        "responses",
        "type",
    ];
    only(integration, &known)?;
    for (name, wanted) in [("type", "mock"), ("passthroughBehavior", "never")] {
        let given = needed(integration, name)?;
        if given.text()? != wanted {
            return Err(given.fault(format!("only `{wanted}` is supported here")));
        }
    }
    let status = status(needed(integration, "requestTemplates")?)?;
    let answer = answer(needed(integration, "responses")?, status)?;
    declared(operation, status, &answer)?;
    Ok((status, answer))
}

/// The status that the one request template makes of every request.
fn status(templates: &Node) -> Result<StatusCode, TemplateError> {
    only(templates, &[JSON])?;
    let template = needed(templates, JSON)?;
    let said: Option<Value> = serde_json::from_str(template.text()?).ok();
    let members = said.as_ref().and_then(Value::as_object);
    let members = members.filter(|members| members.len() == 1);
    let status = members.and_then(|members| members.get("statusCode")?.as_u64());
    let status = status.and_then(|status| u16::try_from(status).ok());
    let status = status.and_then(|status| StatusCode::from_u16(status).ok());
    status.ok_or_else(|| {
        template.fault("only `{\"statusCode\": 405}` and the like are supported here")
    })
}

/// The one response that every status is answered with.
fn answer(responses: &Node, status: StatusCode) -> Result<GatewayResponse, TemplateError> {
    only(responses, &["default"])?;
    let response = needed(responses, "default")?;
    only(
        response,
        &["responseParameters", "responseTemplates", "statusCode"],
    )?;
    let own = needed(response, "statusCode")?;
    if own.number::<u16>()? != status.as_u16() {
        return Err(own.fault("is another status than the request template's"));
    }
    let mut answer = GatewayResponse::default();
    for (name, node) in needed(response, "responseParameters")?.map()? {
        let header = name
            .strip_prefix(HEADER)
            .ok_or_else(|| node.fault(format!("`{name}` is not a header of the response")))?;
        let (name, text) = api::header(&(header.to_owned(), node.clone()))?;
        match text {
            HeaderText::Fixed(_) => answer.headers.push((name, text)),
            HeaderText::RequestHeader(_) | HeaderText::Context(_) => {
                return Err(node.fault("only a fixed text is supported here"));
            }
        }
    }
    let templates = needed(response, "responseTemplates")?;
    only(templates, &[JSON])?;
    let body = needed(templates, JSON)?;
    let pieces = Piece::parse_all(body.text()?).map_err(|what| body.fault(what))?;
    if pieces.iter().any(is_error) {
        return Err(body.fault("there is no error to name in a mock integration"));
    }
    answer.bodies.push((JSON.to_owned(), pieces));
    Ok(answer)
}

fn is_error(piece: &Piece) -> bool {
    match piece {
        Piece::Context(
            ContextVariable::ErrorMessage
            | ContextVariable::ErrorMessageString
            | ContextVariable::ErrorResponseType,
        ) => true,
        Piece::Context(
            ContextVariable::ExtendedRequestId
            | ContextVariable::RequestId
            | ContextVariable::Stage,
        )
        | Piece::Text(_) => false,
    }
}

/// API Gateway imports no mapping to a header that the method's response does not have.
fn declared(
    operation: &Node,
    status: StatusCode,
    answer: &GatewayResponse,
) -> Result<(), TemplateError> {
    let responses = needed(operation, "responses")?;
    let response = needed(responses, status.as_str())?;
    let headers = response.get("headers");
    for (name, _) in &answer.headers {
        if headers.and_then(|headers| headers.get(name)).is_none() {
            return Err(response.fault(format!("the header `{name}` is set and not declared")));
        }
    }
    Ok(())
}

fn needed<'n>(node: &'n Node, name: &str) -> Result<&'n Node, TemplateError> {
    node.get(name)
        .ok_or_else(|| node.fault(format!("there is no `{name}`")))
}

fn only(node: &Node, known: &[&str]) -> Result<(), TemplateError> {
    for (name, entry) in node.map()? {
        if !known.contains(&name.as_str()) {
            return Err(entry.fault(format!("`{name}` is not supported here")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::{Integration, Template};
    use super::*;

    const TEMPLATE: &str = r#"
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: live
      MergeDefinitions: true
      DefinitionBody:
        paths:
          /a:
            x-amazon-apigateway-any-method:
              security: [NONE: []]
              responses: {"405": {description: no, headers: {Allow: {schema: {type: string}}}}}
              x-amazon-apigateway-integration:
                type: mock
                passthroughBehavior: never
                requestTemplates: {application/json: '{"statusCode": 405}'}
                responses:
                  default:
                    statusCode: "405"
                    responseParameters: {method.response.header.Allow: "'GET'"}
                    responseTemplates: {application/json: '{"id": "$context.requestId"}'}
      Auth:
        DefaultAuthorizer: Main
        Authorizers: {Main: {FunctionArn: !GetAtt Gate.Arn}}
  Gate:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: gate}}
    Properties:
      Events:
        A:
          Type: Api
          Properties: {RestApiId: !Ref Api, Path: /a, Method: GET}
"#;

    fn parse(text: &str) -> Result<Template, TemplateError> {
        Template::parse(text, &BTreeMap::new())
    }

    #[test]
    fn the_answer_is_read_with_its_authorizer() {
        let answer = GatewayResponse {
            status: None,
            headers: vec![("Allow".to_owned(), HeaderText::Fixed("GET".to_owned()))],
            bodies: vec![(
                JSON.to_owned(),
                Piece::parse_all(r#"{"id": "$context.requestId"}"#).unwrap(),
            )],
        };
        for (security, authorizer) in [
            ("              security: [NONE: []]\n", None),
            ("", Some("Main".to_owned())),
            (
                "              security: [Main: []]\n",
                Some("Main".to_owned()),
            ),
        ] {
            let text = TEMPLATE.replace("              security: [NONE: []]\n", security);
            let routes = parse(&text).unwrap().api.routes;
            assert_eq!(routes.len(), 2);
            assert_eq!(routes[1].method, None);
            assert_eq!(routes[1].authorizer, authorizer);
            let status = StatusCode::METHOD_NOT_ALLOWED;
            assert_eq!(
                routes[1].integration,
                Integration::Mock(status, answer.clone())
            );
        }
    }

    /// What stands in the template, what stands there instead, and the end of the error.
    const WRONG: &[(&str, &str, &str)] = &[
        ("type: mock", "type: http", "only `mock` is supported here"),
        (
            "Behavior: never",
            "Behavior: when_no_match",
            "only `never` is supported here",
        ),
        (
            "passthroughBehavior: never",
            "credentials: x",
            "`credentials` is not supported here",
        ),
        (
            "requestTemplates: {application/json",
            "requestTemplates: {text/plain",
            "`text/plain` is not supported here",
        ),
        (
            r#"'{"statusCode": 405}'"#,
            r#"'{"statusCode": $input.body}'"#,
            "and the like are supported here",
        ),
        (
            r#"statusCode: "405""#,
            r#"statusCode: "200""#,
            "is another status than the request template's",
        ),
        ("default:", "405:", "`405` is not supported here"),
        (
            "method.response.header.Allow",
            "method.response.header.Vary",
            "the header `Vary` is set and not declared",
        ),
        (
            "method.response.header.Allow",
            "Allow",
            "`Allow` is not a header of the response",
        ),
        (
            "\"'GET'\"",
            "method.request.header.Origin",
            "only a fixed text is supported here",
        ),
        (
            "$context.requestId",
            "$context.error.message",
            "there is no error to name in a mock integration",
        ),
        (
            "$context.requestId",
            "$input.body",
            "`$input.body` is not supported in a gateway response",
        ),
        (
            "x-amazon-apigateway-any-method",
            "get",
            "an event declares this route",
        ),
        (
            "security: [NONE: []]",
            "summary: x",
            "`summary` is not supported here",
        ),
        (
            "security: [NONE: []]",
            "security: [Other: []]",
            "there is no authorizer `Other`",
        ),
    ];

    #[test]
    fn what_is_wrong_or_not_supported_is_an_error() {
        for (from, to, what) in WRONG {
            assert!(TEMPLATE.contains(from), "{from}");
            let error = parse(&TEMPLATE.replacen(from, to, 1)).unwrap_err();
            let error = error.to_string();
            assert!(error.ends_with(what), "{from} -> {to}: {error}");
        }
    }
}
