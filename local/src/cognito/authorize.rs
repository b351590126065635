//! `GET /oauth2/authorize`, the sign-in page `/login`, and `GET /logout`: the browser's half of the
//! journey.

use std::sync::Arc;

use aws_lc_rs::constant_time;
use axum::extract::{Request, State};
use axum::response::Response;
use http::header::COOKIE;
use http::{HeaderMap, StatusCode};
use url::Url;

use super::Service;
use super::answer::{OauthError, found};
use super::client::Console;
use super::form::{Form, Repeated};
use super::page::{self, Problem};
use super::pool::{Code, Grant, Session};
use crate::{clock, random};

/// Name and password need no more.
const MAX_FORM: usize = 8 * 1024;
/// The cookie of a signed-in browser, by Cognito's name.
const SESSION_COOKIE: &str = "cognito";
/// The cookie whose value the sign-in form must repeat, by Cognito's name.
const CSRF_COOKIE: &str = "XSRF-TOKEN";

/// An authorization request (RFC 6749, section 4.1.1; RFC 7636, section 4.3) that the console may make.
struct Authorization {
    back: Back,
    redirect_uri: String,
    scope: String,
    nonce: Option<String>,
    challenge: Option<String>,
    prompt: Prompt,
}

/// Where to send the browser, with what the console wants to have back.
struct Back {
    url: Url,
    state: Option<String>,
}

enum Prompt {
    IfNeeded,
    Never,
    Always,
}

/// Why there is no authorization.
enum Refusal {
    /// The address to go back to cannot be trusted, so the person is told and the browser stays
    /// (RFC 6749, section 4.1.2.1).
    Stay,
    /// The console is told.
    Back(Back, OauthError),
}

impl Authorization {
    fn parse(form: Result<&Form, &Repeated>, console: &Console) -> Result<Self, Refusal> {
        let form = form.map_err(|_| Refusal::Stay)?;
        if form.get("client_id") != Some(console.id) {
            return Err(Refusal::Stay);
        }
        let redirect_uri = form.get("redirect_uri").ok_or(Refusal::Stay)?;
        let url = console.redirect(redirect_uri).ok_or(Refusal::Stay)?;
        let back = Back {
            url,
            state: form.get("state").map(str::to_owned),
        };
        match Self::terms(form, console) {
            Ok((scope, challenge, prompt)) => Ok(Self {
                back,
                redirect_uri: redirect_uri.to_owned(),
                scope,
                nonce: form.get("nonce").map(str::to_owned),
                challenge,
                prompt,
            }),
            Err(error) => Err(Refusal::Back(back, error)),
        }
    }

    fn terms(
        form: &Form,
        console: &Console,
    ) -> Result<(String, Option<String>, Prompt), OauthError> {
        match form.get("response_type") {
            Some("code") => {}
            Some(_) => return Err(OauthError::UnsupportedResponseType),
            None => return Err(OauthError::InvalidRequest),
        }
        let challenge = match (
            form.get("code_challenge"),
            form.get("code_challenge_method"),
        ) {
            // Cognito asks no client for it.
            (None, None) => None,
            // The base64url form of a SHA-256 (RFC 7636, section 4.2). Cognito has no `plain`.
            (Some(challenge), Some("S256")) if challenge.len() == 43 => Some(challenge.to_owned()),
            (Some(_), _) | (None, Some(_)) => return Err(OauthError::InvalidRequest),
        };
        let scope = console
            .scope(form.get("scope"))
            .ok_or(OauthError::InvalidScope)?;
        let prompt = match form.get("prompt") {
            None => Prompt::IfNeeded,
            Some("none") => Prompt::Never,
            Some("login") => Prompt::Always,
            Some(_) => return Err(OauthError::InvalidRequest),
        };
        Ok((scope, challenge, prompt))
    }

    /// Back to the console with a code.
    fn grant(self, service: &Service, session: Session, cookies: &[String]) -> Response {
        let code = Code {
            grant: Grant::new(session, self.scope, self.nonce),
            redirect_uri: self.redirect_uri,
            challenge: self.challenge,
        };
        let code = service.pool.issue_code(code, clock::now());
        self.back.with("code", &code, cookies)
    }
}

impl Back {
    fn with(mut self, name: &str, value: &str, cookies: &[String]) -> Response {
        {
            let mut query = self.url.query_pairs_mut();
            query.append_pair(name, value);
            if let Some(state) = &self.state {
                query.append_pair("state", state);
            }
        }
        found(self.url.as_str(), cookies)
    }
}

impl Refusal {
    fn answer(self) -> Response {
        match self {
            Self::Stay => page::error(),
            Self::Back(back, error) => back.with("error", error.code(), &[]),
        }
    }
}

pub(super) async fn authorize(State(service): State<Arc<Service>>, request: Request) -> Response {
    let form = query(&request);
    let authorization = match Authorization::parse(form.as_ref(), &service.pool.console) {
        Ok(authorization) => authorization,
        Err(refusal) => return refusal.answer(),
    };
    let session = cookie(request.headers(), SESSION_COOKIE)
        .and_then(|cookie| service.pool.session(cookie, clock::now()));
    match (session, &authorization.prompt) {
        (Some(session), Prompt::IfNeeded | Prompt::Never) => {
            authorization.grant(&service, session, &[])
        }
        (None, Prompt::Never) => {
            Refusal::Back(authorization.back, OauthError::LoginRequired).answer()
        }
        (None, Prompt::IfNeeded) | (_, Prompt::Always) => {
            let query = form.map(|form| form.encoded()).unwrap_or_default();
            found(&format!("/login?{query}"), &[])
        }
    }
}

/// Shows the sign-in page.
pub(super) async fn show(State(service): State<Arc<Service>>, request: Request) -> Response {
    let form = query(&request);
    match Authorization::parse(form.as_ref(), &service.pool.console) {
        Ok(authorization) => {
            let form = form.unwrap_or_default();
            sign_in_page(&form, &authorization, form.get("login_hint"), None)
        }
        Err(refusal) => refusal.answer(),
    }
}

/// Takes the filled-in sign-in page.
pub(super) async fn sign_in(State(service): State<Arc<Service>>, request: Request) -> Response {
    let terms = query(&request);
    let authorization = match Authorization::parse(terms.as_ref(), &service.pool.console) {
        Ok(authorization) => authorization,
        Err(refusal) => return refusal.answer(),
    };
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, MAX_FORM).await.ok();
    let Some(form) = body.and_then(|body| Form::parse(&body).ok()) else {
        return page::error();
    };
    let terms = terms.unwrap_or_default();
    let (name, password) = (form.get("username"), form.get("password"));
    if !is_same_browser(&head.headers, &form) {
        return sign_in_page(&terms, &authorization, name, Some(Problem::Stale));
    }
    let now = clock::now();
    let session = service
        .pool
        .sign_in(name.unwrap_or(""), password.unwrap_or(""), now);
    let Some(session) = session else {
        return sign_in_page(&terms, &authorization, name, Some(Problem::WrongPassword));
    };
    let opened = service.pool.open_session(session.clone(), now);
    let cookies = [set(SESSION_COOKIE, &opened), clear(CSRF_COOKIE)];
    authorization.grant(&service, session, &cookies)
}

/// Ends the browser's session, then goes to a registered sign-out address or to a new sign-in.
pub(super) async fn logout(State(service): State<Arc<Service>>, request: Request) -> Response {
    let Ok(form) = query(&request) else {
        return page::error();
    };
    let console = &service.pool.console;
    if form.get("client_id") != Some(console.id) {
        return page::error();
    }
    let next = match (form.get("logout_uri"), form.get("redirect_uri")) {
        (Some(uri), None) => console.logout(uri).map(String::from),
        (None, Some(uri)) => {
            let registered = console.redirect(uri).is_some();
            registered.then(|| format!("/oauth2/authorize?{}", form.encoded()))
        }
        (Some(_), Some(_)) | (None, None) => None,
    };
    let Some(next) = next else {
        return page::error();
    };
    if let Some(cookie) = cookie(request.headers(), SESSION_COOKIE) {
        service.pool.close_session(cookie, clock::now());
    }
    found(&next, &[clear(SESSION_COOKIE)])
}

fn sign_in_page(
    form: &Form,
    authorization: &Authorization,
    name: Option<&str>,
    problem: Option<Problem>,
) -> Response {
    let csrf = random::secret();
    let cookies = [set(CSRF_COOKIE, &csrf)];
    let status = if problem.is_some() {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    };
    let name = name.filter(|name| is_name(name));
    page::sign_in(
        status,
        &form.encoded(),
        &csrf,
        name.unwrap_or_default(),
        &authorization.back.url,
        problem,
        &cookies,
    )
}

/// A name comes from a stranger and stands on the page, so only what needs no escape is one.
fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._@+-".contains(&byte);
    (1..=128).contains(&name.len()) && name.bytes().all(plain)
}

/// The form must repeat the cookie: another site can send a form, but knows neither.
fn is_same_browser(headers: &HeaderMap, form: &Form) -> bool {
    let (Some(ours), Some(theirs)) = (cookie(headers, CSRF_COOKIE), form.get("_csrf")) else {
        return false;
    };
    constant_time::verify_slices_are_equal(ours.as_bytes(), theirs.as_bytes()).is_ok()
}

fn query(request: &Request) -> Result<Form, Repeated> {
    Form::parse(request.uri().query().unwrap_or("").as_bytes())
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value)
}

/// No `Secure`: this is plain HTTP on loopback. `Lax`, so that the console's link to the sign-in
/// still finds the session.
fn set(name: &str, value: &str) -> String {
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax")
}

fn clear(name: &str) -> String {
    format!("{name}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0")
}
