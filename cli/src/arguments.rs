//! The command line.

mod offline;
pub(crate) mod speak;

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use shared::version;

pub(crate) use offline::{Access, Completions, Import, Local};
use speak::Speak;

/// The terminal tool of Gatehouse, the authenticated front door for Amazon Bedrock AgentCore.
#[derive(Parser)]
#[command(name = "gatehouse", version = version::TEXT, arg_required_else_help = true, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    /// Write the result, and an error, as JSON. In a pipe the result is JSON in any case.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Subcommand)]
pub(crate) enum Verb {
    /// Draw who may call which agent or tool, and say what a change of the files changes.
    #[command(after_help = offline::ACCESS_EXAMPLES)]
    Access(Access),
    /// Check the settings as the functions read them, and list every fault.
    #[command(
        after_help = "Examples:\n  gatehouse check\n  gatehouse check deployments/production\n  gatehouse check --policy policy"
    )]
    Check(Check),
    /// Say what the functions make of a token, check by check.
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain(Explain),
    /// Say why a request ended as it did, by an id of its answer.
    #[command(after_help = WHY_EXAMPLES)]
    Why(Why),
    /// List who called what, and what was refused.
    #[command(after_help = AUDIT_EXAMPLES)]
    Audit(Audit),
    /// Write the request that shuts a caller, an application, a token, a sign-in, a conversation or an agent out.
    #[command(after_help = DENY_EXAMPLES)]
    Deny(Deny),
    /// Write the request that lifts a denial.
    #[command(after_help = ALLOW_EXAMPLES)]
    Allow(Allow),
    /// List the denials of a table, from an answer of DynamoDB's `Scan`.
    #[command(after_help = DENIALS_EXAMPLES)]
    Denials(Denials),
    #[command(flatten)]
    Speak(Speak),
    /// Write settings from a project of the AgentCore CLI, or from a configuration of FAST.
    #[command(after_help = offline::IMPORT_EXAMPLES)]
    Import(Import),
    /// Start the whole chain on this machine, without AWS.
    #[command(after_help = offline::LOCAL_EXAMPLES)]
    Local(Local),
    /// Write the completions of a shell.
    #[command(after_help = offline::COMPLETIONS_EXAMPLES)]
    Completions(Completions),
    /// Write the manual page.
    #[command(after_help = offline::MAN_EXAMPLES)]
    Man,
}

const EXPLAIN_EXAMPLES: &str = "\
The token comes from standard input, a file or the variable GATEHOUSE_TOKEN, never from an argument.

Examples:
  gatehouse explain --agent finance < token.txt
  GATEHOUSE_TOKEN=... gatehouse explain --settings deployments/production
  gatehouse explain --token-file token.txt --jwks keys.json --at 1792142078
  gatehouse explain --agent demo --tool billing___refund --input '{\"order\": \"A-1\"}' \\
    --department finance --role admin < token.txt";

const WHY_EXAMPLES: &str = "\
The id is `request_id` of an error's body, or the header X-Request-Id, x-amzn-requestid or x-amz-apigw-id of any answer.

Examples:
  gatehouse why 8476a536-e9f4-11e8-9739-2dfe598c3fcd --logs local.log
  gatehouse why ID --group ACCESS_LOG_GROUP --group AUTHORIZER_LOG_GROUP --group PROXY_LOG_GROUP
  aws logs tail GROUP --since 1h --format short | gatehouse why ID --logs -";

const AUDIT_EXAMPLES: &str = "\
Examples:
  gatehouse audit --logs local.log --since 1d --user 5f1d3c2a-0000-4000-8000-00000000a11c
  gatehouse audit --logs export.json --agent finance --refused
  gatehouse audit --group PROXY_LOG_GROUP --since 7d --refused";

const DENY_EXAMPLES: &str = "\
The names are those of log lines. Without `--send` nothing is sent: the request is written, and the AWS CLI sends it.

Examples:
  gatehouse deny --table TABLE --issuer ISSUER --user SUBJECT --for 7d --reason 'left the company' --author ops --send
  gatehouse deny --table TABLE --agent finance --for 2h --reason 'incident 12' --author ops \\
    > denied.json && aws dynamodb put-item --cli-input-json file://denied.json";

const ALLOW_EXAMPLES: &str = "\
Examples:
  gatehouse allow --table TABLE --issuer ISSUER --user SUBJECT --send
  gatehouse allow --table TABLE --issuer ISSUER --user SUBJECT > allowed.json
  aws dynamodb delete-item --cli-input-json file://allowed.json";

const DENIALS_EXAMPLES: &str = "\
Examples:
  gatehouse denials --table TABLE
  aws dynamodb scan --table-name TABLE --output json | gatehouse denials";

/// Whom a denial is about.
#[derive(clap::Args)]
pub(crate) struct About {
    /// The issuer of the user, the application or the sign-in: `issuer` of a log line.
    #[arg(long)]
    pub(crate) issuer: Option<String>,
    /// One caller: `subject` of a log line. With `--agent`, at this agent only.
    #[arg(long, value_name = "SUBJECT")]
    pub(crate) user: Option<String>,
    /// Every caller of an application.
    #[arg(long)]
    pub(crate) client: Option<String>,
    /// Every token of one sign-in: Cognito's `origin_jti`.
    #[arg(long, value_name = "ORIGIN_JTI")]
    pub(crate) sign_in: Option<String>,
    /// One token: `token_id` of a log line, never the token itself.
    #[arg(long)]
    pub(crate) token_id: Option<String>,
    /// One conversation, by the id of its runtime session.
    #[arg(long, value_name = "SESSION_ID")]
    pub(crate) session: Option<String>,
    /// Every caller of an agent.
    #[arg(long)]
    pub(crate) agent: Option<String>,
}

#[derive(clap::Args)]
pub(crate) struct Deny {
    #[command(flatten)]
    pub(crate) about: About,
    /// The table: `DenialsTable` of the stack's outputs.
    #[arg(long)]
    pub(crate) table: String,
    /// The duration of the denial: a number with `s`, `m`, `h` or `d`.
    #[arg(long = "for", value_name = "TIME")]
    pub(crate) time: String,
    /// The reason, for the log.
    #[arg(long)]
    pub(crate) reason: String,
    /// The operator who denies, for the log.
    #[arg(long)]
    pub(crate) author: String,
    /// Send the request, too, by the AWS CLI.
    #[arg(long)]
    pub(crate) send: bool,
}

#[derive(clap::Args)]
pub(crate) struct Allow {
    #[command(flatten)]
    pub(crate) about: About,
    /// The table: `DenialsTable` of the stack's outputs.
    #[arg(long)]
    pub(crate) table: String,
    /// Send the request, too, by the AWS CLI.
    #[arg(long)]
    pub(crate) send: bool,
}

#[derive(clap::Args)]
pub(crate) struct Denials {
    /// The file with the answer; `-` is standard input.
    #[arg(default_value = "-")]
    pub(crate) file: PathBuf,
    /// Ask this table by the AWS CLI instead: `DenialsTable` of the stack's outputs.
    #[arg(long, conflicts_with = "file")]
    pub(crate) table: Option<String>,
}

#[derive(clap::Args)]
pub(crate) struct Check {
    /// The folder with agents.json and issuers.json.
    #[arg(default_value = "settings")]
    pub(crate) folder: PathBuf,
    /// Policies, too: the folder with tools.json, claims.json, policies/ and what is rendered of them.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) policy: Option<PathBuf>,
}

#[derive(clap::Args)]
pub(crate) struct Explain {
    /// The agent to ask for; without it, every agent is told.
    #[arg(long)]
    pub(crate) agent: Option<String>,
    /// The file with the token; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// The folder with agents.json and issuers.json. Without it, the variables AGENTS and TRUSTED_ISSUERS if they are set,
    /// else `settings`.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) settings: Option<PathBuf>,
    /// The issuer's key document; nothing is then fetched.
    #[arg(long, value_name = "FILE")]
    pub(crate) jwks: Option<PathBuf>,
    /// The time of the request in seconds since 1970, instead of now.
    #[arg(long, value_name = "SECONDS")]
    pub(crate) at: Option<u64>,
    /// The decision on this tool, too: target, three underscores, tool.
    #[arg(long, value_name = "NAME")]
    pub(crate) tool: Option<String>,
    /// The arguments of the tool's call: a JSON object, or the file that has it, as `@FILE`.
    #[arg(
        long,
        value_name = "JSON|@FILE",
        default_value = "{}",
        hide_default_value = true,
        requires = "tool"
    )]
    pub(crate) input: String,
    /// The folder with tools.json, claims.json and policies/.
    #[arg(
        long,
        value_name = "FOLDER",
        default_value = "policy",
        requires = "tool"
    )]
    pub(crate) policy: PathBuf,
    /// The file with the trigger's setting GROUP_MAP, which gives department and role by the caller's groups. Without it, the
    /// variable GROUP_MAP, if it is set.
    #[arg(long, value_name = "FILE", requires = "tool")]
    pub(crate) group_map: Option<PathBuf>,
    /// The department in the tool token. By default GROUP_MAP decides, and without a matching entry it is `guest`.
    #[arg(long, requires = "tool")]
    pub(crate) department: Option<String>,
    /// The role in the tool token. By default GROUP_MAP decides, and without a matching entry it is `viewer`.
    #[arg(long, requires = "tool")]
    pub(crate) role: Option<String>,
}

/// Where the lines are.
#[derive(clap::Args)]
pub(crate) struct Logs {
    /// The file with the lines; `-` is standard input. It may have lines of `make local`, of `aws logs tail`, or an answer of
    /// CloudWatch in JSON.
    #[arg(long, value_name = "FILE", default_value = ".local/log.jsonl")]
    pub(crate) logs: PathBuf,
    /// A log group of CloudWatch instead, asked by the AWS CLI; may be given several times.
    #[arg(long, value_name = "LOG_GROUP", conflicts_with = "logs")]
    pub(crate) group: Vec<String>,
}

#[derive(clap::Args)]
pub(crate) struct Why {
    /// An id of the request.
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) logs: Logs,
    /// The greatest age of lines of a log group: a number with `s`, `m`, `h` or `d`.
    #[arg(long, value_name = "AGE", default_value = "1d", requires = "group")]
    pub(crate) since: String,
}

#[derive(clap::Args)]
pub(crate) struct Audit {
    #[command(flatten)]
    pub(crate) logs: Logs,
    /// Only what is not older: a number with `s`, `m`, `h` or `d`. Of a log group, a day unless it is given.
    #[arg(long, value_name = "AGE")]
    pub(crate) since: Option<String>,
    /// Only of this subject.
    #[arg(long, value_name = "SUBJECT")]
    pub(crate) user: Option<String>,
    /// Only of this agent.
    #[arg(long)]
    pub(crate) agent: Option<String>,
    /// Only what was refused or denied.
    #[arg(long)]
    pub(crate) refused: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn every_verb_has_arguments_that_fit_together() {
        Arguments::command().debug_assert();
    }
}
