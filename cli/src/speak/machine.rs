//! Sign-in of a program with a secret of its own: client credentials (RFC 6749, section 4.4).

use std::path::Path;

use shared::secret::Secret;
use shared::settings;

use crate::failure::Failure;
use crate::input;
use crate::speak::discovery::Issuer;
use crate::speak::token::{self, Tokens};
use crate::speak::web::Web;
use crate::terminal::Terminal;

/// The variable that may hold the secret.
const SECRET: &str = "GATEHOUSE_CLIENT_SECRET";

/// Asks for a token as this client. Without a scope, the issuer gives what the client may have.
pub(crate) async fn sign_in(
    web: &Web,
    issuer: &Issuer,
    client: &str,
    scope: Option<&str>,
    secret: &Secret,
) -> Result<Tokens, Failure> {
    let mut fields = vec![("grant_type", "client_credentials")];
    if let Some(scope) = scope {
        fields.push(("scope", scope));
    }
    let tokens = token::request(web, issuer, client, Some(secret), &fields).await;
    tokens.map_err(|denied| denied.failure(issuer))
}

/// The secret: of the file, of the variable, or of standard input.
pub(crate) fn secret(file: Option<&Path>, terminal: &mut Terminal) -> Result<Secret, Failure> {
    let none = || {
        Failure::usage(
            "there is no client secret",
            format!(
                "write it to standard input, name its file with `--client-secret-file`, or set `{SECRET}`"
            ),
        )
    };
    let text = match (file, settings::environment(SECRET)) {
        (Some(file), _) => input::small(file, terminal)?,
        (None, Some(secret)) if !secret.is_empty() => secret.into_bytes(),
        (None, _) if terminal.is_input_typed() => return Err(none()),
        (None, _) => input::small(Path::new("-"), terminal)?,
    };
    let text = String::from_utf8(text).map_err(|_| none())?;
    let secret = text.trim();
    if secret.is_empty() {
        return Err(none());
    }
    Ok(Secret::new(secret.to_owned()))
}
