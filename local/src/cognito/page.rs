//! The two pages a person may see.

use axum::response::Response;
use http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, StatusCode};
use url::Url;

use super::answer::{answer, set_cookies};

const STYLE: &str = "\
:root{color-scheme:light dark;font:1rem/1.5 system-ui,sans-serif}\
body{margin:0;min-height:100vh;display:grid;place-items:center}\
main{width:min(22rem,90vw)}\
h1{font-size:1.5rem;margin:0 0 1rem}\
label{display:block;margin:1rem 0 .25rem}\
input,button{box-sizing:border-box;width:100%;font:inherit;padding:.6rem;\
border:1px solid #767676;border-radius:.3rem}\
button{margin-top:1.5rem;background:#0b57d0;color:#fff;border-color:#0b57d0;cursor:pointer}\
:focus-visible{outline:3px solid #f29900;outline-offset:2px}\
[role=alert]{border-left:4px solid #c5221f;padding:.25rem .75rem;margin:0}";

/// The sign-in form. `query` is percent-encoded and goes back with the form; `hint` is a name of plain letters, which the form
/// has filled in. Nothing else of a stranger's is on the page.
pub(super) fn sign_in(
    status: StatusCode,
    query: &str,
    csrf: &str,
    hint: &str,
    next: &Url,
    problem: Option<&str>,
    cookies: &[String],
) -> Response {
    let problem = problem.map(|text| format!("<p role=\"alert\">{text}</p>"));
    let problem = problem.unwrap_or_default();
    // Who is named already types a password next.
    let [name_first, password_first] = match hint {
        "" => ["autofocus", ""],
        _ => ["", "autofocus"],
    };
    let main = format!(
        "<h1>Sign in</h1>{problem}\
<form method=\"post\" action=\"/login?{query}\">\
<input type=\"hidden\" name=\"_csrf\" value=\"{csrf}\">\
<label for=\"username\">Username</label>\
<input id=\"username\" name=\"username\" autocomplete=\"username\" autocapitalize=\"none\" \
spellcheck=\"false\" value=\"{hint}\" required {name_first}>\
<label for=\"password\">Password</label>\
<input id=\"password\" name=\"password\" type=\"password\" \
autocomplete=\"current-password\" required {password_first}>\
<button type=\"submit\">Sign in</button></form>",
        query = query.replace('&', "&amp;"),
    );
    // Browsers apply form-action to the redirect after the form as well, so the console's address
    // is part of it.
    let mut response = page(
        status,
        "Sign in",
        &main,
        &next.origin().ascii_serialization(),
    );
    set_cookies(&mut response, cookies);
    response
}

/// For a request that came from no client of ours. It does not say which part was wrong.
pub(super) fn error() -> Response {
    let main = "<h1>This request cannot be answered</h1>\
<p>The application that sent you here is not known, or its address is not registered.</p>";
    page(StatusCode::BAD_REQUEST, "Error", main, "'none'")
}

fn page(status: StatusCode, title: &str, main: &str, form_target: &str) -> Response {
    let body = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
<title>{title} - Gatehouse local</title><style>{STYLE}</style></head>\
<body><main>{main}</main></body></html>"
    );
    let mut response = answer(status, "text/html; charset=utf-8", body);
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; \
         form-action 'self' {form_target}"
    );
    let headers = response.headers_mut();
    let strictest = HeaderValue::from_static("default-src 'none'");
    let policy = HeaderValue::from_str(&policy).unwrap_or(strictest);
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
