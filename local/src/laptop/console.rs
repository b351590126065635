//! The laptop's own port: the console's files, and what only a laptop may tell. See "The laptop's own port" in
//! `docs/local.md`.

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path as Named, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, put};
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use serde_json::{Value, json};

use crate::dynamodb::Row;
use crate::hops::Hops;
use crate::listen::{Bound, Served};
use crate::stack::People;

mod access;
mod feed;
mod files;
mod guard;
mod headers;

use feed::Feed;
use guard::Guard;

/// Of a department or a role.
const MAX_TEXT: usize = 200;

/// The parts of a running stack that the port shows.
pub(super) struct Shown {
    pub(super) door: String,
    /// The issuer of users' tokens.
    pub(super) issuer: String,
    /// The origin of its sign-in page and token endpoint.
    pub(super) sign_in: String,
    pub(super) client: String,
    pub(super) people: People,
    pub(super) agents: Vec<String>,
    pub(super) tool_token_seconds: u64,
    pub(super) user_token_seconds: u64,
    pub(super) hops: Hops,
    /// The folder of the built console.
    pub(super) files: PathBuf,
}

/// The state behind every answer.
struct Desk {
    shown: Shown,
    feed: Feed,
    guard: Guard,
}

/// Answers on this port from now on.
pub(super) fn serve(bound: Bound, shown: Shown) -> Served {
    let port = bound.address().port();
    let policy = headers::policy(&[&shown.door, &shown.sign_in]);
    let desk = Arc::new(Desk {
        feed: Feed::new(shown.hops.clone()),
        guard: Guard::new(port),
        shown,
    });
    let guarded = Arc::clone(&desk);
    let told = Router::new()
        .route("/config.json", get(config))
        .route("/trace", get(trace))
        .route("/laptop/state", get(state))
        .route("/laptop/access", get(access))
        .route("/laptop/directory/{name}", put(change).delete(remove))
        .layer(middleware::from_fn_with_state(Arc::clone(&desk), same_site));
    let router = told
        .fallback(get(file))
        .layer(middleware::from_fn_with_state(guarded, this_port))
        .layer(middleware::map_response(move |response| {
            std::future::ready(headers::with(response, &policy))
        }))
        .with_state(desk);
    bound.serve(router)
}

/// The origin of the console at this port, as browsers spell it.
pub(super) fn origin(port: u16) -> String {
    format!("http://localhost:{port}")
}

type Answer = Result<Response, Response>;

/// Refuses what was sent to another name, or by another page.
async fn this_port(
    State(desk): State<Arc<Desk>>,
    request: Request<axum::body::Body>,
    next: Next,
) -> Answer {
    let admitted = desk.guard.admit(request.headers());
    admitted.map_err(|refusal| sentence(refusal.status, refusal.text))?;
    Ok(next.run(request).await)
}

/// Refuses what a page of another site has made the browser ask for.
async fn same_site(
    State(desk): State<Arc<Desk>>,
    request: Request<axum::body::Body>,
    next: Next,
) -> Answer {
    let admitted = desk.guard.admit_own_page(request.headers());
    admitted.map_err(|refusal| sentence(refusal.status, refusal.text))?;
    Ok(next.run(request).await)
}

async fn file(State(desk): State<Arc<Desk>>, request: Request<axum::body::Body>) -> Response {
    let folder = desk.shown.files.clone();
    let path = request.uri().path().to_owned();
    // Files are read where a slow disk holds no other request up.
    let found = tokio::task::spawn_blocking(move || files::find(&folder, &path)).await;
    match found.ok().flatten() {
        Some(file) => answer(file.status, file.media_type, file.content),
        None => sentence(StatusCode::NOT_FOUND, "there is nothing at this path\n"),
    }
}

async fn config(State(desk): State<Arc<Desk>>) -> Response {
    let Shown {
        door,
        issuer,
        client,
        ..
    } = &desk.shown;
    json_answer(&json!({
        "clientId": client,
        "door": door,
        "issuer": issuer,
        "laptop": true,
        "scopes": ["openid", "gatehouse/invoke"],
    }))
}

async fn trace(State(desk): State<Arc<Desk>>, headers: HeaderMap) -> Response {
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    match desk.feed.events(last) {
        Some(body) => {
            let mut response = Response::new(body);
            let events = HeaderValue::from_static("text/event-stream");
            response.headers_mut().insert(CONTENT_TYPE, events);
            response
        }
        None => sentence(
            StatusCode::TOO_MANY_REQUESTS,
            "too many pages follow the trace; close some\n",
        ),
    }
}

async fn state(State(desk): State<Arc<Desk>>) -> Response {
    let Shown {
        people,
        agents,
        tool_token_seconds,
        user_token_seconds,
        ..
    } = &desk.shown;
    let users = people.names().into_iter();
    let users: Vec<Value> = users.filter_map(|name| people.describe(name)).collect();
    json_answer(&json!({
        "agents": agents,
        "toolTokenSeconds": tool_token_seconds,
        "userTokenSeconds": user_token_seconds,
        "users": users,
    }))
}

async fn access(State(desk): State<Arc<Desk>>) -> Response {
    json_answer(&access::table(&desk.shown).await)
}

async fn change(
    State(desk): State<Arc<Desk>>,
    Named(name): Named<String>,
    body: Bytes,
) -> Response {
    let row = serde_json::from_slice::<Row>(&body).ok();
    let is_text =
        |text: &String| (1..=MAX_TEXT).contains(&text.len()) && !text.contains(char::is_control);
    let row = row.filter(|row| [&row.department, &row.role].into_iter().all(is_text));
    match row {
        Some(row) => moved(&desk, &name, Some(row)),
        None => sentence(
            StatusCode::BAD_REQUEST,
            "send {\"department\": \"...\", \"role\": \"...\"}\n",
        ),
    }
}

async fn remove(State(desk): State<Arc<Desk>>, Named(name): Named<String>) -> Response {
    moved(&desk, &name, None)
}

fn moved(desk: &Desk, name: &str, row: Option<Row>) -> Response {
    let people = &desk.shown.people;
    let moved = people
        .change(name, row)
        .then(|| people.describe(name))
        .flatten();
    match moved {
        Some(user) => json_answer(&user),
        None => sentence(StatusCode::NOT_FOUND, "there is no such user\n"),
    }
}

fn json_answer(value: &Value) -> Response {
    answer(StatusCode::OK, "application/json", value.to_string().into())
}

fn sentence(status: StatusCode, text: impl Into<Bytes>) -> Response {
    answer(status, "text/plain; charset=utf-8", text.into())
}

fn answer(status: StatusCode, media_type: &'static str, content: Bytes) -> Response {
    let mut response = Response::new(content.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    // A laptop's files change while one looks at them.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
