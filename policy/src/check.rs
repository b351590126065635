//! The checks of the policies, and their rendering.

mod claims;
mod finding;
mod render;
mod source;
mod statement;
mod tautology;
mod vocabulary;

pub use finding::Finding;
pub use render::render;
pub use source::{PLACEHOLDER, Source, UnreadableError};
pub use statement::{Statement, check};
pub use vocabulary::{Vocabulary, VocabularyError};
