//! Authentication: callers must show a token, unless the setting `ENABLE_AUTH` is exactly `false`. Then anyone may
//! call, all of them as one anonymous guest, and every start and every answer say so.

use http::header::{HeaderMap, HeaderName, HeaderValue};
use shared::agents::{Agent, Auth, Target, ToolToken};
use shared::headers;
use shared::issuers::TrustedIssuers;
use shared::settings::{AGENTS, Fault, Reader, TRUSTED_ISSUERS};

/// Whether callers must show a token, and by what it is checked.
pub enum Authentication<By> {
    Required(By),
    /// For open demonstrations only.
    Off,
}

impl Authentication<TrustedIssuers> {
    /// Reads whether a token is asked for, and whose. The issuers of an open door are checked all the same, so that it
    /// can be shut again.
    pub fn read(settings: &mut Reader<'_>, is_off: bool) -> Option<Self> {
        if is_off && !settings.is_given(TRUSTED_ISSUERS) {
            return Some(Self::Off);
        }
        let issuers = settings.required(TRUSTED_ISSUERS, TrustedIssuers::parse)?;
        Some(if is_off {
            Self::Off
        } else {
            Self::Required(issuers)
        })
    }
}

impl<By> Authentication<By> {
    /// What every answer says of it: nothing, or a warning.
    pub fn warning(&self) -> HeaderMap {
        let mut warning = HeaderMap::new();
        match self {
            Self::Required(_) => {}
            Self::Off => {
                let name = HeaderName::from_static(headers::WARNING);
                warning.insert(name, HeaderValue::from_static("authentication is off"));
            }
        }
        warning
    }
}

/// The fields by which an agent is given its caller's token, or one that is made for its caller. Where no token is asked
/// for there is neither, and what the agent would do without is not for the door to find out: they are faults.
pub fn needing_token(agent: &Agent) -> Vec<Fault> {
    let is_gateway = matches!(agent.target, Target::Gateway(_));
    let fields = [
        ("gateway", is_gateway),
        ("auth", agent.auth == Auth::Jwt),
        ("toolToken", agent.tool_token != ToolToken::None),
    ];
    let needing = fields.into_iter().filter(|(_, needs)| *needs);
    let path = |field| format!("{AGENTS}.{}.{field}", agent.name);
    let problem = "needs callers' tokens, and `ENABLE_AUTH` is `false`";
    needing
        .map(|(field, _)| Fault::malformed(path(field), problem))
        .collect()
}
