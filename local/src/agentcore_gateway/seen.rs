//! Hops that the tools' gateway sees: the tool token that an agent shows, and what the policies say.

use http::HeaderMap;
use serde_json::{Map, Value, json};

use super::catalog::Tool;
use super::engine::Verdict;
use super::mcp::Caller;
use crate::hops::{Began, Check, Hop, Hops, Kind, Outcome, Request, Shown, bearer, claims_of};

const TOOL_TOKEN: &str = "tool_token";

/// A message whose token is good.
pub(super) fn admitted(hops: &Hops, caller: &Caller<'_>) {
    if hops.is_watched() {
        let hop = Hop::new(Kind::Gateway, caller.began)
            .answered(200)
            .carrying(TOOL_TOKEN, Some(caller.claims.clone()))
            .checked(Check::new("token", true));
        hops.tell(request(hops, caller.claims).as_ref(), &hop);
    }
}

/// A message whose token is not good, or that has none.
pub(super) fn refused(hops: &Hops, began: Began, headers: &HeaderMap) {
    if !hops.is_watched() {
        return;
    }
    let claims = bearer(headers).and_then(claims_of);
    let request = claims.as_ref().and_then(|claims| request(hops, claims));
    let found = match claims {
        None => "no token",
        Some(_) => "a token that is not good here",
    };
    let check = Check::new("token", false).expected(Some("a tool token of this pool, in time"));
    let hop = Hop::new(Kind::Gateway, began)
        .answered(401)
        .carrying(TOOL_TOKEN, claims)
        .checked(check.found(Some(found)));
    hops.tell(request.as_ref(), &hop);
}

/// A call that the policies have decided.
pub(super) fn decided(
    hops: &Hops,
    began: Began,
    claims: &Map<String, Value>,
    (tool, input): (&Tool, &Map<String, Value>),
    (verdict, policies): (&Verdict, Vec<Shown>),
) {
    let call = json!({
        "input": input,
        "jti": claims.get("jti"),
        "tool": tool.name,
        "user_id": claims.get("user_id"),
    });
    let mut hop = Hop::new(Kind::Cedar, began).carrying("tool_call", call.as_object().cloned());
    let check = match verdict {
        Verdict::Permitted => Check::new("policy", true).found(Some("permitted")),
        Verdict::Denied(forbidding) if forbidding.is_empty() => {
            Check::new("policy", false).found(Some("no policy permits it"))
        }
        Verdict::Denied(forbidding) => {
            let forbidding: Vec<&str> = forbidding.iter().map(String::as_str).collect();
            let found = format!("forbidden by {}", forbidding.join(", "));
            Check::new("policy", false).found(Some(&found))
        }
        Verdict::Undecided => {
            hop.outcome = Outcome::Error;
            Check::new("policy", false).found(Some("a policy could not be evaluated"))
        }
    };
    hop = hop.checked(check.expected(Some("a policy that permits it, and none that forbids it")));
    hop.policies = policies;
    hops.tell(request(hops, claims).as_ref(), &hop);
}

fn request(hops: &Hops, claims: &Map<String, Value>) -> Option<Request> {
    hops.of_tool_token(claims.get("jti")?.as_str()?)
}
