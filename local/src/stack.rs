//! The whole of Gatehouse on this machine: issuer with its trigger, directory and secrets, AgentCore with agent and
//! tools, functions, and the API in front of them.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::agent::Agent;
use crate::agent_command::{AgentCommandError, OwnAgent};
use crate::agentcore_gateway::{self, ToolGateway};
use crate::agentcore_runtime::{self, AgentUrlError, DataPlane, Protocol};
use crate::api_gateway::{ApiGateway, Entrance};
use crate::cognito::{self, Issuer, Trigger};
use crate::dynamodb::DynamoDb;
use crate::lambda::{self, Function, FunctionSpec};
use crate::secrets_manager::SecretStore;
use crate::template::{FunctionSettings, Template, TemplateError};

mod agents;
mod cloud;
mod issuers;
mod people;
mod set_up;
mod settings;

use agents::Containers;
pub use agents::{AgentAuth, AgentSettings, DEMO_AGENT, FINANCE_AGENT, TOOLS_AGENT};
use cloud::Cloud;
pub use people::People;
pub use set_up::SetUp;
pub use settings::{ServicePorts, StackSettings};

/// The users of the local issuer, in the order they are introduced.
pub const USERS: [&str; 2] = ["alice", "bob"];
/// The function of the template that the issuer asks before it signs a token.
const TRIGGER: &str = "PretokenFunction";
/// The variables whose value may be a file's path.
const DOCUMENTS: [&str; 2] = ["AGENTS", "TRUSTED_ISSUERS"];
/// What stands before such a path.
const FILE: &str = "file:";
/// Processes of one function at most, where the template does not say: each stream needs one while it lasts.
const MAX_CONCURRENCY: usize = 250;

/// Why a stack did not start.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// The issuer did not start.
    #[error("start the issuer")]
    Issuer(#[from] cognito::StartError),
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
    /// The command of the user's own agent is of no use.
    #[error("start the agent of `AGENT_CMD`")]
    AgentCommand(#[from] AgentCommandError),
    /// The data plane did not start.
    #[error("start AgentCore")]
    DataPlane(#[from] agentcore_runtime::StartError),
    /// The template cannot be used.
    #[error("use the template")]
    Template(#[from] TemplateError),
    /// A function did not start.
    #[error("start the functions")]
    Function(#[from] lambda::StartError),
    /// A secret was not made.
    #[error("rotate the secret of `{0}` for the first time")]
    Rotation(String),
    /// The API did not start.
    #[error("open the door")]
    Gateway(#[source] io::Error),
}

/// A running stack. [`Stack::stop`] ends it; dropping it does so without waiting.
pub struct Stack {
    gateway: ApiGateway,
    functions: HashMap<String, Function>,
    cloud: Arc<Cloud>,
    data_plane: DataPlane,
    agent: Option<Agent>,
    own_agent: Option<OwnAgent>,
    own_protocol: Option<Protocol>,
    demo_url: String,
    agents: Vec<String>,
    further_issuers: Vec<Value>,
    tool_token_seconds: u64,
    operator: Vec<(String, Value)>,
    set_up: SetUp,
}

impl Stack {
    /// Starts everything and waits until every function has asked for its first event.
    ///
    /// # Errors
    /// The first part that does not come up.
    pub async fn start(mut settings: StackSettings) -> Result<Self, StackError> {
        let entrance = Entrance::bind(settings.port).await;
        let entrance = entrance.map_err(StackError::Gateway)?;
        let entrance = entrance
            .with_domain(settings.domain.take())
            .with_echo(settings.echo_logs)
            .with_listeners(settings.listeners.clone(), settings.hops.clone());
        let door = entrance.url();
        let public_url = settings.variables.entry("PUBLIC_URL".to_owned());
        let public_url = public_url.or_insert_with(|| door.clone()).clone();
        let credentials = cloud::credentials();
        let cloud = Cloud::start(&settings, &credentials).await?;
        let containers = Containers::start(&settings, &cloud.tools).await?;
        let agents = containers.agents(&settings);
        let mut set_up = SetUp::read(&settings, &agents);
        containers.trust(&door, &set_up);
        let mut runtimes = agents::runtimes(&agents, &cloud.issuer)?;
        runtimes.extend(containers.own_runtimes(&mut set_up, &runtimes, &cloud.issuer));
        let data_plane = agents::data_plane(&settings, runtimes, credentials.clone()).await?;
        let template = template(&settings, &cloud, &agents)?;
        let mut lambda = cloud.endpoints();
        lambda.push((
            "AWS_ENDPOINT_URL_BEDROCK_AGENTCORE",
            data_plane.url().to_owned(),
        ));
        lambda.extend(cloud::role(credentials));
        let specs = template.functions.iter();
        let specs = specs.map(|function| spec(function, &settings, &lambda));
        let functions = functions(specs.collect(), &cloud).await?;
        let trigger = functions.get(TRIGGER).cloned();
        cloud.issuer.set_trigger(trigger.map(Trigger::new));
        let gateway = ApiGateway::open(entrance, template.api, functions.clone());
        // Last, so that it finds the door's keys from its first moment on.
        let doors = [door.as_str(), public_url.as_str()];
        let own_agent = containers.own_agent(&settings, doors, &cloud.tools).await?;
        Ok(Self {
            demo_url: containers.demo_url(),
            gateway,
            functions,
            cloud: Arc::new(cloud),
            data_plane,
            agent: containers.agent,
            own_agent,
            own_protocol: settings.own_protocol(),
            agents: set_up.names(),
            set_up,
            further_issuers: settings.issuers,
            tool_token_seconds: settings.tool_token_seconds,
            operator: cloud::operator(&lambda),
        })
    }

    /// The door: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        self.gateway.url()
    }

    /// The API in front of the functions.
    pub fn gateway(&self) -> &ApiGateway {
        &self.gateway
    }

    /// The issuer of the users' tokens.
    pub fn issuer(&self) -> &Issuer {
        &self.cloud.issuer
    }

    /// The names of the issuers that are trusted beside it.
    pub fn further_issuers(&self) -> impl Iterator<Item = &str> {
        self.further_issuers.iter().map(issuers::name)
    }

    /// Where the proxy reads the machine client's secret, and the keys it signs with.
    pub fn secrets(&self) -> &SecretStore {
        &self.cloud.secrets
    }

    /// The ARN of the secret that the door signs with.
    pub fn signing_secret(&self) -> &str {
        &self.cloud.signing_secret
    }

    /// The ARN of the secret that holds the machine client's.
    pub fn machine_secret(&self) -> &str {
        &self.cloud.machine_secret
    }

    /// What the trigger knows of the users; alice is in it, bob is not.
    pub fn directory(&self) -> &DynamoDb {
        &self.cloud.directory
    }

    /// The people of the pool, with what the directory and the policies say of them.
    pub fn people(&self) -> People {
        People::new(Arc::clone(&self.cloud))
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

    /// The demonstration agent, unless the user's own is behind the door in every place of its.
    pub fn agent(&self) -> Option<&Agent> {
        self.agent.as_ref()
    }

    /// What the user's own agent speaks, if there is one.
    pub fn own_protocol(&self) -> Option<Protocol> {
        self.own_protocol
    }

    /// The notices about the set-up.
    pub fn notes(&self) -> &[String] {
        self.set_up.notes()
    }

    /// The set-up of the door.
    pub fn set_up(&self) -> &SetUp {
        &self.set_up
    }

    /// The names of all agents.
    pub fn agents(&self) -> &[String] {
        &self.agents
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
        } = &*self.cloud;
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
            "passwords": Map::from_iter(passwords),
            "subjects": Map::from_iter(subjects),
            "directory": directory.url(),
            "tool_gateway": tools.url(),
            "agents": self.agents,
            "aws": Map::from_iter(self.operator.clone()),
            "denials_table": cloud::DENIALS_TABLE,
            "agentcore": self.data_plane.url(),
            "agent": self.demo_url,
            "processes": Map::from_iter(functions),
        })
    }

    /// Ends all functions, and the agent of a command, and waits until their processes are gone.
    pub async fn stop(self) {
        let Self {
            gateway,
            functions,
            own_agent,
            ..
        } = self;
        drop(gateway);
        if let Some(agent) = own_agent {
            agent.stop().await;
        }
        for function in functions.values() {
            function.stop().await;
        }
    }
}

/// The template, with the addresses of the services and what the functions are told as its parameters.
fn template(
    settings: &StackSettings,
    cloud: &Cloud,
    agents: &[AgentSettings],
) -> Result<Template, TemplateError> {
    let mut parameters = cloud.parameters(&settings.issuers, settings.serves_metadata);
    let issuers = issuers::names(&cloud.issuer, &settings.issuers);
    let document = if set_up::is_open(settings) {
        agents::open_document(agents)
    } else {
        agents::document(agents, &cloud.tools, issuers)
    };
    parameters.insert("Agents".to_owned(), document.to_string());
    // The template takes the authorizer from the routes by the same parameter.
    let enable_auth = settings.variables.get("ENABLE_AUTH").cloned();
    parameters.extend(enable_auth.map(|given| ("EnableAuth".to_owned(), given)));
    Template::load(&settings.template, &parameters)
}

/// Starts all functions: first those that make the secrets which the others may ask for.
async fn functions(
    mut specs: Vec<FunctionSpec>,
    cloud: &Cloud,
) -> Result<HashMap<String, Function>, StackError> {
    specs.sort_by_key(|spec| cloud.rotated_by(&spec.name).is_none());
    let mut functions = HashMap::new();
    for spec in specs {
        let (name, is_shown) = (spec.name.clone(), spec.echo_logs);
        let function = match Function::start(spec).await {
            Err(error) if is_shown => return Err(error.with_log_shown().into()),
            started => started?,
        };
        cloud.schedule(&function).await?;
        functions.insert(name, function);
    }
    Ok(functions)
}

/// A function as the template describes it, with the additions that every function here gets.
fn spec(
    function: &FunctionSettings,
    settings: &StackSettings,
    lambda: &[(&'static str, String)],
) -> FunctionSpec {
    let mut environment = function.environment.clone();
    // Without an address the proxy learns it from API Gateway. The trigger cannot, and keeps the template's.
    let keeps = |name: &str, given: &str| {
        function.name == TRIGGER && name == "PUBLIC_URL" && given.is_empty()
    };
    for (name, value) in &mut environment {
        let given = settings.variables.get(name);
        if let Some(given) = given.filter(|given| !keeps(name, given)) {
            *value = given_value(name, given);
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
        listeners: settings.listeners.clone(),
        ..FunctionSpec::new(
            &function.name,
            absolute(&settings.functions).join(&function.binary),
        )
    }
}

/// A path is meant from where this program was started, and functions are started elsewhere.
fn given_value(name: &str, given: &str) -> String {
    match given.strip_prefix(FILE) {
        // Without a path it is the function that says so.
        Some(path) if DOCUMENTS.contains(&name) && !path.is_empty() => {
            format!("{FILE}{}", absolute(Path::new(path)).display())
        }
        Some(_) | None => given.to_owned(),
    }
}

/// A process is told its own folder, which must not depend on where it was started.
fn absolute(folder: &Path) -> PathBuf {
    std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned())
}
