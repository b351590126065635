//! The matrix of callers and calls: which kinds of callers there are, and which calls show the rules.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;
use shared::gate::UnixTime;

use super::engine::{Call, Decided, Engine, EngineError};

/// The columns and the rows: `matrix.json`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Matrix {
    pub callers: Vec<SampleCaller>,
    pub calls: Vec<SampleCall>,
}

/// A kind of caller, by the claims that say who they are.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleCaller {
    pub name: String,
    pub claims: BTreeMap<String, String>,
}

/// A tool with a sample input.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleCall {
    pub tool: String,
    pub input: Value,
}

/// The fault of `matrix.json`.
#[derive(Debug, thiserror::Error)]
pub enum MatrixError {
    #[error("`matrix.json` is not an object of `callers` and `calls`")]
    Form(#[source] serde_json::Error),
    #[error("`matrix.json`: the caller `{0}` is there twice")]
    Duplicate(String),
    #[error("`matrix.json` has no callers or no calls")]
    Empty,
}

/// When the calls are made.
const NOW: UnixTime = UnixTime(1_767_225_600);

impl Matrix {
    /// Reads the document.
    ///
    /// # Errors
    /// If it has another form, or two callers of one name.
    pub fn read(text: &str) -> Result<Self, MatrixError> {
        let matrix: Self = serde_json::from_str(text).map_err(MatrixError::Form)?;
        if matrix.callers.is_empty() || matrix.calls.is_empty() {
            return Err(MatrixError::Empty);
        }
        let mut names = BTreeSet::new();
        let twice = matrix
            .callers
            .iter()
            .find(|caller| !names.insert(&caller.name));
        match twice {
            Some(caller) => Err(MatrixError::Duplicate(caller.name.clone())),
            None => Ok(matrix),
        }
    }

    /// The decision on a call of each caller, in their order.
    ///
    /// # Errors
    /// If the call is nothing that Cedar can be asked about.
    pub fn decide(&self, engine: &Engine, call: &SampleCall) -> Result<Vec<Decided>, EngineError> {
        let decisions = self.callers.iter().map(|caller| {
            engine.decide(&Call {
                claims: &caller.claims,
                tool: &call.tool,
                input: &call.input,
                now: NOW,
            })
        });
        decisions.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_of_another_form_is_refused() {
        let good = r#"{"callers": [{"name": "a", "claims": {"role": "b"}}], "calls": [{"tool": "t___c", "input": {}}]}"#;
        assert_eq!(Matrix::read(good).unwrap().calls.len(), 1);
        for bad in [
            "[]",
            r#"{"callers": []}"#,
            r#"{"callers": [{"name": "a", "claims": {"role": 1}}], "calls": [{"tool": "t___c", "input": {}}]}"#,
            r#"{"callers": [{"name": "a", "claims": {}}], "calls": [{"tool": "t", "input": {}, "inputs": {}}]}"#,
        ] {
            let error = Matrix::read(bad).unwrap_err();
            assert!(matches!(error, MatrixError::Form(_)), "{bad}");
        }
        let empty = Matrix::read(r#"{"callers": [], "calls": []}"#).unwrap_err();
        assert!(matches!(empty, MatrixError::Empty), "{empty}");
        let twice = r#"{"callers": [{"name": "a", "claims": {}}, {"name": "a", "claims": {}}], "calls": [{"tool": "t", "input": {}}]}"#;
        let error = Matrix::read(twice).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`matrix.json`: the caller `a` is there twice"
        );
    }
}
