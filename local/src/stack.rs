//! The whole of Gatehouse on this machine: issuer with its trigger, directory and secrets, AgentCore with agent and
//! tools, functions, and the API in front of them.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::agent::Agent;
use crate::agentcore::{
    self, AgentUrl, AgentUrlError, Credentials, DataPlane, DataPlaneSettings, RuntimeSettings,
};
use crate::agentcore_gateway::{self, ToolGateway, ToolGatewaySettings};
use crate::directory::{Directory, Row};
use crate::gateway::Gateway;
use crate::issuer::{self, Issuer, IssuerSettings, TOOLS_SCOPE, Trigger};
use crate::random;
use crate::runtime::{self, ACCOUNT, Function, FunctionSpec, REGION};
use crate::secrets::SecretStore;
use crate::template::{FunctionSettings, Template, TemplateError};

/// The users of the local issuer, in the order they are introduced.
pub const USERS: [&str; 2] = ["alice", "bob"];
/// The agent that all staff may call.
pub const DEMO_AGENT: &str = "demo";
/// The agent that only finance may call.
pub const FINANCE_AGENT: &str = "finance";
/// The function of the template that the issuer asks before it signs a token.
const TRIGGER: &str = "PretokenFunction";
/// The directory's table.
const TABLE: &str = "gatehouse-directory";
/// What of a request reaches an agent besides what AgentCore itself passes on.
const TOOL_TOKEN: &str = "X-Amzn-Bedrock-AgentCore-Runtime-Custom-Tool-Token";
/// Processes of one function at most, where the template does not say: each stream needs one while it lasts.
const MAX_CONCURRENCY: usize = 100;

/// What a stack is made from.
#[derive(Clone, Debug)]
pub struct StackSettings {
    /// The template.
    pub template: PathBuf,
    /// The folder of the built functions.
    pub functions: PathBuf,
    /// The door's port; any free one for 0.
    pub port: u16,
    /// The folder with `policies/*.cedar` and `tools.json`.
    pub policy: PathBuf,
    /// Life of a tool token in seconds.
    pub tool_token_seconds: u64,
    /// The user's own agent instead of the demonstration agent.
    pub agent_url: Option<String>,
    /// Values for variables that the template gives to functions, by the variables' names: `AGENTS` for example.
    /// Any other name here changes nothing.
    pub variables: BTreeMap<String, String>,
    /// Whether the functions' log lines are written to standard error.
    pub echo_logs: bool,
}

/// Why a stack did not start.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// The issuer did not start.
    #[error("start the issuer")]
    Issuer(#[from] issuer::StartError),
    /// The store of secrets did not start.
    #[error("start the store of secrets")]
    Secrets(#[source] io::Error),
    /// The directory did not start.
    #[error("start the directory")]
    Directory(#[source] io::Error),
    /// The tools' gateway did not start.
    #[error("start the gateway of the tools")]
    ToolGateway(#[from] agentcore_gateway::StartError),
    /// The demonstration agent did not start.
    #[error("start the demonstration agent")]
    Agent(#[source] io::Error),
    /// The user's own agent cannot be used.
    #[error("use the agent of `AGENT_URL`")]
    AgentUrl(#[from] AgentUrlError),
    /// The data plane did not start.
    #[error("start AgentCore")]
    DataPlane(#[from] agentcore::StartError),
    /// The template cannot be used.
    #[error("use the template")]
    Template(#[from] TemplateError),
    /// A function did not start.
    #[error("start the functions")]
    Function(#[from] runtime::StartError),
    /// The API did not start.
    #[error("open the door")]
    Gateway(#[source] io::Error),
}

/// A running stack. [`Stack::stop`] ends it; dropping it does so without waiting.
pub struct Stack {
    gateway: Gateway,
    functions: HashMap<String, Function>,
    cloud: Cloud,
    data_plane: DataPlane,
    agent: Option<Agent>,
    tool_token_seconds: u64,
}

/// The services that functions call but for the agents.
struct Cloud {
    issuer: Issuer,
    secrets: SecretStore,
    machine_secret: String,
    directory: Directory,
    tools: ToolGateway,
}

impl Stack {
    /// Starts everything and waits until every function has asked for its first event.
    ///
    /// # Errors
    /// The first part that does not come up.
    pub async fn start(settings: StackSettings) -> Result<Self, StackError> {
        let credentials = credentials();
        let cloud = Cloud::start(&settings, &credentials).await?;
        let (agent, agent_url) = agent(settings.agent_url.as_deref(), &cloud.tools).await?;
        let data_plane = data_plane(agent_url, credentials.clone()).await?;
        let template = Template::load(&settings.template, &cloud.parameters())?;
        let mut lambda = cloud.endpoints();
        lambda.push((
            "AWS_ENDPOINT_URL_BEDROCK_AGENTCORE",
            data_plane.url().to_owned(),
        ));
        lambda.extend(role(credentials));
        let mut functions = HashMap::new();
        for function in &template.functions {
            let spec = spec(function, &settings, &lambda);
            functions.insert(function.name.clone(), Function::start(spec).await?);
        }
        let trigger = functions.get(TRIGGER).cloned();
        cloud.issuer.set_trigger(trigger.map(Trigger::new));
        let gateway = Gateway::start(template.api, functions.clone(), settings.port)
            .await
            .map_err(StackError::Gateway)?;
        Ok(Self {
            gateway,
            functions,
            cloud,
            data_plane,
            agent,
            tool_token_seconds: settings.tool_token_seconds,
        })
    }

    /// The door: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        self.gateway.url()
    }

    /// The issuer of the users' tokens.
    pub fn issuer(&self) -> &Issuer {
        &self.cloud.issuer
    }

    /// Where the proxy reads the machine client's secret.
    pub fn secrets(&self) -> &SecretStore {
        &self.cloud.secrets
    }

    /// What the trigger knows of the users; alice is in it, bob is not.
    pub fn directory(&self) -> &Directory {
        &self.cloud.directory
    }

    /// The tools, behind their policies.
    pub fn tools(&self) -> &ToolGateway {
        &self.cloud.tools
    }

    /// How long a tool token lives, and with it what it says of its user.
    pub fn tool_token_seconds(&self) -> u64 {
        self.tool_token_seconds
    }

    /// AgentCore, as the proxy calls it.
    pub fn data_plane(&self) -> &DataPlane {
        &self.data_plane
    }

    /// The demonstration agent, unless the user's own is behind the door.
    pub fn agent(&self) -> Option<&Agent> {
        self.agent.as_ref()
    }

    /// A function by its logical id in the template.
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.get(name)
    }

    /// Everything a program needs to use the stack. Its secrets are of this machine and this run alone.
    pub fn describe(&self) -> Value {
        let Cloud {
            issuer,
            directory,
            tools,
            ..
        } = &self.cloud;
        let passwords = USERS.map(|user| (user.to_owned(), json!(issuer.password(user))));
        let subjects = USERS.map(|user| (user.to_owned(), json!(issuer.subject(user))));
        let functions = self.functions.iter().map(|(name, function)| {
            let processes: Vec<_> = function
                .processes()
                .iter()
                .map(|process| process.pid)
                .collect();
            (name.clone(), json!(processes))
        });
        json!({
            "url": self.url(),
            "issuer": issuer.url(),
            "discovery_url": issuer.discovery_url(),
            "domain": issuer.domain(),
            "authorization_endpoint": format!("{}/oauth2/authorize", issuer.domain()),
            "token_endpoint": format!("{}/oauth2/token", issuer.domain()),
            "console_client": issuer.console_client(),
            "machine_client": issuer.machine_client(),
            "machine_secret": issuer.machine_secret(),
            "tools_client": issuer.tools_client(),
            "tools_secret": issuer.tools_secret(),
            "passwords": serde_json::Map::from_iter(passwords),
            "subjects": serde_json::Map::from_iter(subjects),
            "directory": directory.url(),
            "tool_gateway": tools.url(),
            "agents": [DEMO_AGENT, FINANCE_AGENT],
            "agentcore": self.data_plane.url(),
            "agent": self.agent.as_ref().map(Agent::url),
            "processes": serde_json::Map::from_iter(functions),
        })
    }

    /// Ends all functions and waits until their processes are gone.
    pub async fn stop(self) {
        let Self {
            gateway, functions, ..
        } = self;
        drop(gateway);
        for function in functions.values() {
            function.stop().await;
        }
    }
}

impl Cloud {
    async fn start(
        settings: &StackSettings,
        credentials: &Credentials,
    ) -> Result<Self, StackError> {
        let issuer = Issuer::start(IssuerSettings {
            tool_token_lifetime_seconds: settings.tool_token_seconds,
            ..IssuerSettings::default()
        })
        .await?;
        let secrets = SecretStore::start(credentials.clone()).await;
        let secrets = secrets.map_err(StackError::Secrets)?;
        let secret = json!({ "client_secret": issuer.tools_secret() });
        let machine_secret = secrets.create("gatehouse/tools-client", &secret.to_string());
        let directory = Directory::start(credentials.clone(), TABLE).await;
        let directory = directory.map_err(StackError::Directory)?;
        if let Some(alice) = issuer.subject("alice") {
            directory.put(alice, Row::new("finance", "admin"));
        }
        let tools = ToolGateway::start(ToolGatewaySettings {
            discovery_url: issuer.discovery_url(),
            allowed_clients: vec![issuer.tools_client().to_owned()],
            policy: settings.policy.clone(),
        })
        .await?;
        Ok(Self {
            issuer,
            secrets,
            machine_secret,
            directory,
            tools,
        })
    }

    /// Values for the template's parameters.
    fn parameters(&self) -> BTreeMap<String, String> {
        let issuer = &self.issuer;
        let parameters = [
            ("TrustedIssuers", trusted_issuers(issuer).to_string()),
            ("Agents", agents().to_string()),
            ("TokenEndpoint", format!("{}/oauth2/token", issuer.domain())),
            ("MachineClientId", issuer.tools_client().to_owned()),
            ("MachineSecretArn", self.machine_secret.clone()),
            ("ToolScopes", TOOLS_SCOPE.to_owned()),
            ("DirectoryTable", TABLE.to_owned()),
        ];
        parameters
            .map(|(name, value)| (name.to_owned(), value))
            .into()
    }

    /// By the names that the SDKs give to other addresses of these services.
    fn endpoints(&self) -> Vec<(&'static str, String)> {
        let issuer = self.issuer.domain();
        vec![
            (
                "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER",
                issuer.to_owned(),
            ),
            ("AWS_ENDPOINT_URL_DYNAMODB", self.directory.url().to_owned()),
            (
                "AWS_ENDPOINT_URL_SECRETS_MANAGER",
                self.secrets.url().to_owned(),
            ),
        ]
    }
}

async fn agent(
    own: Option<&str>,
    tools: &ToolGateway,
) -> Result<(Option<Agent>, AgentUrl), StackError> {
    if let Some(own) = own {
        let url = AgentUrl::parse(own)?;
        url.ping().await?;
        return Ok((None, url));
    }
    let gateway = tools.url().parse().map_err(io::Error::other);
    let agent = Agent::start_with_tools(gateway.map_err(StackError::Agent)?).await;
    let agent = agent.map_err(StackError::Agent)?;
    let url = AgentUrl::parse(agent.url())?;
    Ok((Some(agent), url))
}

/// As a function's role gives them: temporary, and of use nowhere else.
fn credentials() -> Credentials {
    Credentials {
        access_key_id: "ASIAIOSFODNN7EXAMPLE".to_owned(),
        secret_access_key: random::secret(),
        session_token: Some(random::secret()),
    }
}

async fn data_plane(agent: AgentUrl, credentials: Credentials) -> Result<DataPlane, StackError> {
    let runtimes = [DEMO_AGENT, FINANCE_AGENT].map(|name| RuntimeSettings {
        header_allow_list: vec![TOOL_TOKEN.to_owned()],
        ..RuntimeSettings::new(&runtime_arn(name), agent.clone())
    });
    let settings = DataPlaneSettings {
        region: REGION.to_owned(),
        credentials,
        runtimes: runtimes.into(),
    };
    Ok(DataPlane::start(settings).await?)
}

fn runtime_arn(name: &str) -> String {
    format!("arn:aws:bedrock-agentcore:{REGION}:{ACCOUNT}:runtime/{name}-AbCdEf1234")
}

/// The local issuer is no Cognito by its address, so what is Cognito's own way is said.
fn trusted_issuers(issuer: &Issuer) -> Value {
    json!([{
        "discoveryUrl": issuer.discovery_url(),
        "allowedClients": [issuer.console_client(), issuer.machine_client()],
        "tokenUse": "access",
        "groupsClaim": "cognito:groups",
    }])
}

/// By group, not by scope: a token made by `InitiateAuth`, as the printed lines make it, has no scope of the door.
fn agents() -> Value {
    json!({
        DEMO_AGENT: {"runtime": runtime_arn(DEMO_AGENT), "toolToken": "user", "allow": {"groups": ["staff"]}},
        FINANCE_AGENT: {"runtime": runtime_arn(FINANCE_AGENT), "allow": {"groups": ["finance"]}},
    })
}

/// A function's role, as Lambda hands it over.
fn role(credentials: Credentials) -> [(&'static str, String); 3] {
    let Credentials {
        access_key_id,
        secret_access_key,
        session_token,
    } = credentials;
    [
        ("AWS_ACCESS_KEY_ID", access_key_id),
        ("AWS_SECRET_ACCESS_KEY", secret_access_key),
        ("AWS_SESSION_TOKEN", session_token.unwrap_or_default()),
    ]
}

/// A function as the template describes it, with what every function here gets besides.
fn spec(
    function: &FunctionSettings,
    settings: &StackSettings,
    lambda: &[(&'static str, String)],
) -> FunctionSpec {
    let mut environment = function.environment.clone();
    for (name, value) in &mut environment {
        if let Some(given) = settings.variables.get(name) {
            value.clone_from(given);
        }
    }
    let lambda = lambda.iter().cloned();
    environment.extend(lambda.map(|(name, value)| (name.to_owned(), value)));
    FunctionSpec {
        environment: environment.into_iter().collect(),
        timeout: function.timeout,
        memory_mb: function.memory_mb,
        max_concurrency: function.max_concurrency.unwrap_or(MAX_CONCURRENCY),
        echo_logs: settings.echo_logs,
        ..FunctionSpec::new(
            &function.name,
            absolute(&settings.functions).join(&function.binary),
        )
    }
}

/// A process is told its own folder, which must not depend on where it was started.
fn absolute(folder: &Path) -> PathBuf {
    std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned())
}
