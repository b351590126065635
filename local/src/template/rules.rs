//! The template's rules: parameter values that CloudFormation refuses together, before it creates anything.

use super::TemplateError;
use super::resolve::Resolver;
use super::tree::Node;

/// Holds the values against every rule.
///
/// # Errors
/// The first assertion that does not hold, in its own words.
pub(super) fn check(root: &Node, resolver: &Resolver<'_>) -> Result<(), TemplateError> {
    for (_, rule) in root.get("Rules").map_or(Ok(&[][..]), Node::map)? {
        let condition = rule.get("RuleCondition");
        if !condition.map_or(Ok(true), |condition| resolver.holds(condition))? {
            continue;
        }
        let assertions = needed(rule, "Assertions")?.list()?;
        for assertion in assertions {
            if !resolver.holds(needed(assertion, "Assert")?)? {
                let words = needed(assertion, "AssertDescription")?.text()?;
                return Err(TemplateError::Rule(words.to_owned()));
            }
        }
    }
    Ok(())
}

fn needed<'a>(node: &'a Node, name: &str) -> Result<&'a Node, TemplateError> {
    let part = node.get(name);
    part.ok_or_else(|| node.fault(format!("there is no `{name}`")))
}
