//! One request from its event to its answer: its route is found and asked, and the request is ended, here and once.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use http::header::{self, HeaderName};
use http::{HeaderMap, StatusCode};
use lambda_runtime::{Context, LambdaEvent};
use shared::headers;
use shared::log::RequestIds;
use tokio::time::Instant;
use tracing::Instrument;

use crate::answer::ending::Words;
use crate::answer::stream::{self, Hold, Patience, Pump, Until};
use crate::answer::{Answer, Body, Content, Response};
use crate::app::App;
use crate::audit::record::Record;
use crate::audit::trace::Trace;
use crate::caller::dialect::Dialect;
use crate::caller::event::Event;
use crate::caller::problem::Problem;
use crate::caller::resource;
use crate::caller::route::{Asked, Route};
use crate::routes::{
    a2a, conversations, health, invocations, keys, mcp, metadata, websocket, whoami,
};
use crate::turn::declined::Declined;
use crate::turn::held::Held;
use crate::turn::request::Request;
use crate::upstream::Rest;

/// How long before the function's deadline an answer must be over: time for the last event to get out, and for API
/// Gateway, whose fifteen minutes began before ours while the function started.
const DEADLINE_MARGIN: Duration = Duration::from_secs(3);

/// Answers one request.
///
/// # Errors
/// None: whatever goes wrong has an answer of its own.
pub async fn handle(app: &App, event: LambdaEvent<Event>) -> Result<Response, Infallible> {
    let LambdaEvent { payload, context } = event;
    let asked = Asked::read(&payload.method, &payload.path);
    let mut always = app.origins.answer(&payload.headers);
    always.extend(app.access.authentication.warning());
    let mut request = begin(app, payload, &context, asked.label());
    let span = request.record.ids().span();
    let answered = async move {
        // Boxed, for the compiler gives up on as many futures within each other as all routes have.
        let answered = answer(app, asked, &mut request).boxed().await;
        end(app, answered, always, request).await
    };
    Ok(answered.instrument(span).await)
}

/// A request that has just come in.
fn begin(app: &App, mut event: Event, context: &Context, route: &'static str) -> Request {
    let (told, extended) = (event.request_id.take(), event.extended_request_id.take());
    let ids = RequestIds::new(&context.request_id, told.as_deref(), extended.as_deref());
    let mut record = Record::begin(ids, route);
    let travelling = headers::inward(&event.headers);
    let trace = Trace::of(context.xray_trace_id.as_deref(), &travelling, event.taken);
    record.trace(trace);
    Request {
        door: app.public_url(&event),
        dialect: Dialect::of_path(&event.path),
        event,
        deadline: deadline(app, context.deadline),
        conversation: None,
        held: Held::default(),
        watch: None,
        record,
    }
}

async fn answer(app: &App, asked: Asked, request: &mut Request) -> Result<Answer, Declined> {
    match asked {
        Asked::Call(route) => call(app, route, request).await,
        Asked::Preflight(methods) => {
            let listed = |name: &str| app.access.agents.iter().any(|agent| agent.forwards(name));
            let headers = &request.event.headers;
            let allowed = app.origins.preflight(headers, methods, listed);
            Ok(Answer::empty(StatusCode::NO_CONTENT).with_all(allowed))
        }
        Asked::WrongMethod(methods) => Err(Declined::WrongMethod(methods)),
        Asked::Nothing => Err(Problem::NotFound.into()),
    }
}

async fn call(app: &App, route: Route, request: &mut Request) -> Result<Answer, Declined> {
    match route {
        Route::EndConversation(agent, conversation) => {
            conversations::end(app, &agent, &conversation, request).await
        }
        Route::Health => Ok(health::health(app)),
        Route::OpenWebSocket(agent) => websocket::open(app, &agent, request).await,
        Route::Keys => keys::keys(app).await,
        Route::Whoami => whoami::whoami(app, request).await,
        Route::Invoke(agent) => invocations::invoke(app, &agent, request).await,
        Route::A2a(agent) => a2a::message(app, &agent, request).await,
        Route::AgentCard(agent) => a2a::agent_card(app, &agent, request).await,
        Route::AuthorizationServer => metadata::authorization_server(app, request).await,
        Route::ResourceMetadata(path) => metadata::resource_metadata(app, &path, request),
        Route::Mcp(agent) => mcp::message(app, &agent, request).await,
        Route::EndMcp(agent) => mcp::end_session(app, &agent, request).await,
    }
}

/// Ends a request: what its route says becomes the answer, its lease is given back unless the agent may work on, and
/// its record is written. An agent's stream takes lease and record along, and does so at its own end.
async fn end(
    app: &App,
    answered: Result<Answer, Declined>,
    always: HeaderMap,
    mut request: Request,
) -> Response {
    let (answer, outcome, rest) = match answered {
        Ok(answer) => (answer, "ok", None),
        Err(mut declined) => {
            let rest = declined.take_rest();
            let outcome = declined.problem().code();
            (told(app, declined, &mut request), outcome, rest)
        }
    };
    let Request {
        event: _,
        door: _,
        dialect,
        deadline,
        conversation,
        held,
        watch,
        mut record,
    } = request;
    let until = watch.map(|watch| -> Until { Box::pin(watch) });
    let named = HeaderName::from_static(headers::CONVERSATION);
    let answer = match &conversation {
        Some(told) => answer.with(named, told.as_str()),
        None => answer,
    };
    let (head, content) = answer.with_all(always).finish(record.request_id());
    let hold = held.hold();
    let body = match content {
        Content::Whole(bytes) => {
            give_back(hold, rest, until).await;
            let length = bytes.as_ref().map_or(0, Bytes::len);
            let length = u64::try_from(length).unwrap_or(u64::MAX);
            record.whole(head.status(), length, outcome);
            Body::Whole(bytes)
        }
        Content::Agent {
            stream,
            is_event_stream,
        } => {
            record.status(head.status());
            let idle = app.turns.limits.idle;
            let patience = Patience { idle, deadline };
            let words = Words::new(dialect, conversation);
            let pump = Pump::new(stream, is_event_stream, patience, words, record);
            Body::Stream(Box::new(pump.holding(hold).until(until)))
        }
    };
    head.with_body(body)
}

/// Gives back the right to a turn; not before the agent has ended, if the door gave it up.
async fn give_back(hold: Option<Box<dyn Hold>>, rest: Option<Rest>, until: Option<Until>) {
    match (hold, rest) {
        (Some(hold), Some(Rest(rest))) => hold.outlive(stream::ended(rest, until)),
        // Lambda freezes the function as soon as it has answered.
        (Some(hold), None) => hold.release().await,
        (None, _) => {}
    }
}

/// The answer to a request that is declined, in what its caller reads.
fn told(app: &App, declined: Declined, request: &mut Request) -> Answer {
    let limit = app.turns.limits.body_bytes;
    request.learn_id(limit);
    let (has_limit, reached) = (declined.problem().has_limit(), declined.limit());
    let answer = decline(app, declined, request);
    match reached {
        Some(reached) => answer.at_limit(reached),
        None if has_limit => answer.limited(limit),
        None => answer,
    }
}

/// What a caller is told of a request that is declined.
fn decline(app: &App, declined: Declined, request: &Request) -> Answer {
    let problem = declined.problem();
    let (id, request_id) = (request.dialect.rpc_id(), request.record.request_id());
    let plain = match id {
        Some(id) => Answer::rpc_problem(problem, id, request_id),
        None => Answer::problem(problem, request_id),
    };
    let answer = match declined {
        Declined::Problem(_) => plain,
        Declined::WrongMethod(methods) => plain.with(header::ALLOW, &format!("{methods}, OPTIONS")),
        Declined::Refused(refused) => match refused.challenge {
            Some(challenge) => {
                let scopes = if refused.asks_for_scopes {
                    scopes(app, request)
                } else {
                    String::new()
                };
                let challenge = format!("{challenge}{}{scopes}", metadata(request));
                plain.with(header::WWW_AUTHENTICATE, &challenge)
            }
            None => plain,
        },
        Declined::Unanswered(unanswered) => match (unanswered.rpc, id) {
            (Some(rpc), Some(id)) => Answer::rpc_error(problem, *rpc, id, request_id),
            (Some(_) | None, _) => plain,
        },
    };
    // What the platform says of when to come back is better than a guess of ours.
    match (problem.retry_after(), request.record.retry_after()) {
        (Some(_), Some(pause)) => answer.with(header::RETRY_AFTER, &pause.to_string()),
        (Some(_), None) | (None, _) => answer,
    }
}

/// The parameter of a challenge that says where the caller learns how to get a token (RFC 9728, section 5.1).
fn metadata(request: &Request) -> String {
    let Some(door) = &request.door else {
        return String::new();
    };
    let url = resource::metadata_url(door, &request.event.path);
    format!(r#", resource_metadata="{url}""#)
}

/// The parameter of a challenge that says what to ask an issuer for (RFC 6750, section 3): all that the agent asks for,
/// so that a client need not ask twice, whichever of the agent's routes was asked.
fn scopes(app: &App, request: &Request) -> String {
    let (agents, issuers) = (&app.access.agents, &app.advertised);
    let scopes = match resource::named_agent(&request.event.path) {
        Some(agent) => agent.scopes(agents, issuers),
        None => resource::of_no_agent(issuers),
    };
    let scopes: Vec<&str> = scopes.into_iter().collect();
    if scopes.is_empty() {
        return String::new();
    }
    format!(r#", scope="{}""#, scopes.join(" "))
}

/// When an answer must be over.
fn deadline(app: &App, lambda_deadline: u64) -> Instant {
    let left = app.clock.left_until(lambda_deadline);
    let now = Instant::now();
    now.checked_add(left.saturating_sub(DEADLINE_MARGIN))
        .unwrap_or(now)
}
