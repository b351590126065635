//! The gate as its callers see it: one good question, one change a row, one expected check.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::too_many_lines,
    clippy::unwrap_used,
    reason = "tables are long, and a test stops where it is wrong"
)]

mod accepted;
mod accounts;
mod ask;
mod corpus;
mod explained;
mod issuers;
mod key_documents;
mod places;
mod properties;
mod refused;
mod sets;
mod unread;
