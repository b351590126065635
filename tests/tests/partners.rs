//! A second trusted issuer, a partner's, which says of its own callers that they are in our groups.

use mint::Key;
use serde_json::{Value, json};
use tests::{
    DEMO_ARN, FINANCE_ARN, ISSUER, Lambda, ProxyRequest, Settings, claims, run_to_end, trusted,
};

use crate::authorizer::{INVOKE_DEMO, INVOKE_FINANCE, allows, bearer, request};
use crate::world::World;

const PARTNER: &str = "https://partner.example";

/// Our issuer and the partner's, and agents of which `demo` means ours alone.
fn trusting(settings: Settings, ours: &Key, theirs: &Key) -> Settings {
    let discovery = format!("{PARTNER}/.well-known/openid-configuration");
    let [ours, theirs] = [
        trusted(&[ours], &json!({})),
        trusted(&[theirs], &json!({"discoveryUrl": discovery})),
    ];
    let issuers = json!([ours[0], theirs[0]]);
    let agents = json!({
        "demo": {"runtime": DEMO_ARN, "allow": {"groups": ["staff"], "issuers": [ISSUER]}},
        "finance": {"runtime": FINANCE_ARN, "allow": {"groups": ["finance"], "issuers": [ISSUER, PARTNER]}},
    });
    settings
        .with("TRUSTED_ISSUERS", &issuers.to_string())
        .with("AGENTS", &agents.to_string())
}

/// Alice's claims, as the partner would write them.
fn partners() -> Value {
    let mut claims = claims();
    claims["iss"] = json!(PARTNER);
    claims
}

#[tokio::test]
async fn their_groups_are_not_ours_where_an_agent_names_its_issuer() {
    let theirs = Key::p256("theirs");
    let ours = Key::p256("ours");
    let world = World::with(|settings| trusting(settings, &ours, &theirs)).await;
    let (alice, partner) = (
        ours.token("ES256", &claims()),
        theirs.token("ES256", &partners()),
    );
    for (agent, token, status) in [
        ("demo", &alice, 200),
        ("demo", &partner, 403),
        ("finance", &alice, 200),
        ("finance", &partner, 200),
    ] {
        let mut reply = world
            .proxy
            .call(&ProxyRequest::turn(agent, token, "hello"))
            .await;
        let text = reply.text().await;
        assert_eq!(reply.status, status, "{agent}: {text}");
    }
    let logged = world.proxy.until_logged("\"agent_issuer\"").await;
    assert!(logged.contains(PARTNER), "{logged}");
    world.stop().await;
}

#[tokio::test]
async fn the_authorizer_denies_them_too() {
    let (ours, theirs) = (Key::p256("ours"), Key::p256("theirs"));
    let settings = trusting(Settings::none(), &ours, &theirs);
    let authorizer = Lambda::authorizer(settings).await;
    for (authorization, demo) in [
        (bearer(&ours, &claims()), true),
        (bearer(&theirs, &partners()), false),
    ] {
        let outcome = authorizer.ask(&request(&authorization, INVOKE_DEMO)).await;
        assert_eq!(allows(&outcome, INVOKE_DEMO), demo);
        assert!(allows(&outcome, INVOKE_FINANCE));
    }
    authorizer.stop().await;
}

/// An agent that names none of two issuers would take the groups of either.
#[tokio::test]
async fn neither_function_starts_with_an_agent_that_names_no_issuer() {
    let (ours, theirs) = (Key::p256("ours"), Key::p256("theirs"));
    let agents = json!({"demo": {"runtime": DEMO_ARN, "allow": {"groups": ["staff"]}}}).to_string();
    for function in ["authorizer", "proxy"] {
        let settings = trusting(Settings::none(), &ours, &theirs).with("AGENTS", &agents);
        let (status, log) = run_to_end(function, settings).await;
        let log = log.join("\n");
        assert_eq!(status, 64, "{function}: {log}");
        assert!(
            log.contains("`AGENTS.demo.allow` names no `issuers`"),
            "{log}"
        );
    }
}
