//! A project of the AgentCore CLI: `agentcore.json`, and what was deployed of it.

use serde_json::{Map, Value};

use crate::failure::Failure;

/// The parts of a project that concern the door.
pub(super) struct Project {
    pub(super) runtimes: Vec<Runtime>,
    /// The parts that cannot be translated, each with the reason.
    pub(super) left_out: Vec<(String, String)>,
    /// The steps that follow, beside those of all projects.
    pub(super) next: Vec<String>,
}

/// One runtime.
pub(super) struct Runtime {
    pub(super) name: String,
    /// Its ARN; none if it was not deployed.
    pub(super) arn: Option<String>,
    pub(super) protocol: Option<String>,
    pub(super) headers: Vec<String>,
    /// `customJwtAuthorizer`; nothing if the runtime takes signatures.
    pub(super) authorizer: Option<Map<String, Value>>,
}

/// The lists of a project whose entries callers could want to reach, and that the door does not serve from here.
const OTHERS: [(&str, &str); 3] = [
    ("agentCoreGateways", "gateway"),
    ("httpGateways", "gateway"),
    ("mcpRuntimeTools", "tool"),
];

impl Project {
    /// Reads both documents.
    pub(super) fn read(project: &[u8], state: &[u8], target: &str) -> Result<Self, Failure> {
        let project = document(project, "the project's file")?;
        let state = document(state, "the file of what was deployed")?;
        let runtimes = project.get("runtimes").and_then(Value::as_array);
        let runtimes = runtimes.ok_or_else(|| {
            Failure::usage(
                "the project's file has no list `runtimes`",
                "give the `agentcore.json` of a project of the AgentCore CLI",
            )
        })?;
        let resources = state.get("targets").and_then(|targets| targets.get(target));
        let resources = resources.and_then(|target| target.get("resources"));
        let resources = resources.ok_or_else(|| {
            let shown = target.escape_debug();
            Failure::usage(
                format!("nothing was deployed to the target `{shown}`"),
                "deploy the project, or name its target with `--target`",
            )
        })?;
        Ok(Self {
            runtimes: runtimes
                .iter()
                .filter_map(|runtime| Runtime::read(runtime, resources))
                .collect(),
            left_out: others(&project),
            next: Vec::new(),
        })
    }
}

impl Runtime {
    fn read(runtime: &Value, resources: &Value) -> Option<Self> {
        let text = |name: &str| runtime.get(name).and_then(Value::as_str).map(str::to_owned);
        let name = text("name")?;
        // Older versions of the CLI call them agents.
        let mut lists = ["runtimes", "agents"].into_iter();
        let arn =
            lists.find_map(|list| resources.get(list)?.get(&name)?.get("runtimeArn")?.as_str());
        let headers = runtime
            .get("requestHeaderAllowlist")
            .and_then(Value::as_array);
        let headers = headers.into_iter().flatten().filter_map(Value::as_str);
        let authorizer = (text("authorizerType").as_deref() == Some("CUSTOM_JWT")).then(|| {
            let authorizer = runtime.get("authorizerConfiguration");
            let authorizer =
                authorizer.and_then(|given| given.get("customJwtAuthorizer")?.as_object());
            authorizer.cloned().unwrap_or_default()
        });
        Some(Self {
            arn: arn.map(str::to_owned),
            protocol: text("protocol"),
            headers: headers.map(str::to_owned).collect(),
            authorizer,
            name,
        })
    }
}

fn others(project: &Value) -> Vec<(String, String)> {
    let mut left_out = Vec::new();
    for (list, what) in OTHERS {
        let entries = project.get(list).and_then(Value::as_array);
        for entry in entries.into_iter().flatten() {
            let name = entry
                .get("name")
                .and_then(Value::as_str)
                .unwrap_or("without a name");
            left_out.push((
                format!("{what} {}", name.escape_debug()),
                "only runtimes are read: write its entry by hand (docs/settings.md)".to_owned(),
            ));
        }
    }
    left_out
}

fn document(text: &[u8], what: &str) -> Result<Value, Failure> {
    let document: Option<Value> = serde_json::from_slice(text).ok();
    let document = document.filter(Value::is_object);
    document.ok_or_else(|| {
        Failure::usage(
            format!("{what} is no JSON object"),
            "give the `agentcore.json` of a project of the AgentCore CLI",
        )
    })
}
