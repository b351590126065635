//! Tests of the terminal tool as the shell sees it: the built program, its two outputs and its exit code.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    clippy::unwrap_used,
    reason = "tables are long, and a test stops where it is wrong"
)]

mod access;
mod access_changes;
mod aws;
mod check;
mod deny;
mod explain;
mod explain_tool;
mod fake;
mod home;
mod import;
mod import_fast;
mod kept;
mod keyring;
mod login;
mod made;
mod pages;
mod program;
mod speak;
mod usage;
mod why;
