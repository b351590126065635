//! The console's journey: a code, its tokens, their renewal and end.

use http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::browser::{Answer, Browser, CALLBACK, authorization};
use crate::issuer;
use crate::jwt::{claims, names};

#[tokio::test]
async fn a_sign_in_leads_to_tokens() {
    let issuer = issuer().await;
    let mut browser = Browser::new(&issuer);
    let start = format!("/oauth2/authorize?{}", authorization(&[]));
    let login = browser.get(&start).await.location();
    assert_eq!(login.path(), "/login");
    let login = format!("/login?{}", login.query().unwrap());

    let wrong = browser.sign_in(&login, "alice", "wrong").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(wrong.text().contains("role=\"alert\""), "{}", wrong.text());
    // The name is typed still, if it is one: nothing else of the form comes back.
    assert!(wrong.text().contains("value=\"alice\""), "{}", wrong.text());
    let hostile = browser.sign_in(&login, "alice\"><script>", "<wrong>").await;
    assert!(hostile.text().contains("value=\"\""), "{}", hostile.text());
    assert!(!hostile.text().contains("<script") && !hostile.text().contains("<wrong>"));

    let password = issuer.password("alice").unwrap();
    let back = browser.sign_in(&login, "alice", password).await;
    assert!(
        back.location()
            .as_str()
            .starts_with(&format!("{CALLBACK}?code="))
    );
    assert_eq!(back.parameter("state").as_deref(), Some("state & more"));

    let code = back.parameter("code").unwrap();
    let answer = browser.redeem(&[("code", &code)]).await;
    assert_eq!(answer.headers["access-control-allow-origin"], "*");
    assert_eq!(answer.headers["cache-control"], "no-store");
    let tokens = answer.json();
    let expected = "access_token expires_in id_token refresh_token token_type";
    assert_eq!(names(&tokens), expected);
    assert_eq!(claims(&tokens["id_token"])["nonce"], "nonce");
    let user = user_info(&mut browser, &tokens).await;
    assert_eq!(user.json()["sub"], issuer.subject("alice").unwrap());
}

#[tokio::test]
async fn a_sign_in_is_renewed_until_it_is_revoked() {
    let issuer = issuer().await;
    let mut browser = Browser::new(&issuer);
    let code = browser.code().await;
    let tokens = browser.redeem(&[("code", &code)]).await.json();
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    let client = ("client_id", issuer.console_client());
    let refresh = [
        ("grant_type", "refresh_token"),
        client,
        ("refresh_token", refresh_token),
    ];

    let again = browser.post("/oauth2/token", &refresh).await.json();
    assert_eq!(names(&again), "access_token expires_in id_token token_type");
    let (old, new) = (
        claims(&tokens["access_token"]),
        claims(&again["access_token"]),
    );
    for name in ["origin_jti", "auth_time", "sub", "scope"] {
        assert_eq!(old[name], new[name], "{name}");
    }
    assert_ne!(old["jti"], new["jti"]);
    for (scope, expected) in [("email", 200), ("email profile", 400)] {
        let narrowed = [&refresh[..], &[("scope", scope)]].concat();
        let answer = browser.post("/oauth2/token", &narrowed).await;
        assert_eq!(
            answer.status, expected,
            "{scope}: the sign-in had no profile"
        );
    }

    let revoke = [("token", refresh_token), client];
    for time in ["first", "second"] {
        let answer = browser.post("/oauth2/revoke", &revoke).await;
        assert_eq!(
            (answer.status, answer.text()),
            (StatusCode::OK, ""),
            "{time}"
        );
    }
    let refused = browser.post("/oauth2/token", &refresh).await;
    assert_eq!(refused.error(), (400, json!("invalid_grant")));
    let unknown = user_info(&mut browser, &tokens).await;
    assert_eq!(unknown.error(), (401, json!("invalid_token")));
    assert!(unknown.headers.contains_key("www-authenticate"));
}

async fn user_info(browser: &mut Browser<'_>, tokens: &Value) -> Answer {
    let token = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    let request = Request::get(format!("{}/oauth2/userInfo", browser.issuer.domain()));
    browser
        .send(request.header("authorization", token), String::new())
        .await
}

#[tokio::test]
async fn a_code_is_for_its_client_address_and_verifier_and_for_once() {
    let issuer = issuer().await;
    let mut browser = Browser::new(&issuer);
    for (name, value, status, error) in [
        (
            "code_verifier",
            "another-verifier-of-at-least-forty-three-characters",
            400,
            "invalid_grant",
        ),
        ("code_verifier", "", 400, "invalid_grant"),
        (
            "redirect_uri",
            "http://localhost:43211/callback",
            400,
            "invalid_grant",
        ),
        ("code", "another", 400, "invalid_grant"),
        ("client_id", "another", 400, "invalid_client"),
        ("client_id", "", 400, "invalid_request"),
        ("client_secret", "surplus", 400, "invalid_client"),
        ("grant_type", "", 400, "invalid_request"),
        ("grant_type", "password", 400, "unsupported_grant_type"),
        (
            "grant_type",
            "client_credentials",
            400,
            "unauthorized_client",
        ),
    ] {
        let code = browser.code().await;
        let answer = browser
            .redeem(&[("code", code.as_str()), (name, value)])
            .await;
        assert_eq!(answer.error(), (status, json!(error)), "{name}={value}");
    }
    let code = browser.code().await;
    let code = [("code", code.as_str())];
    assert_eq!(browser.redeem(&code).await.status, StatusCode::OK);
    assert_eq!(
        browser.redeem(&code).await.error(),
        (400, json!("invalid_grant"))
    );
}

#[tokio::test]
async fn user_info_is_for_a_good_access_token_of_a_person() {
    let issuer = issuer().await;
    let mut browser = Browser::new(&issuer);
    let good = issuer.access_claims("alice").unwrap();
    let header = issuer.access_header();
    let sign = |header: &Value, name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        issuer.sign(header, &claims).unwrap()
    };
    let fair = issuer.access_token("alice").unwrap();
    let (head, rest) = fair.split_once('.').unwrap();
    let unsigned = format!("{head}.{}.", rest.split_once('.').unwrap().0);
    let none = sign(&json!({ "alg": "none" }), "scope", json!("openid"));
    for (name, token, status) in [
        ("fair", fair.clone(), 200),
        ("expired", sign(&header, "exp", json!(1)), 401),
        ("id token", sign(&header, "token_use", json!("id")), 401),
        ("no openid", sign(&header, "scope", json!("email")), 401),
        ("nobody", sign(&header, "username", json!("nobody")), 401),
        ("machine", issuer.machine_token(None).unwrap(), 401),
        ("unsigned", unsigned, 401),
        ("alg none", none, 401),
        ("empty", String::new(), 401),
    ] {
        let request = Request::get(format!("{}/oauth2/userInfo", issuer.domain()));
        let request = request.header("authorization", format!("Bearer {token}"));
        assert_eq!(
            browser.send(request, String::new()).await.status,
            status,
            "{name}"
        );
    }
}

#[tokio::test]
async fn only_a_refresh_token_of_a_known_client_is_revoked() {
    let issuer = issuer().await;
    let mut browser = Browser::new(&issuer);
    let access = issuer.access_token("alice").unwrap();
    let client = ("client_id", "gatehouseconsole");
    for (form, expected) in [
        (
            vec![client, ("token", access.as_str())],
            (400, json!("unsupported_token_type")),
        ),
        (vec![client], (400, json!("invalid_request"))),
        (
            vec![("client_id", "another"), ("token", "a")],
            (401, json!("invalid_client")),
        ),
    ] {
        assert_eq!(
            browser.post("/oauth2/revoke", &form).await.error(),
            expected,
            "{form:?}"
        );
    }
}
