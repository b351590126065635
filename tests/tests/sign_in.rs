//! Signing in as the console does: code and PKCE, then the token endpoint, then the door.

use bytes::Bytes;
use graviola::hashing::{Hash, Sha256};
use hyper::http::Request;
use serde_json::{Value, json};
use tests::{Answer, CALLBACK, Stack, get, post, send};
use url::{Url, form_urlencoded};

const VERIFIER: &str = "a-verifier-of-at-least-forty-three-characters-0123456789";

fn endpoint(stack: &Stack, name: &str) -> String {
    stack.description[name].as_str().unwrap().to_owned()
}

fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

async fn post_form(address: &str, cookies: &str, fields: &[(&str, &str)]) -> Answer {
    let request = Request::post(address)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("cookie", cookies)
        .body(Bytes::from(form(fields)))
        .unwrap();
    send(request).await.whole().await
}

fn cookies(answer: &Answer) -> String {
    let cookies = answer.headers.get_all("set-cookie").iter();
    let pairs = cookies.map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap());
    pairs.collect::<Vec<_>>().join("; ")
}

/// Goes through the sign-in page and comes back with a code.
async fn code(stack: &Stack, user: &str) -> String {
    let challenge = mint::encode(Sha256::hash(VERIFIER.as_bytes()).as_ref());
    let client = endpoint(stack, "console_client");
    let query = form(&[
        ("response_type", "code"),
        ("client_id", &client),
        ("redirect_uri", CALLBACK),
        ("scope", "openid gatehouse/invoke"),
        ("state", "a-state"),
        ("code_challenge_method", "S256"),
        ("code_challenge", &challenge),
    ]);
    let address = format!("{}?{query}", endpoint(stack, "authorization_endpoint"));
    let to_page = get(&address, None).await;
    assert_eq!(to_page.status, 302);
    let origin = Url::parse(&address).unwrap();
    let page_address = origin.join(to_page.header("location")).unwrap();
    let page = get(page_address.as_str(), None).await;
    assert_eq!(page.status, 200);
    let field = "name=\"_csrf\" value=\"";
    let csrf = page.text().split(field).nth(1).unwrap();
    let csrf = csrf.split('"').next().unwrap();
    let password = stack.description["passwords"][user].as_str().unwrap();
    let fields = [("_csrf", csrf), ("username", user), ("password", password)];
    let back = post_form(page_address.as_str(), &cookies(&page), &fields).await;
    assert!(back.status.is_redirection(), "{}", back.status);
    let back = Url::parse(back.header("location")).unwrap();
    assert!(back.as_str().starts_with(CALLBACK), "{back}");
    let value = |name: &str| {
        let mut pairs = back.query_pairs();
        pairs.find(|pair| pair.0 == name).unwrap().1.into_owned()
    };
    assert_eq!(value("state"), "a-state");
    value("code")
}

async fn tokens(stack: &Stack, fields: &[(&str, &str)]) -> Answer {
    let client = endpoint(stack, "console_client");
    let fields = [&[("client_id", client.as_str())], fields].concat();
    post_form(&endpoint(stack, "token_endpoint"), "", &fields).await
}

async fn redeem(stack: &Stack, code: &str, verifier: &str) -> Answer {
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", verifier),
    ];
    tokens(stack, &fields).await
}

async fn whoami(stack: &Stack, token: &Value) -> Answer {
    get(&format!("{}/whoami", stack.url), token.as_str()).await
}

#[tokio::test]
async fn a_person_signs_in_calls_an_agent_and_stays_signed_in() {
    let stack = Stack::shared();
    let code = code(&stack, "alice").await;
    let answer = redeem(&stack, &code, VERIFIER).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let first = answer.json();
    let address = format!("{}/agents/finance/invocations", stack.url);
    let turn = post(
        &address,
        first["access_token"].as_str(),
        &json!({"prompt": "hello"}),
    )
    .await;
    assert_eq!(turn.status, 200);
    assert!(turn.whole().await.text().contains("That is all."));
    let fields = [
        ("grant_type", "refresh_token"),
        ("refresh_token", first["refresh_token"].as_str().unwrap()),
    ];
    let second = tokens(&stack, &fields).await.json();
    assert_ne!(second["access_token"], first["access_token"]);
    let answer = whoami(&stack, &second["access_token"]).await.json();
    assert_eq!(answer["username"], "alice", "{answer}");
    assert!(
        answer["scopes"].to_string().contains("gatehouse/invoke"),
        "{answer}"
    );
    // The id token says who alice is, but it is not for calling anything.
    whoami(&stack, &first["id_token"])
        .await
        .assert_problem(401, "unauthorized");
    // A code is good once, and only for the one who began.
    assert_eq!(redeem(&stack, &code, VERIFIER).await.status, 400);
}

#[tokio::test]
async fn a_stolen_code_is_worth_nothing() {
    let stack = Stack::shared();
    let code = code(&stack, "bob").await;
    let answer = redeem(&stack, &code, &VERIFIER.to_uppercase()).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.json()["error"]),
        (400, &json!("invalid_grant"))
    );
}
