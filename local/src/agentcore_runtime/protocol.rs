//! Protocols of containers.

/// What a runtime's container speaks (`protocolConfiguration.serverProtocol`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// `POST /invocations`, whatever is in it.
    #[default]
    Http,
    /// `POST /mcp`: the Model Context Protocol over streamable HTTP.
    Mcp,
    /// `POST /` and an agent card: Agent2Agent over JSON-RPC.
    A2a,
}
