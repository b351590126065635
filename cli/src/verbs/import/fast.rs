//! A configuration of FAST, the Fullstack AgentCore Solution Template by AWS (`infra-cdk/config.yaml`), read by the rules
//! of its own reader (`infra-cdk/lib/utils/config-manager.ts`), which ignores members that it does not know.

use std::path::Path;

use serde_json::{Map, json};
use shared::settings::nearest;

use super::outputs::Outputs;
use super::project::{Project, Runtime};
use super::yaml::{Node, Value};
use crate::failure::Failure;

const TOP: [&str; 4] = ["admin_user_email", "backend", "frontend", "stack_name_base"];
const BACKEND: [&str; 8] = [
    "agent_name",
    "deployment_type",
    "ltm_relevance_score",
    "ltm_top_k",
    "network_mode",
    "pattern",
    "use_long_term_memory",
    "vpc",
];
const FRONTEND: [&str; 2] = ["certificate_arn", "domain_name"];
const VPC: [&str; 3] = ["security_group_ids", "subnet_ids", "vpc_id"];

/// FAST's own default.
const AGENT: &str = "FASTAgent";
const PATTERN: &str = "strands-single-agent";
/// The names of runtimes are made of it.
const MAX_STACK: usize = 35;

/// The members that say nothing about callers, each with the reason why it is left out.
const LEFT_OUT: [(&str, &str); 9] = [
    (
        "admin_user_email",
        "FAST has created this user in its pool; the door creates none",
    ),
    ("backend.deployment_type", BUILT),
    ("backend.ltm_relevance_score", BUILT),
    ("backend.ltm_top_k", BUILT),
    ("backend.network_mode", NETWORK),
    ("backend.pattern", BUILT),
    ("backend.use_long_term_memory", BUILT),
    ("backend.vpc", NETWORK),
    ("frontend", "FAST hosts its own front end"),
];
const BUILT: &str =
    "FAST builds and configures the agent; the door calls the runtime that is deployed";
const NETWORK: &str =
    "it is the network of the runtime; the door calls AgentCore's endpoint in the region";

/// The parts of FAST that are code, not configuration. `docs/identity.md` says how to move them.
const CODE: [(&str, &str); 3] = [
    (
        "USER_ROLE_MAP of infra-cdk/lambdas/pretoken-v3/index.py",
        "it is code: write the users into the parameter `Directory` (docs/identity.md#migrating-from-the-fast-template)",
    ),
    (
        "gateway/policies/policy.cedar",
        "it names FAST's gateway: write its rules into `policy/policies` (docs/policy.md)",
    ),
    (
        "the gateway of the stack",
        "it takes tokens of FAST's machine client alone, which the agent asks for itself (docs/identity.md#migrating-from-the-fast-template)",
    ),
];

/// The parts of the configuration that concern the door.
pub(super) struct Fast {
    pub(super) stack: String,
    agent: String,
    pattern: String,
    left_out: Vec<(String, String)>,
}

impl Fast {
    /// Reads the members, and finds every fault.
    pub(super) fn read(root: &Node, file: &Path) -> Result<Self, Failure> {
        let mut reader = Reader::default();
        let top = reader.group(root, "", &TOP);
        let stack = reader.stack(&top);
        let admin = reader.text(&top, "admin_user_email");
        if let Some((line, email)) = admin
            && !email.contains('@')
        {
            reader.fault(line, "admin_user_email", "is no address of mail");
        }
        if let Some(frontend) = top.get("frontend") {
            reader.group(frontend, "frontend.", &FRONTEND);
        }
        let backend = top.get("backend");
        let backend = backend.map(|backend| reader.group(backend, "backend.", &BACKEND));
        let (agent, pattern) = reader.backend(&backend.unwrap_or_default());
        let left_out = reader.finish(file)?;
        Ok(Self {
            stack,
            agent,
            pattern,
            left_out,
        })
    }

    /// The stack's runtime, with what its authorizer asks: an access token of the pool, made for the pool's one client of
    /// people (`infra-cdk/lib/backend-construct.ts`).
    pub(super) fn project(self, outputs: Outputs) -> Project {
        let authorizer = Map::from_iter([
            ("discoveryUrl".to_owned(), json!(outputs.discovery_url())),
            ("allowedClients".to_owned(), json!([outputs.client])),
        ]);
        let name = self.agent.to_lowercase().replace('_', "-");
        let mut next = Vec::new();
        next.push(if self.pattern.starts_with("agui-") {
            format!("the agent speaks AG-UI: `gatehouse call {name} --ag-ui`")
        } else {
            format!(
                "the agent asks for `prompt` and `runtimeSessionId` in the body: `gatehouse call {name} --data FILE`"
            )
        });
        if let Some(page) = outputs.page {
            next.push(format!(
                "give the front end the door's address in place of the runtime's, and the parameter `AllowedOrigins` {page}"
            ));
        }
        next.push(
            "to sign in by `gatehouse login`, add http://localhost:8976/callback to the client of the pool, and its id to `publicClients`"
                .to_owned(),
        );
        let code = CODE.map(|(what, why)| (what.to_owned(), why.to_owned()));
        Project {
            runtimes: vec![Runtime {
                name: self.agent,
                arn: Some(outputs.runtime),
                protocol: None,
                // `Authorization` alone, which `auth` `jwt` brings in any case.
                headers: Vec::new(),
                authorizer: Some(authorizer),
            }],
            left_out: self.left_out.into_iter().chain(code).collect(),
            next,
        }
    }
}

/// The members of a group, by name.
#[derive(Default)]
struct Group<'n> {
    prefix: &'static str,
    line: usize,
    members: &'n [(String, Node)],
}

impl<'n> Group<'n> {
    /// A member that is given: FAST takes an empty one as one that is not there.
    fn get(&self, name: &str) -> Option<&'n Node> {
        let mut members = self.members.iter();
        let (_, node) = members.find(|(member, _)| member == name)?;
        (node.value != Value::Null).then_some(node)
    }
}

/// The faults and the omissions that were found so far.
#[derive(Default)]
struct Reader {
    faults: Vec<(usize, String)>,
    left_out: Vec<(String, String)>,
}

impl Reader {
    fn fault(&mut self, line: usize, path: &str, problem: &str) {
        self.faults.push((line, format!("`{path}` {problem}")));
    }

    /// The members of a group. One that FAST does not know is a fault if another was probably meant, because FAST has then
    /// used a default in its place.
    fn group<'n>(&mut self, node: &'n Node, prefix: &'static str, known: &[&str]) -> Group<'n> {
        let Some(members) = node.members() else {
            let path = prefix.trim_end_matches('.');
            self.fault(
                node.line,
                path,
                &format!("is {}, not a group of members", node.value.kind()),
            );
            return Group::default();
        };
        for (name, member) in members {
            let path = format!("{prefix}{}", name.escape_debug());
            let place = format!("`{path}` (line {})", member.line);
            if !known.contains(&name.as_str()) {
                match nearest(name, known.iter().copied()) {
                    Some(meant) => {
                        let problem = format!("is not a known field; did you mean `{meant}`?");
                        self.fault(member.line, &path, &problem);
                    }
                    None => self.left_out.push((
                        place,
                        "it is not known here: if it concerns callers, write it into the settings by hand (docs/settings.md)"
                            .to_owned(),
                    )),
                }
            } else if member.value != Value::Null {
                let why = LEFT_OUT.iter().find(|(listed, _)| *listed == path);
                let why = why.map(|(_, why)| (place, (*why).to_owned()));
                self.left_out.extend(why);
            }
        }
        Group {
            prefix,
            line: node.line,
            members,
        }
    }

    fn text<'n>(&mut self, group: &Group<'n>, name: &str) -> Option<(usize, &'n str)> {
        let node = group.get(name)?;
        match &node.value {
            Value::Text(text) if text.is_empty() => None,
            Value::Text(text) => Some((node.line, text)),
            other
            @ (Value::Null | Value::Flag | Value::Number | Value::List(_) | Value::Map(_)) => {
                let problem = format!("is {}, not a text", other.kind());
                self.fault(node.line, &format!("{}{name}", group.prefix), &problem);
                None
            }
        }
    }

    /// The name of the stack, of which FAST makes those of everything in it.
    fn stack(&mut self, top: &Group<'_>) -> String {
        let Some((line, stack)) = self.text(top, "stack_name_base") else {
            if top
                .get("stack_name_base")
                .is_none_or(|node| matches!(node.value, Value::Text(_)))
            {
                self.fault(top.line, "stack_name_base", "is missing");
            }
            return String::new();
        };
        let is_letter = stack.starts_with(|first: char| first.is_ascii_alphabetic());
        if !(is_letter && shared::text::is_word(stack, MAX_STACK, b"-")) {
            let problem = format!(
                "is not a letter with at most {} letters, digits and hyphens behind it",
                MAX_STACK.saturating_sub(1)
            );
            self.fault(line, "stack_name_base", &problem);
        }
        stack.to_owned()
    }

    fn backend(&mut self, backend: &Group<'_>) -> (String, String) {
        let pattern = self.text(backend, "pattern");
        let pattern = pattern.map_or(PATTERN, |(_, pattern)| pattern);
        let built = self.choice(backend, "deployment_type", ["docker", "zip"]);
        if let Some((line, "zip")) = built
            && pattern.starts_with("claude-agent-sdk")
        {
            let problem =
                "is `zip`, and FAST builds patterns of `claude-agent-sdk` by `docker` only";
            self.fault(line, "backend.deployment_type", problem);
        }
        let network = self.choice(backend, "network_mode", ["PUBLIC", "VPC"]);
        self.vpc(backend, network);
        self.kind(backend, "use_long_term_memory", &Value::Flag);
        self.kind(backend, "ltm_top_k", &Value::Number);
        self.kind(backend, "ltm_relevance_score", &Value::Number);
        let agent = self.text(backend, "agent_name");
        if let Some((line, agent)) = agent
            && !shared::text::is_word(agent, 47, b"_")
        {
            self.fault(
                line,
                "backend.agent_name",
                "is not 1 to 47 letters, digits and underscores",
            );
        }
        let agent = agent.map_or(AGENT, |(_, agent)| agent);
        (agent.to_owned(), pattern.to_owned())
    }

    fn choice<'n>(
        &mut self,
        group: &Group<'n>,
        name: &str,
        choices: [&str; 2],
    ) -> Option<(usize, &'n str)> {
        let (line, given) = self.text(group, name)?;
        if !choices.contains(&given) {
            let meant = nearest(given, choices.into_iter());
            let meant = meant.map(|meant| format!("; did you mean `{meant}`?"));
            let [one, other] = choices;
            let problem = format!(
                "is neither `{one}` nor `{other}`{}",
                meant.unwrap_or_default()
            );
            self.fault(line, &format!("{}{name}", group.prefix), &problem);
        }
        Some((line, given))
    }

    fn kind(&mut self, group: &Group<'_>, name: &str, wanted: &Value) {
        if let Some(node) = group.get(name)
            && node.value.kind() != wanted.kind()
        {
            let problem = format!("is {}, not {}", node.value.kind(), wanted.kind());
            self.fault(node.line, &format!("{}{name}", group.prefix), &problem);
        }
    }

    fn vpc(&mut self, backend: &Group<'_>, network: Option<(usize, &str)>) {
        let vpc = backend.get("vpc");
        let vpc = vpc.map(|vpc| self.group(vpc, "backend.vpc.", &VPC));
        match (network, &vpc) {
            (Some((line, "VPC")), None) => {
                self.fault(
                    line,
                    "backend.vpc",
                    "is missing, and `network_mode` is `VPC`",
                );
            }
            (Some((_, "VPC")), Some(vpc)) => {
                if self.text(vpc, "vpc_id").is_none() {
                    self.fault(vpc.line, "backend.vpc.vpc_id", "is missing");
                }
                let subnets = vpc.get("subnet_ids").map(|node| &node.value);
                if !matches!(subnets, Some(Value::List(subnets)) if !subnets.is_empty()) {
                    self.fault(vpc.line, "backend.vpc.subnet_ids", "is no list of subnets");
                }
            }
            (Some(_) | None, Some(_) | None) => {}
        }
    }

    fn finish(mut self, file: &Path) -> Result<Vec<(String, String)>, Failure> {
        if self.faults.is_empty() {
            return Ok(self.left_out);
        }
        self.faults.sort();
        let file = file.display();
        let faults = self.faults.iter();
        let faults: Vec<String> = faults
            .map(|(line, fault)| format!("`{file}` line {line}: {fault}"))
            .collect();
        Err(Failure::usage(
            faults.join("; "),
            "correct the file, and see that what it says is what is deployed; nothing was written",
        ))
    }
}
