//! Problems as a caller sees them: one closed list of status, code and title, and no text from elsewhere.

use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};
use shared::gate::{Answer, Refusal};

use crate::caller::dialect::{INTERNAL_ERROR, RpcId};

shared::code_table! {
    /// Why a request got no agent's answer: status, stable code, and the title for people.
    pub enum Problem, status: StatusCode;

    BadBody            BAD_REQUEST            "bad_body"               "The body could not be decoded"
    BadJson            BAD_REQUEST            "bad_json"               "The body must be one JSON text in UTF-8"
    NoBatches          BAD_REQUEST            "no_batches"             "Batches are not passed on; send one message at a time"
    HeaderMismatch     BAD_REQUEST            "header_mismatch"        "Mcp-Method and Mcp-Name must say what the message says"
    ReservedMember     BAD_REQUEST            "reserved_member"        "The body may not have the member _agent_core_app_action"
    BadConversation    BAD_REQUEST            "bad_conversation_id"    "X-Conversation-Id must be given once, with 1 to 128 of A-Z, a-z, 0-9, _ and -"
    BadProtocolVersion BAD_REQUEST            "bad_protocol_version"   "Mcp-Protocol-Version must be given once, with 1 to 32 of A-Z, a-z, 0-9, - and ."
    BadSession         BAD_REQUEST            "bad_session_id"         "Mcp-Session-Id must be given once"
    Unauthorized       UNAUTHORIZED           "unauthorized"           "A valid bearer token is needed"
    Forbidden          FORBIDDEN              "forbidden"              "The token does not give this right"
    Denied             FORBIDDEN              "denied"                 "The door's operators have denied this"
    AgentRefusedToken  FORBIDDEN              "agent_refused_token"    "The agent does not take this token"
    NotFound           NOT_FOUND              "not_found"              "There is no route of this method and path"
    UnknownAgent       NOT_FOUND              "unknown_agent"          "There is no agent of this name"
    UnknownSession     NOT_FOUND              "unknown_session"        "There is no session of this id; begin another"
    WrongProtocol      NOT_FOUND              "wrong_protocol"         "The agent does not speak the protocol of this path"
    WrongMethod        METHOD_NOT_ALLOWED     "method_not_allowed"     "This path does not take this method"
    NotAcceptable      NOT_ACCEPTABLE         "not_acceptable"         "Agents answer application/json or text/event-stream"
    AgentBusy          CONFLICT               "agent_busy"             "The agent is busy with this conversation"
    ConversationBusy   CONFLICT               "conversation_busy"      "Another turn of this conversation is still running"
    TooLarge           PAYLOAD_TOO_LARGE      "too_large"              "The body is too large"
    UnsupportedMedia   UNSUPPORTED_MEDIA_TYPE "unsupported_media_type" "The body must be application/json"
    UnsupportedCoding  UNSUPPORTED_MEDIA_TYPE "unsupported_coding"     "The body must be sent as it is, without a Content-Encoding"
    AgentThrottled     TOO_MANY_REQUESTS      "agent_throttled"        "The agent takes no more requests at the moment"
    AgentQuota         TOO_MANY_REQUESTS      "agent_quota"            "A quota of the agent is used up"
    TurnLimit          TOO_MANY_REQUESTS      "turn_limit"             "A limit of the caller's turns with this agent is reached"
    NoWebSocket        NOT_IMPLEMENTED        "no_websocket"           "The door opens no WebSocket to this agent"
    AgentFailed        BAD_GATEWAY            "agent_failed"           "The agent failed"
    AgentRefused       BAD_GATEWAY            "agent_refused"          "The agent refused the request"
    AgentServiceFailed BAD_GATEWAY            "agent_service_failed"   "The agent's platform failed"
    AgentUnreachable   BAD_GATEWAY            "agent_unreachable"      "The agent's platform could not be reached"
    AgentMisconfigured BAD_GATEWAY            "agent_misconfigured"    "The agent is not set up correctly behind this door"
    AgentAuthMismatch  BAD_GATEWAY            "agent_auth_mismatch"    "The agent is called with a token where it takes signatures, or the reverse; its auth must be changed"
    NoToolToken        BAD_GATEWAY            "tool_token_unavailable" "The agent could not be given a token for its tools"
    Unavailable        SERVICE_UNAVAILABLE    "unavailable"            "Tokens cannot be checked at the moment"
    DenialsUnavailable SERVICE_UNAVAILABLE    "denials_unavailable"    "It cannot be told at the moment whether this is denied"
    TurnsUnavailable   SERVICE_UNAVAILABLE    "turns_unavailable"      "It cannot be told at the moment whether this turn may begin"
    IssuerUnavailable  SERVICE_UNAVAILABLE    "issuer_unavailable"     "The issuer's metadata cannot be had at the moment"
    SigningUnavailable SERVICE_UNAVAILABLE    "signing_unavailable"    "The door cannot vouch for its callers at the moment"
    AgentTimeout       GATEWAY_TIMEOUT        "agent_timeout"          "The agent did not answer in time"
}

/// The slips that lead to no route, and the routes that callers look for. API Gateway's own 404 says the same
/// (`template.yaml`), and it is the same for every path, so that it tells nothing of any agent.
const ROUTES: &str = "Paths are in lower case and have no slash at the end. An agent is called at /agents/NAME/invocations, /agents/NAME/mcp or /agents/NAME/a2a.";

/// JSON-RPC 2.0, 5.1.
const PARSE_ERROR: i64 = -32700;
const INVALID_REQUEST: i64 = -32600;
/// MCP 2026-07-28, "Error codes".
const HEADER_MISMATCH: i64 = -32020;

impl Problem {
    /// What a caller is told of a refusal.
    pub const fn of_refusal(refusal: Refusal) -> Self {
        match refusal.answer() {
            Answer::Unauthorized => Self::Unauthorized,
            Answer::Forbidden => Self::Forbidden,
        }
    }

    /// The body: `status`, `title`, `code` and `request_id`, and `detail` where there is one (RFC 9457,
    /// `application/problem+json`).
    pub fn body(self, request_id: &str) -> Value {
        let (code, status, title) = (self.code(), self.status().as_u16(), self.sentence());
        match self.detail() {
            Some(detail) => json!({
                "code": code,
                "detail": detail,
                "request_id": request_id,
                "status": status,
                "title": title,
            }),
            None => json!({
                "code": code,
                "request_id": request_id,
                "status": status,
                "title": title,
            }),
        }
    }

    /// What to compare the request with.
    pub const fn detail(self) -> Option<&'static str> {
        if matches!(self, Self::NotFound) {
            Some(ROUTES)
        } else {
            None
        }
    }

    /// Whether it is told how many bytes a body may have.
    pub const fn has_limit(self) -> bool {
        matches!(self, Self::TooLarge)
    }

    /// The code of the same in JSON-RPC (JSON-RPC 2.0, 5.1). The codes of servers, from -32000 on, mean something else to
    /// one client or another; so all that is not of the message's form is an internal error.
    pub const fn rpc_code(self) -> i64 {
        if matches!(self, Self::BadBody | Self::BadJson) {
            PARSE_ERROR
        } else if matches!(self, Self::HeaderMismatch) {
            HEADER_MISMATCH
        } else if self.status().as_u16() == StatusCode::BAD_REQUEST.as_u16() {
            INVALID_REQUEST
        } else {
            INTERNAL_ERROR
        }
    }

    /// The error that a caller gets who reads JSON-RPC, with this status.
    pub fn rpc(self, id: &RpcId, status: StatusCode, request_id: &str) -> String {
        let (code, status) = (self.code(), status.as_u16());
        let data = match self.detail() {
            Some(detail) => json!({
                "code": code,
                "detail": detail,
                "request_id": request_id,
                "status": status,
            }),
            None => json!({"code": code, "request_id": request_id, "status": status}),
        };
        id.error(self.rpc_code(), self.sentence(), &data)
    }

    /// Whether the platform says by it that it has not asked the agent.
    pub const fn has_not_begun(self) -> bool {
        matches!(
            self,
            Self::AgentBusy
                | Self::AgentQuota
                | Self::AgentThrottled
                | Self::AgentMisconfigured
                | Self::AgentAuthMismatch
        )
    }

    /// After how long it may be worth trying again.
    ///
    /// A throttle refills by the second, a turn takes some; a quota is a number of running sessions, and keys that could not be fetched are
    /// asked for again after a pause, so both need longer.
    pub const fn retry_after(self) -> Option<Duration> {
        match self {
            Self::AgentBusy | Self::AgentThrottled | Self::TurnLimit => {
                Some(Duration::from_secs(1))
            }
            Self::ConversationBusy => Some(Duration::from_secs(2)),
            Self::AgentQuota
            | Self::DenialsUnavailable
            | Self::TurnsUnavailable
            | Self::Unavailable
            | Self::IssuerUnavailable
            | Self::SigningUnavailable => Some(Duration::from_secs(10)),
            Self::BadBody
            | Self::BadJson
            | Self::NoBatches
            | Self::HeaderMismatch
            | Self::ReservedMember
            | Self::BadConversation
            | Self::BadProtocolVersion
            | Self::BadSession
            | Self::Unauthorized
            | Self::Forbidden
            | Self::Denied
            | Self::AgentRefusedToken
            | Self::NotFound
            | Self::UnknownAgent
            | Self::UnknownSession
            | Self::WrongProtocol
            | Self::WrongMethod
            | Self::NotAcceptable
            | Self::TooLarge
            | Self::UnsupportedMedia
            | Self::UnsupportedCoding
            | Self::NoWebSocket
            | Self::AgentFailed
            | Self::AgentRefused
            | Self::AgentServiceFailed
            | Self::AgentUnreachable
            | Self::AgentMisconfigured
            | Self::AgentAuthMismatch
            | Self::NoToolToken
            | Self::AgentTimeout => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_distinct_and_plain() {
        let codes: BTreeSet<&str> = Problem::ALL.iter().map(|problem| problem.code()).collect();
        assert_eq!(codes.len(), Problem::ALL.len());
        assert!(codes.iter().all(|code| {
            code.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        }));
    }

    #[test]
    fn a_problem_is_an_error_that_says_four_things() {
        for problem in Problem::ALL {
            let status = problem.status();
            assert!(
                status.is_client_error() || status.is_server_error(),
                "{problem:?}"
            );
            let body = problem.body("r-1");
            let mut expected = json!({"status": status.as_u16(), "title": problem.sentence(), "code": problem.code(), "request_id": "r-1"});
            if *problem == Problem::NotFound {
                expected["detail"] = ROUTES.into();
            }
            assert_eq!(body, expected);
        }
    }

    #[test]
    fn what_is_not_found_is_pointed_to_the_routes_as_api_gateway_does() {
        let template = include_str!("../../../template.yaml");
        let said = format!(r#""code": "not_found", "detail": "{ROUTES}", "#);
        assert_eq!(template.matches(&said).count(), 4);
        assert_eq!(template.matches(r#""code": "not_found""#).count(), 4);
    }

    #[test]
    fn the_same_is_said_in_json_rpc() {
        let id = RpcId::of(br#"{"id":"a-1"}"#);
        for problem in Problem::ALL {
            let status = problem.status();
            let said: Value = serde_json::from_str(&problem.rpc(&id, status, "r-1")).unwrap();
            let mut data =
                json!({"status": status.as_u16(), "code": problem.code(), "request_id": "r-1"});
            if *problem == Problem::NotFound {
                data["detail"] = ROUTES.into();
            }
            let error =
                json!({"code": problem.rpc_code(), "message": problem.sentence(), "data": data});
            assert_eq!(said, json!({"jsonrpc": "2.0", "id": "a-1", "error": error}));
        }
        for (problem, code) in [
            (Problem::BadJson, -32700),
            (Problem::BadSession, -32600),
            (Problem::NoBatches, -32600),
            (Problem::HeaderMismatch, -32020),
            (Problem::Unauthorized, -32603),
            (Problem::TooLarge, -32603),
            (Problem::AgentFailed, -32603),
        ] {
            assert_eq!(problem.rpc_code(), code, "{problem:?}");
        }
    }

    #[test]
    fn only_what_may_pass_says_when_to_come_back() {
        let again: Vec<u16> = Problem::ALL
            .iter()
            .filter(|problem| problem.retry_after().is_some())
            .map(|problem| problem.status().as_u16())
            .collect();
        assert_eq!(again, [409, 409, 429, 429, 429, 503, 503, 503, 503, 503]);
    }

    #[test]
    fn a_refusal_is_401_or_403() {
        assert_eq!(Problem::of_refusal(Refusal::Expired), Problem::Unauthorized);
        assert_eq!(Problem::of_refusal(Refusal::AgentGroup), Problem::Forbidden);
    }
}
