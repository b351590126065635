//! Advice: what to do about a reason, and the page that explains it.

use shared::account::Stage;
use shared::gate::Refusal;

/// The advice for the reason that ended a request.
pub(crate) fn next(code: &str) -> &'static str {
    let refusal = Refusal::ALL.iter().find(|refusal| refusal.code() == code);
    match refusal {
        Some(refusal) => of_stage(Stage::of(*refusal)),
        None => of_code(code),
    }
}

/// The meaning of a reason of the gate, in one sentence.
pub(crate) fn sentence(code: &str) -> Option<&'static str> {
    let mut refusals = Refusal::ALL.iter();
    let refusal = refusals.find(|refusal| refusal.code() == code)?;
    Some(refusal.sentence())
}

/// The section that leads on: of the reason if it is one of the gate's, else of the status.
pub(crate) fn page(status: Option<u16>) -> &'static str {
    match status {
        Some(401) => "docs/errors.md#401",
        Some(403) => "docs/errors.md#403",
        Some(404) => "docs/errors.md#404",
        Some(409 | 429) => "docs/errors.md#409-and-429",
        Some(502) => "docs/errors.md#502",
        Some(503) => "docs/errors.md#503",
        Some(504) => "docs/errors.md#504",
        Some(_) | None => "docs/errors.md#what-callers-see",
    }
}

fn of_stage(stage: Stage) -> &'static str {
    let mut rows = STAGES.iter();
    let row = rows.find(|(failed, _)| *failed == stage);
    row.map_or_else(|| of_code(stage.code()), |(_, advice)| advice)
}

fn of_code(code: &str) -> &'static str {
    let mut rows = ADVICE.iter();
    let row = rows.find(|(codes, _)| codes.contains(&code));
    row.map_or(
        "the caller must change the request; the page says what is wrong with it",
        |(_, advice)| advice,
    )
}

/// The advice for a check that failed.
const STAGES: &[(Stage, &str)] = &[
    (
        Stage::Bearer,
        "the caller must send one `Authorization` header, `Bearer TOKEN`",
    ),
    (
        Stage::Form,
        "the caller must send the access token as the issuer wrote it, not an opaque or changed one",
    ),
    (
        Stage::Issuer,
        "compare the token's `iss` with `TRUSTED_ISSUERS`, byte for byte; add the issuer if it is to be trusted",
    ),
    (
        Stage::Type,
        "the caller must send an access token; add its `typ` to the issuer's `tokenTypes` if it is one",
    ),
    (
        Stage::Algorithm,
        "add the algorithm to the issuer's `algorithms` if it is to be trusted with it",
    ),
    (
        Stage::Key,
        "open the issuer's key document: the key may be new, withdrawn, or of another issuer",
    ),
    (
        Stage::Signature,
        "the token was changed, or another issuer signed it; the caller must get a new one",
    ),
    (
        Stage::Tenant,
        "the token's tenant is not the one that its `iss` names; ask the issuer's operator",
    ),
    (
        Stage::Times,
        "the caller must get a new token; if it is new, compare the clocks, and `maxLifetimeSeconds`",
    ),
    (
        Stage::TokenUse,
        "the caller must send the access token, not the id token",
    ),
    (
        Stage::Client,
        "add the client to `allowedClients` of the issuer's entry if it is one of yours",
    ),
    (
        Stage::Audience,
        "the caller must ask for a token for this door; or add its audience to `allowedAudience`",
    ),
    (
        Stage::Subject,
        "name the claim of a stable subject in `subjectClaim`, or let the issuer write one",
    ),
    (
        Stage::AllowedSubject,
        "add the subject to `allowedSubjects` if this caller is meant",
    ),
    (
        Stage::Scope,
        "the caller must ask for a scope of `allowedScopes`",
    ),
    (
        Stage::Claims,
        "let the issuer write the claims that the entry asks for, or change the conditions",
    ),
    (
        Stage::AgentIssuer,
        "add the issuer to `issuers` in the agent's `allow` if its callers are meant",
    ),
    (
        Stage::AgentScope,
        "the caller must ask for the agent's scopes, and sign in again",
    ),
    (
        Stage::AgentGroup,
        "put the user into a group of the agent's `allow`; it counts with their next token",
    ),
    (
        Stage::AgentClient,
        "add the client to `clients` in the agent's `allow` if it is meant",
    ),
    (
        Stage::AgentAnyOf,
        "compare the caller with each set of the agent's `anyOf`",
    ),
];

/// By outcomes of the proxy, reasons of outages, and API Gateway's types of responses.
const ADVICE: &[(&[&str], &str)] = &[
    (&["ok"], "nothing; the answer is whole"),
    (
        &["client_gone"],
        "nothing at the door: the caller left before the answer was whole",
    ),
    (
        &["agent_error", "agent_failed", "agent_refused"],
        "look at the agent's own log",
    ),
    (
        &[
            "agent_cut",
            "agent_silent",
            "agent_timeout",
            "answer_too_long",
            "deadline",
        ],
        "look at the agent's own log: it was too slow, too long, or broke off",
    ),
    (
        &["agent_service_failed", "agent_unreachable"],
        "take the id `upstream_request_id` up with AWS, if it lasts",
    ),
    (
        &["agent_misconfigured"],
        "compare the runtime's ARN, its endpoint, its resource policy and the proxy's role",
    ),
    (
        &["agent_auth_mismatch"],
        "change `auth` in the agent's entry of `AGENTS`",
    ),
    (
        &["agent_refused_token"],
        "give the agent's own authorizer the same clients, audiences, scopes and claims as the door",
    ),
    (
        &["tool_token_unavailable"],
        "find the line \"cannot fetch a tool token\" of this request, and its `reason`",
    ),
    (
        &["unknown_agent"],
        "compare the name in the path with `AGENTS`; `GET /whoami` lists those of the caller",
    ),
    (&["wrong_protocol"], "use the path of the agent's protocol"),
    (
        &["unknown_session"],
        "the client must begin another MCP session",
    ),
    (
        &[
            "EXPIRED_TOKEN",
            "INVALID_SIGNATURE",
            "MISSING_AUTHENTICATION_TOKEN",
            "RESOURCE_NOT_FOUND",
            "method_not_allowed",
            "not_found",
        ],
        "compare method and path with the routes in README.md, letter by letter",
    ),
    (
        &["agent_busy", "conversation_busy"],
        "wait for the other turn of the conversation, or end it with DELETE",
    ),
    (
        &["THROTTLED", "agent_quota", "agent_throttled"],
        "wait for the seconds in `Retry-After`; if it lasts, raise the quota or `ThrottlingRate`",
    ),
    (
        &["keys_unavailable", "unavailable"],
        "find the line \"cannot fetch keys\" of the same minute; open the issuer's key document",
    ),
    (
        &["denied"],
        "find the line \"there is a denial of\" of this request: it has the reason, the author and the end",
    ),
    (
        &["turn_limit"],
        "wait until `resets`, or raise the agent's `limits` in `AGENTS`",
    ),
    (
        &["denials_unavailable"],
        "look at the table `DENIALS_TABLE`, at the rights to it, and at the lines of this minute: they name an item that is no denial",
    ),
    (
        &["turns_unavailable"],
        "look at the table `TURNS_TABLE` and at the proxy's rights to it",
    ),
    (
        &["signing_unavailable"],
        "look at the secret `SIGNING_SECRET_ARN` and at the proxy's rights to it",
    ),
    (
        &["AUTHORIZER_CONFIGURATION_ERROR", "AUTHORIZER_FAILURE"],
        "look at the first lines of the authorizer's newest log stream: they name every wrong setting",
    ),
    (
        &["ACCESS_DENIED"],
        "take in more of the authorizer's lines, from five minutes before; or compare `allow` with `GET /whoami`",
    ),
    (
        &[
            "API_CONFIGURATION_ERROR",
            "DEFAULT_5XX",
            "INTEGRATION_FAILURE",
        ],
        "look at the first lines of the proxy's newest log stream: they name every wrong setting",
    ),
    (
        &["INTEGRATION_TIMEOUT"],
        "look at the proxy's lines of this minute: it did not answer API Gateway in time",
    ),
    (
        &["REQUEST_TOO_LARGE", "too_large"],
        "the caller must send a smaller body",
    ),
];

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    /// Every code of the advice is one that there is, so that none is misspelt.
    #[test]
    fn every_code_is_explained_on_the_page() {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/errors.md");
        let page = fs::read_to_string(page).unwrap();
        let own = [
            "API_CONFIGURATION_ERROR",
            "AUTHORIZER_CONFIGURATION_ERROR",
            "client_gone",
            "ok",
        ];
        for (codes, _) in ADVICE {
            for code in *codes {
                let is_there = page.contains(&format!("`{code}`"));
                assert!(is_there || own.contains(code), "{code}");
            }
        }
        let advised: Vec<Stage> = STAGES.iter().map(|(stage, _)| *stage).collect();
        assert_eq!(advised, Stage::ALL);
        for refusal in Refusal::ALL {
            assert_eq!(sentence(refusal.code()), Some(refusal.sentence()));
        }
    }
}
