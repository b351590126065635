//! Proofs about dependencies: what must be created before what.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{listed, unless};
use crate::door::{Door, Sheet, references};
use crate::resolve::entries;

/// Within a template; a nested stack is one resource, as CloudFormation sees it.
pub(crate) fn has_no_circle(door: &Door) -> Vec<String> {
    let circles = door.sheets.iter().flat_map(|sheet| {
        let mut needs = needs(sheet);
        let mut faults = unknown(sheet, &needs);
        // What needs nothing that is left can be made; what never can is in a circle, or behind one.
        while let Some(ready) = next(&needs) {
            needs.remove(&ready);
            needs.values_mut().for_each(|names| {
                names.remove(&ready);
            });
        }
        if !needs.is_empty() {
            faults.push(format!("{}: {needs:?} wait for each other", sheet.file));
        }
        faults
    });
    circles.collect()
}

/// Properties of `AWS::Serverless::Api` that SAM writes into the stage and not into the API.
const STAGE: [&str; 3] = ["AccessLogSetting", "MethodSettings", "Tags"];

type Needs = BTreeMap<String, BTreeSet<String>>;

fn next(needs: &Needs) -> Option<String> {
    let mut ready = needs.iter().filter(|(_, names)| names.is_empty());
    ready.next().map(|(name, _)| name.clone())
}

fn needs(sheet: &Sheet) -> Needs {
    let resources = entries(&sheet.resolved["Resources"]);
    let mut needs: Needs = BTreeMap::new();
    for (name, resource) in resources {
        let is_api = resource["Type"] == "AWS::Serverless::Api";
        let (mut found, mut of_stage) = (Vec::new(), vec![name.clone()]);
        for (property, value) in entries(&resource["Properties"]) {
            match property.as_str() {
                // SAM: the API is made after the functions that its routes name.
                "Events" => {}
                property if is_api && STAGE.contains(&property) => references(value, &mut of_stage),
                _ => references(value, &mut found),
            }
        }
        found.extend(listed(&resource["DependsOn"]).into_iter().map(text));
        found.retain(|name| !is_outside(sheet, name));
        needs.entry(name.clone()).or_default().extend(found);
        if is_api {
            of_stage.retain(|name| !is_outside(sheet, name));
            needs
                .entry(format!("{name}.Stage"))
                .or_default()
                .extend(of_stage);
        }
        for event in entries(&resource["Properties"]["Events"]).values() {
            let api = text(&event["Properties"]["RestApiId"]["Ref"]);
            needs.entry(api).or_default().insert(name.clone());
        }
    }
    needs
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn is_outside(sheet: &Sheet, name: &str) -> bool {
    name.starts_with("AWS::") || sheet.parameters.contains_key(name)
}

/// A reference to what a condition took away fails the deployment.
fn unknown(sheet: &Sheet, needs: &Needs) -> Vec<String> {
    let mut asked: BTreeSet<String> = needs.values().flatten().cloned().collect();
    let mut outputs = Vec::new();
    references(&sheet.resolved["Outputs"], &mut outputs);
    asked.extend(outputs.into_iter().filter(|name| !is_outside(sheet, name)));
    let gone = asked.into_iter().filter(|name| !needs.contains_key(name));
    gone.map(|name| format!("{}: `{name}` is not there", sheet.file))
        .collect()
}

/// The account's setting for API Gateway's logs is made after an API, without which a fresh account refuses it, and
/// before the stage, whose access log needs it. The role outlives a first deployment that fails, because CloudFormation
/// cannot put the setting back.
pub(crate) fn account(door: &Door) -> Vec<String> {
    let main = door.main();
    let setting = main.resource("ApiAccount");
    if setting.is_null() {
        return Vec::new();
    }
    let mut of_stage = Vec::new();
    for property in STAGE {
        references(&main.resource("Api")["Properties"][property], &mut of_stage);
    }
    let role = main.resource("ApiAccountRole");
    [
        (
            listed(&setting["DependsOn"]).contains(&&Value::from("Api")),
            "is made before there is an API",
        ),
        (
            of_stage.iter().any(|name| name == "ApiAccount"),
            "is made after the stage that needs it",
        ),
        (
            role["DeletionPolicy"] == "Retain",
            "is left without its role when the first deployment fails",
        ),
    ]
    .into_iter()
    .filter_map(|(is_so, what)| unless(is_so, "ApiAccount", what))
    .collect()
}

/// A nested stack is given its parameters and no other, and asked for outputs that it has.
pub(crate) fn nested_parameters(door: &Door) -> Vec<String> {
    let mut faults = Vec::new();
    let text = door.main().resolved.to_string();
    for (name, stack) in door.main().of_type("AWS::CloudFormation::Stack") {
        let file = stack["Properties"]["TemplateURL"].as_str().unwrap();
        let sheet = door.sheets.iter().find(|sheet| sheet.file == file).unwrap();
        let given = entries(&stack["Properties"]["Parameters"]);
        for (parameter, declared) in entries(&sheet.template["Parameters"]) {
            let is_given = given.contains_key(parameter) || declared.get("Default").is_some();
            faults.extend(unless(
                is_given,
                &name,
                &format!("is not given {parameter}"),
            ));
        }
        let outputs = entries(&sheet.resolved["Outputs"]);
        let path = format!("\"{name}.Outputs.");
        let asked = text.split(&path).skip(1);
        for output in asked.filter_map(|rest| rest.split('"').next()) {
            let is_there = outputs.contains_key(output);
            faults.extend(unless(is_there, &name, &format!("has no output {output}")));
        }
    }
    faults
}
