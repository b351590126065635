//! The proxy of Gatehouse: a request that the door admits becomes a turn with an agent, streamed back as it comes.
//!
//! Each room names only rooms that stand below it here, and no two of its files name each other.
//!
//! ```text
//! main        settings and state, once       invocation  one event of the Runtime API, one answer
//! dispatch    event -> route -> answer: each request begins and ends here
//! routes      one file a route
//! app         what every route shares
//! turn        the phases of a turn, and what an agent is told of its caller
//! answer      what goes back: a document, or a stream that is bounded and kept alive
//! upstream    the calls to AgentCore
//! config      the settings
//! access      who asks, and whether they may
//! caller      what came in, what may be said      audit  what is written of it
//! ```

pub mod access;
pub mod answer;
pub mod app;
pub mod audit;
pub mod caller;
pub mod config;
pub mod dispatch;
pub mod invocation;
mod routes;
pub mod turn;
pub mod upstream;
