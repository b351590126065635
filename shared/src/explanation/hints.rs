//! Known shapes of tokens that are often shown to the wrong door, and what to do about each.

use crate::gate::{Payload, Refusal, Trust};
use crate::json;
use crate::jws::Jws;

/// Microsoft Graph signs a header whose `nonce` it changes afterwards: "tokens for Microsoft Graph ... validate only there".
const GRAPH: &str = "a header with `nonce` is how Microsoft Graph's own access tokens look, which no other API can verify: \
    ask for a scope of your own API";

const OKTA: &str = "this looks like a token of Okta's org authorization server, whose key is not published: use a custom \
    authorization server, such as https://DOMAIN/oauth2/default";

const ENTRA_V1: &str = "this is Entra's v1 name: set `requestedAccessTokenVersion` to 2 in the manifest of the API's app \
    registration, or add the v1 name to `issuer`";

const SLASH: &str = "a trusted issuer differs from it in the slash at its end alone: write `issuer` exactly as tokens do";

const TOO_LONG: &str = "tokens with many groups get too long: let the issuer write roles, or only the groups that are \
    assigned to the application";

/// Also told of an agent that asks for groups.
pub(super) const OVERAGE: &str = "the issuer left the groups out because the caller has too many (`_claim_names`, \
    `hasgroups`): let it write roles, or only the groups that are assigned to the application";

/// The `typ` of access tokens of Okta's org authorization server.
const OKTA_TYPE: &str = "application/okta-internal-at+jwt";

/// The longest header that is looked into; the gate takes no longer token either.
const MAX_BYTES: usize = 8192;

/// What an unproven token looks like. Nothing of it is shown.
#[derive(Default)]
pub(super) struct Shape {
    issuer: Option<String>,
    has_nonce: bool,
    is_okta: bool,
}

impl Shape {
    /// Looks into the token of a header, as far as it can be read.
    pub(super) fn read(header: &[u8]) -> Self {
        let header = Some(header).filter(|header| header.len() <= MAX_BYTES + 64);
        let text = header.and_then(|header| str::from_utf8(header).ok());
        let token = text.and_then(|text| text.rsplit(' ').next());
        let Some(Ok(jws)) = token.map(Jws::parse) else {
            return Self::default();
        };
        let claims = json::claims(&jws.payload).unwrap_or_default();
        let issuer = claims.get("iss").and_then(|issuer| issuer.as_str());
        Self {
            issuer: issuer.map(str::to_owned),
            has_nonce: jws.header.contains_key("nonce"),
            is_okta: jws.header.get("typ").is_some_and(|typ| typ == OKTA_TYPE),
        }
    }

    /// The claimed issuer; unproven.
    pub(super) fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "only the refusals named here have known shapes"
    )]
    pub(super) fn hint(&self, refusal: Refusal, trust: &Trust) -> Option<&'static str> {
        let issuer = self.issuer().unwrap_or_default();
        let is_of_org = self.is_okta || is_okta_org(issuer);
        match refusal {
            Refusal::TokenTooLong => Some(TOO_LONG),
            Refusal::Signature | Refusal::KeyUnknown if self.has_nonce => Some(GRAPH),
            Refusal::Type | Refusal::IssuerUnknown | Refusal::KeyUnknown if is_of_org => Some(OKTA),
            Refusal::IssuerUnknown if self.has_nonce => Some(GRAPH),
            Refusal::IssuerUnknown if issuer.starts_with("https://sts.windows.net/") => {
                Some(ENTRA_V1)
            }
            Refusal::IssuerUnknown if is_trusted_but_for_a_slash(issuer, trust) => Some(SLASH),
            _ => None,
        }
    }
}

fn is_okta_org(issuer: &str) -> bool {
    let host = issuer.strip_prefix("https://").unwrap_or_default();
    [".okta.com", ".oktapreview.com", ".okta-emea.com"]
        .iter()
        .any(|end| host.ends_with(end))
}

fn is_trusted_but_for_a_slash(issuer: &str, trust: &Trust) -> bool {
    let other = match issuer.strip_suffix('/') {
        Some(shorter) => shorter.to_owned(),
        None => format!("{issuer}/"),
    };
    trust.find(&other).is_some()
}

/// The hint about signed claims.
pub(super) fn of_claims(refusal: Refusal, payload: &Payload<'_>) -> Option<&'static str> {
    let is_elsewhere = crate::gate::groups_elsewhere(payload);
    (refusal == Refusal::IssuerClaim && is_elsewhere).then_some(OVERAGE)
}
