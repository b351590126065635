//! `gatehouse login`: a sign-in at the door's issuer, kept for the commands that follow.

use serde_json::{Value, json};
use shared::secret::Secret;
use shared::settings;

use crate::arguments::speak::{Door as Given, Login};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::log::line::shown;
use crate::report::Report;
use crate::speak::clock;
use crate::speak::configuration;
use crate::speak::discovery::{Issuer, Resource};
use crate::speak::door::Door;
use crate::speak::store::{SignIn, Store};
use crate::speak::token::Tokens;
use crate::speak::web::Web;
use crate::speak::{browser, device, machine, who};
use crate::terminal::Terminal;

/// The variable with the client's id.
const CLIENT_ID: &str = "GATEHOUSE_CLIENT_ID";

/// Signs in, asks the door who that is, and keeps the tokens.
pub(crate) async fn login(login: &Login, terminal: &mut Terminal) -> Result<Report, Failure> {
    let given = Given {
        door: login.address.clone().or_else(|| login.door.door.clone()),
        name: login.door.name.clone(),
    };
    let (web, door, store) = (Web::new()?, configuration::door(&given)?, Store::open()?);
    let resource = Resource::of(&door, &web).await?;
    let issuer = issuer(login, &resource)?;
    let issuer = Issuer::of(&issuer, &door, &web).await?;
    let client = client(login, &resource, &issuer)?;
    store.prepare()?;
    let tokens = tokens(login, &web, &resource, &issuer, &client, terminal).await?;
    // A token that the door does not take is not worth keeping.
    let caller = who::ask(&door, &web, &tokens.access).await?;
    let kept = kept(&door, &issuer, &client, &tokens, &caller);
    let _locked = store.lock(&door).await?;
    check_user(&store, &door, &kept, terminal)?;
    store.write(&door, &kept)?;
    Ok(report(&door, &kept))
}

/// The issuer that is named, or the only one.
fn issuer(login: &Login, resource: &Resource) -> Result<String, Failure> {
    let listed = || {
        let listed: Vec<String> = resource
            .servers
            .iter()
            .map(|server| shown(server))
            .collect();
        listed.join(", ")
    };
    match (&login.issuer, resource.servers.as_slice()) {
        (Some(issuer), servers) if servers.contains(issuer) => Ok(issuer.clone()),
        (Some(issuer), _) => Err(Failure::usage(
            format!("the door does not trust the issuer `{}`", shown(issuer)),
            format!("name one of {}", listed()),
        )),
        (None, [issuer]) => Ok(issuer.clone()),
        (None, _) => Err(Failure::usage(
            "the door trusts several issuers",
            format!("name one with `--issuer`: {}", listed()),
        )),
    }
}

/// The client of the option, of the variable, or of the door's metadata.
fn client(login: &Login, resource: &Resource, issuer: &Issuer) -> Result<String, Failure> {
    let variable = settings::environment(CLIENT_ID).filter(|id| !id.is_empty());
    if let Some(client) = login.client_id.clone().or(variable) {
        return Ok(client);
    }
    match resource.clients(&issuer.name).as_slice() {
        [client] => Ok(client.clone()),
        [] => Err(Failure::usage(
            "the door's metadata name no client",
            format!(
                "give `--client-id`, or set `{CLIENT_ID}`; an operator names it with `publicClients`"
            ),
        )),
        clients => {
            let clients: Vec<String> = clients.iter().map(|client| shown(client)).collect();
            Err(Failure::usage(
                "the door's metadata name several clients",
                format!("name one with `--client-id`: {}", clients.join(", ")),
            ))
        }
    }
}

async fn tokens(
    login: &Login,
    web: &Web,
    resource: &Resource,
    issuer: &Issuer,
    client: &str,
    terminal: &mut Terminal,
) -> Result<Tokens, Failure> {
    if login.client_credentials {
        let secret = machine::secret(login.client_secret_file.as_deref(), terminal)?;
        let scope = login.scope.as_deref();
        return machine::sign_in(web, issuer, client, scope, &secret).await;
    }
    let scope = login
        .scope
        .clone()
        .unwrap_or_else(|| resource.scopes.join(" "));
    if login.device {
        return device::sign_in(web, issuer, client, &scope, terminal).await;
    }
    let page = browser::Page {
        is_opened: !login.no_browser,
        is_fresh: login.fresh,
    };
    browser::sign_in(web, issuer, client, &scope, &page, terminal).await
}

fn kept(door: &Door, issuer: &Issuer, client: &str, tokens: &Tokens, who: &Value) -> SignIn {
    let reveal = |secret: &Secret| secret.reveal().to_owned();
    let text = |name: &str| who.get(name).and_then(Value::as_str);
    let subject = text("subject").unwrap_or_default();
    let mut kept = SignIn::new(door, &issuer.name, client);
    kept.access_token = reveal(&tokens.access);
    kept.refresh_token = tokens.refresh.as_ref().map(reveal);
    kept.obtained = tokens.obtained;
    kept.expires = tokens.expires;
    kept.shown = shown(
        text("username")
            .or_else(|| text("email"))
            .unwrap_or(subject),
    );
    kept.subject = subject.to_owned();
    kept
}

/// A name that was given stays its user's: a browser may be signed in as another than was meant.
fn check_user(
    store: &Store,
    door: &Door,
    new: &SignIn,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    // One that cannot be read any more is replaced.
    let Some(old) = store.read(door).ok().flatten() else {
        return Ok(());
    };
    if (&old.issuer, &old.subject) == (&new.issuer, &new.subject) {
        return Ok(());
    }
    if door.is_name_given {
        return Err(Failure::not_let_in(
            format!(
                "`{}` signed in, and the sign-in `{}` is that of `{}`; nothing was kept",
                new.shown, door.name, old.shown
            ),
            format!(
                "run it again with `--fresh`, or with another `--as`, or first `gatehouse logout{}`",
                door.options()
            ),
        ));
    }
    terminal.say(&format!(
        "The sign-in of `{}` is replaced; `--as NAME` keeps several.\n",
        old.shown
    ));
    Ok(())
}

fn report(door: &Door, kept: &SignIn) -> Report {
    let left = clock::length(kept.expires.saturating_sub(clock::now()));
    let renewed = if kept.refresh_token.is_some() {
        "it is renewed by itself"
    } else {
        "then sign in again"
    };
    Report {
        exit: Exit::Done,
        text: format!(
            "signed in to {} as {}\n  the token is good for {left}; {renewed}\nnext: gatehouse agents\n",
            door.address, kept.shown
        ),
        json: json!({
            "as": kept.name,
            "client_id": kept.client_id,
            "door": kept.door,
            "expires": kept.expires,
            "issuer": kept.issuer,
            "subject": kept.subject,
            "user": kept.shown,
        }),
    }
}
