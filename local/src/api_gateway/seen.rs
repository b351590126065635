//! Hops of a request that API Gateway sees: the token, the authorizer, the proxy, and the end.

use axum::response::Response;
use http::StatusCode;
use serde_json::{Map, Value};

use super::authorizer::Authorized;
use super::event::Incoming;
use super::refusal::Refusal;
use crate::clock;
use crate::hops::{
    Began, Check, Decider, Deciding, Hop, Hops, Kind, Outcome, Request, bearer, claims_of, token_id,
};

/// Kind of what a caller shows.
const ACCESS_TOKEN: &str = "access_token";

/// A request, as far as its hops tell it.
pub(super) struct Seen<'h> {
    hops: &'h Hops,
    began: Began,
    request: Request,
    agent: Option<String>,
    has_token: bool,
    /// The functions' name of the token.
    token_id: Option<String>,
    claims: Option<Map<String, Value>>,
}

impl<'h> Seen<'h> {
    /// A request that has just come in.
    pub(super) fn begin(hops: &'h Hops, incoming: &Incoming) -> Self {
        let headers = &incoming.request.headers;
        let token = bearer(headers).filter(|_| hops.is_watched());
        let claims = token.and_then(claims_of);
        let request = Request {
            id: incoming.request_id.clone(),
            extended_id: incoming.extended_request_id.clone(),
            trace: incoming.trace_root().to_owned(),
        };
        hops.begin(request.clone(), claims.as_ref());
        Self {
            hops,
            began: Began::now(),
            request,
            agent: agent(&incoming.request.path).map(str::to_owned),
            has_token: token.is_some(),
            token_id: token.and_then(token_id),
            claims,
        }
    }

    /// The hop that tells the end.
    pub(super) fn end(&self) -> End {
        End(Some((self.hops.clone(), self.began, self.request.clone())))
    }

    /// The token as the caller shows it: nothing of it is proven.
    pub(super) fn token(&self) {
        if !self.hops.is_watched() {
            return;
        }
        let hop = Hop::new(Kind::Token, self.began).carrying(ACCESS_TOKEN, self.claims.clone());
        let hop = match &self.claims {
            None => {
                let found = if self.has_token { "no JWT" } else { "nothing" };
                let check = Check::new("authorization", false);
                hop.checked(check.expected(Some("Bearer TOKEN")).found(Some(found)))
            }
            Some(claims) => hop.checked(expiry(claims)),
        };
        self.hops.tell(Some(&self.request), &hop);
    }

    /// The authorizer is asked.
    pub(super) fn authorizer(&self) -> Asking<'_> {
        Asking {
            seen: self,
            began: Began::now(),
        }
    }

    /// The proxy is called, and decides once more.
    pub(super) fn proxy(&self) -> Deciding {
        let hop = self.decision(Kind::Proxy, Began::now());
        self.hops.deciding(&self.request, hop, Decider::Proxy)
    }

    fn decision(&self, kind: Kind, began: Began) -> Hop {
        Hop::new(kind, began).carrying(ACCESS_TOKEN, self.claims.clone())
    }

    /// The hop of an authorizer's earlier answer, which API Gateway uses again.
    fn kept(&self, kind: Kind, began: Began, is_allowed: bool) -> Hop {
        let hop = self.decision(kind, began);
        let found = if is_allowed { "allowed" } else { "refused" };
        let hop = hop.checked(Check::new("kept_answer", true).found(Some(found)));
        if is_allowed {
            return hop;
        }
        let asked = self.token_id.as_deref().zip(self.agent.as_deref());
        let denied = asked.and_then(|(id, agent)| {
            let reason = self.hops.earlier_refusal(id, agent)?;
            Some(self.denied(&reason, agent))
        });
        hop.checked(denied.unwrap_or_else(|| Check::new("refused", false)))
    }

    /// The check that refused an agent, which an earlier answer of the authorizer names by its code alone.
    fn denied(&self, reason: &str, agent: &str) -> Check {
        let check = Check::new(reason, false);
        let (member, claim) = match reason {
            "agent_client" => ("clients", "client_id"),
            "agent_group" => ("groups", "cognito:groups"),
            "agent_issuer" => ("issuers", "iss"),
            "agent_scope" => ("scopes", "scope"),
            _ => return check,
        };
        let found = self.claims.as_ref().and_then(|claims| claims.get(claim));
        let found = match found {
            None => "nothing".to_owned(),
            Some(Value::Array(list)) => list
                .iter()
                .map(|one| one.as_str().unwrap_or_default())
                .collect::<Vec<_>>()
                .join(", "),
            Some(one) => one.as_str().unwrap_or_default().to_owned(),
        };
        check
            .expected(Some(&format!("one of `allow.{member}` of {agent}")))
            .found(Some(&found))
    }
}

/// The authorizer on its way.
pub(super) struct Asking<'s> {
    seen: &'s Seen<'s>,
    began: Began,
}

impl Asking<'_> {
    /// The authorizer, or API Gateway in its place, has answered.
    pub(super) fn end(self, authorized: &Result<Authorized, Refusal>, is_kept: bool) {
        let Self { seen, began } = self;
        // Without a header API Gateway asks no function.
        if !seen.hops.is_watched() || !seen.has_token {
            return;
        }
        if is_kept {
            let hop = seen.kept(Kind::Authorizer, began, authorized.is_ok());
            seen.hops.tell(Some(&seen.request), &hop);
            return;
        }
        let hop = seen.decision(Kind::Authorizer, began);
        let deciding = seen.hops.deciding(&seen.request, hop, Decider::Authorizer);
        deciding.end(match authorized {
            Ok(_) => Outcome::Ok,
            Err(refusal) => refusal_outcome(refusal),
        });
    }
}

/// The end of a request, told once.
#[derive(Default)]
pub(super) struct End(Option<(Hops, Began, Request)>);

impl End {
    /// The answer is over; without a status there was none.
    pub(super) fn tell(self, status: Option<StatusCode>) {
        let Some((hops, began, request)) = self.0 else {
            return;
        };
        let mut hop = Hop::new(Kind::Answer, began);
        // It is the last of its request, by its time too.
        hop.began = Began::now();
        let hop = match status {
            Some(status) => hop.answered(status.as_u16()),
            None => hop.checked(Check::new("answer", false).found(Some("the caller left"))),
        };
        hops.tell_last(request, hop);
    }
}

/// The outcome of the proxy.
pub(super) fn outcome(answered: &Result<Response, Refusal>) -> Outcome {
    match answered {
        Ok(response) => Outcome::of_status(response.status().as_u16()),
        Err(refusal) => refusal_outcome(refusal),
    }
}

fn refusal_outcome(refusal: &Refusal) -> Outcome {
    Outcome::of_status(refusal.status().as_u16())
}

/// The only thing that can be compared before anybody is asked.
fn expiry(claims: &Map<String, Value>) -> Check {
    let now = clock::now();
    let end = claims.get("exp").and_then(Value::as_u64);
    let check = Check::new("expires", end.is_some_and(|end| now < end));
    check
        .expected(Some(&format!("after {now}")))
        .found(end.map(|end| end.to_string()).as_deref())
}

/// The agent's name in `/agents/NAME/...`.
fn agent(path: &str) -> Option<&str> {
    path.strip_prefix("/agents/")?.split('/').next()
}
