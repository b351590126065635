//! The arguments of the verbs that speak to a door.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

#[derive(Subcommand)]
pub(crate) enum Speak {
    /// Sign in to a door.
    #[command(after_help = LOGIN_EXAMPLES)]
    Login(Login),
    /// Sign out: revoke the refresh token, and delete the tokens that are kept here.
    #[command(after_help = "Examples:\n  gatehouse logout\n  gatehouse logout --as alice")]
    Logout(Door),
    /// Print the access token, renewed if it is due.
    #[command(after_help = TOKEN_EXAMPLES)]
    Token(TokenOf),
    /// Say who the door takes you for.
    #[command(after_help = "Examples:\n  gatehouse whoami\n  gatehouse whoami --as bob --json")]
    Whoami(Access),
    /// List the agents that admit you.
    #[command(after_help = "Examples:\n  gatehouse agents\n  gatehouse agents --json")]
    Agents(Access),
    /// Ask an agent, and show its answer as it comes.
    #[command(after_help = CALL_EXAMPLES)]
    Call(Call),
    /// Converse with an agent.
    #[command(after_help = CHAT_EXAMPLES)]
    Chat(Chat),
    /// List the tools of an agent that speaks MCP.
    #[command(
        after_help = "Examples:\n  gatehouse tools numbers\n  gatehouse tools numbers --json"
    )]
    Tools(Tools),
    /// Call a tool of an agent that speaks MCP.
    #[command(after_help = TOOL_EXAMPLES)]
    Tool(Tool),
}

const LOGIN_EXAMPLES: &str = "\
The door's metadata name the issuer, the scopes and the client. No secret is an argument.

Examples:
  gatehouse login https://door.example.com
  gatehouse login --as bob --fresh
  gatehouse login --device
  gatehouse login --store file
  gatehouse login --client-credentials --client-id ID --client-secret-file secret.txt";

const TOKEN_EXAMPLES: &str = "\
Examples:
  gatehouse token --header | curl -H @- https://door.example.com/whoami
  TOKEN=$(gatehouse token)";

const CALL_EXAMPLES: &str = "\
The answer is on standard output, and all else on standard error: the conversation's id, tools, refusals.

Examples:
  gatehouse call demo 'refund 500'
  gatehouse call demo - < question.txt
  gatehouse call demo 'and now?' --conversation ID
  gatehouse call demo --data body.json --json
  gatehouse call demo --conversation ID --end";

const CHAT_EXAMPLES: &str = "\
Each line is a turn of one conversation. Ctrl-C ends the turn. /new begins another conversation, /end deletes this one and \
leaves, /quit leaves.

Examples:
  gatehouse chat demo
  gatehouse chat demo --conversation ID";

const TOOL_EXAMPLES: &str = "\
Values are read as the tool's schema says. Lists and objects are JSON.

Examples:
  gatehouse tool numbers add a=40 b=2
  gatehouse tool billing refund --input arguments.json
  echo '{\"a\": 40, \"b\": 2}' | gatehouse tool numbers add --input -";

/// Which door, and which user of it.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Door {
    /// The door's address. Without it: the variable GATEHOUSE_DOOR, `door` in ./gatehouse.toml, `door` in the user's
    /// gatehouse/config.toml, or the one door that is signed in to.
    #[arg(long, value_name = "URL")]
    pub(crate) door: Option<String>,
    /// The name of the sign-in, for several users of a door side by side.
    #[arg(long = "as", value_name = "NAME")]
    pub(crate) name: Option<String>,
}

/// Which door, and with which token.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Access {
    #[command(flatten)]
    pub(crate) door: Door,
    /// The file with a token from elsewhere. Without it: the variable GATEHOUSE_TOKEN, or the sign-in.
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Read a token from elsewhere from standard input.
    #[arg(long, conflicts_with = "token_file")]
    pub(crate) token_stdin: bool,
}

#[derive(clap::Args)]
pub(crate) struct Login {
    /// The door's address, as `--door`.
    #[arg(conflicts_with = "door")]
    pub(crate) address: Option<String>,
    #[command(flatten)]
    pub(crate) door: Door,
    /// Sign in on another device, with a code (RFC 8628).
    #[arg(long, conflicts_with_all = ["client_credentials", "no_browser", "fresh"])]
    pub(crate) device: bool,
    /// Sign in as a program with a secret of its own. The secret comes from a file, the variable GATEHOUSE_CLIENT_SECRET,
    /// or standard input.
    #[arg(long, requires = "client_id", conflicts_with_all = ["no_browser", "fresh"])]
    pub(crate) client_credentials: bool,
    /// The file with the client's secret; `-` is standard input.
    #[arg(long, value_name = "FILE", requires = "client_credentials")]
    pub(crate) client_secret_file: Option<PathBuf>,
    /// Open no browser; the address is printed in any case.
    #[arg(long)]
    pub(crate) no_browser: bool,
    /// Ask for the sign-in page even if the browser is signed in, to sign in as another user.
    #[arg(long)]
    pub(crate) fresh: bool,
    /// The issuer, if the door trusts several.
    #[arg(long, value_name = "ISSUER")]
    pub(crate) issuer: Option<String>,
    /// The client, if the door's metadata do not name it.
    #[arg(long, value_name = "ID")]
    pub(crate) client_id: Option<String>,
    /// The scopes to ask for, separated by spaces, instead of those that the door names.
    #[arg(long, value_name = "SCOPES")]
    pub(crate) scope: Option<String>,
    /// Where the tokens are kept: `keyring`, `file` or `none`. Without it: the variable GATEHOUSE_STORE, or the keyring where
    /// there is one, and otherwise a file.
    #[arg(long, value_name = "STORE", hide_possible_values = true)]
    pub(crate) store: Option<StoreKind>,
}

/// Where the tokens of a sign-in are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StoreKind {
    /// In a file, sealed with a key of the system's keyring.
    Keyring,
    /// In a file.
    File,
    /// Nowhere.
    None,
}

#[derive(clap::Args)]
pub(crate) struct TokenOf {
    #[command(flatten)]
    pub(crate) door: Door,
    /// Print the whole header, for `curl -H @-`.
    #[arg(long)]
    pub(crate) header: bool,
}

#[derive(clap::Args)]
pub(crate) struct Call {
    /// The agent.
    pub(crate) agent: String,
    /// The question; `-` is standard input.
    #[arg(conflicts_with = "data")]
    pub(crate) prompt: Option<String>,
    /// A whole body instead of a prompt, for an agent that speaks HTTP; `-` is standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "ag_ui")]
    pub(crate) data: Option<PathBuf>,
    /// The conversation to continue. Without it, another begins.
    #[arg(long, value_name = "ID")]
    pub(crate) conversation: Option<String>,
    /// Delete the conversation after the turn, also one that Ctrl-C ended. Without a prompt, delete it now.
    #[arg(long)]
    pub(crate) end: bool,
    /// Ask in the form of AG-UI (`RunAgentInput`).
    #[arg(long)]
    pub(crate) ag_ui: bool,
    #[command(flatten)]
    pub(crate) access: Access,
}

#[derive(clap::Args)]
pub(crate) struct Chat {
    /// The agent.
    pub(crate) agent: String,
    /// The conversation to continue. Without it, another begins.
    #[arg(long, value_name = "ID")]
    pub(crate) conversation: Option<String>,
    /// Ask in the form of AG-UI (`RunAgentInput`).
    #[arg(long)]
    pub(crate) ag_ui: bool,
    #[command(flatten)]
    pub(crate) access: Access,
}

#[derive(clap::Args)]
pub(crate) struct Tools {
    /// The agent.
    pub(crate) agent: String,
    #[command(flatten)]
    pub(crate) access: Access,
}

#[derive(clap::Args)]
pub(crate) struct Tool {
    /// The agent.
    pub(crate) agent: String,
    /// The tool.
    pub(crate) tool: String,
    /// The tool's arguments, as `key=value`.
    #[arg(value_name = "KEY=VALUE", conflicts_with = "input")]
    pub(crate) values: Vec<String>,
    /// The file with the tool's arguments as one JSON object; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) input: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) access: Access,
}
