//! The checks that make statements of sources: what AgentCore would refuse, or would accept and silently deny.

use std::collections::BTreeSet;

use cedar_policy::{
    ActionConstraint, Effect, Policy, PolicyId, PolicySet, ResourceConstraint, ValidationMode,
    Validator,
};
use miette::Diagnostic;
use serde_json::Value;

use super::finding::Finding;
use super::source::{PLACEHOLDER, Source};
use super::tautology::is_always_met;
use super::vocabulary::Vocabulary;

/// `Statement` of the control plane's model, in characters.
const MIN_STATEMENT: usize = 35;
const MAX_STATEMENT: usize = 10_000;
/// The longest ARN that the model's pattern for gateways takes; it will stand where the placeholder stands.
const MAX_GATEWAY_ARN: usize = 182;
/// `PolicyName` of the model may have 48 characters; the stack's prefix and an underscore take 17 of them.
const MAX_NAME: usize = 31;
/// `Description` of the model.
const MAX_DESCRIPTION: usize = 4096;

/// A statement that passed every check. Only [`check`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    name: String,
    description: String,
    text: String,
}

impl Statement {
    /// The name, without the stack's prefix: `[A-Za-z][A-Za-z0-9_]*`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Who may do what, in words: the file's header.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The Cedar policy, with the placeholder for the gateway's ARN.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Checks every source against the limits of AgentCore, and against the tools and claims there are.
///
/// # Errors
/// Everything that is wrong, in the order of the sources.
pub fn check(sources: &[Source], vocabulary: &Vocabulary) -> Result<Vec<Statement>, Vec<Finding>> {
    let mut names = BTreeSet::new();
    let mut findings = Vec::new();
    let mut statements = Vec::new();
    for source in sources {
        let before = findings.len();
        findings.extend(name_findings(source, &mut names));
        findings.extend(text_findings(source));
        match parse(source) {
            Ok(policy) => findings.extend(policy_findings(source, &policy, vocabulary)),
            Err(broken) => findings.extend(broken),
        }
        if findings.len() == before {
            statements.push(Statement {
                name: source.name().to_owned(),
                description: source.header(),
                text: source.statement().to_owned(),
            });
        }
    }
    if findings.is_empty() {
        Ok(statements)
    } else {
        Err(findings)
    }
}

fn name_findings(source: &Source, names: &mut BTreeSet<String>) -> Option<Finding> {
    let name = source.name();
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let starts_well = name.starts_with(|first: char| first.is_ascii_alphabetic());
    let message = if !starts_well || !name.bytes().all(is_word) || name.len() > MAX_NAME {
        format!(
            "`{name}` is not a name: a letter, then at most {} letters, digits and underscores",
            MAX_NAME.saturating_sub(1)
        )
    } else if !names.insert(name.replace('_', "").to_lowercase()) {
        format!("the name `{name}` is taken, but for case and underscores, by another policy")
    } else {
        return None;
    };
    Some(source.finding(0, message))
}

fn text_findings(source: &Source) -> Vec<Finding> {
    let (start, statement) = (source.statement_start(), source.statement());
    let mut findings = Vec::new();
    let header = source.header().chars().count();
    if !(1..=MAX_DESCRIPTION).contains(&header) {
        let message = format!(
            "the file must begin with a comment that says who may do what, in at most {MAX_DESCRIPTION} characters"
        );
        findings.push(source.finding(0, message));
    }
    let length = statement.chars().count();
    let with_arn = statement.replace(PLACEHOLDER, &"x".repeat(MAX_GATEWAY_ARN));
    if length < MIN_STATEMENT {
        let message =
            format!("the statement has {length} characters; AgentCore wants {MIN_STATEMENT}");
        findings.push(source.finding(start, message));
    } else if with_arn.chars().count() > MAX_STATEMENT {
        let message = format!(
            "the statement has over {MAX_STATEMENT} characters with the gateway's ARN in it, which is AgentCore's limit"
        );
        findings.push(source.finding(start, message));
    }
    let is_strange = |character: char| character.is_control() && !"\n\t".contains(character);
    if let Some(at) = source.text.find(is_strange) {
        findings.push(source.finding(at, "this character cannot be seen"));
    }
    // CloudFormation would read each of them as a variable.
    for (at, _) in statement.match_indices("${") {
        let (_, variable) = statement.split_at(at);
        if !variable.starts_with(PLACEHOLDER) {
            let message = format!("`{PLACEHOLDER}` is the one variable there is");
            findings.push(source.finding(start.saturating_add(at), message));
        }
    }
    findings
}

fn parse(source: &Source) -> Result<Policy, Vec<Finding>> {
    let id = PolicyId::new(source.name());
    Policy::parse(Some(id), source.statement()).map_err(|errors| {
        let mut findings = vec![from_diagnostic(source, &errors)];
        let others = errors.related().into_iter().flatten();
        findings.extend(others.map(|error| from_diagnostic(source, error)));
        findings
    })
}

fn policy_findings(source: &Source, policy: &Policy, vocabulary: &Vocabulary) -> Vec<Finding> {
    let mut findings: Vec<Finding> = scope_findings(source, policy).into_iter().collect();
    let Ok(set) = PolicySet::from_policies([policy.clone()]) else {
        findings.push(source.finding(source.statement_start(), "this cannot be a policy"));
        return findings;
    };
    let result = Validator::new(vocabulary.schema().clone()).validate(&set, ValidationMode::Strict);
    let before = findings.len();
    findings.extend(
        result
            .validation_errors()
            .map(|error| from_diagnostic(source, error)),
    );
    // For a policy with an error Cedar also reports that it permits nothing; that finding is noise.
    if findings.len() == before {
        findings.extend(
            result
                .validation_warnings()
                .map(|warning| from_diagnostic(source, warning)),
        );
    }
    findings.extend(claim_findings(source, policy, vocabulary));
    findings
}

/// "Policy scope" of the AgentCore guide: a policy for certain actions must name its gateway, and so must every other of
/// ours, or it would also hold for gateways of other tools.
fn scope_findings(source: &Source, policy: &Policy) -> Option<Finding> {
    let names_gateway = match policy.resource_constraint() {
        ResourceConstraint::Eq(gateway) => {
            gateway.type_name().to_string() == "AgentCore::Gateway"
                && gateway.id().unescaped() == PLACEHOLDER
        }
        ResourceConstraint::Any
        | ResourceConstraint::In(_)
        | ResourceConstraint::Is(_)
        | ResourceConstraint::IsIn(..) => false,
    };
    if !names_gateway {
        let message = format!(
            "a policy must name its gateway: `resource == AgentCore::Gateway::\"{PLACEHOLDER}\"`"
        );
        return Some(source.finding(source.find("resource"), message));
    }
    let is_always_met = is_always_met(&conditions(policy));
    let permits_all = policy.effect() == Effect::Permit
        && policy.action_constraint() == ActionConstraint::Any
        && (is_always_met || !policy.has_non_scope_constraint());
    let message = if permits_all {
        "this permits everything to everybody"
    } else if is_always_met {
        "the condition is always true, so it restricts no caller: name the callers who may, or remove the condition"
    } else {
        return None;
    };
    Some(source.finding(source.statement_start(), message))
}

/// The conditions in Cedar's JSON format; null if there are none.
fn conditions(policy: &Policy) -> Value {
    let mut policy = policy.to_json().unwrap_or(Value::Null);
    let conditions = policy.get_mut("conditions").map(Value::take);
    conditions.unwrap_or_default()
}

fn claim_findings(source: &Source, policy: &Policy, vocabulary: &Vocabulary) -> Vec<Finding> {
    let mut misreadings = vocabulary.claims().misreadings(&conditions(policy));
    misreadings.dedup();
    misreadings
        .into_iter()
        .map(|misreading| source.finding(source.find(&misreading.piece), misreading.message))
        .collect()
}

/// A complaint of Cedar, at the place it points to. Its own name for the policy says nothing that the file does not.
fn from_diagnostic(source: &Source, diagnostic: &dyn Diagnostic) -> Finding {
    let label = diagnostic.labels().and_then(|mut labels| labels.next());
    let at = label.as_ref().map_or(0, miette::LabeledSpan::offset);
    let mut message = diagnostic.to_string();
    let hints = [
        label.and_then(|label| label.label().map(str::to_owned)),
        diagnostic.help().map(|help| help.to_string()),
    ];
    for hint in hints.into_iter().flatten() {
        message.push_str("; ");
        message.push_str(&hint);
    }
    let policy = format!("for policy `{}`, ", source.name());
    let at = source.statement_start().saturating_add(at);
    source.finding(at, message.replace(&policy, ""))
}
