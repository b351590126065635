//! Tests of `gatehouse explain`: the program's verdict is the gate's, and nothing of a token is printed.

use std::fs;
use std::path::PathBuf;

use mint::Key;
use serde_json::{Value, json};
use shared::gate::Refusal;

use crate::program::{Ran, folder, run, run_with, settings};

const NOW: u64 = 1_800_000_000;
const ISSUER: &str = "https://issuer.example";
pub(crate) const POOL: &str = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Example01";

/// Settings, a key document, and the key.
pub(crate) struct Scene {
    settings: PathBuf,
    jwks: PathBuf,
    key: Key,
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self::of_issuer(ISSUER)
    }

    /// With callers of a user pool.
    pub(crate) fn of_pool() -> Self {
        Self::of_issuer(POOL)
    }

    fn of_issuer(issuer: &str) -> Self {
        let key = Key::p256("one");
        let runtime = "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/demo-AbCdEf1234";
        let agents = json!({
            "demo": {"runtime": runtime, "allow": {}},
            "finance": {"runtime": runtime, "allow": {"groups": ["finance"]}},
        });
        let issuers = json!([{
            "discoveryUrl": format!("{issuer}/.well-known/openid-configuration"),
            "allowedClients": ["web"],
            "algorithms": ["ES256"],
        }]);
        let jwks = folder().join("keys.json");
        fs::write(&jwks, mint::key_document(&[&key]).to_string()).unwrap();
        Self {
            settings: settings(&agents.to_string(), &issuers.to_string()),
            jwks,
            key,
        }
    }

    pub(crate) fn token(&self, changes: Value) -> String {
        let mut claims = json!({
            "iss": ISSUER, "sub": "alice-1", "client_id": "web", "groups": ["staff"],
            "email": "alice@example.com", "email_verified": true,
            "iat": NOW - 60, "exp": NOW + 600,
        });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        self.key.token("ES256", &claims)
    }

    pub(crate) fn explain(&self, more: &[&str], token: &str) -> Ran {
        self.explain_with(more, &[], token)
    }

    pub(crate) fn explain_with(
        &self,
        more: &[&str],
        variables: &[(&str, &str)],
        token: &str,
    ) -> Ran {
        let at = NOW.to_string();
        let mut arguments = vec![
            "explain",
            "--settings",
            self.settings.to_str().unwrap(),
            "--jwks",
            self.jwks.to_str().unwrap(),
            "--at",
            &at,
        ];
        arguments.extend(more);
        let ran = run_with(&arguments, variables, token);
        let signature = token.trim().rsplit('.').next().unwrap();
        for secret in [token, signature, "alice@example.com"] {
            let is_shown = ran.output.contains(secret) || ran.errors.contains(secret);
            assert!(secret.len() < 10 || !is_shown, "{ran:?}");
        }
        ran
    }
}

#[test]
fn a_good_token_is_admitted_where_its_caller_is() {
    let scene = Scene::new();
    let token = scene.token(json!({}));
    for shown in [
        token.clone(),
        format!("Bearer {token}\n"),
        format!("Authorization: Bearer {token}\r\n"),
    ] {
        let ran = scene.explain(&["--agent", "demo"], &shown);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let said = ran.json();
        assert_eq!(
            (&said["verdict"], &said["subject"]),
            (&json!("admitted"), &json!("alice-1"))
        );
    }
    let said = scene.explain(&[], &token).json();
    assert_eq!(said["admitting"], json!(["demo"]), "{said}");
}

#[test]
fn each_kind_of_refusal_is_told_with_its_check() {
    let scene = Scene::new();
    let other = Scene::new();
    for (token, agent, refusal, check) in [
        (
            scene.token(json!({})),
            "finance",
            Refusal::AgentGroup,
            "agent_group",
        ),
        (
            scene.token(json!({"exp": NOW})),
            "demo",
            Refusal::Expired,
            "times",
        ),
        (
            scene.token(json!({"client_id": "other"})),
            "demo",
            Refusal::Client,
            "client",
        ),
        (
            scene.token(json!({"iss": "https://other.example"})),
            "demo",
            Refusal::IssuerUnknown,
            "issuer",
        ),
        (
            scene.token(json!({"sub": null})),
            "demo",
            Refusal::Subject,
            "subject",
        ),
        (
            other.token(json!({})),
            "demo",
            Refusal::Signature,
            "signature",
        ),
        (
            "opaque-token".to_owned(),
            "demo",
            Refusal::TokenParts,
            "form",
        ),
    ] {
        let ran = scene.explain(&["--agent", agent], &token);
        assert_eq!(ran.code, Some(1), "{ran:?}");
        let said = ran.json();
        assert_eq!(said["reason"], refusal.code(), "{said}");
        let status = match refusal.answer() {
            shared::gate::Answer::Forbidden => 403,
            shared::gate::Answer::Unauthorized => 401,
        };
        assert_eq!(said["status"], status, "{said}");
        let checks = said["checks"].as_array().unwrap();
        let failed: Vec<&str> = checks
            .iter()
            .filter(|told| told["verdict"] == "refused")
            .map(|told| told["check"].as_str().unwrap())
            .collect();
        assert_eq!(failed, [check], "{said}");
    }
}

#[test]
fn the_token_may_be_in_a_variable_or_a_file_and_never_in_an_argument() {
    let scene = Scene::new();
    let token = scene.token(json!({}));
    let file = folder().join("token.txt");
    fs::write(&file, &token).unwrap();
    let ran = scene.explain(&["--token-file", file.to_str().unwrap()], "");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let at = NOW.to_string();
    let arguments = [
        "explain",
        "--settings",
        scene.settings.to_str().unwrap(),
        "--jwks",
        scene.jwks.to_str().unwrap(),
        "--at",
        &at,
    ];
    let ran = run_with(&arguments, &[("GATEHOUSE_TOKEN", &token)], "");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let ran = run_with(&arguments, &[], " \n");
    assert_eq!(ran.code, Some(64), "{ran:?}");
    assert!(ran.errors.contains("GATEHOUSE_TOKEN"), "{ran:?}");
    let ran = run(&["explain", &token]);
    assert_eq!(ran.code, Some(64), "{ran:?}");
}

/// The functions read the same variables.
#[test]
fn the_settings_may_be_a_functions_variables() {
    let scene = Scene::new();
    let read = |name: &str| fs::read_to_string(scene.settings.join(name)).unwrap();
    let (agents, issuers) = (read("agents.json"), read("issuers.json"));
    let at = NOW.to_string();
    let arguments = [
        "explain",
        "--jwks",
        scene.jwks.to_str().unwrap(),
        "--at",
        &at,
    ];
    let variables = [("AGENTS", agents.as_str()), ("TRUSTED_ISSUERS", &issuers)];
    let ran = run_with(&arguments, &variables, &scene.token(json!({})));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let faulty = [("AGENTS", "{"), ("TRUSTED_ISSUERS", &issuers)];
    let ran = run_with(&arguments, &faulty, "x");
    assert_eq!(ran.code, Some(64), "{ran:?}");
    assert!(ran.errors.contains("`AGENTS` is not JSON"), "{ran:?}");
}

#[test]
fn keys_that_cannot_be_fetched_are_told_with_their_reason() {
    let scene = Scene::new();
    let issuers = json!([{
        "discoveryUrl": "http://127.0.0.1:1/.well-known/openid-configuration",
        "issuer": ISSUER, "allowedClients": ["web"], "algorithms": ["ES256"],
    }]);
    fs::write(scene.settings.join("issuers.json"), issuers.to_string()).unwrap();
    let arguments = [
        "explain",
        "--json",
        "--settings",
        scene.settings.to_str().unwrap(),
    ];
    let ran = run_with(&arguments, &[], &scene.token(json!({})));
    assert_eq!(ran.code, Some(69), "{ran:?}");
    let said: Value = serde_json::from_str(&ran.errors).unwrap();
    let error = said["error"].as_str().unwrap();
    assert!(
        error.contains("keys_unavailable") && error.contains("127.0.0.1:1"),
        "{said}"
    );
    assert_eq!(said["exit"], 69);
}

#[test]
fn an_agent_that_is_not_there_is_told_with_those_that_are() {
    let scene = Scene::new();
    let ran = scene.explain(&["--agent", "finanze"], &scene.token(json!({})));
    assert_eq!(ran.code, Some(64), "{ran:?}");
    assert!(ran.errors.contains("demo, finance"), "{ran:?}");
}
