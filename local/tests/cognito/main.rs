//! The issuer as its clients see it: a browser, the console, a program, a verifier.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail by panic"
)]

mod api;
mod browser;
mod console;
mod documents;
mod jwt;
mod page;
mod program;
mod trigger;

use local::cognito::{Issuer, IssuerSettings, UserSettings};

use browser::CALLBACK;

async fn issuer() -> Issuer {
    let settings = IssuerSettings {
        redirect_uris: vec![CALLBACK.to_owned()],
        logout_uris: vec!["http://localhost:43210/".to_owned()],
        ..IssuerSettings::default()
    };
    Issuer::start(settings).await.unwrap()
}

#[tokio::test]
async fn users_and_addresses_come_from_the_settings() {
    let carol = UserSettings {
        password: Some("fixed".to_owned()),
        ..UserSettings::new("carol", &[])
    };
    let settings = IssuerSettings {
        users: vec![carol],
        token_lifetime_seconds: 300,
        ..IssuerSettings::default()
    };
    let issuer = Issuer::start(settings).await.unwrap();
    assert_eq!(
        (issuer.password("carol"), issuer.password("alice")),
        (Some("fixed"), None)
    );
    let claims = issuer.access_claims("carol").unwrap();
    assert_eq!(claims.get("cognito:groups"), None);
    assert_eq!(
        claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(),
        300
    );

    let redirect_uris = vec!["not a url".to_owned()];
    let settings = IssuerSettings {
        redirect_uris,
        ..IssuerSettings::default()
    };
    let error = Issuer::start(settings).await.err().unwrap();
    assert_eq!(
        error.to_string(),
        "`not a url` is not a URL to send a browser to"
    );
}
