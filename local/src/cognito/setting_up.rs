//! The pool, made from its settings.

use url::Url;

use super::client::{Console, INVOKE_SCOPE, Machine, TOOLS_SCOPE};
use super::client_secrets::ClientSecrets;
use super::pool::{Pool, User};
use super::settings::{IssuerSettings, UserSettings};
use super::{CONSOLE_CLIENT, MACHINE_CLIENT, StartError, TOOLS_CLIENT};
use crate::random;

/// Users and clients; passwords and subjects that are not given are made.
pub(super) fn pool(settings: &IssuerSettings) -> Result<Pool, StartError> {
    let check = |uri: &String| {
        let url = Url::parse(uri).ok();
        let url = url.filter(Url::has_host).map(|_| uri.clone());
        url.ok_or_else(|| StartError::RedirectUri(uri.clone()))
    };
    let redirect_uris = settings.redirect_uris.iter().map(check);
    let logout_uris = settings.logout_uris.iter().map(check);
    let console = Console {
        id: CONSOLE_CLIENT,
        redirect_uris: redirect_uris.collect::<Result<_, _>>()?,
        logout_uris: logout_uris.collect::<Result<_, _>>()?,
    };
    let machine = Machine {
        id: MACHINE_CLIENT,
        secrets: ClientSecrets::new(MACHINE_CLIENT),
        scope: INVOKE_SCOPE,
        lifetime_seconds: settings.token_lifetime_seconds,
    };
    let tools = Machine {
        id: TOOLS_CLIENT,
        secrets: ClientSecrets::new(TOOLS_CLIENT),
        scope: TOOLS_SCOPE,
        lifetime_seconds: settings.tool_token_lifetime_seconds,
    };
    let users = settings.users.iter().cloned().map(|user| {
        let UserSettings {
            name,
            email,
            groups,
            password,
            subject,
        } = user;
        let password = password.unwrap_or_else(random::secret);
        User {
            name,
            email,
            groups,
            password,
            subject: subject.unwrap_or_else(random::uuid),
        }
    });
    Ok(Pool::new(console, [machine, tools], users.collect()))
}
