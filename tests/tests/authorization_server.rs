//! Tests of the metadata that the door serves for an issuer whose own lacks what MCP clients insist on.

use hyper::http::StatusCode;
use local::cognito::{Document, Fault};
use local::stack::{Stack, StackSettings};
use serde_json::{Value, json};
use tests::{Answer, chain_settings, counted, get, journey};

const WELL_KNOWN: &str = "/.well-known/oauth-authorization-server";

async fn serving() -> Stack {
    let settings = StackSettings {
        serves_metadata: true,
        ..chain_settings()
    };
    Stack::start(settings).await.unwrap()
}

async fn metadata(stack: &Stack) -> Answer {
    let address = format!("{}{WELL_KNOWN}", stack.url());
    get(&address, None).await
}

#[tokio::test]
async fn the_door_serves_the_metadata_that_clients_insist_on() {
    let stack = serving().await;
    let (door, issuer) = (stack.url(), stack.issuer());
    let own = get(&issuer.discovery_url(), None).await.json();
    assert_eq!(own.get("code_challenge_methods_supported"), None, "{own}");
    let expected = json!({
        "authorization_endpoint": own["authorization_endpoint"],
        "code_challenge_methods_supported": ["S256"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "issuer": door,
        "jwks_uri": own["jwks_uri"],
        "response_types_supported": ["code"],
        "revocation_endpoint": own["revocation_endpoint"],
        "scopes_supported": ["openid"],
        "token_endpoint": own["token_endpoint"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
    });
    assert_eq!(metadata(&stack).await.json(), expected);
    let resource = format!("{door}/.well-known/oauth-protected-resource/agents/tools/mcp");
    let resource = get(&resource, None).await.json();
    assert_eq!(resource["authorization_servers"], json!([door]));
    let clients = json!({door: [issuer.console_client()]});
    assert_eq!(resource["gatehouse_public_clients"], clients);
    // Tokens are the issuer's as before.
    let token = issuer.access_token("alice").unwrap();
    let whoami = get(&format!("{door}/whoami"), Some(&token)).await;
    assert_eq!(whoami.json()["issuer"], issuer.url());
    stack.stop().await;
}

#[tokio::test]
async fn without_the_setting_the_issuers_own_are_named() {
    let stack = Stack::start(chain_settings()).await.unwrap();
    metadata(&stack).await.assert_problem(404, "not_found");
    let resource = format!("{}/.well-known/oauth-protected-resource", stack.url());
    let resource = get(&resource, None).await.json();
    let issuer = stack.issuer().url();
    assert_eq!(resource["authorization_servers"], json!([issuer]));
    stack.stop().await;
}

#[tokio::test]
async fn an_issuer_that_is_down_is_asked_seldom() {
    let stack = serving().await;
    let issuer = stack.issuer();
    let fetches = || issuer.fetches(Document::Discovery);
    let before = fetches();
    for fault in [
        Fault::Down,
        Fault::Status(StatusCode::INTERNAL_SERVER_ERROR),
        Fault::Redirect("https://other.example/".to_owned()),
        Fault::Body("{}".into()),
    ] {
        issuer.set_fault(Document::Discovery, Some(fault));
        for _ in 0..5 {
            let answer = metadata(&stack).await;
            answer.assert_problem(503, "issuer_unavailable");
            assert_eq!(answer.header("retry-after"), "10");
        }
    }
    // Twenty requests within moments; the back-off begins with a second and doubles.
    assert!(fetches() - before <= 4, "{}", fetches() - before);
    stack.stop().await;
    let stack = serving().await;
    let issuer = stack.issuer();
    let before = issuer.fetches(Document::Discovery);
    for _ in 0..5 {
        assert_eq!(metadata(&stack).await.status, 200);
    }
    let asked = issuer.fetches(Document::Discovery) - before;
    let processes = stack.function("OpenRoutesFunction").unwrap().processes();
    let most = u64::try_from(processes.len()).unwrap();
    assert!((1..=most).contains(&asked), "{asked}");
    // What is held serves while the issuer is down.
    issuer.set_fault(Document::Discovery, Some(Fault::Down));
    assert_eq!(metadata(&stack).await.status, 200);
    stack.stop().await;
}

/// The official client refuses metadata of another issuer than the one it looked for.
#[tokio::test]
async fn the_official_client_signs_in_by_the_doors_metadata() {
    let stack = serving().await;
    let issuer = stack.issuer();
    let door = format!("{}/agents/tools/mcp", stack.url());
    let arguments = [door.as_str(), issuer.console_client(), "alice"];
    let password = issuer.password("alice").unwrap();
    let Some(seen) = journey("mcp_sign_in.py", &arguments, password).await else {
        return;
    };
    let asked = seen["asked"].as_array().unwrap();
    let wanted = json!(format!("GET {}{WELL_KNOWN}", stack.url()));
    assert!(asked.contains(&wanted), "{seen}");
    let discovery = Value::from(format!("GET {}", issuer.discovery_url()));
    assert!(!asked.contains(&discovery), "{seen}");
    let tools = seen["tools"].as_array().unwrap();
    assert!(tools.contains(&json!("billing___refund")), "{seen}");
    stack.stop().await;
    counted("the official MCP client signed in by the door's own metadata");
}
