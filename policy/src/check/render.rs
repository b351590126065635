//! The rendering of statements: a CloudFormation template of native resources.

use super::statement::Statement;

/// What stands above the policies. The lengths of names add up: a prefix of 16 and `_` leave 31 of AgentCore's 48.
const HEAD: &str = r#"# Made from policies/*.cedar by `make policies`: change those, then run it.
AWSTemplateFormatVersion: "2010-09-09"
Description: >-
  Gatehouse: the policy engine of a gateway, and its policies.

Parameters:
  GatewayArn:
    Type: String
    Description: ARN of the AgentCore gateway that the policies are for.
    AllowedPattern: ^arn:aws[a-z-]*:bedrock-agentcore:[a-z0-9-]+:[0-9]{12}:gateway/[0-9a-z-]+$
    ConstraintDescription: must be the ARN of a gateway
  NamePrefix:
    Type: String
    Default: gatehouse
    Description: What the names begin with, because the names of policies are unique in an account.
    AllowedPattern: ^[A-Za-z][A-Za-z0-9_]{0,15}$
    ConstraintDescription: must be a letter, then at most 15 letters, digits and underscores

Resources:
  PolicyEngine:
    Type: AWS::BedrockAgentCore::PolicyEngine
    Properties:
      Name: !Sub ${NamePrefix}_engine
"#;

const FOOT: &str = "
Outputs:
  PolicyEngineArn:
    Description: ARN of the engine, to be attached to the gateway.
    Value: !GetAtt PolicyEngine.PolicyEngineArn
";

/// Renders the statements, in their order.
///
/// CloudFormation makes, changes and deletes them: a policy that changes is changed in place, so there is no moment
/// without it.
pub fn render(statements: &[Statement]) -> String {
    let resources: String = statements.iter().map(resource).collect();
    format!("{HEAD}{resources}{FOOT}")
}

fn resource(statement: &Statement) -> String {
    let id = logical_id(statement.name());
    let name = statement.name();
    let description = quoted(statement.description());
    let text = indented(statement.text());
    format!(
        "  {id}:
    Type: AWS::BedrockAgentCore::Policy
    Properties:
      Name: !Sub ${{NamePrefix}}_{name}
      Description: {description}
      PolicyEngineId: !GetAtt PolicyEngine.PolicyEngineId
      Definition:
        Cedar:
          Statement: !Sub |-
{text}"
    )
}

/// `finance_refunds` -> `FinanceRefundsPolicy`: logical ids are letters and digits only.
fn logical_id(name: &str) -> String {
    let words = name.split('_').map(|word| {
        let mut letters = word.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    });
    words.chain(["Policy".to_owned()]).collect()
}

/// A YAML text in double quotes; all that JSON escapes, YAML reads.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn indented(text: &str) -> String {
    text.lines()
        .map(|line| match line {
            "" => "\n".to_owned(),
            line => format!("            {line}\n"),
        })
        .collect()
}
