//! Issuers, times, audiences, names and rights: tokens that are truly signed.

use serde_json::{Value, json};
use shared::gate::{Admission, Issuer, Match, Refusal as R};

use super::Row;
use crate::ask::{Ask, ISSUER, NOW, RSA, custom, good_claims, required};

pub(super) fn issuer() -> Vec<Row> {
    let of = |issuer: &str| Ask::claim("iss", json!(issuer));
    rows! {
        IssuerForm:
            "D01 missing" => Ask::without("iss");
            "D01 a list with the right one" => Ask::claim("iss", json!([ISSUER]));
            "D01 null" => Ask::claim("iss", Value::Null);
        IssuerUnknown:
            "D01 trailing slash" => of(&format!("{ISSUER}/"));
            "D01 longer" => of(&format!("{ISSUER}2"));
            "D01 shorter" => of(&ISSUER[..ISSUER.len() - 1]);
            "D01 upper case" => of(&ISSUER.to_uppercase());
            "D01 with port" => of(&ISSUER.replace(".com/", ".com:443/"));
            "D01 with user" => of(&ISSUER.replace("https://", "https://x@"));
            "D01 percent-encoded" => of(&ISSUER.replace('_', "%5F"));
            "D01 http" => of(&ISSUER.replace("https", "http"));
            "D01 empty" => of("");
            "D02 another pool of the same region" => of(&ISSUER.replace("EXAMPLE", "EXAMPLF"));
    }
}

pub(super) fn tenants() -> Vec<Row> {
    let of = |tid: Value| {
        Ask::claims(json!({"iss": "https://login.example/a-1/", "tid": tid})).ruled(|rules| {
            let names = vec!["https://login.example/{tenantid}/".to_owned()];
            rules.issuer = Issuer::new(names, vec!["a-1".to_owned(), "b-2".to_owned()]).unwrap();
        })
    };
    rows! {
        Tenant:
            "D02 another tenant of the entry" => of(json!("b-2"));
            "D02 no tenant" => of(Value::Null);
    }
}

pub(super) fn times() -> Vec<Row> {
    let exp = |value: Value| Ask::claim("exp", value);
    let mut rows = rows! {
        ExpiryMissing:
            "D05 no exp" => Ask::without("exp");
        Expired:
            "D05 expires now" => exp(json!(NOW));
            "D05 expired a second ago" => exp(json!(NOW - 1));
            "D05 expires within this second" => exp(json!(1_800_000_000.9));
            "A15 exp zero" => exp(json!(0));
        Lifetime:
            "D05 exp far ahead" => exp(json!(NOW + 3541));
            "D05 exp far ahead without iat" => {
                let mut claims = good_claims();
                claims.as_object_mut().unwrap().remove("iat");
                claims["exp"] = json!(NOW + 3601);
                Ask::token(&RSA.token("RS256", &claims))
            };
            "A15 2^53 - 1" => exp(json!(9_007_199_254_740_991_u64));
        NotYetValid:
            "D05 nbf beyond the leeway" => Ask::claim("nbf", json!(NOW + 31));
        IssuedAhead:
            "D05 iat beyond the leeway" => Ask::claim("iat", json!(NOW + 31));
    };
    for value in [
        json!("1800000600"),
        json!(1e300),
        json!(-1),
        json!(true),
        Value::Null,
        json!([NOW]),
        json!(9_007_199_254_740_993_u64),
    ] {
        rows.push(("A15 exp is no time", exp(value), R::TimeForm));
    }
    for name in ["nbf", "iat"] {
        for value in [json!("1800000000"), json!(-1), json!(1e300), json!([NOW])] {
            rows.push((
                "A15 nbf or iat is no time",
                Ask::claim(name, value),
                R::TimeForm,
            ));
        }
    }
    rows
}

pub(super) fn audience_and_use() -> Vec<Row> {
    rows! {
        TokenUse:
            "D03 id token" => Ask::claim("token_use", json!("id"));
            "D03 no token_use" => Ask::without("token_use");
            "D03 token_use is a list" => Ask::claim("token_use", json!(["access"]));
            "D03 access token where an id token is due" =>
                Ask::good().ruled(|rules| rules.token_use = Some(shared::gate::TokenUse::Id));
        Client:
            "D04 another app of the pool" => Ask::claim("client_id", json!("client-3"));
            "D04 client that begins like ours" => Ask::claim("client_id", json!("client-"));
            "D04 no client" => Ask::without("client_id");
            "D04 client is null" => Ask::claim("client_id", Value::Null);
            "D04 client with a newline" => Ask::claim("client_id", json!("client-1\n"));
            "D04 client is a list" => Ask::claim("client_id", json!(["client-1"]));
        Audience:
            "D04 another audience" => Ask::claim("aud", json!("other"));
            "D04 no audience" => Ask::without("aud");
            "D04 audience is null" => Ask::claim("aud", Value::Null);
            "D04 audience is a list of others" => Ask::claim("aud", json!(["other", "another"]));
            "D04 audience is not only texts" => Ask::claim("aud", json!(["gatehouse", 1]));
            "D04 audience is empty" => Ask::claim("aud", json!([]));
            "D04 audience is an object" => Ask::claim("aud", json!({"gatehouse": true}));
    }
}

pub(super) fn names() -> Vec<Row> {
    let subject = |name, value| (name, Ask::claim("sub", value), R::Subject);
    let mut rows = vec![
        ("no subject", Ask::without("sub"), R::Subject),
        subject("subject is null", Value::Null),
        subject("empty subject", json!("")),
        subject("blank subject", json!("  ")),
        subject("subject is a number", json!(7)),
        subject("subject is a list of one", json!(["0f7a-alice"])),
        subject("A11 NUL in the subject", json!("a\0b")),
        subject("newline in the subject", json!("a\nb")),
        subject("A06 subject of 256 characters", json!("s".repeat(256))),
    ];
    for invisible in [
        '\u{ad}',
        '\u{200b}',
        '\u{200f}',
        '\u{202e}',
        '\u{2028}',
        '\u{2066}',
        '\u{feff}',
        '\u{e0041}',
    ] {
        let name = format!("0f7a-{invisible}alice");
        rows.push(subject(
            "A11 invisible character in the subject",
            json!(name),
        ));
    }
    rows
}

pub(super) fn rights() -> Vec<Row> {
    let scope = |value: Value| Ask::claim("scope", value);
    let groups = |value: Value| Ask::claim("cognito:groups", value);
    let asks = |claim: &str, expects: Match| {
        Ask::good().ruled(|rules| rules.custom_claims.push(custom(claim, expects)))
    };
    let text = |text: &str| text.to_owned();
    rows! {
        IssuerSubject:
            "subject that begins like an allowed one" => Ask::claim("sub", json!("0f7a-alice2"));
        IssuerClaim:
            "D08 required claim of another type" => Ask::claim("department", json!(["legal", "it"])).ruled(|rules| {
                rules.custom_claims.clear();
                rules.required_claims = vec![required("department", json!(["finance"]))];
            });
            "D08 claim of another value" => Ask::claim("department", json!("finance2"));
            "D08 claim in another case" => Ask::claim("department", json!("Finance"));
            "D08 claim missing" => Ask::without("department");
            "D08 list where a text is due" => Ask::claim("department", json!(["finance"]));
            "D08 text where a list is due" => Ask::claim("roles", json!("admin auditor"));
            "D08 list without the text" => Ask::claim("roles", json!(["auditor"]));
            "D08 list with none of the texts" => Ask::claim("roles", json!(["admin"]));
            "D08 list not only of texts" => Ask::claim("roles", json!(["admin", "auditor", 1]));
            "one more text claim" => asks("department", Match::Equals(text("engineering")));
            "one more list claim" => asks("roles", Match::Contains(text("owner")));
            "one more list of lists" => asks("roles", Match::ContainsAny(vec![text("owner")]));
        IssuerScope:
            "D06 no scope" => Ask::without("scope");
            "D06 empty scope" => scope(json!(""));
            "D06 scope that begins like ours" => scope(json!("gatehouse/invoke2"));
            "D06 scope in another case" => scope(json!("Gatehouse/Invoke"));
            "D06 comma for space" => scope(json!("openid,gatehouse/invoke"));
            "D06 tab for space" => scope(json!("openid\tgatehouse/invoke"));
            "D06 entry of two scopes" => scope(json!(["openid gatehouse/invoke"]));
            "D06 scope is null" => scope(Value::Null);
            "D06 scope is a number" => scope(json!(7));
            "D06 scope is an object" => scope(json!({"gatehouse/invoke": true}));
            "D06 scope in a list in a list" => scope(json!([["gatehouse/invoke"]]));
        AgentIssuer:
            "agent of another issuer, with the same scopes, groups and clients" =>
                Ask::good().admitting(|agent| agent.issuers = Some(vec![text("https://a.example")]));
            "D01 agent of an issuer that begins like the caller's" =>
                Ask::good().admitting(|agent| agent.issuers = Some(vec![format!("{ISSUER}/")]));
        AgentScope:
            "agent of another scope" => Ask::good().admitting(|agent| agent.scopes = Some(vec![text("other")]));
        AgentGroup:
            "agent of another group" => Ask::good().admitting(|agent| agent.groups = Some(vec![text("legal")]));
            "D07 group that begins like the agent's" => Ask::claim("cognito:groups", json!(["staff2"]));
            "D07 group name with a comma" => Ask::claim("cognito:groups", json!(["staff,finance"]));
            "no groups" => Ask::without("cognito:groups");
            "D07 groups are null" => groups(Value::Null);
            "D07 groups as one text" => groups(json!("staff,finance"));
            "D07 groups as text of a list" => groups(json!("[\"staff\"]"));
            "D07 groups are an object" => groups(json!({"staff": true}));
            "D07 group in a list in a list" => groups(json!([["staff"]]));
            "D07 group with a space behind it" => groups(json!(["staff "]));
            "D07 group with a zero-width space" => groups(json!(["sta\u{200b}ff"]));
        AgentClient:
            "agent of a client, token with a client that is no text" => Ask::claim("client_id", json!(["client-1"]))
            .ruled(|rules| rules.allowed_clients.clear());
            "agent of another client" => Ask::good().admitting(|agent| agent.clients = Some(vec![text("client-2")]));
            "agent of no client at all" => Ask::good().admitting(|agent| agent.clients = Some(Vec::new()));
        AgentAnyOf:
            "agent of either of two sets, of which the caller meets half of each" => Ask::good().admitting(|agent| {
                let one = |text: &str| Some(vec![text.to_owned()]);
                let set = |scope, group| Admission {
                    scopes: one(scope),
                    groups: one(group),
                    ..Admission::default()
                };
                agent.any_of = vec![set("other", "staff"), set("gatehouse/invoke", "legal")];
            });
    }
}
