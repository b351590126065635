//! The authorization request, the sign-in page and the session, as a person meets them.

use http::StatusCode;

use crate::browser::{Browser, authorization};
use crate::issuer;

#[tokio::test]
async fn an_authorization_request_is_checked_before_the_browser_is_sent_anywhere() {
    let issuer = issuer().await;
    let mut browser = Browser::new(&issuer);
    for path in ["/oauth2/authorize", "/login"] {
        for (name, value) in [
            ("client_id", "another"),
            ("client_id", "gatehousemachine"),
            ("redirect_uri", "http://localhost.evil.test/callback"),
            ("redirect_uri", "http://localhost:43210/other"),
            ("redirect_uri", "http://localhost:43211/callback"),
            ("redirect_uri", "http://localhost/callback"),
            ("redirect_uri", "http://localhost:43210/callback/"),
            ("redirect_uri", ""),
        ] {
            let answer = browser
                .get(&format!("{path}?{}", authorization(&[(name, value)])))
                .await;
            assert_eq!(
                answer.status,
                StatusCode::BAD_REQUEST,
                "{path} {name}={value}"
            );
            assert!(
                !answer.headers.contains_key("location"),
                "{path} {name}={value}"
            );
        }
        let twice = format!("{path}?{}&state=other", authorization(&[]));
        assert_eq!(browser.get(&twice).await.status, StatusCode::BAD_REQUEST);
        for (name, value, error) in [
            ("response_type", "token", "unsupported_response_type"),
            ("response_type", "", "invalid_request"),
            ("code_challenge", "", "invalid_request"),
            ("code_challenge", "short", "invalid_request"),
            ("code_challenge_method", "plain", "invalid_request"),
            ("code_challenge_method", "", "invalid_request"),
            ("scope", "openid other/scope", "invalid_scope"),
            ("prompt", "consent", "invalid_request"),
        ] {
            let answer = browser
                .get(&format!("{path}?{}", authorization(&[(name, value)])))
                .await;
            let found = answer.parameter("error");
            assert_eq!(found.as_deref(), Some(error), "{path} {name}={value}");
            assert_eq!(answer.location().host_str(), Some("localhost"));
            assert_eq!(answer.parameter("code"), None);
        }
    }
}

#[tokio::test]
async fn a_hint_fills_in_the_name_and_nothing_else() {
    let issuer = issuer().await;
    let mut browser = Browser::new(&issuer);
    for (hint, value) in [
        ("alice", "value=\"alice\""),
        ("a.b+c@example.com", "value=\"a.b+c@example.com\""),
        ("\"><script>", "value=\"\""),
        ("alice bob", "value=\"\""),
        ("", "value=\"\""),
    ] {
        let login = format!("/login?{}", authorization(&[("login_hint", hint)]));
        let page = browser.get(&login).await;
        assert!(page.text().contains(value), "{hint}: {}", page.text());
        assert!(!page.text().contains("<script"), "{hint}");
    }
}

#[tokio::test]
async fn the_page_is_for_the_browser_that_asked_for_it() {
    let issuer = issuer().await;
    let mut browser = Browser::new(&issuer);
    let login = format!("/login?{}", authorization(&[]));
    let page = browser.get(&login).await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'none'"));
    assert!(
        !page.text().contains("state & more"),
        "the request's words stay encoded"
    );
    let password = issuer.password("alice").unwrap();
    for csrf in ["", "guessed"] {
        let form = [
            ("username", "alice"),
            ("password", password),
            ("_csrf", csrf),
        ];
        let answer = browser.post(&login, &form).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{csrf}");
        assert!(!browser.cookies.contains_key("cognito"), "{csrf}");
    }
}

#[tokio::test]
async fn a_session_spares_the_page_until_sign_out() {
    let issuer = issuer().await;
    let mut browser = Browser::new(&issuer);
    let silent = format!("/oauth2/authorize?{}", authorization(&[("prompt", "none")]));
    let stranger = browser.get(&silent).await;
    assert_eq!(
        stranger.parameter("error").as_deref(),
        Some("login_required")
    );
    assert_eq!(stranger.parameter("state").as_deref(), Some("state & more"));

    browser.code().await;
    assert!(browser.get(&silent).await.parameter("code").is_some());
    let insisting = format!(
        "/oauth2/authorize?{}",
        authorization(&[("prompt", "login")])
    );
    assert_eq!(browser.get(&insisting).await.location().path(), "/login");

    for bad in [
        "/logout?client_id=gatehouseconsole&logout_uri=http%3A%2F%2Fevil.test%2F",
        "/logout?client_id=gatehouseconsole&logout_uri=http%3A%2F%2Flocalhost%3A43211%2F",
        "/logout?client_id=gatehouseconsole&logout_uri=http%3A%2F%2Flocalhost%3A43210%2Fother",
        "/logout?client_id=other&logout_uri=http%3A%2F%2Flocalhost%3A43210%2F",
        "/logout?client_id=gatehouseconsole",
    ] {
        assert_eq!(
            browser.get(bad).await.status,
            StatusCode::BAD_REQUEST,
            "{bad}"
        );
    }
    assert!(
        browser.get(&silent).await.parameter("code").is_some(),
        "still signed in"
    );
    let session = browser.cookies["cognito"].clone();
    let out = "/logout?client_id=gatehouseconsole&logout_uri=http%3A%2F%2Flocalhost%3A43210%2F";
    assert_eq!(
        browser.get(out).await.location().as_str(),
        "http://localhost:43210/"
    );
    // The cookie is dead at the issuer, not only forgotten by the browser.
    browser.cookies.insert("cognito".to_owned(), session);
    let after = browser.get(&silent).await;
    assert_eq!(after.parameter("error").as_deref(), Some("login_required"));

    let anew = format!("/logout?{}", authorization(&[]));
    assert_eq!(
        browser.get(&anew).await.location().path(),
        "/oauth2/authorize"
    );
}
