//! Ids of a request: the one that its caller is told, the one that no caller can choose, and Lambda's own.

use tracing::{Span, info_span};

use crate::text::is_word;

/// As long as any id in use.
const MAX_ID: usize = 128;

/// The ids of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestIds {
    /// API Gateway's, which the answer states; without API Gateway, Lambda's.
    ///
    /// A caller may choose it, as any UUID, with the header `x-amzn-RequestId` (API Gateway guide, "Access logging for REST
    /// APIs"). So two requests may have the same.
    pub request: String,
    /// API Gateway's extended id, which callers cannot choose (same page).
    pub extended: Option<String>,
    /// Lambda's id of the invocation.
    pub invocation: String,
}

impl RequestIds {
    /// Of an invocation by API Gateway, with the ids that its event has. What does not look like an id counts as absent.
    pub fn new(invocation: &str, request: Option<&str>, extended: Option<&str>) -> Self {
        let request = request.filter(|id| is_word(id, MAX_ID, b"-_."));
        let extended = extended.filter(|id| is_word(id, MAX_ID, b"-_+/="));
        Self {
            request: request.unwrap_or(invocation).to_owned(),
            extended: extended.map(str::to_owned),
            invocation: invocation.to_owned(),
        }
    }

    /// Of an invocation by another service.
    pub fn of_invocation(invocation: &str) -> Self {
        Self::new(invocation, None, None)
    }

    /// The span in which every line has these ids.
    pub fn span(&self) -> Span {
        info_span!(
            target: "shared::log",
            "request",
            request_id = self.request.as_str(),
            extended_request_id = self.extended.as_deref()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_look_like_an_id_is_none() {
        let ids = RequestIds::new("i-1", Some("0f3c-9f58"), Some("UxYzAbCdEfGhIjk="));
        assert_eq!(ids.request, "0f3c-9f58");
        assert_eq!(ids.extended.as_deref(), Some("UxYzAbCdEfGhIjk="));
        let long = "x".repeat(129);
        for other in ["", "a b", "a\n", "<b>", "a@b.example", &long] {
            let ids = RequestIds::new("i-1", Some(other), Some(other));
            assert_eq!(ids, RequestIds::of_invocation("i-1"), "{other:?}");
        }
    }
}
