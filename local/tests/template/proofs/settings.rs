//! The environment of each function, against the constants by which it reads it.

use std::collections::BTreeSet;
use std::path::Path;

use super::unless;
use crate::door::Door;
use crate::resolve::entries;

/// Settings that authorizer and proxy share.
const SHARED: [&str; 2] = ["AGENTS", "TRUSTED_ISSUERS"];

/// Settings that no deployment gives: their defaults are for everybody, or they exist for tests and for the local stack.
const NOT_GIVEN: [&str; 6] = [
    "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER",
    "FIRST_BYTE_SECONDS",
    "IDLE_SECONDS",
    "MAX_BODY_BYTES",
    "POLL_MILLISECONDS",
    "SIMPLE_RESPONSES",
];

/// The most that Lambda takes of names and values together, in bytes.
const MOST: usize = 4096;

/// The documents that outgrow the environment come from the layer's files, where the parameter says so.
pub(crate) fn come_from_files(door: &Door) -> Vec<String> {
    let main = door.main();
    let given = main.parameters["SettingsFromFiles"].as_str().unwrap();
    let has_layer = !main.resource("SettingsLayer").is_null();
    let is_wanted = given != "false";
    let what = "is there for no function, or missing";
    let mut faults: Vec<String> = unless(has_layer == is_wanted, "SettingsLayer", what)
        .into_iter()
        .collect();
    for name in ["AuthorizerFunction", "OpenRoutesFunction", "ProxyFunction"] {
        let function = &main.resource(name)["Properties"];
        let layers = &function["Layers"];
        let has_it = *layers == serde_json::json!([{"Ref": "SettingsLayer"}]);
        faults.extend(unless(has_it == is_wanted, name, "has another layer"));
        let variables = &function["Environment"]["Variables"];
        for (variable, path, from_file) in [
            ("AGENTS", "file:/opt/agents.json", is_wanted),
            ("TRUSTED_ISSUERS", "file:/opt/issuers.json", given == "true"),
        ] {
            let is_file = variables[variable] == path;
            faults.extend(unless(is_file == from_file, name, "reads other settings"));
        }
    }
    let trigger = &main.resource("PretokenFunction")["Properties"];
    let is_file =
        trigger["Environment"]["Variables"]["TRUSTED_ISSUERS"] == "file:/opt/issuers.json";
    let has_it = trigger["Layers"] == serde_json::json!([{"Ref": "SettingsLayer"}]);
    let what = "has the layer without reading it, or reads it without having it";
    faults.extend(unless(!is_file || has_it, "PretokenFunction", what));
    faults.extend(unless(!has_it || given == "true", "PretokenFunction", what));
    faults
}

/// Each function is given every setting it has, and no other.
pub(crate) fn are_complete(door: &Door) -> Vec<String> {
    let mut faults = Vec::new();
    let functions = door.main().of_type("AWS::Serverless::Function");
    for (name, function) in functions {
        let binary = function["Metadata"]["BuildProperties"]["Binary"]
            .as_str()
            .unwrap();
        let folder = function["Properties"]["CodeUri"].as_str().unwrap();
        let variables = entries(&function["Properties"]["Environment"]["Variables"]);
        let given: BTreeSet<&str> = variables.keys().map(String::as_str).collect();
        let read = read_by(folder, binary);
        let read: BTreeSet<&str> = read.iter().map(String::as_str).collect();
        let needed = read.iter().filter(|name| !NOT_GIVEN.contains(name));
        for missing in needed.filter(|setting| !given.contains(**setting)) {
            faults.push(format!("{name}: is not given {missing}"));
        }
        for other in given.iter().filter(|setting| !read.contains(**setting)) {
            faults.push(format!("{name}: does not read {other}"));
        }
        let size: usize = variables
            .iter()
            .map(|(name, value)| name.len() + value.to_string().len())
            .sum();
        faults.extend(unless(size < MOST, &name, "has too large an environment"));
    }
    faults
}

/// The settings of a function: those of its constants that are the name of a variable.
fn read_by(folder: &str, binary: &str) -> BTreeSet<String> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(folder)
        .join("src");
    // The second program of a folder has one of its own.
    let own = if binary == folder {
        sources
    } else {
        sources.join("bin").join(binary)
    };
    let source = std::fs::read_to_string(own.join("config.rs"));
    let source = source.unwrap_or_default();
    let constants = source.lines().filter_map(|line| {
        let (_, constant) = line.trim().split_once("const ")?;
        let (_, value) = constant.split_once(": &str = \"")?;
        value.strip_suffix("\";")
    });
    let mut read: BTreeSet<String> = constants.map(str::to_owned).collect();
    if ["authorizer", "proxy"].contains(&binary) {
        read.extend(SHARED.map(str::to_owned));
    }
    if binary == "pretoken" {
        read.insert("TRUSTED_ISSUERS".to_owned());
    }
    read
}
