//! The audit trail: the record of each request, and what is read of its body and its answer for it.

pub mod error_scan;
pub mod record;
pub mod tool_call;
pub mod trace;
