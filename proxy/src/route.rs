//! Method and path of a request -> what it asks of the door.

use shared::gate::AgentName;

/// What a request asks for. A path that is not exactly one of ours is [`Asked::Nothing`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    Call(Route),
    /// A browser asks what it may send (Fetch standard, CORS preflight); the methods that the path takes.
    Preflight(&'static str),
    /// The path is ours, the method is not; the methods that it takes.
    WrongMethod(&'static str),
    Nothing,
}

/// A route of the door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// `GET /healthz`, open.
    Health,
    /// `GET /whoami`, any verified caller.
    Whoami,
    /// `POST /agents/{agent}/invocations`, callers whom the agent admits.
    Invoke(AgentName),
}

impl Asked {
    /// Reads the path segment by segment as it stands: nothing is decoded, folded or trimmed, so that `//`, `%2e`, `;`
    /// and a trailing slash name nothing, whatever the gateway in front made of them.
    #[must_use]
    pub fn read(method: &str, path: &str) -> Self {
        let Some(route) = Route::at(path) else {
            return Self::Nothing;
        };
        let method_taken = route.method();
        match method {
            "OPTIONS" => Self::Preflight(method_taken),
            method if method == method_taken => Self::Call(route),
            _ => Self::WrongMethod(route.allow()),
        }
    }

    /// The route's name in logs and metrics, from a closed list.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Call(Route::Health) => "healthz",
            Self::Call(Route::Whoami) => "whoami",
            Self::Call(Route::Invoke(_)) => "invocations",
            Self::Preflight(_) => "preflight",
            Self::WrongMethod(_) | Self::Nothing => "none",
        }
    }
}

impl Route {
    fn at(path: &str) -> Option<Self> {
        let mut segments = path.strip_prefix('/')?.split('/');
        let route = match (segments.next()?, segments.next(), segments.next()) {
            ("healthz", None, None) => Self::Health,
            ("whoami", None, None) => Self::Whoami,
            ("agents", Some(agent), Some("invocations")) => Self::Invoke(AgentName::parse(agent)?),
            _ => return None,
        };
        segments.next().is_none().then_some(route)
    }

    const fn method(&self) -> &'static str {
        match self {
            Self::Health | Self::Whoami => "GET",
            Self::Invoke(_) => "POST",
        }
    }

    const fn allow(&self) -> &'static str {
        match self {
            Self::Health | Self::Whoami => "GET, OPTIONS",
            Self::Invoke(_) => "POST, OPTIONS",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_route_is_found() {
        let demo = || Route::Invoke(AgentName::parse("demo").unwrap());
        let table = [
            ("GET", "/healthz", Asked::Call(Route::Health)),
            ("GET", "/whoami", Asked::Call(Route::Whoami)),
            ("POST", "/agents/demo/invocations", Asked::Call(demo())),
            ("OPTIONS", "/healthz", Asked::Preflight("GET")),
            ("OPTIONS", "/whoami", Asked::Preflight("GET")),
            (
                "OPTIONS",
                "/agents/demo/invocations",
                Asked::Preflight("POST"),
            ),
            ("POST", "/healthz", Asked::WrongMethod("GET, OPTIONS")),
            ("DELETE", "/whoami", Asked::WrongMethod("GET, OPTIONS")),
            (
                "GET",
                "/agents/demo/invocations",
                Asked::WrongMethod("POST, OPTIONS"),
            ),
            (
                "post",
                "/agents/demo/invocations",
                Asked::WrongMethod("POST, OPTIONS"),
            ),
        ];
        for (method, path, expected) in table {
            assert_eq!(Asked::read(method, path), expected, "{method} {path}");
        }
    }

    #[test]
    fn a_path_is_exact_or_nothing() {
        let paths = [
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
            "/agents/de mo/invocations",
            "/agents/demo\r\n/invocations",
            "/agents/demo/../finance/invocations",
        ];
        for path in paths {
            for method in ["GET", "POST", "OPTIONS"] {
                assert_eq!(Asked::read(method, path), Asked::Nothing, "{path}");
            }
        }
    }
}
