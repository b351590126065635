//! Request -> permit -> turn with the agent -> answer. Whether somebody may is [`crate::access`]'s to say.

use crate::access::{Access, Admitted, Refused};
use crate::answer::{Answer, Response};
use crate::config::{Config, Limits};
use crate::cors::Origins;
use crate::event::{BodyError, Event};
use crate::media;
use crate::problem::Problem;
use crate::record::{Record, Upstream};
use crate::route::{Asked, Route};
use crate::stream::{Patience, Pump};
use crate::tool_token::{self, Proven, ToolTokens};
use crate::upstream::{AgentCore, Reply, Turn};
use aws_config::SdkConfig;
use http::StatusCode;
use http::header::{self, HeaderName};
use lambda_runtime::LambdaEvent;
use serde_json::{Value, json};
use shared::agents::{Target, ToolToken};
use shared::clock::Clock;
use shared::door::Door;
use shared::gate::{AgentName, Identity};
use shared::headers;
use shared::secret::Secret;
use shared::session::{Conversation, SessionId};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use tracing::info;

/// How long before the function's deadline an answer must be over: time for the last event to get out, and for API
/// Gateway, whose fifteen minutes began before ours while the function started.
const MARGIN: Duration = Duration::from_secs(3);

/// How long the start may wait for the issuers' keys; Lambda gives it ten seconds in all.
const WARM_UP: Duration = Duration::from_secs(2);

/// The proxy.
pub struct App {
    access: Access,
    /// None if no agent asks for a token.
    tool_tokens: Option<ToolTokens>,
    upstream: AgentCore,
    origins: Origins,
    limits: Limits,
    clock: Clock,
}

/// A request under way.
struct Request {
    event: Event,
    /// When its answer must be over.
    deadline: Instant,
    record: Record,
}

impl App {
    /// Prepares what the first request would otherwise wait for; `platform` is what the AWS SDK found in its environment.
    pub async fn new(config: Config, platform: &SdkConfig, clock: Clock) -> Self {
        let Config {
            issuers,
            agents,
            origins,
            limits,
            signing: _,
            tool_tokens,
        } = config;
        let regions = agents.iter().filter_map(|agent| match &agent.target {
            Target::Runtime { arn, qualifier: _ } => Some(arn.region().to_owned()),
            Target::Gateway { url: _ } => None,
        });
        let upstream = AgentCore::new(platform, regions);
        for note in issuers.notes() {
            info!("{note}");
        }
        let door = Door::new(issuers, clock.clone());
        door.warm(WARM_UP).await;
        Self {
            access: Access { door, agents },
            tool_tokens: tool_tokens
                .map(|settings| ToolTokens::new(settings, platform, clock.clone())),
            upstream,
            origins,
            limits,
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
        let record = Record::begin(
            &context.request_id,
            event.gateway_request_id.take(),
            asked.label(),
        );
        let cors = self.origins.answer(&event.headers);
        let request = Request {
            event,
            deadline: self.deadline(context.deadline),
            record,
        };
        let answer = self.answer(asked, request).await.with_all(cors);
        Ok(answer.finish(&context.request_id))
    }

    async fn answer(&self, asked: Asked, request: Request) -> Answer {
        match asked {
            Asked::Call(Route::Health) => {
                request.whole(Answer::json(StatusCode::OK, &json!({"status": "ok"})))
            }
            Asked::Call(Route::Whoami) => self.whoami(request).await,
            Asked::Call(Route::Invoke(agent)) => self.invoke(&agent, request).await,
            Asked::Preflight(method) => {
                let allowed = self.origins.preflight(&request.event.headers, method);
                request.whole(Answer::empty(StatusCode::NO_CONTENT).with_all(allowed))
            }
            Asked::WrongMethod(allow) => request
                .problem(Problem::WrongMethod)
                .with(header::ALLOW, allow),
            Asked::Nothing => request.problem(Problem::NotFound),
        }
    }

    async fn whoami(&self, request: Request) -> Answer {
        match self
            .access
            .whoami(request.record.request_id(), &request.event.headers)
            .await
        {
            Ok(identity) => {
                let agents = self.access.admitting(&identity);
                request.whole(Answer::json(StatusCode::OK, &portrait(&identity, &agents)))
            }
            Err(refused) => request.refused(refused),
        }
    }

    async fn invoke(&self, name: &AgentName, mut request: Request) -> Answer {
        let admitted = self
            .access
            .admit(request.record.request_id(), &request.event.headers, name)
            .await;
        let admitted = match admitted {
            Ok(admitted) => admitted,
            Err(refused) => return request.refused(refused),
        };
        request.record.agent(&admitted.agent.name);
        let Some(conversation) = request.conversation() else {
            return request.problem(Problem::BadConversation);
        };
        let answer = match self.turn(&admitted, &conversation, &mut request).await {
            Ok(reply) => self.stream(reply, conversation.clone(), request),
            Err(problem) => request.problem(problem),
        };
        answer.with(
            HeaderName::from_static(headers::CONVERSATION),
            conversation.as_str(),
        )
    }

    /// Takes the turn: the agent's reply, its body still to come, or what to tell the caller instead.
    async fn turn(
        &self,
        admitted: &Admitted<'_>,
        conversation: &Conversation,
        request: &mut Request,
    ) -> Result<Reply, Problem> {
        let Admitted {
            agent,
            permit,
            proof: _,
        } = admitted;
        let Target::Runtime { arn, qualifier } = &agent.target else {
            return Err(Problem::AgentMisconfigured);
        };
        if !media::is_json_sent(&request.event.headers) {
            return Err(Problem::UnsupportedMedia);
        }
        let accept = media::accepted(&request.event.headers).ok_or(Problem::NotAcceptable)?;
        let body =
            request
                .event
                .take_body(self.limits.body_bytes)
                .map_err(|error| match error {
                    BodyError::TooLarge => Problem::TooLarge,
                    BodyError::NotBase64 => Problem::BadBody,
                })?;
        let tool_token = self.tool_token(admitted, request).await?;
        let turn = Turn {
            permit,
            runtime: arn,
            qualifier,
            session: &SessionId::derive(permit.identity(), permit.agent(), conversation),
            accept,
            headers: &headers::inward(&request.event.headers),
            tool_token: tool_token.as_deref(),
            body,
        };
        let left = request.deadline.saturating_duration_since(Instant::now());
        self.upstream
            .invoke(turn, self.limits.first_byte.min(left))
            .await
            .map_err(|failure| {
                request.record.upstream(failure.upstream);
                failure.problem
            })
    }

    /// The token for the agent's tools, if it asks for one. Its loss is not the caller's fault.
    async fn tool_token(
        &self,
        admitted: &Admitted<'_>,
        request: &mut Request,
    ) -> Result<Option<Arc<Secret>>, Problem> {
        let kind = admitted.agent.tool_token;
        if kind == ToolToken::None {
            return Ok(None);
        }
        let caller = Proven {
            identity: admitted.permit.identity(),
            proof: &admitted.proof,
        };
        let token = match &self.tool_tokens {
            Some(tool_tokens) => {
                timeout_at(request.deadline, Box::pin(tool_tokens.get(kind, caller)))
                    .await
                    .unwrap_or(Err(tool_token::Fault::Timeout))
            }
            None => Err(tool_token::Fault::NotConfigured),
        };
        token.map_err(|fault| {
            request.record.upstream(Upstream {
                detail: Some(format!("tool token: {}", fault.code())),
                ..Upstream::default()
            });
            Problem::NoToolToken
        })
    }

    fn stream(&self, reply: Reply, conversation: Conversation, mut request: Request) -> Answer {
        let Reply {
            status,
            content_type,
            body,
            upstream,
        } = reply;
        request.record.upstream(upstream);
        request.record.status(status);
        let patience = Patience {
            idle: self.limits.idle,
            deadline: request.deadline,
        };
        let content_type = media::passed_on(&content_type);
        let is_event_stream = media::is_event_stream(content_type);
        let pump = Pump::new(
            body,
            is_event_stream,
            patience,
            conversation,
            request.record,
        );
        Answer::stream(status, content_type, pump)
    }

    /// When an answer must be over. Lambda's deadline is a time of day, in milliseconds, so the clock that tells the time
    /// of day measures what is left.
    fn deadline(&self, lambda_deadline: u64) -> Instant {
        let left = Duration::from_millis(lambda_deadline).saturating_sub(self.clock.moment().wall);
        let now = Instant::now();
        now.checked_add(left.saturating_sub(MARGIN)).unwrap_or(now)
    }
}

impl Request {
    /// The conversation that the caller goes on with, or a new one; none if what they say is not the name of one.
    fn conversation(&self) -> Option<Conversation> {
        let mut values = self.event.headers.get_all(headers::CONVERSATION).iter();
        match (values.next(), values.next()) {
            (None, _) => Some(Conversation::begun_by(self.record.request_id())),
            (Some(only), None) => Conversation::parse(only.to_str().ok()?),
            (Some(_), Some(_)) => None,
        }
    }

    /// Closes the request with an answer that is whole.
    fn whole(mut self, answer: Answer) -> Answer {
        self.record
            .whole(answer.status(), answer.body_bytes(), "ok");
        answer
    }

    fn problem(mut self, problem: Problem) -> Answer {
        let answer = Answer::problem(problem, self.record.request_id());
        self.record
            .whole(answer.status(), answer.body_bytes(), problem.code());
        answer
    }

    fn refused(self, refused: Refused) -> Answer {
        let Refused { problem, challenge } = refused;
        let answer = self.problem(problem);
        match challenge {
            Some(challenge) => answer.with(header::WWW_AUTHENTICATE, &challenge),
            None => answer,
        }
    }
}

/// A caller as the door sees them, and the agents they may call.
fn portrait(identity: &Identity, agents: &[&str]) -> Value {
    json!({
        "issuer": identity.issuer,
        "subject": identity.subject,
        "client_id": identity.client_id,
        "username": identity.username,
        "email": identity.email,
        "name": identity.name,
        "scopes": identity.scopes,
        "groups": identity.groups,
        "expires": identity.expires.0,
        "agents": agents,
    })
}
