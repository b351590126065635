//! The format of an API's access log: fixed text, and variables of the request's context.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html>

/// A part of a line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum LogPiece {
    /// As it stands.
    Text(String),
    /// To be filled in.
    Variable(LogVariable),
}

/// A variable that an access log may show.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum LogVariable {
    /// `$context.authorizer.NAME`: what the authorizer told.
    Authorizer(String),
    /// `$context.error.responseType`
    ErrorResponseType,
    /// `$context.extendedRequestId`
    ExtendedRequestId,
    /// `$context.httpMethod`
    HttpMethod,
    /// `$context.integration.latency`, in milliseconds
    IntegrationLatency,
    /// `$context.path`, with the stage
    Path,
    /// `$context.requestId`
    RequestId,
    /// `$context.requestTimeEpoch`, in milliseconds
    RequestTimeEpoch,
    /// `$context.resourcePath`
    ResourcePath,
    /// `$context.responseLatency`, in milliseconds
    ResponseLatency,
    /// `$context.responseLength`, in bytes
    ResponseLength,
    /// `$context.identity.sourceIp`
    SourceIp,
    /// `$context.status`
    Status,
    /// `$context.xrayTraceId`
    XrayTraceId,
}

impl LogPiece {
    /// The parts of a format; an error names a variable that is not known here.
    pub(super) fn parse_all(text: &str) -> Result<Vec<Self>, String> {
        let mut parts = text.split('$');
        let mut pieces = vec![Self::Text(parts.next().unwrap_or_default().to_owned())];
        for part in parts {
            let is_part = |letter: char| letter.is_ascii_alphanumeric() || "._".contains(letter);
            let end = part.find(|letter| !is_part(letter)).unwrap_or(part.len());
            let (name, rest) = part.split_at(end);
            let variable = LogVariable::parse(name)
                .ok_or_else(|| format!("`${name}` is not supported in an access log"))?;
            pieces.push(Self::Variable(variable));
            pieces.push(Self::Text(rest.to_owned()));
        }
        Ok(pieces)
    }
}

impl LogVariable {
    fn parse(name: &str) -> Option<Self> {
        let name = name.strip_prefix("context.")?;
        if let Some(property) = name.strip_prefix("authorizer.") {
            return Some(Self::Authorizer(property.to_owned()));
        }
        Some(match name {
            "error.responseType" => Self::ErrorResponseType,
            "extendedRequestId" => Self::ExtendedRequestId,
            "httpMethod" => Self::HttpMethod,
            "identity.sourceIp" => Self::SourceIp,
            "integration.latency" => Self::IntegrationLatency,
            "path" => Self::Path,
            "requestId" => Self::RequestId,
            "requestTimeEpoch" => Self::RequestTimeEpoch,
            "resourcePath" => Self::ResourcePath,
            "responseLatency" => Self::ResponseLatency,
            "responseLength" => Self::ResponseLength,
            "status" => Self::Status,
            "xrayTraceId" => Self::XrayTraceId,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_taken_apart_at_variables() {
        let text = |text: &str| LogPiece::Text(text.to_owned());
        let format = r#"{"id": "$context.requestId", "who": "$context.authorizer.token_id"}"#;
        assert_eq!(
            LogPiece::parse_all(format).unwrap(),
            [
                text(r#"{"id": ""#),
                LogPiece::Variable(LogVariable::RequestId),
                text(r#"", "who": ""#),
                LogPiece::Variable(LogVariable::Authorizer("token_id".to_owned())),
                text(r#""}"#),
            ]
        );
        for (wrong, name) in [
            ("$context.nothing.here", "$context.nothing.here"),
            ("$input.body", "$input.body"),
            ("$", "$"),
        ] {
            let error = LogPiece::parse_all(wrong).unwrap_err();
            assert!(error.starts_with(&format!("`{name}`")), "{error}");
        }
    }
}
