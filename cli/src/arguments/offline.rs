//! The options of verbs that read files and programs of this machine, and ask no door.

use std::ffi::OsString;
use std::path::PathBuf;

use clap_complete::Shell;

pub(crate) const ACCESS_EXAMPLES: &str = "\
Examples:
  gatehouse access
  gatehouse access deployments/production
  gatehouse access --against origin/main --fail-on-wider
  gatehouse access --policy policy
  gatehouse access --policy policy --against HEAD";

#[derive(clap::Args)]
pub(crate) struct Access {
    /// The folder with agents.json and issuers.json.
    #[arg(default_value = "settings")]
    pub(crate) folder: PathBuf,
    /// Callers and tools instead: the folder with tools.json, claims.json, matrix.json and policies/.
    #[arg(long, value_name = "FOLDER", conflicts_with = "folder")]
    pub(crate) policy: Option<PathBuf>,
    /// Say what has changed since a revision of Git, or against another folder.
    #[arg(long, value_name = "REV|FOLDER")]
    pub(crate) against: Option<String>,
    /// End with exit code 1 if access is wider than before, or if it cannot be told.
    #[arg(long, requires = "against")]
    pub(crate) fail_on_wider: bool,
}

pub(crate) const LOCAL_EXAMPLES: &str = "\
Everything behind `local` is for the local stack; `gatehouse local --help` lists its options.

Examples:
  gatehouse local
  gatehouse local --port 8080 --agent 'python agent.py'";

#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Local {
    /// The options of the local stack.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) options: Vec<OsString>,
}

pub(crate) const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  gatehouse completions bash > ~/.local/share/bash-completion/completions/gatehouse
  gatehouse completions zsh > ~/.zfunc/_gatehouse
  gatehouse completions fish > ~/.config/fish/completions/gatehouse.fish";

#[derive(clap::Args)]
pub(crate) struct Completions {
    /// The shell that is to complete.
    pub(crate) shell: Shell,
}

pub(crate) const MAN_EXAMPLES: &str = "\
Examples:
  gatehouse man | man -l -
  gatehouse man > ~/.local/share/man/man1/gatehouse.1";

pub(crate) const IMPORT_EXAMPLES: &str = "\
Nothing is overwritten, and what cannot be translated is said.

Examples:
  gatehouse import agentcore/agentcore.json
  gatehouse import agentcore/agentcore.json --target production --into deployments/production
  gatehouse import agentcore/agentcore.json --discovery-url ISSUER/.well-known/openid-configuration --client CLIENT
  aws cloudformation describe-stacks --stack-name FAST-stack --output json > outputs.json
  gatehouse import infra-cdk/config.yaml --state outputs.json";

#[derive(clap::Args)]
pub(crate) struct Import {
    /// The file agentcore.json of a project of the AgentCore CLI, or infra-cdk/config.yaml of FAST.
    pub(crate) file: PathBuf,
    /// The file that says what was deployed: of a project, `.cli/deployed-state.json` beside its file if none is given; of
    /// FAST, the outputs of its stack.
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// The target of a project whose deployment is meant; `default` if none is given.
    #[arg(long)]
    pub(crate) target: Option<String>,
    /// The folder for agents.json and issuers.json, which must not be there yet.
    #[arg(long, value_name = "FOLDER", default_value = "settings")]
    pub(crate) into: PathBuf,
    /// An issuer beside those of the project, for runtimes that take signatures.
    #[arg(long, value_name = "URL", requires = "client")]
    pub(crate) discovery_url: Option<String>,
    /// A client whose tokens of that issuer are accepted; may be given several times.
    #[arg(long, value_name = "ID", requires = "discovery_url")]
    pub(crate) client: Vec<String>,
}
