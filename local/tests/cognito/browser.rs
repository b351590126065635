//! A browser that keeps cookies and follows nothing; also the console's back channel.

use std::collections::BTreeMap;

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use local::cognito::Issuer;
use serde_json::Value;
use url::{Url, form_urlencoded};

pub(crate) const CALLBACK: &str = "http://localhost:43210/callback";
pub(crate) const VERIFIER: &str = "a-verifier-of-at-least-forty-three-characters";
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn location(&self) -> Url {
        let location = self.headers["location"].to_str().unwrap();
        Url::parse("http://relative.test/")
            .unwrap()
            .join(location)
            .unwrap()
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let location = self.location();
        let mut pairs = location.query_pairs();
        pairs
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.into_owned())
    }

    pub(crate) fn error(&self) -> (u16, Value) {
        (self.status.as_u16(), self.json()["error"].clone())
    }
}

/// Keeps cookies and follows nothing.
pub(crate) struct Browser<'a> {
    pub(crate) issuer: &'a Issuer,
    client: Client<HttpConnector, Full<Bytes>>,
    pub(crate) cookies: BTreeMap<String, String>,
}

impl<'a> Browser<'a> {
    pub(crate) fn new(issuer: &'a Issuer) -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self {
            issuer,
            client,
            cookies: BTreeMap::new(),
        }
    }

    pub(crate) async fn send(&mut self, request: http::request::Builder, body: String) -> Answer {
        self.try_send(request, body).await.unwrap()
    }

    pub(crate) async fn try_send(
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

    pub(crate) async fn get(&mut self, path_or_url: &str) -> Answer {
        let url = Url::parse(self.issuer.domain())
            .unwrap()
            .join(path_or_url)
            .unwrap();
        self.send(Request::get(url.as_str()), String::new()).await
    }

    pub(crate) async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.post_with(path, form, &[]).await
    }

    pub(crate) async fn post_with(
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
    pub(crate) async fn sign_in(&mut self, path: &str, user: &str, password: &str) -> Answer {
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
    pub(crate) async fn code(&mut self) -> String {
        self.cookies.clear();
        let password = self.issuer.password("alice").unwrap().to_owned();
        let path = format!("/login?{}", authorization(&[]));
        let answer = self.sign_in(&path, "alice", &password).await;
        answer.parameter("code").unwrap()
    }

    pub(crate) async fn redeem(&mut self, changes: &[(&str, &str)]) -> Answer {
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
}

pub(crate) fn encoded(form: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish()
}

pub(crate) fn changed(base: &[(&str, &str)], changes: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut all: BTreeMap<&str, &str> = base.iter().copied().collect();
    all.extend(changes.iter().copied());
    all.into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

pub(crate) fn borrowed(form: &[(String, String)]) -> Vec<(&str, &str)> {
    form.iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

pub(crate) fn challenge() -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, VERIFIER.as_bytes()))
}

/// The query of a good authorization request with these changes; an empty value takes a parameter
/// away.
pub(crate) fn authorization(changes: &[(&str, &str)]) -> String {
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
