//! The two pages a person may see. They have no script, and their one style is named in their policy by its hash.

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, StatusCode};
use url::Url;

use super::answer::{answer, set_cookies};

const STYLE: &str = include_str!("page.css");
/// The console's mark.
const MARK: &str = "<svg viewBox=\"0 0 32 32\" aria-hidden=\"true\"><rect width=\"32\" height=\"32\" rx=\"7\"/>\
<path d=\"M8 26V14a8 8 0 0 1 16 0v12h-4V14a4 4 0 0 0-8 0v12z\"/></svg>";

/// The style as a policy names it (Content Security Policy Level 3, section 2.3.1, `hash-source`).
static STYLE_HASH: LazyLock<String> =
    LazyLock::new(|| STANDARD.encode(digest(&SHA256, STYLE.as_bytes())));

/// Why the form is shown again.
#[derive(Clone, Copy)]
pub(super) enum Problem {
    /// Cognito does not say which of the two is wrong.
    WrongPassword,
    /// The form does not repeat the cookie of this browser.
    Stale,
}

impl Problem {
    /// What happened, and what to do next.
    const fn text(self) -> (&'static str, &'static str) {
        match self {
            Self::WrongPassword => (
                "The username or the password is wrong.",
                "The local stack printed both when it started.",
            ),
            Self::Stale => (
                "This page was open for too long, or your browser keeps no cookies.",
                "Type your name and password again.",
            ),
        }
    }

    fn html(self) -> String {
        let (happened, next) = self.text();
        format!("<p role=\"alert\" id=\"problem\"><strong>{happened}</strong> {next}</p>")
    }
}

/// The sign-in form. `query` is percent-encoded and goes back with the form; `name` is one of plain letters, which the form
/// has filled in. Nothing else of a stranger's is on the page.
pub(super) fn sign_in(
    status: StatusCode,
    query: &str,
    csrf: &str,
    name: &str,
    next: &Url,
    problem: Option<Problem>,
    cookies: &[String],
) -> Response {
    let (title, about) = match problem {
        // The title is what a screen reader says first.
        Some(_) => (
            "Error: sign in",
            "aria-invalid=\"true\" aria-describedby=\"problem\"",
        ),
        None => ("Sign in", ""),
    };
    let problem = problem.map(Problem::html).unwrap_or_default();
    // Who is named already types a password next.
    let [name_first, password_first] = match name {
        "" => ["autofocus", ""],
        _ => ["", "autofocus"],
    };
    let main = format!(
        "<h1>Sign in</h1>{problem}\
<form method=\"post\" action=\"/login?{query}\">\
<input type=\"hidden\" name=\"_csrf\" value=\"{csrf}\">\
<label for=\"username\">Username</label>\
<input id=\"username\" name=\"username\" autocomplete=\"username\" autocapitalize=\"none\" \
spellcheck=\"false\" value=\"{name}\" {about} required {name_first}>\
<label for=\"password\">Password</label>\
<input id=\"password\" name=\"password\" type=\"password\" \
autocomplete=\"current-password\" {about} required {password_first}>\
<button type=\"submit\">Sign in</button></form>\
<p class=\"faint\">This is the sign-in page of the local stack, in the place of the user pool&#39;s. Its users, alice and \
bob, are of this machine alone.</p>",
        query = query.replace('&', "&amp;"),
    );
    // Browsers apply form-action to the redirect after the form as well, so the console's address
    // is part of it.
    let mut response = page(status, title, &main, &next.origin().ascii_serialization());
    set_cookies(&mut response, cookies);
    response
}

/// For a request that came from no client of ours. It does not say which part was wrong.
pub(super) fn error() -> Response {
    let main = "<h1>This request cannot be answered</h1>\
<p role=\"alert\"><strong>The application that sent you here is not known, or its address is not registered.</strong> \
Go back and begin again.</p>\
<p class=\"faint\">Of an application of your own, register the address: <code>local --return-url URL</code>.</p>";
    page(StatusCode::BAD_REQUEST, "Error", main, "'none'")
}

fn page(status: StatusCode, title: &str, main: &str, form_target: &str) -> Response {
    let body = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
<title>{title} - Gatehouse local</title><style>{STYLE}</style></head>\
<body><main>{MARK}{main}</main></body></html>"
    );
    let mut response = answer(status, "text/html; charset=utf-8", body);
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; frame-ancestors 'none'; \
         form-action 'self' {form_target}",
        *STYLE_HASH
    );
    let headers = response.headers_mut();
    let strictest = HeaderValue::from_static("default-src 'none'");
    let policy = HeaderValue::from_str(&policy).unwrap_or(strictest);
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
