//! `docs/issuers.md`: each recipe as it stands on the page, with a token of that vendor's shape and a wrong one.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use mint::Key;
use serde_json::{Value, json};
use shared::gate::{self, Identity, KeySet, Refusal, UnixTime};
use shared::issuers::TrustedIssuers;

use crate::markdown::{blocks, section};
use crate::read;

const PAPER: &str = "docs/issuers.md";
const NOW: u64 = 1_800_000_000;

/// What Entra writes into `roles`.
const ROLES: &[&str] = &["Agents.Invoke"];

static RSA: LazyLock<Key> = LazyLock::new(|| Key::rsa("k1"));
static P384: LazyLock<Key> = LazyLock::new(|| Key::p384("k2"));

/// A token as an issuer of one kind writes it, what the door makes of it, and what is wrong with another.
struct Shape {
    heading: &'static str,
    /// Beside `alg` and `kid`.
    header: Value,
    claims: Value,
    /// Subject, client, and groups or scopes.
    caller: (&'static str, Option<&'static str>, &'static [&'static str]),
    /// Changes that make it a token that is refused, and why.
    wrong: Vec<(Value, Refusal)>,
}

fn shapes() -> Vec<Shape> {
    [people(), enterprises(), programs()]
        .into_iter()
        .flatten()
        .collect()
}

fn people() -> Vec<Shape> {
    vec![
        Shape {
            heading: "## Amazon Cognito",
            header: json!({}),
            claims: json!({
                "iss": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_EXAMPLE", "sub": "5d0c-1", "version": 2,
                "client_id": "CLIENT_ID", "token_use": "access", "scope": "openid gatehouse/invoke",
                "cognito:groups": ["staff"], "username": "corp_zoe@example.com",
            }),
            caller: ("5d0c-1", Some("CLIENT_ID"), &["staff"]),
            wrong: vec![
                (json!({"token_use": "id"}), Refusal::TokenUse),
                (json!({"client_id": "other"}), Refusal::Client),
            ],
        },
        Shape {
            heading: "## Okta",
            header: json!({}),
            claims: json!({
                "iss": "https://DOMAIN/oauth2/default", "aud": "api://default", "cid": "CLIENT_ID", "ver": 1,
                "uid": "00u7", "sub": "zoe@example.com", "scp": ["openid", "agents"], "groups": ["Everyone", "finance"],
            }),
            caller: ("00u7", Some("CLIENT_ID"), &["Everyone", "finance"]),
            wrong: vec![
                (json!({"uid": null, "sub": "CLIENT_ID"}), Refusal::Subject),
                (json!({"iss": "https://DOMAIN"}), Refusal::IssuerUnknown),
            ],
        },
        Shape {
            heading: "## Auth0",
            header: json!({"typ": "JWT"}),
            claims: json!({
                "iss": "https://TENANT.REGION.auth0.com/", "sub": "auth0|77aa", "azp": "spa-1", "scope": "openid agents",
                "aud": ["API_IDENTIFIER", "https://TENANT.REGION.auth0.com/userinfo"], "permissions": ["agents:call"],
            }),
            caller: ("auth0|77aa", Some("spa-1"), &["agents:call"]),
            wrong: vec![
                (
                    json!({"iss": "https://TENANT.REGION.auth0.com"}),
                    Refusal::IssuerUnknown,
                ),
                (
                    json!({"aud": ["https://TENANT.REGION.auth0.com/userinfo"]}),
                    Refusal::Audience,
                ),
            ],
        },
        Shape {
            heading: "## Keycloak",
            header: json!({"typ": "JWT"}),
            claims: json!({
                "iss": "https://HOST/realms/REALM", "sub": "91b2", "typ": "Bearer", "azp": "web", "acr": "1",
                "aud": ["gatehouse", "account"], "realm_access": {"roles": ["offline_access", "finance"]},
                "scope": "openid email", "name": "", "email_verified": false, "email": "zoe@example.com",
            }),
            caller: ("91b2", Some("web"), &["offline_access", "finance"]),
            wrong: vec![
                (json!({"aud": "account"}), Refusal::Audience),
                (json!({"typ": "ID"}), Refusal::IssuerClaim),
                (json!({"sub": null}), Refusal::Subject),
            ],
        },
        Shape {
            heading: "## Google accounts",
            header: json!({"typ": "JWT"}),
            claims: json!({
                "iss": "https://accounts.google.com", "azp": "CLIENT_ID.apps.googleusercontent.com", "hd": "example.com",
                "aud": "CLIENT_ID.apps.googleusercontent.com", "sub": "1077", "email": "zoe@example.com",
                "email_verified": true,
            }),
            caller: ("1077", Some("CLIENT_ID.apps.googleusercontent.com"), &[]),
            wrong: vec![
                (json!({"hd": null}), Refusal::IssuerClaim),
                (
                    json!({"iss": "accounts.google.com"}),
                    Refusal::IssuerUnknown,
                ),
            ],
        },
        Shape {
            heading: "## Cloudflare Access",
            header: json!({"typ": "JWT"}),
            claims: json!({
                "iss": "https://TEAM.cloudflareaccess.com", "aud": ["APPLICATION_AUDIENCE_TAG"], "type": "app",
                "sub": "c0ff-ee", "email": "zoe@example.com", "country": "DE",
            }),
            caller: ("c0ff-ee", None, &[]),
            wrong: vec![
                (
                    json!({"sub": "", "common_name": "f3.access"}),
                    Refusal::Subject,
                ),
                (json!({"type": "org"}), Refusal::IssuerClaim),
            ],
        },
    ]
}

fn enterprises() -> Vec<Shape> {
    let entra = |iss: &str| {
        json!({
            "iss": iss, "aud": "API_CLIENT_ID", "azp": "web-1", "scp": "agents", "roles": ["Agents.Invoke"],
            "sub": "pair-8", "oid": "o-8", "tid": "TENANT-ID", "ver": "2.0", "name": "Zoe",
        })
    };
    let mut v1 = entra("https://sts.windows.net/TENANT-ID/");
    v1["aud"] = json!("api://API_CLIENT_ID");
    v1["appid"] = v1["azp"].take();
    let caller = ("pair-8", Some("web-1"), ROLES);
    let v2 = "https://login.microsoftonline.com/TENANT-ID/v2.0";
    vec![
        Shape {
            heading: "## Microsoft Entra ID, v2.0",
            header: json!({"typ": "JWT"}),
            claims: entra(v2),
            caller,
            wrong: vec![
                (json!({"aud": "api://API_CLIENT_ID"}), Refusal::Audience),
                (
                    json!({"iss": "https://sts.windows.net/TENANT-ID/"}),
                    Refusal::IssuerUnknown,
                ),
            ],
        },
        Shape {
            heading: "## Microsoft Entra ID, v1.0",
            header: json!({"typ": "JWT", "x5t": "k1"}),
            claims: v1,
            caller,
            wrong: vec![(
                json!({"iss": "https://sts.windows.net/TENANT-ID"}),
                Refusal::IssuerUnknown,
            )],
        },
        Shape {
            heading: "## Microsoft Entra ID, many tenants",
            header: json!({"typ": "JWT"}),
            claims: entra(v2),
            caller,
            wrong: vec![
                (json!({"tid": "OTHER-TENANT-ID"}), Refusal::Tenant),
                (
                    json!({"iss": v2.replace("TENANT", "THIRD"), "tid": "THIRD-ID"}),
                    Refusal::IssuerUnknown,
                ),
            ],
        },
        Shape {
            heading: "## Microsoft Entra External ID",
            header: json!({"typ": "JWT"}),
            claims: entra("https://TENANT-ID.ciamlogin.com/TENANT-ID/v2.0"),
            caller,
            wrong: vec![(
                json!({"iss": "https://NAME.ciamlogin.com/TENANT-ID/v2.0"}),
                Refusal::IssuerUnknown,
            )],
        },
        Shape {
            heading: "## PingOne",
            header: json!({"typ": "at+jwt"}),
            claims: json!({
                "iss": "https://auth.pingone.TLD/ENVIRONMENT_ID/as", "client_id": "web-2", "sub": "p-4",
                "aud": ["RESOURCE_AUDIENCE"], "scope": "openid agents", "acr": "Single_Factor",
            }),
            caller: ("p-4", Some("web-2"), &[]),
            wrong: vec![(
                json!({"aud": ["https://api.pingone.eu"]}),
                Refusal::Audience,
            )],
        },
        Shape {
            heading: "## PingFederate",
            header: json!({}),
            claims: json!({
                "iss": "https://HOST", "aud": "gatehouse", "client_id": "web-3", "sub": "p-5",
                "scope": ["openid", "agents"],
            }),
            caller: ("p-5", Some("web-3"), &[]),
            wrong: vec![(json!({"sub": null, "Username": "zoe"}), Refusal::Subject)],
        },
        Shape {
            heading: "## AD FS",
            header: json!({"typ": "JWT", "kid": null, "x5t": "k1"}),
            claims: json!({
                "iss": "http://HOST/adfs/services/trust", "aud": "microsoft:identityserver:RELYING_PARTY_ID",
                "appid": "web-4", "scp": "openid agents", "group": "finance", "sub": "s9+/=", "ver": "1.0",
                "auth_time": "2026-11-28T09:00:00.000Z",
            }),
            caller: ("s9+/=", Some("web-4"), &["finance"]),
            wrong: vec![
                (
                    json!({"iss": "https://HOST/adfs/services/trust"}),
                    Refusal::IssuerUnknown,
                ),
                (json!({"sub": null}), Refusal::Subject),
            ],
        },
    ]
}

fn programs() -> Vec<Shape> {
    vec![
        Shape {
            heading: "## Google service accounts",
            header: json!({"typ": "JWT"}),
            claims: json!({
                "iss": "https://accounts.google.com", "aud": "https://DOOR", "sub": "SERVICE_ACCOUNT_ID",
                "azp": "SERVICE_ACCOUNT_ID", "email": "bot@project.iam.gserviceaccount.com", "email_verified": true,
            }),
            caller: ("SERVICE_ACCOUNT_ID", Some("SERVICE_ACCOUNT_ID"), &[]),
            wrong: vec![(
                json!({"sub": "1088", "azp": "1088"}),
                Refusal::IssuerSubject,
            )],
        },
        Shape {
            heading: "## GitHub Actions",
            header: json!({"typ": "JWT"}),
            claims: json!({
                "iss": "https://token.actions.githubusercontent.com", "aud": "https://DOOR", "head_ref": "",
                "sub": "repo:acme@6/tools@7:ref:refs/heads/main", "repository": "acme/tools",
                "repository_id": "REPOSITORY_ID", "ref": "refs/heads/main", "event_name": "push",
            }),
            caller: ("repo:acme@6/tools@7:ref:refs/heads/main", None, &[]),
            wrong: vec![
                (
                    json!({"repository_id": "666", "repository": "acme/tools"}),
                    Refusal::IssuerClaim,
                ),
                (json!({"ref": "refs/heads/main2"}), Refusal::IssuerClaim),
                (json!({"aud": "https://github.com/acme"}), Refusal::Audience),
            ],
        },
        Shape {
            heading: "## GitLab",
            header: json!({"typ": "JWT"}),
            claims: json!({
                "iss": "https://gitlab.com", "aud": "https://DOOR", "project_id": "PROJECT_ID", "ref_protected": "true",
                "sub": "project_path:acme/tools:ref_type:branch:ref:main", "ref": "main",
            }),
            caller: (
                "project_path:acme/tools:ref_type:branch:ref:main",
                None,
                &[],
            ),
            wrong: vec![
                (json!({"ref_protected": "false"}), Refusal::IssuerClaim),
                (json!({"project_id": "666"}), Refusal::IssuerClaim),
            ],
        },
        Shape {
            heading: "## Kubernetes",
            header: json!({}),
            claims: json!({
                "iss": "https://kubernetes.default.svc.cluster.local", "aud": ["https://DOOR"],
                "sub": "system:serviceaccount:NAMESPACE:NAME",
                "kubernetes.io": {"namespace": "NAMESPACE", "serviceaccount": {"name": "NAME"}, "warnafter": 3607},
            }),
            caller: (
                "system:serviceaccount:NAMESPACE:NAME",
                Some("NAMESPACE"),
                &[],
            ),
            wrong: vec![
                (
                    json!({"sub": "system:serviceaccount:NAMESPACE:default"}),
                    Refusal::IssuerSubject,
                ),
                (json!({"exp": NOW + 31_536_000}), Refusal::Lifetime),
            ],
        },
        Shape {
            heading: "## AWS STS",
            header: json!({"typ": "JWT", "alg": "ES384", "kid": "k2"}),
            claims: json!({
                "iss": "https://ACCOUNT-ISSUER.tokens.sts.global.api.aws", "aud": "https://DOOR",
                "sub": "arn:aws:iam::123456789012:role/DataJob",
                "https://sts.amazonaws.com/": {"aws_account": "123456789012", "principal_tags": {"team": "finance"}},
            }),
            caller: ("arn:aws:iam::123456789012:role/DataJob", None, &["finance"]),
            wrong: vec![(
                json!({"sub": "arn:aws:iam::123456789012:role/Other"}),
                Refusal::IssuerSubject,
            )],
        },
    ]
}

/// The entry of a section, with keys of ours in place of the vendor's.
fn trusted(heading: &str) -> TrustedIssuers {
    let paper = read(PAPER);
    let blocks = blocks(section(&paper, heading), "json");
    assert_eq!(blocks.len(), 1, "{heading}");
    let as_written = TrustedIssuers::parse(blocks[0]).err();
    assert_eq!(as_written, None, "{heading}");
    let mut entries: Value = serde_json::from_str(blocks[0]).unwrap();
    let entry = entries[0].as_object_mut().unwrap();
    entry.remove("jwksUri");
    let only = heading == "## AD FS";
    let keys: &[&Key] = if only { &[&RSA] } else { &[&RSA, &P384] };
    entry.insert("jwks".to_owned(), mint::key_document(keys));
    TrustedIssuers::parse(&entries.to_string()).ok().unwrap()
}

fn token(shape: &Shape, changes: &Value) -> String {
    let mut header = json!({"alg": "RS256", "kid": "k1"});
    let mut claims = json!({"iat": NOW - 10, "nbf": NOW - 10, "exp": NOW + 3000});
    let members = [
        (&shape.header, true),
        (&shape.claims, false),
        (changes, false),
    ];
    for (from, is_header) in members {
        let into = if is_header { &mut header } else { &mut claims };
        for (name, value) in from.as_object().unwrap() {
            into[name] = value.clone();
        }
        into.as_object_mut()
            .unwrap()
            .retain(|_, value| !value.is_null());
    }
    let algorithm = header["alg"].as_str().unwrap().to_owned();
    let key = if algorithm == "ES384" { &*P384 } else { &*RSA };
    key.token_with(&algorithm, &header, &claims)
}

fn ask(issuers: &TrustedIssuers, token: &str) -> Result<Identity, Refusal> {
    let header = format!("Bearer {token}");
    let presented = gate::present(header.as_bytes(), &issuers.trust)?;
    let shared::issuers::KeySource::Inline(keys) = &issuers.sources[0] else {
        return Err(Refusal::KeyUnknown);
    };
    let keys: &KeySet = keys;
    let identified = gate::identify(presented, keys, UnixTime(NOW));
    identified.map_err(|rejection| rejection.refusal)
}

#[test]
fn each_recipe_takes_the_vendors_token_and_refuses_a_wrong_one() {
    let mut wrong = 0;
    for shape in shapes() {
        let heading = shape.heading;
        let issuers = trusted(heading);
        let found = ask(&issuers, &token(&shape, &json!({}))).map(|caller| (*caller).clone());
        assert!(found.is_ok(), "{heading}: {:?}", found.err());
        let caller = found.unwrap();
        let (subject, client, groups) = shape.caller;
        assert_eq!(
            (caller.subject.as_str(), caller.client_id.as_deref()),
            (subject, client),
            "{heading}"
        );
        assert_eq!(caller.groups, groups, "{heading}");
        for (changes, expected) in &shape.wrong {
            let answer = ask(&issuers, &token(&shape, changes));
            assert_eq!(answer.err(), Some(*expected), "{heading} {changes}");
            wrong += 1;
        }
    }
    assert!(wrong > 30, "{wrong}");
}

/// Each section is a recipe that is tried, and says the same four things.
#[test]
fn every_recipe_is_tried_and_whole() {
    let paper = read(PAPER);
    let headings = paper.lines().filter(|line| line.starts_with("## "));
    let others = ["## How to use a recipe"];
    let headings: BTreeSet<&str> = headings.filter(|line| !others.contains(line)).collect();
    let tried: BTreeSet<&str> = shapes().iter().map(|shape| shape.heading).collect();
    assert_eq!(headings, tried);
    for heading in headings {
        let text = section(&paper, heading);
        for topic in [
            "- **People or programs**: ",
            "- **MCP clients**: ",
            "- **A refusal looks like**: ",
        ] {
            assert!(text.contains(topic), "{heading} without {topic}");
        }
        let first = ["- **At ", "- **In "]
            .iter()
            .any(|topic| text.contains(topic));
        assert!(first, "{heading} does not say what to set at the vendor");
    }
}
