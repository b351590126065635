//! Discovery, keys, and tokens made to be refused, as a verifier sees them.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, StatusCode};
use local::cognito::{Document, Fault, Issuer};
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::issuer;
use crate::jwt::{names, part, verifies};

fn keys_url(issuer: &Issuer) -> String {
    format!("{}/.well-known/jwks.json", issuer.url())
}

#[tokio::test]
async fn discovery_leads_to_two_keys() {
    let issuer = issuer().await;
    let mut browser = Browser::new(&issuer);
    let discovery = browser.get(&issuer.discovery_url()).await.json();
    assert_eq!(discovery["issuer"], issuer.url());
    assert_eq!(discovery["jwks_uri"], keys_url(&issuer));
    // Clients that insist on it refuse Cognito, and so they refuse here.
    assert_eq!(discovery["code_challenge_methods_supported"], Value::Null);
    let keys = browser.get(&keys_url(&issuer)).await.json();
    let keys = keys["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 2);
    for key in keys {
        assert_eq!(names(key), "alg e kid kty n use");
    }
}

#[tokio::test]
async fn the_keys_verify_tokens_with_cognitos_claims() {
    let issuer = issuer().await;
    let mut browser = Browser::new(&issuer);
    let keys = browser.get(&keys_url(&issuer)).await.json();
    let code = browser.code().await;
    let tokens = browser.redeem(&[("code", &code)]).await.json();
    let token = |name: &str| tokens[name].as_str().unwrap();
    let (access, id) = (token("access_token"), token("id_token"));
    assert!(verifies(access, &keys) && verifies(id, &keys));
    assert_ne!(
        part(access, 0)["kid"],
        part(id, 0)["kid"],
        "each use has its own key"
    );
    assert_eq!(names(&part(access, 0)), "alg kid");

    let expected = "aud auth_time cognito:groups cognito:username email email_verified event_id \
                    exp iat iss jti nonce origin_jti sub token_use";
    assert_eq!(names(&part(id, 1)), expected);
    let claims = part(access, 1);
    let expected = "auth_time client_id cognito:groups event_id exp iat iss jti origin_jti scope \
                    sub token_use username version";
    assert_eq!(names(&claims), expected);
    assert_eq!(
        (&claims["iss"], &claims["token_use"]),
        (&json!(issuer.url()), &json!("access"))
    );
    assert_eq!(
        claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(),
        3600
    );
    assert_eq!(claims["scope"], "openid email gatehouse/invoke");
}

#[tokio::test]
async fn tokens_can_be_made_without_the_journey() {
    let issuer = issuer().await;
    let mut browser = Browser::new(&issuer);
    let keys = browser.get(&keys_url(&issuer)).await.json();
    assert!(verifies(&issuer.access_token("alice").unwrap(), &keys));
    assert!(verifies(&issuer.machine_token(None).unwrap(), &keys));
    let mut claims = issuer.access_claims("bob").unwrap();
    claims["username"] = json!("alice");
    let forged = issuer.sign(&issuer.access_header(), &claims).unwrap();
    assert!(verifies(&forged, &keys));
    assert_eq!(part(&forged, 1)["username"], "alice");
    assert!(issuer.machine_token(Some("openid")).is_err());
    assert!(issuer.access_token("nobody").is_err());
}

#[tokio::test]
async fn keys_rotate_and_the_last_access_key_stays() {
    let issuer = issuer().await;
    let mut browser = Browser::new(&issuer);
    let url = keys_url(&issuer);
    let first = issuer.access_token("alice").unwrap();
    issuer.rotate_keys().await.unwrap();
    let second = issuer.access_token("alice").unwrap();
    assert_ne!(part(&first, 0)["kid"], part(&second, 0)["kid"]);
    let keys = browser.get(&url).await.json();
    assert!(verifies(&first, &keys) && verifies(&second, &keys));
    issuer.rotate_keys().await.unwrap();
    let keys = browser.get(&url).await.json();
    assert!(!verifies(&first, &keys) && verifies(&second, &keys));
}

#[tokio::test]
async fn documents_are_counted() {
    let issuer = issuer().await;
    let mut browser = Browser::new(&issuer);
    let fetches = || {
        (
            issuer.fetches(Document::Keys),
            issuer.fetches(Document::Discovery),
        )
    };
    assert_eq!(fetches(), (0, 0));
    browser.get(&issuer.discovery_url()).await;
    browser.get(&keys_url(&issuer)).await;
    browser.get(&keys_url(&issuer)).await;
    assert_eq!(fetches(), (2, 1));
}

#[tokio::test]
async fn documents_fail_on_demand() {
    let issuer = issuer().await;
    let mut browser = Browser::new(&issuer);
    let url = keys_url(&issuer);
    let fail = |fault| issuer.set_fault(Document::Keys, Some(fault));
    fail(Fault::Down);
    assert!(
        browser
            .try_send(Request::get(&url), String::new())
            .await
            .is_err()
    );
    fail(Fault::Body(Bytes::from_static(b"{\"keys\":1}")));
    let lie = browser.get(&url).await;
    assert_eq!((lie.status, lie.text()), (StatusCode::OK, "{\"keys\":1}"));
    fail(Fault::Status(StatusCode::BAD_GATEWAY));
    assert_eq!(browser.get(&url).await.status, StatusCode::BAD_GATEWAY);
    fail(Fault::Redirect("http://elsewhere.test/".to_owned()));
    assert_eq!(
        browser.get(&url).await.location().as_str(),
        "http://elsewhere.test/"
    );
    let delay = Duration::from_millis(150);
    fail(Fault::Slow(delay));
    let asked = Instant::now();
    assert_eq!(browser.get(&url).await.status, StatusCode::OK);
    assert!(asked.elapsed() >= delay);
    assert_eq!(
        browser.get(&issuer.discovery_url()).await.status,
        StatusCode::OK
    );
    issuer.set_fault(Document::Keys, None);
    assert_eq!(
        browser.get(&url).await.json()["keys"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}
