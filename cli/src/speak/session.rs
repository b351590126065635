//! The token of a command: one from elsewhere, or that of a sign-in, renewed when it is due.

use std::path::Path;

use shared::secret::Secret;
use shared::settings;

use crate::arguments::speak::Access;
use crate::failure::Failure;
use crate::input;
use crate::speak::clock;
use crate::speak::configuration::{self, DOOR};
use crate::speak::discovery::Issuer;
use crate::speak::door::Door;
use crate::speak::sign_in::SignIn;
use crate::speak::store::Store;
use crate::speak::token::{self, Denied};
use crate::speak::web::Web;
use crate::terminal::Terminal;

/// A token that ends sooner may be over before it arrives.
const LEEWAY_SECONDS: u64 = 10;

/// A door, and the token for it.
pub(crate) struct Session {
    pub(crate) door: Door,
    pub(crate) token: Secret,
    /// Whether the token is of a sign-in that may be renewed.
    is_kept: bool,
}

impl Session {
    /// The door and the token that the arguments, the environment or a sign-in give.
    pub(crate) async fn open(
        access: &Access,
        web: &Web,
        terminal: &mut Terminal,
    ) -> Result<Self, Failure> {
        let door = configuration::door(&access.door)?;
        let file = if access.token_stdin {
            Some(Path::new("-"))
        } else {
            access.token_file.as_deref()
        };
        let is_set = settings::environment(input::TOKEN).is_some_and(|token| !token.is_empty());
        if file.is_none() && !is_set {
            let kept = current(&door, web).await?;
            return Ok(Self {
                door,
                token: Secret::new(kept.access_token),
                is_kept: true,
            });
        }
        // A project's file may be a stranger's: it must not say where a token from elsewhere goes.
        if !door.is_users {
            return Err(Failure::usage(
                format!(
                    "a token from elsewhere is only sent to a door that you name, and `{}` is named by a file of this folder or by a sign-in",
                    door.address
                ),
                format!("give `--door {}`, or set `{DOOR}`", door.address),
            ));
        }
        Ok(Self {
            token: input::token(file, terminal)?,
            door,
            is_kept: false,
        })
    }

    /// Another token after the door said no to this one; nothing if there can be none.
    pub(crate) async fn renew(&mut self, web: &Web) -> Result<bool, Failure> {
        if !self.is_kept {
            return Ok(false);
        }
        let kept = refreshed(&self.door, web, Some(self.token.reveal())).await?;
        let is_new = kept.access_token != self.token.reveal();
        self.token = Secret::new(kept.access_token);
        Ok(is_new)
    }
}

/// The sign-in of a door, with a token that is good for a while.
pub(crate) async fn current(door: &Door, web: &Web) -> Result<SignIn, Failure> {
    let kept = Store::open()?.read(door).await?.ok_or_else(|| {
        Failure::not_let_in(
            format!(
                "there is no sign-in for `{}` as `{}`",
                door.address, door.name
            ),
            format!("sign in: `gatehouse login{}`", door.options()),
        )
    })?;
    if !is_due(&kept, clock::now()) {
        return Ok(kept);
    }
    match refreshed(door, web, None).await {
        // The issuer is away, and the token is still good.
        Err(failure) if failure.exit() == crate::exit::Exit::Unreachable && is_good(&kept) => {
            Ok(kept)
        }
        other => other,
    }
}

/// Three quarters of a token's life leave time to renew it before it ends.
fn is_due(kept: &SignIn, now: u64) -> bool {
    let life = kept.expires.saturating_sub(kept.obtained);
    // A clock that was set back makes it due as well.
    let age = now.checked_sub(kept.obtained);
    age.is_none_or(|age| age.saturating_mul(4) >= life.saturating_mul(3))
}

fn is_good(kept: &SignIn) -> bool {
    clock::now().saturating_add(LEEWAY_SECONDS) < kept.expires
}

/// Renews a sign-in, one process at a time: issuers that give a new refresh token each time refuse the old one, and one
/// that comes again may end the whole sign-in (RFC 9700, section 4.14).
async fn refreshed(door: &Door, web: &Web, refused: Option<&str>) -> Result<SignIn, Failure> {
    let store = Store::open()?;
    let _locked = store.lock(door).await?;
    // Another process may have renewed it while this one waited.
    let over = || {
        Failure::not_let_in(
            format!(
                "the sign-in for `{}` as `{}` is over",
                door.address, door.name
            ),
            format!("sign in again: `gatehouse login{}`", door.options()),
        )
    };
    let mut kept = store.read(door).await?.ok_or_else(over)?;
    let is_other = refused.is_some_and(|refused| refused != kept.access_token);
    if is_other || (refused.is_none() && !is_due(&kept, clock::now())) {
        return Ok(kept);
    }
    let Some(refresh) = kept.refresh_token.clone() else {
        // Sign-ins of programs cannot be renewed; what is left of them can be used.
        return if refused.is_none() && is_good(&kept) {
            Ok(kept)
        } else {
            Err(over())
        };
    };
    let issuer = Issuer::of(&kept.issuer, door, web).await?;
    let fields = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh.as_str()),
    ];
    let tokens = token::request(web, &issuer, &kept.client_id, None, &fields).await;
    let tokens = tokens.map_err(|denied| match &denied {
        // RFC 6749, section 5.2: the refresh token is over, revoked, or was used before.
        Denied::Error(code, _) if code == "invalid_grant" => over(),
        Denied::Error(..) | Denied::Failed(_) => denied.failure(&issuer),
    })?;
    kept.access_token = tokens.access.reveal().to_owned();
    kept.obtained = tokens.obtained;
    kept.expires = tokens.expires;
    if let Some(next) = tokens.refresh {
        kept.refresh_token = Some(next.reveal().to_owned());
    }
    store.write(door, &kept).await?;
    Ok(kept)
}
