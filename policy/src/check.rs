//! The checks of the policies, their rendering, and their decisions.

mod claims;
mod engine;
mod finding;
mod folder;
mod matrix;
mod render;
mod source;
mod statement;
mod tautology;
mod vocabulary;

pub use engine::{Call, Decided, Engine, EngineError, Outcome};
pub use finding::Finding;
pub use folder::{Folder, FolderError, FolderTexts};
pub use matrix::{Matrix, MatrixError, SampleCall, SampleCaller};
pub use render::render;
pub use source::{PLACEHOLDER, Source, UnreadableError};
pub use statement::{Statement, check};
pub use vocabulary::{Vocabulary, VocabularyError};
