//! Recognition of the file to import, by its members: its name says nothing.

use std::path::Path;

use serde_json::Value;
use shared::settings::nearest;

use super::yaml::Node;
use crate::failure::Failure;

/// A file that can be imported.
pub(super) enum Kind {
    /// `agentcore.json` of the AgentCore CLI.
    Project,
    /// `config.yaml` of the Fullstack AgentCore Solution Template.
    Fast(Node),
}

const OF_PROJECT: &str = "runtimes";
const OF_FAST: [&str; 2] = ["stack_name_base", "backend"];
const NONE: &str = "it has no `runtimes`, `stack_name_base` or `backend`";

impl Kind {
    pub(super) fn of(bytes: &[u8], file: &Path) -> Result<Self, Failure> {
        let document: Option<Value> = serde_json::from_slice(bytes).ok();
        let is_json = document.is_some();
        if document.is_some_and(|document| document.get(OF_PROJECT).is_some()) {
            return Ok(Self::Project);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| neither(file, "it is not text"))?;
        // JSON is YAML, too.
        let root = Node::parse(text).map_err(|error| {
            // Documents that programs write have long lines.
            if is_json {
                return neither(file, NONE);
            }
            neither(file, &format!("line {}: {}", error.line, error.what))
        })?;
        let members = root.members().unwrap_or_default();
        let has = |name: &&str| members.iter().any(|(member, _)| member == name);
        if OF_FAST.iter().any(has) {
            return Ok(Self::Fast(root));
        }
        let known = || [OF_PROJECT].into_iter().chain(OF_FAST);
        let meant = members.iter().find_map(|(member, node)| {
            let meant = nearest(member, known())?;
            let shown = member.escape_debug();
            Some(format!(
                "line {}: `{shown}`; did you mean `{meant}`?",
                node.line
            ))
        });
        Err(neither(file, meant.as_deref().unwrap_or(NONE)))
    }
}

fn neither(file: &Path, why: &str) -> Failure {
    Failure::usage(
        format!(
            "`{}` is neither a project of the AgentCore CLI nor a configuration of FAST: {why}",
            file.display()
        ),
        "give the `agentcore.json` of such a project, or the `infra-cdk/config.yaml` of the Fullstack AgentCore Solution Template",
    )
}
