//! HTTP client: bounded answers, no redirects, system proxies and certificates, and none of either on this machine.

use std::error::Error as _;
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Method, RequestBuilder, Response};
use serde_json::Value;
use shared::secret::Secret;
use shared::version;
use url::Url;

use crate::failure::Failure;
use crate::log::line::shown;
use crate::speak::door::is_loopback;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// For metadata and tokens.
const SHORT_TIMEOUT: Duration = Duration::from_secs(20);
/// The longest that API Gateway lets a stream be silent, and some: the door itself ends one sooner.
const READ_TIMEOUT: Duration = Duration::from_secs(330);
/// Metadata and token answers have a few kilobytes.
const MAX_SHORT: usize = 1024 * 1024;

/// A client for other machines, and one for this machine.
pub(crate) struct Web {
    far: Client,
    near: Client,
}

/// A complete answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) const fn is_good(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    pub(crate) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

impl Web {
    pub(crate) fn new() -> Result<Self, Failure> {
        let far = build(Client::builder())?;
        // What is for this machine must not be sent to an HTTP proxy.
        let near = build(Client::builder().no_proxy())?;
        Ok(Self { far, near })
    }

    fn client(&self, url: &Url) -> &Client {
        if is_loopback(url) {
            &self.near
        } else {
            &self.far
        }
    }

    /// A short document.
    pub(crate) async fn get(&self, url: &Url, token: Option<&Secret>) -> Result<Answer, Failure> {
        let request = self.client(url).get(url.clone()).timeout(SHORT_TIMEOUT);
        let request = request.header(ACCEPT, "application/json");
        short(authorized(request, token)?, url).await
    }

    /// A form, as OAuth 2.0's endpoints take it.
    pub(crate) async fn post_form(
        &self,
        url: &Url,
        authorization: Option<HeaderValue>,
        fields: &[(&str, &str)],
    ) -> Result<Answer, Failure> {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        let mut request = self.client(url).post(url.clone()).timeout(SHORT_TIMEOUT);
        if let Some(authorization) = authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let request = request
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.finish());
        short(request, url).await
    }
}

impl Web {
    /// Any request, for those who look at the whole of its answer.
    pub(crate) fn request(&self, method: Method, url: &Url) -> RequestBuilder {
        self.client(url).request(method, url.clone())
    }
}

/// A request to an agent.
pub(crate) struct Post<'a> {
    pub(crate) url: &'a Url,
    pub(crate) token: &'a Secret,
    pub(crate) headers: &'a [(&'static str, &'a str)],
    pub(crate) body: String,
}

impl Web {
    /// JSON to an agent; the answer's body is still to come.
    pub(crate) async fn post(&self, post: &Post<'_>) -> Result<Response, Failure> {
        let mut request = self.client(post.url).post(post.url.clone());
        for (name, value) in post.headers {
            request = request.header(*name, *value);
        }
        let request = request
            .header(ACCEPT, "text/event-stream, application/json")
            .header(CONTENT_TYPE, "application/json")
            .body(post.body.clone());
        let response = authorized(request, Some(post.token))?.send().await;
        response.map_err(|error| unreachable(post.url, &error))
    }

    /// The end of something that the caller has there.
    pub(crate) async fn delete(
        &self,
        url: &Url,
        token: &Secret,
        headers: &[(&'static str, &str)],
    ) -> Result<Answer, Failure> {
        let mut request = self.client(url).delete(url.clone()).timeout(SHORT_TIMEOUT);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        short(authorized(request, Some(token))?, url).await
    }
}

fn build(builder: ClientBuilder) -> Result<Client, Failure> {
    let builder = builder
        .redirect(Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .user_agent(format!("gatehouse/{}", version::TEXT));
    builder.build().map_err(|error| {
        Failure::usage(
            format!("no HTTP client can be made: {}", cause(&error)),
            "see that the system's certificates can be read",
        )
    })
}

/// With the token in a header that no log shows.
fn authorized(request: RequestBuilder, token: Option<&Secret>) -> Result<RequestBuilder, Failure> {
    let Some(token) = token else {
        return Ok(request);
    };
    Ok(request.header(AUTHORIZATION, bearer(token)?))
}

/// The value of the header `Authorization`.
pub(crate) fn bearer(token: &Secret) -> Result<HeaderValue, Failure> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", token.reveal())).map_err(|_| {
        Failure::usage(
            "the token has signs that no header may have",
            "give the token alone, as the issuer wrote it",
        )
    })?;
    value.set_sensitive(true);
    Ok(value)
}

async fn short(request: RequestBuilder, url: &Url) -> Result<Answer, Failure> {
    let response = request.send().await;
    let response = response.map_err(|error| unreachable(url, &error))?;
    whole(response, url).await
}

/// The rest of an answer that is short.
pub(crate) async fn whole(mut response: Response, url: &Url) -> Result<Answer, Failure> {
    let mut body = Vec::new();
    while let Some(piece) = response
        .chunk()
        .await
        .map_err(|error| unreachable(url, &error))?
    {
        body.extend_from_slice(&piece);
        if body.len() > MAX_SHORT {
            return Err(Failure::unreachable(
                format!("`{}` answers more than {MAX_SHORT} bytes", place(url)),
                "check the address",
            ));
        }
    }
    Ok(Answer {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        body,
    })
}

/// Scheme, host and port: a query may hold a secret.
pub(crate) fn place(url: &Url) -> String {
    url.origin().ascii_serialization()
}

pub(crate) fn unreachable(url: &Url, error: &reqwest::Error) -> Failure {
    Failure::unreachable(
        format!("`{}` does not answer: {}", place(url), cause(error)),
        format!(
            "see that it runs and can be reached from here: `curl -i {}`",
            place(url)
        ),
    )
}

/// The innermost cause, which says what the outer ones only wrap.
fn cause(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "there was no answer in time".to_owned();
    }
    let mut last = error.source();
    while let Some(next) = last.and_then(std::error::Error::source) {
        last = Some(next);
    }
    last.map_or_else(
        || "the request failed".to_owned(),
        |error| shown(&error.to_string()),
    )
}
