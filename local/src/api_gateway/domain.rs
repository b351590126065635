//! A custom domain that maps a base path to the API.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-mappings.html>

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};

/// A custom domain with one API mapping, to the API's one stage.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CustomDomain {
    host: String,
    /// Empty, or as `/v1` and `/a/b`.
    base_path: String,
}

impl CustomDomain {
    /// Reads `HOST` or `HOST/BASE/PATH`; none if it is neither.
    pub fn parse(text: &str) -> Option<Self> {
        let (host, key) = match text.split_once('/') {
            Some((host, key)) => (host, Some(key)),
            None => (text, None),
        };
        let is_host = !host.is_empty()
            && host
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
        let is_key = key.is_none_or(|key| key.split('/').all(is_key_segment));
        (is_host && is_key).then(|| Self {
            host: host.to_ascii_lowercase(),
            base_path: key.map_or_else(String::new, |key| format!("/{key}")),
        })
    }

    /// Whether a request was dialled at this domain.
    pub(super) fn is_dialled(&self, headers: &HeaderMap) -> bool {
        let host = headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok())
            .unwrap_or_default();
        let host = host.split(':').next().unwrap_or_default();
        host.eq_ignore_ascii_case(&self.host)
    }

    /// A path in two: the base path, and the API's own. None if it is not below the base path.
    pub(super) fn cut(&self, path: &str) -> Option<(String, String)> {
        let own = match path.strip_prefix(&self.base_path)? {
            "" => "/",
            own if own.starts_with('/') => own,
            _ => return None,
        };
        Some((self.base_path.clone(), own.to_owned()))
    }
}

/// What the base path of a mapping may be made of.
fn is_key_segment(segment: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"$-_.+!*'()".contains(&byte);
    !segment.is_empty() && segment.bytes().all(allowed)
}

/// What API Gateway says where no mapping fits: no API was asked, so no template has a say.
pub(super) fn no_mapping() -> Response {
    let mut response = Response::new(Body::from(r#"{"message":"Forbidden"}"#));
    *response.status_mut() = StatusCode::FORBIDDEN;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain(text: &str) -> CustomDomain {
        CustomDomain::parse(text).unwrap()
    }

    #[test]
    fn a_domain_is_a_host_and_perhaps_a_base_path() {
        for good in [
            "api.example.com",
            "api.example.com/v1",
            "localhost/a/b-c_d.e",
        ] {
            assert!(CustomDomain::parse(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "/v1",
            "api.example.com/",
            "api.example.com/v1/",
            "api.example.com//v1",
            "api.example.com:443/v1",
            "https://api.example.com",
            "api.example.com/a b",
            "api.example.com/%41",
        ] {
            assert_eq!(CustomDomain::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_path_is_cut_after_the_base_path() {
        let table = [
            ("api.example.com/v1", "/v1/whoami", Some(("/v1", "/whoami"))),
            ("api.example.com/a/b", "/a/b/a/b", Some(("/a/b", "/a/b"))),
            ("api.example.com/v1", "/v1", Some(("/v1", "/"))),
            ("api.example.com", "/whoami", Some(("", "/whoami"))),
            ("api.example.com/v1", "/v1whoami", None),
            ("api.example.com/v1", "/V1/whoami", None),
            ("api.example.com/v1", "/%76%31/whoami", None),
            ("api.example.com/v1", "/whoami", None),
        ];
        for (text, path, expected) in table {
            let expected = expected.map(|(base, own)| (base.to_owned(), own.to_owned()));
            assert_eq!(domain(text).cut(path), expected, "{text} {path}");
        }
    }

    #[test]
    fn only_its_own_host_is_the_domain() {
        let domain = domain("API.example.com/v1");
        for (host, is_dialled) in [
            ("api.example.com", true),
            ("api.example.com:8080", true),
            ("Api.Example.Com", true),
            ("127.0.0.1:8080", false),
            ("api.example.com.evil.example", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().unwrap());
            assert_eq!(domain.is_dialled(&headers), is_dialled, "{host}");
        }
        assert!(!domain.is_dialled(&HeaderMap::new()));
    }
}
