//! Proofs about parameters: each is described, bounded and used.

use serde_json::Value;

use super::{listed, unless};
use crate::door::Door;
use crate::resolve::entries;

/// What a parameter is held to.
const BOUNDS: [&str; 5] = [
    "AllowedPattern",
    "AllowedValues",
    "MaxLength",
    "MinLength",
    "MinValue",
];

/// What a secret's whole ARN ends with. A statement about less names no secret at all.
const SUFFIX: &str = "-[A-Za-z0-9]{6})?$";

/// Each is described, bounded, in one group, and of use; one alone has no default.
pub(crate) fn are_explained(door: &Door) -> Vec<String> {
    let template = &door.main().template;
    let groups = &template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"];
    let groups = groups.as_array().into_iter().flatten();
    let grouped: Vec<&Value> = groups
        .flat_map(|group| listed(&group["Parameters"]))
        .collect();
    let text = template.to_string();
    let mut faults = Vec::new();
    let declared = entries(&template["Parameters"]);
    for (name, parameter) in declared {
        faults.extend(is_explained(name, parameter));
        let count = grouped.iter().filter(|one| **one == name).count();
        faults.extend(unless(count == 1, name, "is not in one group"));
        let refers = format!("{{\"Ref\":\"{name}\"}}");
        let is_used = text.contains(&refers) || text.contains(&format!("${{{name}}}"));
        faults.extend(unless(is_used, name, "changes nothing"));
    }
    for name in grouped {
        let is_there = declared.contains_key(name.as_str().unwrap());
        let what = "is in a group and is not there";
        faults.extend(unless(is_there, &name.to_string(), what));
    }
    let pattern = declared["MachineSecretArn"]["AllowedPattern"].as_str();
    let is_whole = pattern.is_some_and(|pattern| pattern.ends_with(SUFFIX));
    faults.extend(unless(is_whole, "MachineSecretArn", "may be cut short"));
    let needed = declared
        .iter()
        .filter(|(_, one)| one.get("Default").is_none());
    let needed: Vec<&String> = needed.map(|(name, _)| name).collect();
    faults.extend(unless(
        needed == ["RuntimeArns"],
        &format!("{needed:?}"),
        "must be given",
    ));
    faults
}

fn is_explained(name: &str, parameter: &Value) -> Vec<String> {
    let has = |what: &str| parameter.get(what).is_some();
    let description = parameter["Description"].as_str().unwrap_or_default();
    let is_bounded = BOUNDS.iter().any(|bound| has(bound));
    [
        (description.ends_with('.'), "is not described"),
        (is_bounded, "takes anything"),
        (
            !has("AllowedPattern") || has("ConstraintDescription"),
            "does not say what is wrong",
        ),
    ]
    .into_iter()
    .filter_map(|(is_so, what)| unless(is_so, name, what))
    .collect()
}
