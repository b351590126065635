//! `gatehouse login`: a sign-in at the door's issuer, kept for the commands that follow.

use clap::ValueEnum as _;
use serde_json::{Value, json};
use shared::secret::Secret;
use shared::settings::{self, nearest};

use crate::arguments::speak::{Door as Given, Login, StoreKind};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::log::line::shown;
use crate::report::Report;
use crate::speak::clock;
use crate::speak::configuration;
use crate::speak::discovery::{Issuer, Resource};
use crate::speak::door::Door;
use crate::speak::sign_in::{Kept, SignIn};
use crate::speak::store::Store;
use crate::speak::token::{self, Tokens};
use crate::speak::web::Web;
use crate::speak::{browser, device, machine, who};
use crate::terminal::Terminal;

/// The variable with the client's id.
const CLIENT_ID: &str = "GATEHOUSE_CLIENT_ID";
/// The variable that says where tokens are kept.
const STORE: &str = "GATEHOUSE_STORE";

/// Signs in, asks the door who that is, and keeps the tokens.
pub(crate) async fn login(login: &Login, terminal: &mut Terminal) -> Result<Report, Failure> {
    let given = Given {
        door: login.address.clone().or_else(|| login.door.door.clone()),
        name: login.door.name.clone(),
    };
    let kind = store_kind(login)?;
    let (web, door) = (Web::new()?, configuration::door(&given)?);
    let resource = Resource::of(&door, &web).await?;
    let issuer = issuer(login, &resource)?;
    let issuer = Issuer::of(&issuer, &door, &web).await?;
    let client = client(login, &resource, &issuer)?;
    let place = place(kind, &door, terminal).await?;
    let tokens = tokens(login, &web, &resource, &issuer, &client, terminal).await?;
    // A token that the door does not take is not worth keeping.
    let caller = who::ask(&door, &web, &tokens.access).await?;
    let mut kept = kept(&door, &issuer, &client, &tokens, &caller);
    let Some((store, place)) = place else {
        // What is not kept here must not be good elsewhere; the sign-in itself has succeeded.
        let _as_it_was = token::revoke(&web, &issuer, &kept).await;
        return Ok(report(&door, &kept, None));
    };
    kept.kept = place;
    let _locked = store.lock(&door).await?;
    check_user(&store, &door, &kept, terminal).await?;
    store.write(&door, &kept).await?;
    Ok(report(&door, &kept, Some(&store)))
}

/// The store of the option or of the variable; nothing if the best one is meant.
fn store_kind(login: &Login) -> Result<Option<StoreKind>, Failure> {
    let variable = settings::environment(STORE).filter(|text| !text.is_empty());
    let Some(text) = variable.filter(|_| login.store.is_none()) else {
        return Ok(login.store);
    };
    let known = ["keyring", "file", "none"];
    StoreKind::from_str(&text, false).map(Some).map_err(|_| {
        let meant = nearest(&text, known.into_iter());
        let meant = meant.map(|meant| format!("; did you mean `{meant}`?"));
        Failure::usage(
            format!(
                "`{STORE}` is `{}`{}",
                shown(&text),
                meant.unwrap_or_default()
            ),
            "set it to `keyring`, `file` or `none`, or leave it out",
        )
    })
}

/// Makes sure, before anyone signs in, that tokens can be kept, and says where; nothing if they are not to be kept.
async fn place(
    kind: Option<StoreKind>,
    door: &Door,
    terminal: &mut Terminal,
) -> Result<Option<(Store, Kept)>, Failure> {
    if kind == Some(StoreKind::None) {
        return Ok(None);
    }
    let store = Store::open()?;
    store.prepare()?;
    if kind == Some(StoreKind::File) {
        return Ok(Some((store, Kept::File)));
    }
    match store.probe().await {
        Ok(()) => Ok(Some((store, Kept::Keyring))),
        Err(why) if kind.is_some() => Err(Failure::output(
            format!("the system's keyring cannot be used: {why}"),
            "unlock it, or keep the tokens unsealed with `--store file`",
        )),
        Err(why) => {
            terminal.say(&format!(
                "The system's keyring cannot be used: {why}. The tokens are kept unsealed in {}.\n",
                store.path(door).display()
            ));
            Ok(Some((store, Kept::File)))
        }
    }
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
async fn check_user(
    store: &Store,
    door: &Door,
    new: &SignIn,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    // One that cannot be read any more is replaced.
    let Some(old) = store.read(door).await.ok().flatten() else {
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

fn report(door: &Door, kept: &SignIn, store: Option<&Store>) -> Report {
    let left = clock::length(kept.expires.saturating_sub(clock::now()));
    let renewed = if kept.refresh_token.is_some() {
        "it is renewed by itself"
    } else {
        "then sign in again"
    };
    let (name, more) = match (store, kept.kept) {
        (None, _) => ("none", "nothing is kept here\n".to_owned()),
        (Some(_), Kept::Keyring) => (
            "keyring",
            format!(
                "the token is good for {left}; {renewed}\n  it is kept sealed with a key of the system's keyring\nnext: gatehouse agents\n"
            ),
        ),
        (Some(store), Kept::File) => (
            "file",
            format!(
                "the token is good for {left}; {renewed}\n  it is kept unsealed in {}\nnext: gatehouse agents\n",
                store.path(door).display()
            ),
        ),
    };
    Report {
        exit: Exit::Done,
        text: format!("signed in to {} as {}\n  {more}", door.address, kept.shown),
        json: json!({
            "as": kept.name,
            "client_id": kept.client_id,
            "door": kept.door,
            "expires": kept.expires,
            "issuer": kept.issuer,
            "store": name,
            "subject": kept.subject,
            "user": kept.shown,
        }),
    }
}
