//! Address parser: the only kind of URL that is ever called.

use std::fmt;
use std::net::IpAddr;

use http::Uri;
use http::uri::Scheme;

use crate::text::{is_visible, is_word};

/// Longer addresses are refused by common servers and proxies.
const MAX_BYTES: usize = 2048;

/// An absolute `https` address, or an `http` one whose host is this machine; without user information and fragment.
///
/// It is read by the very parser that the HTTP client dials with, so that no text can mean one host here and another there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    text: String,
    uri: Uri,
}

/// Why a text is not an [`Address`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.why())]
pub enum AddressError {
    Form,
    Fragment,
    Authority,
    Insecure,
}

impl AddressError {
    /// The rule that is broken, going on where the address ends.
    pub const fn why(self) -> &'static str {
        match self {
            Self::Form => "is not an absolute address",
            Self::Fragment => "has a fragment",
            Self::Authority => "has user information, or a port that is not a number",
            Self::Insecure => "is neither https nor http on a loopback host",
        }
    }
}

impl Address {
    /// Reads an absolute address.
    ///
    /// # Errors
    /// The first rule that the text breaks.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let plain = is_visible(text, MAX_BYTES);
        if !plain || text.contains('\\') {
            return Err(AddressError::Form);
        }
        // The parser drops a fragment in silence.
        if text.contains('#') {
            return Err(AddressError::Fragment);
        }
        let uri: Uri = text.parse().map_err(|_| AddressError::Form)?;
        let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
            return Err(AddressError::Form);
        };
        if !is_host(authority.host()) {
            return Err(AddressError::Form);
        }
        let spelled = match authority.port_u16() {
            None | Some(0) => authority.host().to_owned(),
            Some(port) => format!("{}:{port}", authority.host()),
        };
        if spelled != authority.as_str() {
            return Err(AddressError::Authority);
        }
        if *scheme != Scheme::HTTPS && !(*scheme == Scheme::HTTP && is_loopback(authority.host())) {
            return Err(AddressError::Insecure);
        }
        Ok(Self {
            text: text.to_owned(),
            uri,
        })
    }

    /// The text as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// The host, as it was written.
    pub fn host(&self) -> &str {
        self.uri.host().unwrap_or_default()
    }

    /// Whether the host is this machine.
    pub fn is_loopback(&self) -> bool {
        is_loopback(self.host())
    }

    pub fn has_query(&self) -> bool {
        self.uri.query().is_some()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A name, an IPv4 address, or an IPv6 address in brackets.
fn is_host(host: &str) -> bool {
    let named = is_word(host, MAX_BYTES, b"-._");
    named || bracketed(host).is_some_and(|inner| inner.parse::<IpAddr>().is_ok())
}

fn is_loopback(host: &str) -> bool {
    let address = bracketed(host).unwrap_or(host).parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

fn bracketed(host: &str) -> Option<&str> {
    host.strip_prefix('[')?.strip_suffix(']')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_or_loopback_http() {
        for good in [
            "https://issuer.example",
            "https://issuer.example:8443/a?b=c",
            "http://127.0.0.1:1/x",
            "http://LOCALHOST:1",
            "http://[::1]:1",
        ] {
            assert_eq!(
                Address::parse(good).map(|a| a.to_string()),
                Ok(good.to_owned())
            );
        }
    }

    #[test]
    fn everything_else_is_refused_with_its_reason() {
        use AddressError::{Authority, Form, Fragment, Insecure};
        for (text, error) in [
            ("", Form),
            ("issuer.example", Form),
            ("/path", Form),
            ("https://", Form),
            ("https:///path", Form),
            ("https://a b", Form),
            ("https://\u{e9}.example", Form),
            ("https://a\\@b.example", Form),
            ("https://%6c.example", Form),
            ("https://[::1", Form),
            ("https://[v1.x]", Form),
            ("https://a.example/#f", Fragment),
            ("https://user@a.example", Authority),
            ("https://user:pw@a.example", Authority),
            ("http://localhost:1@evil.test", Authority),
            ("http://127.0.0.1@evil.test", Authority),
            ("https://a.example:", Authority),
            ("https://a.example:0", Authority),
            ("https://a.example:99999", Authority),
            ("http://a.example", Insecure),
            ("http://localhost.evil.test", Insecure),
            ("http://127.0.0.1.evil.test", Insecure),
            ("http://169.254.169.254/", Insecure),
            ("http://0.0.0.0/", Insecure),
            ("file://localhost/etc/keys", Insecure),
            ("ftp://localhost/keys", Insecure),
        ] {
            assert_eq!(Address::parse(text), Err(error), "{text}");
        }
        assert_eq!(Address::parse("data:application/json,{}"), Err(Form));
        let long = format!("https://a.example/{}", "x".repeat(MAX_BYTES));
        assert_eq!(Address::parse(&long), Err(Form));
    }
}
