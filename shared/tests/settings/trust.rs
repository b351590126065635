//! `AGENTS` beside `TRUSTED_ISSUERS`: names of issuers, agents that are open to all of several, tool tokens.

use serde_json::{Value, json};
use shared::gate::{Issuer, Trust};
use shared::issuers::TrustedIssuers;

use crate::agents::{read, runtime};
use crate::issuers::{POOL, SUFFIX};
use crate::{said, with};

const A: &str = "https://a.example";
const B: &str = "https://b.example";
const OPEN: &str = "names no `issuers`, and several issuers or tenants are trusted: scopes, groups and clients of any of \
    them would count. Name those whose callers are meant";

fn entry(name: &str, changes: Value) -> Value {
    let discovery = format!("{name}{SUFFIX}");
    with(
        json!({"discoveryUrl": discovery, "allowedClients": ["app"]}),
        changes,
    )
}

fn trusting(entries: &[Value]) -> Trust {
    let issuers = TrustedIssuers::parse(&json!(entries).to_string());
    issuers.map_err(|faults| said(&faults)).ok().unwrap().trust
}

fn trust(names: &[&str]) -> Trust {
    let entries: Vec<Value> = names.iter().map(|name| entry(name, json!({}))).collect();
    trusting(&entries)
}

/// One entry of two names, and one of two tenants.
fn named() -> Trust {
    trusting(&[
        entry(
            A,
            json!({"issuer": ["https://one.example/", "https://other.example/"]}),
        ),
        entry(
            B,
            json!({"issuer": ["https://b.example/{tenantid}", "urn:{tenantid}"], "tenants": ["t-1", "t-2"]}),
        ),
    ])
}

fn agent(allow: Value) -> Value {
    with(runtime(), json!({"allow": allow}))
}

fn faults(agents: Value, trust: &Trust) -> Vec<String> {
    said(&read(&agents).faults(trust))
}

#[test]
fn an_agent_names_trusted_issuers_alone() {
    let agents = json!({
        "demo": agent(json!({"issuers": [B, "https://a.example/", "", A]})),
        "tools": agent(json!({"issuers": [A]})),
    });
    let fault = |place: u8| format!("`AGENTS.demo.allow.issuers[{place}]` is not a trusted issuer");
    assert_eq!(
        faults(agents.clone(), &trust(&[A, B])),
        [fault(1), fault(2)]
    );
    assert_eq!(faults(agents, &trust(&[A])), [fault(0), fault(1), fault(2)]);
    let sets = agent(json!({"anyOf": [{"issuers": [A]}, {"issuers": [A, "https://c.example"]}]}));
    let expected = "`AGENTS.demo.allow.anyOf[1].issuers[1]` is not a trusted issuer";
    assert_eq!(faults(json!({"demo": sets}), &trust(&[A, B])), [expected]);
}

/// Callers are known by one name, so an agent that wrote another would admit none of them.
#[test]
fn an_agent_names_an_issuer_as_its_callers_are_known() {
    for (name, first) in [
        ("https://one.example/", None),
        ("https://other.example/", Some("https://one.example/")),
        ("https://b.example/t-1", None),
        ("https://b.example/{tenantid}", None),
        ("urn:t-2", Some("https://b.example/t-2")),
    ] {
        let expected = first.map(|first| {
            format!("`AGENTS.demo.allow.issuers[0]` is another name of a trusted issuer: write its first, `{first}`")
        });
        let found = faults(json!({"demo": agent(json!({"issuers": [name]}))}), &named());
        assert_eq!(found, Vec::from_iter(expected), "{name}");
    }
    for name in [
        "https://b.example/t-3",
        "urn:{tenantid}",
        "https://a.example",
    ] {
        let found = faults(json!({"demo": agent(json!({"issuers": [name]}))}), &named());
        assert_eq!(
            found,
            ["`AGENTS.demo.allow.issuers[0]` is not a trusted issuer"],
            "{name}"
        );
    }
}

/// Each `allow` beside whether it is open to all of several issuers.
#[test]
fn an_agent_must_name_issuers_where_several_are_trusted() {
    let tenants = |ids: Value| {
        trusting(&[entry(
            B,
            json!({"issuer": "https://b.example/{tenantid}", "tenants": ids}),
        )])
    };
    for (allow, is_open) in [
        (json!({}), true),
        (json!({"groups": ["finance"]}), true),
        (json!({"issuers": [A], "groups": ["finance"]}), false),
        (json!({"issuers": [A]}), false),
        (
            json!({"anyOf": [{"issuers": [A], "groups": ["a"]}, {"issuers": [B], "scopes": ["b"]}]}),
            false,
        ),
        (
            json!({"anyOf": [{"issuers": [A], "groups": ["a"]}, {"scopes": ["b"]}]}),
            true,
        ),
        (
            json!({"issuers": [A], "anyOf": [{"groups": ["a"]}, {"scopes": ["b"]}]}),
            false,
        ),
    ] {
        let agents = json!({"demo": agent(allow.clone())});
        let expected = Vec::from_iter(is_open.then(|| format!("`AGENTS.demo.allow` {OPEN}")));
        assert_eq!(faults(agents.clone(), &trust(&[A, B])), expected, "{allow}");
        if !allow.to_string().contains(B) {
            assert_eq!(faults(agents, &trust(&[A])), [""; 0], "{allow}");
        }
    }
    let open = json!({"demo": agent(json!({"groups": ["finance"]}))});
    assert_eq!(
        faults(open.clone(), &tenants(json!(["t-1", "t-2"]))),
        [format!("`AGENTS.demo.allow` {OPEN}")]
    );
    assert_eq!(faults(open, &tenants(json!(["t-1"]))), [""; 0]);
    let all = json!({"demo": agent(json!({"issuers": ["https://b.example/{tenantid}"]}))});
    assert_eq!(faults(all, &tenants(json!(["t-1", "t-2"]))), [""; 0]);
}

#[test]
fn a_tool_token_of_a_user_needs_callers_who_can_prove_to_be_one() {
    let problem = "`AGENTS.demo.toolToken` is `user`, and no admitted caller can prove to be one: their issuers are no \
        Cognito user pool (`tokenUse` `access`), and the door states who the callers of others are only with \
        `SIGNING_SECRET_ARN` and `USER_POOL_ID`. Set both, or give `machine` or `none`";
    let user = |allow: Value| json!({"demo": with(agent(allow), json!({"toolToken": "user"}))});
    let both = [entry(POOL, json!({})), entry(A, json!({}))];
    let people = json!({
        "discoveryUrl": format!("{POOL}{SUFFIX}"), "allowedAudience": ["app"], "tokenUse": "id",
    });
    let ids = [people, entry(A, json!({}))];
    for (trust, allow, is_provable, is_provable_by_statement) in [
        (trust(&[A]), json!({}), false, true),
        (trust(&[POOL]), json!({}), true, true),
        (
            trusting(&[entry(A, json!({"tokenUse": "access"}))]),
            json!({}),
            true,
            true,
        ),
        (
            trusting(&[entry(A, json!({"tokenUse": "id"}))]),
            json!({}),
            false,
            true,
        ),
        (trust(&["http://127.0.0.1:9/pool"]), json!({}), true, true),
        (trusting(&both), json!({"issuers": [A]}), false, true),
        (trusting(&both), json!({"issuers": [POOL, A]}), true, true),
        (
            trusting(&both),
            json!({"anyOf": [{"issuers": [A]}, {"issuers": [POOL]}]}),
            true,
            true,
        ),
        (
            trusting(&both),
            json!({"anyOf": [{"issuers": [A], "groups": ["a"]}, {"issuers": [A]}]}),
            false,
            true,
        ),
        // The pool's own users prove themselves by access tokens, or not at all.
        (trusting(&ids), json!({"issuers": [POOL]}), false, false),
    ] {
        let agents = read(&user(allow.clone()));
        let not_the_pool = |issuer: &Issuer| issuer.name() != POOL;
        for (is_good, found) in [
            (is_provable, agents.unprovable(&trust, |_| false)),
            (
                is_provable_by_statement,
                agents.unprovable(&trust, not_the_pool),
            ),
        ] {
            let expected = Vec::from_iter((!is_good).then_some(problem));
            assert_eq!(said(&found), expected, "{allow}");
        }
    }
    for kind in ["machine", "none"] {
        let agents = json!({"demo": with(runtime(), json!({"toolToken": kind}))});
        let found = read(&agents).unprovable(&trust(&[A]), |_| false);
        assert_eq!(said(&found), [""; 0], "{kind}");
    }
}
