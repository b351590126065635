//! `gatehouse logout`: the end of a sign-in, at the issuer and here.

use serde_json::json;

use crate::arguments::speak::Door as Given;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::log::line::shown;
use crate::report::Report;
use crate::speak::clock;
use crate::speak::configuration;
use crate::speak::discovery::Issuer;
use crate::speak::door::Door;
use crate::speak::store::{SignIn, Store};
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
    if store.read(&door)?.is_none() {
        return Ok(nothing());
    }
    // A process that is renewing it would keep it alive.
    let _locked = store.lock(&door).await?;
    let Some(kept) = store.read(&door)? else {
        return Ok(nothing());
    };
    let revoked = revoke(&web, &door, &kept).await;
    store.delete(&door)?;
    let is_revoked = revoked.map_err(|why| {
        Failure::unreachable(
            format!("the tokens are deleted here, and the issuer did not revoke them: {why}"),
            "sign out at the issuer's own page, or ask its operator to end the sign-in",
        )
    })?;
    Ok(report(&kept, is_revoked))
}

/// RFC 7009: the refresh token; Cognito revokes no other, and with it the whole sign-in.
async fn revoke(web: &Web, door: &Door, kept: &SignIn) -> Result<bool, String> {
    let Some(refresh) = &kept.refresh_token else {
        return Ok(false);
    };
    let issuer = Issuer::of(&kept.issuer, door, web).await;
    let issuer = issuer.map_err(|failure| failure.what().to_owned())?;
    let Some(endpoint) = &issuer.revocation else {
        return Ok(false);
    };
    let fields = [
        ("token", refresh.as_str()),
        ("token_type_hint", "refresh_token"),
        ("client_id", kept.client_id.as_str()),
    ];
    let answer = web.post_form(endpoint, None, &fields).await;
    let answer = answer.map_err(|failure| failure.what().to_owned())?;
    if answer.is_good() {
        Ok(true)
    } else {
        Err(format!(
            "`{}` answers {}",
            shown(&issuer.name),
            answer.status
        ))
    }
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
