//! `POST /oauth2/token`, `POST /oauth2/revoke` and `GET /oauth2/userInfo`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::{Request, State};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Map, Value, json};

use super::answer::{OauthError, answer, json_answer, single};
use super::client::{Console, Machine};
use super::form::Form;
use super::pool::Grant;
use super::trigger::Occasion;
use super::{NoTokensError, Service};
use crate::clock;

/// Room for the longest client metadata (131,072 characters in Cognito's API model),
/// percent-encoded in part.
const MAX_FORM: usize = 256 * 1024;

/// A successful answer (RFC 6749, section 5.1).
type Tokens = Map<String, Value>;

/// Which client asks, its secret already checked.
enum Client<'a> {
    Console,
    Machine(&'a Machine),
}

pub(super) async fn token(State(service): State<Arc<Service>>, request: Request) -> Response {
    service.token_requests.fetch_add(1, Ordering::SeqCst);
    let granted = match read_form(request).await {
        Ok((headers, form)) => grant(&service, &headers, &form).await,
        Err(error) => Err(error),
    };
    granted.map_or_else(OauthError::answer, |tokens| {
        json_answer(StatusCode::OK, &tokens.into())
    })
}

pub(super) async fn revoke(State(service): State<Arc<Service>>, request: Request) -> Response {
    let (headers, form) = match read_form(request).await {
        Ok(read) => read,
        Err(error) => return error.answer(),
    };
    if client(&service, &headers, &form).is_err() {
        let error = json!({ "error": OauthError::InvalidClient.code() });
        return json_answer(StatusCode::UNAUTHORIZED, &error);
    }
    let Some(token) = form.get("token") else {
        return OauthError::InvalidRequest.answer();
    };
    // Three parts make it a JWT of ours; only refresh tokens can be revoked.
    if token.split('.').count() == 3 {
        let error = json!({ "error": "unsupported_token_type" });
        return json_answer(StatusCode::BAD_REQUEST, &error);
    }
    service.pool.revoke(token, clock::now());
    answer(StatusCode::OK, "application/json", String::new())
}

pub(super) async fn user_info(State(service): State<Arc<Service>>, request: Request) -> Response {
    if let Some(user) = bearer(request.headers()).and_then(|token| user(&service, token)) {
        return json_answer(StatusCode::OK, &user);
    }
    let error = json!({ "error": "invalid_token" });
    let mut response = json_answer(StatusCode::UNAUTHORIZED, &error);
    let challenge = HeaderValue::from_static("Bearer error=\"invalid_token\"");
    response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    response
}

async fn grant(service: &Service, headers: &HeaderMap, form: &Form) -> Result<Tokens, OauthError> {
    let client = client(service, headers, form)?;
    let metadata = metadata(form)?;
    match (
        form.get("grant_type").ok_or(OauthError::InvalidRequest)?,
        client,
    ) {
        ("authorization_code", Client::Console) => code(service, form).await,
        ("refresh_token", Client::Console) => refresh(service, form).await,
        ("client_credentials", Client::Machine(client)) => {
            machine(service, client, form, metadata.as_ref()).await
        }
        ("authorization_code" | "refresh_token", Client::Machine(_))
        | ("client_credentials", Client::Console) => Err(OauthError::UnauthorizedClient),
        _ => Err(OauthError::UnsupportedGrantType),
    }
}

async fn code(service: &Service, form: &Form) -> Result<Tokens, OauthError> {
    let required = |name| form.get(name).ok_or(OauthError::InvalidRequest);
    let (code, redirect_uri) = (required("code")?, required("redirect_uri")?);
    let verifier = form.get("code_verifier");
    let now = clock::now();
    let grant = service.pool.redeem_code(code, redirect_uri, verifier, now);
    let grant = grant.ok_or(OauthError::InvalidGrant)?;
    let mut tokens = user_tokens(service, &grant, Occasion::HostedAuth, now).await?;
    let refresh_token = service.pool.issue_refresh_token(grant, now);
    tokens.insert("refresh_token".to_owned(), json!(refresh_token));
    Ok(tokens)
}

/// A refresh gives no new refresh token: the client has rotation off, Cognito's default.
async fn refresh(service: &Service, form: &Form) -> Result<Tokens, OauthError> {
    let token = form
        .get("refresh_token")
        .ok_or(OauthError::InvalidRequest)?;
    let now = clock::now();
    let grant = service
        .pool
        .refresh(token, now)
        .ok_or(OauthError::InvalidGrant)?;
    let scope = Console::narrowed(form.get("scope"), &grant.scope);
    let scope = scope.ok_or(OauthError::InvalidScope)?;
    // A nonce belongs to the sign-in it answers (OpenID Connect Core, 12.2).
    let grant = Grant {
        scope,
        nonce: None,
        ..grant
    };
    user_tokens(service, &grant, Occasion::RefreshTokens, now).await
}

async fn user_tokens(
    service: &Service,
    grant: &Grant,
    occasion: Occasion,
    now: u64,
) -> Result<Tokens, OauthError> {
    let (access, id) = service.user_tokens(grant, occasion, now).await?;
    let mut tokens = bearer_token(access, service.lifetime_seconds);
    if grant.scope.split(' ').any(|scope| scope == "openid") {
        tokens.insert("id_token".to_owned(), json!(id));
    }
    Ok(tokens)
}

async fn machine(
    service: &Service,
    client: &Machine,
    form: &Form,
    metadata: Option<&BTreeMap<String, String>>,
) -> Result<Tokens, OauthError> {
    let scope = client.scope(form.get("scope"));
    let scope = scope.ok_or(OauthError::InvalidScope)?;
    let token = service
        .machine_token(client, &scope, metadata, clock::now())
        .await?;
    Ok(bearer_token(token, client.lifetime_seconds))
}

/// What the endpoint answers when the trigger fails is not documented. `invalid_request` is the one documented code
/// that neither client nor grant is to blame for.
impl From<NoTokensError> for OauthError {
    fn from(error: NoTokensError) -> Self {
        match error {
            NoTokensError::Trigger(_) => Self::InvalidRequest,
            NoTokensError::Sign(_) => Self::ServerError,
        }
    }
}

fn bearer_token(token: String, lifetime_seconds: u64) -> Tokens {
    let tokens = [
        ("access_token", json!(token)),
        ("expires_in", json!(lifetime_seconds)),
        ("token_type", json!("Bearer")),
    ];
    tokens
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect()
}

/// Client metadata is a JSON object of strings. Only the trigger of a program's token is told of it.
fn metadata(form: &Form) -> Result<Option<BTreeMap<String, String>>, OauthError> {
    form.get("aws_client_metadata")
        .map(serde_json::from_str)
        .transpose()
        .map_err(|_| OauthError::InvalidRequest)
}

/// The client by its id and, where it has one, its secret: in the header or in the body, not in
/// both.
fn client<'a>(
    service: &'a Service,
    headers: &HeaderMap,
    form: &Form,
) -> Result<Client<'a>, OauthError> {
    let header = basic(headers)?;
    let (id, secret) = match &header {
        Some(_) if form.get("client_secret").is_some() => return Err(OauthError::InvalidRequest),
        Some((id, secret)) => (Some(id.as_str()), Some(secret.as_str())),
        None => (form.get("client_id"), form.get("client_secret")),
    };
    if form.get("client_id").is_some_and(|named| Some(named) != id) {
        return Err(OauthError::InvalidClient);
    }
    let Some(id) = id else {
        return Err(OauthError::InvalidRequest);
    };
    let pool = &service.pool;
    let machines = [&pool.machine, &pool.tools];
    match secret {
        None if id == pool.console.id => Ok(Client::Console),
        None => Err(OauthError::InvalidClient),
        Some(secret) => machines
            .into_iter()
            .find(|machine| machine.id == id && machine.secrets.has(secret))
            .map(Client::Machine)
            .ok_or(OauthError::InvalidClient),
    }
}

/// `client_secret_basic` (RFC 6749, section 2.3.1).
fn basic(headers: &HeaderMap) -> Result<Option<(String, String)>, OauthError> {
    if !headers.contains_key(AUTHORIZATION) {
        return Ok(None);
    }
    let decoded = single(headers, AUTHORIZATION)
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"))
        .and_then(|(_, credentials)| STANDARD.decode(credentials).ok())
        .and_then(|credentials| String::from_utf8(credentials).ok());
    let (id, secret) = decoded
        .as_deref()
        .and_then(|pair| pair.split_once(':'))
        .ok_or(OauthError::InvalidClient)?;
    Ok(Some((id.to_owned(), secret.to_owned())))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = single(headers, AUTHORIZATION)?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

/// The user behind an access token that is ours, in time, not revoked and for `openid`.
fn user(service: &Service, token: &str) -> Option<Value> {
    let now = clock::now();
    let claims = service.keys().verify_access(token)?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let good = text("token_use") == Some("access")
        && claims
            .get("exp")
            .and_then(Value::as_u64)
            .is_some_and(|end| now < end)
        && text("scope").is_some_and(|scope| scope.split(' ').any(|scope| scope == "openid"))
        && !service.pool.is_revoked(text("origin_jti")?, now);
    let user = service.pool.user(text("username")?).filter(|_| good)?;
    Some(json!({
        "sub": user.subject,
        "email": user.email,
        "email_verified": "true",
        "username": user.name,
    }))
}

async fn read_form(request: Request) -> Result<(HeaderMap, Form), OauthError> {
    let (head, body) = request.into_parts();
    let is_form = single(&head.headers, CONTENT_TYPE)
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| {
            kind.trim()
                .eq_ignore_ascii_case("application/x-www-form-urlencoded")
        });
    if !is_form {
        return Err(OauthError::InvalidRequest);
    }
    let body = axum::body::to_bytes(body, MAX_FORM).await;
    let body = body.map_err(|_| OauthError::InvalidRequest)?;
    let form = Form::parse(&body).map_err(|_| OauthError::InvalidRequest)?;
    Ok((head.headers, form))
}
