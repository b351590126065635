//! Test vectors of the identity assertion: the one definition of `vectors.json`, which the Rust layer and the kits for
//! agent authors must answer alike.
//!
//! Assertions are put together by `mint`, which shares no code with what verifies them.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "only tests use this crate, and a fault of it must stop them"
)]
#![expect(clippy::too_many_lines, reason = "a table of cases is read row by row")]

mod book;
mod checks;
mod documents;
mod draft;
mod signer;
mod text;

use book::Book;
use signer::Signer;

/// The two committed files.
pub struct Files {
    /// `vectors.json`
    pub vectors: String,
    /// `signatures.json`
    pub signatures: String,
}

impl Files {
    /// The files of the present definition. Signatures of the committed `signatures.json` are reused where they verify.
    pub fn build(signatures: &str) -> Self {
        let mut book = Book::new(Signer::new(signatures));
        checks::write(&mut book);
        book.finish()
    }
}
