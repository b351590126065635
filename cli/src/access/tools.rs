//! The matrix of callers and tools, and what other policies decide otherwise.

use policy::{Decided, Engine, Folder, FolderTexts, Matrix, Outcome, SampleCall, Source};

use super::changes::Changes;
use crate::failure::Failure;

/// Stands for the gateway: which one it is, no decision depends on.
pub(crate) const GATEWAY: &str =
    "arn:aws:bedrock-agentcore:us-east-1:123456789012:gateway/any-abcdefghij";

/// Checked policies with their engine.
pub(crate) struct Rules {
    pub(crate) folder: Folder,
    pub(crate) engine: Engine,
    sources: Vec<Source>,
}

/// A call, and the decision on it of each caller.
pub(crate) struct Row {
    pub(crate) call: SampleCall,
    pub(crate) decisions: Vec<Decided>,
}

impl Rules {
    /// Checks the files.
    pub(crate) fn read(texts: FolderTexts) -> Result<Self, Failure> {
        let folder = Folder::check(&texts).map_err(|error| faulty(&error))?;
        let engine = folder
            .engine(GATEWAY)
            .map_err(|error| undecidable(&error))?;
        Ok(Self {
            folder,
            engine,
            sources: texts.sources,
        })
    }

    /// The callers and the calls of `matrix.json`.
    pub(crate) fn matrix(&self) -> Result<&Matrix, Failure> {
        self.folder.matrix.as_ref().ok_or_else(|| {
            Failure::usage(
                "there is no `matrix.json` beside the policies",
                "write one with `callers` and `calls`; docs/policy.md shows it",
            )
        })
    }

    /// The decisions on each call of a matrix.
    pub(crate) fn rows(&self, matrix: &Matrix) -> Result<Vec<Row>, Failure> {
        let rows = matrix.calls.iter().map(|call| {
            let decisions = matrix.decide(&self.engine, call);
            let decisions = decisions.map_err(|error| undecidable(&error))?;
            let call = call.clone();
            Ok(Row { call, decisions })
        });
        rows.collect()
    }

    /// The statement of a policy, with what it says in the file.
    fn source(&self, name: &str) -> Option<&str> {
        let source = self.sources.iter().find(|source| source.name() == name);
        source.map(Source::statement)
    }
}

/// The decisions in which these policies differ from others, for the callers and calls of a matrix.
pub(crate) fn compare(
    before: &Rules,
    after: &Rules,
    matrix: &Matrix,
    changes: &mut Changes,
) -> Result<(), Failure> {
    let (old, new) = (before.rows(matrix)?, after.rows(matrix)?);
    let mut opens = false;
    for (old, new) in old.iter().zip(&new) {
        let callers = matrix.callers.iter();
        let cells = callers.zip(old.decisions.iter().zip(&new.decisions));
        for (caller, (old, decided)) in cells {
            let who = format!("caller {}", caller.name);
            let call = format!("{} {}", new.call.tool, new.call.input);
            match (old.outcome.is_allowed(), decided.outcome.is_allowed()) {
                (false, true) => {
                    opens = true;
                    changes.opens(&who, format!("may call {call}"));
                }
                (true, false) => changes.closes(&who, format!("may call {call} no more")),
                (false, false) | (true, true) => {}
            }
        }
    }
    compare_policies(before, after, opens, changes);
    Ok(())
}

/// Policies that are other ones: samples show some of what they decide, and not all. A `forbid` more, or a `permit` less,
/// can only close.
fn compare_policies(before: &Rules, after: &Rules, is_shown: bool, changes: &mut Changes) {
    let names = |rules: &Rules| -> Vec<String> {
        let statements = rules.folder.statements.iter();
        statements
            .map(|statement| statement.name().to_owned())
            .collect()
    };
    let mut all = names(before);
    all.extend(names(after));
    all.sort();
    all.dedup();
    for name in &all {
        let (old, new) = (before.source(name), after.source(name));
        let what = match (old, new) {
            (Some(old), Some(new)) if old == new => continue,
            (None, Some(new)) if is_forbid(new) => {
                changes.closes(&format!("policy {name}"), "is new, and forbids".to_owned());
                continue;
            }
            (Some(old), None) if !is_forbid(old) => {
                let what = "is gone, and permitted".to_owned();
                changes.closes(&format!("policy {name}"), what);
                continue;
            }
            (Some(_), Some(_)) => "is another",
            (None, _) => "is new",
            (Some(_), None) => "is gone, and forbade",
        };
        let shown = if is_shown {
            "; the samples show some of what it opens"
        } else {
            "; no sample shows what it opens"
        };
        changes.unclear(&format!("policy {name}"), format!("{what}{shown}"));
    }
}

fn is_forbid(statement: &str) -> bool {
    let code = statement
        .lines()
        .find(|line| !line.trim_start().starts_with("//"));
    code.is_some_and(|code| code.trim_start().starts_with("forbid"))
}

/// The faults of policies, as a failure.
pub(crate) fn faulty(error: &policy::FolderError) -> Failure {
    let what = match error {
        policy::FolderError::Findings(findings) => {
            let findings: Vec<String> = findings.iter().map(ToString::to_string).collect();
            findings.join("; ")
        }
        error @ (policy::FolderError::Unreadable(..)
        | policy::FolderError::Sources(_)
        | policy::FolderError::Vocabulary(_)
        | policy::FolderError::Matrix(_)) => shared::log::causes(error),
    };
    Failure::usage(
        format!("the policies are wrong: {what}"),
        "correct them; `gatehouse check --policy FOLDER` lists what is wrong",
    )
}

/// A call that Cedar cannot be asked about.
pub(crate) fn undecidable(error: &policy::EngineError) -> Failure {
    Failure::usage(
        shared::log::causes(error),
        "give the input that the tool's schema in `tools.json` describes",
    )
}

/// The word of a table's cell. What is not allowed stands out.
pub(crate) const fn cell(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Allow => "allow",
        Outcome::Deny => "-",
        Outcome::Error => "error",
    }
}
