//! One Cognito user pool and its domain, on one loopback port: discovery and keys, the sign-in page
//! with code and PKCE, the token, revocation and user-info endpoints, the JSON operation
//! `InitiateAuth`, and the operations on the secrets of its clients.
//!
//! A person who signs in at the page gets the scopes the console asks for, `gatehouse/invoke` among
//! them. A person who signs in by `InitiateAuth` gets `aws.cognito.signin.user.admin` alone, as in
//! Cognito; so what an agent asks of people who come that way must be a group, and every user here
//! is in `staff`.
//!
//! A trigger, once set, is asked before every token that an endpoint gives out.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use axum::Router;
use axum::routing::{get, post};
use serde_json::{Map, Value};

use crate::aws_json::JsonService;
use crate::clock;
use crate::hops::{Began, Hops};
use crate::lambda::{ACCOUNT, REGION};
use crate::listen::{Bound, Served};

mod answer;
mod api;
mod authorize;
mod claims;
mod client;
mod client_secrets;
mod documents;
mod form;
mod keys;
mod overrides;
mod page;
mod pool;
mod seen;
mod setting_up;
mod settings;
mod table;
mod token;
mod trigger;

use claims::Mint;
use client::Machine;
pub use client::TOOLS_SCOPE;
use documents::Shelf;
pub use documents::{Document, Fault};
use keys::KeySet;
pub use keys::{CryptoError, KeptKeys};
use overrides::Overrides;
use pool::{Grant, Pool, Session};
use seen::Seen;
pub use settings::{IssuerSettings, RETURN_URLS, UserSettings};
pub use trigger::Trigger;
use trigger::{Occasion, TriggerError};

const POOL: &str = "us-east-1_LOCALPOOL";
const CONSOLE_CLIENT: &str = "gatehouseconsole";
const MACHINE_CLIENT: &str = "gatehousemachine";
const TOOLS_CLIENT: &str = "gatehousetools";

/// Why the issuer did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// There is no free port.
    #[error("bind a loopback port")]
    Bind(#[source] io::Error),
    /// No keys could be made.
    #[error("make the signing keys")]
    Keys(#[from] CryptoError),
    /// A registered address is not an absolute URL with a host.
    #[error("`{0}` is not a URL to send a browser to")]
    RedirectUri(String),
}

/// Why a token was not made.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub enum TokenError {
    /// The pool has no user of that name.
    #[error("no such user")]
    NoSuchUser,
    /// The client has no such scope.
    #[error("the client may not have that scope")]
    Scope,
    /// The signature failed.
    #[error("sign the token")]
    Sign(#[from] CryptoError),
}

/// Why a request gives no tokens.
#[derive(Debug, thiserror::Error)]
enum NoTokensError {
    /// The trigger failed, so Cognito issues nothing.
    #[error("ask the trigger")]
    Trigger(#[from] TriggerError),
    #[error("sign the token")]
    Sign(#[from] CryptoError),
}

/// The running pool. Dropping it closes its port.
pub struct Issuer {
    service: Arc<Service>,
    _served: Served,
}

/// A person of the pool, with the password: this pool is of one machine and one run.
pub(crate) struct Person<'p> {
    pub(crate) name: &'p str,
    pub(crate) groups: &'p [String],
    pub(crate) password: &'p str,
    pub(crate) subject: &'p str,
}

/// What the endpoints share.
struct Service {
    /// The `iss` of its tokens.
    url: String,
    /// The pool's domain.
    origin: String,
    pool: Pool,
    keys: RwLock<KeySet>,
    lifetime_seconds: u64,
    trigger: RwLock<Option<Trigger>>,
    administration: Option<Arc<JsonService>>,
    hops: Hops,
    token_requests: AtomicU64,
    discovery_shelf: Shelf,
    key_shelf: Shelf,
}

impl Issuer {
    /// Makes keys, secrets and passwords, and answers on a free port of 127.0.0.1.
    pub async fn start(settings: IssuerSettings) -> Result<Self, StartError> {
        let pool = setting_up::pool(&settings)?;
        let administration = client_secrets::administration(&pool, settings.administrator.clone());
        let keys = match &settings.keys {
            Some(kept) => KeySet::restore(kept)?,
            None => new_keys().await?,
        };
        let bound = Bound::loopback_port(settings.port).await;
        let bound = bound.map_err(StartError::Bind)?;
        let origin = bound.origin();
        let service = Arc::new(Service {
            url: format!("{origin}/{POOL}"),
            origin,
            pool,
            keys: RwLock::new(keys),
            lifetime_seconds: settings.token_lifetime_seconds,
            trigger: RwLock::default(),
            administration,
            hops: settings.hops,
            token_requests: AtomicU64::new(0),
            discovery_shelf: Shelf::default(),
            key_shelf: Shelf::default(),
        });
        let served = bound.serve(router(Arc::clone(&service)));
        Ok(Self {
            service,
            _served: served,
        })
    }

    /// The `iss` of its tokens: `http://127.0.0.1:PORT/us-east-1_LOCALPOOL`.
    pub fn url(&self) -> &str {
        &self.service.url
    }

    /// The pool's domain, `http://127.0.0.1:PORT`: `/oauth2/...`, `/login`, `/logout`, and `POST /`
    /// for `InitiateAuth`.
    pub fn domain(&self) -> &str {
        &self.service.origin
    }

    /// The discovery document's address.
    pub fn discovery_url(&self) -> String {
        format!("{}/.well-known/openid-configuration", self.service.url)
    }

    /// The pool's ARN.
    pub fn pool_arn(&self) -> String {
        format!("arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{POOL}")
    }

    /// The public client of people.
    pub fn console_client(&self) -> &str {
        self.service.pool.console.id
    }

    /// The client of programs that call agents.
    pub fn machine_client(&self) -> &str {
        self.service.pool.machine.id
    }

    /// The client of those who call tools for a user. Its tokens do not open the door.
    pub fn tools_client(&self) -> &str {
        self.service.pool.tools.id
    }

    /// Asks this function from now on, before every token that an endpoint gives out; with `None`, none.
    ///
    /// It comes after the start, because a trigger's function needs to be told where the pool is.
    pub fn set_trigger(&self, trigger: Option<Trigger>) {
        let held = self.service.trigger.write();
        *held.unwrap_or_else(PoisonError::into_inner) = trigger;
    }

    /// How many requests the token endpoint got, refused ones included.
    pub fn token_requests(&self) -> u64 {
        self.service.token_requests.load(Ordering::SeqCst)
    }

    /// A user's password.
    pub fn password(&self, user: &str) -> Option<&str> {
        self.service
            .pool
            .user(user)
            .map(|user| user.password.as_str())
    }

    /// A user's `sub`.
    pub fn subject(&self, user: &str) -> Option<&str> {
        self.service
            .pool
            .user(user)
            .map(|user| user.subject.as_str())
    }

    /// The people of the pool.
    pub(crate) fn users(&self) -> impl Iterator<Item = Person<'_>> {
        self.service.pool.users().map(|user| Person {
            name: &user.name,
            groups: &user.groups,
            password: &user.password,
            subject: &user.subject,
        })
    }

    /// The claims of a tool token for a user whom an access token proves; the trigger is asked. None if it refuses.
    pub(crate) async fn tool_claims(&self, user: &str) -> Option<Map<String, Value>> {
        let tools = &self.service.pool.tools;
        let proof = self.access_token(user).ok()?;
        let metadata = BTreeMap::from([("user_token".to_owned(), proof)]);
        let event = || trigger::machine_event(tools.id, tools.scope, Some(&metadata));
        let overrides = self.service.overrides(event).await.ok()?;
        let mut claims = self.service.mint(clock::now()).machine(tools, tools.scope);
        overrides.change_machine(&mut claims).ok()?;
        claims.as_object().cloned()
    }

    /// The claims of an access token for a user who has just signed in at the page for every scope.
    pub fn access_claims(&self, user: &str) -> Result<Value, TokenError> {
        let pool = &self.service.pool;
        let user = Arc::clone(pool.user(user).ok_or(TokenError::NoSuchUser)?);
        let now = clock::now();
        let scope = pool.console.scope(None).ok_or(TokenError::Scope)?;
        let grant = Grant::new(
            Session {
                user,
                auth_time: now,
            },
            scope,
            None,
        );
        Ok(self.service.mint(now).access(&grant, &pool.console))
    }

    /// A token with [those claims](Self::access_claims); no trigger is asked.
    pub fn access_token(&self, user: &str) -> Result<String, TokenError> {
        let claims = self.access_claims(user)?;
        Ok(self.sign(&self.access_header(), &claims)?)
    }

    /// A program's access token. `None` is every scope it may have. No trigger is asked.
    pub fn machine_token(&self, scope: Option<&str>) -> Result<String, TokenError> {
        let machine = &self.service.pool.machine;
        let scope = machine.scope(scope).ok_or(TokenError::Scope)?;
        let claims = self.service.mint(clock::now()).machine(machine, &scope);
        Ok(self.sign(&self.access_header(), &claims)?)
    }

    /// The header of an access token: key id and algorithm.
    pub fn access_header(&self) -> Value {
        self.service.keys().access.header()
    }

    /// Signs any header and any claims with the access token key: for tokens Cognito would never
    /// make.
    pub fn sign(&self, header: &Value, claims: &Value) -> Result<String, CryptoError> {
        self.service.keys().access.sign(header, claims)
    }

    /// The keys that it signs with, for a later run.
    ///
    /// # Errors
    /// The cryptographic library failed.
    pub fn keep_keys(&self) -> Result<KeptKeys, CryptoError> {
        self.service.keys().keep()
    }

    /// Signs with new keys from now on. The last access key stays published until the next
    /// rotation.
    pub async fn rotate_keys(&self) -> Result<(), CryptoError> {
        let next = new_keys().await?;
        self.service
            .keys
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .rotate(next);
        Ok(())
    }

    /// Makes a document misbehave from now on, or, with `None`, behave again.
    pub fn set_fault(&self, document: Document, fault: Option<Fault>) {
        self.shelf(document).set_fault(fault);
    }

    /// How often a document was asked for, faulty answers included.
    pub fn fetches(&self, document: Document) -> u64 {
        self.shelf(document).fetches()
    }

    fn shelf(&self, document: Document) -> &Shelf {
        match document {
            Document::Discovery => &self.service.discovery_shelf,
            Document::Keys => &self.service.key_shelf,
        }
    }
}

impl Service {
    /// A reader never sees half a rotation: the keys change in one assignment.
    fn keys(&self) -> RwLockReadGuard<'_, KeySet> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn mint(&self, now: u64) -> Mint<'_> {
        Mint {
            issuer: &self.url,
            lifetime_seconds: self.lifetime_seconds,
            now,
        }
    }

    /// What the trigger, if there is one, wants to have changed.
    async fn overrides(&self, event: impl FnOnce() -> Value) -> Result<Overrides, TriggerError> {
        let trigger = self.trigger.read();
        let trigger = trigger.unwrap_or_else(PoisonError::into_inner).clone();
        match trigger {
            Some(trigger) => trigger.ask(&event()).await,
            None => Ok(Overrides::default()),
        }
    }

    /// The access and the id token of a grant.
    async fn user_tokens(
        &self,
        grant: &Grant,
        occasion: Occasion,
        now: u64,
    ) -> Result<(String, String), NoTokensError> {
        let console = &self.pool.console;
        let event = || trigger::user_event(occasion, grant, console.id);
        let overrides = self.overrides(event).await?;
        let mint = self.mint(now);
        let (mut access, mut id) = (mint.access(grant, console), mint.id(grant, console));
        overrides
            .change_access(&mut access)
            .and_then(|()| overrides.change_id(&mut id))
            .map_err(TriggerError::from)?;
        let keys = self.keys();
        let sign = |key: &keys::SigningKey, claims| key.sign(&key.header(), &claims);
        Ok((sign(&keys.access, access)?, sign(&keys.id, id)?))
    }

    async fn machine_token(
        &self,
        machine: &Machine,
        scope: &str,
        metadata: Option<&BTreeMap<String, String>>,
        now: u64,
    ) -> Result<String, NoTokensError> {
        let seen = Seen::begin(&self.hops, metadata);
        let event = || trigger::machine_event(machine.id, scope, metadata);
        let asked = Began::now();
        let overrides = self.overrides(event).await;
        let plain = self.mint(now).machine(machine, scope);
        let mut claims = plain.clone();
        let changed = overrides.and_then(|overrides| Ok(overrides.change_machine(&mut claims)?));
        seen.trigger(asked, &plain, &claims, changed.as_ref().err());
        if let Err(error) = changed {
            seen.token(None);
            return Err(error.into());
        }
        let token = {
            let keys = self.keys();
            keys.access.sign(&keys.access.header(), &claims)?
        };
        seen.token(Some(&claims));
        Ok(token)
    }
}

/// Key making is computing, so it has a thread of its own.
async fn new_keys() -> Result<KeySet, CryptoError> {
    tokio::task::spawn_blocking(KeySet::generate)
        .await
        .unwrap_or(Err(CryptoError))
}

fn router(service: Arc<Service>) -> Router {
    Router::new()
        .route(
            &format!("/{POOL}/.well-known/openid-configuration"),
            get(documents::discovery),
        )
        .route(
            &format!("/{POOL}/.well-known/jwks.json"),
            get(documents::keys),
        )
        .route("/oauth2/authorize", get(authorize::authorize))
        .route("/login", get(authorize::show).post(authorize::sign_in))
        .route("/logout", get(authorize::logout))
        .route("/oauth2/token", post(token::token))
        .route("/oauth2/revoke", post(token::revoke))
        .route("/oauth2/userInfo", get(token::user_info))
        .route("/", post(api::call))
        .with_state(service)
}
