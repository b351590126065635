//! The audit record: the lines that say who asked for what, and what became of it. They are written here and nowhere else.
//!
//! `docs/audit.md` explains every field, and `docs/audit.schema.json` describes the lines for programs. There are four
//! kinds of lines: a decision of authorizer or proxy, the proxy's answer to a request, a tool that was denied within an
//! answer, and a token that the trigger decided about.

mod answer;
mod decision;
mod denied_tool;
mod schema;
mod token;

pub use answer::{Answer, Caller, TraceFrom, Traces, Upstream};
pub use decision::{Decision, Verdict};
pub use denied_tool::DeniedTool;
pub use schema::SCHEMA;
pub use token::{Token, TokenOutcome, User};
