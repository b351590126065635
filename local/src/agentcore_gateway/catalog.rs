//! The tools behind the gateway, as `tools.json` lists them by target.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Between target and tool in a tool's name, and in that of its action ("Policy scope", AgentCore Developer Guide).
const SEPARATOR: &str = "___";

/// A tool as a target describes it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Description {
    name: String,
    #[serde(default)]
    description: String,
    input_schema: Map<String, Value>,
}

/// A tool as the gateway shows it.
#[derive(Clone, Debug)]
pub(super) struct Tool {
    /// `TARGET___TOOL`: what callers and policies name.
    pub(super) name: String,
    pub(super) target: String,
    pub(super) description: String,
    pub(super) input_schema: Map<String, Value>,
}

impl Tool {
    /// As `tools/list` has it.
    pub(super) fn describe(&self) -> Value {
        json!({
            "name": self.name,
            "description": self.description,
            "inputSchema": self.input_schema,
        })
    }

    /// The schema of one argument.
    pub(super) fn argument(&self, name: &str) -> Option<&Value> {
        self.input_schema.get("properties")?.get(name)
    }

    /// What is wrong with the arguments, for the caller; the schema keywords `required`, `type` and `properties` are
    /// what these tools use.
    pub(super) fn mistake(&self, input: &Map<String, Value>) -> Option<String> {
        let required = self.input_schema.get("required").and_then(Value::as_array);
        let mut names = required.into_iter().flatten().filter_map(Value::as_str);
        if let Some(missing) = names.find(|name| !input.contains_key(*name)) {
            return Some(format!("the argument `{missing}` is missing"));
        }
        let mistyped = input.iter().find(|(name, value)| {
            let kind = self.argument(name).and_then(|schema| schema.get("type"));
            kind.and_then(Value::as_str)
                .is_some_and(|kind| !is_of(value, kind))
        });
        mistyped.map(|(name, _)| format!("the argument `{name}` is not of its type"))
    }
}

/// JSON Schema, "Validation keywords for any instance type".
fn is_of(value: &Value, kind: &str) -> bool {
    match kind {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    }
}

/// Every tool, in the order of their names.
pub(super) fn read(tools: &str) -> Result<Vec<Tool>, serde_json::Error> {
    let targets: BTreeMap<String, Vec<Description>> = serde_json::from_str(tools)?;
    let tools = targets.into_iter().flat_map(|(target, tools)| {
        tools.into_iter().map(move |tool| Tool {
            name: format!("{target}{SEPARATOR}{}", tool.name),
            target: target.clone(),
            description: tool.description,
            input_schema: tool.input_schema,
        })
    });
    Ok(tools.collect())
}
