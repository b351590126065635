//! Sign-in in a browser: authorization code with PKCE (RFC 6749, section 4.1; RFC 7636; RFC 8252).

use std::time::Duration;

use shared::settings;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use url::Url;

use crate::failure::Failure;
use crate::log::line::shown;
use crate::speak::discovery::Issuer;
use crate::speak::loopback::{Answer, Expected, Loopback};
use crate::speak::random;
use crate::speak::token::{self, Tokens};
use crate::speak::web::Web;
use crate::terminal::Terminal;

const SIGN_IN_TIMEOUT: Duration = Duration::from_secs(180);
/// Starting a program takes less; failing to find one, too.
const OPEN_TIMEOUT: Duration = Duration::from_secs(3);

/// The way in which the page is shown.
pub(crate) struct Page {
    pub(crate) is_opened: bool,
    /// Also to one who is signed in there.
    pub(crate) is_fresh: bool,
}

/// Shows the issuer's page, and waits for its answer.
pub(crate) async fn sign_in(
    web: &Web,
    issuer: &Issuer,
    client: &str,
    scope: &str,
    page: &Page,
    terminal: &mut Terminal,
) -> Result<Tokens, Failure> {
    let endpoint = issuer.authorization.as_ref().ok_or_else(|| {
        Failure::usage(
            format!("the issuer `{}` has no sign-in page", shown(&issuer.name)),
            "use `--device` or `--client-credentials`, or give a token with `--token-file`",
        )
    })?;
    // First listen, then show the page: no other program gets the port in between.
    let loopback = Loopback::listen().await?;
    let (state, verifier) = (random::text()?, random::text()?);
    let back = loopback.address();
    let mut url = endpoint.clone();
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", client)
        .append_pair("redirect_uri", &back)
        .append_pair("scope", scope)
        .append_pair("state", &state)
        .append_pair("code_challenge", &random::challenge(&verifier))
        .append_pair("code_challenge_method", "S256")
        .extend_pairs(page.is_fresh.then_some(("prompt", "login")));
    show(&url, issuer, page, terminal).await;
    let expected = Expected {
        state: &state,
        issuer: &issuer.name,
        names_itself: issuer.names_itself,
    };
    let answer = timeout(SIGN_IN_TIMEOUT, loopback.answer(&expected)).await;
    let code = code(answer.map_err(|_| late())?)?;
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", back.as_str()),
        ("code_verifier", verifier.as_str()),
    ];
    let tokens = token::request(web, issuer, client, None, &fields).await;
    tokens.map_err(|denied| denied.failure(issuer))
}

fn code(answer: Answer) -> Result<String, Failure> {
    match answer {
        Answer::Code(code) => Ok(code),
        Answer::Error(error) => Err(Failure::not_let_in(
            format!("the issuer's page ended with `{}`", shown(&error)),
            "sign in again; if that does not help, check client and scopes with the issuer's operator",
        )),
    }
}

fn late() -> Failure {
    Failure::try_later(
        format!(
            "no one signed in within {} seconds",
            SIGN_IN_TIMEOUT.as_secs()
        ),
        "run it again; on another machine than the browser's, forward the port first: `ssh -L 8976:127.0.0.1:8976 HOST`",
    )
}

async fn show(url: &Url, issuer: &Issuer, page: &Page, terminal: &mut Terminal) {
    terminal.say(&format!("Sign in at {}:\n  {url}\n", shown(&issuer.name)));
    if page.is_opened && has_browser() {
        // A browser of the terminal runs until it is left, and must be answered meanwhile.
        let address = url.to_string();
        let opening = spawn_blocking(move || webbrowser::open(&address));
        if let Ok(Ok(Err(_))) = timeout(OPEN_TIMEOUT, opening).await {
            terminal.say("No browser could be opened: open the address yourself.\n");
        }
        return;
    }
    let device = if issuer.device.is_some() {
        "On another machine than the browser's, use `gatehouse login --device`.\n"
    } else {
        "On another machine than the browser's, forward the port first: `ssh -L 8976:127.0.0.1:8976 HOST`.\n"
    };
    terminal.say(device);
}

/// True if the user can see a browser that opens on this machine.
fn has_browser() -> bool {
    let is_set = |name: &str| settings::environment(name).is_some_and(|value| !value.is_empty());
    if is_set("BROWSER") {
        return true;
    }
    let is_remote = is_set("SSH_CONNECTION") || is_set("SSH_TTY");
    let has_display = cfg!(target_os = "macos") || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY");
    has_display && !is_remote
}
