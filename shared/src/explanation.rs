//! Explanation of a refusal for operators: what was expected and, once the signature holds, what was found.
//!
//! Before that, nothing of a token is repeated: what it looks like only chooses among sentences of ours. E-mail addresses
//! are withheld, invisible characters written out, and long texts cut.

mod hints;
mod shown;

use crate::gate::{
    Admission, ClaimPath, Identity, Match, Payload, Refusal, Rejection, Rules, Trust,
};
use crate::json::Value;
use crate::rules::UnixTime;

use hints::Shape;
use shown::{list, value};

pub(crate) use shown::text;

/// What is logged beside a refusal's code.
#[derive(Clone, Default)]
pub struct Explanation {
    /// The issuer, once the signature holds.
    pub issuer: Option<String>,
    /// The token's id, once the signature holds.
    pub token_id: Option<String>,
    pub expected: Option<String>,
    pub found: Option<String>,
    /// What this kind of token is known for, and what to do.
    pub hint: Option<&'static str>,
}

impl Explanation {
    /// Of a header that was refused before it could be told who signed the token.
    pub fn unproven(header: &[u8], trust: &Trust, refusal: Refusal) -> Self {
        let shape = Shape::read(header);
        let claimed = shape.issuer().and_then(|issuer| trust.find(issuer));
        let rules = claimed.map(|(_, rules)| rules);
        Self {
            expected: expected(refusal, trust, rules),
            hint: shape.hint(refusal, trust),
            ..Self::default()
        }
    }

    /// Of a rejection, with the header that was rejected.
    pub fn of(rejection: &Rejection<'_>, header: &[u8], trust: &Trust, now: UnixTime) -> Self {
        let refusal = rejection.refusal;
        let Some(payload) = rejection.signed() else {
            return Self::unproven(header, trust, refusal);
        };
        let (expected, found) = compared(refusal, payload, now).unzip();
        Self {
            issuer: Some(payload.issuer.clone()),
            token_id: Some(payload.token_id.clone()),
            expected,
            found,
            hint: hints::of_claims(refusal, payload),
        }
    }

    /// Of a believed caller whom an agent does not admit.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "an agent refuses by one of these, or by its sets"
    )]
    pub fn of_agent(refusal: Refusal, allow: &Admission, caller: &Identity) -> Self {
        let asked = |kind: &Option<Vec<String>>| list(kind.iter().flatten());
        let (expected, found) = match refusal {
            Refusal::AgentIssuer => (asked(&allow.issuers), text(&caller.issuer)),
            Refusal::AgentScope => (asked(&allow.scopes), list(&caller.scopes)),
            Refusal::AgentGroup => (asked(&allow.groups), list(&caller.groups)),
            Refusal::AgentClient => (asked(&allow.clients), list(&caller.client_id)),
            _ => (
                format!("one of {} sets of `anyOf`, whole", allow.any_of.len()),
                format!(
                    "issuer {}; scopes {}; groups {}; client {}",
                    text(&caller.issuer),
                    list(&caller.scopes),
                    list(&caller.groups),
                    list(&caller.client_id)
                ),
            ),
        };
        let is_about_groups = matches!(refusal, Refusal::AgentGroup | Refusal::AgentAnyOf);
        Self {
            expected: Some(expected),
            found: Some(found),
            hint: (is_about_groups && caller.groups_elsewhere).then_some(hints::OVERAGE),
            ..Self::default()
        }
    }
}

/// The rules of the issuer that an unproven token claims.
pub(crate) fn claimed<'t>(header: &[u8], trust: &'t Trust) -> Option<&'t Rules> {
    let shape = Shape::read(header);
    let (_, rules) = trust.find(shape.issuer()?)?;
    Some(rules)
}

/// What would have been good, before anything is proven.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a test asks for an arm of every refusal that is not one of a token's form"
)]
pub(crate) fn expected(refusal: Refusal, trust: &Trust, claimed: Option<&Rules>) -> Option<String> {
    let name = claimed.map(|rules| text(rules.issuer.name()));
    match refusal {
        Refusal::IssuerForm | Refusal::IssuerUnknown => {
            let names = trust
                .issuers()
                .iter()
                .flat_map(|rules| rules.issuer.names());
            Some(format!("`iss` one of {}", list(names)))
        }
        Refusal::Type => {
            let own = claimed.map(|rules| rules.token_types.iter());
            let types = ["JWT", "at+jwt"]
                .into_iter()
                .chain(own.into_iter().flatten().map(String::as_str));
            Some(format!("`typ` absent or one of {}", list(types)))
        }
        Refusal::AlgorithmRefused => Some(format!("one of the `algorithms` of {}", name?)),
        Refusal::KeyIdMissing | Refusal::KeyUnknown | Refusal::KeyMismatch | Refusal::Signature => {
            Some(format!("a key of {}", name?))
        }
        _ => None,
    }
}

/// What a check of signed claims expected, and what it found.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a test asks for an arm of every refusal that is not one of a token's form"
)]
pub(crate) fn compared(
    refusal: Refusal,
    payload: &Payload<'_>,
    now: UnixTime,
) -> Option<(String, String)> {
    let rules = payload.rules;
    let named = |name: &str| value(payload.get(name));
    let at = |claim: &ClaimPath| format!("{claim} = {}", value(payload.optional(claim)));
    let pair = match refusal {
        Refusal::Tenant => (
            "the tenant that `iss` names".to_owned(),
            format!("tid = {}", named("tid")),
        ),
        Refusal::ExpiryMissing
        | Refusal::TimeForm
        | Refusal::Expired
        | Refusal::NotYetValid
        | Refusal::IssuedAhead
        | Refusal::Lifetime => (
            format!(
                "now {}, `nbf` and `iat` at most {} s ahead, at most {} s from `iat` to `exp`",
                now.0, rules.leeway_secs, rules.max_lifetime_secs
            ),
            format!(
                "exp = {}, nbf = {}, iat = {}",
                named("exp"),
                named("nbf"),
                named("iat")
            ),
        ),
        Refusal::TokenUse => {
            let asked = rules.token_use.map(|asked| asked.name());
            (list(asked), format!("token_use = {}", named("token_use")))
        }
        Refusal::Client => (list(&rules.allowed_clients), at(&rules.client_claim)),
        Refusal::Audience => (
            list(&rules.allowed_audience),
            format!("aud = {}", named("aud")),
        ),
        Refusal::Subject => (
            "a text of 1 to 255 printable characters".to_owned(),
            at(&rules.subject_claim),
        ),
        Refusal::IssuerSubject => (list(&rules.allowed_subjects), at(&rules.subject_claim)),
        Refusal::IssuerScope => (list(&rules.allowed_scopes), at(&rules.scope_claim)),
        Refusal::IssuerClaim => conditions(payload),
        _ => return None,
    };
    Some(pair)
}

/// Every claim condition of the issuer's entry, and the claims that they are about.
fn conditions(payload: &Payload<'_>) -> (String, String) {
    let rules = payload.rules;
    let custom = rules.custom_claims.iter().map(|claim| {
        let asked = match &claim.expects {
            Match::Equals(wanted) => format!("= {}", text(wanted)),
            Match::Contains(wanted) => format!("has {}", text(wanted)),
            Match::ContainsAny(wanted) => format!("has one of {}", list(wanted)),
        };
        let found = format!(
            "{} = {}",
            text(&claim.name),
            value(payload.get(&claim.name))
        );
        (format!("{} {asked}", text(&claim.name)), found)
    });
    let required = rules.required_claims.iter().map(|required| {
        let asked: Vec<String> = required.any_of.iter().map(Value::to_string).collect();
        let found = format!(
            "{} = {}",
            required.claim,
            value(payload.optional(&required.claim))
        );
        (format!("{} one of {}", required.claim, list(&asked)), found)
    });
    let (expected, found): (Vec<String>, Vec<String>) = custom.chain(required).unzip();
    (
        shown::cut(&expected.join("; ")),
        shown::cut(&found.join("; ")),
    )
}
