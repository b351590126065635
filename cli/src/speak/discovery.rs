//! Discovery: what a door says of itself (RFC 9728), and an issuer of itself (RFC 8414, OpenID Connect Discovery 1.0).

use serde_json::Value;
use url::Url;

use crate::failure::Failure;
use crate::log::line::shown;
use crate::speak::door::{Door, is_loopback, is_safe};
use crate::speak::web::{Answer, Web};

const RESOURCE: &str = "/.well-known/oauth-protected-resource";
const SERVER: &str = "/.well-known/oauth-authorization-server";
const OPENID: &str = "/.well-known/openid-configuration";

/// The door's metadata.
#[derive(Debug)]
pub(crate) struct Resource {
    pub(crate) servers: Vec<String>,
    pub(crate) scopes: Vec<String>,
    document: Value,
}

impl Resource {
    /// The clients without a secret that the door names for an issuer. Only a hint: the door decides by itself.
    pub(crate) fn clients(&self, issuer: &str) -> Vec<String> {
        let clients = self.document.get("gatehouse_public_clients");
        texts(clients.and_then(|clients| clients.get(issuer)))
    }

    /// Asks the door.
    pub(crate) async fn of(door: &Door, web: &Web) -> Result<Self, Failure> {
        let url = address(&door.at(RESOURCE), None)?;
        let answer = web.get(&url, None).await?;
        let document = object(&answer).ok_or_else(|| {
            Failure::usage(
                format!(
                    "`{}` is no door: `{RESOURCE}` answers {} and no JSON object",
                    door.address, answer.status
                ),
                "check the address; a deployed door's is the output `ApiUrl`, with its stage",
            )
        })?;
        // RFC 9728, section 3.3: metadata of another resource must not be used.
        let resource = document.get("resource").and_then(Value::as_str);
        if resource != Some(door.address.as_str()) {
            return Err(Failure::usage(
                format!(
                    "`{}` has the metadata of another door: `{}`",
                    door.address,
                    shown(resource.unwrap_or("(none)"))
                ),
                "if that is the door that you mean, give its address as it is written there",
            ));
        }
        let servers = texts(document.get("authorization_servers"));
        if servers.is_empty() {
            return Err(Failure::usage(
                format!("`{}` names no issuer", door.address),
                "ask its operator; with a token from elsewhere, use `--token-file`",
            ));
        }
        Ok(Self {
            servers,
            scopes: texts(document.get("scopes_supported")),
            document,
        })
    }
}

/// An issuer's metadata.
#[derive(Debug)]
pub(crate) struct Issuer {
    pub(crate) name: String,
    pub(crate) authorization: Option<Url>,
    pub(crate) token: Url,
    pub(crate) device: Option<Url>,
    pub(crate) revocation: Option<Url>,
    /// Whether it promises `iss` in its answers (RFC 9207, section 3).
    pub(crate) names_itself: bool,
    /// Whether a secret goes into the form rather than into a header.
    pub(crate) is_secret_posted: bool,
}

impl Issuer {
    /// Asks the issuer that a door named: at RFC 8414's place, then at OpenID Connect's.
    pub(crate) async fn of(name: &str, door: &Door, web: &Web) -> Result<Self, Failure> {
        let door = address(&door.address, None)?;
        let base = address(name, Some(&door))?;
        let mut seen = Vec::new();
        for url in places(&base) {
            let answer = web.get(&url, None).await?;
            match object(&answer) {
                // RFC 8414, section 3.3: metadata of another issuer must not be used.
                Some(document) if document.get("issuer").and_then(Value::as_str) == Some(name) => {
                    return Self::read(name, &base, &document);
                }
                Some(document) => {
                    let other = document.get("issuer").and_then(Value::as_str);
                    seen.push(format!(
                        "`{}` is of the issuer `{}`",
                        url.path(),
                        shown(other.unwrap_or("(none)"))
                    ));
                }
                None => seen.push(format!("`{}` answers {}", url.path(), answer.status)),
            }
        }
        Err(Failure::usage(
            format!(
                "the issuer `{}` publishes no metadata: {}",
                shown(name),
                seen.join(", ")
            ),
            "get a token from it in its own way, and give it with `--token-file` or `--token-stdin`",
        ))
    }

    fn read(name: &str, base: &Url, document: &Value) -> Result<Self, Failure> {
        let lists = |member: &str, value: &str| {
            let listed = document.get(member).map(|list| texts(Some(list)));
            listed.map(|listed| listed.iter().any(|one| one == value))
        };
        // Cognito's metadata do not list what it supports.
        if lists("code_challenge_methods_supported", "S256") == Some(false) {
            return Err(Failure::usage(
                format!(
                    "the issuer `{}` does not support PKCE with S256",
                    shown(name)
                ),
                "use `--device`, or give a token with `--token-file`",
            ));
        }
        let authentication = "token_endpoint_auth_methods_supported";
        Ok(Self {
            name: name.to_owned(),
            authorization: endpoint(document, "authorization_endpoint", base)?,
            token: endpoint(document, "token_endpoint", base)?.ok_or_else(|| {
                Failure::usage(
                    format!("the issuer `{}` has no token endpoint", shown(name)),
                    "give a token with `--token-file`",
                )
            })?,
            device: endpoint(document, "device_authorization_endpoint", base)?,
            revocation: endpoint(document, "revocation_endpoint", base)?,
            names_itself: document.get("authorization_response_iss_parameter_supported")
                == Some(&Value::Bool(true)),
            is_secret_posted: lists(authentication, "client_secret_basic") == Some(false),
        })
    }
}

/// The places of an issuer's metadata: between host and path, or behind the path (RFC 8414, section 3; OpenID Connect
/// Discovery 1.0, section 4). A door that serves them for an issuer has them behind its path, too.
fn places(base: &Url) -> Vec<Url> {
    let path = base.path().trim_end_matches('/').to_owned();
    let mut places = Vec::new();
    for at in [
        format!("{SERVER}{path}"),
        format!("{path}{OPENID}"),
        format!("{path}{SERVER}"),
    ] {
        let mut url = base.clone();
        url.set_path(&at);
        if !places.contains(&url) {
            places.push(url);
        }
    }
    places
}

/// An address, and the address of the stranger who named it. One elsewhere must not lead the tool to the programs of this
/// machine, which may trust whatever reaches them.
fn address(text: &str, named_by: Option<&Url>) -> Result<Url, Failure> {
    let is_far = named_by.is_some_and(|by| !is_loopback(by));
    let url = Url::parse(text).ok().filter(is_safe);
    let url = url.filter(|url| !(is_far && is_loopback(url)));
    url.ok_or_else(|| {
        Failure::usage(
            format!(
                "`{}` is not an https address of another machine",
                shown(text)
            ),
            "ask the door's operator, or name another issuer with `--issuer`",
        )
    })
}

fn endpoint(document: &Value, name: &str, issuer: &Url) -> Result<Option<Url>, Failure> {
    let text = document.get(name).and_then(Value::as_str);
    text.map(|text| address(text, Some(issuer))).transpose()
}

fn object(answer: &Answer) -> Option<Value> {
    let document = answer.json().filter(Value::is_object);
    document.filter(|_| answer.status == 200)
}

fn texts(list: Option<&Value>) -> Vec<String> {
    let list = list.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_are_looked_for_at_the_places_of_the_specifications() {
        let found = |issuer| {
            let places = places(&address(issuer, None).unwrap());
            places.iter().map(Url::to_string).collect::<Vec<_>>()
        };
        assert_eq!(
            found("https://a.example/b"),
            [
                "https://a.example/.well-known/oauth-authorization-server/b",
                "https://a.example/b/.well-known/openid-configuration",
                "https://a.example/b/.well-known/oauth-authorization-server",
            ]
        );
        assert_eq!(
            found("https://a.example"),
            [
                "https://a.example/.well-known/oauth-authorization-server",
                "https://a.example/.well-known/openid-configuration",
            ]
        );
    }

    #[test]
    fn a_stranger_elsewhere_names_no_address_of_this_machine() {
        let far = Url::parse("https://door.example").unwrap();
        let near = Url::parse("http://127.0.0.1:8787").unwrap();
        for (text, by, is_taken) in [
            ("https://a.example", Some(&far), true),
            ("https://a.example", Some(&near), true),
            ("http://localhost:8788", Some(&near), true),
            ("http://localhost:8788", None, true),
            ("http://localhost:8788", Some(&far), false),
            ("https://localhost", Some(&far), false),
            ("https://127.0.0.1", Some(&far), false),
            ("https://[::1]:8788", Some(&far), false),
            ("http://a.example", Some(&far), false),
            ("http://a.example", Some(&near), false),
            ("file:///etc/passwd", Some(&near), false),
        ] {
            assert_eq!(address(text, by).is_ok(), is_taken, "{text}");
        }
    }
}
