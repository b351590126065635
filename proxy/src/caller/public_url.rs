//! The door's own address, which its documents and assertions name: a setting, or else what API Gateway says of the
//! request. Never a header of the caller's: a caller who could choose it could make the door vouch for another place.

use shared::settings::Address;

use crate::caller::base_path::is_plain;
use crate::caller::event::Event;

/// Where the door is, without a slash at its end: `https://api.example.com/live`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(String);

impl PublicUrl {
    /// Reads the setting.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let address = Address::parse(text).map_err(|error| error.to_string())?;
        let path = address.uri().path();
        let is_root = path == "/" && !text.ends_with('/');
        if address.has_query() || !(is_root || is_plain(path)) {
            return Err("has more than a plain path, or a slash at its end".to_owned());
        }
        Ok(Self(text.to_owned()))
    }

    /// Where API Gateway took this request: the domain, and what stands before the route's path, which is the stage or, on
    /// a custom domain, the base path that it maps to this API.
    pub fn of_event(event: &Event) -> Option<Self> {
        let (domain, mount) = (event.domain.as_deref()?, event.mount.as_deref()?);
        Self::parse(&format!("https://{domain}{mount}")).ok()
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands between the host and the door's paths: nothing, or `/live`.
    pub fn path(&self) -> &str {
        let (_, rest) = self.0.split_once("://").unwrap_or_default();
        rest.find('/')
            .and_then(|at| rest.get(at..))
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_setting_is_an_address_without_end() {
        for good in [
            "https://api.example.com",
            "https://api.example.com:8443/a/b-c_d.e~f",
            "http://127.0.0.1:8080",
            "http://localhost:8080/live",
        ] {
            assert_eq!(PublicUrl::parse(good).map(|url| url.0), Ok(good.to_owned()));
        }
        for bad in [
            "",
            "api.example.com",
            "http://api.example.com",
            "https://api.example.com/",
            "https://api.example.com/live/",
            "https://api.example.com/a//b",
            "https://api.example.com/a/./b",
            "https://api.example.com/a/..",
            "https://api.example.com/a%20b",
            "https://api.example.com/a\"b",
            "https://api.example.com/?a",
            "https://api.example.com?a",
            "https://user@api.example.com",
        ] {
            assert!(PublicUrl::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn without_it_api_gateway_says_where_the_door_is() {
        let of = |context| {
            let event = json!({"path": "/agents/demo/mcp", "httpMethod": "GET", "requestContext": context,
                "headers": {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}});
            PublicUrl::of_event(&serde_json::from_value(event).unwrap()).map(|url| url.0)
        };
        let found = |url: &str| Some(url.to_owned());
        let table = [
            (
                json!({"domainName": "a1.execute-api.us-east-1.amazonaws.com", "path": "/live/agents/demo/mcp"}),
                found("https://a1.execute-api.us-east-1.amazonaws.com/live"),
            ),
            (
                json!({"domainName": "api.example.com", "path": "/agents/demo/mcp"}),
                found("https://api.example.com"),
            ),
            (
                json!({"domainName": "api.example.com", "path": "/a/b/agents/demo/mcp"}),
                found("https://api.example.com/a/b"),
            ),
            (
                json!({"domainName": "api.example.com", "path": "/a/../agents/demo/mcp"}),
                None,
            ),
            (json!({"domainName": "api.example.com"}), None),
            (json!({"path": "/agents/demo/mcp"}), None),
            (
                json!({"domainName": "api.example.com", "path": "/other"}),
                None,
            ),
            (
                json!({"domainName": "a b", "path": "/agents/demo/mcp"}),
                None,
            ),
            (
                json!({"domainName": "api.example.com/x\"", "path": "/agents/demo/mcp"}),
                None,
            ),
            (json!(null), None),
        ];
        for (context, expected) in table {
            assert_eq!(of(context.clone()), expected, "{context}");
        }
    }
}
