//! The audit trail: the access-log record of each request, and the scanners of its body and answer.

pub mod error_scan;
pub mod record;
pub mod tool_call;
pub mod trace;
