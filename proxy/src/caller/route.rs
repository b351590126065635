//! Router: method and path of a request -> route.

use shared::gate::AgentName;
use shared::session::Conversation;

/// What a request asks for. A path that is not exactly one of ours is [`Asked::Nothing`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    Call(Route),
    /// A browser asks what it may send (Fetch standard, CORS preflight); the methods that the path takes, beside `OPTIONS`.
    Preflight(&'static str),
    /// The path is ours, the method is not; the methods that the path takes, beside `OPTIONS`.
    WrongMethod(&'static str),
    Nothing,
}

/// A route of the door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// `DELETE /agents/{agent}/conversations/{conversation}`, callers whom the agent admits.
    EndConversation(AgentName, Conversation),
    /// `GET /healthz`, open.
    Health,
    /// `POST /agents/{agent}/websocket`, callers whom the agent admits.
    OpenWebSocket(AgentName),
    /// `GET /.well-known/jwks.json`, open.
    Keys,
    /// `GET /whoami`, any verified caller.
    Whoami,
    /// `POST /agents/{agent}/invocations`, callers whom the agent admits.
    Invoke(AgentName),
    /// `POST /agents/{agent}/a2a`, callers whom the agent admits.
    A2a(AgentName),
    /// `GET /agents/{agent}/.well-known/agent-card.json`, and below `a2a`, callers whom the agent admits.
    AgentCard(AgentName),
    /// `GET /.well-known/oauth-authorization-server`, open.
    AuthorizationServer,
    /// `GET /.well-known/oauth-protected-resource`, open, with the path of a resource behind it.
    ResourceMetadata(String),
    /// `POST /agents/{agent}/mcp`, callers whom the agent admits.
    Mcp(AgentName),
    /// `DELETE /agents/{agent}/mcp`, callers whom the agent admits.
    EndMcp(AgentName),
}

impl Asked {
    /// Reads the path segment by segment as it stands: nothing is decoded, folded or trimmed, so that `//`, `%2e`, `;`
    /// and a trailing slash name nothing, whatever the gateway in front made of them.
    pub fn read(method: &str, path: &str) -> Self {
        let Some(place) = Place::at(path) else {
            return Self::Nothing;
        };
        let methods = place.methods();
        if method == "OPTIONS" {
            return Self::Preflight(methods);
        }
        place
            .route(method)
            .map_or(Self::WrongMethod(methods), Self::Call)
    }

    /// The route's name in logs and metrics, from a closed list.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Call(Route::EndConversation(..)) => "conversations",
            Self::Call(Route::Health) => "healthz",
            Self::Call(Route::OpenWebSocket(_)) => "websocket",
            Self::Call(Route::Keys) => "jwks",
            Self::Call(Route::Whoami) => "whoami",
            Self::Call(Route::Invoke(_)) => "invocations",
            Self::Call(Route::A2a(_)) => "a2a",
            Self::Call(Route::AgentCard(_)) => "agent_card",
            Self::Call(Route::AuthorizationServer) => "authorization_server",
            Self::Call(Route::ResourceMetadata(_)) => "resource_metadata",
            Self::Call(Route::Mcp(_) | Route::EndMcp(_)) => "mcp",
            Self::Preflight(_) => "preflight",
            Self::WrongMethod(_) | Self::Nothing => "none",
        }
    }
}

/// A path of the door; what is asked there, the method says.
enum Place {
    Conversation(AgentName, Conversation),
    Health,
    Keys,
    Whoami,
    Invocations(AgentName),
    A2a(AgentName),
    AgentCard(AgentName),
    Mcp(AgentName),
    AuthorizationServer,
    ResourceMetadata(String),
    WebSocket(AgentName),
}

impl Place {
    fn at(path: &str) -> Option<Self> {
        let segments: Vec<&str> = path.strip_prefix('/')?.splitn(MAX_SEGMENTS, '/').collect();
        match segments.as_slice() {
            ["healthz"] => Some(Self::Health),
            [".well-known", "jwks.json"] => Some(Self::Keys),
            ["whoami"] => Some(Self::Whoami),
            ["agents", agent, "invocations"] => AgentName::parse(agent).map(Self::Invocations),
            [".well-known", "oauth-authorization-server"] => Some(Self::AuthorizationServer),
            [".well-known", "oauth-protected-resource", rest @ ..] => Some(Self::ResourceMetadata(
                rest.iter().map(|segment| format!("/{segment}")).collect(),
            )),
            ["agents", agent, "a2a"] => AgentName::parse(agent).map(Self::A2a),
            ["agents", agent, ".well-known", "agent-card.json"]
            | ["agents", agent, "a2a", ".well-known", "agent-card.json"] => {
                AgentName::parse(agent).map(Self::AgentCard)
            }
            ["agents", agent, "mcp"] => AgentName::parse(agent).map(Self::Mcp),
            ["agents", agent, "websocket"] => AgentName::parse(agent).map(Self::WebSocket),
            ["agents", agent, "conversations", conversation] => Some(Self::Conversation(
                AgentName::parse(agent)?,
                Conversation::parse(conversation)?,
            )),
            _ => None,
        }
    }

    /// The methods that the path takes, beside `OPTIONS`.
    const fn methods(&self) -> &'static str {
        match self {
            Self::Conversation(..) => "DELETE",
            Self::AgentCard(_)
            | Self::AuthorizationServer
            | Self::Health
            | Self::Keys
            | Self::ResourceMetadata(_)
            | Self::Whoami => "GET",
            Self::Mcp(_) => "DELETE, POST",
            Self::A2a(_) | Self::Invocations(_) | Self::WebSocket(_) => "POST",
        }
    }

    fn route(self, method: &str) -> Option<Route> {
        match (self, method) {
            (Self::Conversation(agent, conversation), "DELETE") => {
                Some(Route::EndConversation(agent, conversation))
            }
            (Self::Health, "GET") => Some(Route::Health),
            (Self::Keys, "GET") => Some(Route::Keys),
            (Self::Whoami, "GET") => Some(Route::Whoami),
            (Self::Invocations(agent), "POST") => Some(Route::Invoke(agent)),
            (Self::A2a(agent), "POST") => Some(Route::A2a(agent)),
            (Self::AgentCard(agent), "GET") => Some(Route::AgentCard(agent)),
            (Self::AuthorizationServer, "GET") => Some(Route::AuthorizationServer),
            (Self::ResourceMetadata(path), "GET") => Some(Route::ResourceMetadata(path)),
            (Self::Mcp(agent), "POST") => Some(Route::Mcp(agent)),
            (Self::Mcp(agent), "DELETE") => Some(Route::EndMcp(agent)),
            (Self::WebSocket(agent), "POST") => Some(Route::OpenWebSocket(agent)),
            (
                Self::Conversation(..)
                | Self::Health
                | Self::Keys
                | Self::Whoami
                | Self::Invocations(_)
                | Self::A2a(_)
                | Self::AgentCard(_)
                | Self::Mcp(_)
                | Self::AuthorizationServer
                | Self::ResourceMetadata(_)
                | Self::WebSocket(_),
                _,
            ) => None,
        }
    }
}

/// No route has more segments, so the rest of a longer path stays in one, which then is none of ours.
const MAX_SEGMENTS: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::too_many_lines, reason = "a row for each route")]
    fn each_route_is_found() {
        let demo = || Route::Invoke(AgentName::parse("demo").unwrap());
        let table = [
            ("GET", "/healthz", Asked::Call(Route::Health)),
            ("GET", "/.well-known/jwks.json", Asked::Call(Route::Keys)),
            ("GET", "/whoami", Asked::Call(Route::Whoami)),
            (
                "GET",
                "/.well-known/oauth-authorization-server",
                Asked::Call(Route::AuthorizationServer),
            ),
            (
                "POST",
                "/.well-known/oauth-authorization-server",
                Asked::WrongMethod("GET"),
            ),
            ("POST", "/agents/demo/invocations", Asked::Call(demo())),
            (
                "DELETE",
                "/agents/demo/conversations/c-1",
                Asked::Call(Route::EndConversation(
                    AgentName::parse("demo").unwrap(),
                    Conversation::parse("c-1").unwrap(),
                )),
            ),
            (
                "OPTIONS",
                "/agents/demo/conversations/c-1",
                Asked::Preflight("DELETE"),
            ),
            (
                "POST",
                "/agents/demo/websocket",
                Asked::Call(Route::OpenWebSocket(AgentName::parse("demo").unwrap())),
            ),
            ("OPTIONS", "/healthz", Asked::Preflight("GET")),
            ("OPTIONS", "/whoami", Asked::Preflight("GET")),
            (
                "OPTIONS",
                "/agents/demo/invocations",
                Asked::Preflight("POST"),
            ),
            ("POST", "/healthz", Asked::WrongMethod("GET")),
            ("DELETE", "/whoami", Asked::WrongMethod("GET")),
            (
                "GET",
                "/agents/demo/invocations",
                Asked::WrongMethod("POST"),
            ),
            (
                "post",
                "/agents/demo/invocations",
                Asked::WrongMethod("POST"),
            ),
        ];
        for (method, path, expected) in table {
            assert_eq!(Asked::read(method, path), expected, "{method} {path}");
        }
    }

    #[test]
    fn each_route_of_mcp_and_a2a_is_found() {
        let agent = || AgentName::parse("demo").unwrap();
        let table = [
            (
                "DELETE",
                "/agents/demo/mcp",
                Asked::Call(Route::EndMcp(agent())),
            ),
            (
                "GET",
                "/agents/demo/.well-known/agent-card.json",
                Asked::Call(Route::AgentCard(agent())),
            ),
            (
                "GET",
                "/agents/demo/a2a/.well-known/agent-card.json",
                Asked::Call(Route::AgentCard(agent())),
            ),
            (
                "GET",
                "/.well-known/oauth-protected-resource/agents/demo/mcp",
                Asked::Call(Route::ResourceMetadata("/agents/demo/mcp".to_owned())),
            ),
            ("POST", "/agents/demo/a2a", Asked::Call(Route::A2a(agent()))),
            ("POST", "/agents/demo/mcp", Asked::Call(Route::Mcp(agent()))),
            (
                "GET",
                "/agents/demo/mcp",
                Asked::WrongMethod("DELETE, POST"),
            ),
            (
                "OPTIONS",
                "/agents/demo/mcp",
                Asked::Preflight("DELETE, POST"),
            ),
        ];
        for (method, path, expected) in table {
            assert_eq!(Asked::read(method, path), expected, "{method} {path}");
        }
    }

    const OF_NOBODY: &[&str] = &[
        "",
        "/",
        "healthz",
        "//healthz",
        "/healthz/",
        "/healthz/x",
        "/Healthz",
        "/healthz;a=b",
        "/healthz?x",
        "/healthz\0",
        "/%68ealthz",
        "/.well-known",
        "/.well-known/jwks",
        "/.well-known/jwks.json/",
        "/whoami/..",
        "/prod/whoami",
        "/agents",
        "/agents/",
        "/agents/demo",
        "/agents/demo/",
        "/agents//invocations",
        "/agents/demo/invocations/",
        "/agents/demo/invocations/x",
        "/agents/demo//invocations",
        "/agents/demo/Invocations",
        "/agents/./invocations",
        "/agents/../invocations",
        "/agents/demo%2f/invocations",
        "/agents/%64emo/invocations",
        "/agents/Demo/invocations",
        "/agents/-demo/invocations",
        "/agents/demo\\invocations",
        "/.well-known",
        "/.well-known/oauth-protected-resources",
        "/.well-known/oauth-authorization-server/",
        "/.well-known/oauth-authorization-server/live",
        "/agents/demo/.well-known",
        "/agents/demo/.well-known/agent.json",
        "/agents/demo/a2a/",
        "/agents/demo/mcp/",
        "/agents/demo/mcp/.well-known/agent-card.json",
        "/agents/de mo/invocations",
        "/agents/demo\r\n/invocations",
        "/agents/demo/../finance/invocations",
        "/agents/demo/conversations",
        "/agents/demo/conversations/",
        "/agents/demo/conversations/c/",
        "/agents/demo/conversations/../c",
        "/agents/demo/conversations/%63",
        "/agents/demo/conversations/c.1",
        "/agents//conversations/c",
    ];

    #[test]
    fn a_path_is_exact_or_nothing() {
        for path in OF_NOBODY {
            for method in ["DELETE", "GET", "POST", "OPTIONS"] {
                assert_eq!(Asked::read(method, path), Asked::Nothing, "{path}");
            }
        }
    }
}
