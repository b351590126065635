//! `AGENTS`.

use serde_json::{Value, json};
use shared::agents::{Agents, Auth, Protocol, Speaks, Target, ToolToken};
use shared::gate::AgentName;

use crate::{said, schema, with};

const ARN: &str = "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/demo-AbCdEf1234";
const GATEWAY: &str = "https://demo-abc.gateway.bedrock-agentcore.us-east-1.amazonaws.com/mcp";

pub(crate) fn runtime() -> Value {
    json!({"runtime": ARN, "allow": {}})
}

fn gateway() -> Value {
    json!({"gateway": GATEWAY, "allow": {"groups": ["staff"]}})
}

pub(crate) fn read(json: &Value) -> Agents {
    match Agents::parse(&json.to_string()) {
        Ok(agents) => {
            schema::AGENTS.compare(&json.to_string(), &[]);
            agents
        }
        Err(faults) => panic!("{:?}", said(&faults)),
    }
}

pub(crate) fn faults(text: &str) -> Vec<String> {
    let faults = Agents::parse(text).err().unwrap_or_default();
    schema::AGENTS.compare(text, &faults);
    said(&faults)
}

#[test]
fn a_runtime_needs_little() {
    let agents = read(&json!({"demo": runtime()}));
    let agent = agents.find("demo").unwrap();
    assert_eq!(agent.name.as_str(), "demo");
    let Target::Runtime(runtime) = &agent.target else {
        panic!("{agent:?}");
    };
    let arn = &runtime.arn;
    assert_eq!((arn.as_str(), arn.region()), (ARN, "us-east-1"));
    assert_eq!(runtime.qualifier, "DEFAULT");
    assert_eq!((agent.auth, agent.protocol()), (Auth::Iam, Protocol::Http));
    assert_eq!(agent.tool_token, ToolToken::None);
    assert_eq!(runtime.speaks, Speaks::Http { websocket: false });
    let admission = &agent.admission;
    assert!(admission.issuers.is_none() && admission.scopes.is_none());
    assert!(admission.groups.is_none() && admission.clients.is_none());
}

#[test]
fn every_field_is_read() {
    let full = with(
        runtime(),
        json!({
            "qualifier": "prod_2", "auth": "jwt", "protocol": "a2a", "toolToken": "user",
            "allow": {"issuers": ["https://a.example"], "scopes": ["door/invoke"], "groups": ["finance staff", "b"], "clients": ["app"]},
        }),
    );
    let agents = read(&json!({"tools": gateway(), "demo": full}));
    let names: Vec<&str> = agents.iter().map(|agent| agent.name.as_str()).collect();
    assert_eq!(names, ["demo", "tools"]);
    let demo = agents.get(&AgentName::parse("demo").unwrap()).unwrap();
    assert!(matches!(&demo.target, Target::Runtime(runtime) if runtime.qualifier == "prod_2"));
    assert_eq!((demo.auth, demo.protocol()), (Auth::Jwt, Protocol::A2a));
    assert_eq!(demo.tool_token, ToolToken::User);
    let issuers = demo.admission.issuers.as_deref().unwrap();
    assert_eq!(issuers, ["https://a.example"]);
    assert_eq!(demo.admission.scopes.as_deref().unwrap(), ["door/invoke"]);
    assert_eq!(
        demo.admission.groups.as_deref().unwrap(),
        ["finance staff", "b"]
    );
    assert_eq!(demo.admission.clients.as_deref().unwrap(), ["app"]);
    let tools = agents.find("tools").unwrap();
    assert!(matches!(&tools.target, Target::Gateway(gateway) if gateway.url.as_str() == GATEWAY));
    assert_eq!(tools.protocol(), Protocol::Mcp);
    assert!(agents.find("other").is_none() && agents.find("../demo").is_none());
}

#[test]
fn an_agent_may_admit_by_either_of_several_sets() {
    let allow = json!({"clients": ["app"], "anyOf": [
        {"scopes": ["agents"]},
        {"$comment": "programs", "groups": ["Agents.Invoke"], "issuers": ["https://a.example"]},
    ]});
    let agents = read(&json!({"demo": with(runtime(), json!({"allow": allow}))}));
    let admission = &agents.find("demo").unwrap().admission;
    assert_eq!(admission.clients.as_deref().unwrap(), ["app"]);
    let [users, programs] = &admission.any_of[..] else {
        panic!("{admission:?}")
    };
    assert_eq!(users.scopes.as_deref().unwrap(), ["agents"]);
    assert!(users.groups.is_none() && users.issuers.is_none());
    assert_eq!(programs.groups.as_deref().unwrap(), ["Agents.Invoke"]);
    assert_eq!(programs.issuers.as_deref().unwrap(), ["https://a.example"]);
}

#[test]
fn websockets_are_for_runtimes_that_speak_http_and_take_signatures() {
    let asking = with(runtime(), json!({"websocket": true}));
    let agents = read(&json!({"demo": asking}));
    let target = &agents.find("demo").unwrap().target;
    let speaks = Speaks::Http { websocket: true };
    assert!(matches!(target, Target::Runtime(runtime) if runtime.speaks == speaks));
    for changes in [
        json!({"auth": "jwt"}),
        json!({"protocol": "a2a"}),
        json!({"protocol": "mcp"}),
        json!({"gateway": GATEWAY, "runtime": null}),
    ] {
        let agents = json!({"demo": with(asking.clone(), changes.clone())});
        let expected =
            "`AGENTS.demo.websocket` is for runtimes with `auth` `iam` and `protocol` `http`";
        assert_eq!(faults(&agents.to_string()), [expected], "{changes}");
    }
}

#[test]
fn forwarded_headers_are_a_runtimes_and_each_is_named_once() {
    let forwarding = with(
        runtime(),
        json!({"forwardHeaders": ["X-Tenant", "x-locale"]}),
    );
    let agents = read(&json!({"demo": forwarding.clone()}));
    let demo = agents.find("demo").unwrap();
    assert_eq!(demo.forward_headers, ["x-locale", "x-tenant"]);
    let many: Vec<String> = (0..21).map(|number| format!("x-{number}")).collect();
    let of_gateway = with(gateway(), json!({"forwardHeaders": ["X-Tenant"]}));
    let listed = |names: Value| with(runtime(), json!({"forwardHeaders": names}));
    for (entry, expected) in [
        (of_gateway, "` is for runtimes, not for gateways"),
        (listed(json!(["x-a", "X-A"])), "` has a name twice"),
        (listed(json!(many)), "` has more than 20 names"),
        (
            listed(json!(["Cookie"])),
            "[0]` is not the name of a header",
        ),
        (listed(json!([])), "` is an empty list"),
    ] {
        let found = faults(&json!({"demo": entry}).to_string());
        let expected = format!("`AGENTS.demo.forwardHeaders{expected}");
        assert!(found[0].starts_with(&expected), "{found:?} {expected}");
        assert_eq!(found.len(), 1, "{found:?}");
    }
}

#[test]
fn the_partitions_of_aws_have_their_own_arns() {
    for partition in ["aws", "aws-cn", "aws-us-gov"] {
        let arn = ARN.replacen("aws", partition, 1);
        read(&json!({"demo": with(runtime(), json!({"runtime": arn}))}));
    }
}

#[test]
fn every_fault_of_an_agent_is_named() {
    let arn = "runtime` is not the ARN of an AgentCore runtime: \
        `arn:aws:bedrock-agentcore:{region}:{account}:runtime/{id}`";
    let endpoint = "qualifier` is not the name of an endpoint: `[A-Za-z][A-Za-z0-9_]{0,47}`";
    let scope =
        "is not a scope of 1 to 255 printable characters without spaces, quotes and backslashes";
    let text = "is not 1 to 255 printable characters";
    let allow = |value: Value| json!({"allow": value});
    for (changes, problem) in [
        (json!({"allow": null}), ".allow` is missing".to_owned()),
        (
            allow(json!([])),
            ".allow` is a list, not an object".to_owned(),
        ),
        (
            allow(json!("*")),
            ".allow` is a text, not an object".to_owned(),
        ),
        (
            allow(json!({"scopes": []})),
            ".allow.scopes` is an empty list".to_owned(),
        ),
        (
            allow(json!({"groups": []})),
            ".allow.groups` is an empty list".to_owned(),
        ),
        (
            allow(json!({"clients": []})),
            ".allow.clients` is an empty list".to_owned(),
        ),
        (
            allow(json!({"issuers": []})),
            ".allow.issuers` is an empty list".to_owned(),
        ),
        (
            allow(json!({"scopes": "a"})),
            ".allow.scopes` is a text, not a list".to_owned(),
        ),
        (
            allow(json!({"scopes": ["a b"]})),
            format!(".allow.scopes[0]` {scope}"),
        ),
        (
            allow(json!({"groups": ["a", "a\tb"]})),
            format!(".allow.groups[1]` {text}"),
        ),
        (
            allow(json!({"clients": [""]})),
            format!(".allow.clients[0]` {text} without spaces"),
        ),
        (
            allow(json!({"groups": ["a\u{200b}"]})),
            format!(".allow.groups[0]` {text}"),
        ),
        (
            allow(json!({"groups": [" "]})),
            format!(".allow.groups[0]` {text}"),
        ),
        (
            allow(json!({"anyOf": {}})),
            ".allow.anyOf` is an object, not a list".to_owned(),
        ),
        (
            allow(json!({"anyOf": []})),
            ".allow.anyOf` is an empty list".to_owned(),
        ),
        (
            allow(json!({"anyOf": [{"groups": ["a"]}, {}]})),
            ".allow.anyOf[1]` asks for nothing, so that every caller meets it".to_owned(),
        ),
        (
            allow(json!({"anyOf": [{"groups": []}]})),
            ".allow.anyOf[0].groups` is an empty list".to_owned(),
        ),
        (
            allow(json!({"anyOf": [{"groups": ["a"], "anyOf": [{"groups": ["b"]}]}]})),
            ".allow.anyOf[0].anyOf` is not a known field".to_owned(),
        ),
        (
            allow(json!({"anyOf": vec![json!({"groups": ["a"]}); 21]})),
            ".allow.anyOf` has more than 20 sets".to_owned(),
        ),
        (
            allow(json!({"users": ["a"]})),
            ".allow.users` is not a known field".to_owned(),
        ),
        (
            json!({"runtime": null}),
            "` does not have exactly one of `runtime` and `gateway`".to_owned(),
        ),
        (
            json!({"gateway": GATEWAY}),
            "` does not have exactly one of `runtime` and `gateway`".to_owned(),
        ),
        (
            json!({"runtime": 7}),
            ".runtime` is a number, not a text".to_owned(),
        ),
        (json!({"runtime": "demo-AbCdEf1234"}), format!(".{arn}")),
        (
            json!({"runtime": ARN.replace("bedrock-agentcore", "bedrock")}),
            format!(".{arn}"),
        ),
        (
            json!({"runtime": ARN.replace("123456789012", "12345678901")}),
            format!(".{arn}"),
        ),
        (
            json!({"runtime": ARN.replace("us-east-1", "")}),
            format!(".{arn}"),
        ),
        (
            json!({"runtime": ARN.replace("us-east-1", "us.evil.test/")}),
            format!(".{arn}"),
        ),
        (
            json!({"runtime": ARN.replace("arn:aws:", "arn:gcp:")}),
            format!(".{arn}"),
        ),
        (
            json!({"runtime": ARN.replace("runtime/", "gateway/")}),
            format!(".{arn}"),
        ),
        (
            json!({"runtime": format!("{ARN}/runtime-endpoint/DEFAULT")}),
            format!(".{arn}"),
        ),
        (json!({"runtime": format!("{ARN}:1")}), format!(".{arn}")),
        (json!({"runtime": format!("{ARN}?a=b")}), format!(".{arn}")),
        (json!({"qualifier": ""}), format!(".{endpoint}")),
        (json!({"qualifier": "1st"}), format!(".{endpoint}")),
        (json!({"qualifier": "a-b"}), format!(".{endpoint}")),
        (json!({"qualifier": "x".repeat(49)}), format!(".{endpoint}")),
        (
            json!({"auth": "none"}),
            ".auth` is none of `iam`, `jwt`".to_owned(),
        ),
        (
            json!({"protocol": "HTTP"}),
            ".protocol` is none of `http`, `mcp`, `a2a`".to_owned(),
        ),
        (
            json!({"toolToken": true}),
            ".toolToken` is a boolean, not a text".to_owned(),
        ),
        (
            json!({"toolToken": "all"}),
            ".toolToken` is none of `none`, `user`, `machine`".to_owned(),
        ),
        (
            json!({"websocket": "yes"}),
            ".websocket` is a text, not a boolean".to_owned(),
        ),
        (
            json!({"region": "us-east-1"}),
            ".region` is not a known field".to_owned(),
        ),
    ] {
        let agents = json!({"demo": with(runtime(), changes.clone())});
        let expected = format!("`AGENTS.demo{problem}");
        assert_eq!(faults(&agents.to_string()), [expected], "{changes}");
    }
}

#[test]
fn every_fault_of_a_gateway_is_named() {
    for (changes, problem) in [
        (
            json!({"gateway": "demo-abc"}),
            "gateway` is not an absolute address",
        ),
        (
            json!({"gateway": "http://gateway.example/mcp"}),
            "gateway` is neither https nor http on a loopback host",
        ),
        (
            json!({"gateway": "https://a@gateway.example/mcp"}),
            "gateway` has user information, or a port that is not a number",
        ),
        (
            json!({"gateway": format!("{GATEWAY}?a=b")}),
            "gateway` has a query",
        ),
        (
            json!({"qualifier": "prod"}),
            "qualifier` is for runtimes, not for gateways",
        ),
        (
            json!({"protocol": "http"}),
            "protocol` is not `mcp`, which is all that a gateway speaks",
        ),
    ] {
        let agents = json!({"tools": with(gateway(), changes.clone())});
        let expected = format!("`AGENTS.tools.{problem}");
        assert_eq!(faults(&agents.to_string()), [expected], "{changes}");
    }
}

#[test]
fn a_name_must_need_no_escaping() {
    let long = "a".repeat(64);
    for name in [
        "",
        "Demo",
        "-demo",
        "de_mo",
        "de/mo",
        "de mo",
        "de.mo",
        "d\u{e9}mo",
        &long,
    ] {
        let found = faults(&json!({name: runtime()}).to_string());
        let shown: String = name.chars().take(64).collect();
        let expected =
            format!("`AGENTS.{shown}` is not an agent name: `[a-z0-9][a-z0-9-]{{0,62}}`");
        assert_eq!(found, [expected]);
    }
}

#[test]
fn a_document_of_another_form_is_a_fault() {
    let twice = format!(r#"{{"demo": {0}, "demo": {0}}}"#, runtime());
    for (text, expected) in [
        ("demo", "`AGENTS` is not JSON (line 1, column 1)"),
        ("[]", "`AGENTS` is a list, not an object"),
        (r#"{"demo": "x"}"#, "`AGENTS.demo` is a text, not an object"),
        (twice.as_str(), "`AGENTS.demo` is given twice"),
    ] {
        assert_eq!(faults(text), [expected], "{text}");
    }
}

#[test]
fn all_faults_are_told_at_once() {
    let agents = json!({
        "A": with(runtime(), json!({"allow": null, "auth": 7})),
        "b": with(gateway(), json!({"gateway": "ftp://a.example", "allow": {"user": []}})),
    });
    let found = faults(&agents.to_string());
    let names: Vec<&str> = found
        .iter()
        .filter_map(|fault| fault.split('`').nth(1))
        .collect();
    let expected = [
        "AGENTS.A",
        "AGENTS.A.auth",
        "AGENTS.A.allow",
        "AGENTS.b.gateway",
        "AGENTS.b.allow.user",
    ];
    assert_eq!(names, expected);
}
