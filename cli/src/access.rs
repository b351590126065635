//! Access of callers to agents and tools, by the functions' own code, and its changes between two versions of the files.
//!
//! ```text
//! settings/ --> Door   --> kinds of callers x agents --.
//!                                                       >--> Matrix, Changes
//! policy/   --> Engine --> sample callers x calls    --'
//! ```

pub(crate) mod admissions;
pub(crate) mod callers;
pub(crate) mod changes;
pub(crate) mod issuers;
pub(crate) mod place;
pub(crate) mod table;
pub(crate) mod targets;
pub(crate) mod tools;
