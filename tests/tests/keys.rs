//! Tests of the issuer's keys: fetched rarely, new ones found at once, and no caller let in without them.

use std::time::{Duration, Instant};

use bytes::Bytes;
use local::cognito::{Document, Fault, Issuer, IssuerSettings};
use serde_json::{Value, json};
use tests::{Lambda, Outcome, STAGE, Settings, authorizer_events, counted};

/// What Lambda gives a function to initialise.
const INIT_LIMIT: Duration = Duration::from_secs(10);
/// What unknown key ids may cost an issuer at once, and the time after which they may cost one fetch more ("How keys are
/// cached" in docs/architecture.md).
const BURST: u64 = 3;
const REFILL: Duration = Duration::from_secs(10);
/// The longest pause between two fetches from an issuer that fails; the first is a second, and each is twice as long.
const MAX_BACK_OFF: u64 = 32;

async fn issuer() -> Issuer {
    Issuer::start(IssuerSettings::default()).await.unwrap()
}

fn entry(issuer: &Issuer) -> Value {
    json!({
        "discoveryUrl": issuer.discovery_url(),
        "allowedClients": [issuer.console_client()],
        "tokenUse": "access",
        "groupsClaim": "cognito:groups",
    })
}

async fn authorizer(issuer: &Issuer) -> Lambda {
    Lambda::authorizer(Settings::new(&json!([entry(issuer)]))).await
}

async fn ask(authorizer: &Lambda, token: &str) -> Outcome {
    let (_, event) = authorizer_events(&format!("Bearer {token}"), "GET/whoami").swap_remove(1);
    authorizer.ask(&event).await
}

async fn is_let_in(authorizer: &Lambda, issuer: &Issuer) -> bool {
    let token = issuer.access_token("alice").unwrap();
    ask(authorizer, &token)
        .await
        .allows(&format!("{STAGE}/GET/whoami"))
}

/// A token that says it was signed with a key of this id.
fn with_key_id(issuer: &Issuer, key_id: &str) -> String {
    let header = json!({"alg": "RS256", "kid": key_id});
    issuer
        .sign(&header, &issuer.access_claims("alice").unwrap())
        .unwrap()
}

/// How often an issuer that fails is asked in so many seconds: at the start, by the first request, and after each pause.
fn attempts_within(seconds: u64) -> u64 {
    let pauses = (0_u32..).map(|doublings| MAX_BACK_OFF.min(1 << doublings.min(5)));
    let ends = pauses.scan(0, |end, pause| {
        *end += pause;
        Some(*end)
    });
    let ends = ends.take_while(|end| *end <= seconds);
    2 + ends.map(|_| 1).sum::<u64>()
}

fn is_outage(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Error(_))
}

#[tokio::test]
async fn a_thousand_made_up_key_ids_cost_the_issuer_a_handful_of_fetches() {
    let issuer = issuer().await;
    let authorizer = authorizer(&issuer).await;
    let before = issuer.fetches(Document::Keys);
    let asked = Instant::now();
    for number in 0..1000 {
        let outcome = ask(
            &authorizer,
            &with_key_id(&issuer, &format!("made-up-{number}")),
        )
        .await;
        assert_eq!(outcome, Outcome::Unauthorized);
    }
    let fetches = issuer.fetches(Document::Keys) - before;
    let most = BURST + asked.elapsed().as_secs() / REFILL.as_secs();
    assert!((BURST..=most).contains(&fetches), "{fetches} fetches");
    assert!(
        is_let_in(&authorizer, &issuer).await,
        "those who have a key come in all the while"
    );
    counted(&format!("1000 made-up key ids cost {fetches} key fetches"));
    authorizer.stop().await;
}

#[tokio::test]
async fn a_dead_issuer_is_an_outage_for_everybody_and_is_not_hammered() {
    let issuer = issuer().await;
    issuer.set_fault(Document::Keys, Some(Fault::Down));
    let started = Instant::now();
    let authorizer = authorizer(&issuer).await;
    for number in 0..200 {
        let token = if number % 2 == 0 {
            issuer.access_token("alice").unwrap()
        } else {
            with_key_id(&issuer, &format!("made-up-{number}"))
        };
        let outcome = ask(&authorizer, &token).await;
        assert!(is_outage(&outcome), "{outcome:?}");
    }
    let fetches = issuer.fetches(Document::Keys);
    let most = attempts_within(started.elapsed().as_secs());
    assert!((1..=most).contains(&fetches), "{fetches} fetches");
    counted(&format!(
        "200 requests with a dead issuer cost {fetches} key fetches, none was let in"
    ));
    // A token that is bad whatever the keys are is still a bad token.
    assert_eq!(ask(&authorizer, "nonsense").await, Outcome::Unauthorized);
    authorizer.stop().await;
}

#[tokio::test]
async fn a_made_up_key_id_does_not_delay_a_rotation() {
    let issuer = issuer().await;
    let authorizer = authorizer(&issuer).await;
    assert!(is_let_in(&authorizer, &issuer).await);
    assert_eq!(
        ask(&authorizer, &with_key_id(&issuer, "made-up")).await,
        Outcome::Unauthorized
    );
    issuer.rotate_keys().await.unwrap();
    assert!(
        is_let_in(&authorizer, &issuer).await,
        "the new key works at once"
    );
    authorizer.stop().await;
}

#[tokio::test]
async fn an_issuer_that_comes_back_is_believed_again() {
    let issuer = issuer().await;
    issuer.set_fault(Document::Keys, Some(Fault::Down));
    let authorizer = authorizer(&issuer).await;
    issuer.set_fault(Document::Keys, None);
    assert!(
        is_let_in(&authorizer, &issuer).await,
        "a failure at the start does not count"
    );
    authorizer.stop().await;
}

#[tokio::test]
async fn a_slow_issuer_holds_up_neither_the_start_nor_a_request_for_long() {
    let issuer = issuer().await;
    issuer.set_fault(Document::Keys, Some(Fault::Slow(Duration::from_secs(60))));
    let authorizer = authorizer(&issuer).await;
    assert!(
        authorizer.init() < INIT_LIMIT / 2,
        "{:?}",
        authorizer.init()
    );
    let asked = Instant::now();
    let outcome = ask(&authorizer, &issuer.access_token("alice").unwrap()).await;
    assert!(is_outage(&outcome), "{outcome:?}");
    assert!(asked.elapsed() < INIT_LIMIT / 2, "{:?}", asked.elapsed());
    authorizer.stop().await;
}

#[tokio::test]
async fn the_proxy_starts_in_time_as_well() {
    let issuer = issuer().await;
    issuer.set_fault(
        Document::Discovery,
        Some(Fault::Slow(Duration::from_secs(60))),
    );
    let proxy = Lambda::proxy(Settings::new(&json!([entry(&issuer)]))).await;
    assert!(proxy.init() < INIT_LIMIT / 2, "{:?}", proxy.init());
    proxy.stop().await;
}

/// What an issuer might say that is not its keys.
fn lies(issuer: &Issuer, another: &Issuer) -> Vec<(Document, Fault)> {
    let body = |document: Value| Fault::Body(Bytes::from(document.to_string()));
    let keys_at = |address: &str| body(json!({"issuer": issuer.url(), "jwks_uri": address}));
    let keys_of_another = format!("{}/.well-known/jwks.json", another.url());
    let metadata_of_another = json!({"issuer": another.url(), "jwks_uri": keys_of_another});
    let discovery = [
        body(metadata_of_another),
        body(json!({"issuer": issuer.url()})),
        keys_at("http://keys.example.com/"),
        keys_at("file:///etc/passwd"),
        Fault::Redirect(another.discovery_url()),
        Fault::Body(Bytes::from_static(b"<html>")),
    ];
    let keys = [
        body(json!({"keys": []})),
        body(json!({"keys": [{"kty": "oct", "k": "c2VjcmV0"}]})),
        Fault::Redirect(keys_of_another),
        Fault::Body(Bytes::from_static(b"<html>")),
        Fault::Body(Bytes::from(vec![b' '; 1_000_000])),
    ];
    let discovery = discovery.map(|lie| (Document::Discovery, lie));
    let keys = keys.map(|lie| (Document::Keys, lie));
    discovery.into_iter().chain(keys).collect()
}

/// Whatever it says: an outage, and no caller is let in.
#[tokio::test]
async fn a_lying_issuer_lets_nobody_in() {
    let issuer = issuer().await;
    let another = self::issuer().await;
    let lies = lies(&issuer, &another);
    for (document, lie) in &lies {
        issuer.set_fault(*document, Some(lie.clone()));
        let authorizer = authorizer(&issuer).await;
        let outcome = ask(&authorizer, &issuer.access_token("alice").unwrap()).await;
        assert!(is_outage(&outcome), "{document:?} {lie:.80?}: {outcome:?}");
        issuer.set_fault(*document, None);
        authorizer.stop().await;
    }
    assert_eq!(
        another.fetches(Document::Keys),
        0,
        "no redirect is followed, no lie believed"
    );
    counted(&format!("{} lies of an issuer, none believed", lies.len()));
}

/// A document that went bad after the start does not take the place of the keys that are held.
#[tokio::test]
async fn keys_that_are_held_outlive_a_bad_document() {
    let issuer = issuer().await;
    let authorizer = authorizer(&issuer).await;
    issuer.set_fault(
        Document::Keys,
        Some(Fault::Body(Bytes::from_static(b"{\"keys\":[]}"))),
    );
    let outcome = ask(&authorizer, &with_key_id(&issuer, "made-up")).await;
    assert!(
        is_outage(&outcome),
        "its key could be new, and cannot be had: {outcome:?}"
    );
    assert!(is_let_in(&authorizer, &issuer).await);
    authorizer.stop().await;
}
