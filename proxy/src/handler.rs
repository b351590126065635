//! The proxy: what it holds, and which of its routes a request goes to. Whether somebody may is [`crate::access`]'s to say.

use crate::access::Access;
use crate::answer::{Answer, Response};
use crate::authentication::Authentication;
use crate::config::{Config, Limits};
use crate::cors::Origins;
use crate::event::Event;
use crate::problem::Problem;
use crate::public_url::PublicUrl;
use crate::record::Record;
use crate::request::Request;
use crate::route::{Asked, Route};
use crate::tool_token::ToolTokens;
use crate::trace::Trace;
use crate::turns::Turns;
use crate::upstream::AgentCore;
use aws_config::SdkConfig;
use futures_util::FutureExt;
use futures_util::future::join;
use http::StatusCode;
use http::header;
use lambda_runtime::LambdaEvent;
use shared::agents::{Agents, Target};
use shared::clock::Clock;
use shared::door::Door;
use shared::headers;
use shared::issuers::{Advertised, TrustedIssuers};
use shared::signing::SigningKeys;
use std::convert::Infallible;
use std::time::Duration;
use tokio::time::Instant;
use tracing::{info, warn};

/// How long before the function's deadline an answer must be over: time for the last event to get out, and for API
/// Gateway, whose fifteen minutes began before ours while the function started.
const MARGIN: Duration = Duration::from_secs(3);

/// How long the start may wait for keys, the issuers' and its own; Lambda gives it ten seconds in all.
const WARM_UP: Duration = Duration::from_secs(2);

/// The proxy. Each of its routes is a method, in a file of `routes`.
pub struct App {
    pub(crate) access: Access,
    /// None if no agent asks for a token.
    pub(crate) tool_tokens: Option<ToolTokens>,
    /// None if turns are taken as they come.
    pub(crate) turns: Option<Turns>,
    /// The issuers, as clients who look for a token are told of them.
    pub(crate) advertised: Vec<Advertised>,
    /// None if nothing is asserted.
    pub(crate) signing: Option<SigningKeys>,
    pub(crate) upstream: AgentCore,
    pub(crate) limits: Limits,
    origins: Origins,
    public_url: Option<PublicUrl>,
    /// The digest of the settings that this function runs with.
    pub(crate) settings: String,
    pub(crate) clock: Clock,
}

impl App {
    /// Prepares what the first request would otherwise wait for; `platform` is what the AWS SDK found in its environment.
    pub async fn new(config: Config, platform: &SdkConfig, clock: Clock) -> Self {
        let Config {
            authentication,
            agents,
            origins,
            limits,
            public_url,
            settings,
            signing,
            tool_tokens,
            turns_table,
        } = config;
        let regions = agents.iter().filter_map(|agent| match &agent.target {
            Target::Runtime { arn, qualifier: _ } => Some(arn.region().to_owned()),
            Target::Gateway { url: _ } => None,
        });
        let upstream = AgentCore::new(platform, regions, clock.clone());
        let signing = signing.map(|arn| SigningKeys::new(arn, platform, clock.clone()));
        let warm_keys = async {
            if let Some(signing) = &signing {
                Box::pin(signing.warm(WARM_UP)).await;
            }
        };
        let advertised = match &authentication {
            Authentication::Required(issuers) => issuers.advertised.clone(),
            Authentication::Off => Vec::new(),
        };
        let (authentication, ()) =
            join(open_door(authentication, &agents, &clock), warm_keys).await;
        Self {
            access: Access {
                authentication,
                agents,
            },
            tool_tokens: tool_tokens
                .map(|settings| ToolTokens::new(settings, platform, clock.clone())),
            turns: turns_table.map(|table| Turns::new(table, platform, clock.clone())),
            advertised,
            signing,
            upstream,
            limits,
            origins,
            public_url,
            settings,
            clock,
        }
    }

    /// Answers one request.
    ///
    /// # Errors
    /// None: whatever goes wrong has an answer of its own.
    pub async fn handle(&self, event: LambdaEvent<Event>) -> Result<Response, Infallible> {
        let LambdaEvent {
            payload: mut event,
            context,
        } = event;
        let asked = Asked::read(&event.method, &event.path);
        let mut record = Record::begin(
            &context.request_id,
            event.gateway_request_id.take(),
            asked.label(),
        );
        let travelling = headers::inward(&event.headers);
        record.trace(Trace::of(context.xray_trace_id.as_deref(), &travelling));
        let cors = self.origins.answer(&event.headers);
        let request = Request {
            door: self.public_url(&event),
            event,
            deadline: self.deadline(context.deadline),
            lease: None,
            record,
        };
        let answer = self.answer(asked, request).await;
        let answer = answer
            .with_all(cors)
            .with_all(self.access.authentication.warning());
        Ok(answer.finish(&context.request_id))
    }

    async fn answer(&self, asked: Asked, request: Request) -> Answer {
        match asked {
            // Boxed, for the compiler gives up on as many futures within each other as all routes have.
            Asked::Call(route) => self.call(route, request).boxed().await,
            Asked::Preflight(methods) => {
                let allowed = self.origins.preflight(&request.event.headers, methods);
                request.whole(Answer::empty(StatusCode::NO_CONTENT).with_all(allowed))
            }
            Asked::WrongMethod(methods) => request
                .problem(Problem::WrongMethod)
                .with(header::ALLOW, &format!("{methods}, OPTIONS")),
            Asked::Nothing => request.problem(Problem::NotFound),
        }
    }

    async fn call(&self, route: Route, request: Request) -> Answer {
        match route {
            Route::EndConversation(agent, conversation) => {
                self.end_conversation(&agent, &conversation, request).await
            }
            Route::Health => self.health(request),
            Route::OpenWebSocket(agent) => self.open_websocket(&agent, request).await,
            Route::Keys => self.keys(request).await,
            Route::Whoami => self.whoami(request).await,
            Route::Invoke(agent) => self.invoke(&agent, request).await,
            Route::A2a(agent) => self.a2a(&agent, request).await,
            Route::AgentCard(agent) => self.agent_card(&agent, request).await,
            Route::ResourceMetadata(path) => self.resource_metadata(&path, request),
            Route::Mcp(agent) => self.mcp(&agent, request).await,
            Route::EndMcp(agent) => self.end_mcp(&agent, request).await,
        }
    }

    /// Waits, after an answer that nobody took to its end, for what is still being given back.
    pub async fn settle(&self) {
        if let Some(turns) = &self.turns {
            turns.settle().await;
        }
    }

    /// The door's own address, as the caller of this request dialled it; none if neither the settings nor API Gateway
    /// know it.
    #[must_use]
    pub fn public_url(&self, event: &Event) -> Option<PublicUrl> {
        self.public_url
            .clone()
            .or_else(|| PublicUrl::of_event(event))
    }

    /// When an answer must be over.
    fn deadline(&self, lambda_deadline: u64) -> Instant {
        let left = self.clock.left_until(lambda_deadline);
        let now = Instant::now();
        now.checked_add(left.saturating_sub(MARGIN)).unwrap_or(now)
    }
}

/// The door that checks tokens, with the issuers' keys if they can be had in time; or none, said loudly.
async fn open_door(
    authentication: Authentication<TrustedIssuers>,
    agents: &Agents,
    clock: &Clock,
) -> Authentication<Door> {
    let issuers = match authentication {
        Authentication::Required(issuers) => issuers,
        Authentication::Off => {
            warn!("authentication is off: anybody may call every agent that asks for no right");
            return Authentication::Off;
        }
    };
    for note in issuers.notes().iter().chain(&agents.note(&issuers.trust)) {
        info!("{note}");
    }
    let door = Door::new(issuers, clock.clone());
    door.warm(WARM_UP).await;
    Authentication::Required(door)
}
