//! Guard of the laptop's own port: it admits this machine's programs, and the page that the port serves.
//!
//! The port has passwords and moves users, and every page in the browser can send requests to it. What a page cannot do is
//! choose the headers by which browsers say where a request comes from and goes to.

use http::header::{HOST, ORIGIN};
use http::{HeaderMap, HeaderName, StatusCode};

use super::origin;

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The names of the port.
pub(super) struct Guard {
    host: String,
    origin: String,
}

/// The refusal of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) text: String,
}

impl Guard {
    pub(super) fn new(port: u16) -> Self {
        Self {
            host: format!("localhost:{port}"),
            origin: origin(port),
        }
    }

    /// A page whose name was made to lead to this machine (DNS rebinding) says its own name in `Host`; any page says in
    /// `Origin` where its requests come from (Fetch, "Origin header").
    pub(super) fn admit(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let is_only = |name: HeaderName, expected: &str| {
            let mut values = headers.get_all(name).iter();
            values.next().is_some_and(|value| value == expected) && values.next().is_none()
        };
        if !is_only(HOST, &self.host) {
            let text = format!("this port is {}/ and has no other name\n", self.origin);
            return Err(Refusal {
                status: StatusCode::MISDIRECTED_REQUEST,
                text,
            });
        }
        if headers.contains_key(ORIGIN) && !is_only(ORIGIN, &self.origin) {
            return Err(Refusal::foreign());
        }
        Ok(())
    }

    /// A page can ask for what another site has without an `Origin`, as an image for example; then `Sec-Fetch-Site` says so
    /// (Fetch Metadata Request Headers, section 2.4). Programs that are no browsers send neither.
    pub(super) fn admit_own_page(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let mut sites = headers.get_all(FETCH_SITE).iter();
        if sites.all(|site| site == "same-origin" || site == "none") {
            Ok(())
        } else {
            Err(Refusal::foreign())
        }
    }
}

impl Refusal {
    fn foreign() -> Self {
        Self {
            status: StatusCode::FORBIDDEN,
            text: "only the page of this port may ask\n".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    fn status(admitted: Result<(), Refusal>) -> Option<u16> {
        admitted.err().map(|refusal| refusal.status.as_u16())
    }

    #[test]
    fn only_the_ports_own_name_and_page_are_admitted() {
        let guard = Guard::new(5173);
        let own = ("host", "localhost:5173");
        for (pairs, expected) in [
            (vec![own], None),
            (vec![own, ("origin", "http://localhost:5173")], None),
            (vec![], Some(421)),
            (vec![("host", "127.0.0.1:5173")], Some(421)),
            (vec![("host", "localhost")], Some(421)),
            (vec![("host", "localhost:5174")], Some(421)),
            (vec![("host", "evil.test:5173")], Some(421)),
            (vec![own, ("host", "evil.test:5173")], Some(421)),
            (vec![own, ("origin", "null")], Some(403)),
            (vec![own, ("origin", "http://127.0.0.1:5173")], Some(403)),
            (
                vec![own, ("origin", "http://localhost:5173.evil.test")],
                Some(403),
            ),
            (
                vec![
                    own,
                    ("origin", "http://localhost:5173"),
                    ("origin", "http://evil.test"),
                ],
                Some(403),
            ),
        ] {
            assert_eq!(status(guard.admit(&headers(&pairs))), expected, "{pairs:?}");
        }
        for (site, expected) in [
            ("same-origin", None),
            ("none", None),
            ("same-site", Some(403)),
            ("cross-site", Some(403)),
        ] {
            let headers = headers(&[("sec-fetch-site", site)]);
            assert_eq!(status(guard.admit_own_page(&headers)), expected, "{site}");
        }
        assert_eq!(status(guard.admit_own_page(&HeaderMap::new())), None);
    }
}
