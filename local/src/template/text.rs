//! The small language of gateway responses: fixed text, a request's header, variables of the request's context.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-gatewayResponse-definition.html>

/// A variable that a gateway response may show.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ContextVariable {
    /// `$context.error.message`: the reason as plain text.
    ErrorMessage,
    /// `$context.error.messageString`: the reason in quotation marks.
    ErrorMessageString,
    /// `$context.error.responseType`, such as `UNAUTHORIZED`.
    ErrorResponseType,
    /// `$context.extendedRequestId`
    ExtendedRequestId,
    /// `$context.requestId`
    RequestId,
    /// `$context.stage`
    Stage,
}

/// Longer names before those they begin with.
const VARIABLES: [(&str, ContextVariable); 6] = [
    (
        "context.error.messageString",
        ContextVariable::ErrorMessageString,
    ),
    ("context.error.message", ContextVariable::ErrorMessage),
    (
        "context.error.responseType",
        ContextVariable::ErrorResponseType,
    ),
    (
        "context.extendedRequestId",
        ContextVariable::ExtendedRequestId,
    ),
    ("context.requestId", ContextVariable::RequestId),
    ("context.stage", ContextVariable::Stage),
];

/// The value of a header in a gateway response.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum HeaderText {
    /// `'text'`
    Fixed(String),
    /// `method.request.header.NAME`; the header is left out when the request has none.
    RequestHeader(String),
    /// `context.NAME`
    Context(ContextVariable),
}

impl HeaderText {
    /// Nothing for what is not one of the forms.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if let Some(fixed) = text
            .strip_prefix('\'')
            .and_then(|rest| rest.strip_suffix('\''))
        {
            return Some(Self::Fixed(fixed.to_owned()));
        }
        if let Some(name) = text.strip_prefix("method.request.header.") {
            return Some(Self::RequestHeader(name.to_owned()));
        }
        VARIABLES
            .iter()
            .find(|(name, _)| *name == text)
            .map(|(_, variable)| Self::Context(*variable))
    }
}

/// A part of a body.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Piece {
    /// As it stands.
    Text(String),
    /// To be filled in.
    Context(ContextVariable),
}

impl Piece {
    /// The parts of a body; an error names what follows a `$` and is no known variable.
    pub(super) fn parse_all(text: &str) -> Result<Vec<Self>, String> {
        let mut parts = text.split('$');
        let mut pieces = vec![Self::Text(parts.next().unwrap_or_default().to_owned())];
        for part in parts {
            let found = VARIABLES
                .iter()
                .find_map(|(name, variable)| Some((variable, part.strip_prefix(name)?)));
            let (variable, rest) = found.ok_or_else(|| {
                let name: String = part
                    .chars()
                    .take_while(|&letter| letter.is_alphanumeric() || letter == '.')
                    .collect();
                format!("`${name}` is not supported in a gateway response")
            })?;
            pieces.push(Self::Context(*variable));
            pieces.push(Self::Text(rest.to_owned()));
        }
        Ok(pieces)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_values_have_three_forms() {
        let fixed = |text: &str| Some(HeaderText::Fixed(text.to_owned()));
        assert_eq!(HeaderText::parse("'*'"), fixed("*"));
        assert_eq!(
            HeaderText::parse("'Bearer realm=\"x\"'"),
            fixed("Bearer realm=\"x\"")
        );
        assert_eq!(
            HeaderText::parse("context.requestId"),
            Some(HeaderText::Context(ContextVariable::RequestId))
        );
        let header = Some(HeaderText::RequestHeader("Origin".to_owned()));
        assert_eq!(HeaderText::parse("method.request.header.Origin"), header);
        for wrong in ["*", "'", "context.nothing", "integration.response.header.x"] {
            assert_eq!(HeaderText::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn bodies_are_taken_apart_at_variables() {
        let text = |text: &str| Piece::Text(text.to_owned());
        assert_eq!(
            Piece::parse_all(
                "{\"message\":$context.error.messageString, \"id\": \"$context.requestId\"}"
            )
            .unwrap(),
            [
                text("{\"message\":"),
                Piece::Context(ContextVariable::ErrorMessageString),
                text(", \"id\": \""),
                Piece::Context(ContextVariable::RequestId),
                text("\"}"),
            ]
        );
        assert_eq!(Piece::parse_all("plain").unwrap(), [text("plain")]);
        assert!(
            Piece::parse_all("$input.body")
                .unwrap_err()
                .contains("`$input.body`")
        );
        assert!(Piece::parse_all("costs 3 $").is_err());
    }
}
