//! The whole of Gatehouse on this machine: issuer, AgentCore, agent, functions, and the API in front of them.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::agent::Agent;
use crate::agentcore::{
    self, AgentUrl, AgentUrlError, Credentials, DataPlane, DataPlaneSettings, RuntimeSettings,
};
use crate::gateway::Gateway;
use crate::issuer::{self, Issuer, IssuerSettings};
use crate::random;
use crate::runtime::{self, ACCOUNT, Function, FunctionSpec, REGION};
use crate::template::{FunctionSettings, Template, TemplateError};

/// The users of the local issuer, in the order they are introduced.
pub const USERS: [&str; 2] = ["alice", "bob"];
/// The agent that all staff may call.
pub const DEMO_AGENT: &str = "demo";
/// The agent that only finance may call.
pub const FINANCE_AGENT: &str = "finance";
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
    data_plane: DataPlane,
    agent: Option<Agent>,
    issuer: Issuer,
}

impl Stack {
    /// Starts everything and waits until every function has asked for its first event.
    ///
    /// # Errors
    /// The first part that does not come up.
    pub async fn start(settings: StackSettings) -> Result<Self, StackError> {
        let issuer = Issuer::start(IssuerSettings::default()).await?;
        let (agent, agent_url) = agent(settings.agent_url.as_deref()).await?;
        let credentials = credentials();
        let data_plane = data_plane(agent_url, credentials.clone()).await?;
        let parameters = [
            ("TrustedIssuers", trusted_issuers(&issuer)),
            ("Agents", agents()),
        ];
        let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_string()));
        let template = Template::load(&settings.template, &parameters.into())?;
        let mut functions = HashMap::new();
        for function in &template.functions {
            let spec = spec(function, &settings, &data_plane, &credentials);
            functions.insert(function.name.clone(), Function::start(spec).await?);
        }
        let gateway = Gateway::start(template.api, functions.clone(), settings.port)
            .await
            .map_err(StackError::Gateway)?;
        Ok(Self {
            gateway,
            functions,
            data_plane,
            agent,
            issuer,
        })
    }

    /// The door: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        self.gateway.url()
    }

    /// The issuer of the users' tokens.
    pub fn issuer(&self) -> &Issuer {
        &self.issuer
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
        let issuer = &self.issuer;
        let users = USERS.map(|user| (user.to_owned(), json!(issuer.password(user))));
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
            "passwords": serde_json::Map::from_iter(users),
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

async fn agent(own: Option<&str>) -> Result<(Option<Agent>, AgentUrl), StackError> {
    if let Some(own) = own {
        let url = AgentUrl::parse(own)?;
        url.ping().await?;
        return Ok((None, url));
    }
    let agent = Agent::start().await.map_err(StackError::Agent)?;
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
    let runtimes = [DEMO_AGENT, FINANCE_AGENT]
        .map(|name| RuntimeSettings::new(&runtime_arn(name), agent.clone()));
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
        DEMO_AGENT: {"runtime": runtime_arn(DEMO_AGENT), "allow": {"groups": ["staff"]}},
        FINANCE_AGENT: {"runtime": runtime_arn(FINANCE_AGENT), "allow": {"groups": ["finance"]}},
    })
}

fn spec(
    function: &FunctionSettings,
    settings: &StackSettings,
    data_plane: &DataPlane,
    credentials: &Credentials,
) -> FunctionSpec {
    let mut environment = function.environment.clone();
    for (name, value) in &mut environment {
        if let Some(given) = settings.variables.get(name) {
            value.clone_from(given);
        }
    }
    let session_token = credentials.session_token.clone().unwrap_or_default();
    for (name, value) in [
        ("AWS_ACCESS_KEY_ID", credentials.access_key_id.clone()),
        (
            "AWS_SECRET_ACCESS_KEY",
            credentials.secret_access_key.clone(),
        ),
        ("AWS_SESSION_TOKEN", session_token),
        (
            "AWS_ENDPOINT_URL_BEDROCK_AGENTCORE",
            data_plane.url().to_owned(),
        ),
    ] {
        environment.insert(name.to_owned(), value);
    }
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
