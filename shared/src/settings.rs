//! Settings: their source, their reader, and their faults.
//!
//! A function reads all its settings once, at its start, reports every [`Fault`] at once, and never runs half configured.

mod address;
mod digest;
mod document;
mod documents;
mod fault;
mod files;
mod json;
mod lines;
mod nearest;
mod reader;
mod source;

pub use address::{Address, AddressError};
pub use digest::{digest, is_digest};
pub use document::{Faults, Form, Members};
pub use documents::unreadable;
pub use fault::{Fault, Path};
pub use files::{FileError, Files, MAX_FILE_BYTES, file_system};
pub use json::Json;
pub use nearest::nearest;
pub use reader::{Problem, Reader};
pub use source::{AGENTS, LOG_LEVEL, Source, TRUSTED_ISSUERS, environment};
