//! The requests under way, by what their hops know of them.

use std::collections::VecDeque;

use serde_json::{Map, Value};

/// Requests remembered; the oldest gives way.
const MAX_REQUESTS: usize = 1000;
/// Tool tokens remembered of one request.
const MAX_TOOL_TOKENS: usize = 10;

/// A request by its names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    /// API Gateway's.
    pub(crate) id: String,
    /// API Gateway's other one, which no caller can choose.
    pub(crate) extended_id: String,
    /// The root of its trace.
    pub(crate) trace: String,
}

#[derive(Debug)]
struct Known {
    request: Request,
    token_id: Option<String>,
    subject: Option<String>,
    tool_tokens: Vec<String>,
    has_made_one: bool,
    is_open: bool,
}

/// The last requests.
#[derive(Debug, Default)]
pub(super) struct Requests(VecDeque<Known>);

impl Requests {
    pub(super) fn begin(&mut self, request: Request, claims: Option<&Map<String, Value>>) {
        let text = |name| text(claims?, name);
        if self.0.len() >= MAX_REQUESTS {
            self.0.pop_front();
        }
        self.0.push_back(Known {
            request,
            token_id: text("jti"),
            subject: text("sub"),
            tool_tokens: Vec::new(),
            has_made_one: false,
            is_open: true,
        });
    }

    pub(super) fn end(&mut self, id: &str) {
        if let Some(known) = self.known(id) {
            known.is_open = false;
        }
    }

    pub(super) fn of_trace(&self, root: &str) -> Option<Request> {
        self.latest(|known| known.request.trace == root)
    }

    /// By the token itself, or else by whom it names.
    pub(super) fn of_proof(&self, proof: &Map<String, Value>) -> Option<Request> {
        let (id, subject) = (text(proof, "jti"), text(proof, "sub"));
        self.latest(|known| id.is_some() && known.token_id == id)
            .or_else(|| self.latest(|known| subject.is_some() && known.subject == subject))
    }

    /// Several requests of one caller may share a token; the latest that is not over is meant.
    pub(super) fn of_tool_token(&self, id: &str) -> Option<Request> {
        self.latest(|known| known.tool_tokens.iter().any(|token| token == id))
    }

    pub(super) fn made_tool_token(&mut self, id: &str) {
        if let Some(known) = self.known(id) {
            known.has_made_one = true;
        }
    }

    pub(super) fn gave_tool_token(&mut self, id: &str, token: &str) -> bool {
        let Some(known) = self.known(id) else {
            return false;
        };
        if known.tool_tokens.len() < MAX_TOOL_TOKENS {
            known.tool_tokens.push(token.to_owned());
        }
        !known.has_made_one
    }

    fn known(&mut self, id: &str) -> Option<&mut Known> {
        let mut known = self.0.iter_mut().rev();
        known.find(|known| known.request.id == id)
    }

    fn latest(&self, is_meant: impl Fn(&Known) -> bool) -> Option<Request> {
        let mut meant = self
            .0
            .iter()
            .rev()
            .filter(|known| is_meant(known))
            .peekable();
        let latest = meant.peek().copied();
        let open = meant.find(|known| known.is_open);
        Some(open.or(latest)?.request.clone())
    }
}

fn text(claims: &Map<String, Value>, name: &str) -> Option<String> {
    claims.get(name)?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request(id: &str) -> Request {
        Request {
            id: id.to_owned(),
            extended_id: format!("{id}="),
            trace: format!("1-{id}"),
        }
    }

    fn claims(id: &str) -> Map<String, Value> {
        json!({"jti": id, "sub": "alice"})
            .as_object()
            .unwrap()
            .clone()
    }

    #[test]
    fn a_hop_finds_its_request() {
        let mut requests = Requests::default();
        requests.begin(request("a"), Some(&claims("one")));
        requests.begin(request("b"), Some(&claims("two")));
        requests.begin(request("c"), None);
        assert_eq!(requests.of_trace("1-a"), Some(request("a")));
        assert_eq!(requests.of_trace("1-x"), None);
        assert_eq!(requests.of_proof(&claims("one")), Some(request("a")));
        // A statement has an id of its own, and names the same user.
        assert_eq!(requests.of_proof(&claims("other")), Some(request("b")));
        assert_eq!(requests.of_proof(&Map::new()), None);
        requests.end("b");
        assert_eq!(requests.of_proof(&claims("other")), Some(request("a")));
        requests.end("a");
        assert_eq!(requests.of_proof(&claims("other")), Some(request("b")));
    }

    #[test]
    fn a_kept_tool_token_is_told_from_a_new_one() {
        let mut requests = Requests::default();
        requests.begin(request("a"), None);
        requests.begin(request("b"), None);
        requests.made_tool_token("a");
        assert!(!requests.gave_tool_token("a", "t"));
        assert!(requests.gave_tool_token("b", "t"));
        assert!(!requests.gave_tool_token("x", "t"));
        assert_eq!(requests.of_tool_token("t"), Some(request("b")));
        requests.end("b");
        assert_eq!(requests.of_tool_token("t"), Some(request("a")));
    }

    #[test]
    fn old_requests_go() {
        let mut requests = Requests::default();
        for number in 0..=MAX_REQUESTS {
            requests.begin(request(&number.to_string()), None);
        }
        assert_eq!(requests.of_trace("1-0"), None);
        assert!(requests.of_trace("1-1").is_some());
    }
}
