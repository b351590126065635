//! The address of a door, and the name of a sign-in there.

use url::{Host, Url};

use crate::failure::Failure;
use crate::log::line::shown;

/// The name where none is given.
pub(crate) const DEFAULT_NAME: &str = "default";

/// A door, and which of its sign-ins is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Door {
    /// Without a slash at its end.
    pub(crate) address: String,
    pub(crate) name: String,
    /// Whether the name was given rather than assumed.
    pub(crate) is_name_given: bool,
    /// Whether the user said it, and not a project's file or an old sign-in.
    pub(crate) is_users: bool,
}

impl Door {
    /// `--as NAME`, if the name is not the usual one: for the command that is to be run next.
    pub(crate) fn options(&self) -> String {
        if self.name == DEFAULT_NAME {
            format!(" --door {}", self.address)
        } else {
            format!(" --door {} --as {}", self.address, self.name)
        }
    }

    /// An address below the door.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }
}

/// An address that a token may be sent to: https, or http to this machine, so that no one on the way can read it.
pub(crate) fn parse(text: &str) -> Result<String, Failure> {
    let wrong = |why: &str| {
        Failure::usage(
            format!("`{}` is no address of a door: {why}", shown(text)),
            "give it as `https://door.example.com`, or as `make local` prints it after `ready`",
        )
    };
    let url = Url::parse(text).map_err(|error| wrong(&error.to_string()))?;
    if !is_safe(&url) {
        return Err(wrong("it must be https, or http to this machine"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("it has a user or a password"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("it has a query or a fragment"));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// True for https, and for this machine: what is sent there cannot be read on the way.
pub(crate) fn is_safe(url: &Url) -> bool {
    match url.scheme() {
        "https" => url.has_host(),
        "http" => is_loopback(url),
        _ => false,
    }
}

/// True for this machine: RFC 6761, section 6.3, and the loopback addresses.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_safe_to_send_a_token_to() {
        for (text, address) in [
            ("https://door.example.com", "https://door.example.com"),
            (
                "https://door.example.com/live/",
                "https://door.example.com/live",
            ),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("http://localhost:8080/", "http://localhost:8080"),
        ] {
            assert_eq!(parse(text).unwrap(), address);
        }
        for text in [
            "",
            "door.example.com",
            "http://door.example.com",
            "http://localhost.evil.test",
            "http://127.0.0.1.evil.test",
            "ftp://localhost",
            "https://user@door.example.com",
            "https://:secret@door.example.com",
            "https://door.example.com/?a=b",
            "https://door.example.com/#a",
            "file:///etc/passwd",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
