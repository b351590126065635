//! A folder of policies with what they are about, as the files of one deployment.

use std::fs;
use std::io;
use std::path::Path;

use super::engine::{Engine, EngineError};
use super::finding::Finding;
use super::matrix::{Matrix, MatrixError};
use super::source::{Source, UnreadableError};
use super::statement::{Statement, check};
use super::vocabulary::{Vocabulary, VocabularyError};

/// The checked content of the files.
pub struct Folder {
    pub vocabulary: Vocabulary,
    pub statements: Vec<Statement>,
    /// Nothing where the folder has no `matrix.json`.
    pub matrix: Option<Matrix>,
}

/// The texts of the files, wherever they are.
#[derive(Clone, Debug)]
pub struct FolderTexts {
    pub tools: String,
    pub claims: String,
    pub matrix: Option<String>,
    pub sources: Vec<Source>,
}

/// The reason why the files are not policies.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    #[error("read `{0}`")]
    Unreadable(String, #[source] io::Error),
    #[error(transparent)]
    Sources(#[from] UnreadableError),
    #[error(transparent)]
    Vocabulary(#[from] VocabularyError),
    #[error(transparent)]
    Matrix(#[from] MatrixError),
    /// In the order of the sources.
    #[error("{} findings in the policies", .0.len())]
    Findings(Vec<Finding>),
}

impl FolderTexts {
    /// Reads `tools.json`, `claims.json`, `matrix.json` if it is there, and `policies/*.cedar`.
    ///
    /// # Errors
    /// If one cannot be read.
    pub fn read(folder: &Path) -> Result<Self, FolderError> {
        let text = |name: &str| {
            let path = folder.join(name);
            let shown = path.display().to_string();
            fs::read_to_string(&path).map_err(|error| FolderError::Unreadable(shown, error))
        };
        let matrix = match text("matrix.json") {
            Ok(matrix) => Some(matrix),
            Err(FolderError::Unreadable(_, error)) if error.kind() == io::ErrorKind::NotFound => {
                None
            }
            Err(error) => return Err(error),
        };
        Ok(Self {
            tools: text("tools.json")?,
            claims: text("claims.json")?,
            matrix,
            sources: Source::read_folder(&folder.join("policies"))?,
        })
    }
}

impl Folder {
    /// Checks all of them.
    ///
    /// # Errors
    /// The faults: all faults of the policies, in their order.
    pub fn check(texts: &FolderTexts) -> Result<Self, FolderError> {
        let vocabulary = Vocabulary::read(&texts.tools, &texts.claims)?;
        let matrix = texts.matrix.as_deref().map(Matrix::read).transpose()?;
        let statements = check(&texts.sources, &vocabulary).map_err(FolderError::Findings)?;
        Ok(Self {
            vocabulary,
            statements,
            matrix,
        })
    }

    /// The engine of these policies at a gateway.
    ///
    /// # Errors
    /// The statements or the tools cannot be read; the checks report that.
    pub fn engine(&self, gateway: &str) -> Result<Engine, EngineError> {
        Engine::new(&self.statements, &self.vocabulary, gateway)
    }
}
