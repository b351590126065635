//! `TRUSTED_ISSUERS`.

use serde_json::{Value, json};
use shared::gate::{Algorithm, ClaimPath, Match, Rules, TokenUse};
use shared::issuers::{KeyAddress, KeySource, TrustedIssuers};

use crate::{said, schema, with};

pub(crate) const POOL: &str = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Example01";
pub(crate) const SUFFIX: &str = "/.well-known/openid-configuration";

/// A good entry of a Cognito pool.
pub(crate) fn pool() -> Value {
    json!({"discoveryUrl": format!("{POOL}{SUFFIX}"), "allowedClients": ["app"]})
}

/// A good entry of an issuer that is not Cognito.
pub(crate) fn other() -> Value {
    json!({"discoveryUrl": format!("https://issuer.example{SUFFIX}"), "allowedAudience": ["door"]})
}

fn read(entry: &Value) -> TrustedIssuers {
    let text = json!([entry]).to_string();
    match TrustedIssuers::parse(&text) {
        Ok(issuers) => {
            schema::ISSUERS.compare(&text, &[]);
            issuers
        }
        Err(faults) => panic!("{:?}", said(&faults)),
    }
}

fn keys_at(issuers: &TrustedIssuers) -> String {
    match &issuers.sources[0] {
        KeySource::Inline(keys) => format!("inline {}", keys.usable()),
        KeySource::Remote(keys) => match &keys.address {
            KeyAddress::Discovery(address) => format!("discovery {address}"),
            KeyAddress::Document(address) => format!("document {address}"),
        },
    }
}

fn named(names: &[&str]) -> Vec<Algorithm> {
    let known = names.iter().map(|name| Algorithm::parse(name));
    known.map(Option::unwrap).collect()
}

pub(crate) fn good_key(id: &str) -> Value {
    mint::Key::p256(id).jwk()
}

#[test]
fn a_cognito_pool_needs_little() {
    let issuers = read(&pool());
    let rules = &issuers.trust.issuers()[0];
    let Rules {
        issuer,
        algorithms,
        token_types,
        token_use,
        allowed_clients,
        allowed_audience,
        allowed_scopes,
        allowed_subjects,
        custom_claims,
        required_claims,
        groups_claim,
        scope_claim,
        client_claim,
        subject_claim,
        leeway_secs,
        max_lifetime_secs,
    } = rules;
    assert_eq!((issuer.name(), issuer.names().count()), (POOL, 1));
    assert!(issuer.tenants().is_empty() && token_types.is_empty());
    assert_eq!(*algorithms, named(&["RS256"]));
    assert_eq!(*token_use, Some(TokenUse::Access));
    assert_eq!(*allowed_clients, ["app"]);
    assert!(allowed_audience.is_empty() && allowed_scopes.is_empty());
    assert!(allowed_subjects.is_empty());
    assert!(custom_claims.is_empty() && required_claims.is_empty());
    assert!(groups_claim.is("cognito:groups") && scope_claim.is("scope"));
    assert!(client_claim.is("client_id") && subject_claim.is("sub"));
    assert_eq!((*leeway_secs, *max_lifetime_secs), (30, 86_400));
    assert_eq!(
        keys_at(&issuers),
        format!("document {POOL}/.well-known/jwks.json")
    );
    assert_eq!(issuers.notes(), [""; 0]);
}

#[test]
fn another_issuer_gets_no_defaults_of_cognito() {
    let issuers = read(&other());
    let rules = &issuers.trust.issuers()[0];
    assert_eq!(rules.issuer.name(), "https://issuer.example");
    assert_eq!(rules.token_use, None);
    assert!(rules.groups_claim.is("groups"));
    assert_eq!(
        keys_at(&issuers),
        format!("discovery https://issuer.example{SUFFIX}")
    );
}

#[test]
fn every_field_is_read() {
    let entry = with(
        other(),
        json!({
            "issuer": "https://names-itself.example/v2.0",
            "jwksUri": "https://keys.example/keys?policy=sign-in",
            "algorithms": ["ES256", "Ed25519", "PS512"],
            "tokenUse": "id", "tokenTypes": ["JOSE", "okta-internal-at+jwt"],
            "allowedScopes": ["door/invoke"],
            "groupsClaim": "https://issuer.example/groups", "scopeClaim": "scp", "clientClaim": "azp",
            "subjectClaim": "oid", "allowedSubjects": ["user-1", "user 2"],
            "leewaySeconds": 120, "maxLifetimeSeconds": 600,
        }),
    );
    let issuers = read(&entry);
    let rules = &issuers.trust.issuers()[0];
    assert_eq!(rules.issuer.name(), "https://names-itself.example/v2.0");
    assert_eq!(
        keys_at(&issuers),
        "document https://keys.example/keys?policy=sign-in"
    );
    assert_eq!(rules.algorithms, named(&["ES256", "EdDSA", "PS512"]));
    assert_eq!(rules.token_use, Some(TokenUse::Id));
    assert_eq!(rules.token_types, ["jose", "okta-internal-at+jwt"]);
    assert_eq!(rules.allowed_audience, ["door"]);
    assert_eq!(rules.allowed_scopes, ["door/invoke"]);
    assert!(rules.groups_claim.is("https://issuer.example/groups"));
    assert!(rules.scope_claim.is("scp") && rules.client_claim.is("azp"));
    assert!(rules.subject_claim.is("oid"));
    assert_eq!(rules.allowed_subjects, ["user-1", "user 2"]);
    assert_eq!((rules.leeway_secs, rules.max_lifetime_secs), (120, 600));
}

#[test]
fn the_issuer_is_the_discovery_url_without_its_well_known_part() {
    let server = "/.well-known/oauth-authorization-server";
    for (discovery, issuer) in [
        (format!("https://a.example{SUFFIX}"), "https://a.example"),
        (
            format!("https://a.example/t/1{SUFFIX}"),
            "https://a.example/t/1",
        ),
        (format!("https://a.example{server}"), "https://a.example"),
        (
            format!("https://a.example/t{server}"),
            "https://a.example/t",
        ),
        (
            format!("https://a.example{server}/t/1"),
            "https://a.example/t/1",
        ),
        (
            format!("https://a.example/t{SUFFIX}?appid=1&b=/x"),
            "https://a.example/t",
        ),
        (
            format!("https://a.example{server}/t?appid=1"),
            "https://a.example/t",
        ),
        (format!("http://127.0.0.1:9{SUFFIX}"), "http://127.0.0.1:9"),
        (
            format!("http://localhost:9/pool{SUFFIX}"),
            "http://localhost:9/pool",
        ),
    ] {
        let issuers = read(&with(other(), json!({"discoveryUrl": discovery})));
        assert_eq!(issuers.trust.issuers()[0].issuer.name(), issuer);
    }
}

#[test]
fn cognito_is_known_by_the_host_of_the_issuer() {
    for (issuer, is_cognito) in [
        (
            "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab",
            true,
        ),
        (
            "https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab",
            true,
        ),
        (
            "https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_Ab",
            true,
        ),
        (
            "https://cognito-idp.eu-west-1.amazonaws.com.evil.test/eu-west-1_Ab",
            false,
        ),
        (
            "https://evil-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab",
            false,
        ),
        (
            "https://cognito-idp.x.eu-west-1.amazonaws.com/eu-west-1_Ab",
            false,
        ),
        ("https://cognito-idp.amazonaws.com/eu-west-1_Ab", false),
        ("http://127.0.0.1:9/eu-west-1_Ab", false),
    ] {
        let issuers = read(&with(
            pool(),
            json!({"discoveryUrl": format!("{issuer}{SUFFIX}")}),
        ));
        let rules = &issuers.trust.issuers()[0];
        assert_eq!(rules.token_use.is_some(), is_cognito, "{issuer}");
        assert_eq!(
            rules.groups_claim.is("cognito:groups"),
            is_cognito,
            "{issuer}"
        );
        assert_eq!(
            keys_at(&issuers).starts_with("document"),
            is_cognito,
            "{issuer}"
        );
    }
    // What a discovery URL promises does not count, only who the issuer is.
    let named = read(&with(other(), json!({"issuer": POOL})));
    assert_eq!(named.trust.issuers()[0].token_use, Some(TokenUse::Access));
}

#[test]
fn keys_may_be_in_the_entry() {
    let keys = json!({"keys": [good_key("a"), {"kty": "oct", "k": "AAAA"}, good_key("b")]});
    let issuers = read(&with(pool(), json!({"jwks": keys})));
    assert_eq!(keys_at(&issuers), "inline 2");
    assert_eq!(
        issuers.notes(),
        [
            "`TRUSTED_ISSUERS[0].jwks` has unusable keys: a key without `kid`: `kty` and `crv` name no kind of key that verifies signatures here"
        ]
    );
}

#[test]
fn custom_claims_are_read_as_agentcore_reads_them() {
    let claim = |kind: &str, operator: &str, value: Value| {
        json!({
            "inboundTokenClaimName": "dept:name", "inboundTokenClaimValueType": kind,
            "authorizingClaimMatchValue": {"claimMatchOperator": operator, "claimMatchValue": value},
        })
    };
    let claims = json!([
        claim("STRING", "EQUALS", json!({"matchValueString": "finance"})),
        claim(
            "STRING_ARRAY",
            "CONTAINS",
            json!({"matchValueString": "a.b"})
        ),
        claim(
            "STRING_ARRAY",
            "CONTAINS_ANY",
            json!({"matchValueStringList": ["a", "b"]})
        ),
    ]);
    let issuers = read(&with(
        pool(),
        json!({"allowedClients": null, "customClaims": claims}),
    ));
    let found = &issuers.trust.issuers()[0].custom_claims;
    assert!(found.iter().all(|claim| claim.name == "dept:name"));
    let [
        Match::Equals(equals),
        Match::Contains(contains),
        Match::ContainsAny(any),
    ] = [&found[0].expects, &found[1].expects, &found[2].expects]
    else {
        panic!("{found:?}");
    };
    assert_eq!((equals.as_str(), contains.as_str()), ("finance", "a.b"));
    assert_eq!(*any, ["a", "b"]);
}

#[test]
fn a_claim_is_named_by_its_name_or_by_a_path() {
    let longest = ["a"; 8];
    let issuers = read(&with(
        other(),
        json!({
            "groupsClaim": ["realm_access", "roles"], "scopeClaim": ["scp"], "clientClaim": longest,
            "subjectClaim": ["ids", "email"],
            "requiredClaims": [
                {"claim": "repository", "anyOf": ["acme/agents", "acme/tools"]},
                {"claim": ["kubernetes.io", "namespace"], "anyOf": ["prod", true, 7, -1]},
            ],
        }),
    ));
    let rules = &issuers.trust.issuers()[0];
    let path = |names: &[&str]| ClaimPath::new(names.iter().map(ToString::to_string).collect());
    assert_eq!(
        Some(&rules.groups_claim),
        path(&["realm_access", "roles"]).as_ref()
    );
    assert!(rules.scope_claim.is("scp"));
    assert_eq!(Some(&rules.client_claim), path(&longest).as_ref());
    assert_eq!(Some(&rules.subject_claim), path(&["ids", "email"]).as_ref());
    let [repository, namespace] = &rules.required_claims[..] else {
        panic!("{:?}", rules.required_claims)
    };
    assert!(repository.claim.is("repository"));
    assert_eq!(
        repository.any_of,
        [json!("acme/agents"), json!("acme/tools")]
    );
    assert_eq!(
        Some(&namespace.claim),
        path(&["kubernetes.io", "namespace"]).as_ref()
    );
    assert_eq!(
        namespace.any_of,
        [json!("prod"), json!(true), json!(7), json!(-1)]
    );
    assert_eq!(namespace.claim.to_string(), "kubernetes.io > namespace");
}

#[test]
fn one_condition_of_our_own_is_enough() {
    for condition in [
        json!({"allowedSubjects": ["a"]}),
        json!({"requiredClaims": [{"claim": "tid", "anyOf": ["t"]}]}),
    ] {
        read(&with(
            with(other(), json!({"allowedAudience": null})),
            condition,
        ));
    }
}

#[test]
fn fields_of_agentcores_own_network_are_noted() {
    let issuers = read(&with(
        pool(),
        json!({"privateEndpoint": {}, "privateEndpointOverrides": [], "certificateConfigurations": []}),
    ));
    assert_eq!(issuers.notes().len(), 3);
    let noted = issuers.notes().join("\n");
    assert!(
        noted.contains("`TRUSTED_ISSUERS[0].privateEndpoint` "),
        "{noted}"
    );
}

#[test]
fn scopes_may_be_advertised_under_the_issuers_own_names() {
    let mapping = json!({"advertisedScopeMapping": {"agents": "api://gatehouse/agents"}});
    let issuers = read(&with(pool(), mapping));
    let [advertised] = &issuers.advertised[..] else {
        panic!("{:?}", issuers.advertised)
    };
    assert_eq!(advertised.issuer, issuers.trust.issuers()[0].issuer.name());
    assert_eq!(advertised.scope("agents"), "api://gatehouse/agents");
    assert_eq!(advertised.scope("other"), "other");
}

/// Each row: the scopes that an agent names, those of the issuer's entry, a mapping, and what a client asks for.
#[test]
fn a_client_is_always_told_what_to_ask_for() {
    let none = json!({});
    for (named, allowed, mapping, requested) in [
        (&[][..], json!(null), &none, &["openid"][..]),
        (
            &[],
            json!(null),
            &json!({"openid": "api://gatehouse/.default"}),
            &["api://gatehouse/.default"],
        ),
        (&["b", "a"], json!(null), &none, &["a", "b"]),
        (&[], json!(["door"]), &none, &["door"]),
        (
            &["a"],
            json!(["door"]),
            &json!({"a": "x/a", "openid": "x"}),
            &["door", "x/a"],
        ),
    ] {
        let mut more = json!({"advertisedScopeMapping": mapping});
        if !allowed.is_null() {
            more["allowedScopes"] = allowed.clone();
        }
        let issuers = read(&with(pool(), more));
        let scopes = issuers.advertised[0].requested(named.iter().copied());
        let scopes: Vec<&str> = scopes.into_iter().collect();
        assert_eq!(scopes, requested, "{named:?} {allowed} {mapping}");
    }
}

#[test]
fn public_clients_are_told_and_are_clients_that_are_let_in() {
    let clients = |more| {
        read(&with(pool(), more)).advertised[0]
            .public_clients
            .clone()
    };
    assert_eq!(clients(json!({})), Vec::<String>::new());
    let both = json!({"allowedClients": ["web", "cli"], "publicClients": ["cli", "web"]});
    assert_eq!(clients(both), ["cli", "web"]);
    let any = json!({"allowedClients": null, "allowedAudience": ["a"], "publicClients": ["cli"]});
    assert_eq!(clients(any), ["cli"]);
}

#[test]
fn the_door_may_serve_the_metadata_of_one_issuer() {
    let served = |more| read(&with(pool(), more)).served;
    assert!(served(json!({})).is_none());
    assert!(served(json!({"authorizationServer": "issuer"})).is_none());
    let origin = served(json!({"authorizationServer": "door"})).unwrap();
    assert_eq!(origin.issuer, POOL);
    assert_eq!(origin.discovery.as_str(), format!("{POOL}{SUFFIX}"));
    assert!(!origin.has_public_clients);
    let public = json!({"authorizationServer": "door", "publicClients": ["app"]});
    assert!(served(public).unwrap().has_public_clients);
    let door = json!({"authorizationServer": "door"});
    let two = json!([with(pool(), door.clone()), with(other(), door.clone())]).to_string();
    let faults = TrustedIssuers::parse(&two).err().unwrap();
    schema::ISSUERS.compare(&two, &faults);
    let expected = "`TRUSTED_ISSUERS[1].authorizationServer` is `door`, as in an entry before, and the door is one \
                    authorization server";
    assert_eq!(said(&faults), [expected]);
    let tenants = json!({"authorizationServer": "door", "tenants": ["a-1"],
        "issuer": "https://login.microsoftonline.com/{tenantid}/v2.0"});
    let many = json!([with(other(), tenants)]).to_string();
    let faults = TrustedIssuers::parse(&many).err().unwrap();
    schema::ISSUERS.compare(&many, &faults);
    let expected = "`TRUSTED_ISSUERS[0].authorizationServer` is `door`, and each of the issuer's `tenants` has \
                    metadata of its own";
    assert_eq!(said(&faults), [expected]);
}
