//! The policy engine: Cedar, asked the way AgentCore asks it.
//!
//! The principal is `AgentCore::OAuthUser::"<sub>"` with the token's claims as tags, the action
//! `AgentCore::Action::"<Target>___<tool>"`, the resource the gateway, the context the call's input and the time
//! ("Policy scope" and "Policy conditions", AgentCore Developer Guide).

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use cedar_policy::{
    ActionConstraint, Authorizer, Context, Decision, Effect, Entities, Entity, EntityId,
    EntityTypeName, EntityUid, Policy, PolicyId, PolicySet, Request, RestrictedExpression,
};
use serde_json::{Map, Value};

use super::catalog::Tool;
use crate::clock;
use crate::hops::Shown;

/// Stands for the gateway's ARN in the policies' source.
const PLACEHOLDER: &str = "${GatewayArn}";
/// AgentCore's own parents of all targets.
const CALL_TOOL: &str = "CallTool";
const MCP: &str = "Mcp";

/// Why the policies cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// A file or folder cannot be read.
    #[error("read `{}`", .0.display())]
    Read(PathBuf, #[source] io::Error),
    /// A file is not one Cedar policy.
    #[error("`{}` is not a policy: {what}", path.display())]
    Policy {
        /// The file.
        path: PathBuf,
        /// What Cedar says of it.
        what: String,
    },
    /// `tools.json` is not an object of targets, each a list of MCP tools.
    #[error("`tools.json` is not an object of targets, each a list of MCP tools")]
    Tools(#[source] serde_json::Error),
    /// AgentCore would refuse policies that the engine could evaluate.
    #[error("a deployment would refuse these policies:{}", .0.iter().map(|line| format!("\n    {line}")).collect::<String>())]
    Refused(Vec<String>),
    /// Names that Cedar does not take.
    #[error("the tools make no actions: {0}")]
    Actions(String),
}

/// What the engine says of one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A policy permits it and none forbids it.
    Permitted,
    /// By these `forbid` policies; by none of the `permit` ones where there are none.
    Denied(BTreeSet<String>),
    /// A policy could not be evaluated with this input, or the input cannot be said in Cedar. Cedar would pass over
    /// such a policy, a `forbid` too; so this is a denial.
    Undecided,
}

/// The engine's decision on one call, with the policies that decide.
#[derive(Debug)]
pub(super) struct Decided {
    pub(super) verdict: Verdict,
    pub(super) reasons: BTreeSet<String>,
}

/// The policies of one gateway.
pub(super) struct Engine {
    policies: PolicySet,
    actions: Entities,
    gateway: EntityUid,
}

impl Engine {
    /// The policies in the folder, one a file, for the gateway of this ARN with these tools.
    pub(super) fn load(
        folder: &Path,
        gateway_arn: &str,
        tools: &[Tool],
    ) -> Result<Self, PolicyError> {
        Ok(Self {
            policies: policies(folder, gateway_arn)?,
            actions: actions(tools)?,
            gateway: uid("Gateway", gateway_arn).map_err(PolicyError::Actions)?,
        })
    }

    /// AgentCore's `AuthorizeAction`: may this caller make this very call?
    pub(super) fn decide(
        &self,
        claims: &Map<String, Value>,
        tool: &Tool,
        input: &Map<String, Value>,
    ) -> Decided {
        let undecided = || Decided {
            verdict: Verdict::Undecided,
            reasons: BTreeSet::new(),
        };
        let asked = input_record(tool, input).and_then(|input| self.ask(claims, tool, input));
        let Some((request, entities)) = asked else {
            return undecided();
        };
        let response = Authorizer::new().is_authorized(&request, &self.policies, &entities);
        let diagnostics = response.diagnostics();
        if diagnostics.errors().next().is_some() {
            return undecided();
        }
        let reasons: BTreeSet<_> = diagnostics.reason().map(PolicyId::to_string).collect();
        let verdict = match response.decision() {
            Decision::Allow => Verdict::Permitted,
            Decision::Deny => Verdict::Denied(reasons.clone()),
        };
        Decided { verdict, reasons }
    }

    /// The policies whose scope has the tool, and which of them the decision rests on.
    pub(super) fn concerning(&self, tool: &Tool, reasons: &BTreeSet<String>) -> Vec<Shown> {
        let mut shown: Vec<Shown> = self
            .policies
            .policies()
            .filter(|policy| is_about(policy, tool))
            .map(|policy| Shown {
                applied: reasons.contains(&policy.id().to_string()),
                ..shown(policy)
            })
            .collect();
        shown.sort_by(|one, other| one.id.cmp(&other.id));
        shown
    }

    /// Every policy.
    pub(super) fn all(&self) -> Vec<Shown> {
        let mut shown: Vec<Shown> = self.policies.policies().map(shown).collect();
        shown.sort_by(|one, other| one.id.cmp(&other.id));
        shown
    }

    /// The decision on a caller and a tool before the input is known: permitted, denied, or none of both, and the policies
    /// that decide or may decide so.
    pub(super) fn outlook(
        &self,
        claims: &Map<String, Value>,
        tool: &Tool,
    ) -> Option<(Option<bool>, BTreeSet<String>)> {
        let unknown = RestrictedExpression::new_unknown("input");
        let (request, entities) = self.ask(claims, tool, unknown)?;
        let authorizer = Authorizer::new();
        let response = authorizer.is_authorized_partial(&request, &self.policies, &entities);
        if response.definitely_errored().next().is_some() {
            return None;
        }
        let decision = response
            .decision()
            .map(|decision| decision == Decision::Allow);
        let deciding = response.may_be_determining();
        let deciding = deciding.map(|policy| policy.id().to_string()).collect();
        Some((decision, deciding))
    }

    /// AgentCore's `PartiallyAuthorizeActions`: is there an input with which this caller might be permitted?
    ///
    /// It never says no where [`Self::decide`] could permit: Cedar's partial evaluation, with the input unknown, is
    /// sure of a denial only if no input changes it. It may say yes of a tool that no input opens.
    pub(super) fn might_permit(&self, claims: &Map<String, Value>, tool: &Tool) -> bool {
        let unknown = RestrictedExpression::new_unknown("input");
        let Some((request, entities)) = self.ask(claims, tool, unknown) else {
            return false;
        };
        let authorizer = Authorizer::new();
        let response = authorizer.is_authorized_partial(&request, &self.policies, &entities);
        response.definitely_errored().next().is_none()
            && response.decision() != Some(Decision::Deny)
    }

    fn ask(
        &self,
        claims: &Map<String, Value>,
        tool: &Tool,
        input: RestrictedExpression,
    ) -> Option<(Request, Entities)> {
        let subject = claims.get("sub")?.as_str()?;
        let (principal, action) = (
            uid("OAuthUser", subject).ok()?,
            uid("Action", &tool.name).ok()?,
        );
        let tags = claims
            .iter()
            .map(|(name, value)| (name.clone(), RestrictedExpression::new_string(tag(value))));
        let caller = Entity::new_with_tags(principal.clone(), [], [], tags).ok()?;
        let entities = self.actions.clone().add_entities([caller], None).ok()?;
        let system = RestrictedExpression::new_record([("now".to_owned(), now()?)]).ok()?;
        let context = [("input".to_owned(), input), ("system".to_owned(), system)];
        let context = Context::from_pairs(context).ok()?;
        let request = Request::new(principal, action, self.gateway.clone(), context, None).ok()?;
        Some((request, entities))
    }
}

fn shown(policy: &Policy) -> Shown {
    Shown {
        id: policy.id().to_string(),
        effect: match policy.effect() {
            Effect::Permit => "permit",
            Effect::Forbid => "forbid",
        },
        text: policy.to_string(),
        applied: false,
    }
}

/// True if the policy's scope has the tool's action, or one of its parents.
fn is_about(policy: &Policy, tool: &Tool) -> bool {
    let names = [tool.name.as_str(), tool.target.as_str(), CALL_TOOL, MCP];
    let is_one = |action: &EntityUid| names.contains(&action.id().unescaped());
    match policy.action_constraint() {
        ActionConstraint::Any => true,
        ActionConstraint::Eq(action) => is_one(&action),
        ActionConstraint::In(actions) => actions.iter().any(is_one),
    }
}

/// Every claim is a text; a list or an object is its JSON ("Policy conditions").
fn tag(claim: &Value) -> String {
    claim
        .as_str()
        .map_or_else(|| claim.to_string(), str::to_owned)
}

fn now() -> Option<RestrictedExpression> {
    let since = format!(
        "datetime(\"1970-01-01\").offset(duration(\"{}s\"))",
        clock::now()
    );
    since.parse().ok()
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, PolicyError> {
    let unreadable = |error| PolicyError::Read(folder.to_owned(), error);
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        paths.push(entry.map_err(unreadable)?.path());
    }
    paths.retain(|path| path.extension().is_some_and(|kind| kind == "cedar"));
    paths.sort();
    Ok(paths)
}

/// The policies of a folder.
pub(super) fn policies(folder: &Path, gateway_arn: &str) -> Result<PolicySet, PolicyError> {
    let mut policies = PolicySet::new();
    for path in files(folder)? {
        let policy = policy(&path, gateway_arn)?;
        let added = policies.add(policy);
        added.map_err(|error| PolicyError::Policy {
            path,
            what: error.to_string(),
        })?;
    }
    Ok(policies)
}

/// One policy, by its file's name.
fn policy(path: &Path, gateway_arn: &str) -> Result<Policy, PolicyError> {
    let text =
        fs::read_to_string(path).map_err(|error| PolicyError::Read(path.to_owned(), error))?;
    let name = path.file_stem().and_then(|name| name.to_str());
    let id = PolicyId::new(name.unwrap_or_default());
    let text = text.replace(PLACEHOLDER, gateway_arn);
    Policy::parse(Some(id), text).map_err(|error| PolicyError::Policy {
        path: path.to_owned(),
        what: error.to_string(),
    })
}

/// Tool in target in `CallTool` in `Mcp`.
fn actions(tools: &[Tool]) -> Result<Entities, PolicyError> {
    let targets: BTreeSet<&str> = tools.iter().map(|tool| tool.target.as_str()).collect();
    let targets = targets.into_iter().map(|target| (target, Some(CALL_TOOL)));
    let tools = tools
        .iter()
        .map(|tool| (tool.name.as_str(), Some(tool.target.as_str())));
    let parents = [(MCP, None), (CALL_TOOL, Some(MCP))];
    let entities = parents.into_iter().chain(targets).chain(tools);
    let entities: Result<Vec<Entity>, String> = entities
        .map(|(name, parent)| {
            let parent = parent.map(|parent| uid("Action", parent)).transpose()?;
            let parents = HashSet::from_iter(parent);
            Ok(Entity::new_no_attrs(uid("Action", name)?, parents))
        })
        .collect();
    let entities = entities.map_err(PolicyError::Actions)?;
    Entities::from_entities(entities, None).map_err(|error| PolicyError::Actions(error.to_string()))
}

/// `AgentCore::KIND::"ID"`
fn uid(kind: &str, id: &str) -> Result<EntityUid, String> {
    let kind: EntityTypeName = format!("AgentCore::{kind}")
        .parse()
        .map_err(|error| format!("{error}"))?;
    Ok(EntityUid::from_type_name_and_id(kind, EntityId::new(id)))
}

fn input_record(tool: &Tool, input: &Map<String, Value>) -> Option<RestrictedExpression> {
    let members = input
        .iter()
        .map(|(name, value)| Some((name.clone(), expression(value, tool.argument(name))?)));
    RestrictedExpression::new_record(members.collect::<Option<Vec<_>>>()?).ok()
}

/// A JSON value in Cedar: a number is a Long, or a decimal where the schema says `number`; `null`, a fraction or a
/// number beyond a Long is nothing.
fn expression(value: &Value, schema: Option<&Value>) -> Option<RestrictedExpression> {
    let inner = |name: &str| schema.and_then(|schema| schema.get(name));
    match value {
        Value::Null => None,
        Value::Bool(it) => Some(RestrictedExpression::new_bool(*it)),
        Value::String(text) => Some(RestrictedExpression::new_string(text.clone())),
        Value::Number(number) if inner("type").and_then(Value::as_str) == Some("number") => {
            let decimal = format!("{:.4}", number.as_f64()?);
            Some(RestrictedExpression::new_decimal(decimal))
        }
        Value::Number(number) => Some(RestrictedExpression::new_long(number.as_i64()?)),
        Value::Array(items) => {
            let items = items.iter().map(|item| expression(item, inner("items")));
            Some(RestrictedExpression::new_set(
                items.collect::<Option<Vec<_>>>()?,
            ))
        }
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| {
                let schema = inner("properties").and_then(|properties| properties.get(name));
                Some((name.clone(), expression(value, schema)?))
            });
            RestrictedExpression::new_record(members.collect::<Option<Vec<_>>>()?).ok()
        }
    }
}
