//! Tests of `gatehouse import`: what comes of a project passes `check`, admits no caller whom the project would not, and
//! replaces no file.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::program::{Ran, folder, run};

const ISSUER: &str = "https://a.example";

fn arn(name: &str) -> String {
    format!("arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/{name}-AbCdEf1234")
}

fn authorizer(changes: Value) -> Value {
    let mut authorizer = json!({"discoveryUrl": format!("{ISSUER}/.well-known/openid-configuration"), "allowedClients": ["web"]});
    for (name, value) in changes.as_object().unwrap() {
        authorizer[name] = value.clone();
    }
    authorizer
}

/// A runtime with an authorizer, or without.
fn runtime(name: &str, authorizer: Option<Value>) -> Value {
    let mut runtime = json!({
        "name": name, "build": "CodeZip", "entrypoint": "main.py", "codeLocation": "app", "runtimeVersion": "PYTHON_3_13",
        "networkMode": "PUBLIC", "protocol": "HTTP",
    });
    if let Some(authorizer) = authorizer {
        runtime["authorizerType"] = json!("CUSTOM_JWT");
        runtime["authorizerConfiguration"] = json!({"customJwtAuthorizer": authorizer});
    }
    runtime
}

/// A project whose runtimes are all deployed, but for those whose names begin with `Not`.
struct Scene {
    file: PathBuf,
    into: PathBuf,
}

impl Scene {
    fn new(project: &Value) -> Self {
        let folder = folder();
        fs::create_dir(folder.join(".cli")).unwrap();
        let names = project["runtimes"].as_array().unwrap().iter();
        let names = names.map(|runtime| runtime["name"].as_str().unwrap());
        let deployed = names.filter(|name| !name.starts_with("Not"));
        let runtimes: Value = deployed
            .map(|name| (name.to_owned(), json!({"runtimeArn": arn(name)})))
            .collect::<serde_json::Map<_, _>>()
            .into();
        let state = json!({"targets": {"default": {"resources": {"runtimes": runtimes}}}});
        fs::write(folder.join(".cli/deployed-state.json"), state.to_string()).unwrap();
        let file = folder.join("agentcore.json");
        fs::write(&file, project.to_string()).unwrap();
        Self {
            file,
            into: folder.join("made/settings"),
        }
    }

    fn import(&self, more: &[&str]) -> Ran {
        let (file, into) = (self.file.to_str().unwrap(), self.into.to_str().unwrap());
        run(&[&["import", file, "--into", into][..], more].concat())
    }

    fn made(&self, file: &str) -> Value {
        serde_json::from_str(&fs::read_to_string(self.into.join(file)).unwrap()).unwrap()
    }
}

fn project(runtimes: &[Value]) -> Value {
    json!({"name": "Shop", "version": 1, "runtimes": runtimes})
}

fn left_out(ran: &Ran) -> Vec<String> {
    let said = ran.json();
    let list = said["leftOut"].as_array().unwrap().iter();
    list.map(|entry| entry["what"].as_str().unwrap().to_owned())
        .collect()
}

fn is_empty(folder: &Path) -> bool {
    !folder.join("agents.json").exists() && !folder.join("issuers.json").exists()
}

#[test]
fn a_project_becomes_settings_that_pass_the_check() {
    let mut tools = runtime(
        "Tools",
        Some(authorizer(
            json!({"allowedClients": ["cli"], "allowedScopes": ["use"]}),
        )),
    );
    tools["protocol"] = json!("MCP");
    let mut shop = runtime("My_Shop", Some(authorizer(json!({}))));
    shop["requestHeaderAllowlist"] = json!(["X-Tenant", "Authorization"]);
    let plain = runtime("Plain", None);
    let mut whole = project(&[shop, tools, plain, runtime("NotYet", None)]);
    whole["agentCoreGateways"] = json!([{"name": "main"}]);
    let scene = Scene::new(&whole);
    let ran = scene.import(&[]);
    assert_eq!((ran.code, ran.errors.as_str()), (Some(0), ""), "{ran:?}");
    assert_eq!(ran.json()["agents"], json!(["my-shop", "plain", "tools"]));
    assert_eq!(ran.json()["closed"], json!(["plain"]));
    assert_eq!(
        left_out(&ran),
        [
            "gateway main",
            "header Authorization of runtime My_Shop",
            "runtime NotYet"
        ]
    );
    let agents = scene.made("agents.json");
    assert_eq!(
        agents["my-shop"],
        json!({
            "runtime": arn("My_Shop"), "auth": "jwt", "forwardHeaders": ["X-Tenant"],
            "allow": {"issuers": [ISSUER], "clients": ["web"]},
        })
    );
    assert_eq!(
        agents["tools"],
        json!({
            "runtime": arn("Tools"), "auth": "jwt", "protocol": "mcp",
            "allow": {"issuers": [ISSUER], "clients": ["cli"], "scopes": ["use"]},
        })
    );
    let issuers = scene.made("issuers.json");
    assert_eq!(issuers.as_array().unwrap().len(), 1, "{issuers}");
    assert_eq!(issuers[0]["allowedClients"], json!(["cli", "web"]));
    // One of them asks for no scope, so that the entry may not.
    assert_eq!(issuers[0]["allowedScopes"], json!(null));
    let into = scene.into.to_str().unwrap();
    assert_eq!(run(&["check", into]).code, Some(0));
    let said = run(&["access", into]).json();
    let rows = said["callers"].as_array().unwrap().iter();
    let rows = rows.filter(|row| row["agents"] != json!([]));
    let callers: Vec<&str> = rows.map(|row| row["caller"].as_str().unwrap()).collect();
    assert_eq!(
        callers,
        [
            "group replace-with-who-may-call",
            "scope use + client cli",
            "client web"
        ]
    );
}

#[test]
fn no_file_is_replaced() {
    for file in ["agents.json", "issuers.json"] {
        let scene = Scene::new(&project(&[runtime("Shop", Some(authorizer(json!({}))))]));
        fs::create_dir_all(&scene.into).unwrap();
        let there = scene.into.join(file);
        fs::write(&there, "mine").unwrap();
        let ran = scene.import(&[]);
        assert_eq!((ran.code, ran.output.as_str()), (Some(64), ""), "{ran:?}");
        assert_eq!(fs::read_to_string(&there).unwrap(), "mine");
        assert_eq!(fs::read_dir(&scene.into).unwrap().count(), 1);
    }
    // Neither is what a link points to, though nothing is there.
    let scene = Scene::new(&project(&[runtime("Shop", Some(authorizer(json!({}))))]));
    fs::create_dir_all(&scene.into).unwrap();
    let elsewhere = folder().join("elsewhere");
    std::os::unix::fs::symlink(&elsewhere, scene.into.join("agents.json")).unwrap();
    assert_eq!(scene.import(&[]).code, Some(64));
    assert!(!elsewhere.exists());
}

#[test]
fn what_cannot_be_asked_of_a_caller_is_left_out() {
    let audience = runtime(
        "Other",
        Some(authorizer(json!({"allowedAudience": ["other"]}))),
    );
    let twice = runtime("SHOP", Some(authorizer(json!({}))));
    let mut strange = runtime("Strange", Some(authorizer(json!({}))));
    strange["protocol"] = json!("SMTP");
    let shop = runtime("Shop", Some(authorizer(json!({}))));
    let scene = Scene::new(&project(&[shop, audience, twice, strange]));
    let ran = scene.import(&[]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.json()["agents"], json!(["shop"]));
    assert_eq!(
        left_out(&ran),
        ["runtime Other", "runtime SHOP", "runtime Strange"]
    );
    assert_eq!(run(&["check", scene.into.to_str().unwrap()]).code, Some(0));
}

#[test]
fn a_project_without_an_issuer_needs_one() {
    let scene = Scene::new(&project(&[runtime("Plain", None)]));
    let ran = scene.import(&[]);
    assert_eq!(
        (ran.code, is_empty(&scene.into)),
        (Some(64), true),
        "{ran:?}"
    );
    assert!(ran.errors.contains("--discovery-url"), "{ran:?}");
    let url = format!("{ISSUER}/.well-known/openid-configuration");
    let ran = scene.import(&["--discovery-url", &url, "--client", "web"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let into = scene.into.to_str().unwrap();
    assert_eq!(run(&["check", into]).code, Some(0));
    let comment = scene.made("agents.json")["plain"]["$comment"].clone();
    assert!(
        comment.as_str().unwrap().contains("no caller may"),
        "{comment}"
    );
}

#[test]
fn what_is_no_project_is_told() {
    let good = project(&[runtime("Shop", Some(authorizer(json!({}))))]);
    let none = project(&[]);
    let not = project(&[runtime("NotYet", None)]);
    for (project, more, word) in [
        (&none, &[][..], "no runtime of the project"),
        (&not, &[], "it is not deployed"),
        (&good, &["--target", "production"], "`production`"),
        (&good, &["--state", "no-such-file"], "no-such-file"),
        (&good, &["--client", "web"], "--discovery-url"),
    ] {
        let scene = Scene::new(project);
        let ran = scene.import(more);
        assert_eq!(
            (ran.code, ran.output.as_str()),
            (Some(64), ""),
            "{word}: {ran:?}"
        );
        assert!(
            ran.errors.contains(word) && is_empty(&scene.into),
            "{word}: {ran:?}"
        );
    }
    for wrong in ["", "[]", "{}", "{\"runtimes\": 1}"] {
        let scene = Scene::new(&good);
        fs::write(&scene.file, wrong).unwrap();
        let ran = scene.import(&[]);
        assert_eq!(
            (ran.code, is_empty(&scene.into)),
            (Some(64), true),
            "{wrong}: {ran:?}"
        );
    }
}
