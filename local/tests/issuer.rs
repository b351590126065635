//! The issuer as its clients see it: a browser, the console, a program, a verifier.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail by panic"
)]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use aws_lc_rs::digest;
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use local::issuer::{Document, Fault, Issuer, IssuerSettings, UserSettings};
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

const CALLBACK: &str = "http://localhost:43210/callback";
const VERIFIER: &str = "a-verifier-of-at-least-forty-three-characters";
const FORM: &str = "application/x-www-form-urlencoded";

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    fn location(&self) -> Url {
        let location = self.headers["location"].to_str().unwrap();
        Url::parse("http://relative.test/")
            .unwrap()
            .join(location)
            .unwrap()
    }

    fn parameter(&self, name: &str) -> Option<String> {
        let location = self.location();
        let mut pairs = location.query_pairs();
        pairs
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.into_owned())
    }

    fn error(&self) -> (u16, Value) {
        (self.status.as_u16(), self.json()["error"].clone())
    }
}

/// Keeps cookies and follows nothing.
struct Browser<'a> {
    issuer: &'a Issuer,
    client: Client<HttpConnector, Full<Bytes>>,
    cookies: BTreeMap<String, String>,
}

impl<'a> Browser<'a> {
    fn new(issuer: &'a Issuer) -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self {
            issuer,
            client,
            cookies: BTreeMap::new(),
        }
    }

    async fn send(&mut self, request: http::request::Builder, body: String) -> Answer {
        self.try_send(request, body).await.unwrap()
    }

    async fn try_send(
        &mut self,
        request: http::request::Builder,
        body: String,
    ) -> Result<Answer, hyper_util::client::legacy::Error> {
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = request.header("cookie", cookies.join("; "));
        let answer = self
            .client
            .request(request.body(Full::from(body)).unwrap())
            .await?;
        let (head, body) = answer.into_parts();
        for cookie in head.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            assert!(
                cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"),
                "{cookie}"
            );
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let body = body.collect().await.unwrap().to_bytes();
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body,
        })
    }

    async fn get(&mut self, path_or_url: &str) -> Answer {
        let url = Url::parse(self.issuer.domain())
            .unwrap()
            .join(path_or_url)
            .unwrap();
        self.send(Request::get(url.as_str()), String::new()).await
    }

    async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.post_with(path, form, &[]).await
    }

    async fn post_with(
        &mut self,
        path: &str,
        form: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Answer {
        let request = Request::post(format!("{}{path}", self.issuer.domain()));
        let request = request.header("content-type", FORM);
        let request = headers.iter().fold(request, |request, (name, value)| {
            request.header(*name, *value)
        });
        self.send(request, encoded(form)).await
    }

    /// Fills in the sign-in page at `path`.
    async fn sign_in(&mut self, path: &str, user: &str, password: &str) -> Answer {
        let page = self.get(path).await;
        assert_eq!(page.status, StatusCode::OK);
        let csrf = page.text().split("name=\"_csrf\" value=\"").nth(1).unwrap();
        let csrf = csrf.split('"').next().unwrap().to_owned();
        let form = [
            ("username", user),
            ("password", password),
            ("_csrf", csrf.as_str()),
        ];
        self.post(path, &form).await
    }

    /// A code for alice, by a browser that has not been here before.
    async fn code(&mut self) -> String {
        self.cookies.clear();
        let password = self.issuer.password("alice").unwrap().to_owned();
        let path = format!("/login?{}", authorization(&[]));
        let answer = self.sign_in(&path, "alice", &password).await;
        answer.parameter("code").unwrap()
    }

    async fn redeem(&mut self, changes: &[(&str, &str)]) -> Answer {
        let client = self.issuer.console_client().to_owned();
        let form = changed(
            &[
                ("grant_type", "authorization_code"),
                ("client_id", &client),
                ("redirect_uri", CALLBACK),
                ("code_verifier", VERIFIER),
            ],
            changes,
        );
        self.post("/oauth2/token", &borrowed(&form)).await
    }

    async fn initiate_auth(&mut self, body: &Value) -> Answer {
        let request = Request::post(self.issuer.domain())
            .header("content-type", "application/x-amz-json-1.1")
            .header(
                "x-amz-target",
                "AWSCognitoIdentityProviderService.InitiateAuth",
            );
        self.send(request, body.to_string()).await
    }
}

fn encoded(form: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish()
}

fn changed(base: &[(&str, &str)], changes: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut all: BTreeMap<&str, &str> = base.iter().copied().collect();
    all.extend(changes.iter().copied());
    all.into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn borrowed(form: &[(String, String)]) -> Vec<(&str, &str)> {
    form.iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

fn challenge() -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, VERIFIER.as_bytes()))
}

/// The query of a good authorization request with these changes; an empty value takes a parameter away.
fn authorization(changes: &[(&str, &str)]) -> String {
    let challenge = challenge();
    let form = changed(
        &[
            ("response_type", "code"),
            ("client_id", "gatehouseconsole"),
            ("redirect_uri", CALLBACK),
            ("scope", "openid email gatehouse/invoke"),
            ("state", "state & more"),
            ("nonce", "nonce"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ],
        changes,
    );
    encoded(&borrowed(&form))
}

fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn claims(token: &Value) -> Value {
    part(token.as_str().unwrap(), 1)
}

fn names(claims: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = claims
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    names.sort_unstable();
    names
}

/// Whether the key that the token names in `document` signed it.
fn verifies(token: &str, document: &Value) -> bool {
    let header = part(token, 0);
    let keys = document["keys"].as_array().unwrap();
    let Some(key) = keys.iter().find(|key| key["kid"] == header["kid"]) else {
        return false;
    };
    let number = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap();
    let key = RsaPublicKeyComponents {
        n: number("n"),
        e: number("e"),
    };
    let (message, signature) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    key.verify(&RSA_PKCS1_2048_8192_SHA256, message.as_bytes(), &signature)
        .is_ok()
}

async fn issuer() -> Issuer {
    Issuer::start(IssuerSettings::default()).await.unwrap()
}

#[tokio::test]
async fn the_journey_from_sign_in_to_sign_out() {
    let issuer = issuer().await;
    let mut browser = Browser::new(&issuer);

    let to_login = browser
        .get(&format!("/oauth2/authorize?{}", authorization(&[])))
        .await;
    assert_eq!(
        (to_login.status, to_login.location().path()),
        (StatusCode::FOUND, "/login")
    );
    let location = to_login.location();
    let login = format!("/login?{}", location.query().unwrap());

    let wrong = browser.sign_in(&login, "alice", "wrong").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(wrong.text().contains("role=\"alert\""), "{}", wrong.text());

    let password = issuer.password("alice").unwrap();
    let back = browser.sign_in(&login, "alice", password).await;
    assert_eq!(back.status, StatusCode::FOUND);
    assert!(
        back.location()
            .as_str()
            .starts_with(&format!("{CALLBACK}?code="))
    );
    assert_eq!(back.parameter("state").as_deref(), Some("state & more"));

    let code = back.parameter("code").unwrap();
    let tokens = browser.redeem(&[("code", &code)]).await;
    assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.text());
    assert_eq!(tokens.headers["access-control-allow-origin"], "*");
    let tokens = tokens.json();
    let expected = [
        "access_token",
        "expires_in",
        "id_token",
        "refresh_token",
        "token_type",
    ];
    assert_eq!(names(&tokens), expected);
    assert_eq!(claims(&tokens["id_token"])["nonce"], "nonce");

    let access = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    let user_info = |access: String| {
        Request::get(format!("{}/oauth2/userInfo", issuer.domain())).header("authorization", access)
    };
    let user = browser.send(user_info(access.clone()), String::new()).await;
    assert_eq!(user.json()["sub"], issuer.subject("alice").unwrap());

    let refresh_token = tokens["refresh_token"].as_str().unwrap().to_owned();
    let console = issuer.console_client().to_owned();
    let refresh = [
        ("grant_type", "refresh_token"),
        ("client_id", console.as_str()),
        ("refresh_token", refresh_token.as_str()),
    ];
    let again = browser.post("/oauth2/token", &refresh).await.json();
    assert_eq!(
        names(&again),
        ["access_token", "expires_in", "id_token", "token_type"]
    );
    let (old, new) = (
        claims(&tokens["access_token"]),
        claims(&again["access_token"]),
    );
    assert_eq!(
        (&old["origin_jti"], &old["auth_time"]),
        (&new["origin_jti"], &new["auth_time"])
    );
    assert_ne!(old["jti"], new["jti"]);

    let revoke = [
        ("token", refresh_token.as_str()),
        ("client_id", console.as_str()),
    ];
    for _ in 0..2 {
        assert_eq!(
            browser.post("/oauth2/revoke", &revoke).await.status,
            StatusCode::OK
        );
    }
    let refused = browser.post("/oauth2/token", &refresh).await;
    assert_eq!(refused.error(), (400, json!("invalid_grant")));
    let unknown = browser.send(user_info(access), String::new()).await;
    assert_eq!(unknown.error(), (401, json!("invalid_token")));
    assert!(unknown.headers.contains_key("www-authenticate"));
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
        "/logout?client_id=other&logout_uri=http%3A%2F%2Flocalhost%2F",
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

#[tokio::test]
async fn a_code_is_for_its_client_address_and_verifier_and_for_once() {
    let issuer = issuer().await;
    let mut browser = Browser::new(&issuer);
    for (name, value, status, error) in [
        (
            "code_verifier",
            "another-verifier-of-at-least-forty-three-characters",
            400,
            "invalid_grant",
        ),
        ("code_verifier", "", 400, "invalid_request"),
        (
            "redirect_uri",
            "http://localhost:43211/callback",
            400,
            "invalid_grant",
        ),
        ("code", "another", 400, "invalid_grant"),
        ("client_id", "another", 400, "invalid_client"),
        ("client_id", "", 400, "invalid_request"),
        ("client_secret", "surplus", 400, "invalid_client"),
        ("grant_type", "", 400, "invalid_request"),
        ("grant_type", "password", 400, "unsupported_grant_type"),
        (
            "grant_type",
            "client_credentials",
            400,
            "unauthorized_client",
        ),
    ] {
        let code = browser.code().await;
        let answer = browser
            .redeem(&[("code", code.as_str()), (name, value)])
            .await;
        assert_eq!(answer.error(), (status, json!(error)), "{name}={value}");
    }
    let code = browser.code().await;
    let code = [("code", code.as_str())];
    assert_eq!(browser.redeem(&code).await.status, StatusCode::OK);
    assert_eq!(
        browser.redeem(&code).await.error(),
        (400, json!("invalid_grant"))
    );
}

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
async fn a_program_gets_a_token_for_its_secret() {
    let issuer = issuer().await;
    let mut browser = Browser::new(&issuer);
    let (id, secret) = (
        issuer.machine_client().to_owned(),
        issuer.machine_secret().to_owned(),
    );
    let basic = |secret: &str| format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
    let grant = ("grant_type", "client_credentials");
    let posted = [
        grant,
        ("client_id", id.as_str()),
        ("client_secret", secret.as_str()),
    ];

    let by_post = browser.post("/oauth2/token", &posted).await;
    let header = [("authorization", &*basic(&secret))];
    let by_header = browser.post_with("/oauth2/token", &[grant], &header).await;
    for answer in [by_post, by_header] {
        let tokens = answer.json();
        assert_eq!(names(&tokens), ["access_token", "expires_in", "token_type"]);
        let claims = claims(&tokens["access_token"]);
        let expected = [
            "auth_time",
            "client_id",
            "exp",
            "iat",
            "iss",
            "jti",
            "scope",
            "sub",
            "token_use",
            "version",
        ];
        assert_eq!(names(&claims), expected);
        assert_eq!(
            (&claims["sub"], &claims["scope"]),
            (&json!(id), &json!("gatehouse/invoke"))
        );
    }

    let refused = async |browser: &mut Browser<'_>, form: &[(&str, &str)], authorization: &str| {
        let header = [("authorization", authorization)];
        let headers = if authorization.is_empty() {
            &[][..]
        } else {
            &header[..]
        };
        browser
            .post_with("/oauth2/token", form, headers)
            .await
            .error()
    };
    let with = |name, value| [&posted[..], &[(name, value)]].concat();
    let wrong = [
        grant,
        ("client_id", id.as_str()),
        ("client_secret", "wrong"),
    ];
    let bare = [grant, ("client_id", id.as_str())];
    let browser = &mut browser;
    for (form, authorization, error) in [
        (wrong.to_vec(), "", "invalid_client"),
        (bare.to_vec(), "", "invalid_client"),
        (vec![grant], &*basic("wrong"), "invalid_client"),
        (vec![grant], "Basic !", "invalid_client"),
        (vec![grant], "Bearer token", "invalid_client"),
        (posted.to_vec(), &*basic(&secret), "invalid_request"),
        (with("scope", "openid"), "", "invalid_scope"),
        (with("aws_client_metadata", "[1]"), "", "invalid_request"),
        (with("client_id", &id), "", "invalid_request"),
    ] {
        let found = refused(browser, &form, authorization).await;
        assert_eq!(found, (400, json!(error)), "{form:?} {authorization}");
    }
    let metadata = with("aws_client_metadata", "{\"user_token\":\"a\"}");
    assert_eq!(
        browser.post("/oauth2/token", &metadata).await.status,
        StatusCode::OK
    );
    let request = Request::post(format!("{}/oauth2/token", issuer.domain()));
    let untyped = browser.send(request, encoded(&posted)).await;
    assert_eq!(untyped.error(), (400, json!("invalid_request")));
}

#[tokio::test]
async fn only_a_refresh_token_of_a_known_client_is_revoked() {
    let issuer = issuer().await;
    let mut browser = Browser::new(&issuer);
    let access = issuer.access_token("alice").unwrap();
    let client = ("client_id", "gatehouseconsole");
    for (form, expected) in [
        (
            vec![client, ("token", access.as_str())],
            (400, json!("unsupported_token_type")),
        ),
        (vec![client], (400, json!("invalid_request"))),
        (
            vec![("client_id", "another"), ("token", "a")],
            (401, json!("invalid_client")),
        ),
    ] {
        assert_eq!(
            browser.post("/oauth2/revoke", &form).await.error(),
            expected,
            "{form:?}"
        );
    }
}

#[tokio::test]
async fn a_command_line_signs_in_without_a_browser() {
    let issuer = issuer().await;
    let mut browser = Browser::new(&issuer);
    let password = issuer.password("bob").unwrap();
    let auth = |client: &str, flow: &str, user: &str, password: &str| {
        json!({
            "AuthFlow": flow,
            "ClientId": client,
            "AuthParameters": { "USERNAME": user, "PASSWORD": password },
        })
    };
    let good = auth("gatehouseconsole", "USER_PASSWORD_AUTH", "bob", password);
    let tokens = browser.initiate_auth(&good).await.json()["AuthenticationResult"].clone();
    assert_eq!(tokens["TokenType"], "Bearer");
    let access = claims(&tokens["AccessToken"]);
    let expected = [
        "auth_time",
        "client_id",
        "cognito:groups",
        "event_id",
        "exp",
        "iat",
        "iss",
        "jti",
        "origin_jti",
        "scope",
        "sub",
        "token_use",
        "username",
        "version",
    ];
    assert_eq!(names(&access), expected);
    assert_eq!(access["scope"], "aws.cognito.signin.user.admin");
    assert_eq!(access["cognito:groups"], json!(["guest", "staff"]));
    assert_eq!(claims(&tokens["IdToken"])["cognito:username"], "bob");

    let refresh = json!({
        "AuthFlow": "REFRESH_TOKEN_AUTH",
        "ClientId": "gatehouseconsole",
        "AuthParameters": { "REFRESH_TOKEN": tokens["RefreshToken"] },
    });
    let again = browser.initiate_auth(&refresh).await.json()["AuthenticationResult"].clone();
    assert_eq!(
        names(&again),
        ["AccessToken", "ExpiresIn", "IdToken", "TokenType"]
    );
    assert_eq!(
        claims(&again["AccessToken"])["sub"],
        issuer.subject("bob").unwrap()
    );

    let flow = "USER_PASSWORD_AUTH";
    for (body, error) in [
        (
            auth("gatehouseconsole", flow, "bob", "wrong"),
            "NotAuthorizedException",
        ),
        (
            auth("gatehouseconsole", flow, "nobody", password),
            "NotAuthorizedException",
        ),
        (
            auth("another", flow, "bob", password),
            "ResourceNotFoundException",
        ),
        (
            auth("gatehousemachine", flow, "bob", password),
            "InvalidParameterException",
        ),
        (
            auth("gatehouseconsole", "CUSTOM_AUTH", "bob", password),
            "InvalidParameterException",
        ),
        (
            json!({ "AuthFlow": flow, "ClientId": "gatehouseconsole" }),
            "InvalidParameterException",
        ),
        (json!([]), "InvalidParameterException"),
    ] {
        let answer = browser.initiate_auth(&body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{error}");
        assert_eq!(answer.json()["__type"], error);
        assert_eq!(answer.headers["x-amzn-errortype"], error);
    }
    let other = Request::post(issuer.domain())
        .header("x-amz-target", "AWSCognitoIdentityProviderService.SignUp");
    let answer = browser.send(other, "{}".to_owned()).await;
    assert_eq!(answer.json()["__type"], "UnknownOperationException");
}

#[tokio::test]
async fn the_documents_lead_to_keys_that_verify_its_tokens() {
    let issuer = issuer().await;
    let mut browser = Browser::new(&issuer);
    let discovery = browser.get(&issuer.discovery_url()).await.json();
    assert_eq!(discovery["issuer"], issuer.url());
    let keys_url = discovery["jwks_uri"].as_str().unwrap().to_owned();
    assert_eq!(keys_url, format!("{}/.well-known/jwks.json", issuer.url()));
    let keys = browser.get(&keys_url).await.json();
    assert_eq!(keys["keys"].as_array().unwrap().len(), 2);
    for key in keys["keys"].as_array().unwrap() {
        assert_eq!(names(key), ["alg", "e", "kid", "kty", "n", "use"]);
    }

    let code = browser.code().await;
    let tokens = browser.redeem(&[("code", &code)]).await.json();
    let (access, id) = (
        tokens["access_token"].as_str().unwrap(),
        tokens["id_token"].as_str().unwrap(),
    );
    assert!(verifies(access, &keys) && verifies(id, &keys));
    assert_ne!(
        part(access, 0)["kid"],
        part(id, 0)["kid"],
        "each use has its own key"
    );
    let expected = [
        "aud",
        "auth_time",
        "cognito:groups",
        "cognito:username",
        "email",
        "email_verified",
        "event_id",
        "exp",
        "iat",
        "iss",
        "jti",
        "nonce",
        "origin_jti",
        "sub",
        "token_use",
    ];
    assert_eq!(names(&part(id, 1)), expected);
    let claims = part(access, 1);
    assert_eq!(
        (&claims["iss"], &claims["token_use"]),
        (&json!(issuer.url()), &json!("access"))
    );
    assert_eq!(
        claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(),
        3600
    );
    assert_eq!(claims["scope"], "openid email gatehouse/invoke");

    let mut forged = issuer.access_claims("bob").unwrap();
    forged["username"] = json!("alice");
    let forged = issuer.sign(&issuer.access_header(), &forged).unwrap();
    assert!(verifies(&forged, &keys));
    assert!(verifies(&issuer.machine_token(None).unwrap(), &keys));
    assert!(
        issuer.machine_token(Some("openid")).is_err() && issuer.access_token("nobody").is_err()
    );
}

#[tokio::test]
async fn keys_rotate_and_the_last_access_key_stays() {
    let issuer = issuer().await;
    let mut browser = Browser::new(&issuer);
    let url = format!("{}/.well-known/jwks.json", issuer.url());
    let first = issuer.access_token("alice").unwrap();
    issuer.rotate_keys().await.unwrap();
    let second = issuer.access_token("alice").unwrap();
    assert_ne!(part(&first, 0)["kid"], part(&second, 0)["kid"]);
    let keys = browser.get(&url).await.json();
    assert!(verifies(&first, &keys) && verifies(&second, &keys));
    issuer.rotate_keys().await.unwrap();
    let keys = browser.get(&url).await.json();
    assert!(!verifies(&first, &keys) && verifies(&second, &keys));
}

#[tokio::test]
async fn documents_are_counted_and_fail_on_demand() {
    let issuer = issuer().await;
    let mut browser = Browser::new(&issuer);
    let url = format!("{}/.well-known/jwks.json", issuer.url());
    let fetches = || {
        (
            issuer.fetches(Document::Keys),
            issuer.fetches(Document::Discovery),
        )
    };
    assert_eq!(fetches(), (0, 0));
    browser.get(&issuer.discovery_url()).await;
    browser.get(&url).await;
    assert_eq!(fetches(), (1, 1));

    issuer.set_fault(Document::Keys, Some(Fault::Down));
    assert!(
        browser
            .try_send(Request::get(&url), String::new())
            .await
            .is_err()
    );
    issuer.set_fault(
        Document::Keys,
        Some(Fault::Body(Bytes::from_static(b"{\"keys\":1}"))),
    );
    let lie = browser.get(&url).await;
    assert_eq!((lie.status, lie.text()), (StatusCode::OK, "{\"keys\":1}"));
    issuer.set_fault(Document::Keys, Some(Fault::Status(StatusCode::BAD_GATEWAY)));
    assert_eq!(browser.get(&url).await.status, StatusCode::BAD_GATEWAY);
    issuer.set_fault(
        Document::Keys,
        Some(Fault::Redirect("http://elsewhere.test/".to_owned())),
    );
    assert_eq!(
        browser.get(&url).await.location().as_str(),
        "http://elsewhere.test/"
    );
    let delay = Duration::from_millis(150);
    issuer.set_fault(Document::Keys, Some(Fault::Slow(delay)));
    let asked = Instant::now();
    assert_eq!(browser.get(&url).await.status, StatusCode::OK);
    assert!(asked.elapsed() >= delay);
    assert_eq!(
        browser.get(&issuer.discovery_url()).await.status,
        StatusCode::OK
    );
    issuer.set_fault(Document::Keys, None);
    assert_eq!(
        browser.get(&url).await.json()["keys"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test]
async fn users_and_addresses_come_from_the_settings() {
    let carol = UserSettings {
        password: Some("fixed".to_owned()),
        ..UserSettings::new("carol", &[])
    };
    let settings = IssuerSettings {
        users: vec![carol],
        token_lifetime_seconds: 300,
        ..IssuerSettings::default()
    };
    let issuer = Issuer::start(settings).await.unwrap();
    assert_eq!(
        (issuer.password("carol"), issuer.password("alice")),
        (Some("fixed"), None)
    );
    let claims = issuer.access_claims("carol").unwrap();
    assert_eq!(claims.get("cognito:groups"), None);
    assert_eq!(
        claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(),
        300
    );

    let redirect_uris = vec!["not a url".to_owned()];
    let settings = IssuerSettings {
        redirect_uris,
        ..IssuerSettings::default()
    };
    let error = Issuer::start(settings).await.err().unwrap();
    assert_eq!(
        error.to_string(),
        "`not a url` is not a URL to send a browser to"
    );
}
