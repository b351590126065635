//! The Cedar policies of the gateway: checked before they are deployed, and rendered for CloudFormation.
//!
//! ```text
//! tools.json, claims.json --> Vocabulary --.
//!                                           check --> Statement --> render --> policies.yaml
//! policies/*.cedar ------> Source ---------'         |
//!                                                    `--> Engine --> Decided: who may call what, and by which policies
//! ```
//!
//! Nothing of it is in the deployed function, which attaches the policies to a gateway: that is this package's other
//! half, `attach/` below `main.rs`. So all of this is behind the feature `check`.

#[cfg(feature = "check")]
mod check;

#[cfg(feature = "check")]
pub use check::{
    Call, Decided, Engine, EngineError, Finding, Folder, FolderError, FolderTexts, Matrix,
    MatrixError, Outcome, PLACEHOLDER, SampleCall, SampleCaller, Source, Statement,
    UnreadableError, Vocabulary, VocabularyError, check, render,
};
