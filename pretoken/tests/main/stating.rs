//! A door that states its callers, beside the pool and the trigger.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use mint::Key;
use serde_json::{Value, json};

use crate::cloud::{Keys, Table};
use crate::scene::{Failed, MACHINE, POOL, Scene, change, not_proven, now, pool_keys};

pub(crate) const TYPE: &str = "gatehouse-statement+jwt";
pub(crate) const ENTRA: &str =
    "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0";
pub(crate) const OKTA: &str = "https://dev-1.okta.com/oauth2/default";
pub(crate) const JWKS: &str = "/live/.well-known/jwks.json";
pub(crate) const OTHER_CLIENT: &str = "5p1exampleotherclient001";
pub(crate) const TOKEN_ID: &str = "0123456789abcdef0123456789abcdef";

/// The door's key, and another that has its id.
pub(crate) static DOOR: LazyLock<Key> = LazyLock::new(|| Key::p256("door-1"));
pub(crate) static STRANGE: LazyLock<Key> = LazyLock::new(|| Key::p256("door-1"));

/// Entra by its tenants, Okta, and the pool itself.
const ISSUERS: &str = r#"[
    {"discoveryUrl": "https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration",
        "issuer": ["https://login.microsoftonline.com/{tenantid}/v2.0", "https://sts.windows.net/{tenantid}/"],
        "tenants": ["11111111-2222-3333-4444-555555555555"], "allowedAudience": ["door"]},
    {"discoveryUrl": "https://dev-1.okta.com/oauth2/default/.well-known/openid-configuration", "allowedAudience": ["door"]},
    {"discoveryUrl": "{origin}/eu-central-1_ExAmPle01/.well-known/openid-configuration", "allowedClients": ["c"]}
]"#;

/// What makes statements count.
const STATING: [(&str, &str); 3] = [
    ("PUBLIC_URL", "{origin}/live"),
    ("TRUSTED_ISSUERS", ISSUERS),
    (
        "PROVING_CLIENTS",
        "7m2examplemachineclient1,5p1exampleotherclient001",
    ),
];

pub(crate) fn documents(door: &[&Key]) -> BTreeMap<String, Value> {
    let mut documents = pool_keys();
    documents.insert(JWKS.to_owned(), mint::key_document(door));
    documents
}

/// The trigger of a deployment whose door states callers.
pub(crate) async fn stating(more: &[(&str, &str)], table: Table) -> Scene {
    // Of two values the last counts.
    let scene = Scene::with_table(&[&STATING[..], more].concat(), table).await;
    scene.cloud.set_keys(Keys::Documents(documents(&[&DOOR])));
    scene
}

pub(crate) async fn plain() -> Scene {
    stating(&[], Table::Text("nobody asks for it")).await
}

/// The claims of a statement, as the door writes them, with some of them changed; null takes one away.
pub(crate) fn claims(scene: &Scene, changes: &Value) -> Value {
    let now = now();
    let mut claims = json!({
        "aud": POOL,
        "client_id": "app-1",
        "exp": now + 60,
        "groups": ["buyers"],
        "iat": now,
        "iss": format!("{}/live", scene.cloud.origin),
        "jti": "r-1",
        "machine_client": MACHINE,
        "sub": "alice",
        "sub_issuer": ENTRA,
        "token_id": TOKEN_ID,
    });
    change(&mut claims, changes);
    claims
}

pub(crate) fn header(changes: &Value) -> Value {
    let mut header = json!({"alg": "ES256", "kid": DOOR.id(), "typ": TYPE});
    change(&mut header, changes);
    header
}

/// A statement, truly signed.
pub(crate) fn statement(scene: &Scene, changes: &Value) -> String {
    DOOR.token_with("ES256", &header(&json!({})), &claims(scene, changes))
}

pub(crate) async fn show(scene: &Scene, statement: &str) -> Result<Value, Failed> {
    scene.machine(json!({"user_statement": statement})).await
}

pub(crate) async fn reason(scene: &Scene, statement: &str) -> String {
    let outcome = show(scene, statement).await;
    assert_eq!(outcome, Err(not_proven()), "{statement}");
    let line = scene.decisions().pop().unwrap();
    assert_eq!(line["outcome"], "refused");
    line["reason"].as_str().unwrap().to_owned()
}
