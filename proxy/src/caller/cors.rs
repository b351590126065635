//! Cross-origin rules (Fetch standard): only the named origins may read answers, and each page learns only of its own.

use std::collections::BTreeSet;

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use shared::headers;
use shared::settings::Address;

/// The origins whose pages may call the door.
#[derive(Debug, Default)]
pub struct Origins(Vec<HeaderValue>);

impl Origins {
    /// Reads origins separated by commas; an empty text names none.
    ///
    /// Each must be written as browsers send it. `*` is refused: an operator who trusts every origin has to
    /// name each, and so cannot do it by mistake.
    ///
    /// # Errors
    /// Which entry is not an origin, and why.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        text.split(',')
            .map(|entry| origin(entry.trim()))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The headers for any answer to this request. An answer that depends on `Origin` says so to caches, whether or not
    /// the origin was allowed.
    pub fn answer(&self, request: &HeaderMap) -> HeaderMap {
        let mut answer = HeaderMap::new();
        if self.0.is_empty() {
            return answer;
        }
        answer.insert(header::VARY, HeaderValue::from_static("Origin"));
        if let Some(origin) = self.allowed(request) {
            answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            insert_list(
                &mut answer,
                header::ACCESS_CONTROL_EXPOSE_HEADERS,
                &headers::EXPOSED,
            );
        }
        answer
    }

    /// The headers for a preflight of a path that takes `method`, on top of those of any answer. Of the headers that a
    /// page asks for, those that have no fixed name are allowed if they may travel to an agent.
    pub fn preflight(
        &self,
        request: &HeaderMap,
        method: &'static str,
        may_travel: impl Fn(&str) -> bool,
    ) -> HeaderMap {
        let mut answer = HeaderMap::new();
        if self.allowed(request).is_some() {
            answer.insert(
                header::ACCESS_CONTROL_ALLOW_METHODS,
                HeaderValue::from_static(method),
            );
            let asked = asked(request);
            let named = asked.iter().map(String::as_str);
            let travelling = named.filter(|name| headers::is_mcp_param(name) || may_travel(name));
            let allowed: Vec<&str> = headers::ACCEPTED.into_iter().chain(travelling).collect();
            insert_list(&mut answer, header::ACCESS_CONTROL_ALLOW_HEADERS, &allowed);
            answer.insert(
                header::ACCESS_CONTROL_MAX_AGE,
                HeaderValue::from_static(MAX_AGE),
            );
        }
        answer
    }

    fn allowed(&self, request: &HeaderMap) -> Option<&HeaderValue> {
        let mut asked = request.get_all(header::ORIGIN).iter();
        let (origin, None) = (asked.next()?, asked.next()) else {
            return None;
        };
        self.0.iter().find(|allowed| *allowed == origin)
    }
}

/// As many names as a page may ask for beside the ones that are always allowed.
const MAX_ASKED: usize = 64;

/// The headers that a page asks for, as browsers write them: in lower case, and each a name that HTTP allows.
fn asked(request: &HeaderMap) -> BTreeSet<String> {
    let lists = request.get_all(header::ACCESS_CONTROL_REQUEST_HEADERS);
    let names = lists.iter().filter_map(|list| list.to_str().ok());
    let names = names.flat_map(|list| list.split(',')).map(str::trim);
    let names = names.filter_map(|name| HeaderName::from_bytes(name.as_bytes()).ok());
    names
        .map(|name| name.as_str().to_owned())
        .take(MAX_ASKED)
        .collect()
}

/// Seconds a browser may keep the answer to a preflight: ten minutes, after which a changed setting is seen.
const MAX_AGE: &str = "600";

fn insert_list(answer: &mut HeaderMap, name: HeaderName, values: &[&str]) {
    if let Ok(list) = HeaderValue::from_str(&values.join(", ")) {
        answer.insert(name, list);
    }
}

/// One origin, exactly in its serialized form (RFC 6454, section 6.2): scheme, host and port, in lower case, and no
/// port that the scheme has anyway. Pages that came over plain http are trusted only from this very machine.
fn origin(text: &str) -> Result<HeaderValue, String> {
    if text.contains('*') {
        return Err("may not hold `*`; name the origins".to_owned());
    }
    let wrong =
        || format!("holds `{text}`, which is not an origin such as `https://console.example.com`");
    let address = Address::parse(text).map_err(|_| wrong())?;
    let (scheme, authority) = text.split_once("://").ok_or_else(wrong)?;
    let default_port = if scheme == "https" { 443 } else { 80 };
    let is_bare = !authority.contains(['/', '?']) && address.uri().port_u16() != Some(default_port);
    let is_lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
    if !is_bare || !is_lower {
        return Err(wrong());
    }
    HeaderValue::from_str(text).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALLOWED: &str = "https://console.example.com,http://localhost:5173";

    fn from(origins: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for origin in origins {
            headers.append(header::ORIGIN, origin.parse().unwrap());
        }
        headers
    }

    #[test]
    fn only_exact_origins_are_taken() {
        let table = [
            ("", 0),
            (" ", 0),
            ("https://a.example", 1),
            (
                "https://a.example:8443 , http://127.0.0.1:5173,http://[::1]:80000",
                usize::MAX,
            ),
            (
                "https://a.example:8443 , http://127.0.0.1:5173, http://[::1]:8080",
                3,
            ),
        ];
        for (text, count) in table {
            assert_eq!(
                Origins::parse(text).map_or(usize::MAX, |origins| origins.0.len()),
                count,
                "{text}"
            );
        }
        for bad in [
            "*",
            "null",
            "a.example",
            "https://",
            "https://a.example/",
            "https://a.example/path",
            "https://A.example",
            "https://a.example:443",
            "http://localhost:80",
            "http://a.example",
            "https://a.example?",
            "https://a.example#",
            "https://é.example",
            "https://user@a.example",
            "https://*.example",
            "ftp://a.example",
            "file:///etc",
            "https://a.example,",
            "https://a.example,,https://b.example",
            "https://a.example;https://b.example",
        ] {
            assert!(Origins::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_named_origin_may_read_and_no_other() {
        let origins = Origins::parse(ALLOWED).unwrap();
        for origin in ["https://console.example.com", "http://localhost:5173"] {
            let answer = origins.answer(&from(&[origin]));
            assert_eq!(answer[header::ACCESS_CONTROL_ALLOW_ORIGIN], origin);
            assert_eq!(
                answer[header::ACCESS_CONTROL_EXPOSE_HEADERS],
                "x-conversation-id, mcp-protocol-version, mcp-session-id, x-gatehouse-warning, x-request-id, retry-after, www-authenticate"
            );
            assert_eq!(answer[header::VARY], "Origin");
        }
        let others: [&[&str]; 8] = [
            &[],
            &["null"],
            &["https://console.example.com.evil.test"],
            &["https://evil.test"],
            &["http://console.example.com"],
            &["https://console.example.com:8443"],
            &["HTTPS://console.example.com"],
            &["https://console.example.com", "https://evil.test"],
        ];
        for other in others {
            let answer = origins.answer(&from(other));
            assert_eq!(answer.len(), 1, "{other:?}");
            assert_eq!(answer[header::VARY], "Origin");
            assert!(
                origins.preflight(&from(other), "POST", |_| true).is_empty(),
                "{other:?}"
            );
        }
    }

    #[test]
    fn a_preflight_names_what_may_be_sent() {
        let origins = Origins::parse(ALLOWED).unwrap();
        let request = from(&["http://localhost:5173"]);
        let answer = origins.preflight(&request, "POST", |_| true);
        assert_eq!(answer[header::ACCESS_CONTROL_ALLOW_METHODS], "POST");
        assert_eq!(answer[header::ACCESS_CONTROL_ALLOW_HEADERS], ALWAYS);
        assert_eq!(answer[header::ACCESS_CONTROL_MAX_AGE], "600");
    }

    const ALWAYS: &str = "a2a-extensions, a2a-version, accept, authorization, baggage, cache-control, content-type, last-event-id, mcp-method, mcp-name, mcp-protocol-version, mcp-session-id, traceparent, tracestate, user-agent, x-a2a-extensions, x-conversation-id";

    /// What the libraries were recorded to send from a page.
    #[test]
    fn what_real_libraries_send_from_a_page_is_allowed() {
        for library in [
            "authorization,content-type,user-agent,mcp-protocol-version,mcp-session-id",
            "authorization,cache-control,content-type,last-event-id",
            "a2a-version,authorization,content-type",
        ] {
            for name in library.split(',') {
                let is_allowed = ALWAYS.split(", ").any(|allowed| allowed == name);
                assert!(is_allowed, "{name}");
            }
        }
    }

    #[test]
    fn a_preflight_allows_what_may_travel_to_an_agent() {
        let origins = Origins::parse(ALLOWED).unwrap();
        let mut request = from(&["http://localhost:5173"]);
        let asked = "authorization, Mcp-Param-Region,mcp-param-,x-tenant, x-other,a b,";
        request.insert(
            header::ACCESS_CONTROL_REQUEST_HEADERS,
            asked.parse().unwrap(),
        );
        let answer = origins.preflight(&request, "POST", |name| name == "x-tenant");
        let expected = format!("{ALWAYS}, mcp-param-region, x-tenant");
        assert_eq!(
            answer[header::ACCESS_CONTROL_ALLOW_HEADERS],
            expected.as_str()
        );
    }

    #[test]
    fn without_origins_nothing_is_said() {
        let origins = Origins::default();
        let request = from(&["https://console.example.com"]);
        assert!(origins.answer(&request).is_empty());
        assert!(origins.preflight(&request, "POST", |_| true).is_empty());
    }
}
