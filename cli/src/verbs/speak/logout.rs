//! `gatehouse logout`: the end of a sign-in, at the issuer and here.

use serde_json::json;

use crate::arguments::speak::Door as Given;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::Report;
use crate::speak::clock;
use crate::speak::configuration;
use crate::speak::discovery::Issuer;
use crate::speak::door::Door;
use crate::speak::sign_in::SignIn;
use crate::speak::store::Store;
use crate::speak::token;
use crate::speak::web::Web;

/// Revokes the refresh token, and deletes the tokens, whether or not the issuer answers.
pub(crate) async fn logout(given: &Given) -> Result<Report, Failure> {
    let (web, door, store) = (Web::new()?, configuration::door(given)?, Store::open()?);
    let nothing = || Report {
        exit: Exit::No,
        text: format!(
            "there is no sign-in for {} as {}\n",
            door.address, door.name
        ),
        json: json!({"door": door.address, "as": door.name, "signed_out": false}),
    };
    if !store.is_there(&door) {
        return Ok(nothing());
    }
    // A process that is renewing it would keep it alive.
    let _locked = store.lock(&door).await?;
    let kept = match store.read(&door).await {
        Ok(Some(kept)) => kept,
        Ok(None) => return Ok(nothing()),
        // Without its key it cannot be revoked, and is of no use either.
        Err(why) if store.is_sealed(&door) => {
            store.delete(&door).await?;
            return Err(unrevoked(why.what()));
        }
        Err(failure) => return Err(failure),
    };
    let revoked = revoke(&web, &door, &kept).await;
    store.delete(&door).await?;
    let is_revoked = revoked.map_err(|why| unrevoked(&why))?;
    Ok(report(&kept, is_revoked))
}

fn unrevoked(why: &str) -> Failure {
    Failure::unreachable(
        format!("the tokens are deleted here, and the issuer did not revoke them: {why}"),
        "sign out at the issuer's own page, or ask its operator to end the sign-in",
    )
}

async fn revoke(web: &Web, door: &Door, kept: &SignIn) -> Result<bool, String> {
    if kept.refresh_token.is_none() {
        return Ok(false);
    }
    let issuer = Issuer::of(&kept.issuer, door, web).await;
    let issuer = issuer.map_err(|failure| failure.what().to_owned())?;
    token::revoke(web, &issuer, kept).await
}

fn report(kept: &SignIn, is_revoked: bool) -> Report {
    let left = kept.expires.saturating_sub(clock::now());
    let revoked = if is_revoked {
        "the refresh token is revoked"
    } else {
        "there was no refresh token to revoke, or the issuer revokes none"
    };
    let access = if left == 0 {
        "the access token is over".to_owned()
    } else {
        format!(
            "the access token is deleted here; a copy of it would be good for another {}",
            clock::length(left)
        )
    };
    Report {
        exit: Exit::Done,
        text: format!(
            "signed out {} at {}\n  {revoked}\n  {access}\n",
            kept.shown, kept.door
        ),
        json: json!({
            "access_token_until": kept.expires,
            "as": kept.name,
            "door": kept.door,
            "revoked": is_revoked,
            "signed_out": true,
        }),
    }
}
