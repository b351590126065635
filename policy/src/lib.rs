//! The Cedar policies of the gateway: checked before they are deployed, and rendered for CloudFormation.
//!
//! ```text
//! tools.json, claims.json --> Vocabulary --.
//!                                           check --> Statement --> render --> policies.yaml
//! policies/*.cedar ------> Source ---------'
//! ```
//!
//! Nothing of it is in the deployed function, which attaches the policies to a gateway: that is this package's other
//! half, in `main.rs`. So all of this is behind the feature `check`.

#[cfg(feature = "check")]
mod check;
#[cfg(feature = "check")]
mod claims;
#[cfg(feature = "check")]
mod finding;
#[cfg(feature = "check")]
mod render;
#[cfg(feature = "check")]
mod source;
#[cfg(feature = "check")]
mod vocabulary;

#[cfg(feature = "check")]
pub use check::{Statement, check};
#[cfg(feature = "check")]
pub use finding::Finding;
#[cfg(feature = "check")]
pub use render::render;
#[cfg(feature = "check")]
pub use source::{PLACEHOLDER, Source, Unreadable};
#[cfg(feature = "check")]
pub use vocabulary::{Vocabulary, VocabularyError};
