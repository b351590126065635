//! The templates of the door, each resolved for the same parameters.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};

use crate::resolve::{self, Parameters, call, entries};
use crate::yaml;

/// The template that is deployed; the others hang on it.
pub(crate) const MAIN: &str = "template.yaml";

/// The texts of the templates by their paths.
pub(crate) type Texts = BTreeMap<&'static str, String>;

/// What is deployed for one set of parameters.
pub(crate) struct Door {
    /// The main template first.
    pub(crate) sheets: Vec<Sheet>,
}

/// One template.
pub(crate) struct Sheet {
    pub(crate) file: &'static str,
    /// As it is written.
    pub(crate) template: Value,
    /// What its conditions leave of it.
    pub(crate) resolved: Value,
    pub(crate) parameters: Parameters,
}

/// The files as they are.
pub(crate) fn texts() -> Texts {
    let files = [
        MAIN,
        "policy/policies.yaml",
        "stacks/archive.yaml",
        "stacks/console.yaml",
        "stacks/locks.yaml",
        "stacks/monitoring.yaml",
        "stacks/users.yaml",
    ];
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    files
        .map(|file| (file, std::fs::read_to_string(root.join(file)).unwrap()))
        .into()
}

/// The templates as they are written.
pub(crate) fn parsed(texts: &Texts) -> BTreeMap<&'static str, Value> {
    let parsed = texts.iter().map(|(file, text)| (*file, yaml::parse(text)));
    parsed.collect()
}

impl Door {
    /// The main template for these parameters, and the nested ones that it then has.
    pub(crate) fn new(parsed: &BTreeMap<&'static str, Value>, given: &Parameters) -> Self {
        let mut sheets = vec![Sheet::new(MAIN, parsed, given)];
        for (_, stack) in sheets[0].of_type("AWS::CloudFormation::Stack") {
            let file = stack["Properties"]["TemplateURL"].as_str().unwrap();
            let (file, _) = parsed.get_key_value(file).unwrap();
            let given = entries(&stack["Properties"]["Parameters"]).iter();
            // What another resource will say is at least not empty.
            let given = given.map(|(name, value)| {
                let text = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                (name.clone(), text.into())
            });
            sheets.push(Sheet::new(file, parsed, &given.collect()));
        }
        Self { sheets }
    }

    pub(crate) fn main(&self) -> &Sheet {
        &self.sheets[0]
    }

    /// Every resource, with its place.
    pub(crate) fn resources(&self) -> impl Iterator<Item = (String, &Value)> {
        self.sheets.iter().flat_map(|sheet| {
            let resources = entries(&sheet.resolved["Resources"]).iter();
            resources.map(|(name, resource)| (format!("{} {name}", sheet.file), resource))
        })
    }

    /// Every resource of a type, with its place.
    pub(crate) fn of_type(&self, kind: &str) -> impl Iterator<Item = (String, &Value)> {
        let is_it = move |(_, resource): &(String, &Value)| resource["Type"] == kind;
        self.resources().filter(is_it)
    }
}

impl Sheet {
    fn new(file: &'static str, parsed: &BTreeMap<&'static str, Value>, given: &Parameters) -> Self {
        let template = parsed[file].clone();
        let parameters = resolve::parameters(&template, given);
        Self {
            file,
            resolved: resolve::resolve(&template, &parameters),
            template,
            parameters,
        }
    }

    pub(crate) fn resource(&self, name: &str) -> &Value {
        &self.resolved["Resources"][name]
    }

    pub(crate) fn of_type(&self, kind: &str) -> Vec<(String, Value)> {
        let resources = entries(&self.resolved["Resources"]).iter();
        resources
            .filter(|(_, resource)| resource["Type"] == kind)
            .map(|(name, resource)| (name.clone(), resource.clone()))
            .collect()
    }

    /// The functions, with the properties that all of them have.
    pub(crate) fn functions(&self) -> Vec<(String, Map<String, Value>)> {
        let functions = self.of_type("AWS::Serverless::Function").into_iter();
        let functions = functions.map(|(name, function)| {
            let mut properties = entries(&self.resolved["Globals"]["Function"]).clone();
            properties.extend(entries(&function["Properties"]).clone());
            (name, properties)
        });
        functions.collect()
    }
}

/// The logical ids that a value refers to, `Name.Attribute` and SAM's `Name.Stage` cut to the name.
pub(crate) fn references(value: &Value, found: &mut Vec<String>) {
    let name = |path: &str| path.split('.').next().unwrap_or(path).to_owned();
    match call(value) {
        Some(("Ref", argument)) => found.push(name(argument.as_str().unwrap())),
        Some(("Fn::GetAtt", argument)) => {
            let path = argument.as_str().or_else(|| argument[0].as_str());
            found.push(name(path.unwrap()));
        }
        Some(("Fn::Sub", Value::String(text))) => {
            found.extend(placeholders(text).map(|path| name(&path)));
        }
        Some(("Fn::Sub", Value::Array(parts))) => {
            let own = entries(&parts[1]);
            let text = parts[0].as_str().unwrap();
            let others = placeholders(text).filter(|path| !own.contains_key(path));
            found.extend(others.map(|path| name(&path)));
            references(&parts[1], found);
        }
        _ => {
            let items = value.as_array().into_iter().flatten();
            let parts = items.chain(entries(value).values());
            parts.for_each(|part| references(part, found));
        }
    }
}

/// What a text asks to be put in.
pub(crate) fn placeholders(text: &str) -> impl Iterator<Item = String> {
    let parts = text.split("${").skip(1);
    let names = parts.filter_map(|part| part.split_once('}').map(|(name, _)| name.to_owned()));
    names.filter(|name| !name.starts_with('!'))
}

/// Every text in a value.
pub(crate) fn all_texts<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(items) => items.iter().for_each(|item| all_texts(item, found)),
        Value::Object(map) => map.values().for_each(|entry| all_texts(entry, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
