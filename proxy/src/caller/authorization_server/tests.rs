//! Tests of what is taken over from an issuer's metadata, and what keeps it from being used.

#![expect(
    clippy::too_many_lines,
    reason = "tables are long, and a test stops where it is wrong"
)]

use super::*;

const ISSUER: &str = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Example01";
const SIGN_IN: &str = "https://sign-in.auth.us-east-1.amazoncognito.com";

fn origin(has_public_clients: bool) -> Origin {
    Origin {
        issuer: ISSUER.to_owned(),
        discovery: Address::parse(&format!("{ISSUER}/.well-known/openid-configuration")).unwrap(),
        authorities: None,
        has_public_clients,
    }
}

/// As Cognito's, with more in it than is taken over.
fn cognito() -> Value {
    json!({
        "authorization_endpoint": format!("{SIGN_IN}/oauth2/authorize"),
        "end_session_endpoint": format!("{SIGN_IN}/logout"),
        "id_token_signing_alg_values_supported": ["RS256"],
        "issuer": ISSUER,
        "jwks_uri": format!("{ISSUER}/.well-known/jwks.json"),
        "registration_endpoint": format!("{SIGN_IN}/oauth2/register"),
        "response_types_supported": ["code", "token"],
        "revocation_endpoint": format!("{SIGN_IN}/oauth2/revoke"),
        "scopes_supported": ["openid", "email", "phone", "profile"],
        "token_endpoint": format!("{SIGN_IN}/oauth2/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "strange"],
        "userinfo_endpoint": format!("{SIGN_IN}/oauth2/userInfo"),
    })
}

fn read(document: &Value) -> Result<Endpoints, MetadataError> {
    Endpoints::read(document.to_string().as_bytes(), &origin(true))
}

#[test]
fn the_endpoints_are_the_issuers_and_the_issuer_is_the_door() {
    let door = PublicUrl::parse("https://agents.example.com").unwrap();
    let scopes = BTreeSet::from(["gatehouse/invoke", "openid"]);
    let expected = json!({
        "authorization_endpoint": format!("{SIGN_IN}/oauth2/authorize"),
        "code_challenge_methods_supported": ["S256"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "issuer": "https://agents.example.com",
        "jwks_uri": format!("{ISSUER}/.well-known/jwks.json"),
        "response_types_supported": ["code"],
        "revocation_endpoint": format!("{SIGN_IN}/oauth2/revoke"),
        "scopes_supported": ["gatehouse/invoke", "openid"],
        "token_endpoint": format!("{SIGN_IN}/oauth2/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
    });
    let served = read(&cognito()).unwrap().document(&door, &scopes);
    assert_eq!(served, expected);
    // Without a public client nothing is said of clients without a secret.
    let text = cognito().to_string();
    let read = Endpoints::read(text.as_bytes(), &origin(false)).unwrap();
    let served = read.document(&door, &scopes);
    let methods = &served["token_endpoint_auth_methods_supported"];
    assert_eq!(
        methods,
        &json!(["client_secret_basic", "client_secret_post"])
    );
}

#[test]
fn what_an_issuer_leaves_out_is_left_out() {
    let mut document = cognito();
    for name in [
        "jwks_uri",
        "revocation_endpoint",
        "response_types_supported",
        "token_endpoint_auth_methods_supported",
    ] {
        document.as_object_mut().unwrap().remove(name);
    }
    let door = PublicUrl::parse("https://agents.example.com").unwrap();
    let read = Endpoints::read(document.to_string().as_bytes(), &origin(false)).unwrap();
    let served = read.document(&door, &BTreeSet::new());
    assert_eq!(served.get("jwks_uri"), None);
    assert_eq!(served.get("revocation_endpoint"), None);
    let methods = &served["token_endpoint_auth_methods_supported"];
    assert_eq!(methods, &json!(["client_secret_basic"]));
}

/// Each row: a member, what stands there instead, and the error.
#[test]
fn a_document_that_would_lead_elsewhere_or_promise_too_much_is_not_used() {
    let rows = [
        (
            "issuer",
            json!("https://other.example"),
            "of another issuer",
        ),
        ("issuer", json!(format!("{ISSUER}/")), "of another issuer"),
        ("issuer", Value::Null, "is not a JSON object"),
        ("token_endpoint", Value::Null, "is not a JSON object"),
        (
            "token_endpoint",
            json!("http://sign-in.example/token"),
            "`token_endpoint`",
        ),
        (
            "token_endpoint",
            json!("https://localhost/token"),
            "`token_endpoint`",
        ),
        ("token_endpoint", json!("/oauth2/token"), "`token_endpoint`"),
        (
            "authorization_endpoint",
            json!("javascript:alert(1)"),
            "`authorization_endpoint`",
        ),
        (
            "authorization_endpoint",
            json!("http://127.0.0.1:9/a"),
            "`authorization_endpoint`",
        ),
        (
            "authorization_endpoint",
            json!("https://a@b.example/a"),
            "`authorization_endpoint`",
        ),
        (
            "revocation_endpoint",
            json!("http://sign-in.example/revoke"),
            "`revocation_endpoint`",
        ),
        (
            "jwks_uri",
            json!("ftp://sign-in.example/keys"),
            "`jwks_uri`",
        ),
        ("response_types_supported", json!(["token"]), "lacks `code`"),
        (
            "code_challenge_methods_supported",
            json!(["plain"]),
            "`S256` is not among them",
        ),
        (
            "code_challenge_methods_supported",
            json!([]),
            "`S256` is not among them",
        ),
        (
            "authorization_response_iss_parameter_supported",
            json!(true),
            "RFC 9207",
        ),
    ];
    for (name, value, error) in rows {
        let mut document = cognito();
        document[name] = value.clone();
        let said = read(&document).unwrap_err().to_string();
        assert!(said.contains(error), "{name} {value}: {said}");
    }
    let twice = cognito().to_string().replacen('{', r#"{"issuer":"x","#, 1);
    assert!(Endpoints::read(twice.as_bytes(), &origin(true)).is_err());
}

#[test]
fn an_issuer_that_says_what_the_door_would_say_is_taken_at_its_word() {
    let mut document = cognito();
    document["code_challenge_methods_supported"] = json!(["plain", "S256"]);
    document["authorization_response_iss_parameter_supported"] = json!(false);
    assert_eq!(read(&document).unwrap(), read(&cognito()).unwrap());
}
