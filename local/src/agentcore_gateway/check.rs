//! Check of policies as AgentCore makes it when one is created: against a schema of the gateway's tools ("Schema
//! constraints", AgentCore Developer Guide). What the engine evaluates here need not pass there.

use std::path::Path;

use cedar_policy::{Schema, ValidationMode, Validator};
use serde_json::{Map, Value, json};

use super::catalog::Tool;
use super::engine::{PolicyError, policies};
use super::{arn, read_catalog};

/// Checks the folder with `policies/*.cedar` and `tools.json`.
///
/// # Errors
/// It cannot be read, or a deployment would refuse a policy; all such policies are named.
pub fn check(folder: &Path) -> Result<(), PolicyError> {
    let catalog = read_catalog(&folder.join("tools.json"))?;
    let schema = Schema::from_json_value(schema(&catalog));
    let schema = schema.map_err(|error| PolicyError::Actions(error.to_string()))?;
    let policies = policies(&folder.join("policies"), &arn())?;
    let checked = Validator::new(schema).validate(&policies, ValidationMode::Strict);
    let refused = checked.validation_errors();
    let refused: Vec<String> = refused
        .map(|error| format!("`{}.cedar`: {error}", error.policy_id()))
        .collect();
    if refused.is_empty() {
        Ok(())
    } else {
        Err(PolicyError::Refused(refused))
    }
}

/// One principal whose tags are the token's claims, one resource, and an action for each tool below its target.
fn schema(tools: &[Tool]) -> Value {
    let mut actions = Map::new();
    let mut group = |name: &str, parent: Option<&str>| {
        let parents: Vec<Value> = parent
            .map(|parent| json!({"id": parent}))
            .into_iter()
            .collect();
        actions.insert(name.to_owned(), json!({"memberOf": parents}));
    };
    group("Mcp", None);
    group("CallTool", Some("Mcp"));
    for tool in tools {
        group(&tool.target, Some("CallTool"));
    }
    for tool in tools {
        let now = json!({"type": "Extension", "name": "datetime"});
        let context = record([
            ("input".to_owned(), object(&tool.input_schema)),
            ("system".to_owned(), record([("now".to_owned(), now)])),
        ]);
        let action = json!({
            "appliesTo": {
                "context": context,
                "principalTypes": ["OAuthUser"],
                "resourceTypes": ["Gateway"],
            },
            "memberOf": [{"id": tool.target}],
        });
        actions.insert(tool.name.clone(), action);
    }
    json!({
        "AgentCore": {
            "actions": actions,
            "entityTypes": {"Gateway": {}, "OAuthUser": {"tags": {"type": "String"}}},
        },
    })
}

fn record(attributes: impl IntoIterator<Item = (String, Value)>) -> Value {
    json!({"attributes": Map::from_iter(attributes), "type": "Record"})
}

/// An object of JSON Schema. A property of no sure type is none that a policy can rest on.
fn object(schema: &Map<String, Value>) -> Value {
    let required = schema.get("required").and_then(Value::as_array);
    let is_required =
        |name: &str| required.is_some_and(|names| names.iter().any(|one| one == name));
    let properties = schema.get("properties").and_then(Value::as_object);
    let properties = properties.into_iter().flatten();
    record(properties.filter_map(|(name, property)| {
        let mut attribute = kind(property)?;
        let members = attribute.as_object_mut()?;
        members.insert("required".to_owned(), json!(is_required(name)));
        Some((name.clone(), attribute))
    }))
}

/// The Cedar type of a property, if it has one ("Policy conditions").
fn kind(schema: &Value) -> Option<Value> {
    let schema = schema.as_object()?;
    match schema.get("type")?.as_str()? {
        "string" => Some(json!({"type": "String"})),
        "integer" => Some(json!({"type": "Long"})),
        "boolean" => Some(json!({"type": "Boolean"})),
        "number" => Some(json!({"name": "decimal", "type": "Extension"})),
        "array" => Some(json!({"element": kind(schema.get("items")?)?, "type": "Set"})),
        "object" => Some(object(schema)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::*;
    use crate::random;

    /// A folder with the tools of the repository and this policy.
    fn folder(policy: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("gatehouse-check-{}", random::uuid()));
        fs::create_dir_all(folder.join("policies")).unwrap();
        let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policy/tools.json");
        fs::copy(tools, folder.join("tools.json")).unwrap();
        fs::write(folder.join("policies/mine.cedar"), policy).unwrap();
        folder
    }

    fn policy(condition: &str) -> String {
        format!(
            "permit (principal is AgentCore::OAuthUser, action == AgentCore::Action::\"billing___refund\", \
             resource == AgentCore::Gateway::\"${{GatewayArn}}\") when {{ {condition} }};"
        )
    }

    #[test]
    fn the_policies_of_the_repository_pass() {
        check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../policy")).unwrap();
    }

    #[test]
    fn what_a_deployment_would_refuse_is_refused_with_its_file() {
        for (condition, passes) in [
            ("context.input.amount <= 10", true),
            ("context.input.amuont <= 10", false),
            ("context.input.amount <= \"10\"", false),
            ("principal.getTag(\"department\") == \"finance\"", false),
            ("principal.department == \"finance\"", false),
        ] {
            let folder = folder(&policy(condition));
            let checked = check(&folder);
            fs::remove_dir_all(folder).unwrap();
            assert_eq!(checked.is_ok(), passes, "{condition}: {checked:?}");
            if let Err(error) = checked {
                assert!(error.to_string().contains("`mine.cedar`: "), "{error}");
            }
        }
    }
}
