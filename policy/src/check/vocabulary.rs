//! The vocabulary of policies: the tools, as a Cedar schema of AgentCore's shape, and the claims of their callers.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::Schema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::claims::{ClaimKind, Claims};

/// AgentCore's own parents of all targets (AgentCore guide, "Policy scope"), so no target can have their names.
const PARENTS: [&str; 2] = ["CallTool", "Mcp"];
/// Between target and tool in the name of an action.
const SEPARATOR: &str = "___";
/// `Target.name` of the control plane's model.
const MAX_TARGET_NAME: usize = 100;
/// "Quotas for Amazon Bedrock AgentCore".
const MAX_TOOL_NAME: usize = 256;

/// The gateway's tools and the claims of its callers' tokens.
#[derive(Debug)]
pub struct Vocabulary {
    schema: Schema,
    claims: Claims,
    /// Of each tool the inputs that are `number`.
    decimals: BTreeMap<String, BTreeSet<String>>,
}

/// Why `tools.json` or `claims.json` is not what it should be.
#[derive(Debug, thiserror::Error)]
pub enum VocabularyError {
    #[error("`tools.json` is not an object of targets, each a list of MCP tools")]
    Tools(#[source] serde_json::Error),
    #[error("`claims.json` is not an object of claims, each `string` or `list`")]
    Claims(#[source] serde_json::Error),
    #[error("`tools.json`: `{0}` cannot be the name of a target")]
    TargetName(String),
    #[error("`tools.json`: `{0}` cannot be the name of a tool of `{1}`")]
    ToolName(String, String),
    #[error("`tools.json`: `{0}` is there twice")]
    Duplicate(String),
    #[error("`tools.json`: the input of `{0}` is not an object")]
    Input(String),
    #[error("`tools.json` makes no schema")]
    Schema(#[source] Box<cedar_policy::SchemaError>),
}

/// A tool as MCP describes it, and as a target's inline schema does.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tool {
    name: String,
    input_schema: Value,
}

impl Vocabulary {
    /// Reads the tools, by target, and the claims.
    ///
    /// # Errors
    /// If there is a name that AgentCore would not take, or a shape that is none.
    pub fn read(tools: &str, claims: &str) -> Result<Self, VocabularyError> {
        let targets: BTreeMap<String, Vec<Tool>> =
            serde_json::from_str(tools).map_err(VocabularyError::Tools)?;
        let claims: BTreeMap<String, ClaimKind> =
            serde_json::from_str(claims).map_err(VocabularyError::Claims)?;
        let schema = Schema::from_json_value(schema(&targets)?)
            .map_err(|error| VocabularyError::Schema(Box::new(error)))?;
        Ok(Self {
            schema,
            claims: Claims(claims),
            decimals: decimals(&targets),
        })
    }

    /// The schema that AgentCore makes of these tools.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The names of the tools' actions, in order.
    pub fn tools(&self) -> Vec<String> {
        let actions = self.schema.actions();
        let names = actions.map(|action| action.id().unescaped().to_owned());
        let tools: BTreeSet<String> = names.filter(|name| name.contains(SEPARATOR)).collect();
        tools.into_iter().collect()
    }

    pub(crate) fn decimals(&self) -> &BTreeMap<String, BTreeSet<String>> {
        &self.decimals
    }

    pub(crate) fn claims(&self) -> &Claims {
        &self.claims
    }
}

/// "Schema constraints" of the AgentCore guide: one principal type whose tags are the token's claims, one resource, and
/// an action for each tool, within its target, within `CallTool`, within `Mcp`.
fn schema(targets: &BTreeMap<String, Vec<Tool>>) -> Result<Value, VocabularyError> {
    let mut actions = Map::new();
    actions.insert("Mcp".to_owned(), json!({}));
    actions.insert("CallTool".to_owned(), json!({"memberOf": [{"id": "Mcp"}]}));
    for (target, tools) in targets {
        if !is_target_name(target) {
            return Err(VocabularyError::TargetName(target.clone()));
        }
        let within = json!({"memberOf": [{"id": "CallTool"}]});
        actions.insert(target.clone(), within);
        for tool in tools {
            let (name, action) = action(target, tool)?;
            if actions.insert(name.clone(), action).is_some() {
                return Err(VocabularyError::Duplicate(name));
            }
        }
    }
    let entity_types = json!({"OAuthUser": {"tags": {"type": "String"}}, "Gateway": {}});
    Ok(json!({"AgentCore": {"entityTypes": entity_types, "actions": actions}}))
}

fn action(target: &str, tool: &Tool) -> Result<(String, Value), VocabularyError> {
    let Tool { name, input_schema } = tool;
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if !(1..=MAX_TOOL_NAME).contains(&name.len()) || !name.bytes().all(is_name) {
        return Err(VocabularyError::ToolName(name.clone(), target.to_owned()));
    }
    let name = format!("{target}{SEPARATOR}{name}");
    let input = cedar_type(input_schema).filter(|input| input["type"] == "Record");
    let input = input.ok_or_else(|| VocabularyError::Input(name.clone()))?;
    let system = record([("now", json!({"type": "Extension", "name": "datetime"}))]);
    let action = json!({
        "memberOf": [{"id": target}],
        "appliesTo": {
            "principalTypes": ["OAuthUser"],
            "resourceTypes": ["Gateway"],
            "context": record([("input", input), ("system", system)]),
        },
    });
    Ok((name, action))
}

fn decimals(targets: &BTreeMap<String, Vec<Tool>>) -> BTreeMap<String, BTreeSet<String>> {
    let mut decimals = BTreeMap::new();
    for (target, tools) in targets {
        for Tool { name, input_schema } in tools {
            let properties = input_schema.get("properties").and_then(Value::as_object);
            let numbers = properties.into_iter().flatten();
            let numbers = numbers.filter(|(_, property)| property["type"] == "number");
            let numbers = numbers.map(|(name, _)| name.clone()).collect();
            decimals.insert(format!("{target}{SEPARATOR}{name}"), numbers);
        }
    }
    decimals
}

fn record<const N: usize>(attributes: [(&str, Value); N]) -> Value {
    json!({"type": "Record", "attributes": Map::from_iter(attributes.map(|(name, value)| (name.to_owned(), value)))})
}

/// The Cedar type of a JSON schema ("Policy conditions"), if it is sure which one AgentCore takes.
fn cedar_type(schema: &Value) -> Option<Value> {
    // Each of these may make another type of it.
    let is_plain = ["enum", "format", "anyOf", "oneOf", "allOf", "$ref"]
        .iter()
        .all(|keyword| schema.get(keyword).is_none());
    match schema.get("type")?.as_str().filter(|_| is_plain)? {
        "string" => Some(json!({"type": "String"})),
        "integer" => Some(json!({"type": "Long"})),
        "boolean" => Some(json!({"type": "Boolean"})),
        "number" => Some(json!({"type": "Extension", "name": "decimal"})),
        "array" => Some(json!({"type": "Set", "element": cedar_type(schema.get("items")?)?})),
        "object" => Some(cedar_record(schema)),
        _ => None,
    }
}

/// A property whose type is not sure is left out: no policy can then rest on it.
fn cedar_record(schema: &Value) -> Value {
    let required = schema.get("required").and_then(Value::as_array);
    let properties = schema.get("properties").and_then(Value::as_object);
    let attributes: Map<String, Value> = properties
        .into_iter()
        .flatten()
        .filter_map(|(name, property)| {
            let mut attribute = cedar_type(property)?;
            let is_required = required.is_some_and(|names| names.iter().any(|it| it == name));
            attribute
                .as_object_mut()?
                .insert("required".to_owned(), is_required.into());
            Some((name.clone(), attribute))
        })
        .collect();
    json!({"type": "Record", "attributes": attributes})
}

/// `([0-9a-zA-Z][-]?){1,100}`, and not one of AgentCore's own names.
fn is_target_name(name: &str) -> bool {
    let is_alphanumeric = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let mut parts = name.strip_suffix('-').unwrap_or(name).split('-');
    parts.all(|part| !part.is_empty() && is_alphanumeric(part))
        && name.len() <= MAX_TARGET_NAME
        && !PARENTS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tools(target: &str, name: &str, input: &Value) -> String {
        json!({target: [{"name": name, "description": "", "inputSchema": input}]}).to_string()
    }

    #[test]
    fn inputs_become_the_types_that_agentcore_takes() {
        let text = json!({"type": "string"});
        let cases = [
            (text.clone(), Some(json!({"type": "String"}))),
            (json!({"type": "integer"}), Some(json!({"type": "Long"}))),
            (json!({"type": "boolean"}), Some(json!({"type": "Boolean"}))),
            (
                json!({"type": "number"}),
                Some(json!({"type": "Extension", "name": "decimal"})),
            ),
            (
                json!({"type": "array", "items": text}),
                Some(json!({"type": "Set", "element": {"type": "String"}})),
            ),
            (
                json!({"type": "object", "required": ["a"], "properties": {
                    "a": {"type": "integer"}, "b": {"type": "string"}, "c": {"type": "string", "enum": ["x"]}}}),
                Some(json!({"type": "Record", "attributes": {
                    "a": {"type": "Long", "required": true}, "b": {"type": "String", "required": false}}})),
            ),
            (json!({"type": "array"}), None),
            (json!({"type": "array", "items": {"type": "null"}}), None),
            (json!({"type": ["string", "null"]}), None),
            (json!({"type": "string", "enum": ["x"]}), None),
            (json!({"type": "string", "format": "date-time"}), None),
            (json!({"type": "string", "$ref": "#/x"}), None),
            (json!({}), None),
        ];
        for (schema, expected) in cases {
            assert_eq!(cedar_type(&schema), expected, "{schema}");
        }
    }

    #[test]
    fn a_name_that_agentcore_would_not_take_is_refused() {
        let input = json!({"type": "object"});
        assert!(Vocabulary::read(&tools("a-b1", "c_d.e", &input), "{}").is_ok());
        for target in [
            "",
            "-a",
            "a--b",
            "a_b",
            "a b",
            "Mcp",
            "CallTool",
            &"a".repeat(101),
        ] {
            let error = Vocabulary::read(&tools(target, "c", &input), "{}").unwrap_err();
            assert!(matches!(error, VocabularyError::TargetName(_)), "{target}");
        }
        for name in ["", "a b", "a\"b", &"a".repeat(257)] {
            let error = Vocabulary::read(&tools("t", name, &input), "{}").unwrap_err();
            assert!(matches!(error, VocabularyError::ToolName(..)), "{name}");
        }
    }

    #[test]
    fn a_shape_that_is_none_is_refused() {
        let tool = json!({"name": "c", "inputSchema": {"type": "object"}});
        let twice = json!({"t": [tool, tool]}).to_string();
        let error = Vocabulary::read(&twice, "{}").unwrap_err();
        assert_eq!(error.to_string(), "`tools.json`: `t___c` is there twice");
        let text = tools("t", "c", &json!({"type": "string"}));
        let error = Vocabulary::read(&text, "{}").unwrap_err();
        assert!(matches!(error, VocabularyError::Input(_)), "{error}");
        let error = Vocabulary::read("[]", "{}").unwrap_err();
        assert!(matches!(error, VocabularyError::Tools(_)), "{error}");
        let error = Vocabulary::read("{}", r#"{"a": "number"}"#).unwrap_err();
        assert!(matches!(error, VocabularyError::Claims(_)), "{error}");
    }
}
