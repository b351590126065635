//! The clients of the matrix.

use tests::Python;

/// A client, and the program that runs it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Client {
    /// As its program calls itself.
    pub(super) id: &'static str,
    /// As the page calls it.
    pub(super) name: &'static str,
    pub(super) program: Program,
    pub(super) speech: Speech,
    /// How it tells the agent that its user has given up a call, if it does.
    pub(super) tells: Option<&'static str>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Program {
    JavaScript {
        script: &'static str,
        /// In javascript/package.json.
        package: Option<&'static str>,
    },
    Python {
        python: Python,
        script: &'static str,
        package: &'static str,
    },
}

/// What a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speech {
    Mcp(&'static str),
    A2a,
    AgUi,
    UiMessages,
    Plain,
}

const fn javascript(script: &'static str, package: &'static str) -> Program {
    Program::JavaScript {
        script,
        package: Some(package),
    }
}

const fn python(script: &'static str, package: &'static str) -> Program {
    Program::Python {
        python: Python::Protocols,
        script,
        package,
    }
}

const fn python1(script: &'static str, package: &'static str) -> Program {
    Program::Python {
        python: Python::Protocols1,
        script,
        package,
    }
}

const CANCELLED: Option<&str> = Some("notifications/cancelled");

/// Those of one protocol together.
pub(super) const CLIENTS: &[Client] = &[
    Client {
        id: "mcp-ts-1",
        name: "`@modelcontextprotocol/sdk`",
        program: javascript("mcp_sdk1.js", "@modelcontextprotocol/sdk"),
        speech: Speech::Mcp("2025-11-25"),
        tells: CANCELLED,
    },
    Client {
        id: "mcp-ts-2",
        name: "`@modelcontextprotocol/client`",
        program: javascript("mcp_sdk2.js", "@modelcontextprotocol/client"),
        speech: Speech::Mcp("2026-07-28"),
        tells: None,
    },
    Client {
        id: "mcp-py-1",
        name: "`mcp`",
        program: python1("matrix_mcp1.py", "mcp"),
        speech: Speech::Mcp("2025-11-25"),
        tells: None,
    },
    Client {
        id: "mcp-py-2",
        name: "`mcp`",
        program: python("matrix_mcp2.py", "mcp"),
        speech: Speech::Mcp("2026-07-28"),
        tells: None,
    },
    Client {
        id: "fastmcp",
        name: "`fastmcp`",
        program: python("matrix_fastmcp.py", "fastmcp"),
        speech: Speech::Mcp("2026-07-28"),
        tells: None,
    },
    Client {
        id: "ai-sdk-mcp",
        name: "`@ai-sdk/mcp`",
        program: javascript("ai_sdk_mcp.js", "@ai-sdk/mcp"),
        speech: Speech::Mcp("2026-07-28"),
        tells: None,
    },
    Client {
        id: "langchain",
        name: "`langchain-mcp-adapters`",
        program: python1("matrix_langchain.py", "langchain-mcp-adapters"),
        speech: Speech::Mcp("2025-11-25"),
        tells: None,
    },
    Client {
        id: "a2a-js",
        name: "`@a2a-js/sdk`",
        program: javascript("a2a.js", "@a2a-js/sdk"),
        speech: Speech::A2a,
        tells: Some("CancelTask"),
    },
    Client {
        id: "a2a-py",
        name: "`a2a-sdk`",
        program: python("matrix_a2a.py", "a2a-sdk"),
        speech: Speech::A2a,
        tells: Some("CancelTask"),
    },
    Client {
        id: "ag-ui",
        name: "`@ag-ui/client`",
        program: javascript("ag_ui.js", "@ag-ui/client"),
        speech: Speech::AgUi,
        tells: None,
    },
    Client {
        id: "ai-sdk-chat",
        name: "`ai`, chat",
        program: javascript("ai_sdk_chat.js", "ai"),
        speech: Speech::UiMessages,
        tells: None,
    },
    Client {
        id: "fetch",
        name: "`fetch`, `eventsource-parser`",
        program: javascript("plain_fetch.js", "eventsource-parser"),
        speech: Speech::Plain,
        tells: None,
    },
    Client {
        id: "httpx-sse",
        name: "`httpx`, `httpx-sse`",
        program: python("matrix_httpx_sse.py", "httpx-sse"),
        speech: Speech::Plain,
        tells: None,
    },
    Client {
        id: "curl",
        name: "`curl`",
        program: Program::JavaScript {
            script: "curl.js",
            package: None,
        },
        speech: Speech::Plain,
        tells: None,
    },
];

impl Speech {
    /// As the page calls it.
    pub(super) fn name(self) -> String {
        match self {
            Self::Mcp(revision) => format!("MCP {revision}"),
            Self::A2a => "A2A 1.0".to_owned(),
            Self::AgUi => "AG-UI".to_owned(),
            Self::UiMessages => "UI messages".to_owned(),
            Self::Plain => "events".to_owned(),
        }
    }

    /// Where such an agent is behind the door.
    pub(super) fn path(self, agent: Option<&str>) -> String {
        let (own, path) = match self {
            Self::Mcp(_) => ("mcp", "mcp"),
            // Some look for the card below this address.
            Self::A2a => ("a2a", ""),
            Self::AgUi | Self::UiMessages | Self::Plain => ("http", "invocations"),
        };
        format!("/agents/{}/{path}", agent.unwrap_or(own))
    }

    /// Where it is at the agent itself.
    pub(super) const fn direct(self) -> &'static str {
        match self {
            Self::Mcp(_) => "/mcp",
            Self::A2a => "/",
            Self::AgUi | Self::UiMessages | Self::Plain => "/invocations",
        }
    }

    /// Whether its turns are one at a time.
    pub(super) const fn has_turns(self) -> bool {
        match self {
            Self::AgUi | Self::UiMessages | Self::Plain => true,
            Self::Mcp(_) | Self::A2a => false,
        }
    }
}
