//! The state that every route of the proxy shares; [`crate::dispatch`] and the routes use it.

use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use futures_util::future::join;
use shared::agents::Target;
use shared::clock::Clock;
use shared::denials::Denials;
use shared::door::Door;
use shared::issuers::{Advertised, Origin, TrustedIssuers};
use shared::signing::SigningKeys;
use tracing::{info, warn};

use crate::access::Access;
use crate::access::authentication::Authentication;
use crate::caller::authorization_server::AuthorizationServer;
use crate::caller::cors::Origins;
use crate::caller::event::Event;
use crate::caller::public_url::PublicUrl;
use crate::config::Config;
use crate::turn::control::Control;
use crate::turn::count::Counts;
use crate::turn::lease::Leases;
use crate::turn::leaving::Leaving;
use crate::turn::tool_token::ToolTokens;
use crate::turn::{Turns, table};
use crate::upstream::AgentCore;

/// How long the start may wait for keys, the issuers' and its own; Lambda gives it ten seconds in all.
const WARM_TIMEOUT: Duration = Duration::from_secs(2);

/// The proxy's state, the same for every request.
pub struct App {
    pub(crate) access: Access,
    pub(crate) turns: Turns,
    /// The issuers, as clients who look for a token are told of them.
    pub(crate) advertised: Vec<Advertised>,
    /// The metadata that the door serves in an issuer's place.
    pub(crate) authorization_server: Option<AuthorizationServer>,
    pub(crate) origins: Origins,
    public_url: Option<PublicUrl>,
    /// The digest of the settings that this function runs with.
    pub(crate) settings: String,
    pub(crate) clock: Clock,
}

impl App {
    /// Prepares what the first request would otherwise wait for; `platform` is what the AWS SDK found in its environment.
    pub async fn new(config: Config, platform: &SdkConfig, clock: Clock) -> Self {
        let Config {
            authentication,
            agents,
            origins,
            limits,
            public_url,
            settings,
            signing,
            tool_tokens,
            turns_table,
            denials_table,
        } = config;
        let regions = agents.iter().filter_map(|agent| match &agent.target {
            Target::Runtime(runtime) => Some(runtime.arn.region().to_owned()),
            Target::Gateway(_) => None,
        });
        let upstream = Arc::new(AgentCore::new(platform, regions, clock.clone()));
        let control = control(platform, &clock, turns_table, denials_table);
        let signing = signing.map(|arn| Arc::new(SigningKeys::new(arn, platform, clock.clone())));
        let warm_keys = warm(signing.as_deref());
        let (advertised, served) = told(&authentication);
        let authorization_server =
            served.map(|origin| AuthorizationServer::new(origin, clock.clone()));
        let (authentication, ()) = join(open_door(authentication, &clock), warm_keys).await;
        Self {
            access: Access {
                authentication,
                agents,
                signing: signing.clone(),
            },
            turns: Turns {
                upstream,
                limits,
                tool_tokens: tool_tokens.map(|settings| {
                    ToolTokens::new(settings, signing.clone(), platform, clock.clone())
                }),
                signing,
                control,
            },
            advertised,
            authorization_server,
            origins,
            public_url,
            settings,
            clock,
        }
    }

    /// Waits for what is still being given back after an answer whose caller left before its end, and for sessions that are
    /// being ended.
    pub async fn settle(&self) {
        self.turns.control.settle().await;
    }

    /// The door's own address, as the caller of this request dialled it; none if neither the settings nor API Gateway
    /// know it.
    pub fn public_url(&self, event: &Event) -> Option<PublicUrl> {
        self.public_url
            .clone()
            .or_else(|| PublicUrl::of_event(event))
    }
}

async fn warm(signing: Option<&SigningKeys>) {
    if let Some(signing) = signing {
        Box::pin(signing.warm(WARM_TIMEOUT)).await;
    }
}

/// What is asked of the tables before a turn. Leases and counts are in one table.
fn control(
    platform: &SdkConfig,
    clock: &Clock,
    turns: Option<String>,
    denials: Option<String>,
) -> Control {
    let tables = table::client(platform);
    let counts = turns.clone();
    Control {
        denials: denials.map(|name| Denials::new(name, tables.clone(), clock.clone())),
        counts: counts.map(|name| Counts::new(name, tables.clone(), clock.clone())),
        leases: turns.map(|name| Leases::new(name, tables, clock.clone())),
        leaving: Leaving::default(),
    }
}

/// What clients are told of the issuers: of none, if no token is asked for.
fn told(authentication: &Authentication<TrustedIssuers>) -> (Vec<Advertised>, Option<Origin>) {
    match authentication {
        Authentication::Required(issuers) => (issuers.advertised.clone(), issuers.served.clone()),
        Authentication::Off => (Vec::new(), None),
    }
}

/// The door that checks tokens, with the issuers' keys if they arrive in time; or none, with a warning.
async fn open_door(
    authentication: Authentication<TrustedIssuers>,
    clock: &Clock,
) -> Authentication<Door> {
    let issuers = match authentication {
        Authentication::Required(issuers) => issuers,
        Authentication::Off => {
            warn!("authentication is off: anybody may call every agent that asks for no right");
            return Authentication::Off;
        }
    };
    for note in issuers.notes() {
        info!("{note}");
    }
    let door = Door::new(issuers, clock.clone());
    door.warm(WARM_TIMEOUT).await;
    Authentication::Required(door)
}
