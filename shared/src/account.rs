//! Account of one token: each check of the gate in its order, with what it expects, what it found, and its verdict.
//!
//! The gate decides, as it does for a request: what is told here follows from its answer. A refusal names the check that
//! failed, so the checks before it passed, and those behind it were not reached.

use crate::agents::Agent;
use crate::code_table;
use crate::explanation::{Explanation, claimed, compared, expected, text};
use crate::gate::{self, Identity, KeySet, Payload, Refusal, Trust};
use crate::rules::{Rules, UnixTime};

code_table! {
    /// The checks in the order in which the gate makes them, as people are told of them.
    pub enum Stage;

    Bearer          "bearer"           "one `Authorization` header, `Bearer TOKEN`"
    Form            "form"             "a strict compact JWS with a known algorithm"
    Issuer          "issuer"           "`iss` is a trusted issuer"
    Type            "type"             "`typ` is that of an access token"
    Algorithm       "algorithm"        "the issuer is trusted with the algorithm"
    Key             "key"              "the issuer has the key that the token names"
    Signature       "signature"        "the key verifies the signature"
    Tenant          "tenant"           "`tid` is the tenant that `iss` names"
    Times           "times"            "the token is valid now, and not for too long"
    TokenUse        "token_use"        "`token_use` is the one asked for"
    Client          "client"           "the token was issued for an allowed client"
    Audience        "audience"         "the token was issued for an allowed audience"
    Subject         "subject"          "the caller has a stable name"
    AllowedSubject  "allowed_subject"  "the issuer's entry allows the subject"
    Scope           "scope"            "the token has a scope that the issuer's entry asks for"
    Claims          "claims"           "the token meets the claim conditions of the issuer's entry"
    AgentIssuer     "agent_issuer"     "the agent admits callers of this issuer"
    AgentScope      "agent_scope"      "the caller has a scope that the agent asks for"
    AgentGroup      "agent_group"      "the caller is in a group that the agent asks for"
    AgentClient     "agent_client"     "the agent admits callers of this client"
    AgentAnyOf      "agent_any_of"     "the caller meets one set of the agent's `anyOf`"
}

impl Stage {
    /// The check that ends with this refusal.
    pub const fn of(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NoBearer | Refusal::TokenTooLong => Self::Bearer,
            Refusal::TokenParts
            | Refusal::TokenEncoding
            | Refusal::HeaderJson
            | Refusal::PayloadJson
            | Refusal::Critical
            | Refusal::Unencoded
            | Refusal::Nested
            | Refusal::AlgorithmUnknown
            | Refusal::KeyIdForm => Self::Form,
            Refusal::IssuerForm | Refusal::IssuerUnknown => Self::Issuer,
            Refusal::Type => Self::Type,
            Refusal::AlgorithmRefused => Self::Algorithm,
            Refusal::KeyIdMissing | Refusal::KeyUnknown | Refusal::KeyMismatch => Self::Key,
            Refusal::Signature => Self::Signature,
            Refusal::Tenant => Self::Tenant,
            Refusal::ExpiryMissing
            | Refusal::TimeForm
            | Refusal::Expired
            | Refusal::NotYetValid
            | Refusal::IssuedAhead
            | Refusal::Lifetime => Self::Times,
            Refusal::TokenUse => Self::TokenUse,
            Refusal::Client => Self::Client,
            Refusal::Audience => Self::Audience,
            Refusal::Subject => Self::Subject,
            Refusal::IssuerSubject => Self::AllowedSubject,
            Refusal::IssuerScope => Self::Scope,
            Refusal::IssuerClaim => Self::Claims,
            Refusal::AgentIssuer => Self::AgentIssuer,
            Refusal::AgentScope => Self::AgentScope,
            Refusal::AgentGroup => Self::AgentGroup,
            Refusal::AgentClient => Self::AgentClient,
            Refusal::AgentAnyOf => Self::AgentAnyOf,
        }
    }

    /// A refusal of this check, by which what it compares is looked up.
    const fn refusal(self) -> Refusal {
        match self {
            Self::Bearer => Refusal::NoBearer,
            Self::Form => Refusal::TokenParts,
            Self::Issuer => Refusal::IssuerUnknown,
            Self::Type => Refusal::Type,
            Self::Algorithm => Refusal::AlgorithmRefused,
            Self::Key => Refusal::KeyUnknown,
            Self::Signature => Refusal::Signature,
            Self::Tenant => Refusal::Tenant,
            Self::Times => Refusal::Expired,
            Self::TokenUse => Refusal::TokenUse,
            Self::Client => Refusal::Client,
            Self::Audience => Refusal::Audience,
            Self::Subject => Refusal::Subject,
            Self::AllowedSubject => Refusal::IssuerSubject,
            Self::Scope => Refusal::IssuerScope,
            Self::Claims => Refusal::IssuerClaim,
            Self::AgentIssuer => Refusal::AgentIssuer,
            Self::AgentScope => Refusal::AgentScope,
            Self::AgentGroup => Refusal::AgentGroup,
            Self::AgentClient => Refusal::AgentClient,
            Self::AgentAnyOf => Refusal::AgentAnyOf,
        }
    }

    const fn is_of_agent(self) -> bool {
        matches!(
            self,
            Self::AgentIssuer
                | Self::AgentScope
                | Self::AgentGroup
                | Self::AgentClient
                | Self::AgentAnyOf
        )
    }
}

/// One check of one token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    pub stage: Stage,
    pub verdict: CheckVerdict,
    pub expected: Option<String>,
    /// Of the token; only once its signature holds.
    pub found: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckVerdict {
    Passed,
    Refused(Refusal),
    NotReached,
}

/// Every check of one token.
pub struct Account {
    pub checks: Vec<Check>,
    /// The check that failed, if one did.
    pub refusal: Option<Refusal>,
    /// Who calls, if they are believed.
    pub identity: Option<Identity>,
    /// The token's id, once the signature holds.
    pub token_id: Option<String>,
    pub hint: Option<&'static str>,
}

/// What can be compared: of the settings always, of the token once its signature holds.
struct Facts<'a> {
    trust: &'a Trust,
    claimed: Option<&'a Rules>,
    payload: Option<&'a Payload<'a>>,
    identity: Option<&'a Identity>,
    agent: Option<&'a Agent>,
    now: UnixTime,
}

impl Account {
    /// Of a token that is shown with these keys published, now, for this agent or for none.
    pub fn of(
        header: &[u8],
        trust: &Trust,
        keys: &KeySet,
        now: UnixTime,
        agent: Option<&Agent>,
    ) -> Self {
        let presented = match gate::present(header, trust) {
            Ok(presented) => presented,
            Err(refusal) => return Self::unproven(header, trust, refusal),
        };
        let answer = gate::identify(presented, keys, now);
        // An identity keeps less of its token than its account tells.
        let again = gate::present(header, trust).ok();
        let payload = again.and_then(|presented| gate::signed(presented, keys).ok());
        let (identity, refusal, mut hint) = match answer {
            Ok(identity) => (Some(identity), None, None),
            Err(rejection) => {
                let why = Explanation::of(&rejection, header, trust, now);
                (None, Some(rejection.refusal), why.hint)
            }
        };
        let of_agent = identity.as_ref().zip(agent).and_then(|(identity, agent)| {
            let refusal = agent.admission.admits(identity).err()?;
            let why = Explanation::of_agent(refusal, &agent.admission, identity);
            hint = why.hint;
            Some(refusal)
        });
        let refusal = refusal.or(of_agent);
        let facts = Facts {
            trust,
            claimed: claimed(header, trust),
            payload: payload.as_ref(),
            identity: identity.as_ref(),
            agent,
            now,
        };
        Self {
            checks: facts.checks(refusal),
            refusal,
            token_id: payload.as_ref().map(|payload| payload.token_id.clone()),
            identity: identity.clone(),
            hint,
        }
    }

    /// Of a token that was refused before it could be told who signed it.
    pub fn unproven(header: &[u8], trust: &Trust, refusal: Refusal) -> Self {
        let why = Explanation::unproven(header, trust, refusal);
        let facts = Facts {
            trust,
            claimed: claimed(header, trust),
            payload: None,
            identity: None,
            agent: None,
            now: UnixTime(0),
        };
        Self {
            checks: facts.checks(Some(refusal)),
            refusal: Some(refusal),
            identity: None,
            token_id: None,
            hint: why.hint,
        }
    }
}

impl Facts<'_> {
    fn checks(&self, refusal: Option<Refusal>) -> Vec<Check> {
        let failed = refusal.map(Stage::of);
        let mut is_reached = true;
        let stages = Stage::ALL.iter().copied();
        let stages = stages.filter(|stage| self.agent.is_some() || !stage.is_of_agent());
        let check = |stage| {
            let verdict = match refusal.filter(|_| failed == Some(stage)) {
                Some(refusal) => CheckVerdict::Refused(refusal),
                None if is_reached => CheckVerdict::Passed,
                None => CheckVerdict::NotReached,
            };
            is_reached = is_reached && verdict == CheckVerdict::Passed;
            let (expected, found) = match verdict {
                CheckVerdict::NotReached => (None, None),
                CheckVerdict::Passed => self.compared(stage.refusal()),
                CheckVerdict::Refused(refusal) => self.compared(refusal),
            };
            Check {
                stage,
                verdict,
                expected,
                found,
            }
        };
        stages.map(check).collect()
    }

    /// What a check expects, and what it found.
    fn compared(&self, refusal: Refusal) -> (Option<String>, Option<String>) {
        if Stage::of(refusal).is_of_agent() {
            let Some((agent, identity)) = self.agent.zip(self.identity) else {
                return (None, None);
            };
            let why = Explanation::of_agent(refusal, &agent.admission, identity);
            return (why.expected, why.found);
        }
        let signed = self
            .payload
            .and_then(|payload| compared(refusal, payload, self.now));
        match signed {
            Some((expected, found)) => {
                // An entry without conditions asks for nothing, and nothing is found.
                let told = |text: String| Some(text).filter(|text| !text.is_empty());
                (told(expected), told(found))
            }
            None => (
                expected(refusal, self.trust, self.claimed),
                self.issuer(refusal),
            ),
        }
    }

    /// The issuer is the one fact of a token that is told of a check before its signature, once that holds.
    fn issuer(&self, refusal: Refusal) -> Option<String> {
        let is_asked = Stage::of(refusal) == Stage::Issuer;
        let issuer = self.payload.map(|payload| &payload.issuer);
        issuer.filter(|_| is_asked).map(|issuer| text(issuer))
    }
}
